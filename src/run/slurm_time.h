/* When SLURM ends the job that this process is part of. */
#ifndef PNAS_RUN_SLURM_TIME_H
#define PNAS_RUN_SLURM_TIME_H

/* Seconds from `now` (Unix time) until a search has to begin to stop: SLURM_JOB_END_TIME of the environment
 * less a minute for the stop, or half of what is left if that is less. 0: no job, or its end is not known, or
 * it is over (as in a shell that was left open). */
double pnas_slurm_time_left(double now);

#endif
