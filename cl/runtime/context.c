#include "cl/runtime/context.h"

#include "cl/runtime/buffer.h"
#include "cl/runtime/cache_directory.h"
#include "cl/runtime/cl_error.h"
#include "cl/runtime/compiler_end.h"
#include "cl/runtime/device_choice.h"
#include "cl/runtime/kernel_folder.h"
#include "cl/runtime/kernel_program.h"
#include "cl/runtime/kernel_warm.h"
#include "cl/runtime/tuned_table.h"
#include "src/base/log.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* PoCL keeps what it builds by itself, kernel by kernel as they are first run; asking it for a program's
 * binary makes it build every kernel of the program in a general form, which takes seconds. */
#define POCL_PLATFORM    "Portable Computing Language"

/* Mesa's: on a CPU (llvmpipe) it takes many minutes over a tile kernel, whose loops are unrolled for
 * registers that it does not have. */
#define RUSTICL_PLATFORM "rusticl"

/* Drivers that cannot divide a device may lack the call for it altogether, so that calling it would crash. */
static bool can_be_divided(cl_device_id device)
{
    cl_device_partition_property ways[16] = {0};
    size_t size = 0;
    if (clGetDeviceInfo(device, CL_DEVICE_PARTITION_PROPERTIES, sizeof ways, ways, &size) != CL_SUCCESS)
        return false;
    for (size_t i = 0; i < size / sizeof *ways; i++)
        if (ways[i] == CL_DEVICE_PARTITION_BY_COUNTS)
            return true;
    return false;
}

/* Replaces cl->device by a part of it where it still has more cores than asked for. */
static void limit_device_cores(pnas_cl *cl, int threads)
{
    if (!cl->info.cpu || cl->info.compute_units <= threads || !can_be_divided(cl->device))
        return;
    const cl_device_partition_property parts[] = {CL_DEVICE_PARTITION_BY_COUNTS, threads,
                                                  CL_DEVICE_PARTITION_BY_COUNTS_LIST_END, 0};
    cl_device_id part = NULL;
    cl_int code = clCreateSubDevices(cl->device, parts, 1, &part, NULL);
    if (code != CL_SUCCESS) {
        pnas_debug("%s cannot be limited to %d cores: clCreateSubDevices: %s", cl->info.name, threads,
                   pnas_cl_error(code));
        return;
    }
    cl->device = part;
    cl->device_is_part = true;
    cl->info.compute_units = threads;
}

/* The table holds for one V: it says which, unless the caller does. */
static pnas_status load_tuned_table(pnas_cl *cl, const pnas_cl_options *options)
{
    const char *setting = getenv("PNAS_TUNED");
    char *key = NULL;
    pnas_tuned_table *table = NULL;
    if (options->untuned || (setting && strcmp(setting, "0") == 0))
        return PNAS_OK;
    PNAS_TRY(pnas_tuned_table_key(&cl->info, cl->kernel_directory, &key));
    pnas_status status = pnas_tuned_table_load(cl->cache_directory, key, &table);
    free(key);
    if (table && options->vector && options->vector != table->vector)
        pnas_tuned_table_destroy(&table);
    if (table) {
        cl->vector = table->vector;
        snprintf(cl->info.tuned, sizeof cl->info.tuned, "%016llx",
                 (unsigned long long)pnas_tuned_table_hash(table));
    }
    cl->tuned = table;
    return status;
}

static pnas_status open_device(pnas_cl *cl, const pnas_cl_options *options)
{
    pnas_device device;
    PNAS_TRY(pnas_device_choose(options, &device));
    cl->platform = device.platform;
    cl->device = device.device;
    cl->info = device.info;
    if (options->threads > 0)
        limit_device_cores(cl, options->threads);
    cl->late_builds = strcmp(cl->info.platform, POCL_PLATFORM) == 0;
    cl->keep_binaries = !cl->late_builds;
    cl->no_tiles = strcmp(cl->info.platform, RUSTICL_PLATFORM) == 0;
    cl->vector = options->vector ? options->vector : cl->info.cpu && !cl->no_tiles ? 8 : 4;
    const cl_context_properties properties[] = {CL_CONTEXT_PLATFORM, (cl_context_properties)cl->platform, 0};
    cl_int code;
    cl->context = clCreateContext(properties, 1, &cl->device, NULL, NULL, &code);
    if (code != CL_SUCCESS)
        return pnas_fail_at(pnas_cl_status(code, "clCreateContext"), "%s", cl->info.name);
    cl->queue = clCreateCommandQueue(cl->context, cl->device, 0, &code);
    if (code != CL_SUCCESS)
        return pnas_fail_at(pnas_cl_status(code, "clCreateCommandQueue"), "%s", cl->info.name);
    return PNAS_OK;
}

pnas_status pnas_cl_create(const pnas_cl_options *options, pnas_cl **out)
{
    pnas_status status;
    int vector = options->vector;
    *out = NULL;
    PNAS_CHECK(vector == 0 || vector == 1 || vector == 4 || vector == 8, PNAS_ERROR_USAGE,
               "a channel block of %d: allowed are 1, 4 and 8", vector);
    pnas_cl *cl = calloc(1, sizeof *cl);
    PNAS_CHECK(cl, PNAS_ERROR_MEMORY, "no memory for a context");
    pnas_compiler_end_watch();
    cl->route = options->route;
    cl->clblast = calloc(1, sizeof *cl->clblast);
    PNAS_CHECK_CLEANUP(cl->clblast, PNAS_ERROR_MEMORY, "no memory for a context");
    PNAS_TRY_CLEANUP(pnas_programs_create(&cl->programs));
    PNAS_TRY_CLEANUP(pnas_cache_directory_prepare(options->cache_directory, &cl->cache_directory));
    PNAS_TRY_CLEANUP(pnas_kernel_folder_find(options->kernel_directory, &cl->kernel_directory));
    PNAS_TRY_CLEANUP(pnas_kernel_folder_hash(cl->kernel_directory, cl->kernels));
    PNAS_TRY_CLEANUP(open_device(cl, options));
    PNAS_TRY_CLEANUP(load_tuned_table(cl, options));
    *out = cl;
    return PNAS_OK;
cleanup:
    pnas_cl_destroy(&cl);
    return status;
}

/* Without a queue. */
static pnas_status copy_context(pnas_cl *cl, pnas_cl **out)
{
    pnas_cl *lane = malloc(sizeof *lane);
    PNAS_CHECK(lane, PNAS_ERROR_MEMORY, "no memory for a context");
    *lane = *cl;
    lane->is_lane = true;
    lane->scratch = NULL;
    lane->warm = NULL;
    lane->queue = NULL;
    *out = lane;
    return PNAS_OK;
}

pnas_status pnas_cl_create_lane(pnas_cl *cl, pnas_route route, pnas_cl **out)
{
    cl_int code;
    pnas_cl *lane;
    *out = NULL;
    PNAS_TRY(copy_context(cl, &lane));
    if (route != PNAS_ROUTE_AUTO)
        lane->route = route;
    lane->queue = clCreateCommandQueue(cl->context, cl->device, 0, &code);
    if (code != CL_SUCCESS) {
        free(lane);
        return pnas_fail_at(pnas_cl_status(code, "clCreateCommandQueue"), "%s", cl->info.name);
    }
    *out = lane;
    return PNAS_OK;
}

pnas_status pnas_cl_create_sharing(pnas_cl *cl, pnas_cl **out)
{
    *out = NULL;
    PNAS_TRY(copy_context(cl, out));
    clRetainCommandQueue(cl->queue);
    (*out)->queue = cl->queue;
    return PNAS_OK;
}

static void release_device(pnas_cl *cl)
{
    pnas_tuned_table *tuned = (pnas_tuned_table *)cl->tuned;
    pnas_programs_destroy(&cl->programs);
    if (cl->context)
        clReleaseContext(cl->context);
    if (cl->device_is_part)
        clReleaseDevice(cl->device);
    pnas_tuned_table_destroy(&tuned);
    free(cl->clblast);
    free(cl->kernel_directory);
    free(cl->cache_directory);
}

void pnas_cl_destroy(pnas_cl **cl)
{
    if (!*cl)
        return;
    pnas_buffer_release(&(*cl)->scratch);
    pnas_warm_kernels_release(*cl);
    if ((*cl)->queue)
        clReleaseCommandQueue((*cl)->queue);
    if (!(*cl)->is_lane) {
        if ((*cl)->late_builds)
            pnas_cache_directory_seal(); /* kernels that were not run for their compilation alone */
        release_device(*cl);
        pnas_compiler_end_leave();
    }
    free(*cl);
    *cl = NULL;
}

const pnas_device_info *pnas_cl_device(const pnas_cl *cl)
{
    return &cl->info;
}

int pnas_cl_vector(const pnas_cl *cl)
{
    return cl->vector;
}

bool pnas_cl_joins(const pnas_cl *cl)
{
    return cl->route == PNAS_ROUTE_GPU || (cl->route == PNAS_ROUTE_AUTO && !cl->info.cpu);
}
