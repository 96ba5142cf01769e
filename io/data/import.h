/* Turning files as they are published into a data set. Local.
 *
 * Every importer reads its files wholly, checks them, and fails with PNAS_ERROR_DATA and a message that names
 * the file, the byte, line or record, and what was expected. Nothing is written here. */
#ifndef PNAS_IO_IMPORT_H
#define PNAS_IO_IMPORT_H

#include "io/data/dataset.h"

#include <stdbool.h>

typedef enum {
    PNAS_IMPORT_IDX,      /* MNIST family: four files, gzipped or not */
    PNAS_IMPORT_CIFAR10,  /* binary version: data_batch_1..5.bin and test_batch.bin in a folder */
    PNAS_IMPORT_CIFAR100, /* binary version: train.bin and test.bin in a folder */
    PNAS_IMPORT_CSV       /* a row an image: pixels by row, column, channel, and the label last */
} pnas_import_format;

typedef struct {
    pnas_import_format format;
    const char *path; /* CIFAR: the folder; CSV: the file, gzipped or not */

    const char *train_images, *train_labels; /* IDX */
    const char *test_images, *test_labels;   /* IDX; both NULL: no test part */

    bool coarse; /* CIFAR-100: the 20 coarse labels instead of the 100 fine ones */

    int height, width, channels; /* CSV */
    double maximum;              /* CSV: values 0 .. maximum become 0 .. 255, rounded */
    const char *test;            /* CSV: the test part's file, or NULL: a share of the rows is drawn, */
    double test_share;           /* at least 0 and below 1, the same of each class, */
    uint64_t seed;               /* from (seed, SPLIT) */

    int classes;                         /* IDX, CSV: 0: as many as the labels name, without gaps */
    const char *class_names;             /* comma-separated; NULL: known ones, else "0", "1", ... */
    bool larger_test;                    /* a test part larger than the training part is meant so */
    const char *name, *source, *licence; /* NULL: known ones, else the file's name and "unknown" */
} pnas_import_options;

/* All zero but maximum 255 and test_share 0.2. */
void pnas_import_defaults(pnas_import_format format, pnas_import_options *out);

/* *out is complete (pnas_dataset_complete) and the caller's. PNAS_ERROR_USAGE for options that cannot be. */
pnas_status pnas_import(const pnas_import_options *options, pnas_dataset **out);

/* --- For importers ------------------------------------------------------------------------------------- */

/* Each fills in the shape, the parts and the number of classes; CIFAR the class names, too. */
pnas_status pnas_import_idx(const pnas_import_options *options, pnas_dataset *dataset);
pnas_status pnas_import_cifar(const pnas_import_options *options, pnas_dataset *dataset);
pnas_status pnas_import_csv(const pnas_import_options *options, pnas_dataset *dataset);

typedef struct { /* where label i was found: "FILE: UNIT first + i" */
    const char *file, *unit;
    size_t first;
} pnas_label_place;

/* Sets the number of classes from options->classes, or from the labels, which must then have no gaps, and
 * checks that each label is below it. */
pnas_status pnas_import_count_classes(const pnas_import_options *options, const pnas_dataset_part *part,
                                      const pnas_label_place *place, int *classes);

/* Checks a test part's labels against the classes of the training part. */
pnas_status pnas_import_check_labels(const pnas_dataset_part *part, int classes,
                                     const pnas_label_place *place);

/* Copies `count` names into the data set, whose number of classes this becomes. */
pnas_status pnas_import_name_classes(pnas_dataset *dataset, const char *const *names, int count);

#endif
