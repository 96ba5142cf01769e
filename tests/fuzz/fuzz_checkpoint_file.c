/* libFuzzer on checkpoint files: one that is read is whole and a child's training can stand there. */
#include "io/run/checkpoint_file.h"
#include "tests/fuzz/hdf5_edits.h"

#include <math.h>
#include <stdlib.h>

static const pnas_checkpoint_owner owner = {"0123456789abcdef", "-2:sep5+-2:max3"};

const bool fuzz_sealed = true;

void fuzz_make(const char *path)
{
    static float values[24] = {1.5f, -0.0f, 1e-40f, 3e38f, 5};
    static pnas_named_tensor tensors[] = {
        {.name = "cell_0/block_0/weight", .rank = 4, .shape = {1, 1, 4, 6}, .data = values},
        {.name = "first_moment/stem/weight", .rank = 1, .shape = {6}, .data = values + 2},
        {.name = "history", .rank = 2, .shape = {2, 5}, .data = values + 4}};
    const pnas_checkpoint checkpoint = {
        .epoch = 2, .batch = 17, .seconds = 12, .count = 3, .tensor = tensors};
    if (pnas_checkpoint_write(path, &owner, &checkpoint) != PNAS_OK)
        abort();
}

void fuzz_read(const char *path)
{
    pnas_checkpoint read;
    double sum = 0;
    pnas_status status = pnas_checkpoint_read(path, &owner, &read);
    if (status != PNAS_OK && (read.count != 0 || read.tensor || !*pnas_message()))
        abort();
    for (size_t i = 0; i < read.count; i++) {
        size_t values = pnas_named_tensor_values(&read.tensor[i]);
        for (size_t v = 0; v < values; v++)
            sum += fabsf(read.tensor[i].data[v]) * 1e-6;
    }
    if (!isfinite(sum))
        abort();
    pnas_checkpoint_clear(&read);
}
