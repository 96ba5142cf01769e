/* pnas_device check: whether a device computes rightly, op by op. */
#include "cl/ops/check/self_test.h"
#include "src/base/plain_text.h"
#include "src/programs/common/program.h"
#include "src/programs/pnas_device/device_commands.h"

#include <stdio.h>

enum { KEY_DEVICE = 0x100, KEY_OP, KEY_SMALL, KEY_HALF, KEY_EVERY_V, KEY_SEED };

typedef struct {
    pnas_self_test_options options;
    pnas_log_level level;
} check_arguments;

static error_t parse_check(int key, char *argument, struct argp_state *state)
{
    check_arguments *arguments = state->input;
    int64_t seed;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->level;
        return 0;
    case KEY_DEVICE:
        arguments->options.device.device = argument;
        return 0;
    case KEY_OP:
        arguments->options.op = argument;
        return 0;
    case KEY_SMALL:
        arguments->options.small = true;
        return 0;
    case KEY_HALF:
        arguments->options.half = true;
        return 0;
    case KEY_EVERY_V:
        arguments->options.every_vector = true;
        return 0;
    case KEY_SEED:
        if (pnas_program_parse_integer(state, "seed", argument, 0, INT64_MAX, &seed) == 0)
            arguments->options.seed = (uint64_t)seed;
        return 0;
    case ARGP_KEY_ARG:
        pnas_program_complain(state, "'%s': check takes no arguments; name a device with --device", argument);
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void print_result(void *payload, const pnas_self_test_result *result)
{
    printf("%-26s %-8s %d  %5.1f s  ", result->op, result->route, result->vector, result->seconds);
    if (result->passed)
        printf("pass, %d shapes\n", result->cases);
    else
        pnas_text_line(stdout, "FAILED at shape %d: %s", result->cases, result->message);
    fflush(stdout);
}

static pnas_status describe_device(const pnas_cl_options *options)
{
    pnas_cl *cl = NULL;
    PNAS_TRY(pnas_cl_create(options, &cl));
    const pnas_device_info *device = pnas_cl_device(cl);
    pnas_text_line(stdout, "%s; %s; driver %s", device->name, device->platform, device->driver);
    printf("%-26s %-8s %s  %7s\n", "op", "route", "V", "time");
    pnas_cl_destroy(&cl);
    return PNAS_OK;
}

pnas_status pnas_device_run_check(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"device", KEY_DEVICE, "auto|cpu|gpu|D", 0, "auto, cpu, gpu, an index, or part of a device's name",
         1},
        {"op", KEY_OP, "TEXT", 0, "Only ops whose name holds this, as in --op pool", 1},
        {"every-v", KEY_EVERY_V, NULL, 0, "Try each width of a channel block, not only the device's own", 1},
        {"half", KEY_HALF, NULL, 0, "Activations as halves, as with training.storage: half", 1},
        {"small", KEY_SMALL, NULL, 0, "Tiny shapes only: for simulators such as Oclgrind", 1},
        {"seed", KEY_SEED, "N", 0, "Another number tries other shapes (0)", 1},
        {0},
    };
    static const struct argp_child children[] = {{&pnas_program_argp, 0, NULL, 0}, {0}};
    static const struct argp parser = {
        .options = options,
        .parser = parse_check,
        .doc = "Computes every op of a child on a device, forward and backward, and compares it with plain "
               "references in double precision. Exit code 0: all pass; 69: something fails, or there is no "
               "such device.",
        .children = children};
    check_arguments arguments = {.level = PNAS_LOG_INFO, .options = {.report = print_result}};
    pnas_program_parse(&parser, argc, argv, 0, &arguments);
    pnas_log_setup("pnas_device check", arguments.level, 0, 1);
    PNAS_TRY(describe_device(&arguments.options.device));
    PNAS_TRY(pnas_self_test(&arguments.options));
    printf("everything passes\n");
    return PNAS_OK;
}
