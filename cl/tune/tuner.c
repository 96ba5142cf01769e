#include "cl/tune/tuner.h"

#include "cl/runtime/tuned_table.h"
#include "cl/surrogate/surrogate_products.h"
#include "cl/train/child_routes.h"
#include "cl/tune/tuner_bench.h"
#include "cl/tune/tuner_clblast.h"
#include "src/base/log.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    pnas_routed_op op;
    int count; /* in all children */
} tuner_item;

typedef struct {
    tuner_item *item;
    size_t count, capacity;
} tuner_work;

typedef struct { /* what one V gave */
    pnas_tuned_table *table;
    double seconds, built_in_seconds;
    int failed;          /* shapes that no route could compute */
    pnas_status failure; /* of the last of them */
    bool tried_clblast;  /* for its parameters */
} tuner_outcome;

static const pnas_route routes[] = {PNAS_ROUTE_PLAIN, PNAS_ROUTE_TILE, PNAS_ROUTE_WIDE, PNAS_ROUTE_GPU,
                                    PNAS_ROUTE_CLBLAST};
enum { ROUTES = sizeof routes / sizeof *routes };

static bool same(const pnas_routed_op *a, const pnas_routed_op *b)
{
    const pnas_tuned_row row = {.op = a->op, .shape = a->shape};
    const pnas_tuned_table one = {.count = 1, .row = (pnas_tuned_row *)&row};
    return pnas_tuned_table_find(&one, b->op, &b->shape) != NULL;
}

static pnas_status add_item(void *payload, const pnas_routed_op *op)
{
    tuner_work *work = payload;
    if (!pnas_tuner_bench_knows(op->op))
        return PNAS_OK;
    for (size_t i = 0; i < work->count; ++i)
        if (same(&work->item[i].op, op)) {
            work->item[i].count += 1;
            return PNAS_OK;
        }
    if (work->count == work->capacity) {
        size_t capacity = work->capacity ? 2 * work->capacity : 64;
        tuner_item *item = realloc(work->item, capacity * sizeof *item);
        PNAS_CHECK(item, PNAS_ERROR_MEMORY, "no memory for %zu shapes", capacity);
        work->item = item;
        work->capacity = capacity;
    }
    work->item[work->count++] = (tuner_item){.op = *op, .count = 1};
    return PNAS_OK;
}

static bool is_candidate(const pnas_tuner_options *options, const pnas_cl *cl, const pnas_routed_op *op,
                         pnas_route route)
{
    bool asked_for = route == PNAS_ROUTE_CLBLAST && options->clblast;
    return pnas_route_possible(cl, op->op, route, &op->shape) &&
           (asked_for || pnas_route_allowed(cl, op->op, route));
}

static void report(const pnas_tuner_options *options, const pnas_cl *cl, const tuner_item *item,
                   const pnas_tuned_row *row, const double *microseconds)
{
    pnas_tuner_result result = {.op = pnas_op_kind_name(item->op.op),
                                .vector = cl->vector,
                                .count = item->count,
                                .route = pnas_route_name(row->route),
                                .plain = microseconds[PNAS_ROUTE_PLAIN],
                                .tile = microseconds[PNAS_ROUTE_TILE],
                                .wide = microseconds[PNAS_ROUTE_WIDE],
                                .gpu = microseconds[PNAS_ROUTE_GPU],
                                .clblast = microseconds[PNAS_ROUTE_CLBLAST]};
    pnas_routed_op_describe(&item->op, result.shape, sizeof result.shape);
    options->report(options->payload, &result);
}

/* What the device, its driver or its compiler refuses: other routes and shapes may do. */
static bool is_of_device(pnas_status status)
{
    return status == PNAS_ERROR_DEVICE || status == PNAS_ERROR_BUILD || status == PNAS_ERROR_TOO_LARGE ||
           status == PNAS_ERROR_MEMORY;
}

static void warn(const pnas_cl *cl, const tuner_item *item, const char *what)
{
    char shape[96];
    pnas_routed_op_describe(&item->op, shape, sizeof shape);
    pnas_warning("%s, %s, V = %d: %s: %s", pnas_op_kind_name(item->op.op), shape, cl->vector, what,
                 pnas_message());
}

/* Microseconds of each candidate; NAN where it failed. Without PLAIN's results there is nothing that others
 * could be compared with. */
static pnas_status measure_routes(const pnas_tuner_options *options, pnas_cl *cl, const tuner_item *item,
                                  double *microseconds)
{
    pnas_tuner_bench *bench = NULL;
    pnas_status status = pnas_tuner_bench_create(cl, &item->op, &bench);
    for (size_t r = 0; r < ROUTES && status == PNAS_OK; ++r) {
        if (!is_candidate(options, cl, &item->op, routes[r]))
            continue;
        status = pnas_tuner_bench_measure(bench, routes[r], &microseconds[routes[r]]);
        if (routes[r] != PNAS_ROUTE_PLAIN && is_of_device(status)) {
            warn(cl, item, pnas_route_name(routes[r]));
            microseconds[routes[r]] = NAN;
            status = PNAS_OK;
        }
    }
    pnas_tuner_bench_destroy(&bench);
    return status;
}

/* The fastest correct route of an item becomes a row; adds to the outcome's sums. */
static pnas_status tune_item(const pnas_tuner_options *options, pnas_cl *cl, const tuner_item *item,
                             tuner_outcome *outcome)
{
    double microseconds[PNAS_ROUTES] = {0};
    pnas_tuned_row row = {.op = item->op.op, .shape = item->op.shape, .microseconds = INFINITY};
    pnas_status status = measure_routes(options, cl, item, microseconds);
    if (is_of_device(status)) {
        warn(cl, item, "not measured, so the built-in table serves it");
        outcome->failed += 1;
        outcome->failure = status;
        return PNAS_OK;
    }
    PNAS_TRY(status);
    for (size_t r = 0; r < ROUTES; ++r) {
        double time = microseconds[routes[r]];
        if (time > 0 && time < row.microseconds) {
            row.microseconds = time;
            row.route = routes[r];
        }
    }
    row.plain_microseconds = microseconds[PNAS_ROUTE_PLAIN];
    outcome->seconds += 1e-6 * item->count * row.microseconds;
    double built_in = fabs(microseconds[pnas_route_choose(cl, row.op, &row.shape)]);
    outcome->built_in_seconds += 1e-6 * item->count * (isnan(built_in) ? row.microseconds : built_in);
    report(options, cl, item, &row, microseconds);
    return pnas_tuned_table_set(outcome->table, &row);
}

static pnas_status collect(const pnas_tuner_options *options, pnas_cl *cl, tuner_work *work)
{
    for (int g = 0; g < options->graph_count; ++g)
        PNAS_TRY(pnas_child_routes(options->graph[g], options->batch, cl->vector, add_item, work));
    if (!options->surrogate)
        return PNAS_OK;
    return pnas_surrogate_products(cl, options->surrogate, options->space, add_item, work);
}

static bool is_better(const tuner_outcome *a, const tuner_outcome *b)
{
    return a->failed != b->failed ? a->failed < b->failed : a->seconds < b->seconds;
}

/* One V; given up as soon as it is worse than `best`, which may be empty. */
static pnas_status tune_vector(const pnas_tuner_options *options, pnas_cl *cl, const tuner_outcome *best,
                               tuner_outcome *outcome)
{
    tuner_work work = {0};
    outcome->table = calloc(1, sizeof *outcome->table);
    PNAS_CHECK(outcome->table, PNAS_ERROR_MEMORY, "no memory for a table of routes");
    outcome->table->vector = cl->vector;
    pnas_status status = collect(options, cl, &work);
    for (size_t i = 0; i < work.count && status == PNAS_OK; ++i)
        if (!best->table || !is_better(best, outcome))
            status = tune_item(options, cl, &work.item[i], outcome);
    free(work.item);
    return status;
}

/* Rows of other shapes that were measured before stay, if they are for the same V; so do CLBlast's parameters
 * where it was not tried now. */
static pnas_status keep_old(const pnas_tuned_table *old, bool tried_clblast, pnas_tuned_table *table)
{
    if (!old || old->vector != table->vector)
        return PNAS_OK;
    if (!tried_clblast)
        table->clblast = old->clblast;
    for (size_t i = 0; i < old->count; ++i)
        if (!pnas_tuned_table_find(table, old->row[i].op, &old->row[i].shape))
            PNAS_TRY(pnas_tuned_table_set(table, &old->row[i]));
    return PNAS_OK;
}

static pnas_status store(pnas_cl *cl, const tuner_outcome *outcome, pnas_tuner_summary *out)
{
    pnas_tuned_table *table = outcome->table;
    char *key = NULL;
    pnas_tuned_table *old = NULL;
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_tuned_table_key(&cl->info, cl->kernel_directory, &key));
    PNAS_TRY_CLEANUP(pnas_tuned_table_load(cl->cache_directory, key, &old));
    PNAS_TRY_CLEANUP(keep_old(old, outcome->tried_clblast, table));
    PNAS_TRY_CLEANUP(pnas_tuned_table_store(cl->cache_directory, key, table, out->path, sizeof out->path));
    snprintf(out->hash, sizeof out->hash, "%016llx", (unsigned long long)pnas_tuned_table_hash(table));
    for (int kernel = 0; kernel < PNAS_CLBLAST_KERNELS; ++kernel)
        pnas_clblast_write((pnas_clblast_kernel)kernel, table->clblast.value[kernel], out->clblast[kernel],
                           sizeof out->clblast[kernel]);
cleanup:
    pnas_tuned_table_destroy(&old);
    free(key);
    return status;
}

/* The products among the work; *out is the caller's. */
static pnas_status find_products(const tuner_work *work, pnas_tuned_product **out, size_t *count)
{
    *count = 0;
    *out = calloc(work->count + 1, sizeof **out);
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "no memory for %zu shapes", work->count);
    for (size_t i = 0; i < work->count; ++i)
        if (work->item[i].op.op == PNAS_OP_GEMM)
            (*out)[(*count)++] = (pnas_tuned_product){.op = work->item[i].op, .count = work->item[i].count};
    return PNAS_OK;
}

/* Products that CLBlast is now the fastest for. */
static pnas_status take_times(const pnas_tuned_product *products, size_t count, tuner_outcome *outcome)
{
    for (size_t i = 0; i < count; ++i) {
        const pnas_tuned_product *p = &products[i];
        const pnas_tuned_row *old = pnas_tuned_table_find(outcome->table, PNAS_OP_GEMM, &p->op.shape);
        double microseconds = 1e6 * p->seconds;
        if (!old || p->seconds <= 0 ||
            (old->route != PNAS_ROUTE_CLBLAST && microseconds >= old->microseconds))
            continue;
        pnas_tuned_row row = *old;
        outcome->seconds += 1e-6 * p->count * (microseconds - row.microseconds);
        row.route = PNAS_ROUTE_CLBLAST;
        row.microseconds = microseconds;
        PNAS_TRY(pnas_tuned_table_set(outcome->table, &row));
    }
    return PNAS_OK;
}

static pnas_status tune_parameters(const pnas_tuner_options *options, pnas_cl *cl, tuner_outcome *outcome)
{
    tuner_work work = {0};
    pnas_tuned_product *products = NULL;
    size_t count = 0;
    pnas_status status;
    PNAS_TRY_CLEANUP(collect(options, cl, &work));
    PNAS_TRY_CLEANUP(find_products(&work, &products, &count));
    if (count > 0 && is_candidate(options, cl, &products[0].op, PNAS_ROUTE_CLBLAST)) {
        PNAS_TRY_CLEANUP(
            pnas_tuner_clblast(cl, products, count, options->clblast_most, &outcome->table->clblast));
        outcome->tried_clblast = true;
        PNAS_TRY_CLEANUP(take_times(products, count, outcome));
    }
cleanup:
    free(products);
    free(work.item);
    return status;
}

/* CLBlast's parameters, for the products at the best V; where a device refuses what is tried, its own. */
static pnas_status tune_clblast(const pnas_tuner_options *options, tuner_outcome *best)
{
    pnas_cl_options device = options->device;
    pnas_cl *cl = NULL;
    device.vector = best->table->vector;
    device.untuned = true;
    PNAS_TRY(pnas_cl_create(&device, &cl));
    pnas_status status = tune_parameters(options, cl, best);
    pnas_cl_destroy(&cl);
    if (!is_of_device(status))
        return status;
    pnas_warning("CLBlast keeps its own parameters: %s", pnas_message());
    return PNAS_OK;
}

/* Replaces `best` by the outcome of V if that is better. `vector` 0: the device's own. */
static pnas_status try_vector(const pnas_tuner_options *options, int vector, tuner_outcome *best, int *tried)
{
    pnas_cl_options device = options->device;
    pnas_cl *cl = NULL;
    tuner_outcome outcome = {0};
    device.vector = vector;
    device.untuned = true;
    PNAS_TRY(pnas_cl_create(&device, &cl));
    *tried = cl->vector;
    pnas_status status = tune_vector(options, cl, best, &outcome);
    if (status == PNAS_OK && (!best->table || is_better(&outcome, best))) {
        tuner_outcome slower = *best;
        *best = outcome;
        outcome = slower;
    }
    pnas_tuned_table_destroy(&outcome.table);
    pnas_cl_destroy(&cl);
    return status;
}

static pnas_status store_best(const pnas_tuner_options *options, const tuner_outcome *best,
                              pnas_tuner_summary *out)
{
    pnas_cl_options device = options->device;
    pnas_cl *cl = NULL;
    device.untuned = true;
    *out = (pnas_tuner_summary){.vector = best->table->vector,
                                .routes = (int)best->table->count,
                                .failed = best->failed,
                                .tuned_seconds = best->seconds,
                                .built_in_seconds = best->built_in_seconds};
    PNAS_TRY(pnas_cl_create(&device, &cl));
    pnas_status status = store(cl, best, out);
    pnas_cl_destroy(&cl);
    return status;
}

pnas_status pnas_tune(const pnas_tuner_options *options, pnas_tuner_summary *out)
{
    static const int vectors[] = {8, 4, 1};
    tuner_outcome best = {0};
    int own = 0, tried;
    pnas_status status = try_vector(options, options->device.vector, &best, &own);
    for (int v = 0; v < 3 && status == PNAS_OK && options->device.vector == 0; ++v)
        if (vectors[v] != own)
            status = try_vector(options, vectors[v], &best, &tried);
    if (status == PNAS_OK && best.failed > 0 && best.table->count == 0)
        status = pnas_fail(best.failure, "none of %d shapes could be measured; the warnings above say why",
                           best.failed);
    if (status == PNAS_OK)
        status = tune_clblast(options, &best);
    if (status == PNAS_OK)
        status = store_best(options, &best, out);
    pnas_tuned_table_destroy(&best.table);
    return status;
}
