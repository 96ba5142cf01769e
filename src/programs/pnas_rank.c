/* pnas_rank: what a search has found, from its run file; also while the search is running. */
#include "io/configuration.h"
#include "io/run_file.h"
#include "src/base/clock.h"
#include "src/programs/best_children.h"
#include "src/programs/program.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define EXIT_RESUMABLE 75

enum { KEY_LEVEL = 0x100, KEY_CSV, KEY_STATUS };

typedef struct {
    const char *path;
    long top;  /* 0: all */
    int level; /* 0: all */
    bool csv, status;
    pnas_log_level log;
} rank_arguments;

typedef struct { /* a run as a search, so that it is checked and ordered as the search itself would */
    pnas_run_file *file;
    pnas_configuration configuration;
    pnas_search *search;
    pnas_best_child *best;
    size_t count;
} ranked_run;

static const struct argp_option rank_options[] = {
    {"top", 't', "N", 0, "Show the best N children (10; 0: all of them)", 0},
    {"level", KEY_LEVEL, "B", 0, "Rank the children of B blocks only", 0},
    {"csv", KEY_CSV, NULL, 0, "All done children as comma-separated values, with a line of column names", 0},
    {"status", KEY_STATUS, NULL, 0,
     "Say how far the run is; exit code 0 if it is complete, 75 if the same pnas_mpi command would go on "
     "with it, 65 if the file is damaged",
     0},
    {0},
};

/* ---- the command line ---- */

static long parse_count(struct argp_state *state, const char *option, const char *text, long low, long high)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (end == text || *end || value < low || value > high)
        argp_error(state, "--%s wants a whole number from %ld to %ld, not '%s'", option, low, high, text);
    return value;
}

static error_t parse_rank(int key, char *argument, struct argp_state *state)
{
    rank_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->log;
        return 0;
    case 't':
        arguments->top = parse_count(state, "top", argument, 0, 1000000000);
        return 0;
    case KEY_LEVEL:
        arguments->level = (int)parse_count(state, "level", argument, 1, PNAS_BLOCKS_MAX);
        return 0;
    case KEY_CSV:
        arguments->csv = true;
        return 0;
    case KEY_STATUS:
        arguments->status = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->path)
            argp_error(state, "one run file at a time: '%s' is one too many", argument);
        arguments->path = argument;
        return 0;
    case ARGP_KEY_END:
        if (!arguments->path)
            argp_error(state, "no run file is named");
        if (arguments->csv && arguments->status)
            argp_error(state, "--csv and --status do not go together");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child rank_children[] = {{&pnas_program_argp, 0, NULL, 0}, {0}};
static const struct argp rank_argp = {
    .options = rank_options,
    .parser = parse_rank,
    .args_doc = "RUN.h5",
    .doc = "Prints the best cells of a search and how well each level was predicted.\vA run that is still "
           "going on may be looked at; what it finished last is included.",
    .children = rank_children,
};

/* ---- reading ---- */

static pnas_status read_run(const char *path, ranked_run *run)
{
    PNAS_TRY(pnas_run_file_read(path, &run->file));
    const pnas_run_info *info = pnas_run_file_info(run->file);
    if (pnas_configuration_parse("its configuration", info->configuration, NULL, 0, &run->configuration) !=
        PNAS_OK)
        return pnas_fail_at(PNAS_ERROR_DATA, "%s", path);
    PNAS_TRY(pnas_search_create(&run->configuration.search, &run->search));
    PNAS_TRY(pnas_run_file_restore(run->file, run->search));
    return pnas_best_children(run->search, &run->best, &run->count);
}

static void close_run(ranked_run *run)
{
    free(run->best);
    pnas_search_destroy(&run->search);
    pnas_run_file_close(&run->file);
}

static size_t count_status(const pnas_level *level, pnas_child_status status)
{
    size_t count = 0;
    for (size_t i = 0; i < level->count; i++)
        count += level->child[i].result.status == status;
    return count;
}

/* ---- text ---- */

static const char *status_words(const pnas_run_info *info)
{
    switch (info->status) {
    case PNAS_RUN_COMPLETE:
        return "complete";
    case PNAS_RUN_STOPPED:
        return "stopped; the same command goes on with it";
    case PNAS_RUN_FAILED:
        return "ended by an error; the same command goes on with it";
    case PNAS_RUN_RUNNING:
        break;
    }
    return "running, or killed; the same command goes on with it";
}

static void print_real(const char *format, double value, int width)
{
    if (isnan(value))
        printf("%*s", width, "-");
    else
        printf(format, width, value);
}

static void print_header(const ranked_run *run, const char *path)
{
    const pnas_run_info *info = pnas_run_file_info(run->file);
    printf("%s: %s\n", path, run->configuration.title);
    printf("data set  %s, %" PRId64 " images\n", info->dataset_name, info->dataset_images);
    printf("status    %s\n", status_words(info));
    if (info->start > 0) {
        char stamp[32], lasted[32] = "";
        pnas_clock_stamp(info->start, stamp);
        if (info->end > info->start)
            pnas_clock_duration(info->end - info->start, lasted, sizeof lasted);
        printf("start     %s%s%s\n", stamp, *lasted ? ", lasted " : "", lasted);
    }
    if (run->count > 0) {
        char text[PNAS_CELL_TEXT_MAX];
        pnas_cell_format(&run->best[0].child->cell, &run->configuration.search.space.operators, text);
        printf("best      %.4f  %s\n", run->best[0].child->result.accuracy, text);
    }
}

static void print_levels(const ranked_run *run)
{
    printf("\nlevel  children    done  failed  candidates  spearman      best      mean\n");
    for (int b = 1; b <= pnas_search_levels(run->search); b++) {
        const pnas_level *level = pnas_search_level(run->search, b);
        double best = NAN, sum = 0;
        size_t done = count_status(level, PNAS_CHILD_DONE);
        for (size_t i = 0; i < level->count; i++) {
            if (level->child[i].result.status != PNAS_CHILD_DONE)
                continue;
            best = fmax(best, level->child[i].result.accuracy);
            sum += level->child[i].result.accuracy;
        }
        printf("%5d  %8zu  %6zu  %6zu  %10" PRIu64 "  ", b, level->count, done,
               count_status(level, PNAS_CHILD_FAILED), level->candidates);
        print_real("%*.3f", level->spearman, 8);
        print_real("%*.4f", best, 10);
        print_real("%*.4f", done ? sum / (double)done : NAN, 10);
        putchar('\n');
    }
}

static void print_ranking(const ranked_run *run, const rank_arguments *arguments)
{
    size_t shown = 0;
    printf("\nrank  accuracy  predicted  level  parameters  multiply-adds        time  cell\n");
    for (size_t i = 0; i < run->count; i++) {
        const pnas_best_child *entry = &run->best[i];
        if ((arguments->level && entry->level != arguments->level) ||
            (arguments->top && shown == (size_t)arguments->top))
            continue;
        char text[PNAS_CELL_TEXT_MAX], lasted[32];
        pnas_cell_format(&entry->child->cell, &run->configuration.search.space.operators, text);
        pnas_clock_duration(entry->child->result.train_seconds, lasted, sizeof lasted);
        printf("%4zu  %8.4f  ", ++shown, entry->child->result.accuracy);
        print_real("%*.4f", entry->child->predicted, 9);
        printf("  %5d  %10" PRId64 "  %13" PRId64 "  %10s  %s\n", entry->level,
               entry->child->result.parameters, entry->child->result.multiply_adds, lasted, text);
    }
}

/* ---- comma-separated values ---- */

static int longest(const ranked_run *run, const rank_arguments *arguments)
{
    return arguments->level ? arguments->level : pnas_search_levels(run->search);
}

/* The score and the blocks come first, as in the files of older programs; shorter cells leave their last
 * blocks empty. */
static void print_csv(const ranked_run *run, const rank_arguments *arguments)
{
    const pnas_operator_set *operators = &run->configuration.search.space.operators;
    int blocks = longest(run, arguments);
    printf("score");
    for (int b = 0; b < blocks; b++)
        printf(",in1_%d,op1_%d,in2_%d,op2_%d", b, b, b, b);
    printf(",level,predicted,predicted_std,parameters,multiply_adds,train_seconds\n");
    for (size_t i = 0; i < run->count; i++) {
        const pnas_child *child = run->best[i].child;
        if (arguments->level && run->best[i].level != arguments->level)
            continue;
        printf("%.9g", child->result.accuracy);
        for (int b = 0; b < blocks; b++) {
            const pnas_block *block = &child->cell.block[b];
            if (b < child->cell.blocks)
                printf(",%d,%s,%d,%s", block->in1, operators->item[block->op1].name, block->in2,
                       operators->item[block->op2].name);
            else
                printf(",,,,");
        }
        printf(",%d", run->best[i].level);
        if (isnan(child->predicted))
            printf(",,");
        else
            printf(",%.9g,%.9g", child->predicted, child->predicted_std);
        printf(",%" PRId64 ",%" PRId64 ",%.6f\n", child->result.parameters, child->result.multiply_adds,
               child->result.train_seconds);
    }
}

/* ---- status ---- */

static void print_status(const ranked_run *run)
{
    int levels = pnas_search_levels(run->search);
    size_t children = 0, done = 0, failed = 0;
    for (int b = 1; b <= levels; b++) {
        const pnas_level *level = pnas_search_level(run->search, b);
        children += level->count;
        done += count_status(level, PNAS_CHILD_DONE);
        failed += count_status(level, PNAS_CHILD_FAILED);
    }
    printf("%s: level %d of %d, %zu of %zu children done, %zu failed\n",
           status_words(pnas_run_file_info(run->file)), levels, run->configuration.search.space.blocks, done,
           children, failed);
}

int main(int argc, char **argv)
{
    rank_arguments arguments = {.top = 10, .log = PNAS_LOG_INFO};
    pnas_program_setup("pnas_rank");
    argp_parse(&rank_argp, argc, argv, 0, NULL, &arguments);
    pnas_log_setup("pnas_rank", arguments.log, 0, 1);

    ranked_run run = {0};
    pnas_status status = read_run(arguments.path, &run);
    bool complete = status == PNAS_OK && pnas_run_file_info(run.file)->status == PNAS_RUN_COMPLETE;
    if (status == PNAS_OK) {
        if (arguments.status) {
            print_status(&run);
        } else if (arguments.csv) {
            print_csv(&run, &arguments);
        } else {
            print_header(&run, arguments.path);
            print_levels(&run);
            print_ranking(&run, &arguments);
        }
    }
    close_run(&run);
    int code = pnas_program_end(status);
    return code == 0 && arguments.status && !complete ? EXIT_RESUMABLE : code;
}
