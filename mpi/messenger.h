/* Letters between rank 0 and the others; private to this room. No call spins: what has to be waited for is
 * looked at about every millisecond, so that an idle rank leaves its core to those that train. */
#ifndef PNAS_MPI_MESSENGER_H
#define PNAS_MPI_MESSENGER_H

#include "src/base/status.h"

#include <mpi.h>
#include <stdbool.h>
#include <stddef.h>

#define PNAS_MPI_NAP 1e-3 /* seconds between two looks */

typedef enum {
    /* to rank 0 */
    PNAS_LETTER_READY = 1,   /* this rank is free; empty */
    PNAS_LETTER_ABSENT,      /* this rank cannot train; empty */
    PNAS_LETTER_ANSWER,      /* pnas_answer: what became of an order; the rank is free again */
    PNAS_LETTER_REPLY,       /* what became of a request; the rank is free again */
    PNAS_LETTER_STOP_WANTED, /* this rank has a stop request; its reason as text */
    /* from rank 0 */
    PNAS_LETTER_ORDER,   /* pnas_order */
    PNAS_LETTER_REQUEST, /* a helper's work */
    PNAS_LETTER_NOTICE,  /* what a helper must know; its own bytes alone */
    PNAS_LETTER_STOP,    /* give up the running work; empty */
    PNAS_LETTER_VERDICT  /* pnas_verdict: the end */
} pnas_letter_kind;

typedef struct {
    int kind, from;
    size_t size;
    unsigned char *data; /* owned; NULL if empty */
} pnas_letter;

/* All ranks, by their present numbers; what is the same for the program's whole life is MPI_COMM_WORLD. */
MPI_Comm pnas_mpi_ranks(void);

/* PNAS_ERROR_INTERNAL with MPI's own words unless `code` is MPI_SUCCESS. */
pnas_status pnas_mpi_status(int code, const char *what);

/* Completes a request of a nonblocking call, napping. */
pnas_status pnas_mpi_wait(MPI_Request *request, const char *what);

/* Sends; returns when `data` may be used again, which may be when the receiver takes the letter. */
pnas_status pnas_letter_send(MPI_Comm comm, int to, pnas_letter_kind kind, const void *data, size_t size);

/* Sends an empty letter without waiting, for a receiver that may be sending to us. */
pnas_status pnas_letter_send_empty(MPI_Comm comm, int to, pnas_letter_kind kind);

typedef struct {                       /* letters under way; zero to start with */
    struct pnas_posted_letter *letter; /* [room], of which `count` are used */
    size_t count, room;
} pnas_outbox;

/* Sends without waiting, for a receiver that may be at work, or be sending to us: a letter that is too large
 * for MPI to keep would otherwise wait for it. `data` (of malloc) is the outbox's from now on, also after a
 * failure. */
pnas_status pnas_outbox_post(pnas_outbox *outbox, MPI_Comm comm, int to, pnas_letter_kind kind, void *data,
                             size_t size);

/* Frees the letters that have arrived; the others go on. */
pnas_status pnas_outbox_tidy(pnas_outbox *outbox);

/* Waits for all letters, napping, and frees everything. */
pnas_status pnas_outbox_finish(pnas_outbox *outbox);

/* Takes one letter if one is there (*got); `kind` 0: any. *out is the caller's (pnas_letter_clear). */
pnas_status pnas_letter_take(MPI_Comm comm, int kind, pnas_letter *out, bool *got);
void pnas_letter_clear(pnas_letter *letter);

#endif
