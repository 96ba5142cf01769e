#include "src/regression/linear_model.h"

#include "src/regression/cholesky.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TWICE_PENALISED 0.70710678118654752 /* a feature this much smaller: its effect is penalised twice */
#define LEAST_FREEDOM   1e-6                /* of a cell that is fit by its own features alone */

enum { GRID = 13, GRID_MIDDLE = GRID / 2 }; /* lambda: 1e-3 to 1e3 by half decades */

double pnas_logit(double value, double margin)
{
    double inside = fmin(fmax(value, margin), 1 - margin);
    return log(inside / (1 - inside));
}

/* --- features --- */

typedef struct {
    int operators;
    size_t all;    /* features there are */
    size_t count;  /* d: those that stand in some cell */
    size_t *place; /* [all]: their numbers among the d; d where there is none */
} feature_list;

enum { FEATURES_OF_BLOCK = 7 };

typedef struct {
    size_t number;
    double value;
} feature;

static size_t side_feature(const feature_list *l, int kind, int op)
{
    size_t operators = (size_t)l->operators;
    return operators + PNAS_INPUT_KINDS + (size_t)kind * operators + (size_t)op;
}

static size_t pair_feature(const feature_list *l, int a, int b)
{
    int low = a < b ? a : b, high = a < b ? b : a;
    return side_feature(l, PNAS_INPUT_KINDS, 0) + (size_t)(low * l->operators + high);
}

static void features_of(const feature_list *l, const pnas_block *block, feature out[FEATURES_OF_BLOCK])
{
    int kind1 = pnas_input_kind(block->in1), kind2 = pnas_input_kind(block->in2);
    const feature features[FEATURES_OF_BLOCK] = {
        {(size_t)block->op1, 1},
        {(size_t)block->op2, 1},
        {(size_t)(l->operators + kind1), 1},
        {(size_t)(l->operators + kind2), 1},
        {side_feature(l, kind1, block->op1), TWICE_PENALISED},
        {side_feature(l, kind2, block->op2), TWICE_PENALISED},
        {pair_feature(l, block->op1, block->op2), TWICE_PENALISED},
    };
    memcpy(out, features, sizeof features);
}

static pnas_status list_features(int operators, const pnas_cell *cells, size_t count, feature_list *out)
{
    feature_list l = {.operators = operators};
    l.all = pair_feature(&l, operators - 1, operators - 1) + 1;
    bool *seen = calloc(l.all, sizeof *seen);
    l.place = malloc(l.all * sizeof *l.place);
    if (!seen || !l.place) {
        free(seen);
        free(l.place);
        return pnas_fail(PNAS_ERROR_MEMORY, "no memory for the %zu features of cells", l.all);
    }
    for (size_t i = 0; i < count; ++i)
        for (int b = 0; b < cells[i].blocks; ++b) {
            feature of[FEATURES_OF_BLOCK];
            features_of(&l, &cells[i].block[b], of);
            for (int f = 0; f < FEATURES_OF_BLOCK; ++f)
                seen[of[f].number] = true;
        }
    for (size_t f = 0; f < l.all; ++f)
        l.count += seen[f];
    for (size_t f = 0, next = 0; f < l.all; ++f)
        l.place[f] = seen[f] ? next++ : l.count;
    free(seen);
    *out = l;
    return PNAS_OK;
}

/* --- least squares --- */

typedef struct {
    const pnas_cell *cell;
    size_t count, features;       /* n, d */
    double *target;               /* [n], less their mean */
    double *mean;                 /* [d] */
    double *gram, *factor;        /* [d][d]; factor: of gram + lambda, lower */
    double *moment, *row;         /* [d]: features times targets; one cell's */
    double *effect, *best;        /* [d]: of the current lambda, and of the best */
    double offset, error, lambda; /* mean of targets; error and lambda of the best */
} regression;

static pnas_status make_room(size_t count, size_t features, regression *out)
{
    size_t values = count + 5 * features + 2 * features * features;
    double *all = calloc(values ? values : 1, sizeof *all);
    PNAS_CHECK(all, PNAS_ERROR_MEMORY, "no memory for a regression of %zu cells on %zu features", count,
               features);
    *out = (regression){.count = count, .features = features, .target = all, .error = INFINITY};
    out->mean = out->target + count;
    out->moment = out->mean + features;
    out->row = out->moment + features;
    out->effect = out->row + features;
    out->best = out->effect + features;
    out->gram = out->best + features;
    out->factor = out->gram + features * features;
    return PNAS_OK;
}

/* row = the cell's features less their mean. */
static void fill_row(const feature_list *l, const pnas_cell *cell, const double *mean, double *row)
{
    for (size_t f = 0; f < l->count; ++f)
        row[f] = -mean[f];
    for (int b = 0; b < cell->blocks; ++b) {
        feature of[FEATURES_OF_BLOCK];
        features_of(l, &cell->block[b], of);
        for (int f = 0; f < FEATURES_OF_BLOCK; ++f)
            row[l->place[of[f].number]] += of[f].value;
    }
}

static void gather(const feature_list *l, const double *accuracy, regression *r)
{
    size_t d = r->features;
    for (size_t i = 0; i < r->count; ++i) {
        r->target[i] = pnas_logit(accuracy[i], PNAS_ACCURACY_MARGIN);
        r->offset += r->target[i] / (double)r->count;
    }
    double *sum = r->effect; /* zeros still, and used as the mean of nothing */
    for (size_t i = 0; i < r->count; ++i) {
        fill_row(l, &r->cell[i], sum, r->row);
        for (size_t f = 0; f < d; ++f)
            r->mean[f] += r->row[f] / (double)r->count;
    }
    for (size_t i = 0; i < r->count; ++i) {
        r->target[i] -= r->offset;
        fill_row(l, &r->cell[i], r->mean, r->row);
        for (size_t f = 0; f < d; ++f) {
            r->moment[f] += r->row[f] * r->target[i];
            for (size_t g = 0; g <= f; ++g)
                r->gram[f * d + g] += r->row[f] * r->row[g];
        }
    }
}

/* Of gram + lambda, which lambda > 0 makes definite. */
static void factorise(regression *r, double lambda)
{
    size_t d = r->features;
    memcpy(r->factor, r->gram, d * d * sizeof *r->factor);
    for (size_t f = 0; f < d; ++f)
        r->factor[f * d + f] += lambda;
    pnas_cholesky(r->factor, d);
}

/* The mean squared error of predicting each cell from the others: a residual is divided by what the cell's
 * own target leaves of itself. */
static double left_out_error(const feature_list *l, regression *r)
{
    double sum = 0;
    for (size_t i = 0; i < r->count; ++i) {
        double residual = r->target[i], leverage = 1 / (double)r->count;
        fill_row(l, &r->cell[i], r->mean, r->row);
        for (size_t f = 0; f < r->features; ++f)
            residual -= r->row[f] * r->effect[f];
        pnas_cholesky_solve_lower(r->factor, r->features, r->row);
        for (size_t f = 0; f < r->features; ++f)
            leverage += r->row[f] * r->row[f];
        residual /= fmax(1 - leverage, LEAST_FREEDOM);
        sum += residual * residual;
    }
    return sum / (double)r->count;
}

static void choose_lambda(const feature_list *l, regression *r)
{
    for (int i = 0; i < GRID; ++i) {
        double lambda = pow(10, (i - GRID_MIDDLE) / 2.0);
        factorise(r, lambda);
        memcpy(r->effect, r->moment, r->features * sizeof *r->effect);
        pnas_cholesky_solve_lower(r->factor, r->features, r->effect);
        pnas_cholesky_solve_upper(r->factor, r->features, r->effect);
        double error = left_out_error(l, r);
        if (!(error < r->error))
            continue;
        r->error = error;
        r->lambda = lambda;
        memcpy(r->best, r->effect, r->features * sizeof *r->best);
    }
}

/* --- the model --- */

static double effect_of(const feature_list *l, const regression *r, size_t number)
{
    return l->place[number] < l->count ? r->best[l->place[number]] : 0;
}

static void take_effects(const feature_list *l, const regression *r, pnas_linear_model *out)
{
    int O = l->operators;
    for (int input = 0; input < out->inputs; ++input)
        for (int op = 0; op < O; ++op)
            out->side[input * O + op] =
                effect_of(l, r, (size_t)op) +
                effect_of(l, r, (size_t)O + (size_t)pnas_input_kind(input - 2)) +
                TWICE_PENALISED * effect_of(l, r, side_feature(l, pnas_input_kind(input - 2), op));
    for (int a = 0; a < O; ++a)
        for (int b = 0; b < O; ++b)
            out->pair[a * O + b] = TWICE_PENALISED * effect_of(l, r, pair_feature(l, a, b));
    out->lambda = r->lambda;
    out->error = r->error;
    out->bias = r->offset;
    for (size_t f = 0; f < l->count; ++f)
        out->bias -= r->mean[f] * r->best[f];
}

pnas_status pnas_linear_fit(int inputs, int operators, const pnas_cell *cells, const double *accuracy,
                            size_t count, pnas_linear_model *out)
{
    feature_list l = {0};
    regression r;
    *out = (pnas_linear_model){.inputs = inputs,
                               .operators = operators,
                               .side = calloc((size_t)inputs * (size_t)operators, sizeof *out->side),
                               .pair = calloc((size_t)operators * (size_t)operators, sizeof *out->pair)};
    PNAS_CHECK(out->side && out->pair, PNAS_ERROR_MEMORY, "no memory for a linear model");
    PNAS_TRY(list_features(operators, cells, count, &l));
    pnas_status status = make_room(count, l.count, &r);
    if (status == PNAS_OK) {
        r.cell = cells;
        gather(&l, accuracy, &r);
        choose_lambda(&l, &r);
        take_effects(&l, &r, out);
        free(r.target);
    }
    free(l.place);
    return status;
}

void pnas_linear_free(pnas_linear_model *model)
{
    free(model->side);
    free(model->pair);
    *model = (pnas_linear_model){0};
}

double pnas_linear_logit(const pnas_linear_model *model, const pnas_cell *cell)
{
    double sum = model->bias;
    for (int b = 0; b < cell->blocks; ++b) {
        const pnas_block *block = &cell->block[b];
        sum += model->side[(block->in1 + 2) * model->operators + block->op1] +
               model->side[(block->in2 + 2) * model->operators + block->op2] +
               model->pair[block->op1 * model->operators + block->op2];
    }
    return sum;
}
