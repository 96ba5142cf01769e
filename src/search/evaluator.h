/* What trains a child: a callback, so that search and scheduler are tested without a device. Local to a rank. */
#ifndef PNAS_SEARCH_EVALUATOR_H
#define PNAS_SEARCH_EVALUATOR_H

#include "src/search/search.h"

typedef struct { /* a plain value */
    int level;   /* b */
    int index;   /* of the child in its level */
    pnas_cell cell;
    int64_t cost;   /* multiply-adds of one image */
    int64_t values; /* written by its layers for one image */
    int layers;
    /* With rungs; all 0: the whole training. */
    int from, until; /* epochs trained before, and after how many it pauses; until 0: at the end */
    int epochs;      /* of the whole training */
    double before;   /* seconds trained before */
} pnas_job;

/* How much of a child's whole training the job is, above 0 to 1. */
static inline double pnas_job_share(const pnas_job *job)
{
    int until = job->until > 0 ? job->until : job->epochs;
    return job->epochs > 0 ? (double)(until - job->from) / job->epochs : 1;
}

/* Called often during a child's training (at least once a batch). Anything but PNAS_OK ends the child, whose
 * evaluate returns that status. */
typedef pnas_status (*pnas_tick)(void *payload);

typedef struct {
    /* Trains one child, to the rung that the job names: it is then PAUSED, with its history. A child that fails by
     * itself (diverged, does not fit, took too long) is a success of this call with result->status =
     * PNAS_CHILD_FAILED and a text in result->error; a status other than PNAS_OK means that the run should stop
     * (PNAS_STOPPED) or that this rank cannot go on. */
    pnas_status (*evaluate)(void *payload, const pnas_job *job, pnas_tick tick, void *tick_payload,
                            pnas_result *result);
    void *payload;
} pnas_evaluator;

#endif
