#include "cl/runtime/kernel_source.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INCLUDE_DEPTH_MAX 8

static pnas_status expand(FILE *out, const char *directory, const char *file, int depth);

/* The name in a line #include "name"; false for any other line. */
static int parse_include(const char *line, char name[NAME_MAX + 1])
{
    int end = 0;
    return sscanf(line, " # include \"%255[^\"]\"%n", name, &end) == 1 && end > 0;
}

static pnas_status expand_lines(FILE *out, FILE *in, const char *directory, const char *file, int depth)
{
    char *line = NULL, name[NAME_MAX + 1];
    size_t capacity = 0;
    pnas_status status = PNAS_OK;
    fprintf(out, "#line 1 \"%s\"\n", file);
    for (int number = 1; status == PNAS_OK && getline(&line, &capacity, in) > 0; ++number) {
        if (parse_include(line, name)) {
            status = expand(out, directory, name, depth + 1);
            fprintf(out, "\n#line %d \"%s\"\n", number + 1, file);
        } else {
            fputs(line, out);
        }
    }
    free(line);
    return status;
}

static pnas_status expand(FILE *out, const char *directory, const char *file, int depth)
{
    char path[PATH_MAX];
    PNAS_CHECK(depth < INCLUDE_DEPTH_MAX, PNAS_ERROR_INTERNAL, "kernel file %s: includes go deeper than %d",
               file, INCLUDE_DEPTH_MAX);
    snprintf(path, sizeof path, "%s/%s", directory, file);
    FILE *in = fopen(path, "rb");
    PNAS_CHECK(in, PNAS_ERROR_FILE,
               "cannot open kernel file %s: %s; PNAS_KERNELS names the folder of kernels", path,
               pnas_system_reason(errno));
    pnas_status status = expand_lines(out, in, directory, file, depth);
    if (status == PNAS_OK && ferror(in))
        status = pnas_fail(PNAS_ERROR_FILE, "cannot read kernel file %s", path);
    fclose(in);
    return status;
}

pnas_status pnas_kernel_source_read(const char *directory, const char *file, char **out)
{
    size_t size = 0;
    *out = NULL;
    FILE *text = open_memstream(out, &size);
    PNAS_CHECK(text, PNAS_ERROR_MEMORY, "no memory for kernel file %s", file);
    pnas_status status = expand(text, directory, file, 0);
    int closed = fclose(text);
    if (status == PNAS_OK && closed != 0)
        status = pnas_fail(PNAS_ERROR_MEMORY, "no memory for kernel file %s", file);
    if (status != PNAS_OK) {
        free(*out);
        *out = NULL;
    }
    return status;
}
