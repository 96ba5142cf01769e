/* The commit that the program was built from. Local. */
#ifndef PNAS_BASE_COMMIT_H
#define PNAS_BASE_COMMIT_H

/* "0123456789ab", with "-dirty-" and a sum behind it where files were changed; "unknown" until a program says
 * it. Borrowed. */
const char *pnas_commit(void);

/* For the start of a program; `commit` is borrowed for the life of the process. Only programs hold its text,
 * so that after each commit they alone are built anew. */
void pnas_commit_set(const char *commit);

#endif
