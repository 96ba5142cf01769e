/* A child whose training step is timed: its images and labels are random, since their values do not change the work. */
#ifndef PNAS_BENCH_STEP_CHILD_H
#define PNAS_BENCH_STEP_CHILD_H

#include "cl/train/child_plan.h"
#include "src/base/random.h"
#include "src/search/cell_text.h"

#include <argp.h>

typedef struct {
    const char *cell;     /* NULL: the first `blocks` of a fixed five */
    const char *operator; /* a built-in one of `cell` beside the paper's eight; may be NULL */
    const char *augment;  /* "crop", "colours", "rand" or "all" (docs/training.md); may be NULL */
    int blocks, filters, repeats, batch, size, channels, classes;
    int steps; /* that will be run at most */
    pnas_storage storage;
} step_child_options;

typedef struct { /* must not move: the plan points into it */
    char text[PNAS_CELL_TEXT_MAX];
    pnas_training_options training;
    pnas_graph *graph;
    pnas_child_plan *plan;
    cl_mem images, mean_deviation;
    uint64_t hash; /* of the cell */
} step_child;

/* The options that commands have in common: -b, -f, -n, -m, -s, -S, -A. ARGP_ERR_UNKNOWN for any other. */
error_t step_child_parse(int key, const char *value, struct argp_state *state, step_child_options *out);

/* What --route asks for, and the channels of a block with it. */
pnas_route step_child_route(const char *value, struct argp_state *state, int *vector);

/* One of the random cells of a group: those that pnas_stream_make(1, PNAS_STREAM_TEST, 0, 0) gives. */
void step_child_draw(int how_many, pnas_stream *stream, char text[PNAS_CELL_TEXT_MAX]);

/* How such a child is trained, and its network, with `text` and `cell`; parts of step_child_create. */
pnas_training_options step_child_training(const step_child_options *options);
pnas_status step_child_graph(const step_child_options *options, pnas_cell *cell, step_child *child);

/* Built, with parameters, ready for its first step. `out` is to be destroyed also when this fails. */
pnas_status step_child_create(pnas_cl *cl, const step_child_options *options, step_child *out);
void step_child_destroy(step_child *child);

/* step_child_create in two parts, so that the plan's memory is known and can be chosen before it is built. `images_of`:
 * a child whose images are this one's, too; NULL: it makes its own. */
pnas_status step_child_plan(pnas_cl *cl, const step_child_options *options, const step_child *images_of,
                            step_child *out);
pnas_status step_child_build(const step_child_options *options, step_child *child);

#endif
