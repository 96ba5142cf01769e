/* One line of progress: rewritten in place, no longer than the terminal is wide. Elsewhere, on a dumb
 * terminal, too, a flushed, time-stamped line at each pnas_progress_event and now and then between them, and
 * never a carriage return. What must not reach a terminal is written as an escape. Local; used by rank 0 and
 * by single-process programs. Nothing is written where INFO is not (src/base/log.h). */
#ifndef PNAS_BASE_PROGRESS_H
#define PNAS_BASE_PROGRESS_H

/* On a terminal: in place of the last progress line. Elsewhere: a line with its time when none was written for
 * five minutes, or the seconds that PNAS_PROGRESS_SECONDS says; ranks under mpirun have no terminal. */
void pnas_progress_show(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Something happened that a log should keep (a child is done). On a terminal: a line above the progress line
 * only when `keep` is true; elsewhere always a line with its time. */
void pnas_progress_event(int keep, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Removes the progress line from the terminal. */
void pnas_progress_end(void);

#endif
