/* What the importers share. Not for callers. Local. */
#ifndef PNAS_IO_IMPORT_PARTS_H
#define PNAS_IO_IMPORT_PARTS_H

#include "io/data/import_format.h"

typedef struct { /* where label i was found: "FILE: UNIT first + i" */
    const char *file, *unit;
    size_t first;
} pnas_label_place;

/* Sets the number of classes from options->classes, or from the labels, which must then have no gaps, and
 * checks that each label is below it. PNAS_ERROR_DATA. */
pnas_status pnas_import_count_classes(const pnas_import_options *options, const pnas_dataset_part *part,
                                      const pnas_label_place *place, int *classes);

/* Checks a test part's labels against the classes of the training part. PNAS_ERROR_DATA. */
pnas_status pnas_import_check_labels(const pnas_dataset_part *part, int classes,
                                     const pnas_label_place *place);

/* Copies `count` names into the data set, whose number of classes this becomes. */
pnas_status pnas_import_name_classes(pnas_dataset *dataset, const char *const *names, int count);

#endif
