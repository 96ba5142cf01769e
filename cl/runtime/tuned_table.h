/* Routes that were measured on a device (pnas_device tune): a text file in the cache directory, named by a
 * hash of device, driver and kernel sources, read once when a context is created. Private to cl. Local. */
#ifndef PNAS_CL_TUNED_TABLE_H
#define PNAS_CL_TUNED_TABLE_H

#include "cl/runtime/clblast_parameters.h"
#include "cl/runtime/op_kind.h"

typedef struct {
    pnas_op_kind op;
    pnas_route_shape shape;
    pnas_route route;
    double microseconds, plain_microseconds; /* of the route, and of PLAIN */
} pnas_tuned_row;

typedef struct pnas_tuned_table {
    int vector; /* the V that was fastest; rows hold for it alone */
    pnas_clblast_parameters clblast;
    size_t count, capacity;
    pnas_tuned_row *row;
} pnas_tuned_table; /* zero it to start */

/* The row of this op and shape, borrowed; NULL if there is none. Takes NULL for no table. */
const pnas_tuned_row *pnas_tuned_table_find(const pnas_tuned_table *table, pnas_op_kind op,
                                            const pnas_route_shape *shape);

/* Adds a row, or replaces that of the same op and shape. */
pnas_status pnas_tuned_table_set(pnas_tuned_table *table, const pnas_tuned_row *row);

/* Of what decides results: V, CLBlast's parameters, and each row's op, shape and route. The same for any
 * order of rows; 0: none. */
uint64_t pnas_tuned_table_hash(const pnas_tuned_table *table);

void pnas_tuned_table_destroy(pnas_tuned_table **table);

/* All that a table's measurements hold for; *out is the caller's (free). */
pnas_status pnas_tuned_table_key(const pnas_device_info *device, const char *kernel_directory, char **out);

/* The table of this key; *out is NULL if there is none that is whole (a damaged one is warned of). */
pnas_status pnas_tuned_table_load(const char *directory, const char *key, pnas_tuned_table **out);

/* Writes a temporary file and renames it; `path` gets the file's name. */
pnas_status pnas_tuned_table_store(const char *directory, const char *key, const pnas_tuned_table *table,
                                   char *path, size_t size);

#endif
