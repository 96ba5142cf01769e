/* libFuzzer on the importers: whatever the files hold is a data set with labels below its classes and pixels
 * that are there, or a message.
 *
 * The input's first byte chooses the format, then come options, and then the files: each a byte of flags
 * (there or not, gzipped, gzipped and damaged, with a head or records that fit, and of IDX: with holes behind it)
 * and what the format wants of it. */
#include "io/data/import.h"
#include "tests/fuzz/input_bytes.h"
#include "tests/fuzz/scratch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define RECORD_MAX 3074
#define FILE_MAX   (4 * RECORD_MAX)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

typedef struct {
    const uint8_t *at, *end;
} stream;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    scratch_begin();
    return 0;
}

static unsigned take(stream *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

/* ---- files ---- */

static void write_gzipped(const char *path, const unsigned char *bytes, size_t size, stream *damage)
{
    static unsigned char packed[2 * FILE_MAX];
    z_stream z = {.next_in = (unsigned char *)bytes,
                  .avail_in = (uInt)size,
                  .next_out = packed,
                  .avail_out = sizeof packed};
    if (deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 1, Z_DEFAULT_STRATEGY) != Z_OK ||
        deflate(&z, Z_FINISH) != Z_STREAM_END)
        abort();
    size_t length = z.total_out;
    deflateEnd(&z);
    if (damage) {
        packed[(take(damage) | take(damage) << 8) % length] ^= (unsigned char)take(damage);
        length -= length * take(damage) / 256;
    }
    scratch_write(path, packed, length);
}

/* Where the file goes is the caller's; NULL where it is not to be there. */
static const char *put_file(const char *name, unsigned flags, const unsigned char *bytes, size_t size,
                            stream *in)
{
    const char *path = scratch_path(name);
    if (flags & FILE_ABSENT) {
        unlink(path);
        return NULL;
    }
    if (flags & FILE_GZIPPED)
        write_gzipped(path, bytes, size, flags & FILE_DAMAGED ? in : NULL);
    else
        scratch_write(path, bytes, size);
    return path;
}

/* As many bytes as two of the input say, and at most what is left. */
static size_t take_bytes(stream *in, unsigned char *out)
{
    size_t size = take(in) | take(in) << 8, left = (size_t)(in->end - in->at);
    size = size < left ? size : left;
    size = size < FILE_MAX ? size : FILE_MAX;
    memcpy(out, in->at, size);
    in->at += size;
    return size;
}

static const char *put_text(const char *name, stream *in)
{
    static unsigned char bytes[FILE_MAX];
    unsigned flags = take(in);
    size_t size = take_bytes(in, bytes);
    return put_file(name, flags, bytes, size, in);
}

/* An IDX file: bytes as they are, or a head of `dimensions` and as many values as it claims, one more or
 * less. */
static const char *put_idx(const char *name, int dimensions, stream *in)
{
    static unsigned char bytes[FILE_MAX];
    unsigned flags = take(in);
    size_t size = 0;
    if (flags & FILE_FITTING) {
        size_t values = 1;
        memcpy(bytes, (unsigned char[4]){0, 0, 8, (unsigned char)dimensions}, 4);
        for (int i = 0; i < dimensions; i++) {
            unsigned extent = take(in) % 12;
            memcpy(bytes + 4 + 4 * i, (unsigned char[4]){0, 0, 0, (unsigned char)extent}, 4);
            values *= extent;
        }
        size = 4 + 4 * (size_t)dimensions + values;
        for (size_t i = size - values; i < size; i++)
            bytes[i] = (unsigned char)take(in);
        bytes[take(in) % size] ^= (unsigned char)take(in);
        size += take(in) % 16 == 15 ? 1 : 0;
    } else {
        size = take_bytes(in, bytes);
    }
    const char *path = put_file(name, flags, bytes, size, in);
    if (path && flags & FILE_STRETCHED)
        scratch_stretch(path);
    return path;
}

/* Records of `label_bytes` labels and 3072 pixels, with some bytes more or less. */
static void put_records(const char *name, int label_bytes, stream *in)
{
    static unsigned char bytes[FILE_MAX];
    unsigned flags = take(in), records = take(in) % 4;
    size_t record = (size_t)label_bytes + 3072, size = records * record;
    memset(bytes, (int)take(in), sizeof bytes);
    for (unsigned i = 0; i < records; i++)
        for (int label = 0; label < label_bytes; label++)
            bytes[i * record + (size_t)label] = (unsigned char)take(in);
    if (!(flags & FILE_FITTING)) {
        size_t change = take(in) | take(in) << 8;
        size = (size + change) % FILE_MAX;
    }
    put_file(name, flags, bytes, size, in);
}

/* ---- options ---- */

static void choose_idx(pnas_import_options *options, stream *in)
{
    options->train_images = put_idx("a.images", 3, in);
    options->train_labels = put_idx("a.labels", 1, in);
    options->test_images = put_idx("b.images", 3, in);
    options->test_labels = put_idx("b.labels", 1, in);
}

static void choose_cifar(pnas_import_options *options, stream *in)
{
    static const char *const ten[] = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                      "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"};
    static const char *const hundred[] = {"train.bin", "test.bin"};
    bool is_ten = options->format == &pnas_import_cifar10;
    options->coarse = take(in) & 1;
    put_text(is_ten            ? "batches.meta.txt"
             : options->coarse ? "coarse_label_names.txt"
                               : "fine_label_names.txt",
             in);
    for (int i = 0; i < 6; i++) /* the other version's files must not stay */
        unlink(scratch_path(ten[i]));
    for (int i = 0; i < 2; i++)
        unlink(scratch_path(hundred[i]));
    for (int i = 0; i < (is_ten ? 6 : 2); i++)
        put_records(is_ten ? ten[i] : hundred[i], is_ten ? 1 : 2, in);
    options->path = scratch_path("");
}

static void choose_csv(pnas_import_options *options, stream *in)
{
    static const double maximum[] = {255, 1, 1e-300, 1e300};
    options->shape.height = (int)(take(in) % 5);
    options->shape.width = (int)(take(in) % 4) + 1;
    options->shape.channels = (int)(take(in) % 3) + 1;
    unsigned more = take(in);
    options->maximum = maximum[more % 4];
    options->test_share = (more >> 2) % 8 / 8.0;
    options->seed = more;
    options->path = put_text("a.csv", in);
    options->test = put_text("b.csv", in);
}

static void choose_pictures(pnas_import_options *options, stream *in)
{
    static const char *const fits[] = {NULL, "shorter", "stretch", "crop"};
    unsigned first = take(in);
    options->side = (int)(first % 8);
    options->fit = options->side > 0 ? fits[first >> 3 & 3] : NULL;
    options->picture_channels = first & 32 ? 1 : 3;
    options->allow_bad = (int)(first >> 6);
}

/* Two classes of two files. */
static void choose_folder(pnas_import_options *options, stream *in)
{
    static const char *const folders[] = {"pictures", "pictures/a", "pictures/b"};
    static const char *const names[] = {"pictures/a/1.png", "pictures/a/2.JPG", "pictures/b/1.jpeg",
                                        "pictures/b/2.jpg"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        mkdir(scratch_path(folders[i]), 0700);
    choose_pictures(options, in);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        put_text(names[i], in);
    options->path = scratch_path("pictures");
}

/* A list of anything, and the three files that one may name. */
static void choose_list(pnas_import_options *options, stream *in)
{
    static const char *const names[] = {"1.png", "2.JPG", "3"};
    choose_pictures(options, in);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        put_text(names[i], in);
    options->path = put_text("a.txt", in);
    options->test_from = put_text("b.txt", in);
}

/* Any other format: a file, and images of a few pixels. */
static void choose_file(pnas_import_options *options, stream *in)
{
    options->shape = (pnas_import_shape){1 + (int)(take(in) % 4), 1 + (int)(take(in) % 4), 1};
    options->path = put_text("a.data", in);
}

static void choose_options(pnas_import_options *options, stream *in)
{
    static const struct {
        const pnas_import_format *format;
        void (*choose)(pnas_import_options *options, stream *in);
    } known[] = {{&pnas_import_idx, choose_idx},        {&pnas_import_cifar10, choose_cifar},
                 {&pnas_import_cifar100, choose_cifar}, {&pnas_import_csv, choose_csv},
                 {&pnas_import_folder, choose_folder},  {&pnas_import_list, choose_list}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (options->format == known[i].format) {
            known[i].choose(options, in);
            return;
        }
    choose_file(options, in);
}

/* ---- what came out ---- */

static void check_part(const pnas_dataset *dataset, const pnas_dataset_part *part)
{
    size_t pixels = part->count * (size_t)(dataset->height * dataset->width * dataset->channels);
    unsigned char any = 0;
    for (size_t i = 0; i < pixels; ++i)
        any |= part->images[i];
    for (size_t i = 0; i < part->count; ++i)
        if (part->labels[i] >= dataset->classes)
            abort();
    if (any && pixels == 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {NULL, NULL, "cat,dog", "a,b,c", ",", "0,1,2,3,4,5,6,7,8,9"};
    stream in = {data, data + size};
    pnas_import_options options;
    pnas_dataset *dataset = NULL;
    unsigned first = take(&in), second = take(&in);
    pnas_import_defaults(pnas_import_formats[first % pnas_import_format_count], &options);
    options.larger_test = first & 16;
    options.class_names = names[second % 6];
    options.classes = second & 64 ? (int)take(&in) : 0;
    choose_options(&options, &in);
    if (options.format->goes_on)
        options.output = scratch_path("made.h5");
    options.replace = true;
    pnas_status status = pnas_import(&options, &dataset);
    if (status == PNAS_OK && options.output) { /* its images are in the file */
        pnas_dataset_destroy(&dataset);
        if (pnas_dataset_open(options.output, &dataset) != PNAS_OK)
            abort();
    }
    if (status != PNAS_OK) {
        if (dataset || !*pnas_message() || (status != PNAS_ERROR_DATA && status != PNAS_ERROR_USAGE))
            abort();
        return 0;
    }
    for (int i = 0; i < dataset->classes; ++i)
        if (!dataset->class_names[i] || !*dataset->class_names[i])
            abort();
    check_part(dataset, &dataset->train);
    check_part(dataset, &dataset->test);
    pnas_dataset_destroy(&dataset);
    return 0;
}
