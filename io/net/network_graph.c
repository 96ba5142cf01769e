#include "io/net/network_graph.h"

#include "src/net/graph_create.h"

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

static pnas_status make_graph(const char *path, const pnas_network_file *file,
                              const pnas_network_options *network, pnas_graph **out)
{
    char reason[512];
    *out = NULL;
    if (pnas_graph_create(&file->cell, &file->operators, network, out) != PNAS_OK) {
        snprintf(reason, sizeof reason, "%s", pnas_message());
        return pnas_fail(PNAS_ERROR_DATA, "%s: %s", path, reason);
    }
    pnas_status status = check_tensors(path, &file->weights, *out);
    if (status == PNAS_OK && file->average.count > 0)
        status = check_tensors(path, &file->average, *out);
    if (status != PNAS_OK)
        pnas_graph_destroy(out);
    return status;
}

pnas_status pnas_network_file_graph(const char *path, const pnas_network_file *file, pnas_graph **out)
{
    return make_graph(path, file, &file->network, out);
}

pnas_status pnas_network_file_training_graph(const char *path, const pnas_network_file *file,
                                             pnas_graph **out)
{
    pnas_network_options network = file->network;
    if (pnas_network_tensor(&file->weights, "auxiliary/head/classifier/weight"))
        network.auxiliary = 1; /* the weight of its loss is not known, and decides nothing here */
    return make_graph(path, file, &network, out);
}
