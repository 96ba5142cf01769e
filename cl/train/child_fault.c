#include "cl/train/child_fault.h"

#include "cl/runtime/context.h"
#include "cl/runtime/kernel_program.h"

#include <math.h>

static pnas_status want_memory(pnas_cl *cl)
{
    cl_mem buffer = NULL;
    pnas_status status = pnas_buffer_create(cl, SIZE_MAX / 4, &buffer);
    pnas_buffer_release(&buffer);
    return status;
}

static pnas_status want_kernel(pnas_cl *cl)
{
    cl_kernel kernel = NULL;
    pnas_status status =
        pnas_kernel_create(cl, "gemm.cl", "-Dget_global_id=no_such_function", "gemm_plain", &kernel);
    if (kernel)
        clReleaseKernel(kernel);
    return status;
}

static pnas_status spoil_weights(pnas_child_plan *plan)
{
    const float nothing = NAN;
    size_t last = plan->parameter_floats - 1;
    PNAS_TRY(pnas_slice_write(plan->cl, plan->parameters, 0, sizeof nothing, &nothing));
    return pnas_slice_write(plan->cl, plan->parameters, last * sizeof nothing, sizeof nothing, &nothing);
}

pnas_status pnas_child_fault_apply(pnas_child_plan *plan, pnas_fault_kind kind)
{
    switch (kind) {
    case PNAS_FAULT_MEMORY:
        return want_memory(plan->cl);
    case PNAS_FAULT_BUILD:
        return want_kernel(plan->cl);
    case PNAS_FAULT_LOSS:
        return spoil_weights(plan);
    case PNAS_FAULT_DEVICE:
        return pnas_fail(PNAS_ERROR_DEVICE, "%s was lost, as a test asked for",
                         pnas_cl_device(plan->cl)->name);
    case PNAS_FAULT_NONE:
    case PNAS_FAULT_TIME:
    case PNAS_FAULT_HANG:
        break;
    }
    return PNAS_OK;
}
