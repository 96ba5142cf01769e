/* pnas_device: what a device is, whether it computes rightly, what computes fastest on it, and compilation
 * ahead of a search. */
#include "src/programs/common/command_list.h"
#include "src/programs/common/launcher.h"
#include "src/programs/common/program.h"
#include "src/programs/pnas_device/device_commands.h"

/* ROW(name, what runs it, its line of --help) */
#define DEVICE_COMMANDS(ROW)                                                                                 \
    ROW("list", pnas_device_run_list, "the devices of this machine")                                         \
    ROW("check", pnas_device_run_check, "try every op on a device against plain references")                 \
    ROW("routes", pnas_device_run_routes, "which kernels serve the ops of a child")                          \
    ROW("tune", pnas_device_run_tune, "measure which kernels are the fastest, and keep the answer")          \
    ROW("build", pnas_device_run_build, "compile the kernels of a configuration before a search")

#define AS_COMMAND(name, run, help) {name, help},
#define AS_RUN(name, run, help)     run,
static const pnas_command commands[] = {DEVICE_COMMANDS(AS_COMMAND)};
static pnas_status (*const run[])(int argc, char **argv) = {DEVICE_COMMANDS(AS_RUN)};

int main(int argc, char **argv)
{
    static const pnas_command_list list = {
        .arguments = "COMMAND [ARGUMENT...]",
        .about = "Describes, checks and tunes OpenCL devices, and compiles for them.",
        .command = commands,
        .count = sizeof commands / sizeof *commands};
    pnas_program_setup("pnas_device");
    pnas_launcher_tell_ranks();
    pnas_chosen_command chosen = pnas_command_choose(&list, argc, argv);
    pnas_command_begin(&list, &chosen, &argc, &argv);
    return pnas_program_end(run[chosen.number](argc, argv));
}
