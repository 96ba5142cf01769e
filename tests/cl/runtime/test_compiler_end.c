/* What is left of a compiler that ends the process: each case in a process of its own, as it ends. */
#include "cl/runtime/cache_directory.h"
#include "cl/runtime/compiler_end.h"
#include "tests/cl/runtime/kernel_folders.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Nothing can be written any more, as on a full disk. */
static void fill_disk(void)
{
    const struct rlimit nothing = {0, 0};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &nothing);
}

static void end_as_mpi_does(int signal_number)
{
    (void)signal_number;
    _exit(17);
}

/* The wait status of a process that ends by itself while it is watched. */
static int end_process(bool full, bool aborts, bool watched, void (*at_abort)(int))
{
    kernel_folders f = kernel_folders_make();
    int state = -1;
    unsetenv("POCL_CACHE_DIR");
    pid_t child = fork();
    if (child == 0) {
        char *cache = NULL;
        signal(SIGABRT, at_abort);
        if (pnas_cache_directory_prepare(f.cache, &cache) != PNAS_OK)
            _exit(2);
        pnas_compiler_end_watch();
        if (!watched)
            pnas_compiler_end_leave();
        if (full)
            fill_disk();
        if (pnas_cache_directory_check_room() != (full ? PNAS_ERROR_FILE : PNAS_OK))
            _exit(3);
        if (aborts)
            abort();
        exit(1);
    }
    cr_assert_eq(waitpid(child, &state, 0), child);
    kernel_folders_remove(&f);
    return state;
}

Test(compiler_end, on_a_full_disk_the_exit_code_is_that_of_file_trouble)
{
    for (int aborts = 0; aborts < 2; ++aborts) {
        int state = end_process(true, aborts, true, SIG_DFL);
        cr_expect(WIFEXITED(state) && WEXITSTATUS(state) == 74, "state %d, aborts %d", state, aborts);
    }
    int state = end_process(true, true, true, end_as_mpi_does);
    cr_expect(WIFEXITED(state) && WEXITSTATUS(state) == 74, "state %d", state);
}

Test(compiler_end, with_room_or_unwatched_it_is_what_it_was)
{
    int state = end_process(false, true, true, SIG_DFL);
    cr_expect(WIFSIGNALED(state) && WTERMSIG(state) == SIGABRT, "state %d", state);
    state = end_process(true, true, false, SIG_DFL);
    cr_expect(WIFSIGNALED(state) && WTERMSIG(state) == SIGABRT, "state %d", state);
    state = end_process(false, false, true, SIG_DFL);
    cr_expect(WIFEXITED(state) && WEXITSTATUS(state) == 1, "state %d", state);
    state = end_process(false, true, true, end_as_mpi_does);
    cr_expect(WIFEXITED(state) && WEXITSTATUS(state) == 17, "state %d", state);
}
