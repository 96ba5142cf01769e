/* Locks where the file system has none. */
#include "io/file/locked_file.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

TestSuite(locked_file, .init = test_folder_make, .fini = test_folder_remove);

static int refusal; /* of every lock; 0: none */

/* In the place of the C library's. */
int flock(int file, int operation)
{
    (void)file;
    (void)operation;
    errno = refusal;
    return refusal ? -1 : 0;
}

static size_t open_and_read_errors(const char *name, char *text, size_t size)
{
    int file = -1;
    cr_assert_eq(pnas_locked_file_open(test_path(name), test_path(name), 0, &file), PNAS_OK, "%s",
                 pnas_message());
    close(file);
    fflush(stderr);
    size_t length = fread(text, 1, size - 1, cr_get_redirected_stderr());
    text[length] = '\0';
    return length;
}

Test(locked_file, who_cannot_lock_is_warned_that_a_second_run_goes_unnoticed)
{
    static const int refusals[] = {ENOLCK, ENOTSUP, EOPNOTSUPP, ENOSYS, EINVAL};
    char text[2048];
    cr_redirect_stderr();
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; ++i) {
        refusal = refusals[i];
        open_and_read_errors("a", text, sizeof text);
        cr_expect(strstr(text, "/a: cannot be locked (") &&
                      strstr(text, "no second run writes to the same file"),
                  "%d: %s", refusal, text);
    }
    refusal = 0;
    cr_expect_eq(open_and_read_errors("a", text, sizeof text), 0, "%s", text);
}

Test(locked_file, a_lock_that_another_holds_is_refused)
{
    int file = -1;
    refusal = EWOULDBLOCK;
    cr_expect_eq(pnas_locked_file_open(test_path("a"), test_path("a"), 0, &file), PNAS_ERROR_FILE);
    cr_expect(strstr(pnas_message(), "another run writes here"), "%s", pnas_message());
}
