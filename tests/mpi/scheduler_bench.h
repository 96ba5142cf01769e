/* Under mpirun: a scheduler whose evaluator only sleeps, and what rank 0 saw of it. */
#ifndef SCHEDULER_BENCH_H
#define SCHEDULER_BENCH_H

#include "mpi/scheduler.h"

#define JOBS_MAX  200
#define LANES_MAX 3

typedef struct {         /* what a rank's fake evaluator does */
    double seconds;      /* a child takes */
    double first_longer; /* added to this rank's first child */
    bool misfit;         /* every child fails here, but might not elsewhere */
    int long_index;      /* the child of this index takes a second; 0: none */
    int fail_at;         /* this rank's n-th child (1-based) loses the device; 0: never */
    int signal_at;       /* in the n-th child, which takes a minute, the rank gets SIGUSR2; 0: never */
    int trained;
    double last_end, first_gap; /* between its first and its second child */
} fake_device;

typedef struct { /* what rank 0 saw */
    int count, started_count;
    int started[JOBS_MAX]; /* indices in the order of handing out */
    int times_done[JOBS_MAX], by_rank[JOBS_MAX], attempts[JOBS_MAX];
    int running[64], most_running[64]; /* children that a rank has now, and had at once */
    int lanes;                         /* of each rank */
    int failed;
    bool retried; /* children leave a rank without a result, so that `running` is too high */
    int ticks;
    int fail_at; /* on_result fails at the n-th result */
    int nap_at;  /* on_result takes 0.35 s for the n-th result */
    pnas_scheduler *scheduler;
    const pnas_job *spare; /* given to the scheduler when lanes are free */
    size_t spare_count;
} rank_0_record;

typedef struct {
    pnas_layout layout;
    pnas_evaluator evaluator; /* of the first lane; NULL: this rank has none */
    pnas_scheduler *scheduler;
    pnas_scheduler_listener listener;
    fake_device fake, more[LANES_MAX]; /* more: of the other lanes */
    pnas_evaluator lane[LANES_MAX];
    rank_0_record record;
    pnas_job job[JOBS_MAX];
} test_bench;

void set_up(test_bench *bench);
void create(test_bench *bench);
void tear_down(test_bench *bench);
/* Runs `count` jobs and expects every rank to end with `expected` and a message that contains `word`. */
void run(test_bench *bench, size_t count, pnas_status expected, const char *word);
void expect_each_done_once(const test_bench *bench, int count);
int done_by(const test_bench *bench, int rank, int count);

#endif
