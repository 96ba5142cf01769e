/* Progress in a log, and on terminals of several kinds and widths. */
#include "src/base/progress.h"

#include "src/base/log.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* All that was written to stderr. */
static void check_lines(const char *const *expected, int lines)
{
    char text[4096] = "";
    fflush(stderr);
    FILE *errors = cr_get_redirected_stderr();
    text[fread(text, 1, sizeof text - 1, errors)] = 0;
    char *rest = text;
    for (int i = 0; i < lines; i++) {
        char *line = strsep(&rest, "\n");
        cr_assert(rest, "only %d lines", i);
        cr_expect(strlen(line) > 21 && line[4] == '-' && line[19] == 'Z', "no time in '%s'", line);
        cr_expect_str_eq(line + 21, expected[i]);
    }
    cr_expect_str_eq(rest, "");
}

Test(progress, a_log_that_was_quiet_for_long_gets_a_line)
{
    setenv("PNAS_PROGRESS_SECONDS", "0", 1);
    cr_redirect_stderr();
    pnas_progress_show("%d of 2", 1);
    pnas_progress_event(0, "an event");
    pnas_progress_show("\r%d of 2", 2);
    pnas_progress_end();
    check_lines((const char *[]){"1 of 2", "an event", "\\x0d2 of 2"}, 3);
}

Test(progress, a_log_has_no_line_of_progress_soon_after_another)
{
    unsetenv("PNAS_PROGRESS_SECONDS");
    cr_redirect_stderr();
    pnas_progress_show("%d of 2", 1);
    pnas_progress_event(0, "an event");
    pnas_progress_show("%d of 2", 2);
    check_lines((const char *[]){"an event"}, 1);
}

Test(progress, a_quiet_program_has_none)
{
    setenv("PNAS_PROGRESS_SECONDS", "0", 1);
    pnas_log_setup("test", PNAS_LOG_WARNING, 0, 1);
    cr_redirect_stderr();
    pnas_progress_show("%d of 2", 1);
    pnas_progress_event(1, "an event");
    check_lines(NULL, 0);
}

/* ---- on a terminal ---- */

/* Makes stderr a terminal of that kind; returns what the person sees. */
static int open_terminal(const char *kind)
{
    int screen = posix_openpt(O_RDWR | O_NOCTTY);
    cr_assert(screen >= 0 && grantpt(screen) == 0 && unlockpt(screen) == 0);
    int terminal = open(ptsname(screen), O_RDWR | O_NOCTTY);
    cr_assert(terminal >= 0 && dup2(terminal, STDERR_FILENO) >= 0);
    close(terminal);
    setenv("TERM", kind, 1);
    pnas_log_setup("test", PNAS_LOG_INFO, 0, 1);
    return screen;
}

static void set_width(int screen, int columns)
{
    cr_assert_eq(
        ioctl(screen, TIOCSWINSZ, &(struct winsize){.ws_row = 24, .ws_col = (unsigned short)columns}), 0);
}

/* What came until nothing more comes: a terminal passes it on a little later. */
static void read_screen(int screen, char *text, size_t size)
{
    struct pollfd there = {.fd = screen, .events = POLLIN};
    size_t length = 0;
    while (length + 1 < size && poll(&there, 1, 200) == 1) {
        ssize_t got = read(screen, text + length, size - 1 - length);
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    text[length] = 0;
}

static void expect_screen(int screen, const char *expected)
{
    char text[4096];
    read_screen(screen, text, sizeof text);
    cr_expect_str_eq(text, expected);
}

Test(progress, a_line_fits_the_terminal_as_wide_as_it_is_now)
{
    int screen = open_terminal("xterm");
    set_width(screen, 12);
    pnas_progress_show("%s", "0123456789abcdef");
    expect_screen(screen, "\r\033[K0123456789a");
    set_width(screen, 15);
    pnas_progress_show("%s", "0123456789abcdef");
    expect_screen(screen, "\r\033[K0123456789abcd");
    set_width(screen, 5);
    pnas_progress_show("%s", "0123456789abcdef");
    expect_screen(screen, "\r\033[K0123");
    pnas_progress_show("%s", "äöü€ß");
    expect_screen(screen, "\r\033[Käöü€");
    pnas_progress_end();
    expect_screen(screen, "\r\033[K");
}

Test(progress, a_terminal_that_tells_no_width_is_taken_for_80_columns)
{
    char line[101] = "", expected[101] = "\r\033[K";
    int screen = open_terminal("xterm");
    set_width(screen, 0);
    memset(line, 'x', 100);
    memset(expected + 4, 'x', 79);
    pnas_progress_show("%s", line);
    expect_screen(screen, expected);
}

static void expect_plain(const char *kind)
{
    char text[4096];
    int screen = open_terminal(kind);
    setenv("PNAS_PROGRESS_SECONDS", "0", 1);
    pnas_progress_show("1 of 2");
    pnas_progress_event(0, "an event");
    pnas_progress_end();
    read_screen(screen, text, sizeof text);
    cr_expect_null(strchr(text, '\033'), "%s", text);
    cr_expect(strstr(text, "Z 1 of 2\r\n") && strstr(text, "Z an event\r\n"), "%s", text);
}

Test(progress, a_dumb_terminal_gets_lines_as_a_log_does)
{
    expect_plain("dumb");
}

Test(progress, a_terminal_of_no_kind_gets_lines_as_a_log_does)
{
    expect_plain("");
}
