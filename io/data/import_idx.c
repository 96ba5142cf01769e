/* IDX, the format of MNIST and its family (Y. LeCun, C. Cortes, C. Burges): two zero bytes, the type of a
 * value (0x08: unsigned byte), the number of dimensions, each dimension's size as a big-endian uint32, then
 * the values. */
#include "io/data/import_parts.h"
#include "io/file/byte_file.h"

#include <inttypes.h>
#include <string.h>

typedef struct {
    pnas_bytes bytes;
    uint32_t size[3];
    const unsigned char *values;
} idx_file;

static const char *kind_name(int dimensions)
{
    return dimensions == 3 ? "images" : "labels";
}

static pnas_status check_magic(const char *path, const pnas_bytes *bytes, int dimensions)
{
    const unsigned char *b = bytes->data;
    PNAS_CHECK(bytes->size >= 4, PNAS_ERROR_DATA,
               "%s: ends at byte %zu; expected an IDX file, which starts with 4 bytes of magic number", path,
               bytes->size);
    PNAS_CHECK(b[0] == 0 && b[1] == 0, PNAS_ERROR_DATA,
               "%s: bytes 0 and 1 are 0x%02x 0x%02x; expected an IDX file, which starts with two zero bytes",
               path, b[0], b[1]);
    PNAS_CHECK(b[2] == 0x08, PNAS_ERROR_DATA,
               "%s: byte 2 (type of the values) is 0x%02x; expected 0x08, unsigned bytes", path, b[2]);
    bool swapped = b[3] == (dimensions == 3 ? 1 : 3);
    PNAS_CHECK(b[3] == dimensions, PNAS_ERROR_DATA,
               "%s: byte 3 (number of dimensions) is %u; expected %d, as %s have%s%s%s", path, b[3],
               dimensions, kind_name(dimensions), swapped ? ": these are " : "",
               swapped ? kind_name(b[3]) : "", swapped ? ", are the files swapped?" : "");
    return PNAS_OK;
}

static pnas_status check_length(const char *path, const idx_file *file, int dimensions)
{
    size_t header = 4 + 4 * (size_t)dimensions, item = 1;
    for (int i = 1; i < dimensions; ++i) {
        PNAS_CHECK(file->size[i] >= 1 && file->size[i] <= PNAS_DATASET_SIDE_MAX, PNAS_ERROR_DATA,
                   "%s: byte %d: images of %" PRIu32 "x%" PRIu32 ", expected sides of 1 to %d", path,
                   4 + 4 * i, file->size[1], file->size[2], PNAS_DATASET_SIDE_MAX);
        item *= file->size[i];
    }
    PNAS_CHECK(file->size[0] > 0, PNAS_ERROR_DATA, "%s: byte 4: the header says 0 %s; expected one or more",
               path, kind_name(dimensions));
    size_t expected = header + file->size[0] * item, found = file->bytes.size;
    PNAS_CHECK(found >= expected, PNAS_ERROR_DATA,
               "%s: is cut short: it ends at byte %zu, in item %zu; the header says %" PRIu32
               " %s, which end at byte %zu",
               path, found, (found - header) / item, file->size[0], kind_name(dimensions), expected);
    PNAS_CHECK(found == expected, PNAS_ERROR_DATA,
               "%s: goes on to byte %zu; the header says %" PRIu32 " %s, which end at byte %zu", path, found,
               file->size[0], kind_name(dimensions), expected);
    return PNAS_OK;
}

static uint32_t size_at(const unsigned char *header, int dimension)
{
    const unsigned char *b = header + 4 + (size_t)4 * (size_t)dimension;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* By its header; what is no IDX file is refused by what has been read of it. */
static double claim(const unsigned char *first, size_t size)
{
    int dimensions = size >= 16 ? first[3] : 0;
    double bytes = 4 + 4.0 * dimensions, items = 1;
    if (dimensions != 1 && dimensions != 3)
        return 0;
    for (int i = 0; i < dimensions; ++i)
        items *= size_at(first, i);
    return bytes + items;
}

/* Reads and checks a file of `dimensions` (3: images, 1: labels). */
static pnas_status read_idx(const char *path, int dimensions, idx_file *out)
{
    *out = (idx_file){0};
    const char *expected = dimensions == 3 ? "an IDX file of images" : "an IDX file of labels";
    PNAS_TRY(pnas_bytes_read(path, expected, claim, &out->bytes));
    PNAS_TRY(check_magic(path, &out->bytes, dimensions));
    size_t header = 4 + 4 * (size_t)dimensions;
    PNAS_CHECK(out->bytes.size >= header, PNAS_ERROR_DATA,
               "%s: is cut short: it ends at byte %zu, inside its header of %zu bytes", path, out->bytes.size,
               header);
    for (int i = 0; i < dimensions; ++i)
        out->size[i] = size_at(out->bytes.data, i);
    out->values = out->bytes.data + header;
    return check_length(path, out, dimensions);
}

static pnas_status check_pair(const char *images_path, const idx_file *images, const char *labels_path,
                              const idx_file *labels)
{
    PNAS_CHECK(images->size[0] == labels->size[0], PNAS_ERROR_DATA,
               "%s: holds %" PRIu32 " images, but %s holds %" PRIu32
               " labels; expected as many: are training and test files swapped?",
               images_path, images->size[0], labels_path, labels->size[0]);
    return PNAS_OK;
}

static pnas_status check_shape(const char *path, const idx_file *images, const pnas_dataset *dataset)
{
    PNAS_CHECK(images->size[1] == (uint32_t)dataset->height && images->size[2] == (uint32_t)dataset->width,
               PNAS_ERROR_DATA,
               "%s: images of %" PRIu32 "x%" PRIu32 ", expected %dx%d as in the training part", path,
               images->size[1], images->size[2], dataset->height, dataset->width);
    return PNAS_OK;
}

/* The first part that is read gives the data set its shape. */
static pnas_status read_part(const char *images_path, const char *labels_path, pnas_dataset *dataset,
                             pnas_dataset_part *part)
{
    idx_file images = {0}, labels = {0};
    pnas_status status;
    PNAS_TRY_CLEANUP(read_idx(images_path, 3, &images));
    PNAS_TRY_CLEANUP(read_idx(labels_path, 1, &labels));
    PNAS_TRY_CLEANUP(check_pair(images_path, &images, labels_path, &labels));
    if (dataset->channels == 0) {
        dataset->height = (int)images.size[1];
        dataset->width = (int)images.size[2];
        dataset->channels = 1;
    }
    PNAS_TRY_CLEANUP(check_shape(images_path, &images, dataset));
    PNAS_TRY_CLEANUP(pnas_dataset_allocate(dataset, images.size[0], part));
    memcpy(part->images, images.values, part->count * dataset->height * dataset->width);
    for (size_t i = 0; i < part->count; ++i)
        part->labels[i] = labels.values[i];
cleanup:
    pnas_bytes_free(&images.bytes);
    pnas_bytes_free(&labels.bytes);
    return status;
}

static pnas_status check_options(const pnas_import_options *options)
{
    PNAS_CHECK(options->train_images && options->train_labels, PNAS_ERROR_USAGE,
               "IDX files need --train-images and --train-labels");
    PNAS_CHECK(!options->test_images == !options->test_labels, PNAS_ERROR_USAGE,
               "--test-images and --test-labels go together; one is missing");
    return PNAS_OK;
}

static pnas_status read_images(const pnas_import_options *options, pnas_dataset *dataset)
{
    const pnas_label_place train = {options->train_labels, "byte", 8};
    const pnas_label_place test = {options->test_labels, "byte", 8};
    PNAS_TRY(check_options(options));
    PNAS_TRY(read_part(options->train_images, options->train_labels, dataset, &dataset->train));
    PNAS_TRY(pnas_import_count_classes(options, &dataset->train, &train, &dataset->classes));
    if (!options->test_images)
        return PNAS_OK;
    PNAS_TRY(read_part(options->test_images, options->test_labels, dataset, &dataset->test));
    return pnas_import_check_labels(&dataset->test, dataset->classes, &test);
}

static bool looks_like_idx(const char *path)
{
    unsigned char magic[4];
    return pnas_bytes_peek(path, magic, sizeof magic) == sizeof magic && magic[0] == 0 && magic[1] == 0 &&
           (magic[3] == 1 || magic[3] == 3);
}

#define VALUE(field) offsetof(pnas_import_options, field)
static const pnas_import_option idx_options[] = {
    {"train-images", "FILE", "Training images", PNAS_IMPORT_TEXT, VALUE(train_images), true},
    {"train-labels", "FILE", "Their labels", PNAS_IMPORT_TEXT, VALUE(train_labels), true},
    {"test-images", "FILE", "Test images", PNAS_IMPORT_TEXT, VALUE(test_images), false},
    {"test-labels", "FILE", "Their labels", PNAS_IMPORT_TEXT, VALUE(test_labels), false},
    PNAS_IMPORT_CLASSES};

const pnas_import_format pnas_import_idx = {
    .name = "idx",
    .help = "MNIST family, gzipped or not",
    .usage = "--train-images F --train-labels F --test-images F --test-labels F",
    .option = idx_options,
    .options = sizeof idx_options / sizeof *idx_options,
    .recognises = looks_like_idx,
    .read = read_images};
