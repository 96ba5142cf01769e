/* The ranking for other programs: comma-separated values and JSON. */
#include "io/config/configuration_value.h"
#include "src/base/log.h"
#include "src/base/plain_text.h"
#include "src/programs/pnas_rank/ranking_tables.h"
#include "src/search/cell_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- operators, of which only names are written ---- */

static void warn_of_operator(const pnas_ranking *ranking, const pnas_operator *op, const char *whose,
                             const pnas_operator *other)
{
    char here[PNAS_OPERATOR_SETTINGS_MAX], there[PNAS_OPERATOR_SETTINGS_MAX];
    pnas_operator_settings(op, here);
    pnas_operator_settings(other, there);
    pnas_warning("%s: its operator '%s' is %s, but %s is %s; only the name is written here, so compare these "
                 "cells with no others",
                 ranking->path, op->name, here, whose, there);
}

/* The operator of this name in `set` if its settings are others, or NULL. */
static const pnas_operator *find_unlike(const pnas_operator_set *set, const pnas_operator *op)
{
    int code = pnas_operator_set_find(set, op->name);
    return code < 0 || pnas_operator_equal(&set->item[code], op) ? NULL : &set->item[code];
}

/* Who reads the records knows an operator by its name, and takes a built-in name for the built-in operator. */
static void warn_of_operators(const pnas_ranking_files *files)
{
    pnas_operator_set told; /* the built-in ones and those of the files so far */
    pnas_operator_set_built_in(&told);
    int built_in = told.count;
    for (size_t f = 0; f < files->count; f++) {
        const pnas_ranking *ranking = files->ranking[f];
        for (int i = 0; i < ranking->operators.count; i++) {
            const pnas_operator *op = &ranking->operators.item[i], *other = find_unlike(&told, op);
            if (!pnas_ranking_knows_operator(ranking, i))
                continue;
            if (other)
                warn_of_operator(ranking, op,
                                 other < told.item + built_in ? "the built-in one" : "that of another file",
                                 other);
            else if (pnas_operator_set_find(&told, op->name) < 0 && told.count < PNAS_OPERATORS_MAX)
                told.item[told.count++] = *op;
        }
    }
}

/* ---- comma-separated values ---- */

static int longest(const pnas_ranking_entry *entries, size_t count)
{
    int blocks = 1;
    for (size_t i = 0; i < count; i++)
        blocks = entries[i].cell->level > blocks ? entries[i].cell->level : blocks;
    return blocks;
}

static void print_csv_real(double value)
{
    if (isnan(value))
        putchar(',');
    else
        printf(",%.9g", value);
}

static void print_csv_whole(int64_t value)
{
    if (value < 0)
        putchar(',');
    else
        printf(",%" PRId64, value);
}

static bool any_stopped(const pnas_ranking_files *files)
{
    for (size_t f = 0; f < files->count; f++)
        if (files->ranking[f]->stopped_count > 0)
            return true;
    return false;
}

/* Of a child that was stopped at a rung: its last epoch, and what is expected of it. */
static void print_csv_stopped(const pnas_ranked_cell *cell)
{
    print_csv_whole(cell->stopped_after > 0 ? cell->stopped_after : -1);
    print_csv_real(cell->stopped_after > 0 ? cell->score : NAN);
}

static void print_csv_entry(const pnas_ranking_entry *entry, int blocks, bool stopped, bool several)
{
    const pnas_ranked_cell *cell = entry->cell;
    const pnas_operator_set *operators = &entry->ranking->operators;
    if (!cell->guessed)
        printf("%.9g", cell->score);
    for (int b = 0; b < blocks; b++) {
        const pnas_block *block = &cell->cell.block[b];
        if (b < cell->level)
            printf(",%d,%s,%d,%s", block->in1, operators->item[block->op1].name, block->in2,
                   operators->item[block->op2].name);
        else
            printf(",,,,");
    }
    printf(",%d", cell->level);
    print_csv_real(cell->predicted);
    print_csv_real(isnan(cell->predicted) ? NAN : cell->predicted_std);
    print_csv_whole(cell->parameters);
    print_csv_whole(cell->multiply_adds);
    if (isnan(cell->train_seconds))
        putchar(',');
    else
        printf(",%.6f", cell->train_seconds);
    if (stopped)
        print_csv_stopped(cell);
    if (several) {
        putchar(',');
        pnas_text_csv(stdout, entry->ranking->path);
    }
    putchar('\n');
}

/* The score and the blocks come first, as in the files of older programs; shorter cells leave their last
 * blocks empty. */
pnas_status pnas_ranking_print_csv(const pnas_ranking_files *files, size_t top)
{
    pnas_ranking_entry *entries;
    size_t count;
    PNAS_TRY(pnas_ranking_merge((const pnas_ranking *const *)files->ranking, files->count, true, &entries,
                                &count));
    warn_of_operators(files);
    count = top && top < count ? top : count;
    int blocks = longest(entries, count);
    bool stopped = any_stopped(files);
    printf("score");
    for (int b = 0; b < blocks; b++)
        printf(",in1_%d,op1_%d,in2_%d,op2_%d", b, b, b, b);
    printf(",level,predicted,predicted_std,parameters,multiply_adds,train_seconds%s%s\n",
           stopped ? ",stopped_after,expected" : "", files->count > 1 ? ",file" : "");
    for (size_t i = 0; i < count; i++)
        print_csv_entry(&entries[i], blocks, stopped, files->count > 1);
    free(entries);
    return PNAS_OK;
}

/* ---- JSON ---- */

static void print_json_real(const char *name, double value)
{
    if (isfinite(value))
        printf(", \"%s\": %.9g", name, value);
    else
        printf(", \"%s\": null", name);
}

static void print_json_whole(const char *name, int64_t value)
{
    if (value < 0)
        printf(", \"%s\": null", name);
    else
        printf(", \"%s\": %" PRId64, name, value);
}

static void print_json_levels(const pnas_ranking *ranking)
{
    printf("      \"levels\": [");
    for (int i = 0; i < ranking->levels; i++) {
        const pnas_ranking_level *level = &ranking->level[i];
        printf(
            "%s\n        {\"level\": %d, \"children\": %zu, \"done\": %zu, \"failed\": %zu, \"candidates\": "
            "%" PRIu64,
            i ? "," : "", level->level, level->children, level->done, level->failed, level->candidates);
        if (level->early > 0)
            printf(", \"early\": %zu", level->early);
        if (level->stopped > 0)
            printf(", \"stopped\": %zu", level->stopped);
        if (level->guessed > 0)
            printf(", \"guessed\": %zu", level->guessed);
        print_json_real("spearman", level->spearman);
        print_json_real("best", level->best);
        print_json_real("mean", level->mean);
        putchar('}');
    }
    printf("\n      ]\n");
}

static void print_json_file(const pnas_ranking *ranking)
{
    static const char *const words[] = {"running", "complete", "stopped", "failed"};
    printf("    {\n      \"path\": ");
    pnas_text_json(stdout, ranking->path);
    if (ranking->run) {
        const pnas_run_info *info = pnas_run_file_info(ranking->run);
        printf(",\n      \"title\": ");
        pnas_text_json(stdout, ranking->title);
        printf(",\n      \"dataset\": ");
        pnas_text_json(stdout, info->dataset_name);
        printf(",\n      \"status\": \"%s\"", words[info->status]);
    }
    printf(",\n      \"blocks\": %d,\n", ranking->blocks);
    print_json_levels(ranking);
    printf("    }");
}

static void print_json_entry(size_t rank, const pnas_ranking_entry *entry)
{
    char text[PNAS_CELL_TEXT_MAX];
    const pnas_ranked_cell *cell = entry->cell;
    const pnas_operator_set *operators = &entry->ranking->operators;
    pnas_cell_format(&cell->cell, operators, text);
    printf("    {\"rank\": %zu, \"file\": %zu", rank, entry->file);
    print_json_real("score", cell->guessed ? NAN : cell->score);
    printf(", \"level\": %d, \"cell\": ", cell->level);
    pnas_text_json(stdout, text);
    printf(", \"blocks\": [");
    for (int b = 0; b < cell->level; b++) {
        const pnas_block *block = &cell->cell.block[b];
        printf("%s[%d, \"%s\", %d, \"%s\"]", b ? ", " : "", block->in1, operators->item[block->op1].name,
               block->in2, operators->item[block->op2].name);
    }
    printf("]");
    print_json_real("predicted", cell->predicted);
    print_json_real("predicted_std", cell->predicted_std);
    print_json_whole("parameters", cell->parameters);
    print_json_whole("multiply_adds", cell->multiply_adds);
    print_json_real("train_seconds", cell->train_seconds);
    if (cell->stopped_after > 0) {
        printf(", \"stopped_after\": %d", cell->stopped_after);
        print_json_real("expected", cell->score);
    }
    printf("%s}", cell->early ? ", \"early\": true" : "");
}

pnas_status pnas_ranking_print_json(const pnas_ranking_files *files, size_t top)
{
    pnas_ranking_entry *entries;
    size_t count;
    PNAS_TRY(pnas_ranking_merge((const pnas_ranking *const *)files->ranking, files->count, true, &entries,
                                &count));
    warn_of_operators(files);
    count = top && top < count ? top : count;
    printf("{\n  \"files\": [\n");
    for (size_t f = 0; f < files->count; f++) {
        print_json_file(files->ranking[f]);
        printf(f + 1 < files->count ? ",\n" : "\n");
    }
    printf("  ],\n  \"cells\": [\n");
    for (size_t i = 0; i < count; i++) {
        print_json_entry(i + 1, &entries[i]);
        printf(i + 1 < count ? ",\n" : "\n");
    }
    printf("  ]\n}\n");
    free(entries);
    return PNAS_OK;
}
