#include "cl/ops/check/update_case.h"

#include "cl/ops/check/op_check.h"
#include "src/net/training.h"

#include <math.h>
#include <string.h>

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

void update_case_schedule(op_harness *h, pnas_update *u, double *rates)
{
    static const int zero[4];
    for (int s = 0; s < UPDATE_CASE_STEPS; ++s)
        rates[s] = (float)(0.1 / (1 + s));
    u->rates = op_harness_slice(h, UPDATE_CASE_STEPS, rates);
    u->steps = UPDATE_CASE_STEPS;
    u->state = op_harness_ints(h, 4, zero);
}

static void write_gradients(op_harness *h, const pnas_update *u, const double *gradients)
{
    float *packed = op_harness_memory(h, u->count * sizeof *packed);
    for (size_t i = 0; i < u->count; ++i)
        packed[i] = (float)gradients[i];
    op_harness_ok(h, pnas_buffer_write(h->cl, u->gradients.buffer, u->gradients.offset * sizeof *packed,
                                       u->count * sizeof *packed, packed));
}

static void compare(op_harness *h, const pnas_update *u, const reference_state *s, int step)
{
    double *got = op_harness_read_slice(h, u->parameters, u->count);
    for (size_t i = 0; i < u->count; ++i)
        op_harness_expect(h, fabs(got[i] - s->parameter[i]) <= 1e-5 * (1 + fabs(s->parameter[i])),
                          "parameter %zu after step %d: %.9g, expected %.9g", i, step, got[i],
                          s->parameter[i]);
}

void update_case_check(op_harness *h, pnas_update u)
{
    double *start = op_harness_random(h, u.count), rates[UPDATE_CASE_STEPS];
    reference_state s = {op_harness_zeros(h, u.count), op_harness_zeros(h, u.count),
                         op_harness_zeros(h, u.count)};
    memcpy(s.parameter, start, u.count * sizeof *start);
    u.parameters = op_harness_output_slice(h, u.count, start);
    u.gradients = op_harness_output_slice(h, u.count, NULL);
    size_t moments = u.count * (u.optimizer == PNAS_OPTIMIZER_SGD ? 1 : 2);
    u.moments = op_harness_output_slice(h, moments, op_harness_zeros(h, moments));
    u.scratch = op_harness_output_slice(h, pnas_op_update_scratch(u.count), NULL);
    update_case_schedule(h, &u, rates);
    for (int step = 0; step < UPDATE_CASE_STEPS; ++step) {
        double *gradients = op_harness_random(h, u.count);
        write_gradients(h, &u, gradients);
        op_harness_ok(h, pnas_op_update(h->cl, &h->list, &u));
        op_harness_ok(h, pnas_op_advance(h->cl, &h->list, u.state));
        op_harness_run(h);
        reference_step(&u, &s, gradients, rates[step], step);
        compare(h, &u, &s, step);
    }
}

/* --- the self-test --- */

static void try_update(op_harness *h, int round)
{
    static const int optimizers[] = {PNAS_OPTIMIZER_SGD, PNAS_OPTIMIZER_ADAM, PNAS_OPTIMIZER_RMSPROP};
    pnas_update update = {.optimizer = optimizers[round],
                          .momentum = 0.9,
                          .beta1 = 0.9,
                          .beta2 = 0.99,
                          .epsilon = 1e-3,
                          .weight_decay = 0.01,
                          .nesterov = round == 0,
                          .clip_norm = 5,
                          .count = h->small ? 37 : 9001};
    update.decayed = update.count / 2 + 1;
    update_case_check(h, update);
}

OP_CHECK(update) = {"update of parameters", PNAS_OP_UPDATE, try_update, 3};
