#include "mpi/patience.h"

#include "src/base/log.h"
#include "src/base/status.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WARNING_SECONDS 60 /* longer than a large job takes to start */
#define DEFAULT_SECONDS 600
#define SECONDS_MAX     86400
#define REMEDY          "start this program with the same arguments on every rank\n"

/* What is said by a rank that waits, made before it does: a signal may not format. */
static char warning[256], farewell[256];
static volatile sig_atomic_t seconds_left; /* behind the warning; 0: the next signal is the last */
static struct sigaction before;

static void say(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written;
}

static void lose_patience(int number)
{
    (void)number;
    if (seconds_left == 0) {
        say(farewell);
        _exit(pnas_exit_code(PNAS_ERROR_USAGE));
    }
    say(warning);
    alarm((unsigned)seconds_left);
    seconds_left = 0;
}

static int bound(void)
{
    const char *text = getenv("PNAS_START_SECONDS");
    int seconds = text ? atoi(text) : 0;
    return seconds >= 1 && seconds <= SECONDS_MAX ? seconds : DEFAULT_SECONDS;
}

void pnas_patience_begin(void)
{
    const struct sigaction tell = {.sa_handler = lose_patience, .sa_flags = SA_RESTART};
    int seconds = bound(), first = seconds < WARNING_SECONDS ? seconds : WARNING_SECONDS;
    snprintf(warning, sizeof warning, "%s: warning: MPI waits for other ranks since %d s; " REMEDY,
             pnas_log_program(), first);
    snprintf(farewell, sizeof farewell, "%s: error: no answer from other ranks within %d s; " REMEDY,
             pnas_log_program(), seconds);
    seconds_left = seconds - first;
    sigaction(SIGALRM, &tell, &before);
    alarm((unsigned)first);
}

void pnas_patience_end(void)
{
    alarm(0);
    sigaction(SIGALRM, &before, NULL);
}
