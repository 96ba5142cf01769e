#include "cl/cache_directory.h"
#include "cl/kernel_prepare.h"
#include "cl/program_cache.h"
#include "tests/cl/test_device.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- folders and files of a test --- */

typedef struct {
    char root[64], cache[80], kernels[80];
} folders;

static void write_text(const char *folder, const char *name, const char *text)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    cr_assert(file);
    fputs(text, file);
    cr_assert_eq(fclose(file), 0);
}

static folders make_folders(void)
{
    folders f = {.root = "/tmp/pnas-test-XXXXXX"};
    cr_assert(mkdtemp(f.root));
    snprintf(f.cache, sizeof f.cache, "%s/cache", f.root);
    snprintf(f.kernels, sizeof f.kernels, "%s/kernels", f.root);
    cr_assert_eq(mkdir(f.kernels, 0777), 0);
    write_text(
        f.kernels, "fill.cl",
        "#include \"value.h\"\n__kernel void fill(__global int *out) { out[get_global_id(0)] = VALUE; }\n");
    write_text(f.kernels, "value.h", "#define VALUE 41\n");
    return f;
}

static int remove_entry(const char *path, const struct stat *found, int kind, struct FTW *place)
{
    return remove(path);
}

static void remove_folders(folders *f)
{
    nftw(f->root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* How many files of a folder end like this; the path of the last one into `path` (may be NULL). */
static int count_files(const char *folder, const char *ending, char *path)
{
    int count = 0;
    DIR *all = opendir(folder);
    for (struct dirent *entry; all && (entry = readdir(all));) {
        size_t length = strlen(entry->d_name), end = strlen(ending);
        if (length < end || strcmp(entry->d_name + length - end, ending) != 0 || entry->d_name[0] == '.')
            continue;
        if (path)
            snprintf(path, PATH_MAX, "%s/%s", folder, entry->d_name);
        ++count;
    }
    if (all)
        closedir(all);
    return count;
}

static pnas_cl *open_folders(const folders *f, bool keep_binaries)
{
    pnas_cl *cl = NULL;
    pnas_cl_options options = {.cache_directory = f->cache, .kernel_directory = f->kernels};
    cr_assert_eq(pnas_cl_create(&options, &cl), PNAS_OK, "%s", pnas_message());
    cl->keep_binaries = keep_binaries;
    return cl;
}

/* What the kernel `fill` writes; -1 if it cannot be made. */
static int run_fill(pnas_cl *cl)
{
    pnas_launch_list list = {0};
    const pnas_launch_spec spec = {
        .label = "fill", .file = "fill.cl", .kernel = "fill", .global = {1}, .local = {1}};
    cl_mem out = NULL;
    cl_int value = -1;
    if (pnas_buffer_create(cl, sizeof value, &out) == PNAS_OK &&
        pnas_launch_append(cl, &list, &spec, PNAS_ARGS(PNAS_ARG_BUFFER(out))) == PNAS_OK &&
        pnas_launch_run(cl, &list, NULL) == PNAS_OK)
        pnas_buffer_read(cl, out, 0, sizeof value, &value);
    pnas_launch_clear(&list);
    pnas_buffer_release(&out);
    return value;
}

static int fill_in_new_context(const folders *f)
{
    pnas_cl *cl = open_folders(f, true);
    int value = run_fill(cl);
    test_device_close(&cl);
    return value;
}

/* --- the choice of a device --- */

static pnas_status try_device(const char *device, int choice, int vector, pnas_cl **cl)
{
    pnas_cl_options options = {.device = device, .choice = choice, .vector = vector};
    return pnas_cl_create(&options, cl);
}

Test(device, the_list_describes_every_device)
{
    pnas_device_info *list = NULL;
    int count = 0;
    cr_assert_eq(pnas_device_list(&list, &count), PNAS_OK, "%s", pnas_message());
    cr_assert_geq(count, 1);
    for (int i = 0; i < count; ++i) {
        cr_assert_eq(list[i].index, i);
        cr_assert_gt(strlen(list[i].name), 0);
        cr_assert_gt(strlen(list[i].platform), 0);
        cr_assert_gt(strlen(list[i].driver), 0);
        cr_assert(strstr(list[i].version, "OpenCL") == list[i].version);
        cr_assert_geq(list[i].compute_units, 1);
        cr_assert_gt(list[i].memory, 0);
        cr_assert_gt(list[i].largest_allocation, 0);
    }
    free(list);
}

Test(device, is_chosen_by_kind_index_or_part_of_its_name)
{
    pnas_device_info *list = NULL;
    int count = 0;
    cr_assert_eq(pnas_device_list(&list, &count), PNAS_OK);
    char part[8];
    snprintf(part, sizeof part, "%.6s", list[0].name);
    for (char *c = part; *c; ++c) /* case does not matter */
        *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
    const char *const ways[] = {NULL, "", "auto", "0", part};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; ++i) {
        pnas_cl *cl = NULL;
        cr_assert_eq(try_device(ways[i], 0, 0, &cl), PNAS_OK, "%s", pnas_message());
        if (i >= 3)
            cr_assert_str_eq(pnas_cl_device(cl)->name, list[0].name);
        cr_assert_eq(pnas_cl_vector(cl), pnas_cl_device(cl)->cpu ? 8 : 4);
        test_device_close(&cl);
    }
    free(list);
}

Test(device, a_choice_beyond_the_matching_devices_starts_again)
{
    pnas_device_info *list = NULL;
    int count = 0;
    pnas_cl *cl = NULL;
    cr_assert_eq(pnas_device_list(&list, &count), PNAS_OK);
    for (int choice = -1; choice < 4; ++choice) {
        cr_assert_eq(try_device("0", choice, 0, &cl), PNAS_OK, "%s", pnas_message());
        cr_assert_eq(pnas_cl_device(cl)->index, 0);
        test_device_close(&cl);
    }
    free(list);
}

Test(device, one_that_is_not_there_is_an_error_that_lists_what_is)
{
    pnas_device_info *list = NULL;
    int count = 0;
    pnas_cl *cl = NULL;
    cr_assert_eq(pnas_device_list(&list, &count), PNAS_OK);
    static const char *const wrong[] = {"Abacus 3000", "64", "1x"};
    for (int i = 0; i < 3; ++i) {
        cr_assert_eq(try_device(wrong[i], 0, 0, &cl), PNAS_ERROR_DEVICE);
        cr_assert_null(cl);
        cr_assert_eq(pnas_exit_code(PNAS_ERROR_DEVICE), 69);
        cr_assert(strstr(pnas_message(), wrong[i]), "%s", pnas_message());
        cr_assert(strstr(pnas_message(), list[0].name), "%s", pnas_message());
    }
    free(list);
}

Test(device, no_driver_is_an_error_that_names_the_packages)
{
    setenv("OCL_ICD_VENDORS", "/tmp/there-is-no-such-folder", 1);
    pnas_cl *cl = NULL;
    pnas_device_info *list = NULL;
    int count = 1;
    cr_assert_eq(try_device(NULL, 0, 0, &cl), PNAS_ERROR_DEVICE);
    cr_assert_null(cl);
    cr_assert(strstr(pnas_message(), "pocl-opencl-icd"), "%s", pnas_message());
    cr_assert(strstr(pnas_message(), "OCL_ICD_VENDORS=/tmp/there-is-no-such-folder"), "%s", pnas_message());
    cr_assert_eq(pnas_device_list(&list, &count), PNAS_ERROR_DEVICE);
    cr_assert_null(list);
    cr_assert_eq(count, 0);
}

Test(device, channel_blocks_are_1_4_or_8)
{
    pnas_cl *cl = NULL;
    static const int allowed[] = {1, 4, 8};
    for (int i = 0; i < 3; ++i) {
        cr_assert_eq(try_device(NULL, 0, allowed[i], &cl), PNAS_OK);
        cr_assert_eq(pnas_cl_vector(cl), allowed[i]);
        test_device_close(&cl);
    }
    cr_assert_eq(try_device(NULL, 0, 3, &cl), PNAS_ERROR_USAGE);
    cr_assert_null(cl);
}

static int units_with_threads(int threads)
{
    pnas_cl *cl = NULL;
    pnas_cl_options options = {.device = "cpu", .threads = threads};
    cr_assert_eq(pnas_cl_create(&options, &cl), PNAS_OK, "%s", pnas_message());
    cl_mem buffer = test_device_buffer(cl, &(float){1}, 1); /* it works, too */
    float value = 0;
    test_device_read(cl, buffer, &value, 1);
    cr_assert_eq(value, 1);
    pnas_buffer_release(&buffer);
    int units = pnas_cl_device(cl)->compute_units;
    test_device_close(&cl);
    return units;
}

Test(device, threads_limit_the_cores_of_a_cpu)
{
    unsetenv("POCL_MAX_PTHREAD_COUNT");
    cr_assert_eq(units_with_threads(1), 1);
}

Test(device, threads_limit_a_cpu_that_was_listed_before)
{
    pnas_device_info *list = NULL;
    int count = 0;
    unsetenv("POCL_MAX_PTHREAD_COUNT");
    cr_assert_eq(pnas_device_list(&list, &count), PNAS_OK);
    free(list);
    cr_assert_eq(units_with_threads(1), 1);
}

Test(device, errors_of_opencl_have_names)
{
    cr_assert_str_eq(pnas_cl_error(CL_SUCCESS), "CL_SUCCESS");
    cr_assert_str_eq(pnas_cl_error(CL_BUILD_PROGRAM_FAILURE), "CL_BUILD_PROGRAM_FAILURE");
    cr_assert_str_eq(pnas_cl_error(CL_INVALID_KERNEL_ARGS), "CL_INVALID_KERNEL_ARGS");
    cr_assert_str_eq(pnas_cl_error(-9999), "OpenCL error -9999");
    cr_assert_eq(pnas_cl_status(CL_MEM_OBJECT_ALLOCATION_FAILURE, "here"), PNAS_ERROR_MEMORY);
    cr_assert_eq(pnas_cl_status(CL_INVALID_VALUE, "here"), PNAS_ERROR_DEVICE);
    cr_assert_str_eq(pnas_message(), "here: CL_INVALID_VALUE");
}

/* --- kernel files --- */

Test(kernels, includes_are_read_from_the_kernel_folder_whatever_its_name)
{
    folders f = make_folders();
    char odd[PATH_MAX];
    snprintf(odd, sizeof odd, "%s/a folder, with 'spaces'", f.root);
    cr_assert_eq(rename(f.kernels, odd), 0);
    pnas_cl *cl = NULL;
    pnas_cl_options options = {.cache_directory = f.cache, .kernel_directory = odd};
    cr_assert_eq(pnas_cl_create(&options, &cl), PNAS_OK);
    cr_assert_eq(run_fill(cl), 41);
    test_device_close(&cl);
    remove_folders(&f);
}

Test(kernels, a_missing_file_is_named)
{
    folders f = make_folders();
    pnas_cl *cl = open_folders(&f, false);
    cl_kernel kernel;
    cr_assert_eq(pnas_kernel_create(cl, "nothing.cl", NULL, "none", &kernel), PNAS_ERROR_FILE);
    cr_assert(strstr(pnas_message(), "nothing.cl"), "%s", pnas_message());
    write_text(f.kernels, "half.cl", "#include \"lost.h\"\n");
    cr_assert_eq(pnas_kernel_create(cl, "half.cl", NULL, "none", &kernel), PNAS_ERROR_FILE);
    cr_assert(strstr(pnas_message(), "lost.h"), "%s", pnas_message());
    test_device_close(&cl);
    remove_folders(&f);
}

Test(kernels, a_folder_without_kernels_is_refused_at_once)
{
    folders f = make_folders();
    pnas_cl *cl = NULL;
    pnas_cl_options options = {.cache_directory = f.cache};
    setenv("PNAS_KERNELS", f.kernels, 1);
    cr_assert_eq(pnas_cl_create(&options, &cl), PNAS_ERROR_FILE);
    cr_assert_null(cl);
    cr_assert(strstr(pnas_message(), "PNAS_KERNELS"), "%s", pnas_message());
    cr_assert(strstr(pnas_message(), f.kernels), "%s", pnas_message());
    remove_folders(&f);
}

Test(kernels, a_failed_build_shows_its_log_and_options_and_keeps_the_whole)
{
    folders f = make_folders();
    pnas_cl *cl = open_folders(&f, false);
    cl_kernel kernel;
    char path[PATH_MAX] = "";
    write_text(f.kernels, "bad.cl", "__kernel void bad(__global int *out) { out[0] = no_such_thing; }\n");
    cr_assert_eq(pnas_kernel_create(cl, "bad.cl", "-DTHIS=1", "bad", &kernel), PNAS_ERROR_BUILD);
    cr_assert_null(kernel);
    cr_assert(strstr(pnas_message(), "bad.cl"), "%s", pnas_message());
    cr_assert(strstr(pnas_message(), "-DTHIS=1"), "%s", pnas_message());
    cr_assert(strstr(pnas_message(), "no_such_thing"), "%s", pnas_message());
    cr_assert_eq(count_files(f.cache, ".log", path), 1);
    cr_assert(strstr(pnas_message(), path), "%s", pnas_message());
    cr_assert_eq(pnas_kernel_create(cl, "fill.cl", NULL, "no_such_kernel", &kernel), PNAS_ERROR_DEVICE);
    cr_assert(strstr(pnas_message(), "no_such_kernel"), "%s", pnas_message());
    test_device_close(&cl);
    remove_folders(&f);
}

/* --- the cache --- */

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
    folders f = make_folders();
    char one[PATH_MAX], two[PATH_MAX];
    unsigned char *binary, *other;
    size_t size, other_size;
    cr_assert_eq(fill_in_new_context(&f), 41);
    cr_assert_eq(count_files(f.cache, ".bin", one), 1);
    char *key = read_entry(one, &binary, &size);
    /* Another source is another entry. */
    write_text(f.kernels, "value.h", "#define VALUE 42\n");
    cr_assert_eq(unlink(one), 0);
    cr_assert_eq(fill_in_new_context(&f), 42);
    cr_assert_eq(count_files(f.cache, ".bin", two), 1);
    cr_assert_str_neq(one, two);
    char *other_key = read_entry(two, &other, &other_size);
    /* Put the second program under the first's key: whoever runs it now has taken it from the cache. */
    pnas_program_cache_store(f.cache, key, other, other_size);
    write_text(f.kernels, "value.h", "#define VALUE 41\n");
    cr_assert_eq(fill_in_new_context(&f), 42);
    free(key);
    free(other_key);
    free(binary);
    free(other);
    remove_folders(&f);
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
    folders f = make_folders();
    char path[PATH_MAX];
    struct stat whole;
    cr_assert_eq(fill_in_new_context(&f), 41);
    cr_assert_eq(count_files(f.cache, ".bin", path), 1);
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
    remove_folders(&f);
}

/* A whole entry that holds no program of this driver's. */
Test(cache, a_binary_that_the_driver_refuses_is_built_anew)
{
    folders f = make_folders();
    char path[PATH_MAX];
    unsigned char *binary;
    size_t size;
    cr_assert_eq(fill_in_new_context(&f), 41);
    cr_assert_eq(count_files(f.cache, ".bin", path), 1);
    char *key = read_entry(path, &binary, &size);
    pnas_program_cache_store(f.cache, key, (const unsigned char *)"nonsense", 8);
    cr_assert_eq(fill_in_new_context(&f), 41);
    free(key);
    free(binary);
    remove_folders(&f);
}

/* Several processes that start together, each in a context of its own; all must get it right. */
static void start_together(const folders *f, bool keep_binaries)
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
            int value = run_fill(cl);
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
    folders f = make_folders();
    char path[PATH_MAX];
    unsigned char *binary;
    size_t size;
    unsetenv("POCL_CACHE_DIR");
    start_together(&f, true);
    cr_assert_eq(count_files(f.cache, ".bin", path), 1);
    free(read_entry(path, &binary, &size));
    free(binary);
    cr_assert_eq(count_files(f.cache, "", NULL), 3,
                 "an entry, its lock and PoCL's folder, and no temporary file");
    remove_folders(&f);
}

Test(cache, processes_that_build_at_once_share_the_driver_s_own_cache)
{
    folders f = make_folders();
    unsetenv("POCL_CACHE_DIR");
    start_together(&f, false);
    cr_assert_eq(count_files(f.cache, ".bin", NULL), 0);
    remove_folders(&f);
}

Test(cache, a_lock_holds_others_off_until_it_is_released)
{
    folders f = make_folders();
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
    nftw(f.kernels, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    pnas_program_cache_unlock(lock);
    int state = -1;
    cr_assert_eq(waitpid(child, &state, 0), child);
    cr_assert(WIFEXITED(state) && WEXITSTATUS(state) == 0);
    free(cache);
    remove_folders(&f);
}

Test(cache, a_lock_that_another_holds_is_not_got_without_waiting)
{
    folders f = make_folders();
    int lock = -1, other = -1;
    cr_assert(pnas_program_cache_try_lock(f.root, "key", &lock));
    cr_assert_geq(lock, 0);
    cr_assert(!pnas_program_cache_try_lock(f.root, "key", &other));
    cr_assert(pnas_program_cache_try_lock(f.root, "another key", &other));
    pnas_program_cache_unlock(other);
    pnas_program_cache_unlock(lock);
    cr_assert(pnas_program_cache_try_lock(f.root, "key", &lock));
    pnas_program_cache_unlock(lock);
    remove_folders(&f);
}

/* In a process of its own, as PoCL does not outlive a fork: the first `count` of two programs. */
static pid_t start_preparing(const folders *f, int count)
{
    static const char *const options[] = {"-cl-std=CL1.2", "-cl-std=CL1.2 -DSECOND"};
    pid_t child = fork();
    if (child != 0)
        return child;
    pnas_cl *cl = open_folders(f, true);
    pnas_program_wishes wishes = {0};
    for (int i = 0; i < 2 * count; ++i)
        if (pnas_program_wish(&wishes, "fill.cl", options[i % count]) != PNAS_OK)
            _exit(1);
    _exit(wishes.count == (size_t)count && pnas_programs_prepare(cl, &wishes) == PNAS_OK ? 0 : 1);
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
    folders f = make_folders();
    char path[PATH_MAX];
    expect_success(start_preparing(&f, 1));
    cr_assert_eq(count_files(f.cache, ".bin", path), 1);
    unlink(path);
    cr_assert_eq(count_files(f.cache, ".lock", path), 1);
    int lock = open(path, O_RDWR | O_CLOEXEC);
    cr_assert_eq(flock(lock, LOCK_EX), 0);
    pid_t child = start_preparing(&f, 2);
    for (int i = 0; i < 600 && count_files(f.cache, ".bin", NULL) == 0; ++i)
        usleep(100000);
    cr_assert_eq(count_files(f.cache, ".bin", NULL), 1);
    cr_assert_eq(waitpid(child, NULL, WNOHANG), 0, "it did not wait for the first program");
    flock(lock, LOCK_UN);
    close(lock);
    expect_success(child);
    cr_assert_eq(count_files(f.cache, ".bin", NULL), 2);
    remove_folders(&f);
}

Test(cache, a_kernel_is_run_for_its_compilation_once_in_a_context)
{
    folders f = make_folders();
    pnas_cl *cl = open_folders(&f, false);
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
    cr_assert_eq(pnas_kernels_prepare(cl, &list, &ran), PNAS_OK);
    cr_assert(ran);
    cr_assert_eq(pnas_buffer_read(cl, out, 0, sizeof values, values), PNAS_OK);
    cr_assert(values[0] == 41 && values[1] == 0, "one group is enough");
    ran = false;
    cr_assert_eq(pnas_kernels_prepare(cl, &list, &ran), PNAS_OK);
    cr_assert(!ran);
    pnas_launch_clear(&list);
    pnas_buffer_release(&out);
    test_device_close(&cl);
    remove_folders(&f);
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
    folders f = make_folders();
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
        cr_assert_eq(run_fill(cl), 41);
        cr_assert_eq(strncmp(cl->cache_directory, f.root, strlen(f.root)), 0, "%s", cl->cache_directory);
        cr_assert_eq(count_files(cl->cache_directory, ".bin", NULL), 1);
        test_device_close(&cl);
    }
    dup2(keep, STDERR_FILENO);
    close(keep);
    close(file);
    cr_assert_eq(count_text(log, "warning"), 1);
    cr_assert_eq(count_text(log, under_file), 1);
    remove_folders(&f);
}
