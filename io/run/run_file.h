/* RUN.h5 and its journal: the whole state of a search on disk, complete at every moment. docs/formats.md.
 *
 * Local; used by rank 0 alone. Each write makes a temporary file beside RUN.h5, syncs it and renames it.
 * Between two writes a finished child is appended to RUN.h5.journal (synced before the call returns); reading
 * a run folds the journal in. While a run writes, it holds a lock on RUN.h5.journal, so that a second one is
 * refused. */
#ifndef PNAS_IO_RUN_FILE_H
#define PNAS_IO_RUN_FILE_H

#include "io/file/locked_file.h"
#include "src/base/named_tensor.h"
#include "src/net/run_settings.h"

typedef enum {
    PNAS_RUN_RUNNING = 0,
    PNAS_RUN_COMPLETE = 1,
    PNAS_RUN_STOPPED = 2,
    PNAS_RUN_FAILED = 3
} pnas_run_status;

/* How a run is, and what to do, in words: "stopped; the same command continues it". Static. */
const char *pnas_run_status_words(pnas_run_status status);

typedef struct {
    int rank, device;
    char host[64], device_name[128], driver[128], pci[32];
    uint64_t memory;
} pnas_run_rank;

typedef struct {       /* for /timeline */
    double start, end; /* seconds since 1970 */
    int rank;          /* -1: all, as none was at work */
    char what[48];     /* "train 2/17", "train 2/17 (part)", "fit 2", "score 3"; "stopped" */
} pnas_run_event;

typedef struct { /* what it holds in addition to the levels; strings and arrays owned by the run */
    pnas_run_status status;
    char *command_line, *configuration; /* YAML text */
    char *extended; /* a line for each time the complete run went on with more; NULL: never */
    char *retried;  /* a line for each time failed children were tried again, with their names; NULL: never */
    char *warm_start; /* whose surrogate it began with, for people; NULL: nobody's */
    char dataset_name[128], dataset_sha256[65];
    int64_t dataset_images;
    char kernels[17];  /* hash of the kernels that it was begun with; "": not known */
    double start, end; /* seconds since 1970; end 0 while running */
    size_t rank_count, event_count;
    pnas_run_rank *rank;
    pnas_run_event *event;
    /* surrogate weights after level b, member m; level 0: those it began with, as they were in that run */
    size_t controller_count;
    struct {
        int level, member;
        size_t count;
        pnas_named_tensor *tensor;
    } * controller;
} pnas_run_info;

typedef struct pnas_run_file pnas_run_file;

#define PNAS_RUN_ID_TEXT 33

/* Opens or creates `path` for a run and takes the lock. If a run is there, *existed is true and *info and the
 * levels are read from it (journal folded in). PNAS_ERROR_FILE if it is locked by another run or cannot be
 * written; PNAS_ERROR_DATA if what is there is no run file or is damaged (it is left as it is). */
pnas_status pnas_run_file_open(const char *path, pnas_run_file **out, bool *existed);

/* Releases the lock; the journal is removed if it is empty. */
void pnas_run_file_close(pnas_run_file **file);

/* Reads a run without locking, for pnas_rank. Warns of finished children that a damaged journal leaves out;
 * half a record is none as long as a run holds the lock, as it may be writing it. */
pnas_status pnas_run_file_read(const char *path, pnas_run_file **out);

/* Whether nothing holds a run that says that it runs. One that ends between the reading and this looks the same, so
 * read it again to be sure. */
bool pnas_run_file_is_killed(const pnas_run_file *file);

/* How the run is, in words, which may stand in `out`: of one that says that it runs, by its lock. */
#define PNAS_RUN_FILE_WORDS (PNAS_OWNER_SIZE + 32)
const char *pnas_run_file_words(const pnas_run_file *file, char out[PNAS_RUN_FILE_WORDS]);

pnas_run_info *pnas_run_file_info(pnas_run_file *file); /* borrowed; change it, then write */

/* Which run it is, in hexadecimal digits, and which version of it. */
void pnas_run_file_identity(const pnas_run_file *file, char id[PNAS_RUN_ID_TEXT], uint64_t *version);

/* The levels as read, 1 .. *count; borrowed until close, NULL where there are none. Those without children
 * have count 0. Each level's spearman is that of the last write; pnas_search_restore computes it anew. */
const pnas_level *pnas_run_file_levels(const pnas_run_file *file, int *count);

/* Moves the levels read into a new search of the same options (see pnas_search_restore). */
pnas_status pnas_run_file_restore(pnas_run_file *file, pnas_search *search);

/* Writes everything and empties the journal. */
pnas_status pnas_run_file_write(pnas_run_file *file, const pnas_search *search);

/* Appends one finished child to the journal and syncs it. */
pnas_status pnas_run_file_append(pnas_run_file *file, int level, size_t index, const pnas_result *result);

/* Adds to info: takes over nothing, copies. */
pnas_status pnas_run_info_add_event(pnas_run_info *info, const pnas_run_event *event);
pnas_status pnas_run_info_add_controller(pnas_run_info *info, int level, int member,
                                         const pnas_named_tensor *tensors, size_t count);

#endif
