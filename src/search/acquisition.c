#include "src/search/acquisition.h"

#include <math.h>

/* The mean of what lies above 0 of a normal distribution around `gap`. The upper tail is taken from erfc, so
 * that candidates far below the best still differ. */
static double expected_improvement(double gap, double spread)
{
    if (spread <= 0)
        return gap > 0 ? gap : 0;
    double z = gap / spread;
    double density = exp(-0.5 * z * z) * 0.3989422804014327, above = 0.5 * erfc(-z * 0.7071067811865476);
    return fmax(0, gap * above + spread * density);
}

double pnas_acquisition_value(pnas_acquisition kind, double kappa, double best, double mean, double spread,
                              double draw)
{
    switch (kind) {
    case PNAS_ACQUISITION_UCB:
        return mean + kappa * spread;
    case PNAS_ACQUISITION_EI:
        return expected_improvement(mean - best, spread);
    case PNAS_ACQUISITION_THOMPSON:
        return mean + draw * spread;
    default:
        return mean;
    }
}
