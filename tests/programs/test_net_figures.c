/* Figures of a test, by hand. */
#include "io/net/class_figures.h"
#include "src/programs/pnas_net/net_figures.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

Test(net_figures, figures_of_a_test_are_what_they_are_by_hand)
{
    static const float logits[] = {2, 1, 0, -1, -2, -3, /* right */
                                   0, 0, 0, 0,  0,  0,  /* all equal: class 0; its label is in place 5 */
                                   0, 5, 0, 0,  0,  0}; /* wrong, second */
    static const uint16_t labels[] = {0, 5, 0};
    pnas_network_test test = {0};
    double e = 0;
    for (int i = 0; i < 6; i++)
        e += exp(-i);
    cr_assert_eq(pnas_test_figures(logits, labels, 3, 6, &test), PNAS_OK);
    cr_expect_eq(test.images, 3);
    cr_expect_float_eq(test.accuracy, 1.0 / 3, 1e-12);
    cr_expect_float_eq(test.top5, 2.0 / 3, 1e-12);
    cr_expect_float_eq(test.loss, (log(e) + log(6) + log(exp(5) + 5)) / 3, 1e-9);
    cr_expect(test.confusion[0] == 1 && test.confusion[5 * 6] == 1 && test.confusion[1] == 1);
    pnas_class_figures first = pnas_class_figures_of(&test, 6, 0);
    cr_expect(first.images == 2 && first.predicted == 2 && first.right == 1);
    free(test.confusion);
}

Test(net_figures, probabilities_of_large_logits_are_finite)
{
    static const float logits[] = {1e30f, 1e30f, -1e30f};
    double probability[3];
    pnas_softmax(logits, 3, probability);
    cr_expect(probability[0] == 0.5 && probability[1] == 0.5 && probability[2] == 0);
    cr_expect_eq(pnas_best_class(logits, 3), 0);
}

Test(net_figures, what_is_not_finite_is_refused)
{
    static const float logits[] = {0, NAN};
    static const uint16_t labels[] = {0};
    pnas_network_test test = {0};
    cr_expect_eq(pnas_test_figures(logits, labels, 1, 2, &test), PNAS_ERROR_DATA);
    cr_expect_null(test.confusion);
}

Test(net_figures, the_worst_are_those_whose_own_class_is_least_probable)
{
    static const float logits[] = {3,   0, 0,  /* right */
                                   0,   9, 0,  /* very wrong */
                                   0,   0, 0,  /* undecided */
                                   0,   0, 0,  /* the same: stays behind it */
                                   800, 0, 0}; /* so wrong that its probability is 0 in any number */
    static const uint16_t labels[] = {0, 2, 1, 0, 1};
    static const size_t expected[] = {4, 1, 2, 3, 0};
    size_t order[5];
    cr_assert_eq(pnas_worst_order(logits, labels, 5, 3, order), PNAS_OK);
    cr_expect_arr_eq(order, expected, sizeof expected);
}
