/* Evaluation of children by looking them up in a table of cells that were trained already. Local. */
#ifndef PNAS_RUN_REPLAY_H
#define PNAS_RUN_REPLAY_H

#include "io/data/dataset.h"
#include "src/net/run_settings.h"
#include "src/search/cell_table.h"
#include "src/search/evaluator.h"

typedef struct {
    pnas_cell_table *table;
    pnas_dataset *dataset; /* stands for the data in the run file: the table's file, its cells, its SHA-256 */
    const char *path;      /* borrowed */
    double pace;           /* a child takes this share of its training time */
} pnas_replay;

/* Reads configuration->table for configuration->search.space; says how many cells it has. PNAS_ERROR_DATA, too, if
 * search.rungs is given and no cell has a curve. */
pnas_status pnas_replay_open(const pnas_configuration *configuration, pnas_replay *out);
void pnas_replay_close(pnas_replay *replay);

/* An evaluator's function; payload is a pnas_replay. A cell that is not in the table fails, and with rungs one
 * without a curve that is long enough. At a pace above 0
 * the child's training time is what it slept. */
pnas_status pnas_replay_evaluate(void *payload, const pnas_job *job, pnas_tick tick, void *tick_payload,
                                 pnas_result *result);

#endif
