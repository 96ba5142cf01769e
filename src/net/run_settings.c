#include "src/net/run_settings.h"

#include <stdlib.h>
#include <string.h>

bool pnas_lanes_parse(const char *text, int *lanes)
{
    *lanes = 0;
    if (strcmp(text, "auto") == 0)
        return true;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 3 || text[digits])
        return false;
    *lanes = atoi(text);
    return *lanes >= 1 && *lanes <= PNAS_LANES_MAX;
}
