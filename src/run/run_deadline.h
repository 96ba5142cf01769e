/* When the ranks of a run stop by themselves. */
#ifndef PNAS_RUN_DEADLINE_H
#define PNAS_RUN_DEADLINE_H

/* On the steady clock: `limit` seconds after `start` or, with limit 0, before SLURM ends the job (slurm_time.h), for
 * which only rank 0 looks and which it tells to a person. 0: never. Local. */
double pnas_run_deadline(double limit, int rank, double start);

#endif
