/* Numbers as people write them. Local. */
#ifndef PNAS_BASE_DECIMAL_H
#define PNAS_BASE_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

/* Whether all of `text` is one decimal number: "-1.5e3", but not "0x1p-1", "inf", "nan", nothing, or a number too large
 * or small for a double. */
bool pnas_decimal_parse(const char *text, double *out);

/* Whether all of `text` is a whole number from `least` to `most`: digits, with a '-' before them or not. */
bool pnas_decimal_parse_whole(const char *text, int64_t least, int64_t most, int64_t *out);

/* Whether all of `text` is digits of a number that fits. */
bool pnas_decimal_parse_unsigned(const char *text, uint64_t *out);

#endif
