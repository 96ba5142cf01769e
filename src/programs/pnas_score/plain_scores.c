#include "src/programs/pnas_score/plain_scores.h"

#include "cl/surrogate/surrogate_ensemble.h"

#include <stdlib.h>
#include <string.h>

/* Prefixes of a batch hold some thousand cells then, and the batches of a part do not depend on anything
 * else. */
enum { ROWS_OF_PREFIXES = 8 };

struct pnas_plain_scores {
    const pnas_score_source *source;
    pnas_ensemble *ensemble;
    pnas_trie_batch batch;
    pnas_cell *cell;       /* of the batch, in the surrogate's operators */
    double *mean, *spread; /* [cells_max] */
    float *single_mean, *single_spread;
    pnas_trie_visitor visit;
    void *payload;
};

/* --- weights --- */

/* A copy of a tensor [rows][...] with its last row repeated up to `rows`. */
static pnas_status widen(const pnas_named_tensor *tensor, size_t rows, pnas_named_tensor *out)
{
    size_t columns = tensor->shape[1], known = tensor->shape[0];
    *out = *tensor;
    out->shape[0] = rows;
    out->data = malloc(rows * columns * sizeof *out->data);
    PNAS_CHECK(out->data, PNAS_ERROR_MEMORY, "no memory for the surrogate's weights");
    for (size_t row = 0; row < rows; ++row)
        memcpy(out->data + row * columns, tensor->data + (row < known ? row : known - 1) * columns,
               columns * sizeof *out->data);
    return PNAS_OK;
}

static bool counts_inputs(const pnas_named_tensor *tensor)
{
    bool named = strcmp(tensor->name, "input_embedding") == 0 || strcmp(tensor->name, "linear/side") == 0;
    return named && tensor->rank == 2 && tensor->shape[0] > 0;
}

static pnas_status set_member(pnas_ensemble *ensemble, int member, const pnas_member_tensors *tensors,
                              size_t inputs)
{
    pnas_named_tensor *all = malloc(tensors->count * sizeof *all), *wide = NULL;
    float *made[2] = {NULL, NULL};
    int count = 0;
    pnas_status status = PNAS_OK;
    PNAS_CHECK(all, PNAS_ERROR_MEMORY, "no memory for the surrogate's weights");
    for (size_t i = 0; i < tensors->count && status == PNAS_OK; ++i) {
        all[i] = tensors->tensor[i];
        if (!counts_inputs(&all[i]) || all[i].shape[0] >= inputs || count == 2)
            continue;
        wide = &all[i];
        status = widen(&tensors->tensor[i], inputs, wide);
        made[count++] = wide->data;
    }
    if (status == PNAS_OK)
        status = pnas_ensemble_set_weights(ensemble, member, all, tensors->count);
    free(made[0]);
    free(made[1]);
    free(all);
    return status;
}

static pnas_status create_ensemble(pnas_cl *cl, const pnas_score_source *source, pnas_ensemble **out)
{
    const pnas_score_head *head = &source->head;
    pnas_surrogate_options options = source->configuration.surrogate;
    pnas_space space = source->configuration.search.space;
    options.model = PNAS_MODEL_MLP;
    options.members = head->members;
    options.linear =
        pnas_score_source_has(source, "linear/share") ? 1 : 0; /* its share is among the weights */
    options.kernel = pnas_score_source_has(source, "kernel/share") ? 1 : 0;
    if (space.blocks < head->blocks)
        space.blocks = head->blocks;
    PNAS_TRY(pnas_ensemble_create(cl, &options, &space, out));
    for (int m = 0; m < head->members; ++m)
        PNAS_TRY(set_member(*out, m, &source->member[m], (size_t)space.blocks + 1));
    return PNAS_OK;
}

/* --- begin and end --- */

static pnas_status create_room(pnas_score_source *source, pnas_plain_scores *scores)
{
    const pnas_score_head *head = &source->head;
    const pnas_trie_batch_options options = {.space = head->space,
                                             .blocks = head->blocks,
                                             .rows =
                                                 ROWS_OF_PREFIXES * pnas_trie_batch_least_rows(head->blocks),
                                             .filter = pnas_score_source_filter(source),
                                             .filter_payload = source};
    size_t cells = pnas_trie_batch_cells_max(&options);
    PNAS_TRY(pnas_trie_batch_create(&options, &scores->batch));
    scores->cell = malloc(cells * sizeof *scores->cell);
    scores->mean = malloc(cells * sizeof *scores->mean);
    scores->spread = malloc(cells * sizeof *scores->spread);
    scores->single_mean = malloc(cells * sizeof *scores->single_mean);
    scores->single_spread = malloc(cells * sizeof *scores->single_spread);
    PNAS_CHECK(scores->cell && scores->mean && scores->spread && scores->single_mean && scores->single_spread,
               PNAS_ERROR_MEMORY, "no memory for %zu scores", cells);
    return PNAS_OK;
}

pnas_status pnas_plain_scores_create(pnas_cl *cl, pnas_score_source *source, pnas_plain_scores **out)
{
    pnas_plain_scores *scores = calloc(1, sizeof *scores);
    *out = NULL;
    PNAS_CHECK(scores, PNAS_ERROR_MEMORY, "no memory for scores");
    scores->source = source;
    pnas_status status = create_ensemble(cl, source, &scores->ensemble);
    if (status == PNAS_OK)
        status = create_room(source, scores);
    if (status != PNAS_OK) {
        pnas_plain_scores_destroy(&scores);
        return status;
    }
    *out = scores;
    return PNAS_OK;
}

void pnas_plain_scores_destroy(pnas_plain_scores **scores)
{
    if (!*scores)
        return;
    pnas_ensemble_destroy(&(*scores)->ensemble);
    pnas_trie_batch_destroy(&(*scores)->batch);
    free((*scores)->cell);
    free((*scores)->mean);
    free((*scores)->spread);
    free((*scores)->single_mean);
    free((*scores)->single_spread);
    free(*scores);
    *scores = NULL;
}

/* --- scores --- */

static void list_cells(pnas_plain_scores *scores)
{
    const pnas_trie_batch *batch = &scores->batch;
    const int *operator_of = scores->source->operator_of;
    size_t next = 0;
    for (size_t i = 0; i < batch->families; ++i)
        for (uint32_t left = batch->family[i].operators; left; left &= left - 1) {
            pnas_cell cell = pnas_trie_batch_cell(batch, &batch->family[i], __builtin_ctz(left));
            for (int b = 0; b < cell.blocks; ++b) {
                cell.block[b].op1 = (int8_t)operator_of[cell.block[b].op1];
                cell.block[b].op2 = (int8_t)operator_of[cell.block[b].op2];
            }
            scores->cell[next++] = cell;
        }
}

static pnas_status score_batch(pnas_plain_scores *scores)
{
    size_t cells = scores->batch.cells;
    if (cells == 0)
        return PNAS_OK;
    list_cells(scores);
    PNAS_TRY(pnas_ensemble_predict(scores->ensemble, scores->cell, cells, scores->mean, scores->spread));
    for (size_t i = 0; i < cells; ++i) {
        scores->single_mean[i] = (float)scores->mean[i];
        scores->single_spread[i] = (float)scores->spread[i];
    }
    const pnas_trie_scores found = {.batch = &scores->batch,
                                    .mean = scores->single_mean,
                                    .spread =
                                        scores->source->head.members > 1 ? scores->single_spread : NULL};
    return scores->visit(scores->payload, &found);
}

static pnas_status take_prefix(void *payload, const pnas_cell *prefix)
{
    pnas_plain_scores *scores = payload;
    if (pnas_trie_batch_add(&scores->batch, prefix))
        return PNAS_OK;
    PNAS_TRY(score_batch(scores));
    pnas_trie_batch_clear(&scores->batch);
    pnas_trie_batch_add(&scores->batch, prefix);
    return PNAS_OK;
}

pnas_status pnas_plain_scores_run(pnas_plain_scores *scores, const pnas_cell *roots, size_t count,
                                  pnas_trie_visitor visit, void *payload)
{
    int prefix_blocks = scores->batch.options.blocks - 1;
    const pnas_space *space = &scores->batch.options.space;
    pnas_status status = PNAS_OK;
    scores->visit = visit;
    scores->payload = payload;
    for (size_t i = 0; i < count && status == PNAS_OK; ++i)
        status = prefix_blocks == 0
                     ? take_prefix(scores, &roots[i])
                     : pnas_space_walk_trie(space, &roots[i], prefix_blocks, take_prefix, scores);
    if (status == PNAS_OK)
        status = score_batch(scores);
    pnas_trie_batch_clear(&scores->batch);
    return status;
}
