#include "cl/runtime/compiler_end.h"

#include "cl/runtime/cache_directory.h"
#include "src/base/log.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static atomic_int watching, compiling;
static _Thread_local int compiling_here;
static pthread_once_t installed = PTHREAD_ONCE_INIT;
static struct sigaction at_abort; /* what others do: MPI prints a stack */

static void tell_and_end(const char *text, int code)
{
    const char *program = pnas_log_program();
    if (write(STDERR_FILENO, program, strlen(program)) >= 0)
        (void)!write(STDERR_FILENO, text, strlen(text));
    _exit(code);
}

/* Only the main thread ends the process for reasons of ours, and not within a call of the driver. */
static bool is_compilers(void)
{
    return compiling_here > 0 || (compiling > 0 && gettid() != getpid());
}

/* LLVM gives up with exit(1) or abort() where it cannot write. This also runs in a handler of signals. */
static void explain(void)
{
    if (watching == 0)
        return;
    if (!pnas_cache_directory_has_room())
        tell_and_end(
            ": error: the OpenCL driver gave up, as the folder where it keeps compiled kernels has no room: "
            "make room (space and inodes, and long enough files: ulimit -f), or set PNAS_CACHE to a folder "
            "on another disk; the same command continues\n",
            EX_IOERR);
    if (is_compilers())
        tell_and_end(": error: the OpenCL driver gave up while it compiled a kernel; what it says stands "
                     "above. With more memory, or on another device, the same command continues\n",
                     EX_UNAVAILABLE);
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

void pnas_compiler_end_begin(void)
{
    compiling_here++;
    compiling++;
}

void pnas_compiler_end_done(void)
{
    compiling_here--;
    compiling--;
}
