/* pnas_rank as people run it: what it prints on stdout and how it ends. */
#include "tests/io/fake_run.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

TestSuite(pnas_rank, .init = test_folder_make, .fini = test_folder_remove);

static char out[20000];

/* Runs it with stdout and stderr together in `out`; returns the exit code. */
static int rank(const char *arguments)
{
    char command[2000];
    snprintf(command, sizeof command, "%s %s 2>&1", getenv("PNAS_RANK"), arguments);
    FILE *pipe = popen(command, "r");
    cr_assert_not_null(pipe);
    out[fread(out, 1, sizeof out - 1, pipe)] = 0;
    return WEXITSTATUS(pclose(pipe));
}

static int rank_run(const char *options)
{
    char arguments[1200];
    snprintf(arguments, sizeof arguments, "%s %s", options, test_path("run.h5"));
    return rank(arguments);
}

static int count_lines(const char *text)
{
    int lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

#define EXPECT_OUT(text) cr_expect_not_null(strstr(out, text), "not there: %s\n%s", text, out)

static void write_complete(void)
{
    pnas_run_file *file = NULL;
    bool existed;
    pnas_search *search = fake_search();
    fake_run_write(test_path("run.h5"));
    cr_assert_eq(pnas_run_file_open(test_path("run.h5"), &file, &existed), PNAS_OK);
    cr_assert_eq(pnas_run_file_restore(file, search), PNAS_OK);
    fake_record(search, 2, FAKE_BEAM);
    pnas_run_file_info(file)->status = PNAS_RUN_COMPLETE;
    pnas_run_file_info(file)->end = pnas_run_file_info(file)->start + 100;
    cr_assert_eq(pnas_run_file_write(file, search), PNAS_OK);
    pnas_run_file_close(&file);
    pnas_search_destroy(&search);
}

Test(pnas_rank, shows_the_run_its_levels_and_its_best_children)
{
    write_complete();
    cr_expect_eq(rank_run(""), 0);
    EXPECT_OUT("run.h5: A search\n");
    EXPECT_OUT("1797 images\n");
    EXPECT_OUT("status    complete\n");
    EXPECT_OUT("lasted 1 min 40 s\n");
    EXPECT_OUT("    1         7       6       1           0         -");
    EXPECT_OUT("rank  accuracy  predicted  level  parameters  multiply-adds        time  cell\n");
    const char *first = strstr(out, "\n   1  "), *second = strstr(out, "\n   2  ");
    cr_assert(first && second);
    cr_expect_geq(strtod(first + 7, NULL), strtod(second + 7, NULL));
    cr_expect_not_null(strstr(out, "\n  10  "), "ten are shown");
    cr_expect_null(strstr(out, "\n  11  "), "and no more");
}

Test(pnas_rank, top_and_level_choose_what_is_ranked)
{
    write_complete();
    cr_expect_eq(rank_run("--top 1 --level 3"), 0);
    const char *table = strstr(out, "\nrank  ");
    cr_assert_not_null(table);
    cr_expect_eq(count_lines(table + 1), 2);
    cr_expect_not_null(strstr(table, "   3        300"), "%s", table);
    cr_expect_eq(rank_run("--top 0"), 0);
    cr_expect_not_null(strstr(out, "\n  14  "), "all done children: 6 + 4 + 4");
    cr_expect_null(strstr(out, "\n  15  "));
}

Test(pnas_rank, csv_has_column_names_and_a_row_for_each_done_child)
{
    write_complete();
    cr_expect_eq(rank_run("--csv --level 1"), 0);
    cr_expect_eq(strncmp(out, "score,in1_0,op1_0,in2_0,op2_0,level,predicted,predicted_std,parameters,", 71),
                 0, "%s", out);
    cr_expect_eq(count_lines(out), 7);
    cr_expect_eq(rank_run("--csv"), 0);
    cr_expect_eq(count_lines(out), 15);
    cr_expect_not_null(strstr(out, ",,,,,,,,,1,,,100"), "shorter cells leave their last blocks empty\n%s",
                       out);
}

Test(pnas_rank, the_exit_code_tells_complete_from_resumable_from_damaged)
{
    fake_run_write(test_path("run.h5"));
    cr_expect_eq(rank_run("--status"), 75);
    EXPECT_OUT("running, or killed; the same command goes on with it: level 3 of 3, 12 of");
    cr_expect_eq(rank_run(""), 0, "looking at it is no failure");

    pnas_run_file *file = NULL;
    bool existed;
    cr_assert_eq(pnas_run_file_open(test_path("run.h5"), &file, &existed), PNAS_OK);
    pnas_result result = fake_result(3, 2);
    cr_assert_eq(pnas_run_file_append(file, 3, 2, &result), PNAS_OK);
    cr_expect_eq(rank_run("--status"), 75, "a running search does not mind");
    EXPECT_OUT("13 of");
    pnas_run_file_close(&file);
    pnas_result_clear(&result);

    size_t size;
    unsigned char *bytes = fake_read_file(test_path("run.h5"), &size);
    test_write_file("run.h5", bytes, size / 2);
    free(bytes);
    cr_expect_eq(rank_run("--status"), 65);
    EXPECT_OUT("pnas_rank: error: ");
    cr_expect_eq(rank("absent.h5"), 74);
    EXPECT_OUT("absent.h5: cannot be opened");
}

Test(pnas_rank, a_complete_run_ends_with_status_0)
{
    write_complete();
    cr_expect_eq(rank_run("--status"), 0);
    EXPECT_OUT("complete: level 3 of 3");
}

Test(pnas_rank, wrong_use_ends_with_64)
{
    cr_expect_eq(rank(""), 64);
    EXPECT_OUT("no run file is named");
    cr_expect_eq(rank("a.h5 b.h5"), 64);
    cr_expect_eq(rank("--top many a.h5"), 64);
    EXPECT_OUT("--top wants a whole number from 0");
    cr_expect_eq(rank("--level 11 a.h5"), 64);
    cr_expect_eq(rank("--nonsense a.h5"), 64);
    cr_expect_eq(rank("--csv --status a.h5"), 64);
    cr_expect_eq(rank("--help"), 0);
    EXPECT_OUT("Usage: pnas_rank [OPTION...] RUN.h5");
    cr_expect_eq(rank("--version"), 0);
    cr_expect_eq(strncmp(out, "pnas_rank ", 10), 0);
}
