#include "src/net/run_settings.h"

#include <stdlib.h>
#include <string.h>

bool pnas_count_parse(const char *text, int most, int *count)
{
    *count = 0;
    if (strcmp(text, "auto") == 0)
        return true;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 6 || text[digits])
        return false;
    *count = atoi(text);
    return *count >= 1 && *count <= most;
}
