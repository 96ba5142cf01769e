/* libFuzzer on score files and their parts: the best cells that are read are possible. */
#include "io/run/score_file.h"
#include "src/search/cell_text.h"
#include "tests/fuzz/hdf5_edits.h"

#include <stdlib.h>
#include <string.h>

#define BLOCKS 2
#define TOP    3
#define PART   5

static pnas_score_head head(void)
{
    pnas_score_head scored = {.fingerprint = 0x0123456789abcdef,
                              .space = {.blocks = BLOCKS, .lookback = -2, .lookforward = -1},
                              .blocks = BLOCKS,
                              .level = 1,
                              .trained_blocks = 1,
                              .members = 2,
                              .top = TOP,
                              .all = true,
                              .parts = 16,
                              .run = "run.h5",
                              .command_line = "none"};
    pnas_operator_set_paper(&scored.space.operators);
    return scored;
}

const bool fuzz_sealed = true;

void fuzz_make(const char *path)
{
    static const float scores[TOP] = {0.75f, 0.5f, 0.25f};
    pnas_score_head scored = head();
    pnas_beam_entry best[TOP] = {{.predicted = 0.75}, {.predicted = 0.5}, {.predicted = 0.25}};
    pnas_block cells[TOP][BLOCKS];
    for (int i = 0; i < TOP; ++i) {
        if (pnas_cell_parse("-1:sep3+-2:identity | -1:identity+0:identity", &scored.space.operators,
                            &best[i].cell) != PNAS_OK)
            abort();
        memcpy(cells[i], best[i].cell.block, sizeof cells[i]);
    }
    const pnas_score_part part = {.cells = TOP,
                                  .sum = 1.5,
                                  .least = 0.25,
                                  .most = 0.75,
                                  .histogram = {[250] = 1, [500] = 1, [750] = 1},
                                  .best_count = TOP,
                                  .best = best,
                                  .cell = cells[0],
                                  .score = scores,
                                  .spread = scores};
    if (pnas_score_part_write(path, &scored, PART, &part) != PNAS_OK)
        abort();
}

void fuzz_read(const char *path)
{
    pnas_score_head scored = head();
    pnas_score_part read;
    pnas_status status = pnas_score_part_read(path, &scored, PART, &read);
    if (status != PNAS_OK && (read.best || !*pnas_message()))
        abort();
    for (size_t i = 0; status == PNAS_OK && i < read.best_count; ++i)
        if (pnas_cell_validate(&read.best[i].cell, &scored.space.operators) != PNAS_OK)
            abort();
    free(read.best);
}
