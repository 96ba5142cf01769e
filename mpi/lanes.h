/* Lanes: threads that call evaluators, so that a rank trains several children at once and the thread that
 * speaks MPI never waits for one. Private to this room; called by that thread alone. Local. */
#ifndef PNAS_MPI_LANES_H
#define PNAS_MPI_LANES_H

#include "mpi/packing.h"

typedef struct pnas_lanes pnas_lanes;

/* A thread for each of `evaluators` ([count], borrowed). PNAS_ERROR_MEMORY where the system gives none. */
pnas_status pnas_lanes_create(const pnas_evaluator *evaluators, int count, pnas_lanes **out);
void pnas_lanes_destroy(pnas_lanes **lanes); /* stops what is running and waits for it */

/* Gives a free lane a job, and says whether there was one. */
bool pnas_lanes_start(pnas_lanes *lanes, int64_t job_id, const pnas_job *job);

/* From now on each child ends with PNAS_STOPPED and this message at its next tick. */
void pnas_lanes_stop(pnas_lanes *lanes, const char *message);

/* Takes what became of one job, with its job_id, if one has ended; out->result is the caller's. */
bool pnas_lanes_take(pnas_lanes *lanes, pnas_job_result *out);

bool pnas_lanes_busy(pnas_lanes *lanes); /* a job has not been taken yet */

/* Sleeps until a job has ended, but no longer than so. */
void pnas_lanes_wait(pnas_lanes *lanes, double seconds);

#endif
