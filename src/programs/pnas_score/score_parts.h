/* A space's cells in parts that ranks score one after the other. Local. */
#ifndef PNAS_PROGRAMS_SCORE_PARTS_H
#define PNAS_PROGRAMS_SCORE_PARTS_H

#include "src/programs/pnas_score/score_source.h"

typedef struct { /* the same on every rank, however many there are */
    size_t parts;
    size_t root_count;
    pnas_cell *root; /* [root_count], in trie order; part p has those from p * root_count / parts on */
} pnas_score_plan;

pnas_status pnas_score_plan_make(const pnas_score_head *head, pnas_score_plan *out);
void pnas_score_plan_free(pnas_score_plan *plan);

typedef struct pnas_score_worker pnas_score_worker;

typedef struct { /* all borrowed */
    pnas_cl *cl;
    pnas_score_source *source;
    const pnas_score_plan *plan;
    const char *path; /* SCORES.h5 */
    size_t memory;    /* for batches */
    /* Called after each batch with the cells scored so far by this worker; anything but PNAS_OK ends the
     * part. */
    pnas_status (*tick)(void *payload, uint64_t cells);
    void *tick_payload;
} pnas_score_worker_options;

pnas_status pnas_score_worker_create(const pnas_score_worker_options *options, pnas_score_worker **out);
void pnas_score_worker_destroy(pnas_score_worker **worker);

/* Whether the file of a part is there and whole, and its cells; one that is damaged, another part's or of other cells
 * than the space has there is told and removed. PNAS_ERROR_USAGE if it belongs to another scoring. Asks no device. */
pnas_status pnas_score_part_check(const pnas_score_worker_options *options, size_t part, bool *whole,
                                  uint64_t *cells);

/* Scores a part and writes its file; a part whose file is there and whole is left (*scored false). */
pnas_status pnas_score_worker_run(pnas_score_worker *worker, size_t part, bool *scored);

#endif
