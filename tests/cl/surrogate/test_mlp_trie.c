/* Scores of a trie of MLPs of one layer against the predictions of the same surrogate, which agree with PyTorch's. */
#include "cl/ops/route.h"
#include "cl/surrogate/space_trie.h"
#include "cl/surrogate/surrogate_ensemble.h"
#include "src/search/space_walk.h"
#include "tests/cl/test_device.h"

#include <string.h>

enum { MEMBERS_MAX = 4 };

static pnas_surrogate_options options_of(pnas_surrogate_model model, int hidden, int members)
{
    return (pnas_surrogate_options){.model = model,
                                    .members = members,
                                    .fit_share = 0.8,
                                    .linear = 0.4,
                                    .kernel = 0.3,
                                    .embedding = 7,
                                    .hidden = hidden,
                                    .epochs = 5,
                                    .batch = 16,
                                    .rate_first = 0.02,
                                    .rate_later = 0.02,
                                    .last_bias = 0.5,
                                    .seed = 3};
}

static pnas_space space_of(int operators, int blocks)
{
    return (pnas_space){
        .operators = {.count = operators}, .blocks = blocks, .lookback = -2, .lookforward = -1};
}

static pnas_ensemble *fitted(pnas_cl *cl, const pnas_surrogate_options *options, const pnas_space *space)
{
    enum { CELLS = 64 };
    pnas_cell cell[CELLS];
    double accuracy[CELLS];
    int O = space->operators.count;
    for (int i = 0; i < CELLS; ++i) {
        cell[i] = (pnas_cell){.blocks = 1, .block = {{-2, (int8_t)(i % O), -1, (int8_t)(i / 8 % O)}}};
        accuracy[i] = i % O < 2 ? 0.2 : 0.9;
    }
    pnas_ensemble *ensemble = NULL;
    cr_assert_eq(pnas_ensemble_create(cl, options, space, &ensemble), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_ensemble_fit(ensemble, 1, cell, accuracy, CELLS), PNAS_OK, "%s", pnas_message());
    return ensemble;
}

typedef struct {
    pnas_named_tensor *tensor[MEMBERS_MAX];
    pnas_member_tensors member[MEMBERS_MAX];
    int count;
} weights;

static weights weights_of(pnas_ensemble *ensemble, int members)
{
    weights w = {.count = members};
    for (int m = 0; m < members; ++m) {
        size_t count;
        cr_assert_eq(pnas_ensemble_weights(ensemble, m, &w.tensor[m], &count), PNAS_OK);
        w.member[m] = (pnas_member_tensors){w.tensor[m], count};
    }
    return w;
}

static void free_weights(weights *w)
{
    for (int m = 0; m < w->count; ++m)
        pnas_ensemble_free_weights(&w->tensor[m], w->member[m].count);
}

typedef struct { /* all that was scored */
    size_t count, batches;
    pnas_cell *cell;
    float *mean, *spread;
} visited;

static pnas_status remember(void *payload, const pnas_trie_scores *scores)
{
    visited *v = payload;
    const pnas_trie_batch *batch = scores->batch;
    size_t room = v->count + batch->cells;
    v->cell = realloc(v->cell, room * sizeof *v->cell);
    v->mean = realloc(v->mean, room * sizeof *v->mean);
    v->spread = realloc(v->spread, room * sizeof *v->spread);
    cr_assert(v->cell && v->mean && v->spread);
    for (size_t i = 0; i < batch->families; ++i) {
        const pnas_trie_family *family = &batch->family[i];
        uint32_t number = family->first;
        for (uint32_t left = family->operators; left; left &= left - 1, ++number) {
            v->cell[v->count] = pnas_trie_batch_cell(batch, family, __builtin_ctz(left));
            v->mean[v->count] = scores->mean[number];
            v->spread[v->count++] = scores->spread ? scores->spread[number] : 0;
        }
    }
    ++v->batches;
    return PNAS_OK;
}

static visited score(pnas_cl *cl, const weights *w, const pnas_space_trie_options *options)
{
    const pnas_cell whole = {0};
    pnas_space_trie *trie = NULL;
    visited v = {0};
    cr_assert_eq(pnas_space_trie_create(cl, w->member, w->count, options, &trie), PNAS_OK, "%s",
                 pnas_message());
    cr_assert_eq(pnas_space_trie_run(trie, &whole, 1, remember, &v), PNAS_OK, "%s", pnas_message());
    pnas_space_trie_destroy(&trie);
    return v;
}

static void forget(visited *v)
{
    free(v->cell);
    free(v->mean);
    free(v->spread);
}

static pnas_status count_cell(void *payload, const pnas_cell *cell)
{
    (void)cell;
    ++*(size_t *)payload;
    return PNAS_OK;
}

/* All cells of the space were scored; `cell` is what the ensemble is asked of them. */
static void expect_predictions(pnas_ensemble *ensemble, const visited *v, const pnas_cell *cell,
                               const pnas_space *space)
{
    size_t cells = 0;
    cr_assert_eq(pnas_space_walk_unique(space, space->blocks, count_cell, &cells), PNAS_OK);
    double *mean = malloc(v->count * sizeof *mean), *spread = malloc(v->count * sizeof *spread);
    cr_assert_eq(v->count, cells, "%zu cells, expected %zu", v->count, cells);
    cr_assert_eq(pnas_ensemble_predict(ensemble, cell, v->count, mean, spread), PNAS_OK, "%s",
                 pnas_message());
    for (size_t i = 0; i < v->count; ++i) {
        cr_assert_float_eq(v->mean[i], mean[i], 2e-6, "cell %zu: %.9g, predicted %.9g", i, v->mean[i],
                           mean[i]);
        cr_assert_float_eq(v->spread[i], spread[i], 2e-6, "cell %zu: spread %.9g, predicted %.9g", i,
                           v->spread[i], spread[i]);
    }
    free(mean);
    free(spread);
}

static void check(pnas_route route, int operators, int blocks, int hidden, int members)
{
    pnas_cl *cl = test_device_open_route(0, route);
    const pnas_surrogate_options options = options_of(PNAS_MODEL_MLP1, hidden, members);
    const pnas_space space = space_of(operators, blocks);
    pnas_ensemble *ensemble = fitted(cl, &options, &space);
    weights w = weights_of(ensemble, members);
    const pnas_space_trie_options trie = {.space = space, .blocks = blocks};
    visited v = score(cl, &w, &trie);
    expect_predictions(ensemble, &v, v.cell, &space);
    forget(&v);
    free_weights(&w);
    pnas_ensemble_destroy(&ensemble);
    test_device_close(&cl);
}

Test(mlp_trie, tiles_score_as_the_surrogate_predicts)
{
    check(PNAS_ROUTE_TILE, 8, 1, 16, 1);
    check(PNAS_ROUTE_TILE, 8, 2, 21, 1);
}

Test(mlp_trie, an_ensemble_gives_mean_and_spread)
{
    check(PNAS_ROUTE_TILE, 3, 3, 9, 4);
}

Test(mlp_trie, the_plain_route_gives_the_same_bits)
{
    const pnas_surrogate_options options = options_of(PNAS_MODEL_MLP1, 12, 2);
    const pnas_space space = space_of(5, 2);
    const pnas_space_trie_options trie = {.space = space, .blocks = 2};
    pnas_cl *cl = test_device_open_route(0, PNAS_ROUTE_TILE);
    pnas_ensemble *ensemble = fitted(cl, &options, &space);
    weights w = weights_of(ensemble, 2);
    visited tile = score(cl, &w, &trie);
    pnas_cl *plain_cl = test_device_open_route(0, PNAS_ROUTE_PLAIN);
    visited plain = score(plain_cl, &w, &trie);
    cr_assert_gt(tile.count, 1000);
    cr_assert_eq(tile.count, plain.count);
    cr_expect_eq(memcmp(tile.mean, plain.mean, tile.count * sizeof *tile.mean), 0);
    cr_expect_eq(memcmp(tile.spread, plain.spread, tile.count * sizeof *tile.spread), 0);
    forget(&tile);
    forget(&plain);
    free_weights(&w);
    pnas_ensemble_destroy(&ensemble);
    test_device_close(&plain_cl);
    test_device_close(&cl);
}

Test(mlp_trie, watched_routes_stay_within_their_memory)
{
    check(PNAS_ROUTE_TILE, 2, 2, 9, 1);
    check(PNAS_ROUTE_PLAIN, 2, 2, 9, 1);
}

Test(mlp_trie, little_memory_means_more_batches_and_the_same_scores)
{
    const pnas_surrogate_options options = options_of(PNAS_MODEL_MLP1, 12, 2);
    const pnas_space space = space_of(3, 3);
    pnas_space_trie_options trie = {.space = space, .blocks = 3};
    pnas_cl *cl = test_device_open(0);
    pnas_ensemble *ensemble = fitted(cl, &options, &space);
    weights w = weights_of(ensemble, 2);
    visited much = score(cl, &w, &trie);
    trie.memory = 128 << 10;
    visited little = score(cl, &w, &trie);
    cr_expect_gt(little.batches, much.batches);
    cr_assert_eq(little.count, much.count);
    cr_expect_eq(memcmp(little.mean, much.mean, much.count * sizeof *much.mean), 0);
    forget(&much);
    forget(&little);
    free_weights(&w);
    pnas_ensemble_destroy(&ensemble);
    test_device_close(&cl);
}

Test(mlp_trie, operators_are_found_by_their_numbers_and_unknown_inputs_are_the_last)
{
    pnas_cl *cl = test_device_open(0);
    const pnas_surrogate_options options = options_of(PNAS_MODEL_MLP1, 9, 1);
    const pnas_space known = space_of(8, 3);
    const int operator_of[] = {5, 0, 7};
    pnas_ensemble *ensemble = fitted(cl, &options, &known);
    weights w = weights_of(ensemble, 1);
    w.tensor[0][0].shape[0] = 3; /* as if it knew -2, -1 and 0 alone */
    cr_assert_str_eq(w.tensor[0][0].name, "input_embedding");
    for (size_t i = 0; i < w.member[0].count; ++i)
        if (strcmp(w.tensor[0][i].name, "linear/side") == 0)
            w.tensor[0][i].shape[0] = 3;
    const pnas_space_trie_options trie = {.space = space_of(3, 3), .blocks = 3, .operator_of = operator_of};
    visited v = score(cl, &w, &trie);
    pnas_cell *asked = malloc(v.count * sizeof *asked);
    memcpy(asked, v.cell, v.count * sizeof *asked);
    for (size_t i = 0; i < v.count; ++i)
        for (int b = 0; b < 3; ++b) {
            pnas_block *block = &asked[i].block[b];
            block->op1 = (int8_t)operator_of[block->op1];
            block->op2 = (int8_t)operator_of[block->op2];
            block->in1 = block->in1 > 0 ? 0 : block->in1;
            block->in2 = block->in2 > 0 ? 0 : block->in2;
        }
    expect_predictions(ensemble, &v, asked, &trie.space);
    free(asked);
    forget(&v);
    free_weights(&w);
    pnas_ensemble_destroy(&ensemble);
    test_device_close(&cl);
}

Test(mlp_trie, two_layers_and_members_of_other_models_are_refused)
{
    pnas_cl *cl = test_device_open(0);
    const pnas_space space = space_of(3, 2);
    const pnas_surrogate_model model[] = {PNAS_MODEL_MLP1, PNAS_MODEL_LSTM, PNAS_MODEL_MLP};
    pnas_ensemble *ensemble[3];
    weights w[3];
    for (int i = 0; i < 3; ++i) {
        const pnas_surrogate_options options = options_of(model[i], 9, 1);
        ensemble[i] = fitted(cl, &options, &space);
        w[i] = weights_of(ensemble[i], 1);
    }
    const pnas_space_trie_options options = {.space = space, .blocks = 2};
    const pnas_member_tensors mixed[] = {w[0].member[0], w[1].member[0]};
    pnas_space_trie *trie = NULL;
    cr_expect_eq(pnas_space_trie_create(cl, mixed, 2, &options, &trie), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "different models"), "%s", pnas_message());
    cr_expect_eq(pnas_space_trie_create(cl, w[2].member, 1, &options, &trie), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "two layers"), "%s", pnas_message());
    cr_expect_null(trie);
    for (int i = 0; i < 3; ++i) {
        free_weights(&w[i]);
        pnas_ensemble_destroy(&ensemble[i]);
    }
    test_device_close(&cl);
}
