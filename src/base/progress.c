#include "src/base/progress.h"

#include "src/base/clock.h"
#include "src/base/decimal.h"
#include "src/base/log.h"
#include "src/base/plain_text.h"
#include "src/base/terminal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TEXT_MAX    1024
#define LOG_SECONDS 300 /* unless PNAS_PROGRESS_SECONDS says another number */

/* Under flockfile(stderr), as threads that log clear the line. */
static char shown[4 * TEXT_MAX];
static int visible;
static double last_line = -1; /* in a log: when */

static int on_terminal(void)
{
    static int answer = -1;
    if (answer < 0)
        answer = pnas_terminal_rewrites(STDERR_FILENO);
    return answer;
}

static void clear_line(void)
{
    if (visible)
        fputs("\r\033[K", stderr);
    visible = 0;
}

static void draw_line(void)
{
    int columns = pnas_terminal_columns(STDERR_FILENO) - 1;
    char escape[PNAS_TEXT_ESCAPE_MAX];
    size_t length = 0;
    for (int i = 0; i < columns && shown[length]; i++) /* a character takes one, whatever its bytes */
        length += pnas_text_next(shown + length, escape);
    fprintf(stderr, "\r\033[K%.*s", (int)length, shown);
    fflush(stderr);
    visible = 1;
}

static void write_stamped(const char *text)
{
    char stamp[32];
    pnas_clock_stamp(pnas_clock_unix(), stamp);
    pnas_text_line(stderr, "%s %s", stamp, text);
    fflush(stderr);
    last_line = pnas_clock_seconds();
}

/* Whether the log has had no line for so long that one is due; the time begins with the first question. */
static int log_is_due(void)
{
    static double interval = -1;
    const char *own = getenv("PNAS_PROGRESS_SECONDS");
    double now = pnas_clock_seconds();
    if (interval < 0 && !(own && pnas_decimal_parse(own, &interval) && interval >= 0))
        interval = LOG_SECONDS;
    if (last_line < 0)
        last_line = now;
    return now - last_line >= interval;
}

void pnas_progress_show(const char *format, ...)
{
    if (!pnas_log_says(PNAS_LOG_INFO))
        return;
    char text[TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    pnas_log_before_line(clear_line);
    flockfile(stderr);
    if (on_terminal()) {
        pnas_text_show(text, shown, sizeof shown);
        draw_line();
    } else if (log_is_due()) {
        write_stamped(text);
    }
    funlockfile(stderr);
}

void pnas_progress_event(int keep, const char *format, ...)
{
    if (!pnas_log_says(PNAS_LOG_INFO) || (on_terminal() && !keep))
        return;
    char text[TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    flockfile(stderr);
    if (on_terminal()) {
        int again = visible;
        clear_line();
        pnas_text_line(stderr, "%s", text);
        if (again)
            draw_line();
        fflush(stderr);
    } else {
        write_stamped(text);
    }
    funlockfile(stderr);
}

void pnas_progress_end(void)
{
    flockfile(stderr);
    clear_line();
    fflush(stderr);
    funlockfile(stderr);
}
