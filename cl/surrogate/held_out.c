#include "cl/surrogate/held_out.h"

#include <math.h>

static double logit(double y)
{
    return log(fmax(y, 1e-30)) - log(fmax(1 - y, 1e-30));
}

static double ranking_loss(const pnas_cell *cells, const double *accuracy, const double *predicted,
                           size_t count)
{
    double sum = 0;
    size_t pairs = 0;
    for (size_t i = 0; i < count; ++i)
        for (size_t j = 0; j < count; ++j) {
            if (cells[i].blocks != cells[j].blocks || accuracy[i] <= accuracy[j])
                continue;
            double gap = logit(predicted[j]) - logit(predicted[i]);
            sum += gap > 0 ? gap + log1p(exp(-gap)) : log1p(exp(gap));
            ++pairs;
        }
    return pairs > 0 ? sum / (double)pairs : 0;
}

double pnas_held_out_loss(pnas_surrogate_loss kind, const pnas_cell *cells, const double *accuracy,
                          const double *predicted, size_t count)
{
    if (kind == PNAS_LOSS_RANKING)
        return ranking_loss(cells, accuracy, predicted, count);
    double sum = 0;
    for (size_t i = 0; i < count; ++i) {
        double error = fabs(predicted[i] - accuracy[i]);
        sum += kind == PNAS_LOSS_SQUARED ? error * error : error;
    }
    return count > 0 ? sum / (double)count : 0;
}
