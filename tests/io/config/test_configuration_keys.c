/* What follows from the rows of the table of keys: each row is tried by itself. */
#include "io/config/configuration_keys.h"

#include "io/config/configuration.h"
#include "io/config/configuration_change.h"
#include "io/config/configuration_value.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pnas_status set_key(const char *path, const char *value, pnas_configuration *out)
{
    char override[512];
    const char *const overrides[] = {override, "table=cells.csv"};
    snprintf(override, sizeof override, "%s=%s", path, value);
    return pnas_configuration_parse("run.yaml", "seed: 1\n", overrides,
                                    strcmp(path, "evaluator") == 0 ? 2 : 1, out);
}

/* Some value that the key allows and that is not the default; close to the lower limit, for a key that may
 * not exceed another one. */
static void another_value(const pnas_key *key, char *out, size_t size)
{
    pnas_configuration defaults;
    pnas_configuration_defaults(&defaults);
    double low = key->low;
    switch (key->type) {
    case PNAS_KEY_INTEGER:
        snprintf(out, size, "%.0f", pnas_key_number(key, &defaults) == low + 1 ? low + 2 : low + 1);
        break;
    case PNAS_KEY_REAL:
    case PNAS_KEY_SHARE:
        snprintf(out, size, "%.17g", low + (key->high - low) / 1e6);
        break;
    case PNAS_KEY_TRUTH:
        snprintf(out, size, "%s", strcmp(key->initial, "true") == 0 ? "false" : "true");
        break;
    case PNAS_KEY_WORD:
        snprintf(out, size, "%s", key->words[strcmp(key->words[0].text, key->initial) == 0].text);
        break;
    case PNAS_KEY_OPERATORS:
        snprintf(out, size, "[sep3]");
        break;
    default: /* texts, counts and the seed */
        snprintf(out, size, "2");
    }
}

Test(configuration_keys, every_row_is_complete_and_its_default_is_allowed)
{
    for (size_t i = 0; i < pnas_configuration_key_count; i++) {
        const pnas_key *key = &pnas_configuration_keys[i];
        pnas_configuration read;
        cr_expect_eq(pnas_key_find(key->path), key, "two rows are %s", key->path);
        cr_expect(key->help && strlen(key->help) > 3, "%s has no help", key->path);
        cr_expect(key->initial || key->initial_note, "%s has no default", key->path);
        if (key->initial)
            cr_expect(pnas_key_read(key, key->initial, &read), "the default of %s is not allowed", key->path);
        if (key->at_most)
            cr_expect_not_null(pnas_key_find(key->at_most), "%s", key->at_most);
    }
}

/* A row that pointed to another row's field would show as two changes, or as none. */
Test(configuration_keys, every_key_reaches_a_field_of_its_own)
{
    for (size_t i = 0; i < pnas_configuration_key_count; i++) {
        const pnas_key *key = &pnas_configuration_keys[i];
        pnas_configuration defaults, changed, again;
        pnas_configuration_change change;
        char value[64], *text = NULL;
        size_t at = 0;
        another_value(key, value, sizeof value);
        pnas_configuration_defaults(&defaults);
        if (strcmp(key->path, "evaluator") == 0)
            strcpy(defaults.table, "cells.csv");
        cr_assert_eq(set_key(key->path, value, &changed), PNAS_OK, "%s", pnas_message());
        if (strcmp(key->path, "surrogate.model") == 0) /* of which the default follows */
            defaults.surrogate.weight_decay = changed.surrogate.weight_decay;
        cr_assert(pnas_configuration_next_change(&defaults, &changed, &at, &change), "%s", key->path);
        cr_expect_eq(strncmp(change.key, key->path, strlen(key->path)), 0, "%s, not %s", change.key,
                     key->path);
        cr_expect_eq(change.resume, key->resume);
        cr_expect_not(pnas_configuration_next_change(&defaults, &changed, &at, &change), "%s and %s",
                      key->path, change.key);
        cr_assert_eq(pnas_configuration_print(&changed, &text), PNAS_OK);
        cr_assert_eq(pnas_configuration_parse("printed", text, NULL, 0, &again), PNAS_OK, "%s",
                     pnas_message());
        at = 0;
        cr_expect_not(pnas_configuration_next_change(&changed, &again, &at, &change), "%s", change.key);
        free(text);
    }
}

static void expect_refused(const pnas_key *key, double value)
{
    pnas_configuration read;
    char text[40], allowed[512], sentence[600];
    snprintf(text, sizeof text, "%.17g", value);
    pnas_key_allowed(key, allowed, sizeof allowed);
    snprintf(sentence, sizeof sentence, "--set %s=%s: %s is '%s'; it must be %s", key->path, text, key->path,
             text, allowed);
    cr_expect_eq(set_key(key->path, text, &read), PNAS_ERROR_USAGE, "%s may be %s", key->path, text);
    cr_expect_str_eq(pnas_message(), sentence);
}

static bool is_allowed(const pnas_key *key, double value)
{
    pnas_configuration read;
    char text[40];
    snprintf(text, sizeof text, "%.17g", value);
    return pnas_key_read(key, text, &read);
}

Test(configuration_keys, every_limit_holds)
{
    int tried = 0;
    for (size_t i = 0; i < pnas_configuration_key_count; i++) {
        const pnas_key *key = &pnas_configuration_keys[i];
        bool real = key->type == PNAS_KEY_REAL || key->type == PNAS_KEY_SHARE;
        if (!real && key->type != PNAS_KEY_INTEGER && key->type != PNAS_KEY_COUNT &&
            key->type != PNAS_KEY_AUTO)
            continue;
        cr_assert_lt(key->low, key->high, "%s has no limits", key->path);
        cr_expect_eq(is_allowed(key, key->low), key->ends != PNAS_KEY_ABOVE_LOW, "%s", key->path);
        cr_expect_eq(is_allowed(key, key->high), key->ends != PNAS_KEY_BELOW_HIGH, "%s", key->path);
        expect_refused(key, real ? nextafter(key->low, -INFINITY) : key->low - 1);
        expect_refused(key, real ? nextafter(key->high, INFINITY) : key->high + 1);
        tried++;
    }
    cr_expect_gt(tried, 40);
}

Test(configuration_keys, what_was_meant_is_the_nearest_name_here_or_elsewhere)
{
    static const struct {
        const char *section, *key, *meant; /* NULL: nothing is near */
    } cases[] = {
        {"", "epochs", "training.epochs"},
        {"", "learning-rate", "training.learning_rate"},
        {"training", "learning-rate", "training.learning_rate"},
        {"training", "Learning Rate", "training.learning_rate"},
        {"training", "epcohs", "training.epochs"},
        {"surrogate", "epoch", "surrogate.epochs"},
        {"training", "flip", "training.augment.flip"},
        {"", "trainnig", "training"},
        {"", "augment", "training.augment"},
        {"search", "blocks", "space.blocks"},
        {"training.augment", "beam", "search.beam"},
        {"space.operators[3]", "kernl", "space.operators.kernel"},
        {"space.operators[3]", "beam", NULL},
        {"", "kernel", "surrogate.kernel"},
        {"", "lr", NULL},
        {"", "something_quite_different", NULL},
        {"", "a_name_that_is_longer_than_any_key_of_a_configuration_could_ever_be", NULL},
        {"", "", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char meant[256] = "";
        bool found = pnas_key_suggest(cases[i].section, cases[i].key, meant, sizeof meant);
        cr_expect_eq(found, cases[i].meant != NULL, "'%s' in '%s' is '%s'", cases[i].key, cases[i].section,
                     meant);
        if (found && cases[i].meant)
            cr_expect_str_eq(meant, cases[i].meant);
    }
}

Test(configuration_keys, a_difference_between_operators_names_the_first_entry)
{
    pnas_configuration before, after;
    pnas_configuration_change change;
    size_t at = 0;
    pnas_configuration_defaults(&before);
    cr_assert_eq(set_key("space.operators", "[identity, {name: sep3, kind: separable, kernel: 9}]", &after),
                 PNAS_OK, "%s", pnas_message());
    cr_assert(pnas_configuration_next_change(&before, &after, &at, &change));
    cr_expect_str_eq(change.key, "space.operators[1]");
    cr_expect_str_eq(change.before, "sep3");
    cr_expect_str_eq(change.after,
                     "{name: \"sep3\", kind: separable, kernel: 9, dilation: 1, repeat: 2, bottleneck: 1}");
}
