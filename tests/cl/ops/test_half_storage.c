/* Tensors of halves: every op that reads or writes one against its double reference that starts from the same
 * rounded values; what is written may be off by half of a half's last bit, everything else by what floats
 * are. */
#include "cl/ops/check/half.h"
#include "cl/ops/check/self_test.h"
#include "tests/cl/test_device.h"

#include <criterion/criterion.h>
#include <string.h>

typedef struct {
    int tried, by_gpu; /* checks; those of the GPU's route */
} seen;

static void expect_pass(void *payload, const pnas_self_test_result *result)
{
    seen *all = payload;
    all->tried += 1;
    all->by_gpu += strcmp(result->route, "gpu") == 0;
    cr_expect(result->passed, "%s, %s route, V = %d, shape %d: %s", result->op, result->route, result->vector,
              result->cases, result->message);
}

/* Products and updates see no stored tensor. */
static void check_every_op(int vector)
{
    static const char *const ops[] = {"convolution", "reduction", "pool", "sum", "norm", "images"};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; ++i) {
        seen all = {0, 0};
        cr_expect_eq(pnas_self_test(&(pnas_self_test_options){.device = {.vector = vector},
                                                              .half = true,
                                                              .every_route = true,
                                                              .small = test_device_small(),
                                                              .op = ops[i],
                                                              .report = expect_pass,
                                                              .payload = &all}),
                     PNAS_OK, "%s", pnas_message());
        cr_expect_gt(all.tried, 0);
        cr_expect(all.by_gpu > 0 || vector != 4 || strcmp(ops[i], "reduction") == 0,
                  "%s: not by the GPU's route", ops[i]);
    }
}

Test(half_storage, every_op_agrees_with_its_reference_at_eight_channels_a_block)
{
    check_every_op(8);
}

Test(half_storage, every_op_agrees_with_its_reference_at_four_channels_a_block)
{
    check_every_op(4);
}

Test(half_storage, every_op_agrees_with_its_reference_at_single_channels)
{
    check_every_op(1);
}

Test(half_storage, halves_round_to_the_nearest_even)
{
    static const struct {
        double value, rounded;
    } cases[] = {{1, 1},
                 {-2.5, -2.5},
                 {1 + 1.0 / 2048, 1},
                 {1 + 3.0 / 2048, 1 + 4.0 / 2048},
                 {65504, 65504},
                 {65519, 65504},
                 {65520, INFINITY},
                 {-1e9, -INFINITY},
                 {0x1p-24, 0x1p-24},
                 {0x1.8p-25, 0x1p-24},
                 {0x1p-25, 0},
                 {0x1.ff8p-15, 0x1.ff8p-15},
                 {0x1.fffp-15, 0x1p-14}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i)
        cr_expect_eq(half_value(half_from(cases[i].value)), cases[i].rounded, "%a gives %a", cases[i].value,
                     half_value(half_from(cases[i].value)));
    cr_expect(isnan(half_value(half_from(NAN))));
    for (unsigned bits = 0; bits < 0x7c00; ++bits)
        cr_assert_eq(half_from(half_value((uint16_t)bits)), bits);
}
