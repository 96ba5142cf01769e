/* How many launches a training step of a child, or of a group of children, consists of, as recorded and as joined.
 * Nothing is trained and no memory of the device is needed: launches are only recorded. With --list the launches
 * themselves, which step_model.py reads. */
#include "bench/step_child.h"
#include "cl/runtime/context.h"
#include "cl/runtime/launch_check.h"
#include "cl/runtime/launch_join.h"
#include "src/base/log.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHILDREN_MAX = 64 };

typedef struct {
    step_child_options child;
    const char *device, *cell[CHILDREN_MAX];
    int cells, random, vector;
    pnas_route route;
    bool list, check;
} arguments;

static const struct argp_option options[] = {
    {"cell", 'c', "TEXT", 0,
     "a child's cell; may be repeated; default: one of the first --blocks of a fixed five", 0},
    {"random", 'r', "COUNT", 0, "so many children of random cells of --blocks blocks", 0},
    {"blocks", 'b', "B", 0, "blocks of these cells (5)", 0},
    {"filters", 'f', "F", 0, "filters of the first stage (24)", 0},
    {"repeats", 'n', "N", 0, "stride-1 cells a stage (1)", 0},
    {"batch", 'm', "M", 0, "images a batch (64)", 0},
    {"size", 's', "PIXELS", 0, "height and width of the images (32)", 0},
    {"device", 'd', "DEVICE", 0, "index, cpu, gpu or part of a name (auto)", 0},
    {"route", 'R', "gpu|auto", 0,
     "gpu: the kernels of GPUs, on any device (auto: those that this device takes)", 0},
    {"storage", 'S', "KIND", 0, "of activations: float or half (float)", 0},
    {"list", 'l', NULL, 0, "print every launch of the joined step: label, jobs, groups, items, flops, bytes",
     0},
    {"check", 'k', NULL, 0, "run the step of each child, launch by launch, and check what it accesses", 0},
    {0}};

static error_t parse(int key, char *value, struct argp_state *state)
{
    arguments *a = state->input;
    switch (key) {
    case 'c':
        if (a->cells == CHILDREN_MAX)
            argp_error(state, "--cell may be given %d times", CHILDREN_MAX);
        a->cell[a->cells++] = value;
        return 0;
    case 'r':
        a->random = atoi(value);
        return 0;
    case 'd':
        a->device = value;
        return 0;
    case 'R':
        a->route = step_child_route(value, state, &a->vector);
        return 0;
    case 'l':
        a->list = true;
        return 0;
    case 'k':
        a->check = true;
        return 0;
    default:
        return step_child_parse(key, value, state, &a->child);
    }
}

typedef struct {
    pnas_cl *cl;
    cl_mem stand_in; /* for all memory: nothing runs */
    step_child *child;
    pnas_launch_order *order; /* [children] of the launches as recorded */
    int children;
    uint64_t floats; /* of memory that they would take */
} group;

/* --- children --- */

static const pnas_launch_list *recorded_of(const pnas_child_plan *plan)
{
    return plan->joins ? &plan->recorded_step.list : &plan->step;
}

static pnas_status record(group *g, const arguments *a, const char *cell)
{
    pnas_launch_order *order = &g->order[g->children];
    step_child *child = &g->child[g->children++];
    step_child_options wanted = a->child;
    pnas_cell parsed;
    wanted.cell = cell;
    *child = (step_child){.training = step_child_training(&wanted)};
    PNAS_TRY(step_child_graph(&wanted, &parsed, child));
    const pnas_child_plan_options plan = {.training = &child->training,
                                          .batch = wanted.batch,
                                          .train_steps = 1,
                                          .evaluation_steps = 1,
                                          .images = g->stand_in,
                                          .mean_deviation = g->stand_in,
                                          .room = {{g->stand_in, g->floats}, UINT64_MAX}};
    PNAS_TRY(pnas_child_plan_create(g->cl, child->graph, &plan, &child->plan));
    g->floats += pnas_child_plan_bytes(child->plan) / sizeof(cl_float);
    PNAS_TRY(pnas_child_plan_record(child->plan));
    return pnas_launch_order_create(recorded_of(child->plan), order);
}

static pnas_status record_random(group *g, const arguments *a)
{
    pnas_stream stream = pnas_stream_make(1, PNAS_STREAM_TEST, 0, 0);
    for (int i = 0; i < a->random; ++i) {
        char text[PNAS_CELL_TEXT_MAX];
        step_child_draw(a->child.blocks, &stream, text);
        PNAS_TRY(record(g, a, text));
    }
    return PNAS_OK;
}

static pnas_status record_all(group *g, const arguments *a)
{
    size_t children = (size_t)a->cells + (size_t)a->random + 1;
    g->child = calloc(children, sizeof *g->child);
    g->order = calloc(children, sizeof *g->order);
    PNAS_CHECK(g->child && g->order, PNAS_ERROR_MEMORY, "no memory for the children");
    PNAS_TRY(pnas_buffer_create(g->cl, sizeof(cl_float), &g->stand_in));
    for (int i = 0; i < a->cells; ++i)
        PNAS_TRY(record(g, a, a->cell[i]));
    PNAS_TRY(record_random(g, a));
    return g->children == 0 ? record(g, a, NULL) : PNAS_OK;
}

static void clear(group *g)
{
    for (int i = 0; i < g->children; ++i) {
        step_child_destroy(&g->child[i]);
        pnas_launch_order_clear(&g->order[i]);
    }
    free(g->child);
    free(g->order);
    pnas_buffer_release(&g->stand_in);
    pnas_cl_destroy(&g->cl);
}

/* --- tables --- */

typedef struct {
    const char *label;
    size_t recorded, alone, together; /* launches: as recorded, each child joined, the group joined */
    double flops, bytes;
} row;

typedef struct {
    row row[256];
    int rows;
    row sum;
} table;

static row *row_of(table *t, const char *label)
{
    int r = 0;
    while (r < t->rows && strcmp(t->row[r].label, label) != 0)
        ++r;
    if (r == t->rows && t->rows < 255)
        t->row[t->rows++].label = label;
    return &t->row[r];
}

static void count_recorded(table *t, const pnas_launch_list *list)
{
    for (size_t i = 0; i < list->count; ++i) {
        row *r = row_of(t, list->item[i].label);
        ++r->recorded;
        ++t->sum.recorded;
        r->flops += list->item[i].flops;
        r->bytes += list->item[i].bytes;
        t->sum.flops += list->item[i].flops;
        t->sum.bytes += list->item[i].bytes;
    }
}

static void print_table(const group *g, const pnas_launch_list *together)
{
    table *t = calloc(1, sizeof *t);
    double children = g->children;
    if (!t)
        return;
    for (int i = 0; i < g->children; ++i) {
        const pnas_child_plan *plan = g->child[i].plan;
        count_recorded(t, recorded_of(plan));
        for (size_t k = 0; k < plan->step.count; ++k)
            ++row_of(t, plan->step.item[k].label)->alone;
        t->sum.alone += plan->step.count;
    }
    for (size_t k = 0; k < together->count; ++k)
        ++row_of(t, together->item[k].label)->together;
    t->sum.together = together->count;
    t->sum.label = "sum";
    printf("launches a step of a child, as recorded, joined, and joined in a group of %d\n", g->children);
    printf("%-40s %9s %9s %9s %9s %9s\n", "op", "recorded", "joined", "group", "GFLOP", "MB");
    for (int r = 0; r <= t->rows; ++r) {
        const row *p = r < t->rows ? &t->row[r] : &t->sum;
        printf("%-40s %9.1f %9.1f %9.1f %9.3f %9.2f\n", p->label, (double)p->recorded / children,
               (double)p->alone / children, (double)p->together / children, 1e-9 * p->flops / children,
               1e-6 * p->bytes / children);
    }
    free(t);
}

static void print_list(const group *g, const pnas_launch_list *list)
{
    printf("children,%d\nlabel,kernel,jobs,groups,items,flops,bytes\n", g->children);
    for (size_t i = 0; i < list->count; ++i) {
        const pnas_launch *launch = &list->item[i];
        size_t groups = 1, items = 1;
        for (cl_uint d = 0; d < launch->dimensions; ++d) {
            groups *= launch->global[d] / launch->local[d];
            items *= launch->local[d];
        }
        printf("\"%s\",%s,%d,%zu,%zu,%.0f,%.0f\n", launch->label, launch->name ? launch->name : "call",
               launch->job ? launch->job_count : 1, groups, items, launch->flops, launch->bytes);
    }
}

static void describe(const group *g)
{
    size_t longest = 0;
    uint64_t scratch = 0;
    for (int i = 0; i < g->children; ++i) {
        const pnas_child_plan *plan = g->child[i].plan;
        scratch += plan->scratch_floats + plan->statistics_floats;
        printf("child %d: %s\n", i + 1, g->child[i].text);
        size_t *depth = calloc(g->order[i].count + 1, sizeof *depth);
        if (depth)
            pnas_launch_order_depths(&g->order[i], depth);
        for (size_t k = 0; depth && k < g->order[i].count; ++k)
            longest = depth[k] > longest ? depth[k] : longest;
        free(depth);
    }
    printf("device %s, V = %d; %.1f MiB a child, %.1f of them scratch; at least %zu launches one after the "
           "other\n",
           g->cl->info.name, g->cl->vector, (double)g->floats * sizeof(cl_float) / 0x1p20 / g->children,
           (double)scratch * sizeof(cl_float) / 0x1p20 / g->children, longest);
}

static pnas_status join_group(const group *g, pnas_launch_list *out)
{
    pnas_join_part *part = calloc((size_t)g->children, sizeof *part);
    PNAS_CHECK(part, PNAS_ERROR_MEMORY, "no memory for a group of %d", g->children);
    for (int i = 0; i < g->children; ++i)
        part[i] = (pnas_join_part){recorded_of(g->child[i].plan), &g->order[i]};
    pnas_status status = pnas_launch_join(part, (size_t)g->children, out);
    free(part);
    return status;
}

/* --- check --- */

static pnas_status check_child(pnas_cl *cl, const arguments *a, const char *cell)
{
    step_child child = {0};
    step_child_options wanted = a->child;
    pnas_status status;
    wanted.cell = cell;
    PNAS_TRY_CLEANUP(step_child_create(cl, &wanted, &child));
    pnas_launch_list *list = child.plan->joins ? &child.plan->recorded_step.list : &child.plan->step;
    PNAS_TRY_CLEANUP(pnas_launch_check_accesses(cl, list));
    PNAS_TRY_CLEANUP(pnas_launch_check_order(cl, list));
    printf("%zu launches access what they say: %s\n", list->count, child.text);
cleanup:
    step_child_destroy(&child);
    return status;
}

static pnas_status run(const arguments *a)
{
    group g = {0};
    pnas_launch_list together = {0};
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_cl_create(
        &(pnas_cl_options){.device = a->device, .vector = a->vector, .route = a->route}, &g.cl));
    PNAS_TRY_CLEANUP(record_all(&g, a));
    PNAS_TRY_CLEANUP(join_group(&g, &together));
    if (a->list) {
        print_list(&g, &together);
    } else {
        describe(&g);
        print_table(&g, &together);
    }
    for (int i = 0; i < g.children && a->check; ++i)
        PNAS_TRY_CLEANUP(check_child(g.cl, a, g.child[i].text));
cleanup:
    pnas_launch_clear(&together);
    clear(&g);
    return status;
}

int main(int argc, char **argv)
{
    arguments a = {.child = {.blocks = 5,
                             .filters = 24,
                             .repeats = 1,
                             .batch = 64,
                             .size = 32,
                             .channels = 3,
                             .classes = 10,
                             .steps = 1}};
    const struct argp argp = {options, parse, NULL, "Counts the launches of a training step of children.",
                              NULL,    NULL,  NULL};
    const step_child_options *child = &a.child;
    argp_err_exit_status = 64;
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    pnas_log_setup("step_launches", PNAS_LOG_INFO, 0, 1);
    pnas_status status = PNAS_OK;
    if (child->blocks < 1 || child->blocks > 5 || child->filters < 1 || child->repeats < 0 ||
        child->batch < 1 || child->size < 4 || a.random < 0 || a.cells + a.random > CHILDREN_MAX)
        status =
            pnas_fail(PNAS_ERROR_USAGE,
                      "blocks must be 1 to 5, children %d at most, sizes positive; see --help", CHILDREN_MAX);
    else
        status = run(&a);
    if (status != PNAS_OK)
        pnas_error("%s", pnas_message());
    return pnas_exit_code(status);
}
