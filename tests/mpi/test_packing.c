/* Orders, answers and verdicts as bytes and back, and what happens to bytes that are not whole. */
#include "mpi/packing.h"

#include "tests/base/leak_check.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EPOCHS 3

static pnas_order some_order(void)
{
    pnas_order order = {.ticket = 5000000000, .job = {.level = 2, .index = 77, .cost = 123456789012}};
    order.job.cell.blocks = 2;
    order.job.cell.block[0] = (pnas_block){-2, 2, -1, 6};
    order.job.cell.block[1] = (pnas_block){0, 7, -1, 31};
    return order;
}

static pnas_answer some_answer(float history[EPOCHS * PNAS_METRICS])
{
    for (int i = 0; i < EPOCHS * PNAS_METRICS; i++)
        history[i] = 0.1f * (float)i - 0.3f;
    history[4] = NAN;
    return (pnas_answer){.ticket = 3,
                         .status = PNAS_OK,
                         .result = {.status = PNAS_CHILD_DONE,
                                    .accuracy = 0.1 + 0.2,
                                    .error = "none",
                                    .parameters = 3189000,
                                    .multiply_adds = 5000000000,
                                    .start = 1.7e9 + 0.125,
                                    .train_seconds = 1e-300,
                                    .rank = 63,
                                    .device = -1,
                                    .attempts = 2,
                                    .epochs = EPOCHS,
                                    .history = history}};
}

Test(packing, an_order_comes_back_as_it_was)
{
    pnas_order order = some_order(), back;
    pnas_packet bytes = {0};
    cr_assert_eq(pnas_pack_order(&order, &bytes), PNAS_OK);
    cr_assert_eq(pnas_unpack_order(bytes.data, bytes.size, &back), PNAS_OK);
    cr_assert_eq(back.ticket, order.ticket);
    cr_assert_eq(back.job.level, 2);
    cr_assert_eq(back.job.index, 77);
    cr_assert_eq(back.job.cost, 123456789012);
    cr_assert_eq(pnas_cell_compare(&back.job.cell, &order.job.cell), 0);
    pnas_packet_clear(&bytes);
    PNAS_EXPECT_NO_LEAKS();
}

Test(packing, a_result_comes_back_to_the_bit_with_its_history)
{
    float history[EPOCHS * PNAS_METRICS];
    pnas_answer answer = some_answer(history), back;
    const pnas_result *sent = &answer.result, *got = &back.result;
    pnas_packet bytes = {0};
    cr_assert_eq(pnas_pack_answer(&answer, &bytes), PNAS_OK);
    cr_assert_eq(pnas_unpack_answer(bytes.data, bytes.size, &back), PNAS_OK);
    cr_assert_eq(back.ticket, 3);
    cr_assert_eq(back.status, PNAS_OK);
    cr_assert_eq(got->status, PNAS_CHILD_DONE);
    cr_assert_eq(memcmp(&got->accuracy, &sent->accuracy, sizeof(double)), 0);
    cr_assert_eq(memcmp(&got->start, &sent->start, sizeof(double)), 0);
    cr_assert_eq(memcmp(&got->train_seconds, &sent->train_seconds, sizeof(double)), 0);
    cr_assert_str_eq(got->error, "none");
    cr_assert_eq(got->parameters, 3189000);
    cr_assert_eq(got->multiply_adds, 5000000000);
    cr_assert_eq(got->rank, 63);
    cr_assert_eq(got->device, -1);
    cr_assert_eq(got->attempts, 2);
    cr_assert_eq(got->epochs, EPOCHS);
    cr_assert_eq(memcmp(got->history, history, sizeof history), 0);
    pnas_result_clear(&back.result);
    pnas_packet_clear(&bytes);
    PNAS_EXPECT_NO_LEAKS();
}

Test(packing, a_failed_child_has_a_reason_and_no_history)
{
    pnas_answer answer = {.status = PNAS_OK,
                          .result = {.status = PNAS_CHILD_FAILED, .elsewhere = true, .epochs = 7}},
                back;
    strcpy(answer.result.error, "loss is not finite at step 12");
    pnas_packet bytes = {0};
    cr_assert_eq(pnas_pack_answer(&answer, &bytes), PNAS_OK);
    cr_assert_eq(pnas_unpack_answer(bytes.data, bytes.size, &back), PNAS_OK);
    cr_assert_eq(back.result.status, PNAS_CHILD_FAILED);
    cr_assert_str_eq(back.result.error, answer.result.error);
    cr_assert_eq(back.result.epochs, 7);
    cr_assert(back.result.elsewhere);
    cr_assert_null(back.result.history);
    pnas_packet_clear(&bytes);
    PNAS_EXPECT_NO_LEAKS();
}

Test(packing, a_rank_that_failed_sends_its_message_instead_of_a_result)
{
    pnas_answer answer = {.ticket = 1, .status = PNAS_ERROR_DEVICE, .message = "the GPU fell off the bus"},
                back;
    pnas_packet bytes = {0};
    cr_assert_eq(pnas_pack_answer(&answer, &bytes), PNAS_OK);
    cr_assert_eq(pnas_unpack_answer(bytes.data, bytes.size, &back), PNAS_OK);
    cr_assert_eq(back.status, PNAS_ERROR_DEVICE);
    cr_assert_str_eq(back.message, "the GPU fell off the bus");
    pnas_packet_clear(&bytes);
    PNAS_EXPECT_NO_LEAKS();
}

Test(packing, a_verdict_comes_back_as_it_was)
{
    pnas_verdict verdict = {PNAS_STOPPED, "stopped by SIGUSR2"}, back;
    pnas_packet bytes = {0};
    cr_assert_eq(pnas_pack_verdict(&verdict, &bytes), PNAS_OK);
    cr_assert_eq(pnas_unpack_verdict(bytes.data, bytes.size, &back), PNAS_OK);
    cr_assert_eq(back.status, PNAS_STOPPED);
    cr_assert_str_eq(back.message, "stopped by SIGUSR2");
    pnas_packet_clear(&bytes);
    PNAS_EXPECT_NO_LEAKS();
}

Test(packing, an_errand_comes_back_as_it_was_and_a_cut_head_is_refused)
{
    pnas_errand errand = {7, PNAS_ERROR_MEMORY, 1.5e9, 0.25, "full", 4}, back;
    pnas_packet bytes = {0};
    cr_assert_eq(pnas_pack_errand(&errand, &bytes), PNAS_OK);
    cr_assert_eq(pnas_unpack_errand(bytes.data, bytes.size, &back), PNAS_OK);
    cr_assert(back.ticket == 7 && back.status == PNAS_ERROR_MEMORY && back.size == 4);
    cr_assert(back.start == 1.5e9 && back.seconds == 0.25);
    cr_assert_eq(memcmp(back.data, "full", 4), 0);
    for (size_t size = 0; size < bytes.size - 4; size++)
        cr_assert_eq(pnas_unpack_errand(bytes.data, size, &back), PNAS_ERROR_INTERNAL);
    errand.data = NULL;
    errand.size = 0;
    cr_assert_eq(pnas_pack_errand(&errand, &bytes), PNAS_OK);
    cr_assert_eq(pnas_unpack_errand(bytes.data, bytes.size, &back), PNAS_OK);
    cr_assert_eq(back.size, 0);
    pnas_packet_clear(&bytes);
    PNAS_EXPECT_NO_LEAKS();
}

/* Each cut is copied to a block of its own, so that a sanitizer sees a read past its end. */
Test(packing, every_cut_or_longer_message_is_refused)
{
    float history[EPOCHS * PNAS_METRICS];
    pnas_answer answer = some_answer(history), back_answer;
    pnas_order order = some_order(), back_order;
    pnas_packet bytes = {0};
    cr_assert_eq(pnas_pack_answer(&answer, &bytes), PNAS_OK);
    for (size_t size = 0; size <= bytes.size + 1; size++) {
        unsigned char *cut = calloc(1, size ? size : 1);
        memcpy(cut, bytes.data, size < bytes.size ? size : bytes.size);
        pnas_status expected = size == bytes.size ? PNAS_OK : PNAS_ERROR_INTERNAL;
        cr_assert_eq(pnas_unpack_answer(cut, size, &back_answer), expected, "answer of %zu bytes", size);
        pnas_result_clear(&back_answer.result);
        free(cut);
    }
    cr_assert_eq(pnas_pack_order(&order, &bytes), PNAS_OK);
    for (size_t size = 0; size < bytes.size; size++) {
        unsigned char *cut = calloc(1, size ? size : 1);
        memcpy(cut, bytes.data, size);
        cr_assert_eq(pnas_unpack_order(cut, size, &back_order), PNAS_ERROR_INTERNAL, "order of %zu bytes",
                     size);
        free(cut);
    }
    pnas_packet_clear(&bytes);
    PNAS_EXPECT_NO_LEAKS();
}

Test(packing, values_out_of_range_are_refused)
{
    pnas_order order = some_order(), back;
    pnas_packet bytes = {0};
    cr_assert_eq(pnas_pack_order(&order, &bytes), PNAS_OK);
    enum { BLOCKS_AT = 32 }; /* after ticket, level, index, cost */
    cr_assert_eq(bytes.data[BLOCKS_AT], 2);
    bytes.data[BLOCKS_AT] = PNAS_BLOCKS_MAX + 1;
    cr_assert_eq(pnas_unpack_order(bytes.data, bytes.size, &back), PNAS_ERROR_INTERNAL);

    pnas_verdict verdict = {PNAS_OK, ""};
    cr_assert_eq(pnas_pack_verdict(&verdict, &bytes), PNAS_OK);
    bytes.data[0] = 1; /* no such status */
    cr_assert_eq(pnas_unpack_verdict(bytes.data, bytes.size, &verdict), PNAS_ERROR_INTERNAL);
    pnas_packet_clear(&bytes);
    PNAS_EXPECT_NO_LEAKS();
}
