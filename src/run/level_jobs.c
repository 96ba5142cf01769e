#include "src/run/level_jobs.h"

#include "src/net/graph.h"
#include "src/net/graph_create.h"
#include "src/search/strategy.h"

#include <stdlib.h>

static int64_t count_values(const pnas_graph *graph)
{
    int64_t values = 0;
    for (int i = 0; i < graph->layer_count; i++) {
        const pnas_layer *layer = &graph->layer[i];
        const pnas_tensor *tensor = &graph->tensor[layer->out];
        values += (int64_t)layer->out_segments * tensor->segment_channels * tensor->height * tensor->width;
    }
    return values;
}

pnas_status pnas_level_job(const pnas_configuration *configuration, const pnas_cell *cell, int level,
                           int index, pnas_job *out)
{
    pnas_graph *graph = NULL;
    *out = (pnas_job){.level = level, .index = index, .cell = *cell};
    PNAS_TRY(
        pnas_graph_create(cell, &configuration->search.space.operators, &configuration->network, &graph));
    out->cost = graph->multiply_adds;
    out->values = count_values(graph);
    out->layers = graph->layer_count;
    pnas_graph_destroy(&graph);
    return PNAS_OK;
}

/* With rungs a job ends at the next one. */
static void set_rung(const pnas_configuration *configuration, const pnas_child *child, pnas_job *out)
{
    if (configuration->search.rungs == 0)
        return;
    out->from = child->result.epochs;
    out->until = pnas_rung_after(&configuration->search, out->from);
    out->epochs = configuration->training.epochs;
    out->before = child->result.train_seconds;
}

static pnas_status make_job(const pnas_configuration *configuration, const pnas_cell_table *table,
                            const pnas_level *level, size_t index, pnas_job *out)
{
    const pnas_child *child = &level->child[index];
    if (!table) {
        PNAS_TRY(pnas_level_job(configuration, &child->cell, level->blocks, (int)index, out));
    } else {
        const pnas_table_entry *entry = pnas_cell_table_find(table, &child->cell);
        *out = (pnas_job){.level = level->blocks, .index = (int)index, .cell = child->cell};
        out->cost = entry && entry->multiply_adds > 0 ? entry->multiply_adds : 0;
    }
    set_rung(configuration, child, out);
    return PNAS_OK;
}

typedef struct {
    const pnas_level *level;
    size_t index;
    int order;
} pending_child;

static int by_order(const void *a, const void *b)
{
    return ((const pending_child *)a)->order - ((const pending_child *)b)->order;
}

/* The pending children of levels [0 .. level_count) after the first `from`, in the order of proposals. */
static pnas_status list_pending(const pnas_level *const *levels, int level_count, size_t from,
                                pending_child **out, size_t *count)
{
    size_t pending = 0;
    *count = 0;
    for (int l = 0; l < level_count; l++)
        pending += pnas_level_count(levels[l], PNAS_CHILD_PENDING);
    *out = malloc((pending + 1) * sizeof **out);
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "no memory for a list of %zu children", pending);
    for (int l = 0; l < level_count; l++)
        for (size_t i = 0; i < levels[l]->count; i++) {
            const pnas_child *child = &levels[l]->child[i];
            if (child->result.status == PNAS_CHILD_PENDING && (size_t)child->order >= from)
                (*out)[(*count)++] = (pending_child){levels[l], i, child->order};
        }
    if (level_count > 1)
        qsort(*out, *count, sizeof **out, by_order);
    return PNAS_OK;
}

static pnas_status make_jobs(const pnas_configuration *configuration, const pnas_cell_table *table,
                             const pending_child *pending, size_t count, pnas_job **out)
{
    pnas_job *jobs = calloc(count + 1, sizeof *jobs);
    pnas_status status = PNAS_OK;
    *out = NULL;
    PNAS_CHECK(jobs, PNAS_ERROR_MEMORY, "no memory for a list of %zu children", count);
    for (size_t i = 0; i < count && status == PNAS_OK; i++)
        status = make_job(configuration, table, pending[i].level, pending[i].index, &jobs[i]);
    if (status == PNAS_OK)
        *out = jobs;
    else
        free(jobs);
    return status;
}

static pnas_status jobs_of(const pnas_configuration *configuration, const pnas_cell_table *table,
                           const pnas_level *const *levels, int level_count, size_t from, pnas_job **out,
                           size_t *count)
{
    pending_child *pending = NULL;
    *out = NULL;
    PNAS_TRY(list_pending(levels, level_count, from, &pending, count));
    pnas_status status = make_jobs(configuration, table, pending, *count, out);
    free(pending);
    return status;
}

pnas_status pnas_level_jobs(const pnas_configuration *configuration, const pnas_cell_table *table,
                            const pnas_level *level, pnas_job **out, size_t *count)
{
    return jobs_of(configuration, table, &level, 1, 0, out, count);
}

pnas_status pnas_pending_jobs(const pnas_configuration *configuration, const pnas_cell_table *table,
                              const pnas_search *search, size_t from, pnas_job **out, size_t *count)
{
    const pnas_level *levels[PNAS_BLOCKS_MAX];
    int all = pnas_search_levels(search);
    if (!pnas_strategy_get(configuration->search.strategy)->all_sizes)
        return pnas_level_jobs(configuration, table, pnas_search_current(search), out, count);
    for (int l = 0; l < all; l++)
        levels[l] = pnas_search_level(search, l + 1);
    return jobs_of(configuration, table, levels, all, from + 1, out, count);
}
