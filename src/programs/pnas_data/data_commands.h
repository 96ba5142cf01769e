/* The commands of pnas_data: each parses its own arguments (argv[0] is its name for messages), which ends the
 * program with 64 if they are wrong, and prints on stdout. Local. */
#ifndef PNAS_PROGRAMS_DATA_COMMANDS_H
#define PNAS_PROGRAMS_DATA_COMMANDS_H

#include "io/data/dataset.h"

pnas_status pnas_data_import(int argc, char **argv);
pnas_status pnas_data_encode(int argc, char **argv);
pnas_status pnas_data_info(int argc, char **argv);
pnas_status pnas_data_verify(int argc, char **argv);

/* How many images of each class there are from image `first` of a part on: *out [classes] is the caller's (free).
 * PNAS_ERROR_MEMORY. */
pnas_status pnas_data_count_classes(const pnas_dataset_part *part, size_t first, int classes, size_t **out);

#endif
