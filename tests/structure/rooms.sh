# What the scripts of this folder share: the rooms, as CMake wrote them to the file that read_rooms is given. Sourced.

rooms=()
declare -A folder_of links include_flags

read_rooms() {
    local room folder linked includes
    # A tab is white space, of which read makes one of several: a room without links would lose a field.
    while IFS=$'\x1f' read -r room folder linked includes; do
        rooms+=("$room")
        folder_of[$room]=$folder
        links[$room]=${linked//:/ }
        include_flags[$room]="-I${includes//:/ -I}"
    done < <(tr '\t' '\037' <"$1")
    [ "${#rooms[@]}" -gt 0 ] || { echo "no rooms in $1"; exit 1; }
}

# The rooms that room $1 may include, itself among them: those that it is linked with, and what they are linked with.
reachable() {
    local queue=("$1") room next
    local -A seen=([$1]=1)
    while [ "${#queue[@]}" -gt 0 ]; do
        room=${queue[0]}
        queue=("${queue[@]:1}")
        for next in ${links[$room]}; do
            [ -n "${seen[$next]:-}" ] || { seen[$next]=1; queue+=("$next"); }
        done
    done
    echo "${!seen[@]}"
}
