/* write_fake_network OUT.h5 CELL F N CONCATENATION HEIGHT WIDTH CHANNELS CLASSES [AUXILIARY]: a network of made-up
 * weights, with the stem of ImageNet if N ends in an i, and with an auxiliary classifier if there is a tenth argument.
 * Not a test: what reads exported networks is tried with it. */
#include "tests/io/net/fake_network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    pnas_network_file file;
    if (argc != 10 && argc != 11)
        return 64;
    const pnas_network_options network = {.filters = atoi(argv[3]),
                                          .repeats = atoi(argv[4]),
                                          .stem = strchr(argv[4], 'i') ? PNAS_STEM_IMAGENET : PNAS_STEM_CIFAR,
                                          .stem_multiplier = 2,
                                          .concatenation = (pnas_concatenation)atoi(argv[5]),
                                          .height = atoi(argv[6]),
                                          .width = atoi(argv[7]),
                                          .channels = atoi(argv[8]),
                                          .classes = atoi(argv[9]),
                                          .auxiliary = argc == 11 ? 1 : 0};
    fake_network_make_of(argv[2], &network, &file);
    for (int c = 0; c < network.classes; c++) {
        char name[16];
        snprintf(name, sizeof name, "%d", c); /* as the classes of the digits are called */
        free(file.class_names[c]);
        file.class_names[c] = strdup(name);
    }
    pnas_status status = pnas_network_file_write(argv[1], &file);
    if (status != PNAS_OK)
        fprintf(stderr, "%s\n", pnas_message());
    pnas_network_file_clear(&file);
    return status != PNAS_OK;
}
