/* Files take their place complete, through no link, and leave nothing behind. */
#include "io/file/byte_output.h"
#include "io/file/leftover.h"
#include "io/file/output_file.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(output_file, .init = test_folder_make, .fini = test_folder_remove, .timeout = 30);

static void expect_content(const char *name, const char *expected)
{
    char text[64] = "";
    FILE *file = fopen(test_path(name), "r");
    cr_assert_not_null(file);
    size_t got = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    cr_expect_eq(got, strlen(expected));
    cr_expect_str_eq(text, expected);
}

static pnas_status write_text(const char *name, const char *text)
{
    return pnas_bytes_write(test_path(name), text, strlen(text));
}

Test(output_file, takes_its_place_with_the_rights_of_umask_or_of_what_it_replaces)
{
    struct stat info;
    umask(027);
    cr_assert_eq(write_text("a", "one"), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(stat(test_path("a"), &info), 0);
    cr_expect_eq(info.st_mode & 0777, 0640);
    cr_assert_eq(chmod(test_path("a"), 0604), 0);
    cr_assert_eq(write_text("a", "two"), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(stat(test_path("a"), &info), 0);
    cr_expect_eq(info.st_mode & 0777, 0604);
    expect_content("a", "two");
    cr_expect_eq(test_folder_count(), 1);
}

Test(output_file, what_a_link_leads_to_is_not_touched)
{
    test_write_file("precious", "mine", 4);
    cr_assert_eq(symlink("precious", test_path("a")), 0);
    cr_assert_eq(symlink("precious", test_path("a.partial")), 0);
    cr_assert_eq(link(test_path("precious"), test_path("b")), 0);
    cr_assert_eq(write_text("a", "new"), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(write_text("b", "new"), PNAS_OK, "%s", pnas_message());
    expect_content("precious", "mine");
    expect_content("a", "new");
    expect_content("b", "new");
}

Test(output_file, pipes_and_folders_are_refused)
{
    cr_assert_eq(mkfifo(test_path("pipe"), 0600), 0);
    test_make_folder("folder");
    cr_expect_eq(write_text("pipe", "new"), PNAS_ERROR_FILE);
    cr_expect_eq(write_text("folder", "new"), PNAS_ERROR_FILE);
    cr_expect_not_null(strstr(pnas_message(), "is not a regular file"), "%s", pnas_message());
    cr_expect_eq(write_text("none/a", "new"), PNAS_ERROR_FILE);
    cr_expect_not_null(strstr(pnas_message(), "check that the folder is there"), "%s", pnas_message());
}

Test(output_file, two_at_once_do_no_harm_to_each_other)
{
    pnas_output_file one, two, three;
    cr_assert_eq(pnas_output_file_create(test_path("a"), &one), PNAS_OK);
    cr_assert_eq(pnas_output_file_create(test_path("a"), &two), PNAS_OK);
    cr_assert_eq(pnas_output_file_create(test_path("a"), &three), PNAS_OK);
    fputs("first", one.stream);
    fputs("second", two.stream);
    cr_expect_eq(pnas_output_file_commit(&one, true), PNAS_OK);
    expect_content("a", "first");
    cr_expect_eq(pnas_output_file_commit(&two, false), PNAS_OK);
    pnas_output_file_discard(&three);
    pnas_output_file_discard(&three);
    expect_content("a", "second");
    cr_expect_eq(test_folder_count(), 1);
}

/* A process that is in the middle of a file and gets the signal. Returns what waitpid tells. */
static int end_writer(int number)
{
    int state = 0;
    pid_t writer = fork();
    if (writer == 0) {
        pnas_output_file output;
        signal(number, SIG_DFL);
        if (pnas_output_file_create(test_path("a"), &output) != PNAS_OK || test_folder_count() != 1)
            _exit(1);
        raise(number);
        _exit(2);
    }
    cr_assert_eq(waitpid(writer, &state, 0), writer);
    return state;
}

Test(output_file, signals_leave_nothing_behind)
{
    static const int ends[] = {SIGTERM, SIGINT, SIGHUP};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; ++i) {
        int state = end_writer(ends[i]);
        cr_expect(WIFSIGNALED(state) && WTERMSIG(state) == ends[i], "signal %d: %d", ends[i], state);
        cr_expect_eq(test_folder_count(), 0);
    }
}

Test(output_file, a_table_of_leftovers_that_is_full_does_no_harm)
{
    int number[20];
    for (int i = 0; i < 20; ++i)
        number[i] = pnas_leftover_add("/nowhere/file");
    cr_expect_eq(number[19], -1);
    for (int i = 0; i < 20; ++i)
        pnas_leftover_forget(number[i]);
    number[0] = pnas_leftover_add("/nowhere/file");
    cr_expect_geq(number[0], 0);
    pnas_leftover_forget(number[0]);
}
