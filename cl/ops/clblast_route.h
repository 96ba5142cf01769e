/* Private to cl: matrix products through CLBlast, and the check that earns it trust on a device. Local. */
#ifndef PNAS_CL_CLBLAST_ROUTE_H
#define PNAS_CL_CLBLAST_ROUTE_H

#include "cl/ops/matrix_product.h"

/* A deep, small product is split along its depth (cl/ops/gemm_split.h), a batch of equal pieces and a rest. */
pnas_status pnas_clblast_append(pnas_cl *cl, pnas_launch_list *list, const pnas_gemm *gemm);

/* Puts the tuned table's parameters of CLBlast in force and compares its products on this device with those
 * of `reference`. Sets cl->clblast->checked and cl->info.clblast, and where they disagree or CLBlast or the
 * compiler refuses the device cl->clblast->refused, with a warning: some drivers compute wrongly. Fails where
 * OpenCL does (PNAS_ERROR_DEVICE, PNAS_ERROR_MEMORY): that says nothing about CLBlast. */
pnas_status pnas_clblast_check(pnas_cl *cl,
                               pnas_status (*reference)(pnas_cl *, pnas_launch_list *, const pnas_gemm *));

#endif
