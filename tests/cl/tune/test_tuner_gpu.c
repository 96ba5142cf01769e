/* The tuner on a GPU, which a CPU pretends to be (tests/programs/device_pretender.c). */
#include "cl/tune/tuner.h"
#include "src/net/graph_create.h"
#include "src/search/cell_text.h"
#include "tests/cl/test_device.h"

#include <stdio.h>

static void ok(pnas_status status)
{
    cr_assert_eq(status, PNAS_OK, "%s", pnas_message());
}

typedef struct {
    int results, tiles, products;
} tuning_log;

static void take_result(void *payload, const pnas_tuner_result *result)
{
    tuning_log *log = payload;
    log->results += 1;
    log->tiles += result->tile != 0 || result->wide != 0;
    log->products += result->clblast != 0;
}

/* At V = 8, where they could be built: a work-item of theirs has 33 KB of private memory, and a GPU thousands of
 * work-items. */
Test(tuner_on_a_gpu, tries_no_tile_of_a_cpu)
{
    pnas_operator_set operators;
    pnas_operator_set_paper(&operators);
    pnas_cell cell;
    pnas_graph *graph = NULL;
    pnas_tuner_summary summary;
    tuning_log log = {0};
    const pnas_network_options network = {.filters = 8,
                                          .repeats = 1,
                                          .stem_multiplier = 3,
                                          .concatenation = PNAS_CONCATENATE_ALL,
                                          .height = 8,
                                          .width = 8,
                                          .channels = 1,
                                          .classes = 10};
    char folder[] = "/tmp/pnas-tuned-XXXXXX", command[64];
    cr_assert(mkdtemp(folder));
    ok(pnas_cell_parse("-1:identity+-2:identity", &operators, &cell));
    ok(pnas_graph_create(&cell, &operators, &network, &graph));
    const pnas_tuner_options options = {.device = {.vector = 8, .cache_directory = folder},
                                        .graph = (const pnas_graph *const *)&graph,
                                        .graph_count = 1,
                                        .batch = 4,
                                        .clblast_most = 1,
                                        .report = take_result,
                                        .payload = &log};
    ok(pnas_tune(&options, &summary));
    cr_assert_gt(log.results, 10);
    cr_assert_eq(log.results, summary.routes);
    cr_assert_eq(log.tiles, 0, "%d shapes by tiles", log.tiles);
    cr_assert_gt(log.products, 0);
    pnas_graph_destroy(&graph);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_assert_eq(system(command), 0);
}
