/* safetensors (Hugging Face): the length of the header as 8 bytes, little-endian; the header in JSON; the values,
 * one tensor after the other. The header is filled up with blanks, so that values begin at a multiple of 8. */
#include "io/file/byte_output.h"
#include "io/net/network_export.h"

#include "src/base/plain_text.h"
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

/* ---- what the network is, as text: the format has no other values ---- */

static void print_operators(FILE *out, const pnas_operator_set *set)
{
    putc('[', out);
    for (int i = 0; i < set->count; i++) {
        const pnas_operator *op = &set->item[i];
        fprintf(out,
                "%s{\"name\":\"%s\",\"kind\":\"%s\",\"kernel\":%d,\"dilation\":%d,\"repeat\":%d,"
                "\"bottleneck\":%d}",
                i ? "," : "", op->name, pnas_operator_kind_name(op->kind), op->kernel, op->dilation,
                op->repeat, op->bottleneck);
    }
    putc(']', out);
}

static void print_names(FILE *out, const pnas_network_file *file)
{
    putc('[', out);
    for (int i = 0; i < file->network.classes; i++) {
        fputs(i ? "," : "", out);
        pnas_text_json(out, file->class_names[i]);
    }
    putc(']', out);
}

static void print_channels(FILE *out, const float *values, int channels)
{
    putc('[', out);
    for (int i = 0; i < channels; i++)
        fprintf(out, "%s%.9g", i ? "," : "", (double)values[i]);
    putc(']', out);
}

/* A line a value, its name first. */
static void print_description(FILE *out, const pnas_export_options *options)
{
#define AS_WORD(constant, word) [constant] = word,
    static const char *const concatenations[] = {PNAS_CONCATENATIONS(AS_WORD)};
    static const char *const stems[] = {PNAS_STEMS(AS_WORD)};
#undef AS_WORD
    const pnas_network_file *file = options->file;
    const pnas_network_options *network = &file->network;
    char cell[PNAS_CELL_TEXT_MAX];
    pnas_cell_format(&file->cell, &file->operators, cell);
    fprintf(out, "format pnas\ncell %s\nweights %s\n", cell, options->weights->name);
    fprintf(out, "filters %d\nrepeats %d\nstem %s\nstem_multiplier %d\nconcatenation %s\n", network->filters,
            network->repeats, stems[network->stem], network->stem_multiplier,
            concatenations[network->concatenation]);
    fprintf(out, "height %d\nwidth %d\nchannels %d\nnorm_epsilon %.17g\noperators ", network->height,
            network->width, network->channels, file->norm_epsilon);
    print_operators(out, &file->operators);
    fprintf(out, "\nclass_names ");
    print_names(out, file);
    fprintf(out, "\nmean ");
    print_channels(out, file->mean, network->channels);
    fprintf(out, "\ndeviation ");
    print_channels(out, file->deviation, network->channels);
    fprintf(out, "\n");
}

/* {"name":"value",...} */
static pnas_status print_metadata(FILE *out, const pnas_export_options *options)
{
    char *text = NULL, *rest = NULL;
    size_t size = 0;
    FILE *lines = open_memstream(&text, &size);
    PNAS_CHECK(lines, PNAS_ERROR_MEMORY, "no memory for a description of the network");
    print_description(lines, options);
    bool good = fclose(lines) == 0;
    const char *before = "{";
    for (char *line = good ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest)) {
        char *value = strchr(line, ' ');
        *value = '\0';
        fprintf(out, "%s\"%s\":", before, line);
        pnas_text_json(out, value + 1);
        before = ",";
    }
    putc('}', out);
    free(text);
    PNAS_CHECK(good, PNAS_ERROR_MEMORY, "no memory for a description of the network");
    return PNAS_OK;
}

/* ---- the file ---- */

/* Names of tensors need no escapes. */
static pnas_status print_header(FILE *out, const pnas_export_options *options)
{
    size_t at = 0;
    fprintf(out, "{\"__metadata__\":");
    PNAS_TRY(print_metadata(out, options));
    for (size_t i = 0; i < options->weights->tensors->count; i++) {
        const pnas_named_tensor *tensor = &options->weights->tensors->tensor[i];
        fprintf(out, ",\"%s\":{\"dtype\":\"F32\",\"shape\":[", tensor->name);
        for (int d = 0; d < tensor->rank; d++)
            fprintf(out, "%s%zu", d ? "," : "", tensor->shape[d]);
        fprintf(out, "],\"data_offsets\":[%zu,%zu]}", at, at + bytes_of(tensor));
        at += bytes_of(tensor);
    }
    putc('}', out);
    return PNAS_OK;
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
    status = print_header(text, options);
    PNAS_CHECK_CLEANUP(fclose(text) == 0, PNAS_ERROR_MEMORY, "no memory for the names of the tensors");
    if (status != PNAS_OK)
        goto cleanup;
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
