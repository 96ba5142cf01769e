#include "cl/ops/clblast_route.h"

#include "cl/ops/gemm_split.h"
#include "cl/runtime/cl_error.h"
#include "cl/runtime/tuned_table.h"
#include "src/base/log.h"
#include "src/base/random.h"

#include <clblast_c.h>
#include <dlfcn.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    pnas_gemm gemm;
    int splits;   /* 1: the product goes straight to C */
    cl_mem parts; /* partial products, one after another */
} clblast_call;

static CLBlastTranspose transposed(bool yes)
{
    return yes ? CLBlastTransposeYes : CLBlastTransposeNo;
}

/* PNAS_ERROR_BUILD where CLBlast or the compiler refuses this kind of device, whenever it is asked. */
static pnas_status translate(const pnas_cl *cl, CLBlastStatusCode code)
{
    bool own = code <= -1000 && code > -3000; /* the others are OpenCL's, and drivers' such as -9999 */
    bool refused = own && code != CLBlastUnknownError && code != CLBlastUnexpectedError;
    if (own)
        return pnas_fail(refused ? PNAS_ERROR_BUILD : PNAS_ERROR_DEVICE,
                         "a product of CLBlast: its status %d on %s", (int)code, cl->info.name);
    pnas_status status = pnas_cl_status((cl_int)code, "CLBlast");
    return code == CLBlastOpenCLBuildProgramFailure ? PNAS_ERROR_BUILD : status;
}

static pnas_status multiply(pnas_cl *cl, const pnas_gemm *g)
{
    return translate(cl, CLBlastSgemm(CLBlastLayoutRowMajor, transposed(g->transpose_a),
                                      transposed(g->transpose_b), (size_t)g->m, (size_t)g->n, (size_t)g->k,
                                      g->alpha, g->a.buffer, g->a.offset, (size_t)g->lda, g->b.buffer,
                                      g->b.offset, (size_t)g->ldb, g->beta, g->c.buffer, g->c.offset,
                                      (size_t)g->ldc, &cl->queue, NULL));
}

/* Floats from one piece of the depth to the next. */
static size_t stride_a(const pnas_gemm *g, size_t depth)
{
    return g->transpose_a ? depth * (size_t)g->lda : depth;
}

static size_t stride_b(const pnas_gemm *g, size_t depth)
{
    return g->transpose_b ? depth : depth * (size_t)g->ldb;
}

static pnas_status multiply_pieces(pnas_cl *cl, const clblast_call *call)
{
    const pnas_gemm *g = &call->gemm;
    size_t splits = (size_t)call->splits, depth = (size_t)g->k / splits, part = (size_t)g->m * (size_t)g->n;
    PNAS_TRY(translate(cl, CLBlastSgemmStridedBatched(CLBlastLayoutRowMajor, transposed(g->transpose_a),
                                                      transposed(g->transpose_b), (size_t)g->m, (size_t)g->n,
                                                      depth, 1, g->a.buffer, g->a.offset, (size_t)g->lda,
                                                      stride_a(g, depth), g->b.buffer, g->b.offset,
                                                      (size_t)g->ldb, stride_b(g, depth), 0, call->parts, 0,
                                                      (size_t)g->n, part, splits, &cl->queue, NULL)));
    pnas_gemm rest = *g;
    rest.k = g->k - (int)(splits * depth);
    if (rest.k == 0)
        return PNAS_OK;
    rest.a.offset += stride_a(g, splits * depth);
    rest.b.offset += stride_b(g, splits * depth);
    rest.c = (pnas_slice){call->parts, splits * part};
    rest.ldc = g->n;
    rest.alpha = 1;
    rest.beta = 0;
    return multiply(cl, &rest);
}

static pnas_status run(pnas_cl *cl, void *payload)
{
    const clblast_call *call = payload;
    return call->splits == 1 ? multiply(cl, &call->gemm) : multiply_pieces(cl, call);
}

pnas_status pnas_clblast_append(pnas_cl *cl, pnas_launch_list *list, const pnas_gemm *gemm)
{
    cl_mem parts = NULL;
    int splits = pnas_gemm_splits(gemm), rest = gemm->k % splits != 0;
    if (splits > 1)
        PNAS_TRY(pnas_gemm_split_buffer(cl, &parts));
    clblast_call *call = malloc(sizeof *call);
    PNAS_CHECK(call, PNAS_ERROR_MEMORY, "no memory for a matrix product");
    *call = (clblast_call){.gemm = *gemm, .splits = splits, .parts = parts};
    PNAS_TRY(pnas_launch_append_call(list, "gemm clblast", run, call));
    return splits == 1 ? PNAS_OK : pnas_gemm_append_sum(cl, list, gemm, splits + rest);
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
    pnas_launch_list plain = {0}, list = {0};
    size_t count = (size_t)gemm->m * (size_t)gemm->n;
    pnas_status status;
    memset(buffers->result, 0, count * sizeof(float));
    PNAS_TRY_CLEANUP(reference(cl, &plain, gemm));
    PNAS_TRY_CLEANUP(pnas_launch_run(cl, &plain, NULL));
    PNAS_TRY_CLEANUP(pnas_buffer_read(cl, buffers->c, 0, count * sizeof(float), buffers->reference));
    PNAS_TRY_CLEANUP(pnas_buffer_write(cl, buffers->c, 0, count * sizeof(float), buffers->result));
    PNAS_TRY_CLEANUP(pnas_clblast_append(cl, &list, gemm));
    PNAS_TRY_CLEANUP(pnas_launch_run(cl, &list, NULL));
    PNAS_TRY_CLEANUP(pnas_buffer_read(cl, buffers->c, 0, count * sizeof(float), buffers->result));
    for (size_t i = 0; i < count; ++i) {
        double difference = fabs(buffers->result[i] - buffers->reference[i]);
        if (!(difference <= *worst)) /* NaN too */
            *worst = difference;
    }
cleanup:
    pnas_launch_clear(&plain);
    pnas_launch_clear(&list);
    return status;
}

/* CLBlast has one kernel for small products and another, with padding and transposition, for large ones. */
enum { CHECK_SMALL = 70, CHECK_LARGE = 520, CHECK_FLOATS = CHECK_LARGE * CHECK_LARGE };
enum { CHECK_NARROW = 24, CHECK_DEPTH = 1601 }; /* is split, and leaves a rest */

static pnas_status fill(pnas_cl *cl, cl_mem buffer, uint64_t identity, float *data)
{
    pnas_stream stream = pnas_stream_make(0, PNAS_STREAM_TEST, identity, 0);
    for (size_t i = 0; i < CHECK_FLOATS; ++i)
        data[i] = (float)(2 * pnas_stream_uniform(&stream) - 1);
    return pnas_buffer_write(cl, buffer, 0, CHECK_FLOATS * sizeof(float), data);
}

/* The parameters of the tuned table, so that what is compared is what will be used. */
static pnas_status override(pnas_cl *cl)
{
    for (int kernel = 0; cl->tuned && kernel < PNAS_CLBLAST_KERNELS; ++kernel)
        PNAS_TRY(pnas_clblast_override(cl, (pnas_clblast_kernel)kernel, cl->tuned->clblast.value[kernel]));
    return PNAS_OK;
}

static pnas_status compare_all(pnas_cl *cl, check_buffers *buffers,
                               pnas_status (*reference)(pnas_cl *, pnas_launch_list *, const pnas_gemm *),
                               double *worst)
{
    PNAS_TRY(override(cl));
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
    const pnas_gemm deep = {.transpose_a = true,
                            .m = CHECK_NARROW,
                            .n = CHECK_NARROW,
                            .k = CHECK_DEPTH,
                            .alpha = 0.5f,
                            .a = {buffers->a, 0},
                            .b = {buffers->b, 0},
                            .c = {buffers->c, 0},
                            .lda = CHECK_NARROW,
                            .ldb = CHECK_NARROW,
                            .ldc = CHECK_NARROW};
    return compare(cl, &deep, buffers, reference, worst);
}

/* Which CLBlast this is, by the name of its library ("libclblast.so.1.5.3"); "" where that does not tell. */
static void find_version(char *out, size_t size)
{
    Dl_info found;
    char *path =
        dladdr((void *)(uintptr_t)CLBlastOverrideParameters, &found) ? realpath(found.dli_fname, NULL) : NULL;
    const char *mark = path ? strstr(path, "clblast.so.") : NULL;
    snprintf(out, size, "%s", mark ? mark + strlen("clblast.so.") : "");
    free(path);
}

/* CLBlast is as good as the reference here, or refused; what it is then stands in the device's description. */
static void judge(pnas_cl *cl, pnas_status status, double worst)
{
    if (status != PNAS_OK)
        pnas_warning(
            "CLBlast does not work on %s (%s): its products are left to plain kernels, which are slow",
            cl->info.name, pnas_message());
    else if (!(worst < 1e-3)) /* sums of at most 1601 products of numbers below 1: rounding stays below */
        pnas_warning("CLBlast computes wrongly on %s (driver %s; off by %g): its products are left to plain "
                     "kernels, which are slow",
                     cl->info.name, cl->info.driver, worst);
    cl->clblast->checked = true;
    cl->clblast->refused = status != PNAS_OK || !(worst < 1e-3);
    char version[sizeof cl->info.clblast];
    find_version(version, sizeof version);
    snprintf(cl->info.clblast, sizeof cl->info.clblast, "%s",
             cl->clblast->refused ? "refused"
             : version[0]         ? version
                                  : "taken");
}

static pnas_status create_buffers(pnas_cl *cl, check_buffers *buffers)
{
    size_t bytes = CHECK_FLOATS * sizeof(float);
    buffers->reference = malloc(bytes);
    buffers->result = malloc(bytes);
    PNAS_CHECK(buffers->reference && buffers->result, PNAS_ERROR_MEMORY, "no memory to check CLBlast");
    PNAS_TRY(pnas_buffer_create(cl, bytes, &buffers->a));
    PNAS_TRY(pnas_buffer_create(cl, bytes, &buffers->b));
    return pnas_buffer_create(cl, bytes, &buffers->c);
}

pnas_status pnas_clblast_check(pnas_cl *cl,
                               pnas_status (*reference)(pnas_cl *, pnas_launch_list *, const pnas_gemm *))
{
    check_buffers buffers = {0};
    double worst = 0;
    pnas_status status;
    PNAS_TRY_CLEANUP(create_buffers(cl, &buffers));
    status = compare_all(cl, &buffers, reference, &worst);
    /* A compiler that a signal has reached fails once (cl/runtime/kernel_program.c). */
    if (status == PNAS_ERROR_BUILD)
        status = compare_all(cl, &buffers, reference, &worst);
    if (status == PNAS_OK || status == PNAS_ERROR_BUILD) {
        judge(cl, status, worst);
        status = PNAS_OK;
    } else {
        pnas_fail_at(status, "CLBlast cannot be checked on %s", cl->info.name);
    }
cleanup:
    pnas_buffer_release(&buffers.a);
    pnas_buffer_release(&buffers.b);
    pnas_buffer_release(&buffers.c);
    free(buffers.reference);
    free(buffers.result);
    return status;
}
