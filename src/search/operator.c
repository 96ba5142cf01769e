#include "src/search/operator.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define KERNEL_MAX     15
#define DILATION_MAX   8
#define REPEAT_MAX     4
#define BOTTLENECK_MAX 16
#define PAPER_COUNT    8 /* the first rows of the table */

static const pnas_operator built_in[] = {
    {"identity", PNAS_IDENTITY, 1, 1, 1, 1},  {"sep3", PNAS_SEPARABLE, 3, 1, 2, 1},
    {"sep5", PNAS_SEPARABLE, 5, 1, 2, 1},     {"sep7", PNAS_SEPARABLE, 7, 1, 2, 1},
    {"1x7-7x1", PNAS_FACTORIZED, 7, 1, 1, 4}, {"avg3", PNAS_AVERAGE_POOL, 3, 1, 1, 1},
    {"max3", PNAS_MAX_POOL, 3, 1, 1, 1},      {"dil3", PNAS_CONVOLUTION, 3, 2, 1, 4},
    {"conv3", PNAS_CONVOLUTION, 3, 1, 1, 1},
};
enum { BUILT_IN_COUNT = sizeof built_in / sizeof built_in[0] };

/* How the Keras implementation that this project's files stay compatible with spells them. */
static const struct {
    const char *alias, *name;
} aliases[] = {
    {"3x3 dconv", "sep3"},   {"5x5 dconv", "sep5"},   {"7x7 dconv", "sep7"}, {"1x7-7x1 conv", "1x7-7x1"},
    {"3x3 avgpool", "avg3"}, {"3x3 maxpool", "max3"}, {"3x3 conv", "conv3"},
};

static const char *without_alias(const char *name)
{
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; ++i)
        if (strcmp(name, aliases[i].alias) == 0)
            return aliases[i].name;
    return name;
}

void pnas_operator_set_paper(pnas_operator_set *out)
{
    memset(out, 0, sizeof *out);
    out->count = PAPER_COUNT;
    memcpy(out->item, built_in, PAPER_COUNT * sizeof built_in[0]);
}

int pnas_operator_set_find(const pnas_operator_set *set, const char *name)
{
    const char *known = without_alias(name);
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
    const char *known = without_alias(name);
    for (int i = 0; i < BUILT_IN_COUNT; ++i)
        if (strcmp(built_in[i].name, known) == 0)
            return append(set, &built_in[i]);
    char allowed[BUILT_IN_COUNT * PNAS_OPERATOR_NAME_MAX] = "";
    for (int i = 0; i < BUILT_IN_COUNT; ++i) {
        strcat(allowed, i ? ", " : "");
        strcat(allowed, built_in[i].name);
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

pnas_status pnas_operator_set_add(pnas_operator_set *set, const pnas_operator *custom)
{
    const char *name = custom->name;
    PNAS_CHECK(name_is_good(name), PNAS_ERROR_USAGE,
               "the operator name '%.*s' cannot be used: it must have 1 to %d letters, digits, '-' or '_'",
               PNAS_OPERATOR_NAME_MAX, name, PNAS_OPERATOR_NAME_MAX - 1);
    PNAS_CHECK(custom->kind >= PNAS_IDENTITY && custom->kind <= PNAS_MAX_POOL, PNAS_ERROR_USAGE,
               "operator '%s': kind %d is unknown; it must be from %d to %d", name, (int)custom->kind,
               PNAS_IDENTITY, PNAS_MAX_POOL);
    bool identity = custom->kind == PNAS_IDENTITY;
    bool pool = custom->kind == PNAS_AVERAGE_POOL || custom->kind == PNAS_MAX_POOL;
    bool dense = custom->kind == PNAS_CONVOLUTION || custom->kind == PNAS_FACTORIZED;
    PNAS_TRY(check_range(name, "kernel", custom->kernel, 1, identity ? 1 : KERNEL_MAX));
    PNAS_CHECK(custom->kernel % 2 == 1, PNAS_ERROR_USAGE, "operator '%s': kernel is %d; it must be odd", name,
               custom->kernel);
    PNAS_TRY(check_range(name, "dilation", custom->dilation, 1, identity || pool ? 1 : DILATION_MAX));
    PNAS_TRY(check_range(name, "repeat", custom->repeat, 1, custom->kind == PNAS_SEPARABLE ? REPEAT_MAX : 1));
    PNAS_TRY(check_range(name, "bottleneck", custom->bottleneck, 1, dense ? BOTTLENECK_MAX : 1));
    return append(set, custom);
}
