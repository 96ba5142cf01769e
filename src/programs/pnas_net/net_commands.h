/* The commands of pnas_net: each parses its own arguments and prints what it finds. Local to a process. */
#ifndef PNAS_NET_COMMANDS_H
#define PNAS_NET_COMMANDS_H

#include "src/base/status.h"

pnas_status pnas_net_run_info(int argc, char **argv);
pnas_status pnas_net_run_test(int argc, char **argv);
pnas_status pnas_net_run_predict(int argc, char **argv);
pnas_status pnas_net_run_export(int argc, char **argv);
pnas_status pnas_net_run_plot(int argc, char **argv);

#endif
