#include "io/file/byte_output.h"

#include "io/file/output_file.h"

pnas_status pnas_bytes_write(const char *path, const void *data, size_t size)
{
    pnas_output_file output;
    PNAS_TRY(pnas_output_file_create(path, &output));
    fwrite(data, 1, size, output.stream); /* the stream remembers a failure */
    return pnas_output_file_commit(&output, true);
}
