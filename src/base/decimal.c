#include "src/base/decimal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool pnas_decimal_parse(const char *text, double *out)
{
    char *end;
    errno = 0; /* of a number so small that it would become 0 or lose digits, too */
    *out = strtod(text, &end);
    return end != text && !*end && errno == 0 && strspn(text, "+-.0123456789eE") == strlen(text);
}

static bool is_digits(const char *text)
{
    return *text && strspn(text, "0123456789") == strlen(text);
}

bool pnas_decimal_parse_whole(const char *text, int64_t least, int64_t most, int64_t *out)
{
    errno = 0;
    *out = strtoll(text, NULL, 10);
    return is_digits(text + (*text == '-')) && errno == 0 && *out >= least && *out <= most;
}

bool pnas_decimal_parse_unsigned(const char *text, uint64_t *out)
{
    errno = 0;
    *out = strtoull(text, NULL, 10);
    return is_digits(text) && errno == 0;
}
