/* The commands of pnas_device. Each parses its own arguments (argv[0] is "pnas_device COMMAND"). */
#ifndef PNAS_PROGRAMS_DEVICE_COMMANDS_H
#define PNAS_PROGRAMS_DEVICE_COMMANDS_H

#include "src/base/status.h"

pnas_status pnas_device_run_list(int argc, char **argv);
pnas_status pnas_device_run_check(int argc, char **argv);
pnas_status pnas_device_run_routes(int argc, char **argv);
pnas_status pnas_device_run_tune(int argc, char **argv);
pnas_status pnas_device_run_build(int argc, char **argv);

#endif
