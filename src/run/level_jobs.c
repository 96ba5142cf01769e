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

static pnas_status make_job(const pnas_configuration *configuration, const pnas_cell_table *table,
                            const pnas_level *level, size_t index, pnas_job *out)
{
    const pnas_cell *cell = &level->child[index].cell;
    if (!table)
        return pnas_level_job(configuration, cell, level->blocks, (int)index, out);
    const pnas_table_entry *entry = pnas_cell_table_find(table, cell);
    *out = (pnas_job){.level = level->blocks, .index = (int)index, .cell = *cell};
    out->cost = entry && entry->multiply_adds > 0 ? entry->multiply_adds : 0;
    return PNAS_OK;
}

/* The pending children of levels [0 .. count). */
static pnas_status list_pending(const pnas_configuration *configuration, const pnas_cell_table *table,
                                const pnas_level *const *levels, int level_count, pnas_job **out,
                                size_t *count)
{
    size_t pending = 0;
    pnas_status status = PNAS_OK;
    *out = NULL;
    *count = 0;
    for (int l = 0; l < level_count; l++)
        pending += pnas_level_count(levels[l], PNAS_CHILD_PENDING);
    pnas_job *jobs = calloc(pending + 1, sizeof *jobs);
    PNAS_CHECK(jobs, PNAS_ERROR_MEMORY, "no memory for a list of %zu children", pending);
    for (int l = 0; l < level_count; l++)
        for (size_t i = 0; i < levels[l]->count && status == PNAS_OK; i++)
            if (levels[l]->child[i].result.status == PNAS_CHILD_PENDING)
                status = make_job(configuration, table, levels[l], i, &jobs[(*count)++]);
    if (status == PNAS_OK)
        *out = jobs;
    else
        free(jobs);
    return status;
}

pnas_status pnas_level_jobs(const pnas_configuration *configuration, const pnas_cell_table *table,
                            const pnas_level *level, pnas_job **out, size_t *count)
{
    return list_pending(configuration, table, &level, 1, out, count);
}

pnas_status pnas_pending_jobs(const pnas_configuration *configuration, const pnas_cell_table *table,
                              const pnas_search *search, pnas_job **out, size_t *count)
{
    const pnas_level *levels[PNAS_BLOCKS_MAX];
    int all = pnas_search_levels(search);
    if (!pnas_strategy_get(configuration->search.strategy)->all_sizes)
        return pnas_level_jobs(configuration, table, pnas_search_current(search), out, count);
    for (int l = 0; l < all; l++)
        levels[l] = pnas_search_level(search, l + 1);
    return list_pending(configuration, table, levels, all, out, count);
}
