#include "src/base/random.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

/* Known answers for Philox4x32-10, published with Random123 (kat_vectors): counter and key of zeros, of ones,
 * and of the digits of pi. */
static const struct {
    uint32_t counter[4], key[2], answer[4];
} known[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

static pnas_stream test_stream(uint32_t step)
{
    return pnas_stream_make(2026, PNAS_STREAM_TEST, 1, step);
}

Test(random, blocks_are_philox4x32_10)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; ++i) {
        pnas_stream stream = {0};
        memcpy(stream.counter, known[i].counter, sizeof stream.counter);
        memcpy(stream.key, known[i].key, sizeof stream.key);
        for (int j = 0; j < 4; ++j)
            cr_expect_eq(pnas_stream_u32(&stream), known[i].answer[j], "vector %zu, word %d", i, j);
    }
}

/* Computed apart, in Python, from Philox's definition and SplitMix64's finalizer. */
Test(random, the_numbers_of_a_key_never_change)
{
    pnas_stream stream = pnas_stream_make(42, PNAS_STREAM_SHUFFLE, 0x0123456789abcdefu, 7);
    const uint32_t first[6] = {0xe0f166cf, 0xc3159391, 0x49cb68c6, 0xf8f7a215, 0x413ef7fd, 0x7afd0550};
    for (int i = 0; i < 6; ++i)
        cr_expect_eq(pnas_stream_u32(&stream), first[i], "number %d", i);
}

Test(random, the_counter_carries_into_its_second_word)
{
    pnas_stream at_the_end = {.counter = {0xffffffff, 5, 0, 0}}, after = {.counter = {0, 6, 0, 0}};
    for (int i = 0; i < 4; ++i)
        pnas_stream_u32(&at_the_end);
    for (int i = 0; i < 4; ++i)
        cr_expect_eq(pnas_stream_u32(&at_the_end), pnas_stream_u32(&after));
}

Test(random, every_part_of_the_key_makes_another_stream)
{
    pnas_stream streams[] = {pnas_stream_make(1, PNAS_STREAM_TEST, 1, 1),
                             pnas_stream_make(2, PNAS_STREAM_TEST, 1, 1),
                             pnas_stream_make(1, PNAS_STREAM_SPLIT, 1, 1),
                             pnas_stream_make(1, PNAS_STREAM_TEST, 2, 1),
                             pnas_stream_make(1, PNAS_STREAM_TEST, 1, 2),
                             pnas_stream_make(1ull << 40, PNAS_STREAM_TEST, 1, 1),
                             pnas_stream_make(1, PNAS_STREAM_TEST, 1ull << 40, 1)};
    enum { STREAMS = sizeof streams / sizeof streams[0] };
    uint64_t first[STREAMS];
    for (int i = 0; i < STREAMS; ++i) {
        uint64_t high = pnas_stream_u32(&streams[i]);
        first[i] = high << 32 | pnas_stream_u32(&streams[i]);
        for (int j = 0; j < i; ++j)
            cr_expect_neq(first[i], first[j], "streams %d and %d begin alike", i, j);
    }
}

Test(random, a_copy_goes_on_like_the_original)
{
    pnas_stream stream = test_stream(0);
    pnas_stream_u32(&stream);
    pnas_stream copy = stream;
    for (int i = 0; i < 100; ++i)
        cr_expect_eq(pnas_stream_u32(&stream), pnas_stream_u32(&copy));
}

/* Pearson's chi-squared of counts that should be equal. */
static double chi_squared(const int *count, int bins, int draws)
{
    double sum = 0, expected = (double)draws / bins;
    for (int i = 0; i < bins; ++i)
        sum += (count[i] - expected) * (count[i] - expected) / expected;
    return sum;
}

Test(random, uniform_fills_its_interval_evenly)
{
    enum { BINS = 100, DRAWS = 1000000 };
    int count[BINS] = {0};
    pnas_stream stream = test_stream(1);
    for (int i = 0; i < DRAWS; ++i) {
        double x = pnas_stream_uniform(&stream);
        cr_assert(x >= 0 && x < 1);
        ++count[(int)(x * BINS)];
    }
    cr_expect_lt(chi_squared(count, BINS, DRAWS), 161, "beyond the 0.9999 quantile of 99 degrees of freedom");
}

Test(random, below_gives_each_result_equally_often)
{
    enum { BINS = 7, DRAWS = 700000 };
    int count[BINS] = {0};
    pnas_stream stream = test_stream(2);
    for (int i = 0; i < DRAWS; ++i)
        ++count[pnas_stream_below(&stream, BINS)];
    cr_expect_lt(chi_squared(count, BINS, DRAWS), 27.9, "beyond the 0.9999 quantile of 6 degrees of freedom");
}

/* Without rejection a bound of 3/4 of 2^32 would give one result in three twice as often as the others. */
Test(random, below_rejects_what_would_favour_some_results)
{
    enum { DRAWS = 300000 };
    const uint32_t bound = 0xc0000000u;
    int count[3] = {0};
    pnas_stream stream = test_stream(3);
    for (int i = 0; i < DRAWS; ++i) {
        uint32_t x = pnas_stream_below(&stream, bound);
        cr_assert_lt(x, bound);
        ++count[x % 3];
    }
    cr_expect_lt(chi_squared(count, 3, DRAWS), 18.4, "beyond the 0.9999 quantile of 2 degrees of freedom");
}

Test(random, below_one_is_always_zero)
{
    pnas_stream stream = test_stream(4);
    for (int i = 0; i < 100; ++i)
        cr_expect_eq(pnas_stream_below(&stream, 1), 0);
}

Test(random, normal_has_the_moments_of_the_standard_normal)
{
    enum { DRAWS = 1000000 };
    double sum[4] = {0};
    pnas_stream stream = test_stream(5);
    for (int i = 0; i < DRAWS; ++i) {
        double x = pnas_stream_normal(&stream), power = x;
        cr_assert(isfinite(x));
        for (int j = 0; j < 4; ++j, power *= x)
            sum[j] += power / DRAWS;
    }
    /* Four standard errors of each mean: sqrt(1, 2, 15, 96) / sqrt(DRAWS). */
    cr_expect_float_eq(sum[0], 0, 0.004);
    cr_expect_float_eq(sum[1], 1, 0.0057);
    cr_expect_float_eq(sum[2], 0, 0.0155);
    cr_expect_float_eq(sum[3], 3, 0.0392);
}

Test(random, beta_has_the_moments_of_the_symmetric_beta_distribution)
{
    enum { DRAWS = 200000 };
    static const double alphas[] = {0.2, 1, 3};
    for (int i = 0; i < 3; ++i) {
        double mean = 0, square = 0, fourth = 0, a = alphas[i];
        pnas_stream stream = test_stream(7);
        for (int k = 0; k < DRAWS; ++k) {
            double x = pnas_stream_beta(&stream, a), y = x - 0.5;
            cr_assert(x >= 0 && x <= 1);
            mean += y / DRAWS;
            square += y * y / DRAWS;
            fourth += y * y * y * y / DRAWS;
        }
        double variance = 1 / (4 * (2 * a + 1));
        cr_expect_float_eq(mean, 0, 0.005);
        cr_expect_float_eq(square, variance, 0.01 * variance);
        cr_expect_float_eq(fourth, variance * 3 / (4 * (2 * a + 3)), 0.02 * variance);
    }
}

Test(random, beta_of_a_vanishing_alpha_is_still_a_share)
{
    pnas_stream stream = test_stream(8);
    for (int k = 0; k < 100; ++k) {
        double x = pnas_stream_beta(&stream, 1e-6);
        cr_assert(x >= 0 && x <= 1);
    }
}

Test(random, a_shuffle_is_a_permutation)
{
    enum { COUNT = 1000 };
    uint32_t values[COUNT];
    int seen[COUNT] = {0}, moved = 0;
    pnas_stream stream = test_stream(6);
    for (uint32_t i = 0; i < COUNT; ++i)
        values[i] = i;
    pnas_stream_shuffle(&stream, values, COUNT);
    for (uint32_t i = 0; i < COUNT; ++i) {
        cr_assert_lt(values[i], COUNT);
        ++seen[values[i]];
        moved += values[i] != i;
    }
    for (int i = 0; i < COUNT; ++i)
        cr_expect_eq(seen[i], 1);
    cr_expect_gt(moved, COUNT / 2);
}

Test(random, every_order_of_a_shuffle_is_equally_likely)
{
    enum { ORDERS = 6, DRAWS = 60000 };
    int count[9] = {0}, orders[ORDERS];
    pnas_stream stream = test_stream(7);
    for (int i = 0; i < DRAWS; ++i) {
        uint32_t values[3] = {0, 1, 2};
        pnas_stream_shuffle(&stream, values, 3);
        ++count[3 * values[0] + values[1]];
    }
    int next = 0;
    for (int i = 0; i < 9; ++i)
        if (i % 4 != 0) /* the first and second of a permutation differ */
            orders[next++] = count[i];
    cr_expect_lt(chi_squared(orders, ORDERS, DRAWS), 25.8,
                 "beyond the 0.9999 quantile of 5 degrees of freedom");
}

Test(random, shuffling_nothing_or_one_value_does_nothing)
{
    uint32_t value = 5;
    pnas_stream stream = test_stream(8);
    pnas_stream_shuffle(&stream, NULL, 0);
    pnas_stream_shuffle(&stream, &value, 1);
    cr_expect_eq(value, 5);
}
