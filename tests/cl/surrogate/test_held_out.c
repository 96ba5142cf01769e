/* Which cells a member of an ensemble leaves out of its fit, and what it loses on them; without a device. */
#include "cl/surrogate/held_out.h"
#include "cl/surrogate/member_order.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

Test(held_out, losses_follow_their_formulas)
{
    const pnas_cell cells[3] = {{.blocks = 1}, {.blocks = 1}, {.blocks = 2}};
    const double accuracy[3] = {0.5, 0.7, 0.1}, predicted[3] = {0.6, 0.4, 0.2};
    cr_expect_float_eq(pnas_held_out_loss(PNAS_LOSS_L1, cells, accuracy, predicted, 3), 0.5 / 3, 1e-12);
    cr_expect_float_eq(pnas_held_out_loss(PNAS_LOSS_SQUARED, cells, accuracy, predicted, 3), 0.11 / 3, 1e-12);
    /* One pair of one length: log(1 + odds of the first / odds of the second). */
    cr_expect_float_eq(pnas_held_out_loss(PNAS_LOSS_RANKING, cells, accuracy, predicted, 3),
                       log1p((0.6 / 0.4) / (0.4 / 0.6)), 1e-12);
    cr_expect_eq(pnas_held_out_loss(PNAS_LOSS_L1, cells, accuracy, predicted, 0), 0);
}

/* --- which cells a member leaves out --- */

enum { MANY = 60 };

static void mixed_lengths(pnas_cell cells[MANY])
{
    memset(cells, 0, MANY * sizeof *cells);
    for (int i = 0; i < MANY; ++i)
        cells[i].blocks = i % 6 == 0 ? 1 : i % 6 < 3 ? 2 : 3; /* 10, 20, 30 */
}

Test(leave_out, five_members_leave_out_each_cell_once_and_every_length_in_proportion)
{
    pnas_surrogate_options options = {.members = 5, .fit_share = 0.8, .seed = 11};
    pnas_cell cells[MANY];
    int times[MANY] = {0};
    mixed_lengths(cells);
    for (int m = 0; m < 5; ++m) {
        bool out[MANY];
        int length[4] = {0};
        cr_assert_eq(pnas_member_leave_out(&options, 2, m, cells, MANY, out), PNAS_OK);
        for (int i = 0; i < MANY; ++i) {
            times[i] += out[i];
            length[cells[i].blocks] += out[i];
        }
        for (int blocks = 1; blocks <= 3; ++blocks)
            cr_expect_eq(length[blocks], 2 * blocks, "member %d leaves out %d cells of %d blocks", m,
                         length[blocks], blocks);
    }
    for (int i = 0; i < MANY; ++i)
        cr_expect_eq(times[i], 1);
}

Test(leave_out, further_members_shuffle_anew_and_none_leaves_out_all)
{
    pnas_surrogate_options options = {.members = 5, .fit_share = 0.8, .seed = 11};
    pnas_cell cells[MANY];
    bool first[MANY], sixth[MANY], one[1];
    mixed_lengths(cells);
    cr_assert_eq(pnas_member_leave_out(&options, 2, 0, cells, MANY, first), PNAS_OK);
    cr_assert_eq(pnas_member_leave_out(&options, 2, 5, cells, MANY, sixth), PNAS_OK);
    cr_expect_arr_neq(first, sixth, sizeof first);
    for (int m = 0; m < 5; ++m) {
        cr_assert_eq(pnas_member_leave_out(&options, 1, m, cells, 1, one), PNAS_OK);
        cr_expect_not(one[0]);
    }
    options.fit_share = 1;
    cr_assert_eq(pnas_member_leave_out(&options, 2, 3, cells, MANY, first), PNAS_OK);
    for (int i = 0; i < MANY; ++i)
        cr_expect_not(first[i]);
}
