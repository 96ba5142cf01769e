/* What log and progress write, on a file and on a terminal. */
#include "src/base/log.h"
#include "src/base/progress.h"

#include <criterion/criterion.h>
#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char written[8192];

static int redirect_to_file(void)
{
    FILE *file = tmpfile();
    cr_assert_not_null(file);
    int fd = fileno(file), saved = dup(STDERR_FILENO);
    cr_assert(saved >= 0 && dup2(fd, STDERR_FILENO) >= 0);
    return saved;
}

/* Reads back what went to the file and gives stderr back. */
static void read_file(int saved)
{
    fflush(stderr);
    lseek(STDERR_FILENO, 0, SEEK_SET);
    ssize_t length = read(STDERR_FILENO, written, sizeof written - 1);
    cr_assert(length >= 0);
    written[length] = '\0';
    dup2(saved, STDERR_FILENO);
}

static int redirect_to_terminal(int *master, int columns)
{
    int slave, saved = dup(STDERR_FILENO);
    struct winsize size = {.ws_row = 24, .ws_col = (unsigned short)columns};
    cr_assert_eq(openpty(master, &slave, NULL, NULL, &size), 0);
    cr_assert(dup2(slave, STDERR_FILENO) >= 0);
    close(slave);
    return saved;
}

/* Gives stderr back, which closes the terminal, and reads until its end: it comes in pieces. */
static void read_terminal(int master, int saved)
{
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    size_t length = 0;
    for (ssize_t got; (got = read(master, written + length, sizeof written - 1 - length)) > 0;)
        length += (size_t)got;
    written[length] = '\0';
}

Test(log, a_line_names_the_program_and_what_kind_it_is)
{
    int saved = redirect_to_file();
    pnas_log_setup("pnas_test", PNAS_LOG_INFO, 0, 1);
    pnas_info("level %d", 3);
    pnas_warning("slow");
    pnas_error("broken");
    pnas_debug("not shown at this level");
    read_file(saved);
    cr_expect_str_eq(written, "pnas_test: level 3\npnas_test: warning: slow\npnas_test: error: broken\n");
}

Test(log, other_ranks_only_warn_and_say_who_they_are)
{
    int saved = redirect_to_file();
    pnas_log_setup("p", PNAS_LOG_INFO, 2, 4);
    pnas_info("hidden");
    pnas_warning("shown");
    read_file(saved);
    cr_expect_str_eq(written, "p: [rank 2] warning: shown\n");
    cr_expect_str_eq(pnas_log_program(), "p");
}

Test(log, other_ranks_say_all_when_debugging)
{
    int saved = redirect_to_file();
    pnas_log_setup("p", PNAS_LOG_DEBUG, 2, 4);
    pnas_info("shown");
    pnas_debug("too");
    read_file(saved);
    cr_expect_str_eq(written, "p: [rank 2] shown\np: [rank 2] debug: too\n");
}

Test(log, rank_0_names_itself_where_it_matters)
{
    int saved = redirect_to_file();
    pnas_log_setup("p", PNAS_LOG_INFO, 0, 4);
    pnas_info("plain");
    pnas_error("whose?");
    read_file(saved);
    cr_expect_str_eq(written, "p: plain\np: [rank 0] error: whose?\n");
}

Test(log, a_quiet_level_leaves_errors)
{
    int saved = redirect_to_file();
    pnas_log_setup("p", PNAS_LOG_ERROR, 0, 1);
    pnas_info("no");
    pnas_warning("no");
    pnas_error("yes");
    read_file(saved);
    cr_expect_str_eq(written, "p: error: yes\n");
}

Test(log, a_name_in_a_message_commands_no_terminal_and_makes_no_message_of_its_own)
{
    int saved = redirect_to_file();
    pnas_log_setup("p", PNAS_LOG_INFO, 0, 1);
    pnas_warning("%s: is missing", "\x1b]0;x\x07\xc2\x9b\np: error: all is lost");
    read_file(saved);
    cr_expect_str_eq(written, "p: warning: \\x1b]0;x\\x07\\u009b\n    p: error: all is lost: is missing\n");
}

Test(progress, a_name_in_an_event_stays_in_its_line)
{
    int saved = redirect_to_file();
    pnas_progress_event(1, "%s failed", "\x1b[2J\nchild");
    read_file(saved);
    cr_expect_not_null(strstr(written, " \\x1b[2J\\x0achild failed\n"));
}

Test(progress, writes_stamped_lines_and_no_carriage_return_into_a_file)
{
    int saved = redirect_to_file();
    pnas_progress_show("3 of 10");
    pnas_progress_event(0, "child %d done", 3);
    pnas_progress_show("4 of 10");
    pnas_progress_event(1, "child 4 done");
    pnas_progress_end();
    read_file(saved);
    cr_expect_null(strchr(written, '\r'));
    cr_expect_null(strchr(written, '\033'));
    cr_expect_null(strstr(written, "of 10"), "the progress line itself is for terminals");
    int year, month, day, read = 0;
    char *second = strchr(written, '\n');
    cr_assert_not_null(second);
    cr_expect_eq(sscanf(written, "%4d-%2d-%2dT%*2d:%*2d:%*2dZ child 3 done%n", &year, &month, &day, &read),
                 3);
    cr_expect_eq(read, second - written, "nothing else is on the line");
    cr_expect_not_null(strstr(second, "Z child 4 done\n"));
}

Test(progress, rewrites_its_line_on_a_terminal)
{
    int master, saved = redirect_to_terminal(&master, 80);
    pnas_progress_show("3 of 10");
    pnas_progress_event(0, "not kept");
    pnas_progress_show("4 of 10");
    pnas_progress_end();
    read_terminal(master, saved);
    cr_expect_str_eq(written, "\r\033[K3 of 10\r\033[K4 of 10\r\033[K");
}

Test(progress, a_kept_event_stands_above_the_line)
{
    int master, saved = redirect_to_terminal(&master, 80);
    pnas_progress_show("3 of 10");
    pnas_progress_event(1, "best so far");
    read_terminal(master, saved);
    cr_expect_str_eq(written, "\r\033[K3 of 10\r\033[Kbest so far\r\n\r\033[K3 of 10");
}

Test(progress, a_message_clears_the_line_first)
{
    int master, saved = redirect_to_terminal(&master, 80);
    pnas_log_setup("p", PNAS_LOG_INFO, 0, 1);
    pnas_progress_show("3 of 10");
    pnas_warning("look");
    read_terminal(master, saved);
    cr_expect_str_eq(written, "\r\033[K3 of 10\r\033[Kp: warning: look\r\n");
}

Test(progress, a_line_never_wraps)
{
    int master, saved = redirect_to_terminal(&master, 20);
    pnas_progress_show("%s", "0123456789012345678901234567890123456789");
    read_terminal(master, saved);
    cr_expect_str_eq(written, "\r\033[K0123456789012345678");
}
