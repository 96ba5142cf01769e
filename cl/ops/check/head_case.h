/* Both ends of a child on the device and in double precision: images in, global pool, classifier, softmax
 * loss. Local. */
#ifndef PNAS_CL_CHECK_HEAD_CASE_H
#define PNAS_CL_CHECK_HEAD_CASE_H

#include "cl/ops/check/op_harness.h"

/* N images of C channels through forward and backward. */
void global_pool_case_check(op_harness *h, int N, int C, int H, int W, bool accumulate);
void classifier_case_check(op_harness *h, int N, int C, int classes); /* four matrix products among it */
void images_case_check(op_harness *h, int N, int C, int H, int W);
void mix_case_check(op_harness *h, int N, int C, int H, int W);

/* Random logits of deviation `scale` and labels, some of them of padding; other labels and shares where images
 * are mixed. */
void loss_case_check(op_harness *h, int N, int classes, int period, int step, double scale, double smoothing,
                     bool mixed);

typedef struct {
    int N, classes, valid, right;
    const int *labels;
    double smoothing;
    const int *mixes; /* as on the device; NULL: none */
    double *logits, *gradient;
} loss_case;

/* Mean loss in double precision of a loss_case; sets gradient, valid and right. */
double loss_case_reference(void *test);
/* Records of `period` steps whose labels are all that matters here; the harness's. */
pnas_slice loss_case_records(op_harness *h, int N, int period, const int *labels);

#endif
