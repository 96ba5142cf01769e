/* pnas_data: makes, describes and checks data sets. */
#include "src/programs/common/command_list.h"
#include "src/programs/common/launcher.h"
#include "src/programs/common/program.h"
#include "src/programs/pnas_data/data_commands.h"

/* ROW(name, what runs it, its line of --help) */
#define DATA_COMMANDS(ROW)                                                                                   \
    ROW("import", pnas_data_import, "make a data set of published files")                                    \
    ROW("encode", pnas_data_encode, "make a smaller data set, its images as JPEG")                           \
    ROW("info", pnas_data_info, "describe a data set")                                                       \
    ROW("verify", pnas_data_verify, "check a data set against its SHA-256")

#define AS_COMMAND(name, run, help) {name, help},
#define AS_RUN(name, run, help)     run,
static const pnas_command commands[] = {DATA_COMMANDS(AS_COMMAND)};
static pnas_status (*const run[])(int argc, char **argv) = {DATA_COMMANDS(AS_RUN)};

int main(int argc, char **argv)
{
    static const pnas_command_list list = {.arguments = "COMMAND [ARGUMENT...]",
                                           .about = "Makes, describes and checks data sets.",
                                           .command = commands,
                                           .count = sizeof commands / sizeof *commands};
    pnas_program_setup("pnas_data");
    pnas_launcher_refuse_ranks();
    pnas_chosen_command chosen = pnas_command_choose(&list, argc, argv);
    pnas_command_begin(&list, &chosen, &argc, &argv);
    return pnas_program_end(run[chosen.number](argc, argv));
}
