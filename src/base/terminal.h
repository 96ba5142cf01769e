/* What of a terminal decides how lines are written to it. No colours are ever written. Local. */
#ifndef PNAS_BASE_TERMINAL_H
#define PNAS_BASE_TERMINAL_H

#include <stdbool.h>

/* Whether lines may be rewritten in place: a terminal, and none that TERM calls dumb. */
bool pnas_terminal_rewrites(int file);

/* Its width now; 80 where it does not tell. */
int pnas_terminal_columns(int file);

#endif
