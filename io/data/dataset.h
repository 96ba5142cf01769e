/* The HDF5 data set format (docs/formats.md). Local. */
#ifndef PNAS_IO_DATASET_H
#define PNAS_IO_DATASET_H

#include "src/base/shared_memory.h"
#include "src/base/status.h"
#include "src/net/image_set.h"

#include <stdio.h>

#define PNAS_DATASET_SIDE_MAX    4096  /* height and width */
#define PNAS_DATASET_CLASSES_MAX 65536 /* labels are uint16 */

typedef struct { /* one part: arrays owned by the data set */
    size_t count;
    uint8_t *images; /* [count, H, W, C] */
    uint8_t
        *encoded; /* the images as JPEG, one behind the other (io/data/encoded_image.h); NULL: they are not */
    uint64_t *ends;                   /* [count] with `encoded`: the byte behind each */
    uint16_t *labels;                 /* [count] */
    struct pnas_image_reader *reader; /* of images that stay in the file, `images` being NULL */
} pnas_dataset_part;

typedef struct {
    char name[128], source[512], licence[128];
    char sha256[65]; /* over shape, images and labels of both parts, hexadecimal: docs/formats.md */
    int height, width, channels, classes;
    int quality;        /* with which the images of both parts were encoded; 0: they are stored as they are */
    char **class_names; /* [classes] */
    float mean[PNAS_IMAGE_CHANNELS_MAX], deviation[PNAS_IMAGE_CHANNELS_MAX]; /* of train pixels / 255; the
                                                  deviation of a channel that never changes is given as 1 */
    pnas_dataset_part train, test; /* test.count may be 0; images may be NULL in a set that is encoded */
    size_t validation; /* so many training images, the last ones, are meant to validate; 0: none is chosen */
    /* Of all images where an import has them in a file of its own (streams as in io/data/dataset_layout.h), and those of
     * both parts are NULL */
    struct pnas_row_store *store;
    /* Where train.images lie, for other processes to read; none: they have their own */
    pnas_shared_memory shared;
} pnas_dataset;

static inline size_t pnas_dataset_image_bytes(const pnas_dataset *dataset)
{
    return (size_t)dataset->height * (size_t)dataset->width * (size_t)dataset->channels;
}

/* Reads "digits" (the embedded set, see pnas_dataset_find) or the file at a path, and checks ranks, types, sizes and
 * labels; of a file without its seal also what pnas_dataset_verify looks at. PNAS_ERROR_FILE or PNAS_ERROR_DATA
 * names the file and what is wrong in it. An encoded set is decoded, too. *out is the caller's (pnas_dataset_destroy),
 * NULL after an error. */
pnas_status pnas_dataset_open(const char *name, pnas_dataset **out);
void pnas_dataset_destroy(pnas_dataset **dataset);

/* The same, checked as strictly, for training: the training images lie in shared memory (read-only) where the system
 * gives it, and the images and labels of the test part are not kept, only their count. Images of more than `room` bytes
 * (0: half of the machine's memory), decoded, stay in the file, if it has its seal and they lie there as whole images;
 * else PNAS_ERROR_DATA. Encoded images that stay there, and those of the test part, are not decoded to be checked. */
pnas_status pnas_dataset_open_training(const char *name, uint64_t room, pnas_dataset **out);

/* The same to test a network: there are no training images, and those of the test part stay in the file if they take more
 * than `room` bytes (0: 256 MiB). A set without test images is opened whole. Of a file without its seal all is read, to be
 * checked. */
pnas_status pnas_dataset_open_test(const char *name, uint64_t room, pnas_dataset **out);

/* The same without any images. */
pnas_status pnas_dataset_describe(const char *name, pnas_dataset **out);

/* The file that `name` stands for. The embedded set is digits.h5 in the folder $PNAS_DATA if that is set,
 * else in the installed data folder, found from the running program's place, else in the source tree. */
pnas_status pnas_dataset_find(const char *name, char *out, size_t size);

/* For importers: an empty data set, and room for `count` images in one of its parts once height, width and
 * channels are set. */
pnas_status pnas_dataset_create(pnas_dataset **out);
pnas_status pnas_dataset_allocate(const pnas_dataset *dataset, size_t count, pnas_dataset_part *part);

/* Encodes the images of both parts, which are there no longer then, so that it is written like that;
 * pnas_dataset_complete comes after it. quality: 1 to 100. PNAS_ERROR_DATA for images of other than 1 or 3 channels. */
pnas_status pnas_dataset_encode(pnas_dataset *dataset, int quality);

/* Bytes of the encoded images of both parts. */
uint64_t pnas_dataset_encoded_bytes(const pnas_dataset *dataset);

/* Only for its labels. */
pnas_status pnas_dataset_allocate_labels(size_t count, pnas_dataset_part *part);

/* The same for the training part, in shared memory where the system gives it; else it warns. */
pnas_status pnas_dataset_allocate_shared(pnas_dataset *dataset, size_t count);

/* Frees the images and labels of the test part; their count stays. */
void pnas_dataset_drop_test(pnas_dataset *dataset);

/* Frees the encoded images of a part. */
void pnas_dataset_drop_encoded(pnas_dataset_part *part);

/* Fills in class names "0", "1", ... if NULL. */
pnas_status pnas_dataset_name_classes(pnas_dataset *dataset);

/* The same, and normalisation figures and SHA-256 from the pixels. Of an encoded set
 * PNAS_ERROR_DATA names an image that cannot be decoded. */
pnas_status pnas_dataset_complete(pnas_dataset *dataset);

/* Writes to a temporary file beside `path`, syncs, renames: never half a file. PNAS_ERROR_FILE, also where another
 * file of ours, such as a run, has that name. */
pnas_status pnas_dataset_write(const pnas_dataset *dataset, const char *path);

/* Whom a long write asks whether to go on, now and then, with bytes of all; look may be NULL. Its failure is returned. */
typedef struct {
    pnas_status (*look)(void *payload, uint64_t done, uint64_t all);
    void *payload;
} pnas_dataset_watch;

/* The same for images in dataset->store, which are read once, a chunk at a time; completes the data set on the way. The
 * store takes no more rows then, and stays. */
pnas_status pnas_dataset_write_stored(pnas_dataset *dataset, const char *path,
                                      const pnas_dataset_watch *watch);

/* Images of a chunk of the file, where they are not encoded. */
size_t pnas_dataset_chunk_rows(const pnas_dataset *dataset);

/* Who forces a name means an old data set, or a file of no use, not a run that took days: PNAS_ERROR_FILE. */
pnas_status pnas_dataset_check_target(const char *path);

/* Recomputes everything that is stored and compares; a part of more than `room` bytes (0: 256 MiB) is read piece by piece,
 * if it lies in the file as whole images. PNAS_ERROR_DATA says what differs. */
pnas_status pnas_dataset_verify(const char *path, uint64_t room);

#endif
