/* Plots and drawings as people ask pnas_rank for them. What holds for every plot is tested for each of the
 * list (io/plot/plot_kind.h), so a new plot is tested by being listed. */
#include "io/plot/plot.h"
#include "tests/io/run/fake_run.h"
#include "tests/io/test_folder.h"
#include "tests/programs/run_program.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void make_run(void)
{
    test_folder_make();
    fake_run_write_complete(test_path("run.h5"));
}

TestSuite(plots, .init = make_run, .fini = test_folder_remove);

/* Runs pnas_rank in the test's folder. */
static const program_run *rank(const char *arguments)
{
    return run_program("cd '%s' && '%s' %s", test_path(""), getenv("PNAS_RANK"), arguments);
}

static void expect_run(const program_run *run, int code, const char *text)
{
    cr_expect_eq(run->exit_code, code, "exit code %d instead of %d: %s", run->exit_code, code, run->err);
    cr_expect(strstr(run->out, text) || strstr(run->err, text), "not there: %s\n%s\n%s", text, run->out,
              run->err);
}

static char *read_file(const char *path)
{
    size_t size;
    char *text = (char *)fake_read_file(path, &size);
    text[size] = '\0';
    return text;
}

static void expect_start(const char *name, const char *start)
{
    char *text = read_file(test_path(name));
    cr_expect(test_file_size(name) > 500 && strncmp(text, start, strlen(start)) == 0, "%s", name);
    free(text);
}

static int count(const char *text, const char *part)
{
    int found = 0;
    for (; (text = strstr(text, part)); text++)
        found++;
    return found;
}

/* Ten cells of one and two blocks without anything but their accuracy. */
static void write_history(const char *name)
{
    char text[2000] = "";
    for (int i = 0; i < 10; i++) {
        size_t length = strlen(text);
        snprintf(text + length, sizeof text - length, "%.2f,-1,sep%d,-2,max3%s\n", 0.5 + i % 7 / 100.0,
                 3 + 2 * (i % 3), i > 4 ? ",0,avg3,-1,identity" : "");
    }
    test_write_file(name, text, strlen(text));
}

/* ---- every plot ---- */

static const char *const variants[] = {"", " --sort", " --top 2", " --against time"};
#define VARIANTS (sizeof variants / sizeof *variants)

/* "--plot KIND", and what is added to it. */
static const program_run *plot(const pnas_plot_kind *kind, const char *options)
{
    char arguments[600];
    snprintf(arguments, sizeof arguments, "--plot %s %s", kind->name, options);
    return rank(arguments);
}

static void expect_drawn(const program_run *run, const pnas_plot_kind *kind, const char *options)
{
    cr_expect_eq(run->exit_code, 0, "%s %s: %s", kind->name, options, run->err);
    cr_expect_str_empty(run->err, "%s %s: %s", kind->name, options, run->err);
}

static void expect_characters(const program_run *run, const char *name)
{
    cr_expect_geq(count(run->out, "\n"), 20, "%s", name);
    cr_expect_null(strchr(run->out, '\f'));
    for (const char *line = run->out; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        cr_expect(strcspn(line, "\n") <= 82 || strncmp(line, "rank", 4) == 0 || strstr(line, ":"));
}

Test(plots, each_is_drawn_in_every_format_and_leaves_nothing_behind)
{
    static const struct {
        const char *name, *start;
    } pictures[] = {{"plot.png", "\x89PNG"}, {"plot.svg", "<?xml"}, {"plot.pdf", "%PDF"}};
    setenv("TMPDIR", test_path(""), 1);
    for (size_t k = 0; k < pnas_plot_count; k++) {
        for (size_t i = 0; i < 3; i++) {
            char options[60];
            snprintf(options, sizeof options, "run.h5 -o %s", pictures[i].name);
            expect_drawn(plot(pnas_plots[k], options), pnas_plots[k], options);
            expect_start(pictures[i].name, pictures[i].start);
            cr_expect_eq(unlink(test_path(pictures[i].name)), 0);
        }
        for (size_t i = 0; i < VARIANTS; i++) {
            char options[60];
            snprintf(options, sizeof options, "run.h5 --terminal%s", variants[i]);
            const program_run *run = plot(pnas_plots[k], options);
            expect_drawn(run, pnas_plots[k], options);
            expect_characters(run, pnas_plots[k]->name);
        }
    }
    cr_expect_eq(test_folder_count(), 1, "run.h5 alone");
}

/* Points of a plot that a mouse can find, each with its cell; -1 if it was not drawn. */
static int count_points(const pnas_plot_kind *kind, const char *options)
{
    char all[600];
    snprintf(all, sizeof all, "%s -o points.svg", options);
    const program_run *run = plot(kind, all);
    if (run->exit_code != 0) {
        cr_expect_eq(run->exit_code, 65, "%s %s: %s", kind->name, options, run->err);
        cr_expect(kind->lacks && strstr(run->err, kind->lacks), "%s %s: %s", kind->name, options, run->err);
        return -1;
    }
    char *svg = read_file(test_path("points.svg"));
    int points = count(svg, "  rank ");
    free(svg);
    return points;
}

/* What a plot of all levels shows is what plots of each level show together: ranges fit what is drawn. */
Test(plots, each_shows_every_cell_of_a_level_alone_in_one_file_and_in_two)
{
    static const char *const files[] = {"run.h5", "run.h5 again.h5"};
    static const char *const orders[] = {"--top 0", "--top 0 --sort --against time"};
    fake_run_write_complete(test_path("again.h5"));
    for (size_t k = 0; k < pnas_plot_count; k++)
        for (size_t f = 0; f < 2 && f < pnas_plots[k]->files; f++)
            for (size_t i = 0; i < 2; i++) {
                char options[100];
                int together = 0;
                for (int level = 1; level <= 3; level++) {
                    snprintf(options, sizeof options, "%s %s --level %d", files[f], orders[i], level);
                    int points = count_points(pnas_plots[k], options);
                    together += points > 0 ? points : 0;
                }
                snprintf(options, sizeof options, "%s %s", files[f], orders[i]);
                int points = count_points(pnas_plots[k], options);
                cr_expect_geq(points, 0);
                cr_expect_eq(together, points, "--plot %s %s: %d and %d points", pnas_plots[k]->name, options,
                             together, points);
            }
}

Test(plots, each_refuses_files_without_its_records_and_draws_the_others)
{
    char options[200];
    write_history("a.csv");
    for (size_t k = 0; k < pnas_plot_count; k++) {
        const pnas_plot_kind *kind = pnas_plots[k];
        snprintf(options, sizeof options, "a.csv: %.150s", kind->has ? kind->lacks : "");
        expect_run(plot(kind, "a.csv --terminal"), kind->has ? 65 : 0, kind->has ? options : "");
        if (kind->files == 1)
            continue;
        const program_run *run = plot(kind, "run.h5 a.csv -o two.svg");
        expect_run(run, 0, kind->has ? options : "");
        cr_expect_eq(count(run->err, "the plot shows the other files"), kind->has ? 1 : 0);
        expect_run(plot(kind, "a.csv run.h5 --terminal"), 0, "");
    }
}

Test(plots, each_takes_as_many_files_as_it_says)
{
    char options[400] = "--terminal", message[100];
    for (size_t k = 0; k < pnas_plot_count; k++) {
        size_t most = pnas_plots[k]->files;
        cr_assert(most >= 1 && most <= PNAS_PLOT_FILES_MAX, "%s", pnas_plots[k]->name);
        strcpy(options, "--terminal");
        for (size_t i = 0; i <= most; i++)
            strcat(options, " run.h5");
        snprintf(message, sizeof message, ", not %zu", most + 1);
        expect_run(plot(pnas_plots[k], options), 64, message);
    }
}

Test(plots, each_is_in_the_help_and_in_messages)
{
    char listed[200];
    const char *help = squeeze_blanks(rank("--help")->out);
    for (size_t k = 0; k < pnas_plot_count; k++) {
        snprintf(listed, sizeof listed, "%s (%s)", pnas_plots[k]->name, pnas_plots[k]->help);
        cr_expect_not_null(strstr(help, listed), "%s\n%s", listed, help);
        cr_expect_eq(pnas_plot_find(pnas_plots[k]->name), pnas_plots[k], "%s is there twice",
                     pnas_plots[k]->name);
    }
    char names[200], message[300];
    snprintf(message, sizeof message, "--plot wants one of %s, not 'pie'",
             pnas_plot_names(names, sizeof names));
    expect_run(rank("--plot pie run.h5"), 64, message);
    cr_expect_not_null(strstr(message, "one of accuracy, predicted, levels, "));
}

/* The first column of a section's table names every plot, in the same order, and nothing else. */
Test(plots, each_has_its_row_in_the_docs)
{
    char path[1000], expected[60];
    size_t k = 0;
    snprintf(path, sizeof path, "%s/docs/ranking.md", getenv("PNAS_SOURCE"));
    char *text = read_file(path), *table = strstr(text, "\n| `--plot` |");
    cr_assert_not_null(table);
    char *line = strstr(table, "\n|---|"), *end = strstr(table, "\n\n");
    for (line = strchr(line + 1, '\n'); line && line < end; line = strchr(line + 1, '\n'), k++) {
        cr_assert_lt(k, pnas_plot_count, "of no plot: %.60s", line);
        snprintf(expected, sizeof expected, "\n| `%s` |", pnas_plots[k]->name);
        cr_expect_eq(strncmp(line, expected, strlen(expected)), 0, "not the row of %s: %.60s",
                     pnas_plots[k]->name, line);
    }
    cr_expect_eq(k, pnas_plot_count, "docs/ranking.md has %zu of %zu plots", k, pnas_plot_count);
    free(text);
}

/* ---- single plots ---- */

Test(plots, a_point_of_an_svg_has_its_cell_as_title)
{
    expect_run(rank("--plot accuracy run.h5 -o plot.svg"), 0, "");
    char *svg = read_file(test_path("plot.svg"));
    cr_expect_not_null(strstr(svg, "  rank 14  -"));
    cr_expect_null(strstr(svg, "showHypertext"));
    free(svg);
}

/* The fifth to tenth line: their indices go on from the first level's. */
Test(plots, the_second_level_alone_keeps_its_indices)
{
    write_history("a.csv");
    expect_run(rank("--plot accuracy --level 2 a.csv -o a.svg --keep kept"), 0, "");
    char *script = read_file(test_path("kept/plot.gp"));
    cr_expect_not_null(strstr(script, "set xrange [5:11]"), "%s", script);
    free(script);
    char *svg = read_file(test_path("a.svg"));
    cr_expect_eq(count(svg, "  rank "), 5);
    free(svg);
}

/* The run of the tests with another time line. */
static void write_events(const pnas_run_event *events, size_t events_count)
{
    pnas_run_file *file = NULL;
    pnas_search *search = fake_search();
    bool existed;
    cr_assert_eq(pnas_run_file_open(test_path("run.h5"), &file, &existed), PNAS_OK);
    cr_assert_eq(pnas_run_file_restore(file, search), PNAS_OK);
    pnas_run_file_info(file)->event_count = 0;
    pnas_run_file_info(file)->end = pnas_run_file_info(file)->start + 1020;
    for (size_t i = 0; i < events_count; i++)
        cr_assert_eq(pnas_run_info_add_event(pnas_run_file_info(file), &events[i]), PNAS_OK);
    cr_assert_eq(pnas_run_file_write(file, search), PNAS_OK);
    pnas_run_file_close(&file);
    pnas_search_destroy(&search);
}

static void write_configuration(const char *yaml)
{
    pnas_run_file *file = NULL;
    pnas_search *search = fake_search();
    bool existed;
    cr_assert_eq(pnas_run_file_open(test_path("run.h5"), &file, &existed), PNAS_OK);
    cr_assert_eq(pnas_run_file_restore(file, search), PNAS_OK);
    free(pnas_run_file_info(file)->configuration);
    pnas_run_file_info(file)->configuration = strdup(yaml);
    cr_assert_eq(pnas_run_file_write(file, search), PNAS_OK);
    pnas_run_file_close(&file);
    pnas_search_destroy(&search);
}

Test(plots, the_time_between_a_stop_and_the_next_start_is_no_part_of_a_time_line)
{
    static const pnas_run_event events[] = {
        {1.75e9, 1.75e9 + 10, 0, "train 1/0 (part)"},   {1.75e9, 1.75e9 + 5, 1, "train 1/1"},
        {1.75e9 + 10, 1.75e9 + 1010, -1, "stopped"},    {1.75e9 + 1010, 1.75e9 + 1020, 0, "train 1/0"},
        {1.75e9 + 1010, 1.75e9 + 1015, 1, "train 1/2"},
    };
    write_events(events, 5);
    expect_run(rank("--plot timeline run.h5 -o t.svg --keep kept"), 0, "");
    char *script = read_file(test_path("kept/plot.gp"));
    cr_expect(strstr(script, "2 ranks, busy for 75.0 % of the time, without 1 pause"), "%s", script);
    cr_expect(strstr(script, "'rank 0, busy 100 %%' 0, 'rank 1, busy  50 %%' 1"), "%s", script);
    expect_run(rank("run.h5"), 0, "lasted 20 s without the 16 min 40 s");
    cr_expect(strstr(script, "set xrange [0:20]") && strstr(script, "set arrow from first 10, graph 0"), "%s",
              script);
    free(script);
}

/* A search of thirty children with a curve each. */
static void write_many_curves(const char *name)
{
    pnas_run_file *file = NULL;
    pnas_search *search = fake_search_of(30);
    bool existed;
    cr_assert_eq(pnas_run_file_open(test_path(name), &file, &existed), PNAS_OK);
    pnas_run_info *info = pnas_run_file_info(file);
    fake_info(info);
    free(info->configuration);
    info->configuration = strdup("title: A search\nspace: {blocks: 3}\nsearch: {first: 30, beam: 5}\n"
                                 "surrogate: {members: 2}\n");
    fake_propose(search);
    for (size_t i = 0; i < 30; i++) {
        pnas_result result = {.status = PNAS_CHILD_DONE, .accuracy = 0.5, .epochs = 2};
        result.history = calloc(2 * PNAS_METRICS, sizeof *result.history);
        for (int e = 0; e < 2; e++)
            result.history[e * PNAS_METRICS + PNAS_METRIC_VALIDATION_ACCURACY] = 0.5f;
        cr_assert_eq(pnas_search_record(search, 1, i, &result), PNAS_OK, "%s", pnas_message());
    }
    cr_assert_eq(pnas_run_file_write(file, search), PNAS_OK);
    pnas_run_file_close(&file);
    pnas_search_destroy(&search);
}

Test(plots, curves_that_are_left_out_are_told_and_files_share_the_rest)
{
    write_many_curves("many.h5");
    expect_run(rank("--plot curves --top 0 many.h5 -o c.svg --keep kept"), 0,
               "of 30 learning curves the 24 best are drawn");
    char *script = read_file(test_path("kept/plot.gp"));
    cr_expect_eq(count(script, "'curves.tsv' index"), 24);
    free(script);
    expect_run(rank("--plot curves --top 20 many.h5 many.h5 -o c.svg --keep two"), 0,
               "of 20 learning curves of a file the 12 best are drawn");
    script = read_file(test_path("two/plot.gp"));
    cr_expect(count(script, "title 'A ") == 12 && count(script, "title 'B ") == 12, "%s", script);
    free(script);
    cr_expect_str_empty(rank("--plot curves --top 12 many.h5 many.h5 -o c.svg")->err);
}

/* A prediction is shown as one wherever it stands. */
Test(plots, what_was_only_predicted_is_not_shown_as_measured)
{
    write_history("a.csv");
    write_history("scores_2.csv");
    expect_run(rank("scores_2.csv"), 0, "5 only predicted");
    expect_run(rank("scores_2.csv"), 0, "   1         -     0.5600      2");
    expect_run(rank("scores_2.csv a.csv"), 0, "scores_2.csv: 10 cells, predicted");
    expect_run(rank("scores_2.csv a.csv --top 1"), 0, "   1     B    0.5600          -      2");
    expect_run(rank("a.csv scores_2.csv"), 0, "have 6 cells in common, Spearman");
    expect_run(rank("scores_2.csv --csv"), 0, "\n,-1,sep3,-2,max3,0,avg3,-1,identity,2,0.56,,");
    expect_run(rank("scores_2.csv --format json"), 0, "\"score\": null");
    expect_run(rank("scores_2.csv --plot levels -o s.svg --keep kept"), 0, "");
    char *script = read_file(test_path("kept/plot.gp"));
    cr_expect(strstr(script, "set ylabel 'predicted accuracy'") && strstr(script, "\\n5 cells"), "%s",
              script);
    free(script);
    expect_run(rank("scores_2.csv --plot predicted"), 65, "has no predictions to compare with");
    expect_run(rank("a.csv scores_2.csv --plot accuracy"), 64,
               "scores_2.csv: has cells that were only predicted");
    expect_run(rank("scores_2.csv a.csv --plot accuracy"), 64,
               "a.csv: has measured accuracies, others were only");
}

Test(plots, runs_are_overlaid_and_names_may_hold_anything)
{
    write_history("it's \"100 %\" $HOME `id`.csv");
    expect_run(rank("--plot accuracy -o two.svg run.h5 it*.csv"), 0, "");
    cr_expect(test_file_exists("two.svg"));
    expect_run(rank("--plot accuracy --sort --terminal run.h5 it*.csv"), 0,
               "B  it's \"100 %\" $HOME `id`.csv");
}

Test(plots, without_gnuplot_or_graphviz_the_data_is_kept)
{
    char path[600];
    setenv("TMPDIR", test_path(""), 1);
    const program_run *run =
        run_program("cd '%s' && PATH=/nonexistent '%s' --plot accuracy run.h5 -o plot.png", test_path(""),
                    getenv("PNAS_RANK"));
    expect_run(
        run, 74,
        "gnuplot is not installed (Debian: apt-get install gnuplot-nox); data and script (plot.gp) are "
        "in ");
    snprintf(path, sizeof path, "%s", strstr(run->err, "are in ") + 7);
    strcpy(path + strcspn(path, "\n"), "/cells_0.tsv");
    cr_expect_eq(access(path, R_OK), 0, "%s", path);
    run = run_program("cd '%s' && PATH=/nonexistent '%s' --cell 1 run.h5 -o cell.svg", test_path(""),
                      getenv("PNAS_RANK"));
    expect_run(run, 74, "dot is not installed (Debian: apt-get install graphviz); the graph is in ");
    cr_expect_not(test_file_exists("plot.png"));
}

Test(plots, script_and_data_are_kept_where_asked)
{
    expect_run(rank("--plot curves --keep kept run.h5 -o plot.png"), 0, "");
    cr_expect(test_file_exists("kept/plot.gp"));
    cr_expect(test_file_exists("kept/curves.tsv"));
}

/* The lowest and the highest would be the first to be lost under the frame. */
Test(plots, every_cell_is_a_mark_in_the_terminal)
{
    static const char text[] = "0.5,-1,sep3,-2,sep3\n0.6,-1,sep3,-2,sep5\n0.7,-1,sep5,-2,sep5\n";
    test_write_file("three.csv", text, strlen(text));
    const program_run *run = rank("three.csv --plot accuracy --terminal");
    cr_expect_eq(run->exit_code, 0);
    const char *top = strstr(run->out, "--+\n"), *bottom = top ? strstr(top + 4, "--+\n") : NULL;
    int marks = 0;
    for (const char *at = top; at && at < bottom; at++)
        marks += strncmp(at, " 1 ", 3) == 0;
    cr_expect_eq(marks, 3, "%s", run->out);
}

/* As with `| head -1` where SIGPIPE is ignored. */
Test(plots, a_reader_that_has_enough_is_no_trouble)
{
    static const char *const outputs[] = {"--csv run.h5", "--help", "--cell 1 run.h5", "run.h5"};
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
        const program_run *run = run_program(
            "trap '' PIPE; cd '%s'; { sleep 0.3; '%s' %s; echo \"code $?\" >code; } | true; cat code",
            test_path(""), getenv("PNAS_RANK"), outputs[i]);
        cr_expect_str_eq(run->out, "code 0\n", "%s: %s", outputs[i], run->out);
        cr_expect_str_empty(run->err, "%s: %s", outputs[i], run->err);
    }
    expect_run(run_program("'%s' --help >/dev/full", getenv("PNAS_RANK")), 74,
               "standard output cannot be written");
}

/* gnuplot shows nothing of a title that is wider than the terminal. */
Test(plots, a_title_of_any_length_fits_every_plot_of_a_terminal)
{
    static const int lengths[] = {20, 60, 70, 127};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        for (size_t k = 0; k < pnas_plot_count; k++) {
            char yaml[400], title[128];
            snprintf(title, sizeof title, "%.*s", lengths[i],
                     "Begin of a title of very many words that goes on and on until it has as many "
                     "characters as a "
                     "title may have, which is 127 in all");
            snprintf(yaml, sizeof yaml,
                     "title: \"%s\"\nspace: {blocks: 3}\nsearch: {first: 7, beam: 5}\n"
                     "surrogate: {members: 2}\n",
                     title);
            write_configuration(yaml);
            const program_run *run = plot(pnas_plots[k], "run.h5 --terminal");
            size_t first = strcspn(run->out, "\n");
            cr_expect(first <= 80, "%s", run->out);
            cr_expect_eq(strncmp(run->out + strspn(run->out, " "), "Begin of a t", 12), 0, "%s: %.100s",
                         pnas_plots[k]->name, run->out);
        }
}

Test(plots, a_terminal_tells_medians_in_figures)
{
    write_history("a.csv");
    const program_run *run = rank("a.csv --plot levels --terminal");
    cr_expect_eq(count(run->out, "median 0.5200"), 2, "%s", run->out);
    static const char four[] =
        "0.1,-1,sep3,-2,sep3\n0.2,-1,sep3,-2,sep5\n0.3,-1,sep5,-2,sep5\n0.9,-1,max3,-2,sep5\n";
    test_write_file("four.csv", four, sizeof four - 1);
    expect_run(rank("four.csv --plot levels --terminal"), 0, "median 0.2500");
}

Test(plots, what_cannot_be_drawn_is_told)
{
    write_history("a.csv");
    expect_run(rank("--plot levels --level 3 --terminal a.csv"), 64, "a.csv has cells of levels");
    fake_run_write_complete(test_path("run.h5"));
    expect_run(rank("--plot levels --level 3 --terminal run.h5 a.csv"), 65,
               "a.csv: has no finished children to plot");
    expect_run(rank("--plot levels -o plot.bmp a.csv"), 64, "ends in one of .png, .svg, .pdf");
    unsetenv("DISPLAY");
    unsetenv("WAYLAND_DISPLAY");
    expect_run(rank("--plot levels a.csv"), 64, "there is no display for a window");
}

/* ---- drawings of cells ---- */

Test(plots, cells_are_drawn_by_rank_and_from_text)
{
    expect_run(rank("--cell 1 run.h5 -o cell.svg"), 0, "");
    expect_start("cell.svg", "<?xml");
    expect_run(rank("--cell 2 run.h5 -o cell.png"), 0, "");
    expect_start("cell.png", "\x89PNG");
    const program_run *run = rank("--cell-text '-2:sep5+-2:max3 | -1:sep7+0:identity'");
    expect_run(run, 0, "digraph cell {");
    expect_run(run, 0, "label=\"sep 5x5\"");
    expect_run(run, 0, "sum0 -> right1;");
    expect_run(rank("--cell 15 run.h5"), 64, "has 14 finished cells");
    expect_run(rank("--cell-text '-2:sep5'"), 64, "");
}

Test(plots, kinds_of_operators_keep_their_colours)
{
    static const char *const boxes[] = {
        "\"identity\", fillcolor=\"#ffffff\"", "\"sep 3x3\", fillcolor=\"#fbe5a2\"",
        "\"conv 3x3\", fillcolor=\"#f9cfb3\"", "\"1x7, 7x1\", fillcolor=\"#f0cfe2\"",
        "\"avg 3x3\", fillcolor=\"#cfe8f7\"",  "\"max 3x3\", fillcolor=\"#a9d3ef\""};
    const program_run *run = rank("--cell-text '-2:identity+-1:sep3 | -2:conv3+0:1x7-7x1 | 0:avg3+1:max3'");
    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++)
        expect_run(run, 0, boxes[i]);
}

Test(plots, a_drawing_says_once_what_it_shows)
{
    const program_run *run = rank("--cell 1 run.h5 | dot -Tsvg | grep -c '>A search: rank 1, accuracy'");
    expect_run(run, 0, "");
    cr_expect_eq(strtol(run->out, NULL, 10), 1, "%s", run->out);
}
