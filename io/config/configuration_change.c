#include "io/config/configuration_change.h"

#include "io/config/configuration_value.h"

#include <stdio.h>

/* `key` NULL: the operator at `base`. Cut short if it is longer than `size`. */
static void write_value(const pnas_key *key, const void *base, char *out, size_t size)
{
    FILE *stream = fmemopen(out, size, "w");
    out[0] = '\0';
    if (!stream)
        return;
    if (key)
        pnas_key_write(key, base, stream);
    else
        pnas_operator_write(base, stream);
    fclose(stream);
    out[size - 1] = '\0';
}

/* The first entry that differs says more than two whole lists. */
static void describe_operators(const pnas_operator_set *before, const pnas_operator_set *after,
                               pnas_configuration_change *out)
{
    int i = 0;
    while (i < before->count && i < after->count && pnas_operator_equal(&before->item[i], &after->item[i]))
        i++;
    snprintf(out->key, sizeof out->key, "space.operators[%d]", i);
    snprintf(out->before, sizeof out->before, "(nothing)");
    snprintf(out->after, sizeof out->after, "(nothing)");
    if (i < before->count)
        write_value(NULL, &before->item[i], out->before, sizeof out->before);
    if (i < after->count)
        write_value(NULL, &after->item[i], out->after, sizeof out->after);
}

static void describe(const pnas_key *key, const pnas_configuration *before, const pnas_configuration *after,
                     pnas_configuration_change *out)
{
    *out = (pnas_configuration_change){.resume = key->resume};
    if (key->type == PNAS_KEY_OPERATORS) {
        describe_operators(&before->search.space.operators, &after->search.space.operators, out);
        return;
    }
    snprintf(out->key, sizeof out->key, "%s", key->path);
    write_value(key, before, out->before, sizeof out->before);
    write_value(key, after, out->after, sizeof out->after);
    if (key->type == PNAS_KEY_INTEGER || key->type == PNAS_KEY_COUNT || key->type == PNAS_KEY_REAL ||
        key->type == PNAS_KEY_SHARE)
        out->growth = pnas_key_number(key, after) - pnas_key_number(key, before);
}

bool pnas_configuration_next_change(const pnas_configuration *before, const pnas_configuration *after,
                                    size_t *at, pnas_configuration_change *out)
{
    while (*at < pnas_configuration_key_count) {
        const pnas_key *key = &pnas_configuration_keys[(*at)++];
        if (!pnas_key_equal(key, before, after)) {
            describe(key, before, after, out);
            return true;
        }
    }
    return false;
}
