/* What the formats share whose pictures lie in files of their own. Not for callers. Local. */
#ifndef PNAS_IO_IMPORT_PICTURES_H
#define PNAS_IO_IMPORT_PICTURES_H

#include "io/data/import_parts.h"
#include "io/data/picture_sources.h"

/* Reads the pictures of options->path, of options->test_from or a share of the first as the test part, and of
 * options->validation_from as the last of the training part, which validate. The images go into dataset->store, beside options->output.
 * PNAS_STOPPED where options->stop wants it. What was read is kept then, and after failures, and the next call goes on. */
pnas_status pnas_import_pictures(const pnas_import_options *options, pnas_picture_lister *lister,
                                 pnas_dataset *dataset);

#define PNAS_IMPORT_PICTURE_OPTIONS                                                                          \
    {"size",                                                                                                 \
     "N",                                                                                                    \
     "Images of N x N; without it all pictures must have one size",                                          \
     PNAS_IMPORT_WHOLE,                                                                                      \
     offsetof(pnas_import_options, side),                                                                    \
     false},                                                                                                 \
        {"resize",                                                                                           \
         "shorter|stretch|crop",                                                                             \
         "How they become that (shorter: by the shorter side, then the middle)",                             \
         PNAS_IMPORT_TEXT,                                                                                   \
         offsetof(pnas_import_options, fit),                                                                 \
         false},                                                                                             \
        {"channels",                                                                                         \
         "C",                                                                                                \
         "1 for grey images, 3 for coloured ones (3)",                                                       \
         PNAS_IMPORT_WHOLE,                                                                                  \
         offsetof(pnas_import_options, picture_channels),                                                    \
         false},                                                                                             \
        {"test-from",                                                                                        \
         "PATH",                                                                                             \
         "The test part: a folder, or with --format list a list, with the same classes",                     \
         PNAS_IMPORT_TEXT,                                                                                   \
         offsetof(pnas_import_options, test_from),                                                           \
         false},                                                                                             \
        {"validation-from",                                                                                  \
         "PATH",                                                                                             \
         "Images that validate: a folder or a list as for --test-from; without it a search draws a share "   \
         "of "                                                                                               \
         "the training part",                                                                                \
         PNAS_IMPORT_TEXT,                                                                                   \
         offsetof(pnas_import_options, validation_from),                                                     \
         false},                                                                                             \
        {"encoded",                                                                                          \
         NULL,                                                                                               \
         "Keep the images as JPEG, as 'pnas_data encode' makes them",                                        \
         PNAS_IMPORT_FLAG,                                                                                   \
         offsetof(pnas_import_options, encoded),                                                             \
         false},                                                                                             \
        {"quality",                                                                                          \
         "N",                                                                                                \
         "Quality of these, 1 to 100 (95)",                                                                  \
         PNAS_IMPORT_WHOLE,                                                                                  \
         offsetof(pnas_import_options, quality),                                                             \
         false},                                                                                             \
        {"allow-bad",                                                                                        \
         "N",                                                                                                \
         "Leave out up to N pictures that cannot be read (0)",                                               \
         PNAS_IMPORT_WHOLE,                                                                                  \
         offsetof(pnas_import_options, allow_bad),                                                           \
         false},                                                                                             \
        PNAS_IMPORT_TEST_SHARE, PNAS_IMPORT_TEST_SEED

#endif
