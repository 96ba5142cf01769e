#include "src/programs/evaluate_surrogate.h"

#include "cl/surrogate_ensemble.h"
#include "io/cell_table_file.h"
#include "src/base/log.h"
#include "src/programs/evaluate_table.h"

static pnas_status open_surrogate(void *payload, uint64_t seed, pnas_surrogate *out)
{
    const pnas_evaluate_surrogate_options *options = payload;
    pnas_surrogate_options surrogate = options->configuration->surrogate;
    pnas_ensemble *ensemble = NULL;
    surrogate.seed = seed;
    PNAS_TRY(pnas_ensemble_create(options->cl, &surrogate, &options->configuration->search.space, &ensemble));
    *out = (pnas_surrogate){pnas_ensemble_fit, pnas_ensemble_predict, ensemble};
    return PNAS_OK;
}

static void close_surrogate(void *payload, pnas_surrogate *surrogate)
{
    pnas_ensemble *ensemble = surrogate->payload;
    pnas_ensemble_destroy(&ensemble);
    surrogate->payload = NULL;
}

pnas_status pnas_evaluate_surrogate(const pnas_evaluate_surrogate_options *options)
{
    const pnas_configuration *configuration = options->configuration;
    pnas_evaluation evaluation[PNAS_BLOCKS_MAX];
    pnas_cell_table *table = NULL;
    size_t left_out = 0;
    int levels = 0;
    PNAS_TRY(pnas_cell_table_read(options->table, &configuration->search.space, &table, &left_out, NULL));
    pnas_info("table %s: %zu cells of the search space, %zu outside of it", options->table,
              pnas_cell_table_count(table), left_out);
    pnas_evaluate_surrogate_options maker = *options;
    const pnas_evaluate_options evaluate = {.table = table,
                                            .operators = &configuration->search.space.operators,
                                            .trials = options->trials,
                                            .cells = options->cells,
                                            .seed = configuration->seed,
                                            .maker = {open_surrogate, close_surrogate, &maker}};
    pnas_status status = pnas_evaluate_table(&evaluate, evaluation, &levels);
    if (status == PNAS_OK)
        pnas_evaluation_print(evaluation, levels);
    pnas_cell_table_destroy(&table);
    return status;
}
