#include "io/net/prediction_file.h"

#include "io/hdf5/hdf5_array.h"
#include "io/hdf5/hdf5_attribute.h"
#include "pnas_version.h"
#include "src/base/commit.h"
#include "src/search/cell_text.h"

#include <stdlib.h>

#define CHUNK_IMAGES 4096

static pnas_status write_root(hid_t root, const pnas_predictions *predictions)
{
    const pnas_network_file *file = predictions->file;
    char cell[PNAS_CELL_TEXT_MAX];
    pnas_cell_format(&file->cell, &file->operators, cell);
    const struct {
        const char *name, *value;
    } attributes[] = {
        {"conventions", "PNAS-predictions-1"},
        {"title", "What a network makes of images"},
        {"network", predictions->network},
        {"weights", predictions->weights->name},
        {"cell", cell},
        {"trained_on", file->dataset_name},
        {"trained_on_sha256", file->dataset_sha256},
        {"program_version", PNAS_VERSION},
        {"program_commit", pnas_commit()},
    };
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
        PNAS_TRY(pnas_h5_write_text(root, attributes[i].name, attributes[i].value));
    return PNAS_OK;
}

static pnas_status write_list(hid_t root, pnas_h5_array array, size_t count)
{
    array.rank = 1;
    array.shape[0] = count;
    array.dimension[0] = "image";
    return pnas_h5_write_array(root, &array);
}

static pnas_status write_table(hid_t root, pnas_h5_array array, const pnas_predictions *predictions)
{
    hsize_t classes = (hsize_t)predictions->file->network.classes;
    array.rank = 2;
    array.shape[0] = predictions->count;
    array.shape[1] = classes;
    array.chunk[0] = CHUNK_IMAGES;
    array.chunk[1] = classes;
    array.dimension[0] = "image";
    array.dimension[1] = "class";
    return pnas_h5_write_array(root, &array);
}

static pnas_status write_index(hid_t root, const pnas_predictions *predictions)
{
    int64_t *index = malloc(predictions->count * sizeof *index + 1);
    PNAS_CHECK(index, PNAS_ERROR_MEMORY, "no memory for %zu images", predictions->count);
    for (size_t i = 0; i < predictions->count; i++)
        index[i] = predictions->index[i] < 0 ? 0 : predictions->index[i];
    pnas_status status = write_list(root,
                                    (pnas_h5_array){.name = "index",
                                                    .file_type = H5T_STD_I64LE,
                                                    .memory_type = H5T_NATIVE_INT64,
                                                    .data = index,
                                                    .long_name = "place of the image in that file, from 0"},
                                    predictions->count);
    free(index);
    return status;
}

static pnas_status write_all(hid_t root, const pnas_predictions *predictions)
{
    const pnas_network_file *file = predictions->file;
    PNAS_TRY(write_root(root, predictions));
    PNAS_TRY(pnas_h5_write_strings(root, "class_names", (const char *const *)file->class_names,
                                   (size_t)file->network.classes, "name of each class", "class"));
    PNAS_TRY(pnas_h5_write_strings(root, "image", predictions->image, predictions->count,
                                   "file or data set of the image", "image"));
    PNAS_TRY(write_index(root, predictions));
    PNAS_TRY(write_list(root,
                        (pnas_h5_array){.name = "class",
                                        .file_type = H5T_STD_I32LE,
                                        .memory_type = H5T_NATIVE_INT32,
                                        .data = predictions->best,
                                        .long_name = "the most probable class, by its place in class_names"},
                        predictions->count));
    PNAS_TRY(write_table(root,
                         (pnas_h5_array){.name = "probabilities",
                                         .file_type = H5T_IEEE_F64LE,
                                         .memory_type = H5T_NATIVE_DOUBLE,
                                         .data = predictions->probability,
                                         .long_name = "probability of each class",
                                         .units = "1"},
                         predictions));
    return write_table(root,
                       (pnas_h5_array){.name = "logits",
                                       .file_type = H5T_IEEE_F32LE,
                                       .memory_type = H5T_NATIVE_FLOAT,
                                       .data = predictions->logits,
                                       .long_name = "output of the network before softmax",
                                       .units = "1"},
                       predictions);
}

pnas_status pnas_prediction_file_write(const char *path, const pnas_predictions *predictions)
{
    pnas_h5_output output;
    PNAS_TRY(pnas_h5_check_target(path, "PNAS-predictions-", "file of predictions"));
    PNAS_TRY(pnas_h5_output_create(path, &output));
    pnas_status status;
    PNAS_TRY_CLEANUP(write_all(output.id, predictions));
    status = pnas_h5_output_commit(&output);
cleanup:
    pnas_h5_output_discard(&output);
    return status;
}
