#include "cl/runtime/device_scan.h"

#include "cl/runtime/cl_error.h"
#include "cl/runtime/processor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_PLATFORM      (-1001) /* CL_PLATFORM_NOT_FOUND_KHR of the ICD loader */

/* Vendor extensions, by their published numbers: not every Debian header has them. */
#define PCI_BUS_INFO_KHR 0x410F
#define PCI_BUS_NV       0x4008
#define PCI_SLOT_NV      0x4009
#define PCI_DOMAIN_NV    0x400A
#define TOPOLOGY_AMD     0x4037

static void read_text(cl_device_id device, cl_device_info what, char *out, size_t size)
{
    char text[512] = "";
    if (clGetDeviceInfo(device, what, sizeof text, text, NULL) != CL_SUCCESS)
        text[0] = 0;
    const char *start = text + strspn(text, " ");
    snprintf(out, size, "%s", start);
    for (size_t end = strlen(out); end > 0 && out[end - 1] == ' '; --end)
        out[end - 1] = 0;
}

static bool has_extension(cl_device_id device, const char *name)
{
    size_t size = 0;
    bool found = false;
    clGetDeviceInfo(device, CL_DEVICE_EXTENSIONS, 0, NULL, &size);
    char *all = calloc(1, size + 1);
    if (all && clGetDeviceInfo(device, CL_DEVICE_EXTENSIONS, size, all, NULL) == CL_SUCCESS)
        found = strstr(all, name) != NULL;
    free(all);
    return found;
}

/* "0000:3b:00.0" where an extension tells, else "". */
static void read_pci(cl_device_id device, char out[32])
{
    cl_uint at[4] = {0}; /* domain, bus, device, function */
    unsigned char amd[24] = {0};
    out[0] = 0;
    if (has_extension(device, "cl_khr_pci_bus_info")) {
        if (clGetDeviceInfo(device, PCI_BUS_INFO_KHR, sizeof at, at, NULL) != CL_SUCCESS)
            return;
    } else if (has_extension(device, "cl_nv_device_attribute_query")) {
        if (clGetDeviceInfo(device, PCI_BUS_NV, sizeof *at, &at[1], NULL) != CL_SUCCESS ||
            clGetDeviceInfo(device, PCI_SLOT_NV, sizeof *at, &at[2], NULL) != CL_SUCCESS)
            return;
        if (clGetDeviceInfo(device, PCI_DOMAIN_NV, sizeof *at, &at[0], NULL) != CL_SUCCESS)
            at[0] = 0; /* older drivers */
        at[3] = at[2] & 7;
        at[2] >>= 3;
    } else if (has_extension(device, "cl_amd_device_attribute_query")) {
        if (clGetDeviceInfo(device, TOPOLOGY_AMD, sizeof amd, amd, NULL) != CL_SUCCESS)
            return;
        at[1] = amd[21], at[2] = amd[22], at[3] = amd[23];
    } else {
        return;
    }
    snprintf(out, 32, "%04x:%02x:%02x.%x", at[0], at[1], at[2], at[3]);
}

static const char *type_name(cl_device_type type)
{
    return type & CL_DEVICE_TYPE_GPU           ? "GPU"
           : type & CL_DEVICE_TYPE_CPU         ? "CPU"
           : type & CL_DEVICE_TYPE_ACCELERATOR ? "accelerator"
                                               : "other";
}

static void read_info(pnas_device *device)
{
    pnas_device_info *info = &device->info;
    cl_uint units = 0, width = 0;
    cl_ulong memory = 0, largest = 0;
    char platform[512] = "";
    clGetPlatformInfo(device->platform, CL_PLATFORM_NAME, sizeof platform, platform, NULL);
    snprintf(info->platform, sizeof info->platform, "%.*s", (int)sizeof info->platform - 1, platform);
    read_text(device->device, CL_DEVICE_NAME, info->name, sizeof info->name);
    read_text(device->device, CL_DEVICE_VENDOR, info->vendor, sizeof info->vendor);
    read_text(device->device, CL_DRIVER_VERSION, info->driver, sizeof info->driver);
    read_text(device->device, CL_DEVICE_VERSION, info->version, sizeof info->version);
    clGetDeviceInfo(device->device, CL_DEVICE_TYPE, sizeof device->type, &device->type, NULL);
    clGetDeviceInfo(device->device, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof units, &units, NULL);
    clGetDeviceInfo(device->device, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, sizeof width, &width, NULL);
    clGetDeviceInfo(device->device, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof memory, &memory, NULL);
    clGetDeviceInfo(device->device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof largest, &largest, NULL);
    info->cpu = (device->type & CL_DEVICE_TYPE_CPU) != 0;
    snprintf(info->type, sizeof info->type, "%s", type_name(device->type));
    info->compute_units = (int)units;
    info->float_width = (int)width;
    info->halves_vectors = info->cpu && pnas_processor_halves_vectors();
    info->memory = memory;
    info->largest_allocation = largest;
    read_pci(device->device, info->pci);
}

/* OpenCL 1.2 or later, with a compiler, and not switched off. */
static bool usable(cl_device_id device)
{
    cl_bool available = CL_FALSE, compiler = CL_FALSE;
    char version[128];
    int major = 0, minor = 0;
    clGetDeviceInfo(device, CL_DEVICE_AVAILABLE, sizeof available, &available, NULL);
    clGetDeviceInfo(device, CL_DEVICE_COMPILER_AVAILABLE, sizeof compiler, &compiler, NULL);
    read_text(device, CL_DEVICE_VERSION, version, sizeof version);
    if (sscanf(version, "OpenCL %d.%d", &major, &minor) != 2)
        return false;
    return available && compiler && (major > 1 || (major == 1 && minor >= 2));
}

static pnas_status add_platform(pnas_device_array *all, cl_platform_id platform, int number)
{
    cl_device_id ids[64];
    cl_uint count = 0;
    if (clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 64, ids, &count) != CL_SUCCESS)
        return PNAS_OK; /* a driver without its hardware: other platforms may serve */
    for (cl_uint i = 0; i < count && i < 64; ++i) {
        if (!usable(ids[i]))
            continue;
        pnas_device *item = realloc(all->item, (size_t)(all->count + 1) * sizeof *item);
        PNAS_CHECK(item, PNAS_ERROR_MEMORY, "no memory for a list of devices");
        all->item = item;
        item[all->count] = (pnas_device){.platform = platform, .driver_number = number, .device = ids[i]};
        read_info(&item[all->count]);
        item[all->count].info.index = all->count;
        ++all->count;
    }
    return PNAS_OK;
}

static bool same_device(const pnas_device *a, const pnas_device *b)
{
    return a->device == b->device ||
           (strcmp(a->info.platform, b->info.platform) == 0 && strcmp(a->info.name, b->info.name) == 0 &&
            strcmp(a->info.driver, b->info.driver) == 0 && strcmp(a->info.pci, b->info.pci) == 0 &&
            a->type == b->type);
}

/* Whether the devices from `first` on are those of an earlier driver: two .icd files may name one. */
static bool is_repeated(const pnas_device_array *all, int first)
{
    for (int from = 0, end; from < first; from = end) {
        int same = 0;
        for (end = from + 1; end < first && all->item[end].driver_number == all->item[from].driver_number;)
            ++end;
        while (from + same < end && first + same < all->count &&
               same_device(&all->item[from + same], &all->item[first + same]))
            ++same;
        if (from + same == end && first + same == all->count)
            return true;
    }
    return false;
}

/* PoCL reads these once, before its first answer; the second is the name since its version 5. A setting of
 * the user's stays. */
static void limit_pocl_threads(int threads)
{
    char text[16];
    snprintf(text, sizeof text, "%d", threads);
    setenv("POCL_MAX_PTHREAD_COUNT", text, 0);
    setenv("POCL_CPU_MAX_CU_COUNT", text, 0);
}

pnas_status pnas_device_scan(int threads, pnas_device_array *all)
{
    if (threads > 0)
        limit_pocl_threads(threads);
    cl_platform_id platforms[64];
    cl_uint count = 0;
    cl_int code = clGetPlatformIDs(64, platforms, &count);
    if (code != NO_PLATFORM)
        PNAS_CL_TRY(code, "clGetPlatformIDs");
    for (cl_uint i = 0; i < count && i < 64; ++i) {
        int before = all->count;
        PNAS_TRY(add_platform(all, platforms[i], (int)i));
        if (is_repeated(all, before))
            all->count = before;
    }
    if (all->count > 0)
        return PNAS_OK;
    const char *vendors = getenv("OCL_ICD_VENDORS");
    return pnas_fail(PNAS_ERROR_DEVICE,
                     "no usable OpenCL device (1.2 or later) on this machine, in %u platform(s): install the "
                     "GPU vendor's OpenCL driver, or for the CPU the package pocl-opencl-icd%s%s%s",
                     count, vendors ? "; OCL_ICD_VENDORS=" : "", vendors ? vendors : "",
                     vendors ? " hides every driver it does not name" : "");
}

pnas_status pnas_device_describe(const pnas_device_array *all, pnas_device_info **out)
{
    *out = malloc((size_t)all->count * sizeof **out);
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "no memory for a list of devices");
    for (int i = 0; i < all->count; ++i)
        (*out)[i] = all->item[i].info;
    return PNAS_OK;
}
