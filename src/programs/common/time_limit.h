/* The time that a person gives a program. Local. */
#ifndef PNAS_PROGRAMS_TIME_LIMIT_H
#define PNAS_PROGRAMS_TIME_LIMIT_H

#include "src/base/status.h"

/* "90", "90s", "30m", "2h" or "[H:]MM:SS" as seconds; PNAS_ERROR_USAGE unless it is one of these and above 0. */
pnas_status pnas_time_limit_parse(const char *text, double *seconds);

#endif
