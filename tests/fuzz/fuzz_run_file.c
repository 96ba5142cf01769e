/* libFuzzer on run files: one that is read goes into a search as far as the search finds it possible, and a
 * table of its trained cells can be made. */
#include "io/run/cell_table_file.h"
#include "io/run/run_file.h"
#include "src/search/canonical.h"
#include "tests/fuzz/hdf5_edits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void check(pnas_status status)
{
    if (status != PNAS_OK)
        abort();
}

static pnas_status fit(void *payload, int level, const pnas_cell *cells, const double *accuracy, size_t count)
{
    return PNAS_OK;
}

static pnas_status predict(void *payload, const pnas_cell *cells, size_t count, double *mean, double *spread)
{
    for (size_t i = 0; i < count; i++) {
        mean[i] = (double)(pnas_cell_hash(&cells[i]) % 1000003) / 1000003.0;
        spread[i] = mean[i] / 7;
    }
    return PNAS_OK;
}

static pnas_search *new_search(void)
{
    pnas_search *search = NULL;
    pnas_search_options options = {
        .space = {.blocks = 3, .lookback = -2, .lookforward = -1}, .beam = 3, .first = 4};
    pnas_operator_set_paper(&options.space.operators);
    check(pnas_search_create(&options, &search));
    return search;
}

static void add_level(pnas_search *search)
{
    pnas_surrogate surrogate = {.fit = fit, .predict = predict};
    check(pnas_search_propose(search, pnas_search_levels(search) > 0 ? &surrogate : NULL));
    int level = pnas_search_levels(search);
    for (size_t i = 0; i < pnas_search_level(search, level)->count; i++) {
        pnas_result result = {.status = i == 2 ? PNAS_CHILD_FAILED : PNAS_CHILD_DONE,
                              .accuracy = i == 2 ? 0 : 0.125 * (double)i,
                              .epochs = 2,
                              .history = calloc(2 * PNAS_METRICS, sizeof(float))};
        check(pnas_search_record(search, level, i, &result));
    }
}

static void fill_info(pnas_run_info *info)
{
    float values[6] = {1.5f, -2.25f};
    const pnas_named_tensor tensor = {.name = "lstm/kernel", .rank = 2, .shape = {2, 3}, .data = values};
    info->command_line = strdup("pnas_mpi run.yaml");
    info->configuration = strdup("seed: 7\nspace: {blocks: 3}\nsearch: {first: 4, beam: 3}\n");
    strcpy(info->dataset_name, "digits");
    info->rank_count = 1;
    info->rank = calloc(1, sizeof *info->rank);
    check(pnas_run_info_add_event(info, &(pnas_run_event){1, 2, 0, "train 1/0"}));
    check(pnas_run_info_add_controller(info, 1, 0, &tensor, 1));
}

const bool fuzz_sealed = false;

void fuzz_make(const char *path)
{
    pnas_run_file *file = NULL;
    pnas_search *search = new_search();
    bool existed;
    check(pnas_run_file_open(path, &file, &existed));
    fill_info(pnas_run_file_info(file));
    add_level(search);
    add_level(search);
    check(pnas_run_file_write(file, search));
    pnas_search_destroy(&search);
    pnas_run_file_close(&file);
}

static void check_level(const pnas_level *level)
{
    float sum = 0;
    for (size_t i = 0; i < level->count; i++) {
        const pnas_result *result = &level->child[i].result;
        for (int e = 0; result->history && e < result->epochs * PNAS_METRICS; e++)
            sum += isfinite(result->history[e]) != 0;
    }
    if (sum < 0)
        abort();
}

static void read_search(const char *path)
{
    pnas_run_file *file = NULL;
    pnas_status status = pnas_run_file_read(path, &file);
    if (status != PNAS_OK && (file || !*pnas_message()))
        abort();
    if (status != PNAS_OK)
        return;
    int levels;
    const pnas_level *level = pnas_run_file_levels(file, &levels);
    for (int b = 0; b < levels; b++)
        check_level(&level[b]);
    pnas_search *search = new_search();
    if (pnas_run_file_restore(file, search) != PNAS_OK && !*pnas_message())
        abort();
    pnas_search_destroy(&search);
    pnas_run_file_close(&file);
}

static void read_rows(const char *path)
{
    pnas_table_rows rows = {0};
    if (pnas_table_rows_read(path, &rows) != PNAS_OK && !*pnas_message())
        abort();
    for (size_t i = 0; i < rows.count; i++)
        if (pnas_cell_validate(&rows.entry[i].cell, &rows.operators) != PNAS_OK)
            abort();
    pnas_table_rows_free(&rows);
}

/* Rows are read of one input in four, as they cost as much and read the run in the same way first. */
void fuzz_read(const char *path)
{
    if (fuzz_choice() % 4 == 0)
        read_rows(path);
    else
        read_search(path);
}
