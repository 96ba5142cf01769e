#include "src/programs/pnas_score/evaluate_surrogate.h"

#include "cl/surrogate/surrogate_ensemble.h"
#include "io/run/cell_table_file.h"
#include "mpi/collectives.h"
#include "mpi/stop_request.h"
#include "src/base/log.h"
#include "src/base/progress.h"
#include "src/run/evaluate_table.h"
#include "src/run/shared_settings.h"

#include <math.h>
#include <stdlib.h>

typedef struct {
    const pnas_evaluate_surrogate_options *options;
    int opened; /* surrogates of this rank */
} evaluator;

static pnas_status look_round(void *payload)
{
    (void)payload;
    PNAS_CHECK(!pnas_stop_requested(), PNAS_STOPPED, "stopped by %s; nothing of an evaluation is kept",
               pnas_stop_reason());
    return PNAS_OK;
}

static pnas_status open_surrogate(void *payload, uint64_t seed, pnas_surrogate *out)
{
    evaluator *e = payload;
    pnas_surrogate_options surrogate = e->options->configuration->surrogate;
    pnas_ensemble *ensemble = NULL;
    surrogate.seed = seed;
    if (e->options->layout->rank == 0)
        pnas_progress_show("rank 0 fits its surrogate number %d", ++e->opened);
    PNAS_TRY(pnas_ensemble_create(e->options->cl, &surrogate, &e->options->configuration->search.space,
                                  &ensemble));
    pnas_ensemble_set_tick(ensemble, look_round, NULL);
    *out = (pnas_surrogate){pnas_ensemble_fit, pnas_ensemble_predict, ensemble};
    return PNAS_OK;
}

static void close_surrogate(void *payload, pnas_surrogate *surrogate)
{
    (void)payload;
    pnas_ensemble *ensemble = surrogate->payload;
    pnas_ensemble_destroy(&ensemble);
    surrogate->payload = NULL;
}

/* Rank 0 gets every rank's values. */
static pnas_status gather(void *payload, pnas_status status, double *values, size_t count)
{
    const pnas_layout *layout = ((evaluator *)payload)->options->layout;
    size_t ranks = (size_t)layout->ranks;
    double *all = NULL;
    PNAS_TRY(pnas_mpi_agree(status));
    if (layout->rank == 0 && !(all = malloc(ranks * count * sizeof *all)))
        status = pnas_fail(PNAS_ERROR_MEMORY, "out of memory for the trials of %zu ranks", ranks);
    status = pnas_mpi_agree(status);
    if (status == PNAS_OK)
        status = pnas_mpi_gather(values, count * sizeof *values, all);
    for (size_t i = 0; all && status == PNAS_OK && i < ranks * count; ++i)
        if (!isnan(all[i]))
            values[i % count] = all[i];
    free(all);
    return status;
}

static pnas_status evaluate(evaluator *e, const pnas_cell_table *table)
{
    const pnas_evaluate_surrogate_options *options = e->options;
    const pnas_layout *layout = options->layout;
    pnas_evaluation evaluation[PNAS_BLOCKS_MAX];
    int levels = 0;
    const pnas_evaluate_options evaluate = {.table = table,
                                            .operators = &options->configuration->search.space.operators,
                                            .trials = options->trials,
                                            .cells = options->cells,
                                            .held_out = options->held_out,
                                            .seed = options->configuration->seed,
                                            .maker = {open_surrogate, close_surrogate, e},
                                            .share = {layout->rank, layout->ranks, gather, e}};
    pnas_status status = pnas_evaluate_table(&evaluate, evaluation, &levels);
    pnas_progress_end();
    if (status == PNAS_OK && layout->rank == 0)
        pnas_evaluation_print(evaluation, levels);
    return status;
}

static void tell_table(const char *path, const pnas_cell_table *table, size_t left_out)
{
    size_t merged = pnas_cell_table_merged(table);
    pnas_info("table %s: %zu cells of the search space, %zu outside of it", path,
              pnas_cell_table_count(table), left_out);
    if (merged > 0)
        pnas_info("table %s: %zu rows are the same network as another one; such rows count as one cell, with "
                  "their mean accuracy",
                  path, merged);
}

pnas_status pnas_evaluate_surrogate(const pnas_evaluate_surrogate_options *options)
{
    const pnas_configuration *configuration = options->configuration;
    evaluator e = {.options = options};
    pnas_cell_table *table = NULL;
    size_t left_out = 0;
    char sha256[65];
    pnas_status status =
        pnas_cell_table_read(options->table, &configuration->search.space, &table, &left_out, NULL);
    if (status == PNAS_OK)
        status = pnas_cell_table_sum(table, false, sha256);
    PNAS_TRY_CLEANUP(pnas_mpi_agree(status));
    PNAS_TRY_CLEANUP(pnas_data_compare(options->layout, options->table, sha256));
    if (options->layout->rank == 0)
        tell_table(options->table, table, left_out);
    status = evaluate(&e, table);
cleanup:
    pnas_cell_table_destroy(&table);
    return status;
}
