/* The HDF5 layout of docs/formats.md, written and read. */
#include "io/data/dataset.h"
#include "io/data/image_reader.h"
#include "io/file/file_version.h"
#include "io/file/regular_file.h"
#include "io/hdf5/hdf5_array.h"
#include "io/hdf5/hdf5_attribute.h"
#include "io/hdf5/hdf5_rows.h"

#include "pnas_version.h"
#include "src/base/clock.h"
#include "src/base/commit.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONVENTIONS "PNAS-dataset-1"
#define CHUNK_BYTES (512 * 1024)

/* --- Writing ------------------------------------------------------------------------------------------- */

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
        {"conventions", CONVENTIONS},
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
    pnas_status status = write_images(dataset, part, group);
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
    PNAS_CHECK(strncmp(found, ours, sizeof ours - 1) != 0 || strcmp(found, CONVENTIONS) == 0, PNAS_ERROR_FILE,
               "%s: is there already and is no data set; name another file", path);
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

/* --- Reading ------------------------------------------------------------------------------------------- */

static pnas_status read_attributes(hid_t file, pnas_dataset *dataset)
{
    char conventions[64];
    PNAS_TRY(pnas_h5_copy_text(file, "conventions", conventions, sizeof conventions));
    if (strcmp(conventions, CONVENTIONS) != 0)
        return pnas_h5_fail(PNAS_ERROR_DATA, file, "conventions",
                            "is \"%s\"; a data set for this program says \"%s\"", conventions, CONVENTIONS);
    PNAS_TRY(pnas_h5_copy_text(file, "name", dataset->name, sizeof dataset->name));
    PNAS_TRY(pnas_h5_copy_text(file, "source", dataset->source, sizeof dataset->source));
    PNAS_TRY(pnas_h5_copy_text(file, "licence", dataset->licence, sizeof dataset->licence));
    return pnas_h5_copy_text(file, "sha256", dataset->sha256, sizeof dataset->sha256);
}

static pnas_status read_classes(hid_t file, pnas_dataset *dataset)
{
    size_t count = 0;
    PNAS_TRY(pnas_h5_read_strings(file, "class_names", &dataset->class_names, &count));
    if (count < 1 || count > PNAS_DATASET_CLASSES_MAX) {
        pnas_h5_free_strings(&dataset->class_names, count);
        return pnas_h5_fail(PNAS_ERROR_DATA, file, "class_names", "%zu classes, expected 1 to %d", count,
                            PNAS_DATASET_CLASSES_MAX);
    }
    dataset->classes = (int)count;
    return PNAS_OK;
}

/* The shape of images is that of the training part; the test part must have the same. */
static pnas_status read_image_shape(hid_t file, pnas_dataset *dataset)
{
    static const char *const place = "train/images";
    hsize_t shape[4];
    PNAS_TRY(pnas_h5_read_shape(file, place, H5T_NATIVE_UINT8, 4, shape));
    for (int i = 1; i < 4; ++i) {
        hsize_t most = i == 3 ? PNAS_IMAGE_CHANNELS_MAX : PNAS_DATASET_SIDE_MAX;
        if (shape[i] < 1 || shape[i] > most)
            return pnas_h5_fail(PNAS_ERROR_DATA, file, place,
                                "dimension %d is %" PRIu64 ", expected 1 to %" PRIu64, i, (uint64_t)shape[i],
                                (uint64_t)most);
    }
    if (shape[0] < 1)
        return pnas_h5_fail(PNAS_ERROR_DATA, file, place, "there are no training images");
    dataset->height = (int)shape[1];
    dataset->width = (int)shape[2];
    dataset->channels = (int)shape[3];
    return PNAS_OK;
}

static pnas_status check_labels(hid_t group, const pnas_dataset *dataset, const pnas_dataset_part *part)
{
    for (size_t i = 0; i < part->count; ++i)
        if (part->labels[i] >= dataset->classes)
            return pnas_h5_fail(PNAS_ERROR_DATA, group, "labels", "label %u of image %zu, expected 0 to %d",
                                part->labels[i], i, dataset->classes - 1);
    return PNAS_OK;
}

typedef struct { /* how a file is read */
    bool training, sealed;
    uint64_t room;         /* training: bytes of images that memory may hold */
    struct stat version;   /* training: of the file before it was looked at */
    pnas_stored_rows rows; /* of the training images, if they stay in the file */
} file_reading;

static pnas_status allocate_part(pnas_dataset *dataset, size_t count, pnas_dataset_part *part,
                                 const file_reading *how)
{
    if (how->rows.place)
        return pnas_dataset_allocate_labels(count, part);
    return how->training && part == &dataset->train ? pnas_dataset_allocate_shared(dataset, count)
                                                    : pnas_dataset_allocate(dataset, count, part);
}

/* Whether the images of a part stay in the file: how->rows are theirs then. Those of the test part are not looked at
 * where the training part is too large. */
static pnas_status leave_images(hid_t group, const pnas_dataset *dataset, const hsize_t shape[4],
                                file_reading *how)
{
    double bytes = (double)shape[0] * (double)shape[1] * (double)shape[2] * (double)shape[3];
    if (!how->training || how->rows.place || dataset->train.count > 0 || bytes <= (double)how->room)
        return PNAS_OK;
    if (!how->sealed)
        return pnas_h5_fail(
            PNAS_ERROR_DATA, group, "images",
            "hold %.4g MiB, more than the %.4g MiB of dataset.buffer, and the file has no seal, so that "
            "all of it has to be read to be checked; import it again, or raise dataset.buffer",
            bytes / 0x1p20, (double)how->room / 0x1p20);
    return pnas_h5_find_rows(group, "images", 4, &how->rows);
}

static pnas_status read_validation(hid_t group, pnas_dataset *dataset)
{
    uint64_t count = 0;
    if (!pnas_h5_has_attribute(group, "validation"))
        return PNAS_OK;
    PNAS_TRY(pnas_h5_read_number(group, "validation", H5T_NATIVE_UINT64, &count));
    if (count < 1 || count >= dataset->train.count)
        return pnas_h5_fail(PNAS_ERROR_DATA, group, "validation",
                            "%" PRIu64 " of %zu training images, expected 1 to %zu", count,
                            dataset->train.count, dataset->train.count - 1);
    dataset->validation = (size_t)count;
    return PNAS_OK;
}

static pnas_status read_part(hid_t file, const char *name, pnas_dataset *dataset, pnas_dataset_part *part,
                             file_reading *how)
{
    hid_t group;
    hsize_t images[4];
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_h5_open_group(file, name, &group));
    PNAS_TRY_CLEANUP(pnas_h5_read_shape(group, "images", H5T_NATIVE_UINT8, 4, images));
    const hsize_t expected[4] = {images[0], (hsize_t)dataset->height, (hsize_t)dataset->width,
                                 (hsize_t)dataset->channels};
    /* Before memory is taken: images of no pixels could be any number. */
    PNAS_TRY_CLEANUP(pnas_h5_check_shape(group, "images", 4, expected, images));
    PNAS_TRY_CLEANUP(leave_images(group, dataset, images, how));
    status = allocate_part(dataset, images[0], part, how);
    if (status != PNAS_OK) {
        status = pnas_h5_fail(status, group, "images", "%s", pnas_message());
        goto cleanup;
    }
    if (part->images)
        PNAS_TRY_CLEANUP(pnas_h5_read_array(group, "images", H5T_NATIVE_UINT8, 4, expected, part->images));
    PNAS_TRY_CLEANUP(pnas_h5_read_array(group, "labels", H5T_NATIVE_UINT16, 1, expected, part->labels));
    PNAS_TRY_CLEANUP(check_labels(group, dataset, part));
    if (part == &dataset->train)
        PNAS_TRY_CLEANUP(read_validation(group, dataset));
cleanup:
    pnas_h5_close_group(&group);
    return status;
}

static pnas_status read_channel_figures(hid_t file, pnas_dataset *dataset)
{
    const hsize_t shape[1] = {(hsize_t)dataset->channels};
    PNAS_TRY(pnas_h5_read_array(file, "mean", H5T_NATIVE_FLOAT, 1, shape, dataset->mean));
    PNAS_TRY(pnas_h5_read_array(file, "deviation", H5T_NATIVE_FLOAT, 1, shape, dataset->deviation));
    for (int c = 0; c < dataset->channels; ++c)
        if (!(dataset->deviation[c] > 0.0f && dataset->deviation[c] <= 1.0f && dataset->mean[c] >= 0.0f &&
              dataset->mean[c] <= 1.0f))
            return pnas_h5_fail(
                PNAS_ERROR_DATA, file, "deviation",
                "channel %d has mean %g and deviation %g, expected 0 to 1 and more than 0 to 1", c,
                dataset->mean[c], dataset->deviation[c]);
    return PNAS_OK;
}

static pnas_status read_content(hid_t file, pnas_dataset *dataset, file_reading *how)
{
    PNAS_TRY(read_attributes(file, dataset));
    PNAS_TRY(read_classes(file, dataset));
    PNAS_TRY(read_image_shape(file, dataset));
    PNAS_TRY(read_channel_figures(file, dataset));
    PNAS_TRY(read_part(file, "train", dataset, &dataset->train, how));
    return read_part(file, "test", dataset, &dataset->test, how);
}

/* --- Opening and checking ------------------------------------------------------------------------------ */

static pnas_status compare_figures(const char *path, const pnas_dataset *stored, const pnas_dataset *found)
{
    for (int c = 0; c < stored->channels; ++c) {
        PNAS_CHECK(stored->mean[c] == found->mean[c], PNAS_ERROR_DATA,
                   "%s: /mean of channel %d is %.9g, but the training pixels have %.9g", path, c,
                   stored->mean[c], found->mean[c]);
        PNAS_CHECK(stored->deviation[c] == found->deviation[c], PNAS_ERROR_DATA,
                   "%s: /deviation of channel %d is %.9g, but the training pixels have %.9g", path, c,
                   stored->deviation[c], found->deviation[c]);
    }
    return PNAS_OK;
}

/* That what is stored beside the pixels is what they give. */
static pnas_status verify(const char *path, pnas_dataset *dataset)
{
    pnas_dataset stored = *dataset;
    PNAS_TRY(pnas_dataset_complete(dataset));
    PNAS_CHECK(strcmp(stored.sha256, dataset->sha256) == 0, PNAS_ERROR_DATA,
               "%s: /sha256 is %s, but shape, images and labels give %s: the file was changed after "
               "it was made; import it again",
               path, stored.sha256, dataset->sha256);
    return compare_figures(path, &stored, dataset);
}

/* From here on as training wants it. */
static pnas_status keep_for_training(pnas_dataset *dataset)
{
    pnas_dataset_drop_test(dataset);
    if (!dataset->shared.at)
        return PNAS_OK;
    dataset->train.images = NULL;
    PNAS_TRY(pnas_shared_memory_seal(&dataset->shared));
    dataset->train.images = dataset->shared.at;
    return PNAS_OK;
}

static pnas_status take_version(const char *path, struct stat *out)
{
    char trouble[PNAS_FILE_TROUBLE];
    int file = pnas_file_open(path, trouble);
    PNAS_CHECK(file >= 0, PNAS_ERROR_FILE, "%s: %s", path, trouble);
    bool taken = pnas_file_version_take(file, out);
    close(file);
    PNAS_CHECK(taken, PNAS_ERROR_FILE, "%s: cannot be looked at", path);
    return PNAS_OK;
}

static pnas_status open_reader(const char *path, file_reading *how, pnas_dataset *dataset)
{
    size_t bytes = (size_t)dataset->height * (size_t)dataset->width * (size_t)dataset->channels;
    return how->rows.place ? pnas_image_reader_open(path, &how->version, &how->rows, dataset->train.count,
                                                    bytes, &dataset->reader)
                           : PNAS_OK;
}

static pnas_status open_dataset(const char *name, file_reading *how, pnas_dataset **out)
{
    char path[4096];
    hid_t file = -1;
    pnas_status status, end;
    *out = NULL;
    PNAS_TRY(pnas_dataset_find(name, path, sizeof path));
    if (how->training)
        PNAS_TRY(take_version(path, &how->version));
    PNAS_TRY_CLEANUP(pnas_h5_open_sealed(path, &file, &how->sealed));
    PNAS_TRY_CLEANUP(pnas_dataset_create(out));
    PNAS_TRY_CLEANUP(read_content(file, *out, how));
    if (!how->sealed) /* any program may have changed it */
        PNAS_TRY_CLEANUP(verify(path, *out));
    if (how->training)
        status = keep_for_training(*out);
cleanup:
    end = pnas_h5_finish(&file, status);
    status = end != PNAS_OK ? end : status;
    if (status == PNAS_OK)
        status = open_reader(path, how, *out);
    pnas_stored_rows_free(&how->rows);
    if (status != PNAS_OK)
        pnas_dataset_destroy(out);
    return status;
}

pnas_status pnas_dataset_open(const char *name, pnas_dataset **out)
{
    file_reading how = {0};
    return open_dataset(name, &how, out);
}

pnas_status pnas_dataset_open_training(const char *name, uint64_t room, pnas_dataset **out)
{
    uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    file_reading how = {.training = true, .room = room ? room : memory / 2};
    return open_dataset(name, &how, out);
}

pnas_status pnas_dataset_verify(const char *path)
{
    pnas_dataset *dataset;
    PNAS_TRY(pnas_dataset_open(path, &dataset));
    pnas_status status = verify(path, dataset);
    pnas_dataset_destroy(&dataset);
    return status;
}
