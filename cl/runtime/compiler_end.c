#include "cl/runtime/compiler_end.h"

#include "cl/runtime/cache_directory.h"
#include "src/base/log.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static atomic_int watching;
static pthread_once_t installed = PTHREAD_ONCE_INIT;
static struct sigaction at_abort; /* what others do: MPI prints a stack */

/* LLVM gives up with exit(1) or abort() where it cannot write. This also runs in a handler of signals. */
static void explain(void)
{
    static const char text[] =
        ": error: the OpenCL driver gave up, as the folder where it keeps compiled kernels has no room: make "
        "room (space and inodes), or set PNAS_CACHE to a folder on another disk; the same command "
        "continues\n";
    const char *program = pnas_log_program();
    if (watching == 0 || pnas_cache_directory_has_room())
        return;
    if (write(STDERR_FILENO, program, strlen(program)) >= 0)
        (void)!write(STDERR_FILENO, text, sizeof text - 1);
    _exit(EX_IOERR);
}

static void take_abort(int signal_number)
{
    explain();
    sigaction(signal_number, &at_abort, NULL);
    raise(signal_number);
}

static void install(void)
{
    struct sigaction action = {.sa_handler = take_abort};
    atexit(explain);
    sigaction(SIGABRT, NULL, &at_abort);
    sigaction(SIGABRT, &action, NULL);
}

void pnas_compiler_end_watch(void)
{
    pthread_once(&installed, install);
    watching++;
}

void pnas_compiler_end_leave(void)
{
    watching--;
}
