/* Files that a program makes for a while and that a signal which ends it must not leave behind. Local. */
#ifndef PNAS_IO_LEFTOVER_H
#define PNAS_IO_LEFTOVER_H

#include <signal.h>

/* From here on SIGTERM, SIGINT, SIGHUP and the others that end a process by default remove the file at `path` before
 * they end the process, unless the program handles the signal itself. Returns a number for pnas_leftover_forget,
 * which must come before the file is removed or renamed; -1, which it takes too, when there are too many. Any
 * thread. */
int pnas_leftover_add(const char *path);
void pnas_leftover_forget(int number);

/* Between these no such signal comes to this thread: for making a file and adding it. */
void pnas_leftover_pause(sigset_t *before);
void pnas_leftover_resume(const sigset_t *before);

#endif
