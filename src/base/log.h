/* Messages for people, on stderr. Results go to stdout and never through here. What must not reach a terminal is
 * written as an escape (src/base/plain_text.h); lines after the first are indented.
 *
 * Levels say who reads them: ERROR (the run cannot go on), WARNING (it goes on, a person should know),
 * INFO (what happens), DEBUG (how). On ranks other than 0 only WARNING and ERROR are printed unless the
 * level is DEBUG. In a run with more than one rank every line carries the rank, but for INFO of rank 0. Local. */
#ifndef PNAS_BASE_LOG_H
#define PNAS_BASE_LOG_H

#include <stdbool.h>

typedef enum { PNAS_LOG_ERROR, PNAS_LOG_WARNING, PNAS_LOG_INFO, PNAS_LOG_DEBUG } pnas_log_level;

/* Local; before any other thread logs. `program` is borrowed for the life of the process; ranks = 1 hides the
 * rank. */
void pnas_log_setup(const char *program, pnas_log_level level, int rank, int ranks);

/* Whether lines of this level are printed. */
bool pnas_log_says(pnas_log_level level);

void pnas_log(pnas_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define pnas_error(...)   pnas_log(PNAS_LOG_ERROR, __VA_ARGS__)
#define pnas_warning(...) pnas_log(PNAS_LOG_WARNING, __VA_ARGS__)
#define pnas_info(...)    pnas_log(PNAS_LOG_INFO, __VA_ARGS__)
#define pnas_debug(...)   pnas_log(PNAS_LOG_DEBUG, __VA_ARGS__)

/* The rank alone, where it has changed. */
void pnas_log_set_rank(int rank);

/* The program as given to pnas_log_setup; borrowed. */
const char *pnas_log_program(void);

/* Called before each line is printed, so that a progress line can be cleared first; NULL to remove. */
void pnas_log_before_line(void (*clear)(void));

#endif
