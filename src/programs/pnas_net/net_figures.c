#include "src/programs/pnas_net/net_figures.h"

#include <math.h>
#include <stdlib.h>

enum { TOP = 5 };

static double log_sum(const float *logits, int classes)
{
    double largest = (double)logits[pnas_best_class(logits, classes)], sum = 0;
    for (int c = 0; c < classes; ++c)
        sum += exp((double)logits[c] - largest);
    return largest + log(sum);
}

void pnas_softmax(const float *logits, int classes, double *probability)
{
    double largest = (double)logits[pnas_best_class(logits, classes)], sum = 0;
    for (int c = 0; c < classes; ++c)
        sum += probability[c] = exp((double)logits[c] - largest);
    for (int c = 0; c < classes; ++c)
        probability[c] /= sum;
}

int pnas_best_class(const float *logits, int classes)
{
    int best = 0;
    for (int c = 1; c < classes; ++c)
        if (logits[c] > logits[best])
            best = c;
    return best;
}

/* How many classes come before this one. */
static int place_of(const float *logits, int classes, int index)
{
    int before = 0;
    for (int c = 0; c < classes; ++c)
        before += logits[c] > logits[index] || (logits[c] == logits[index] && c < index);
    return before;
}

/* Cross entropy: -log of the probability of class `label`. */
static double image_loss_of(const float *logits, int classes, int label)
{
    return log_sum(logits, classes) - (double)logits[label];
}

static pnas_status check_finite(const float *logits, size_t image, int classes)
{
    for (int c = 0; c < classes; ++c)
        PNAS_CHECK(isfinite(logits[c]), PNAS_ERROR_DATA, "the network's output for image %zu is %g", image,
                   (double)logits[c]);
    return PNAS_OK;
}

pnas_status pnas_test_figures(const float *logits, const uint16_t *labels, size_t count, int classes,
                              pnas_network_test *out)
{
    size_t width = (size_t)classes;
    int64_t *confusion = calloc(width * width, sizeof *confusion);
    double loss = 0;
    size_t right = 0, near = 0;
    pnas_status status = PNAS_OK;
    PNAS_CHECK(confusion, PNAS_ERROR_MEMORY, "no memory for a confusion matrix of %d classes", classes);
    for (size_t i = 0; i < count && status == PNAS_OK; ++i) {
        const float *row = logits + i * width;
        int place = place_of(row, classes, labels[i]);
        status = check_finite(row, i, classes);
        ++confusion[labels[i] * width + (size_t)pnas_best_class(row, classes)];
        right += place == 0;
        near += place < TOP;
        loss += image_loss_of(row, classes, labels[i]);
    }
    if (status != PNAS_OK) {
        free(confusion);
        return status;
    }
    out->images = (int64_t)count;
    out->accuracy = (double)right / (double)count;
    out->top5 = (double)near / (double)count;
    out->loss = loss / (double)count;
    out->confusion = confusion;
    return PNAS_OK;
}

/* --- the worst --- */

typedef struct {
    double loss; /* -log of the probability of its class: finite where that rounds to 0 */
    size_t index;
} image_loss;

static int by_loss(const void *left, const void *right)
{
    const image_loss *a = left, *b = right;
    if (a->loss != b->loss)
        return a->loss > b->loss ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

pnas_status pnas_worst_order(const float *logits, const uint16_t *labels, size_t count, int classes,
                             size_t *order)
{
    image_loss *all = malloc(count * sizeof *all + 1);
    PNAS_CHECK(all, PNAS_ERROR_MEMORY, "no memory for the losses of %zu images", count);
    for (size_t i = 0; i < count; ++i)
        all[i] = (image_loss){image_loss_of(logits + i * (size_t)classes, classes, labels[i]), i};
    qsort(all, count, sizeof *all, by_loss);
    for (size_t i = 0; i < count; ++i)
        order[i] = all[i].index;
    free(all);
    return PNAS_OK;
}
