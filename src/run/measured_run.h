/* What a finished search tells about another one's time: how long children, fits and scoring take. Local. */
#ifndef PNAS_RUN_MEASURED_RUN_H
#define PNAS_RUN_MEASURED_RUN_H

#include "src/net/run_settings.h"
#include "src/search/duration_model.h"

#define PNAS_MEASURED_KINDS 16

typedef struct {
    int kinds;
    struct {
        char device[128];
        int ranks;                 /* of the run on such devices */
        pnas_duration_model model; /* of jobs as pnas_job_scale_to_training makes them */
    } kind[PNAS_MEASURED_KINDS];
    size_t children;      /* that the models have learned from */
    double fit_seconds;   /* of one member of the surrogate, a child it learns from */
    double score_seconds; /* of a candidate on one rank */
    double accuracy_base, accuracy_slope, accuracy_spread; /* accuracy against the logarithm of cost */
} pnas_measured_run;

/* PNAS_ERROR_FILE or _DATA: it cannot be read, its data set is not where its configuration says, or no child
 * of it was trained. */
pnas_status pnas_measured_run_read(const char *path, pnas_measured_run *out);

/* The data set's shape and the images of a configuration: fills in its network's height, width, channels and
 * classes; *images: trained on in an epoch. */
pnas_status pnas_measured_shape(pnas_configuration *configuration, size_t *images);

/* From one image to a whole training: what cost, values and launches add up to over all epochs. */
void pnas_job_scale_to_training(pnas_job *job, const pnas_configuration *configuration, size_t images);

#endif
