/* What a test says of each class. Local. */
#ifndef PNAS_IO_CLASS_FIGURES_H
#define PNAS_IO_CLASS_FIGURES_H

#include "io/net/network_file.h"

typedef struct {
    int64_t images, predicted, right; /* of this class, as this class, both */
} pnas_class_figures;

/* `test` is known, of so many classes. */
pnas_class_figures pnas_class_figures_of(const pnas_network_test *test, int classes, int index);

#endif
