/* Preloaded, it makes every OpenCL device a GPU, of which a rank takes one for itself; with PRETEND_UNDIVIDED
 * set, instead one that cannot be divided, by a driver that has no call for it. */
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef cl_int (*device_info)(cl_device_id, cl_device_info, size_t, void *, size_t *);
typedef cl_int (*create_sub_devices)(cl_device_id, const cl_device_partition_property *, cl_uint,
                                     cl_device_id *, cl_uint *);

static bool undivided(void)
{
    return getenv("PRETEND_UNDIVIDED") != NULL;
}

cl_int clGetDeviceInfo(cl_device_id device, cl_device_info what, size_t size, void *value, size_t *returned)
{
    device_info real = (device_info)dlsym(RTLD_NEXT, "clGetDeviceInfo");
    cl_int code = real(device, what, size, value, returned);
    if (code == CL_SUCCESS && what == CL_DEVICE_TYPE && value && !undivided())
        *(cl_device_type *)value = CL_DEVICE_TYPE_GPU;
    if (code == CL_SUCCESS && what == CL_DEVICE_PARTITION_PROPERTIES && value && undivided())
        memset(value, 0, size);
    return code;
}

cl_int clCreateSubDevices(cl_device_id device, const cl_device_partition_property *parts, cl_uint count,
                          cl_device_id *out, cl_uint *returned)
{
    if (undivided())
        abort();
    create_sub_devices real = (create_sub_devices)dlsym(RTLD_NEXT, "clCreateSubDevices");
    return real(device, parts, count, out, returned);
}
