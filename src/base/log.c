#include "src/base/log.h"

#include <stdarg.h>
#include <stdio.h>

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

void pnas_log(pnas_log_level level, const char *format, ...)
{
    if (level > log_level || (log_rank != 0 && level == PNAS_LOG_INFO && log_level < PNAS_LOG_DEBUG))
        return;
    static const char *const names[] = {"error: ", "warning: ", "", "debug: "};
    char text[4096], rank[32] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (log_ranks > 1 && (log_rank != 0 || level != PNAS_LOG_INFO))
        snprintf(rank, sizeof rank, "[rank %d] ", log_rank);
    flockfile(stderr); /* what is shown there is one thread's at a time (progress.c) */
    if (log_clear)
        log_clear();
    /* One call, so that lines of several ranks do not mix. */
    fprintf(stderr, "%s: %s%s%s\n", log_program, rank, names[level], text);
    fflush(stderr);
    funlockfile(stderr);
}
