/* A search at a rung (src/search/rungs/rungs.h): the choice, and what is told and kept of it. Local to rank 0. */
#ifndef PNAS_RUN_RUNG_PASS_H
#define PNAS_RUN_RUNG_PASS_H

#include "io/run/run_file.h"
#include "src/run/checkpoint_folder.h"

/* Chooses who goes on, writes the run file, and removes the checkpoints of those that are stopped. */
pnas_status pnas_rung_pass(pnas_run_file *file, pnas_search *search, pnas_checkpoint_folder *checkpoints);

/* Says of how many epochs, of the `epochs` of each child, a search with rungs has trained how many. */
void pnas_rung_pass_report(const pnas_search *search, int epochs);

#endif
