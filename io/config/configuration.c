#include "io/config/configuration.h"

#include "io/config/configuration_schema.h"
#include "io/config/yaml_document.h"
#include "src/search/strategy.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX  (256 * 1024) /* far above any configuration, far below what YAML can be made to cost */

#define KEY_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.[]"

/* What messages need to say where a value was written. */
typedef struct {
    const char *name;
    const char *const *overrides;
    size_t override_count;
    pnas_yaml *document;
} pnas_source;

void pnas_configuration_defaults(pnas_configuration *out)
{
    *out = (pnas_configuration){
        .title = "Progressive architecture search",
        .seed = 1,
        .dataset = "digits",
        .validation = 0.1,
        .search = {.space = {.blocks = 5, .lookback = -2, .lookforward = -1},
                   .beam = 256,
                   .first = 0,
                   .kappa = 1,
                   .overlap_share = 0.25,
                   .population = 100,
                   .sample = 25,
                   .round = 10,
                   .seed = 1},
        .network = {.filters = 24, .repeats = 2, .stem_multiplier = 3, .concatenation = PNAS_CONCATENATE_ALL},
        .training = {.epochs = 20,
                     .batch = 32,
                     .optimizer = PNAS_OPTIMIZER_SGD,
                     .momentum = 0.9,
                     .beta1 = 0.9,
                     .beta2 = 0.999,
                     .epsilon = 1e-8,
                     .weight_decay = 5e-4,
                     .clip_norm = 5,
                     .schedule = {.kind = PNAS_SCHEDULE_COSINE,
                                  .rate = 0.01,
                                  .step_epochs = 10,
                                  .step_factor = 0.1,
                                  .epochs = 20},
                     .norm_momentum = 0.9,
                     .norm_epsilon = 1e-5,
                     .reward = PNAS_REWARD_LAST,
                     .pad = 4,
                     .flip = true,
                     .seed = 1},
        .surrogate = {.model = PNAS_MODEL_LSTM,
                      .members = 5,
                      .fold = 0.8,
                      .linear = 0.5,
                      .mirror = true,
                      .embedding = 100,
                      .hidden = 100,
                      .loss = PNAS_LOSS_RANKING,
                      .optimizer = PNAS_SURROGATE_ADAM,
                      .momentum = 0.9,
                      .weight_decay = 0.03,
                      .epochs = 50,
                      .batch = 32,
                      .rate_first = 0.01,
                      .rate_later = 0.002,
                      .refit = PNAS_REFIT_SCRATCH,
                      .bias = PNAS_BIAS_GIVEN,
                      .last_bias = 1.8,
                      .seed = 1},
        .device = "auto",
        .lanes = "auto",
        .threads = "auto",
        .ranks_per_device = 1,
        .checkpoint_seconds = 30,
    };
    pnas_operator_set_paper(&out->search.space.operators);
}

/* ---- saying where ---- */

/* "demo.yaml: line 7", "--set seed=x" or, for a default, the file as a whole. */
static void describe_place(const pnas_source *source, pnas_yaml_place place, char *out, size_t size)
{
    if (place.source > 0 && (size_t)place.source <= source->override_count)
        snprintf(out, size, "--set %s", source->overrides[place.source - 1]);
    else if (place.source == PNAS_YAML_FROM_TEXT && place.line > 0)
        snprintf(out, size, "%s: line %d", source->name, place.line);
    else
        snprintf(out, size, "%s", source->name);
}

/* An error about what stands at `path`. */
__attribute__((format(printf, 3, 4))) static pnas_status wrong(const pnas_source *source, const char *path,
                                                               const char *format, ...)
{
    char where[512], what[1024];
    pnas_yaml_place place = {.source = PNAS_YAML_FROM_DEFAULT};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    pnas_yaml_find(source->document, path, &place);
    describe_place(source, place, where, sizeof where);
    return pnas_fail(PNAS_ERROR_USAGE, "%s: %s", where, what);
}

static pnas_status wrong_value(const pnas_source *source, const char *path)
{
    char allowed[512], found[128] = "empty";
    int node = pnas_yaml_find(source->document, path, NULL);
    pnas_schema_allowed(path, allowed, sizeof allowed);
    if (node && pnas_yaml_kind_of(source->document, node) == PNAS_YAML_LIST)
        snprintf(found, sizeof found, "a list of %zu", pnas_yaml_count(source->document, node));
    else if (node && pnas_yaml_kind_of(source->document, node) == PNAS_YAML_MAPPING)
        snprintf(found, sizeof found, "a section");
    else if (node && *pnas_yaml_text(source->document, node))
        snprintf(found, sizeof found, "'%.100s'", pnas_yaml_text(source->document, node));
    return wrong(source, path, "%s is %s; it must be %s", *path ? path : "the whole", found, allowed);
}

static pnas_status unknown_key(const pnas_source *source, const char *section, const char *key)
{
    char path[PNAS_YAML_PATH_MAX], keys[512];
    snprintf(path, sizeof path, "%s%s%s", section, *section ? "." : "", key);
    pnas_schema_keys(section, keys, sizeof keys);
    return wrong(source, path, "unknown key '%s'; the keys %s%s are %s", path,
                 *section ? "of " : "at the top", section, keys);
}

/* ---- overrides ---- */

static pnas_status apply_override(const pnas_source *source, size_t i)
{
    const char *text = source->overrides[i], *equals = strchr(text, '=');
    char path[PNAS_YAML_PATH_MAX], where[256];
    size_t length = equals ? (size_t)(equals - text) : 0;
    snprintf(where, sizeof where, "--set %.200s", text);
    PNAS_CHECK(length > 0 && length < sizeof path && strspn(text, KEY_BYTES) == length, PNAS_ERROR_USAGE,
               "%s: this is not KEY=VALUE; write for example --set training.epochs=5", where);
    snprintf(path, sizeof path, "%.*s", (int)length, text);
    const char *value = equals[1] ? equals + 1 : "\"\"";
    pnas_yaml *parsed = NULL;
    PNAS_TRY(pnas_yaml_parse(where, value, strlen(value), &parsed));
    pnas_status status =
        pnas_yaml_set(source->document, path, parsed, (pnas_yaml_place){.source = (int)i + 1});
    pnas_yaml_destroy(&parsed);
    return status == PNAS_OK ? status : pnas_fail_at(status, "%s", where);
}

/* ---- operators: names and partly filled maps become full maps ---- */

static pnas_status set_entry(const pnas_source *source, const char *path, const pnas_operator *item)
{
    char text[256], kind[64];
    snprintf(kind, sizeof kind, "%s.kind", path);
    const cyaml_schema_value_t *kinds = pnas_schema_find(kind);
    pnas_yaml_place place = {0};
    pnas_yaml *entry = NULL;
    const char *word = "";
    for (uint32_t i = 0; i < kinds->enumeration.count; i++) {
        if (kinds->enumeration.strings[i].val == (int64_t)item->kind)
            word = kinds->enumeration.strings[i].str;
    }
    snprintf(text, sizeof text,
             "{name: \"%s\", kind: %s, kernel: %d, dilation: %d, repeat: %d, bottleneck: %d}", item->name,
             word, item->kernel, item->dilation, item->repeat, item->bottleneck);
    pnas_yaml_find(source->document, path, &place);
    PNAS_TRY(pnas_yaml_parse(path, text, strlen(text), &entry));
    pnas_status status = pnas_yaml_set(source->document, path, entry, place);
    pnas_yaml_destroy(&entry);
    return status;
}

static pnas_status expand_name(const pnas_source *source, const char *path, const char *name)
{
    pnas_operator_set one = {0};
    if (pnas_operator_set_add_named(&one, name) != PNAS_OK) {
        char why[512];
        snprintf(why, sizeof why, "%s", pnas_message());
        return wrong(source, path, "%s: %s", path, why);
    }
    return set_entry(source, path, &one.item[0]);
}

static pnas_status complete_entry(const pnas_source *source, const char *path, int node)
{
    char key[PNAS_YAML_PATH_MAX], text[128];
    snprintf(key, sizeof key, "%s.name", path);
    int name = pnas_yaml_find(source->document, key, NULL);
    if (!name || pnas_yaml_kind_of(source->document, name) != PNAS_YAML_SCALAR)
        return wrong(source, path, "%s has no name; write name: and a word of letters and digits", path);
    if (pnas_yaml_count(source->document, node) == 1)
        return expand_name(source, path, pnas_yaml_text(source->document, name));
    snprintf(key, sizeof key, "%s.kind", path);
    int kind = pnas_yaml_find(source->document, key, NULL);
    if (!kind) {
        char allowed[256];
        pnas_schema_allowed(key, allowed, sizeof allowed);
        return wrong(source, path, "%s has no kind; it must be %s", path, allowed);
    }
    const char *word = pnas_yaml_kind_of(source->document, kind) == PNAS_YAML_SCALAR
                           ? pnas_yaml_text(source->document, kind)
                           : "";
    snprintf(text, sizeof text, "{kernel: %d, dilation: 1, repeat: %d, bottleneck: 1}",
             strcmp(word, "identity") == 0 ? 1 : 3, strcmp(word, "separable") == 0 ? 2 : 1);
    pnas_yaml *defaults = NULL;
    PNAS_TRY(pnas_yaml_parse(path, text, strlen(text), &defaults));
    pnas_status status = pnas_yaml_complete(source->document, node, defaults);
    pnas_yaml_destroy(&defaults);
    return status;
}

static pnas_status expand_operators(const pnas_source *source)
{
    int list = pnas_yaml_find(source->document, "space.operators", NULL);
    if (!list || pnas_yaml_kind_of(source->document, list) != PNAS_YAML_LIST)
        return PNAS_OK; /* the schema refuses it */
    size_t count = pnas_yaml_count(source->document, list);
    for (size_t i = 0; i < count && i <= PNAS_OPERATORS_MAX; i++) {
        char path[64];
        snprintf(path, sizeof path, "space.operators[%zu]", i);
        int node = pnas_yaml_find(source->document, path, NULL);
        pnas_yaml_kind kind = pnas_yaml_kind_of(source->document, node);
        if (kind == PNAS_YAML_SCALAR)
            PNAS_TRY(expand_name(source, path, pnas_yaml_text(source->document, node)));
        else if (kind == PNAS_YAML_MAPPING)
            PNAS_TRY(complete_entry(source, path, node));
    }
    return PNAS_OK;
}

/* ---- values ---- */

static pnas_status check_value(const pnas_source *source, const cyaml_schema_value_t *schema,
                               const char *path)
{
    int node = pnas_yaml_find(source->document, path, NULL);
    bool open_word = schema->type == CYAML_ENUM && !(schema->flags & CYAML_FLAG_STRICT);
    bool number = schema->type == CYAML_INT || schema->type == CYAML_UINT || schema->type == CYAML_FLOAT;
    if (!node || pnas_yaml_kind_of(source->document, node) != PNAS_YAML_SCALAR || !(number || open_word))
        return PNAS_OK;
    const char *text = pnas_yaml_text(source->document, node);
    if (open_word && strcmp(text, schema->enumeration.strings[0].str) == 0)
        return PNAS_OK;
    bool good = pnas_schema_is_number(schema, text) && pnas_schema_within(path, strtod(text, NULL));
    return good ? PNAS_OK : wrong_value(source, path);
}

/* libcyaml reads "12 apples" as 12 and knows no limits, so every number is looked at here first. */
static pnas_status check_values(const pnas_source *source, const cyaml_schema_value_t *schema,
                                const char *path)
{
    char inner[PNAS_YAML_PATH_MAX];
    if (schema->type == CYAML_SEQUENCE) {
        int node = pnas_yaml_find(source->document, path, NULL);
        if (!node || pnas_yaml_kind_of(source->document, node) != PNAS_YAML_LIST)
            return PNAS_OK;
        for (size_t i = 0; i < pnas_yaml_count(source->document, node); i++) {
            snprintf(inner, sizeof inner, "%s[%zu]", path, i);
            PNAS_TRY(check_values(source, schema->sequence.entry, inner));
        }
        return PNAS_OK;
    }
    if (schema->type != CYAML_MAPPING)
        return check_value(source, schema, path);
    for (const cyaml_schema_field_t *field = schema->mapping.fields; field->key; field++) {
        snprintf(inner, sizeof inner, "%s%s%s", path, *path ? "." : "", field->key);
        PNAS_TRY(check_values(source, &field->value, inner));
    }
    return PNAS_OK;
}

/* ---- libcyaml ---- */

typedef struct { /* gathered from libcyaml's messages */
    char path[PNAS_YAML_PATH_MAX];
    char unknown[128];
} pnas_complaint;

static void prepend(pnas_complaint *complaint, const char *first)
{
    char rest[PNAS_YAML_PATH_MAX];
    memcpy(rest, complaint->path, sizeof rest);
    bool dot = *rest && *rest != '[';
    snprintf(complaint->path, sizeof complaint->path, "%s%s%.*s", first, dot ? "." : "",
             (int)(sizeof rest - strlen(first) - 2), rest);
}

/* libcyaml names the trouble, then the way to it from the inside outwards. Its lines are those of the emitted
 * text, so only the way is kept. */
static void gather(cyaml_log_t level, void *context, const char *format, va_list arguments)
{
    pnas_complaint *complaint = context;
    char text[512], key[128];
    unsigned entry;
    vsnprintf(text, sizeof text, format, arguments);
    if (sscanf(text, "Load: Unexpected key: %127[^\n]", key) == 1) {
        memcpy(complaint->unknown, key, sizeof key);
    } else if (sscanf(text, " in mapping field '%100[^']'", key) == 1) {
        prepend(complaint, key);
    } else if (sscanf(text, " in sequence entry '%u'", &entry) == 1) {
        snprintf(key, sizeof key, "[%u]", entry ? entry - 1 : 0);
        prepend(complaint, key);
    }
}

/* The list that a complaint about "space.operators[40]" of too many entries is really about. */
static void drop_index(char *path)
{
    size_t length = strlen(path);
    if (length && path[length - 1] == ']')
        *strrchr(path, '[') = 0;
}

static pnas_status load(const pnas_source *source, pnas_configuration *out)
{
    char *text = NULL;
    size_t length = 0;
    PNAS_TRY(pnas_yaml_emit(source->document, &text, &length));
    pnas_complaint complaint = {0};
    const cyaml_config_t settings = {
        .log_fn = gather, .log_ctx = &complaint, .mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR};
    pnas_configuration *loaded = NULL;
    cyaml_err_t error = cyaml_load_data((const uint8_t *)text, length, &settings, &pnas_configuration_schema,
                                        (cyaml_data_t **)&loaded, NULL);
    free(text);
    if (error == CYAML_OK && loaded) {
        *out = *loaded;
        cyaml_free(&settings, &pnas_configuration_schema, loaded, 0);
        return PNAS_OK;
    }
    if (error == CYAML_ERR_OOM)
        return pnas_fail(PNAS_ERROR_MEMORY, "%s: out of memory", source->name);
    if (complaint.unknown[0])
        return unknown_key(source, complaint.path, complaint.unknown);
    if (error == CYAML_ERR_SEQUENCE_ENTRIES_MIN || error == CYAML_ERR_SEQUENCE_ENTRIES_MAX)
        drop_index(complaint.path);
    return wrong_value(source, complaint.path);
}

/* ---- what several values must be together ---- */

static pnas_status check_operators(const pnas_source *source, pnas_space *space)
{
    pnas_operator_set set = {0};
    for (int i = 0; i < space->operators.count; i++) {
        char path[64], why[512];
        snprintf(path, sizeof path, "space.operators[%d]", i);
        if (pnas_operator_set_add(&set, &space->operators.item[i]) == PNAS_OK)
            continue;
        snprintf(why, sizeof why, "%s", pnas_message());
        return wrong(source, path, "%s: %s", path, why);
    }
    space->operators = set;
    return PNAS_OK;
}

static pnas_status check_count(const pnas_source *source, const char *key, const char *text, int most)
{
    int count;
    if (!pnas_count_parse(text, most, &count))
        return wrong(source, key, "%s is \"%s\"; it must be auto or a whole number from 1 to %d", key, text,
                     most);
    return PNAS_OK;
}

static pnas_status check_together(const pnas_source *source, pnas_configuration *all)
{
    const pnas_schedule *schedule = &all->training.schedule;
    const pnas_strategy *strategy = pnas_strategy_get(all->search.strategy);
    PNAS_TRY(check_operators(source, &all->search.space));
    if (!*all->dataset)
        return wrong(source, "dataset.file",
                     "dataset.file is empty; it must be digits or the path of a data set");
    if (all->evaluator == PNAS_EVALUATOR_TABLE && !*all->table)
        return wrong(source, "table",
                     "table is empty; with evaluator: table it must be the path of a CSV or HDF5 file of "
                     "trained cells");
    if (*all->warm_start && !strategy->surrogate)
        return wrong(
            source, "warm_start",
            "warm_start is \"%s\", but search.strategy: %s asks no surrogate; leave it empty or take "
            "another strategy",
            all->warm_start, pnas_strategy_name(all->search.strategy));
    if (!*all->device)
        return wrong(source, "device",
                     "device is empty; it must be auto, cpu, gpu, a number, or part of a device's name");
    PNAS_TRY(check_count(source, "lanes", all->lanes, PNAS_LANES_MAX));
    PNAS_TRY(check_count(source, "threads", all->threads, PNAS_THREADS_MAX));
    if (all->validation >= 1 && all->validation != floor(all->validation))
        return wrong(source, "dataset.validation",
                     "dataset.validation is %g; it must be a share below 1 or a whole number of images",
                     all->validation);
    if (all->search.overlap && !strategy->begin_next)
        return wrong(
            source, "search.overlap",
            "search.overlap is true, but search.strategy: %s has no levels that could overlap; set it "
            "to false",
            pnas_strategy_name(all->search.strategy));
    if (schedule->final_rate > schedule->rate)
        return wrong(source, "training.final_learning_rate",
                     "training.final_learning_rate is %g; it must be at most training.learning_rate (%g)",
                     schedule->final_rate, schedule->rate);
    if (schedule->warmup_epochs > all->training.epochs)
        return wrong(source, "training.warmup_epochs",
                     "training.warmup_epochs is %g; it must be at most training.epochs (%d)",
                     schedule->warmup_epochs, all->training.epochs);
    if (pnas_schedule_validate(schedule) != PNAS_OK)
        return pnas_fail_at(PNAS_ERROR_USAGE, "%s: training", source->name);
    if (pnas_space_validate(&all->search.space) != PNAS_OK)
        return pnas_fail_at(PNAS_ERROR_USAGE, "%s: space", source->name);
    return PNAS_OK;
}

/* ---- all of it ---- */

static pnas_status complete(const pnas_source *source)
{
    pnas_configuration values;
    char *text = NULL;
    pnas_yaml *defaults = NULL;
    pnas_configuration_defaults(&values);
    PNAS_TRY(pnas_configuration_print(&values, &text));
    pnas_status status = pnas_yaml_parse("the defaults", text, strlen(text), &defaults);
    if (status == PNAS_OK)
        status = pnas_yaml_complete(source->document, pnas_yaml_root(source->document), defaults);
    pnas_yaml_destroy(&defaults);
    free(text);
    return status;
}

static pnas_status resolve(const pnas_source *source, pnas_configuration *out)
{
    if (pnas_yaml_kind_of(source->document, pnas_yaml_root(source->document)) != PNAS_YAML_MAPPING)
        return wrong(source, "", "this is not a configuration; write lines such as 'seed: 1'");
    for (size_t i = 0; i < source->override_count; i++)
        PNAS_TRY(apply_override(source, i));
    PNAS_TRY(complete(source));
    PNAS_TRY(expand_operators(source));
    PNAS_TRY(check_values(source, &pnas_configuration_schema, ""));
    PNAS_TRY(load(source, out));
    out->training.seed = out->seed;
    out->training.schedule.epochs = out->training.epochs;
    out->surrogate.seed = out->seed;
    out->search.seed = out->seed;
    return check_together(source, out);
}

pnas_status pnas_configuration_parse(const char *name, const char *text, const char *const *overrides,
                                     size_t override_count, pnas_configuration *out)
{
    pnas_source source = {.name = name, .overrides = overrides, .override_count = override_count};
    size_t length = strlen(text);
    PNAS_CHECK(length <= FILE_MAX, PNAS_ERROR_USAGE, "%s: is larger than %d KiB; this is no configuration",
               name, FILE_MAX / 1024);
    PNAS_TRY(pnas_yaml_parse(name, text, length, &source.document));
    pnas_status status = resolve(&source, out);
    pnas_yaml_destroy(&source.document);
    return status;
}

/* Reads at most FILE_MAX + 1 bytes, so that too large a file is recognised and a device file does no harm. */
static pnas_status read_text(const char *path, char **out)
{
    *out = NULL;
    FILE *file = fopen(path, "rb");
    PNAS_CHECK(file, PNAS_ERROR_FILE, "%s: cannot be opened: %s", path, strerror(errno));
    char *text = calloc(1, FILE_MAX + 2);
    size_t length = text ? fread(text, 1, FILE_MAX + 1, file) : 0;
    int error = ferror(file) ? errno : 0;
    fclose(file);
    PNAS_CHECK(text, PNAS_ERROR_MEMORY, "%s: out of memory", path);
    pnas_status status = PNAS_OK;
    if (error)
        status = pnas_fail(PNAS_ERROR_FILE, "%s: cannot be read: %s", path, strerror(error));
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
