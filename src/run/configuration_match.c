#include "src/run/configuration_match.h"

#include "io/config/configuration.h"
#include "src/search/strategy.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 8

typedef struct { /* where a line of YAML stands: "training.schedule.rate" */
    int depth;
    struct {
        size_t indent;
        char name[64];
    } key[DEPTH_MAX];
} key_path;

static const char *end_of_line(const char *line)
{
    return line + strcspn(line, "\n");
}

/* Takes in one line in block style, "  key: value" or "- key: value". */
static void follow(key_path *path, const char *line)
{
    size_t indent = strspn(line, " -"), length = strcspn(line + indent, ":\n");
    if (line[indent + length] != ':')
        return;
    while (path->depth > 0 && path->key[path->depth - 1].indent >= indent)
        path->depth--;
    if (path->depth == DEPTH_MAX)
        return;
    path->key[path->depth].indent = indent;
    snprintf(path->key[path->depth].name, sizeof path->key[0].name, "%.*s", (int)length, line + indent);
    path->depth++;
}

static void join(const key_path *path, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < path->depth && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? "." : "", path->key[i].name);
}

/* "value" of a line "key: value", or the whole line of a list. */
static void copy_value(const char *line, char *out, size_t size)
{
    size_t length = (size_t)(end_of_line(line) - line), skip = strspn(line, " ");
    const char *colon = memchr(line, ':', length);
    if (colon)
        skip = (size_t)(colon - line) + 1 + strspn(colon + 1, " ");
    snprintf(out, size, "%.*s", (int)(length - skip), line + skip);
}

static pnas_status refuse(const char *path, const key_path *where, const char *stored, const char *mine)
{
    char key[256], old[128], new[128];
    join(where, key, sizeof key);
    copy_value(stored, old, sizeof old);
    copy_value(mine, new, sizeof new);
    return pnas_fail(
        PNAS_ERROR_USAGE,
        "%s: this run was started with %s: %s, but the configuration now says %s, and figures of "
        "both do not belong in one run; take the old value or another file with -o",
        path, key, *old ? old : "(nothing)", *new ? new : "(nothing)");
}

/* How deep a line stands; the end of the text stands above all. */
static int depth_of(const char *line)
{
    return *line ? (int)strspn(line, " -") : -1;
}

/* Both texts are printed by the same function from the same schema, so the first line that differs is the
 * first key that does. Where a list is longer in one of them, the other's line is already another key's. */
static pnas_status compare(const char *path, const char *stored, const char *mine)
{
    key_path where = {0};
    while (*stored || *mine) {
        size_t stored_length = (size_t)(end_of_line(stored) - stored);
        size_t my_length = (size_t)(end_of_line(mine) - mine);
        int deeper = depth_of(stored) - depth_of(mine);
        follow(&where, deeper > 0 ? stored : mine);
        if (stored_length != my_length || strncmp(stored, mine, my_length) != 0)
            return refuse(path, &where, deeper < 0 ? "" : stored, deeper > 0 ? "" : mine);
        stored += stored_length + (stored[stored_length] == '\n');
        mine += my_length + (mine[my_length] == '\n');
    }
    return PNAS_OK;
}

/* --- what a complete run may go on with --- */

static void note(char *out, const char *key, int from, int to)
{
    size_t used = strlen(out);
    snprintf(out + used, PNAS_EXTENSION_MAX - used, "%s%s %d -> %d", used ? ", " : "", key, from, to);
}

/* Takes `to` over where it is larger, and notes it. */
static void extend(int *from, int to, const char *key, char *out)
{
    if (to <= *from)
        return;
    note(out, key, *from, to);
    *from = to;
}

/* Levels to come may be more, wider and trained for longer; whatever is there stays as it is. */
static pnas_status take_extension(const char *path, pnas_configuration *stored,
                                  const pnas_configuration *mine, char *out)
{
    bool more_levels = mine->search.space.blocks > stored->search.space.blocks;
    bool more_epochs = mine->training.epochs > stored->training.epochs;
    bool more = mine->search.beam > stored->search.beam || more_epochs;
    if (!pnas_strategy_get(stored->search.strategy)->extensible || (!more && !more_levels))
        return PNAS_OK;
    PNAS_CHECK(
        more_levels, PNAS_ERROR_USAGE,
        "%s: this run is complete, and a larger search.beam or training.epochs counts for levels to come "
        "only; make space.blocks larger than %d, too, or take another file with -o",
        path, stored->search.space.blocks);
    PNAS_CHECK(!more_epochs || mine->keep_weights == 0, PNAS_ERROR_USAGE,
               "%s: with keep_weights above 0 the best children are trained again as they were, which other "
               "training.epochs (%d instead of %d) would not be; set keep_weights to 0",
               path, mine->training.epochs, stored->training.epochs);
    extend(&stored->search.space.blocks, mine->search.space.blocks, "space.blocks", out);
    extend(&stored->search.beam, mine->search.beam, "search.beam", out);
    extend(&stored->training.epochs, mine->training.epochs, "training.epochs", out);
    return PNAS_OK;
}

pnas_status pnas_configuration_match(const char *path, const char *stored_text, bool complete,
                                     const pnas_configuration *mine, char extension[PNAS_EXTENSION_MAX])
{
    extension[0] = '\0';
    pnas_configuration *stored = malloc(sizeof *stored);
    char *stored_lines = NULL, *my_lines = NULL;
    pnas_status status = PNAS_OK;
    PNAS_CHECK_CLEANUP(stored, PNAS_ERROR_MEMORY, "no memory for a configuration");
    PNAS_TRY_CLEANUP(pnas_configuration_parse(path, stored_text, NULL, 0, stored));
    memcpy(stored->title, mine->title, sizeof stored->title);
    memcpy(stored->dataset, mine->dataset, sizeof stored->dataset);
    memcpy(stored->table, mine->table, sizeof stored->table);
    memcpy(stored->device, mine->device, sizeof stored->device);
    memcpy(stored->lanes, mine->lanes, sizeof stored->lanes);
    memcpy(stored->threads, mine->threads, sizeof stored->threads);
    stored->ranks_per_device = mine->ranks_per_device;
    stored->training.child_seconds = mine->training.child_seconds;
    stored->keep_weights = mine->keep_weights;
    stored->checkpoint_seconds = mine->checkpoint_seconds;
    stored->table_pace = mine->table_pace;
    if (complete)
        PNAS_TRY_CLEANUP(take_extension(path, stored, mine, extension));
    PNAS_TRY_CLEANUP(pnas_configuration_print(stored, &stored_lines));
    PNAS_TRY_CLEANUP(pnas_configuration_print(mine, &my_lines));
    status = compare(path, stored_lines, my_lines);
cleanup:
    free(stored_lines);
    free(my_lines);
    free(stored);
    return status;
}
