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

/* Copies `count` names into the data set, whose number of classes this becomes. PNAS_ERROR_DATA if two are the
 * same. */
pnas_status pnas_import_name_classes(pnas_dataset *dataset, const char *const *names, int count);

/* The same from a text with commas: --class-names. PNAS_ERROR_USAGE if it is not as many as there are classes. */
pnas_status pnas_import_take_names(const char *list, pnas_dataset *dataset);

/* The options of formats that draw the test part. --help shows the text of the first such format, and names
 * the others. */
#define PNAS_IMPORT_TEST_SHARE                                                                               \
    {                                                                                                        \
        "test-share", "SHARE",                                                                               \
            "The share of the images drawn as the test part, the same of each class, unless it is in files " \
            "of its own (0.2)",                                                                              \
            PNAS_IMPORT_REAL, offsetof(pnas_import_options, test_share), false                               \
    }
#define PNAS_IMPORT_TEST_SEED                                                                                \
    {                                                                                                        \
        "seed", "N", "Another number draws another test part (0)", PNAS_IMPORT_SEED,                         \
            offsetof(pnas_import_options, seed), false                                                       \
    }

/* The option of formats whose files do not say how many classes there are. */
#define PNAS_IMPORT_CLASSES                                                                                  \
    {                                                                                                        \
        "classes", "N", "Number of classes (as the labels say)", PNAS_IMPORT_WHOLE,                          \
            offsetof(pnas_import_options, classes), false                                                    \
    }

/* For formats that draw the test part: PNAS_ERROR_USAGE unless options->test_share is at least 0 and below
 * 1. */
pnas_status pnas_import_check_test_share(const pnas_import_options *options);

/* Moves options->test_share of the training part, the same of each class, to the test part, drawn from
 * (options->seed, SPLIT). PNAS_ERROR_USAGE if none is left to train on. */
pnas_status pnas_import_draw_test(const pnas_import_options *options, pnas_dataset *dataset);

/* PNAS_ERROR_FILE if nothing can be found at `path`, PNAS_ERROR_DATA if it is no folder; `expected` is for
 * messages. */
pnas_status pnas_import_check_folder(const char *path, const char *expected);

#endif
