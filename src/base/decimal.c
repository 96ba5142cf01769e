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
