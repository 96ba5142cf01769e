/* pnas_net: what can be done with a trained network. */
#include "src/programs/common/command_list.h"
#include "src/programs/common/launcher.h"
#include "src/programs/common/program.h"
#include "src/programs/pnas_net/net_commands.h"
#include "src/run/rank_start.h"

#include <string.h>

/* ROW(name, what runs it in one process, or what runs it on all ranks and what reads its options, its line of
 * --help) */
#define NET_COMMANDS(ROW)                                                                                    \
    ROW("info", pnas_net_run_info, NULL, NULL, "describe a network")                                         \
    ROW("test", NULL, pnas_net_run_test, pnas_net_read_test, "classify the test part of a data set")         \
    ROW("predict", NULL, pnas_net_run_predict, pnas_net_read_predict, "classify images")                     \
    ROW("export", pnas_net_run_export, NULL, NULL, "write it for other programs: ONNX, safetensors")         \
    ROW("plot", pnas_net_run_plot, NULL, NULL, "draw its training and its test")                             \
    ROW("report", pnas_net_run_report, NULL, NULL, "write all that is known of it as one HTML file")

#define AS_COMMAND(name, run, run_on_ranks, read, help)      {name, help},
#define AS_RUN(name, run, run_on_ranks, read, help)          run,
#define AS_RUN_ON_RANKS(name, run, run_on_ranks, read, help) run_on_ranks,
#define AS_READ(name, run, run_on_ranks, read, help)         read,
static const pnas_command commands[] = {NET_COMMANDS(AS_COMMAND)};
static pnas_status (*const run[])(int argc, char **argv) = {NET_COMMANDS(AS_RUN)};
static pnas_status (*const run_on_ranks[])(pnas_layout *layout, int argc, char **argv,
                                           bool *complained) = {NET_COMMANDS(AS_RUN_ON_RANKS)};
static pnas_status (*const read_options[])(int argc, char **argv, bool speak,
                                           bool *answered) = {NET_COMMANDS(AS_READ)};

static const pnas_command_list list = {
    .arguments = "COMMAND NET.h5 [ARGUMENT...]",
    .about = "Works with a trained network: a NET.h5, or a RUN.n.weights.h5 that a search wrote.",
    .note = "Under mpirun, test and predict share their images among the ranks and print the same as one "
            "process; of the others rank 0 alone does what they do.",
    .command = commands,
    .count = sizeof commands / sizeof *commands};

/* argv: a copy */
static pnas_status read_command(int argc, char **argv, bool speak, void *payload, bool *answered)
{
    const pnas_chosen_command *chosen = payload;
    pnas_command_begin(&list, chosen, &argc, &argv);
    return read_options[chosen->number](argc, argv, speak, answered);
}

/* Alone or under mpirun: of the ranks, rank 0 says what there is to say. */
static int start_ranks(pnas_chosen_command *chosen, int argc, char **argv)
{
    pnas_layout layout;
    bool complained = false;
    pnas_rank_preview preview = pnas_program_preview(read_command, argc, argv, chosen);
    if (preview.over)
        return preview.code;
    pnas_status status = pnas_rank_start(&argc, &argv, pnas_program_build(), preview.works, &layout);
    if (status == PNAS_OK) {
        pnas_command_begin(&list, chosen, &argc, &argv);
        status = run_on_ranks[chosen->number](&layout, argc, argv, &complained);
        pnas_mpi_end();
    }
    return layout.rank == 0 && !complained ? pnas_program_end(status) : pnas_exit_code(status);
}

/* Whether the command is one for all ranks: asked before anything is said or done. */
static bool is_shared(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < list.count; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return run_on_ranks[i] != NULL;
    return false;
}

/* What one process does: help, too. ranks: this is the first of several. */
static int start_alone(int argc, char **argv, bool ranks)
{
    pnas_chosen_command chosen = pnas_command_choose(&list, argc, argv);
    if (run_on_ranks[chosen.number] && !ranks)
        return start_ranks(&chosen, argc, argv);
    if (run_on_ranks[chosen.number])
        return pnas_program_end(pnas_fail(PNAS_ERROR_USAGE, "write '%s' in front of all other arguments",
                                          commands[chosen.number].name));
    pnas_command_begin(&list, &chosen, &argc, &argv);
    return pnas_program_end(run[chosen.number](argc, argv));
}

/* Other ranks would print the same and write the same file, or wait for one that does something else. */
static int start_first(int argc, char **argv)
{
    pnas_layout layout;
    int code;
    pnas_status status = pnas_rank_lead(&argc, &argv, pnas_program_build(), &layout, &code);
    if (status != PNAS_OK)
        return layout.rank == 0 ? pnas_program_end(status) : pnas_exit_code(status);
    return layout.rank == 0 ? start_alone(argc, argv, true) : code;
}

int main(int argc, char **argv)
{
    int rank;
    pnas_program_setup("pnas_net");
    if (is_shared(argc, argv)) {
        pnas_chosen_command chosen = pnas_command_choose(&list, argc, argv);
        return start_ranks(&chosen, argc, argv);
    }
    return pnas_launcher_ranks(&rank) > 1 ? start_first(argc, argv) : start_alone(argc, argv, false);
}
