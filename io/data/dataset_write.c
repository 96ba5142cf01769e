/* The HDF5 layout of docs/formats.md, written. */
#include "io/data/dataset.h"
#include "io/data/dataset_layout.h"
#include "io/data/dataset_sum.h"
#include "io/data/encoded_part.h"
#include "io/data/row_store.h"
#include "io/hdf5/hdf5_array.h"
#include "io/hdf5/hdf5_attribute.h"

#include "pnas_version.h"
#include "src/base/clock.h"
#include "src/base/commit.h"

#include <assert.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define PLACE_BYTES 256 /* more than what HDF5 notes of a chunk */

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

size_t pnas_dataset_chunk_rows(const pnas_dataset *dataset)
{
    size_t bytes = pnas_dataset_image_bytes(dataset);
    return bytes < PNAS_DATASET_CHUNK_BYTES ? PNAS_DATASET_CHUNK_BYTES / bytes : 1;
}

static pnas_h5_array images_of(const pnas_dataset *dataset, const pnas_dataset_part *part)
{
    hsize_t height = (hsize_t)dataset->height, width = (hsize_t)dataset->width;
    hsize_t channels = (hsize_t)dataset->channels;
    return (pnas_h5_array){.name = "images",
                           .file_type = H5T_STD_U8LE,
                           .memory_type = H5T_NATIVE_UINT8,
                           .rank = 4,
                           .shape = {part->count, height, width, channels},
                           .chunk = {pnas_dataset_chunk_rows(dataset), height, width, channels},
                           .data = part->images,
                           .long_name = "pixel values, 0 (none) to 255 (full)",
                           .units = "1",
                           .dimension = {"image", "row", "column", "channel"}};
}

static pnas_status write_images(const pnas_dataset *dataset, const pnas_dataset_part *part, hid_t group)
{
    const pnas_h5_array images = images_of(dataset, part);
    return pnas_h5_write_array(group, &images);
}

/* In one piece, so that each image lies in the file as it is. */
static pnas_h5_array encoded_of(const pnas_dataset_part *part)
{
    return (pnas_h5_array){.name = "encoded",
                           .file_type = H5T_STD_U8LE,
                           .memory_type = H5T_NATIVE_UINT8,
                           .rank = 1,
                           .shape = {pnas_encoded_begin(part->ends, part->count)},
                           .data = part->encoded,
                           .long_name = "the images as JPEG, one behind the other",
                           .units = "1",
                           .dimension = {"byte"}};
}

static pnas_status write_ends(const pnas_dataset_part *part, hid_t group)
{
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
    return pnas_h5_write_array(group, &ends);
}

static pnas_status write_encoded(const pnas_dataset_part *part, hid_t group)
{
    const pnas_h5_array encoded = encoded_of(part);
    PNAS_TRY(pnas_h5_write_array(group, &encoded));
    return write_ends(part, group);
}

/* A writing of images that a store holds. */
typedef struct {
    pnas_dataset *dataset;
    const pnas_dataset_watch *watch;
    pnas_dataset_sum sum;
    uint64_t done, all; /* bytes of chunks */
} stored_writing;

/* A part that is smaller than a chunk has one of its own size. */
static pnas_status write_small(hid_t images, const pnas_row_chunk *chunk)
{
    uLongf size = compressBound((uLong)chunk->plain_size);
    unsigned char *packed = malloc(size);
    PNAS_CHECK(packed, PNAS_ERROR_MEMORY, "out of memory for packing %zu bytes", chunk->plain_size);
    pnas_status status = compress(packed, &size, chunk->plain, (uLong)chunk->plain_size) == Z_OK
                             ? pnas_h5_write_chunk(images, 0, packed, size)
                             : pnas_fail(PNAS_ERROR_MEMORY, "out of memory for packing");
    free(packed);
    return status;
}

static pnas_status write_chunk(stored_writing *work, const pnas_dataset_part *part, hid_t images, size_t i,
                               const pnas_row_chunk *chunk)
{
    const pnas_dataset *dataset = work->dataset;
    size_t rows = pnas_dataset_chunk_rows(dataset);
    if (dataset->quality)
        return pnas_h5_write_piece(images, i * PNAS_DATASET_CHUNK_BYTES, chunk->plain, chunk->plain_size);
    if (part == &dataset->train)
        pnas_dataset_sum_measure(&work->sum, dataset->channels, chunk->plain, chunk->plain_size);
    return part->count < rows ? write_small(images, chunk)
                              : pnas_h5_write_chunk(images, i * rows, chunk->stored, chunk->stored_size);
}

static pnas_status write_chunks(stored_writing *work, const pnas_dataset_part *part, hid_t images)
{
    const pnas_dataset *dataset = work->dataset;
    size_t stream = part == &dataset->test ? PNAS_STREAM_TEST : PNAS_STREAM_TRAIN;
    for (size_t i = 0; i < pnas_row_store_chunks(dataset->store, stream); ++i) {
        pnas_row_chunk chunk;
        PNAS_TRY(pnas_row_store_chunk(dataset->store, stream, i, &chunk));
        PNAS_TRY(write_chunk(work, part, images, i, &chunk));
        PNAS_TRY(pnas_dataset_sum_add(&work->sum, chunk.plain, chunk.plain_size));
        work->done += chunk.stored_size;
        if (work->watch && work->watch->look)
            PNAS_TRY(work->watch->look(work->watch->payload, work->done, work->all));
    }
    return PNAS_OK;
}

static pnas_status write_stored_images(stored_writing *work, const pnas_dataset_part *part, hid_t group)
{
    bool encoded = work->dataset->quality > 0;
    const pnas_h5_array array = encoded ? encoded_of(part) : images_of(work->dataset, part);
    hid_t images;
    PNAS_TRY(pnas_h5_begin_array(group, &array, &images));
    pnas_status status = write_chunks(work, part, images);
    pnas_h5_end_array(&images);
    if (status == PNAS_OK && encoded)
        status = write_ends(part, group);
    if (status == PNAS_OK && encoded)
        status = pnas_dataset_sum_ends(&work->sum, part);
    return status == PNAS_OK ? pnas_dataset_sum_labels(&work->sum, part) : status;
}

/* Those of encoded images, each of which the store has. */
static pnas_status add_sums(stored_writing *work)
{
    size_t channels = (size_t)work->dataset->channels;
    pnas_row_store *store = work->dataset->store;
    for (size_t i = 0; i < pnas_row_store_chunks(store, PNAS_STREAM_SUMS); ++i) {
        pnas_row_chunk chunk;
        PNAS_TRY(pnas_row_store_chunk(store, PNAS_STREAM_SUMS, i, &chunk));
        for (size_t at = 0; at < chunk.plain_size / sizeof(uint64_t); ++at) {
            uint64_t little;
            memcpy(&little, chunk.plain + at * sizeof little, sizeof little);
            size_t place = at % (2 * channels);
            *(place < channels ? &work->sum.sum[place] : &work->sum.squares[place - channels]) +=
                le64toh(little);
        }
    }
    return PNAS_OK;
}

static pnas_status write_validation(const pnas_dataset *dataset, hid_t group)
{
    uint64_t count = dataset->validation;
    return pnas_h5_write_number(group, "validation", H5T_STD_U64LE, H5T_NATIVE_UINT64, &count);
}

static pnas_status write_labels(const pnas_dataset_part *part, hid_t group)
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
    return pnas_h5_write_array(group, &labels);
}

/* stored: where the images come from; NULL: from the part itself. */
static pnas_status write_part(const pnas_dataset *dataset, const pnas_dataset_part *part,
                              stored_writing *stored, const char *name, hid_t file)
{
    hid_t group;
    PNAS_TRY(pnas_h5_create_group(file, name, &group));
    pnas_status status = stored             ? write_stored_images(stored, part, group)
                         : dataset->quality ? write_encoded(part, group)
                                            : write_images(dataset, part, group);
    if (status == PNAS_OK)
        status = write_labels(part, group);
    if (status == PNAS_OK && part == &dataset->train && dataset->validation > 0)
        status = write_validation(dataset, group);
    pnas_h5_close_group(&group);
    return status;
}

static pnas_status write_description(const pnas_dataset *dataset, hid_t file)
{
    PNAS_TRY(write_attributes(dataset, file));
    if (dataset->quality)
        PNAS_TRY(write_encoding(dataset, file));
    PNAS_TRY(pnas_h5_write_strings(file, "class_names", (const char *const *)dataset->class_names,
                                   (size_t)dataset->classes, "name of each class", "class"));
    PNAS_TRY(write_channel_figures(dataset, file, "mean", "mean of the training pixels / 255, by channel",
                                   dataset->mean));
    return write_channel_figures(dataset, file, "deviation",
                                 "standard deviation of the training pixels / 255, by channel",
                                 dataset->deviation);
}

static pnas_status write_content(const pnas_dataset *dataset, hid_t file)
{
    PNAS_TRY(write_description(dataset, file));
    PNAS_TRY(write_part(dataset, &dataset->train, NULL, "train", file));
    return write_part(dataset, &dataset->test, NULL, "test", file);
}

pnas_status pnas_dataset_check_target(const char *path)
{
    static const char ours[] = "PNAS-";
    char found[64];
    (void)pnas_h5_read_conventions(path, found, sizeof found);
    PNAS_CHECK(strncmp(found, ours, sizeof ours - 1) != 0 || strcmp(found, PNAS_DATASET_CONVENTIONS) == 0,
               PNAS_ERROR_FILE, "%s: is there already and is no data set; name another file", path);
    return PNAS_OK;
}

pnas_status pnas_dataset_write(const pnas_dataset *dataset, const char *path)
{
    assert(dataset->sha256[0]); /* pnas_dataset_complete comes first */
    pnas_h5_output output = PNAS_H5_NO_OUTPUT;
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_dataset_check_target(path));
    PNAS_TRY_CLEANUP(pnas_h5_output_create(path, &output));
    PNAS_TRY_CLEANUP(write_content(dataset, output.id));
    PNAS_TRY_CLEANUP(pnas_h5_output_commit(&output));
cleanup:
    pnas_h5_output_discard(&output);
    return status;
}

/* --- What a store holds -------------------------------------------------------------------------------- */

static pnas_status write_stored_content(stored_writing *work, hid_t file)
{
    pnas_dataset *dataset = work->dataset;
    pnas_status status = pnas_dataset_sum_begin(dataset, &work->sum);
    if (status == PNAS_OK && dataset->quality)
        status = add_sums(work);
    if (status == PNAS_OK)
        status = write_part(dataset, &dataset->train, work, "train", file);
    if (status == PNAS_OK)
        status = write_part(dataset, &dataset->test, work, "test", file);
    PNAS_TRY(pnas_dataset_sum_end(&work->sum, status, dataset));
    return write_description(dataset, file);
}

/* What the file takes at most, besides the images: labels, names, places of chunks. */
static uint64_t room_besides(const pnas_dataset *dataset)
{
    uint64_t bytes = 1 << 20;
    for (size_t stream = 0; stream < 2; ++stream)
        bytes += PLACE_BYTES * pnas_row_store_chunks(dataset->store, stream);
    for (int i = 0; i < dataset->classes; ++i)
        bytes += 64 + strlen(dataset->class_names[i]);
    return bytes + 12 * (dataset->train.count + dataset->test.count);
}

pnas_status pnas_dataset_write_stored(pnas_dataset *dataset, const char *path,
                                      const pnas_dataset_watch *watch)
{
    pnas_h5_output output = PNAS_H5_NO_OUTPUT;
    pnas_status status;
    stored_writing work = {.dataset = dataset, .watch = watch};
    PNAS_TRY(pnas_row_store_end(dataset->store));
    PNAS_TRY(pnas_dataset_name_classes(dataset));
    for (size_t stream = 0; stream < 2; ++stream)
        work.all += pnas_row_store_stored(dataset->store, stream);
    PNAS_TRY_CLEANUP(pnas_dataset_check_target(path));
    PNAS_TRY_CLEANUP(pnas_h5_output_create_on_disk(path, work.all + room_besides(dataset), &output));
    PNAS_TRY_CLEANUP(write_stored_content(&work, output.id));
    PNAS_TRY_CLEANUP(pnas_h5_output_commit(&output));
cleanup:
    pnas_h5_output_discard(&output);
    return status;
}
