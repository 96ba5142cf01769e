/* The start of a program on several ranks, which ends within a bound: a rank that waits for one that never comes, as it
 * was started as another program, says so and ends. Local. */
#ifndef PNAS_MPI_PATIENCE_H
#define PNAS_MPI_PATIENCE_H

/* From here on to the end this process waits for others: after a minute it warns, and after
 * PNAS_START_SECONDS (else ten minutes) it ends with exit code 64. Takes SIGALRM, as MPI waits where nothing
 * else gets through. */
void pnas_patience_begin(void);
void pnas_patience_end(void);

#endif
