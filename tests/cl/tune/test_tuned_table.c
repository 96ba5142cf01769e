/* Tuned tables: what is written is read back, damage is noticed, and routes follow them. */
#include "cl/ops/gemm.h"
#include "cl/runtime/tuned_table.h"
#include "cl/surrogate/surrogate_products.h"
#include "cl/train/child_plan.h"
#include "cl/train/child_routes.h"
#include "cl/tune/tuner.h"
#include "src/net/graph_create.h"
#include "src/search/cell_text.h"
#include "tests/cl/test_device.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[PATH_MAX];

/* A cache folder of the test's own; what PoCL keeps stays where all tests share it. */
static void make_folder(void)
{
    char pocl[PATH_MAX];
    snprintf(pocl, sizeof pocl, "%s/pocl", getenv("PNAS_CACHE") ? getenv("PNAS_CACHE") : "/tmp/pnas-test");
    setenv("POCL_CACHE_DIR", pocl, 0);
    snprintf(folder, sizeof folder, "/tmp/pnas-tuned-XXXXXX");
    cr_assert(mkdtemp(folder));
}

static void remove_folder(void)
{
    char command[PATH_MAX + 16];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_assert_eq(system(command), 0);
}

TestSuite(tuned_table, .init = make_folder, .fini = remove_folder);
TestSuite(tuner, .init = make_folder, .fini = remove_folder);
TestSuite(clblast, .init = make_folder, .fini = remove_folder);

static void ok(pnas_status status)
{
    cr_assert_eq(status, PNAS_OK, "%s", pnas_message());
}

static pnas_tuned_row row_of(pnas_op_kind op, int64_t C, pnas_route route)
{
    return (pnas_tuned_row){.op = op,
                            .shape = {.N = 2,
                                      .C = C,
                                      .M = C,
                                      .H = 9,
                                      .W = 7,
                                      .kernel_h = 3,
                                      .kernel_w = 3,
                                      .stride = 1,
                                      .dilation = 1},
                            .route = route,
                            .microseconds = 12.5,
                            .plain_microseconds = 80};
}

static pnas_tuned_table *make_table(int first, int last)
{
    pnas_tuned_table *table = calloc(1, sizeof *table);
    cr_assert(table);
    table->vector = 8;
    for (int i = first; i != last; i += first < last ? 1 : -1) {
        pnas_tuned_row row =
            row_of(PNAS_OP_MAX_POOL, 8 * (i + 1), i % 2 ? PNAS_ROUTE_PLAIN : PNAS_ROUTE_TILE);
        ok(pnas_tuned_table_set(table, &row));
    }
    return table;
}

Test(tuned_table, what_is_stored_is_loaded)
{
    char path[PATH_MAX];
    pnas_tuned_table *table = make_table(0, 100), *loaded;
    ok(pnas_tuned_table_store(folder, "a device", table, path, sizeof path));
    ok(pnas_tuned_table_load(folder, "a device", &loaded));
    cr_assert(loaded);
    cr_assert_eq(loaded->vector, 8);
    cr_assert_eq(loaded->count, 100);
    cr_assert_eq(pnas_tuned_table_hash(loaded), pnas_tuned_table_hash(table));
    for (size_t i = 0; i < table->count; ++i) {
        const pnas_tuned_row *row = pnas_tuned_table_find(loaded, table->row[i].op, &table->row[i].shape);
        cr_assert(row);
        cr_assert_eq(row->route, table->row[i].route);
        cr_assert_float_eq(row->microseconds, 12.5, 1e-9);
    }
    cr_assert_null(pnas_tuned_table_find(loaded, PNAS_OP_AVERAGE_POOL, &table->row[0].shape));
    pnas_tuned_table_destroy(&loaded);
    ok(pnas_tuned_table_load(folder, "another device", &loaded));
    cr_assert_null(loaded);
    pnas_tuned_table_destroy(&table);
}

Test(tuned_table, its_hash_is_that_of_decisions_in_any_order)
{
    pnas_tuned_table *up = make_table(0, 9), *down = make_table(8, -1);
    cr_assert_eq(pnas_tuned_table_hash(up), pnas_tuned_table_hash(down));
    down->row[3].microseconds = 1;
    cr_assert_eq(pnas_tuned_table_hash(up), pnas_tuned_table_hash(down));
    down->row[3].route = PNAS_ROUTE_CLBLAST;
    cr_assert_neq(pnas_tuned_table_hash(up), pnas_tuned_table_hash(down));
    down->row[3].route = up->row[5].route;
    cr_assert_eq(pnas_tuned_table_hash(up), pnas_tuned_table_hash(down));
    down->vector = 4;
    cr_assert_neq(pnas_tuned_table_hash(up), pnas_tuned_table_hash(down));
    up->count = down->count = 0; /* V decides, too, where no route does */
    cr_assert_neq(pnas_tuned_table_hash(up), pnas_tuned_table_hash(down));
    cr_assert_eq(pnas_tuned_table_hash(NULL), 0);
    pnas_tuned_table_destroy(&up);
    pnas_tuned_table_destroy(&down);
}

/* Every byte changed in turn: either the table is refused, or it says the same (a time, a blank). */
Test(tuned_table, a_damaged_file_is_not_believed)
{
    char path[PATH_MAX], text[4096];
    pnas_tuned_table *table = make_table(0, 3), *loaded;
    ok(pnas_tuned_table_store(folder, "key", table, path, sizeof path));
    FILE *file = fopen(path, "rb");
    size_t size = fread(text, 1, sizeof text, file);
    fclose(file);
    for (size_t length = 0; length < size; ++length) {
        file = fopen(path, "wb");
        fwrite(text, 1, length, file);
        fclose(file);
        ok(pnas_tuned_table_load(folder, "key", &loaded));
        cr_assert_null(loaded, "%zu of %zu bytes are taken for a table", length, size);
    }
    for (size_t at = 0; at < size; ++at) {
        char old = text[at];
        text[at] = old == '8' ? '9' : '8';
        file = fopen(path, "wb");
        fwrite(text, 1, size, file);
        fclose(file);
        text[at] = old;
        ok(pnas_tuned_table_load(folder, "key", &loaded));
        cr_assert(!loaded || pnas_tuned_table_hash(loaded) == pnas_tuned_table_hash(table), "byte %zu", at);
        pnas_tuned_table_destroy(&loaded);
    }
    pnas_tuned_table_destroy(&table);
}

/* How many warnings a load gives that is refused for `reason`. Root may read anything, so it is nobody here. */
static int load_refused(const char *table_path, const char *reason)
{
    char log[PATH_MAX], line[2 * PATH_MAX];
    int count = 0, state = -1;
    snprintf(log, sizeof log, "%s/log", folder);
    pid_t child = fork();
    if (child == 0) {
        pnas_tuned_table *loaded = NULL;
        dup2(open(log, O_WRONLY | O_CREAT | O_TRUNC, 0666), STDERR_FILENO);
        if (geteuid() == 0 && seteuid(65534) != 0)
            _exit(2);
        _exit(pnas_tuned_table_load(folder, "key", &loaded) == PNAS_OK && !loaded ? 0 : 1);
    }
    cr_assert_eq(waitpid(child, &state, 0), child);
    cr_assert(WIFEXITED(state) && WEXITSTATUS(state) == 0, "state %d", state);
    FILE *file = fopen(log, "r");
    while (fgets(line, sizeof line, file))
        count += strstr(line, "warning: ") && strstr(line, table_path) && strstr(line, reason) &&
                 strstr(line, "routes are the built-in ones");
    fclose(file);
    return count;
}

Test(tuned_table, one_that_cannot_be_read_is_told)
{
    char path[PATH_MAX];
    pnas_tuned_table *table = make_table(0, 3);
    ok(pnas_tuned_table_store(folder, "key", table, path, sizeof path));
    cr_assert_eq(chmod(folder, 0755), 0);
    cr_assert_eq(chmod(path, 0), 0);
    cr_assert_eq(load_refused(path, "cannot be read (Permission denied)"), 1);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkfifo(path, 0666), 0);
    cr_assert_eq(load_refused(path, "cannot be read (not a regular file)"), 1);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkdir(path, 0755), 0);
    cr_assert_eq(load_refused(path, "cannot be read (not a regular file)"), 1);
    cr_assert_neq(pnas_tuned_table_store(folder, "key", table, path, sizeof path), PNAS_OK);
    cr_assert_eq(rmdir(path), 0);
    cr_assert_eq(symlink(path, path), 0);
    cr_assert_eq(load_refused(path, "cannot be read (Too many levels of symbolic links)"), 1);
    pnas_tuned_table_destroy(&table);
}

Test(tuned_table, clblast_s_parameters_are_decisions_and_stored)
{
    char path[PATH_MAX];
    pnas_tuned_table *table = make_table(0, 3), *loaded;
    uint64_t before = pnas_tuned_table_hash(table);
    for (int kernel = 0; kernel < PNAS_CLBLAST_KERNELS; ++kernel)
        for (int i = 0; i < pnas_clblast_candidates((pnas_clblast_kernel)kernel); ++i) {
            uint64_t last = pnas_tuned_table_hash(table);
            const int *values = pnas_clblast_candidate((pnas_clblast_kernel)kernel, i);
            memcpy(table->clblast.value[kernel], values, sizeof table->clblast.value[kernel]);
            cr_assert_neq(pnas_tuned_table_hash(table), last);
            ok(pnas_tuned_table_store(folder, "key", table, path, sizeof path));
            ok(pnas_tuned_table_load(folder, "key", &loaded));
            cr_assert_not_null(loaded);
            cr_assert_eq(memcmp(&loaded->clblast, &table->clblast, sizeof table->clblast), 0);
            pnas_tuned_table_destroy(&loaded);
        }
    memset(&table->clblast, 0, sizeof table->clblast);
    cr_assert_eq(pnas_tuned_table_hash(table), before);
    pnas_tuned_table_destroy(&table);
}

/* What CLBlast demands of its parameters, so that no set fails to build for its numbers. */
Test(tuned_table, sets_of_parameters_fit_their_tiles)
{
    for (int i = 0; i < pnas_clblast_candidates(PNAS_CLBLAST_DIRECT); ++i) {
        const int *v = pnas_clblast_candidate(PNAS_CLBLAST_DIRECT, i);
        int wgd = v[0], mdimc = v[1], ndimc = v[2], mdima = v[3], ndimb = v[4], kwid = v[5], vwm = v[6],
            vwn = v[7];
        cr_assert(wgd % kwid == 0 && wgd % (mdimc * vwm) == 0 && wgd % (ndimc * vwn) == 0, "direct %d", i);
        cr_assert(wgd % (mdima * vwm) == 0 && wgd % (ndimb * vwn) == 0, "direct %d", i);
        cr_assert(wgd % (mdimc * ndimc / mdima) == 0 && wgd % (mdimc * ndimc / ndimb) == 0, "direct %d", i);
    }
    for (int i = 0; i < pnas_clblast_candidates(PNAS_CLBLAST_INDIRECT); ++i) {
        const int *v = pnas_clblast_candidate(PNAS_CLBLAST_INDIRECT, i);
        int mwg = v[0], nwg = v[1], kwg = v[2], mdimc = v[3], ndimc = v[4], mdima = v[5], ndimb = v[6];
        int kwi = v[7], vwm = v[8], vwn = v[9];
        cr_assert(kwg % kwi == 0 && mwg % (mdimc * vwm) == 0 && nwg % (ndimc * vwn) == 0, "indirect %d", i);
        cr_assert(mwg % (mdima * vwm) == 0 && nwg % (ndimb * vwn) == 0, "indirect %d", i);
        cr_assert(kwg % (mdimc * ndimc / mdima) == 0 && kwg % (mdimc * ndimc / ndimb) == 0, "indirect %d", i);
    }
}

static pnas_cl *open_context(int vector, bool untuned)
{
    pnas_cl *cl = NULL;
    pnas_cl_options options = {.vector = vector, .cache_directory = folder, .untuned = untuned};
    ok(pnas_cl_create(&options, &cl));
    return cl;
}

static void store_for_device(const pnas_tuned_table *table)
{
    char *key, path[PATH_MAX];
    pnas_cl *cl = open_context(0, true);
    ok(pnas_tuned_table_key(&cl->info, cl->kernel_directory, &key));
    ok(pnas_tuned_table_store(folder, key, table, path, sizeof path));
    free(key);
    pnas_cl_destroy(&cl);
}

Test(tuned_table, routes_follow_it_and_say_so)
{
    pnas_tuned_table *table = make_table(0, 2);
    pnas_tuned_row impossible = row_of(PNAS_OP_AVERAGE_POOL, 8, PNAS_ROUTE_CLBLAST), row = table->row[1];
    ok(pnas_tuned_table_set(table, &impossible));
    store_for_device(table);
    pnas_cl *cl = open_context(0, false);
    const char *source;
    char hash[20];
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)pnas_tuned_table_hash(table));
    cr_assert_str_eq(cl->info.tuned, hash);
    cr_assert_eq(cl->vector, 8);
    cr_assert_eq(pnas_route_explain(cl, row.op, &row.shape, &source), PNAS_ROUTE_PLAIN);
    cr_assert_str_eq(source, "tuned");
    cl->info.cpu = true;
    cl->no_tiles = false;
    cr_assert_eq(pnas_route_explain(cl, impossible.op, &impossible.shape, &source), PNAS_ROUTE_TILE);
    cr_assert_str_eq(source, "built-in");
    row.shape.C = 800;
    cr_assert_eq(pnas_route_choose(cl, row.op, &row.shape), PNAS_ROUTE_TILE);
    row.shape = table->row[1].shape;
    pnas_cl *lane = test_device_lane(cl, PNAS_ROUTE_TILE);
    cr_assert_eq(pnas_route_explain(lane, row.op, &row.shape, &source), PNAS_ROUTE_TILE);
    cr_assert_str_eq(source, "forced");
    pnas_cl_destroy(&lane);
    pnas_cl_destroy(&cl);
    pnas_tuned_table_destroy(&table);
}

Test(tuned_table, it_decides_v_and_serves_no_other)
{
    pnas_tuned_table *table = make_table(0, 2);
    table->vector = 4;
    store_for_device(table);
    pnas_cl *cl = open_context(0, false);
    cr_assert_eq(cl->vector, 4);
    pnas_cl_destroy(&cl);
    cl = open_context(1, false);
    cr_assert_eq(cl->vector, 1);
    cr_assert_null(cl->tuned);
    cr_assert_str_eq(cl->info.tuned, "");
    pnas_cl_destroy(&cl);
    cl = open_context(0, true);
    cr_assert_null(cl->tuned);
    pnas_cl_destroy(&cl);
    setenv("PNAS_TUNED", "0", 1);
    cl = open_context(0, false);
    cr_assert_null(cl->tuned);
    test_device_close(&cl);
    pnas_tuned_table_destroy(&table);
}

/* --- a child's ops --- */

static pnas_graph *make_graph(const char *text)
{
    pnas_operator_set operators;
    pnas_operator_set_paper(&operators);
    pnas_cell cell;
    pnas_graph *graph = NULL;
    const pnas_network_options options = {.filters = 8,
                                          .repeats = 1,
                                          .stem_multiplier = 3,
                                          .concatenation = PNAS_CONCATENATE_ALL,
                                          .height = 8,
                                          .width = 8,
                                          .channels = 1,
                                          .classes = 10};
    ok(pnas_cell_parse(text, &operators, &cell));
    ok(pnas_graph_create(&cell, &operators, &options, &graph));
    return graph;
}

static pnas_status set_plain(void *table, const pnas_routed_op *op)
{
    const pnas_tuned_row row = {.op = op->op, .shape = op->shape, .route = PNAS_ROUTE_PLAIN};
    return pnas_tuned_table_set(table, &row);
}

static pnas_child_plan *make_plan(pnas_cl *cl, const pnas_graph *graph, const pnas_training_options *training,
                                  pnas_child_plan_options *options)
{
    pnas_child_plan *plan = NULL;
    *options =
        (pnas_child_plan_options){.training = training, .batch = 4, .train_steps = 1, .evaluation_steps = 1};
    ok(pnas_buffer_create(cl, 4 * 64, &options->images));
    ok(pnas_buffer_create(cl, 2 * sizeof(float), &options->mean_deviation));
    ok(pnas_child_plan_create(cl, graph, options, &plan));
    ok(pnas_child_plan_build(plan, NULL));
    return plan;
}

/* A table that says PLAIN to all that is listed leaves no tile kernel in a step: nothing is asked that is not
 * listed. Images are loaded by the head's route, which is no layer's. */
Test(tuned_table, a_childs_list_of_ops_is_what_its_step_asks_for)
{
    pnas_graph *graph =
        make_graph("-1:sep3+-2:max3 | -1:1x7-7x1+0:avg3 | 0:identity+-2:dil3 | -2:sep5+-1:identity");
    pnas_tuned_table *table = calloc(1, sizeof *table);
    table->vector = 8;
    ok(pnas_child_routes(graph, 4, 8, set_plain, table));
    cr_assert(table->count > 20);
    store_for_device(table);
    pnas_cl *cl = open_context(0, false);
    const pnas_training_options training = {.epochs = 1, .batch = 4, .optimizer = PNAS_OPTIMIZER_SGD};
    pnas_child_plan_options options;
    pnas_child_plan *plan = make_plan(cl, graph, &training, &options);
    for (size_t i = 0; i < plan->step.count; ++i) {
        const pnas_launch *launch = &plan->step.item[i];
        cr_assert(!strstr(launch->name, "_tile") || strcmp(launch->label, "load images") == 0, "%s runs %s",
                  launch->label, launch->name);
    }
    pnas_child_plan_destroy(&plan);
    pnas_buffer_release(&options.images);
    pnas_buffer_release(&options.mean_deviation);
    pnas_tuned_table_destroy(&table);
    pnas_graph_destroy(&graph);
    test_device_close(&cl);
}

/* --- a surrogate's products --- */

typedef struct {
    int count, steps; /* steps: m = 6 rows by the four gates of 16 units, from 16 */
    int deepest;
} product_log;

static pnas_status take_product(void *payload, const pnas_routed_op *op)
{
    product_log *log = payload;
    cr_assert_eq(op->op, PNAS_OP_GEMM);
    log->count += 1;
    log->steps += op->shape.H == 6 && op->shape.W == 64 && op->shape.C == 16;
    if (op->shape.C > log->deepest)
        log->deepest = (int)op->shape.C;
    return PNAS_OK;
}

static pnas_surrogate_options small_surrogate(pnas_surrogate_model model)
{
    return (pnas_surrogate_options){.model = model, .members = 1, .embedding = 5, .hidden = 10, .batch = 6};
}

static pnas_space two_blocks(void)
{
    pnas_space space = {.lookback = -2, .lookforward = -1, .blocks = 2};
    pnas_operator_set_paper(&space.operators);
    return space;
}

Test(tuner, sees_the_products_of_a_surrogate_s_steps)
{
    pnas_cl *cl = open_context(0, true);
    pnas_space space = two_blocks();
    pnas_surrogate_options options = small_surrogate(PNAS_MODEL_LSTM);
    product_log lstm = {0}, mlp = {0};
    ok(pnas_surrogate_products(cl, &options, &space, take_product, &lstm));
    cr_assert_geq(lstm.steps, 3 + 7, "a product for each token but the first of one block and of two");
    cr_assert_geq(lstm.deepest, 6 * 7, "the recurrent weights' gradient sums over rows and tokens");
    options = small_surrogate(PNAS_MODEL_MLP);
    ok(pnas_surrogate_products(cl, &options, &space, take_product, &mlp));
    cr_assert_geq(mlp.count, 2 * 5, "two layers forward, both back, and one gradient more by weights");
    test_device_close(&cl);
}

/* --- the tuner --- */

typedef struct {
    int results, wrong, failed;
    char wrong_op[32], failed_op[32];
} tuning_log;

static void take_result(void *payload, const pnas_tuner_result *result)
{
    tuning_log *log = payload;
    log->results += 1;
    cr_assert(result->plain > 0 && result->count > 0);
    cr_assert_gt(strlen(result->shape), 5);
    if (result->tile < 0) {
        log->wrong += 1;
        snprintf(log->wrong_op, sizeof log->wrong_op, "%s", result->op);
        cr_assert_str_eq(result->route, "plain");
    }
    if (isnan(result->tile)) {
        log->failed += 1;
        snprintf(log->failed_op, sizeof log->failed_op, "%s", result->op);
        cr_assert_str_eq(result->route, "plain");
    }
}

static pnas_status try_tuner(const char *kernels, pnas_tuner_summary *summary, tuning_log *log)
{
    pnas_graph *graph = make_graph("-1:identity+-2:identity");
    const pnas_graph *const graphs[] = {graph};
    const pnas_tuner_options options = {
        .device = {.vector = 8, .cache_directory = folder, .kernel_directory = kernels},
        .graph = graphs,
        .graph_count = 1,
        .batch = 4,
        .report = take_result,
        .payload = log};
    pnas_status status = pnas_tune(&options, summary);
    pnas_graph_destroy(&graph);
    return status;
}

static tuning_log run_tuner(const char *kernels, pnas_tuner_summary *summary)
{
    tuning_log log = {0};
    ok(try_tuner(kernels, summary, &log));
    return log;
}

Test(tuner, finds_routes_that_later_contexts_take)
{
    pnas_tuner_summary summary, again;
    tuning_log log = run_tuner(NULL, &summary);
    cr_assert_eq(log.wrong, 0, "%s", log.wrong_op);
    cr_assert_eq(log.results, summary.routes);
    cr_assert(summary.tuned_seconds > 0 && summary.tuned_seconds <= summary.built_in_seconds);
    cr_assert_eq(access(summary.path, R_OK), 0);
    pnas_cl *cl = open_context(0, false);
    cr_assert_str_eq(cl->info.tuned, summary.hash);
    cr_assert_eq((int)cl->tuned->count, summary.routes);
    run_tuner(NULL, &again);
    cr_assert_eq(again.routes, summary.routes);
    test_device_close(&cl);
}

/* A folder of kernels with one that `edit`, for sed, has changed. */
static void spoil(const char *file, const char *edit, char kernels[PATH_MAX])
{
    char command[4 * PATH_MAX];
    pnas_cl *cl = open_context(0, true);
    snprintf(kernels, PATH_MAX, "%.4000s/kernels", folder);
    snprintf(command, sizeof command, "rm -rf '%s' && cp -r '%s' '%s' && sed -i '%s' '%s'/%s", kernels,
             cl->kernel_directory, kernels, edit, kernels, file);
    pnas_cl_destroy(&cl);
    cr_assert_eq(system(command), 0);
}

/* Sums whose tile kernel adds an operand to itself: PLAIN serves them. */
Test(tuner, leaves_a_route_that_computes_wrongly)
{
    char kernels[PATH_MAX];
    pnas_tuner_summary summary;
    spoil("add_tile.cl", "s/READ(0, bb + i)/READ(0, ab + i)/", kernels);
    tuning_log log = run_tuner(kernels, &summary);
    cr_assert(log.wrong > 0);
    cr_assert_str_eq(log.wrong_op, "sum");
}

/* A kernel that is refused at its launch, as one that needs more than a device has, and one that does not build. */
Test(tuner, goes_on_without_a_route_that_fails)
{
    static const char *const edits[] = {
        "s/^TILE_KERNEL/__kernel __attribute__((reqd_work_group_size(3, 1, 1)))/",
        "s/^TILE_KERNEL/TILE_KERNEL no_such_type/"};
    for (int i = 0; i < 2; ++i) {
        char kernels[PATH_MAX];
        pnas_tuner_summary summary;
        spoil("add_tile.cl", edits[i], kernels);
        tuning_log log = run_tuner(kernels, &summary);
        cr_assert(log.failed > 0 && log.failed < log.results, "%d of %d failed", log.failed, log.results);
        cr_assert_str_eq(log.failed_op, "sum");
        cr_assert_eq(summary.failed, 0);
        cr_assert_eq(log.results, summary.routes);
    }
}

/* Without its plain route an op is not measured; the others are. */
Test(tuner, leaves_out_a_shape_that_no_route_computes)
{
    char kernels[PATH_MAX];
    pnas_tuner_summary summary;
    spoil("add.cl", "s/__kernel/__kernel no_such_type/", kernels);
    tuning_log log = run_tuner(kernels, &summary);
    cr_assert_gt(summary.failed, 0);
    cr_assert_eq(log.failed, 0);
    cr_assert(log.results > 0 && log.results == summary.routes);
}

Test(tuner, fails_where_nothing_can_be_measured)
{
    char kernels[PATH_MAX];
    pnas_tuner_summary summary;
    tuning_log log = {0};
    spoil("*.cl", "s/__kernel/__kernel no_such_type/", kernels);
    cr_assert_eq(try_tuner(kernels, &summary, &log), PNAS_ERROR_BUILD);
    cr_assert(strstr(pnas_message(), "none of "), "%s", pnas_message());
    cr_assert_eq(log.results, 0);
}

/* CLBlast on a CPU compiles for half a minute. */
Test(clblast, parameters_that_pay_are_taken_and_compute_rightly)
{
    pnas_tuner_summary summary;
    tuning_log log = {0};
    pnas_graph *graph = make_graph("-1:identity+-2:identity");
    const pnas_graph *const graphs[] = {graph};
    const pnas_tuner_options options = {.device = {.vector = 8, .cache_directory = folder},
                                        .graph = graphs,
                                        .graph_count = 1,
                                        .batch = 4,
                                        .clblast = true,
                                        .clblast_most = 1,
                                        .report = take_result,
                                        .payload = &log};
    ok(pnas_tune(&options, &summary));
    int values[PNAS_CLBLAST_VALUES];
    cr_assert(pnas_clblast_read(PNAS_CLBLAST_DIRECT, summary.clblast[0], values), "%s", summary.clblast[0]);
    cr_assert(pnas_clblast_read(PNAS_CLBLAST_INDIRECT, summary.clblast[1], values), "%s", summary.clblast[1]);
    pnas_cl *cl = open_context(0, false);
    cr_assert_str_eq(cl->info.tuned, summary.hash);
    pnas_tuned_table *table = (pnas_tuned_table *)cl->tuned; /* in force whatever was faster here */
    memcpy(table->clblast.value[PNAS_CLBLAST_DIRECT], pnas_clblast_candidate(PNAS_CLBLAST_DIRECT, 0),
           sizeof table->clblast.value[0]);
    pnas_cl *lane = test_device_lane(cl, PNAS_ROUTE_CLBLAST);
    ok(pnas_gemm_prepare(lane));
    pnas_cl_destroy(&lane);
    cr_assert(cl->clblast->checked && !cl->clblast->refused);
    pnas_graph_destroy(&graph);
    test_device_close(&cl);
}
