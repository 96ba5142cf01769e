#include "io/run/rankings.h"

#include "io/config/configuration_value.h"
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

/* The codes of `from`'s operators in `to`, by name: two files may have them in another order. -1: none. */
static void match_names(const pnas_operator_set *from, const pnas_operator_set *to,
                        int code[PNAS_OPERATORS_MAX])
{
    for (int i = 0; i < from->count; i++)
        code[i] = pnas_operator_set_find(to, from->item[i].name);
}

/* False where the cell has an operator without a code: it cannot be a cell of the other file. */
static bool rename_operators(pnas_cell *cell, const int code[PNAS_OPERATORS_MAX])
{
    for (int b = 0; b < cell->blocks; b++) {
        int8_t *op[] = {&cell->block[b].op1, &cell->block[b].op2};
        for (int side = 0; side < 2; side++) {
            if (code[*op[side]] < 0)
                return false;
            *op[side] = (int8_t)code[*op[side]];
        }
    }
    return true;
}

/* Those of the cells that have codes only, by hash. */
static hashed_score *hash_scores(const pnas_ranking *ranking, const int code[PNAS_OPERATORS_MAX],
                                 size_t *count)
{
    hashed_score *scores = malloc((ranking->count + 1) * sizeof *scores);
    *count = 0;
    for (size_t i = 0; scores && i < ranking->count; i++) {
        pnas_cell cell = ranking->cell[i].cell;
        if (rename_operators(&cell, code))
            scores[(*count)++] = (hashed_score){pnas_cell_hash(&cell), ranking->cell[i].score};
    }
    if (scores)
        qsort(scores, *count, sizeof *scores, by_hash);
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

bool pnas_ranking_knows_operator(const pnas_ranking *ranking, int code)
{
    pnas_operator_set built_in;
    pnas_operator_set_built_in(&built_in);
    return ranking->run || pnas_operator_set_find(&built_in, ranking->operators.item[code].name) >= 0;
}

static void find_used(const pnas_ranking *ranking, bool used[PNAS_OPERATORS_MAX])
{
    for (size_t i = 0; i < ranking->count; i++)
        for (int b = 0; b < ranking->cell[i].cell.blocks; b++)
            used[ranking->cell[i].cell.block[b].op1] = used[ranking->cell[i].cell.block[b].op2] = true;
}

/* One operator that cells of both have by name, with other settings. */
static void find_unlike(const pnas_ranking *a, const pnas_ranking *b, pnas_ranking_pair *out)
{
    bool a_used[PNAS_OPERATORS_MAX] = {false}, b_used[PNAS_OPERATORS_MAX] = {false};
    int code[PNAS_OPERATORS_MAX];
    find_used(a, a_used);
    find_used(b, b_used);
    match_names(&b->operators, &a->operators, code);
    for (int i = 0; i < b->operators.count && !out->unlike[0]; i++) {
        if (!b_used[i] || code[i] < 0 || !a_used[code[i]] || !pnas_ranking_knows_operator(b, i) ||
            !pnas_ranking_knows_operator(a, code[i]))
            continue;
        const pnas_operator *first = &a->operators.item[code[i]], *second = &b->operators.item[i];
        if (!pnas_operator_equal(first, second)) {
            out->unlike[0] = first;
            out->unlike[1] = second;
        }
    }
}

static pnas_status compare_scores(const pnas_ranking *a, const pnas_ranking *b, pnas_ranking_pair *out)
{
    int a_code[PNAS_OPERATORS_MAX], b_code[PNAS_OPERATORS_MAX];
    size_t a_count, b_count;
    match_names(&a->operators, &a->operators, a_code);
    match_names(&b->operators, &a->operators, b_code);
    hashed_score *a_scores = hash_scores(a, a_code, &a_count), *b_scores = hash_scores(b, b_code, &b_count);
    double *a_both = malloc((a->count + 1) * sizeof *a_both),
           *b_both = malloc((a->count + 1) * sizeof *b_both);
    bool room = a_scores && b_scores && a_both && b_both;
    if (room) {
        double sum = 0;
        out->count = pair_scores(a_scores, a_count, b_scores, b_count, a_both, b_both);
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

pnas_status pnas_ranking_compare(const pnas_ranking *a, const pnas_ranking *b, pnas_ranking_pair *out)
{
    *out = (pnas_ranking_pair){.difference = NAN, .spearman = NAN};
    find_unlike(a, b, out);
    return out->unlike[0] ? PNAS_OK : compare_scores(a, b, out);
}
