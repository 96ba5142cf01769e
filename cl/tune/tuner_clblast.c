#include "cl/tune/tuner_clblast.h"

#include "cl/tune/tuner_bench.h"
#include "src/base/log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a new set must save to be taken: differences below are noise. */
#define MARGIN 0.05

typedef struct {
    pnas_cl *cl;
    pnas_tuned_product *product;
    pnas_tuner_bench **bench;
    double *seconds; /* of each product in the last round */
    size_t count;
    int most;
} search;

/* All products once by CLBlast as it is now; INFINITY where one is wrong or fails. */
static double measure_all(search *s)
{
    double total = 0;
    for (size_t i = 0; i < s->count; ++i) {
        double microseconds = 0;
        if (pnas_tuner_bench_measure(s->bench[i], PNAS_ROUTE_CLBLAST, &microseconds) != PNAS_OK) {
            pnas_debug("CLBlast's parameters do not work on this device: %s", pnas_message());
            return INFINITY;
        }
        if (microseconds <= 0)
            return INFINITY;
        s->seconds[i] = 1e-6 * microseconds;
        total += s->product[i].count * s->seconds[i];
    }
    return total;
}

/* The fastest set of a kernel, with all else as it is; NULL: CLBlast's own. */
static pnas_status choose(search *s, pnas_clblast_kernel kernel, const int **out)
{
    double best = (1 - MARGIN) * measure_all(s);
    int tries = pnas_clblast_candidates(kernel);
    *out = NULL;
    if (s->most > 0 && s->most < tries)
        tries = s->most;
    for (int i = 0; i < tries; ++i) {
        const int *values = pnas_clblast_candidate(kernel, i);
        char text[256];
        PNAS_TRY(pnas_clblast_override(s->cl, kernel, values));
        double total = measure_all(s);
        pnas_clblast_write(kernel, values, text, sizeof text);
        pnas_debug("%s: %.3f ms", text, 1e3 * total);
        if (total < best) {
            best = total;
            *out = values;
        }
    }
    return *out ? pnas_clblast_override(s->cl, kernel, *out) : PNAS_OK;
}

static pnas_status search_kernels(search *s, pnas_clblast_parameters *out)
{
    bool all = true;
    for (int kernel = 0; kernel < PNAS_CLBLAST_KERNELS; ++kernel) {
        const int *values;
        PNAS_TRY(choose(s, (pnas_clblast_kernel)kernel, &values));
        if (values)
            memcpy(out->value[kernel], values, sizeof out->value[kernel]);
        all = all && values;
    }
    /* What was tried and not taken is still in force: only where both kernels have a new set are times those
     * of what will be used. */
    if (all && isfinite(measure_all(s)))
        for (size_t i = 0; i < s->count; ++i)
            s->product[i].seconds = s->seconds[i];
    return PNAS_OK;
}

static pnas_status make_benches(search *s)
{
    double plain;
    for (size_t i = 0; i < s->count; ++i) {
        PNAS_TRY(pnas_tuner_bench_create(s->cl, &s->product[i].op, &s->bench[i]));
        PNAS_TRY(pnas_tuner_bench_measure(s->bench[i], PNAS_ROUTE_PLAIN, &plain));
    }
    return PNAS_OK;
}

pnas_status pnas_tuner_clblast(pnas_cl *cl, pnas_tuned_product *products, size_t count, int most,
                               pnas_clblast_parameters *out)
{
    search s = {.cl = cl, .product = products, .count = count, .most = most};
    pnas_status status = PNAS_OK;
    *out = (pnas_clblast_parameters){0};
    s.bench = calloc(count + 1, sizeof *s.bench);
    s.seconds = calloc(count + 1, sizeof *s.seconds);
    PNAS_CHECK_CLEANUP(s.bench && s.seconds, PNAS_ERROR_MEMORY, "no memory for %zu matrix products", count);
    PNAS_TRY_CLEANUP(make_benches(&s));
    PNAS_TRY_CLEANUP(search_kernels(&s, out));
cleanup:
    for (size_t i = 0; s.bench && i < count; ++i)
        pnas_tuner_bench_destroy(&s.bench[i]);
    free(s.bench);
    free(s.seconds);
    return status;
}
