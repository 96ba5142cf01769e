#include "io/weights_file.h"

#include "io/tensor_group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONVENTIONS "PNAS-weights-1"

pnas_status pnas_weights_write(const char *path, const pnas_weights_attribute *attributes,
                               size_t attribute_count, const pnas_named_tensor *tensors, size_t count)
{
    pnas_h5_output output;
    PNAS_TRY(pnas_h5_output_create(path, &output));
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_h5_write_text(output.id, "conventions", CONVENTIONS));
    for (size_t i = 0; i < attribute_count; i++)
        PNAS_TRY_CLEANUP(pnas_h5_write_text(output.id, attributes[i].name, attributes[i].value));
    PNAS_TRY_CLEANUP(pnas_tensor_group_write(output.id, tensors, count));
    status = pnas_h5_output_commit(&output);
cleanup:
    pnas_h5_output_discard(&output);
    return status;
}

static pnas_status check_conventions(hid_t file)
{
    char conventions[64] = "";
    if (pnas_h5_copy_text(file, "conventions", conventions, sizeof conventions) != PNAS_OK ||
        strncmp(conventions, "PNAS-weights-", strlen("PNAS-weights-")) != 0)
        return pnas_h5_fail(PNAS_ERROR_DATA, file, NULL,
                            "is no weights file; expected conventions " CONVENTIONS);
    if (strcmp(conventions, CONVENTIONS) != 0)
        return pnas_h5_fail(PNAS_ERROR_DATA, file, NULL,
                            "is written by the conventions %s; this program reads %s", conventions,
                            CONVENTIONS);
    return PNAS_OK;
}

pnas_status pnas_weights_read(const char *path, pnas_named_tensor **out, size_t *count)
{
    *out = NULL;
    *count = 0;
    hid_t file;
    PNAS_TRY(pnas_h5_open(path, &file));
    pnas_status status = check_conventions(file);
    if (status == PNAS_OK)
        status = pnas_tensor_group_read(file, out, count);
    pnas_h5_close(&file);
    return status;
}

void pnas_weights_free(pnas_named_tensor **tensors, size_t count)
{
    pnas_tensor_group_free(tensors, count);
}
