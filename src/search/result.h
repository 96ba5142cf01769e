/* What training a child gave, and the one list of its fields. The structure is made from the list, and so are
 * the message between ranks (mpi/packing.c), the journal's record (io/run/run_journal.c) and the columns of
 * the run file (io/run/run_columns.c): a field is added here and nowhere else. Local. */
#ifndef PNAS_SEARCH_RESULT_H
#define PNAS_SEARCH_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Stored in run files: never renumber */
typedef enum {
    PNAS_CHILD_PENDING = 0,
    PNAS_CHILD_DONE = 1,
    PNAS_CHILD_FAILED = 2,
    PNAS_CHILD_STOPPED = 3, /* at a rung, for good: it has a history, but no accuracy */
    PNAS_CHILD_PAUSED = 4,  /* at a rung, where others of its round are awaited */
    PNAS_CHILD_STATUS_LAST = PNAS_CHILD_PAUSED
} pnas_child_status;

/* Columns of a child's history, one row an epoch */
enum {
    PNAS_METRIC_TRAIN_LOSS,
    PNAS_METRIC_TRAIN_ACCURACY,
    PNAS_METRIC_VALIDATION_LOSS,
    PNAS_METRIC_VALIDATION_ACCURACY,
    PNAS_METRIC_LEARNING_RATE,
    PNAS_METRICS
};

#define PNAS_CHILD_ERROR_MAX 240

/* The type of a field in C */
typedef enum {
    PNAS_FIELD_STATUS, /* pnas_child_status */
    PNAS_FIELD_REAL,   /* double */
    PNAS_FIELD_INT,    /* int */
    PNAS_FIELD_LONG,   /* int64_t */
    PNAS_FIELD_FLAG,   /* bool */
    PNAS_FIELD_TEXT    /* char [PNAS_CHILD_ERROR_MAX] */
} pnas_field_kind;

#define PNAS_SINCE_1970 "seconds since 1970-01-01T00:00:00Z"

/* FIELD(kind, name, long name, units or NULL), of what files keep. Journals store the fields in this order,
 * so a new one is a new format of both, and the journal does not compile before that is decided. */
#define PNAS_RESULT_KEPT_FIELDS(FIELD)                                                                       \
    FIELD(STATUS, status, "what became of the child", NULL)                                                  \
    FIELD(REAL, accuracy, "validation accuracy, the reward; NaN unless the child is done", "1")              \
    FIELD(TEXT, error, "why the child failed", NULL)                                                         \
    FIELD(LONG, parameters, "trainable values", "1")                                                         \
    FIELD(LONG, multiply_adds, "multiply-adds of one image, forward", "1")                                   \
    FIELD(REAL, start, "start of training", PNAS_SINCE_1970)                                                 \
    FIELD(REAL, train_seconds, "duration of training", "s")                                                  \
    FIELD(INT, rank, "MPI rank that trained the child", NULL)                                                \
    FIELD(INT, device, "index of the device on its host", NULL)                                              \
    FIELD(INT, attempts, "how often training was begun", "1")                                                \
    FIELD(INT, epochs, "epochs trained: rows of history that count", "1")

/* All of them. `retryable` matters only until another rank has tried the child. */
#define PNAS_RESULT_FIELDS(FIELD)                                                                            \
    PNAS_RESULT_KEPT_FIELDS(FIELD)                                                                           \
    FIELD(FLAG, retryable, "failed, but might succeed on another rank", NULL)

#define PNAS_MEMBER_STATUS(name)                     pnas_child_status name;
#define PNAS_MEMBER_REAL(name)                       double name;
#define PNAS_MEMBER_INT(name)                        int name;
#define PNAS_MEMBER_LONG(name)                       int64_t name;
#define PNAS_MEMBER_FLAG(name)                       bool name;
#define PNAS_MEMBER_TEXT(name)                       char name[PNAS_CHILD_ERROR_MAX];
#define PNAS_RESULT_MEMBER(kind, name, long_, units) PNAS_MEMBER_##kind(name)

typedef struct {
    PNAS_RESULT_FIELDS(PNAS_RESULT_MEMBER)
    float *history; /* [epochs][PNAS_METRICS] or NULL; owned by whoever owns the result */
} pnas_result;

typedef struct {
    const char *name;
    pnas_field_kind kind;
    size_t offset; /* in pnas_result */
} pnas_result_field;

#define PNAS_RESULT_ONE(kind, name, long_, units) +1
enum {
    PNAS_RESULT_KEPT_COUNT = 0 PNAS_RESULT_KEPT_FIELDS(PNAS_RESULT_ONE),
    PNAS_RESULT_FIELD_COUNT = 0 PNAS_RESULT_FIELDS(PNAS_RESULT_ONE)
};

/* The list as values, in its order: first those that files keep. */
extern const pnas_result_field pnas_result_fields[PNAS_RESULT_FIELD_COUNT];

/* How many epochs of its history are there. */
size_t pnas_result_rows(const pnas_result *result);

/* Validation accuracy after `epoch` epochs, by its history; NaN where that has not so many. */
double pnas_result_accuracy_after(const pnas_result *result, int epoch);

void pnas_result_clear(pnas_result *result); /* frees the history, zeroes the rest */

#endif
