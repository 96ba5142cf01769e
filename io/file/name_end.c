#include "io/file/name_end.h"

#include <string.h>
#include <strings.h>

bool pnas_name_ends_in(const char *path, const char *end)
{
    size_t length = path ? strlen(path) : 0, size = strlen(end);
    return length > size && strcasecmp(path + length - size, end) == 0;
}
