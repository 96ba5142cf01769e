/* What a setting does to accuracy: the same cells trained from the same seeds without it and with it. Prints
 * each pair, then the mean of the differences with its standard error, beside how far seeds alone part the
 * accuracies of a cell. */
#include "cl/train/child_trainer.h"
#include "io/config/configuration.h"
#include "io/data/dataset.h"
#include "io/data/image_split.h"
#include "src/base/log.h"
#include "src/base/random.h"
#include "src/search/cell_text.h"
#include "src/search/search_draw.h"

#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define OVERRIDES_MAX 64

typedef struct {
    const char *configuration, *against;
    const char *overrides[OVERRIDES_MAX + 1];
    size_t override_count;
    int cells, seeds;
} arguments;

static const struct argp_option options[] = {
    {"against", 'a', "a.b=c", 0, "the setting of the second of each pair (training.storage=half)", 0},
    {"cells", 'c', "K", 0, "cells, drawn at random from the configured space (12)", 0},
    {"seeds", 's', "S", 0, "seeds a cell is trained from (3)", 0},
    {"set", 'S', "a.b=c", 0, "set a key of the configuration for both; may be repeated", 0},
    {0}};

static error_t parse(int key, char *value, struct argp_state *state)
{
    arguments *a = state->input;
    switch (key) {
    case 'a':
        a->against = value;
        return 0;
    case 'c':
        a->cells = atoi(value);
        return 0;
    case 's':
        a->seeds = atoi(value);
        return 0;
    case 'S':
        if (a->override_count == OVERRIDES_MAX)
            argp_error(state, "--set may be given %d times", OVERRIDES_MAX);
        a->overrides[a->override_count++] = value;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            argp_error(state, "one configuration at a time");
        a->configuration = value;
        return 0;
    case ARGP_KEY_END:
        if (!a->configuration || a->cells < 1 || a->seeds < 1)
            argp_error(state, "a configuration, and at least one cell and one seed, are needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

typedef struct {
    pnas_cl *cl;
    pnas_dataset *dataset;
    pnas_image_set *images;
    double seconds[2];
} bench;

static pnas_status go_on(void *payload)
{
    return PNAS_OK;
}

/* A child that fails counts as 0. */
static pnas_status train(bench *b, const pnas_configuration *configuration, const pnas_cell *cell, int seed,
                         int side, double *accuracy)
{
    pnas_trainer *trainer = NULL;
    pnas_result result = {0};
    pnas_trainer_options wanted = {.operators = configuration->search.space.operators,
                                   .network = configuration->network,
                                   .training = configuration->training};
    wanted.training.seed = configuration->seed + (uint64_t)seed;
    wanted.network.height = b->dataset->height;
    wanted.network.width = b->dataset->width;
    wanted.network.channels = b->dataset->channels;
    wanted.network.classes = b->dataset->classes;
    pnas_status status = pnas_trainer_create(b->cl, &wanted, b->images, &trainer);
    if (status == PNAS_OK)
        status = pnas_trainer_evaluate(trainer, &(pnas_job){.level = cell->blocks, .cell = *cell}, go_on,
                                       NULL, &result);
    *accuracy = result.status == PNAS_CHILD_DONE ? result.accuracy : 0;
    b->seconds[side] += result.train_seconds;
    pnas_result_clear(&result);
    pnas_trainer_destroy(&trainer);
    return status;
}

/* accuracy [cells][seeds][2] */
static void summarise(const arguments *a, const bench *b, const double *accuracy)
{
    int pairs = a->cells * a->seeds;
    double mean[2] = {0}, squares = 0, within[2] = {0};
    for (int i = 0; i < pairs; ++i)
        for (int side = 0; side < 2; ++side)
            mean[side] += accuracy[2 * i + side] / pairs;
    double difference = mean[1] - mean[0];
    for (int i = 0; i < pairs; ++i)
        squares += pow(accuracy[2 * i + 1] - accuracy[2 * i] - difference, 2);
    for (int cell = 0; cell < a->cells; ++cell)
        for (int side = 0; side < 2; ++side) {
            const double *of = accuracy + 2 * (size_t)cell * a->seeds + side;
            double average = 0;
            for (int s = 0; s < a->seeds; ++s)
                average += of[2 * s] / a->seeds;
            for (int s = 0; s < a->seeds; ++s)
                within[side] += pow(of[2 * s] - average, 2);
        }
    double deviation = pairs > 1 ? sqrt(squares / (pairs - 1)) : NAN;
    int freedom = a->cells * (a->seeds - 1);
    printf("mean accuracy %.5f, with %s %.5f\n", mean[0], a->against, mean[1]);
    printf("difference of pairs: mean %+.5f, standard error %.5f, standard deviation %.5f\n", difference,
           deviation / sqrt(pairs), deviation);
    printf("between seeds of a cell: standard deviation %.5f, with %s %.5f\n", sqrt(within[0] / freedom),
           a->against, sqrt(within[1] / freedom));
    printf("training took %.1f s, with %s %.1f s\n", b->seconds[0], a->against, b->seconds[1]);
}

static pnas_status compare(const arguments *a, bench *b, const pnas_configuration side[2], double *accuracy)
{
    pnas_stream stream = pnas_stream_make(side[0].seed, PNAS_STREAM_TEST, 0, 0);
    char text[PNAS_CELL_TEXT_MAX];
    PNAS_TRY(pnas_cl_create(&(pnas_cl_options){.device = side[0].device}, &b->cl));
    PNAS_TRY(pnas_dataset_open(side[0].dataset, &b->dataset));
    PNAS_TRY(pnas_image_set_create(b->dataset, side[0].validation, (size_t)side[0].training_images,
                                   side[0].seed, &b->images));
    for (int c = 0; c < a->cells; ++c) {
        pnas_cell cell;
        pnas_draw_cell(&side[0].search.space, &stream, &cell);
        pnas_cell_format(&cell, &side[0].search.space.operators, text);
        for (int s = 0; s < a->seeds; ++s) {
            double *pair = accuracy + 2 * ((size_t)c * a->seeds + s);
            for (int i = 0; i < 2; ++i)
                PNAS_TRY(train(b, &side[i], &cell, s, i, &pair[i]));
            printf("%.5f %.5f %+.5f  seed +%d  %s\n", pair[0], pair[1], pair[1] - pair[0], s, text);
            fflush(stdout);
        }
    }
    summarise(a, b, accuracy);
    return PNAS_OK;
}

int main(int argc, char **argv)
{
    arguments a = {.against = "training.storage=half", .cells = 12, .seeds = 3};
    const struct argp argp = {
        options, parse, "CONFIG.yaml", "Trains the same children with and without a setting.",
        NULL,    NULL,  NULL};
    argp_err_exit_status = 64;
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    pnas_log_setup("paired_children", PNAS_LOG_INFO, 0, 1);
    bench b = {0};
    pnas_configuration *side = calloc(2, sizeof *side);
    double *accuracy = calloc(2 * (size_t)a.cells * (size_t)a.seeds, sizeof *accuracy);
    pnas_status status = PNAS_OK;
    PNAS_CHECK_CLEANUP(side && accuracy, PNAS_ERROR_MEMORY, "no memory for %d cells", a.cells);
    PNAS_TRY_CLEANUP(pnas_configuration_read(a.configuration, a.overrides, a.override_count, &side[0]));
    a.overrides[a.override_count] = a.against;
    PNAS_TRY_CLEANUP(pnas_configuration_read(a.configuration, a.overrides, a.override_count + 1, &side[1]));
    PNAS_TRY_CLEANUP(compare(&a, &b, side, accuracy));
cleanup:
    pnas_image_set_destroy(&b.images);
    pnas_dataset_destroy(&b.dataset);
    pnas_cl_destroy(&b.cl);
    free(accuracy);
    free(side);
    if (status != PNAS_OK)
        pnas_error("%s", pnas_message());
    return pnas_exit_code(status);
}
