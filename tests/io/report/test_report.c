/* Reports: text of others, files that are there already, runs in every state. What pages show is compared
 * with the files in tests/programs/report_pages.py. */
#include "io/report/html.h"
#include "io/report/report.h"
#include "io/run/live_status.h"
#include "src/base/clock.h"
#include "tests/io/run/fake_run.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- text ---- */

typedef void (*text_writer)(FILE *out, const char *text);

static char *written(text_writer write, const char *text)
{
    char *result = NULL;
    size_t size;
    FILE *out = open_memstream(&result, &size);
    write(out, text);
    fclose(out);
    return result;
}

static void expect_written(text_writer write, const char *text, const char *expected)
{
    char *found = written(write, text);
    cr_expect_str_eq(found, expected);
    free(found);
}

Test(html, text_stays_text)
{
    expect_written(pnas_html_text, "</script><script>alert(1)</script>",
                   "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;");
    expect_written(pnas_html_text, "a \"b\" & 'c'", "a &quot;b&quot; &amp; &#39;c&#39;");
    expect_written(pnas_html_text, "\x1b[31m\n\xe2\x80\xae\xff \xc3\xbc",
                   "\\x1b[31m\\x0a\\u202e\\xff \xc3\xbc");
    expect_written(pnas_html_lines, "a: <b>\n  c: 1\n", "a: &lt;b&gt;\n  c: 1\n");
}

Test(html, words_are_quoted_for_a_shell)
{
    expect_written(pnas_html_word, "runs/a-1.h5", "runs/a-1.h5");
    expect_written(pnas_html_word, "my run.h5", "&#39;my run.h5&#39;");
    expect_written(pnas_html_word, "it's; rm $HOME", "&#39;it&#39;\\&#39;&#39;s; rm $HOME&#39;");
    expect_written(pnas_html_word, "", "&#39;&#39;");
}

/* ---- files ---- */

TestSuite(report, .init = test_folder_make, .fini = test_folder_remove);

static pnas_ranking *read_ranking(const char *name)
{
    pnas_ranking *ranking = NULL;
    cr_assert_eq(pnas_ranking_read(test_path(name), &ranking), PNAS_OK, "%s", pnas_message());
    return ranking;
}

static pnas_status write_report(const char *name, pnas_ranking *ranking, bool force)
{
    char path[1024];
    snprintf(path, sizeof path, "%s", test_path(name));
    const pnas_report_options options = {.path = path, .program = "a test", .force = force};
    return pnas_report_write(&options, (const pnas_ranking *const *)&ranking, 1);
}

static char *read_page(const char *name)
{
    size_t size;
    char *text = (char *)fake_read_file(test_path(name), &size);
    text[size] = '\0';
    return text;
}

static void expect_in_page(const char *name, const char *part, bool there)
{
    char *page = read_page(name);
    cr_expect_eq(strstr(page, part) != NULL, there, "%s: %s", name, part);
    free(page);
}

Test(report, replaces_a_report_and_nothing_else)
{
    fake_run_write_complete(test_path("run.h5"));
    pnas_ranking *ranking = read_ranking("run.h5");
    cr_expect_eq(write_report("page.html", ranking, false), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(write_report("page.html", ranking, false), PNAS_OK, "%s", pnas_message());
    test_write_file("mine.html", "<!DOCTYPE html>\n<p>mine", 23);
    cr_expect_eq(write_report("mine.html", ranking, false), PNAS_ERROR_FILE);
    cr_expect(strstr(pnas_message(),
                     "mine.html: is there already and is no report; name another file, or add --force"));
    expect_in_page("mine.html", "<p>mine", true);
    cr_expect_eq(write_report("mine.html", ranking, true), PNAS_OK, "%s", pnas_message());
    expect_in_page("mine.html", "A search", true);
    cr_expect_eq(write_report("run.h5", ranking, true), PNAS_ERROR_FILE); /* HDF5 is never replaced */
    cr_expect_eq(write_report("run.h5", ranking, false), PNAS_ERROR_FILE);
    cr_expect(strstr(pnas_message(), "is an HDF5 file") && !strstr(pnas_message(), "--force"), "%s",
              pnas_message());
    cr_expect_eq(write_report("none/page.html", ranking, false), PNAS_ERROR_FILE);
    test_write_file("empty.html", "", 0);
    cr_expect_eq(write_report("empty.html", ranking, false), PNAS_OK, "%s", pnas_message());
    pnas_ranking_destroy(&ranking);
    cr_expect_eq(test_folder_count(), 4, "nothing else is left");
}

Test(report, says_how_far_an_unfinished_run_is)
{
    fake_run_write(test_path("run.h5"));
    pnas_ranking *ranking = read_ranking("run.h5");
    cr_assert_eq(write_report("page.html", ranking, false), PNAS_OK, "%s", pnas_message());
    expect_in_page("page.html", "This search is not complete.", true);
    expect_in_page("page.html",
                   "interrupted, or no longer heard of: 14 of 17 cells are trained (82 %), 2 of these failed",
                   true);
    expect_in_page("page.html", "; about ", false);

    pnas_live_status live = {.written = pnas_clock_unix(), .seconds_left = 125};
    cr_assert_eq(pnas_live_status_write(test_path("run.h5"), &live), PNAS_OK);
    cr_assert_eq(write_report("page.html", ranking, false), PNAS_OK, "%s", pnas_message());
    expect_in_page(
        "page.html",
        "It is running: 14 of 17 cells are trained (82 %), 2 of these failed; about 2 min 05 s left", true);

    live.written -= 1000;
    cr_assert_eq(pnas_live_status_write(test_path("run.h5"), &live), PNAS_OK);
    cr_assert_eq(write_report("page.html", ranking, false), PNAS_OK, "%s", pnas_message());
    expect_in_page("page.html", "no longer heard of", true);
    pnas_ranking_destroy(&ranking);

    fake_run_write_complete(test_path("run.h5"));
    ranking = read_ranking("run.h5");
    cr_assert_eq(write_report("page.html", ranking, false), PNAS_OK, "%s", pnas_message());
    expect_in_page("page.html", "This search is not complete.", false);
    expect_in_page("page.html", "<span class=\"state done\">complete</span>", true);
    pnas_ranking_destroy(&ranking);
}

Test(report, draws_cells_without_graphviz_and_says_so)
{
    fake_run_write_complete(test_path("run.h5"));
    pnas_ranking *ranking = read_ranking("run.h5");
    cr_assert_eq(write_report("with.html", ranking, false), PNAS_OK, "%s", pnas_message());
    expect_in_page("with.html", "Drawn without Graphviz", false);
    setenv("PATH", "/nowhere", 1);
    cr_assert_eq(write_report("without.html", ranking, false), PNAS_OK, "%s", pnas_message());
    expect_in_page("without.html", "Drawn without Graphviz, in a simpler layout: dot is not installed", true);
    expect_in_page("without.html", "<svg class=\"cell\"", true);
    expect_in_page("without.html", "nan", false);
    pnas_ranking_destroy(&ranking);
}

Test(report, wants_at_least_one_file_and_no_more_than_there_are_colours)
{
    const pnas_ranking *none[PNAS_REPORT_FILES_MAX + 1] = {NULL};
    const pnas_report_options options = {.path = test_path("page.html"), .program = "a test"};
    cr_expect_eq(pnas_report_write(&options, none, 0), PNAS_ERROR_USAGE);
    cr_expect_eq(pnas_report_write(&options, none, PNAS_REPORT_FILES_MAX + 1), PNAS_ERROR_USAGE);
    cr_expect_eq(test_folder_count(), 0);
}
