#include "src/programs/common/time_limit.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

pnas_status pnas_time_limit_parse(const char *text, double *seconds)
{
    double total = 0;
    const char *at = text;
    for (int parts = 1;; parts++) {
        char *end;
        double part = strtod(at, &end);
        bool unit = parts == 1 && *end && strchr("smh", *end) && !end[1];
        bool decimal = end != at && end == at + strspn(at, "0123456789.");
        PNAS_CHECK(decimal && parts <= 3 && (!*end || *end == ':' || unit), PNAS_ERROR_USAGE,
                   "--time-limit: '%s' is not a time; write 90s, 30m, 2h or H:MM:SS", text);
        total = 60 * total + part;
        if (unit)
            total *= *end == 'h' ? 3600 : *end == 'm' ? 60 : 1;
        if (*end != ':')
            break;
        at = end + 1;
    }
    PNAS_CHECK(total > 0 && total < 1e9, PNAS_ERROR_USAGE, "--time-limit: '%s' is no time to train in", text);
    *seconds = total;
    return PNAS_OK;
}
