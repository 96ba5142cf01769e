/* The messages between ranks and back, and what happens to those that are not whole. */
#include "mpi/packing.h"

#include "tests/base/leak_check.h"
#include "tests/search/result_fields.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EPOCHS     3
#define HEAD_BYTES 12 /* version and length */

static pnas_job_message some_job(void)
{
    pnas_job_message message = {.job_id = 5000000000,
                                .job = {.level = 2,
                                        .index = 77,
                                        .cost = 123456789012,
                                        .from = 2,
                                        .until = 5,
                                        .epochs = 9,
                                        .before = 1.25}};
    message.job.cell.blocks = 2;
    message.job.cell.block[0] = (pnas_block){-2, 2, -1, 6};
    message.job.cell.block[1] = (pnas_block){0, 7, -1, 31};
    return message;
}

Test(packing, a_job_comes_back_as_it_was)
{
    pnas_job_message message = some_job(), back;
    pnas_wire_writer bytes = {0};
    cr_assert_eq(pnas_pack_job(&message, &bytes), PNAS_OK);
    cr_assert_eq(pnas_unpack_job(bytes.data, bytes.size, &back), PNAS_OK);
    cr_assert_eq(back.job_id, message.job_id);
    cr_assert_eq(back.job.level, 2);
    cr_assert_eq(back.job.index, 77);
    cr_assert_eq(back.job.cost, 123456789012);
    cr_assert(back.job.from == 2 && back.job.until == 5 && back.job.epochs == 9 && back.job.before == 1.25);
    cr_assert_eq(pnas_cell_compare(&back.job.cell, &message.job.cell), 0);
    pnas_wire_clear(&bytes);
    PNAS_EXPECT_NO_LEAKS();
}

Test(packing, every_field_of_a_result_comes_back_to_the_bit_with_its_history)
{
    pnas_job_result sent = {.job_id = 3}, back;
    pnas_wire_writer bytes = {0};
    result_fields_fill(&sent.result, EPOCHS);
    sent.result.history[4] = NAN;
    cr_assert_eq(pnas_pack_job_result(&sent, &bytes), PNAS_OK);
    cr_assert_eq(pnas_unpack_job_result(bytes.data, bytes.size, &back), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(back.job_id, 3);
    cr_assert_eq(back.status, PNAS_OK);
    cr_assert_eq(back.result.epochs, EPOCHS);
    result_fields_expect(&back.result, &sent.result, PNAS_RESULT_FIELD_COUNT);
    result_fields_expect_history(&back.result, &sent.result);
    pnas_result_clear(&back.result);
    pnas_result_clear(&sent.result);
    pnas_wire_clear(&bytes);
    PNAS_EXPECT_NO_LEAKS();
}

Test(packing, a_failed_child_has_a_reason_and_no_history)
{
    pnas_job_result sent = {.status = PNAS_OK,
                            .result = {.status = PNAS_CHILD_FAILED, .retryable = true, .epochs = 7}},
                    back;
    strcpy(sent.result.error, "loss is not finite at step 12");
    pnas_wire_writer bytes = {0};
    cr_assert_eq(pnas_pack_job_result(&sent, &bytes), PNAS_OK);
    cr_assert_eq(pnas_unpack_job_result(bytes.data, bytes.size, &back), PNAS_OK);
    cr_assert_eq(back.result.status, PNAS_CHILD_FAILED);
    cr_assert_str_eq(back.result.error, sent.result.error);
    cr_assert_eq(back.result.epochs, 7);
    cr_assert(back.result.retryable);
    cr_assert_null(back.result.history);
    pnas_wire_clear(&bytes);
    PNAS_EXPECT_NO_LEAKS();
}

Test(packing, a_rank_that_failed_sends_its_reason_instead_of_a_result)
{
    pnas_job_result sent = {.job_id = 1, .status = PNAS_ERROR_DEVICE, .reason = "the GPU fell off the bus"},
                    back;
    pnas_wire_writer bytes = {0};
    cr_assert_eq(pnas_pack_job_result(&sent, &bytes), PNAS_OK);
    cr_assert_eq(pnas_unpack_job_result(bytes.data, bytes.size, &back), PNAS_OK);
    cr_assert_eq(back.status, PNAS_ERROR_DEVICE);
    cr_assert_str_eq(back.reason, "the GPU fell off the bus");
    pnas_wire_clear(&bytes);
    PNAS_EXPECT_NO_LEAKS();
}

Test(packing, a_status_comes_back_as_it_was)
{
    pnas_status_message message = {PNAS_STOPPED, "stopped by SIGUSR2"}, back;
    pnas_wire_writer bytes = {0};
    cr_assert_eq(pnas_pack_status(&message, &bytes), PNAS_OK);
    cr_assert_eq(pnas_unpack_status(bytes.data, bytes.size, &back), PNAS_OK);
    cr_assert_eq(back.status, PNAS_STOPPED);
    cr_assert_str_eq(back.reason, "stopped by SIGUSR2");
    pnas_wire_clear(&bytes);
    PNAS_EXPECT_NO_LEAKS();
}

Test(packing, a_task_comes_back_as_it_was_and_may_be_empty)
{
    pnas_task_message message = {7, PNAS_ERROR_MEMORY, 1.5e9, 0.25, "full", 4}, back;
    pnas_wire_writer bytes = {0};
    cr_assert_eq(pnas_pack_task(&message, &bytes), PNAS_OK);
    cr_assert_eq(pnas_unpack_task(bytes.data, bytes.size, &back), PNAS_OK);
    cr_assert(back.ticket == 7 && back.status == PNAS_ERROR_MEMORY && back.size == 4);
    cr_assert(back.start == 1.5e9 && back.seconds == 0.25);
    cr_assert_eq(memcmp(back.data, "full", 4), 0);
    message.data = NULL;
    message.size = 0;
    cr_assert_eq(pnas_pack_task(&message, &bytes), PNAS_OK);
    cr_assert_eq(pnas_unpack_task(bytes.data, bytes.size, &back), PNAS_OK);
    cr_assert_eq(back.size, 0);
    pnas_wire_clear(&bytes);
    PNAS_EXPECT_NO_LEAKS();
}

/* Each cut is copied to a block of its own, so that a sanitizer sees a read past its end. */
Test(packing, every_cut_or_longer_message_is_refused)
{
    pnas_job_result result = {.job_id = 3}, back;
    pnas_job_message job = some_job(), back_job;
    pnas_task_message task = {7, PNAS_OK, 1.5e9, 0.25, "full", 4}, back_task;
    pnas_wire_writer bytes[3] = {{0}};
    result_fields_fill(&result.result, EPOCHS);
    cr_assert_eq(pnas_pack_job_result(&result, &bytes[0]), PNAS_OK);
    cr_assert_eq(pnas_pack_job(&job, &bytes[1]), PNAS_OK);
    cr_assert_eq(pnas_pack_task(&task, &bytes[2]), PNAS_OK);
    for (int i = 0; i < 3; i++) {
        for (size_t size = 0; size <= bytes[i].size + 1; size++) {
            unsigned char *cut = calloc(1, size ? size : 1);
            memcpy(cut, bytes[i].data, size < bytes[i].size ? size : bytes[i].size);
            pnas_status status = i == 0   ? pnas_unpack_job_result(cut, size, &back)
                                 : i == 1 ? pnas_unpack_job(cut, size, &back_job)
                                          : pnas_unpack_task(cut, size, &back_task);
            cr_assert_eq(status, size == bytes[i].size ? PNAS_OK : PNAS_ERROR_INTERNAL,
                         "message %d of %zu bytes", i, size);
            if (i == 0)
                pnas_result_clear(&back.result);
            free(cut);
        }
        pnas_wire_clear(&bytes[i]);
    }
    pnas_result_clear(&result.result);
    PNAS_EXPECT_NO_LEAKS();
}

Test(packing, values_out_of_range_are_refused)
{
    pnas_job_message job = some_job(), back;
    pnas_wire_writer bytes = {0};
    cr_assert_eq(pnas_pack_job(&job, &bytes), PNAS_OK);
    enum { BLOCKS_AT = HEAD_BYTES + 64 }; /* after job_id, level, index, cost, from, until, epochs, before */
    cr_assert_eq(bytes.data[BLOCKS_AT], 2);
    bytes.data[BLOCKS_AT] = PNAS_BLOCKS_MAX + 1;
    cr_assert_eq(pnas_unpack_job(bytes.data, bytes.size, &back), PNAS_ERROR_INTERNAL);

    pnas_status_message status = {PNAS_OK, ""};
    cr_assert_eq(pnas_pack_status(&status, &bytes), PNAS_OK);
    bytes.data[HEAD_BYTES] = 1; /* no such status */
    cr_assert_eq(pnas_unpack_status(bytes.data, bytes.size, &status), PNAS_ERROR_INTERNAL);
    pnas_wire_clear(&bytes);
    PNAS_EXPECT_NO_LEAKS();
}

Test(packing, a_history_that_is_not_as_long_as_the_epochs_is_refused)
{
    pnas_job_result sent = {.job_id = 3}, back;
    pnas_wire_writer bytes = {0};
    result_fields_fill(&sent.result, EPOCHS);
    cr_assert_eq(pnas_pack_job_result(&sent, &bytes), PNAS_OK);
    size_t epochs_at = bytes.size - 3 * sizeof(int64_t) - EPOCHS * PNAS_METRICS * sizeof(float);
    cr_assert_eq(bytes.data[epochs_at], EPOCHS); /* before the flag and the count of rows */
    bytes.data[epochs_at]++;
    cr_assert_eq(pnas_unpack_job_result(bytes.data, bytes.size, &back), PNAS_ERROR_INTERNAL);
    pnas_result_clear(&sent.result);
    pnas_wire_clear(&bytes);
    PNAS_EXPECT_NO_LEAKS();
}
