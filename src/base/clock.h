/* Time: a steady clock for durations, and time stamps for people. Seconds throughout. Local. */
#ifndef PNAS_BASE_CLOCK_H
#define PNAS_BASE_CLOCK_H

#include <stddef.h>

double pnas_clock_seconds(void);                                  /* steady, from an arbitrary start */
double pnas_clock_unix(void);                                     /* seconds since 1970, UTC */
void pnas_clock_stamp(double unix_seconds, char out[32]);         /* "2026-11-21T23:59:59Z" */
void pnas_clock_duration(double seconds, char *out, size_t size); /* "41 s", "3 min 20 s", "2 h 05 min" */
void pnas_clock_sleep(double seconds);

#endif
