/* Measures which route is fastest for every op and shape of some children and of their surrogate, and which
 * V; the result is the device's tuned table (cl/runtime/tuned_table.h), which later contexts read at their
 * start. */
#ifndef PNAS_CL_TUNER_H
#define PNAS_CL_TUNER_H

#include "cl/runtime/context.h"
#include "src/net/graph.h"
#include "src/search/space.h"
#include "src/search/surrogate_options.h"

typedef struct {
    const char *op;
    char shape[96];
    int vector;
    int count;         /* how often the children have it */
    const char *route; /* the fastest correct one */
    /* Microseconds; 0: not for this device; below 0: it computed wrongly; NAN: it failed. */
    double plain, tile, wide, gpu, clblast;
} pnas_tuner_result;

typedef struct {
    pnas_cl_options device; /* vector 0: V is tuned, too */
    const pnas_graph *const *graph;
    int graph_count, batch;
    const pnas_surrogate_options *surrogate; /* its matrix products, too; NULL: children's shapes alone */
    const pnas_space *space;                 /* of the surrogate's cells */
    bool clblast;     /* try CLBlast on CPUs, too, where it compiles for half a minute */
    int clblast_most; /* sets of CLBlast's parameters to try for each of its kernels; 0: all */
    void (*report)(void *payload, const pnas_tuner_result *result); /* of each op and shape */
    void *payload;
} pnas_tuner_options;

typedef struct {
    int vector, routes; /* the best V; how many ops and shapes were measured for it */
    int failed;         /* how many could not be measured, whatever the route: each with a warning */
    double tuned_seconds, built_in_seconds; /* all ops of all children once, at the best V */
    char clblast[2][256];                   /* parameters of CLBlast's kernels, "XgemmDirect own" */
    char path[1024]; /* the table's file; what it held of other shapes for this V stays */
    char hash[20];
} pnas_tuner_summary;

pnas_status pnas_tune(const pnas_tuner_options *options, pnas_tuner_summary *out);

#endif
