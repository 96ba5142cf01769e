#include "io/config/configuration.h"
#include "io/config/configuration_value.h"

#include <stdlib.h>
#include <string.h>

static bool same_part(const char *a, const char *b, size_t length)
{
    return strncmp(a, b, length) == 0 && a[length] == '.';
}

/* Opens the sections of `path` that `before`, the key printed last, was not in; returns their number in all. */
static int open_sections(const char *path, const char *before, FILE *out)
{
    int depth = 0;
    bool inside = true;
    size_t start = 0;
    for (size_t at = strcspn(path, "."); path[at]; at += 1 + strcspn(path + at + 1, ".")) {
        inside = inside && same_part(before, path, at);
        if (!inside)
            fprintf(out, "%*s%.*s:\n", 2 * depth, "", (int)(at - start), path + start);
        start = at + 1;
        depth++;
    }
    return depth;
}

pnas_status pnas_configuration_print(const pnas_configuration *configuration, char **out)
{
    size_t length = 0;
    const char *before = "";
    *out = NULL;
    FILE *stream = open_memstream(out, &length);
    PNAS_CHECK(stream, PNAS_ERROR_MEMORY, "out of memory while a configuration is printed");
    for (size_t i = 0; i < pnas_configuration_key_count; i++) {
        const pnas_key *key = &pnas_configuration_keys[i];
        if (key->unless && pnas_key_number(pnas_key_find(key->unless), configuration) > 0)
            continue;
        int depth = open_sections(key->path, before, stream);
        fprintf(stream, "%*s%s:%s", 2 * depth, "", pnas_key_name(key->path),
                key->type == PNAS_KEY_OPERATORS ? "" : " ");
        pnas_key_write(key, configuration, stream);
        fputc('\n', stream);
        before = key->path;
    }
    bool failed = ferror(stream);
    if (fclose(stream) != 0 || failed) {
        free(*out);
        *out = NULL;
        return pnas_fail(PNAS_ERROR_MEMORY, "out of memory while a configuration is printed");
    }
    return PNAS_OK;
}
