#include "src/programs/pnas_score/score_parts.h"

#include "src/base/log.h"
#include "src/programs/pnas_score/plain_scores.h"
#include "src/run/tuned_agreement.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROOT_BLOCKS_MAX = 2, PARTS_LEAST = 16 };

/* --- the plan --- */

/* About how many cells there are: every block's sides in order, without regard to the order of blocks. */
static double estimate_cells(const pnas_score_head *head)
{
    double cells = 1;
    for (int i = 0; i < head->blocks; ++i) {
        double sides = (double)(i - head->space.lookback) * head->space.operators.count;
        cells *= sides * (sides + 1) / 2;
    }
    return cells;
}

static pnas_status count_root(void *payload, const pnas_cell *cell)
{
    ++((pnas_score_plan *)payload)->root_count;
    return PNAS_OK;
}

static pnas_status keep_root(void *payload, const pnas_cell *cell)
{
    pnas_score_plan *plan = payload;
    plan->root[plan->root_count++] = *cell;
    return PNAS_OK;
}

static pnas_status find_roots(const pnas_score_head *head, pnas_score_plan *plan)
{
    const pnas_cell whole = {0};
    int blocks = head->blocks - 1 < ROOT_BLOCKS_MAX ? head->blocks - 1 : ROOT_BLOCKS_MAX;
    if (blocks == 0)
        plan->root_count = 1;
    else
        PNAS_TRY(pnas_space_walk_trie(&head->space, &whole, blocks, count_root, plan));
    plan->root = calloc(plan->root_count, sizeof *plan->root);
    PNAS_CHECK(plan->root, PNAS_ERROR_MEMORY, "out of memory for %zu beginnings of cells", plan->root_count);
    if (blocks == 0)
        return PNAS_OK;
    plan->root_count = 0;
    return pnas_space_walk_trie(&head->space, &whole, blocks, keep_root, plan);
}

pnas_status pnas_score_plan_make(const pnas_score_head *head, pnas_score_plan *out)
{
    *out = (pnas_score_plan){0};
    PNAS_TRY(find_roots(head, out));
    double cells_of_part = head->all ? 1 << 22 : 1 << 25;
    double parts = ceil(estimate_cells(head) / cells_of_part);
    parts = fmin(fmax(parts, PARTS_LEAST), (double)out->root_count);
    out->parts = (size_t)parts;
    return PNAS_OK;
}

static size_t first_root(const pnas_score_plan *plan, size_t part)
{
    return part * plan->root_count / plan->parts;
}

void pnas_score_plan_free(pnas_score_plan *plan)
{
    free(plan->root);
    *plan = (pnas_score_plan){0};
}

/* --- a worker --- */

struct pnas_score_worker {
    pnas_score_worker_options options;
    pnas_space_trie *trie;    /* of LSTMs and MLPs of one layer ... */
    pnas_plain_scores *plain; /* ... or MLPs of two */
    pnas_beam best;           /* of all parts of this worker: what is worse than all of it need not be kept */
    pnas_beam part_best;
    pnas_score_part part;
    uint64_t cells; /* scored in all */
    /* where all are kept */
    size_t room;
    pnas_block *cell;
    float *score, *spread;
};

static pnas_status create_scores(pnas_score_worker *worker)
{
    const pnas_score_worker_options *options = &worker->options;
    const pnas_score_head *head = &options->source->head;
    if (options->source->plain)
        return pnas_plain_scores_create(options->cl, options->source, &worker->plain);
    const pnas_space_trie_options trie = {.space = head->space,
                                          .blocks = head->blocks,
                                          .operator_of = options->source->operator_of,
                                          .memory = options->memory,
                                          .filter = pnas_score_source_filter(options->source),
                                          .filter_payload = options->source};
    return pnas_space_trie_create(options->cl, options->source->member, head->members, &trie, &worker->trie);
}

pnas_status pnas_score_worker_create(const pnas_score_worker_options *options, pnas_score_worker **out)
{
    const pnas_score_head *head = &options->source->head;
    pnas_status status;
    pnas_score_worker *worker = calloc(1, sizeof *worker);
    *out = NULL;
    PNAS_CHECK(worker, PNAS_ERROR_MEMORY, "out of memory for scores");
    worker->options = *options;
    PNAS_TRY_CLEANUP(create_scores(worker));
    PNAS_TRY_CLEANUP(pnas_beam_create(head->top, &worker->best));
    PNAS_TRY_CLEANUP(pnas_beam_create(head->top, &worker->part_best));
    *out = worker;
    return PNAS_OK;
cleanup:
    pnas_score_worker_destroy(&worker);
    return status;
}

void pnas_score_worker_destroy(pnas_score_worker **worker)
{
    if (!*worker)
        return;
    pnas_space_trie_destroy(&(*worker)->trie);
    pnas_plain_scores_destroy(&(*worker)->plain);
    pnas_beam_destroy(&(*worker)->best);
    pnas_beam_destroy(&(*worker)->part_best);
    free((*worker)->cell);
    free((*worker)->score);
    free((*worker)->spread);
    free(*worker);
    *worker = NULL;
}

/* --- one batch --- */

static pnas_status tally(pnas_score_part *part, const float *score, size_t count)
{
    double sum = 0, least = part->least, most = part->most;
    for (size_t i = 0; i < count; ++i) {
        PNAS_CHECK(score[i] >= 0 && score[i] <= 1, PNAS_ERROR_DATA,
                   "the surrogate gives %g for a cell, which is no accuracy: its weights are damaged",
                   score[i]);
        int bin = (int)(score[i] * PNAS_SCORE_BINS);
        ++part->histogram[bin < PNAS_SCORE_BINS ? bin : PNAS_SCORE_BINS - 1];
        sum += score[i];
        least = score[i] < least ? score[i] : least;
        most = score[i] > most ? score[i] : most;
    }
    part->sum += sum;
    part->least = least;
    part->most = most;
    part->cells += count;
    return PNAS_OK;
}

/* The score that a full beam's worst has: below it there is nothing to offer. */
static double bar_of(const pnas_beam *beam)
{
    return beam->count == beam->width ? beam->entry[0].predicted : -1;
}

static void offer(pnas_score_worker *worker, const pnas_trie_scores *scores)
{
    const pnas_trie_batch *batch = scores->batch;
    double overall = bar_of(&worker->best), bar = fmax(overall, bar_of(&worker->part_best));
    for (size_t i = 0; i < batch->families; ++i) {
        const pnas_trie_family *family = &batch->family[i];
        uint32_t number = family->first;
        for (uint32_t left = family->operators; left; left &= left - 1, ++number) {
            if (scores->mean[number] < bar)
                continue;
            pnas_cell cell = pnas_trie_batch_cell(batch, family, __builtin_ctz(left));
            pnas_beam_offer(&worker->part_best, &cell, scores->mean[number],
                            scores->spread ? scores->spread[number] : 0);
            bar = fmax(overall, bar_of(&worker->part_best));
        }
    }
}

static pnas_status make_room(pnas_score_worker *worker, size_t count)
{
    if (count <= worker->room)
        return PNAS_OK;
    size_t blocks = (size_t)worker->options.source->head.blocks, room = 2 * count;
    pnas_block *cell = realloc(worker->cell, room * blocks * sizeof *cell);
    worker->cell = cell ? cell : worker->cell;
    float *score = realloc(worker->score, room * sizeof *score);
    worker->score = score ? score : worker->score;
    float *spread = realloc(worker->spread, room * sizeof *spread);
    worker->spread = spread ? spread : worker->spread;
    PNAS_CHECK(cell && score && spread, PNAS_ERROR_MEMORY,
               "out of memory for the scores of %zu cells; without --all it takes little", count);
    worker->room = room;
    return PNAS_OK;
}

static pnas_status keep_all(pnas_score_worker *worker, const pnas_trie_scores *scores)
{
    const pnas_trie_batch *batch = scores->batch;
    size_t first = worker->part.cells, blocks = (size_t)worker->options.source->head.blocks;
    PNAS_TRY(make_room(worker, first + batch->cells));
    memcpy(worker->score + first, scores->mean, batch->cells * sizeof *worker->score);
    if (scores->spread)
        memcpy(worker->spread + first, scores->spread, batch->cells * sizeof *worker->spread);
    for (size_t i = 0; i < batch->families; ++i) {
        const pnas_trie_family *family = &batch->family[i];
        pnas_block *to = worker->cell + (first + family->first) * blocks;
        for (uint32_t left = family->operators; left; left &= left - 1, to += blocks) {
            pnas_cell cell = pnas_trie_batch_cell(batch, family, __builtin_ctz(left));
            memcpy(to, cell.block, blocks * sizeof *to);
        }
    }
    return PNAS_OK;
}

static pnas_status take_batch(void *payload, const pnas_trie_scores *scores)
{
    pnas_score_worker *worker = payload;
    PNAS_TRY(worker->options.source->cost_status);
    if (worker->options.source->head.all)
        PNAS_TRY(keep_all(worker, scores));
    PNAS_TRY(tally(&worker->part, scores->mean, scores->batch->cells));
    offer(worker, scores);
    worker->cells += scores->batch->cells;
    return worker->options.tick(worker->options.tick_payload, worker->cells);
}

/* --- one part --- */

static pnas_status score_part(pnas_score_worker *worker, size_t part)
{
    const pnas_score_plan *plan = worker->options.plan;
    size_t first = first_root(plan, part), end = first_root(plan, part + 1);
    worker->part = (pnas_score_part){.least = 1};
    worker->part_best.count = 0;
    const pnas_cell *root = plan->root + first;
    PNAS_TRY(worker->plain ? pnas_plain_scores_run(worker->plain, root, end - first, take_batch, worker)
                           : pnas_space_trie_run(worker->trie, root, end - first, take_batch, worker));
    return worker->options.source->cost_status; /* also where no cell was left to score */
}

static pnas_status write_part(pnas_score_worker *worker, const char *path, size_t index)
{
    pnas_score_part *part = &worker->part;
    for (size_t i = 0; i < worker->part_best.count; ++i) {
        const pnas_beam_entry *entry = &worker->part_best.entry[i];
        pnas_beam_offer(&worker->best, &entry->cell, entry->predicted, entry->spread);
    }
    pnas_beam_sort(&worker->part_best);
    part->best = worker->part_best.entry;
    part->best_count = worker->part_best.count;
    part->cell = worker->cell;
    part->score = worker->score;
    part->spread = worker->options.source->head.members > 1 ? worker->spread : NULL;
    const pnas_device_info *device = pnas_cl_device(worker->options.cl);
    snprintf(part->device, sizeof part->device, "%s", device->name);
    pnas_tuned_describe(device, part->driver, sizeof part->driver);
    return pnas_score_part_write(path, &worker->options.source->head, index, part);
}

/* --- parts that are there --- */

typedef struct {
    pnas_trie_batch_options options;
    pnas_score_source *source;
    uint64_t cells;
} cell_count;

static pnas_status count_prefix(void *payload, const pnas_cell *prefix)
{
    cell_count *count = payload;
    count->cells += pnas_trie_batch_count(&count->options, prefix);
    return count->source->cost_status;
}

/* How many cells the space has in a part; this takes little beside scoring them. */
static pnas_status count_cells(const pnas_score_worker_options *options, size_t part, uint64_t *out)
{
    const pnas_score_head *head = &options->source->head;
    size_t first = first_root(options->plan, part), end = first_root(options->plan, part + 1);
    cell_count count = {.options = {.space = head->space,
                                    .blocks = head->blocks,
                                    .filter = pnas_score_source_filter(options->source),
                                    .filter_payload = options->source},
                        .source = options->source};
    for (size_t i = first; i < end; ++i)
        PNAS_TRY(head->blocks == 1 ? count_prefix(&count, &options->plan->root[i])
                                   : pnas_space_walk_trie(&head->space, &options->plan->root[i],
                                                          head->blocks - 1, count_prefix, &count));
    *out = count.cells;
    return PNAS_OK;
}

pnas_status pnas_score_part_check(const pnas_score_worker_options *options, size_t part, bool *whole,
                                  uint64_t *cells)
{
    char path[4096];
    uint64_t wanted;
    pnas_score_part there;
    *whole = false;
    pnas_score_part_path(options->path, part, path, sizeof path);
    if (access(path, F_OK) != 0)
        return PNAS_OK;
    pnas_status status = pnas_score_part_read(path, &options->source->head, part, &there);
    free(there.best);
    *cells = there.cells;
    if (status == PNAS_OK) {
        PNAS_TRY(count_cells(options, part, &wanted));
        *whole = there.cells == wanted;
        if (!*whole)
            status = pnas_fail(PNAS_ERROR_DATA, "%s: has %llu cells, and the space has %llu there", path,
                               (unsigned long long)there.cells, (unsigned long long)wanted);
    }
    if (status != PNAS_ERROR_DATA)
        return status;
    if (!pnas_score_part_is_ours(path))
        return pnas_fail(PNAS_ERROR_FILE,
                         "%s; it is none of the parts that this program writes: move it away",
                         pnas_message());
    pnas_warning("%s; it is removed and scored again", pnas_message());
    unlink(path);
    return PNAS_OK;
}

pnas_status pnas_score_worker_run(pnas_score_worker *worker, size_t part, bool *scored)
{
    const pnas_score_worker_options *options = &worker->options;
    char path[4096];
    bool whole;
    uint64_t cells;
    *scored = false;
    PNAS_TRY(pnas_score_part_check(options, part, &whole, &cells));
    if (whole)
        return options->tick(options->tick_payload, worker->cells);
    PNAS_TRY(score_part(worker, part));
    PNAS_TRY(options->tick(options->tick_payload, worker->cells)); /* limits may have left nothing to score */
    *scored = true;
    pnas_score_part_path(options->path, part, path, sizeof path);
    return write_part(worker, path, part);
}
