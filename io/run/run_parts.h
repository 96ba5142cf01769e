/* What the files of the run file share: its state in memory, and its parts. Private to run_*.c. Local. */
#ifndef PNAS_IO_RUN_PARTS_H
#define PNAS_IO_RUN_PARTS_H

#include "io/run/run_file.h"
#include "io/run/run_journal.h"

#define PNAS_RUN_CONVENTIONS "PNAS-run-1"

struct pnas_run_file {
    char *path, *journal_path;
    pnas_journal journal; /* open and locked if we may write */
    pnas_run_identity identity;
    pnas_run_info info;
    pnas_space space;  /* as read, for comparison with the configuration; no operators: the file has none */
    pnas_level *level; /* [levels], as read */
    int levels;
    bool changed; /* holds something else than was written, as io/hdf5/hdf5_content_sum.h tells */
};

/* Reads RUN.h5 into identity, info and levels, which must be empty. On failure they are empty again. */
pnas_status pnas_run_read_all(pnas_run_file *file);

/* PNAS_ERROR_DATA where what was read contradicts itself, as after a change by another program: another space
 * than the configuration's; a cell twice; figures that no child can have, or another accuracy than that of the history; levels with other than the configuration's
 * children; places among all children that are missing; children or levels that are missing behind others or in a run that is complete; members of a
 * surrogate that are missing; then anything else than was written. */
pnas_status pnas_run_check_whole(const pnas_run_file *file);

/* Writes RUN.h5 with `identity`, which becomes the file's. */
pnas_status pnas_run_write_all(const pnas_run_file *file, const pnas_run_identity *identity,
                               const pnas_search *search);

void pnas_run_info_clear(pnas_run_info *info);
void pnas_run_levels_clear(pnas_run_file *file);

/* "running", "complete", "stopped", "failed"; a status or -1. */
const char *pnas_run_status_word(pnas_run_status status);
int pnas_run_status_of(const char *word);

#endif
