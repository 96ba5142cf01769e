#include "src/run/tuned_agreement.h"

#include "src/base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TUNED   "; tuned "
#define CLBLAST "; CLBlast "

void pnas_tuned_describe(const pnas_device_info *device, char *out, size_t size)
{
    char marks[sizeof TUNED + sizeof device->tuned + sizeof CLBLAST + sizeof device->clblast];
    snprintf(marks, sizeof marks, "%s%s%s%s", device->tuned[0] ? TUNED : "", device->tuned,
             device->clblast[0] ? CLBLAST : "", device->clblast);
    snprintf(out, size, "%.*s%s", (int)(size - sizeof marks), device->driver, marks);
}

/* How long a text is before a mark. */
static size_t length_before(const char *text, const char *mark)
{
    const char *found = strstr(text, mark);
    return found ? (size_t)(found - text) : strlen(text);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool same_driver(const pnas_run_rank *a, const pnas_run_rank *b)
{
    size_t length_a = smaller(length_before(a->driver, TUNED), length_before(a->driver, CLBLAST));
    size_t length_b = smaller(length_before(b->driver, TUNED), length_before(b->driver, CLBLAST));
    return length_a == length_b && strncmp(a->driver, b->driver, length_a) == 0;
}

static bool same_table(const pnas_run_rank *a, const pnas_run_rank *b)
{
    size_t length = length_before(a->driver, CLBLAST);
    return length == length_before(b->driver, CLBLAST) && strncmp(a->driver, b->driver, length) == 0;
}

/* Of equal tables. Where one has nothing left to CLBlast it is another kind of device, whatever its name. */
static bool same_clblast(const pnas_run_rank *a, const pnas_run_rank *b)
{
    bool both = strstr(a->driver, CLBLAST) && strstr(b->driver, CLBLAST);
    return !both || strcmp(a->driver, b->driver) == 0;
}

pnas_status pnas_tuned_check_agreement(const pnas_run_rank *rank, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t j = 0; j < i; j++) {
            const pnas_run_rank *a = &rank[j], *b = &rank[i];
            bool alike = strcmp(a->device_name, b->device_name) == 0 && same_driver(a, b);
            PNAS_CHECK(!alike || same_table(a, b), PNAS_ERROR_USAGE,
                       "rank %d on %s and rank %d on %s have the same device, %s, but not the same tuned "
                       "table (%s, %s), so their results would differ: let PNAS_CACHE be one folder for "
                       "both, copy the table, or set PNAS_TUNED=0",
                       a->rank, a->host, b->rank, b->host, a->device_name, a->driver, b->driver);
            PNAS_CHECK(
                !alike || same_clblast(a, b), PNAS_ERROR_USAGE,
                "rank %d on %s and rank %d on %s have the same device, %s, but do not compute products "
                "by the same CLBlast (%s, %s), so their results would differ: install one version on "
                "both; where it is refused, a warning says why",
                a->rank, a->host, b->rank, b->host, a->device_name, a->driver, b->driver);
        }
    return PNAS_OK;
}

void pnas_tuned_warn_of_change(const char *path, const pnas_run_rank *before, size_t before_count,
                               const pnas_run_rank *now, size_t now_count)
{
    for (size_t i = 0; i < now_count; i++)
        for (size_t j = 0; j < before_count; j++)
            if (strcmp(now[i].device_name, before[j].device_name) == 0 &&
                strcmp(now[i].driver, before[j].driver) != 0) {
                pnas_warning(
                    "%s: %s had driver %s when this run was last at work and has %s now: the "
                    "children to come may differ in their last bits from those of an uninterrupted run",
                    path, now[i].device_name, before[j].driver, now[i].driver);
                return;
            }
}

static bool is_listed(const pnas_network_devices *list, const pnas_run_rank *rank)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->name[i], rank->device_name) == 0 && strcmp(list->driver[i], rank->driver) == 0)
            return true;
    return false;
}

pnas_status pnas_tuned_list(const pnas_run_rank *rank, size_t count, pnas_network_devices *out)
{
    *out = (pnas_network_devices){0, calloc(count + 1, sizeof *out->name),
                                  calloc(count + 1, sizeof *out->driver)};
    if (!out->name || !out->driver) {
        pnas_tuned_list_clear(out);
        return pnas_fail(PNAS_ERROR_MEMORY, "no memory for the devices of %zu ranks", count);
    }
    for (size_t i = 0; i < count; i++) {
        if (!rank[i].device_name[0] || is_listed(out, &rank[i]))
            continue;
        out->name[out->count] = (char *)rank[i].device_name;
        out->driver[out->count++] = (char *)rank[i].driver;
    }
    return PNAS_OK;
}

void pnas_tuned_list_clear(pnas_network_devices *list)
{
    free(list->name);
    free(list->driver);
    *list = (pnas_network_devices){0};
}

bool pnas_tuned_suggest(const pnas_device_info *device, char *out, size_t size)
{
    const char *setting = getenv("PNAS_TUNED");
    if (device->cpu || device->tuned[0] || (setting && strcmp(setting, "0") == 0))
        return false;
    snprintf(out, size,
             "%s was never tuned, so built-in routes serve; before a long search 'pnas_device tune --config "
             "CONFIG.yaml --device %d' finds the fastest in a minute or less",
             device->name, device->index);
    return true;
}
