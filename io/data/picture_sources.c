#include "io/data/picture_sources.h"

#include "io/data/image_split.h"

#include "pnas_version.h"
#include "src/base/commit.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- labels --- */

/* Those of the first source's classes of the same name. */
static pnas_status match_classes(const pnas_picture_list *first, pnas_picture_source *source)
{
    for (size_t i = 0; i < source->list.classes; i++) {
        const char *name = source->list.class_name[i];
        size_t found = i < first->classes && strcmp(first->class_name[i], name) == 0 ? i : 0; /* mostly */
        while (found < first->classes && strcmp(first->class_name[found], name) != 0)
            found++;
        PNAS_CHECK(found < first->classes, PNAS_ERROR_DATA,
                   "%s: class \"%s\": the training part has no class of that name", source->path, name);
        source->label[i] = (uint16_t)found;
    }
    return PNAS_OK;
}

/* --- the draw --- */

static pnas_status draw_from(const pnas_import_options *options, pnas_picture_source *source, uint16_t *label,
                             uint32_t *from, uint32_t *test, uint32_t *train)
{
    const pnas_picture_list *list = &source->list;
    size_t wanted = (size_t)llround(options->test_share * (double)list->files);
    PNAS_CHECK(wanted < list->files, PNAS_ERROR_USAGE,
               "--test-share %g of %zu images leaves none to train on", options->test_share, list->files);
    for (size_t i = 0; i < list->files; i++) {
        from[i] = (uint32_t)i;
        label[i] = list->file[i].label;
    }
    PNAS_TRY(pnas_split_draw(label, (int)list->classes, from, list->files, wanted, options->seed,
                             PNAS_DRAW_TEST, test, train));
    for (size_t i = 0; i < wanted; i++)
        source->drawn[test[i]] = true;
    return PNAS_OK;
}

/* Before anything is read: what turns out to be bad is missing in its part, and the others stay where they are. */
static pnas_status draw_test(const pnas_import_options *options, pnas_picture_source *source)
{
    size_t files = source->list.files;
    pnas_status status;
    PNAS_CHECK(files <= UINT32_MAX, PNAS_ERROR_DATA, "%s: has %zu pictures, at most %" PRIu32 " are allowed",
               source->path, files, UINT32_MAX);
    uint16_t *label = malloc(files * sizeof *label);
    uint32_t *from = malloc(files * sizeof *from), *test = malloc(files * sizeof *test);
    uint32_t *train = malloc(files * sizeof *train);
    source->drawn = calloc(files, sizeof *source->drawn);
    PNAS_CHECK_CLEANUP(label && from && test && train && source->drawn, PNAS_ERROR_MEMORY,
                       "out of memory for a split of %zu images", files);
    status = draw_from(options, source, label, from, test, train);
cleanup:
    free(label);
    free(from);
    free(test);
    free(train);
    return status;
}

bool pnas_picture_source_is_test(const pnas_picture_source *source, size_t i)
{
    return source->test || (source->drawn && source->drawn[i]);
}

/* --- pictures that are in two parts --- */

typedef struct {
    const pnas_picture_entry *file;
    const pnas_picture_source *source;
} placed_file;

static int by_identity(const void *a, const void *b)
{
    const pnas_picture_entry *x = ((const placed_file *)a)->file, *y = ((const placed_file *)b)->file;
    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    return x->inode < y->inode ? -1 : x->inode > y->inode;
}

/* Some file systems give several files one number. */
static bool are_one(const pnas_picture_entry *a, const pnas_picture_entry *b)
{
    return a->device == b->device && a->inode == b->inode && a->bytes == b->bytes && a->changed == b->changed;
}

/* place: ordered by identity. What is told is the same whatever the numbers of files are. */
static pnas_status judge_overlap(const placed_file *place, size_t count)
{
    size_t shared = 0;
    const placed_file *first = NULL;
    for (size_t i = 1; i < count; i++) {
        if (!are_one(place[i].file, place[i - 1].file) || place[i].source == place[i - 1].source)
            continue;
        shared++;
        if (!first || strcmp(place[i].file->path, first->file->path) < 0)
            first = &place[i];
    }
    PNAS_CHECK(
        shared == 0, PNAS_ERROR_DATA,
        "%s: is in two parts, those of %s and %s, as are %zu pictures in all; each belongs to one, or "
        "the figures of the other would be worth nothing (relative paths of all lists begin at --root, "
        "else at the list's folder)",
        first->file->path, first[-1].source->path, first->source->path, shared);
    return PNAS_OK;
}

/* A folder may have links to its own files; two lines of a list that lead to one file are a slip. */
static pnas_status judge_twice(const placed_file *place, size_t count)
{
    for (size_t i = 1; i < count; i++)
        PNAS_CHECK(!place[i].source->list.once || place[i].source != place[i - 1].source ||
                       !are_one(place[i].file, place[i - 1].file),
                   PNAS_ERROR_DATA, "%s: %s and %s are one file; each picture has one line",
                   place[i].source->path, place[i - 1].file->path, place[i].file->path);
    return PNAS_OK;
}

/* Whoever replaces what is there means an old data set. */
static pnas_status check_output(const placed_file *place, size_t count, const char *output)
{
    struct stat info;
    if (!output || stat(output, &info) != 0)
        return PNAS_OK;
    for (size_t i = 0; i < count; i++)
        PNAS_CHECK(place[i].file->device != info.st_dev || place[i].file->inode != info.st_ino,
                   PNAS_ERROR_USAGE,
                   "%s: is one of the pictures that are read; give the data set another name", output);
    return PNAS_OK;
}

static pnas_status check_files(const pnas_import_options *options, const pnas_picture_sources *sources)
{
    size_t count = 0;
    placed_file *place = calloc(sources->files + 1, sizeof *place);
    PNAS_CHECK(place, PNAS_ERROR_MEMORY, "no memory for %zu pictures", sources->files);
    for (size_t s = 0; s < sources->count; s++)
        for (size_t i = 0; i < sources->source[s].list.files; i++) {
            const pnas_picture_entry *file = &sources->source[s].list.file[i];
            if (!file->refused && file->inode != 0)
                place[count++] = (placed_file){file, &sources->source[s]};
        }
    qsort(place, count, sizeof *place, by_identity);
    pnas_status status = check_output(place, count, options->output);
    if (status == PNAS_OK)
        status = judge_overlap(place, count);
    if (status == PNAS_OK)
        status = judge_twice(place, count);
    free(place);
    return status;
}

/* --- the whole --- */

static pnas_status add_source(const pnas_import_options *options, const char *path,
                              pnas_picture_lister *lister, pnas_picture_sources *sources)
{
    pnas_picture_source *source = &sources->source[sources->count];
    PNAS_TRY(lister(options, path, &source->list));
    sources->count++;
    source->path = path;
    sources->files += source->list.files;
    source->label = calloc(source->list.classes, sizeof *source->label);
    PNAS_CHECK(source->label, PNAS_ERROR_MEMORY, "no memory for %zu classes", source->list.classes);
    return match_classes(&sources->source[0].list, source);
}

static pnas_status list_all(const pnas_import_options *options, pnas_picture_lister *lister,
                            pnas_picture_sources *out)
{
    PNAS_TRY(add_source(options, options->path, lister, out));
    const pnas_picture_list *first = &out->source[0].list;
    PNAS_CHECK(first->classes > 1, PNAS_ERROR_DATA, "%s: has one class alone, \"%s\"; expected two or more",
               options->path, first->class_name[0]);
    if (options->test_from) {
        PNAS_TRY(add_source(options, options->test_from, lister, out));
        out->source[out->count - 1].test = true;
    } else {
        PNAS_TRY(draw_test(options, &out->source[0]));
    }
    if (options->validation_from) {
        PNAS_TRY(add_source(options, options->validation_from, lister, out));
        out->source[out->count - 1].validates = true;
    }
    return check_files(options, out);
}

pnas_status pnas_picture_sources_list(const pnas_import_options *options, pnas_picture_lister *lister,
                                      pnas_picture_sources *out)
{
    *out = (pnas_picture_sources){0};
    pnas_status status = list_all(options, lister, out);
    if (status != PNAS_OK)
        pnas_picture_sources_free(out);
    return status;
}

void pnas_picture_sources_free(pnas_picture_sources *sources)
{
    for (size_t i = 0; i < PNAS_PICTURE_SOURCES_MAX; i++) {
        pnas_picture_list_free(&sources->source[i].list);
        free(sources->source[i].label);
        free(sources->source[i].drawn);
    }
    *sources = (pnas_picture_sources){0};
}

/* --- the key --- */

static pnas_status add_text(pnas_sha256 *sha, const char *text)
{
    return pnas_sha256_add(sha, text, strlen(text) + 1);
}

static pnas_status add_picture(pnas_sha256 *sha, const pnas_picture_source *source, size_t i)
{
    const pnas_picture_entry *file = &source->list.file[i];
    char numbers[128];
    snprintf(numbers, sizeof numbers, "%u %d %" PRIu64 " %" PRId64, source->label[file->label],
             pnas_picture_source_is_test(source, i), file->bytes, file->changed);
    PNAS_TRY(add_text(sha, file->path));
    PNAS_TRY(add_text(sha, file->refused ? file->refused : ""));
    return add_text(sha, numbers);
}

static pnas_status add_all(pnas_sha256 *sha, const pnas_picture_sources *sources,
                           const pnas_pictures_wish *wish)
{
    char numbers[128];
    PNAS_TRY(add_text(sha, PNAS_VERSION));
    PNAS_TRY(add_text(sha, pnas_commit()));
    snprintf(numbers, sizeof numbers, "%zu %d %d %d", wish->side, (int)wish->fit, wish->channels,
             wish->quality);
    PNAS_TRY(add_text(sha, numbers));
    for (size_t s = 0; s < sources->count; s++) {
        snprintf(numbers, sizeof numbers, "%zu %d", sources->source[s].list.files,
                 sources->source[s].validates);
        PNAS_TRY(add_text(sha, numbers));
        for (size_t i = 0; i < sources->source[s].list.files; i++)
            PNAS_TRY(add_picture(sha, &sources->source[s], i));
    }
    return PNAS_OK;
}

pnas_status pnas_picture_sources_key(const pnas_picture_sources *sources, const pnas_pictures_wish *wish,
                                     char out[PNAS_SHA256_TEXT])
{
    pnas_sha256 *sha;
    PNAS_TRY(pnas_sha256_create(&sha));
    pnas_status status = add_all(sha, sources, wish);
    if (status == PNAS_OK)
        status = pnas_sha256_finish(sha, out);
    pnas_sha256_destroy(&sha);
    return status;
}
