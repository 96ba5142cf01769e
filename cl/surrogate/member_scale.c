#include "cl/surrogate/member_scale.h"

#include "cl/surrogate/member_predict.h"
#include "src/regression/linear_model.h"

#include <math.h>
#include <stdlib.h>

#define PREDICTION_MARGIN 1e-6

/* False unless the line rises. */
static bool find_line(const double *predicted, const double *accuracy, size_t count, double *slope,
                      double *offset)
{
    double x = 0, y = 0, xx = 0, xy = 0;
    for (size_t i = 0; i < count; ++i) {
        x += pnas_logit(predicted[i], PREDICTION_MARGIN) / (double)count;
        y += pnas_logit(accuracy[i], PNAS_ACCURACY_MARGIN) / (double)count;
    }
    for (size_t i = 0; i < count; ++i) {
        double away = pnas_logit(predicted[i], PREDICTION_MARGIN) - x;
        xx += away * away;
        xy += away * (pnas_logit(accuracy[i], PNAS_ACCURACY_MARGIN) - y);
    }
    *slope = xy / xx;
    *offset = y - *slope * x;
    return xx > 0 && isfinite(*slope) && *slope > 0;
}

static pnas_status apply(pnas_member *member, double slope, double offset)
{
    const pnas_network *network = &member->network;
    size_t first = network->output_weight, count = network->output_bias - first + 1;
    size_t bytes = count * sizeof(float), at = first * sizeof(float);
    float *last = malloc(bytes);
    PNAS_CHECK(last, PNAS_ERROR_MEMORY, "no memory for the surrogate's weights");
    pnas_status status = pnas_buffer_read(member->cl, member->parameters, at, bytes, last);
    for (size_t i = 0; i < count; ++i)
        last[i] = (float)(slope * last[i] + (i == count - 1 ? offset : 0));
    if (status == PNAS_OK)
        status = pnas_buffer_write(member->cl, member->parameters, at, bytes, last);
    free(last);
    return status;
}

pnas_status pnas_member_scale(pnas_member *member, const pnas_cell *cells, const double *accuracy,
                              size_t count)
{
    double slope, offset, *predicted = malloc(count * sizeof *predicted);
    PNAS_CHECK(predicted, PNAS_ERROR_MEMORY, "no memory for predictions");
    pnas_status status = pnas_member_predict(member, cells, count, predicted);
    if (status == PNAS_OK && find_line(predicted, accuracy, count, &slope, &offset))
        status = apply(member, slope, offset);
    free(predicted);
    return status;
}
