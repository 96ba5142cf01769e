#include "io/config/configuration_keys.h"

#include "src/base/near_name.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Both tables, one behind the other. */
static const pnas_key *row(size_t i)
{
    if (i < pnas_configuration_key_count)
        return &pnas_configuration_keys[i];
    i -= pnas_configuration_key_count;
    return i < pnas_operator_key_count ? &pnas_operator_keys[i] : NULL;
}

/* "space.operators[3].kernel" -> "space.operators.kernel" */
static void without_indices(const char *path, char *out, size_t size)
{
    size_t length = 0;
    while (*path && length + 1 < size) {
        if (*path == '[')
            path += strcspn(path, "]") + (strchr(path, ']') != NULL);
        else
            out[length++] = *path++;
    }
    out[length] = '\0';
}

const pnas_key *pnas_key_find(const char *path)
{
    char plain[256];
    without_indices(path, plain, sizeof plain);
    for (size_t i = 0; row(i); i++)
        if (strcmp(row(i)->path, plain) == 0)
            return row(i);
    return NULL;
}

/* What follows the section in the path ("" is the whole), or NULL if the path is not inside. */
static const char *inside(const char *path, const char *section)
{
    size_t length = strlen(section);
    if (length == 0)
        return path;
    return strncmp(path, section, length) == 0 && path[length] == '.' ? path + length + 1 : NULL;
}

bool pnas_key_is_section(const char *path)
{
    for (size_t i = 0; row(i); i++)
        if (inside(row(i)->path, path))
            return true;
    return false;
}

const char *pnas_key_name(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot ? dot + 1 : path;
}

/* ---- what stands in a section ---- */

/* Goes through what stands directly in `section`, keys and sections, each once: its path goes to `out`. *at
 * is 0 at first. The keys of an operator stand in its entries alone, not in space.operators for the whole. */
static bool next_in(const char *section, size_t *at, char *out, size_t size)
{
    for (; row(*at); (*at)++) {
        const char *path = row(*at)->path, *rest = inside(path, section);
        const char *before = *at ? inside(row(*at - 1)->path, section) : NULL;
        if (!rest)
            continue;
        size_t length = strcspn(rest, ".");
        if (before && strncmp(before, rest, length) == 0 && before[length] == '.' && rest[length] == '.')
            continue; /* the same section again */
        if (*at >= pnas_configuration_key_count && strcmp(section, "space.operators") != 0)
            continue;
        snprintf(out, size, "%.*s", (int)((size_t)(rest - path) + length), path);
        (*at)++;
        return true;
    }
    return false;
}

void pnas_key_list(const char *section, char *out, size_t size)
{
    char plain[256], path[256], ahead[256];
    size_t length = 0, at = 0;
    without_indices(section, plain, sizeof plain);
    out[0] = '\0';
    bool more = next_in(plain, &at, ahead, sizeof ahead);
    for (bool first = true; more && length < size; first = false) {
        memcpy(path, ahead, sizeof path);
        more = next_in(plain, &at, ahead, sizeof ahead);
        length += (size_t)snprintf(out + length, size - length, "%s%s",
                                   first  ? ""
                                   : more ? ", "
                                          : " and ",
                                   pnas_key_name(path));
    }
}

/* ---- what was meant ---- */

typedef struct {
    const char *name;
    int best; /* so far: twice the distance, one more in another section */
    char *out;
    size_t size;
} suggestion;

static void consider(suggestion *wanted, const char *path, bool elsewhere)
{
    int away = pnas_name_distance(wanted->name, pnas_key_name(path)), score = 2 * away + elsewhere;
    if (away == PNAS_NAME_FAR || score >= wanted->best)
        return;
    wanted->best = score;
    snprintf(wanted->out, wanted->size, "%s", path);
}

static void consider_all(suggestion *wanted, const char *section, bool elsewhere)
{
    char path[256];
    for (size_t at = 0; next_in(section, &at, path, sizeof path);) {
        consider(wanted, path, elsewhere);
        if (elsewhere && !pnas_key_find(path))
            consider_all(wanted, path, true);
    }
}

bool pnas_key_suggest(const char *section, const char *key, char *out, size_t size)
{
    char plain[256];
    without_indices(section, plain, sizeof plain);
    suggestion wanted = {.name = key, .best = INT_MAX, .out = out, .size = size};
    consider_all(&wanted, plain, false);
    if (strcmp(plain, "space.operators") != 0)
        consider_all(&wanted, "", true);
    return wanted.best < INT_MAX;
}
