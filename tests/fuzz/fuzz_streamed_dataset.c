/* libFuzzer on data sets whose images stay in the file: a set that is opened is the same whole and streamed. */
#include "tests/fuzz/hdf5_edits.h"
#include "tests/fuzz/streamed_images.h"

const bool fuzz_sealed = true;

void fuzz_make(const char *path)
{
    streamed_make(path, 0);
}

void fuzz_read(const char *path)
{
    streamed_read(path);
}
