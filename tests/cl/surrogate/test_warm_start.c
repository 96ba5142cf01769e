/* Fits that start from the weights of another search's. */
#include "cl/surrogate/ensemble_state.h"
#include "cl/surrogate/surrogate_ensemble.h"
#include "src/base/random.h"
#include "src/search/spearman.h"
#include "tests/cl/test_device.h"

#include <string.h>

enum { OPERATORS = 8, MANY = 160, FEW = 12 };

static const pnas_space space = {
    .operators = {.count = OPERATORS}, .blocks = 2, .lookback = -2, .lookforward = -1};

static pnas_surrogate_options options_of(pnas_surrogate_model model)
{
    return (pnas_surrogate_options){.model = model,
                                    .members = 1,
                                    .fit_share = 1,
                                    .embedding = 20,
                                    .hidden = 20,
                                    .epochs = 20,
                                    .batch = 16,
                                    .loss = PNAS_LOSS_RANKING,
                                    .rate_first = 0.01,
                                    .rate_later = 0.002,
                                    .seed = 3};
}

typedef struct {
    pnas_cell cell[MANY];
    double accuracy[MANY];
} sample;

static int8_t random_input(pnas_stream *stream, int blocks)
{
    return (int8_t)((int)pnas_stream_below(stream, (uint32_t)blocks + 2) - 2);
}

/* Cells of `blocks` blocks whose accuracy adds up over operators, around `centre`. */
static void fill(sample *s, uint64_t seed, int blocks, double centre)
{
    static const double worth[OPERATORS] = {0, 0.1, 0.08, 0.04, 0.02, -0.1, -0.06, 0.06};
    pnas_stream stream = pnas_stream_make(seed, PNAS_STREAM_TEST, 0, 0);
    for (int i = 0; i < MANY; ++i) {
        pnas_cell cell = {.blocks = blocks};
        double sum = 0;
        for (int b = 0; b < blocks; ++b) {
            pnas_block *block = &cell.block[b];
            *block = (pnas_block){random_input(&stream, b), (int8_t)pnas_stream_below(&stream, OPERATORS),
                                  random_input(&stream, b), (int8_t)pnas_stream_below(&stream, OPERATORS)};
            sum += worth[block->op1] + worth[block->op2];
        }
        s->cell[i] = cell;
        s->accuracy[i] = centre + sum / blocks;
    }
}

static pnas_ensemble *created(pnas_cl *cl, const pnas_surrogate_options *options)
{
    pnas_ensemble *ensemble = NULL;
    cr_assert_eq(pnas_ensemble_create(cl, options, &space, &ensemble), PNAS_OK, "%s", pnas_message());
    return ensemble;
}

static void fit(pnas_ensemble *ensemble, int level, const sample *s, size_t count)
{
    cr_assert_eq(pnas_ensemble_fit(ensemble, level, s->cell, s->accuracy, count), PNAS_OK, "%s",
                 pnas_message());
}

static float *weights_of(pnas_ensemble *ensemble)
{
    float *weights = malloc(pnas_ensemble_weight_count(ensemble) * sizeof *weights);
    cr_assert_eq(pnas_ensemble_read(ensemble, 0, weights), PNAS_OK, "%s", pnas_message());
    return weights;
}

/* What another search learnt from many cells of two blocks. */
static float *learnt_elsewhere(pnas_cl *cl, const pnas_surrogate_options *options)
{
    sample s;
    pnas_ensemble *other = created(cl, options);
    fill(&s, 1, 2, 0.7);
    fit(other, 1, &s, MANY);
    float *weights = weights_of(other);
    pnas_ensemble_destroy(&other);
    return weights;
}

static double spearman_of(pnas_ensemble *ensemble, const sample *s)
{
    double mean[MANY], spread[MANY];
    cr_assert_eq(pnas_ensemble_predict(ensemble, s->cell, MANY, mean, spread), PNAS_OK);
    return pnas_spearman(mean, s->accuracy, MANY);
}

static void expect_better_on_few(pnas_cl *cl, const pnas_surrogate_options *options)
{
    sample few, next;
    pnas_ensemble *cold = created(cl, options), *warm = created(cl, options);
    float *origin = learnt_elsewhere(cl, options);
    fill(&few, 2, 1, 0.4);
    fill(&next, 3, 2, 0.4);
    cr_assert_eq(pnas_ensemble_start_from(warm, 0, origin), PNAS_OK, "%s", pnas_message());
    double before = spearman_of(warm, &next);
    fit(cold, 1, &few, FEW);
    fit(warm, 1, &few, FEW);
    double fresh = spearman_of(cold, &next), started = spearman_of(warm, &next);
    cr_expect_gt(before, 0.6, "Spearman %.3f before any fit", before);
    cr_expect_gt(started, fresh + (options->linear > 0 ? 0 : 0.1),
                 "Spearman %.3f, and %.3f from fresh weights", started, fresh);
    free(origin);
    pnas_ensemble_destroy(&cold);
    pnas_ensemble_destroy(&warm);
}

Test(warm_start, ranks_better_from_few_cells)
{
    pnas_cl *cl = test_device_open(0);
    for (int model = PNAS_MODEL_LSTM; model <= PNAS_MODEL_MLP; ++model)
        for (int linear = 0; linear < 2; ++linear) {
            pnas_surrogate_options options = options_of((pnas_surrogate_model)model);
            options.linear = linear;
            expect_better_on_few(cl, &options);
        }
    test_device_close(&cl);
}

/* A linear part from elsewhere that says the opposite of what is measured must not be believed. */
Test(warm_start, a_linear_part_that_misleads_is_left_out)
{
    pnas_cl *cl = test_device_open(0);
    pnas_surrogate_options options = options_of(PNAS_MODEL_MLP);
    options.linear = 1;
    sample s, opposite;
    pnas_ensemble *cold = created(cl, &options), *warm = created(cl, &options);
    double expected[MANY], found[MANY], spread[MANY];
    fill(&s, 4, 2, 0.6);
    opposite = s;
    for (int i = 0; i < MANY; ++i)
        opposite.accuracy[i] = 1.2 - s.accuracy[i];
    fit(warm, 1, &opposite, MANY);
    float *misled = weights_of(warm);
    cr_assert_eq(pnas_ensemble_start_from(warm, 0, misled), PNAS_OK, "%s", pnas_message());
    fit(cold, 1, &s, 60);
    fit(warm, 1, &s, 60);
    cr_assert_eq(pnas_ensemble_predict(cold, s.cell, MANY, expected, spread), PNAS_OK);
    cr_assert_eq(pnas_ensemble_predict(warm, s.cell, MANY, found, spread), PNAS_OK);
    cr_expect_arr_eq(found, expected, sizeof found);
    free(misled);
    pnas_ensemble_destroy(&cold);
    pnas_ensemble_destroy(&warm);
    test_device_close(&cl);
}

static const float *embeddings_of(pnas_ensemble *ensemble, pnas_named_tensor **tensors, size_t *count)
{
    cr_assert_eq(pnas_ensemble_weights(ensemble, 0, tensors, count), PNAS_OK);
    cr_assert_str_eq((*tensors)[0].name, "input_embedding");
    return (*tensors)[0].data;
}

Test(warm_start, inputs_that_this_search_has_not_seen_stay_as_the_other_knew_them)
{
    pnas_cl *cl = test_device_open(0);
    pnas_surrogate_options options = options_of(PNAS_MODEL_LSTM);
    options.weight_decay = 0.03;
    pnas_ensemble *ensemble = created(cl, &options);
    float *origin = learnt_elsewhere(cl, &options);
    pnas_named_tensor *before, *after;
    size_t count;
    sample few;
    fill(&few, 5, 1, 0.5);
    cr_assert_eq(pnas_ensemble_start_from(ensemble, 0, origin), PNAS_OK, "%s", pnas_message());
    const float *known = embeddings_of(ensemble, &before, &count);
    fit(ensemble, 1, &few, FEW);
    const float *now = embeddings_of(ensemble, &after, &count);
    size_t block = 2 * (size_t)options.embedding; /* input 0 */
    cr_expect_arr_eq(now + block, known + block, (size_t)options.embedding * sizeof *now);
    cr_expect_arr_neq(now, known, (size_t)options.embedding * sizeof *now, "nothing was learnt of input -2");
    pnas_ensemble_free_weights(&before, count);
    pnas_ensemble_free_weights(&after, count);
    free(origin);
    pnas_ensemble_destroy(&ensemble);
    test_device_close(&cl);
}

/* From scratch every fit starts from the other's weights; finetuning only the first one does. */
Test(warm_start, later_fits_start_where_refit_says)
{
    pnas_cl *cl = test_device_open(0);
    sample s;
    fill(&s, 6, 1, 0.5);
    for (int refit = PNAS_REFIT_SCRATCH; refit <= PNAS_REFIT_FINETUNE; ++refit) {
        pnas_surrogate_options options = options_of(PNAS_MODEL_MLP);
        options.refit = (pnas_surrogate_refit)refit;
        pnas_ensemble *once = created(cl, &options), *twice = created(cl, &options);
        float *origin = learnt_elsewhere(cl, &options);
        cr_assert_eq(pnas_ensemble_start_from(once, 0, origin), PNAS_OK, "%s", pnas_message());
        cr_assert_eq(pnas_ensemble_start_from(twice, 0, origin), PNAS_OK, "%s", pnas_message());
        fit(twice, 1, &s, FEW);
        fit(twice, 2, &s, MANY);
        fit(once, 2, &s, MANY);
        float *a = weights_of(once), *b = weights_of(twice);
        bool same = memcmp(a, b, pnas_ensemble_weight_count(once) * sizeof *a) == 0;
        cr_expect_eq(same, refit == PNAS_REFIT_SCRATCH);
        free(a);
        free(b);
        free(origin);
        pnas_ensemble_destroy(&once);
        pnas_ensemble_destroy(&twice);
    }
    test_device_close(&cl);
}
