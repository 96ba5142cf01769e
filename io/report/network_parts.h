/* What the sections of a network's report share. Not for callers. Local. */
#ifndef PNAS_IO_NETWORK_PARTS_H
#define PNAS_IO_NETWORK_PARTS_H

#include "io/report/report_parts.h"
#include "src/net/graph.h"

typedef struct { /* borrowed */
    FILE *out;
    const pnas_report_options *options;
    const char *path; /* of the network file */
    const pnas_network_file *file;
    const pnas_graph *graph; /* with the auxiliary classifier, if there is one */
    double now;
} pnas_network_report;

typedef struct { /* texts are static */
    const char *id, *name;
    bool (*has)(const pnas_network_report *report); /* NULL: always */
    pnas_status (*write)(const pnas_network_report *report);
} pnas_network_section;

/* Every section, in its order on the page. */
#define PNAS_NETWORK_SECTIONS(ROW)                                                                           \
    ROW(overview)                                                                                            \
    ROW(architecture)                                                                                        \
    ROW(training)                                                                                            \
    ROW(test)                                                                                                \
    ROW(layers)                                                                                              \
    ROW(next)                                                                                                \
    ROW(configuration)

#define PNAS_NETWORK_DECLARE(name) extern const pnas_network_section pnas_network_section_##name;
PNAS_NETWORK_SECTIONS(PNAS_NETWORK_DECLARE)
#undef PNAS_NETWORK_DECLARE

#endif
