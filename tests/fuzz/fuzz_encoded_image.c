/* libFuzzer on images of encoded data sets: whatever the bytes are is an image of the size that is wanted, all of it and
 * always the same, or a message. The input's first byte chooses the size. */
#include "io/data/encoded_image.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const pnas_image_shape shapes[] = {{8, 8, 1}, {8, 8, 3},   {13, 18, 3},
                                              {1, 1, 1}, {33, 17, 1}, {16, 16, 2}};
    if (size < 1)
        return 0;
    const pnas_image_shape *shape = &shapes[data[0] % (sizeof shapes / sizeof *shapes)];
    size_t bytes = (size_t)shape->height * (size_t)shape->width * (size_t)shape->channels;
    uint8_t *first = malloc(bytes), *second = malloc(bytes);
    memset(first, 0, bytes);
    memset(second, 255, bytes);
    pnas_status status = pnas_encoded_image_decode(data + 1, size - 1, shape, first);
    if (status != pnas_encoded_image_decode(data + 1, size - 1, shape, second))
        abort();
    if (status == PNAS_OK ? memcmp(first, second, bytes) != 0 : status != PNAS_ERROR_DATA || !*pnas_message())
        abort();
    free(first);
    free(second);
    return 0;
}
