/* Scores of a space on disk: SCORES.h5 and its parts, SCORES.h5.parts/00000.h5 and on. docs/formats.md.
 * Local.
 *
 * A part is written by the rank that scored it, whole or not at all; it carries the fingerprint of everything
 * that decides scores, and its own number, so that no other part is ever taken for it. The file itself joins
 * them: the best of all and the histogram are copied, all scores and cells (where kept) are a view of the
 * parts, in which those of a part that is not there are NaN, and -128. Errors as in io/hdf5/hdf5_util.h. */
#ifndef PNAS_IO_SCORE_FILE_H
#define PNAS_IO_SCORE_FILE_H

#include "src/search/beam.h"
#include "src/search/space.h"

#include <stdbool.h>

#define PNAS_SCORE_BINS 1000 /* of the histogram over [0, 1] */

typedef struct { /* what was scored and by what; strings are borrowed */
    uint64_t fingerprint;
    pnas_space space;
    int blocks; /* of each cell */
    int level, trained_blocks,
        members; /* of the surrogates: fit after this level, on cells of so many blocks */
    int64_t limit_parameters, limit_multiply_adds; /* 0: none */
    size_t top;                                    /* K */
    bool all;
    size_t parts; /* that the space is cut into */
    const char *run, *command_line;
} pnas_score_head;

typedef struct {
    uint64_t cells;
    double sum, least, most; /* of the scores; 0, 1, 0 if there are none */
    uint64_t histogram[PNAS_SCORE_BINS];
    size_t best_count;
    pnas_beam_entry *best; /* [best_count], best first, borrowed */
    /* where all are kept: [cells], borrowed; spread NULL for one member */
    const pnas_block *cell; /* [cells][blocks] */
    const float *score, *spread;
    char device[128], driver[128]; /* that scored the part, as in /ranks of a run file; "": not known */
} pnas_score_part;

/* "SCORES.h5.parts", and part `index` in it. */
void pnas_score_folder(const char *path, char *out, size_t size);
void pnas_score_part_path(const char *path, size_t index, char *out, size_t size);

/* `index`: the part's number, below head->parts. */
pnas_status pnas_score_part_write(const char *path, const pnas_score_head *head, size_t index,
                                  const pnas_score_part *part);

/* Reads a part but for cell, score and spread; part->best is the caller's (free). PNAS_ERROR_DATA if it is
 * none, another one, damaged, or changed by another program, PNAS_ERROR_USAGE if it belongs to another scoring. */
pnas_status pnas_score_part_read(const char *path, const pnas_score_head *head, size_t index,
                                 pnas_score_part *out);

/* Whether a file was begun as a part by its content, also if it is damaged, or is empty: what may be removed. */
bool pnas_score_part_is_ours(const char *path);

/* `total` is the sum of all parts, of which part i has part_cells[i] cells. */
pnas_status pnas_score_file_write(const char *path, const pnas_score_head *head, const pnas_score_part *total,
                                  const uint64_t *part_cells, size_t parts);

/* Reads the best, the histogram and the sums of a score file of this fingerprint, as pnas_score_part_read. */
pnas_status pnas_score_file_read(const char *path, const pnas_score_head *head, pnas_score_part *out);

#endif
