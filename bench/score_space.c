/* How many cells a second a trained surrogate scores: the trie against pnas_ensemble_predict on the same weights,
 * and whether the two agree. docs/scoring.md has the figures. */
#include "cl/surrogate/space_trie.h"
#include "cl/surrogate/surrogate_ensemble.h"
#include "src/base/clock.h"
#include "src/base/log.h"
#include "src/base/random.h"

#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SAMPLE_EVERY 1009 /* every so many cells one is predicted the plain way, too */
#define TOLERANCE    1e-5

typedef struct {
    int blocks, hidden, members, threads;
    size_t memory;
    double seconds; /* stop after so long */
    double kernel;
    bool lstm;
    const char *device;
} arguments;

static const struct argp_option option_list[] = {
    {"blocks", 'b', "B", 0, "blocks of the cells, 2 to 5 (3)", 0},
    {"hidden", 'n', "N", 0, "hidden units (100)", 0},
    {"lstm", 'l', NULL, 0, "LSTMs instead of MLPs of one layer", 0},
    {"members", 'm', "M", 0, "surrogates of the ensemble, all with the same weights (1)", 0},
    {"kernel", 'k', "SHARE", 0, "share of the kernel part (0.5)", 0},
    {"memory", 'M', "MIB", 0, "memory for batches (64)", 0},
    {"seconds", 's', "S", 0, "stop after so long (60)", 0},
    {"threads", 't', "T", 0, "cores of a CPU device (all)", 0},
    {"device", 'd', "DEVICE", 0, "index, cpu, gpu or part of a name (auto)", 0},
    {0}};

static error_t parse(int key, char *value, struct argp_state *state)
{
    arguments *a = state->input;
    switch (key) {
    case 'b':
        a->blocks = atoi(value);
        return 0;
    case 'n':
        a->hidden = atoi(value);
        return 0;
    case 'l':
        a->lstm = true;
        return 0;
    case 'm':
        a->members = atoi(value);
        return 0;
    case 'k':
        a->kernel = atof(value);
        return 0;
    case 'M':
        a->memory = (size_t)atol(value) << 20;
        return 0;
    case 's':
        a->seconds = atof(value);
        return 0;
    case 't':
        a->threads = atoi(value);
        return 0;
    case 'd':
        a->device = value;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

typedef struct {
    double deadline;
    uint64_t cells, batches;
    size_t samples, room;
    pnas_cell *cell;
    float *score;
    double sum;
} scoring;

static pnas_status keep(scoring *s, const pnas_cell *cell, float score)
{
    if (s->samples == s->room) {
        s->room = s->room ? 2 * s->room : 4096;
        s->cell = realloc(s->cell, s->room * sizeof *s->cell);
        s->score = realloc(s->score, s->room * sizeof *s->score);
        PNAS_CHECK(s->cell && s->score, PNAS_ERROR_MEMORY, "no memory for samples");
    }
    s->cell[s->samples] = *cell;
    s->score[s->samples++] = score;
    return PNAS_OK;
}

static pnas_status take(void *payload, const pnas_trie_scores *scores)
{
    scoring *s = payload;
    const pnas_trie_batch *batch = scores->batch;
    for (size_t i = 0; i < batch->cells; ++i)
        s->sum += scores->mean[i];
    for (size_t i = 0; i < batch->families; ++i) {
        const pnas_trie_family *family = &batch->family[i];
        if ((s->cells + family->first) % SAMPLE_EVERY >= 8)
            continue;
        pnas_cell cell = pnas_trie_batch_cell(batch, family, __builtin_ctz(family->operators));
        PNAS_TRY(keep(s, &cell, scores->mean[family->first]));
    }
    s->cells += batch->cells;
    ++s->batches;
    return pnas_clock_seconds() < s->deadline ? PNAS_OK : pnas_fail(PNAS_STOPPED, "time is up");
}

/* Weights that have seen some cells, so that they are no longer all small. */
static pnas_status fit(pnas_ensemble *ensemble, const pnas_space *space)
{
    enum { CELLS = 200 };
    pnas_cell cell[CELLS];
    double accuracy[CELLS];
    pnas_stream stream = pnas_stream_make(1, PNAS_STREAM_SURROGATE_WEIGHTS, 99, 0);
    for (int i = 0; i < CELLS; ++i) {
        cell[i] = (pnas_cell){.blocks = 1 + i % 2};
        int hits = 0;
        for (int b = 0; b < cell[i].blocks; ++b) {
            pnas_block *block = &cell[i].block[b];
            block->in1 = (int8_t)(-2 + (int)(pnas_stream_uniform(&stream) * (b + 2)));
            block->in2 = (int8_t)(-2 + (int)(pnas_stream_uniform(&stream) * (b + 2)));
            block->op1 = (int8_t)(pnas_stream_uniform(&stream) * space->operators.count);
            block->op2 = (int8_t)(pnas_stream_uniform(&stream) * space->operators.count);
            hits += (block->op1 < 4) + (block->op2 < 4) + (block->in1 == -1);
        }
        accuracy[i] = 0.5 + 0.4 * hits / (3.0 * cell[i].blocks);
    }
    return pnas_ensemble_fit(ensemble, 2, cell, accuracy, CELLS);
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Predicts the sampled cells the plain way; returns the largest difference. */
static pnas_status compare(pnas_ensemble *ensemble, const scoring *s, double *largest)
{
    double *mean = malloc(s->samples * sizeof *mean), *spread = malloc(s->samples * sizeof *spread);
    pnas_status status;
    PNAS_CHECK_CLEANUP(mean && spread, PNAS_ERROR_MEMORY, "no memory for predictions");
    double wall = pnas_clock_seconds(), cpu = cpu_seconds();
    PNAS_TRY_CLEANUP(pnas_ensemble_predict(ensemble, s->cell, s->samples, mean, spread));
    wall = pnas_clock_seconds() - wall;
    cpu = cpu_seconds() - cpu;
    printf("plain  %12zu cells  %8.3f s  %8.3f s of CPU  %12.0f cells/s\n", s->samples, wall, cpu,
           (double)s->samples / wall);
    *largest = 0;
    for (size_t i = 0; i < s->samples; ++i)
        *largest = fmax(*largest, fabs(mean[i] - s->score[i]));
cleanup:
    free(mean);
    free(spread);
    return status;
}

static pnas_status run_trie(pnas_cl *cl, const arguments *a, const pnas_space_trie_options *options,
                            const pnas_member_tensors *tensors, scoring *s)
{
    pnas_member_tensors members[64];
    pnas_space_trie *trie = NULL;
    const pnas_cell root = {0};
    for (int m = 0; m < a->members; ++m)
        members[m] = *tensors;
    PNAS_TRY(pnas_space_trie_create(cl, members, a->members, options, &trie));
    /* The first batches compile the kernels. */
    scoring warm = {.deadline = 0};
    pnas_space_trie_run(trie, &root, 1, take, &warm);
    free(warm.cell);
    free(warm.score);
    double wall = pnas_clock_seconds(), cpu = cpu_seconds();
    s->deadline = wall + a->seconds;
    pnas_status status = pnas_space_trie_run(trie, &root, 1, take, s);
    wall = pnas_clock_seconds() - wall;
    cpu = cpu_seconds() - cpu;
    pnas_space_trie_destroy(&trie);
    if (status == PNAS_STOPPED)
        status = PNAS_OK;
    printf("trie   %12llu cells  %8.3f s  %8.3f s of CPU  %12.0f cells/s, %.0f a second of CPU; %llu "
           "batches, mean "
           "score %.4f\n",
           (unsigned long long)s->cells, wall, cpu, (double)s->cells / wall, (double)s->cells / cpu,
           (unsigned long long)s->batches, s->sum / (double)s->cells);
    return status;
}

static pnas_status measure(const arguments *a)
{
    pnas_cl *cl = NULL;
    pnas_ensemble *ensemble = NULL;
    pnas_named_tensor *tensor = NULL;
    size_t tensors = 0;
    scoring s = {0};
    pnas_status status;
    const pnas_cl_options device = {.device = a->device, .threads = a->threads};
    const pnas_surrogate_options surrogate = {.model = a->lstm ? PNAS_MODEL_LSTM : PNAS_MODEL_MLP1,
                                              .linear = 0.5,
                                              .kernel = a->kernel,
                                              .embedding = 100,
                                              .hidden = a->hidden,
                                              .epochs = 10,
                                              .batch = 20,
                                              .rate_first = 0.01,
                                              .rate_later = 0.01,
                                              .last_bias = 1.8,
                                              .seed = 1};
    pnas_space_trie_options options = {.space = {.blocks = a->blocks, .lookback = -2, .lookforward = -1},
                                       .blocks = a->blocks,
                                       .memory = a->memory};
    pnas_operator_set_paper(&options.space.operators);
    PNAS_TRY_CLEANUP(pnas_cl_create(&device, &cl));
    PNAS_TRY_CLEANUP(pnas_ensemble_create(cl, &surrogate, &options.space, &ensemble));
    PNAS_TRY_CLEANUP(fit(ensemble, &options.space));
    PNAS_TRY_CLEANUP(pnas_ensemble_weights(ensemble, 0, &tensor, &tensors));
    printf("%s, %d compute units; %d blocks, %d %s of %d units\n", pnas_cl_device(cl)->name,
           pnas_cl_device(cl)->compute_units, a->blocks, a->members, a->lstm ? "LSTMs" : "MLPs", a->hidden);
    PNAS_TRY_CLEANUP(run_trie(cl, a, &options, &(pnas_member_tensors){tensor, tensors}, &s));
    double largest;
    PNAS_TRY_CLEANUP(compare(ensemble, &s, &largest));
    printf("largest difference of %zu scores: %.2g\n", s.samples, largest);
    PNAS_CHECK_CLEANUP(largest <= TOLERANCE, PNAS_ERROR_INTERNAL,
                       "the two ways differ by %.2g, more than %.2g", largest, TOLERANCE);
cleanup:
    free(s.cell);
    free(s.score);
    pnas_ensemble_free_weights(&tensor, tensors);
    pnas_ensemble_destroy(&ensemble);
    pnas_cl_destroy(&cl);
    return status;
}

int main(int argc, char **argv)
{
    arguments a = {.blocks = 3, .hidden = 100, .members = 1, .seconds = 60, .kernel = 0.5};
    const struct argp parser = {
        option_list, parse,
        NULL,        "Cells a second that a trained surrogate scores, by the trie and one by one.",
        NULL,        NULL,
        NULL};
    pnas_log_setup("score_space", PNAS_LOG_INFO, 0, 1);
    argp_parse(&parser, argc, argv, 0, NULL, &a);
    if (a.members < 1 || a.members > 64 || a.blocks < 1 || a.blocks > PNAS_BLOCKS_MAX) {
        pnas_error("1 to 64 members and 1 to %d blocks", PNAS_BLOCKS_MAX);
        return 64;
    }
    pnas_status status = measure(&a);
    if (status != PNAS_OK)
        pnas_error("%s", pnas_message());
    return pnas_exit_code(status);
}
