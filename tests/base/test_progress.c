/* Progress where stderr is no terminal. */
#include "src/base/progress.h"

#include "src/base/log.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
