/* libFuzzer on network files: one that is read has what its numbers say, and one that has a graph has all
 * tensors of it. */
#include "io/net/network_graph.h"
#include "tests/fuzz/hdf5_edits.h"
#include "tests/io/net/fake_network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const bool fuzz_sealed = false;

/* The fewest tensors that a network can have: each one costs HDF5 a twentieth of the time of an input. */
void fuzz_make(const char *path)
{
    pnas_network_file file;
    fake_network_make_smallest(&file);
    if (pnas_network_file_write(path, &file) != PNAS_OK)
        abort();
    pnas_network_file_clear(&file);
}

static void check_tensors(const pnas_network_tensors *tensors)
{
    double sum = 0;
    for (size_t i = 0; i < tensors->count; i++) {
        size_t values = 1;
        for (int d = 0; d < tensors->tensor[i].rank; d++)
            values *= tensors->tensor[i].shape[d];
        for (size_t v = 0; v < values; v++)
            sum += tensors->tensor[i].data[v] != 0;
    }
    if (!isfinite(sum))
        abort();
}

static void check_records(const pnas_network_file *file)
{
    size_t classes = (size_t)file->network.classes, length = strlen(file->configuration);
    for (size_t i = 0; i < classes; i++)
        length += strlen(file->class_names[i]);
    for (size_t i = 0; i < file->history.epochs * (size_t)file->history.columns; i++)
        length += file->history.values[i] != 0;
    for (size_t i = 0; file->test.known && i < classes * classes; i++)
        length += file->test.confusion[i] != 0;
    if (length == SIZE_MAX)
        abort();
}

void fuzz_read(const char *path)
{
    pnas_network_file read;
    pnas_graph *graph = NULL;
    if (pnas_network_file_read(path, &read) != PNAS_OK) {
        if (read.weights.tensor || read.class_names || !*pnas_message())
            abort();
        return;
    }
    check_tensors(&read.weights);
    check_tensors(&read.average);
    check_records(&read);
    if ((pnas_network_file_graph(path, &read, &graph) == PNAS_OK) != (graph != NULL))
        abort();
    pnas_graph_destroy(&graph);
    pnas_network_file_clear(&read);
}
