/* Halves on the host: IEEE 754 binary16, rounded to nearest, ties to even. Local. */
#ifndef PNAS_CL_CHECK_HALF_H
#define PNAS_CL_CHECK_HALF_H

#include <stdint.h>

uint16_t half_from(double value);
double half_value(uint16_t bits);

#endif
