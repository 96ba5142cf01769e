/* One update of final training by one rank and by all, in turns, and what the exchange costs:
 *
 *   mpirun -n 2 --bind-to core train_update configs/train_fashion_mnist.yaml
 *
 * Rank 0 makes an update of all shards alone, while the others sleep; then all ranks make one together. So a machine
 * that changes its speed changes it for both. Images are noise of the size asked for. */
#include "cl/runtime/context.h"
#include "io/config/configuration.h"
#include "mpi/layout.h"
#include "src/base/clock.h"
#include "src/base/log.h"
#include "src/search/cell_text.h"
#include "src/train/shard_update.h"

#include <argp.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { OVERRIDES_MAX = 64, CLASSES = 10 };

typedef struct {
    const char *configuration, *cell;
    const char *overrides[OVERRIDES_MAX + 1];
    size_t override_count;
    int size, channels, pairs;
} arguments;

static const struct argp_option options[] = {
    {"cell", 'c', "TEXT", 0, "cell (three blocks of convolutions and pools)", 0},
    {"channels", 'C', "C", 0, "channels of an image (1)", 0},
    {"pairs", 'n', "N", 0, "pairs of updates (20)", 0},
    {"set", 'S', "a.b=c", 0, "set a key of the configuration; may be repeated", 0},
    {"size", 's', "H", 0, "height and width of an image (28)", 0},
    {0}};

static error_t parse(int key, char *value, struct argp_state *state)
{
    arguments *a = state->input;
    switch (key) {
    case 'c':
        a->cell = value;
        return 0;
    case 'C':
        a->channels = atoi(value);
        return 0;
    case 'n':
        a->pairs = atoi(value);
        return 0;
    case 's':
        a->size = atoi(value);
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
        if (!a->configuration || a->pairs < 1 || a->size < 4 || a->channels < 1)
            argp_error(state, "a configuration is needed; sizes and counts are positive");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --- images --- */

typedef struct {
    pnas_image_set set;
    uint8_t *images;
    uint16_t *labels;
    uint32_t *order;
} noise;

/* So many that an epoch has one update for each pair. */
static pnas_status make_noise(const arguments *a, const pnas_training_options *training, noise *out)
{
    size_t count = (size_t)a->pairs * (size_t)training->batch * (size_t)training->accumulate;
    size_t bytes = (size_t)a->size * (size_t)a->size * (size_t)a->channels;
    *out = (noise){.images = malloc(count * bytes),
                   .labels = malloc(count * sizeof *out->labels),
                   .order = malloc(count * sizeof *out->order)};
    PNAS_CHECK(out->images && out->labels && out->order, PNAS_ERROR_MEMORY, "no memory for %zu images",
               count);
    for (size_t i = 0; i < count * bytes; i++)
        out->images[i] = (uint8_t)((uint32_t)i * 2654435761u >> 24);
    for (size_t i = 0; i < count; i++) {
        out->labels[i] = (uint16_t)(i % CLASSES);
        out->order[i] = (uint32_t)i;
    }
    out->set = (pnas_image_set){.height = a->size,
                                .width = a->size,
                                .channels = a->channels,
                                .classes = CLASSES,
                                .count = count,
                                .images = out->images,
                                .labels = out->labels,
                                .train_count = count,
                                .train = out->order,
                                .validation = out->order};
    for (int c = 0; c < a->channels; c++)
        out->set.deviation[c] = 1;
    return PNAS_OK;
}

/* --- measuring --- */

typedef struct { /* of each pair; seconds */
    double *alone, *together, *waited, *ratio, *alone_busy, *together_busy;
} times;

static double processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The others sleep, so that they leave their cores alone. */
static void meet(void)
{
    MPI_Request request;
    MPI_Ibarrier(MPI_COMM_WORLD, &request);
    for (int there = 0; !there; MPI_Test(&request, &there, MPI_STATUS_IGNORE))
        pnas_clock_sleep(1e-3);
    MPI_Barrier(MPI_COMM_WORLD);
}

static pnas_status run_pair(pnas_shard_update *one, pnas_shard_update *all, int index, times *t)
{
    pnas_shard_figures figures;
    meet();
    double start = pnas_clock_seconds(), busy = processor_seconds();
    if (one->share.member >= 0)
        PNAS_TRY(pnas_shard_update_run(one, 0, index, &figures));
    t->alone[index] = pnas_clock_seconds() - start;
    t->alone_busy[index] = processor_seconds() - busy;
    meet();
    double waited = all->waited;
    start = pnas_clock_seconds();
    busy = processor_seconds();
    PNAS_TRY(pnas_shard_update_run(all, 0, index, &figures));
    t->together[index] = pnas_clock_seconds() - start;
    t->together_busy[index] = processor_seconds() - busy;
    t->waited[index] = all->waited - waited;
    t->ratio[index] = t->alone[index] / t->together[index];
    return PNAS_OK;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void print_row(const char *name, double *values, int count, double unit)
{
    qsort(values, (size_t)count, sizeof *values, ascending);
    printf("%-34s %9.3f %9.3f %9.3f\n", name, unit * values[0], unit * values[count / 2],
           unit * values[count - 1]);
}

static void report(const pnas_layout *layout, const pnas_shard_update *all, int pairs, times *t)
{
    printf("%lld parameters, %zu values; %d shards of %d images; %.3f MB sent in %d pieces; %d ranks\n",
           (long long)all->counts.parameters, all->counts.values, all->counts.shards, all->counts.images,
           1e-6 * (double)pnas_gradient_sum_bytes(all->sum), all->pieces, layout->ranks);
    printf("%-34s %9s %9s %9s\n", "", "minimum", "median", "maximum");
    print_row("update of one rank, ms", t->alone, pairs, 1e3);
    print_row("  processor time of it", t->alone_busy, pairs, 1e3);
    print_row("update of all ranks, ms", t->together, pairs, 1e3);
    print_row("  processor time of rank 0", t->together_busy, pairs, 1e3);
    print_row("  waited for sums by rank 0", t->waited, pairs, 1e3);
    print_row("one / all, pair by pair", t->ratio, pairs, 1);
    printf("%-34s %9.3f\n", "one / all, of the minima", t->alone[0] / t->together[0]);
}

static pnas_status run_pairs(const arguments *a, const pnas_layout *layout,
                             pnas_shard_trainer *const *trainer)
{
    pnas_shard_update one = {0}, all = {0};
    double *memory = calloc((size_t)a->pairs, 6 * sizeof *memory);
    size_t n = (size_t)a->pairs;
    PNAS_CHECK(memory, PNAS_ERROR_MEMORY, "no memory for %d pairs", a->pairs);
    times t = {memory, memory + n, memory + 2 * n, memory + 3 * n, memory + 4 * n, memory + 5 * n};
    pnas_status status = pnas_shard_update_create(layout, layout->rank == 0 ? trainer[0] : NULL, &one);
    if (status == PNAS_OK)
        status = pnas_shard_update_create(layout, trainer[1], &all);
    for (int k = 0; k < 2 && status == PNAS_OK; k++)
        status = pnas_shard_trainer_begin(trainer[k], 0);
    for (int i = 0; i < a->pairs && status == PNAS_OK; i++)
        status = run_pair(&one, &all, i, &t);
    if (status == PNAS_OK && layout->rank == 0)
        report(layout, &all, a->pairs, &t);
    pnas_shard_update_clear(&one);
    pnas_shard_update_clear(&all);
    free(memory);
    return status;
}

static pnas_status measure(const arguments *a, const pnas_layout *layout)
{
    static pnas_configuration configuration;
    static noise images;
    pnas_cl *cl = NULL;
    pnas_shard_trainer *trainer[2] = {NULL, NULL};
    pnas_shard_trainer_options wanted = {0};
    pnas_status status;
    PNAS_TRY(pnas_configuration_read(a->configuration, a->overrides, a->override_count, &configuration));
    wanted.operators = configuration.search.space.operators;
    wanted.network = configuration.network;
    wanted.training = configuration.training;
    wanted.training.epochs = 1;
    PNAS_TRY(pnas_cell_parse(a->cell, &wanted.operators, &wanted.cell));
    PNAS_TRY_CLEANUP(make_noise(a, &wanted.training, &images));
    PNAS_TRY_CLEANUP(pnas_cl_create(&(pnas_cl_options){.threads = 1}, &cl));
    for (int k = 0; k < 2; k++)
        PNAS_TRY_CLEANUP(pnas_shard_trainer_create(cl, &wanted, &images.set, NULL, NULL, &trainer[k]));
    PNAS_TRY_CLEANUP(run_pairs(a, layout, trainer));
cleanup:
    for (int k = 0; k < 2; k++)
        pnas_shard_trainer_destroy(&trainer[k]);
    pnas_cl_destroy(&cl);
    free(images.images);
    free(images.labels);
    free(images.order);
    return status;
}

int main(int argc, char **argv)
{
    arguments a = {
        .cell = "-1:sep3+-1:sep5 | -1:sep7+-1:max3 | -1:sep3+0:max3", .size = 28, .channels = 1, .pairs = 20};
    const struct argp argp = {
        options, parse, "CONFIG.yaml", "Times updates of final training by one rank and by all.",
        NULL,    NULL,  NULL};
    pnas_layout layout;
    pnas_status status = pnas_mpi_start(&argc, &argv, &layout);
    argp_err_exit_status = 64;
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    pnas_log_setup("train_update", PNAS_LOG_INFO, layout.rank, layout.ranks);
    if (status == PNAS_OK)
        status = measure(&a, &layout);
    if (status != PNAS_OK)
        pnas_error("%s", pnas_message());
    pnas_mpi_end();
    return pnas_exit_code(status);
}
