/* Collective calls; each test is run under mpirun by its own CTest entry. */
#include "mpi/build_check.h"
#include "mpi/collectives.h"
#include "mpi/command_check.h"
#include "mpi/cores.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pnas_layout start(void)
{
    pnas_layout layout;
    cr_assert_eq(pnas_mpi_start(NULL, NULL, &layout), PNAS_OK, "%s", pnas_message());
    return layout;
}

Test(layout, ranks_of_one_machine_know_each_other)
{
    pnas_layout layout = start();
    cr_assert_eq(layout.ranks, 3);
    cr_assert_eq(layout.local_ranks, 3);
    cr_assert_eq(layout.local_rank, layout.rank);
    char host[64] = "";
    gethostname(host, sizeof host - 1);
    cr_assert_str_eq(layout.host, host);
    pnas_mpi_end();
}

Test(layout, agreement_takes_the_lowest_failing_rank_and_its_message)
{
    pnas_layout layout = start();
    cr_assert_eq(pnas_mpi_agree(PNAS_OK), PNAS_OK);

    pnas_status mine = layout.rank == 0 ? PNAS_OK : PNAS_ERROR_DATA;
    pnas_fail(mine, "rank %d cannot read it", layout.rank);
    cr_assert_eq(pnas_mpi_agree(mine), PNAS_ERROR_DATA);
    cr_assert_str_eq(pnas_message(), "rank 1 cannot read it");
    pnas_mpi_end();
}

Test(layout, agreement_prefers_an_error_to_a_stop)
{
    pnas_layout layout = start();
    pnas_status mine = layout.rank == 2 ? PNAS_ERROR_FILE : PNAS_STOPPED;
    pnas_fail(mine, "from rank %d", layout.rank);
    cr_assert_eq(pnas_mpi_agree(mine), PNAS_ERROR_FILE);
    cr_assert_str_eq(pnas_message(), "from rank 2");
    mine = layout.rank == 2 ? PNAS_STOPPED : PNAS_OK;
    cr_assert_eq(pnas_mpi_agree(mine), PNAS_STOPPED);
    pnas_mpi_end();
}

Test(layout, a_broadcast_brings_bytes_of_any_length)
{
    pnas_layout layout = start();
    for (unsigned long length = 0; length <= 100000; length = 10 * length + 1) {
        unsigned long size = length;
        unsigned char *data = NULL;
        if (layout.rank == 0) {
            data = malloc(length + 1);
            for (unsigned long i = 0; i < length; i++)
                data[i] = (unsigned char)(i * 7);
        } else {
            size = 0;
        }
        cr_assert_eq(pnas_mpi_broadcast((void **)&data, &size), PNAS_OK, "%s", pnas_message());
        cr_assert_eq(size, length);
        for (unsigned long i = 0; i < length; i++)
            cr_assert_eq(data[i], (unsigned char)(i * 7));
        free(data);
    }
    pnas_mpi_end();
}

/* Rank 1 is the lowest that is able, of three. */
Test(layout, a_rank_that_is_not_able_does_not_lead)
{
    pnas_layout layout = start();
    int before = layout.rank, was = -1, sum = 0, all[3] = {0};
    cr_assert_eq(pnas_mpi_choose_leader(&layout, before > 0, &was), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(was, 1);
    cr_expect_eq(layout.rank, before == 2 ? 2 : 1 - before);
    cr_expect_eq(layout.local_rank, layout.rank);
    cr_assert_eq(pnas_mpi_gather(&before, sizeof before, all), PNAS_OK);
    if (layout.rank == 0)
        cr_expect(all[0] == 1 && all[1] == 0 && all[2] == 2, "%d %d %d", all[0], all[1], all[2]);
    cr_assert_eq(pnas_mpi_gather_local(&before, sizeof before, all), PNAS_OK);
    for (int i = 0; i < 3; i++)
        sum += all[i] * (i + 1);
    cr_expect_eq(sum, 1 * 1 + 2 * 0 + 3 * 2);
    pnas_status mine = layout.rank == 2 ? PNAS_OK : PNAS_ERROR_DATA;
    pnas_fail(mine, "said by the one that was rank %d", before);
    cr_assert_eq(pnas_mpi_agree(mine), PNAS_ERROR_DATA);
    cr_assert_str_eq(pnas_message(), "said by the one that was rank 1");
    unsigned long size = sizeof before;
    int *data = layout.rank == 0 ? malloc(size) : NULL;
    if (data)
        *data = before;
    cr_assert_eq(pnas_mpi_broadcast((void **)&data, &size), PNAS_OK);
    cr_expect_eq(*data, 1);
    free(data);
    pnas_mpi_end();
}

Test(layout, nothing_changes_where_rank_0_is_able_or_no_rank_is)
{
    pnas_layout layout = start(), before = layout;
    int was = -1;
    cr_assert_eq(pnas_mpi_choose_leader(&layout, layout.rank != 1, &was), PNAS_OK);
    cr_expect(was == 0 && layout.rank == before.rank);
    cr_assert_eq(pnas_mpi_choose_leader(&layout, false, &was), PNAS_OK);
    cr_expect(was == 0 && layout.rank == before.rank);
    pnas_mpi_end();
}

Test(layout, a_gather_brings_one_record_a_rank_in_order)
{
    pnas_layout layout = start();
    char mine[40] = "", all[3][40];
    snprintf(mine, sizeof mine, "this is rank %d", layout.rank);
    cr_assert_eq(pnas_mpi_gather(mine, sizeof mine, layout.rank == 0 ? all : NULL), PNAS_OK);
    for (int rank = 0; layout.rank == 0 && rank < layout.ranks; rank++) {
        char expected[40];
        snprintf(expected, sizeof expected, "this is rank %d", rank);
        cr_assert_str_eq(all[rank], expected);
    }
    pnas_mpi_end();
}

static int online_cores(void)
{
    return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

Test(layout, unbound_ranks_share_all_cores_of_the_machine)
{
    pnas_layout layout = start();
    cpu_set_t allowed;
    cr_assert_eq(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    pnas_cores cores;
    int fair = CPU_COUNT(&allowed) / layout.local_ranks;
    cr_assert_eq(pnas_mpi_cores(&layout, 0, &cores), PNAS_OK);
    cr_assert_eq(cores.machine, online_cores());
    cr_assert_eq(cores.given, CPU_COUNT(&allowed));
    cr_assert_eq(cores.share, fair > 1 ? fair : 1);
    cr_assert_eq(pnas_mpi_cores(&layout, 5, &cores), PNAS_OK);
    cr_assert_eq(cores.share, 5);
    pnas_mpi_end();
}

Test(layout, a_rank_bound_to_one_core_uses_one)
{
    pnas_layout layout = start();
    cpu_set_t allowed, one;
    cr_assert_eq(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    CPU_ZERO(&one);
    for (size_t core = 0; core < CPU_SETSIZE && CPU_COUNT(&one) == 0; core++)
        if (CPU_ISSET(core, &allowed))
            CPU_SET(core, &one);
    cr_assert_eq(sched_setaffinity(0, sizeof one, &one), 0);
    pnas_cores cores;
    cr_assert_eq(pnas_mpi_cores(&layout, 0, &cores), PNAS_OK);
    cr_assert_eq(cores.share, 1);
    pnas_mpi_end();
}

/* The cores that a launcher without a binding of its own would have left to its ranks: here those of the
 * shell that started the tests. */
static int launcher_cores(void)
{
    const char *text = getenv("PNAS_TEST_CORES");
    cr_assert_not_null(text, "PNAS_TEST_CORES tells how many cores mpirun has");
    return atoi(text);
}

Test(layout, ranks_that_mpirun_bound_by_itself_divide_its_cores)
{
    pnas_layout layout = start();
    pnas_cores cores;
    cpu_set_t mine, *all = calloc((size_t)layout.local_ranks, sizeof *all);
    int fair = launcher_cores() / layout.local_ranks;
    cr_assert_eq(pnas_mpi_cores(&layout, 0, &cores), PNAS_OK);
    cr_assert_eq(sched_getaffinity(0, sizeof mine, &mine), 0);
    if (fair >= 1) { /* else mpirun does not bind */
        cr_assert(cores.share == fair || cores.share == fair + 1, "%d of %d", cores.share, fair);
        cr_assert_eq(CPU_COUNT(&mine), cores.share);
        cr_assert_eq(pnas_mpi_gather_local(&mine, sizeof mine, all), PNAS_OK);
        for (int rank = 0; rank < layout.local_ranks; rank++) {
            cpu_set_t both;
            CPU_AND(&both, &mine, &all[rank]);
            cr_assert_eq(CPU_COUNT(&both), rank == layout.local_rank ? cores.share : 0);
        }
    }
    free(all);
    pnas_mpi_end();
}

Test(layout, a_binding_that_was_asked_for_stays)
{
    pnas_layout layout = start();
    cpu_set_t before, after;
    pnas_cores cores;
    cr_assert_eq(sched_getaffinity(0, sizeof before, &before), 0);
    cr_assert_eq(pnas_mpi_cores(&layout, 0, &cores), PNAS_OK);
    cr_assert_eq(sched_getaffinity(0, sizeof after, &after), 0);
    cr_assert(CPU_EQUAL(&before, &after));
    cr_assert_eq(cores.share, CPU_COUNT(&before));
    pnas_mpi_end();
}

Test(layout, a_job_that_slurm_gave_one_core_uses_one)
{
    setenv("SLURM_JOB_ID", "7", 1);
    setenv("SLURM_CPUS_ON_NODE", "1", 1);
    pnas_layout layout = start();
    pnas_cores cores;
    cr_assert_eq(pnas_mpi_cores(&layout, 0, &cores), PNAS_OK);
    cr_assert_eq(cores.share, 1);
    pnas_mpi_end();
}

Test(layout, ranks_of_one_build_go_on)
{
    pnas_layout layout = start();
    cr_assert_eq(pnas_mpi_check_build(&layout, "1.2.3 (abc)"), PNAS_OK, "%s", pnas_message());
    pnas_mpi_end();
}

Test(layout, a_rank_of_another_build_is_refused_and_both_are_named)
{
    pnas_layout layout = start();
    const char *build = layout.rank == 2 ? "1.2.3 (abd)" : "1.2.3 (abc)";
    char mine[200], other[200];
    snprintf(mine, sizeof mine, "rank 0 on %s runs 1.2.3 (abc), wire format ", layout.host);
    snprintf(other, sizeof other, "rank 2 on %s runs 1.2.3 (abd), wire format ", layout.host);
    cr_assert_eq(pnas_mpi_check_build(&layout, build), PNAS_ERROR_USAGE);
    cr_assert_eq(pnas_exit_code(PNAS_ERROR_USAGE), 64);
    cr_assert_not_null(strstr(pnas_message(), mine), "%s", pnas_message());
    cr_assert_not_null(strstr(pnas_message(), other), "%s", pnas_message());
    pnas_mpi_end();
}

Test(layout, a_build_with_a_long_name_is_cut_and_compared)
{
    pnas_layout layout = start();
    char build[1000];
    memset(build, 'x', sizeof build);
    build[sizeof build - 1] = '\0';
    cr_assert_eq(pnas_mpi_check_build(&layout, build), PNAS_OK, "%s", pnas_message());
    build[0] = layout.rank == 1 ? 'y' : 'x';
    cr_assert_eq(pnas_mpi_check_build(&layout, build), PNAS_ERROR_USAGE);
    pnas_mpi_end();
}

Test(layout, ranks_of_one_command_go_on)
{
    pnas_layout layout = start();
    char path[] = "/bin/program", name[] = "program", file[] = "a file", empty[] = "";
    char *words[] = {layout.rank == 0 ? path : name, file, empty}; /* the program's path may differ */
    cr_assert_eq(pnas_mpi_check_command(&layout, "program", 3, words), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_mpi_check_command(&layout, "program", 1, words), PNAS_OK, "%s", pnas_message());
    pnas_mpi_end();
}

static void expect_other_command(const pnas_layout *layout, const char *program, int argc, char **argv,
                                 const char *first, const char *other)
{
    char text[200];
    cr_assert_eq(pnas_mpi_check_command(layout, program, argc, argv), PNAS_ERROR_USAGE);
    snprintf(text, sizeof text, "rank 0 on %s was started as \"%s\", but rank 2 on %s as \"%s\"; ",
             layout->host, first, layout->host, other);
    cr_assert_not_null(strstr(pnas_message(), text), "%s", pnas_message());
}

Test(layout, a_rank_of_another_command_is_refused_and_both_are_named)
{
    pnas_layout layout = start();
    bool other = layout.rank == 2;
    char empty[] = "", a[] = "a", b[] = "b", both[] = "a b", its[] = "it's";
    char *words[] = {empty, a, b}, *joined[] = {empty, both}, *quoted[] = {empty, its, empty};
    expect_other_command(&layout, other ? "others" : "program", 3, words, "program a b", "others a b");
    expect_other_command(&layout, "program", other ? 2 : 3, words, "program a b", "program a");
    expect_other_command(&layout, "program", other ? 2 : 3, other ? joined : words, "program a b",
                         "program 'a b'");
    expect_other_command(&layout, "program", other ? 3 : 2, quoted, "program 'it'\\''s'",
                         "program 'it'\\''s' ''");
    pnas_mpi_end();
}

Test(layout, of_long_commands_the_difference_is_shown)
{
    pnas_layout layout = start();
    char *words[400], word[] = "--word", here[] = "here", there[] = "there";
    for (int i = 0; i < 400; i++)
        words[i] = word;
    words[300] = layout.rank == 1 ? here : there;
    cr_assert_eq(pnas_mpi_check_command(&layout, "program", 400, words), PNAS_ERROR_USAGE);
    cr_assert_not_null(strstr(pnas_message(), "as \"..."), "%s", pnas_message());
    cr_assert_not_null(strstr(pnas_message(), "--word there --word"), "%s", pnas_message());
    cr_assert_not_null(strstr(pnas_message(), "--word here --word"), "%s", pnas_message());
    cr_assert_not_null(strstr(pnas_message(), "...\"; start"), "%s", pnas_message());
    pnas_mpi_end();
}

static pnas_status take_text(void *payload, int rank, const void *data, size_t size)
{
    int *taken = payload;
    cr_assert_eq((*taken)++, rank);
    cr_assert_eq(size, (size_t)rank * 1000);
    for (size_t i = 0; i < size; i++)
        cr_assert_eq(((const char *)data)[i], 'a' + rank);
    return PNAS_OK;
}

static pnas_status refuse_rank_1(void *payload, int rank, const void *data, size_t size)
{
    return rank == 1 ? pnas_fail(PNAS_ERROR_DATA, "rank 1 is not understood") : PNAS_OK;
}

Test(layout, messages_of_any_length_are_gathered_in_the_order_of_ranks)
{
    pnas_layout layout = start();
    char text[2000];
    int taken = 0;
    size_t size = (size_t)layout.rank * 1000;
    memset(text, 'a' + layout.rank, sizeof text);
    cr_assert_eq(pnas_mpi_gather_messages(&layout, text, size, take_text, &taken), PNAS_OK, "%s",
                 pnas_message());
    cr_assert_eq(taken, layout.rank == 0 ? 3 : 0);
    cr_assert_eq(pnas_mpi_gather_messages(&layout, text, size, refuse_rank_1, NULL), PNAS_ERROR_DATA);
    cr_assert_str_eq(pnas_message(), "rank 1 is not understood");
    pnas_mpi_end();
}
