/* A network file in memory with made-up weights that fit its cell. */
#ifndef PNAS_TESTS_FAKE_NETWORK_H
#define PNAS_TESTS_FAKE_NETWORK_H

#include "io/net/network_file.h"

/* A small one: "-2:sep3+-1:max3", F 2, N 1, images of 9 x 8 with 2 channels, 3 classes; with every optional
 * part. All of it is owned (pnas_network_file_clear); a failure ends the test. */
void fake_network_make(pnas_network_file *out);

/* The one of the fewest tensors: "-1:max3+-1:max3", F 1, N 1, images of 3 x 3, 3 classes; every optional part. */
void fake_network_make_smallest(pnas_network_file *out);

/* Of this cell, of built-in operators, and size; with a moving average, without the other optional parts. */
void fake_network_make_of(const char *cell, const pnas_network_options *network, pnas_network_file *out);

#endif
