/* libFuzzer on image files: whatever a file holds is images of the size that is wanted, or a message. The
 * input's first byte chooses the number of channels, and whether holes follow; the rest is the file. */
#include "io/data/image_file.h"
#include "tests/fuzz/input_bytes.h"
#include "tests/fuzz/scratch.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    scratch_begin();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int channels[] = {1, 3, 2, 16};
    const char *path = scratch_path("image");
    uint8_t *images = NULL;
    size_t count = 0;
    unsigned any = 0;
    if (size < 2)
        return 0;
    const pnas_image_shape shape = {4, 3, channels[data[0] % 4]};
    scratch_write(path, data + 1, size - 1);
    if (data[0] & IMAGE_STRETCHED)
        scratch_stretch(path);
    pnas_status status = pnas_image_file_read(path, &shape, &images, &count);
    if (status != PNAS_OK && (images || count || !*pnas_message()))
        abort();
    for (size_t i = 0; i < count * 12 * (size_t)shape.channels; ++i)
        any += images[i];
    if (any && !count)
        abort();
    free(images);
    return 0;
}
