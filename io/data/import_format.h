/* What a format of published files is: a row with its name, its help, the options that it takes, how its
 * files are recognised, and the function that reads them. Local.
 *
 * Each format is in one file with its row; PNAS_IMPORT_FORMATS lists the rows. The command line, its help and
 * messages and the tests loop over that list. */
#ifndef PNAS_IO_IMPORT_FORMAT_H
#define PNAS_IO_IMPORT_FORMAT_H

#include "io/data/dataset.h"

#include <stdbool.h>

typedef struct pnas_import_format pnas_import_format;

typedef struct { /* of an image; 0: not said */
    int height, width, channels;
} pnas_import_shape;

typedef struct { /* a plain value; texts are borrowed */
    const pnas_import_format *format;
    const char *path; /* the folder or file to read, for formats that take one */

    const char *train_images, *train_labels; /* IDX */
    const char *test_images, *test_labels;   /* IDX; both NULL: no test part */

    bool coarse; /* CIFAR-100: the 20 coarse labels instead of the 100 fine ones */

    pnas_import_shape shape; /* CSV */
    double maximum;          /* CSV: values 0 .. maximum become 0 .. 255, rounded */
    const char *label;       /* CSV: "first" or "last" (also NULL): where in a line it stands */
    const char *test;        /* CSV: the test part's file, or NULL: a share of the rows is drawn, */
    double test_share;       /* at least 0 and below 1, the same of each class, */
    uint64_t seed;           /* from (seed, SPLIT) */

    int side, picture_channels, allow_bad;         /* folder, list: 0: not said */
    const char *fit, *test_from, *validation_from; /* folder, list: NULL: not said */
    bool encoded;                                  /* folder, list: images are kept as JPEG, */
    int quality;                                   /* 1 to 100; 0: not said */
    const char *root; /* list: where relative paths begin; NULL: the list's folder */

    int classes;                         /* IDX, CSV: 0: as many as the labels name, without gaps */
    const char *class_names;             /* comma-separated; NULL: known ones, else "0", "1", ... */
    const char *output;                  /* the file to make; NULL: none, for formats that are read at once */
    bool replace;                        /* if it is there */
    bool (*stop)(void);                  /* whether to stop in good order; NULL: never */
    bool larger_test;                    /* a test part larger than the training part is meant so */
    const char *name, *source, *licence; /* NULL: known ones, else the file's name and "unknown" */
} pnas_import_options;

/* What an option takes, and what its value is */
typedef enum {
    PNAS_IMPORT_TEXT,  /* const char * */
    PNAS_IMPORT_FLAG,  /* bool; the option takes no argument */
    PNAS_IMPORT_REAL,  /* double */
    PNAS_IMPORT_SEED,  /* uint64_t, a whole number from 0 */
    PNAS_IMPORT_WHOLE, /* int, a whole number from 0 to PNAS_DATASET_CLASSES_MAX */
    PNAS_IMPORT_SHAPE  /* pnas_import_shape, as HxWxC */
} pnas_import_value;

typedef struct {          /* constant */
    const char *name;     /* without the two dashes; the same name is the same option in every format */
    const char *argument; /* as --help names it; NULL for a flag */
    const char *help;
    pnas_import_value value;
    size_t offset; /* of the value in pnas_import_options */
    bool required;
} pnas_import_option;

struct pnas_import_format { /* constant; texts are static */
    const char *name;       /* as --format takes it, in lower case */
    const char *help;       /* what is read, as part of a sentence in --help */
    const char *usage;      /* what follows --format NAME on a command line */
    const char *takes;      /* what `path` is, "a file" or "a folder"; NULL: the format takes no path */
    const pnas_import_option *option; /* [options], those of this format beside the path */
    size_t options;
    const char *title,
        *source; /* name and source of the data if nobody says; NULL: the file's name, "unknown" */

    bool
        goes_on; /* it is read batch by batch into a file beside the output; after a stop or kill it goes on */

    /* Whether the file or folder looks like this format, by its first bytes or by the files in it. */
    bool (*recognises)(const char *path);

    /* Reads all files wholly, checks them, and fills in the shape, the parts and the number of classes; the
     * class names, too, where they are known. Writes nothing, unless it goes on: then the images are in
     * dataset->store. PNAS_ERROR_DATA with a message that names the
     * file, the byte, line or record, and what was expected; PNAS_ERROR_USAGE for options that cannot be. */
    pnas_status (*read)(const pnas_import_options *options, pnas_dataset *dataset);
};

/* Every format, in the order of --help: ROW(name) stands for the row pnas_import_<name>. */
#define PNAS_IMPORT_FORMATS(ROW)                                                                             \
    ROW(idx)                                                                                                 \
    ROW(cifar10)                                                                                             \
    ROW(cifar100)                                                                                            \
    ROW(csv)                                                                                                 \
    ROW(folder)                                                                                              \
    ROW(list)

#define PNAS_IMPORT_DECLARE(name) extern const pnas_import_format pnas_import_##name;
PNAS_IMPORT_FORMATS(PNAS_IMPORT_DECLARE)
#undef PNAS_IMPORT_DECLARE

#endif
