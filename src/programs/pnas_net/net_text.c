#include "src/programs/pnas_net/net_text.h"

#include "io/file/byte_output.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void pnas_net_json_real(FILE *out, double value)
{
    if (isfinite(value))
        fprintf(out, "%.9g", value);
    else
        fputs("null", out);
}

pnas_status pnas_net_text_begin(pnas_net_text *text)
{
    text->stream = open_memstream(&text->data, &text->size);
    PNAS_CHECK(text->stream, PNAS_ERROR_MEMORY, "no memory for the results");
    return PNAS_OK;
}

pnas_status pnas_net_text_end(pnas_net_text *text, const char *path)
{
    int failed = fclose(text->stream);
    text->stream = NULL;
    PNAS_CHECK(!failed, PNAS_ERROR_MEMORY, "no memory for the results");
    if (path)
        return pnas_bytes_write(path, text->data, text->size);
    fwrite(text->data, 1, text->size, stdout); /* pnas_program_end says if it did not arrive */
    return PNAS_OK;
}

void pnas_net_text_drop(pnas_net_text *text)
{
    if (text->stream)
        fclose(text->stream);
    free(text->data);
    *text = (pnas_net_text){0};
}
