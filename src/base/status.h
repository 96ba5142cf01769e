/* What a call returns, and the sentence that explains it to a person.
 *
 * A function that can fail returns pnas_status: 0 is success, a negative code names an expected kind of
 * failure. The sentence (what, where, what to do about it) is kept for the calling thread until the next
 * failure and is read with pnas_message(). Codes of OpenCL, MPI and HDF5 never leave their room: they are
 * translated there. Local. */
#ifndef PNAS_BASE_STATUS_H
#define PNAS_BASE_STATUS_H

#include <stddef.h>

typedef enum {
    PNAS_OK = 0,
    PNAS_ERROR_USAGE = -1,     /* wrong command line or configuration */
    PNAS_ERROR_DATA = -2,      /* bad input data: a file that is not what it should be */
    PNAS_ERROR_DEVICE = -3,    /* no usable device, or a device that failed */
    PNAS_ERROR_FILE = -4,      /* a file cannot be opened, written, locked */
    PNAS_ERROR_INTERNAL = -5,  /* our own fault */
    PNAS_ERROR_MEMORY = -6,    /* out of memory: the machine's, or that of a device which others use, too */
    PNAS_ERROR_DIVERGED = -7,  /* a child's loss is not finite */
    PNAS_STOPPED = -8,         /* stopped in good order; the work can be resumed */
    PNAS_ERROR_BUILD = -9,     /* the device's compiler refuses a kernel */
    PNAS_ERROR_TIMEOUT = -10,  /* a child's time is over */
    PNAS_ERROR_TOO_LARGE = -11 /* more is needed than a device has */
} pnas_status;

/* Sets this thread's message and returns `status`, so that `return pnas_fail(...)` reads well. */
pnas_status pnas_fail(pnas_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* clang-tidy sees one source at a time and would go on after a failure as after a success. */
#ifdef __clang_analyzer__
#define pnas_fail(status, ...) (pnas_fail(status, __VA_ARGS__), (status))
#endif

/* Of a message, with its zero. A longer one, of a very long file name, loses its middle, not the reason at its end. */
#define PNAS_MESSAGE_MAX 2048

/* Puts a place in front of this thread's message: "run.yaml: line 3: ...". Returns `status`. */
pnas_status pnas_fail_at(pnas_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* This thread's last message; borrowed, never NULL, valid until the next failure. */
const char *pnas_message(void);

/* The exit code that stands for a status: 0, 64, 65, 69, 70, 74 or 75 (see docs/formats.md). */
int pnas_exit_code(pnas_status status);

/* Why a call of the system failed, by its errno: strerror's words, but never "Success", which is what those of 0
 * are, where a call gave none. Borrowed; valid until this thread's next call. */
const char *pnas_system_reason(int code);

/* A short name for a status ("bad data"), for logs and the run file. */
const char *pnas_status_name(pnas_status status);

/* Returns from the calling function with the status of `call` unless it is PNAS_OK. */
#define PNAS_TRY(call)                                                                                       \
    do {                                                                                                     \
        pnas_status pnas_try_status_ = (call);                                                               \
        if (pnas_try_status_ != PNAS_OK)                                                                     \
            return pnas_try_status_;                                                                         \
    } while (0)

/* The same for functions that hold something: sets `status` and goes to the label `cleanup`. */
#define PNAS_TRY_CLEANUP(call)                                                                               \
    do {                                                                                                     \
        status = (call);                                                                                     \
        if (status != PNAS_OK)                                                                               \
            goto cleanup;                                                                                    \
    } while (0)

/* Fails with `code` and a message unless `condition` holds. */
#define PNAS_CHECK(condition, code, ...)                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            pnas_fail((code), __VA_ARGS__);                                                                  \
            return (code);                                                                                   \
        }                                                                                                    \
    } while (0)

#define PNAS_CHECK_CLEANUP(condition, code, ...)                                                             \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            pnas_fail((code), __VA_ARGS__);                                                                  \
            status = (code);                                                                                 \
            goto cleanup;                                                                                    \
        }                                                                                                    \
    } while (0)

#endif
