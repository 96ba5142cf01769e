#include "src/search/duration_model.h"

#include <math.h>
#include <string.h>

#define TERMS                 PNAS_DURATION_TERMS
#define ENOUGH                (2 * TERMS) /* measurements for all terms to be fit */

/* Multiply-adds that take as long as writing a value, and what that is in the units of measure(). Networks of
 * the paper's size took 15 to 22 on CPUs (docs/scaling.md); pools and sums have hardly any of their own. */
#define MULTIPLY_ADDS_A_VALUE 20
static const double guess[TERMS] = {1, MULTIPLY_ADDS_A_VALUE * 1e-6 / 1e-5};

/* In units that keep the terms of usual children near 1. */
static void measure(const pnas_job *job, double out[TERMS])
{
    double share = pnas_job_share(job);
    out[0] = share * (double)job->cost * 1e-6;
    out[1] = share * (double)job->values * 1e-5;
    out[2] = share * (double)job->layers * 1e-2;
    out[3] = share;
}

/* Solves the normal equations of the terms in `set` by Gaussian elimination; the others are 0. False if two
 * terms cannot be told apart. */
static bool solve(const pnas_duration_model *model, unsigned set, double out[TERMS])
{
    double a[TERMS][TERMS], b[TERMS];
    int index[TERMS], n = 0;
    memset(out, 0, TERMS * sizeof *out);
    for (int i = 0; i < TERMS; i++)
        if (set >> i & 1)
            index[n++] = i;
    for (int i = 0; i < n; i++) {
        b[i] = model->right[index[i]];
        for (int j = 0; j < n; j++)
            a[i][j] = model->normal[index[i]][index[j]];
    }
    for (int k = 0; k < n; k++) {
        if (a[k][k] <= 1e-9 * model->normal[index[k]][index[k]])
            return false;
        for (int i = k + 1; i < n; i++) {
            double factor = a[i][k] / a[k][k];
            for (int j = k; j < n; j++)
                a[i][j] -= factor * a[k][j];
            b[i] -= factor * b[k];
        }
    }
    for (int k = n - 1; k >= 0; k--) {
        for (int j = k + 1; j < n; j++)
            b[k] -= a[k][j] * out[index[j]];
        out[index[k]] = b[k] / a[k][k];
    }
    return true;
}

/* Mean square of the relative error: sum (1 - x.c/t)^2 = n - 2 r.c + c.N.c. */
static double error_of(const pnas_duration_model *model, const double c[TERMS])
{
    double sum = (double)model->count;
    for (int i = 0; i < TERMS; i++) {
        sum -= 2 * model->right[i] * c[i];
        for (int j = 0; j < TERMS; j++)
            sum += c[i] * model->normal[i][j] * c[j];
    }
    return sum / (double)model->count;
}

static bool all_positive(const double c[TERMS])
{
    for (int i = 0; i < TERMS; i++)
        if (!(c[i] >= 0))
            return false;
    return true;
}

/* Keeps the guess's proportions. */
static void fit_rate(pnas_duration_model *model)
{
    double along = 0, square = 0;
    for (int i = 0; i < TERMS; i++) {
        along += guess[i] * model->right[i];
        for (int j = 0; j < TERMS; j++)
            square += guess[i] * model->normal[i][j] * guess[j];
    }
    for (int i = 0; i < TERMS; i++)
        model->coefficient[i] = along / square * guess[i];
    model->spread = sqrt(fmax(error_of(model, model->coefficient), 0));
}

/* So few terms that every choice of those that are not 0 can be tried. */
static void fit(pnas_duration_model *model)
{
    double least = INFINITY, c[TERMS];
    for (unsigned set = 1; set < 1u << TERMS; set++) {
        if (!solve(model, set, c) || !all_positive(c))
            continue;
        double error = error_of(model, c);
        if (error >= least)
            continue;
        least = error;
        memcpy(model->coefficient, c, sizeof c);
    }
    model->spread = isfinite(least) ? sqrt(fmax(least, 0)) : 0;
}

void pnas_duration_learn(pnas_duration_model *model, const pnas_job *job, double seconds)
{
    double x[TERMS];
    if (!(seconds > 0) || job->cost <= 0)
        return;
    measure(job, x);
    model->count++;
    for (int i = 0; i < TERMS; i++) {
        model->right[i] += x[i] / seconds;
        for (int j = 0; j < TERMS; j++)
            model->normal[i][j] += x[i] * x[j] / (seconds * seconds);
    }
    if (model->count < ENOUGH)
        fit_rate(model);
    else
        fit(model);
}

double pnas_duration_expect(const pnas_duration_model *model, const pnas_job *job)
{
    double x[TERMS], seconds = 0;
    if (model->count == 0)
        return pnas_job_share(job) * ((double)job->cost + MULTIPLY_ADDS_A_VALUE * (double)job->values);
    measure(job, x);
    for (int i = 0; i < TERMS; i++)
        seconds += model->coefficient[i] * x[i];
    return seconds;
}
