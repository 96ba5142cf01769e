/* pnas_device build: the kernels of a configuration's children, compiled before a search, by several
 * processes. */
#include "cl/train/warm_up.h"
#include "src/base/clock.h"
#include "src/base/log.h"
#include "src/programs/common/program.h"
#include "src/programs/pnas_device/device_children.h"
#include "src/programs/pnas_device/device_commands.h"

#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KEY_PROCESSES = 0x100, PROCESSES_MAX = 64 };

typedef struct {
    pnas_device_children_options children;
    int processes; /* 0: as the device bears */
} build_arguments;

static error_t parse(int key, char *argument, struct argp_state *state)
{
    build_arguments *arguments = state->input;
    int64_t processes;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->children;
        return 0;
    case KEY_PROCESSES:
        if (pnas_program_parse_integer(state, "processes", argument, 1, PROCESSES_MAX, &processes) == 0)
            arguments->processes = (int)processes;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* One for each core that this process may use. */
static int count_cores(void)
{
    cpu_set_t cores;
    int count = sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;
    return count > PROCESSES_MAX ? PROCESSES_MAX : count;
}

static pnas_status build(const pnas_device_children *children)
{
    pnas_cl *cl = NULL;
    const pnas_cl_options options = {.device = children->device, .threads = 1};
    PNAS_TRY(pnas_cl_create(&options, &cl));
    pnas_status status =
        pnas_warm_up(cl, (const pnas_graph *const *)children->graph, children->count, &children->training);
    pnas_cl_destroy(&cl);
    return status;
}

/* How many processes suit the device: asked in a process of its own, which ends with the answer, since drivers do
 * not outlive a fork. What goes wrong there goes wrong in build(), too, which says so. */
static int ask_device(const pnas_device_children *children)
{
    int state = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        pnas_cl *cl = NULL;
        const pnas_cl_options options = {.device = children->device, .threads = 1};
        _exit(pnas_cl_create(&options, &cl) == PNAS_OK
                  ? pnas_warm_up_processes(pnas_cl_device(cl), count_cores())
                  : 1);
    }
    if (child > 0)
        waitpid(child, &state, 0);
    return WIFEXITED(state) && WEXITSTATUS(state) > 0 ? WEXITSTATUS(state) : 1;
}

/* Helpers do the same as this process, which alone reports; without them it would only take longer. OpenCL is
 * first called after the fork: drivers do not outlive one. */
static int start_helpers(int processes, const pnas_device_children *children, pid_t *helper)
{
    int count = 0;
    fflush(NULL);
    for (int i = 1; i < processes; ++i) {
        pid_t child = fork();
        if (child == 0)
            _exit(build(children) == PNAS_OK ? 0 : 1);
        if (child > 0)
            helper[count++] = child;
    }
    return count;
}

static pnas_status build_together(int processes, const pnas_device_children *children)
{
    pid_t helper[PROCESSES_MAX];
    double start = pnas_clock_seconds();
    int helpers = start_helpers(processes, children, helper);
    pnas_status status = build(children);
    for (int i = 0; i < helpers; ++i)
        waitpid(helper[i], NULL, 0);
    if (status == PNAS_ERROR_DEVICE && helpers > 0)
        status = build(children); /* a GPU that takes one process at a time may have been a helper's */
    if (status == PNAS_OK)
        printf("the kernels of %d child%s are compiled, in %.1f s by %d process%s\n", children->count,
               children->count == 1 ? "" : "ren", pnas_clock_seconds() - start, helpers + 1,
               helpers ? "es" : "");
    return status;
}

pnas_status pnas_device_run_build(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"processes", KEY_PROCESSES, "P", 0,
         "So many compile together (as many as there are cores; on a GPU at most 4)", 1},
        {0}};
    static const struct argp_child common[] = {{&pnas_device_children_argp, 0, NULL, 0}, {0}};
    static const struct argp parser = {
        .options = options,
        .parser = parse,
        .doc =
            "Compiles the kernels that children of a configuration need and keeps them in the cache "
            "directory, where a search on this kind of device finds them: once before a job of many ranks, "
            "or while waiting for one.",
        .children = common};
    build_arguments arguments = {.children = {.level = PNAS_LOG_INFO}};
    pnas_program_parse(&parser, argc, argv, 0, &arguments);
    pnas_log_setup("pnas_device build", arguments.children.level, 0, 1);
    pnas_device_children children;
    PNAS_TRY(pnas_device_children_create(&arguments.children, &children));
    if (arguments.processes == 0)
        arguments.processes = ask_device(&children);
    pnas_status status = build_together(arguments.processes, &children);
    pnas_device_children_destroy(&children);
    return status;
}
