#include "src/regression/cholesky.h"
#include "src/regression/kernel_features.h"
#include "src/regression/linear_model.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- the cells as numbers --- */

typedef struct {
    int operators;
    size_t own, count; /* cells to be fit to come first; another search's follow */
    size_t x_size, f_size;
    int *sides;              /* [count][PLACES] */
    int *places;             /* [count]: sides of each */
    double *x, *f;           /* [count][...] */
    double *target, *center; /* [count], less `mean`; [f_size] */
    double mean;
} cell_data;

enum { PLACES = 2 * PNAS_BLOCKS_MAX };

static pnas_status make_data(int operators, size_t own, size_t count, cell_data *out)
{
    cell_data d = {.operators = operators,
                   .own = own,
                   .count = count,
                   .x_size = pnas_kernel_x_size(operators),
                   .f_size = pnas_kernel_f_size(operators)};
    size_t values = count * (d.x_size + d.f_size + 1) + d.f_size;
    d.sides = malloc(count * (PLACES + 1) * sizeof *d.sides);
    d.x = calloc(values, sizeof *d.x);
    if (!d.sides || !d.x) {
        free(d.sides);
        free(d.x);
        return pnas_fail(PNAS_ERROR_MEMORY, "no memory for the features of %zu cells", count);
    }
    d.places = d.sides + count * PLACES;
    d.f = d.x + count * d.x_size;
    d.target = d.f + count * d.f_size;
    d.center = d.target + count;
    *out = d;
    return PNAS_OK;
}

static void free_data(cell_data *data)
{
    free(data->sides);
    free(data->x);
}

static void describe(cell_data *d, size_t i)
{
    const int *sides = d->sides + i * PLACES;
    pnas_kernel_x(d->operators, sides, d->places[i], d->x + i * d->x_size);
    pnas_kernel_f(d->operators, sides, d->places[i], d->f + i * d->f_size);
}

static void take_cells(cell_data *d, const pnas_cell *cells, const double *accuracy)
{
    for (size_t i = 0; i < d->own; ++i) {
        d->places[i] = pnas_kernel_sides(d->operators, &cells[i], d->sides + i * PLACES);
        describe(d, i);
        d->target[i] = pnas_logit(accuracy[i], PNAS_ACCURACY_MARGIN);
        d->mean += d->target[i] / (double)d->own;
    }
    for (size_t i = 0; i < d->own; ++i)
        d->target[i] -= d->mean;
}

static double distance(const cell_data *d, size_t i, size_t j)
{
    const double *a = d->x + i * d->x_size, *b = d->x + j * d->x_size;
    double sum = 0;
    for (size_t k = 0; k < d->x_size; ++k)
        sum += (a[k] - b[k]) * (a[k] - b[k]);
    return sum;
}

static double gauss(double distance, double width)
{
    return exp(-distance / (2 * width * width));
}

/* --- what another search says --- */

static void take_origin_cells(cell_data *d, const pnas_kernel_model *origin)
{
    for (size_t i = d->own; i < d->count; ++i) {
        const float *from = origin->sides + (i - d->own) * (size_t)origin->places;
        int *to = d->sides + i * PLACES;
        d->places[i] = 0;
        while (d->places[i] < origin->places && from[d->places[i]] >= 0) {
            to[d->places[i]] = (int)from[d->places[i]];
            ++d->places[i];
        }
        describe(d, i);
    }
}

/* Its logit of cell i. */
static double origin_logit(const cell_data *d, const pnas_kernel_model *origin, size_t i)
{
    const int *sides = d->sides + i * PLACES, O = d->operators;
    double blocks = d->places[i] / 2.0, sum = origin->bias + origin->length * log(blocks);
    for (int s = 0; s < d->places[i]; s += 2)
        sum += (origin->side[sides[s]] + origin->side[sides[s + 1]] +
                origin->pair[sides[s] % O * O + sides[s + 1] % O]) /
               blocks;
    for (size_t j = 0; j < origin->count; ++j)
        sum += origin->weight[j] * gauss(distance(d, i, d->own + j), origin->width);
    return sum;
}

/* Its cells get what it says of them, moved by what it is wrong about the level of the cells fit to. False
 * if their mean says more of these than it does. */
static bool take_origin(cell_data *d, const pnas_kernel_model *origin)
{
    double level = 0, missed = 0, all = 0;
    take_origin_cells(d, origin);
    for (size_t i = 0; i < d->own; ++i)
        level += (d->target[i] - origin_logit(d, origin, i)) / (double)d->own;
    for (size_t i = 0; i < d->own; ++i) {
        double rest = d->target[i] - level - origin_logit(d, origin, i);
        missed += rest * rest;
        all += d->target[i] * d->target[i];
    }
    for (size_t i = d->own; i < d->count; ++i)
        d->target[i] = origin_logit(d, origin, i) + level;
    return missed < all;
}

/* --- the process --- */

typedef struct {
    double width, scale, noise;
} covariance;

typedef struct { /* some of the cells */
    size_t count;
    size_t *cell; /* [count]: their numbers */
    double *distance, *product,
        *factor;    /* [count][count], lower: of x; of f less center; of the covariance */
    double *weight; /* [count] */
} process;

static pnas_status make_process(size_t count, process *out)
{
    assert(count > 0);
    size_t square = count * count;
    *out = (process){.count = count,
                     .cell = calloc(count, sizeof *out->cell),
                     .distance = calloc(3 * square + count, sizeof *out->distance)};
    if (!out->cell || !out->distance) {
        free(out->cell);
        free(out->distance);
        return pnas_fail(PNAS_ERROR_MEMORY, "no memory for the covariances of %zu cells", count);
    }
    out->product = out->distance + square;
    out->factor = out->product + square;
    out->weight = out->factor + square;
    return PNAS_OK;
}

static void free_process(process *p)
{
    free(p->cell);
    free(p->distance);
}

static void compare_cells(const cell_data *d, process *p)
{
    for (size_t i = 0; i < p->count; ++i)
        for (size_t j = 0; j <= i; ++j) {
            size_t a = p->cell[i], b = p->cell[j];
            p->distance[i * p->count + j] = distance(d, a, b);
            p->product[i * p->count + j] = pnas_dot(d->f + a * d->f_size, d->f + b * d->f_size, d->f_size);
        }
}

/* p->factor is that of the covariance, which noise > 0 makes definite; p->weight = factor^-1 targets. */
static void factorise(const cell_data *d, const covariance *c, process *p)
{
    size_t n = p->count;
    for (size_t i = 0; i < n; ++i) {
        for (size_t j = 0; j <= i; ++j)
            p->factor[i * n + j] = gauss(p->distance[i * n + j], c->width) +
                                   c->scale * p->product[i * n + j] + (i == j ? c->noise : 0);
        p->weight[i] = d->target[p->cell[i]];
    }
    pnas_cholesky(p->factor, n);
    pnas_cholesky_solve_lower(p->factor, n, p->weight);
}

/* The logarithm of the marginal likelihood with the best size of the covariance, less what all have. */
static double likelihood(const process *p)
{
    double size = pnas_dot(p->weight, p->weight, p->count) / (double)p->count, sum = 0;
    for (size_t i = 0; i < p->count; ++i)
        sum -= log(p->factor[i * p->count + i]);
    return sum - 0.5 * (double)p->count * log(fmax(size, 1e-300));
}

static void choose_covariance(const cell_data *d, process *p, covariance *out)
{
    static const double widths[] = {0.3, 0.6, 1.2}, scales[] = {0.3, 1, 3, 10},
                        noises[] = {0.01, 0.03, 0.1, 0.3};
    double most = -INFINITY;
    *out = (covariance){widths[1], scales[1], noises[2]};
    for (size_t w = 0; w < sizeof widths / sizeof *widths; ++w)
        for (size_t s = 0; s < sizeof scales / sizeof *scales; ++s)
            for (size_t n = 0; n < sizeof noises / sizeof *noises; ++n) {
                const covariance c = {widths[w], scales[s], noises[n]};
                factorise(d, &c, p);
                double found = likelihood(p);
                if (!(found > most))
                    continue;
                most = found;
                *out = c;
            }
}

/* The mean square of what each of the cells fit to is missed by from all others: a cell's weight by its
 * place in the inverse of the covariance (Rasmussen and Williams, 5.12). `room` [count]. */
static double left_out_error(const cell_data *d, const process *p, double *room)
{
    size_t n = p->count, own = 0;
    double sum = 0;
    for (size_t i = 0; i < n && p->cell[i] < d->own; ++i, ++own) {
        double inverse = 0;
        for (size_t j = i; j < n; ++j) {
            const double *row = p->factor + j * n;
            room[j] = ((j == i) - pnas_dot(row + i, room + i, j - i)) / row[j];
            inverse += room[j] * room[j];
        }
        sum += (p->weight[i] / inverse) * (p->weight[i] / inverse);
    }
    return sum / (double)own;
}

typedef struct {
    double error; /* left_out_error */
    covariance covariance;
} choice;

/* Of PNAS_KERNEL_CHOICE of the cells at most; chooses the covariance, too, if they are all to be fit to. What
 * another search says has no noise, which would say nothing of the noise of the others. */
static pnas_status choose(const cell_data *d, choice *out)
{
    size_t count = d->count < PNAS_KERNEL_CHOICE ? d->count : PNAS_KERNEL_CHOICE;
    process p;
    PNAS_TRY(make_process(count, &p));
    for (size_t i = 0; i < count; ++i)
        p.cell[i] = i * d->count / count;
    compare_cells(d, &p);
    if (d->own == d->count)
        choose_covariance(d, &p, &out->covariance);
    factorise(d, &out->covariance, &p);
    pnas_cholesky_solve_upper(p.factor, p.count, p.weight);
    out->error = left_out_error(d, &p, p.distance);
    free_process(&p);
    return PNAS_OK;
}

/* --- the model --- */

/* What the linear half of the covariance says of a cell, by where it is looked up. */
static void take_effects(const cell_data *d, const covariance *c, const process *p, pnas_kernel_model *out)
{
    int O = d->operators;
    double *effect = d->center; /* whose values are used up one after the other */
    double bias = d->mean;
    for (size_t k = 0; k < d->f_size; ++k) {
        double sum = 0;
        for (size_t i = 0; i < d->count; ++i)
            sum += p->weight[i] * d->f[i * d->f_size + k];
        bias -= c->scale * sum * d->center[k];
        effect[k] = c->scale * sum;
    }
    const double *kind = effect + O, *side = kind + PNAS_INPUT_KINDS,
                 *pair = side + (size_t)PNAS_INPUT_KINDS * (size_t)O;
    for (int s = 0; s < PNAS_INPUT_KINDS * O; ++s)
        out->side[s] = (float)((effect[s % O] + kind[s / O] + PNAS_FEATURE_RARE * side[s]) / 2);
    for (int a = 0; a < O; ++a)
        for (int b = 0; b < O; ++b)
            out->pair[a * O + b] =
                (float)(PNAS_FEATURE_RARE * pair[(a < b ? a : b) * O + (a < b ? b : a)] / 2);
    pnas_kernel_set(out, bias, c->width, PNAS_FEATURE_LENGTH * effect[d->f_size - 1]);
}

static pnas_status take_model(const cell_data *d, const covariance *c, pnas_kernel_model *out)
{
    int most = 0;
    process p;
    for (size_t i = 0; i < d->count; ++i)
        most = d->places[i] > most ? d->places[i] : most;
    PNAS_TRY(pnas_kernel_make(d->operators, most, d->count, 0, out));
    PNAS_TRY(make_process(d->count, &p));
    for (size_t i = 0; i < d->count; ++i)
        p.cell[i] = i;
    compare_cells(d, &p);
    factorise(d, c, &p);
    pnas_cholesky_solve_upper(p.factor, p.count, p.weight);
    for (size_t i = 0; i < d->count; ++i) {
        out->weight[i] = (float)p.weight[i];
        for (int s = 0; s < most; ++s)
            out->sides[i * (size_t)most + (size_t)s] =
                s < d->places[i] ? (float)d->sides[i * PLACES + (size_t)s] : -1;
    }
    take_effects(d, c, &p, out);
    free_process(&p);
    return PNAS_OK;
}

static void center(cell_data *d)
{
    for (size_t i = 0; i < d->count; ++i)
        for (size_t k = 0; k < d->f_size; ++k)
            d->center[k] += d->f[i * d->f_size + k] / (double)d->count;
    for (size_t i = 0; i < d->count; ++i)
        for (size_t k = 0; k < d->f_size; ++k)
            d->f[i * d->f_size + k] -= d->center[k];
}

/* With an origin, chosen->covariance is taken as it is; an infinite error, and there is no model, where the
 * origin is of no use. */
static pnas_status fit(int operators, const pnas_cell *cells, const double *accuracy, size_t count,
                       const pnas_kernel_model *origin, choice *chosen, pnas_kernel_model *out)
{
    cell_data d = {0};
    pnas_status status = PNAS_OK;
    chosen->error = INFINITY;
    PNAS_TRY(make_data(operators, count, count + (origin ? origin->count : 0), &d));
    take_cells(&d, cells, accuracy);
    if (!origin || take_origin(&d, origin)) {
        center(&d);
        status = choose(&d, chosen);
        if (status == PNAS_OK)
            status = take_model(&d, &chosen->covariance, out);
    }
    free_data(&d);
    return status;
}

pnas_status pnas_kernel_fit(int operators, const pnas_cell *cells, const double *accuracy, size_t count,
                            const pnas_kernel_model *origin, pnas_kernel_model *out)
{
    pnas_kernel_model with = {0};
    choice alone = {0}, together;
    *out = (pnas_kernel_model){0};
    PNAS_TRY(fit(operators, cells, accuracy, count, NULL, &alone, out));
    if (!origin || origin->count == 0)
        return PNAS_OK;
    together = alone;
    pnas_status status = fit(operators, cells, accuracy, count, origin, &together, &with);
    if (status == PNAS_OK && together.error < alone.error) {
        pnas_kernel_model worse = *out;
        *out = with;
        with = worse;
    }
    pnas_kernel_free(&with);
    return status;
}
