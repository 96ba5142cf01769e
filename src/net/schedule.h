/* Learning-rate schedules. */
#ifndef PNAS_NET_SCHEDULE_H
#define PNAS_NET_SCHEDULE_H

typedef enum { PNAS_SCHEDULE_CONSTANT, PNAS_SCHEDULE_COSINE, PNAS_SCHEDULE_STEP } pnas_schedule_kind;

typedef struct {
    pnas_schedule_kind kind;
    double rate;          /* the peak */
    double final_rate;    /* cosine: the end */
    double warmup_epochs; /* linear from rate / (steps in the warm-up) up to rate */
    double step_epochs;   /* step: multiply by step_factor every so many epochs */
    double step_factor;
    int epochs;
    int steps_per_epoch;
} pnas_schedule;

/* The rate of step `step`, 0-based, of epochs * steps_per_epoch; fractions of steps are dropped. Cosine
 * (Loshchilov and Hutter 2017, without restarts): final + (rate - final) (1 + cos(pi t)) / 2, t from 0 at the
 * end of warm-up to 1 at the last step. */
double pnas_schedule_rate(const pnas_schedule *schedule, int step);

/* Scheduled drop-path (Zoph et al. 2018; the authors' released nets): how likely a path of cell `cell` of
 * `cells` is kept in step `step` of `steps`, all counted from 0. It falls linearly from near 1 to `last` in the
 * last step of the last cell: 1 - (1 - last) (cell + 1) / cells (step + 1) / steps. */
double pnas_schedule_keep(double last, int cell, int cells, int step, int steps);

#endif
