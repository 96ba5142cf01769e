#include "io/run/rankings.h"

#include "src/search/canonical.h"
#include "src/search/spearman.h"

#include <math.h>
#include <stdlib.h>

/* ---- all files together ---- */

static int better_first(const void *a, const void *b)
{
    const pnas_ranking_entry *left = a, *right = b;
    int order = pnas_ranked_cell_order(left->cell, right->cell);
    if (order)
        return order;
    if (left->file != right->file)
        return left->file < right->file ? -1 : 1;
    return (left->cell->place > right->cell->place) - (left->cell->place < right->cell->place);
}

pnas_status pnas_ranking_merge(const pnas_ranking *const *ranking, size_t files, bool stopped,
                               pnas_ranking_entry **out, size_t *count)
{
    *count = 0;
    for (size_t f = 0; f < files; f++)
        *count += ranking[f]->count + (stopped ? ranking[f]->stopped_count : 0);
    pnas_ranking_entry *next = *out = malloc((*count + 1) * sizeof **out);
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "out of memory for %zu cells", *count);
    for (size_t f = 0; f < files; f++)
        for (size_t i = 0; i < ranking[f]->count; i++)
            *next++ = (pnas_ranking_entry){ranking[f], f, &ranking[f]->cell[i]};
    for (size_t f = 0; f < files && stopped; f++)
        for (size_t i = 0; i < ranking[f]->stopped_count; i++)
            *next++ = (pnas_ranking_entry){ranking[f], f, &ranking[f]->stopped[i]};
    qsort(*out, *count, sizeof **out, better_first);
    return PNAS_OK;
}

/* ---- cells that two files have both ---- */

typedef struct {
    uint64_t hash;
    double score;
} hashed_score;

static int by_hash(const void *a, const void *b)
{
    const hashed_score *left = a, *right = b;
    return (left->hash > right->hash) - (left->hash < right->hash);
}

/* Operators by name, not by code: two files may have them in another order. */
static uint64_t hash_by_name(const pnas_ranking *ranking, const pnas_cell *cell, pnas_operator_set *common)
{
    pnas_cell renamed = *cell;
    for (int b = 0; b < cell->blocks; b++) {
        int8_t *codes[] = {&renamed.block[b].op1, &renamed.block[b].op2};
        for (int side = 0; side < 2; side++) {
            const pnas_operator *op = &ranking->operators.item[*codes[side]];
            int code = pnas_operator_set_find(common, op->name);
            if (code < 0 && common->count < PNAS_OPERATORS_MAX) {
                code = common->count++;
                common->item[code] = *op;
            }
            *codes[side] = (int8_t)(code < 0 ? 0 : code);
        }
    }
    return pnas_cell_hash(&renamed);
}

static hashed_score *hash_scores(const pnas_ranking *ranking, pnas_operator_set *common)
{
    hashed_score *scores = malloc((ranking->count + 1) * sizeof *scores);
    for (size_t i = 0; scores && i < ranking->count; i++)
        scores[i] =
            (hashed_score){hash_by_name(ranking, &ranking->cell[i].cell, common), ranking->cell[i].score};
    if (scores)
        qsort(scores, ranking->count, sizeof *scores, by_hash);
    return scores;
}

static size_t pair_scores(const hashed_score *a, size_t a_count, const hashed_score *b, size_t b_count,
                          double *a_out, double *b_out)
{
    size_t count = 0;
    for (size_t i = 0, j = 0; i < a_count && j < b_count;) {
        if (a[i].hash < b[j].hash) {
            i++;
        } else if (b[j].hash < a[i].hash) {
            j++;
        } else {
            uint64_t hash = a[i].hash;
            a_out[count] = a[i].score;
            b_out[count++] = b[j].score;
            while (i < a_count && a[i].hash == hash)
                i++;
            while (j < b_count && b[j].hash == hash)
                j++;
        }
    }
    return count;
}

pnas_status pnas_ranking_compare(const pnas_ranking *a, const pnas_ranking *b, pnas_ranking_pair *out)
{
    pnas_operator_set common = {0};
    hashed_score *a_scores = hash_scores(a, &common), *b_scores = hash_scores(b, &common);
    double *a_both = malloc((a->count + 1) * sizeof *a_both),
           *b_both = malloc((a->count + 1) * sizeof *b_both);
    bool room = a_scores && b_scores && a_both && b_both;
    *out = (pnas_ranking_pair){.difference = NAN, .spearman = NAN};
    if (room) {
        double sum = 0;
        out->count = pair_scores(a_scores, a->count, b_scores, b->count, a_both, b_both);
        for (size_t i = 0; i < out->count; i++)
            sum += b_both[i] - a_both[i];
        if (out->count > 0 && !pnas_ranking_guesses(a) && !pnas_ranking_guesses(b))
            out->difference = sum / (double)out->count;
        out->spearman = pnas_spearman(a_both, b_both, out->count);
    }
    free(a_scores);
    free(b_scores);
    free(a_both);
    free(b_both);
    PNAS_CHECK(room, PNAS_ERROR_MEMORY, "out of memory for %zu cells", a->count + b->count);
    return PNAS_OK;
}
