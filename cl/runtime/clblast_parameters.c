#include "cl/runtime/clblast_parameters.h"

#include <clblast_c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *kernel;
    int values; /* as many as there are names: CLBlast takes all of them or none */
    const char *name[PNAS_CLBLAST_VALUES];
} parameter_names;

static const parameter_names names[PNAS_CLBLAST_KERNELS] = {
    [PNAS_CLBLAST_DIRECT] = {"XgemmDirect",
                             10,
                             {"WGD", "MDIMCD", "NDIMCD", "MDIMAD", "NDIMBD", "KWID", "VWMD", "VWND", "PADA",
                              "PADB"}},
    [PNAS_CLBLAST_INDIRECT] = {"Xgemm",
                               16,
                               {"MWG", "NWG", "KWG", "MDIMC", "NDIMC", "MDIMA", "NDIMB", "KWI", "VWM", "VWN",
                                "STRM", "STRN", "SA", "SB", "GEMMK", "KREG"}}};

/* Tiles of WGD x WGD by work-groups of MDIMCD x NDIMCD items; from many small groups to few large ones. */
static const int direct_sets[][PNAS_CLBLAST_VALUES] = {
    {8, 8, 8, 8, 8, 2, 1, 1, 1, 1},    {16, 8, 8, 8, 8, 2, 1, 1, 1, 1},
    {16, 8, 8, 8, 8, 2, 2, 2, 1, 1},   {16, 16, 8, 16, 8, 2, 1, 2, 1, 1},
    {32, 8, 8, 8, 8, 2, 2, 2, 1, 1},   {32, 8, 8, 8, 8, 2, 4, 4, 1, 1},
    {32, 16, 8, 16, 8, 2, 2, 2, 1, 1}, {32, 16, 16, 16, 16, 2, 1, 1, 1, 1},
    {64, 16, 8, 16, 8, 2, 2, 4, 1, 1}};

/* Tiles of MWG x NWG, KWG deep. */
static const int indirect_sets[][PNAS_CLBLAST_VALUES] = {
    {32, 32, 16, 8, 8, 8, 8, 2, 1, 1, 0, 0, 0, 0, 0, 1},
    {64, 32, 16, 8, 8, 8, 8, 2, 2, 2, 0, 0, 1, 1, 0, 1},
    {64, 64, 16, 8, 8, 8, 8, 2, 4, 4, 0, 0, 1, 1, 0, 1},
    {64, 64, 16, 16, 16, 16, 16, 2, 2, 2, 0, 0, 1, 1, 0, 1},
    {128, 64, 16, 16, 8, 16, 8, 2, 4, 4, 0, 0, 1, 1, 0, 1},
    {128, 128, 16, 16, 16, 16, 16, 2, 4, 4, 0, 0, 1, 1, 0, 1}};

int pnas_clblast_candidates(pnas_clblast_kernel kernel)
{
    return kernel == PNAS_CLBLAST_DIRECT ? (int)(sizeof direct_sets / sizeof *direct_sets)
                                         : (int)(sizeof indirect_sets / sizeof *indirect_sets);
}

const int *pnas_clblast_candidate(pnas_clblast_kernel kernel, int index)
{
    return kernel == PNAS_CLBLAST_DIRECT ? direct_sets[index] : indirect_sets[index];
}

pnas_status pnas_clblast_override(pnas_cl *cl, pnas_clblast_kernel kernel, const int *values)
{
    const parameter_names *of = &names[kernel];
    const char *name[PNAS_CLBLAST_VALUES];
    size_t value[PNAS_CLBLAST_VALUES];
    if (values[0] == 0)
        return PNAS_OK;
    for (int i = 0; i < of->values; ++i) {
        name[i] = of->name[i];
        value[i] = (size_t)values[i];
    }
    CLBlastStatusCode code = CLBlastOverrideParameters(cl->device, of->kernel, CLBlastPrecisionSingle,
                                                       (size_t)of->values, name, value);
    PNAS_CHECK(code == CLBlastSuccess, PNAS_ERROR_BUILD,
               "CLBlast does not take parameters for %s on %s (its status %d)", of->kernel, cl->info.name,
               (int)code);
    return PNAS_OK;
}

void pnas_clblast_write(pnas_clblast_kernel kernel, const int *values, char *out, size_t size)
{
    const parameter_names *of = &names[kernel];
    int used = snprintf(out, size, "%s%s", of->kernel, values[0] == 0 ? " own" : "");
    for (int i = 0; i < of->values && values[0] != 0 && (size_t)used < size; ++i)
        used += snprintf(out + used, size - (size_t)used, " %s=%d", of->name[i], values[i]);
}

bool pnas_clblast_read(pnas_clblast_kernel kernel, const char *text, int *values)
{
    const parameter_names *of = &names[kernel];
    size_t length = strlen(of->kernel);
    memset(values, 0, PNAS_CLBLAST_VALUES * sizeof *values);
    if (strncmp(text, of->kernel, length) != 0)
        return false;
    text += length;
    if (strcmp(text, " own") == 0)
        return true;
    for (int i = 0; i < of->values; ++i) {
        char name[16];
        int end = 0;
        if (sscanf(text, " %15[A-Z]=%d%n", name, &values[i], &end) != 2 || strcmp(name, of->name[i]) != 0)
            return false;
        text += end;
    }
    return *text == 0 && values[0] > 0;
}
