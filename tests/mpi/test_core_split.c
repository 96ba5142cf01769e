/* Cores of a machine, in order and in parts, on made-up machines. */
#include "mpi/core_split.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Two packages of two cores with two threads each, numbered as Linux does: threads of a core are 4 apart. */
static pnas_core machine[8];

static void set_up(void)
{
    static const int order[8] = {0, 4, 1, 5, 2, 6, 3, 7};
    for (int i = 0; i < 8; i++)
        machine[i] = (pnas_core){order[i], i / 4, i / 2 % 2};
}

TestSuite(core_split, .init = set_up);

Test(core_split, parts_share_no_core_and_leave_none_over)
{
    for (int parts = 1; parts <= 8; parts++) {
        int owners[8] = {0};
        for (int part = 0; part < parts; part++) {
            cpu_set_t set;
            pnas_cores_split(machine, 8, part, parts, &set);
            cr_expect(CPU_COUNT(&set) == 8 / parts || CPU_COUNT(&set) == 8 / parts + 1);
            for (size_t core = 0; core < 8; core++)
                owners[core] += CPU_ISSET(core, &set);
        }
        for (int core = 0; core < 8; core++)
            cr_expect_eq(owners[core], 1, "core %d of %d parts", core, parts);
    }
}

Test(core_split, threads_of_a_core_stay_together)
{
    cpu_set_t set;
    pnas_cores_split(machine, 8, 1, 4, &set);
    cr_expect(CPU_ISSET(1, &set) && CPU_ISSET(5, &set) && CPU_COUNT(&set) == 2);
}

static void write_number(const char *folder, int core, const char *name, int number)
{
    char path[512];
    snprintf(path, sizeof path, "%s/cpu%d", folder, core);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/cpu%d/topology", folder, core);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/cpu%d/topology/%s", folder, core, name);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fprintf(file, "%d\n", number);
    fclose(file);
}

static int delete_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

Test(core_split, cores_are_sorted_by_what_the_system_tells)
{
    char folder[] = "/tmp/pnas-cores-XXXXXX";
    cr_assert_not_null(mkdtemp(folder));
    for (int i = 0; i < 8; i++) {
        write_number(folder, machine[i].number, "physical_package_id", machine[i].package);
        write_number(folder, machine[i].number, "core_id", machine[i].core);
    }
    cpu_set_t set;
    pnas_core found[CPU_SETSIZE];
    CPU_ZERO(&set);
    for (size_t i = 0; i < 8; i++)
        if (i != 5)
            CPU_SET(i, &set);
    cr_assert_eq(pnas_cores_sort(&set, folder, found), 7);
    static const int expected[7] = {0, 4, 1, 2, 6, 3, 7};
    for (int i = 0; i < 7; i++)
        cr_expect_eq(found[i].number, expected[i]);
    nftw(folder, delete_one, 8, FTW_DEPTH | FTW_PHYS);
}

Test(core_split, without_a_topology_cores_keep_their_numbers)
{
    cpu_set_t set;
    pnas_core found[CPU_SETSIZE];
    CPU_ZERO(&set);
    CPU_SET(3, &set);
    CPU_SET(1, &set);
    cr_assert_eq(pnas_cores_sort(&set, "/nonexistent", found), 2);
    cr_expect(found[0].number == 1 && found[1].number == 3);
}

Test(core_split, only_a_binding_in_the_environment_is_the_user_s)
{
    unsetenv("OMPI_MCA_hwloc_base_binding_policy");
    unsetenv("OMPI_MCA_rmaps_base_mapping_policy");
    setenv("OMPI_MCA_orte_bound_at_launch", "1", 1);
    cr_expect_not(pnas_cores_bound_by_user());
    setenv("OMPI_MCA_rmaps_base_mapping_policy", "core", 1);
    cr_expect_not(pnas_cores_bound_by_user());
    setenv("OMPI_MCA_rmaps_base_mapping_policy", "slot:PE=2", 1);
    cr_expect(pnas_cores_bound_by_user());
    unsetenv("OMPI_MCA_rmaps_base_mapping_policy");
    setenv("OMPI_MCA_hwloc_base_binding_policy", "none", 1);
    cr_expect(pnas_cores_bound_by_user());
}
