#include "io/net/network_graph.h"

#include "src/net/graph_create.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    const char *path;
    const pnas_network_tensors *tensors;
} tensor_check;

const pnas_named_tensor *pnas_network_tensor(const pnas_network_tensors *tensors, const char *name)
{
    for (size_t i = 0; i < tensors->count; i++)
        if (strcmp(tensors->tensor[i].name, name) == 0)
            return &tensors->tensor[i];
    return NULL;
}

static void print_shape(int rank, const size_t *shape, char out[96])
{
    size_t used = 0;
    for (int i = 0; i < rank; i++)
        used += (size_t)snprintf(out + used, 96 - used, "%s%zu", i ? ", " : "", shape[i]);
}

static pnas_status check_tensor(const tensor_check *check, const char *name, int rank, const int *shape)
{
    const pnas_named_tensor *tensor = pnas_network_tensor(check->tensors, name);
    size_t wanted[4] = {0};
    char want[96], found[96];
    PNAS_CHECK(tensor, PNAS_ERROR_DATA, "%s: has no tensor %s, which the network of its cell needs",
               check->path, name);
    for (int i = 0; i < rank; i++)
        wanted[i] = (size_t)shape[i];
    print_shape(rank, wanted, want);
    print_shape(tensor->rank, tensor->shape, found);
    PNAS_CHECK(tensor->rank == rank && memcmp(tensor->shape, wanted, (size_t)rank * sizeof *wanted) == 0,
               PNAS_ERROR_DATA, "%s: tensor %s has shape [%s]; the network of its cell needs [%s]",
               check->path, name, found, want);
    return PNAS_OK;
}

static pnas_status check_running(const tensor_check *check, const pnas_norm *norm, const char *figure)
{
    char name[PNAS_LAYER_PATH_MAX + 32];
    snprintf(name, sizeof name, "%s/%s", norm->path, figure);
    return check_tensor(check, name, 1, &norm->channels);
}

static pnas_status check_tensors(const char *path, const pnas_network_tensors *tensors,
                                 const pnas_graph *graph)
{
    const tensor_check check = {path, tensors};
    for (int i = 0; i < graph->parameter_count; i++) {
        const pnas_parameter *parameter = &graph->parameter[i];
        bool vector = parameter->kind != PNAS_PARAMETER_WEIGHT;
        PNAS_TRY(check_tensor(&check, parameter->path, vector ? 1 : 4,
                              vector ? &parameter->shape[3] : parameter->shape));
    }
    for (int i = 0; i < graph->norm_count; i++) {
        PNAS_TRY(check_running(&check, &graph->norm[i], "running_mean"));
        PNAS_TRY(check_running(&check, &graph->norm[i], "running_variance"));
    }
    return PNAS_OK;
}

static bool is_of_graph(const char *name, const pnas_graph *graph)
{
    char figure[PNAS_LAYER_PATH_MAX + 32];
    for (int i = 0; i < graph->parameter_count; i++)
        if (strcmp(graph->parameter[i].path, name) == 0)
            return true;
    for (int i = 0; i < 2 * graph->norm_count; i++) {
        snprintf(figure, sizeof figure, "%s/%s", graph->norm[i / 2].path,
                 i % 2 ? "running_variance" : "running_mean");
        if (strcmp(figure, name) == 0)
            return true;
    }
    return false;
}

/* Whoever exports all tensors must not export one that no layer has. */
static pnas_status check_superfluous(const char *path, const pnas_network_tensors *tensors,
                                     const pnas_graph *graph)
{
    size_t needed = (size_t)graph->parameter_count + 2 * (size_t)graph->norm_count;
    for (size_t i = 0; tensors->count != needed && i < tensors->count; i++)
        PNAS_CHECK(is_of_graph(tensors->tensor[i].name, graph), PNAS_ERROR_DATA,
                   "%s: has a tensor %s, which is none of the network of its cell", path,
                   tensors->tensor[i].name);
    return PNAS_OK;
}

/* `graph` has the auxiliary classifier where the file has its weights. */
static pnas_status check_file(const char *path, const pnas_network_file *file, const pnas_graph *graph)
{
    PNAS_TRY(check_tensors(path, &file->weights, graph));
    if (file->average.count > 0)
        PNAS_TRY(check_tensors(path, &file->average, graph));
    PNAS_CHECK(file->parameters == graph->parameters, PNAS_ERROR_DATA,
               "%s: says that it has %" PRId64 " parameters; the network of its cell has %" PRId64, path,
               file->parameters, graph->parameters);
    PNAS_TRY(check_superfluous(path, &file->weights, graph));
    return check_superfluous(path, &file->average, graph);
}

static pnas_status make_graph(const char *path, const pnas_network_file *file,
                              const pnas_network_options *network, pnas_graph **out)
{
    *out = NULL;
    if (pnas_graph_create(&file->cell, &file->operators, network, out) != PNAS_OK)
        return pnas_fail_at(PNAS_ERROR_DATA, "%s", path);
    return PNAS_OK;
}

pnas_status pnas_network_file_graph(const char *path, const pnas_network_file *file, pnas_graph **out)
{
    PNAS_TRY(pnas_network_file_training_graph(path, file, out));
    if ((*out)->auxiliary_logits < 0)
        return PNAS_OK;
    pnas_graph_destroy(out);
    return make_graph(path, file, &file->network, out);
}

pnas_status pnas_network_file_training_graph(const char *path, const pnas_network_file *file,
                                             pnas_graph **out)
{
    pnas_network_options network = file->network;
    if (pnas_network_tensor(&file->weights, "auxiliary/head/classifier/weight"))
        network.auxiliary = 1; /* the weight of its loss is not known, and decides nothing here */
    PNAS_TRY(make_graph(path, file, &network, out));
    pnas_status status = check_file(path, file, *out);
    if (status != PNAS_OK)
        pnas_graph_destroy(out);
    return status;
}
