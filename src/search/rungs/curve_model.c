#include "src/search/rungs/curve_model.h"

#include <math.h>

#define NEAREST       1e-3 /* to 0 and 1, of an accuracy whose logit is taken */
#define SLOPE_PENALTY 1.0

typedef struct {
    int epoch;                         /* of the rung */
    size_t count;                      /* finished children that it knows */
    double rung_mean, end_mean, slope; /* in logits */
} curve_model;

static double logit(double accuracy)
{
    double p = fmin(fmax(accuracy, NEAREST), 1 - NEAREST);
    return log(p / (1 - p));
}

/* From the done children whose history has that epoch. */
static curve_model fit(const pnas_level *level, int levels, int epoch)
{
    double n = 0, x = 0, y = 0, xx = 0, xy = 0;
    for (int l = 0; l < levels; ++l)
        for (size_t i = 0; i < level[l].count; ++i) {
            const pnas_result *result = &level[l].child[i].result;
            double at_rung = pnas_result_accuracy_after(result, epoch);
            if (result->status != PNAS_CHILD_DONE || !isfinite(at_rung))
                continue;
            double from = logit(at_rung), to = logit(result->accuracy);
            n += 1;
            x += from;
            y += to;
            xx += from * from;
            xy += from * (to - from);
        }
    if (n == 0)
        return (curve_model){.epoch = epoch, .slope = 1};
    double spread = fmax(xx - x * x / n, 0), together = xy - x * (y - x) / n;
    return (curve_model){.epoch = epoch,
                         .count = (size_t)n,
                         .rung_mean = x / n,
                         .end_mean = y / n,
                         .slope = fmax(1 + together / (spread + SLOPE_PENALTY), 0)};
}

/* The accuracy at the end of a child with this one at the rung. */
static double expect(const curve_model *model, double accuracy)
{
    if (model->count == 0)
        return accuracy;
    return 1 / (1 + exp(-model->end_mean - model->slope * (logit(accuracy) - model->rung_mean)));
}

void pnas_curves_expect(pnas_level *level, int levels)
{
    curve_model model = {.epoch = 0};
    for (int l = 0; l < levels; ++l)
        for (size_t i = 0; i < level[l].count; ++i) {
            pnas_child *child = &level[l].child[i];
            int epoch = child->result.epochs;
            if (child->result.status != PNAS_CHILD_STOPPED)
                continue;
            if (model.epoch != epoch) /* most are stopped at the same rung */
                model = fit(level, levels, epoch);
            child->expected = expect(&model, pnas_result_accuracy_after(&child->result, epoch));
        }
}
