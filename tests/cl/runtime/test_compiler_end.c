/* What is left of a compiler that ends the process: each case in a process of its own, as it ends. */
#include "cl/runtime/cache_directory.h"
#include "cl/runtime/compiler_end.h"
#include "tests/cl/runtime/kernel_folders.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
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

/* As with ulimit -f 512: what is tried fits, and what PoCL writes may not. */
static void limit_files(void)
{
    const struct rlimit some = {512 << 10, 512 << 10};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &some);
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

typedef enum { BY_ABORT, BY_EXIT, BY_EXIT_OF_ANOTHER_THREAD, BY_OUR_EXIT } process_end;

static void *end_by_exit(void *unused)
{
    exit(1);
    return unused;
}

static void end_while_compiling(process_end end)
{
    pthread_t thread;
    pnas_compiler_end_watch();
    pnas_compiler_end_begin();
    if (end == BY_ABORT)
        abort();
    if (end == BY_EXIT_OF_ANOTHER_THREAD && pthread_create(&thread, NULL, end_by_exit, NULL) == 0)
        pthread_join(thread, NULL);
    if (end == BY_OUR_EXIT)
        pnas_compiler_end_done();
    exit(1);
}

Test(compiler_end, whatever_ends_it_while_it_compiles_is_told)
{
    static const int expected[] = {69, 69, 69, 1};
    for (process_end end = BY_ABORT; end <= BY_OUR_EXIT; ++end) {
        int state = -1;
        pid_t child = fork();
        if (child == 0) {
            signal(SIGABRT, end_as_mpi_does);
            end_while_compiling(end);
        }
        cr_assert_eq(waitpid(child, &state, 0), child);
        cr_expect(WIFEXITED(state) && WEXITSTATUS(state) == expected[end], "state %d, end %d", state,
                  (int)end);
    }
}

Test(compiler_end, a_limit_on_the_length_of_files_is_told_before_it_is_met)
{
    kernel_folders f = kernel_folders_make();
    char *cache = NULL;
    cr_assert_eq(pnas_cache_directory_prepare(f.cache, &cache), PNAS_OK);
    cr_expect_eq(pnas_cache_directory_check_room(), PNAS_OK, "%s", pnas_message());
    limit_files();
    cr_expect_eq(pnas_cache_directory_check_room(), PNAS_ERROR_FILE);
    cr_expect(strstr(pnas_message(), "ulimit -f"), "%s", pnas_message());
    free(cache);
    kernel_folders_remove(&f);
}
