/* For tests: what goes wrong with which child. */
#ifndef PNAS_CL_FAULT_H
#define PNAS_CL_FAULT_H

typedef enum {
    PNAS_FAULT_NONE,
    PNAS_FAULT_MEMORY, /* a buffer that no device gives */
    PNAS_FAULT_BUILD,  /* a kernel that does not compile */
    PNAS_FAULT_LOSS,   /* weights that are not finite */
    PNAS_FAULT_TIME,   /* its time is over as soon as it starts */
    PNAS_FAULT_DEVICE, /* the device is lost */
    PNAS_FAULT_HANG    /* half way it gets no further until it is stopped or its time is over */
} pnas_fault_kind;

typedef struct {
    pnas_fault_kind kind;
    int level, index; /* which child; level 0: every one */
    int rank;         /* -1: on every rank */
} pnas_fault;

#endif
