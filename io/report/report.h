/* A report: one HTML file that needs nothing else, about the files of a ranking side by side, or about a
 * trained network. docs/ranking.md, docs/networks.md. Local.
 *
 * The page forbids itself every connection and every script but its own (Content-Security-Policy), and
 * everything in it can be read without scripts. It is written whole or not at all. Its size is bounded: of
 * many cells the best are shown, and evenly spaced ones of the others (PNAS_REPORT_CELLS). */
#ifndef PNAS_IO_REPORT_H
#define PNAS_IO_REPORT_H

#include "io/net/network_file.h"
#include "io/run/ranking.h"

#include <stdbool.h>

#define PNAS_REPORT_FILES_MAX 8
#define PNAS_REPORT_CELLS     2000 /* of all files together, as points and rows */
#define PNAS_REPORT_TOP_MAX   24   /* of drawings and of learning curves */

typedef struct { /* texts are borrowed */
    const char *path;
    const char *program; /* who writes it: "pnas_rank 0.9.0 (abc1234)" */
    size_t top;          /* drawings and learning curves of so many best cells; 0: as many as suit the page */
    bool force;          /* replace a file that is no report */
} pnas_report_options;

/* `count`: 1 to PNAS_REPORT_FILES_MAX, else PNAS_ERROR_USAGE. PNAS_ERROR_FILE if it cannot be written, or if
 * what is at the path is no report and `force` is not set. */
pnas_status pnas_report_write(const pnas_report_options *options, const pnas_ranking *const *ranking,
                              size_t count);

/* `file_path` is where `file` was read from. PNAS_ERROR_DATA if its tensors do not fit its cell. */
pnas_status pnas_report_write_network(const pnas_report_options *options, const char *file_path,
                                      const pnas_network_file *file);

#endif
