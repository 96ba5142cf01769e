/* Scores of a trie against the LSTM's equations in double precision, one cell after the other. */
#include "cl/ops/route.h"
#include "cl/surrogate/space_trie.h"
#include "cl/surrogate/surrogate_ensemble.h"
#include "src/search/space_walk.h"
#include "tests/cl/test_device.h"
#include "tests/search/trie_order.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

enum { TENSORS = 7, LINEAR_TENSORS = 4 };

/* Every launch goes through here: the most groups in each dimension. */
static size_t groups_most[3];

cl_int clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions,
                              const size_t *offset, const size_t *global, const size_t *local, cl_uint count,
                              const cl_event *after, cl_event *event)
{
    __typeof__(&clEnqueueNDRangeKernel) real =
        (__typeof__(&clEnqueueNDRangeKernel))dlsym(RTLD_NEXT, "clEnqueueNDRangeKernel");
    for (cl_uint d = 0; d < dimensions; ++d)
        if (global[d] / local[d] > groups_most[d])
            groups_most[d] = global[d] / local[d];
    return real(queue, kernel, dimensions, offset, global, local, count, after, event);
}

typedef struct { /* a surrogate of random weights */
    int inputs, operators, embedding, hidden;
    int tensors;
    pnas_named_tensor tensor[TENSORS + LINEAR_TENSORS];
} model;

static pnas_named_tensor random_tensor(pnas_stream *stream, const char *name, int rows, int columns,
                                       double size)
{
    pnas_named_tensor tensor = {.rank = rows > 0 ? 2 : 1};
    size_t count = (size_t)(rows > 0 ? rows : 1) * (size_t)columns;
    snprintf(tensor.name, sizeof tensor.name, "%s", name);
    tensor.shape[0] = (size_t)(rows > 0 ? rows : columns);
    tensor.shape[1] = rows > 0 ? (size_t)columns : 0;
    tensor.data = test_device_random(stream, count);
    for (size_t i = 0; i < count; ++i)
        tensor.data[i] *= (float)size;
    return tensor;
}

/* `size`: how large the gates' arguments become. */
static model make_model(int blocks, int operators, int hidden, double size, uint64_t seed)
{
    pnas_stream s = pnas_stream_make(seed, PNAS_STREAM_SURROGATE_WEIGHTS, 7, 0);
    model m = {
        .inputs = blocks + 1, .operators = operators, .embedding = 5, .hidden = hidden, .tensors = TENSORS};
    int E = m.embedding, H = hidden;
    m.tensor[0] = random_tensor(&s, "input_embedding", m.inputs, E, 1);
    m.tensor[1] = random_tensor(&s, "operator_embedding", operators, E, 1);
    m.tensor[2] = random_tensor(&s, "lstm/input_weight", E, 4 * H, size);
    m.tensor[3] = random_tensor(&s, "lstm/recurrent_weight", H, 4 * H, size / sqrt(H));
    m.tensor[4] = random_tensor(&s, "lstm/bias", 0, 4 * H, size);
    m.tensor[5] = random_tensor(&s, "output/weight", 0, H, 2 / sqrt(H));
    m.tensor[6] = random_tensor(&s, "output/bias", 0, 1, 1);
    return m;
}

/* Takes a share of 0.3 of the logit. */
static void add_linear(model *m)
{
    pnas_stream s = pnas_stream_make(1, PNAS_STREAM_SURROGATE_WEIGHTS, 8, 0);
    m->tensor[TENSORS] = random_tensor(&s, "linear/share", 0, 1, 1);
    m->tensor[TENSORS].data[0] = 0.3f;
    m->tensor[TENSORS + 1] = random_tensor(&s, "linear/bias", 0, 1, 1);
    m->tensor[TENSORS + 2] = random_tensor(&s, "linear/side", m->inputs, m->operators, 1);
    m->tensor[TENSORS + 3] = random_tensor(&s, "linear/pair", m->operators, m->operators, 1);
    float *pair = m->tensor[TENSORS + 3].data;
    for (int a = 0; a < m->operators; ++a)
        for (int b = 0; b < a; ++b)
            pair[a * m->operators + b] = pair[b * m->operators + a];
    m->tensors = TENSORS + LINEAR_TENSORS;
}

static void free_model(model *m)
{
    for (int i = 0; i < m->tensors; ++i)
        free(m->tensor[i].data);
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static void reference_step(const model *m, const float *x, double *h, double *c)
{
    int H = m->hidden;
    double z[4 * 64] = {0}, next[64] = {0};
    for (int j = 0; j < 4 * H; ++j) {
        z[j] = m->tensor[4].data[j];
        for (int e = 0; e < m->embedding; ++e)
            z[j] += (double)x[e] * m->tensor[2].data[e * 4 * H + j];
        for (int k = 0; k < H; ++k)
            z[j] += h[k] * m->tensor[3].data[k * 4 * H + j];
    }
    for (int j = 0; j < H; ++j) {
        c[j] = sigmoid(z[H + j]) * c[j] + sigmoid(z[j]) * tanh(z[2 * H + j]);
        next[j] = sigmoid(z[3 * H + j]) * tanh(c[j]);
    }
    memcpy(h, next, (size_t)H * sizeof *h);
}

static double reference_linear(const model *m, const pnas_cell *cell, const int *operator_of)
{
    const float *side = m->tensor[TENSORS + 2].data, *pair = m->tensor[TENSORS + 3].data;
    double sum = m->tensor[TENSORS + 1].data[0];
    for (int i = 0; i < cell->blocks; ++i) {
        const pnas_block *b = &cell->block[i];
        int in1 = b->in1 + 2 < m->inputs ? b->in1 + 2 : m->inputs - 1;
        int in2 = b->in2 + 2 < m->inputs ? b->in2 + 2 : m->inputs - 1;
        int op1 = operator_of ? operator_of[b->op1] : b->op1,
            op2 = operator_of ? operator_of[b->op2] : b->op2;
        sum +=
            side[in1 * m->operators + op1] + side[in2 * m->operators + op2] + pair[op1 * m->operators + op2];
    }
    return sum;
}

static double reference_score(const model *m, const pnas_cell *cell, const int *operator_of)
{
    double h[64] = {0}, c[64] = {0}, logit = m->tensor[6].data[0];
    cr_assert(m->hidden <= 64);
    for (int i = 0; i < cell->blocks; ++i) {
        const pnas_block *b = &cell->block[i];
        const int input[2] = {b->in1 + 2, b->in2 + 2}, op[2] = {b->op1, b->op2};
        for (int side = 0; side < 2; ++side) {
            int row = input[side] < m->inputs ? input[side] : m->inputs - 1;
            reference_step(m, m->tensor[0].data + row * m->embedding, h, c);
        }
        for (int side = 0; side < 2; ++side) {
            int row = operator_of ? operator_of[op[side]] : op[side];
            reference_step(m, m->tensor[1].data + row * m->embedding, h, c);
        }
    }
    for (int j = 0; j < m->hidden; ++j)
        logit += h[j] * m->tensor[5].data[j];
    return sigmoid(m->tensors > TENSORS ? 0.7 * logit + 0.3 * reference_linear(m, cell, operator_of) : logit);
}

static pnas_space_trie_options make_options(int operators, int blocks)
{
    return (pnas_space_trie_options){
        .space = {.operators = {.count = operators}, .blocks = blocks, .lookback = -2, .lookforward = -1},
        .blocks = blocks};
}

/* --- what the visitor was given --- */

typedef struct {
    size_t count, room, batches;
    pnas_cell *cell;
    float *mean, *spread;
    pnas_status answer;
} visited;

static pnas_status remember(void *payload, const pnas_trie_scores *scores)
{
    visited *v = payload;
    const pnas_trie_batch *batch = scores->batch;
    if (v->count + batch->cells > v->room) {
        v->room = 2 * (v->count + batch->cells);
        v->cell = realloc(v->cell, v->room * sizeof *v->cell);
        v->mean = realloc(v->mean, v->room * sizeof *v->mean);
        v->spread = realloc(v->spread, v->room * sizeof *v->spread);
        cr_assert(v->cell && v->mean && v->spread);
    }
    for (size_t i = 0; i < batch->families; ++i) {
        const pnas_trie_family *family = &batch->family[i];
        uint32_t number = family->first;
        for (uint32_t left = family->operators; left; left &= left - 1, ++number) {
            v->cell[v->count] = pnas_trie_batch_cell(batch, family, __builtin_ctz(left));
            v->mean[v->count] = scores->mean[number];
            v->spread[v->count++] = scores->spread ? scores->spread[number] : -1;
        }
        cr_assert_eq(number, i + 1 < batch->families ? family[1].first : batch->cells);
    }
    ++v->batches;
    return v->answer;
}

static void forget(visited *v)
{
    free(v->cell);
    free(v->mean);
    free(v->spread);
    memset(v, 0, sizeof *v);
}

static void score_models(pnas_cl *cl, const model *models, int count, const pnas_space_trie_options *options,
                         const pnas_cell *roots, size_t root_count, visited *v)
{
    pnas_member_tensors members[8];
    pnas_space_trie *trie = NULL;
    for (int m = 0; m < count; ++m)
        members[m] = (pnas_member_tensors){models[m].tensor, (size_t)models[m].tensors};
    cr_assert_eq(pnas_space_trie_create(cl, members, count, options, &trie), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_space_trie_run(trie, roots, root_count, remember, v), v->answer, "%s", pnas_message());
    pnas_space_trie_destroy(&trie);
}

static const pnas_cell whole = {0};

static pnas_status count_cell(void *payload, const pnas_cell *cell)
{
    (void)cell;
    ++*(size_t *)payload;
    return PNAS_OK;
}

/* All cells of the space, each once and in order, each with the score of the equations. */
static void expect_reference_within(double tolerance, const visited *v, const model *m,
                                    const pnas_space_trie_options *options)
{
    size_t cells = 0;
    cr_assert_eq(pnas_space_walk_unique(&options->space, options->blocks, count_cell, &cells), PNAS_OK);
    cr_assert_eq(v->count, cells, "%zu cells, expected %zu", v->count, cells);
    for (size_t i = 0; i < v->count; ++i) {
        cr_assert(i == 0 || trie_order(&v->cell[i - 1], &v->cell[i]) < 0, "cell %zu is out of order", i);
        double want = reference_score(m, &v->cell[i], options->operator_of);
        cr_assert_float_eq(v->mean[i], want, tolerance, "cell %zu: %.9g, expected %.9g", i, v->mean[i], want);
    }
}

static void expect_reference(const visited *v, const model *m, const pnas_space_trie_options *options)
{
    expect_reference_within(2e-6, v, m, options);
}

static void check_space(pnas_route route, int operators, int blocks, int hidden, double size)
{
    pnas_cl *cl = test_device_open_route(0, route);
    model m = make_model(blocks, operators, hidden, size, 1);
    pnas_space_trie_options options = make_options(operators, blocks);
    visited v = {0};
    score_models(cl, &m, 1, &options, &whole, 1, &v);
    /* Arguments of gates are rounded to 6e-8 of their size, and so are those of the next. */
    expect_reference_within(2e-6 * fmax(1, size), &v, &m, &options);
    forget(&v);
    free_model(&m);
    test_device_close(&cl);
}

Test(space_trie, tiles_score_every_two_block_cell_of_the_papers_operators)
{
    check_space(PNAS_ROUTE_TILE, 8, 2, 13, 0.7);
}

Test(space_trie, tiles_score_cells_of_one_block)
{
    check_space(PNAS_ROUTE_TILE, 8, 1, 16, 0.7);
}

Test(space_trie, tiles_score_cells_of_three_blocks)
{
    check_space(PNAS_ROUTE_TILE, 3, 3, 9, 0.7);
}

Test(space_trie, tiles_score_cells_of_five_blocks)
{
    check_space(PNAS_ROUTE_TILE, 1, 5, 10, 0.7);
}

Test(space_trie, the_plain_route_scores_the_same)
{
    check_space(PNAS_ROUTE_PLAIN, 4, 2, 13, 0.7);
    check_space(PNAS_ROUTE_PLAIN, 1, 3, 14, 0.7);
}

/* CUDA devices allow 65,535 groups in the second and third dimension, and rows are more. */
Test(space_trie, rows_of_the_plain_route_are_the_first_dimension)
{
    check_space(PNAS_ROUTE_PLAIN, 4, 2, 13, 0.7);
    cr_assert_gt(groups_most[0], 64);
    cr_assert(groups_most[1] <= 4 && groups_most[2] <= 1, "%zu and %zu groups", groups_most[1],
              groups_most[2]);
}

/* Small enough for a simulator that looks at every access. */
Test(space_trie, watched_routes_stay_within_their_memory)
{
    check_space(PNAS_ROUTE_TILE, 1, 2, 9, 0.7);
    check_space(PNAS_ROUTE_PLAIN, 1, 2, 9, 0.7);
}

/* Arguments of some ten to some hundred: gates at their ends, powers out of float's range. */
Test(space_trie, large_weights_score_as_well)
{
    check_space(PNAS_ROUTE_TILE, 4, 2, 13, 6);
    check_space(PNAS_ROUTE_TILE, 4, 2, 13, 60);
    check_space(PNAS_ROUTE_PLAIN, 2, 2, 10, 60);
}

static void check_linear(pnas_route route)
{
    const int operator_of[] = {5, 0, 7};
    model short_one = make_model(2, 8, 9, 0.7, 12), other = make_model(4, 8, 9, 0.7, 13);
    pnas_space_trie_options options = make_options(3, 3);
    options.operator_of = operator_of;
    add_linear(&short_one);
    visited v = {0};
    pnas_cl *cl = test_device_open_route(0, route);
    score_models(cl, &short_one, 1, &options, &whole, 1, &v);
    expect_reference(&v, &short_one, &options);
    forget(&v);
    const model both[2] = {short_one, other};
    score_models(cl, both, 2, &options, &whole, 1, &v);
    for (size_t i = 0; i < v.count; ++i)
        cr_assert_float_eq(v.mean[i],
                           (reference_score(&short_one, &v.cell[i], operator_of) +
                            reference_score(&other, &v.cell[i], operator_of)) /
                               2,
                           2e-6);
    forget(&v);
    free_model(&short_one);
    free_model(&other);
    test_device_close(&cl);
}

Test(space_trie, a_linear_part_adds_up_along_the_trie_for_the_members_that_have_one)
{
    check_linear(PNAS_ROUTE_TILE);
    check_linear(PNAS_ROUTE_PLAIN);
}

Test(space_trie, little_memory_means_more_batches_and_the_same_scores)
{
    pnas_cl *cl = test_device_open(0);
    model m = make_model(3, 3, 11, 0.7, 2);
    pnas_space_trie_options options = make_options(3, 3);
    visited much = {0}, little = {0};
    score_models(cl, &m, 1, &options, &whole, 1, &much);
    options.memory = 64 << 10;
    score_models(cl, &m, 1, &options, &whole, 1, &little);
    cr_expect_gt(little.batches, 10 * much.batches, "%zu batches", little.batches);
    cr_assert_eq(little.count, much.count);
    for (size_t i = 0; i < much.count; ++i)
        cr_assert_eq(little.mean[i], much.mean[i], "score %zu differs", i);
    forget(&much);
    forget(&little);
    free_model(&m);
    test_device_close(&cl);
}

Test(space_trie, too_little_memory_is_refused_with_what_is_needed)
{
    pnas_cl *cl = test_device_open(0);
    model m = make_model(2, 2, 16, 0.7, 2);
    pnas_space_trie_options options = make_options(2, 2);
    pnas_member_tensors tensors = {m.tensor, TENSORS};
    pnas_space_trie *trie = NULL;
    options.memory = 1000;
    cr_expect_eq(pnas_space_trie_create(cl, &tensors, 1, &options, &trie), PNAS_ERROR_USAGE);
    cr_expect(strstr(pnas_message(), "KiB"), "%s", pnas_message());
    cr_expect_null(trie);
    free_model(&m);
    test_device_close(&cl);
}

Test(space_trie, the_parts_below_roots_make_up_the_whole)
{
    pnas_cl *cl = test_device_open(0);
    model m = make_model(3, 2, 16, 0.7, 3);
    pnas_space_trie_options options = make_options(2, 3);
    visited roots = {0}, parts = {0};
    pnas_space_trie_options shorter = make_options(2, 1);
    score_models(cl, &m, 1, &shorter, &whole, 1, &roots);
    score_models(cl, &m, 1, &options, roots.cell, 4, &parts);
    score_models(cl, &m, 1, &options, roots.cell + 4, roots.count - 4, &parts);
    expect_reference(&parts, &m, &options);
    forget(&roots);
    forget(&parts);
    free_model(&m);
    test_device_close(&cl);
}

Test(space_trie, an_ensemble_gives_mean_and_spread_also_of_members_of_different_sizes)
{
    pnas_cl *cl = test_device_open(0);
    model m[3] = {make_model(2, 3, 9, 0.7, 4), make_model(2, 3, 20, 0.7, 5), make_model(2, 3, 12, 6, 6)};
    pnas_space_trie_options options = make_options(3, 2);
    visited v = {0};
    score_models(cl, m, 3, &options, &whole, 1, &v);
    cr_assert_gt(v.count, 0);
    for (size_t i = 0; i < v.count; ++i) {
        double score[3], mean = 0, squares = 0;
        for (int k = 0; k < 3; ++k)
            mean += (score[k] = reference_score(&m[k], &v.cell[i], NULL)) / 3;
        for (int k = 0; k < 3; ++k)
            squares += (score[k] - mean) * (score[k] - mean) / 2;
        cr_assert_float_eq(v.mean[i], mean, 2e-6);
        cr_assert_float_eq(v.spread[i], sqrt(squares), 2e-6);
    }
    forget(&v);
    for (int k = 0; k < 3; ++k)
        free_model(&m[k]);
    test_device_close(&cl);
}

Test(space_trie, operators_are_found_by_their_numbers_in_the_surrogate)
{
    pnas_cl *cl = test_device_open(0);
    model m = make_model(2, 8, 9, 0.7, 7);
    pnas_space_trie_options options = make_options(3, 2);
    const int operator_of[] = {5, 0, 7};
    options.operator_of = operator_of;
    visited v = {0};
    score_models(cl, &m, 1, &options, &whole, 1, &v);
    expect_reference(&v, &m, &options);
    forget(&v);
    const int unknown[] = {5, 0, 8};
    pnas_member_tensors tensors = {m.tensor, TENSORS};
    pnas_space_trie *trie = NULL;
    options.operator_of = unknown;
    cr_expect_eq(pnas_space_trie_create(cl, &tensors, 1, &options, &trie), PNAS_ERROR_DATA);
    free_model(&m);
    test_device_close(&cl);
}

Test(space_trie, longer_cells_than_trained_read_the_last_input_known)
{
    pnas_cl *cl = test_device_open(0);
    model m = make_model(2, 2, 9, 0.7, 8); /* knows -2, -1 and 0 */
    pnas_space_trie_options options = make_options(2, 4);
    visited v = {0};
    score_models(cl, &m, 1, &options, &whole, 1, &v);
    expect_reference(&v, &m, &options);
    forget(&v);
    free_model(&m);
    test_device_close(&cl);
}

static uint32_t only_odd_second_operators(void *payload, const pnas_cell *prefix, int in1, int op1, int in2,
                                          uint32_t operators)
{
    (void)payload, (void)prefix, (void)in2;
    return in1 == -2 && op1 == 0 ? 0 : operators & 0xaaaaaaaau;
}

Test(space_trie, a_filter_leaves_cells_out)
{
    pnas_cl *cl = test_device_open(0);
    model m = make_model(2, 4, 9, 0.7, 9);
    pnas_space_trie_options options = make_options(4, 2);
    visited all = {0}, some = {0};
    score_models(cl, &m, 1, &options, &whole, 1, &all);
    options.filter = only_odd_second_operators;
    score_models(cl, &m, 1, &options, &whole, 1, &some);
    size_t next = 0;
    for (size_t i = 0; i < all.count; ++i) {
        const pnas_block *last = &all.cell[i].block[1];
        if (last->op2 % 2 == 0 || (last->in1 == -2 && last->op1 == 0))
            continue;
        cr_assert_lt(next, some.count);
        cr_assert_eq(pnas_cell_compare(&all.cell[i], &some.cell[next]), 0);
        cr_assert_eq(all.mean[i], some.mean[next++]);
    }
    cr_expect_eq(next, some.count);
    forget(&all);
    forget(&some);
    free_model(&m);
    test_device_close(&cl);
}

Test(space_trie, the_visitor_can_end_a_run_and_the_trie_runs_again)
{
    pnas_cl *cl = test_device_open(0);
    model m = make_model(3, 3, 11, 0.7, 10);
    pnas_space_trie_options options = make_options(3, 3);
    pnas_member_tensors tensors = {m.tensor, TENSORS};
    pnas_space_trie *trie = NULL;
    options.memory = 64 << 10;
    visited v = {.answer = PNAS_STOPPED};
    cr_assert_eq(pnas_space_trie_create(cl, &tensors, 1, &options, &trie), PNAS_OK);
    cr_expect_eq(pnas_space_trie_run(trie, &whole, 1, remember, &v), PNAS_STOPPED);
    cr_expect_eq(v.batches, 1);
    forget(&v);
    cr_expect_eq(pnas_space_trie_run(trie, &whole, 1, remember, &v), PNAS_OK);
    expect_reference(&v, &m, &options);
    forget(&v);
    pnas_space_trie_destroy(&trie);
    free_model(&m);
    test_device_close(&cl);
}

Test(space_trie, tensors_that_are_no_lstm_are_refused)
{
    pnas_cl *cl = test_device_open(0);
    model m = make_model(2, 3, 9, 0.7, 11);
    pnas_space_trie_options options = make_options(3, 2);
    pnas_space_trie *trie = NULL;
    for (int i = 0; i < TENSORS; ++i) {
        model broken = m;
        pnas_member_tensors tensors = {broken.tensor, TENSORS};
        broken.tensor[i].shape[0] += 1;
        if (i > 1) /* there may be any number of inputs and operators */
            cr_expect_eq(pnas_space_trie_create(cl, &tensors, 1, &options, &trie), PNAS_ERROR_DATA,
                         "tensor %d", i);
        snprintf(broken.tensor[i].name, sizeof broken.tensor[i].name, "something_else");
        cr_expect_eq(pnas_space_trie_create(cl, &tensors, 1, &options, &trie), PNAS_ERROR_DATA, "tensor %d",
                     i);
        cr_expect_null(trie);
    }
    free_model(&m);
    test_device_close(&cl);
}

/* --- beside the surrogate itself --- */

static pnas_ensemble *fitted_lstm(pnas_cl *cl, const pnas_space *space)
{
    const pnas_surrogate_options options = {.linear = 0.4,
                                            .kernel = 0.6,
                                            .embedding = 20,
                                            .hidden = 15,
                                            .epochs = 5,
                                            .batch = 16,
                                            .rate_first = 0.01,
                                            .rate_later = 0.01,
                                            .last_bias = 0.5,
                                            .seed = 3};
    pnas_cell cell[64];
    double accuracy[64];
    for (int i = 0; i < 64; ++i) {
        cell[i] = (pnas_cell){.blocks = 1, .block = {{-2, (int8_t)(i % 8), -1, (int8_t)(i / 8)}}};
        accuracy[i] = i % 8 < 4 ? 0.2 : 0.9;
    }
    pnas_ensemble *lstm = NULL;
    cr_assert_eq(pnas_ensemble_create(cl, &options, space, &lstm), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_ensemble_fit(lstm, 1, cell, accuracy, 64), PNAS_OK, "%s", pnas_message());
    return lstm;
}

Test(space_trie, scores_are_the_surrogates_predictions)
{
    pnas_cl *cl = test_device_open(0);
    pnas_space_trie_options options = make_options(8, 2);
    pnas_ensemble *lstm = fitted_lstm(cl, &options.space);
    pnas_named_tensor *tensor = NULL;
    pnas_space_trie *trie = NULL;
    size_t count;
    visited v = {0};
    cr_assert_eq(pnas_ensemble_weights(lstm, 0, &tensor, &count), PNAS_OK);
    const pnas_member_tensors tensors = {tensor, count};
    cr_assert_eq(pnas_space_trie_create(cl, &tensors, 1, &options, &trie), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_space_trie_run(trie, &whole, 1, remember, &v), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(v.count, 31620);
    double *mean = malloc(v.count * sizeof *mean), *spread = malloc(v.count * sizeof *spread);
    cr_assert_eq(pnas_ensemble_predict(lstm, v.cell, v.count, mean, spread), PNAS_OK);
    for (size_t i = 0; i < v.count; ++i)
        cr_assert_float_eq(v.mean[i], mean[i], 1e-5, "cell %zu: %.9g, predicted %.9g", i, v.mean[i], mean[i]);
    free(mean);
    free(spread);
    forget(&v);
    pnas_space_trie_destroy(&trie);
    pnas_ensemble_free_weights(&tensor, count);
    pnas_ensemble_destroy(&lstm);
    test_device_close(&cl);
}
