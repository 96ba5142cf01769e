/* What is no regular file is told, and nobody waits for it. */
#include "io/file/byte_file.h"
#include "io/file/regular_file.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

TestSuite(regular_file, .init = test_folder_make, .fini = test_folder_remove, .timeout = 30);

static void expect_refused(const char *path, int code, const char *expected)
{
    char trouble[PNAS_FILE_TROUBLE];
    cr_expect_eq(pnas_file_open(path, trouble), -1);
    cr_expect_eq(errno, code);
    cr_expect_not_null(strstr(trouble, expected), "%s", trouble);
    cr_expect_null(pnas_file_open_stream(path, trouble));
}

Test(regular_file, pipes_folders_devices_and_sockets_are_refused)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    cr_assert_eq(mkfifo(test_path("pipe"), 0600), 0);
    expect_refused(test_path("pipe"), EINVAL, "is a pipe, which is not a regular file");
    test_make_folder("folder");
    expect_refused(test_path("folder"), EINVAL, "is a folder");
    expect_refused("/dev/zero", EINVAL, "is a device");
    expect_refused(test_path("none"), ENOENT, "cannot be opened: No such file");
    snprintf(address.sun_path, sizeof address.sun_path, "%s", test_path("socket"));
    int end = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert_eq(bind(end, (struct sockaddr *)&address, sizeof address), 0);
    expect_refused(test_path("socket"), EINVAL, "is a socket");
    close(end);
}

Test(regular_file, a_link_to_a_pipe_is_refused_and_one_to_a_file_is_read)
{
    char trouble[PNAS_FILE_TROUBLE], bytes[4] = "";
    cr_assert_eq(mkfifo(test_path("pipe"), 0600), 0);
    cr_assert_eq(symlink("pipe", test_path("to_pipe")), 0);
    expect_refused(test_path("to_pipe"), EINVAL, "is a pipe");
    test_write_file("file", "abc", 3);
    cr_assert_eq(symlink("file", test_path("to_file")), 0);
    FILE *file = pnas_file_open_stream(test_path("to_file"), trouble);
    cr_assert_not_null(file, "%s", trouble);
    cr_expect_eq(fread(bytes, 1, sizeof bytes, file), 3);
    cr_expect_str_eq(bytes, "abc");
    fclose(file);
}

Test(regular_file, a_pipe_that_was_given_is_read)
{
    char trouble[PNAS_FILE_TROUBLE], path[40], bytes[4] = "";
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    FILE *file = pnas_file_open_stream(path, trouble);
    cr_assert_not_null(file, "%s", trouble);
    cr_assert_eq(write(ends[1], "abc", 3), 3);
    close(ends[1]);
    cr_expect_eq(fread(bytes, 1, sizeof bytes, file), 3);
    fclose(file);
    close(ends[0]);
}

Test(regular_file, whole_files_and_first_bytes_are_not_taken_from_pipes)
{
    pnas_bytes bytes;
    unsigned char start[4];
    cr_assert_eq(mkfifo(test_path("pipe"), 0600), 0);
    cr_expect_eq(pnas_bytes_read(test_path("pipe"), "an IDX file", NULL, &bytes), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "is a pipe"), "%s", pnas_message());
    cr_expect_eq(pnas_bytes_peek(test_path("pipe"), start, sizeof start), 0);
    test_write_file("file", "abcdef", 6);
    cr_expect_eq(pnas_bytes_peek(test_path("file"), start, sizeof start), 4);
    cr_expect_arr_eq(start, "abcd", 4);
}
