/* RUN.h5.journal: what finished since RUN.h5 was written. Append-only, each record with length and CRC32;
 * docs/formats.md has the bytes. The journal file carries the lock of the run that writes. Local.
 *
 * A journal counts only for the version of RUN.h5 that it was begun after: both carry the run's id and a
 * generation, which goes up with every write of RUN.h5. So records that are in RUN.h5 already are not
 * applied again after a crash between the rename and the emptying of the journal. */
#ifndef PNAS_IO_RUN_JOURNAL_H
#define PNAS_IO_RUN_JOURNAL_H

#include "io/file/locked_file.h"
#include "src/search/search.h"

#include <sys/types.h>

#define PNAS_RUN_ID_SIZE 16

typedef struct {
    unsigned char run[PNAS_RUN_ID_SIZE];
    uint64_t generation;
} pnas_run_identity;

typedef struct { /* open for writing and locked */
    int file;    /* -1: closed */
    char *path;
    off_t end;  /* where the next record goes */
    bool ready; /* it is in order and takes records: after pnas_journal_begin or pnas_journal_cut */
} pnas_journal;

#define PNAS_NO_JOURNAL ((pnas_journal){.file = -1})

/* Opens or creates and locks. PNAS_ERROR_FILE if another run holds it (naming its process where known) or it
 * cannot be written; PNAS_ERROR_DATA if it is somebody else's file. */
pnas_status pnas_journal_open(const char *path, pnas_journal *out);

/* Whether a run holds it; owner as in pnas_locked_file_look. */
pnas_lock_state pnas_journal_look(const char *path, char owner[PNAS_OWNER_SIZE + 1]);

/* Drops all records and begins anew. */
pnas_status pnas_journal_begin(pnas_journal *journal, const pnas_run_identity *identity);

/* Appends one child and syncs; on failure the journal is as it was. */
pnas_status pnas_journal_append(pnas_journal *journal, int level, size_t index, const pnas_result *result);

/* Keeps the records up to `end`, drops what stands behind them, and goes on from there. */
pnas_status pnas_journal_cut(pnas_journal *journal, off_t end);

/* Unlocks; a journal without records is removed. */
void pnas_journal_close(pnas_journal *journal);

/* --- Reading ------------------------------------------------------------------------------------------- */

typedef struct { /* a journal in memory */
    unsigned char *bytes;
    size_t size;
    bool begun;    /* it has a header, so identity counts */
    bool headless; /* it has records, perhaps, but no sound header: whose they are is not known */
    pnas_run_identity identity;
    size_t at; /* end of what was read and intact */
} pnas_journal_text;

/* Reads all of `path`; a journal that is not there is one without a header. PNAS_ERROR_FILE if it cannot be
 * read, PNAS_ERROR_DATA if it is no journal. */
pnas_status pnas_journal_load(const char *path, pnas_journal_text *out);
void pnas_journal_free(pnas_journal_text *text);

/* The next intact record: true, and result->history is the caller's. False at the end or at damage, told
 * apart by text->at and text->size, or without memory. */
bool pnas_journal_next(pnas_journal_text *text, int *level, size_t *index, pnas_result *result);

/* Whether what stands behind the intact records is less than the record that it begins, as where a record is
 * being written or was cut off: not damage. Ask it when pnas_journal_next is at its end. */
bool pnas_journal_ends_short(const pnas_journal_text *text);

#endif
