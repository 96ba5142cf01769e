/* Numbers as people write them. Local. */
#ifndef PNAS_BASE_DECIMAL_H
#define PNAS_BASE_DECIMAL_H

#include <stdbool.h>

/* Whether all of `text` is one decimal number: "-1.5e3", but not "0x1p-1", "inf", "nan", nothing, or a number too large
 * or small for a double. */
bool pnas_decimal_parse(const char *text, double *out);

#endif
