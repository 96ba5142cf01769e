#include "io/data/row_threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

#define WORTH_A_THREAD (256.0 * 1024) /* bytes of rows */

typedef struct {
    size_t rows;
    pnas_status (*work)(void *payload, int thread, size_t row);
    void *payload;
    atomic_size_t next;
    atomic_bool failed;
    pthread_mutex_t lock; /* of what follows */
    size_t row;           /* that failed, if status says so */
    pnas_status status;
    char message[PNAS_MESSAGE_MAX];
} row_work;

typedef struct {
    row_work *all;
    int number;
} row_thread;

int pnas_row_threads(size_t rows, size_t row_bytes)
{
    cpu_set_t cores;
    double worth = 1 + (double)rows * (double)row_bytes / WORTH_A_THREAD;
    int count = sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;
    count = count < PNAS_ROW_THREADS_MOST ? count : PNAS_ROW_THREADS_MOST;
    return worth < count ? (int)worth : count;
}

static void note_failure(row_work *all, size_t row, pnas_status status)
{
    pthread_mutex_lock(&all->lock);
    if (all->status == PNAS_OK || row < all->row) {
        all->row = row;
        all->status = status;
        snprintf(all->message, sizeof all->message, "%s", pnas_message());
    }
    pthread_mutex_unlock(&all->lock);
    atomic_store(&all->failed, true);
}

/* Rows are begun in their order, so all below one that fails are ended, too. */
static void *work_on_rows(void *payload)
{
    row_thread *self = payload;
    row_work *all = self->all;
    while (!atomic_load(&all->failed)) {
        size_t row = atomic_fetch_add(&all->next, 1);
        if (row >= all->rows)
            break;
        pnas_status status = all->work(all->payload, self->number, row);
        if (status != PNAS_OK)
            note_failure(all, row, status);
    }
    return NULL;
}

pnas_status pnas_rows_each(size_t rows, int threads,
                           pnas_status (*work)(void *payload, int thread, size_t row), void *payload)
{
    row_work all = {.rows = rows, .work = work, .payload = payload, .lock = PTHREAD_MUTEX_INITIALIZER};
    row_thread self[PNAS_ROW_THREADS_MOST] = {{&all, 0}};
    pthread_t thread[PNAS_ROW_THREADS_MOST];
    int begun = 1;
    for (int i = 1; i < threads; ++i)
        self[i] = (row_thread){&all, i};
    while (begun < threads && pthread_create(&thread[begun], NULL, work_on_rows, &self[begun]) == 0)
        ++begun;
    work_on_rows(&self[0]);
    for (int i = 1; i < begun; ++i)
        pthread_join(thread[i], NULL);
    return all.status == PNAS_OK ? PNAS_OK : pnas_fail(all.status, "%s", all.message);
}
