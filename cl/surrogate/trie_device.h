/* Private to cl: what scores a batch of a trie (src/search/trie_batch.h) on the device. Local. */
#ifndef PNAS_CL_TRIE_DEVICE_H
#define PNAS_CL_TRIE_DEVICE_H

#include "cl/runtime/context_fields.h"
#include "cl/surrogate/trie_weights.h"
#include "src/regression/kernel_values.h"

typedef struct {            /* the rows of one depth */
    cl_mem factors, memory; /* [rows][4P], of LSTMs alone; [rows][P], of an MLP its units' sums */
} pnas_trie_rows;

typedef struct {
    int padded, hidden; /* units: a multiple of 8 (P), and real (H) */
    int words;          /* rows of tokens */
    cl_mem weights;
    float *side, *pair;                /* of cl/surrogate/trie_weights.h */
    pnas_trie_rows root;               /* one row: no token is read yet */
    cl_kernel step, score;             /* tile route */
    cl_kernel enter, family, multiply; /* plain route of LSTMs, with its own score */
} pnas_trie_member;

typedef struct {
    pnas_cl *cl;     /* borrowed */
    bool tiled, mlp; /* members are MLPs of one layer, else LSTMs */
    int members, inputs, operators;
    int padded; /* the largest of the members' */
    pnas_trie_member *member;
    pnas_trie_rows depth[2]; /* by turns */
    pnas_trie_rows last; /* plain route of LSTMs: after the first operators of families, [rows * operators] */
    cl_mem hidden;       /* plain route of LSTMs: the same number of rows */
    pnas_kernel_model kernel; /* beside all members; no values: none */
    pnas_kernel_values *kernel_values;
    float *after; /* [3 operators][3 operators]: of a prefix, see pnas_kernel_values_after */
} pnas_trie_device;

typedef struct { /* what the linear part says of a family's cells but for their last operators */
    float base;
    int32_t ends; /* where in the weights' ends [op2] the rest stands */
} pnas_trie_linear;

typedef struct {                    /* a batch under way */
    cl_mem nodes, families, scores; /* scores [members][cells_max] */
    cl_mem linear;                  /* [members][families_max] */
    cl_mem beside;                  /* [families_max][operators]: the kernel part's share of the logit */
    float *host;                    /* the scores */
    pnas_trie_linear *host_linear;
    float *host_beside;
    float *prefix; /* [rows]: what the linear part says of prefixes */
    size_t cells_max, families_max;
    cl_event done; /* NULL: nothing is under way */
} pnas_trie_buffers;

/* Takes the members' weights; rows and batches follow. */
pnas_status pnas_trie_device_create(pnas_cl *cl, const pnas_member_tensors *members, int count,
                                    const pnas_space_trie_options *options, pnas_trie_device *out);

/* Bytes of host and device memory that a row of `slots` batches takes, rows of the device included. */
size_t pnas_trie_device_row_bytes(const pnas_trie_device *device, const pnas_space_trie_options *options,
                                  int slots);

pnas_status pnas_trie_device_reserve(pnas_trie_device *device, size_t rows);
void pnas_trie_device_destroy(pnas_trie_device *device);

pnas_status pnas_trie_buffers_create(const pnas_trie_device *device, const pnas_trie_batch *batch,
                                     pnas_trie_buffers *out);
void pnas_trie_buffers_destroy(pnas_trie_buffers *buffers); /* waits for what is under way */

/* Starts scoring; the batch stays as it is until pnas_trie_device_finish, which leaves the scores in
 * buffers->host. */
pnas_status pnas_trie_device_start(const pnas_trie_device *device, const pnas_trie_batch *batch,
                                   pnas_trie_buffers *buffers);
pnas_status pnas_trie_device_finish(const pnas_trie_device *device, pnas_trie_buffers *buffers);

#endif
