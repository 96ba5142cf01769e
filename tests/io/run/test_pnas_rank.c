/* pnas_rank as people run it: what it prints on stdout and how it ends. */
#include "tests/io/run/fake_run.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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
    fake_run_write_complete(test_path("run.h5"));
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
    cr_expect_eq(rank_run("--level 9"), 64);
    EXPECT_OUT("--level 9: ");
    EXPECT_OUT(" has cells of levels 1, 2 and 3 only\n");
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
    EXPECT_OUT("killed; the same command continues it: level 3 of 3, 12 of");
    cr_expect_eq(rank_run(""), 0, "looking at it is no failure");

    pnas_run_file *file = NULL;
    bool existed;
    cr_assert_eq(pnas_run_file_open(test_path("run.h5"), &file, &existed), PNAS_OK);
    pnas_result result = fake_result(3, 2);
    cr_assert_eq(pnas_run_file_append(file, 3, 2, &result), PNAS_OK);
    cr_expect_eq(rank_run("--status"), 75, "a running search does not mind");
    EXPECT_OUT("13 of");
    char holder[64];
    snprintf(holder, sizeof holder, "running (process %ld on ", (long)getpid());
    EXPECT_OUT(holder);
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

static int rank_file(const char *name, const char *options)
{
    char arguments[1200];
    snprintf(arguments, sizeof arguments, "%s '%s'", options, test_path(name));
    return rank(arguments);
}

static void write_text(const char *name, const char *text)
{
    test_write_file(name, text, strlen(text));
}

/* Ten cells of the old program's spelling, without a final newline. */
static void write_history(const char *name)
{
    static const char *const operators[] = {"3x3 dconv", "5x5 dconv", "7x7 dconv", "1x7-7x1 conv",
                                            "identity"};
    char text[2000] = "";
    for (int i = 0; i < 10; i++) {
        size_t length = strlen(text);
        snprintf(text + length, sizeof text - length, "%s%.2f,-1,%s,-2,3x3 maxpool%s", i ? "\n" : "",
                 0.5 + i % 7 / 100.0, operators[i % 5], i > 4 ? ",0,3x3 avgpool,-1,identity" : "");
    }
    write_text(name, text);
}

Test(pnas_rank, ranks_the_files_of_the_keras_implementation)
{
    write_history("train_history.csv");
    cr_expect_eq(rank_file("train_history.csv", "--top 2 -f"), 0);
    EXPECT_OUT("train_history.csv: 10 cells\n");
    EXPECT_OUT("    2         5       5       0           0         -    0.5600    0.5280");
    EXPECT_OUT("   1    0.5600          -      2           -              -           -  "
               "-1:sep5+-2:max3 | 0:avg3+-1:identity\n");
    char command[1200];
    snprintf(command, sizeof command, "cd %s && %s --top 1 2>&1", test_path(""), getenv("PNAS_RANK"));
    FILE *pipe = popen(command, "r");
    out[fread(out, 1, sizeof out - 1, pipe)] = 0;
    cr_expect_eq(pclose(pipe), 0, "train_history.csv is what is taken where nothing is named");
    EXPECT_OUT("train_history.csv: 10 cells\n");
}

Test(pnas_rank, csv_reads_back_to_the_same_ranking)
{
    char first[sizeof out];
    write_complete();
    cr_assert_eq(rank_run("--csv"), 0);
    write_text("again.csv", out);
    strcpy(first, out);
    cr_expect_eq(rank_file("again.csv", "--csv"), 0);
    cr_expect_str_eq(out, first);
}

/* Brackets close what they should, strings end, and no comma stands before a closing bracket. */
static bool is_balanced(const char *text)
{
    char open[64];
    int depth = 0;
    char last = 0;
    for (; *text; text++) {
        if (*text == '"') {
            for (text++; *text && *text != '"'; text++)
                text += *text == '\\';
            if (!*text)
                return false;
        }
        if (*text == '{' || *text == '[')
            open[depth++] = *text == '{' ? '}' : ']';
        if ((*text == '}' || *text == ']') && (depth == 0 || last == ',' || open[--depth] != *text))
            return false;
        last = *text == ' ' || *text == '\n' ? last : *text;
    }
    return depth == 0;
}

Test(pnas_rank, json_is_json_and_holds_the_cells)
{
    int cells = 0;
    write_complete();
    cr_expect_eq(rank_run("--format json"), 0);
    cr_expect(is_balanced(out), "%s", out);
    EXPECT_OUT("\"status\": \"complete\"");
    EXPECT_OUT("\"predicted\": null");
    for (const char *at = out; (at = strstr(at, "{\"rank\": ")); at++)
        cells++;
    cr_expect_eq(cells, 14);
}

Test(pnas_rank, several_files_are_laid_side_by_side)
{
    write_complete();
    write_history("a.csv");
    write_history("b.csv");
    char arguments[1200];
    snprintf(arguments, sizeof arguments, "--top 3 '%s' %s", test_path("[ab].csv"), test_path("run.h5"));
    cr_expect_eq(rank(arguments), 0);
    EXPECT_OUT("b.csv: 10 cells\n");
    EXPECT_OUT(
        "A and B have 10 cells in common; B's accuracy there is 0.0000 higher on average, Spearman 1.000");
    EXPECT_OUT("rank  file  accuracy");
    EXPECT_OUT("\n   1     C  ");
    snprintf(arguments, sizeof arguments, "--csv '%s' %s", test_path("a.csv"), test_path("b.csv"));
    cr_expect_eq(rank(arguments), 0);
    EXPECT_OUT("train_seconds,file\n");
    cr_expect_eq(count_lines(out), 21);
}

#define OWN_CONFIGURATION                                                                                    \
    "space:\n  blocks: 3\n  operators: [{name: %s, kind: separable, kernel: %d, repeat: 2}, max3]\n"         \
    "search: {first: 7, beam: 5}\nsurrogate: {members: 2}\n"

/* A run whose operator of this name has this kernel. */
static void write_own(const char *path, const char *name, int kernel)
{
    char configuration[300];
    snprintf(configuration, sizeof configuration, OWN_CONFIGURATION, name, kernel);
    fake_run_write_as(test_path(path), configuration);
}

static int rank_both(const char *options, const char *first, const char *second)
{
    char arguments[1200], path[400];
    snprintf(path, sizeof path, "%s", test_path(first));
    snprintf(arguments, sizeof arguments, "%s %s %s", options, path, test_path(second));
    return rank(arguments);
}

Test(pnas_rank, cells_of_operators_that_share_only_a_name_are_not_compared)
{
    write_own("a.h5", "mine", 3);
    write_own("b.h5", "mine", 9);
    write_own("c.h5", "mine", 3);
    write_own("d.h5", "sep3", 9);
    write_text("e.csv", "0.5,-1,sep3,-1,max3\n0.25,-1,max3,-1,sep3\n");
    cr_expect_eq(rank_both("", "a.h5", "b.h5"), 0);
    EXPECT_OUT(
        "A and B are not compared: the operator 'mine' is separable, kernel 3, dilation 1, repeat 2 in A "
        "and separable, kernel 9, dilation 1, repeat 2 in B\n");
    cr_expect_null(strstr(out, "in common"));
    cr_expect_eq(rank_both("", "a.h5", "c.h5"), 0);
    EXPECT_OUT("A and B have 6 cells in common");
    cr_expect_eq(rank_both("", "d.h5", "e.csv"), 0);
    EXPECT_OUT("A and B are not compared: the operator 'sep3' is separable, kernel 9");
}

Test(pnas_rank, operators_that_share_only_a_name_are_told_beside_records)
{
    write_own("a.h5", "mine", 3);
    write_own("b.h5", "mine", 9);
    write_own("d.h5", "sep3", 9);
    cr_expect_eq(rank_both("--csv", "a.h5", "a.h5"), 0);
    cr_expect_null(strstr(out, "warning"), "%s", out);
    cr_expect_eq(rank_both("--csv", "a.h5", "b.h5"), 0);
    EXPECT_OUT(
        "b.h5: its operator 'mine' is separable, kernel 9, dilation 1, repeat 2, but that of another file is "
        "separable, kernel 3, dilation 1, repeat 2;");
    cr_expect_eq(rank_file("d.h5", "--csv"), 0);
    EXPECT_OUT("its operator 'sep3' is separable, kernel 9, dilation 1, repeat 2, but the built-in one is");
    cr_expect_eq(rank_file("d.h5", "--format json"), 0);
    EXPECT_OUT("but the built-in one is");
}

Test(pnas_rank, bad_files_end_with_65_and_one_sentence)
{
    static const char *const bad[] = {"0.5,-1,sep3,-1\n",
                                      "0.5,-1,sep3,-1,9x9\n",
                                      "nan,-1,sep3,-1,sep3\n",
                                      "0.5,-1,sep3,-1,sep3,\n",
                                      "\x89HDF\r\n\x1a\n",
                                      "score,a\n",
                                      "\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        write_text("bad.csv", bad[i]);
        cr_expect_eq(rank_file("bad.csv", ""), 65, "%s: %s", bad[i], out);
        EXPECT_OUT("pnas_rank: error: ");
        cr_expect_eq(count_lines(out), 1, "%s", out);
    }
    write_text("short.h5", "\x89HDF");
    cr_expect_eq(rank_file("short.h5", ""), 65);
}

Test(pnas_rank, wrong_use_ends_with_64)
{
    cr_expect_eq(rank(""), 64);
    EXPECT_OUT("no file is named");
    cr_expect_eq(rank("--top many a.h5"), 64);
    EXPECT_OUT("--top wants a whole number from 0");
    cr_expect_eq(rank("--level 11 a.h5"), 64);
    cr_expect_eq(rank("--nonsense a.h5"), 64);
    cr_expect_eq(rank("--csv --status a.h5"), 64);
    write_history("a.csv");
    cr_expect_eq(rank_file("a.csv", "--status"), 64);
    EXPECT_OUT("is no run");
    cr_expect_eq(rank("--plot levels --cell 1 a.h5"), 64);
    cr_expect_eq(rank("-o x.png a.h5"), 64);
    cr_expect_eq(rank("--terminal a.h5"), 64);
    cr_expect_eq(rank("--cell 1 a.h5 b.h5"), 64);
    cr_expect_eq(rank("--help"), 0);
    EXPECT_OUT("Usage: pnas_rank [OPTION...] RUN.h5...");
    cr_expect_eq(rank("--version"), 0);
    cr_expect_eq(strncmp(out, "pnas_rank ", 10), 0);
}
