#include "tests/search/fake_search.h"

#include "src/search/canonical.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double fraction(uint64_t bits)
{
    return (double)(bits % 9973) / 9973;
}

double true_accuracy(const pnas_cell *cell)
{
    return fraction(pnas_cell_hash(cell) >> 7);
}

bool fails(const pnas_cell *cell)
{
    return pnas_cell_hash(cell) % 7 == 0;
}

static pnas_status fake_fit(void *payload, int level, const pnas_cell *cells, const double *accuracy,
                            size_t count)
{
    fake *f = payload;
    ++f->fits;
    f->last_fit_level = level;
    f->fitted[level] = count;
    f->fitted_sum[level] = 0;
    for (size_t i = 0; i < count; ++i) {
        if (f->failed_reward > 0 && fails(&cells[i])) {
            cr_expect_eq(accuracy[i], f->failed_reward);
            continue;
        }
        cr_expect_eq(accuracy[i], true_accuracy(&cells[i]));
        cr_expect_not(fails(&cells[i]), "a failed child is fitted on");
        f->fitted_sum[level] += accuracy[i];
    }
    return PNAS_OK;
}

double prediction(const pnas_cell *cell)
{
    return fraction(pnas_cell_hash(cell) >> 23);
}

static pnas_status fake_predict(void *payload, const pnas_cell *cells, size_t count, double *mean,
                                double *spread)
{
    fake *f = payload;
    f->predicted += count;
    f->largest_call = count > f->largest_call ? count : f->largest_call;
    for (size_t i = 0; i < count; ++i) {
        mean[i] = f->constant ? f->answer : prediction(&cells[i]);
        spread[i] = mean[i] / 16;
    }
    return f->status;
}

pnas_surrogate surrogate_of(fake *f)
{
    return (pnas_surrogate){.fit = fake_fit, .predict = fake_predict, .payload = f};
}

pnas_search_options paper_options(int blocks, int beam)
{
    pnas_search_options options = {.space = {.blocks = blocks, .lookback = -2, .lookforward = -1},
                                   .beam = beam};
    pnas_operator_set_paper(&options.space.operators);
    return options;
}

pnas_search *created(const pnas_search_options *options)
{
    pnas_search *search;
    cr_assert_eq(pnas_search_create(options, &search), PNAS_OK, "%s", pnas_message());
    return search;
}

void record_child(pnas_search *search, int blocks, size_t index)
{
    const pnas_child *child = &pnas_search_level(search, blocks)->child[index];
    pnas_result result = {.status = PNAS_CHILD_DONE, .accuracy = true_accuracy(&child->cell), .epochs = 2};
    if (fails(&child->cell)) {
        result = (pnas_result){.status = PNAS_CHILD_FAILED, .accuracy = NAN};
        strcpy(result.error, "the loss is not finite");
    }
    result.history = calloc(2 * PNAS_METRICS, sizeof *result.history);
    cr_assert_eq(pnas_search_record(search, blocks, index, &result), PNAS_OK, "%s", pnas_message());
    cr_assert_null(result.history, "the history is taken over");
}

void record_level(pnas_search *search)
{
    int blocks = pnas_search_levels(search);
    for (size_t i = pnas_search_level(search, blocks)->count; i-- > 0;)
        if (pnas_search_level(search, blocks)->child[i].result.status == PNAS_CHILD_PENDING)
            record_child(search, blocks, i);
}

void run_to_end(pnas_search *search, fake *f)
{
    pnas_surrogate surrogate = surrogate_of(f);
    while (!pnas_search_complete(search)) {
        if (pnas_search_pending(search) == 0)
            cr_assert_eq(pnas_search_propose(search, pnas_search_levels(search) ? &surrogate : NULL), PNAS_OK,
                         "%s", pnas_message());
        record_level(search);
    }
}
