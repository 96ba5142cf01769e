/* What the harnesses of data sets whose images stay in the file share. */
#ifndef PNAS_TESTS_STREAMED_IMAGES_H
#define PNAS_TESTS_STREAMED_IMAGES_H

#include "io/data/dataset.h"

/* A set of 6 training and 3 test images of 8 x 6 with three channels and three classes; quality 0: not encoded. */
void streamed_make(const char *path, int quality);

/* Opens a changed file whole, and for training without room for its images, and reads them. What both say of it must
 * fit: images that come from the file are those in memory. Ends the process else. */
void streamed_read(const char *path);

#endif
