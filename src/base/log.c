#include "src/base/log.h"

#include "src/base/plain_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX 4096

static const char *log_program = "pnas";
static pnas_log_level log_level = PNAS_LOG_INFO;
static int log_rank, log_ranks = 1;
static void (*log_clear)(void);

void pnas_log_setup(const char *program, pnas_log_level level, int rank, int ranks)
{
    log_program = program;
    log_level = level;
    log_rank = rank;
    log_ranks = ranks;
}

void pnas_log_set_rank(int rank)
{
    log_rank = rank;
}

const char *pnas_log_program(void)
{
    return log_program;
}

void pnas_log_before_line(void (*clear)(void))
{
    flockfile(stderr);
    log_clear = clear;
    funlockfile(stderr);
}

/* Lines after the first begin with blanks, so that a name with a line break does not make a message of its own. */
static void show_lines(const char *text, char *out, size_t size)
{
    static const char margin[] = "\n    ";
    for (;;) {
        char line[TEXT_MAX];
        size_t length = strcspn(text, "\n");
        memcpy(line, text, length);
        line[length] = '\0';
        pnas_text_show(line, out, size);
        size -= strlen(out);
        out += strlen(out);
        if (!text[length] || size < sizeof margin)
            return;
        strcpy(out, margin);
        out += sizeof margin - 1;
        size -= sizeof margin - 1;
        text += length + 1;
    }
}

bool pnas_log_says(pnas_log_level level)
{
    return level <= log_level && (log_rank == 0 || level != PNAS_LOG_INFO || log_level >= PNAS_LOG_DEBUG);
}

void pnas_log(pnas_log_level level, const char *format, ...)
{
    if (!pnas_log_says(level))
        return;
    static const char *const names[] = {"error: ", "warning: ", "", "debug: "};
    char text[TEXT_MAX], shown[4 * TEXT_MAX], rank[32] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    show_lines(text, shown, sizeof shown);
    if (log_ranks > 1 && (log_rank != 0 || level != PNAS_LOG_INFO))
        snprintf(rank, sizeof rank, "[rank %d] ", log_rank);
    flockfile(stderr); /* what is shown there is one thread's at a time (progress.c) */
    if (log_clear)
        log_clear();
    /* One call, so that lines of several ranks do not mix. */
    fprintf(stderr, "%s: %s%s%s\n", log_program, rank, names[level], shown);
    fflush(stderr);
    funlockfile(stderr);
}
