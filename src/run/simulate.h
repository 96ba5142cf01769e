/* A search on paper: the scheduler's decisions and the search's own code, with children that take simulated
 * time. On one rank. */
#ifndef PNAS_RUN_SIMULATE_H
#define PNAS_RUN_SIMULATE_H

#include "src/net/run_settings.h"

/* How long the search of `configuration` takes on so many ranks, if a child takes what one of its size took
 * in the run file `durations`, as a table on stdout. Durations are drawn around what that run's model
 * expects, with the spread that it had; ranks have its kinds of devices in its proportions. The surrogate is
 * a stand-in that prefers large cells as that run's accuracies did; what fitting and scoring would take is
 * scaled from that run. The images' shape is filled in. */
pnas_status pnas_simulate(int ranks, const char *durations, pnas_configuration *configuration);

#endif
