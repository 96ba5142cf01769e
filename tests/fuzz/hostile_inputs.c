/* hostile_inputs FOLDER: in FOLDER/HARNESS/, inputs that make of each harness's files what the attacks of tests/hostile
 * are: arrays that are elsewhere or map to themselves, links, packed zeros, files of holes, names that command a
 * terminal. */
#include "tests/fuzz/input_bytes.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

static const char *folder;

static void make_folder(const char *path)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        abort();
}

static void put(const char *harness, const char *name, const void *bytes, size_t size)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, harness);
    make_folder(path);
    snprintf(path, sizeof path, "%s/%s/%s", folder, harness, name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
        abort();
}

/* --- HDF5 --- */

static void put_edits(const char *harness)
{
    static const struct {
        const char *name;
        unsigned char link, elsewhere;
    } edits[] = {{"virtual_itself", LINK_ELSEWHERE, ELSEWHERE_VIRTUAL},
                 {"virtual_of_one_size", LINK_ELSEWHERE, ELSEWHERE_VIRTUAL_FIXED},
                 {"external_storage", LINK_ELSEWHERE, ELSEWHERE_EXTERNAL},
                 {"large_chunk", LINK_ELSEWHERE, ELSEWHERE_CHUNK},
                 {"external_link", LINK_EXTERNAL, 0},
                 {"link_to_itself", LINK_SOFT, 0}};
    enum { OBJECTS = 64 }; /* of a file that has fewer some are edited twice */
    for (size_t i = 0; i < sizeof edits / sizeof *edits; ++i)
        for (int object = 0; object < OBJECTS; ++object) {
            /* kind, object (two bytes), target, length of a text, link, length of the array, where */
            const unsigned char which = (unsigned char)object;
            const unsigned char edit[] = {EDIT_LINK, which,         0, which,
                                          0,         edits[i].link, 3, edits[i].elsewhere};
            char name[64];
            snprintf(name, sizeof name, "%s_%d", edits[i].name, object);
            put(harness, name, edit, sizeof edit);
        }
}

/* --- what unpacks to far more than it says, and what is longer than it says --- */

enum { ZEROS = 8 << 20, PACKED_MAX = 12 << 10 };
static const unsigned char idx_head[] = {0, 0, 8, 3, 0, 0, 0, 10, 0, 0, 0, 4, 0, 0, 0, 3}; /* 10 of 4 x 3 */

/* Behind `head` zeros, packed; returns the length. */
static size_t pack(const void *head, size_t size, unsigned char out[PACKED_MAX])
{
    static unsigned char zeros[ZEROS];
    z_stream z = {.next_in = zeros, .avail_in = sizeof zeros, .next_out = out, .avail_out = PACKED_MAX};
    memcpy(zeros, head, size);
    if (deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK ||
        deflate(&z, Z_FINISH) != Z_STREAM_END)
        abort();
    deflateEnd(&z);
    memset(zeros, 0, size);
    return z.total_out;
}

/* `first`: what the harness takes before the file. */
static void put_image(const char *harness, const char *name, unsigned char first, const void *file,
                      size_t size)
{
    unsigned char bytes[1 + PACKED_MAX] = {first};
    memcpy(bytes + 1, file, size);
    put(harness, name, bytes, 1 + size);
}

/* As images and as labels of IDX, without a test part. */
static void put_idx(const char *name, unsigned char flags, const void *file, size_t size)
{
    unsigned char bytes[2 * PACKED_MAX + 16] = {0};
    size_t length = 2; /* format, names of classes */
    for (int i = 0; i < 2; ++i) {
        const unsigned char head[] = {flags, (unsigned char)size, (unsigned char)(size >> 8)};
        memcpy(bytes + length, head, sizeof head);
        memcpy(bytes + length + sizeof head, file, size);
        length += sizeof head + size;
    }
    bytes[length++] = FILE_ABSENT;
    bytes[length + 2] = FILE_ABSENT;
    put("import", name, bytes, length + 3);
}

/* Of 65,535 x 65,535 pixels, and nothing of them. */
static void put_large_pictures(void)
{
    static const unsigned char jpeg[] = {0xff, 0xd8, 0xff, 0xc0, 0, 11,   8, 0xff,
                                         0xff, 0xff, 0xff, 1,    1, 0x11, 0},
                               png[] = {0x89, 'P',  'N', 'G', '\r', '\n', 26, '\n', 0,    0, 0,
                                        13,   'I',  'H', 'D', 'R',  0,    0,  0xff, 0xff, 0, 0,
                                        0xff, 0xff, 8,   2,   0,    0,    0,  1,    2,    3, 4};
    put_image("picture", "large_jpeg", 0, jpeg, sizeof jpeg);
    put_image("picture", "large_png", 0, png, sizeof png);
    put_image("encoded_image", "large", 0, jpeg, sizeof jpeg);
}

/* A row that begins behind the file's end, and one that ends there. */
static void put_stored_rows(void)
{
    static const unsigned char rows[] = {0, 0, 1, 0, 0xff, 0xff, 64, 0, 0, 0, 0xff, 0xff, 1, 2, 3};
    put("image_reader", "behind_the_end", rows, sizeof rows);
}

static void put_bombs(void)
{
    unsigned char packed[PACKED_MAX];
    size_t size = pack(idx_head, sizeof idx_head, packed);
    put_image("image_file", "packed_zeros_idx", 0, packed, size);
    put_idx("packed_zeros", 0, packed, size);
    size = pack("\x89PNG", 4, packed);
    put_image("image_file", "packed_zeros_png", 0, packed, size);
    size = pack("", 0, packed);
    put_image("image_file", "packed_zeros", 0, packed, size);
    put_image("image_file", "holes_idx", IMAGE_STRETCHED, idx_head, sizeof idx_head);
    put_idx("holes", FILE_STRETCHED, idx_head, sizeof idx_head);
}

/* --- names that command a terminal --- */

#define EVIL                                                                                                 \
    "\033]0;owned\a\x7f\xc2\x9b"                                                                             \
    "31m\x9b\xe2\x80\xae\npnas_data: error: forged"

static void put_names(void)
{
    static const char cells[] = "0.5,-1," EVIL ",-1,max3\n", classes[] = EVIL "\n" EVIL "\n",
                      settings[] = "title: \"" EVIL "\"\nspace: {" EVIL ": 3, operators: [" EVIL "]}\n";
    unsigned char import[64 + sizeof classes] = {1, 0, 0, 0, sizeof classes,
                                                 0}; /* CIFAR-10, batches.meta.txt */
    memcpy(import + 6, classes, sizeof classes);
    put("cell_csv", "evil_operator", cells, sizeof cells - 1);
    put("configuration", "evil_names", settings, sizeof settings - 1);
    put("import", "evil_classes", import, sizeof import);
}

/* A record that claims 2 GiB. */
static void put_journal(void)
{
    static const unsigned char record[] = {0, 0xff, 0xff, 0xff, 0x7f, 1, 2, 3, 4, 5};
    put("run_journal", "long_record", record, sizeof record);
}

int main(int argc, char **argv)
{
    static const char *const hdf5[] = {"checkpoint_file", "dataset_file", "encoded_dataset",  "network_file",
                                       "run_file",        "score_file",   "streamed_dataset", "table_file"};
    if (argc != 2) {
        fprintf(stderr, "usage: hostile_inputs FOLDER\n");
        return 64;
    }
    folder = argv[1];
    make_folder(folder);
    for (size_t i = 0; i < sizeof hdf5 / sizeof *hdf5; ++i)
        put_edits(hdf5[i]);
    put_bombs();
    put_large_pictures();
    put_stored_rows();
    put_names();
    put_journal();
    return 0;
}
