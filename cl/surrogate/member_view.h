/* Private to cl: a surrogate's tensors, by name, for whoever packs them for the kernels of the trie, and the part of
 * them that all models have: embeddings, output and linear part (cl/surrogate/linear_part.h). Local. */
#ifndef PNAS_CL_MEMBER_VIEW_H
#define PNAS_CL_MEMBER_VIEW_H

#include "cl/surrogate/trie_options.h"

#include <stdbool.h>

/* Borrowed from the tensors; E embedding, H hidden units. */
typedef struct {
    size_t inputs, operators, embedding, hidden;
    const float *input_embedding, *operator_embedding; /* [inputs][E], [operators][E] */
    const float *output_weight, *output_bias;          /* [H], [1] */
    const float *share, *linear_bias;                  /* [1] each; NULL: no linear part */
    const float *side, *pair;                          /* [inputs][operators], [operators][operators] */
} pnas_member_view;

bool pnas_member_has(const pnas_member_tensors *tensors, const char *name);

/* A matrix of given rows and columns (0: any, which the pointer then gets). PNAS_ERROR_DATA if there is none. */
pnas_status pnas_member_matrix(const pnas_member_tensors *tensors, const char *name, size_t *rows,
                               size_t *columns, const float **out);
pnas_status pnas_member_vector(const pnas_member_tensors *tensors, const char *name, size_t size,
                               const float **out);

/* Embeddings first, since a model's own tensors follow their size; then, hidden being known, the rest. */
pnas_status pnas_member_view_embeddings(const pnas_member_tensors *tensors, pnas_member_view *out);
pnas_status pnas_member_view_rest(const pnas_member_tensors *tensors, pnas_member_view *view);

/* operator_of [operators] (NULL: the same numbers): are they known? */
pnas_status pnas_member_view_check(const pnas_member_view *view, int operators, const int *operator_of);

/* [E]: of input `input` (from 0; one beyond the table is its last), or of an operator. */
const float *pnas_member_input(const pnas_member_view *view, size_t input);
const float *pnas_member_operator(const pnas_member_view *view, const int *operator_of, size_t op);

#endif
