#include "src/run/evaluate_table.h"

#include "src/search/cell_text.h"
#include "src/search/kendall.h"
#include "src/search/spearman.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- drawing ---- */

typedef struct {
    uint64_t key;
    size_t index; /* of an entry of the table */
} keyed_entry;

static uint64_t key_of(int trial, const pnas_cell *cell, const pnas_operator_set *operators)
{
    char text[PNAS_CELL_TEXT_MAX], whole[PNAS_CELL_TEXT_MAX + 16];
    pnas_cell_format(cell, operators, text);
    snprintf(whole, sizeof whole, "%d:%s", trial, text);
    uint64_t key = 0xcbf29ce484222325u;
    for (const char *at = whole; *at; ++at)
        key = (key ^ (unsigned char)*at) * 0x100000001b3u;
    /* The high bits of FNV-1a hardly depend on the last characters. */
    key = (key ^ (key >> 30)) * 0xbf58476d1ce4e5b9u;
    key = (key ^ (key >> 27)) * 0x94d049bb133111ebu;
    return key ^ (key >> 31);
}

static int compare_keys(const void *a, const void *b)
{
    const keyed_entry *left = a, *right = b;
    return (left->key > right->key) - (left->key < right->key);
}

static int compare_indices(const void *a, const void *b)
{
    const keyed_entry *left = a, *right = b;
    return (left->index > right->index) - (left->index < right->index);
}

/* All entries of one level, those that a trial takes first; returns how many it takes. */
static size_t order_level(const pnas_evaluate_options *options, int trial, int blocks, keyed_entry *out)
{
    size_t begin, count;
    pnas_cell_table_level(options->table, blocks, &begin, &count);
    const pnas_table_entry *entry = pnas_cell_table_entries(options->table);
    for (size_t i = 0; i < count; ++i)
        out[i] = (keyed_entry){key_of(trial, &entry[begin + i].cell, options->operators), begin + i};
    qsort(out, count, sizeof *out, compare_keys);
    return options->cells > 0 && options->cells < count ? options->cells : count;
}

/* The trial's entries of one level, in the table's order; returns how many. */
static size_t draw_level(const pnas_evaluate_options *options, int trial, int blocks, keyed_entry *out)
{
    size_t count = order_level(options, trial, blocks, out);
    qsort(out, count, sizeof *out, compare_indices);
    return count;
}

/* ---- one trial ---- */

typedef struct { /* room for all of the table */
    keyed_entry *drawn;
    pnas_cell *cell;
    double *accuracy, *mean, *spread;
} trial_room;

static pnas_status make_room(size_t count, trial_room *out)
{
    *out = (trial_room){malloc(count * sizeof *out->drawn), malloc(count * sizeof *out->cell),
                        malloc(count * sizeof *out->accuracy), malloc(count * sizeof *out->mean),
                        malloc(count * sizeof *out->spread)};
    PNAS_CHECK(out->drawn && out->cell && out->accuracy && out->mean && out->spread, PNAS_ERROR_MEMORY,
               "out of memory for %zu cells of a table", count);
    return PNAS_OK;
}

static void free_room(trial_room *room)
{
    free(room->drawn);
    free(room->cell);
    free(room->accuracy);
    free(room->mean);
    free(room->spread);
}

static void take(const pnas_evaluate_options *options, trial_room *room, size_t at, size_t index)
{
    const pnas_table_entry *entry = &pnas_cell_table_entries(options->table)[index];
    room->cell[at] = entry->cell;
    room->accuracy[at] = entry->accuracy;
}

static pnas_status correlate(const pnas_surrogate *surrogate, trial_room *room, size_t first, size_t count,
                             double *out)
{
    PNAS_TRY(surrogate->predict(surrogate->payload, room->cell + first, count, room->mean, room->spread));
    *out = pnas_spearman(room->mean, room->accuracy + first, count);
    return PNAS_OK;
}

/* The cells of levels 1 .. b that a trial is fit on go to `room`; returns how many, and *last: how many of
 * them are of fewer than b blocks. */
static size_t draw_cells(const pnas_evaluate_options *options, int trial, int b, trial_room *room,
                         size_t *last)
{
    size_t count = 0;
    for (int blocks = 1; blocks <= b; ++blocks) {
        *last = count;
        size_t drawn = draw_level(options, trial, blocks, room->drawn);
        for (size_t i = 0; i < drawn; ++i)
            take(options, room, count++, room->drawn[i].index);
    }
    return count;
}

static pnas_status run_trial(const pnas_evaluate_options *options, const pnas_surrogate *surrogate, int trial,
                             int b, trial_room *room, double *fit, double *next)
{
    size_t last = 0, begin, after, count = draw_cells(options, trial, b, room, &last);
    PNAS_TRY(surrogate->fit(surrogate->payload, b, room->cell, room->accuracy, count));
    PNAS_TRY(correlate(surrogate, room, last, count - last, fit));
    pnas_cell_table_level(options->table, b + 1, &begin, &after);
    for (size_t i = 0; i < after; ++i)
        take(options, room, i, begin + i);
    return correlate(surrogate, room, 0, after, next);
}

/* Fits on K cells of level b and judges on its others. */
static pnas_status run_held_out(const pnas_evaluate_options *options, const pnas_surrogate *surrogate,
                                int trial, int b, trial_room *room, double *spearman, double *tau)
{
    size_t begin, all, count = order_level(options, trial, b, room->drawn);
    pnas_cell_table_level(options->table, b, &begin, &all);
    for (size_t i = 0; i < all; ++i)
        take(options, room, i, room->drawn[i].index);
    PNAS_TRY(surrogate->fit(surrogate->payload, b, room->cell, room->accuracy, count));
    PNAS_TRY(correlate(surrogate, room, count, all - count, spearman));
    *tau = pnas_kendall(room->mean, room->accuracy + count, all - count);
    return PNAS_OK;
}

/* ---- all trials of all levels ---- */

static void summarise(const double *value, int count, double *mean, double *std)
{
    double sum = 0, squares = 0;
    for (int i = 0; i < count; ++i)
        sum += value[i];
    *mean = count ? sum / count : NAN;
    for (int i = 0; i < count; ++i)
        squares += (value[i] - *mean) * (value[i] - *mean);
    *std = count > 1 ? sqrt(squares / (count - 1)) : 0;
}

/* This process's trials of a level: fit [T] and next [T], which are NaN. */
static pnas_status run_level(const pnas_evaluate_options *options, trial_room *room, int b, double *fit,
                             double *next)
{
    int step = options->share.step ? options->share.step : 1;
    for (int t = options->share.first; t < options->trials; t += step) {
        pnas_surrogate surrogate = {0};
        pnas_status status =
            options->maker.open(options->maker.payload, options->seed + (uint64_t)t, &surrogate);
        if (status == PNAS_OK)
            status = (options->held_out ? run_held_out : run_trial)(options, &surrogate, t, b, room, &fit[t],
                                                                    &next[t]);
        options->maker.close(options->maker.payload, &surrogate);
        PNAS_TRY(status);
    }
    return PNAS_OK;
}

/* Only trials count whose correlations are both defined. */
static void summarise_level(int trials, double *fit, double *next, pnas_evaluation *out)
{
    for (int t = 0; t < trials; ++t) {
        fit[out->trials] = fit[t];
        next[out->trials] = next[t];
        out->trials += isfinite(fit[t]) && isfinite(next[t]);
    }
    summarise(fit, out->trials, &out->fit_mean, &out->fit_std);
    summarise(next, out->trials, &out->next_mean, &out->next_std);
}

static int list_levels(const pnas_evaluate_options *options, trial_room *room,
                       pnas_evaluation out[PNAS_BLOCKS_MAX])
{
    int levels = 0;
    for (int b = 1; b <= PNAS_BLOCKS_MAX; ++b) {
        size_t begin, here, next = 0, last;
        pnas_cell_table_level(options->table, b, &begin, &here);
        if (b < PNAS_BLOCKS_MAX)
            pnas_cell_table_level(options->table, b + 1, &begin, &next);
        if (options->held_out && here >= options->cells + 2)
            out[levels++] = (pnas_evaluation){
                .held_out = true, .level = b, .fit = options->cells, .next = here - options->cells};
        if (!options->held_out && here >= 2 && next >= 2)
            out[levels++] =
                (pnas_evaluation){.level = b, .fit = draw_cells(options, 0, b, room, &last), .next = next};
    }
    return levels;
}

static pnas_status evaluate_levels(const pnas_evaluate_options *options, trial_room *room,
                                   pnas_evaluation out[PNAS_BLOCKS_MAX], int levels)
{
    size_t trials = (size_t)options->trials, count = 2 * trials * (size_t)levels;
    double *values = malloc(count * sizeof *values);
    PNAS_CHECK(values, PNAS_ERROR_MEMORY, "out of memory for %d trials", options->trials);
    for (size_t i = 0; i < count; ++i)
        values[i] = NAN;
    pnas_status status = PNAS_OK;
    for (int i = 0; i < levels && status == PNAS_OK; ++i) {
        double *fit = values + 2 * trials * (size_t)i;
        status = run_level(options, room, out[i].level, fit, fit + trials);
    }
    if (options->share.gather)
        status = options->share.gather(options->share.payload, status, values, count);
    for (int i = 0; i < levels && status == PNAS_OK; ++i) {
        double *fit = values + 2 * trials * (size_t)i;
        summarise_level(options->trials, fit, fit + trials, &out[i]);
    }
    free(values);
    return status;
}

pnas_status pnas_evaluate_table(const pnas_evaluate_options *options, pnas_evaluation out[PNAS_BLOCKS_MAX],
                                int *levels)
{
    trial_room room = {0};
    *levels = 0;
    PNAS_CHECK(options->trials >= 1, PNAS_ERROR_USAGE, "%d trials were asked for; at least 1 is needed",
               options->trials);
    PNAS_CHECK(!options->held_out || options->cells > 0, PNAS_ERROR_USAGE,
               "all cells are fit on, so none is held out; give a number of cells");
    pnas_status status = make_room(pnas_cell_table_count(options->table), &room);
    if (status == PNAS_OK) {
        *levels = list_levels(options, &room, out);
        if (*levels == 0 && options->held_out)
            status =
                pnas_fail(PNAS_ERROR_DATA,
                          "no size of cells has %zu in the table to fit on and two to hold out; fit on fewer",
                          options->cells);
        else if (*levels == 0)
            status =
                pnas_fail(PNAS_ERROR_DATA, "the table has no two levels that follow each other; a "
                                           "surrogate is judged on cells of one block more than those it "
                                           "was fit on");
    }
    if (status == PNAS_OK)
        status = evaluate_levels(options, &room, out, *levels);
    free_room(&room);
    return status;
}

/* ---- printing ---- */

/* Liu et al., Table 1: MLP, RNN, MLP-ensemble, RNN-ensemble, on the next level. */
static const char *paper(int level)
{
    static const char *const figures[] = {".113 .198 .164 .164", ".450 .424 .532 .418", ".469 .401 .504 .465",
                                          ".444 .413 .468 .424"};
    return level <= 4 ? figures[level - 1] : "";
}

#define FIGURE_TEXT 64

/* "-" where no trial has a figure: one cell has no order. */
static const char *name_figure(double mean, double deviation, char out[FIGURE_TEXT])
{
    if (isnan(mean))
        return "-";
    snprintf(out, FIGURE_TEXT, "%6.3f +- %.3f", mean, deviation);
    return out;
}

static void print_held_out(const pnas_evaluation *evaluation, int levels)
{
    printf("predicted and measured accuracy of cells held out: mean and standard deviation over trials\n"
           "blocks  trials   cells  held out         Spearman     Kendall's tau\n");
    for (int i = 0; i < levels; ++i) {
        const pnas_evaluation *e = &evaluation[i];
        char fit[FIGURE_TEXT], next[FIGURE_TEXT];
        printf("%6d  %6d  %6zu  %8zu  %15s   %15s\n", e->level, e->trials, e->fit, e->next,
               name_figure(e->fit_mean, e->fit_std, fit), name_figure(e->next_mean, e->next_std, next));
    }
}

void pnas_evaluation_print(const pnas_evaluation *evaluation, int levels)
{
    if (levels > 0 && evaluation->held_out) {
        print_held_out(evaluation, levels);
        return;
    }
    printf("Spearman of predicted and measured accuracy: mean and standard deviation over trials\n"
           "level  trials   cells  on these          next  on the next       "
           "(paper: MLP RNN and their ensembles)\n");
    for (int i = 0; i < levels; ++i) {
        const pnas_evaluation *e = &evaluation[i];
        char fit[FIGURE_TEXT], next[FIGURE_TEXT];
        printf("%5d  %6d  %6zu  %15s  %6zu  %15s   (%s)\n", e->level, e->trials, e->fit,
               name_figure(e->fit_mean, e->fit_std, fit), e->next,
               name_figure(e->next_mean, e->next_std, next), paper(e->level));
    }
}
