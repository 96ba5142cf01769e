/* How large the gradients of a child's activations are while it is trained, and so what would be lost if they
 * were kept as halves: shares of the values that are not zero, with the loss as it is and times powers of
 * two.
 *
 * In the backward pass nothing else is written to the arena, so after each launch the floats that have
 * changed are gradients. */
#include "cl/runtime/context.h"
#include "cl/train/child_epoch.h"
#include "cl/train/child_parameters.h"
#include "cl/train/child_plan.h"
#include "io/config/configuration.h"
#include "io/data/dataset.h"
#include "io/data/image_split.h"
#include "src/base/log.h"
#include "src/net/graph_create.h"
#include "src/search/canonical.h"
#include "src/search/cell_text.h"

#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST = -150, MOST = 128 }; /* exponents of floats */

typedef struct {
    const char *configuration, *cell;
} arguments;

static const struct argp_option options[] = {
    {"cell", 'c', "TEXT", 0, "the child's cell (one of three blocks)", 0}, {0}};

static error_t parse(int key, char *value, struct argp_state *state)
{
    arguments *a = state->input;
    if (key == 'c')
        a->cell = value;
    else if (key == ARGP_KEY_ARG && !a->configuration)
        a->configuration = value;
    else if (key == ARGP_KEY_ARG || (key == ARGP_KEY_END && !a->configuration))
        argp_error(state, "give one configuration");
    else if (key != ARGP_KEY_END)
        return ARGP_ERR_UNKNOWN;
    return 0;
}

typedef struct {
    pnas_configuration configuration;
    pnas_dataset *dataset;
    pnas_image_set *images;
    pnas_cl *cl;
    pnas_graph *graph;
    pnas_child_plan_options options;
    pnas_child_plan *plan;
    float *before, *after; /* [memory->floats] */
} bench;

typedef struct {
    long values[MOST - LEAST]; /* by exponent */
    long zeros, all;
    double largest;
} range;

static pnas_status upload(bench *b)
{
    const pnas_dataset *d = b->dataset;
    size_t bytes = b->images->count * (size_t)d->height * (size_t)d->width * (size_t)d->channels;
    float figures[2 * PNAS_IMAGE_CHANNELS_MAX];
    memcpy(figures, d->mean, (size_t)d->channels * sizeof *figures);
    memcpy(figures + d->channels, d->deviation, (size_t)d->channels * sizeof *figures);
    PNAS_TRY(pnas_buffer_create(b->cl, bytes, &b->options.images));
    PNAS_TRY(pnas_buffer_write(b->cl, b->options.images, 0, bytes, b->images->images));
    PNAS_TRY(pnas_buffer_create(b->cl, sizeof figures, &b->options.mean_deviation));
    return pnas_buffer_write(b->cl, b->options.mean_deviation, 0, sizeof figures, figures);
}

/* One epoch's batches, the training images in their order, over and over. */
static pnas_status write_records(bench *b)
{
    size_t count = (size_t)b->options.train_steps * (size_t)b->options.batch;
    cl_int(*record)[PNAS_RECORD_INTS] = calloc(count, sizeof *record);
    PNAS_CHECK(record, PNAS_ERROR_MEMORY, "no memory for %zu records", count);
    for (size_t i = 0; i < count; ++i) {
        record[i][PNAS_RECORD_IMAGE] = (cl_int)b->images->train[i];
        record[i][PNAS_RECORD_LABEL] = b->images->labels[b->images->train[i]];
    }
    pnas_status status = pnas_slice_write(b->cl, b->plan->train.records, 0, count * sizeof *record, record);
    free(record);
    return status;
}

static pnas_status set_up(bench *b, const arguments *a)
{
    pnas_configuration *c = &b->configuration;
    pnas_cell cell;
    PNAS_TRY(pnas_configuration_read(a->configuration, NULL, 0, c));
    PNAS_TRY(pnas_cell_parse(a->cell, &c->search.space.operators, &cell));
    PNAS_TRY(pnas_dataset_open(c->dataset, &b->dataset));
    PNAS_TRY(
        pnas_image_set_create(b->dataset, c->validation, (size_t)c->training_images, c->seed, &b->images));
    c->network.height = b->dataset->height;
    c->network.width = b->dataset->width;
    c->network.channels = b->dataset->channels;
    c->network.classes = b->dataset->classes;
    PNAS_TRY(pnas_cl_create(&(pnas_cl_options){.device = c->device}, &b->cl));
    PNAS_TRY(pnas_graph_create(&cell, &c->search.space.operators, &c->network, &b->graph));
    b->options.training = &c->training;
    b->options.batch = c->training.batch;
    b->options.train_steps = (int)(b->images->train_count / (size_t)c->training.batch);
    b->options.evaluation_steps = 1;
    PNAS_CHECK(b->options.train_steps > 0, PNAS_ERROR_USAGE, "fewer training images than training.batch");
    PNAS_TRY(upload(b));
    PNAS_TRY(pnas_child_plan_create(b->cl, b->graph, &b->options, &b->plan));
    PNAS_TRY(pnas_child_plan_build(b->plan, NULL));
    PNAS_TRY(pnas_child_parameters_initialize(b->plan, c->seed, pnas_cell_hash(&cell)));
    size_t bytes = (size_t)b->plan->memory->floats * sizeof(float);
    b->before = malloc(bytes);
    b->after = malloc(bytes);
    PNAS_CHECK(b->before && b->after, PNAS_ERROR_MEMORY, "no memory for two copies of %zu bytes", bytes);
    return write_records(b);
}

static void tear_down(bench *b)
{
    free(b->before);
    free(b->after);
    pnas_child_plan_destroy(&b->plan);
    pnas_graph_destroy(&b->graph);
    pnas_buffer_release(&b->options.images);
    pnas_buffer_release(&b->options.mean_deviation);
    pnas_cl_destroy(&b->cl);
    pnas_image_set_destroy(&b->images);
    pnas_dataset_destroy(&b->dataset);
}

static void count_changes(const bench *b, range *r)
{
    for (int64_t i = 0; i < b->plan->memory->floats; ++i) {
        /* The bits count. NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
        if (memcmp(&b->before[i], &b->after[i], sizeof(float)) == 0)
            continue;
        double size = fabs((double)b->after[i]);
        r->all++;
        r->largest = fmax(r->largest, size);
        if (size == 0)
            r->zeros++;
        else if (isfinite(size))
            r->values[ilogb(size) - LEAST]++;
    }
}

static pnas_status read_arena(const bench *b, float *out)
{
    const pnas_memory_plan *memory = b->plan->memory;
    for (int64_t at = 0; at < memory->floats; at += memory->part) {
        int64_t left = memory->floats - at, floats = left < memory->part ? left : memory->part;
        PNAS_TRY(pnas_slice_read(b->cl, b->plan->arena[at / memory->part], 0, (size_t)floats * sizeof *out,
                                 out + at));
    }
    return PNAS_OK;
}

/* A step, launch by launch; gradients come from the loss on. */
static pnas_status watch_step(bench *b, range *r)
{
    const pnas_launch_list *step = &b->plan->step;
    bool backward = false;
    for (size_t i = 0; i < step->count; ++i) {
        pnas_launch_list one = {.item = step->item + i, .count = 1};
        if (backward)
            PNAS_TRY(read_arena(b, b->before));
        PNAS_TRY(pnas_launch_run(b->cl, &one, NULL));
        PNAS_TRY(pnas_cl_finish(b->cl));
        if (backward) {
            PNAS_TRY(read_arena(b, b->after));
            count_changes(b, r);
        }
        backward = backward || strcmp(step->item[i].label, "softmax loss") == 0;
    }
    return PNAS_OK;
}

static void print_range(int step, const range *r)
{
    double share = 100.0 / (double)(r->all - r->zeros);
    printf("step %d: %ld values written, %.1f %% of them zero\n", step, r->all,
           100.0 * (double)r->zeros / (double)r->all);
    for (int power = 0; power <= 16; power += 4) {
        long lost = 0, few_bits = 0;
        for (int e = LEAST; e < MOST; ++e) {
            lost += e + power < -25 ? r->values[e - LEAST] : 0;
            few_bits += e + power < -14 ? r->values[e - LEAST] : 0;
        }
        printf("  loss times 2^%-2d  below 2^-14: %6.2f %%  lost: %5.2f %%  largest %.3g\n", power,
               share * (double)few_bits, share * (double)lost, ldexp(r->largest, power));
    }
}

/* The first step, and the first one after an eighth, a half and (nearly) all of the training. */
static pnas_status watch(bench *b)
{
    int epochs = b->configuration.training.epochs, steps = epochs * b->options.train_steps, done = 0;
    const int stops[] = {0, steps / 8, steps / 2, steps - 1};
    for (size_t i = 0; i < sizeof stops / sizeof *stops; ++i) {
        range *r = calloc(1, sizeof *r);
        PNAS_CHECK(r, PNAS_ERROR_MEMORY, "no memory for a histogram");
        pnas_status status = PNAS_OK;
        for (; done < stops[i] && status == PNAS_OK; ++done) {
            status = pnas_launch_run(b->cl, &b->plan->step, NULL);
            if (status == PNAS_OK)
                status = pnas_cl_finish(b->cl);
        }
        if (status == PNAS_OK)
            status = watch_step(b, r);
        ++done;
        if (status == PNAS_OK)
            print_range(stops[i], r);
        free(r);
        PNAS_TRY(status);
    }
    return PNAS_OK;
}

int main(int argc, char **argv)
{
    static bench b;
    arguments a = {.cell = "-1:sep3+-2:max3 | -1:sep5+-2:identity | 0:dil3+1:avg3"};
    const struct argp argp = {options, parse, "CONFIG.yaml", "Measures the range of a child's gradients.",
                              NULL,    NULL,  NULL};
    argp_err_exit_status = 64;
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    pnas_log_setup("gradient_range", PNAS_LOG_INFO, 0, 1);
    pnas_status status = set_up(&b, &a);
    if (status == PNAS_OK)
        status = watch(&b);
    if (status != PNAS_OK)
        pnas_error("%s", pnas_message());
    tear_down(&b);
    return pnas_exit_code(status);
}
