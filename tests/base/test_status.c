#include "src/base/status.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

static const pnas_status every_status[] = {
    PNAS_OK,         PNAS_ERROR_USAGE,  PNAS_ERROR_DATA,     PNAS_ERROR_DEVICE,
    PNAS_ERROR_FILE, PNAS_ERROR_MEMORY, PNAS_ERROR_INTERNAL, PNAS_ERROR_DIVERGED,
    PNAS_STOPPED,    PNAS_ERROR_BUILD,  PNAS_ERROR_TIMEOUT,  PNAS_ERROR_TOO_LARGE};
enum { STATUSES = sizeof every_status / sizeof every_status[0] };

Test(status, exit_codes_are_the_documented_ones)
{
    cr_expect_eq(pnas_exit_code(PNAS_OK), 0);
    cr_expect_eq(pnas_exit_code(PNAS_ERROR_USAGE), 64);
    cr_expect_eq(pnas_exit_code(PNAS_ERROR_DATA), 65);
    cr_expect_eq(pnas_exit_code(PNAS_ERROR_DEVICE), 69);
    cr_expect_eq(pnas_exit_code(PNAS_ERROR_MEMORY), 69);
    cr_expect_eq(pnas_exit_code(PNAS_ERROR_BUILD), 69);
    cr_expect_eq(pnas_exit_code(PNAS_ERROR_TOO_LARGE), 69);
    cr_expect_eq(pnas_exit_code(PNAS_ERROR_INTERNAL), 70);
    cr_expect_eq(pnas_exit_code(PNAS_ERROR_DIVERGED), 70);
    cr_expect_eq(pnas_exit_code(PNAS_ERROR_FILE), 74);
    cr_expect_eq(pnas_exit_code(PNAS_STOPPED), 75);
}

Test(status, a_status_that_nobody_defined_is_our_own_fault)
{
    cr_expect_eq(pnas_exit_code((pnas_status)-99), 70);
    cr_expect_str_eq(pnas_status_name((pnas_status)-99), "internal");
}

Test(status, every_status_has_a_name_of_its_own)
{
    for (int i = 0; i < STATUSES; ++i)
        for (int j = 0; j < i; ++j)
            cr_expect_str_neq(pnas_status_name(every_status[i]), pnas_status_name(every_status[j]));
}

Test(status, no_reason_is_success)
{
    cr_expect_str_eq(pnas_system_reason(0), "the system gives no reason");
    cr_expect_str_eq(pnas_system_reason(ENOSPC), "No space left on device");
}

Test(status, a_failure_keeps_its_code_and_its_sentence)
{
    cr_expect_eq(pnas_fail(PNAS_ERROR_FILE, "cannot open '%s', line %d", "a.yaml", 7), PNAS_ERROR_FILE);
    cr_expect_str_eq(pnas_message(), "cannot open 'a.yaml', line 7");
}

Test(status, the_old_sentence_can_be_part_of_the_new_one)
{
    (void)pnas_fail(PNAS_ERROR_DATA, "byte 12 is wrong");
    (void)pnas_fail(PNAS_ERROR_DATA, "in file x (%s)", pnas_message());
    cr_expect_str_eq(pnas_message(), "in file x (byte 12 is wrong)");
}

Test(status, a_sentence_of_any_length_keeps_its_end)
{
    char path[5000];
    memset(path, 'x', sizeof path);
    path[sizeof path - 1] = '\0';
    (void)pnas_fail(PNAS_ERROR_FILE, "%s: cannot be read: no rights", path);
    cr_expect_eq(strlen(pnas_message()), PNAS_MESSAGE_MAX - 1);
    cr_expect(strstr(pnas_message(), "xx ... xx"));
    cr_expect_str_eq(pnas_message() + strlen(pnas_message()) - strlen("x: cannot be read: no rights"),
                     "x: cannot be read: no rights");
    (void)pnas_fail_at(PNAS_ERROR_FILE, "%s", path);
    cr_expect_str_eq(pnas_message() + strlen(pnas_message()) - strlen(": no rights"), ": no rights");
}

Test(status, a_place_is_put_before_the_sentence)
{
    (void)pnas_fail(PNAS_ERROR_DATA, "byte 12 is wrong");
    cr_expect_eq(pnas_fail_at(PNAS_ERROR_FILE, "file %s", "x"), PNAS_ERROR_FILE);
    cr_expect_str_eq(pnas_message(), "file x: byte 12 is wrong");
}

Test(status, a_sentence_that_is_too_long_is_cut_and_ended)
{
    char long_text[10000];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    (void)pnas_fail(PNAS_ERROR_DATA, "%s", long_text);
    size_t kept = strlen(pnas_message());
    cr_expect(kept > 1000 && kept < sizeof long_text);
    (void)pnas_fail_at(PNAS_ERROR_DATA, "%s", long_text);
    cr_expect_eq(strlen(pnas_message()), kept);
}

static void *fail_elsewhere(void *unused)
{
    (void)unused;
    (void)pnas_fail(PNAS_ERROR_DATA, "the other thread's");
    return NULL;
}

Test(status, each_thread_has_its_own_sentence)
{
    (void)pnas_fail(PNAS_ERROR_DATA, "mine");
    pthread_t other;
    cr_assert_eq(pthread_create(&other, NULL, fail_elsewhere, NULL), 0);
    pthread_join(other, NULL);
    cr_expect_str_eq(pnas_message(), "mine");
}

static int calls;

static pnas_status answer(pnas_status status)
{
    ++calls;
    return status;
}

static pnas_status try_two(pnas_status first, pnas_status second)
{
    PNAS_TRY(answer(first));
    PNAS_TRY(answer(second));
    return PNAS_OK;
}

static pnas_status check_and_clean(int value, int *cleaned)
{
    pnas_status status;
    PNAS_TRY_CLEANUP(answer(PNAS_OK));
    PNAS_CHECK_CLEANUP(value > 0, PNAS_ERROR_USAGE, "%d is not above 0", value);
cleanup:
    *cleaned = 1;
    return status;
}

Test(status, try_leaves_at_the_first_failure_and_calls_once)
{
    cr_expect_eq(try_two(PNAS_OK, PNAS_OK), PNAS_OK);
    cr_expect_eq(calls, 2);
    cr_expect_eq(try_two(PNAS_STOPPED, PNAS_OK), PNAS_STOPPED);
    cr_expect_eq(calls, 3);
}

Test(status, a_failed_check_passes_through_cleanup)
{
    int cleaned = 0;
    cr_expect_eq(check_and_clean(-3, &cleaned), PNAS_ERROR_USAGE);
    cr_expect_eq(cleaned, 1);
    cr_expect_str_eq(pnas_message(), "-3 is not above 0");
    cr_expect_eq(check_and_clean(3, &cleaned), PNAS_OK);
}
