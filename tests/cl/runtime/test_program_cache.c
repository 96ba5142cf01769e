/* The cache of built programs: what is kept, repaired, locked and shared between processes. */
#include "cl/runtime/build_queue.h"
#include "cl/runtime/cache_directory.h"
#include "cl/runtime/kernel_warm.h"
#include "cl/runtime/program_cache.h"
#include "tests/cl/runtime/kernel_folders.h"
#include "tests/cl/test_device.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int fill_in_new_context(const kernel_folders *f)
{
    pnas_cl *cl = kernel_folders_open(f, true);
    int value = kernel_folders_run(cl);
    test_device_close(&cl);
    return value;
}

/* Key and binary of the only entry; both the caller's. */
static char *read_entry(const char *path, unsigned char **binary, size_t *size)
{
    unsigned char header[32];
    uint64_t key_size;
    FILE *file = fopen(path, "rb");
    cr_assert(file);
    cr_assert_eq(fread(header, 1, sizeof header, file), sizeof header);
    memcpy(&key_size, header + 8, sizeof key_size);
    char *key = calloc(1, (size_t)key_size + 1);
    cr_assert_eq(fread(key, 1, (size_t)key_size, file), key_size);
    fclose(file);
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    cr_assert(pnas_program_cache_load(folder, key, binary, size));
    return key;
}

Test(cache, a_built_program_is_kept_and_used_by_the_next_context)
{
    kernel_folders f = kernel_folders_make();
    char one[PATH_MAX], two[PATH_MAX];
    unsigned char *binary, *other;
    size_t size, other_size;
    cr_assert_eq(fill_in_new_context(&f), 41);
    cr_assert_eq(kernel_folder_count(f.cache, ".bin", one), 1);
    char *key = read_entry(one, &binary, &size);
    /* Another source is another entry. */
    kernel_folder_write(f.kernels, "value.h", "#define VALUE 42\n");
    cr_assert_eq(unlink(one), 0);
    cr_assert_eq(fill_in_new_context(&f), 42);
    cr_assert_eq(kernel_folder_count(f.cache, ".bin", two), 1);
    cr_assert_str_neq(one, two);
    char *other_key = read_entry(two, &other, &other_size);
    /* Put the second program under the first's key: whoever runs it now has taken it from the cache. */
    pnas_program_cache_store(f.cache, key, other, other_size);
    kernel_folder_write(f.kernels, "value.h", "#define VALUE 41\n");
    cr_assert_eq(fill_in_new_context(&f), 42);
    free(key);
    free(other_key);
    free(binary);
    free(other);
    kernel_folders_remove(&f);
}

/* Writes `count` bytes of an entry at `at` anew, or cuts it there if data is NULL. */
static void damage(const char *path, long at, const char *data)
{
    int file = open(path, O_WRONLY);
    cr_assert_geq(file, 0);
    if (data)
        cr_assert_eq(pwrite(file, data, strlen(data), at), (ssize_t)strlen(data));
    else
        cr_assert_eq(ftruncate(file, at), 0);
    close(file);
}

Test(cache, a_damaged_file_is_built_anew_and_repaired)
{
    kernel_folders f = kernel_folders_make();
    char path[PATH_MAX];
    struct stat whole;
    cr_assert_eq(fill_in_new_context(&f), 41);
    cr_assert_eq(kernel_folder_count(f.cache, ".bin", path), 1);
    cr_assert_eq(stat(path, &whole), 0);
    const struct {
        long at;
        const char *data;
    } ways[] = {{0, NULL},
                {20, NULL},
                {whole.st_size / 2, NULL},
                {whole.st_size / 2, "ruined"},
                {0, "ruined"},
                {8, "\xff\xff\xff\xff\xff\xff\xff"}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; ++i) {
        damage(path, ways[i].at, ways[i].data);
        cr_assert_eq(fill_in_new_context(&f), 41, "damage %zu", i);
        unsigned char *binary;
        size_t size;
        free(read_entry(path, &binary, &size));
        free(binary);
    }
    kernel_folders_remove(&f);
}

/* A whole entry that holds no program of this driver's. */
Test(cache, a_binary_that_the_driver_refuses_is_built_anew)
{
    kernel_folders f = kernel_folders_make();
    char path[PATH_MAX];
    unsigned char *binary;
    size_t size;
    cr_assert_eq(fill_in_new_context(&f), 41);
    cr_assert_eq(kernel_folder_count(f.cache, ".bin", path), 1);
    char *key = read_entry(path, &binary, &size);
    pnas_program_cache_store(f.cache, key, (const unsigned char *)"nonsense", 8);
    cr_assert_eq(fill_in_new_context(&f), 41);
    free(key);
    free(binary);
    kernel_folders_remove(&f);
}

/* Several processes that start together, each in a context of its own; all must get it right. */
static void start_together(const kernel_folders *f, bool keep_binaries)
{
    enum { PROCESSES = 4 };
    pid_t child[PROCESSES];
    for (int i = 0; i < PROCESSES; ++i) {
        child[i] = fork();
        cr_assert_geq(child[i], 0);
        if (child[i] == 0) {
            pnas_cl *cl = NULL;
            pnas_cl_options options = {.cache_directory = f->cache, .kernel_directory = f->kernels};
            if (pnas_cl_create(&options, &cl) != PNAS_OK)
                _exit(1);
            cl->keep_binaries = keep_binaries;
            int value = kernel_folders_run(cl);
            _exit(value == 41 ? 0 : 2);
        }
    }
    for (int i = 0; i < PROCESSES; ++i) {
        int state = -1;
        cr_assert_eq(waitpid(child[i], &state, 0), child[i]);
        cr_assert(WIFEXITED(state) && WEXITSTATUS(state) == 0, "process %d ended with %d", i, state);
    }
}

Test(cache, processes_that_build_at_once_leave_one_whole_entry)
{
    kernel_folders f = kernel_folders_make();
    char path[PATH_MAX];
    unsigned char *binary;
    size_t size;
    unsetenv("POCL_CACHE_DIR");
    start_together(&f, true);
    cr_assert_eq(kernel_folder_count(f.cache, ".bin", path), 1);
    free(read_entry(path, &binary, &size));
    free(binary);
    cr_assert_eq(kernel_folder_count(f.cache, "", NULL), 3,
                 "an entry, its lock and PoCL's folder, and no temporary file");
    kernel_folders_remove(&f);
}

Test(cache, processes_that_build_at_once_share_the_driver_s_own_cache)
{
    kernel_folders f = kernel_folders_make();
    unsetenv("POCL_CACHE_DIR");
    start_together(&f, false);
    cr_assert_eq(kernel_folder_count(f.cache, ".bin", NULL), 0);
    kernel_folders_remove(&f);
}

Test(cache, a_lock_holds_others_off_until_it_is_released)
{
    kernel_folders f = kernel_folders_make();
    char *cache = NULL;
    cr_assert_eq(pnas_cache_directory_prepare(f.cache, &cache), PNAS_OK);
    int lock = pnas_program_cache_lock(cache, "key");
    cr_assert_geq(lock, 0);
    pid_t child = fork();
    if (child == 0) {
        close(lock);
        int other = pnas_program_cache_lock(cache, "key");
        _exit(other >= 0 && access(f.kernels, F_OK) != 0 ? 0 : 1); /* got it after the folder was gone */
    }
    usleep(200000);
    cr_assert_eq(waitpid(child, NULL, WNOHANG), 0, "the other process did not wait");
    kernel_folder_empty(f.kernels);
    pnas_program_cache_unlock(lock);
    int state = -1;
    cr_assert_eq(waitpid(child, &state, 0), child);
    cr_assert(WIFEXITED(state) && WEXITSTATUS(state) == 0);
    free(cache);
    kernel_folders_remove(&f);
}

Test(cache, a_lock_that_another_holds_is_not_got_without_waiting)
{
    kernel_folders f = kernel_folders_make();
    int lock = -1, other = -1;
    cr_assert(pnas_program_cache_try_lock(f.root, "key", &lock));
    cr_assert_geq(lock, 0);
    cr_assert(!pnas_program_cache_try_lock(f.root, "key", &other));
    cr_assert(pnas_program_cache_try_lock(f.root, "another key", &other));
    pnas_program_cache_unlock(other);
    pnas_program_cache_unlock(lock);
    cr_assert(pnas_program_cache_try_lock(f.root, "key", &lock));
    pnas_program_cache_unlock(lock);
    kernel_folders_remove(&f);
}

/* In a process of its own, as PoCL does not outlive a fork: the first `count` of two programs. */
static pid_t start_preparing(const kernel_folders *f, int count)
{
    static const char *const options[] = {"-cl-std=CL1.2", "-cl-std=CL1.2 -DSECOND"};
    pid_t child = fork();
    if (child != 0)
        return child;
    pnas_cl *cl = kernel_folders_open(f, true);
    pnas_build_queue queue = {0};
    for (int i = 0; i < 2 * count; ++i)
        if (pnas_build_queue_add(&queue, "fill.cl", options[i % count]) != PNAS_OK)
            _exit(1);
    _exit(queue.count == (size_t)count && pnas_build_queue_run(cl, &queue, NULL) == PNAS_OK ? 0 : 1);
}

static void expect_success(pid_t child)
{
    int state = -1;
    cr_assert_eq(waitpid(child, &state, 0), child);
    cr_assert(WIFEXITED(state) && WEXITSTATUS(state) == 0);
}

/* The lock of one program's entry is held: the second is built meanwhile, the first one after. */
Test(cache, while_another_builds_a_program_the_next_one_is_built)
{
    kernel_folders f = kernel_folders_make();
    char path[PATH_MAX];
    expect_success(start_preparing(&f, 1));
    cr_assert_eq(kernel_folder_count(f.cache, ".bin", path), 1);
    unlink(path);
    cr_assert_eq(kernel_folder_count(f.cache, ".lock", path), 1);
    int lock = open(path, O_RDWR | O_CLOEXEC);
    cr_assert_eq(flock(lock, LOCK_EX), 0);
    pid_t child = start_preparing(&f, 2);
    for (int i = 0; i < 600 && kernel_folder_count(f.cache, ".bin", NULL) == 0; ++i)
        usleep(100000);
    cr_assert_eq(kernel_folder_count(f.cache, ".bin", NULL), 1);
    cr_assert_eq(waitpid(child, NULL, WNOHANG), 0, "it did not wait for the first program");
    flock(lock, LOCK_UN);
    close(lock);
    expect_success(child);
    cr_assert_eq(kernel_folder_count(f.cache, ".bin", NULL), 2);
    kernel_folders_remove(&f);
}

Test(cache, a_kernel_is_run_for_its_compilation_once_in_a_context)
{
    kernel_folders f = kernel_folders_make();
    pnas_cl *cl = kernel_folders_open(&f, false);
    pnas_launch_list list = {0};
    const pnas_launch_spec spec = {
        .label = "fill", .file = "fill.cl", .kernel = "fill", .global = {8}, .local = {1}};
    cl_mem out = NULL;
    cl_int values[8] = {0};
    bool ran = false;
    cl->late_builds = true;
    cr_assert_eq(pnas_buffer_create(cl, sizeof values, &out), PNAS_OK);
    cr_assert_eq(pnas_buffer_write(cl, out, 0, sizeof values, values), PNAS_OK);
    for (int i = 0; i < 2; ++i)
        cr_assert_eq(pnas_launch_append(cl, &list, &spec, PNAS_ARGS(PNAS_ARG_BUFFER(out))), PNAS_OK);
    cr_assert_eq(pnas_launch_build(cl, (pnas_launch_list *const[]){&list}, 1, NULL), PNAS_OK);
    cr_assert_eq(pnas_kernels_warm(cl, &list, NULL, &ran), PNAS_OK);
    cr_assert(ran);
    cr_assert_eq(pnas_buffer_read(cl, out, 0, sizeof values, values), PNAS_OK);
    cr_assert(values[0] == 41 && values[1] == 0, "one group is enough");
    ran = false;
    cr_assert_eq(pnas_kernels_warm(cl, &list, NULL, &ran), PNAS_OK);
    cr_assert(!ran);
    pnas_launch_clear(&list);
    pnas_buffer_release(&out);
    test_device_close(&cl);
    kernel_folders_remove(&f);
}

static int count_text(const char *path, const char *text)
{
    char line[4096];
    int count = 0;
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        count += strstr(line, text) != NULL;
    if (file)
        fclose(file);
    return count;
}

Test(cache, an_unwritable_folder_is_one_warning_and_a_private_folder_serves)
{
    kernel_folders f = kernel_folders_make();
    char log[PATH_MAX], under_file[PATH_MAX];
    snprintf(log, sizeof log, "%s/log", f.root);
    snprintf(under_file, sizeof under_file, "%s/value.h/cache",
             f.kernels); /* root may write anywhere but there */
    setenv("TMPDIR", f.root, 1);
    unsetenv("POCL_CACHE_DIR");
    int keep = dup(STDERR_FILENO), file = open(log, O_WRONLY | O_CREAT, 0666);
    dup2(file, STDERR_FILENO);
    for (int i = 0; i < 2; ++i) {
        pnas_cl *cl = NULL;
        pnas_cl_options options = {.cache_directory = under_file, .kernel_directory = f.kernels};
        cr_assert_eq(pnas_cl_create(&options, &cl), PNAS_OK);
        cl->keep_binaries = true;
        cr_assert_eq(kernel_folders_run(cl), 41);
        cr_assert_eq(strncmp(cl->cache_directory, f.root, strlen(f.root)), 0, "%s", cl->cache_directory);
        cr_assert_eq(kernel_folder_count(cl->cache_directory, ".bin", NULL), 1);
        test_device_close(&cl);
    }
    dup2(keep, STDERR_FILENO);
    close(keep);
    close(file);
    cr_assert_eq(count_text(log, "warning"), 1);
    cr_assert_eq(count_text(log, under_file), 1);
    kernel_folders_remove(&f);
}
