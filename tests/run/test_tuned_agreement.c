/* Tuned tables among ranks, and between a run and its continuation. */
#include "src/base/log.h"
#include "src/run/tuned_agreement.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <string.h>

static pnas_run_rank rank_with(int rank, const char *device, const char *driver, const char *tuned,
                               const char *clblast)
{
    pnas_run_rank result = {.rank = rank, .host = "node"};
    pnas_device_info info = {0};
    snprintf(info.driver, sizeof info.driver, "%s", driver);
    snprintf(info.tuned, sizeof info.tuned, "%s", tuned);
    snprintf(info.clblast, sizeof info.clblast, "%s", clblast);
    snprintf(result.device_name, sizeof result.device_name, "%s", device);
    pnas_tuned_describe(&info, result.driver, sizeof result.driver);
    return result;
}

static pnas_run_rank rank_of(int rank, const char *device, const char *driver, const char *tuned)
{
    return rank_with(rank, device, driver, tuned, "");
}

Test(tuned_agreement, a_table_stands_behind_the_driver)
{
    cr_assert_str_eq(rank_of(0, "A", "3.1", "").driver, "3.1");
    cr_assert_str_eq(rank_of(0, "A", "3.1", "0123456789abcdef").driver, "3.1; tuned 0123456789abcdef");
    cr_assert_str_eq(rank_with(0, "A", "3.1", "0123456789abcdef", "1.5.3").driver,
                     "3.1; tuned 0123456789abcdef; CLBlast 1.5.3");
    cr_assert_str_eq(rank_with(0, "A", "3.1", "", "refused").driver, "3.1; CLBlast refused");
    char text[128];
    memset(text, 'x', sizeof text - 1);
    text[127] = 0;
    pnas_run_rank result = rank_of(0, "A", text, "0123456789abcdef");
    cr_assert(strstr(result.driver, "; tuned 0123456789abcdef"), "%s", result.driver);
}

Test(tuned_agreement, equal_devices_need_equal_tables)
{
    pnas_run_rank ranks[] = {rank_of(0, "A", "3.1", "0123456789abcdef"), rank_of(1, "B", "3.1", ""),
                             rank_of(2, "A", "3.2", ""), rank_of(3, "A", "3.1", "0123456789abcdef")};
    cr_assert_eq(pnas_tuned_check_agreement(ranks, 4), PNAS_OK);
    ranks[3] = rank_of(3, "A", "3.1", "");
    cr_assert_eq(pnas_tuned_check_agreement(ranks, 4), PNAS_ERROR_USAGE);
    cr_assert(strstr(pnas_message(), "rank 0 on node and rank 3 on node"), "%s", pnas_message());
    ranks[3] = rank_of(3, "A", "3.1", "fedcba9876543210");
    cr_assert_eq(pnas_tuned_check_agreement(ranks, 4), PNAS_ERROR_USAGE);
}

Test(tuned_agreement, equal_devices_need_equal_clblasts)
{
    pnas_run_rank ranks[] = {rank_with(0, "A", "3.1", "", "1.5.3"), rank_with(1, "B", "3.1", "", "refused"),
                             rank_with(2, "A", "3.2", "", "1.6.0"), rank_with(3, "A", "3.1", "", "1.5.3")};
    cr_assert_eq(pnas_tuned_check_agreement(ranks, 4), PNAS_OK);
    static const char *const other[] = {"refused", "1.6.0"};
    for (int i = 0; i < 2; ++i) {
        ranks[3] = rank_with(3, "A", "3.1", "", other[i]);
        cr_assert_eq(pnas_tuned_check_agreement(ranks, 4), PNAS_ERROR_USAGE, "%s", other[i]);
        cr_assert(strstr(pnas_message(), "rank 0 on node and rank 3 on node"), "%s", pnas_message());
        cr_assert(strstr(pnas_message(), "by the same CLBlast (3.1; CLBlast 1.5.3, 3.1"), "%s",
                  pnas_message());
    }
    ranks[3] = rank_with(3, "A", "3.1", "", ""); /* a CPU of that name, and no GPU */
    cr_assert_eq(pnas_tuned_check_agreement(ranks, 4), PNAS_OK);
    ranks[3] = rank_with(3, "A", "3.1", "0123456789abcdef", "refused"); /* which may come of the table */
    cr_assert_eq(pnas_tuned_check_agreement(ranks, 4), PNAS_ERROR_USAGE);
    cr_assert(strstr(pnas_message(), "not the same tuned table"), "%s", pnas_message());
}

static void expect_warning(const pnas_run_rank *before, const pnas_run_rank *now, bool expected)
{
    char text[1024] = "";
    cr_redirect_stderr();
    pnas_log_setup("test", PNAS_LOG_INFO, 0, 1);
    pnas_tuned_warn_of_change("run.h5", before, 1, now, 1);
    pnas_info("end");
    fflush(stderr);
    FILE *err = cr_get_redirected_stderr();
    size_t size = fread(text, 1, sizeof text - 1, err);
    text[size] = 0;
    cr_assert_eq(strstr(text, "differ in their last bits") != NULL, expected, "%s", text);
}

Test(tuned_agreement, a_run_that_goes_on_with_another_table_is_warned)
{
    pnas_run_rank before = rank_of(0, "A", "3.1", "0123456789abcdef"), now = rank_of(0, "A", "3.1", "");
    expect_warning(&before, &now, true);
}

Test(tuned_agreement, a_run_that_goes_on_with_the_same_or_another_device_is_not)
{
    pnas_run_rank before = rank_of(0, "A", "3.1", "0123456789abcdef"), other = rank_of(0, "B", "3.1", "");
    pnas_tuned_warn_of_change("run.h5", &before, 1, &other, 1);
    expect_warning(&before, &before, false);
}

Test(tuned_agreement, tuning_is_suggested_for_gpus_that_never_were)
{
    char text[320] = "";
    pnas_device_info device = {.index = 3, .name = "A GPU"};
    cr_assert(pnas_tuned_suggest(&device, text, sizeof text));
    cr_assert(strstr(text, "A GPU") && strstr(text, "--device 3"), "%s", text);
    snprintf(device.tuned, sizeof device.tuned, "0123456789abcdef");
    cr_assert(!pnas_tuned_suggest(&device, text, sizeof text));
    device = (pnas_device_info){.cpu = true};
    cr_assert(!pnas_tuned_suggest(&device, text, sizeof text));
    device.cpu = false;
    setenv("PNAS_TUNED", "0", 1);
    cr_assert(!pnas_tuned_suggest(&device, text, sizeof text));
}
