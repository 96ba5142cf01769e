#include "io/report/report_output.h"

#include "io/file/byte_file.h"
#include "io/file/file_kind.h"
#include "io/report/report_start.h"

#include <string.h>
#include <sys/stat.h>

/* Whether what is there may go: nothing, an empty file, or a report. What no other file ever replaces is refused by
 * pnas_output_file_create, which --force does not change. */
static bool may_be_replaced(const char *path)
{
    char start[sizeof PNAS_REPORT_START] = "";
    struct stat info;
    if (stat(path, &info) != 0 || info.st_size == 0 || pnas_file_kind_of(path) != PNAS_FILE_OTHER)
        return true;
    size_t length = pnas_bytes_peek(path, (unsigned char *)start, sizeof start - 1);
    return length == sizeof start - 1 && memcmp(start, PNAS_REPORT_START, length) == 0;
}

pnas_status pnas_report_output_create(const pnas_report_options *options, pnas_output_file *out)
{
    *out = PNAS_NO_OUTPUT_FILE;
    PNAS_CHECK(options->force || may_be_replaced(options->path), PNAS_ERROR_FILE,
               "%s: is there already and is no report; name another file, or add --force to replace it",
               options->path);
    return pnas_output_file_create(options->path, out);
}
