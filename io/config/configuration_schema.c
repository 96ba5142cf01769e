#include "io/config/configuration_schema.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMBER(member)    (((const pnas_configuration *)0)->member)
#define AT(key_, member_) .key = (key_), .data_offset = offsetof(pnas_configuration, member_)
#define INT(key_, member_)                                                                                   \
    {                                                                                                        \
        AT(key_, member_), .value = { CYAML_VALUE_INT(CYAML_FLAG_DEFAULT, MEMBER(member_)) }                 \
    }
#define UINT(key_, member_)                                                                                  \
    {                                                                                                        \
        AT(key_, member_), .value = { CYAML_VALUE_UINT(CYAML_FLAG_DEFAULT, MEMBER(member_)) }                \
    }
#define REAL(key_, member_)                                                                                  \
    {                                                                                                        \
        AT(key_, member_), .value = { CYAML_VALUE_FLOAT(CYAML_FLAG_STRICT, MEMBER(member_)) }                \
    }
#define TEXT(key_, member_)                                                                                  \
    {                                                                                                        \
        AT(key_, member_), .value = {                                                                        \
            .type = CYAML_STRING,                                                                            \
            .flags = CYAML_FLAG_DEFAULT,                                                                     \
            .data_size = sizeof(MEMBER(member_)),                                                            \
            .string = {.max = sizeof(MEMBER(member_)) - 1}                                                   \
        }                                                                                                    \
    }
#define WORD(key_, member_, words_)                                                                          \
    {                                                                                                        \
        AT(key_, member_), .value = {                                                                        \
            CYAML_VALUE_ENUM(CYAML_FLAG_STRICT, MEMBER(member_), words_, CYAML_ARRAY_LEN(words_))            \
        }                                                                                                    \
    }
#define SECTION(key_, fields_)                                                                               \
    {                                                                                                        \
        .key = (key_), .value = {                                                                            \
            .type = CYAML_MAPPING,                                                                           \
            .flags = CYAML_FLAG_DEFAULT,                                                                     \
            .data_size = sizeof(pnas_configuration),                                                         \
            .mapping = {.fields = (fields_)}                                                                 \
        }                                                                                                    \
    }

/* libcyaml's own booleans take every unknown word for true. */
static const cyaml_strval_t booleans[] = {{"true", 1}, {"false", 0}};
static const cyaml_strval_t optimizers[] = {
    {"sgd", PNAS_OPTIMIZER_SGD}, {"adam", PNAS_OPTIMIZER_ADAM}, {"rmsprop", PNAS_OPTIMIZER_RMSPROP}};
static const cyaml_strval_t schedules[] = {
    {"cosine", PNAS_SCHEDULE_COSINE}, {"step", PNAS_SCHEDULE_STEP}, {"constant", PNAS_SCHEDULE_CONSTANT}};
static const cyaml_strval_t rewards[] = {{"best", PNAS_REWARD_BEST}, {"last", PNAS_REWARD_LAST}};
static const cyaml_strval_t storages[] = {{"float", PNAS_STORAGE_FLOAT}, {"half", PNAS_STORAGE_HALF}};
static const cyaml_strval_t concatenations[] = {{"all", PNAS_CONCATENATE_ALL},
                                                {"unused", PNAS_CONCATENATE_UNUSED},
                                                {"unused_inputs", PNAS_CONCATENATE_UNUSED_INPUTS}};
static const cyaml_strval_t kinds[] = {
#define AS_WORD(kind, name, ...) {name, kind},
    PNAS_OPERATOR_KINDS(AS_WORD)
#undef AS_WORD
};
static const cyaml_strval_t evaluators[] = {{"train", PNAS_EVALUATOR_TRAIN}, {"table", PNAS_EVALUATOR_TABLE}};
#define STRATEGY_WORD(name) {#name, PNAS_STRATEGY_NUMBER_##name},
static const cyaml_strval_t strategies[] = {PNAS_STRATEGIES(STRATEGY_WORD)};
static const cyaml_strval_t candidates[] = {{"table", PNAS_CANDIDATES_TABLE},
                                            {"extensions", PNAS_CANDIDATES_EXTENSIONS},
                                            {"space", PNAS_CANDIDATES_SPACE}};
static const cyaml_strval_t acquisitions[] = {
    {"mean", PNAS_ACQUISITION_MEAN}, {"ucb", PNAS_ACQUISITION_UCB}, {"ei", PNAS_ACQUISITION_EI}};
static const cyaml_strval_t models[] = {{"lstm", PNAS_MODEL_LSTM}, {"mlp", PNAS_MODEL_MLP}};
static const cyaml_strval_t losses[] = {
    {"l1", PNAS_LOSS_L1}, {"squared", PNAS_LOSS_SQUARED}, {"ranking", PNAS_LOSS_RANKING}};
static const cyaml_strval_t fit_optimizers[] = {{"adam", PNAS_SURROGATE_ADAM}, {"sgd", PNAS_SURROGATE_SGD}};
static const cyaml_strval_t refits[] = {{"scratch", PNAS_REFIT_SCRATCH}, {"finetune", PNAS_REFIT_FINETUNE}};
static const cyaml_strval_t biases[] = {{"given", PNAS_BIAS_GIVEN}, {"mean", PNAS_BIAS_MEAN}};
static const cyaml_strval_t unlimited[] = {{"none", -1}};

static const cyaml_schema_field_t operator_fields[] = {
    CYAML_FIELD_STRING("name", CYAML_FLAG_DEFAULT, pnas_operator, name, 1),
    CYAML_FIELD_ENUM("kind", CYAML_FLAG_STRICT, pnas_operator, kind, kinds, CYAML_ARRAY_LEN(kinds)),
    CYAML_FIELD_INT("kernel", CYAML_FLAG_DEFAULT, pnas_operator, kernel),
    CYAML_FIELD_INT("dilation", CYAML_FLAG_DEFAULT, pnas_operator, dilation),
    CYAML_FIELD_INT("repeat", CYAML_FLAG_DEFAULT, pnas_operator, repeat),
    CYAML_FIELD_INT("bottleneck", CYAML_FLAG_DEFAULT, pnas_operator, bottleneck),
    CYAML_FIELD_END};

static const cyaml_schema_value_t operator_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, pnas_operator, operator_fields)};

static const cyaml_schema_field_t dataset_fields[] = {TEXT("file", dataset), REAL("validation", validation),
                                                      INT("training_images", training_images),
                                                      CYAML_FIELD_END};

static const cyaml_schema_field_t space_fields[] = {
    INT("blocks", search.space.blocks),
    INT("lookback", search.space.lookback),
    /* Not strict, so that a number may stand there as well as the word. */
    {AT("lookforward", search.space.lookforward),
     .value = {CYAML_VALUE_ENUM(CYAML_FLAG_DEFAULT, MEMBER(search.space.lookforward), unlimited, 1)}},
    {AT("operators", search.space.operators.item),
     .count_offset = offsetof(pnas_configuration, search.space.operators.count),
     .count_size = sizeof(MEMBER(search.space.operators.count)),
     .value = {.type = CYAML_SEQUENCE,
               .flags = CYAML_FLAG_DEFAULT,
               .data_size = sizeof(pnas_operator),
               .sequence = {.entry = &operator_schema, .min = 1, .max = PNAS_OPERATORS_MAX}}},
    CYAML_FIELD_END};

static const cyaml_schema_field_t search_fields[] = {WORD("strategy", search.strategy, strategies),
                                                     INT("beam", search.beam),
                                                     INT("first", search.first),
                                                     WORD("acquisition", search.acquisition, acquisitions),
                                                     REAL("kappa", search.kappa),
                                                     REAL("diversity", search.diversity),
                                                     REAL("failed_reward", search.failed_reward),
                                                     WORD("overlap", search.overlap, booleans),
                                                     REAL("overlap_share", search.overlap_share),
                                                     INT("population", search.population),
                                                     INT("sample", search.sample),
                                                     INT("round", search.round),
                                                     WORD("candidates", candidates, candidates),
                                                     CYAML_FIELD_END};

static const cyaml_schema_field_t network_fields[] = {
    INT("filters", network.filters), INT("repeats", network.repeats),
    INT("stem_multiplier", network.stem_multiplier),
    WORD("concatenation", network.concatenation, concatenations), CYAML_FIELD_END};

static const cyaml_schema_field_t augment_fields[] = {INT("pad", training.pad),
                                                      WORD("flip", training.flip, booleans),
                                                      INT("cutout", training.cutout), CYAML_FIELD_END};

static const cyaml_schema_field_t training_fields[] = {
    INT("epochs", training.epochs),
    INT("batch", training.batch),
    WORD("optimizer", training.optimizer, optimizers),
    REAL("momentum", training.momentum),
    WORD("nesterov", training.nesterov, booleans),
    REAL("beta1", training.beta1),
    REAL("beta2", training.beta2),
    REAL("epsilon", training.epsilon),
    REAL("weight_decay", training.weight_decay),
    REAL("clip_norm", training.clip_norm),
    REAL("child_time_limit", training.child_seconds),
    REAL("learning_rate", training.schedule.rate),
    REAL("final_learning_rate", training.schedule.final_rate),
    WORD("schedule", training.schedule.kind, schedules),
    REAL("warmup_epochs", training.schedule.warmup_epochs),
    REAL("step_epochs", training.schedule.step_epochs),
    REAL("step_factor", training.schedule.step_factor),
    REAL("norm_momentum", training.norm_momentum),
    REAL("norm_epsilon", training.norm_epsilon),
    WORD("storage", training.storage, storages),
    WORD("reward", training.reward, rewards),
    SECTION("augment", augment_fields),
    CYAML_FIELD_END};

static const cyaml_schema_field_t surrogate_fields[] = {
    WORD("model", surrogate.model, models),
    INT("members", surrogate.members),
    REAL("fold", surrogate.fold),
    REAL("linear", surrogate.linear),
    WORD("mirror", surrogate.mirror, booleans),
    INT("embedding", surrogate.embedding),
    INT("hidden", surrogate.hidden),
    WORD("loss", surrogate.loss, losses),
    WORD("optimizer", surrogate.optimizer, fit_optimizers),
    REAL("momentum", surrogate.momentum),
    REAL("weight_decay", surrogate.weight_decay),
    INT("epochs", surrogate.epochs),
    INT("patience", surrogate.patience),
    INT("batch", surrogate.batch),
    REAL("rate_first", surrogate.rate_first),
    REAL("rate_later", surrogate.rate_later),
    WORD("refit", surrogate.refit, refits),
    WORD("bias", surrogate.bias, biases),
    REAL("last_bias", surrogate.last_bias),
    CYAML_FIELD_END};

static const cyaml_schema_field_t root_fields[] = {TEXT("title", title),
                                                   UINT("seed", seed),
                                                   TEXT("device", device),
                                                   TEXT("lanes", lanes),
                                                   TEXT("threads", threads),
                                                   INT("ranks_per_device", ranks_per_device),
                                                   INT("keep_weights", keep_weights),
                                                   REAL("checkpoint_seconds", checkpoint_seconds),
                                                   WORD("evaluator", evaluator, evaluators),
                                                   TEXT("table", table),
                                                   REAL("table_pace", table_pace),
                                                   TEXT("warm_start", warm_start),
                                                   SECTION("dataset", dataset_fields),
                                                   SECTION("space", space_fields),
                                                   SECTION("search", search_fields),
                                                   SECTION("network", network_fields),
                                                   SECTION("training", training_fields),
                                                   SECTION("surrogate", surrogate_fields),
                                                   CYAML_FIELD_END};

const cyaml_schema_value_t pnas_configuration_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, pnas_configuration, root_fields)};

/* ---- limits ---- */

enum { CLOSED = 0, OPEN_LOW = 1, OPEN_HIGH = 2 }; /* which end itself is not allowed */

typedef struct {
    const char *path;
    double low, high;
    int open;
} pnas_limit;

static const pnas_limit limits[] = {{"keep_weights", 0, 10000, CLOSED},
                                    {"ranks_per_device", 1, 64, CLOSED},
                                    {"checkpoint_seconds", 0, 86400, CLOSED},
                                    {"table_pace", 0, 1000, CLOSED},
                                    {"dataset.validation", 0, 1e9, OPEN_LOW},
                                    {"dataset.training_images", 0, 1e9, CLOSED},
                                    {"space.blocks", 1, PNAS_BLOCKS_MAX, CLOSED},
                                    {"space.lookback", -2, -1, CLOSED},
                                    {"space.lookforward", 0, PNAS_BLOCKS_MAX, CLOSED},
                                    {"space.operators.kernel", 1, 15, CLOSED},
                                    {"space.operators.dilation", 1, 8, CLOSED},
                                    {"space.operators.repeat", 1, 4, CLOSED},
                                    {"space.operators.bottleneck", 1, 16, CLOSED},
                                    {"search.beam", 1, 100000, CLOSED},
                                    {"search.first", 0, 1000000, CLOSED},
                                    {"search.kappa", 0, 1000, CLOSED},
                                    {"search.diversity", 0, 1, CLOSED},
                                    {"search.overlap_share", 0, 1, CLOSED},
                                    {"search.failed_reward", 0, 1, CLOSED},
                                    {"search.population", 1, 100000, CLOSED},
                                    {"search.sample", 1, 100000, CLOSED},
                                    {"search.round", 1, 100000, CLOSED},
                                    {"network.filters", 1, 4096, CLOSED},
                                    {"network.repeats", 1, 64, CLOSED},
                                    {"network.stem_multiplier", 1, 64, CLOSED},
                                    {"training.epochs", 1, 100000, CLOSED},
                                    {"training.batch", 1, 65536, CLOSED},
                                    {"training.momentum", 0, 1, OPEN_HIGH},
                                    {"training.beta1", 0, 1, OPEN_HIGH},
                                    {"training.beta2", 0, 1, OPEN_HIGH},
                                    {"training.epsilon", 0, 1, OPEN_LOW},
                                    {"training.weight_decay", 0, 1, CLOSED},
                                    {"training.clip_norm", 0, 1e9, CLOSED},
                                    {"training.child_time_limit", 0, 1e9, CLOSED},
                                    {"training.learning_rate", 0, 1000, OPEN_LOW},
                                    {"training.final_learning_rate", 0, 1000, CLOSED},
                                    {"training.warmup_epochs", 0, 100000, CLOSED},
                                    {"training.step_epochs", 0, 100000, OPEN_LOW},
                                    {"training.step_factor", 0, 1, OPEN_LOW},
                                    {"training.norm_momentum", 0, 1, OPEN_HIGH},
                                    {"training.norm_epsilon", 0, 1, OPEN_LOW},
                                    {"training.augment.pad", 0, 1024, CLOSED},
                                    {"training.augment.cutout", 0, 4096, CLOSED},
                                    {"surrogate.members", 1, PNAS_MEMBERS_MAX, CLOSED},
                                    {"surrogate.fold", 0, 1, OPEN_LOW},
                                    {"surrogate.linear", 0, 1, CLOSED},
                                    {"surrogate.embedding", 1, 4096, CLOSED},
                                    {"surrogate.hidden", 1, 4096, CLOSED},
                                    {"surrogate.momentum", 0, 1, OPEN_HIGH},
                                    {"surrogate.weight_decay", 0, 1, CLOSED},
                                    {"surrogate.epochs", 1, 1000000, CLOSED},
                                    {"surrogate.patience", 0, 1000000, CLOSED},
                                    {"surrogate.batch", 1, 65536, CLOSED},
                                    {"surrogate.rate_first", 0, 10, OPEN_LOW},
                                    {"surrogate.rate_later", 0, 10, OPEN_LOW},
                                    {"surrogate.last_bias", -20, 20, CLOSED}};

/* "space.operators[3].kernel" -> "space.operators.kernel" */
static void without_indices(const char *path, char *out, size_t size)
{
    size_t length = 0;
    for (; *path && length + 1 < size; path++) {
        if (*path == '[')
            path += strcspn(path, "]");
        else
            out[length++] = *path;
        if (!*path)
            break;
    }
    out[length] = 0;
}

static const pnas_limit *limit_of(const char *path)
{
    char plain[256];
    without_indices(path, plain, sizeof plain);
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        if (strcmp(limits[i].path, plain) == 0)
            return &limits[i];
    }
    return NULL;
}

/* The schema of the key that begins at `key` and is `length` bytes long, or NULL. */
static const cyaml_schema_value_t *find_field(const cyaml_schema_value_t *mapping, const char *key,
                                              size_t length)
{
    if (mapping->type != CYAML_MAPPING)
        return NULL;
    for (const cyaml_schema_field_t *field = mapping->mapping.fields; field->key; field++) {
        if (strlen(field->key) == length && memcmp(field->key, key, length) == 0)
            return &field->value;
    }
    return NULL;
}

const cyaml_schema_value_t *pnas_schema_find(const char *path)
{
    const cyaml_schema_value_t *at = &pnas_configuration_schema;
    while (*path && at) {
        if (*path == '[') {
            at = at->type == CYAML_SEQUENCE ? at->sequence.entry : NULL;
            path += strcspn(path, ".");
        } else {
            path += *path == '.';
            size_t length = strcspn(path, ".[");
            at = find_field(at, path, length);
            path += length;
        }
    }
    return at;
}

bool pnas_schema_within(const char *path, double value)
{
    const pnas_limit *limit = limit_of(path);
    if (!limit)
        return true;
    bool low = limit->open & OPEN_LOW ? value > limit->low : value >= limit->low;
    bool high = limit->open & OPEN_HIGH ? value < limit->high : value <= limit->high;
    return low && high; /* false for a NaN */
}

/* ---- numbers ---- */

bool pnas_schema_is_number(const cyaml_schema_value_t *schema, const char *text)
{
    char *end = NULL;
    bool decimal = strspn(text, "+-.0123456789eE") == strlen(text);
    if (!*text || !decimal)
        return false;
    errno = 0;
    if (schema->type == CYAML_FLOAT) {
        double value = strtod(text, &end);
        return end != text && *end == 0 && isfinite(value);
    }
    if (schema->type == CYAML_UINT)
        (void)strtoull(text, &end, 10);
    else
        (void)strtoll(text, &end, 10);
    bool leading_zero = text[strspn(text, "+-")] == '0' && text[strspn(text, "+-") + 1];
    return end != text && *end == 0 && errno == 0 && !leading_zero &&
           !(schema->type == CYAML_UINT && *text == '-');
}

static int64_t integer_at(const void *data, uint32_t size)
{
    int32_t four;
    int64_t eight;
    bool one;
    switch (size) {
    case sizeof one:
        memcpy(&one, data, sizeof one);
        return one;
    case sizeof four:
        memcpy(&four, data, sizeof four);
        return four;
    default:
        memcpy(&eight, data, sizeof eight);
        return eight;
    }
}

double pnas_schema_number(const cyaml_schema_value_t *schema, const void *data)
{
    double real;
    if (schema->type != CYAML_FLOAT)
        return (double)integer_at(data, schema->data_size);
    memcpy(&real, data, sizeof real);
    return real;
}

/* ---- sentences ---- */

/* "a, b or c" */
static void join(char *out, size_t size, const char *(*name)(const void *list, size_t i), const void *list,
                 size_t count, const char *last)
{
    size_t length = 0;
    out[0] = 0;
    for (size_t i = 0; i < count && length < size; i++) {
        const char *before = i == 0 ? "" : i + 1 == count ? last : ", ";
        length += (size_t)snprintf(out + length, size - length, "%s%s", before, name(list, i));
    }
}

static const char *word_name(const void *list, size_t i)
{
    return ((const cyaml_strval_t *)list)[i].str;
}

static const char *field_name(const void *list, size_t i)
{
    return ((const cyaml_schema_field_t *)list)[i].key;
}

static void describe_number(const cyaml_schema_value_t *schema, const char *path, char *out, size_t size)
{
    const char *what = schema->type == CYAML_FLOAT ? "a number" : "a whole number";
    const pnas_limit *limit = limit_of(path);
    if (!limit)
        snprintf(out, size, "%s from 0 to 18446744073709551615", what);
    else
        snprintf(out, size, "%s %s %.10g %s %.10g", what, limit->open & OPEN_LOW ? "above" : "from",
                 limit->low,
                 limit->open & OPEN_HIGH  ? "to below"
                 : limit->open & OPEN_LOW ? "and at most"
                                          : "to",
                 limit->high);
}

void pnas_schema_keys(const char *section, char *out, size_t size)
{
    const cyaml_schema_value_t *schema = pnas_schema_find(section);
    size_t count = 0;
    out[0] = 0;
    if (!schema || schema->type != CYAML_MAPPING)
        return;
    while (schema->mapping.fields[count].key)
        count++;
    join(out, size, field_name, schema->mapping.fields, count, " and ");
}

void pnas_schema_allowed(const char *path, char *out, size_t size)
{
    const cyaml_schema_value_t *schema = pnas_schema_find(path);
    char keys[400];
    if (!schema) {
        snprintf(out, size, "nothing");
        return;
    }
    switch (schema->type) {
    case CYAML_STRING:
        snprintf(out, size, "text of %s%u bytes", schema->string.min ? "1 to " : "at most ",
                 schema->string.max);
        break;
    case CYAML_ENUM:
        if (schema->flags & CYAML_FLAG_STRICT)
            join(out, size, word_name, schema->enumeration.strings, schema->enumeration.count, " or ");
        else
            snprintf(out, size, "%s or a whole number from 0 to %d", schema->enumeration.strings[0].str,
                     PNAS_BLOCKS_MAX);
        break;
    case CYAML_SEQUENCE:
        snprintf(out, size, "a list of 1 to %u operators", schema->sequence.max);
        break;
    case CYAML_MAPPING:
        pnas_schema_keys(path, keys, sizeof keys);
        snprintf(out, size, "%sa section with the keys %s",
                 schema == &operator_schema ? "an operator's name or " : "", keys);
        break;
    default:
        describe_number(schema, path, out, size);
    }
}
