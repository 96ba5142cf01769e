#include "cl/clblast_route.h"

#include "src/base/log.h"
#include "src/base/random.h"

#include <clblast_c.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static pnas_status run(pnas_cl *cl, void *payload)
{
    const pnas_gemm *g = payload;
    CLBlastStatusCode code = CLBlastSgemm(
        CLBlastLayoutRowMajor, g->transpose_a ? CLBlastTransposeYes : CLBlastTransposeNo,
        g->transpose_b ? CLBlastTransposeYes : CLBlastTransposeNo, (size_t)g->m, (size_t)g->n, (size_t)g->k,
        g->alpha, g->a.buffer, g->a.offset, (size_t)g->lda, g->b.buffer, g->b.offset, (size_t)g->ldb, g->beta,
        g->c.buffer, g->c.offset, (size_t)g->ldc, &cl->queue, NULL);
    if (code > -1024) /* below are CLBlast's own codes, above OpenCL's */
        return pnas_cl_status((cl_int)code, "CLBlastSgemm");
    return pnas_fail(PNAS_ERROR_DEVICE, "CLBlastSgemm: CLBlast status %d on %s", (int)code, cl->info.name);
}

pnas_status pnas_clblast_append(pnas_launch_list *list, const pnas_gemm *gemm)
{
    pnas_gemm *copy = malloc(sizeof *copy);
    PNAS_CHECK(copy, PNAS_ERROR_MEMORY, "no memory for a matrix product");
    *copy = *gemm;
    return pnas_launch_append_call(list, "gemm clblast", run, copy);
}

typedef struct {
    cl_mem a, b, c;
    float *reference, *result;
} check_buffers;

/* One product by both ways; *worst is the greatest difference. */
static pnas_status compare(pnas_cl *cl, const pnas_gemm *gemm, check_buffers *buffers,
                           pnas_status (*reference)(pnas_cl *, pnas_launch_list *, const pnas_gemm *),
                           double *worst)
{
    pnas_launch_list plain = {0};
    size_t count = (size_t)gemm->m * (size_t)gemm->n;
    pnas_gemm copy = *gemm;
    pnas_status status;
    memset(buffers->result, 0, count * sizeof(float));
    PNAS_TRY_CLEANUP(reference(cl, &plain, gemm));
    PNAS_TRY_CLEANUP(pnas_launch_run(cl, &plain, NULL));
    PNAS_TRY_CLEANUP(pnas_buffer_read(cl, buffers->c, 0, count * sizeof(float), buffers->reference));
    PNAS_TRY_CLEANUP(pnas_buffer_write(cl, buffers->c, 0, count * sizeof(float), buffers->result));
    PNAS_TRY_CLEANUP(run(cl, &copy));
    PNAS_TRY_CLEANUP(pnas_buffer_read(cl, buffers->c, 0, count * sizeof(float), buffers->result));
    for (size_t i = 0; i < count; ++i) {
        double difference = fabs(buffers->result[i] - buffers->reference[i]);
        if (!(difference <= *worst)) /* NaN too */
            *worst = difference;
    }
cleanup:
    pnas_launch_clear(&plain);
    return status;
}

/* CLBlast has one kernel for small products and another, with padding and transposition, for large ones. */
enum { CHECK_SMALL = 70, CHECK_LARGE = 520, CHECK_FLOATS = CHECK_LARGE * CHECK_LARGE };

static pnas_status fill(pnas_cl *cl, cl_mem buffer, uint64_t identity, float *data)
{
    pnas_stream stream = pnas_stream_make(0, PNAS_STREAM_TEST, identity, 0);
    for (size_t i = 0; i < CHECK_FLOATS; ++i)
        data[i] = (float)(2 * pnas_stream_uniform(&stream) - 1);
    return pnas_buffer_write(cl, buffer, 0, CHECK_FLOATS * sizeof(float), data);
}

static pnas_status check(pnas_cl *cl, check_buffers *buffers,
                         pnas_status (*reference)(pnas_cl *, pnas_launch_list *, const pnas_gemm *),
                         double *worst)
{
    PNAS_TRY(fill(cl, buffers->a, 1, buffers->result));
    PNAS_TRY(fill(cl, buffers->b, 2, buffers->result));
    for (int i = 0; i < 8; ++i) {
        int size = i < 4 ? CHECK_SMALL : CHECK_LARGE;
        const pnas_gemm gemm = {.transpose_a = i & 1,
                                .transpose_b = i & 2,
                                .m = size - 3,
                                .n = size - 19,
                                .k = size - 8,
                                .alpha = 0.5f,
                                .a = {buffers->a, 0},
                                .b = {buffers->b, 0},
                                .c = {buffers->c, 0},
                                .lda = size,
                                .ldb = size,
                                .ldc = size - 19};
        PNAS_TRY(compare(cl, &gemm, buffers, reference, worst));
    }
    return PNAS_OK;
}

pnas_status pnas_clblast_check(pnas_cl *cl,
                               pnas_status (*reference)(pnas_cl *, pnas_launch_list *, const pnas_gemm *))
{
    check_buffers buffers = {0};
    size_t bytes = CHECK_FLOATS * sizeof(float);
    double worst = 0;
    pnas_status status;
    buffers.reference = malloc(bytes);
    buffers.result = malloc(bytes);
    PNAS_CHECK_CLEANUP(buffers.reference && buffers.result, PNAS_ERROR_MEMORY, "no memory to check CLBlast");
    PNAS_TRY_CLEANUP(pnas_buffer_create(cl, bytes, &buffers.a));
    PNAS_TRY_CLEANUP(pnas_buffer_create(cl, bytes, &buffers.b));
    PNAS_TRY_CLEANUP(pnas_buffer_create(cl, bytes, &buffers.c));
    if (check(cl, &buffers, reference, &worst) != PNAS_OK) {
        cl->clblast_refused = true;
        pnas_warning(
            "CLBlast does not work on %s (%s): its products are left to plain kernels, which are slow",
            cl->info.name, pnas_message());
    } else if (!(worst < 1e-3)) { /* sums of 512 products of numbers below 1: rounding stays under 1e-4 */
        cl->clblast_refused = true;
        pnas_warning("CLBlast computes wrongly on %s (driver %s; off by %g): its products are left to plain "
                     "kernels, which are slow",
                     cl->info.name, cl->info.driver, worst);
    }
    cl->clblast_checked = true;
cleanup:
    pnas_buffer_release(&buffers.a);
    pnas_buffer_release(&buffers.b);
    pnas_buffer_release(&buffers.c);
    free(buffers.reference);
    free(buffers.result);
    return status;
}
