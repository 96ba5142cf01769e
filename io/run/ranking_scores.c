#include "io/run/ranking_scores.h"

#include "io/hdf5/hdf5_array.h"
#include "io/hdf5/hdf5_attribute.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CELLS_MAX 100000000 /* a damaged count must not make us ask for all memory */

/* Only its name is known of an operator that is not built in; nothing here asks for more. */
static pnas_status add_operator(hid_t file, pnas_operator_set *set, const char *name)
{
    pnas_operator own = {.kind = PNAS_IDENTITY, .kernel = 1, .dilation = 1, .repeat = 1, .bottleneck = 1};
    if (pnas_operator_set_add_named(set, name) == PNAS_OK)
        return PNAS_OK;
    snprintf(own.name, sizeof own.name, "%s", name);
    if (strlen(name) < sizeof own.name && pnas_operator_set_add(set, &own) == PNAS_OK)
        return PNAS_OK;
    return pnas_h5_fail(PNAS_ERROR_DATA, file, "operators", "'%.40s' is no name of an operator", name);
}

static pnas_status read_operators(hid_t file, pnas_operator_set *out)
{
    char **names;
    size_t count;
    pnas_status status = PNAS_OK;
    PNAS_TRY(pnas_h5_read_strings(file, "operators", &names, &count));
    for (size_t i = 0; i < count && status == PNAS_OK; i++)
        status = add_operator(file, out, names[i]);
    pnas_h5_free_strings(&names, count);
    return status;
}

typedef struct { /* columns of /best */
    hsize_t shape[3];
    int8_t *code;
    float *score, *spread;
} best_cells;

static pnas_status read_best(hid_t file, best_cells *best)
{
    PNAS_TRY(pnas_h5_read_shape(file, "best/cell", H5T_NATIVE_INT8, 3, best->shape));
    if (best->shape[0] > CELLS_MAX || best->shape[1] < 1 || best->shape[1] > PNAS_BLOCKS_MAX ||
        best->shape[2] != sizeof(pnas_block))
        return pnas_h5_fail(PNAS_ERROR_DATA, file, "best/cell", "expected cells of 1 to %d blocks of 4 codes",
                            PNAS_BLOCKS_MAX);
    size_t count = best->shape[0], size = best->shape[1] * sizeof(pnas_block);
    best->code = malloc(count * size + 1);
    best->score = malloc(count * sizeof *best->score + 1);
    best->spread = malloc(count * sizeof *best->spread + 1);
    PNAS_CHECK(best->code && best->score && best->spread, PNAS_ERROR_MEMORY, "out of memory for %zu cells",
               count);
    PNAS_TRY(pnas_h5_read_array(file, "best/cell", H5T_NATIVE_INT8, 3, best->shape, best->code));
    PNAS_TRY(pnas_h5_read_array(file, "best/score", H5T_NATIVE_FLOAT, 1, best->shape, best->score));
    return pnas_h5_read_array(file, "best/spread", H5T_NATIVE_FLOAT, 1, best->shape, best->spread);
}

static pnas_status take_cells(hid_t file, const best_cells *best, pnas_ranking *ranking)
{
    size_t count = best->shape[0], size = best->shape[1] * sizeof(pnas_block);
    ranking->cell = calloc(count + 1, sizeof *ranking->cell);
    PNAS_CHECK(ranking->cell, PNAS_ERROR_MEMORY, "%s: out of memory for %zu cells", ranking->path, count);
    for (size_t i = 0; i < count; i++) {
        pnas_ranked_cell *cell = &ranking->cell[ranking->count++];
        *cell = (pnas_ranked_cell){.cell.blocks = (int)best->shape[1],
                                   .level = (int)best->shape[1],
                                   .place = i,
                                   .guessed = true,
                                   .score = best->score[i],
                                   .predicted = best->score[i],
                                   .predicted_std = best->spread[i],
                                   .train_seconds = NAN,
                                   .parameters = -1,
                                   .multiply_adds = -1};
        memcpy(cell->cell.block, best->code + i * size, size);
        if (pnas_cell_validate(&cell->cell, &ranking->operators) != PNAS_OK)
            return pnas_fail_at(PNAS_ERROR_DATA, "%s: /best/cell: cell %zu", ranking->path, i);
        if (!isfinite(best->score[i]))
            return pnas_h5_fail(PNAS_ERROR_DATA, file, "best/score", "cell %zu has no finite score", i);
    }
    return PNAS_OK;
}

static void describe_level(pnas_ranking *ranking, int blocks, uint64_t scored)
{
    pnas_ranking_level level = {.level = blocks,
                                .children = ranking->count,
                                .guessed = ranking->count,
                                .candidates = scored,
                                .spearman = NAN,
                                .best = NAN};
    double sum = 0;
    for (size_t i = 0; i < ranking->count; i++) {
        level.best = fmax(level.best, ranking->cell[i].score);
        sum += ranking->cell[i].score;
    }
    level.mean = ranking->count ? sum / (double)ranking->count : NAN;
    ranking->blocks = blocks;
    ranking->level[ranking->levels++] = level;
}

static pnas_status read_open(hid_t file, best_cells *best, pnas_ranking *ranking)
{
    char conventions[64] = "";
    uint64_t scored;
    PNAS_TRY(pnas_h5_copy_text(file, "conventions", conventions, sizeof conventions));
    if (strcmp(conventions, PNAS_SCORES_CONVENTIONS) != 0)
        return pnas_h5_fail(PNAS_ERROR_DATA, file, NULL,
                            "is a score file by the conventions %s; this program knows %s only, so use the "
                            "program that wrote it",
                            conventions, PNAS_SCORES_CONVENTIONS);
    PNAS_TRY(pnas_h5_read_number(file, "cells", H5T_NATIVE_UINT64, &scored));
    PNAS_TRY(read_operators(file, &ranking->operators));
    PNAS_TRY(read_best(file, best));
    PNAS_TRY(take_cells(file, best, ranking));
    describe_level(ranking, (int)best->shape[1], scored);
    return PNAS_OK;
}

pnas_status pnas_ranking_read_scores(pnas_ranking *ranking)
{
    hid_t file;
    best_cells best = {0};
    PNAS_TRY(pnas_h5_open_own(ranking->path, &file));
    pnas_status status = pnas_h5_finish(&file, read_open(file, &best, ranking));
    free(best.code);
    free(best.score);
    free(best.spread);
    return status;
}
