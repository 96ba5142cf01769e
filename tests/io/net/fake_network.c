#include "tests/io/net/fake_network.h"

#include "src/net/graph_create.h"
#include "src/search/cell_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *made)
{
    if (!made)
        abort();
    return made;
}

/* Values that differ, around 0; variances are above it. */
static float value_of(size_t i, bool positive)
{
    float value = (float)((i * 2654435761u) >> 8 & 0xffff) / 65536.0f;
    return positive ? value + 0.5f : value - 0.5f;
}

static void add_tensor(pnas_network_tensors *tensors, const char *name, int rank, const int *shape)
{
    pnas_named_tensor *tensor = &tensors->tensor[tensors->count];
    size_t values = 1, seed = 1000 * tensors->count++;
    *tensor = (pnas_named_tensor){.rank = rank};
    snprintf(tensor->name, sizeof tensor->name, "%s", name);
    for (int i = 0; i < rank; i++) {
        tensor->shape[i] = (size_t)shape[i];
        values *= tensor->shape[i];
    }
    tensor->data = must(malloc(values * sizeof *tensor->data));
    bool positive = strstr(name, "variance") || strstr(name, "gamma");
    size_t fan_in =
        rank == 4 ? values / tensor->shape[3] : 1; /* so that a deep network's values stay near 1 */
    float scale = rank == 4 ? 4 / sqrtf((float)fan_in) : 1;
    for (size_t i = 0; i < values; i++)
        tensor->data[i] = scale * value_of(seed + i, positive);
}

static void make_tensors(const pnas_graph *graph, pnas_network_tensors *out)
{
    char name[PNAS_LAYER_PATH_MAX + 32];
    out->tensor =
        must(calloc((size_t)graph->parameter_count + 2 * (size_t)graph->norm_count, sizeof *out->tensor));
    for (int i = 0; i < graph->parameter_count; i++) {
        const pnas_parameter *p = &graph->parameter[i];
        bool vector = p->kind != PNAS_PARAMETER_WEIGHT;
        add_tensor(out, p->path, vector ? 1 : 4, vector ? &p->shape[3] : p->shape);
    }
    for (int i = 0; i < graph->norm_count; i++) {
        snprintf(name, sizeof name, "%s/running_mean", graph->norm[i].path);
        add_tensor(out, name, 1, &graph->norm[i].channels);
        snprintf(name, sizeof name, "%s/running_variance", graph->norm[i].path);
        add_tensor(out, name, 1, &graph->norm[i].channels);
    }
}

static void make_weights(pnas_network_file *out)
{
    pnas_graph *graph = NULL;
    if (pnas_graph_create(&out->cell, &out->operators, &out->network, &graph) != PNAS_OK)
        abort();
    out->parameters = graph->parameters;
    make_tensors(graph, &out->weights);
    make_tensors(graph, &out->average);
    pnas_graph_destroy(&graph);
}

static void make_history(size_t epochs, pnas_network_file *out)
{
    free(out->history.values);
    out->history = (pnas_network_history){.epochs = epochs,
                                          .columns = 2,
                                          .name = {"train_loss", "validation_accuracy"},
                                          .values = must(calloc(2 * epochs, sizeof(float)))};
}

static void make_records(pnas_network_file *out)
{
    pnas_network_tensors moments = {.tensor = must(calloc(1, sizeof *moments.tensor))};
    add_tensor(&moments, "first_moment/stem/weight", 1, (int[]){5});
    out->in_training = true;
    out->training = (pnas_checkpoint){.epoch = 2,
                                      .batch = 7,
                                      .best = 0.5,
                                      .last = 0.25,
                                      .seconds = 3.5,
                                      .count = 1,
                                      .tensor = moments.tensor};
    memset(out->fingerprint, 'f', 64);
    make_history(2, out);
    out->history.values[3] = 0.25f;
    out->accuracy = 0.25;
    out->divergence = (pnas_network_divergence){.epoch = 2, .update = 5, .factor = 0.125};
    out->test = (pnas_network_test){.known = true,
                                    .dataset = "little",
                                    .weights = "average",
                                    .images = 12,
                                    .accuracy = 0.75,
                                    .top5 = 1,
                                    .loss = 0.625,
                                    .confusion = must(calloc(9, sizeof(int64_t)))};
    out->test.confusion[4] = 9;
    out->test.confusion[5] = 3;
    out->devices = (pnas_network_devices){1, must(malloc(sizeof(char *))), must(malloc(sizeof(char *)))};
    *out->devices.name = must(strdup("PoCL"));
    *out->devices.driver = must(strdup("3.1; tuned 0123456789abcdef"));
}

static void name_classes(pnas_network_file *out)
{
    static const char *const names[] = {"cat", "dog", "n\xc3\xa4he"};
    out->class_names = must(calloc((size_t)out->network.classes, sizeof *out->class_names));
    for (int i = 0; i < out->network.classes; i++)
        out->class_names[i] = must(strdup(names[i % 3]));
}

void fake_network_make_of(const char *cell, const pnas_network_options *network, pnas_network_file *out)
{
    *out = (pnas_network_file){.network = *network,
                               .norm_epsilon = 1e-3,
                               .seed = 12345678901234567890u,
                               .run = "run.h5",
                               .dataset = "little.h5",
                               .dataset_name = "little",
                               .dataset_licence = "none",
                               .accuracy = 0.625};
    memset(out->dataset_sha256, 'a', 64);
    for (int c = 0; c < network->channels; c++) {
        out->mean[c] = 0.25f * (float)(c + 1);
        out->deviation[c] = 0.125f + 0.5f * (float)c;
    }
    out->configuration = must(strdup("training: {epochs: 3}\n"));
    make_history(3, out);
    out->history.values[5] = 0.625f;
    name_classes(out);
    pnas_operator_set_built_in(&out->operators);
    if (pnas_cell_parse(cell, &out->operators, &out->cell) != PNAS_OK)
        abort();
    make_weights(out);
}

void fake_network_make(pnas_network_file *out)
{
    const pnas_network_options network = {.filters = 2,
                                          .repeats = 1,
                                          .stem_multiplier = 1,
                                          .concatenation = PNAS_CONCATENATE_UNUSED,
                                          .height = 9,
                                          .width = 8,
                                          .channels = 2,
                                          .classes = 3};
    fake_network_make_of("-2:sep3+-1:max3", &network, out);
    make_records(out);
}

void fake_network_make_smallest(pnas_network_file *out)
{
    const pnas_network_options network = {.filters = 1,
                                          .repeats = 1,
                                          .stem_multiplier = 1,
                                          .concatenation = PNAS_CONCATENATE_UNUSED,
                                          .height = 3,
                                          .width = 3,
                                          .channels = 1,
                                          .classes = 3};
    fake_network_make_of("-1:max3+-1:max3", &network, out);
    make_records(out);
}
