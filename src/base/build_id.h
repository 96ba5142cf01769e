/* Which binary runs. Local. */
#ifndef PNAS_BASE_BUILD_ID_H
#define PNAS_BASE_BUILD_ID_H

#define PNAS_BUILD_ID_MAX 65

/* The linker's sum of the program's content (its GNU build ID), in hexadecimal digits; a copy without symbols
 * has the same. "none" where there is none. */
void pnas_build_id(char out[PNAS_BUILD_ID_MAX]);

#endif
