/* The optimizers against double precision over many steps: PyTorch's definitions, with weight decay on a part
 * and clipping by the global norm. */
#include "src/net/training.h"
#include "tests/cl/op_harness.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 20 };

typedef struct { /* in double precision */
    double *parameter, *first, *second;
} reference_state;

/* The factor that clipping puts on every gradient. */
static double reference_clip(const double *g, size_t count, double clip_norm)
{
    double squares = 0;
    for (size_t i = 0; i < count; ++i)
        squares += g[i] * g[i];
    double norm = sqrt(squares);
    return clip_norm > 0 && norm > clip_norm ? clip_norm / norm : 1;
}

static void reference_step(const pnas_update *u, reference_state *s, const double *gradients, double rate,
                           int done)
{
    double factor = reference_clip(gradients, u->count, u->clip_norm);
    for (size_t i = 0; i < u->count; ++i) {
        double *w = &s->parameter[i], *m = &s->first[i], *v = &s->second[i];
        double g = gradients[i] * factor + (i < u->decayed ? u->weight_decay * *w : 0);
        switch (u->optimizer) {
        case PNAS_OPTIMIZER_SGD:
            *m = u->momentum * *m + g;
            *w -= rate * (u->nesterov ? g + u->momentum * *m : *m);
            break;
        case PNAS_OPTIMIZER_ADAM:
            *m = u->beta1 * *m + (1 - u->beta1) * g;
            *v = u->beta2 * *v + (1 - u->beta2) * g * g;
            *w -= rate / (1 - pow(u->beta1, done + 1)) * *m /
                  (sqrt(*v) / sqrt(1 - pow(u->beta2, done + 1)) + u->epsilon);
            break;
        default:
            *m = u->beta2 * *m + (1 - u->beta2) * g * g;
            *v = u->momentum * *v + g / (sqrt(*m) + u->epsilon);
            *w -= rate * *v;
        }
    }
}

/* The rates of all steps and the step counter, state[0] = 0. */
static void add_schedule(op_harness *h, pnas_update *u, double *rates)
{
    static const int zero[4];
    for (int s = 0; s < STEPS; ++s)
        rates[s] = (float)(0.1 / (1 + s));
    u->rates = op_harness_slice(h, STEPS, rates);
    cr_assert_eq(pnas_buffer_create(h->cl, sizeof zero, &u->state), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_buffer_write(h->cl, u->state, 0, sizeof zero, zero), PNAS_OK, "%s", pnas_message());
}

static void write_gradients(op_harness *h, const pnas_update *u, const double *gradients)
{
    float *packed = malloc(u->count * sizeof *packed);
    cr_assert(packed);
    for (size_t i = 0; i < u->count; ++i)
        packed[i] = (float)gradients[i];
    cr_assert_eq(pnas_buffer_write(h->cl, u->gradients.buffer, u->gradients.offset * sizeof *packed,
                                   u->count * sizeof *packed, packed),
                 PNAS_OK, "%s", pnas_message());
    free(packed);
}

static void compare(op_harness *h, const pnas_update *u, const reference_state *s, int step)
{
    double *got = op_harness_read_slice(h, u->parameters, u->count);
    for (size_t i = 0; i < u->count; ++i)
        cr_assert(fabs(got[i] - s->parameter[i]) <= 1e-5 * (1 + fabs(s->parameter[i])),
                  "parameter %zu after step %d: %.9g, expected %.9g", i, step, got[i], s->parameter[i]);
}

static void check_steps(int vector, pnas_route route, pnas_update u)
{
    op_harness h;
    op_harness_open(&h, vector, route, 13);
    double *start = op_harness_random(&h, u.count), rates[STEPS];
    reference_state s = {op_harness_zeros(&h, u.count), op_harness_zeros(&h, u.count),
                         op_harness_zeros(&h, u.count)};
    memcpy(s.parameter, start, u.count * sizeof *start);
    u.parameters = op_harness_output_slice(&h, u.count, start);
    u.gradients = op_harness_output_slice(&h, u.count, NULL);
    size_t moments = u.count * (u.optimizer == PNAS_OPTIMIZER_SGD ? 1 : 2);
    u.moments = op_harness_output_slice(&h, moments, op_harness_zeros(&h, moments));
    u.scratch = op_harness_output_slice(&h, pnas_op_update_scratch(u.count), NULL);
    add_schedule(&h, &u, rates);
    for (int step = 0; step < STEPS; ++step) {
        double *gradients = op_harness_random(&h, u.count);
        write_gradients(&h, &u, gradients);
        cr_assert_eq(pnas_op_update(h.cl, &h.list, &u), PNAS_OK, "%s", pnas_message());
        cr_assert_eq(pnas_op_advance(h.cl, &h.list, u.state), PNAS_OK, "%s", pnas_message());
        op_harness_run(&h);
        reference_step(&u, &s, gradients, rates[step], step);
        compare(&h, &u, &s, step);
    }
    pnas_buffer_release(&u.state);
    op_harness_close(&h);
}

/* Counts that do and do not fill the last vector and the last chunk of a sum; decay that ends inside one. */
static void check_optimizer(pnas_update u)
{
    u.weight_decay = 0.01;
    u.count = op_harness_small() ? 37 : 9001;
    u.decayed = u.count / 2 + 1;
    check_steps(4, PNAS_ROUTE_PLAIN, u);
    check_steps(8, PNAS_ROUTE_TILE, u);
    u.count = 64;
    u.decayed = 64;
    u.clip_norm = 5; /* below the norm of 64 standard normal values: 8 */
    check_steps(1, PNAS_ROUTE_PLAIN, u);
    check_steps(8, PNAS_ROUTE_TILE, u);
}

Test(update, momentum_agrees_with_double_precision)
{
    check_optimizer((pnas_update){.optimizer = PNAS_OPTIMIZER_SGD, .momentum = 0.9});
}

Test(update, nesterov_agrees_with_double_precision)
{
    check_optimizer(
        (pnas_update){.optimizer = PNAS_OPTIMIZER_SGD, .momentum = 0.9, .nesterov = true, .clip_norm = 20});
}

Test(update, adam_agrees_with_double_precision)
{
    check_optimizer((pnas_update){
        .optimizer = PNAS_OPTIMIZER_ADAM, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .clip_norm = 20});
}

Test(update, rmsprop_agrees_with_double_precision)
{
    check_optimizer((pnas_update){.optimizer = PNAS_OPTIMIZER_RMSPROP,
                                  .momentum = 0.9,
                                  .beta2 = 0.99,
                                  .epsilon = 1e-3,
                                  .clip_norm = 20});
    check_optimizer((pnas_update){.optimizer = PNAS_OPTIMIZER_RMSPROP, .beta2 = 0.9, .epsilon = 1e-3});
}

/* One step of SGD from zero: minus the parameters, divided by the rate, are the clipped gradients. */
static double *clipped(op_harness *h, const double *gradients, size_t count, double clip_norm)
{
    double rates[STEPS];
    pnas_update u = {.optimizer = PNAS_OPTIMIZER_SGD, .count = count, .clip_norm = clip_norm};
    u.parameters = op_harness_output_slice(h, count, op_harness_zeros(h, count));
    u.gradients = op_harness_slice(h, count, gradients);
    u.moments = op_harness_output_slice(h, count, op_harness_zeros(h, count));
    u.scratch = op_harness_output_slice(h, pnas_op_update_scratch(count), NULL);
    add_schedule(h, &u, rates);
    cr_assert_eq(pnas_op_update(h->cl, &h->list, &u), PNAS_OK, "%s", pnas_message());
    op_harness_run(h);
    pnas_buffer_release(&u.state);
    double *result = op_harness_read_slice(h, u.parameters, count);
    for (size_t i = 0; i < count; ++i)
        result[i] /= -rates[0];
    return result;
}

Test(update, clipping_keeps_short_gradients_and_shortens_long_ones)
{
    op_harness h;
    op_harness_open(&h, 0, PNAS_ROUTE_AUTO, 14);
    size_t count = 20000;
    double *g = op_harness_random(&h, count), squares = 0;
    for (size_t i = 0; i < count; ++i)
        squares += g[i] * g[i];
    double *kept = clipped(&h, g, count, sqrt(squares) * 1.001);
    double *shortened = clipped(&h, g, count, 3), after = 0;
    for (size_t i = 0; i < count; ++i) {
        cr_assert(fabs(kept[i] - g[i]) <= 1e-6 * fabs(g[i]), "%zu: %g, expected %g", i, kept[i], g[i]);
        after += shortened[i] * shortened[i];
    }
    cr_assert(fabs(sqrt(after) - 3) < 1e-5, "norm after clipping: %.9g", sqrt(after));
    op_harness_close(&h);
}

Test(update, a_gradient_that_is_not_finite_is_not_clipped_away)
{
    op_harness h;
    op_harness_open(&h, 0, PNAS_ROUTE_AUTO, 15);
    double infinite[3] = {1, INFINITY, 2}, undefined[3] = {1, NAN, 2};
    cr_assert(!isfinite(clipped(&h, infinite, 3, 5)[1]));
    cr_assert(!isfinite(clipped(&h, undefined, 3, 5)[1]));
    op_harness_close(&h);
}

Test(update, runs_repeat_to_the_bit)
{
    op_harness h;
    op_harness_open(&h, 0, PNAS_ROUTE_AUTO, 16);
    size_t count = 30000;
    double *g = op_harness_random(&h, count);
    double *first = clipped(&h, g, count, 1), *second = clipped(&h, g, count, 1);
    cr_assert(memcmp(first, second, count * sizeof *first) == 0);
    op_harness_close(&h);
}
