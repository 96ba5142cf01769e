/* The HDF5 layout of docs/formats.md, read. */
#include "io/data/dataset.h"
#include "io/data/dataset_layout.h"
#include "io/data/encoded_part.h"
#include "io/data/image_reader.h"
#include "io/file/file_version.h"
#include "io/file/regular_file.h"
#include "io/hdf5/hdf5_array.h"
#include "io/hdf5/hdf5_attribute.h"
#include "io/hdf5/hdf5_rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_ROOM ((uint64_t)256 << 20) /* bytes of images that are read at once */

/* --- Reading ------------------------------------------------------------------------------------------- */

static pnas_status read_attributes(hid_t file, pnas_dataset *dataset)
{
    char conventions[64];
    PNAS_TRY(pnas_h5_copy_text(file, "conventions", conventions, sizeof conventions));
    if (strcmp(conventions, PNAS_DATASET_CONVENTIONS) != 0)
        return pnas_h5_fail(PNAS_ERROR_DATA, file, "conventions",
                            "is \"%s\"; a data set for this program says \"%s\"", conventions,
                            PNAS_DATASET_CONVENTIONS);
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

static pnas_status read_side(hid_t file, const char *name, int most, int *out)
{
    int64_t value = 0;
    PNAS_TRY(pnas_h5_read_number(file, name, H5T_NATIVE_INT64, &value));
    if (value < 1 || value > most)
        return pnas_h5_fail(PNAS_ERROR_DATA, file, name, "is %" PRId64 ", expected 1 to %d", value, most);
    *out = (int)value;
    return PNAS_OK;
}

static pnas_status read_encoding(hid_t file, pnas_dataset *dataset)
{
    char encoding[32];
    PNAS_TRY(pnas_h5_copy_text(file, PNAS_DATASET_ENCODING, encoding, sizeof encoding));
    if (strcmp(encoding, PNAS_DATASET_JPEG) != 0)
        return pnas_h5_fail(PNAS_ERROR_DATA, file, PNAS_DATASET_ENCODING, "is \"%s\"; expected \"%s\"",
                            encoding, PNAS_DATASET_JPEG);
    PNAS_TRY(read_side(file, "height", PNAS_DATASET_SIDE_MAX, &dataset->height));
    PNAS_TRY(read_side(file, "width", PNAS_DATASET_SIDE_MAX, &dataset->width));
    PNAS_TRY(read_side(file, "channels", 3, &dataset->channels));
    if (dataset->channels == 2)
        return pnas_h5_fail(PNAS_ERROR_DATA, file, "channels", "is 2; a JPEG has 1 or 3");
    return read_side(file, "quality", 100, &dataset->quality);
}

/* The shape of images is that of the training part; the test part must have the same. */
static pnas_status read_array_shape(hid_t file, pnas_dataset *dataset)
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

static pnas_status read_image_shape(hid_t file, pnas_dataset *dataset)
{
    return pnas_h5_has_attribute(file, PNAS_DATASET_ENCODING) ? read_encoding(file, dataset)
                                                              : read_array_shape(file, dataset);
}

static pnas_status check_labels(hid_t group, const pnas_dataset *dataset, const pnas_dataset_part *part)
{
    for (size_t i = 0; i < part->count; ++i)
        if (part->labels[i] >= dataset->classes)
            return pnas_h5_fail(PNAS_ERROR_DATA, group, "labels", "label %u of image %zu, expected 0 to %d",
                                part->labels[i], i, dataset->classes - 1);
    return PNAS_OK;
}

typedef enum { TO_HAVE, TO_TRAIN, TO_TEST, TO_DESCRIBE, TO_VERIFY } reading_purpose;

typedef struct { /* how a file is read */
    reading_purpose purpose;
    bool sealed;
    uint64_t room;            /* bytes of images that memory may hold */
    struct stat version;      /* of the file before it was looked at */
    pnas_stored_rows rows[2]; /* of the training and the test images, if they stay in the file */
} file_reading;

typedef enum { IMAGES_LOADED, IMAGES_STAY, IMAGES_LEFT } images_place;

static pnas_stored_rows *rows_of(file_reading *how, const pnas_dataset *dataset,
                                 const pnas_dataset_part *part)
{
    return &how->rows[part == &dataset->test];
}

/* Only as a whole can a file without its seal be checked. */
static images_place place_images(const pnas_dataset *dataset, const pnas_dataset_part *part, double bytes,
                                 const file_reading *how)
{
    bool test = part == &dataset->test, large = bytes > (double)how->room;
    if (how->purpose == TO_TRAIN) /* the test part is looked at unless the training part is too large */
        return test ? (how->rows[0].place ? IMAGES_LEFT : IMAGES_LOADED)
                    : (large ? IMAGES_STAY : IMAGES_LOADED);
    if (how->purpose == TO_VERIFY)
        return large ? IMAGES_STAY : IMAGES_LOADED;
    if (how->purpose == TO_HAVE || !how->sealed)
        return IMAGES_LOADED;
    return how->purpose == TO_TEST && test ? (large ? IMAGES_STAY : IMAGES_LOADED) : IMAGES_LEFT;
}

static pnas_status leave_images(hid_t group, const char *name, const pnas_dataset *dataset,
                                const pnas_dataset_part *part, size_t count, const file_reading *how,
                                images_place *out)
{
    double bytes = (double)count * dataset->height * dataset->width * dataset->channels;
    *out = place_images(dataset, part, bytes, how);
    if (*out == IMAGES_STAY && !how->sealed && how->purpose == TO_TRAIN)
        return pnas_h5_fail(
            PNAS_ERROR_DATA, group, name,
            "hold %.4g MiB, more than the %.4g MiB of dataset.buffer, and the file has no seal, so that "
            "all of it has to be read to be checked; import it again, or raise dataset.buffer",
            bytes / 0x1p20, (double)how->room / 0x1p20);
    return PNAS_OK;
}

static pnas_status allocate_part(pnas_dataset *dataset, size_t count, images_place place,
                                 pnas_dataset_part *part, const file_reading *how)
{
    bool training = how->purpose == TO_TRAIN;
    bool decoded_never = dataset->quality > 0 && training && part == &dataset->test;
    if (place != IMAGES_LOADED || decoded_never)
        return pnas_dataset_allocate_labels(count, part);
    return training && part == &dataset->train ? pnas_dataset_allocate_shared(dataset, count)
                                               : pnas_dataset_allocate(dataset, count, part);
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

static pnas_status take_room(hid_t group, const char *name, pnas_dataset *dataset, size_t count,
                             images_place place, pnas_dataset_part *part, const file_reading *how)
{
    pnas_status status = allocate_part(dataset, count, place, part, how);
    return status == PNAS_OK ? PNAS_OK : pnas_h5_fail(status, group, name, "%s", pnas_message());
}

/* Images that another program has laid out anew are read where ours would stay in the file, but to train. */
static pnas_status find_or_load(pnas_status found, const file_reading *how, images_place *place)
{
    if (found != PNAS_ERROR_DATA || how->purpose == TO_TRAIN)
        return found;
    *place = IMAGES_LOADED;
    return PNAS_OK;
}

static pnas_status read_images(hid_t group, pnas_dataset *dataset, pnas_dataset_part *part, file_reading *how)
{
    hsize_t images[4];
    images_place place;
    PNAS_TRY(pnas_h5_read_shape(group, "images", H5T_NATIVE_UINT8, 4, images));
    const hsize_t expected[4] = {images[0], (hsize_t)dataset->height, (hsize_t)dataset->width,
                                 (hsize_t)dataset->channels};
    /* Before memory is taken: images of no pixels could be any number. */
    PNAS_TRY(pnas_h5_check_shape(group, "images", 4, expected, images));
    PNAS_TRY(leave_images(group, "images", dataset, part, images[0], how, &place));
    if (place == IMAGES_STAY)
        PNAS_TRY(
            find_or_load(pnas_h5_find_rows(group, "images", 4, rows_of(how, dataset, part)), how, &place));
    PNAS_TRY(take_room(group, "images", dataset, images[0], place, part, how));
    return part->images ? pnas_h5_read_array(group, "images", H5T_NATIVE_UINT8, 4, expected, part->images)
                        : PNAS_OK;
}

/* --- Encoded images --- */

/* Samples that a byte of a baseline JPEG can stand for: a block takes two bits or more, and the finest grid has at
 * least eight of the at most ten blocks that belong together. */
#define SAMPLES_A_BYTE 1024.0

static pnas_status read_ends(hid_t group, const pnas_dataset *dataset, pnas_dataset_part *part, hsize_t count,
                             hsize_t total)
{
    const pnas_image_shape shape = {dataset->height, dataset->width, dataset->channels};
    double samples = (double)count * shape.height * shape.width * shape.channels;
    if (samples > SAMPLES_A_BYTE * (double)total)
        return pnas_h5_fail(PNAS_ERROR_DATA, group, "encoded",
                            "claims to hold %.3g bytes of pixels in %" PRIu64 " bytes", samples,
                            (uint64_t)total);
    part->ends = malloc((count + 1) * sizeof *part->ends);
    PNAS_CHECK(part->ends, PNAS_ERROR_MEMORY, "no memory for the ends of %" PRIu64 " images",
               (uint64_t)count);
    PNAS_TRY(pnas_h5_read_array(group, "encoded_ends", H5T_NATIVE_UINT64, 1, &count, part->ends));
    pnas_status status = pnas_encoded_ends_check(&shape, part->ends, count, total);
    return status == PNAS_OK ? PNAS_OK : pnas_h5_fail(status, group, "encoded_ends", "%s", pnas_message());
}

/* Where each of them lies in the file. */
static pnas_status find_encoded(hid_t group, const uint64_t *ends, size_t count, pnas_stored_rows *out)
{
    uint64_t at = 0;
    PNAS_TRY(pnas_h5_find_bytes(group, "encoded", &at));
    *out = (pnas_stored_rows){.rows = 1,
                              .form = PNAS_STORED_ENCODED,
                              .count = count,
                              .place = calloc(count + 1, sizeof *out->place)};
    PNAS_CHECK(out->place, PNAS_ERROR_MEMORY, "no memory for the places of %zu images", count);
    for (size_t i = 0; i < count; ++i) {
        uint64_t begin = pnas_encoded_begin(ends, i);
        out->place[i] = (pnas_stored_place){at + begin, ends[i] - begin};
    }
    return PNAS_OK;
}

static pnas_status decode(hid_t group, const pnas_dataset *dataset, pnas_dataset_part *part, hsize_t total)
{
    const pnas_image_shape shape = {dataset->height, dataset->width, dataset->channels};
    part->encoded = malloc(total + 1);
    PNAS_CHECK(part->encoded, PNAS_ERROR_MEMORY, "no memory for %" PRIu64 " bytes of encoded images",
               (uint64_t)total);
    PNAS_TRY(pnas_h5_read_array(group, "encoded", H5T_NATIVE_UINT8, 1, &total, part->encoded));
    if (!part->images)
        return PNAS_OK;
    pnas_status status = pnas_encoded_part_decode(&shape, part, part->images);
    return status == PNAS_OK ? PNAS_OK : pnas_h5_fail(status, group, "encoded", "%s", pnas_message());
}

static pnas_status read_encoded(hid_t group, pnas_dataset *dataset, pnas_dataset_part *part,
                                file_reading *how)
{
    hsize_t total, count;
    images_place place;
    PNAS_TRY(pnas_h5_read_shape(group, "encoded", H5T_NATIVE_UINT8, 1, &total));
    PNAS_TRY(pnas_h5_read_shape(group, "encoded_ends", H5T_NATIVE_UINT64, 1, &count));
    if (count < 1 && part == &dataset->train)
        return pnas_h5_fail(PNAS_ERROR_DATA, group, "encoded_ends", "there are no training images");
    PNAS_TRY(leave_images(group, "encoded", dataset, part, count, how, &place));
    PNAS_TRY(read_ends(group, dataset, part, count, total));
    if (place == IMAGES_STAY)
        PNAS_TRY(
            find_or_load(find_encoded(group, part->ends, count, rows_of(how, dataset, part)), how, &place));
    PNAS_TRY(take_room(group, "encoded", dataset, count, place, part, how));
    return place == IMAGES_LOADED ? decode(group, dataset, part, total) : PNAS_OK;
}

/* --- A part --- */

static pnas_status read_part(hid_t file, const char *name, pnas_dataset *dataset, pnas_dataset_part *part,
                             file_reading *how)
{
    hid_t group;
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_h5_open_group(file, name, &group));
    PNAS_TRY_CLEANUP((dataset->quality ? read_encoded : read_images)(group, dataset, part, how));
    const hsize_t count[1] = {part->count};
    PNAS_TRY_CLEANUP(pnas_h5_read_array(group, "labels", H5T_NATIVE_UINT16, 1, count, part->labels));
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

/* From here on as it is wanted, also where all of it was read to be checked. */
static void keep_for_testing(pnas_dataset *dataset, bool test_images)
{
    pnas_dataset_part *const parts[] = {&dataset->train, &dataset->test};
    for (int i = 0; i < 2; i++) {
        free(parts[i]->encoded);
        parts[i]->encoded = NULL;
        if (i == 1 && test_images)
            continue;
        free(parts[i]->images);
        parts[i]->images = NULL;
    }
}

static pnas_status keep_for_training(pnas_dataset *dataset)
{
    pnas_dataset_drop_test(dataset);
    pnas_dataset_drop_encoded(&dataset->train);
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

static pnas_status keep(pnas_dataset *dataset, const file_reading *how)
{
    if (how->purpose == TO_TRAIN)
        return keep_for_training(dataset);
    if (how->purpose == TO_TEST || how->purpose == TO_DESCRIBE)
        keep_for_testing(dataset, how->purpose == TO_TEST);
    return PNAS_OK;
}

static pnas_status open_reader(const char *path, file_reading *how, const pnas_dataset *dataset,
                               pnas_dataset_part *part)
{
    const pnas_image_shape shape = {dataset->height, dataset->width, dataset->channels};
    pnas_stored_rows *rows = rows_of(how, dataset, part);
    return rows->place ? pnas_image_reader_open(path, &how->version, rows, part->count, &shape, &part->reader)
                       : PNAS_OK;
}

static pnas_status open_dataset(const char *name, file_reading *how, pnas_dataset **out)
{
    char path[4096];
    hid_t file = -1;
    pnas_status status, end;
    *out = NULL;
    PNAS_TRY(pnas_dataset_find(name, path, sizeof path));
    if (how->purpose != TO_HAVE)
        PNAS_TRY(take_version(path, &how->version));
    PNAS_TRY_CLEANUP(pnas_h5_open_sealed(path, &file, &how->sealed));
    PNAS_TRY_CLEANUP(pnas_dataset_create(out));
    PNAS_TRY_CLEANUP(read_content(file, *out, how));
    if (!how->sealed && how->purpose != TO_VERIFY) /* any program may have changed it */
        PNAS_TRY_CLEANUP(verify(path, *out));
    status = keep(*out, how);
cleanup:
    end = pnas_h5_finish(&file, status);
    status = end != PNAS_OK ? end : status;
    if (status == PNAS_OK)
        status = open_reader(path, how, *out, &(*out)->train);
    if (status == PNAS_OK)
        status = open_reader(path, how, *out, &(*out)->test);
    pnas_stored_rows_free(&how->rows[0]);
    pnas_stored_rows_free(&how->rows[1]);
    if (status != PNAS_OK)
        pnas_dataset_destroy(out);
    return status;
}

pnas_status pnas_dataset_open(const char *name, pnas_dataset **out)
{
    file_reading how = {.purpose = TO_HAVE};
    return open_dataset(name, &how, out);
}

pnas_status pnas_dataset_open_test(const char *name, uint64_t room, pnas_dataset **out)
{
    file_reading how = {.purpose = TO_TEST, .room = room ? room : READ_ROOM};
    PNAS_TRY(open_dataset(name, &how, out));
    if ((*out)->test.count > 0)
        return PNAS_OK;
    pnas_dataset_destroy(out);
    return pnas_dataset_open(name, out);
}

pnas_status pnas_dataset_describe(const char *name, pnas_dataset **out)
{
    file_reading how = {.purpose = TO_DESCRIBE};
    return open_dataset(name, &how, out);
}

pnas_status pnas_dataset_open_training(const char *name, uint64_t room, pnas_dataset **out)
{
    uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    file_reading how = {.purpose = TO_TRAIN, .room = room ? room : memory / 2};
    return open_dataset(name, &how, out);
}

pnas_status pnas_dataset_verify(const char *path, uint64_t room)
{
    file_reading how = {.purpose = TO_VERIFY, .room = room ? room : READ_ROOM};
    pnas_dataset *dataset;
    PNAS_TRY(open_dataset(path, &how, &dataset));
    pnas_status status = verify(path, dataset);
    pnas_dataset_destroy(&dataset);
    return status;
}
