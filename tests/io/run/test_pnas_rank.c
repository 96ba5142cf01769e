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
    cr_expect_eq(rank_run("--level 9"), 0);
    EXPECT_OUT("has no finished cell of so many blocks");
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

/* ---- pictures ---- */

static void expect_start(const char *name, const char *start)
{
    size_t size;
    unsigned char *bytes = fake_read_file(test_path(name), &size);
    cr_expect(size > 500 && memcmp(bytes, start, strlen(start)) == 0, "%s has %zu bytes", name, size);
    free(bytes);
}

static int draw(const char *options, const char *name)
{
    char all[1200];
    snprintf(all, sizeof all, "%s -o %s", options, test_path(name));
    return rank_run(all);
}

Test(pnas_rank, every_plot_is_drawn_and_leaves_nothing_behind)
{
    static const char *const kinds[] = {"accuracy", "accuracy -sort", "predicted", "levels",
                                        "curves",   "pareto",         "timeline",  "pareto --against time"};
    write_complete();
    setenv("TMPDIR", test_path(""), 1);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char options[60];
        snprintf(options, sizeof options, "--plot %s", kinds[i]);
        cr_expect_eq(draw(options, "plot.png"), 0, "%s: %s", kinds[i], out);
        expect_start("plot.png", "\x89PNG");
        cr_expect_eq(draw(options, "plot.pdf"), 0, "%s: %s", kinds[i], out);
        expect_start("plot.pdf", "%PDF");
        strcat(options, " --terminal");
        cr_expect_eq(rank_run(options), 0, "%s: %s", kinds[i], out);
        cr_expect_geq(count_lines(out), 20);
        cr_expect_null(strchr(out, '\f'));
        for (const char *line = out; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
            cr_expect(strcspn(line, "\n") <= 82 || strncmp(line, "rank", 4) == 0 || strstr(line, ":"));
    }
    cr_expect_eq(test_folder_count(), 3, "run.h5 and two pictures");
}

Test(pnas_rank, a_point_of_an_svg_has_its_cell_as_title)
{
    size_t size;
    write_complete();
    cr_expect_eq(draw("--plot accuracy", "plot.svg"), 0, "%s", out);
    unsigned char *bytes = fake_read_file(test_path("plot.svg"), &size);
    bytes[size] = '\0';
    cr_expect_not_null(strstr((char *)bytes, "  rank 14  -"));
    cr_expect_null(strstr((char *)bytes, "showHypertext"));
    free(bytes);
}

Test(pnas_rank, runs_are_overlaid_and_names_may_hold_anything)
{
    write_complete();
    write_history("it's \"100 %\" $HOME `id`.csv");
    char arguments[1200], output[200];
    static const char *const kinds[] = {"accuracy", "accuracy --sort"};
    snprintf(output, sizeof output, "-o %s", test_path("two.svg"));
    for (size_t i = 0; i < 2; i++) {
        snprintf(arguments, sizeof arguments, "--plot %s %s %s '%s'", kinds[i], i ? "--terminal" : output,
                 test_path("run.h5"), test_path("it*.csv"));
        cr_expect_eq(rank(arguments), 0, "%s", out);
    }
    cr_expect(test_file_exists("two.svg"));
    EXPECT_OUT("B  it's \"100 %\" $HOME `id`.csv");
}

Test(pnas_rank, without_gnuplot_or_graphviz_the_data_is_kept)
{
    write_complete();
    setenv("TMPDIR", test_path(""), 1);
    setenv("PATH", "/nonexistent", 1);
    cr_expect_eq(draw("--plot accuracy", "plot.png"), 74);
    EXPECT_OUT(
        "gnuplot is not installed (Debian: apt-get install gnuplot-nox); data and script (plot.gp) are in ");
    char *folder = strstr(out, "are in ") + 7, path[600];
    folder[strcspn(folder, "\n")] = '\0';
    snprintf(path, sizeof path, "%s/cells_0.tsv", folder);
    cr_expect_eq(access(path, R_OK), 0, "%s", path);
    cr_expect_eq(draw("--cell 1", "cell.svg"), 74);
    EXPECT_OUT("dot is not installed (Debian: apt-get install graphviz); the graph is in ");
    cr_expect_not(test_file_exists("plot.png"));
}

Test(pnas_rank, script_and_data_are_kept_where_asked)
{
    char options[600];
    write_complete();
    snprintf(options, sizeof options, "--plot curves --keep %s", test_path("kept"));
    cr_expect_eq(draw(options, "plot.png"), 0, "%s", out);
    cr_expect(test_file_exists("kept/plot.gp"));
    cr_expect(test_file_exists("kept/curves.tsv"));
}

Test(pnas_rank, cells_are_drawn_by_rank_and_from_text)
{
    write_complete();
    cr_expect_eq(draw("--cell 1", "cell.svg"), 0, "%s", out);
    expect_start("cell.svg", "<?xml");
    cr_expect_eq(draw("--cell 2", "cell.png"), 0, "%s", out);
    expect_start("cell.png", "\x89PNG");
    cr_expect_eq(rank("--cell-text '-2:sep5+-2:max3 | -1:sep7+0:identity'"), 0);
    EXPECT_OUT("digraph cell {");
    EXPECT_OUT("label=\"sep 5x5\"");
    EXPECT_OUT("sum0 -> right1;");
    cr_expect_eq(rank_run("--cell 15"), 64);
    EXPECT_OUT("has 14 finished cells");
    cr_expect_eq(rank("--cell-text '-2:sep5'"), 64);
}

Test(pnas_rank, a_drawing_says_once_what_it_shows)
{
    char arguments[600];
    write_complete();
    snprintf(arguments, sizeof arguments, "--cell 1 %s | dot -Tsvg | grep -c '>A search: rank 1, accuracy'",
             test_path("run.h5"));
    cr_expect_eq(rank(arguments), 0, "%s", out);
    cr_expect_eq(strtol(out, NULL, 10), 1, "%s", out);
}

/* The lowest and the highest would be the first to be lost under the frame. */
Test(pnas_rank, every_cell_is_a_mark_in_the_terminal)
{
    write_text("three.csv", "0.5,-1,sep3,-2,sep3\n0.6,-1,sep3,-2,sep5\n0.7,-1,sep5,-2,sep5\n");
    cr_expect_eq(rank_file("three.csv", "--plot accuracy --terminal"), 0);
    const char *top = strstr(out, "--+\n"), *bottom = top ? strstr(top + 4, "--+\n") : NULL;
    int marks = 0;
    for (const char *at = top; at && at < bottom; at++)
        marks += strncmp(at, " 1 ", 3) == 0;
    cr_expect_eq(marks, 3, "%s", out);
}

Test(pnas_rank, what_a_file_has_not_cannot_be_plotted)
{
    write_history("a.csv");
    cr_expect_eq(rank_file("a.csv", "--plot predicted --terminal"), 65);
    EXPECT_OUT("has no predictions");
    cr_expect_eq(rank_file("a.csv", "--plot curves --terminal"), 65);
    cr_expect_eq(rank_file("a.csv", "--plot timeline --terminal"), 65);
    cr_expect_eq(rank_file("a.csv", "--plot pareto --terminal"), 65);
    cr_expect_eq(rank_file("a.csv", "--plot levels --level 3 --terminal"), 65);
    cr_expect_eq(rank_file("a.csv", "--plot levels -o plot.bmp"), 64);
    EXPECT_OUT("ends in one of .png, .svg, .pdf");
    unsetenv("DISPLAY");
    unsetenv("WAYLAND_DISPLAY");
    cr_expect_eq(rank_file("a.csv", "--plot levels"), 64);
    cr_expect_eq(rank_file("a.csv", "--status"), 64);
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
    cr_expect_eq(rank("--plot pie a.h5"), 64);
    EXPECT_OUT("--plot wants one of accuracy, predicted, levels, curves, pareto, timeline, not 'pie'");
    cr_expect_eq(rank("--plot levels --cell 1 a.h5"), 64);
    cr_expect_eq(rank("-o x.png a.h5"), 64);
    cr_expect_eq(rank("--terminal a.h5"), 64);
    cr_expect_eq(rank("--cell 1 a.h5 b.h5"), 64);
    cr_expect_eq(rank("--help"), 0);
    EXPECT_OUT("Usage: pnas_rank [OPTION...] FILE...");
    cr_expect_eq(rank("--version"), 0);
    cr_expect_eq(strncmp(out, "pnas_rank ", 10), 0);
}
