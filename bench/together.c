#include "bench/together.h"

#include "src/base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct {
    pthread_t thread;
    pthread_barrier_t *start;
    pnas_status (*work)(void *item);
    void *item;
    pnas_status status;
    char message[PNAS_MESSAGE_MAX]; /* a thread's message is its own */
} worker;

static void *run(void *payload)
{
    worker *self = payload;
    pthread_barrier_wait(self->start);
    self->status = self->work(self->item);
    if (self->status != PNAS_OK)
        snprintf(self->message, sizeof self->message, "%s", pnas_message());
    return NULL;
}

static double processor_seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

pnas_status together_run(pnas_status (*work)(void *item), void *const *items, int count, together_time *out)
{
    pthread_barrier_t start;
    pnas_status status = PNAS_OK;
    worker *workers = calloc((size_t)count, sizeof *workers);
    PNAS_CHECK(workers, PNAS_ERROR_MEMORY, "no memory for %d threads", count);
    pthread_barrier_init(&start, NULL, (unsigned)count + 1);
    for (int i = 0; i < count; ++i) {
        workers[i].start = &start;
        workers[i].work = work;
        workers[i].item = items[i];
        if (pthread_create(&workers[i].thread, NULL, run, &workers[i]) != 0) {
            fprintf(stderr, "no thread can be started\n");
            abort(); /* the others wait for it */
        }
    }
    double busy = processor_seconds(), began = pnas_clock_seconds();
    pthread_barrier_wait(&start);
    for (int i = 0; i < count; ++i)
        pthread_join(workers[i].thread, NULL);
    *out = (together_time){pnas_clock_seconds() - began, processor_seconds() - busy};
    for (int i = 0; i < count && status == PNAS_OK; ++i)
        if (workers[i].status != PNAS_OK)
            status = pnas_fail(workers[i].status, "%s", workers[i].message);
    pthread_barrier_destroy(&start);
    free(workers);
    return status;
}
