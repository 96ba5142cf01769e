/* pnas_device list: every usable OpenCL device of this machine, for people, as CSV or as JSON. */
#include "cl/runtime/context.h"
#include "cl/runtime/device_set.h"
#include "src/base/plain_text.h"
#include "src/programs/common/program.h"
#include "src/programs/pnas_device/device_commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_CSV = 0x100, KEY_JSON };

typedef enum { FOR_PEOPLE, AS_CSV, AS_JSON } list_form;

typedef struct {
    list_form form;
    pnas_log_level level;
} list_arguments;

static error_t parse_list(int key, char *argument, struct argp_state *state)
{
    list_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->level;
        return 0;
    case KEY_CSV:
        arguments->form = AS_CSV;
        return 0;
    case KEY_JSON:
        arguments->form = AS_JSON;
        return 0;
    case ARGP_KEY_ARG:
        pnas_program_complain(state, "'%s': list takes no arguments", argument);
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Bytes in the unit that leaves one to four digits before the point. */
static const char *readable(uint64_t bytes, char out[24])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    int unit = 0;
    for (; value >= 1024 && unit < 4; ++unit)
        value /= 1024;
    snprintf(out, 24, "%.1f %s", value, units[unit]);
    return out;
}

static void print_for_people(const pnas_device_info *device, int count)
{
    char memory[24], largest[24];
    printf("%-5s %-11s %-7s %-10s %-10s %-12s %s\n", "index", "type", "units", "memory", "largest", "PCI",
           "name; platform; driver; version");
    for (int i = 0; i < count; ++i)
        pnas_text_line(stdout, "%-5d %-11s %-7d %-10s %-10s %-12s %s; %s; %s; %s", device[i].index,
                       device[i].type, device[i].compute_units, readable(device[i].memory, memory),
                       readable(device[i].largest_allocation, largest),
                       device[i].pci[0] ? device[i].pci : "-", device[i].name, device[i].platform,
                       device[i].driver, device[i].version);
}

static void print_csv(const pnas_device_info *device, int count)
{
    puts("index,type,compute_units,memory,largest_allocation,name,platform,vendor,driver,version,pci");
    for (int i = 0; i < count; ++i) {
        const pnas_device_info *d = &device[i];
        printf("%d,%s,%d,%llu,%llu", d->index, d->type, d->compute_units, (unsigned long long)d->memory,
               (unsigned long long)d->largest_allocation);
        const char *const texts[] = {d->name, d->platform, d->vendor, d->driver, d->version, d->pci};
        for (size_t k = 0; k < sizeof texts / sizeof *texts; ++k) {
            putchar(',');
            pnas_text_csv(stdout, texts[k]);
        }
        putchar('\n');
    }
}

static void print_json_text(const char *key, const char *text)
{
    printf(", \"%s\": ", key);
    pnas_text_json(stdout, text);
}

static void print_json(const pnas_device_info *device, int count)
{
    for (int i = 0; i < count; ++i) {
        const pnas_device_info *d = &device[i];
        printf("%s{\"index\": %d, \"compute_units\": %d, \"memory\": %llu, \"largest_allocation\": %llu",
               i ? ",\n " : "[", d->index, d->compute_units, (unsigned long long)d->memory,
               (unsigned long long)d->largest_allocation);
        print_json_text("type", d->type);
        print_json_text("name", d->name);
        print_json_text("platform", d->platform);
        print_json_text("vendor", d->vendor);
        print_json_text("driver", d->driver);
        print_json_text("version", d->version);
        print_json_text("pci", d->pci);
        putchar('}');
    }
    puts("]");
}

pnas_status pnas_device_run_list(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"csv", KEY_CSV, NULL, 0, "Print comma-separated values; sizes in bytes", 1},
        {"json", KEY_JSON, NULL, 0, "Print a JSON array; sizes in bytes", 1},
        {0},
    };
    static const struct argp_child children[] = {{&pnas_program_argp, 0, NULL, 0}, {0}};
    static const struct argp parser = {
        .options = options,
        .parser = parse_list,
        .doc = "Lists the OpenCL devices of this machine, one a line, by the index that --device takes. "
               "Exit code 69 if there is none.",
        .children = children};
    list_arguments arguments = {.level = PNAS_LOG_INFO};
    pnas_program_parse(&parser, argc, argv, 0, &arguments);
    pnas_log_setup("pnas_device list", arguments.level, 0, 1);
    pnas_device_info *device;
    int count;
    PNAS_TRY(pnas_device_list(&device, &count));
    static void (*const print[])(const pnas_device_info *, int) = {print_for_people, print_csv, print_json};
    print[arguments.form](device, count);
    free(device);
    return PNAS_OK;
}
