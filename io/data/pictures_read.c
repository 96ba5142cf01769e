#include "io/data/pictures_read.h"

#include "src/base/clock.h"
#include "src/base/log.h"
#include "src/base/progress.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS_MAX   64
#define LOOK_SECONDS  0.05
#define WARNINGS_MOST 20

typedef struct {
    const pnas_picture_list *list;
    const pnas_pictures_wish *wish;
    pnas_pictures *out;
    size_t image_size;
    char **error;        /* [files]: why it is bad, or NULL */
    pnas_status *status; /* [files]: of reading it */
    unsigned *changes;   /* [files] */
    atomic_size_t next, done;
    atomic_bool no_memory;
} pictures_work;

static double claim(const unsigned char *first, size_t size)
{
    return pnas_picture_is(first, size) ? PNAS_PICTURE_BYTES_MAX : 0;
}

static pnas_status read_picture(const pnas_picture_entry *file, int channels, pnas_picture *out)
{
    pnas_bytes bytes;
    *out = (pnas_picture){0};
    PNAS_CHECK(!file->refused, PNAS_ERROR_DATA, "%s: %s", file->path, file->refused);
    PNAS_TRY(pnas_bytes_read(file->path, "a PNG or JPEG", claim, &bytes));
    pnas_status status = pnas_picture_decode(file->path, &bytes, channels, NULL, out);
    pnas_bytes_free(&bytes);
    return status;
}

/* --- one thread --- */

static pnas_status read_image(pictures_work *work, size_t i)
{
    const pnas_pictures_wish *wish = work->wish;
    const pnas_picture_entry *file = &work->list->file[i];
    uint8_t *to = work->out->images + i * work->image_size;
    pnas_picture picture;
    PNAS_TRY(read_picture(file, wish->channels, &picture));
    work->changes[i] = picture.changes;
    pnas_status status = PNAS_OK;
    if (wish->side > 0)
        status = pnas_picture_resize(file->path, &picture, wish->fit, wish->side, to);
    else if (picture.height == work->out->height && picture.width == work->out->width)
        memcpy(to, picture.pixels, work->image_size);
    else
        status =
            pnas_fail(PNAS_ERROR_DATA,
                      "%s: is %zu pixels high and %zu wide, others are %zu and %zu; --size N makes all alike",
                      file->path, picture.height, picture.width, work->out->height, work->out->width);
    pnas_picture_free(&picture);
    return status;
}

static void *read_images(void *payload)
{
    pictures_work *work = payload;
    for (size_t i; (i = atomic_fetch_add(&work->next, 1)) < work->list->files;) {
        work->status[i] = read_image(work, i);
        if (work->status[i] != PNAS_OK && !(work->error[i] = strdup(pnas_message())))
            atomic_store(&work->no_memory, true);
        if (work->status[i] == PNAS_ERROR_MEMORY)
            atomic_store(&work->no_memory, true);
        atomic_fetch_add(&work->done, 1);
    }
    return NULL;
}

/* --- all threads --- */

static void show_progress(const pictures_work *work, double began)
{
    char left[32];
    size_t done = atomic_load(&work->done), all = work->list->files;
    double seconds = pnas_clock_seconds() - began;
    if (seconds < 1 || done == 0)
        return;
    pnas_clock_duration((double)(all - done) * seconds / (double)done, left, sizeof left);
    pnas_progress_show("%zu of %zu pictures, %.0f a second, %s left", done, all, (double)done / seconds,
                       left);
}

static void run_threads(pictures_work *work)
{
    pthread_t thread[THREADS_MAX];
    cpu_set_t cores;
    int count = sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1, begun = 0;
    double began = pnas_clock_seconds();
    for (int i = 0; i < count && i < THREADS_MAX; i++)
        begun += pthread_create(&thread[begun], NULL, read_images, work) == 0;
    if (begun == 0)
        read_images(work);
    while (atomic_load(&work->done) < work->list->files) {
        pnas_clock_sleep(LOOK_SECONDS);
        show_progress(work, began);
    }
    for (int i = 0; i < begun; i++)
        pthread_join(thread[i], NULL);
    pnas_progress_end();
}

/* --- what was bad --- */

/* A file that the system does not give says nothing about the picture in it. */
static pnas_status check_read(const pictures_work *work)
{
    for (size_t i = 0; i < work->list->files; i++)
        PNAS_CHECK(work->status[i] == PNAS_OK || work->status[i] == PNAS_ERROR_DATA, work->status[i], "%s",
                   work->error[i]);
    return PNAS_OK;
}

static pnas_status judge(const pictures_work *work)
{
    const char *first = NULL;
    char remedy[64] = "";
    size_t bad = 0;
    for (size_t i = 0; i < work->list->files; i++) {
        if (!work->error[i])
            continue;
        first = first ? first : work->error[i];
        if (bad++ < WARNINGS_MOST)
            pnas_warning("%s", work->error[i]);
    }
    if (bad > WARNINGS_MOST)
        pnas_warning("and %zu more that cannot be taken", bad - WARNINGS_MOST);
    work->out->bad = bad;
    if (bad <= work->list->files / 2) /* to leave out nearly all is no remedy */
        snprintf(remedy, sizeof remedy, "; --allow-bad %zu leaves them out", bad);
    PNAS_CHECK(bad <= work->wish->bad_most, PNAS_ERROR_DATA,
               "%zu of %zu pictures cannot be taken, the first: %.600s%s", bad, work->list->files, first,
               remedy);
    return PNAS_OK;
}

/* The good ones move together. */
static pnas_status keep_good(pictures_work *work)
{
    pnas_pictures *out = work->out;
    const pnas_picture_list *list = work->list;
    for (size_t i = 0; i < list->files; i++) {
        if (work->error[i])
            continue;
        if (out->count < i)
            memcpy(out->images + out->count * work->image_size, out->images + i * work->image_size,
                   work->image_size);
        out->labels[out->count++] = list->file[i].label;
        for (int c = 0; c < PNAS_PICTURE_CHANGES; c++)
            out->changed[c] += work->changes[i] >> c & 1;
    }
    for (size_t label = 0, i = 0; label < list->classes; label++) {
        size_t before = i;
        while (i < out->count && out->labels[i] == label)
            i++;
        PNAS_CHECK(i > before, PNAS_ERROR_DATA, "%s: class \"%s\": none of its pictures can be read",
                   list->root, list->class_name[label]);
    }
    return PNAS_OK;
}

/* --- the whole --- */

/* Those of the first picture that can be read. */
static pnas_status find_size(const pnas_picture_list *list, const pnas_pictures_wish *wish,
                             pnas_pictures *out)
{
    pnas_status status = PNAS_ERROR_DATA;
    char first[600] = "";
    for (size_t i = 0; i < list->files && status == PNAS_ERROR_DATA; i++) {
        pnas_picture picture;
        status = read_picture(&list->file[i], wish->channels, &picture);
        out->height = picture.height;
        out->width = picture.width;
        pnas_picture_free(&picture);
        if (i == 0 && status != PNAS_OK)
            snprintf(first, sizeof first, "%s", pnas_message());
    }
    PNAS_CHECK(status != PNAS_ERROR_DATA, status, "%s: none of its %zu pictures can be read, the first: %s",
               list->root, list->files, first);
    return status;
}

static pnas_status make_room(pictures_work *work)
{
    size_t files = work->list->files;
    pnas_pictures *out = work->out;
    work->image_size = out->height * out->width * (size_t)work->wish->channels;
    work->error = calloc(files, sizeof *work->error);
    work->status = calloc(files, sizeof *work->status);
    work->changes = calloc(files, sizeof *work->changes);
    out->images = calloc(files, work->image_size);
    out->labels = calloc(files, sizeof *out->labels);
    PNAS_CHECK(work->error && work->status && work->changes && out->images && out->labels, PNAS_ERROR_MEMORY,
               "%s: no memory for %zu images of %zu x %zu x %d", work->list->root, files, out->height,
               out->width, work->wish->channels);
    return PNAS_OK;
}

static pnas_status read_all(pictures_work *work)
{
    PNAS_TRY(make_room(work));
    run_threads(work);
    PNAS_CHECK(!atomic_load(&work->no_memory), PNAS_ERROR_MEMORY, "%s: no memory for reading its pictures",
               work->list->root);
    PNAS_TRY(check_read(work));
    PNAS_TRY(judge(work));
    return keep_good(work);
}

pnas_status pnas_pictures_read(const pnas_picture_list *list, const pnas_pictures_wish *wish, size_t height,
                               size_t width, pnas_pictures *out)
{
    pictures_work work = {.list = list, .wish = wish, .out = out};
    *out = (pnas_pictures){.height = wish->side > 0 ? wish->side : height,
                           .width = wish->side > 0 ? wish->side : width};
    if (out->height == 0)
        PNAS_TRY(find_size(list, wish, out));
    pnas_status status = read_all(&work);
    for (size_t i = 0; work.error && i < list->files; i++)
        free(work.error[i]);
    free(work.error);
    free(work.status);
    free(work.changes);
    if (status != PNAS_OK) {
        free(out->images);
        free(out->labels);
        *out = (pnas_pictures){0};
    }
    return status;
}
