/* In place of onnx_*.c where the build has no ONNX. */
#include "io/net/network_export.h"

pnas_status pnas_onnx_write(const char *path, const pnas_export_options *options)
{
    return pnas_fail(
        PNAS_ERROR_USAGE,
        "%s: this program was built without ONNX; install libprotobuf-c-dev, protobuf-c-compiler and "
        "libonnx-dev, and build it again",
        path);
}
