#include "io/data/import_pictures.h"

#include "io/data/dataset_layout.h"
#include "io/data/dataset_sum.h"
#include "io/data/encoded_image.h"
#include "io/data/encoded_part.h"
#include "io/data/picture_sources.h"
#include "io/data/row_store.h"
#include "io/file/link_target.h"
#include "io/file/same_file.h"
#include "src/base/clock.h"
#include "src/base/log.h"
#include "src/base/progress.h"

#include <assert.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_BYTES   (32 * 1024 * 1024) /* of rows that are read at once; so memory is bounded */
#define BATCH_FIRST   16 /* pictures of a start's first batch; each may be twice the one before */
#define BATCH_SECONDS 1.0
#define COMMIT_SHARE  20.0 /* a commit comes after so many times the seconds that the last one took */
#define DAMAGED       "%s: is damaged; remove it, and the import begins anew"
#define WARNINGS_MOST 20
#define OUTCOME_BAD   0x80 /* of a picture; else its changes */
#define SMALL_CHUNK   (64 * 1024)
#define SUMS_CHUNK    2048 /* images */

static const char *const fits[] = {
    [PNAS_RESIZE_SHORTER] = "shorter", [PNAS_RESIZE_STRETCH] = "stretch", [PNAS_RESIZE_CROP] = "crop"};
#define FITS (sizeof fits / sizeof *fits)

static pnas_status check_other(const pnas_import_options *options, const char *option, const char *path)
{
    PNAS_CHECK(!path || !pnas_same_file(options->path, path), PNAS_ERROR_USAGE,
               "%s: %s is the training part, too; without it a share of the pictures is drawn", option, path);
    return PNAS_OK;
}

static pnas_status make_wish(const pnas_import_options *options, pnas_pictures_wish *out)
{
    size_t fit = 0;
    while (options->fit && fit < FITS && strcmp(fits[fit], options->fit) != 0)
        fit++;
    *out = (pnas_pictures_wish){.side = (size_t)options->side,
                                .fit = (pnas_picture_fit)fit,
                                .channels = options->picture_channels > 0 ? options->picture_channels : 3,
                                .quality = !options->encoded      ? 0
                                           : options->quality > 0 ? options->quality
                                                                  : PNAS_ENCODED_QUALITY};
    PNAS_CHECK(fit < FITS, PNAS_ERROR_USAGE, "--resize: is \"%s\", expected shorter, stretch or crop",
               options->fit);
    PNAS_CHECK(!options->fit || options->side > 0, PNAS_ERROR_USAGE, "--resize goes with --size N");
    PNAS_CHECK(out->channels == 1 || out->channels == 3, PNAS_ERROR_USAGE,
               "--channels: is %d, expected 1 (grey) or 3 (colour)", out->channels);
    PNAS_CHECK(options->side <= PNAS_DATASET_SIDE_MAX, PNAS_ERROR_USAGE, "--size: is %d, expected at most %d",
               options->side, PNAS_DATASET_SIDE_MAX);
    PNAS_CHECK(options->quality == 0 || options->encoded, PNAS_ERROR_USAGE, "--quality goes with --encoded");
    PNAS_CHECK(options->quality <= 100, PNAS_ERROR_USAGE, "--quality: is %d, expected 1 to 100",
               options->quality);
    PNAS_TRY(check_other(options, "--test-from", options->test_from));
    PNAS_TRY(check_other(options, "--validation-from", options->validation_from));
    PNAS_CHECK(!options->test_from || !options->validation_from ||
                   !pnas_same_file(options->test_from, options->validation_from),
               PNAS_ERROR_USAGE, "--validation-from: %s is the test part, too, which is never used to choose",
               options->validation_from);
    return pnas_import_check_test_share(options);
}

/* --- reading --- */

typedef struct {
    const pnas_import_options *options;
    pnas_dataset *dataset;
    pnas_pictures_wish wish;
    pnas_picture_sources sources;
    size_t image_size;
    uint8_t *outcome;  /* [sources.files] of those that are done */
    size_t done, bad;  /* pictures */
    size_t begun_with; /* of these before this start */
    double began;
    double committed, cost; /* when, and the seconds that it took */
} picture_import;

static const pnas_picture_source *source_of(const picture_import *import, size_t *i)
{
    const pnas_picture_source *source = import->sources.source;
    while (*i >= source->list.files)
        *i -= source++->list.files;
    return source;
}

static void show_progress(const picture_import *import)
{
    char left[32];
    size_t all = import->sources.files, now = import->done - import->begun_with;
    double seconds = pnas_clock_seconds() - import->began;
    if (seconds < 1 || now == 0)
        return;
    pnas_clock_duration((double)(all - import->done) * seconds / (double)now, left, sizeof left);
    pnas_progress_show("%zu of %zu pictures, %.0f a second, %s left", import->done, all,
                       (double)now / seconds, left);
}

static pnas_status commit(picture_import *import)
{
    double begun = pnas_clock_seconds();
    PNAS_TRY(pnas_row_store_commit(import->dataset->store));
    import->committed = pnas_clock_seconds();
    import->cost = import->committed - begun;
    return PNAS_OK;
}

static pnas_status add_encoded(picture_import *import, const pnas_picture_outcome *outcome, bool test,
                               const uint8_t *row)
{
    pnas_row_store *store = import->dataset->store;
    size_t channels = (size_t)import->wish.channels;
    size_t to = test ? PNAS_STREAM_TEST : PNAS_STREAM_TRAIN;
    pnas_dataset_sum sum = {.sha = NULL};
    uint64_t little[2 * PNAS_IMAGE_CHANNELS_MAX];
    PNAS_TRY(pnas_row_store_add(store, to, outcome->encoded, outcome->encoded_size));
    uint64_t end = htole64(pnas_row_store_bytes(store, to));
    PNAS_TRY(
        pnas_row_store_add(store, test ? PNAS_STREAM_TEST_ENDS : PNAS_STREAM_TRAIN_ENDS, &end, sizeof end));
    if (test)
        return PNAS_OK;
    pnas_dataset_sum_measure(&sum, import->wish.channels, row, import->image_size);
    for (size_t c = 0; c < channels; c++) {
        little[c] = htole64(sum.sum[c]);
        little[channels + c] = htole64(sum.squares[c]);
    }
    return pnas_row_store_add(store, PNAS_STREAM_SUMS, little, 2 * channels * sizeof *little);
}

static pnas_status take_picture(picture_import *import, const pnas_picture_outcome *outcome,
                                const uint8_t *row)
{
    pnas_row_store *store = import->dataset->store;
    size_t i = import->done;
    const pnas_picture_source *source = source_of(import, &i);
    uint8_t *note = &import->outcome[import->done];
    bool test = pnas_picture_source_is_test(source, i);
    *note = outcome->error ? OUTCOME_BAD : (uint8_t)outcome->changes;
    if (outcome->error && import->bad++ < WARNINGS_MOST)
        pnas_warning("%s", outcome->error);
    if (!outcome->error)
        PNAS_TRY(outcome->encoded ? add_encoded(import, outcome, test, row)
                                  : pnas_row_store_add(store, test ? PNAS_STREAM_TEST : PNAS_STREAM_TRAIN,
                                                       row, import->image_size));
    PNAS_TRY(pnas_row_store_add(store, PNAS_STREAM_OUTCOME, note, 1));
    import->done++;
    return PNAS_OK;
}

/* A file that the system does not give says nothing about the picture in it: what stands before it is kept. */
static pnas_status take_batch(picture_import *import, const pnas_pictures_batch *batch)
{
    for (size_t i = 0; i < batch->done; i++) {
        const pnas_picture_outcome *outcome = &batch->outcome[i];
        if (outcome->status != PNAS_OK && outcome->status != PNAS_ERROR_DATA) {
            PNAS_TRY(commit(import));
            return pnas_fail(outcome->status, "%s", outcome->error);
        }
        PNAS_TRY(take_picture(import, outcome, batch->rows + i * import->image_size));
    }
    PNAS_TRY(pnas_row_store_flush(import->dataset->store));
    bool due = pnas_clock_seconds() - import->committed >= COMMIT_SHARE * import->cost;
    return due || import->done == import->sources.files ? commit(import) : PNAS_OK;
}

static pnas_status read_batch(picture_import *import, pnas_pictures_batch *batch,
                              const pnas_picture_entry **file)
{
    for (size_t i = 0; i < batch->count; i++) {
        size_t place = import->done + i;
        const pnas_picture_source *source = source_of(import, &place);
        file[i] = &source->list.file[place];
    }
    batch->file = file;
    PNAS_TRY(pnas_pictures_read(batch));
    pnas_status status = take_batch(import, batch);
    for (size_t i = 0; i < batch->done; i++)
        pnas_picture_outcome_free(&batch->outcome[i]);
    show_progress(import);
    return status;
}

static bool is_stopped(const picture_import *import)
{
    return import->options->stop && import->options->stop();
}

static pnas_status stop(picture_import *import)
{
    PNAS_TRY(commit(import));
    return pnas_fail(PNAS_STOPPED, "%s: stopped after %zu of %zu pictures; the same command goes on",
                     import->options->output, import->done, import->sources.files);
}

static pnas_status read_batches(picture_import *import)
{
    size_t most = BATCH_BYTES / import->image_size, left = import->sources.files - import->done;
    size_t count = BATCH_FIRST;
    most = most < 1 ? 1 : most;
    most = most < left ? most : left;
    const pnas_picture_entry **file = calloc(most + 1, sizeof *file);
    pnas_pictures_batch batch = {.wish = &import->wish,
                                 .height = (size_t)import->dataset->height,
                                 .width = (size_t)import->dataset->width,
                                 .seconds = BATCH_SECONDS,
                                 .rows = malloc(most * import->image_size + 1),
                                 .outcome = calloc(most + 1, sizeof *batch.outcome)};
    pnas_status status = PNAS_OK;
    PNAS_CHECK_CLEANUP(file && batch.rows && batch.outcome, PNAS_ERROR_MEMORY,
                       "out of memory for %zu images of %zu x %zu", most, batch.height, batch.width);
    for (; import->done < import->sources.files && status == PNAS_OK; count *= 2) {
        left = import->sources.files - import->done;
        count = count < most ? count : most;
        batch.count = count < left ? count : left;
        status = is_stopped(import) ? stop(import) : read_batch(import, &batch, file);
    }
cleanup:
    pnas_progress_end();
    free(file);
    free(batch.rows);
    free(batch.outcome);
    return status;
}

/* --- the file that keeps what was read --- */

static pnas_status open_store(picture_import *import)
{
    char key[PNAS_SHA256_TEXT], *target = NULL, *path = NULL;
    pnas_status status;
    PNAS_TRY(pnas_picture_sources_key(&import->sources, &import->wish, key));
    PNAS_TRY(pnas_link_target(import->options->output, &target));
    status = asprintf(&path, "%s.import", target) < 0
                 ? pnas_fail(PNAS_ERROR_MEMORY, "%s: out of memory", import->options->output)
                 : pnas_row_store_open(path, import->options->output, key, &import->dataset->store);
    free(target);
    free(path);
    return status;
}

static pnas_status set_size(picture_import *import, size_t height, size_t width)
{
    pnas_dataset *dataset = import->dataset;
    PNAS_CHECK(
        height <= PNAS_DATASET_SIDE_MAX && width <= PNAS_DATASET_SIDE_MAX, PNAS_ERROR_DATA,
        "%s: its pictures are %zu pixels high and %zu wide, at most %d are allowed; --size N scales them",
        import->options->path, height, width, PNAS_DATASET_SIDE_MAX);
    dataset->height = (int)height;
    dataset->width = (int)width;
    dataset->channels = import->wish.channels;
    dataset->quality = import->wish.quality;
    import->image_size = height * width * (size_t)dataset->channels;
    return PNAS_OK;
}

static pnas_status begin(picture_import *import)
{
    size_t height, width;
    PNAS_TRY(pnas_pictures_size(&import->sources.source[0].list, &import->wish, &height, &width));
    PNAS_TRY(set_size(import, height, width));
    const uint32_t numbers[2] = {(uint32_t)height, (uint32_t)width};
    bool plain = import->wish.quality == 0;
    uint64_t chunk =
        plain ? pnas_dataset_chunk_rows(import->dataset) * import->image_size : PNAS_DATASET_CHUNK_BYTES;
    uint64_t sums = SUMS_CHUNK * 2 * (uint64_t)import->wish.channels * sizeof(uint64_t);
    const pnas_row_stream stream[] = {
        [PNAS_STREAM_TRAIN] = {chunk, plain},          [PNAS_STREAM_TEST] = {chunk, plain},
        [PNAS_STREAM_OUTCOME] = {SMALL_CHUNK, true},   [PNAS_STREAM_TRAIN_ENDS] = {SMALL_CHUNK, true},
        [PNAS_STREAM_TEST_ENDS] = {SMALL_CHUNK, true}, [PNAS_STREAM_SUMS] = {sums, true}};
    return pnas_row_store_begin(import->dataset->store, stream,
                                plain ? PNAS_STREAMS_PLAIN : PNAS_STREAMS_ENCODED, numbers);
}

static pnas_status go_on(picture_import *import)
{
    pnas_row_store *store = import->dataset->store;
    uint32_t numbers[2];
    pnas_row_store_numbers(store, numbers);
    PNAS_TRY(set_size(import, numbers[0], numbers[1]));
    import->done = import->begun_with = (size_t)pnas_row_store_bytes(store, PNAS_STREAM_OUTCOME);
    assert(import->done <= import->sources.files);
    PNAS_TRY(pnas_row_store_copy(store, PNAS_STREAM_OUTCOME, import->outcome));
    for (size_t i = 0; i < import->done; i++)
        import->bad += import->outcome[i] == OUTCOME_BAD;
    pnas_info("%s: goes on after %zu of %zu pictures, which %s has", import->options->output, import->done,
              import->sources.files, pnas_row_store_path(store));
    return PNAS_OK;
}

/* --- what was read --- */

typedef struct {
    size_t good, bad, first_bad, changed[PNAS_PICTURE_CHANGES];
} source_figures;

static source_figures count_outcomes(const pnas_picture_source *source, const uint8_t *outcome)
{
    source_figures figures = {0};
    for (size_t i = source->list.files; i-- > 0;) {
        bool bad = outcome[i] == OUTCOME_BAD;
        figures.bad += bad;
        figures.good += !bad;
        figures.first_bad = bad ? i : figures.first_bad;
        for (int c = 0; c < PNAS_PICTURE_CHANGES && !bad; c++)
            figures.changed[c] += outcome[i] >> c & 1;
    }
    return figures;
}

static void tell(const pnas_picture_source *source, const source_figures *figures)
{
    static const char *const words[PNAS_PICTURE_CHANGES] = {
        "grey, given three equal channels", "coloured, made grey",
        "with transparency, put on black",  "in a printer's colours (CMYK), made RGB",
        "of 16 bits a value, made 8",       "turned upright"};
    const pnas_picture_list *list = &source->list;
    for (int c = 0; c < PNAS_PICTURE_CHANGES; c++)
        if (figures->changed[c] > 0)
            pnas_info("%s: %zu of %zu pictures were %s", source->path, figures->changed[c], figures->good,
                      words[c]);
    if (figures->bad > 0)
        pnas_warning("%s: %zu of %zu pictures are left out", source->path, figures->bad, list->files);
    if (list->others > 0)
        pnas_info(
            "%s: %zu files are no .png, .jpg or .jpeg in the folder of a class and are left out; the first "
            "is %s",
            source->path, list->others, list->first_other);
}

static pnas_status check_bad(const picture_import *import, const pnas_picture_source *source,
                             const source_figures *figures)
{
    const pnas_picture_list *list = &source->list;
    char remedy[160] = "";
    if (figures->bad <= (size_t)import->options->allow_bad)
        return PNAS_OK;
    if (figures->bad <= list->files / 2) /* to leave out nearly all is no remedy */
        snprintf(remedy, sizeof remedy, "; --allow-bad %zu leaves them out, and nothing is read again",
                 figures->bad);
    pnas_status status = pnas_pictures_look(&list->file[figures->first_bad], &import->wish,
                                            (size_t)import->dataset->height, (size_t)import->dataset->width);
    return pnas_fail(PNAS_ERROR_DATA, "%zu of %zu pictures cannot be taken, the first: %.600s%s",
                     figures->bad, list->files,
                     status == PNAS_OK ? list->file[figures->first_bad].path : pnas_message(), remedy);
}

static pnas_status check_classes(const pnas_picture_source *source, const uint8_t *outcome)
{
    const pnas_picture_list *list = &source->list;
    for (size_t label = 0, i = 0; label < list->classes; label++) {
        bool some = false;
        for (; i < list->files && list->file[i].label == label; i++)
            some |= outcome[i] != OUTCOME_BAD;
        PNAS_CHECK(some, PNAS_ERROR_DATA, "%s: class \"%s\": none of its pictures can be read", list->root,
                   list->class_name[label]);
    }
    return PNAS_OK;
}

static pnas_status judge(const picture_import *import)
{
    const uint8_t *outcome = import->outcome;
    if (import->bad > WARNINGS_MOST)
        pnas_warning("and %zu more that cannot be taken", import->bad - WARNINGS_MOST);
    for (size_t s = 0; s < import->sources.count; s++) {
        const pnas_picture_source *source = &import->sources.source[s];
        source_figures figures = count_outcomes(source, outcome);
        PNAS_TRY(check_bad(import, source, &figures));
        PNAS_TRY(check_classes(source, outcome));
        tell(source, &figures);
        outcome += source->list.files;
    }
    return PNAS_OK;
}

/* The counts of both parts, or also their labels, once there is room for them. */
static void count_parts(const picture_import *import, pnas_dataset_part part[2], size_t *validation)
{
    part[0].count = part[1].count = *validation = 0;
    for (size_t i = 0; i < import->sources.files; i++) {
        size_t place = i;
        const pnas_picture_source *source = source_of(import, &place);
        if (import->outcome[i] == OUTCOME_BAD)
            continue;
        pnas_dataset_part *to = &part[pnas_picture_source_is_test(source, place)];
        if (to->labels)
            to->labels[to->count] = source->label[source->list.file[place].label];
        to->count++;
        *validation += source->validates;
    }
}

static pnas_status read_ends(pnas_row_store *store, size_t stream, pnas_dataset_part *part)
{
    PNAS_CHECK(pnas_row_store_bytes(store, stream) == part->count * sizeof *part->ends, PNAS_ERROR_DATA,
               DAMAGED, pnas_row_store_path(store));
    part->ends = calloc(part->count + 1, sizeof *part->ends);
    PNAS_CHECK(part->ends, PNAS_ERROR_MEMORY, "out of memory for %zu images", part->count);
    PNAS_TRY(pnas_row_store_copy(store, stream, (unsigned char *)part->ends));
    for (size_t i = 0; i < part->count; i++)
        part->ends[i] = le64toh(part->ends[i]);
    return PNAS_OK;
}

static pnas_status check_part(const picture_import *import, size_t stream, pnas_dataset_part *part)
{
    pnas_row_store *store = import->dataset->store;
    if (import->wish.quality > 0)
        PNAS_TRY(read_ends(store, PNAS_STREAM_TRAIN_ENDS + stream, part));
    uint64_t bytes = import->wish.quality > 0 ? pnas_encoded_begin(part->ends, part->count)
                                              : part->count * import->image_size;
    PNAS_CHECK(pnas_row_store_bytes(store, stream) == bytes, PNAS_ERROR_DATA, DAMAGED,
               pnas_row_store_path(store));
    return PNAS_OK;
}

static pnas_status fill_parts(const picture_import *import)
{
    pnas_dataset *dataset = import->dataset;
    pnas_dataset_part part[2] = {{0}};
    count_parts(import, part, &dataset->validation);
    pnas_status status = pnas_dataset_allocate_labels(part[0].count, &part[0]);
    if (status == PNAS_OK)
        status = pnas_dataset_allocate_labels(part[1].count, &part[1]);
    if (status == PNAS_OK)
        count_parts(import, part, &dataset->validation);
    dataset->train = part[0];
    dataset->test = part[1];
    PNAS_TRY(status);
    PNAS_TRY(check_part(import, PNAS_STREAM_TRAIN, &dataset->train));
    return check_part(import, PNAS_STREAM_TEST, &dataset->test);
}

/* --- the whole --- */

static pnas_status name_classes(const picture_import *import)
{
    const pnas_picture_list *list = &import->sources.source[0].list;
    import->dataset->classes = (int)list->classes;
    return import->options->class_names
               ? pnas_import_take_names(import->options->class_names, import->dataset)
               : pnas_import_name_classes(import->dataset, (const char *const *)list->class_name,
                                          (int)list->classes);
}

static pnas_status read_all(picture_import *import)
{
    PNAS_TRY(name_classes(import));
    import->outcome = malloc(import->sources.files);
    PNAS_CHECK(import->outcome, PNAS_ERROR_MEMORY, "out of memory for %zu pictures", import->sources.files);
    PNAS_TRY(open_store(import));
    PNAS_TRY(pnas_row_store_begun(import->dataset->store) ? go_on(import) : begin(import));
    import->began = import->committed = pnas_clock_seconds();
    PNAS_TRY(read_batches(import));
    PNAS_TRY(judge(import));
    return fill_parts(import);
}

pnas_status pnas_import_pictures(const pnas_import_options *options, pnas_picture_lister *lister,
                                 pnas_dataset *dataset)
{
    picture_import import = {.options = options, .dataset = dataset};
    PNAS_TRY(make_wish(options, &import.wish));
    PNAS_TRY(pnas_picture_sources_list(options, lister, &import.sources));
    pnas_status status = read_all(&import);
    free(import.outcome);
    pnas_picture_sources_free(&import.sources);
    return status;
}
