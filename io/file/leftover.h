/* Files that a program makes for a while and that a signal which ends it must not leave behind. Local. */
#ifndef PNAS_IO_LEFTOVER_H
#define PNAS_IO_LEFTOVER_H

/* From here on SIGTERM, SIGINT and SIGHUP remove the file at `path` before they end the process, unless the
 * program handles the signal itself. Returns a number for pnas_leftover_forget, which must come before the
 * file is removed or renamed; -1, which it takes too, when there are too many. Any thread. */
int pnas_leftover_add(const char *path);
void pnas_leftover_forget(int number);

#endif
