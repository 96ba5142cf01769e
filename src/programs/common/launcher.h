/* Programs that several ranks were started of, as mpirun and srun do it. They say so in the environment,
 * which programs without MPI can read, too. Local to a process. */
#ifndef PNAS_PROGRAMS_LAUNCHER_H
#define PNAS_PROGRAMS_LAUNCHER_H

/* How many processes were started together, of which this one has number *rank; 1 where nobody says. */
int pnas_launcher_ranks(int *rank);

/* For a program of one process: ends with exit code 64 where several were started, which would all do the
 * same. The first of them says it. To be called behind pnas_program_setup. */
void pnas_launcher_refuse_ranks(void);

/* The same where each may do its own, as on machines that are not alike: it is only told. */
void pnas_launcher_tell_ranks(void);

#endif
