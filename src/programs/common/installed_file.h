/* Files that are installed with the programs. Local to a process. */
#ifndef PNAS_PROGRAMS_INSTALLED_FILE_H
#define PNAS_PROGRAMS_INSTALLED_FILE_H

#define PNAS_INSTALLED_PATH_MAX 4096

/* How an example names the configuration `name` ("demo.yaml"): where it is installed beside this program, else as
 * in the source tree ("configs/demo.yaml"). Returns `out`. */
const char *pnas_installed_configuration(const char *name, char out[PNAS_INSTALLED_PATH_MAX]);

#endif
