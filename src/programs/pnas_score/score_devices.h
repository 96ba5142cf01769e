/* That parts of scores which are joined are of one tuned table: by another one scores may differ in their
 * last bits. Local. */
#ifndef PNAS_PROGRAMS_SCORE_DEVICES_H
#define PNAS_PROGRAMS_SCORE_DEVICES_H

#include "io/run/score_file.h"

enum { PNAS_SCORE_DEVICES_MAX = 16 }; /* kinds; what comes beyond them is not compared */

typedef struct { /* zero to start with */
    size_t count;
    bool warned;
    struct {
        char device[128], driver[128];
    } kind[PNAS_SCORE_DEVICES_MAX];
} pnas_score_devices;

/* Takes note of what scored a part of `path`. Warns, once, where it is a device that is noted with another
 * driver or tuned table. device "": not known, as in parts of older versions. */
void pnas_score_devices_add(pnas_score_devices *devices, const char *path, const char *device,
                            const char *driver);

#endif
