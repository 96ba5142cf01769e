#include "mpi/core_split.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANCESTORS_MAX 32

/* --- topology --- */

static int read_number(const char *folder, int core, const char *name)
{
    char path[512];
    int number = -1;
    snprintf(path, sizeof path, "%s/cpu%d/topology/%s", folder, core, name);
    FILE *file = fopen(path, "r");
    if (!file)
        return -1;
    if (fscanf(file, "%d", &number) != 1)
        number = -1;
    fclose(file);
    return number;
}

static int by_place(const void *a, const void *b)
{
    const pnas_core *left = a, *right = b;
    if (left->package != right->package)
        return left->package < right->package ? -1 : 1;
    if (left->core != right->core)
        return left->core < right->core ? -1 : 1;
    return (left->number > right->number) - (left->number < right->number);
}

int pnas_cores_sort(const cpu_set_t *set, const char *folder, pnas_core out[CPU_SETSIZE])
{
    int count = 0;
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET((size_t)i, set))
            out[count++] = (pnas_core){i, read_number(folder, i, "physical_package_id"),
                                       read_number(folder, i, "core_id")};
    qsort(out, (size_t)count, sizeof *out, by_place);
    return count;
}

void pnas_cores_split(const pnas_core *cores, int count, int part, int parts, cpu_set_t *out)
{
    CPU_ZERO(out);
    for (int i = part * count / parts; i < (part + 1) * count / parts; i++)
        CPU_SET((size_t)cores[i].number, out);
}

/* --- who bound this process --- */

/* Open MPI 4 hands its parameters on as OMPI_MCA_<name>; what mpirun chose by itself is not among them. */
bool pnas_cores_bound_by_user(void)
{
    static const char *const names[] = {"OMPI_MCA_hwloc_base_binding_policy", "OMPI_MCA_hwloc_base_cpu_set",
                                        "OMPI_MCA_hwloc_base_cpu_list", "OMPI_MCA_rmaps_rank_file_path",
                                        "OMPI_MCA_orte_rankfile"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (getenv(names[i]))
            return true;
    const char *mapping = getenv("OMPI_MCA_rmaps_base_mapping_policy"); /* --map-by slot:PE=2 */
    return mapping && strcasestr(mapping, "pe=");
}

/* Reads the name and the parent of a process. */
static bool read_process(pid_t process, char name[32], pid_t *parent)
{
    char path[64], line[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    bool got = fgets(line, sizeof line, file) != NULL;
    fclose(file);
    char *open = got ? strchr(line, '(') : NULL, *close = got ? strrchr(line, ')') : NULL;
    int number = 0;
    if (!open || !close || sscanf(close + 1, " %*c %d", &number) != 1)
        return false;
    snprintf(name, 32, "%.*s", (int)(close - open - 1), open + 1);
    *parent = (pid_t)number;
    return true;
}

static bool is_launcher(const char *name)
{
    static const char *const starts[] = {"mpirun", "mpiexec", "orte", "prte", "prun"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (strncmp(name, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

bool pnas_cores_of_launcher(cpu_set_t *out)
{
    const char *bound = getenv("OMPI_MCA_orte_bound_at_launch");
    if (!bound || strcmp(bound, "1") != 0)
        return false;
    pid_t process = getppid(), parent = 0;
    char name[32];
    for (int i = 0; i < ANCESTORS_MAX && process > 1 && read_process(process, name, &parent); i++) {
        if (is_launcher(name))
            return sched_getaffinity(process, sizeof *out, out) == 0;
        process = parent;
    }
    return false;
}
