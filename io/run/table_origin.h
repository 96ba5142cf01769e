/* How the cells of a table were trained, as far as its files say it: what their accuracies mean. Cells that were
 * trained otherwise are warned of, with both files and what differs. Local. */
#ifndef PNAS_IO_TABLE_ORIGIN_H
#define PNAS_IO_TABLE_ORIGIN_H

#include "src/net/run_settings.h"

#include <stdbool.h>

/* What a file says of its cells. */
typedef struct {
    const char *configuration;           /* of the search that trained them, as YAML; NULL: not known */
    const char *data_name, *data_sha256; /* "": not known */
    int least_epochs, most_epochs;       /* of their learning curves; 0: not known */
} pnas_cells_origin;

/* What the first file says that says something; zero before. Owned by itself. */
typedef struct {
    char *path, *data_path, *curve_path; /* who says it */
    pnas_configuration *settings;
    char *configuration, *data_name, *data_sha256;
    int epochs;
    bool differs, gaps; /* another file says something else; says nothing */
} pnas_table_origin;

/* Compares `path` with what is known, and warns; keeps what was not known. PNAS_ERROR_DATA where its configuration is
 * none. */
pnas_status pnas_table_origin_add(pnas_table_origin *origin, const char *path,
                                  const pnas_cells_origin *cells);
void pnas_table_origin_clear(pnas_table_origin *origin);

#endif
