#include "src/run/simulate.h"

#include "mpi/division.h"
#include "src/base/clock.h"
#include "src/base/log.h"
#include "src/base/plain_text.h"
#include "src/base/random.h"
#include "src/net/cell_cost.h"
#include "src/run/level_jobs.h"
#include "src/run/level_usage.h"
#include "src/run/measured_run.h"
#include "src/run/simulated_ranks.h"
#include "src/search/canonical.h"
#include "src/search/strategy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* What docs/scaling.md found between processes: a message waits for the receiver's next look, and rank 0
 * reads a result, syncs the journal and writes the next job. */
#define MESSAGE_SECONDS 4e-3
#define RESULT_SECONDS  2e-3

#define PIECE           1024 /* candidates that a rank scores at least */

enum { STEP_DURATION, STEP_ACCURACY, STEP_PREDICTION };

typedef struct {
    pnas_configuration *configuration;
    size_t images;
    int ranks;
    int *kind; /* [ranks] */
    pnas_measured_run measured;
    pnas_cell_costs *costs;
    pnas_simulated_ranks *simulated;
    pnas_simulation_listener listener;
    pnas_search *search;
    size_t children, jobs; /* so far; a child has a job for each rung it reaches */
    double fit[PNAS_BLOCKS_MAX], score[PNAS_BLOCKS_MAX]; /* simulated, by level */
    double stand_in_seconds, search_seconds;             /* real */
    pnas_simulation_waits waits;                         /* summed */
    double known_seconds;  /* of levels that were planned with every duration known; NaN: mixed devices,
                              overlap */
    double busy_seconds;   /* all children together */
    pnas_job *early;       /* jobs of the next level, or NULL */
    size_t begun;          /* of the next level's children so many were handed out */
    size_t early_children; /* of all levels */
} simulation;

static double draw(const simulation *self, const pnas_cell *cell, uint32_t step)
{
    pnas_stream stream =
        pnas_stream_make(self->configuration->seed, PNAS_STREAM_SIMULATION, pnas_cell_hash(cell), step);
    return pnas_stream_normal(&stream);
}

/* Log-normal around what is expected. */
static double duration(void *payload, const pnas_job *job, int kind)
{
    const simulation *self = payload;
    const pnas_duration_model *model = &self->measured.kind[kind].model;
    pnas_job training = *job;
    pnas_job_scale_to_training(&training, self->configuration, self->images);
    double spread = model->spread;
    return pnas_duration_expect(model, &training) *
           exp(spread * draw(self, &job->cell, STEP_DURATION) - spread * spread / 2);
}

static double count_duration(void *payload, const pnas_job *job, int kind)
{
    double seconds = duration(payload, job, kind);
    ((simulation *)payload)->busy_seconds += seconds;
    return seconds;
}

/* --- the surrogate's stand-in --- */

static double accuracy_around(const simulation *self, const pnas_cell *cell, double cost, uint32_t step)
{
    const pnas_measured_run *measured = &self->measured;
    double accuracy = measured->accuracy_base + measured->accuracy_slope * log(cost) +
                      measured->accuracy_spread * draw(self, cell, step);
    return fmin(fmax(accuracy, 0), 1);
}

static pnas_status fit(void *payload, int level, const pnas_cell *cells, const double *accuracy, size_t count)
{
    (void)payload;
    (void)level;
    (void)cells;
    (void)accuracy;
    (void)count;
    return PNAS_OK;
}

static pnas_status predict(void *payload, const pnas_cell *cells, size_t count, double *mean, double *spread)
{
    simulation *self = payload;
    double start = pnas_clock_seconds();
    for (size_t i = 0; i < count; i++) {
        pnas_cost cost;
        PNAS_TRY(pnas_cell_costs_get(self->costs, &cells[i], &cost));
        mean[i] = accuracy_around(self, &cells[i], (double)cost.multiply_adds, STEP_PREDICTION);
        spread[i] = self->measured.accuracy_spread;
    }
    self->stand_in_seconds += pnas_clock_seconds() - start;
    return PNAS_OK;
}

/* Members are fit side by side, each on all children so far. */
static double fit_takes(const simulation *self, int helpers)
{
    if (self->configuration->surrogate.kernel >= 1)
        return 0; /* in closed form */
    int members = self->configuration->surrogate.members;
    return ceil((double)members / helpers) * (double)self->children * self->measured.fit_seconds;
}

static double score_takes(const simulation *self, int helpers, uint64_t candidates)
{
    double pieces = ceil((double)candidates / PIECE);
    return ceil(pieces / helpers) * PIECE * self->measured.score_seconds;
}

/* --- levels --- */

static int longest_first(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left < right) - (left > right);
}

/* Adds what a level takes if every duration is known when it begins: not less than the shortest possible. */
static pnas_status plan_with_hindsight(simulation *self, const pnas_job *jobs, size_t count)
{
    double *work = calloc(count + 1, sizeof *work), *busy = calloc((size_t)self->ranks, sizeof *busy);
    pnas_division division = {.lane = calloc(count + 1, sizeof *division.lane)};
    pnas_status status = PNAS_OK;
    PNAS_CHECK_CLEANUP(work && busy && division.lane, PNAS_ERROR_MEMORY, "no memory to plan %zu children",
                       count);
    for (size_t i = 0; i < count; i++)
        work[i] = duration(self, &jobs[i], self->kind[0]);
    qsort(work, count, sizeof *work, longest_first);
    PNAS_TRY_CLEANUP(pnas_divide(work, count, busy, (size_t)self->ranks, 0, &division));
    self->known_seconds += division.span;
cleanup:
    free(work);
    free(busy);
    free(division.lane);
    return status;
}

static const pnas_strategy *strategy_of(const simulation *self)
{
    return pnas_strategy_get(self->configuration->search.strategy);
}

static bool rounds_overlap(const simulation *self)
{
    return strategy_of(self)->all_sizes && self->configuration->search.overlap;
}

/* *seconds: simulated, of `helpers` ranks that fit and score. */
static pnas_status propose(simulation *self, int helpers, double *seconds)
{
    const pnas_surrogate stand_in = {fit, predict, self};
    int finished = pnas_search_levels(self->search);
    double start = pnas_clock_seconds();
    bool asks = strategy_of(self)->surrogate && finished > 0;
    self->stand_in_seconds = *seconds = 0;
    PNAS_TRY(pnas_search_keep_begun(self->search, self->begun));
    self->early_children += self->begun;
    self->begun = 0;
    PNAS_TRY(pnas_search_propose(self->search, asks ? &stand_in : NULL));
    self->search_seconds += pnas_clock_seconds() - start - self->stand_in_seconds;
    if (!asks)
        return PNAS_OK;
    double fits = fit_takes(self, helpers);
    double scores = score_takes(self, helpers, pnas_search_last_choice(self->search)->candidates);
    self->fit[finished - 1] += fits;
    self->score[pnas_search_levels(self->search) - 1] += scores;
    *seconds = fits + scores;
    return PNAS_OK;
}

static pnas_status propose_between(simulation *self)
{
    double seconds;
    PNAS_TRY(propose(self, self->ranks, &seconds));
    return pnas_simulated_ranks_pass(self->simulated, seconds);
}

static pnas_status record(void *payload, const pnas_job *job)
{
    simulation *self = payload;
    double accuracy = accuracy_around(self, &job->cell, (double)job->cost, STEP_ACCURACY);
    int epochs = job->until > 0 ? job->until : job->epochs;
    pnas_result result = {.status = job->until > 0 ? PNAS_CHILD_PAUSED : PNAS_CHILD_DONE,
                          .accuracy = accuracy,
                          .multiply_adds = job->cost,
                          .epochs = epochs};
    if (epochs > 0) {
        result.history = calloc((size_t)epochs * PNAS_METRICS, sizeof *result.history);
        PNAS_CHECK(result.history, PNAS_ERROR_MEMORY, "no memory for a history of %d epochs", epochs);
        for (int i = 0; i < epochs; i++) /* at a rung it stands where it ends */
            result.history[i * PNAS_METRICS + PNAS_METRIC_VALIDATION_ACCURACY] = (float)accuracy;
    }
    self->children += job->from == 0;
    self->jobs++;
    return pnas_search_record(self->search, job->level, (size_t)job->index, &result);
}

/* --- the next level's children on lanes that are free --- */

static void count_begun(void *payload, const pnas_job *job)
{
    simulation *self = payload;
    if (job->level > pnas_search_levels(self->search) && (size_t)job->index >= self->begun)
        self->begun = (size_t)job->index + 1;
}

static pnas_status begin_early(void *payload, double left, const pnas_job **jobs, size_t *count,
                               double *seconds)
{
    simulation *self = payload;
    const pnas_surrogate stand_in = {fit, predict, self};
    int level = pnas_search_levels(self->search);
    double takes = fit_takes(self, self->ranks) + self->score[level - 1]; /* as far as it is known by then */
    if (!pnas_search_may_begin_next(self->search) || takes >= left)
        return PNAS_OK;
    PNAS_TRY(pnas_search_begin_next(self->search, &stand_in));
    const pnas_level *next = pnas_search_level(self->search, level + 1);
    free(self->early);
    PNAS_TRY(pnas_level_jobs(self->configuration, NULL, next, &self->early, count));
    *jobs = self->early;
    *seconds = fit_takes(self, self->ranks) + score_takes(self, self->ranks, next->candidates);
    return PNAS_OK;
}

/* --- rounds that overlap --- */

/* All others train, so rank 0 fits and scores alone. */
static pnas_status continue_rounds(void *payload, const pnas_job **jobs, size_t *count, double *seconds,
                                   bool *more)
{
    simulation *self = payload;
    size_t there = pnas_search_children(self->search);
    int levels = pnas_search_levels(self->search);
    *count = 0;
    if (pnas_search_may_propose(self->search)) {
        PNAS_TRY(propose(self, 1, seconds));
        free(self->early);
        self->early = NULL;
        PNAS_TRY(pnas_pending_jobs(self->configuration, NULL, self->search, there, &self->early, count));
        *jobs = self->early;
    }
    *more = pnas_search_remaining(self->search, levels) > 0;
    return PNAS_OK;
}

static pnas_status train(simulation *self, const pnas_level *level)
{
    pnas_job *jobs = NULL;
    size_t count = 0;
    pnas_level_usage usage;
    pnas_simulation_waits waits;
    PNAS_TRY(pnas_pending_jobs(self->configuration, NULL, self->search, 0, &jobs, &count));
    pnas_debug("level %d: %zu children", level->blocks, count);
    pnas_status status =
        pnas_simulated_ranks_train(self->simulated, jobs, count, count_duration, self, &usage, &waits);
    if (status == PNAS_OK)
        status = plan_with_hindsight(self, jobs, count);
    free(jobs);
    PNAS_TRY(status);
    bool all_sizes = strategy_of(self)->all_sizes;
    pnas_search_add_usage(self->search, all_sizes ? pnas_search_levels(self->search) : level->blocks, &usage);
    self->waits.waited_seconds += waits.waited_seconds;
    self->waits.rank_0_seconds += waits.rank_0_seconds;
    self->waits.prefetched += waits.prefetched;
    return PNAS_OK;
}

static pnas_status search(simulation *self)
{
    while (!pnas_search_complete(self->search)) {
        pnas_rung_choice choice;
        int at;
        if (pnas_search_at_rung(self->search))
            PNAS_TRY(pnas_search_pass_rung(self->search, &at, &choice));
        else if (pnas_search_may_propose(self->search))
            PNAS_TRY(propose_between(self));
        else
            PNAS_TRY(train(self, pnas_search_current(self->search)));
    }
    if (strategy_of(self)->surrogate)
        self->fit[pnas_search_levels(self->search) - 1] += fit_takes(self, self->ranks);
    return PNAS_OK;
}

/* --- what is told --- */

static void print_source(const simulation *self, const char *path)
{
    printf("%d ranks", self->ranks);
    for (int kind = 0; kind < self->measured.kinds; kind++) {
        int count = 0;
        for (int rank = 0; rank < self->ranks; rank++)
            count += self->kind[rank] == kind;
        if (count == 0)
            continue;
        printf("%s %d as ", kind ? "," : ":", count);
        pnas_text_write(stdout, self->measured.kind[kind].device, 0);
        printf(" (spread of durations %.1f %%)", 100 * self->measured.kind[kind].model.spread);
    }
    putchar('\n');
    pnas_text_line(stdout, "durations of %zu children in %s", self->measured.children, path);
    putchar('\n');
}

static void print_table(const simulation *self)
{
    pnas_level_usage sum = {0};
    double fits = 0, scores = 0;
    char text[32];
    bool all_sizes = strategy_of(self)->all_sizes;
    pnas_usage_print_title();
    for (int b = 1; b <= pnas_search_levels(self->search); b++) {
        const pnas_level *level = pnas_search_level(self->search, b);
        char name[16];
        snprintf(name, sizeof name, "%d", b);
        pnas_usage_add(&sum, &level->usage);
        fits += self->fit[b - 1];
        scores += self->score[b - 1];
        if (level->count > 0 && !all_sizes)
            pnas_usage_print_line(name, &level->usage, self->fit[b - 1], self->score[b - 1]);
    }
    pnas_usage_print_line("all", &sum, fits, scores);
    double total = sum.span_seconds + fits + scores + self->search_seconds;
    if (rounds_overlap(self)) /* but for the last fit rank 0 fits and scores meanwhile */
        total = sum.span_seconds + fit_takes(self, self->ranks);
    if (!isnan(self->known_seconds)) {
        pnas_clock_duration(self->known_seconds, text, sizeof text);
        printf("\ntraining could have taken %s with every duration known beforehand (%.1f %% of best)\n",
               text, 100 * fmin(sum.best_seconds / self->known_seconds, 1));
    }
    pnas_clock_duration(total, text, sizeof text);
    printf("\n%zu children in %s (%.2f hours), %.2f %% of it training\n", self->children, text, total / 3600,
           100 * sum.span_seconds / total);
    printf("all ranks were busy for %.1f %% of it", 100 * self->busy_seconds / (self->ranks * total));
    if (rounds_overlap(self))
        printf(", for %.1f %% until they had their last child",
               100 * self->busy_seconds / (self->busy_seconds + self->waits.waited_seconds));
    else if (self->configuration->search.overlap)
        printf(", with %zu children begun before the level below was finished", self->early_children);
    putchar('\n');
    printf(
        "a rank waited %.3f s for each of its children, %.0f %% of which were there before; rank 0 was busy "
        "with answers for %.2f %% of the time\n",
        self->waits.waited_seconds / (double)self->jobs,
        100.0 * (double)self->waits.prefetched / (double)self->jobs,
        100 * self->waits.rank_0_seconds / sum.span_seconds);
}

/* --- the whole --- */

/* As the measured run's ranks, in turn; those of a kind that trained nothing are left out. */
static pnas_status deal_kinds(simulation *self, const char *path)
{
    const pnas_measured_run *measured = &self->measured;
    int all = 0, dealt = 0;
    for (int kind = 0; kind < measured->kinds; kind++)
        all += measured->kind[kind].model.count > 0 ? measured->kind[kind].ranks : 0;
    self->kind = calloc((size_t)self->ranks, sizeof *self->kind);
    PNAS_CHECK(self->kind, PNAS_ERROR_MEMORY, "no memory to simulate %d ranks", self->ranks);
    PNAS_CHECK(
        all > 0, PNAS_ERROR_DATA,
        "%s: its table of ranks names no device that trained a child; take another run with --durations",
        path);
    while (dealt < self->ranks)
        for (int kind = 0; kind < measured->kinds; kind++)
            for (int i = 0; measured->kind[kind].model.count && i < measured->kind[kind].ranks; i++)
                if (dealt < self->ranks)
                    self->kind[dealt++] = kind;
    for (int rank = 1; rank < self->ranks; rank++)
        if (self->kind[rank] != self->kind[0])
            self->known_seconds = NAN;
    if (self->configuration->search.overlap) /* its levels are not planned one by one */
        self->known_seconds = NAN;
    return PNAS_OK;
}

static pnas_status set_up(simulation *self, const char *path)
{
    const pnas_configuration *configuration = self->configuration;
    PNAS_CHECK(
        configuration->evaluator == PNAS_EVALUATOR_TRAIN, PNAS_ERROR_USAGE,
        "--simulate: the configuration looks its children up in a table, which takes no time; take one with "
        "'evaluator: train'");
    PNAS_TRY(pnas_measured_run_read(path, &self->measured));
    PNAS_TRY(pnas_measured_shape(self->configuration, &self->images));
    PNAS_TRY(deal_kinds(self, path));
    self->costs = malloc(sizeof *self->costs);
    PNAS_CHECK(self->costs, PNAS_ERROR_MEMORY, "no memory for the costs of cells");
    PNAS_TRY(
        pnas_cell_costs_make(&configuration->search.space.operators, &configuration->network, self->costs));
    PNAS_TRY(pnas_search_create(&configuration->search, &self->search));
    const pnas_simulation_options options = {.ranks = self->ranks,
                                             .kind = self->kind,
                                             .latency = MESSAGE_SECONDS,
                                             .result_seconds = RESULT_SECONDS};
    PNAS_TRY(pnas_simulated_ranks_create(&options, &self->simulated));
    self->listener = (pnas_simulation_listener){
        .on_start = count_begun, .on_done = record, .on_idle = begin_early, .payload = self};
    if (rounds_overlap(self))
        self->listener.on_change = continue_rounds;
    pnas_simulated_ranks_listen(self->simulated, &self->listener);
    return PNAS_OK;
}

pnas_status pnas_simulate(int ranks, const char *durations, pnas_configuration *configuration)
{
    simulation *self = calloc(1, sizeof *self);
    pnas_status status;
    PNAS_CHECK(self, PNAS_ERROR_MEMORY, "no memory for a simulation");
    self->configuration = configuration;
    self->ranks = ranks;
    PNAS_TRY_CLEANUP(set_up(self, durations));
    print_source(self, durations);
    PNAS_TRY_CLEANUP(search(self));
    print_table(self);
cleanup:
    pnas_simulated_ranks_destroy(&self->simulated);
    pnas_search_destroy(&self->search);
    free(self->costs);
    free(self->early);
    free(self->kind);
    free(self);
    return status;
}
