/* Programs: built once for a file and options, shared by every kernel of the context. */
#include "cl/launch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct pnas_program {
    char *key;
    cl_program program;
    UT_hash_handle hh;
};

static pnas_status read_text(const char *path, char **out)
{
    FILE *file = fopen(path, "rb");
    PNAS_CHECK(file, PNAS_ERROR_FILE, "cannot open kernel file %s", path);
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    *out = calloc(1, (size_t)size + 1);
    size_t got = *out ? fread(*out, 1, (size_t)size, file) : 0;
    fclose(file);
    PNAS_CHECK(got == (size_t)size, PNAS_ERROR_FILE, "cannot read kernel file %s", path);
    return PNAS_OK;
}

pnas_status pnas_kernel_create(pnas_cl *cl, const char *file, const char *options, const char *name,
                               cl_kernel *out)
{
    char key[2048];
    snprintf(key, sizeof key, "%s -DV=%d %s", file, cl->vector, options ? options : "");
    struct pnas_program *entry = NULL;
    HASH_FIND_STR(cl->programs, key, entry);
    cl_int code;
    if (!entry) {
        char path[4096], build[4096], *text = NULL;
        snprintf(path, sizeof path, "%s/%s", cl->kernel_directory, file);
        PNAS_TRY(read_text(path, &text));
        cl_program program = clCreateProgramWithSource(cl->context, 1, (const char **)&text, NULL, &code);
        free(text);
        PNAS_CL_TRY(code, "clCreateProgramWithSource");
        snprintf(build, sizeof build, "-cl-std=CL1.2 -I%s -DV=%d %s", cl->kernel_directory, cl->vector,
                 options ? options : "");
        code = clBuildProgram(program, 1, &cl->device, build, NULL, NULL);
        if (code != CL_SUCCESS) {
            static char log[32768];
            clGetProgramBuildInfo(program, cl->device, CL_PROGRAM_BUILD_LOG, sizeof log - 1, log, NULL);
            fprintf(stderr, "%s with %s:\n%s\n", file, build, log);
            return pnas_cl_status(code, file);
        }
        entry = calloc(1, sizeof *entry);
        entry->key = strdup(key);
        entry->program = program;
        HASH_ADD_KEYPTR(hh, cl->programs, entry->key, strlen(entry->key), entry);
    }
    *out = clCreateKernel(entry->program, name, &code);
    return pnas_cl_status(code, name);
}
