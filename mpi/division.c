#include "mpi/division.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BISECTIONS 8

typedef struct {
    const double *work, *busy;
    size_t count, lanes;
    size_t leaves; /* a power of two, from `lanes` on */
    double *least; /* [2 leaves]: node i holds the least load below it, its children are 2 i and 2 i + 1 */
} division;

static void set_load(division *self, size_t lane, double load)
{
    size_t node = self->leaves + lane;
    self->least[node] = load;
    for (node /= 2; node > 0; node /= 2)
        self->least[node] = fmin(self->least[2 * node], self->least[2 * node + 1]);
}

static void reset_loads(division *self)
{
    for (size_t i = 0; i < self->leaves; i++)
        self->least[self->leaves + i] = i < self->lanes ? self->busy[i] : INFINITY;
    for (size_t node = self->leaves - 1; node > 0; node--)
        self->least[node] = fmin(self->least[2 * node], self->least[2 * node + 1]);
}

/* The first lane with a load of at most `load`, which is not less than the least one. */
static size_t first_lane(const division *self, double load)
{
    size_t node = 1;
    while (node < self->leaves)
        node = self->least[2 * node] <= load ? 2 * node : 2 * node + 1;
    return node - self->leaves;
}

static double put(division *self, size_t lane, double work)
{
    double load = self->least[self->leaves + lane] + work;
    set_load(self, lane, load);
    return load;
}

static double longest_busy(const division *self)
{
    double longest = 0;
    for (size_t i = 0; i < self->lanes; i++)
        longest = fmax(longest, self->busy[i]);
    return longest;
}

static double divide_longest_first(division *self, size_t *lane)
{
    double span = longest_busy(self);
    reset_loads(self);
    for (size_t i = 0; i < self->count; i++) {
        lane[i] = first_lane(self, self->least[1]);
        span = fmax(span, put(self, lane[i], self->work[i]));
    }
    return span;
}

/* False if the pieces do not fit. */
static bool divide_first_fit(division *self, double span, size_t *lane)
{
    reset_loads(self);
    for (size_t i = 0; i < self->count; i++) {
        double room = span - self->work[i];
        if (self->least[1] > room)
            return false;
        lane[i] = first_lane(self, room);
        put(self, lane[i], self->work[i]);
    }
    return true;
}

/* No division takes less: the mean load, the lane that is busy longest, the longest piece on the lane that is
 * free first. */
static double least_span(const division *self)
{
    double sum = 0, free_first = INFINITY, longest = 0;
    for (size_t i = 0; i < self->lanes; i++) {
        sum += self->busy[i];
        free_first = fmin(free_first, self->busy[i]);
    }
    for (size_t i = 0; i < self->count; i++) {
        sum += self->work[i];
        longest = fmax(longest, self->work[i]);
    }
    return fmax(fmax(sum / (double)self->lanes, longest_busy(self)), free_first + longest);
}

/* Looks for a shorter span than `enough`, and keeps the last division that fits. */
static void fit_shorter(division *self, double enough, size_t *trial, pnas_division *out)
{
    double low = least_span(self), high = enough;
    if (low >= enough)
        return;
    for (int i = 0; i <= BISECTIONS; i++) {
        double span = i == 0 ? enough : (low + high) / 2;
        bool fits = divide_first_fit(self, span, trial);
        if (!fits && i == 0)
            return;
        if (!fits) {
            low = span;
            continue;
        }
        high = out->span = span;
        memcpy(out->lane, trial, self->count * sizeof *trial);
    }
}

pnas_status pnas_divide(const double *work, size_t count, const double *busy, size_t lanes, double gain,
                        pnas_division *out)
{
    division self = {.work = work, .busy = busy, .count = count, .lanes = lanes, .leaves = 1};
    assert(lanes > 0);
    while (self.leaves < lanes)
        self.leaves *= 2;
    self.least = malloc(2 * self.leaves * sizeof *self.least);
    size_t *trial = malloc((count + 1) * sizeof *trial);
    if (self.least && trial) {
        out->span = out->longest_first = divide_longest_first(&self, out->lane);
        fit_shorter(&self, (1 - gain) * out->longest_first, trial, out);
    }
    bool done = self.least && trial;
    free(self.least);
    free(trial);
    PNAS_CHECK(done, PNAS_ERROR_MEMORY, "no memory to divide %zu children among %zu lanes", count, lanes);
    return PNAS_OK;
}
