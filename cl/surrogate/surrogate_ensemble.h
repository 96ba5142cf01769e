/* The surrogate on OpenCL: an ensemble of LSTMs or MLPs ("controller"), each averaged with a linear part and
 * with a kernel part (src/regression/kernel_model.h) where the options say so. The linear part is the member's
 * own; the kernel part is fit to all cells and stands beside all members alike. Paper section 4.2 and appendix;
 * docs/algorithm.md.
 *
 * Each member is fit on its own share of the cells from its own fresh weights. A prediction is the mean over
 * members, added up in their order, and its spread their standard deviation (of a sample: by members - 1).
 * The same cells, accuracies, level, options and, for finetuning, weights give the same figures to the bit on
 * the same kind of device. So members may be fit in several places and gathered (read, write), and pieces of
 * PNAS_ENSEMBLE_PIECE cells may be predicted in several places. Local. */
#ifndef PNAS_CL_SURROGATE_ENSEMBLE_H
#define PNAS_CL_SURROGATE_ENSEMBLE_H

#include "cl/runtime/context.h"
#include "src/base/named_tensor.h"
#include "src/search/search.h"
#include "src/search/surrogate_options.h"

#define PNAS_ENSEMBLE_PIECE 1024 /* cells that pnas_ensemble_predict looks at together, from its first on */

typedef struct pnas_ensemble pnas_ensemble;

/* `cl` is borrowed for its life. PNAS_ERROR_USAGE for options out of their ranges. */
pnas_status pnas_ensemble_create(pnas_cl *cl, const pnas_surrogate_options *options, const pnas_space *space,
                                 pnas_ensemble **out);
void pnas_ensemble_destroy(pnas_ensemble **ensemble);

typedef struct {      /* bytes */
    uint64_t weights; /* of one member */
    uint64_t kept;    /* of all members, on a device as long as the ensemble lives */
    uint64_t working; /* besides, on a device while a member is fit or predicts */
    uint64_t largest; /* of one buffer */
} pnas_ensemble_memory;

/* What an ensemble of these options needs; none is taken. PNAS_ERROR_USAGE as above. */
pnas_status pnas_ensemble_needs(const pnas_surrogate_options *options, const pnas_space *space,
                                pnas_ensemble_memory *out);

int pnas_ensemble_members(const pnas_ensemble *ensemble);

/* Called now and then while fitting and predicting (at least ten times a second); NULL: none. A status other
 * than PNAS_OK ends the call and is returned by it. */
void pnas_ensemble_set_tick(pnas_ensemble *ensemble, pnas_status (*tick)(void *payload), void *payload);

/* The callbacks of a pnas_surrogate whose payload is a pnas_ensemble: all members here, one after another. */
pnas_status pnas_ensemble_fit(void *ensemble, int level, const pnas_cell *cells, const double *accuracy,
                              size_t count);
pnas_status pnas_ensemble_predict(void *ensemble, const pnas_cell *cells, size_t count, double *mean,
                                  double *spread);

/* One member alone, without the kernel part. After level 1 a member to be finetuned starts from the weights that
 * it holds, if any. */
pnas_status pnas_ensemble_fit_member(pnas_ensemble *ensemble, int member, int level, const pnas_cell *cells,
                                     const double *accuracy, size_t count);

/* The kernel part alone: fit, as it lies in memory (borrowed until it changes; *count 0: there is none), for
 * another ensemble of the same options and space, and written there. pnas_ensemble_start_kernel: the same
 * with that of another search's fit, from which fits start from now on where it is of use. */
bool pnas_ensemble_has_kernel(const pnas_ensemble *ensemble);
pnas_status pnas_ensemble_fit_kernel(pnas_ensemble *ensemble, const pnas_cell *cells, const double *accuracy,
                                     size_t count);
const float *pnas_ensemble_kernel(const pnas_ensemble *ensemble, size_t *count);
pnas_status pnas_ensemble_write_kernel(pnas_ensemble *ensemble, const float *values, size_t count);
pnas_status pnas_ensemble_start_kernel(pnas_ensemble *ensemble, const float *values, size_t count);

/* A fitted member's weights as they lie on the device, [pnas_ensemble_weight_count]: for another ensemble of
 * the same options and space, which is fitted by writing them. */
size_t pnas_ensemble_weight_count(const pnas_ensemble *ensemble);
pnas_status pnas_ensemble_read(pnas_ensemble *ensemble, int member, float *weights);
pnas_status pnas_ensemble_write(pnas_ensemble *ensemble, int member, const float *weights);

/* The same with weights of another search's fit, from which this member's fits start from now on where they
 * would start from fresh ones, at the rate of later fits. Embeddings of inputs and operators that none of the
 * cells fit on has stay as they are here; the linear part is fit to what the one here misses, unless a part
 * of its own misses less of cells left out. */
pnas_status pnas_ensemble_start_from(pnas_ensemble *ensemble, int member, const float *weights);

/* A fitted member's weights named, gates of an LSTM in the order i, f, g, o along the last axis; *out and its
 * data are the caller's (pnas_ensemble_free_weights). Member 0 has the kernel part's with it. And back:
 * PNAS_ERROR_DATA if one is missing or of another shape; without any of the kernel part's there is none. */
pnas_status pnas_ensemble_weights(pnas_ensemble *ensemble, int member, pnas_named_tensor **out,
                                  size_t *count);
pnas_status pnas_ensemble_set_weights(pnas_ensemble *ensemble, int member, const pnas_named_tensor *tensors,
                                      size_t count);
void pnas_ensemble_free_weights(pnas_named_tensor **tensors, size_t count);

#endif
