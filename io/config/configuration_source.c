#include "io/config/configuration_source.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DIGITS       "0123456789"
#define WORD_BYTES   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-" DIGITS
#define INDEX_DIGITS 9 /* more are the index of nothing */

/* ---- overrides ---- */

/* Words with dots between, each with an index in brackets or without: "training.epochs", "a.b[3].c". */
static bool is_path(const char *text)
{
    for (;; text++) {
        size_t word = strspn(text, WORD_BYTES);
        text += word;
        if (word > 0 && *text == '[') {
            size_t digits = strspn(text + 1, DIGITS);
            if (digits < 1 || digits > INDEX_DIGITS || text[1 + digits] != ']')
                return false;
            text += digits + 2;
        }
        if (word == 0 || *text != '.')
            return word > 0 && *text == '\0';
    }
}

pnas_status pnas_source_override(const pnas_source *source, size_t i)
{
    const char *text = source->overrides[i];
    char path[PNAS_YAML_PATH_MAX], where[256];
    size_t length = strcspn(text, "=");
    snprintf(where, sizeof where, "--set %.200s", text);
    snprintf(path, sizeof path, "%.*s", (int)length, text);
    PNAS_CHECK(text[length] && length < sizeof path && is_path(path), PNAS_ERROR_USAGE,
               "%s: this is not KEY=VALUE; write for example --set training.epochs=5", where);
    const char *value = text[length + 1] ? text + length + 1 : "\"\"";
    pnas_yaml *parsed = NULL;
    PNAS_TRY(pnas_yaml_parse(where, value, strlen(value), &parsed));
    pnas_status status =
        pnas_yaml_set(source->document, path, parsed, (pnas_yaml_place){.source = (int)i + 1});
    pnas_yaml_destroy(&parsed);
    return status == PNAS_OK ? status : pnas_fail_at(status, "%s", where);
}

/* ---- mistakes ---- */

/* "demo.yaml: line 7", "--set seed=x" or, for what nobody wrote, the file as a whole. */
static void describe_place(const pnas_source *source, int node, char *out, size_t size)
{
    pnas_yaml_place place = {0};
    if (node)
        place = pnas_yaml_place_of(source->document, node);
    if (place.source > 0 && (size_t)place.source <= source->override_count)
        snprintf(out, size, "--set %s", source->overrides[place.source - 1]);
    else if (place.source == PNAS_YAML_FROM_TEXT && place.line > 0)
        snprintf(out, size, "%s: line %d", source->name, place.line);
    else
        snprintf(out, size, "%s", source->name);
}

pnas_status pnas_source_fail(const pnas_source *source, int node, const char *format, ...)
{
    char where[512], what[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    describe_place(source, node, where, sizeof where);
    return pnas_fail(PNAS_ERROR_USAGE, "%s: %s", where, what);
}

static void describe_found(const pnas_yaml *document, int node, char *out, size_t size)
{
    pnas_yaml_kind kind = pnas_yaml_kind_of(document, node);
    if (kind == PNAS_YAML_LIST)
        snprintf(out, size, "a list of %zu", pnas_yaml_count(document, node));
    else if (kind == PNAS_YAML_MAPPING)
        snprintf(out, size, "a section");
    else if (*pnas_yaml_text(document, node))
        snprintf(out, size, "'%.100s'", pnas_yaml_text(document, node));
    else
        snprintf(out, size, "empty");
}

pnas_status pnas_source_fail_value(const pnas_source *source, int node, const char *path, const char *allowed)
{
    char found[128];
    describe_found(source->document, node, found, sizeof found);
    return pnas_source_fail(source, node, "%s is %s; it must be %s", path, found, allowed);
}

/* What was meant, as it is to be written; empty if nothing is near. */
static void describe_meant(const char *section, const char *key, char *out, size_t size)
{
    char meant[PNAS_YAML_PATH_MAX];
    out[0] = '\0';
    if (strchr(key, '.') && pnas_key_find(key)) {
        int length = (int)(strlen(key) - strlen(pnas_key_name(key)) - 1);
        snprintf(out, size, "write '%s:' inside '%.*s:'. ", pnas_key_name(key), length, key);
    } else if (pnas_key_suggest(section, key, meant, sizeof meant)) {
        bool in_list = strchr(section, '[') != NULL;
        snprintf(out, size, "did you mean %s%s%s? ", in_list ? section : "", in_list ? "." : "",
                 in_list ? pnas_key_name(meant) : meant);
    }
}

pnas_status pnas_source_fail_key(const pnas_source *source, int node, const char *section, const char *key)
{
    char meant[2 * PNAS_YAML_PATH_MAX], keys[512];
    describe_meant(section, key, meant, sizeof meant);
    pnas_key_list(section, keys, sizeof keys);
    return pnas_source_fail(source, node, "unknown key '%s%s%.100s'; %s%s keys %s%s are %s", section,
                            *section ? "." : "", key, meant, *meant ? "The" : "the",
                            *section ? "of " : "at the top", section, keys);
}
