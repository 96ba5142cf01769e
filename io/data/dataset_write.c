/* The HDF5 layout of docs/formats.md, written. */
#include "io/data/dataset.h"
#include "io/data/dataset_layout.h"
#include "io/data/encoded_part.h"
#include "io/hdf5/hdf5_array.h"
#include "io/hdf5/hdf5_attribute.h"

#include "pnas_version.h"
#include "src/base/clock.h"
#include "src/base/commit.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define CHUNK_BYTES (512 * 1024)

static pnas_status write_attributes(const pnas_dataset *dataset, hid_t file)
{
    char title[256], created[32], program[128];
    snprintf(title, sizeof title, "%s: images and labels for classification", dataset->name);
    snprintf(program, sizeof program, "pnas " PNAS_VERSION " (%s)", pnas_commit());
    pnas_clock_stamp(pnas_clock_unix(), created);
    const struct {
        const char *name, *value;
    } attributes[] = {
        {"title", title},
        {"conventions", PNAS_DATASET_CONVENTIONS},
        {"name", dataset->name},
        {"source", dataset->source},
        {"licence", dataset->licence},
        {"sha256", dataset->sha256},
        {"created", created},
        {"program", program},
    };
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; ++i)
        PNAS_TRY(pnas_h5_write_text(file, attributes[i].name, attributes[i].value));
    return PNAS_OK;
}

/* What the shape of an array of images would say, and how they were encoded. */
static pnas_status write_encoding(const pnas_dataset *dataset, hid_t file)
{
    const struct {
        const char *name;
        int value;
    } numbers[] = {{"height", dataset->height},
                   {"width", dataset->width},
                   {"channels", dataset->channels},
                   {"quality", dataset->quality}};
    PNAS_TRY(pnas_h5_write_text(file, PNAS_DATASET_ENCODING, PNAS_DATASET_JPEG));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; ++i)
        PNAS_TRY(
            pnas_h5_write_number(file, numbers[i].name, H5T_STD_I64LE, H5T_NATIVE_INT, &numbers[i].value));
    return PNAS_OK;
}

static pnas_status write_channel_figures(const pnas_dataset *dataset, hid_t file, const char *name,
                                         const char *long_name, const float *values)
{
    const pnas_h5_array array = {.name = name,
                                 .file_type = H5T_IEEE_F32LE,
                                 .memory_type = H5T_NATIVE_FLOAT,
                                 .rank = 1,
                                 .shape = {(hsize_t)dataset->channels},
                                 .data = values,
                                 .long_name = long_name,
                                 .units = "1",
                                 .dimension = {"channel"}};
    return pnas_h5_write_array(file, &array);
}

static pnas_status write_images(const pnas_dataset *dataset, const pnas_dataset_part *part, hid_t group)
{
    hsize_t height = (hsize_t)dataset->height, width = (hsize_t)dataset->width;
    hsize_t channels = (hsize_t)dataset->channels, rows = CHUNK_BYTES / (height * width * channels);
    const pnas_h5_array images = {.name = "images",
                                  .file_type = H5T_STD_U8LE,
                                  .memory_type = H5T_NATIVE_UINT8,
                                  .rank = 4,
                                  .shape = {part->count, height, width, channels},
                                  .chunk = {rows ? rows : 1, height, width, channels},
                                  .data = part->images,
                                  .long_name = "pixel values, 0 (none) to 255 (full)",
                                  .units = "1",
                                  .dimension = {"image", "row", "column", "channel"}};
    return pnas_h5_write_array(group, &images);
}

/* In one piece, so that each image lies in the file as it is. */
static pnas_status write_encoded(const pnas_dataset_part *part, hid_t group)
{
    const pnas_h5_array encoded = {.name = "encoded",
                                   .file_type = H5T_STD_U8LE,
                                   .memory_type = H5T_NATIVE_UINT8,
                                   .rank = 1,
                                   .shape = {pnas_encoded_begin(part->ends, part->count)},
                                   .data = part->encoded,
                                   .long_name = "the images as JPEG, one behind the other",
                                   .units = "1",
                                   .dimension = {"byte"}};
    const pnas_h5_array ends = {.name = "encoded_ends",
                                .file_type = H5T_STD_U64LE,
                                .memory_type = H5T_NATIVE_UINT64,
                                .rank = 1,
                                .shape = {part->count},
                                .chunk = {65536},
                                .data = part->ends,
                                .long_name = "where each image ends in encoded",
                                .units = "byte",
                                .dimension = {"image"}};
    PNAS_TRY(pnas_h5_write_array(group, &encoded));
    return pnas_h5_write_array(group, &ends);
}

static pnas_status write_validation(const pnas_dataset *dataset, hid_t group)
{
    uint64_t count = dataset->validation;
    return pnas_h5_write_number(group, "validation", H5T_STD_U64LE, H5T_NATIVE_UINT64, &count);
}

static pnas_status write_part(const pnas_dataset *dataset, const pnas_dataset_part *part, const char *name,
                              hid_t file)
{
    const pnas_h5_array labels = {.name = "labels",
                                  .file_type = H5T_STD_U16LE,
                                  .memory_type = H5T_NATIVE_UINT16,
                                  .rank = 1,
                                  .shape = {part->count},
                                  .chunk = {16384},
                                  .data = part->labels,
                                  .long_name = "class of each image, an index into /class_names",
                                  .units = "1",
                                  .dimension = {"image"}};
    hid_t group;
    PNAS_TRY(pnas_h5_create_group(file, name, &group));
    pnas_status status = dataset->quality ? write_encoded(part, group) : write_images(dataset, part, group);
    if (status == PNAS_OK)
        status = pnas_h5_write_array(group, &labels);
    if (status == PNAS_OK && part == &dataset->train && dataset->validation > 0)
        status = write_validation(dataset, group);
    pnas_h5_close_group(&group);
    return status;
}

static pnas_status write_content(const pnas_dataset *dataset, hid_t file)
{
    PNAS_TRY(write_attributes(dataset, file));
    if (dataset->quality)
        PNAS_TRY(write_encoding(dataset, file));
    PNAS_TRY(pnas_h5_write_strings(file, "class_names", (const char *const *)dataset->class_names,
                                   (size_t)dataset->classes, "name of each class", "class"));
    PNAS_TRY(write_channel_figures(dataset, file, "mean", "mean of the training pixels / 255, by channel",
                                   dataset->mean));
    PNAS_TRY(write_channel_figures(dataset, file, "deviation",
                                   "standard deviation of the training pixels / 255, by channel",
                                   dataset->deviation));
    PNAS_TRY(write_part(dataset, &dataset->train, "train", file));
    return write_part(dataset, &dataset->test, "test", file);
}

/* Who forces a name means an old data set, or a file of no use, not a run that took days. */
static pnas_status spare_others(const char *path)
{
    static const char ours[] = "PNAS-";
    char found[64];
    pnas_h5_read_conventions(path, found, sizeof found);
    PNAS_CHECK(strncmp(found, ours, sizeof ours - 1) != 0 || strcmp(found, PNAS_DATASET_CONVENTIONS) == 0,
               PNAS_ERROR_FILE, "%s: is there already and is no data set; name another file", path);
    return PNAS_OK;
}

pnas_status pnas_dataset_write(const pnas_dataset *dataset, const char *path)
{
    assert(dataset->sha256[0]); /* pnas_dataset_complete comes first */
    pnas_h5_output output = PNAS_H5_NO_OUTPUT;
    pnas_status status;
    PNAS_TRY_CLEANUP(spare_others(path));
    PNAS_TRY_CLEANUP(pnas_h5_output_create(path, &output));
    PNAS_TRY_CLEANUP(write_content(dataset, output.id));
    PNAS_TRY_CLEANUP(pnas_h5_output_commit(&output));
cleanup:
    pnas_h5_output_discard(&output);
    return status;
}
