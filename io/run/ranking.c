#include "io/run/ranking.h"

#include "io/config/configuration.h"
#include "io/file/name_end.h"
#include "io/hdf5/hdf5_attribute.h"
#include "io/run/cell_csv.h"
#include "io/run/cell_table_file.h"
#include "io/run/ranking_scores.h"
#include "src/base/log.h"
#include "src/search/spearman.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- order ---- */

int pnas_ranked_cell_order(const pnas_ranked_cell *left, const pnas_ranked_cell *right)
{
    if (left->guessed != right->guessed)
        return left->guessed ? 1 : -1;
    if (left->score != right->score)
        return left->score > right->score ? -1 : 1;
    return (left->parameters > right->parameters) - (left->parameters < right->parameters);
}

static int better_first(const void *a, const void *b)
{
    const pnas_ranked_cell *left = a, *right = b;
    int order = pnas_ranked_cell_order(left, right);
    return order ? order : (left->place > right->place) - (left->place < right->place);
}

static pnas_status make_room(pnas_ranking *ranking, size_t count)
{
    ranking->cell = calloc(count + 1, sizeof *ranking->cell);
    PNAS_CHECK(ranking->cell, PNAS_ERROR_MEMORY, "%s: out of memory for %zu cells", ranking->path, count);
    return PNAS_OK;
}

/* ---- runs ---- */

/* 0 where a table that the child was looked up in does not know: no network costs nothing. */
static int64_t known_count(int64_t count)
{
    return count > 0 ? count : -1;
}

static double known_seconds(double seconds)
{
    return seconds > 0 ? seconds : NAN;
}

static pnas_ranked_cell describe_child(int level, const pnas_child *child, size_t place)
{
    const pnas_result *result = &child->result;
    bool stopped = result->status == PNAS_CHILD_STOPPED;
    return (pnas_ranked_cell){.cell = child->cell,
                              .level = level,
                              .early = child->early,
                              .place = child->order > 0 ? (size_t)child->order - 1 : place,
                              .guessed = stopped,
                              .score = stopped ? child->expected : result->accuracy,
                              .predicted = child->predicted,
                              .predicted_std = child->predicted_std,
                              .train_seconds = known_seconds(result->train_seconds),
                              .parameters = known_count(result->parameters),
                              .multiply_adds = known_count(result->multiply_adds),
                              .stopped_after = stopped ? result->epochs : 0,
                              .epochs = result->history ? result->epochs : 0,
                              .history = result->history};
}

static void add_level(pnas_ranking *ranking, const pnas_level *level)
{
    pnas_ranking_level *out = &ranking->level[ranking->levels++];
    double sum = 0;
    *out = (pnas_ranking_level){.level = level->blocks,
                                .children = level->count,
                                .begun = level->begun,
                                .candidates = level->candidates,
                                .spearman = level->spearman,
                                .best = NAN};
    for (size_t i = 0; i < level->count; i++) {
        const pnas_child *child = &level->child[i];
        out->failed += child->result.status == PNAS_CHILD_FAILED;
        out->early += child->early;
        if (child->result.status == PNAS_CHILD_STOPPED) {
            out->stopped++;
            ranking->stopped[ranking->stopped_count] =
                describe_child(level->blocks, child, ranking->stopped_count);
            ranking->stopped_count++;
        }
        if (child->result.status != PNAS_CHILD_DONE)
            continue;
        out->done++;
        out->best = fmax(out->best, child->result.accuracy);
        sum += child->result.accuracy;
        ranking->cell[ranking->count] = describe_child(level->blocks, child, ranking->count);
        ranking->count++;
    }
    out->mean = out->done ? sum / (double)out->done : NAN;
}

/* Through the search, so that a run is checked as pnas_mpi would check it. */
static pnas_status read_run(pnas_ranking *ranking)
{
    pnas_configuration configuration;
    size_t children = 0;
    PNAS_TRY(pnas_run_file_read(ranking->path, &ranking->run));
    const pnas_run_info *info = pnas_run_file_info(ranking->run);
    if (pnas_configuration_parse("its configuration", info->configuration, NULL, 0, &configuration) !=
        PNAS_OK)
        return pnas_fail_at(PNAS_ERROR_DATA, "%s", ranking->path);
    PNAS_TRY(pnas_search_create(&configuration.search, &ranking->search));
    PNAS_TRY(pnas_run_file_restore(ranking->run, ranking->search));
    snprintf(ranking->title, sizeof ranking->title, "%s", configuration.title);
    ranking->operators = configuration.search.space.operators;
    ranking->concatenation = configuration.network.concatenation;
    ranking->blocks = configuration.search.space.blocks;
    for (int b = 1; pnas_search_level(ranking->search, b); b++)
        children += pnas_search_level(ranking->search, b)->count;
    PNAS_TRY(make_room(ranking, children));
    ranking->stopped = calloc(children + 1, sizeof *ranking->stopped);
    PNAS_CHECK(ranking->stopped, PNAS_ERROR_MEMORY, "%s: out of memory", ranking->path);
    for (int b = 1; pnas_search_level(ranking->search, b); b++)
        if (pnas_search_level(ranking->search, b)->count > 0)
            add_level(ranking, pnas_search_level(ranking->search, b));
    return PNAS_OK;
}

/* ---- cells without a run ---- */

static pnas_status level_spearman(const pnas_ranking *ranking, int level, double *out)
{
    size_t count = 0;
    double *predicted = malloc(2 * (ranking->count + 1) * sizeof *predicted);
    PNAS_CHECK(predicted, PNAS_ERROR_MEMORY, "%s: out of memory", ranking->path);
    double *measured = predicted + ranking->count;
    for (size_t i = 0; i < ranking->count; i++) {
        const pnas_ranked_cell *cell = &ranking->cell[i];
        if (cell->level != level || isnan(cell->predicted) || cell->guessed)
            continue;
        predicted[count] = cell->predicted;
        measured[count++] = cell->score;
    }
    *out = pnas_spearman(predicted, measured, count);
    free(predicted);
    return PNAS_OK;
}

static void count_level(const pnas_ranking *ranking, pnas_ranking_level *level)
{
    double sum = 0;
    level->best = level->mean = NAN;
    for (size_t i = 0; i < ranking->count; i++) {
        const pnas_ranked_cell *cell = &ranking->cell[i];
        level->done += cell->level == level->level && !cell->guessed;
        level->guessed += cell->level == level->level && cell->guessed;
    }
    level->children = level->done + level->guessed;
    for (size_t i = 0; i < ranking->count; i++) {
        const pnas_ranked_cell *cell = &ranking->cell[i];
        if (cell->level != level->level || cell->guessed != (level->done == 0))
            continue;
        level->best = fmax(level->best, cell->score);
        sum += cell->score;
    }
    if (level->children > 0)
        level->mean = sum / (double)(level->done > 0 ? level->done : level->guessed);
}

static pnas_status count_levels(pnas_ranking *ranking)
{
    for (int b = 1; b <= PNAS_BLOCKS_MAX; b++) {
        pnas_ranking_level level = {.level = b};
        count_level(ranking, &level);
        if (level.children == 0)
            continue;
        PNAS_TRY(level_spearman(ranking, b, &level.spearman));
        ranking->level[ranking->levels++] = level;
        ranking->blocks = b;
    }
    return PNAS_OK;
}

static void describe_file(pnas_ranking *ranking)
{
    pnas_configuration defaults;
    pnas_configuration_defaults(&defaults);
    ranking->concatenation = defaults.network.concatenation;
    snprintf(ranking->title, sizeof ranking->title, "%s", pnas_ranking_name(ranking));
}

static pnas_status read_csv(pnas_ranking *ranking)
{
    pnas_cell_csv csv;
    describe_file(ranking);
    pnas_operator_set_built_in(&ranking->operators);
    PNAS_TRY(pnas_cell_csv_read(ranking->path, NULL, &csv));
    if (csv.left_out)
        pnas_warning("%s: %zu cells are left out, line %zu first: a block of theirs reads itself, which no "
                     "network can",
                     ranking->path, csv.left_out, csv.left_out_line);
    pnas_status status = make_room(ranking, csv.count);
    for (size_t i = 0; i < csv.count && status == PNAS_OK; i++) {
        const pnas_csv_cell *row = &csv.row[i];
        ranking->cell[ranking->count++] =
            (pnas_ranked_cell){.cell = row->cell,
                               .level = row->cell.blocks,
                               .place = i,
                               .guessed = isnan(row->score),
                               .score = isnan(row->score) ? row->predicted : row->score,
                               .predicted = row->predicted,
                               .predicted_std = row->predicted_std,
                               .train_seconds = row->train_seconds,
                               .parameters = row->parameters,
                               .multiply_adds = row->multiply_adds};
    }
    pnas_cell_csv_free(&csv);
    return status == PNAS_OK ? count_levels(ranking) : status;
}

static pnas_status read_table(pnas_ranking *ranking)
{
    pnas_table_rows rows = {0};
    describe_file(ranking);
    pnas_status status = pnas_table_rows_read(ranking->path, &rows);
    if (status == PNAS_OK)
        status = make_room(ranking, rows.count);
    for (size_t i = 0; i < rows.count && status == PNAS_OK; i++) {
        const pnas_table_entry *row = &rows.entry[i];
        ranking->cell[ranking->count++] =
            (pnas_ranked_cell){.cell = row->cell,
                               .level = row->cell.blocks,
                               .place = i,
                               .score = row->accuracy,
                               .predicted = NAN,
                               .predicted_std = NAN,
                               .train_seconds = known_seconds(row->train_seconds),
                               .parameters = known_count(row->parameters),
                               .multiply_adds = known_count(row->multiply_adds)};
    }
    ranking->operators = rows.operators;
    pnas_table_rows_free(&rows);
    return status == PNAS_OK ? count_levels(ranking) : status;
}

/* ---- files ---- */

static bool begins(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* What is neither is read as a run, which says what is wrong with it. */
static pnas_status read_content(pnas_ranking *ranking)
{
    bool hdf5;
    char conventions[64];
    PNAS_TRY(pnas_h5_is_meant(ranking->path, &hdf5));
    PNAS_CHECK(!pnas_name_ends_in(ranking->path, ".yaml") && !pnas_name_ends_in(ranking->path, ".yml"),
               PNAS_ERROR_DATA, "%s: is a configuration; name the RUN.h5 that pnas_mpi wrote with it",
               ranking->path);
    if (!hdf5)
        return read_csv(ranking);
    PNAS_TRY(pnas_h5_read_conventions(ranking->path, conventions, sizeof conventions));
    if (begins(conventions, "PNAS-table-"))
        return read_table(ranking);
    if (!begins(conventions, "PNAS-scores-"))
        return read_run(ranking);
    describe_file(ranking);
    return pnas_ranking_read_scores(ranking);
}

pnas_status pnas_ranking_read(const char *path, pnas_ranking **out)
{
    pnas_status status;
    *out = NULL;
    pnas_ranking *ranking = calloc(1, sizeof *ranking);
    PNAS_CHECK(ranking, PNAS_ERROR_MEMORY, "%s: out of memory", path);
    ranking->path = strdup(path);
    PNAS_CHECK_CLEANUP(ranking->path, PNAS_ERROR_MEMORY, "%s: out of memory", path);
    PNAS_TRY_CLEANUP(read_content(ranking));
    qsort(ranking->cell, ranking->count, sizeof *ranking->cell, better_first);
    if (ranking->stopped)
        qsort(ranking->stopped, ranking->stopped_count, sizeof *ranking->stopped, better_first);
cleanup:
    if (status != PNAS_OK)
        pnas_ranking_destroy(&ranking);
    *out = ranking;
    return status;
}

void pnas_ranking_destroy(pnas_ranking **ranking)
{
    if (!*ranking)
        return;
    pnas_search_destroy(&(*ranking)->search);
    pnas_run_file_close(&(*ranking)->run);
    free((*ranking)->cell);
    free((*ranking)->stopped);
    free((*ranking)->path);
    free(*ranking);
    *ranking = NULL;
}

/* Returns how many are kept. */
static size_t keep_level(pnas_ranked_cell *cell, size_t count, int level)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (cell[i].level == level)
            cell[kept++] = cell[i];
    return kept;
}

void pnas_ranking_keep_level(pnas_ranking *ranking, int level)
{
    int levels = 0;
    ranking->count = keep_level(ranking->cell, ranking->count, level);
    ranking->stopped_count = keep_level(ranking->stopped, ranking->stopped_count, level);
    for (int i = 0; i < ranking->levels; i++)
        if (ranking->level[i].level == level)
            ranking->level[levels++] = ranking->level[i];
    ranking->levels = levels;
}

bool pnas_ranking_guesses(const pnas_ranking *ranking)
{
    for (int i = 0; i < ranking->levels; i++)
        if (ranking->level[i].guessed > 0)
            return true;
    return false;
}

const char *pnas_ranking_name(const pnas_ranking *ranking)
{
    const char *slash = strrchr(ranking->path, '/');
    return slash ? slash + 1 : ranking->path;
}

/* ---- other orders ---- */

static int earlier_first(const void *a, const void *b)
{
    const pnas_ranked_cell *left = *(const pnas_ranked_cell *const *)a;
    const pnas_ranked_cell *right = *(const pnas_ranked_cell *const *)b;
    return (left->place > right->place) - (left->place < right->place);
}

static pnas_status point_at_cells(const pnas_ranking *ranking, const pnas_ranked_cell ***out)
{
    *out = malloc((ranking->count + 1) * sizeof(void *));
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "%s: out of memory for %zu cells", ranking->path, ranking->count);
    for (size_t i = 0; i < ranking->count; i++)
        (*out)[i] = &ranking->cell[i];
    return PNAS_OK;
}

pnas_status pnas_ranking_by_place(const pnas_ranking *ranking, const pnas_ranked_cell ***out)
{
    PNAS_TRY(point_at_cells(ranking, out));
    qsort(*out, ranking->count, sizeof(void *), earlier_first);
    return PNAS_OK;
}

double pnas_ranked_cell_cost(const pnas_ranked_cell *cell, pnas_cost cost)
{
    int64_t count = cost == PNAS_COST_PARAMETERS ? cell->parameters : cell->multiply_adds;
    if (cost == PNAS_COST_TRAIN_SECONDS)
        return cell->train_seconds;
    return count < 0 ? NAN : (double)count;
}

typedef struct {
    const pnas_ranked_cell *cell;
    double cost;
} costed_cell;

static int cheaper_first(const void *a, const void *b)
{
    const costed_cell *left = a, *right = b;
    if (left->cost != right->cost)
        return left->cost < right->cost ? -1 : 1;
    return better_first(left->cell, right->cell);
}

pnas_status pnas_ranking_front(const pnas_ranking *ranking, pnas_cost cost, const pnas_ranked_cell ***out,
                               size_t *count)
{
    size_t costed = 0;
    *count = 0;
    PNAS_TRY(point_at_cells(ranking, out));
    costed_cell *sorted = malloc((ranking->count + 1) * sizeof *sorted);
    if (!sorted) {
        free(*out);
        return pnas_fail(PNAS_ERROR_MEMORY, "%s: out of memory for %zu cells", ranking->path, ranking->count);
    }
    for (size_t i = 0; i < ranking->count; i++) {
        double value = pnas_ranked_cell_cost(&ranking->cell[i], cost);
        if (!isnan(value))
            sorted[costed++] = (costed_cell){&ranking->cell[i], value};
    }
    qsort(sorted, costed, sizeof *sorted, cheaper_first);
    for (size_t i = 0; i < costed; i++)
        if (*count == 0 || sorted[i].cell->score > (*out)[*count - 1]->score)
            (*out)[(*count)++] = sorted[i].cell;
    free(sorted);
    return PNAS_OK;
}
