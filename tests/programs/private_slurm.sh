# A SLURM of its own on this machine, for tests: munged, slurmctld and a slurmd for each of several nodes, with
# configuration, key, ports, sockets and state in one folder. Sourced; bash.
#
#   slurm_missing               says why it cannot start here, nothing if it can
#   slurm_start FOLDER NODES    exports SLURM_CONF, by which sbatch, srun and the others find it
#   slurm_stop                  ends jobs and daemons

slurm_missing() {
    local program
    if [ "$(id -u)" -ne 0 ]; then
        echo "only root can start a SLURM of its own"
        return
    fi
    for program in munged slurmctld slurmd sbatch srun scontrol; do
        if ! command -v "$program" >/dev/null; then
            echo "$program is not here; Debian's packages are slurm-wlm and munge"
            return
        fi
    done
}

# A port that nobody listens on, below those that the kernel gives away by itself.
free_port() {
    local port
    while true; do
        port=$((20000 + RANDOM % 12000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo "$port"
}

# Without cgroups and accounting, and with short waits: a requeued job starts again after cred_expire seconds.
# TmpFS: the nodes share a machine, and srun's MPI plugin wants a folder on each.
write_slurm_conf() {
    local node host
    host=$(hostname -s)
    cat <<CONFIGURATION
ClusterName=private
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CryptoType=crypto/munge
AuthInfo=socket=$slurm_folder/munge/socket,cred_expire=5
StateSaveLocation=$slurm_folder/state
SlurmdSpoolDir=$slurm_folder/spool-%n
SlurmctldPidFile=$slurm_folder/slurmctld.pid
SlurmdPidFile=$slurm_folder/slurmd-%n.pid
SlurmctldLogFile=$slurm_folder/slurmctld.log
SlurmdLogFile=$slurm_folder/slurmd-%n.log
TmpFS=$slurm_folder/tmp-%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
MpiDefault=none
ReturnToService=2
SchedulerParameters=sched_interval=2,bf_interval=2
KillWait=10
MinJobAge=3600
CONFIGURATION
    for node in $(seq "$1"); do
        echo "NodeName=node$node NodeHostname=$host NodeAddr=127.0.0.1 Port=$(free_port) CPUs=4"
    done
    echo "PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP"
}

# start_daemon LOG COMMAND...
start_daemon() {
    local log=$1
    shift
    "$@" >"$log" 2>&1 &
    slurm_daemons=("$!" "${slurm_daemons[@]}")
}

slurm_start() {
    local node munge
    slurm_folder=$1
    slurm_daemons=()
    munge=$slurm_folder/munge
    mkdir -p "$munge" "$slurm_folder/state"
    chmod 755 "$slurm_folder" "$munge" # clients look whether they may trust the socket's folder
    write_slurm_conf "$2" >"$slurm_folder/slurm.conf"
    export SLURM_CONF="$slurm_folder/slurm.conf"

    (umask 077 && head -c 1024 /dev/urandom >"$munge/key")
    start_daemon "$munge/said" munged --foreground --force --socket="$munge/socket" --key-file="$munge/key" \
        --log-file="$munge/log" --pid-file="$munge/pid" --seed-file="$munge/seed"
    for _ in $(seq 100); do
        [ -S "$munge/socket" ] && break
        sleep 0.1
    done
    start_daemon "$slurm_folder/slurmctld.said" slurmctld -D -f "$SLURM_CONF"
    for node in $(seq "$2"); do
        mkdir -p "$slurm_folder/spool-node$node" "$slurm_folder/tmp-node$node"
        start_daemon "$slurm_folder/slurmd-node$node.said" slurmd -D -f "$SLURM_CONF" -N "node$node"
    done
    for _ in $(seq 150); do
        [ "$(sinfo --noheader --states=idle --format=%D 2>/dev/null)" != "$2" ] || return 0
        sleep 0.2
    done
    echo "SLURM did not start:"
    tail -n 20 "$slurm_folder"/*.log "$slurm_folder"/*.said "$munge/log" "$munge/said"
    return 1
}

# Whatever a job or a daemon leaves behind has the private SLURM_CONF in its environment.
slurm_stop() {
    local daemon environment
    [ -n "${slurm_folder:-}" ] || return 0
    scancel --state=RUNNING 2>/dev/null || true
    scancel --state=PENDING 2>/dev/null || true
    for _ in $(seq 75); do
        [ -n "$(squeue --noheader 2>/dev/null)" ] || break
        sleep 0.2
    done
    for daemon in "${slurm_daemons[@]}"; do
        kill "$daemon" 2>/dev/null || true
        wait "$daemon" 2>/dev/null || true
    done
    for environment in /proc/[0-9]*/environ; do
        daemon=${environment#/proc/}
        daemon=${daemon%/environ}
        if [ "$daemon" != $$ ] && grep -qzxF "SLURM_CONF=$SLURM_CONF" "$environment" 2>/dev/null; then
            kill -KILL "$daemon" 2>/dev/null || true
        fi
    done
}
