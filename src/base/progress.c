#include "src/base/progress.h"

#include "src/base/clock.h"
#include "src/base/log.h"
#include "src/base/plain_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define TEXT_MAX 1024

/* Under flockfile(stderr), as threads that log clear the line. */
static char shown[4 * TEXT_MAX];
static int visible;

static int on_terminal(void)
{
    static int answer = -1;
    if (answer < 0)
        answer = isatty(STDERR_FILENO);
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
    struct winsize size;
    int columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 8 ? size.ws_col : 80;
    fprintf(stderr, "\r\033[K%.*s", columns - 1, shown);
    fflush(stderr);
    visible = 1;
}

void pnas_progress_show(const char *format, ...)
{
    if (!on_terminal())
        return;
    pnas_log_before_line(clear_line);
    char text[TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    flockfile(stderr);
    pnas_text_show(text, shown, sizeof shown);
    draw_line();
    funlockfile(stderr);
}

void pnas_progress_event(int keep, const char *format, ...)
{
    if (on_terminal() && !keep)
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
    } else {
        char stamp[32];
        pnas_clock_stamp(pnas_clock_unix(), stamp);
        pnas_text_line(stderr, "%s %s", stamp, text);
    }
    fflush(stderr);
    funlockfile(stderr);
}

void pnas_progress_end(void)
{
    flockfile(stderr);
    clear_line();
    fflush(stderr);
    funlockfile(stderr);
}
