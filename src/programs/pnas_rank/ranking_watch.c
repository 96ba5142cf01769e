#include "src/programs/pnas_rank/ranking_watch.h"

#include "io/run/live_status.h"
#include "src/base/clock.h"
#include "src/base/plain_text.h"
#include "src/base/terminal.h"
#include "src/programs/pnas_rank/ranking_tables.h"
#include "src/search/cell_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define INTERVAL   2.0
#define HOST_SHOWN 18

typedef struct {
    const pnas_ranking *ranking;
    const pnas_run_info *info;
    pnas_live_status live_status;
    bool live; /* live_status is there */
    bool runs; /* by what was heard of it lately */
    double now;
} run_view;

static void print_duration(const char *before, double seconds, const char *after)
{
    char text[32];
    pnas_clock_duration(seconds, text, sizeof text);
    printf("%s%s%s", before, text, after);
}

static void print_summary(const run_view *view)
{
    const pnas_ranking *ranking = view->ranking;
    char stamp[32], words[PNAS_RUN_FILE_WORDS];
    pnas_clock_stamp(view->now, stamp);
    pnas_text_line(stdout, "%s  %s: %s", stamp, ranking->path, ranking->title);
    printf("%s", view->runs ? "running" : pnas_run_file_words(ranking->run, words));
    if (view->live && !isnan(view->live_status.seconds_left))
        print_duration("; about ", view->live_status.seconds_left, " left");
    if (view->live && !view->runs)
        print_duration("; nothing was heard of it for ", view->now - view->live_status.written, "");
    putchar('\n');
    if (ranking->count > 0) {
        char text[PNAS_CELL_TEXT_MAX];
        pnas_cell_format(&ranking->cell[0].cell, &ranking->operators, text);
        printf("best      %.4f  %s\n", ranking->cell[0].score, text);
    }
}

static size_t running_in(const run_view *view, int level)
{
    size_t running = 0;
    for (size_t i = 0; i < view->live_status.count; i++)
        running += view->live_status.child[i].level == level;
    return running;
}

static void print_levels(const run_view *view)
{
    printf("\nlevel  children    done  failed  running      best\n");
    for (int i = 0; i < view->ranking->levels; i++) {
        const pnas_ranking_level *level = &view->ranking->level[i];
        printf("%5d  %8zu  %6zu  %6zu  %7zu", level->level, level->children, level->done, level->failed,
               running_in(view, level->level));
        if (isnan(level->best))
            printf("         -");
        else
            printf("  %8.4f", level->best);
        if (level->early > 0)
            printf("  %s%zu begun early", level->begun ? "only " : "", level->early);
        if (level->stopped > 0)
            printf("  %zu stopped early", level->stopped);
        putchar('\n');
    }
}

static size_t done_by(const run_view *view, int rank)
{
    size_t done = 0;
    for (int b = 1; pnas_search_level(view->ranking->search, b); b++) {
        const pnas_level *level = pnas_search_level(view->ranking->search, b);
        for (size_t i = 0; i < level->count; i++)
            done +=
                level->child[i].result.status != PNAS_CHILD_PENDING && level->child[i].result.rank == rank;
    }
    return done;
}

static void print_child(const run_view *view, const pnas_running_child *child)
{
    const pnas_level *level = pnas_search_level(view->ranking->search, child->level);
    char text[PNAS_CELL_TEXT_MAX] = "";
    if (level && child->index >= 0 && (size_t)child->index < level->count)
        pnas_cell_format(&level->child[child->index].cell, &view->ranking->operators, text);
    bool early =
        level && child->index >= 0 && (size_t)child->index < level->count && level->child[child->index].early;
    printf("  level %d, child %d%s, for ", child->level, child->index, early ? " (early)" : "");
    print_duration("", fmax(view->now - child->start, 0), "");
    printf("  %s", text);
}

static void print_ranks(const run_view *view)
{
    printf("\nrank  host                 done  running\n");
    for (size_t r = 0; r < view->info->rank_count; r++) {
        const pnas_run_rank *rank = &view->info->rank[r];
        bool any = false;
        char host[4 * HOST_SHOWN + 1], cut[HOST_SHOWN + 1];
        snprintf(cut, sizeof cut, "%s", rank->host);
        pnas_text_show(cut, host, sizeof host);
        printf("%4d  %-18s %6zu", rank->rank, host, done_by(view, rank->rank));
        for (size_t i = 0; i < view->live_status.count; i++) {
            if (view->live_status.child[i].rank != rank->rank)
                continue;
            if (any)
                printf("\n%31s", "");
            print_child(view, &view->live_status.child[i]);
            any = true;
        }
        putchar('\n');
    }
    fflush(stdout);
}

static size_t count_done(const pnas_ranking *ranking)
{
    size_t done = 0;
    for (int i = 0; i < ranking->levels; i++)
        done += ranking->level[i].done + ranking->level[i].failed;
    return done;
}

/* A run that seems to be killed is read again, as it may have ended meanwhile. */
static pnas_status read_run(const char *path, pnas_ranking **out, bool *killed)
{
    *killed = true;
    for (int look = 0; look < 2 && *killed; look++) {
        pnas_ranking_destroy(out);
        PNAS_TRY(pnas_ranking_read(path, out));
        if (!(*out)->run) {
            pnas_ranking_destroy(out);
            return pnas_fail(PNAS_ERROR_USAGE, "--watch: %s is no run", path);
        }
        *killed = pnas_run_file_is_killed((*out)->run);
    }
    return PNAS_OK;
}

typedef struct {
    size_t shown; /* how many children were done when it was last shown elsewhere than on a terminal */
    pnas_run_status status;
    bool over;
} watched_run;

/* One look at the run. Locks do not reach every machine, so one that was heard of lately is not killed. */
static pnas_status show_run(const char *path, bool terminal, watched_run *run)
{
    pnas_ranking *ranking = NULL;
    bool killed;
    PNAS_TRY(read_run(path, &ranking, &killed));
    run_view view = {.ranking = ranking, .info = pnas_run_file_info(ranking->run), .now = pnas_clock_unix()};
    run->status = view.info->status;
    view.live = run->status == PNAS_RUN_RUNNING && pnas_live_status_read(path, &view.live_status);
    view.runs = view.live && pnas_live_status_is_young(&view.live_status, view.now);
    run->over = run->status != PNAS_RUN_RUNNING || (killed && !view.runs);
    if (terminal || count_done(ranking) != run->shown || run->over) {
        fputs(terminal ? "\033[H\033[2J" : run->shown == SIZE_MAX ? "" : "\n", stdout);
        print_summary(&view);
        print_levels(&view);
        print_ranks(&view);
        run->shown = count_done(ranking);
    }
    pnas_live_status_free(&view.live_status);
    pnas_ranking_destroy(&ranking);
    return PNAS_OK;
}

pnas_status pnas_ranking_watch(const char *path, bool *complete)
{
    bool terminal = pnas_terminal_rewrites(STDOUT_FILENO);
    watched_run run = {.shown = SIZE_MAX};
    for (;;) {
        PNAS_TRY(show_run(path, terminal, &run));
        *complete = run.status == PNAS_RUN_COMPLETE;
        if (run.over)
            return PNAS_OK;
        pnas_clock_sleep(INTERVAL);
    }
}
