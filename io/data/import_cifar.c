/* CIFAR-10 and CIFAR-100, binary versions (A. Krizhevsky 2009): records of one label byte (CIFAR-100: the
 * coarse, then the fine label) and 3072 pixel bytes, which are the red, the green and the blue plane of 32
 * rows of 32. Files hold as many records as they hold: the published ones 10,000, or 50,000 in train.bin. */
#include "io/data/import_parts.h"
#include "io/file/byte_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIDE   32
#define PLANE  (SIDE * SIDE)
#define PIXELS (3 * PLANE)

typedef struct {
    int label_bytes, label_byte; /* of a record; which of them is used */
    int classes;
    const char *const *names;
    const char *names_file; /* one name a line; need not be there */
    const char *train[5], *test;
    int train_count;
    const char *archive, *inside; /* what is published, and the folder in it */
    const char *other[2];         /* as train[0], in the Python and the MATLAB version */
} cifar_version;

/* Ten times what was published: a file that unpacks to more is none of these. */
#define RECORDS_MAX 500000
#define NAMES_MAX   65536 /* bytes */

static const char *const cifar10_names[] = {"airplane", "automobile", "bird",  "cat",  "deer",
                                            "dog",      "frog",       "horse", "ship", "truck"};

static const char *const coarse_names[] = {"aquatic_mammals",
                                           "fish",
                                           "flowers",
                                           "food_containers",
                                           "fruit_and_vegetables",
                                           "household_electrical_devices",
                                           "household_furniture",
                                           "insects",
                                           "large_carnivores",
                                           "large_man-made_outdoor_things",
                                           "large_natural_outdoor_scenes",
                                           "large_omnivores_and_herbivores",
                                           "medium_mammals",
                                           "non-insect_invertebrates",
                                           "people",
                                           "reptiles",
                                           "small_mammals",
                                           "trees",
                                           "vehicles_1",
                                           "vehicles_2"};

/* clang-format off */
static const char *const fine_names[] = {
    "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle",
    "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle",
    "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur",
    "dolphin", "elephant", "flatfish", "forest", "fox", "girl", "hamster", "house", "kangaroo", "keyboard",
    "lamp", "lawn_mower", "leopard", "lion", "lizard", "lobster", "man", "maple_tree", "motorcycle",
    "mountain", "mouse", "mushroom", "oak_tree", "orange", "orchid", "otter", "palm_tree", "pear",
    "pickup_truck", "pine_tree", "plain", "plate", "poppy", "porcupine", "possum", "rabbit", "raccoon",
    "ray", "road", "rocket", "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper", "snail",
    "snake", "spider", "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank", "telephone",
    "television", "tiger", "tractor", "train", "trout", "tulip", "turtle", "wardrobe", "whale",
    "willow_tree", "wolf", "woman", "worm"};
/* clang-format on */
_Static_assert(sizeof fine_names / sizeof *fine_names == 100, "CIFAR-100 has 100 fine classes");
_Static_assert(sizeof coarse_names / sizeof *coarse_names == 20, "CIFAR-100 has 20 coarse classes");

static const cifar_version cifar10 = {
    1,
    0,
    10,
    cifar10_names,
    "batches.meta.txt",
    {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
    "test_batch.bin",
    5,
    "cifar-10-binary.tar.gz",
    "cifar-10-batches-bin",
    {"data_batch_1", "data_batch_1.mat"}};
#define CIFAR100_PUBLISHED                                                                                   \
    "cifar-100-binary.tar.gz", "cifar-100-binary",                                                           \
    {                                                                                                        \
        "train", "train.mat"                                                                                 \
    }
static const cifar_version cifar100_fine = {
    2, 1, 100, fine_names, "fine_label_names.txt", {"train.bin"}, "test.bin", 1, CIFAR100_PUBLISHED};
static const cifar_version cifar100_coarse = {
    2, 0, 20, coarse_names, "coarse_label_names.txt", {"train.bin"}, "test.bin", 1, CIFAR100_PUBLISHED};

static const cifar_version *choose_version(const pnas_import_options *options)
{
    if (options->format == &pnas_import_cifar10)
        return &cifar10;
    return options->coarse ? &cifar100_coarse : &cifar100_fine;
}

static pnas_status join(const char *folder, const char *name, char *out, size_t size)
{
    int length = snprintf(out, size, "%s/%s", folder, name);
    PNAS_CHECK(length >= 0 && (size_t)length < size, PNAS_ERROR_USAGE, "%.60s...: the path is too long",
               folder);
    return PNAS_OK;
}

static bool folder_holds(const char *folder, const char *name)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    return length < (int)sizeof path && access(path, F_OK) == 0;
}

/* The archive as it was fetched, the folder around that of the files, or another version. */
static pnas_status check_folder(const pnas_import_options *options, const cifar_version *version)
{
    const char *path = options->path, *first = version->train[0];
    char expected[160];
    snprintf(expected, sizeof expected, "the folder that holds %s and the other files, as in the unpacked %s",
             first, version->archive);
    PNAS_TRY(pnas_import_check_folder(path, expected));
    if (folder_holds(path, first))
        return PNAS_OK;
    PNAS_CHECK(!folder_holds(path, version->inside), PNAS_ERROR_DATA,
               "%s: does not hold %s itself; name the folder %s/%s", path, first, path, version->inside);
    for (size_t i = 0; i < sizeof version->other / sizeof *version->other; i++)
        PNAS_CHECK(!folder_holds(path, version->other[i]), PNAS_ERROR_DATA,
                   "%s: holds the %s version (%s); the binary version is wanted: fetch and unpack %s", path,
                   i == 0 ? "Python" : "MATLAB", version->other[i], version->archive);
    return pnas_fail(PNAS_ERROR_FILE,
                     "%s: does not hold %s; expected the folder of the binary version, as in the unpacked %s",
                     path, first, version->archive);
}

static void interleave(const unsigned char *planes, uint8_t *pixels)
{
    for (int i = 0; i < PLANE; ++i)
        for (int c = 0; c < 3; ++c)
            pixels[3 * i + c] = planes[c * PLANE + i];
}

static pnas_status take_records(const char *path, const pnas_bytes *bytes, const cifar_version *version,
                                size_t first, pnas_dataset_part *part)
{
    size_t record = (size_t)version->label_bytes + PIXELS, count = bytes->size / record;
    for (size_t i = 0; i < count; ++i) {
        const unsigned char *start = bytes->data + i * record;
        int label = start[version->label_byte];
        PNAS_CHECK(label < version->classes, PNAS_ERROR_DATA,
                   "%s: record %zu (byte %zu): label %d, expected 0 to %d", path, i,
                   i * record + (size_t)version->label_byte, label, version->classes - 1);
        part->labels[first + i] = (uint16_t)label;
        interleave(start + version->label_bytes, part->images + (first + i) * PIXELS);
    }
    return PNAS_OK;
}

/* Nothing in such a file says how many records it has. */
static double claim_records(const unsigned char *first, size_t size)
{
    return RECORDS_MAX * (PIXELS + 2.0);
}

static double claim_names(const unsigned char *first, size_t size)
{
    return NAMES_MAX;
}

static pnas_status read_records(const char *path, const cifar_version *version, pnas_bytes *out)
{
    size_t record = (size_t)version->label_bytes + PIXELS;
    PNAS_TRY(pnas_bytes_read(path, "records of images", claim_records, out));
    PNAS_CHECK(
        out->size % record == 0, PNAS_ERROR_DATA,
        "%s: ends at byte %zu, inside record %zu; expected records of %zu bytes (is the file cut short?)",
        path, out->size, out->size / record, record);
    return PNAS_OK;
}

static pnas_status read_part(const pnas_import_options *options, const cifar_version *version,
                             const char *const *names, int files, pnas_dataset *dataset,
                             pnas_dataset_part *part)
{
    char path[4096];
    pnas_bytes bytes[5] = {{0}};
    size_t record = (size_t)version->label_bytes + PIXELS, count = 0, first = 0;
    pnas_status status;
    for (int i = 0; i < files; ++i) {
        PNAS_TRY_CLEANUP(join(options->path, names[i], path, sizeof path));
        PNAS_TRY_CLEANUP(read_records(path, version, &bytes[i]));
        count += bytes[i].size / record;
    }
    PNAS_TRY_CLEANUP(pnas_dataset_allocate(dataset, count, part));
    for (int i = 0; i < files; ++i) {
        PNAS_TRY_CLEANUP(join(options->path, names[i], path, sizeof path));
        PNAS_TRY_CLEANUP(take_records(path, &bytes[i], version, first, part));
        first += bytes[i].size / record;
    }
cleanup:
    for (int i = 0; i < files; ++i)
        pnas_bytes_free(&bytes[i]);
    return status;
}

/* Names from the file that comes with the data, if it is there. */
static pnas_status read_names(const char *path, const cifar_version *version, pnas_dataset *dataset)
{
    pnas_bytes bytes;
    const char *names[100];
    int count = 0;
    PNAS_TRY(pnas_bytes_read(path, "names of classes", claim_names, &bytes));
    pnas_status status = pnas_bytes_check_text(path, &bytes);
    char *rest = NULL;
    for (char *line = strtok_r((char *)bytes.data, "\r\n", &rest); line;
         line = strtok_r(NULL, "\r\n", &rest)) {
        if (count < version->classes)
            names[count] = line;
        ++count;
    }
    if (status == PNAS_OK && count != version->classes)
        status = pnas_fail(PNAS_ERROR_DATA, "%s: has %d names, one a line; expected %d", path, count,
                           version->classes);
    if (status == PNAS_OK) {
        status = pnas_import_name_classes(dataset, names, count);
        if (status != PNAS_OK)
            status = pnas_fail_at(status, "%s", path);
    }
    pnas_bytes_free(&bytes);
    return status;
}

static pnas_status name_classes(const pnas_import_options *options, const cifar_version *version,
                                pnas_dataset *dataset)
{
    char path[4096];
    dataset->classes = version->classes;
    if (options->class_names)
        return PNAS_OK;
    PNAS_TRY(join(options->path, version->names_file, path, sizeof path));
    if (access(path, F_OK) == 0)
        return read_names(path, version, dataset);
    return pnas_import_name_classes(dataset, version->names, version->classes);
}

static pnas_status read_folder(const pnas_import_options *options, pnas_dataset *dataset)
{
    const cifar_version *version = choose_version(options);
    PNAS_CHECK(options->path, PNAS_ERROR_USAGE, "name the folder that holds %s and the other files",
               version->train[0]);
    PNAS_TRY(check_folder(options, version));
    dataset->height = dataset->width = SIDE;
    dataset->channels = 3;
    PNAS_TRY(name_classes(options, version, dataset));
    PNAS_TRY(read_part(options, version, version->train, version->train_count, dataset, &dataset->train));
    return read_part(options, version, &version->test, 1, dataset, &dataset->test);
}

/* --- The rows ------------------------------------------------------------------------------------------ */

static bool looks_like_cifar10(const char *path)
{
    return folder_holds(path, cifar10.train[0]);
}

static bool looks_like_cifar100(const char *path)
{
    return folder_holds(path, cifar100_fine.train[0]);
}

#define SOURCE                                                                                               \
    "A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009; "                           \
    "https://www.cs.toronto.edu/~kriz/cifar.html"

const pnas_import_format pnas_import_cifar10 = {.name = "cifar10",
                                                .help = "CIFAR-10, binary version, in a folder",
                                                .usage = "DIR",
                                                .takes = "a folder",
                                                .title = "CIFAR-10",
                                                .source = SOURCE,
                                                .recognises = looks_like_cifar10,
                                                .read = read_folder};

static const pnas_import_option cifar100_options[] = {
    {"coarse", NULL, "The 20 coarse labels instead of the 100 fine ones", PNAS_IMPORT_FLAG,
     offsetof(pnas_import_options, coarse), false}};

const pnas_import_format pnas_import_cifar100 = {.name = "cifar100",
                                                 .help = "CIFAR-100, binary version, in a folder",
                                                 .usage = "[--coarse] DIR",
                                                 .takes = "a folder",
                                                 .option = cifar100_options,
                                                 .options = 1,
                                                 .title = "CIFAR-100",
                                                 .source = SOURCE,
                                                 .recognises = looks_like_cifar100,
                                                 .read = read_folder};
