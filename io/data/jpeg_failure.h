/* What libjpeg calls where it fails: a jump back with its sentence. Not for callers. Local. */
#ifndef PNAS_IO_JPEG_FAILURE_H
#define PNAS_IO_JPEG_FAILURE_H

#include <setjmp.h>
#include <stdio.h> /* before jpeglib.h, which needs it */

#include <jpeglib.h>

typedef struct {
    struct jpeg_error_mgr manager; /* first: libjpeg knows only this */
    jmp_buf jump;                  /* setjmp comes before the first call that may fail */
    char message[JMSG_LENGTH_MAX];
} pnas_jpeg_failure;

/* For the field `err` of what reads or writes a JPEG. A warning is a failure, too: what is shown in place of what is
 * missing would be taken for the picture. */
struct jpeg_error_mgr *pnas_jpeg_failure_begin(pnas_jpeg_failure *failure);

#endif
