#include "tests/mpi/scheduler_bench.h"

#include "mpi/stop_request.h"
#include "src/base/clock.h"
#include "src/search/canonical.h"
#include "tests/base/leak_check.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static double expected_accuracy(const pnas_job *job)
{
    return (double)(pnas_cell_hash(&job->cell) % 1000003) / 1000003;
}

static pnas_status nap(double seconds, pnas_tick tick, void *tick_payload)
{
    for (double end = pnas_clock_seconds() + seconds; pnas_clock_seconds() < end;) {
        PNAS_TRY(tick(tick_payload));
        pnas_clock_sleep(0.002);
    }
    return tick(tick_payload);
}

static pnas_status evaluate(void *payload, const pnas_job *job, pnas_tick tick, void *tick_payload,
                            pnas_result *result)
{
    fake_device *self = payload;
    self->trained++;
    if (self->trained == 2)
        self->first_gap = pnas_clock_seconds() - self->last_end;
    double seconds = self->seconds + (self->trained == 1 ? self->first_longer : 0);
    if (self->long_index && job->index == self->long_index)
        seconds = 1;
    if (self->trained == self->signal_at) {
        kill(getpid(), SIGUSR2);
        seconds = 60;
    }
    PNAS_TRY(nap(seconds, tick, tick_payload));
    self->last_end = pnas_clock_seconds();
    if (self->trained == self->fail_at)
        return pnas_fail(PNAS_ERROR_DEVICE, "the device is gone");
    if (self->misfit) {
        *result = (pnas_result){.status = PNAS_CHILD_FAILED, .retryable = true, .error = "no room here"};
        return PNAS_OK;
    }
    *result = (pnas_result){.status = PNAS_CHILD_DONE,
                            .accuracy = expected_accuracy(job),
                            .epochs = 2,
                            .train_seconds = self->seconds};
    result->history = malloc(2 * PNAS_METRICS * sizeof(float));
    for (int i = 0; i < 2 * PNAS_METRICS; i++)
        result->history[i] = (float)(job->index * 100 + i);
    return PNAS_OK;
}

static void on_start(void *payload, const pnas_job *job, int rank)
{
    rank_0_record *seen = payload;
    seen->started[seen->started_count++] = job->index;
    int running = ++seen->running[rank];
    if (!seen->retried)
        cr_assert_leq(running, seen->lanes, "rank %d got a child before one was recorded", rank);
    if (running > seen->most_running[rank])
        seen->most_running[rank] = running;
}

static pnas_status on_result(void *payload, const pnas_job *job, pnas_result *result)
{
    rank_0_record *seen = payload;
    seen->count++;
    if (seen->count == seen->nap_at)
        pnas_clock_sleep(0.35);
    if (seen->count == seen->fail_at)
        return pnas_fail(PNAS_ERROR_FILE, "run.h5.journal: no space left on device");
    seen->times_done[job->index]++;
    seen->by_rank[job->index] = result->rank;
    seen->attempts[job->index] = result->attempts;
    seen->running[result->rank]--;
    seen->failed += result->status == PNAS_CHILD_FAILED;
    if (result->status == PNAS_CHILD_FAILED)
        return PNAS_OK;
    cr_assert_eq(result->accuracy, expected_accuracy(job));
    cr_assert_eq(result->epochs, 2);
    for (int i = 0; i < 2 * PNAS_METRICS; i++)
        cr_assert_eq(result->history[i], (float)(job->index * 100 + i));
    return PNAS_OK;
}

static void on_tick(void *payload)
{
    ((rank_0_record *)payload)->ticks++;
}

/* Job i costs 100 + (i * 37 mod 50): not in order, and with ties. */
static void make_jobs(test_bench *bench)
{
    for (int i = 0; i < JOBS_MAX; i++) {
        pnas_job *job = &bench->job[i];
        *job = (pnas_job){.level = 2, .index = i, .cost = 100 + i * 37 % 50, .cell = {.blocks = 1}};
        job->cell.block[0] = (pnas_block){-2, (int8_t)(i % 8), -1, (int8_t)(i / 8)};
    }
}

void set_up(test_bench *bench)
{
    memset(bench, 0, sizeof *bench);
    pnas_stop_install(0);
    cr_assert_eq(pnas_mpi_start(NULL, NULL, &bench->layout), PNAS_OK, "%s", pnas_message());
    bench->fake.seconds = 0.002;
    bench->record.lanes = 1;
    bench->evaluator = (pnas_evaluator){evaluate, &bench->fake};
    bench->listener = (pnas_scheduler_listener){
        .on_result = on_result, .on_start = on_start, .on_tick = on_tick, .payload = &bench->record};
    make_jobs(bench);
}

void create(test_bench *bench)
{
    int lanes = bench->evaluator.evaluate ? bench->record.lanes : 0;
    for (int i = 0; i < lanes; i++)
        bench->lane[i] = i == 0 ? bench->evaluator : (pnas_evaluator){evaluate, &bench->more[i]};
    cr_assert_eq(pnas_scheduler_create(&bench->layout, bench->lane, lanes, &bench->scheduler), PNAS_OK, "%s",
                 pnas_message());
}

void tear_down(test_bench *bench)
{
    pnas_scheduler_destroy(&bench->scheduler);
    pnas_mpi_end();
    PNAS_EXPECT_NO_LEAKS();
}

void run(test_bench *bench, size_t count, pnas_status expected, const char *word)
{
    create(bench);
    pnas_status status;
    if (bench->layout.rank == 0) {
        status = pnas_scheduler_run(bench->scheduler, bench->job, count, &bench->listener);
        cr_assert_eq(pnas_scheduler_release(bench->scheduler, status), PNAS_OK);
    } else {
        cr_assert_eq(pnas_scheduler_serve(bench->scheduler, &status), PNAS_OK, "%s", pnas_message());
    }
    cr_assert_eq(status, expected, "rank %d: %s: %s", bench->layout.rank, pnas_status_name(status),
                 pnas_message());
    if (status != PNAS_OK)
        cr_assert_not_null(strstr(pnas_message(), word), "\"%s\" lacks \"%s\"", pnas_message(), word);
    tear_down(bench);
}

void expect_each_done_once(const test_bench *bench, int count)
{
    if (bench->layout.rank != 0)
        return;
    cr_assert_eq(bench->record.count, count);
    for (int i = 0; i < count; i++)
        cr_assert_eq(bench->record.times_done[i], 1, "job %d was recorded %d times", i,
                     bench->record.times_done[i]);
}

int done_by(const test_bench *bench, int rank, int count)
{
    int done = 0;
    for (int i = 0; i < count; i++)
        done += bench->record.times_done[i] == 1 && bench->record.by_rank[i] == rank;
    return done;
}
