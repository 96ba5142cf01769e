#include "io/file/stored_rows.h"

#include <stdlib.h>

void pnas_stored_rows_free(pnas_stored_rows *rows)
{
    free(rows->place);
    *rows = (pnas_stored_rows){0};
}
