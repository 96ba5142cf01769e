#include "src/run/dataset_share.h"

#include "io/data/image_reader.h"
#include "mpi/collectives.h"
#include "mpi/wire.h"
#include "src/base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Which file a name leads to. */
static pnas_status find_file(const char *name, struct stat *out)
{
    char path[4096];
    PNAS_TRY(pnas_dataset_find(name, path, sizeof path));
    PNAS_CHECK(stat(path, out) == 0, PNAS_ERROR_FILE, "%s: cannot be found", path);
    return PNAS_OK;
}

/* --- what the reading rank tells the others of its machine --- */

static void put_place(const pnas_dataset *dataset, pnas_wire_writer *to)
{
    pnas_shared_memory_place place = {0};
    if (dataset->shared.at && pnas_shared_memory_find(&dataset->shared, &place) != PNAS_OK)
        place.bytes = 0; /* they read by themselves */
    const int64_t values[] = {place.process, place.file, place.device, place.inode, (int64_t)place.bytes};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        pnas_wire_put_int(to, values[i]);
}

static void put_dataset(const pnas_dataset *dataset, pnas_wire_writer *to)
{
    const int64_t sizes[] = {dataset->height,
                             dataset->width,
                             dataset->channels,
                             dataset->classes,
                             (int64_t)dataset->train.count,
                             (int64_t)dataset->test.count,
                             (int64_t)dataset->validation};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        pnas_wire_put_int(to, sizes[i]);
    pnas_wire_put_text(to, dataset->name);
    pnas_wire_put_text(to, dataset->source);
    pnas_wire_put_text(to, dataset->licence);
    pnas_wire_put_text(to, dataset->sha256);
    for (int i = 0; i < dataset->classes; i++)
        pnas_wire_put_bytes(to, dataset->class_names[i], strlen(dataset->class_names[i]));
    pnas_wire_put_floats(to, dataset->mean, PNAS_IMAGE_CHANNELS_MAX);
    pnas_wire_put_floats(to, dataset->deviation, PNAS_IMAGE_CHANNELS_MAX);
    pnas_wire_put_bytes(to, dataset->train.labels, dataset->train.count * sizeof *dataset->train.labels);
}

/* Where the images lie in a file that they stay in. */
static void put_reader(const pnas_image_reader *reader, pnas_wire_writer *to)
{
    pnas_wire_put_int(to, reader != NULL);
    if (!reader)
        return;
    const struct stat *version = &reader->version;
    const int64_t values[] = {
        version->st_size,           version->st_mtim.tv_sec,    version->st_mtim.tv_nsec,
        version->st_ctim.tv_sec,    version->st_ctim.tv_nsec,   (int64_t)version->st_nlink,
        (int64_t)reader->rows.rows, (int64_t)reader->rows.form, (int64_t)reader->rows.count};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        pnas_wire_put_int(to, values[i]);
    for (size_t i = 0; i < reader->rows.count; i++) {
        pnas_wire_put_int(to, (int64_t)reader->rows.place[i].at);
        pnas_wire_put_int(to, (int64_t)reader->rows.place[i].size);
    }
}

static pnas_status write_message(const char *name, const pnas_dataset *dataset, pnas_wire_writer *to)
{
    struct stat file;
    PNAS_TRY(find_file(name, &file));
    pnas_wire_begin(to);
    pnas_wire_put_int(to, (int64_t)file.st_dev);
    pnas_wire_put_int(to, (int64_t)file.st_ino);
    put_place(dataset, to);
    put_dataset(dataset, to);
    put_reader(dataset->train.reader, to);
    return pnas_wire_finish(to);
}

/* --- what they make of it --- */

static pnas_status get_names(pnas_wire_reader *from, pnas_dataset *dataset)
{
    dataset->class_names = calloc((size_t)dataset->classes + 1, sizeof *dataset->class_names);
    for (int i = 0; dataset->class_names && i < dataset->classes; i++) {
        size_t size = 0;
        const char *name = pnas_wire_get_bytes(from, &size);
        dataset->class_names[i] = strndup(name ? name : "", size);
        if (!dataset->class_names[i])
            return pnas_fail(PNAS_ERROR_MEMORY, "no memory for the names of %d classes", dataset->classes);
    }
    PNAS_CHECK(dataset->class_names, PNAS_ERROR_MEMORY, "no memory for the names of %d classes",
               dataset->classes);
    return PNAS_OK;
}

static pnas_status get_labels(pnas_wire_reader *from, pnas_dataset_part *part)
{
    size_t size = 0;
    const void *labels = pnas_wire_get_bytes(from, &size);
    PNAS_CHECK(labels && size == part->count * sizeof *part->labels, PNAS_ERROR_INTERNAL,
               "the labels of %zu images take %zu bytes", part->count, size);
    part->labels = malloc(size + 1);
    PNAS_CHECK(part->labels, PNAS_ERROR_MEMORY, "no memory for the labels of %zu images", part->count);
    memcpy(part->labels, labels, size);
    return PNAS_OK;
}

static pnas_status get_dataset(pnas_wire_reader *from, pnas_dataset *dataset)
{
    dataset->height = (int)pnas_wire_get_int(from, 1, PNAS_DATASET_SIDE_MAX);
    dataset->width = (int)pnas_wire_get_int(from, 1, PNAS_DATASET_SIDE_MAX);
    dataset->channels = (int)pnas_wire_get_int(from, 1, PNAS_IMAGE_CHANNELS_MAX);
    dataset->classes = (int)pnas_wire_get_int(from, 1, PNAS_DATASET_CLASSES_MAX);
    dataset->train.count = (size_t)pnas_wire_get_int(from, 1, UINT32_MAX);
    dataset->test.count = (size_t)pnas_wire_get_int(from, 0, UINT32_MAX);
    dataset->validation = (size_t)pnas_wire_get_int(from, 0, (int64_t)dataset->train.count - 1);
    pnas_wire_get_text(from, dataset->name, sizeof dataset->name);
    pnas_wire_get_text(from, dataset->source, sizeof dataset->source);
    pnas_wire_get_text(from, dataset->licence, sizeof dataset->licence);
    pnas_wire_get_text(from, dataset->sha256, sizeof dataset->sha256);
    PNAS_TRY(get_names(from, dataset));
    pnas_wire_get_floats(from, dataset->mean, PNAS_IMAGE_CHANNELS_MAX);
    pnas_wire_get_floats(from, dataset->deviation, PNAS_IMAGE_CHANNELS_MAX);
    return get_labels(from, &dataset->train);
}

static void get_version(pnas_wire_reader *from, const struct stat *file, struct stat *out)
{
    *out = (struct stat){.st_dev = file->st_dev, .st_ino = file->st_ino};
    out->st_size = pnas_wire_get_int(from, 0, INT64_MAX);
    out->st_mtim.tv_sec = pnas_wire_get_int(from, INT64_MIN, INT64_MAX);
    out->st_mtim.tv_nsec = pnas_wire_get_int(from, 0, INT64_MAX);
    out->st_ctim.tv_sec = pnas_wire_get_int(from, INT64_MIN, INT64_MAX);
    out->st_ctim.tv_nsec = pnas_wire_get_int(from, 0, INT64_MAX);
    out->st_nlink = (nlink_t)pnas_wire_get_int(from, 0, INT64_MAX);
}

static pnas_status get_rows(pnas_wire_reader *from, pnas_stored_rows *out)
{
    out->rows = (size_t)pnas_wire_get_int(from, 1, INT64_MAX);
    out->form = (pnas_stored_form)pnas_wire_get_int(from, 0, PNAS_STORED_ENCODED);
    out->count = pnas_wire_get_count(from, 2 * sizeof(int64_t));
    out->place = calloc(out->count + 1, sizeof *out->place);
    PNAS_CHECK(out->place, PNAS_ERROR_MEMORY, "no memory for the places of %zu chunks", out->count);
    for (size_t i = 0; i < out->count; i++) {
        out->place[i].at = (uint64_t)pnas_wire_get_int(from, 0, INT64_MAX);
        out->place[i].size = (uint64_t)pnas_wire_get_int(from, 0, INT64_MAX);
    }
    return PNAS_OK;
}

/* `file`: what the name leads to. */
static pnas_status get_reader(pnas_wire_reader *from, const char *name, const struct stat *file,
                              pnas_dataset *dataset)
{
    char path[4096];
    struct stat version;
    pnas_stored_rows rows = {0};
    const pnas_image_shape shape = {dataset->height, dataset->width, dataset->channels};
    if (pnas_wire_get_int(from, 0, 1) == 0)
        return PNAS_OK;
    get_version(from, file, &version);
    pnas_status status = get_rows(from, &rows);
    if (status == PNAS_OK)
        status = pnas_dataset_find(name, path, sizeof path);
    if (status == PNAS_OK)
        status = pnas_image_reader_open(path, &version, &rows, dataset->train.count, &shape,
                                        &dataset->train.reader);
    pnas_stored_rows_free(&rows);
    return status;
}

static void get_place(pnas_wire_reader *from, pnas_shared_memory_place *out)
{
    out->process = pnas_wire_get_int(from, 0, INT64_MAX);
    out->file = pnas_wire_get_int(from, 0, INT64_MAX);
    out->device = pnas_wire_get_int(from, INT64_MIN, INT64_MAX);
    out->inode = pnas_wire_get_int(from, INT64_MIN, INT64_MAX);
    out->bytes = (uint64_t)pnas_wire_get_int(from, 0, INT64_MAX);
}

/* *out stays NULL where this rank has to read by itself; *unmapped: although it is the same file, for the reason that
 * is the message. */
static pnas_status take_message(const char *name, const void *data, size_t size, pnas_dataset **out,
                                bool *unmapped)
{
    pnas_wire_reader from;
    pnas_shared_memory_place place;
    struct stat file = {0};
    pnas_wire_open(&from, data, size);
    int64_t device = pnas_wire_get_int(&from, INT64_MIN, INT64_MAX);
    int64_t inode = pnas_wire_get_int(&from, INT64_MIN, INT64_MAX);
    get_place(&from, &place);
    bool same =
        find_file(name, &file) == PNAS_OK && (int64_t)file.st_dev == device && (int64_t)file.st_ino == inode;
    if (!same)
        return PNAS_OK;
    PNAS_TRY(pnas_dataset_create(out));
    *unmapped = place.bytes > 0 && pnas_shared_memory_attach(&place, &(*out)->shared) != PNAS_OK;
    if (*unmapped) {
        pnas_dataset_destroy(out);
        return PNAS_OK;
    }
    (*out)->train.images = (*out)->shared.at;
    PNAS_TRY(get_dataset(&from, *out));
    PNAS_TRY(get_reader(&from, name, &file, *out));
    PNAS_TRY(pnas_wire_close(&from, "a data set"));
    if (!(*out)->train.images && !(*out)->train.reader) /* the other rank's own */
        pnas_dataset_destroy(out);
    return PNAS_OK;
}

/* --- the whole --- */

/* Once for a machine: the lowest rank that could not map them. */
static pnas_status warn(const pnas_layout *layout, bool unmapped)
{
    int mine = unmapped, first = -1, count = 0;
    char reason[PNAS_MESSAGE_MAX];
    snprintf(reason, sizeof reason, "%s", pnas_message());
    int *all = calloc((size_t)layout->local_ranks, sizeof *all);
    PNAS_CHECK(all, PNAS_ERROR_MEMORY, "no memory for %d ranks", layout->local_ranks);
    pnas_status status = pnas_mpi_gather_local(&mine, sizeof mine, all);
    for (int i = 0; i < layout->local_ranks; i++) {
        first = all[i] && first < 0 ? i : first;
        count += all[i];
    }
    free(all);
    if (status == PNAS_OK && first == layout->local_rank)
        pnas_warning("%d of the %d ranks on %s hold%s a copy of the images: %s", count, layout->local_ranks,
                     layout->host, count == 1 ? "s" : "", reason);
    return status;
}

/* With what to do about it. */
static pnas_status read_here(const char *name, uint64_t room, pnas_dataset **out)
{
    char reason[1024];
    pnas_status status = pnas_dataset_open_training(name, room, out);
    if (status != PNAS_ERROR_FILE && status != PNAS_ERROR_DATA)
        return status;
    snprintf(reason, sizeof reason, "%s", pnas_message());
    return pnas_fail(status, "%s; dataset.file names the data set, and pnas_data import makes one", reason);
}

static pnas_status agree(const pnas_layout *layout, pnas_status status)
{
    if (status != PNAS_OK && layout->rank != 0)
        pnas_fail_at(status, "rank %d on %s", layout->rank, layout->host);
    return pnas_mpi_agree(status);
}

static pnas_status take_from_reader(const pnas_layout *layout, const char *name, uint64_t room,
                                    const void *data, size_t size, pnas_dataset **out)
{
    bool unmapped = false;
    bool reads = layout->local_rank == 0;
    pnas_status status = reads ? PNAS_OK : take_message(name, data, size, out, &unmapped);
    pnas_status warned = warn(layout, unmapped);
    PNAS_TRY(status == PNAS_OK ? warned : status);
    return reads || *out ? PNAS_OK : read_here(name, room, out);
}

pnas_status pnas_dataset_share(const pnas_layout *layout, const char *name, uint64_t room, pnas_dataset **out)
{
    pnas_wire_writer message = {0};
    bool reads = layout->local_rank == 0;
    *out = NULL;
    pnas_status status = reads ? read_here(name, room, out) : PNAS_OK;
    if (status == PNAS_OK && reads)
        status = write_message(name, *out, &message);
    status = agree(layout, status);
    if (status == PNAS_OK) {
        void *data = message.data;
        unsigned long size = message.size;
        status = pnas_mpi_broadcast_local(&data, &size);
        if (status == PNAS_OK)
            status = agree(layout, take_from_reader(layout, name, room, data, size, out));
        if (!reads)
            free(data);
    }
    pnas_wire_clear(&message);
    return status;
}
