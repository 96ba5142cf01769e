#include "io/config/configuration_fill.h"

#include "io/config/configuration_value.h"

#include <stdio.h>
#include <string.h>

static pnas_status read_scalar(const pnas_source *source, const pnas_key *key, int node, const char *path,
                               void *base)
{
    char allowed[512];
    if (pnas_yaml_kind_of(source->document, node) == PNAS_YAML_SCALAR &&
        pnas_key_read(key, pnas_yaml_text(source->document, node), base))
        return PNAS_OK;
    pnas_key_allowed(key, allowed, sizeof allowed);
    return pnas_source_fail_value(source, node, path, allowed);
}

static void path_of(const char *section, const char *key, char out[PNAS_YAML_PATH_MAX])
{
    snprintf(out, PNAS_YAML_PATH_MAX, "%s%s%s", section, *section ? "." : "", key);
}

/* ---- operators ---- */

/* The message of what just failed, said of the entry. */
static pnas_status refuse_entry(const pnas_source *source, int node, const char *path)
{
    char why[512];
    snprintf(why, sizeof why, "%s", pnas_message());
    return pnas_source_fail(source, node, "%s: %s", path, why);
}

static pnas_status add_named(const pnas_source *source, int node, const char *path, const char *name,
                             pnas_operator_set *set)
{
    return pnas_operator_set_add_named(set, name) == PNAS_OK ? PNAS_OK : refuse_entry(source, node, path);
}

static bool has_key(const pnas_source *source, const char *path, const char *key)
{
    char inner[PNAS_YAML_PATH_MAX];
    path_of(path, key, inner);
    return pnas_yaml_find(source->document, inner) != 0;
}

/* Defaults of an operator, two of which depend on its kind. */
static void complete_operator(const pnas_source *source, const char *path, pnas_operator *item)
{
    if (item->kind == PNAS_IDENTITY && !has_key(source, path, "kernel"))
        item->kernel = 1;
    if (item->kind == PNAS_SEPARABLE && !has_key(source, path, "repeat"))
        item->repeat = 2;
}

static pnas_status read_operator_keys(const pnas_source *source, int node, const char *path,
                                      pnas_operator *item)
{
    for (size_t i = 0; i < pnas_operator_key_count; i++)
        if (pnas_operator_keys[i].initial)
            pnas_key_read(&pnas_operator_keys[i], pnas_operator_keys[i].initial, item);
    for (size_t i = 0; i < pnas_yaml_count(source->document, node); i++) {
        char inner[PNAS_YAML_PATH_MAX];
        const char *name = pnas_yaml_key(source->document, node, i);
        int entry = pnas_yaml_entry(source->document, node, i);
        path_of(path, name, inner);
        const pnas_key *key = strpbrk(name, ".[") ? NULL : pnas_key_find(inner);
        if (!key)
            return pnas_source_fail_key(source, entry, path, name);
        PNAS_TRY(read_scalar(source, key, entry, inner, item));
    }
    return PNAS_OK;
}

static pnas_status read_operator_map(const pnas_source *source, int node, const char *path,
                                     pnas_operator_set *set)
{
    pnas_operator item = {0};
    PNAS_TRY(read_operator_keys(source, node, path, &item));
    if (!*item.name)
        return pnas_source_fail(source, node, "%s has no name; write name: and a word of letters and digits",
                                path);
    if (pnas_yaml_count(source->document, node) == 1)
        return add_named(source, node, path, item.name, set);
    if (!has_key(source, path, "kind")) {
        char allowed[256];
        pnas_key_allowed(pnas_key_find("space.operators.kind"), allowed, sizeof allowed);
        return pnas_source_fail(source, node, "%s has no kind; it must be %s", path, allowed);
    }
    complete_operator(source, path, &item);
    return pnas_operator_set_add(set, &item) == PNAS_OK ? PNAS_OK : refuse_entry(source, node, path);
}

static pnas_status read_operator(const pnas_source *source, int node, const char *path,
                                 pnas_operator_set *set)
{
    char allowed[512], keys[400];
    switch (pnas_yaml_kind_of(source->document, node)) {
    case PNAS_YAML_SCALAR:
        return add_named(source, node, path, pnas_yaml_text(source->document, node), set);
    case PNAS_YAML_MAPPING:
        return read_operator_map(source, node, path, set);
    case PNAS_YAML_LIST:
        break;
    }
    pnas_key_list(path, keys, sizeof keys);
    snprintf(allowed, sizeof allowed, "an operator's name or a section with the keys %s", keys);
    return pnas_source_fail_value(source, node, path, allowed);
}

static pnas_status read_operators(const pnas_source *source, const pnas_key *key, int node, const char *path,
                                  void *base)
{
    pnas_operator_set set = {0};
    size_t count = pnas_yaml_kind_of(source->document, node) == PNAS_YAML_LIST
                       ? pnas_yaml_count(source->document, node)
                       : 0;
    if (count < 1 || count > PNAS_OPERATORS_MAX) {
        char allowed[64];
        pnas_key_allowed(key, allowed, sizeof allowed);
        return pnas_source_fail_value(source, node, path, allowed);
    }
    for (size_t i = 0; i < count; i++) {
        char entry[PNAS_YAML_PATH_MAX];
        snprintf(entry, sizeof entry, "%s[%zu]", path, i);
        PNAS_TRY(read_operator(source, pnas_yaml_entry(source->document, node, i), entry, &set));
    }
    memcpy((char *)base + key->offset, &set, sizeof set);
    return PNAS_OK;
}

/* ---- sections ---- */

/* What stands inside another section, for which `path` is the way to it. */
static pnas_status refuse_section(const pnas_source *source, int node, const char *path)
{
    char allowed[600], keys[512];
    pnas_key_list(path, keys, sizeof keys);
    snprintf(allowed, sizeof allowed, "a section with the keys %s", keys);
    return pnas_source_fail_value(source, node, path, allowed);
}

static pnas_status read_section(const pnas_source *source, int mapping, const char *section,
                                pnas_configuration *out)
{
    for (size_t i = 0; i < pnas_yaml_count(source->document, mapping); i++) {
        const char *name = pnas_yaml_key(source->document, mapping, i);
        int node = pnas_yaml_entry(source->document, mapping, i);
        char path[PNAS_YAML_PATH_MAX];
        path_of(section, name, path);
        bool plain = *name && !strpbrk(name, ".[");
        const pnas_key *key = plain ? pnas_key_find(path) : NULL;
        if (key && key->type == PNAS_KEY_OPERATORS)
            PNAS_TRY(read_operators(source, key, node, path, out));
        else if (key)
            PNAS_TRY(read_scalar(source, key, node, path, out));
        else if (!plain || !pnas_key_is_section(path))
            return pnas_source_fail_key(source, node, section, name);
        else if (pnas_yaml_kind_of(source->document, node) == PNAS_YAML_MAPPING)
            PNAS_TRY(read_section(source, node, path, out));
        else if (!pnas_yaml_is_nothing(source->document, node))
            return refuse_section(source, node, path);
    }
    return PNAS_OK;
}

pnas_status pnas_configuration_fill(const pnas_source *source, pnas_configuration *out)
{
    int root = pnas_yaml_root(source->document);
    if (pnas_yaml_kind_of(source->document, root) != PNAS_YAML_MAPPING)
        return pnas_source_fail(source, root, "this is not a configuration; write lines such as 'seed: 1'");
    for (size_t i = 0; i < source->override_count; i++)
        PNAS_TRY(pnas_source_override(source, i));
    return read_section(source, root, "", out);
}
