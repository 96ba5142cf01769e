/* safetensors (Hugging Face): the length of the header as 8 bytes, little-endian; the header in JSON; the values,
 * one tensor after the other. The header is filled up with blanks, so that values begin at a multiple of 8. */
#include "io/file/byte_output.h"
#include "io/net/network_export.h"

#include "src/search/cell_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t bytes_of(const pnas_named_tensor *tensor)
{
    size_t bytes = sizeof *tensor->data;
    for (int i = 0; i < tensor->rank; i++)
        bytes *= tensor->shape[i];
    return bytes;
}

/* Names of tensors and operators need no escapes. */
static void print_header(FILE *out, const pnas_export_options *options)
{
    char cell[PNAS_CELL_TEXT_MAX];
    size_t at = 0;
    pnas_cell_format(&options->file->cell, &options->file->operators, cell);
    fprintf(out, "{\"__metadata__\":{\"format\":\"pnas\",\"cell\":\"%s\"}", cell);
    for (size_t i = 0; i < options->weights->tensors->count; i++) {
        const pnas_named_tensor *tensor = &options->weights->tensors->tensor[i];
        fprintf(out, ",\"%s\":{\"dtype\":\"F32\",\"shape\":[", tensor->name);
        for (int d = 0; d < tensor->rank; d++)
            fprintf(out, "%s%zu", d ? "," : "", tensor->shape[d]);
        fprintf(out, "],\"data_offsets\":[%zu,%zu]}", at, at + bytes_of(tensor));
        at += bytes_of(tensor);
    }
    putc('}', out);
}

static void print_file(FILE *out, const pnas_network_tensors *weights, const char *header, size_t size)
{
    size_t padded = (size + 7) / 8 * 8;
    for (int i = 0; i < 8; i++)
        putc((int)(padded >> 8 * i & 0xff), out);
    fprintf(out, "%-*s", (int)padded, header);
    for (size_t i = 0; i < weights->count; i++)
        fwrite(weights->tensor[i].data, 1, bytes_of(&weights->tensor[i]), out);
}

pnas_status pnas_safetensors_write(const char *path, const pnas_export_options *options)
{
    char *header = NULL, *data = NULL;
    size_t header_size = 0, size = 0;
    pnas_status status = PNAS_OK;
    FILE *text = open_memstream(&header, &header_size);
    PNAS_CHECK_CLEANUP(text, PNAS_ERROR_MEMORY, "no memory for the names of the tensors");
    print_header(text, options);
    PNAS_CHECK_CLEANUP(fclose(text) == 0, PNAS_ERROR_MEMORY, "no memory for the names of the tensors");
    text = open_memstream(&data, &size);
    PNAS_CHECK_CLEANUP(text, PNAS_ERROR_MEMORY, "no memory for the tensors");
    print_file(text, options->weights->tensors, header, header_size);
    PNAS_CHECK_CLEANUP(fclose(text) == 0, PNAS_ERROR_MEMORY, "no memory for the tensors");
    status = pnas_bytes_write(path, data, size);
cleanup:
    free(header);
    free(data);
    return status;
}
