#include "tests/io/run/fake_run.h"

#include "io/config/configuration.h"

#include "src/search/canonical.h"
#include "tests/search/result_fields.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

pnas_surrogate fake_surrogate(void)
{
    return (pnas_surrogate){.fit = fit, .predict = predict};
}

pnas_search *fake_search_of(int first)
{
    pnas_search *search = NULL;
    pnas_search_options options = {
        .space = {.blocks = 3, .lookback = -2, .lookforward = -1}, .beam = FAKE_BEAM, .first = first};
    pnas_operator_set_paper(&options.space.operators);
    cr_assert_eq(pnas_search_create(&options, &search), PNAS_OK, "%s", pnas_message());
    return search;
}

pnas_search *fake_search(void)
{
    return fake_search_of(FAKE_FIRST);
}

pnas_result fake_result(int level, size_t index)
{
    double x = level + (double)index / 10;
    pnas_result result = {.status = index % 5 == 4 ? PNAS_CHILD_FAILED : PNAS_CHILD_DONE,
                          .parameters = 1000 * level + (int64_t)index,
                          .multiply_adds = 1000000000000 + (int64_t)index,
                          .start = 1.75e9 + x / 3,
                          .train_seconds = x / 7,
                          .rank = (int)index % 3,
                          .device = level,
                          .attempts = 1 + (int)index % 2};
    if (result.status == PNAS_CHILD_FAILED)
        snprintf(result.error, sizeof result.error, "the loss of step %zu is not finite", index);
    else
        result.accuracy = fmod(x * 0.617, 1);
    if (index % 3 == 2)
        return result;
    result.epochs = 2 + (int)index % 2;
    result.history = malloc((size_t)result.epochs * PNAS_METRICS * sizeof *result.history);
    for (int i = 0; i < result.epochs * PNAS_METRICS; i++)
        result.history[i] = (float)(x + i) / 3;
    for (int i = 0; i < result.epochs; i++)
        result.history[i * PNAS_METRICS + PNAS_METRIC_VALIDATION_ACCURACY] =
            (float)(result.accuracy * (i + 1) / result.epochs);
    return result;
}

void fake_propose(pnas_search *search)
{
    pnas_surrogate surrogate = fake_surrogate();
    cr_assert_eq(pnas_search_propose(search, pnas_search_levels(search) ? &surrogate : NULL), PNAS_OK, "%s",
                 pnas_message());
    int level = pnas_search_levels(search);
    const pnas_level_usage usage = {10.5 * level, 21, 20, 3, 9.5 * level, 2 * level, 1000};
    pnas_search_add_usage(search, level, &usage);
}

void fake_record(pnas_search *search, size_t from, size_t to)
{
    int level = pnas_search_levels(search);
    for (size_t i = from; i < to; i++) {
        pnas_result result = fake_result(level, i);
        cr_assert_eq(pnas_search_record(search, level, i, &result), PNAS_OK, "%s", pnas_message());
    }
}

void fake_info(pnas_run_info *info)
{
    float values[] = {1.5f, -2.25f, 1e-30f, 3, 4, 5};
    pnas_named_tensor tensors[] = {{.name = "lstm/kernel", .rank = 2, .shape = {2, 3}, .data = values},
                                   {.name = "output/bias", .rank = 1, .shape = {1}, .data = values + 1}};
    pnas_run_event events[] = {{1.75e9, 1.75e9 + 1.0 / 3, 0, "train 1/0"}, {1.75e9, 1.75e9 + 2, 1, "fit 1"}};
    info->status = PNAS_RUN_RUNNING;
    info->command_line = strdup("pnas_mpi \"configs/demo.yaml\" -o run.h5");
    info->configuration = strdup("title: A search\nseed: 18446744073709551615\nspace:\n  blocks: 3\n"
                                 "search: {first: 7, beam: 5}\nsurrogate: {members: 2}\n");
    strcpy(info->dataset_name, "Ziffern, handgeschrieben \xc3\xbc");
    strcpy(info->dataset_sha256, "00ff");
    info->dataset_images = 1797;
    info->start = 1.75e9 + 1.0 / 3;
    info->rank_count = 2;
    info->rank = calloc(2, sizeof *info->rank);
    info->rank[0] = (pnas_run_rank){0, 1, "node1", "PoCL", "3.1", "", 1ull << 40};
    info->rank[1] = (pnas_run_rank){1, 0, "node2", "H200", "560.1", "0000:17:00.0", 5};
    info->warm_start = strdup("other.h5: run_id 00ff, generation 7, surrogate after level 3");
    for (int i = 0; i < 2; i++)
        cr_assert_eq(pnas_run_info_add_controller(info, 0, i, tensors, 1), PNAS_OK);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(pnas_run_info_add_event(info, &events[i]), PNAS_OK);
        cr_assert_eq(pnas_run_info_add_controller(info, 1, i, tensors, 2), PNAS_OK);
    }
}

void fake_run_write(const char *path)
{
    pnas_run_file *file = NULL;
    bool existed;
    cr_assert_eq(pnas_run_file_open(path, &file, &existed), PNAS_OK, "%s", pnas_message());
    fake_info(pnas_run_file_info(file));
    pnas_search *search = fake_search();
    fake_propose(search);
    fake_record(search, 0, FAKE_FIRST);
    fake_propose(search);
    fake_record(search, 0, FAKE_BEAM);
    fake_propose(search);
    fake_record(search, 0, 2);
    cr_assert_eq(pnas_run_file_write(file, search), PNAS_OK, "%s", pnas_message());
    pnas_search_destroy(&search);
    pnas_run_file_close(&file);
}

void fake_run_write_as(const char *path, const char *configuration)
{
    pnas_run_file *file = NULL;
    pnas_search *search = NULL;
    pnas_configuration *read = malloc(sizeof *read);
    bool existed;
    cr_assert_not_null(read);
    cr_assert_eq(pnas_configuration_parse("run.yaml", configuration, NULL, 0, read), PNAS_OK, "%s",
                 pnas_message());
    cr_assert_eq(pnas_search_create(&read->search, &search), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_run_file_open(path, &file, &existed), PNAS_OK, "%s", pnas_message());
    fake_info(pnas_run_file_info(file));
    free(pnas_run_file_info(file)->configuration);
    pnas_run_file_info(file)->configuration = strdup(configuration);
    fake_propose(search);
    fake_record(search, 0, FAKE_FIRST);
    cr_assert_eq(pnas_run_file_write(file, search), PNAS_OK, "%s", pnas_message());
    pnas_search_destroy(&search);
    pnas_run_file_close(&file);
    free(read);
}

/* The surrogates after the levels behind the first. */
static void fake_fits(pnas_run_info *info)
{
    float value = 1.5f;
    pnas_named_tensor tensor = {.name = "output/bias", .rank = 1, .shape = {1}, .data = &value};
    for (int level = 2; level <= 3; level++)
        for (int member = 0; member < 2; member++)
            cr_assert_eq(pnas_run_info_add_controller(info, level, member, &tensor, 1), PNAS_OK);
}

void fake_run_write_complete(const char *path)
{
    pnas_run_file *file = NULL;
    bool existed;
    pnas_search *search = fake_search();
    fake_run_write(path);
    cr_assert_eq(pnas_run_file_open(path, &file, &existed), PNAS_OK);
    cr_assert_eq(pnas_run_file_restore(file, search), PNAS_OK);
    fake_record(search, 2, FAKE_BEAM);
    fake_fits(pnas_run_file_info(file));
    pnas_run_file_info(file)->status = PNAS_RUN_COMPLETE;
    pnas_run_file_info(file)->end = pnas_run_file_info(file)->start + 100;
    cr_assert_eq(pnas_run_file_write(file, search), PNAS_OK);
    pnas_run_file_close(&file);
    pnas_search_destroy(&search);
}

/* ---- comparing ---- */

void fake_expect_result(const pnas_result *found, const pnas_result *expected)
{
    result_fields_expect(found, expected, PNAS_RESULT_KEPT_COUNT);
    result_fields_expect_history(found, expected);
}

static bool same_real(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

void fake_expect_search(const pnas_search *found, const pnas_search *expected)
{
    cr_assert_eq(pnas_search_levels(found), pnas_search_levels(expected));
    for (int b = 1; b <= pnas_search_levels(expected); b++) {
        const pnas_level *one = pnas_search_level(found, b), *other = pnas_search_level(expected, b);
        cr_assert_eq(one->count, other->count);
        cr_assert_eq(one->candidates, other->candidates);
        cr_assert(same_real(one->spearman, other->spearman));
        cr_assert_eq(one->score_seconds, other->score_seconds);
        cr_assert_eq(one->fit_seconds, other->fit_seconds);
        /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): doubles that were written and read, bit for bit */
        cr_assert_eq(memcmp(&one->usage, &other->usage, sizeof one->usage), 0);
        for (size_t i = 0; i < one->count; i++) {
            cr_assert_eq(pnas_cell_compare(&one->child[i].cell, &other->child[i].cell), 0);
            cr_assert_eq(one->child[i].hash, other->child[i].hash);
            cr_assert(same_real(one->child[i].predicted, other->child[i].predicted));
            cr_assert(same_real(one->child[i].predicted_std, other->child[i].predicted_std));
            fake_expect_result(&one->child[i].result, &other->child[i].result);
        }
    }
}

static void expect_controllers(const pnas_run_info *found, const pnas_run_info *expected)
{
    cr_assert_eq(found->controller_count, expected->controller_count);
    for (size_t i = 0; i < expected->controller_count; i++) {
        cr_assert_eq(found->controller[i].level, expected->controller[i].level);
        cr_assert_eq(found->controller[i].member, expected->controller[i].member);
        cr_assert_eq(found->controller[i].count, expected->controller[i].count);
        for (size_t t = 0; t < expected->controller[i].count; t++) {
            const pnas_named_tensor *one = &found->controller[i].tensor[t];
            const pnas_named_tensor *other = &expected->controller[i].tensor[t];
            size_t values = 1;
            cr_assert_str_eq(one->name, other->name);
            cr_assert_eq(one->rank, other->rank);
            for (int d = 0; d < other->rank; d++) {
                cr_assert_eq(one->shape[d], other->shape[d]);
                values *= other->shape[d];
            }
            cr_assert_eq(memcmp(one->data, other->data, values * sizeof *one->data), 0);
        }
    }
}

void fake_expect_info(const pnas_run_info *found, const pnas_run_info *expected)
{
    cr_assert_eq(found->status, expected->status);
    cr_assert_str_eq(found->command_line, expected->command_line);
    cr_assert_str_eq(found->configuration, expected->configuration);
    cr_assert_str_eq(found->warm_start, expected->warm_start);
    cr_assert_str_eq(found->dataset_name, expected->dataset_name);
    cr_assert_str_eq(found->dataset_sha256, expected->dataset_sha256);
    cr_assert_eq(found->dataset_images, expected->dataset_images);
    cr_assert_eq(found->start, expected->start);
    cr_assert_eq(found->end, expected->end);
    cr_assert_eq(found->rank_count, expected->rank_count);
    for (size_t i = 0; i < expected->rank_count; i++) {
        cr_assert_eq(found->rank[i].rank, expected->rank[i].rank);
        cr_assert_eq(found->rank[i].device, expected->rank[i].device);
        cr_assert_str_eq(found->rank[i].host, expected->rank[i].host);
        cr_assert_str_eq(found->rank[i].device_name, expected->rank[i].device_name);
        cr_assert_str_eq(found->rank[i].driver, expected->rank[i].driver);
        cr_assert_str_eq(found->rank[i].pci, expected->rank[i].pci);
        cr_assert_eq(found->rank[i].memory, expected->rank[i].memory);
    }
    cr_assert_eq(found->event_count, expected->event_count);
    for (size_t i = 0; i < expected->event_count; i++) {
        cr_assert_eq(found->event[i].start, expected->event[i].start);
        cr_assert_eq(found->event[i].end, expected->event[i].end);
        cr_assert_eq(found->event[i].rank, expected->event[i].rank);
        cr_assert_str_eq(found->event[i].what, expected->event[i].what);
    }
    expect_controllers(found, expected);
}

unsigned char *fake_read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "%s", path);
    unsigned char *bytes = malloc(1 << 22);
    *size = fread(bytes, 1, 1 << 22, file);
    fclose(file);
    return bytes;
}
