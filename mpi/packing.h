/* Orders, answers and verdicts as bytes: little-endian, field by field, so that ranks of different builds of
 * the machine understand each other. Reading checks every length and range: PNAS_ERROR_INTERNAL otherwise.
 * Local. */
#ifndef PNAS_MPI_PACKING_H
#define PNAS_MPI_PACKING_H

#include "src/search/evaluator.h"

#define PNAS_ANSWER_MESSAGE_MAX 1024

typedef struct { /* zero to start with; freed by pnas_packet_clear */
    unsigned char *data;
    size_t size, capacity;
} pnas_packet;

void pnas_packet_clear(pnas_packet *bytes);

typedef struct {    /* rank 0 to a rank: train this */
    int64_t ticket; /* which of the run's jobs; comes back in the answer */
    pnas_job job;
} pnas_order;

typedef struct { /* a rank to rank 0: what became of it */
    int64_t ticket;
    pnas_status status;                    /* of evaluate */
    pnas_result result;                    /* where status is PNAS_OK; the history is the reader's */
    char message[PNAS_ANSWER_MESSAGE_MAX]; /* where it is not */
} pnas_answer;

typedef struct { /* rank 0 to a rank: the run is over */
    pnas_status status;
    char message[PNAS_ANSWER_MESSAGE_MAX];
} pnas_verdict;

typedef struct { /* a helper's request or reply, in bytes that only helpers understand */
    int64_t ticket;
    pnas_status status;    /* of a reply: that of perform; of a request: PNAS_OK */
    double start, seconds; /* of a reply: when it was begun (seconds since 1970), and how long it took */
    const void *data;      /* borrowed; of a failed reply the message as text */
    size_t size;
} pnas_errand;

/* Packing replaces what `out` holds; PNAS_ERROR_MEMORY. */
pnas_status pnas_pack_order(const pnas_order *order, pnas_packet *out);
pnas_status pnas_pack_answer(const pnas_answer *answer, pnas_packet *out);
pnas_status pnas_pack_verdict(const pnas_verdict *verdict, pnas_packet *out);
pnas_status pnas_pack_errand(const pnas_errand *errand, pnas_packet *out);

pnas_status pnas_unpack_order(const void *data, size_t size, pnas_order *out);
pnas_status pnas_unpack_answer(const void *data, size_t size, pnas_answer *out);
pnas_status pnas_unpack_verdict(const void *data, size_t size, pnas_verdict *out);
pnas_status pnas_unpack_errand(const void *data, size_t size,
                               pnas_errand *out); /* keeps pointing into data */

#endif
