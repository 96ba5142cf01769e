#include "cl/runtime/device_place.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool contains_ignoring_case(const char *text, const char *part)
{
    size_t length = strlen(part);
    for (; *text; ++text)
        if (strncasecmp(text, part, length) == 0)
            return true;
    return false;
}

static bool matches(const pnas_device_info *device, const char *wanted)
{
    char *end;
    long index = strtol(wanted, &end, 10);
    if (strcasecmp(wanted, "cpu") == 0)
        return device->cpu;
    if (strcasecmp(wanted, "gpu") == 0)
        return strcmp(device->type, "GPU") == 0;
    if (isdigit((unsigned char)wanted[0]) && *end == 0)
        return device->index == index;
    return contains_ignoring_case(device->name, wanted);
}

/* Whether one of the kinds, indices or names, which commas part, is this device's. */
static bool matches_any(const pnas_device_info *device, const char *wanted)
{
    char item[128];
    for (const char *at = wanted; *at;) {
        size_t length = strcspn(at, ",");
        while (length > 0 && *at == ' ')
            ++at, --length;
        snprintf(item, sizeof item, "%.*s", (int)length, at);
        if (*item && matches(device, item))
            return true;
        at += length + (at[length] == ',');
    }
    return false;
}

/* The same hardware, seen through another driver; parts of one GPU have one driver. */
static bool same_hardware(const pnas_device_info *a, const pnas_device_info *b)
{
    return a->pci[0] && strcmp(a->pci, b->pci) == 0 && strcmp(a->platform, b->platform) != 0;
}

/* Whether device i is what is wanted, and no device before it is the same one and is wanted, too. */
static bool is_wanted(const pnas_device_info *list, int i, const char *wanted)
{
    bool is = matches_any(&list[i], wanted);
    for (int before = 0; is && before < i; ++before)
        is = !same_hardware(&list[before], &list[i]) || !matches_any(&list[before], wanted);
    return is;
}

static int count_matching(const pnas_device_info *list, int count, const char *wanted)
{
    int found = 0;
    for (int i = 0; i < count; ++i)
        found += is_wanted(list, i, wanted);
    return found;
}

/* Auto never mixes kinds, as they round differently: then figures would depend on who trains what. */
static const char *resolve(const pnas_device_info *list, int count, const char *wanted)
{
    if (wanted && wanted[0] && strcasecmp(wanted, "auto") != 0)
        return wanted;
    return count_matching(list, count, "gpu") > 0   ? "gpu"
           : count_matching(list, count, "cpu") > 0 ? "cpu"
                                                    : "0";
}

static pnas_status fail_to_match(const pnas_device_info *list, int count, const char *wanted)
{
    char names[1024] = "";
    size_t length = 0;
    for (int i = 0; i < count && length < sizeof names; ++i)
        length += (size_t)snprintf(names + length, sizeof names - length, "%s%d: %s", i ? "; " : "", i,
                                   list[i].name);
    return pnas_fail(PNAS_ERROR_DEVICE,
                     "no OpenCL device matches \"%s\" among those of this machine (%s); ask for auto, cpu, "
                     "gpu, an index, part "
                     "of a name, or several of these separated by commas",
                     wanted, names);
}

/* The matching device number `number`, among CPUs or among the others. */
static int find(const pnas_device_info *list, int count, const char *wanted, bool cpu, int number)
{
    for (int i = 0; i < count; ++i)
        if (is_wanted(list, i, wanted) && list[i].cpu == cpu && number-- == 0)
            return i;
    return -1;
}

pnas_status pnas_device_place(const pnas_device_info *list, int count, const pnas_cl_options *options,
                              int *index)
{
    const char *wanted = resolve(list, count, options->device);
    int place = options->choice, each = options->ranks_per_device, cpus = 0;
    int all = count_matching(list, count, wanted);
    for (int i = 0; i < count; ++i)
        if (list[i].cpu && is_wanted(list, i, wanted))
            ++cpus;
    int others = all - cpus;
    if (all == 0)
        return fail_to_match(list, count, wanted);
    if (others > 0 && (each == 0 || place / others < each)) {
        *index = find(list, count, wanted, false, place % others);
        return PNAS_OK;
    }
    PNAS_CHECK(
        cpus > 0, PNAS_ERROR_DEVICE,
        "every device that matches \"%s\" (%d) has %d rank%s already; start %d rank%s on this machine, or "
        "allow more on a device with --ranks-per-device (ranks_per_device)",
        wanted, others, each, each == 1 ? "" : "s", others * each, others * each == 1 ? "" : "s");
    *index = find(list, count, wanted, true, (place - others * each) % cpus);
    return PNAS_OK;
}
