/* A child whose training step is timed: its images and labels are random, since their values do not change the work. */
#ifndef PNAS_BENCH_STEP_CHILD_H
#define PNAS_BENCH_STEP_CHILD_H

#include "cl/train/child_plan.h"
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
} step_child;

/* The options that commands have in common: -b, -f, -n, -m, -s, -S, -A. ARGP_ERR_UNKNOWN for any other. */
error_t step_child_parse(int key, const char *value, struct argp_state *state, step_child_options *out);

/* How such a child is trained, and its network, with `text` and `cell`; parts of step_child_create. */
pnas_training_options step_child_training(const step_child_options *options);
pnas_status step_child_graph(const step_child_options *options, pnas_cell *cell, step_child *child);

/* Built, with parameters, ready for its first step. `out` is to be destroyed also when this fails. */
pnas_status step_child_create(pnas_cl *cl, const step_child_options *options, step_child *out);
void step_child_destroy(step_child *child);

#endif
