/* Dividing work among lanes, held against every possible division. */
#include "mpi/division.h"

#include "tests/base/leak_check.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define PIECES 8
#define LANES  3

static double uniform(uint64_t *state) /* xorshift: fixed, so that figures are */
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (double)(*state >> 11) * 0x1p-53;
}

static double longest(const double *load, size_t lanes)
{
    double span = 0;
    for (size_t i = 0; i < lanes; i++)
        span = fmax(span, load[i]);
    return span;
}

/* Of the pieces from `next` on, added to `load`. */
static double shortest_span(const double *work, size_t next, size_t count, double *load, size_t lanes)
{
    double best = INFINITY;
    if (next == count)
        return longest(load, lanes);
    for (size_t lane = 0; lane < lanes; lane++) {
        load[lane] += work[next];
        best = fmin(best, shortest_span(work, next + 1, count, load, lanes));
        load[lane] -= work[next];
    }
    return best;
}

static void draw_work(uint64_t *state, double *work, size_t count, double *busy, size_t lanes)
{
    for (size_t i = 0; i < count; i++) {
        double piece = 1 + 4 * uniform(state);
        size_t at = i;
        for (; at > 0 && work[at - 1] < piece; at--)
            work[at] = work[at - 1];
        work[at] = piece;
    }
    for (size_t i = 0; i < lanes; i++)
        busy[i] = 3 * uniform(state);
}

static double span_of(const double *work, size_t count, const double *busy, size_t lanes, const size_t *lane)
{
    double load[LANES];
    memcpy(load, busy, lanes * sizeof *load);
    for (size_t i = 0; i < count; i++) {
        cr_assert_lt(lane[i], lanes);
        load[lane[i]] += work[i];
    }
    return longest(load, lanes);
}

Test(division, it_is_near_the_best_of_all_and_never_later_than_longest_first)
{
    uint64_t state = 88172645463325252u;
    double work[PIECES], busy[LANES], sum = 0, usual = 0;
    for (int draw = 0; draw < 200; draw++) {
        size_t lane[PIECES];
        pnas_division division = {.lane = lane};
        draw_work(&state, work, PIECES, busy, LANES);
        cr_assert_eq(pnas_divide(work, PIECES, busy, LANES, 0, &division), PNAS_OK);
        double best = shortest_span(work, 0, PIECES, busy, LANES);
        double span = span_of(work, PIECES, busy, LANES, lane);
        cr_assert_leq(span, division.span + 1e-9);
        cr_assert_leq(division.span, division.longest_first);
        cr_assert_geq(span, best - 1e-9);
        cr_assert_leq(span, 1.12 * best, "%.3f instead of %.3f", span, best);
        sum += span / best / 200;
        usual += division.longest_first / best / 200;
    }
    cr_log_info("%.4f of the best span, longest first %.4f", sum, usual);
    cr_expect_lt(sum, 1.03);
    cr_expect_lt(sum, usual - 0.01);
    PNAS_EXPECT_NO_LEAKS();
}

Test(division, three_a_lane_and_one_more_do_not_take_four_turns)
{
    double work[3 * 5 + 1], busy[5] = {0};
    size_t lane[16], pieces_of[5] = {0};
    pnas_division division = {.lane = lane};
    for (int i = 0; i < 16; i++)
        work[i] = i < 12 ? 1 : 0.75;
    cr_assert_eq(pnas_divide(work, 16, busy, 5, 0.03, &division), PNAS_OK);
    for (int i = 0; i < 16; i++)
        pieces_of[lane[i]]++;
    cr_expect_float_eq(division.longest_first, 3.5, 1e-9);
    cr_expect_float_eq(division.span, 3, 0.01);
    for (int i = 0; i < 5; i++)
        cr_expect_eq(pieces_of[i], i < 4 ? 3 : 4);
}

Test(division, a_gain_too_small_is_left_alone)
{
    const double work[] = {3, 3, 2, 2, 2}, busy[2] = {0}; /* 7 longest first, 6 at best */
    size_t lane[5];
    pnas_division division = {.lane = lane};
    cr_assert_eq(pnas_divide(work, 5, busy, 2, 0.2, &division), PNAS_OK);
    cr_expect_float_eq(division.span, 7, 1e-9);
    cr_assert_eq(pnas_divide(work, 5, busy, 2, 0.1, &division), PNAS_OK);
    cr_expect_float_eq(division.span, 6, 0.01);
}

Test(division, nothing_to_do_takes_until_the_last_lane_is_free)
{
    const double busy[3] = {1, 4, 2};
    pnas_division division = {0};
    cr_assert_eq(pnas_divide(NULL, 0, busy, 3, 0, &division), PNAS_OK);
    cr_expect_float_eq(division.span, 4, 1e-9);
}
