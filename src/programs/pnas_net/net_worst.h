/* The images of a test that the network is most wrong about, as a picture. Local. */
#ifndef PNAS_NET_WORST_H
#define PNAS_NET_WORST_H

#include "io/data/dataset.h"
#include "io/net/network_file.h"

/* Draws the `wanted` worst (pnas_worst_order), or as many as there are, of the data set's test part, whose images are
 * those of `images`. As io/plot/image_sheet.h. */
pnas_status pnas_worst_draw(const pnas_network_file *file, const pnas_dataset *dataset,
                            const pnas_image_source *images, const float *logits, size_t wanted,
                            const char *output);

#endif
