/* The commands of pnas_net: each parses its own arguments and prints what it finds. */
#ifndef PNAS_NET_COMMANDS_H
#define PNAS_NET_COMMANDS_H

#include "mpi/layout.h"

/* Local to a process. */
pnas_status pnas_net_run_info(int argc, char **argv);
pnas_status pnas_net_run_export(int argc, char **argv);
pnas_status pnas_net_run_plot(int argc, char **argv);
pnas_status pnas_net_run_report(int argc, char **argv);

/* Only reads the options of the command: *answered if they ask for --help or the like. Only a process with `speak`
 * prints answers and complaints; PNAS_ERROR_USAGE after a complaint. Local. */
pnas_status pnas_net_read_test(int argc, char **argv, bool speak, bool *answered);
pnas_status pnas_net_read_predict(int argc, char **argv, bool speak, bool *answered);

/* On all ranks, which share the images: collective, agreed. Rank 0 prints; *layout changes where rank 0 has no
 * device and changes its number with another rank. *complained: rank 0 has said what is wrong with the arguments
 * already. */
pnas_status pnas_net_run_test(pnas_layout *layout, int argc, char **argv, bool *complained);
pnas_status pnas_net_run_predict(pnas_layout *layout, int argc, char **argv, bool *complained);

#endif
