/* Preloaded, it makes every OpenCL device a GPU, of which a rank takes one for itself. */
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#include <dlfcn.h>

typedef cl_int (*device_info)(cl_device_id, cl_device_info, size_t, void *, size_t *);

cl_int clGetDeviceInfo(cl_device_id device, cl_device_info what, size_t size, void *value, size_t *returned)
{
    device_info real = (device_info)dlsym(RTLD_NEXT, "clGetDeviceInfo");
    cl_int code = real(device, what, size, value, returned);
    if (code == CL_SUCCESS && what == CL_DEVICE_TYPE && value)
        *(cl_device_type *)value = CL_DEVICE_TYPE_GPU;
    return code;
}
