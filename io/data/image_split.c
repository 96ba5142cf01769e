#include "io/data/image_split.h"

#include "io/data/image_reader.h"
#include "src/base/random.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* --- Drawing ------------------------------------------------------------------------------------------- */

typedef struct {
    size_t begin, count; /* its images in a list ordered by class */
    size_t quota;
    uint64_t remainder;
    int label;
} class_share;

static int by_remainder(const void *a, const void *b)
{
    const class_share *x = a, *y = b;
    if (x->remainder != y->remainder)
        return x->remainder < y->remainder ? 1 : -1;
    return x->label - y->label;
}

/* Fills in quotas that sum to `wanted`; leaves the shares ordered by remainder. */
static void share_out(class_share *shares, int classes, size_t count, size_t wanted)
{
    size_t given = 0;
    for (int c = 0; c < classes; ++c) {
        uint64_t product = (uint64_t)wanted * shares[c].count;
        shares[c].quota = product / count;
        shares[c].remainder = product % count;
        given += shares[c].quota;
    }
    qsort(shares, (size_t)classes, sizeof *shares, by_remainder);
    for (int i = 0; given < wanted; ++i, ++given)
        ++shares[i].quota;
}

/* Orders `from` by class into `ordered`, keeping the order inside a class. */
static void group_by_class(const uint16_t *labels, class_share *shares, int classes, const uint32_t *from,
                           size_t count, uint32_t *ordered)
{
    for (size_t i = 0; i < count; ++i)
        ++shares[labels[from[i]]].count;
    size_t begin = 0;
    for (int c = 0; c < classes; ++c) {
        shares[c].label = c;
        shares[c].begin = begin;
        begin += shares[c].count;
        shares[c].count = 0;
    }
    for (size_t i = 0; i < count; ++i) {
        class_share *share = &shares[labels[from[i]]];
        ordered[share->begin + share->count++] = from[i];
    }
}

pnas_status pnas_split_draw(const uint16_t *labels, int classes, const uint32_t *from, size_t count,
                            size_t wanted, uint64_t seed, pnas_draw draw, uint32_t *drawn, uint32_t *rest)
{
    assert(wanted <= count);
    if (count == 0)
        return PNAS_OK;
    class_share *shares = calloc((size_t)classes, sizeof *shares);
    uint32_t *ordered = malloc(count * sizeof *ordered);
    bool *taken = calloc((size_t)from[count - 1] + 1, sizeof *taken);
    pnas_status status = PNAS_OK;
    PNAS_CHECK_CLEANUP(shares && ordered && taken, PNAS_ERROR_MEMORY,
                       "out of memory for a split of %zu images", count);
    group_by_class(labels, shares, classes, from, count, ordered);
    share_out(shares, classes, count, wanted);
    for (int i = 0; i < classes; ++i) {
        pnas_stream stream =
            pnas_stream_make(seed, PNAS_STREAM_SPLIT, (uint64_t)shares[i].label, (uint32_t)draw);
        pnas_stream_shuffle(&stream, ordered + shares[i].begin, shares[i].count);
        for (size_t j = 0; j < shares[i].quota; ++j)
            taken[ordered[shares[i].begin + j]] = true;
    }
    for (size_t i = 0; i < count; ++i) {
        if (taken[from[i]])
            *drawn++ = from[i];
        else
            *rest++ = from[i];
    }
cleanup:
    free(shares);
    free(ordered);
    free(taken);
    return status;
}

/* --- The image set of a run ---------------------------------------------------------------------------- */

static pnas_status count_validation(double validation, size_t count, size_t *out)
{
    PNAS_CHECK(validation >= 0.0 && validation < (double)count &&
                   (validation < 1.0 || validation == floor(validation)),
               PNAS_ERROR_USAGE,
               "dataset.validation: %g of %zu training images cannot be held out; give a share below 1 or a "
               "whole number below %zu",
               validation, count, count);
    *out = (size_t)llround(validation < 1.0 ? validation * (double)count : validation);
    PNAS_CHECK(*out < count && (*out > 0 || validation == 0.0), PNAS_ERROR_USAGE,
               "dataset.validation: a share of %g of %zu training images leaves %s; give another share or a "
               "count",
               validation, count, *out ? "none to train on" : "none to validate on");
    return PNAS_OK;
}

static void fill_set(const pnas_dataset *dataset, pnas_image_set *set)
{
    set->height = dataset->height;
    set->width = dataset->width;
    set->channels = dataset->channels;
    set->classes = dataset->classes;
    set->count = dataset->train.count;
    set->images = dataset->train.images;
    if (dataset->train.reader)
        set->source = pnas_image_reader_source(dataset->train.reader);
    set->labels = dataset->train.labels;
    memcpy(set->mean, dataset->mean, sizeof set->mean);
    memcpy(set->deviation, dataset->deviation, sizeof set->deviation);
}

/* The last `held` images are held out. */
static void hold_out_last(size_t count, size_t held, uint32_t *held_out, uint32_t *rest)
{
    for (size_t i = 0; i < count - held; ++i)
        rest[i] = (uint32_t)i;
    for (size_t i = 0; i < held; ++i)
        held_out[i] = (uint32_t)(count - held + i);
}

pnas_status pnas_image_set_create(const pnas_dataset *dataset, double validation, size_t limit, uint64_t seed,
                                  pnas_image_set **out)
{
    size_t count = dataset->train.count, held = 0;
    *out = NULL;
    bool chosen = dataset->validation > 0 && validation > 0;
    if (chosen)
        held = dataset->validation;
    else
        PNAS_TRY(count_validation(validation, count, &held));
    size_t left = count - held, kept = limit && limit < left ? limit : left;
    pnas_status status;
    pnas_image_set *set = calloc(1, sizeof *set);
    uint32_t *all = malloc(count * sizeof *all), *rest = malloc(count * sizeof *rest);
    uint32_t *train = malloc(count * sizeof *train), *held_out = malloc(count * sizeof *held_out);
    PNAS_CHECK_CLEANUP(set && all && rest && train && held_out, PNAS_ERROR_MEMORY,
                       "out of memory for a split of %zu images", count);
    for (size_t i = 0; i < count; ++i)
        all[i] = (uint32_t)i;
    if (chosen)
        hold_out_last(count, held, held_out, rest);
    else
        PNAS_TRY_CLEANUP(pnas_split_draw(dataset->train.labels, dataset->classes, all, count, held, seed,
                                         PNAS_DRAW_VALIDATION, held_out, rest));
    PNAS_TRY_CLEANUP(pnas_split_draw(dataset->train.labels, dataset->classes, rest, left, kept, seed,
                                     PNAS_DRAW_LIMIT, train, all));
    fill_set(dataset, set);
    set->train_count = kept;
    set->validation_count = held;
    set->train = train;
    set->validation = held_out;
    *out = set;
    set = NULL;
    train = held_out = NULL;
cleanup:
    free(set);
    free(all);
    free(rest);
    free(train);
    free(held_out);
    return status;
}

void pnas_image_set_destroy(pnas_image_set **set)
{
    if (!*set)
        return;
    free((void *)(*set)->train);
    free((void *)(*set)->validation);
    free(*set);
    *set = NULL;
}
