#include "cl/ops/lane.h"

#include "cl/ops/gemm.h"

pnas_status pnas_lane_prepare(pnas_cl *cl)
{
    return pnas_gemm_prepare(cl);
}

pnas_status pnas_lane_create(pnas_cl *cl, pnas_cl **out)
{
    *out = NULL;
    PNAS_TRY(pnas_gemm_prepare(cl));
    return pnas_cl_create_lane(cl, PNAS_ROUTE_AUTO, out);
}

pnas_status pnas_lane_create_sharing(pnas_cl *cl, pnas_cl **out)
{
    *out = NULL;
    PNAS_TRY(pnas_gemm_prepare(cl));
    return pnas_cl_create_sharing(cl, out);
}
