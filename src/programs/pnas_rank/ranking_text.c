#include "src/base/clock.h"
#include "src/base/plain_text.h"
#include "src/programs/pnas_rank/ranking_tables.h"
#include "src/search/cell_text.h"
#include "src/search/strategy.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- figures ---- */

static void print_real(int width, int digits, double value)
{
    if (isnan(value))
        printf("%*s", width, "-");
    else
        printf("%*.*f", width, digits, value);
}

static void print_whole(int width, int64_t value)
{
    if (value < 0)
        printf("%*s", width, "-");
    else
        printf("%*" PRId64, width, value);
}

static void print_duration(int width, double seconds)
{
    char text[32] = "-";
    if (!isnan(seconds))
        pnas_clock_duration(seconds, text, sizeof text);
    printf("%*s", width, text);
}

/* ---- one file ---- */

static double stopped_seconds(const pnas_run_info *info)
{
    double seconds = 0;
    for (size_t i = 0; i < info->event_count; i++)
        if (info->event[i].rank < 0)
            seconds += info->event[i].end - info->event[i].start;
    return seconds;
}

static void print_run(const pnas_ranking *ranking)
{
    const pnas_run_info *info = pnas_run_file_info(ranking->run);
    char words[PNAS_RUN_FILE_WORDS];
    pnas_text_line(stdout, "data set  %s, %" PRId64 " images", info->dataset_name, info->dataset_images);
    pnas_text_line(stdout, "status    %s", pnas_run_file_words(ranking->run, words));
    if (info->start > 0) {
        char stamp[32], lasted[32] = "", without[32] = "";
        double stopped = stopped_seconds(info);
        pnas_clock_stamp(info->start, stamp);
        if (info->end > info->start)
            pnas_clock_duration(fmax(info->end - info->start - stopped, 0), lasted, sizeof lasted);
        if (*lasted && stopped > 0)
            pnas_clock_duration(stopped, without, sizeof without);
        printf("start     %s%s%s%s%s%s\n", stamp, *lasted ? ", lasted " : "", lasted,
               *without ? " without the " : "", without,
               *without ? " between a stop and the next start" : "");
    }
}

static void print_header(const pnas_ranking *ranking)
{
    if (ranking->run) {
        pnas_text_line(stdout, "%s: %s", ranking->path, ranking->title);
        print_run(ranking);
    } else {
        pnas_text_line(stdout, "%s: %zu cell%s", ranking->path, ranking->count,
                       ranking->count == 1 ? "" : "s");
    }
    if (ranking->count > 0) {
        char text[PNAS_CELL_TEXT_MAX];
        pnas_cell_format(&ranking->cell[0].cell, &ranking->operators, text);
        printf("best      %.4f  %s%s\n", ranking->cell[0].score, text,
               ranking->cell[0].guessed ? "  (predicted)" : "");
    }
}

static void print_levels(const pnas_ranking *ranking)
{
    printf("\nlevel  children    done  failed  candidates  spearman      best      mean\n");
    for (int i = 0; i < ranking->levels; i++) {
        const pnas_ranking_level *level = &ranking->level[i];
        printf("%5d  %8zu  %6zu  %6zu  %10" PRIu64 "  ", level->level, level->children, level->done,
               level->failed, level->candidates);
        print_real(8, 3, level->spearman);
        print_real(10, 4, level->best);
        print_real(10, 4, level->mean);
        if (level->early > 0)
            printf("  %s%zu begun early", level->begun ? "only " : "", level->early);
        if (level->stopped > 0)
            printf("  %zu stopped early", level->stopped);
        if (level->guessed > 0)
            printf("  %s%zu only predicted", level->done > 0 ? "and " : "", level->guessed);
        putchar('\n');
    }
}

/* ---- several files ---- */

static char letter(size_t file)
{
    return file < 26 ? (char)('A' + file) : '*';
}

static const pnas_ranking_level *find_level(const pnas_ranking *ranking, int level)
{
    for (int i = 0; i < ranking->levels; i++)
        if (ranking->level[i].level == level)
            return &ranking->level[i];
    return NULL;
}

static void print_names(const pnas_ranking_files *files)
{
    for (size_t f = 0; f < files->count; f++) {
        const pnas_ranking *ranking = files->ranking[f];
        bool run = ranking->run != NULL;
        char words[PNAS_RUN_FILE_WORDS];
        pnas_text_line(stdout, "%c  %s: %s%s%zu cell%s%s%s", letter(f), ranking->path,
                       run ? ranking->title : "", run ? ", " : "", ranking->count,
                       ranking->count == 1 ? "" : "s", run ? ", " : "",
                       run                             ? pnas_run_file_words(ranking->run, words)
                       : pnas_ranking_guesses(ranking) ? ", predicted"
                                                       : "");
    }
}

static void print_comparison(const pnas_ranking_files *files)
{
    printf("\n     ");
    for (size_t f = 0; f < files->count; f++)
        printf("  | %c  %-30s", letter(f), "");
    printf("\nlevel");
    for (size_t f = 0; f < files->count; f++)
        printf("  |   done      best      mean  spearman");
    putchar('\n');
    for (int b = 1; b <= PNAS_BLOCKS_MAX; b++) {
        bool any = false;
        for (size_t f = 0; f < files->count; f++)
            any = any || find_level(files->ranking[f], b);
        if (!any)
            continue;
        printf("%5d", b);
        for (size_t f = 0; f < files->count; f++) {
            const pnas_ranking_level none = {.best = NAN, .mean = NAN, .spearman = NAN};
            const pnas_ranking_level *level = find_level(files->ranking[f], b);
            level = level && level->done > 0 ? level : &none;
            printf("  | %6zu", level->done);
            print_real(10, 4, level->best);
            print_real(10, 4, level->mean);
            print_real(10, 3, level->spearman);
        }
        putchar('\n');
    }
}

/* ---- cells that two files have both ---- */

static void print_unlike(char first, char second, const pnas_operator *const unlike[2])
{
    char settings[2][PNAS_OPERATOR_SETTINGS_MAX];
    for (int i = 0; i < 2; i++)
        pnas_operator_settings(unlike[i], settings[i]);
    printf("%c and %c are not compared: the operator '%s' is %s in %c and %s in %c\n", first, second,
           unlike[0]->name, settings[0], first, settings[1], second);
}

static pnas_status print_pair(const pnas_ranking_files *files, size_t f, size_t g)
{
    pnas_ranking_pair pair;
    PNAS_TRY(pnas_ranking_compare(files->ranking[f], files->ranking[g], &pair));
    if (pair.unlike[0]) {
        print_unlike(letter(f), letter(g), pair.unlike);
        return PNAS_OK;
    }
    printf("%c and %c have %zu cell%s in common", letter(f), letter(g), pair.count,
           pair.count == 1 ? "" : "s");
    if (!isnan(pair.difference))
        printf("; %c's accuracy there is %.4f %s on average", letter(g), fabs(pair.difference),
               pair.difference < 0 ? "lower" : "higher");
    if (!isnan(pair.spearman))
        printf(", Spearman %.3f", pair.spearman);
    putchar('\n');
    return PNAS_OK;
}

/* Each file with the first one. */
static pnas_status print_pairs(const pnas_ranking_files *files)
{
    putchar('\n');
    for (size_t f = 1; f < files->count; f++)
        PNAS_TRY(print_pair(files, 0, f));
    return PNAS_OK;
}

/* ---- the ranking ---- */

static void print_entry(size_t rank, const pnas_ranking_entry *entry, bool several)
{
    char text[PNAS_CELL_TEXT_MAX];
    const pnas_ranked_cell *cell = entry->cell;
    pnas_cell_format(&cell->cell, &entry->ranking->operators, text);
    printf("%4zu  ", rank);
    if (several)
        printf("%4c  ", letter(entry->file));
    print_real(8, 4, cell->guessed ? NAN : cell->score);
    printf("  ");
    print_real(9, 4, cell->predicted);
    printf("  %5d  ", cell->level);
    print_whole(10, cell->parameters);
    printf("  ");
    print_whole(13, cell->multiply_adds);
    printf("  ");
    print_duration(10, cell->train_seconds);
    printf("  %s%s", text, cell->early ? "  (early)" : "");
    if (cell->stopped_after > 0)
        printf("  (stopped after epoch %d, %.4f expected)", cell->stopped_after, cell->score);
    putchar('\n');
}

static void print_titles(bool several)
{
    printf("\nrank  %saccuracy  predicted  level  parameters  multiply-adds        time  cell\n",
           several ? "file  " : "");
}

pnas_status pnas_ranking_print_text(const pnas_ranking_files *files, size_t top)
{
    pnas_ranking_entry *entries;
    size_t count;
    bool several = files->count > 1;
    if (several) {
        print_names(files);
        print_comparison(files);
        PNAS_TRY(print_pairs(files));
    } else {
        print_header(files->ranking[0]);
        print_levels(files->ranking[0]);
        pnas_ranking_print_usage(files->ranking[0]);
    }
    PNAS_TRY(pnas_ranking_merge((const pnas_ranking *const *)files->ranking, files->count, true, &entries,
                                &count));
    print_titles(several);
    for (size_t i = 0; i < count && (top == 0 || i < top); i++)
        print_entry(i + 1, &entries[i], several);
    free(entries);
    return PNAS_OK;
}

pnas_status pnas_ranking_print_fronts(const pnas_ranking_files *files, pnas_cost cost)
{
    bool several = files->count > 1;
    print_titles(several);
    for (size_t f = 0; f < files->count; f++) {
        const pnas_ranked_cell **front;
        size_t count;
        PNAS_TRY(pnas_ranking_front(files->ranking[f], cost, &front, &count));
        for (size_t i = 0; i < count; i++) {
            pnas_ranking_entry entry = {files->ranking[f], f, front[i]};
            print_entry((size_t)(front[i] - files->ranking[f]->cell) + 1, &entry, several);
        }
        free(front);
    }
    return PNAS_OK;
}

/* ---- status ---- */

pnas_status pnas_ranking_print_status(const pnas_ranking_files *files, bool *complete)
{
    *complete = true;
    for (size_t f = 0; f < files->count; f++) {
        const pnas_ranking *ranking = files->ranking[f];
        PNAS_CHECK(ranking->run, PNAS_ERROR_USAGE, "--status: %s is no run", ranking->path);
        pnas_run_status status = pnas_run_file_info(ranking->run)->status;
        size_t children = 0, done = 0, failed = 0, stopped = 0;
        char early[48] = "";
        char words[PNAS_RUN_FILE_WORDS];
        for (int i = 0; i < ranking->levels; i++) {
            children += ranking->level[i].children;
            done += ranking->level[i].done;
            failed += ranking->level[i].failed;
            stopped += ranking->level[i].stopped;
        }
        int levels = pnas_search_levels(ranking->search);
        if (stopped > 0)
            snprintf(early, sizeof early, ", %zu stopped early", stopped);
        bool several = files->count > 1;
        bool all_sizes = pnas_strategy_get(pnas_search_get_options(ranking->search)->strategy)->all_sizes;
        size_t left = /* none where no cell was left */
            status == PNAS_RUN_COMPLETE ? 0 : pnas_search_remaining(ranking->search, ranking->blocks);
        const char *said = pnas_run_file_words(ranking->run, words);
        if (all_sizes)
            pnas_text_line(stdout, "%s%s%s: %zu of %zu children done, %zu failed%s",
                           several ? ranking->path : "", several ? ": " : "", said, done, children + left,
                           failed, early);
        else
            pnas_text_line(
                stdout,
                "%s%s%s: level %d of %d, %zu of its and earlier levels' %zu children done, %zu failed%s",
                several ? ranking->path : "", several ? ": " : "", said, levels, ranking->blocks, done,
                children, failed, early);
        *complete = *complete && status == PNAS_RUN_COMPLETE;
    }
    return PNAS_OK;
}
