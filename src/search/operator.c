#include "src/search/operator.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PAPER_COUNT 8 /* the first rows of the table */

/* Operators by name; how the Keras implementation that this project's files stay compatible with spells them,
 * or NULL; how the paper writes them. */
static const struct {
    pnas_operator operator;
    const char *alias, *words;
} built_in[] = {
    {{"identity", PNAS_IDENTITY, 1, 1, 1, 1}, NULL, "identity"},
    {{"sep3", PNAS_SEPARABLE, 3, 1, 2, 1}, "3x3 dconv", "sep 3x3"},
    {{"sep5", PNAS_SEPARABLE, 5, 1, 2, 1}, "5x5 dconv", "sep 5x5"},
    {{"sep7", PNAS_SEPARABLE, 7, 1, 2, 1}, "7x7 dconv", "sep 7x7"},
    {{"1x7-7x1", PNAS_FACTORIZED, 7, 1, 1, 4}, "1x7-7x1 conv", "1x7, 7x1"},
    {{"avg3", PNAS_AVERAGE_POOL, 3, 1, 1, 1}, "3x3 avgpool", "avg 3x3"},
    {{"max3", PNAS_MAX_POOL, 3, 1, 1, 1}, "3x3 maxpool", "max 3x3"},
    {{"dil3", PNAS_CONVOLUTION, 3, 2, 1, 4}, NULL, "dilated 3x3"},
    {{"conv3", PNAS_CONVOLUTION, 3, 1, 1, 1}, "3x3 conv", "conv 3x3"},
};
enum { BUILT_IN_COUNT = sizeof built_in / sizeof built_in[0] };

/* The row of this name or alias, or -1. */
static int find_built_in(const char *name)
{
    for (int i = 0; i < BUILT_IN_COUNT; ++i)
        if (strcmp(built_in[i].operator.name, name) == 0 ||
            (built_in[i].alias && strcmp(built_in[i].alias, name) == 0))
            return i;
    return -1;
}

const char *pnas_operator_label(const pnas_operator *op)
{
    for (int i = 0; i < BUILT_IN_COUNT; ++i)
        if (strcmp(built_in[i].operator.name, op->name) == 0)
            return built_in[i].words;
    return op->name;
}

const char *pnas_operator_kind_name(pnas_operator_kind kind)
{
    static const char *const names[] = {
#define AS_NAME(kind_, name, ...) [kind_] = name,
        PNAS_OPERATOR_KINDS(AS_NAME)
#undef AS_NAME
    };
    return names[kind];
}

static void set_first(pnas_operator_set *out, int count)
{
    memset(out, 0, sizeof *out);
    out->count = count;
    for (int i = 0; i < count; ++i)
        out->item[i] = built_in[i].operator;
}

void pnas_operator_set_paper(pnas_operator_set *out)
{
    set_first(out, PAPER_COUNT);
}

void pnas_operator_set_built_in(pnas_operator_set *out)
{
    _Static_assert(BUILT_IN_COUNT <= PNAS_OPERATORS_MAX, "a set must hold all built-in operators");
    set_first(out, BUILT_IN_COUNT);
}

int pnas_operator_set_find(const pnas_operator_set *set, const char *name)
{
    int row = find_built_in(name);
    const char *known = row < 0 ? name : built_in[row].operator.name;
    for (int i = 0; i < set->count; ++i)
        if (strcmp(set->item[i].name, known) == 0)
            return i;
    return -1;
}

static pnas_status append(pnas_operator_set *set, const pnas_operator *item)
{
    PNAS_CHECK(pnas_operator_set_find(set, item->name) < 0, PNAS_ERROR_USAGE,
               "operator '%s' is listed twice; name each operator once", item->name);
    PNAS_CHECK(set->count < PNAS_OPERATORS_MAX, PNAS_ERROR_USAGE,
               "operator '%s' is one too many: a search has at most %d operators", item->name,
               PNAS_OPERATORS_MAX);
    set->item[set->count++] = *item;
    return PNAS_OK;
}

pnas_status pnas_operator_set_add_named(pnas_operator_set *set, const char *name)
{
    int row = find_built_in(name);
    if (row >= 0)
        return append(set, &built_in[row].operator);
    char allowed[BUILT_IN_COUNT * PNAS_OPERATOR_NAME_MAX] = "";
    for (int i = 0; i < BUILT_IN_COUNT; ++i) {
        strcat(allowed, i ? ", " : "");
        strcat(allowed, built_in[i].operator.name);
    }
    return pnas_fail(PNAS_ERROR_USAGE,
                     "there is no operator '%s'; the built-in ones are %s, and one of your own needs a kind",
                     name, allowed);
}

static bool name_is_good(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t length = strnlen(name, PNAS_OPERATOR_NAME_MAX);
    return length > 0 && length < PNAS_OPERATOR_NAME_MAX && strspn(name, letters) == length;
}

static pnas_status check_range(const char *name, const char *field, int value, int least, int most)
{
    PNAS_CHECK(least <= value && value <= most, PNAS_ERROR_USAGE,
               least == most ? "operator '%s': %s is %d; for this kind it must be %d"
                             : "operator '%s': %s is %d; it must be from %d to %d",
               name, field, value, least, most);
    return PNAS_OK;
}

static const struct {
    int kernel, dilation, repeat, bottleneck;
} most[] = {
#define AS_ROW(kind, name, ...) [kind] = {__VA_ARGS__},
    PNAS_OPERATOR_KINDS(AS_ROW)
#undef AS_ROW
};

pnas_status pnas_operator_set_add(pnas_operator_set *set, const pnas_operator *custom)
{
    const char *name = custom->name;
    PNAS_CHECK(name_is_good(name), PNAS_ERROR_USAGE,
               "the operator name '%.*s' cannot be used: it must have 1 to %d letters, digits, '-' or '_'",
               PNAS_OPERATOR_NAME_MAX, name, PNAS_OPERATOR_NAME_MAX - 1);
    int kind = (int)custom->kind;
    PNAS_CHECK(kind >= 0 && kind < PNAS_OPERATOR_KIND_COUNT, PNAS_ERROR_USAGE,
               "operator '%s': kind %d is unknown; it must be from 0 to %d", name, kind,
               PNAS_OPERATOR_KIND_COUNT - 1);
    PNAS_TRY(check_range(name, "kernel", custom->kernel, 1, most[kind].kernel));
    PNAS_CHECK(custom->kernel % 2 == 1, PNAS_ERROR_USAGE, "operator '%s': kernel is %d; it must be odd", name,
               custom->kernel);
    PNAS_TRY(check_range(name, "dilation", custom->dilation, 1, most[kind].dilation));
    PNAS_TRY(check_range(name, "repeat", custom->repeat, 1, most[kind].repeat));
    PNAS_TRY(check_range(name, "bottleneck", custom->bottleneck, 1, most[kind].bottleneck));
    return append(set, custom);
}

void pnas_operator_settings(const pnas_operator *op, char out[PNAS_OPERATOR_SETTINGS_MAX])
{
    const struct {
        const char *name;
        int value, most;
    } setting[] = {{"kernel", op->kernel, most[op->kind].kernel},
                   {"dilation", op->dilation, most[op->kind].dilation},
                   {"repeat", op->repeat, most[op->kind].repeat},
                   {"bottleneck", op->bottleneck, most[op->kind].bottleneck}};
    int length = snprintf(out, PNAS_OPERATOR_SETTINGS_MAX, "%s", pnas_operator_kind_name(op->kind));
    for (size_t i = 0; i < sizeof setting / sizeof *setting; i++)
        if (setting[i].most > 1)
            length += snprintf(out + length, PNAS_OPERATOR_SETTINGS_MAX - (size_t)length, ", %s %d",
                               setting[i].name, setting[i].value);
}
