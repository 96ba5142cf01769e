#include "io/config/configuration.h"

#include "io/config/configuration_fill.h"
#include "io/config/configuration_value.h"
#include "io/file/file_kind.h"
#include "io/file/regular_file.h"
#include "src/search/strategy.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX     (256 * 1024) /* far above any configuration, far below what YAML can be made to cost */

#define KERNEL_SHARE 0.5 /* surrogate.kernel beside networks */
#define FOREST_SHARE 0.5 /* surrogate.forest where nothing is asked of the networks */
#define LSTM_DECAY   0.03
#define MLP_DECAY    0.001

/* Where the kernel part says everything, nothing is asked of the networks; the least of them is kept. Where it does so
 * by what is written, as in all runs of versions without a forest, there is none by itself. */
static void derive_surrogate(pnas_configuration *all)
{
    const pnas_search_options *search = &all->search;
    bool spread = search->acquisition != PNAS_ACQUISITION_MEAN || search->diversity > 0;
    bool closed = pnas_strategy_get(search->strategy)->closed_form && !spread;
    if (all->surrogate.forest < 0)
        all->surrogate.forest = all->surrogate.kernel < 0 && closed ? FOREST_SHARE : 0;
    if (all->surrogate.kernel < 0)
        all->surrogate.kernel = closed ? 1 : KERNEL_SHARE;
    if (all->surrogate.kernel >= 1)
        all->surrogate.members = all->surrogate.epochs = 1;
    if (all->surrogate.weight_decay < 0)
        all->surrogate.weight_decay = all->surrogate.model == PNAS_MODEL_LSTM ? LSTM_DECAY : MLP_DECAY;
}

/* The epochs of search.rungs, as far as they can be read; whether that is all of it. */
static bool read_rungs(const char *text, pnas_search_options *out)
{
    out->rungs = 0;
    for (const char *at = text; *at;) {
        char *end;
        long epoch = strtol(at, &end, 10);
        if (end == at || epoch < 1 || epoch > INT_MAX || out->rungs == PNAS_RUNGS_MAX)
            return false;
        out->rung[out->rungs++] = (int)epoch;
        end += strspn(end, " ");
        if (*end && *end != ',')
            return false;
        at = end + (*end == ',');
        if (*end == ',' && !at[strspn(at, " ")])
            return false;
    }
    return true;
}

/* Fields that follow from a key of another section. */
static void derive(pnas_configuration *all)
{
    all->training.seed = all->seed;
    all->training.schedule.epochs = all->training.epochs;
    all->surrogate.seed = all->seed;
    all->search.seed = all->seed;
    read_rungs(all->rungs, &all->search);
    if (all->search.round == 0)
        all->search.round = pnas_strategy_get(all->search.strategy)->round;
    derive_surrogate(all);
}

/* The defaults of these are the strategy's or the model's. */
static void forget_derived(pnas_configuration *all)
{
    all->search.round = 0;
    all->surrogate.kernel = all->surrogate.forest = all->surrogate.weight_decay = -1;
}

void pnas_configuration_defaults(pnas_configuration *out)
{
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < pnas_configuration_key_count; i++)
        if (pnas_configuration_keys[i].initial)
            pnas_key_read(&pnas_configuration_keys[i], pnas_configuration_keys[i].initial, out);
    pnas_operator_set_paper(&out->search.space.operators);
    forget_derived(out);
    derive(out);
}

/* ---- what several values must be together ---- */

static pnas_status check_at_most(const pnas_source *source, const pnas_configuration *all,
                                 const pnas_key *key)
{
    const pnas_key *most = pnas_key_find(key->at_most);
    double value = pnas_key_number(key, all), limit = pnas_key_number(most, all);
    if (value <= limit)
        return PNAS_OK;
    return pnas_source_fail(source, pnas_yaml_find(source->document, key->path),
                            "%s is %.10g; it must be at most %s (%.10g)", key->path, value, most->path,
                            limit);
}

/* Two keys that say one thing. A --set overrules what the file says by the other key. */
static pnas_status settle(const pnas_source *source, pnas_configuration *all, const pnas_key *key)
{
    const pnas_key *other = pnas_key_find(key->unless);
    int node = pnas_yaml_find(source->document, key->path);
    int other_node = pnas_yaml_find(source->document, other->path);
    if (!node || !other_node || pnas_key_number(other, all) <= 0)
        return PNAS_OK;
    int from = pnas_yaml_place_of(source->document, node).source;
    int other_from = pnas_yaml_place_of(source->document, other_node).source;
    if ((from == PNAS_YAML_FROM_TEXT) == (other_from == PNAS_YAML_FROM_TEXT))
        return pnas_source_fail(source, other_node,
                                "%s is given, and %s, too: both say %s; leave one of them out", other->path,
                                key->path, key->say);
    if (other_from == PNAS_YAML_FROM_TEXT)
        pnas_key_read(other, other->initial, all);
    return PNAS_OK;
}

static pnas_status check_rungs(const pnas_source *source, const pnas_configuration *all)
{
    pnas_search_options options = all->search;
    int node = pnas_yaml_find(source->document, "search.rungs");
    bool read = read_rungs(all->rungs, &options);
    for (int i = 1; i < options.rungs; i++)
        read = read && options.rung[i] > options.rung[i - 1];
    if (!read)
        return pnas_source_fail(
            source, node,
            "search.rungs is \"%s\"; it must be at most %d epochs from 1 on, ascending and with "
            "commas between, as in \"2, 5\", or nothing",
            all->rungs, PNAS_RUNGS_MAX);
    if (options.rungs > 0 && options.rung[options.rungs - 1] >= all->training.epochs)
        return pnas_source_fail(
            source, node,
            "search.rungs has a rung after epoch %d, but children are trained for %d epochs "
            "(training.epochs); rungs must come before their end",
            options.rung[options.rungs - 1], all->training.epochs);
    if (options.rungs > 0 && all->search.overlap)
        return pnas_source_fail(
            source, pnas_yaml_find(source->document, "search.overlap"),
            "search.overlap is true, but with search.rungs a whole level is awaited at each rung; "
            "set it to false, or leave search.rungs empty");
    return PNAS_OK;
}

static pnas_status check_together(const pnas_source *source, const pnas_configuration *all)
{
    const pnas_strategy *strategy = pnas_strategy_get(all->search.strategy);
    for (size_t i = 0; i < pnas_configuration_key_count; i++)
        if (pnas_configuration_keys[i].at_most)
            PNAS_TRY(check_at_most(source, all, &pnas_configuration_keys[i]));
    if (all->evaluator == PNAS_EVALUATOR_TABLE && !*all->table)
        return pnas_source_fail(source, pnas_yaml_find(source->document, "table"),
                                "table is empty; with evaluator: table it must be the path of a CSV or HDF5 "
                                "file of trained cells");
    if (*all->warm_start && !strategy->surrogate)
        return pnas_source_fail(source, pnas_yaml_find(source->document, "warm_start"),
                                "warm_start is \"%s\", but search.strategy: %s asks no surrogate; leave it "
                                "empty or take another strategy",
                                all->warm_start, pnas_strategy_name(all->search.strategy));
    if (all->search.overlap && !strategy->begin_next && !strategy->awaits)
        return pnas_source_fail(
            source, pnas_yaml_find(source->document, "search.overlap"),
            "search.overlap is true, but search.strategy: %s has no levels or rounds that could overlap; "
            "set it to false",
            pnas_strategy_name(all->search.strategy));
    PNAS_TRY(check_rungs(source, all));
    if (strategy->all_sizes && all->surrogate.refit == PNAS_REFIT_FINETUNE)
        return pnas_source_fail(
            source, pnas_yaml_find(source->document, "surrogate.refit"),
            "surrogate.refit is finetune, but search.strategy: %s fits the surrogate from "
            "fresh weights in each round; set it to scratch",
            pnas_strategy_name(all->search.strategy));
    return PNAS_OK;
}

/* ---- all of it ---- */

pnas_status pnas_configuration_parse(const char *name, const char *text, const char *const *overrides,
                                     size_t override_count, pnas_configuration *out)
{
    pnas_source source = {.name = name, .overrides = overrides, .override_count = override_count};
    size_t length = strlen(text);
    PNAS_CHECK(length <= FILE_MAX, PNAS_ERROR_USAGE, "%s: is larger than %d KiB; this is no configuration",
               name, FILE_MAX / 1024);
    PNAS_TRY(pnas_yaml_parse(name, text, length, &source.document));
    pnas_configuration_defaults(out);
    forget_derived(out);
    pnas_status status = pnas_configuration_fill(&source, out);
    derive(out);
    for (size_t i = 0; i < pnas_configuration_key_count && status == PNAS_OK; i++)
        if (pnas_configuration_keys[i].unless)
            status = settle(&source, out, &pnas_configuration_keys[i]);
    if (status == PNAS_OK)
        status = check_together(&source, out);
    pnas_yaml_destroy(&source.document);
    return status;
}

/* Reads at most FILE_MAX + 1 bytes, so that too large a file is recognised and a device file does no harm. */
static pnas_status read_text(const char *path, char **out)
{
    *out = NULL;
    char trouble[PNAS_FILE_TROUBLE];
    FILE *file = pnas_file_open_stream(path, trouble);
    PNAS_CHECK(file, PNAS_ERROR_FILE, "%s: %s", path, trouble);
    char *text = calloc(1, FILE_MAX + 2);
    size_t length = text ? fread(text, 1, FILE_MAX + 1, file) : 0;
    int error = ferror(file) ? errno : 0;
    fclose(file);
    PNAS_CHECK(text, PNAS_ERROR_MEMORY, "%s: out of memory", path);
    pnas_status status = PNAS_OK;
    if (error)
        status = pnas_fail(PNAS_ERROR_FILE, "%s: cannot be read: %s", path, pnas_system_reason(error));
    else if (length >= 8 && memcmp(text, PNAS_HDF5_MAGIC, 8) == 0)
        status = pnas_fail(
            PNAS_ERROR_USAGE,
            "%s: is an HDF5 file, such as a run or a data set; a configuration (YAML) is wanted here", path);
    else if (memchr(text, 0, length))
        status = pnas_fail(PNAS_ERROR_USAGE, "%s: has a zero byte; a configuration is UTF-8 text", path);
    if (status == PNAS_OK)
        *out = text;
    else
        free(text);
    return status;
}

pnas_status pnas_configuration_read(const char *path, const char *const *overrides, size_t override_count,
                                    pnas_configuration *out)
{
    char *text = NULL;
    PNAS_TRY(read_text(path, &text));
    pnas_status status = pnas_configuration_parse(path, text, overrides, override_count, out);
    free(text);
    return status;
}
