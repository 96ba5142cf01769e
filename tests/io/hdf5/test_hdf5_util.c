#include "io/hdf5/file_seal.h"
#include "io/hdf5/hdf5_array.h"
#include "io/hdf5/hdf5_attribute.h"
#include "src/base/clock.h"
#include "tests/base/leak_check.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(hdf5_output, .init = test_folder_make, .fini = test_folder_remove);

/* --- Files that are complete or absent ----------------------------------------------------------------- */

static void write_value(const char *name, int value)
{
    pnas_h5_output output;
    cr_assert_eq(pnas_h5_output_create(test_path(name), &output), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_h5_write_number(output.id, "value", H5T_STD_I32LE, H5T_NATIVE_INT, &value), PNAS_OK);
    cr_assert_eq(pnas_h5_output_commit(&output), PNAS_OK, "%s", pnas_message());
    cr_expect_lt(output.id, 0);
}

static int read_value(const char *name)
{
    hid_t file;
    int value = -1;
    cr_assert_eq(pnas_h5_open(test_path(name), &file), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_h5_read_number(file, "value", H5T_NATIVE_INT, &value), PNAS_OK, "%s", pnas_message());
    pnas_h5_close(&file);
    return value;
}

Test(hdf5_output, a_committed_file_takes_the_place_of_the_old_one)
{
    write_value("a.h5", 1);
    write_value("a.h5", 2);
    cr_expect_eq(read_value("a.h5"), 2);
    cr_expect_eq(test_folder_count(), 1);
    PNAS_EXPECT_NO_LEAKS();
}

/* Opened, then `change`d, then read: what reading says. */
static pnas_status read_changed(void (*change)(void))
{
    hid_t file;
    int value;
    cr_assert_eq(pnas_h5_open(test_path("a.h5"), &file), PNAS_OK, "%s", pnas_message());
    change();
    pnas_status status = pnas_h5_read_number(file, "value", H5T_NATIVE_INT, &value);
    return pnas_h5_finish(&file, status);
}

static void change_nothing(void)
{
}

static void replace(void)
{
    write_value("a.h5", 2);
}

static void write_in_place(void)
{
    char last;
    struct stat info;
    int file = open(test_path("a.h5"), O_RDWR);
    cr_assert_eq(fstat(file, &info), 0);
    cr_assert_eq(pread(file, &last, 1, info.st_size - 1), 1);
    cr_assert_eq(pwrite(file, &last, 1, info.st_size - 1), 1);
    close(file);
}

static void write_in_place_and_hide_it(void)
{
    struct stat info;
    cr_assert_eq(stat(test_path("a.h5"), &info), 0);
    write_in_place();
    cr_assert_eq(utimensat(AT_FDCWD, test_path("a.h5"), (struct timespec[]){info.st_atim, info.st_mtim}, 0),
                 0);
}

Test(hdf5_output, a_file_that_is_written_to_while_it_is_read_is_not_believed)
{
    void (*const changes[])(void) = {write_in_place, write_in_place_and_hide_it};
    for (int i = 0; i < 2; ++i) {
        write_value("a.h5", 1);
        cr_expect_eq(read_changed(change_nothing), PNAS_OK, "%s", pnas_message());
        cr_expect_eq(read_changed(replace), PNAS_OK, "another took its name: %s", pnas_message());
        cr_expect_eq(read_value("a.h5"), 2);
        cr_expect_eq(read_changed(changes[i]), PNAS_ERROR_FILE);
        cr_expect_not_null(strstr(pnas_message(), "a.h5: was changed by another program while it was read"),
                           "%s", pnas_message());
    }
    PNAS_EXPECT_NO_LEAKS();
}

Test(hdf5_output, a_discarded_file_leaves_the_old_one_and_nothing_else)
{
    write_value("a.h5", 1);
    pnas_h5_output output;
    cr_assert_eq(pnas_h5_output_create(test_path("a.h5"), &output), PNAS_OK);
    int value = 2;
    cr_assert_eq(pnas_h5_write_number(output.id, "value", H5T_STD_I32LE, H5T_NATIVE_INT, &value), PNAS_OK);
    pnas_h5_output_discard(&output);
    pnas_h5_output_discard(&output);
    cr_expect_eq(read_value("a.h5"), 1);
    cr_expect_eq(test_folder_count(), 1);
    PNAS_EXPECT_NO_LEAKS();
}

Test(hdf5_output, the_target_appears_only_when_it_is_complete)
{
    pnas_h5_output output;
    cr_assert_eq(pnas_h5_output_create(test_path("a.h5"), &output), PNAS_OK);
    cr_expect(!test_file_exists("a.h5"));
    cr_assert_eq(pnas_h5_output_commit(&output), PNAS_OK);
    cr_expect(test_file_exists("a.h5"));
}

Test(hdf5_output, a_second_writer_is_refused)
{
    pnas_h5_output first, second;
    cr_assert_eq(pnas_h5_output_create(test_path("a.h5"), &first), PNAS_OK);
    cr_expect_eq(pnas_h5_output_create(test_path("a.h5"), &second), PNAS_ERROR_FILE);
    cr_expect_not_null(strstr(pnas_message(), "a.h5: another program is writing"), "%s", pnas_message());
    cr_assert_eq(pnas_h5_output_commit(&first), PNAS_OK);
    write_value("a.h5", 3);
}

typedef struct {
    const char *path;
    atomic_bool through;
} other_thread;

static void *write_beside(void *payload)
{
    other_thread *other = payload;
    pnas_h5_output output;
    pnas_status status = pnas_h5_output_create(other->path, &output);
    other->through = true;
    pnas_h5_output_discard(&output);
    return status == PNAS_OK ? payload : NULL;
}

static void *read_beside(void *payload)
{
    other_thread *other = payload;
    hid_t file;
    pnas_status status = pnas_h5_open(other->path, &file);
    other->through = true;
    pnas_h5_close(&file);
    return status == PNAS_OK ? payload : NULL;
}

/* A second thread gets through only when `end` has been called. */
static void expect_it_waits(void *(*work)(void *), const char *path, void (*end)(void *), void *what)
{
    other_thread other = {path, false};
    pthread_t thread;
    void *done = NULL;
    cr_assert_eq(pthread_create(&thread, NULL, work, &other), 0);
    pnas_clock_sleep(0.05);
    cr_expect_not(other.through);
    end(what);
    pthread_join(thread, &done);
    cr_expect(other.through && done);
}

static void end_output(void *output)
{
    pnas_h5_output_discard(output);
}

static void end_input(void *file)
{
    pnas_h5_close(file);
}

Test(hdf5_output, threads_use_hdf5_one_at_a_time)
{
    pnas_h5_output output;
    hid_t file = -1;
    write_value("a.h5", 1);
    cr_assert_eq(pnas_h5_output_create(test_path("b.h5"), &output), PNAS_OK, "%s", pnas_message());
    expect_it_waits(read_beside, test_path("a.h5"), end_output, &output);
    cr_assert_eq(pnas_h5_open(test_path("a.h5"), &file), PNAS_OK, "%s", pnas_message());
    expect_it_waits(write_beside, test_path("b.h5"), end_input, &file);
    cr_assert_neq(pnas_h5_open(test_path("none.h5"), &file), PNAS_OK);
    other_thread other = {test_path("a.h5"), false};
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, read_beside, &other), 0);
    pthread_join(thread, NULL); /* a failure holds nobody up */
    cr_expect(other.through);
}

Test(hdf5_output, what_a_killed_program_left_is_written_over)
{
    static const struct {
        const char *bytes;
        size_t size;
    } left[] = {{"", 0}, {"\x89HDF", 4}, {"\x89HDF\r\n\x1a\nhalf a file", 19}, {"\0\0\0\0\0\0\0\0more", 12}};
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
        test_write_file("a.h5.partial", left[i].bytes, left[i].size);
        write_value("a.h5", 1);
        cr_expect_eq(read_value("a.h5"), 1);
        cr_expect_eq(test_folder_count(), 1);
    }
}

Test(hdf5_output, somebodys_file_of_that_name_is_kept)
{
    pnas_h5_output output;
    test_write_file("a.h5.partial", "mine", 4);
    cr_expect_eq(pnas_h5_output_create(test_path("a.h5"), &output), PNAS_ERROR_FILE);
    cr_expect_not_null(strstr(pnas_message(), "is not a file that this program left"), "%s", pnas_message());
    cr_expect_eq(test_file_size("a.h5.partial"), 4);
}

Test(hdf5_output, nothing_else_of_that_name_is_written_over)
{
    pnas_h5_output output;
    test_write_file("precious", "mine", 4);
    cr_assert_eq(symlink("precious", test_path("a.h5.partial")), 0);
    cr_expect_eq(pnas_h5_output_create(test_path("a.h5"), &output), PNAS_ERROR_FILE);
    cr_assert_eq(link(test_path("precious"), test_path("b.h5.partial")), 0);
    cr_expect_eq(pnas_h5_output_create(test_path("b.h5"), &output), PNAS_ERROR_FILE);
    cr_expect_not_null(strstr(pnas_message(), "move it away"), "%s", pnas_message());
    cr_assert_eq(mkfifo(test_path("c.h5.partial"), 0600), 0);
    cr_expect_eq(pnas_h5_output_create(test_path("c.h5"), &output), PNAS_ERROR_FILE);
    cr_expect_eq(test_file_size("precious"), 4);
}

Test(hdf5_output, a_signal_leaves_nothing_behind)
{
    int state = 0;
    pid_t writer = fork();
    if (writer == 0) {
        pnas_h5_output output;
        signal(SIGTERM, SIG_DFL);
        if (pnas_h5_output_create(test_path("a.h5"), &output) == PNAS_OK && test_folder_count() == 1)
            raise(SIGTERM);
        _exit(1);
    }
    cr_assert_eq(waitpid(writer, &state, 0), writer);
    cr_expect(WIFSIGNALED(state) && WTERMSIG(state) == SIGTERM, "%d", state);
    cr_expect_eq(test_folder_count(), 0);
}

Test(hdf5_output, a_link_stays_a_link)
{
    struct stat info;
    write_value("a.h5", 1);
    cr_assert_eq(symlink("a.h5", test_path("link.h5")), 0);
    write_value("link.h5", 2);
    cr_expect_eq(read_value("a.h5"), 2);
    cr_assert_eq(lstat(test_path("link.h5"), &info), 0);
    cr_expect(S_ISLNK(info.st_mode));
}

Test(hdf5_output, a_link_stays_a_link_and_its_end_is_made)
{
    struct stat info;
    test_make_folder("elsewhere");
    cr_assert_eq(symlink("second.h5", test_path("first.h5")), 0);
    cr_assert_eq(symlink("elsewhere/a.h5", test_path("second.h5")), 0);
    write_value("first.h5", 3);
    cr_expect_eq(read_value("elsewhere/a.h5"), 3);
    cr_assert_eq(lstat(test_path("first.h5"), &info), 0);
    cr_expect(S_ISLNK(info.st_mode));
    cr_assert_eq(lstat(test_path("second.h5"), &info), 0);
    cr_expect(S_ISLNK(info.st_mode));
}

Test(hdf5_output, files_get_the_rights_that_umask_leaves)
{
    struct stat info;
    umask(027);
    write_value("a.h5", 1);
    cr_assert_eq(stat(test_path("a.h5"), &info), 0);
    cr_expect_eq(info.st_mode & 0777, 0640);
}

Test(hdf5_output, a_file_that_is_replaced_keeps_its_rights)
{
    static const mode_t rights[] = {0444, 0600, 0664};
    struct stat info;
    write_value("a.h5", 1);
    for (size_t i = 0; i < sizeof rights / sizeof *rights; i++) {
        cr_assert_eq(chmod(test_path("a.h5"), rights[i]), 0);
        write_value("a.h5", (int)i);
        cr_assert_eq(stat(test_path("a.h5"), &info), 0);
        cr_expect_eq(info.st_mode & 0777, rights[i], "%o instead of %o", info.st_mode & 0777, rights[i]);
        cr_expect_eq(read_value("a.h5"), i);
    }
}

Test(hdf5_output, missing_folders_and_devices_are_refused)
{
    pnas_h5_output output;
    cr_expect_eq(pnas_h5_output_create(test_path("no/a.h5"), &output), PNAS_ERROR_FILE);
    cr_expect_not_null(strstr(pnas_message(), "check that the folder is there"), "%s", pnas_message());
    cr_expect_eq(pnas_h5_output_create("/dev/null", &output), PNAS_ERROR_FILE);
    cr_expect_eq(pnas_h5_output_create(test_path(""), &output), PNAS_ERROR_FILE);
    cr_expect_not_null(strstr(pnas_message(), "not a regular file"), "%s", pnas_message());
    PNAS_EXPECT_NO_LEAKS();
}

Test(hdf5_output, a_full_disk_leaves_the_old_file)
{
    write_value("a.h5", 1);
    struct rlimit limit = {.rlim_cur = 100000, .rlim_max = RLIM_INFINITY};
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    static uint8_t bytes[1000000];
    pnas_h5_array array = {.name = "bytes",
                           .file_type = H5T_STD_U8LE,
                           .memory_type = H5T_NATIVE_UINT8,
                           .rank = 1,
                           .shape = {sizeof bytes},
                           .data = bytes};
    pnas_h5_output output;
    cr_assert_eq(pnas_h5_output_create(test_path("a.h5"), &output), PNAS_OK);
    pnas_status status = pnas_h5_write_array(output.id, &array);
    if (status == PNAS_OK)
        status = pnas_h5_output_commit(&output);
    pnas_h5_output_discard(&output);
    cr_expect_eq(status, PNAS_ERROR_FILE);
    cr_expect_not_null(strstr(pnas_message(), "a.h5: cannot be written: File too large"), "%s",
                       pnas_message());
    cr_expect_eq(read_value("a.h5"), 1);
    cr_expect_eq(test_folder_count(), 1);
}

Test(hdf5_output, what_is_no_hdf5_file_is_told_apart)
{
    hid_t file;
    cr_expect_eq(pnas_h5_open(test_path("missing.h5"), &file), PNAS_ERROR_FILE);
    cr_expect_eq(pnas_h5_open(test_path(""), &file), PNAS_ERROR_FILE);
    test_write_file("empty.h5", "", 0);
    cr_expect_eq(pnas_h5_open(test_path("empty.h5"), &file), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "is empty"), "%s", pnas_message());
    test_write_file("text.h5", "no such thing", 13);
    cr_expect_eq(pnas_h5_open(test_path("text.h5"), &file), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "not an HDF5 file"), "%s", pnas_message());
    write_value("cut.h5", 1);
    cr_assert_eq(truncate(test_path("cut.h5"), (off_t)test_file_size("cut.h5") - 100), 0);
    cr_expect_eq(pnas_h5_open(test_path("cut.h5"), &file), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "damaged HDF5 file (HDF5: truncated file"), "%s",
                       pnas_message());
    PNAS_EXPECT_NO_LEAKS();
}

static void expect_bad_seal(const char *bytes, size_t size)
{
    hid_t file;
    test_write_file("a.h5", bytes, size);
    cr_expect_eq(pnas_h5_open(test_path("a.h5"), &file), PNAS_ERROR_DATA, "%zu bytes", size);
    cr_expect_not_null(strstr(pnas_message(), "a.h5: is damaged"), "%s", pnas_message());
}

Test(hdf5_output, a_seal_that_is_zeroed_cut_or_followed_by_more_is_damage)
{
    enum { SEAL = 20, SECTOR = 512 };
    write_value("a.h5", 1);
    size_t size;
    char *whole = test_read_file("a.h5", &size), *bytes = calloc(1, size + SECTOR);
    for (size_t zeros = SEAL; zeros <= SECTOR; zeros += SECTOR - SEAL) {
        memcpy(bytes, whole, size);
        memset(bytes + size - zeros, 0, zeros);
        expect_bad_seal(bytes, size);
        expect_bad_seal(bytes, size + SECTOR - size % SECTOR);
    }
    memcpy(bytes, whole, size);
    for (size_t cut = 1; cut < SEAL; ++cut)
        expect_bad_seal(bytes, size - cut);
    expect_bad_seal(bytes, size + 1);
    test_write_file("a.h5", bytes, size - SEAL); /* as other programs leave it */
    cr_expect_eq(read_value("a.h5"), 1);
    free(bytes);
    free(whole);
}

/* A file of which nothing comes, however long it says it is. */
Test(hdf5_output, a_seal_that_cannot_be_read_is_no_missing_one)
{
    static const char path[] = "/sys/devices/system/cpu/online";
    struct stat info;
    bool sealed;
    if (stat(path, &info) != 0 || info.st_size < 4096)
        cr_skip_test("there is no such file here");
    int file = open(path, O_RDONLY);
    cr_expect_eq(pnas_file_check_seal(file, path, &sealed), PNAS_ERROR_FILE);
    close(file);
    cr_expect_not_null(strstr(pnas_message(), "online: cannot be read"), "%s", pnas_message());
}
