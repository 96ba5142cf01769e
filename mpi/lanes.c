#include "mpi/lanes.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Drivers compile kernels in the thread that asks for them, and recurse deeply there. */
#define STACK_BYTES ((size_t)16 << 20)

typedef enum { LANE_FREE, LANE_GIVEN, LANE_ENDED } lane_state;

typedef struct {
    pnas_lanes *lanes;
    const pnas_evaluator *evaluator;
    pthread_t thread;
    pthread_cond_t given;
    lane_state state;       /* as all below: under the lock */
    pnas_job job;           /* GIVEN */
    pnas_job_result result; /* ENDED; its job_id: GIVEN, too */
} lane;

struct pnas_lanes {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    int count;
    lane *lane; /* [count] */
    bool closing;
    atomic_bool stopping; /* the message is there before it is set, and never changes after */
    char stop_message[PNAS_REASON_MAX];
};

/* --- a lane's thread --- */

static pnas_status lane_tick(void *payload)
{
    const pnas_lanes *lanes = payload;
    return lanes->stopping ? pnas_fail(PNAS_STOPPED, "%s", lanes->stop_message) : PNAS_OK;
}

static void evaluate(lane *self)
{
    const pnas_evaluator *evaluator = self->evaluator;
    const pnas_job job = self->job;
    pnas_job_result result = {.job_id = self->result.job_id};
    pthread_mutex_unlock(&self->lanes->lock);
    result.status = evaluator->evaluate(evaluator->payload, &job, lane_tick, self->lanes, &result.result);
    if (result.status != PNAS_OK)
        snprintf(result.reason, sizeof result.reason, "%s", pnas_message());
    pthread_mutex_lock(&self->lanes->lock);
    self->result = result;
    self->state = LANE_ENDED;
    pthread_cond_signal(&self->lanes->ended);
}

static void *run_lane(void *payload)
{
    lane *self = payload;
    pthread_mutex_lock(&self->lanes->lock);
    while (!self->lanes->closing)
        if (self->state == LANE_GIVEN)
            evaluate(self);
        else
            pthread_cond_wait(&self->given, &self->lanes->lock);
    pthread_mutex_unlock(&self->lanes->lock);
    return NULL;
}

/* --- the thread that speaks MPI --- */

static void initialize_conditions(pnas_lanes *lanes)
{
    pthread_condattr_t steady;
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&lanes->ended, &steady);
    pthread_condattr_destroy(&steady);
    pthread_mutex_init(&lanes->lock, NULL);
}

/* Starts lane[lanes->count]. */
static pnas_status start_thread(pnas_lanes *lanes, const pnas_evaluator *evaluator)
{
    lane *self = &lanes->lane[lanes->count];
    pthread_attr_t attributes;
    *self = (lane){.lanes = lanes, .evaluator = evaluator};
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_cond_init(&self->given, NULL);
    int code = pthread_create(&self->thread, &attributes, run_lane, self);
    pthread_attr_destroy(&attributes);
    if (code == 0) {
        lanes->count++;
        return PNAS_OK;
    }
    pthread_cond_destroy(&self->given);
    return pnas_fail(PNAS_ERROR_MEMORY,
                     "no thread for lane %d: the system allows no more (ulimit -u) or has no memory for it",
                     lanes->count);
}

pnas_status pnas_lanes_create(const pnas_evaluator *evaluators, int count, pnas_lanes **out)
{
    pnas_lanes *lanes = calloc(1, sizeof *lanes);
    PNAS_CHECK(lanes, PNAS_ERROR_MEMORY, "no memory for %d lanes", count);
    pnas_status status = PNAS_OK;
    initialize_conditions(lanes);
    lanes->lane = calloc((size_t)count, sizeof *lanes->lane);
    PNAS_CHECK_CLEANUP(lanes->lane, PNAS_ERROR_MEMORY, "no memory for %d lanes", count);
    for (int i = 0; i < count; i++)
        PNAS_TRY_CLEANUP(start_thread(lanes, &evaluators[i]));
cleanup:
    if (status != PNAS_OK)
        pnas_lanes_destroy(&lanes);
    *out = lanes;
    return status;
}

static void close_threads(pnas_lanes *lanes)
{
    pthread_mutex_lock(&lanes->lock);
    lanes->closing = true;
    for (int i = 0; i < lanes->count; i++)
        pthread_cond_signal(&lanes->lane[i].given);
    pthread_mutex_unlock(&lanes->lock);
    for (int i = 0; i < lanes->count; i++)
        pthread_join(lanes->lane[i].thread, NULL);
}

void pnas_lanes_destroy(pnas_lanes **lanes)
{
    if (!*lanes)
        return;
    pnas_lanes_stop(*lanes, "the run is over");
    close_threads(*lanes);
    for (int i = 0; i < (*lanes)->count; i++) {
        pnas_result_clear(&(*lanes)->lane[i].result.result);
        pthread_cond_destroy(&(*lanes)->lane[i].given);
    }
    pthread_cond_destroy(&(*lanes)->ended);
    pthread_mutex_destroy(&(*lanes)->lock);
    free((*lanes)->lane);
    free(*lanes);
    *lanes = NULL;
}

/* A lane in this state, or NULL; under the lock. */
static lane *find(pnas_lanes *lanes, lane_state state)
{
    for (int i = 0; i < lanes->count; i++)
        if (lanes->lane[i].state == state)
            return &lanes->lane[i];
    return NULL;
}

bool pnas_lanes_start(pnas_lanes *lanes, int64_t job_id, const pnas_job *job)
{
    pthread_mutex_lock(&lanes->lock);
    lane *chosen = find(lanes, LANE_FREE);
    if (chosen) {
        chosen->job = *job;
        chosen->result.job_id = job_id;
        chosen->state = LANE_GIVEN;
        pthread_cond_signal(&chosen->given);
    }
    pthread_mutex_unlock(&lanes->lock);
    return chosen != NULL;
}

void pnas_lanes_stop(pnas_lanes *lanes, const char *message)
{
    if (lanes->stopping)
        return;
    snprintf(lanes->stop_message, sizeof lanes->stop_message, "%s", message);
    lanes->stopping = true;
}

bool pnas_lanes_take(pnas_lanes *lanes, pnas_job_result *out)
{
    pthread_mutex_lock(&lanes->lock);
    lane *ended = find(lanes, LANE_ENDED);
    if (ended) {
        *out = ended->result;
        ended->result = (pnas_job_result){0};
        ended->state = LANE_FREE;
    }
    pthread_mutex_unlock(&lanes->lock);
    return ended != NULL;
}

bool pnas_lanes_busy(pnas_lanes *lanes)
{
    pthread_mutex_lock(&lanes->lock);
    bool busy = find(lanes, LANE_GIVEN) || find(lanes, LANE_ENDED);
    pthread_mutex_unlock(&lanes->lock);
    return busy;
}

void pnas_lanes_wait(pnas_lanes *lanes, double seconds)
{
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    double nanoseconds = (double)end.tv_nsec + 1e9 * (seconds - floor(seconds));
    end.tv_sec += (time_t)floor(seconds) + (nanoseconds >= 1e9);
    end.tv_nsec = (long)(nanoseconds >= 1e9 ? nanoseconds - 1e9 : nanoseconds);
    int code = 0;
    pthread_mutex_lock(&lanes->lock);
    while (code == 0 && !find(lanes, LANE_ENDED))
        code = pthread_cond_timedwait(&lanes->ended, &lanes->lock, &end);
    pthread_mutex_unlock(&lanes->lock);
}
