#include "io/data/encoded_image.h"

#include "io/data/jpeg_failure.h"

#include <assert.h>
#include <stdlib.h>

#define BLOCK      8         /* a side of libjpeg's */
#define HEAD_MOST  (1 << 20) /* tables, and what cameras and programs write before the pixels */
#define BYTES_MOST 2         /* of a value, at the best quality and of noise */

size_t pnas_encoded_image_most(const pnas_image_shape *shape)
{
    size_t height = ((size_t)shape->height + BLOCK - 1) / BLOCK * BLOCK;
    size_t width = ((size_t)shape->width + BLOCK - 1) / BLOCK * BLOCK;
    return height * width * (size_t)shape->channels * BYTES_MOST + HEAD_MOST;
}

static pnas_status check_channels(const pnas_image_shape *shape)
{
    PNAS_CHECK(shape->channels == 1 || shape->channels == 3, PNAS_ERROR_DATA,
               "a JPEG has 1 or 3 channels, not %d", shape->channels);
    return PNAS_OK;
}

/* --- encoding --- */

/* A decoder that smooths coarse colours has nothing to smooth here. */
static void encode(struct jpeg_compress_struct *jpeg, const pnas_image_shape *shape, int quality,
                   const uint8_t *pixels)
{
    size_t row = (size_t)shape->width * (size_t)shape->channels;
    jpeg->image_height = (JDIMENSION)shape->height;
    jpeg->image_width = (JDIMENSION)shape->width;
    jpeg->input_components = shape->channels;
    jpeg->in_color_space = shape->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, quality, TRUE);
    jpeg->dct_method = JDCT_ISLOW;
    jpeg->optimize_coding = TRUE;
    for (int i = 0; i < jpeg->num_components; ++i)
        jpeg->comp_info[i].h_samp_factor = jpeg->comp_info[i].v_samp_factor = 1;
    jpeg_start_compress(jpeg, TRUE);
    while (jpeg->next_scanline < jpeg->image_height) {
        JSAMPROW at = (JSAMPROW)pixels + jpeg->next_scanline * row;
        jpeg_write_scanlines(jpeg, &at, 1);
    }
    jpeg_finish_compress(jpeg);
}

pnas_status pnas_encoded_image_make(const pnas_image_shape *shape, int quality, const uint8_t *pixels,
                                    uint8_t **out, size_t *size)
{
    pnas_jpeg_failure failure;
    struct jpeg_compress_struct jpeg = {.err = pnas_jpeg_failure_begin(&failure)};
    unsigned long room = pnas_encoded_image_most(shape);
    assert(quality >= 1 && quality <= 100);
    *out = NULL;
    *size = 0;
    PNAS_TRY(check_channels(shape));
    uint8_t *bytes = malloc(room); /* enough, so that libjpeg makes no room of its own */
    unsigned char *end = bytes;
    PNAS_CHECK(bytes, PNAS_ERROR_MEMORY, "no memory for an image of %d x %d pixels", shape->height,
               shape->width);
    if (setjmp(failure.jump)) {
        jpeg_destroy_compress(&jpeg);
        free(bytes);
        return pnas_fail(PNAS_ERROR_INTERNAL, "an image of %d x %d pixels cannot be encoded: %s",
                         shape->height, shape->width, failure.message);
    }
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &end, &room);
    encode(&jpeg, shape, quality, pixels);
    jpeg_destroy_compress(&jpeg);
    assert(end == bytes);
    *out = realloc(bytes, room);
    *out = *out ? *out : bytes;
    *size = room;
    return PNAS_OK;
}

/* --- decoding --- */

/* Before there is any work for its pixels. */
static pnas_status check_head(struct jpeg_decompress_struct *jpeg, const pnas_image_shape *shape)
{
    PNAS_CHECK(jpeg->image_height == (JDIMENSION)shape->height &&
                   jpeg->image_width == (JDIMENSION)shape->width && jpeg->num_components == shape->channels,
               PNAS_ERROR_DATA, "is %u x %u x %d; %d x %d x %d are wanted (height x width x channels)",
               jpeg->image_height, jpeg->image_width, jpeg->num_components, shape->height, shape->width,
               shape->channels);
    PNAS_CHECK(!jpeg->progressive_mode && !jpeg->arith_code && !jpeg_has_multiple_scans(jpeg),
               PNAS_ERROR_DATA, "is no baseline JPEG in one scan");
    return PNAS_OK;
}

static void decode_rows(struct jpeg_decompress_struct *jpeg, uint8_t *out)
{
    size_t row = (size_t)jpeg->output_width * (size_t)jpeg->output_components;
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW at = out + jpeg->output_scanline * row;
        jpeg_read_scanlines(jpeg, &at, 1);
    }
    jpeg_finish_decompress(jpeg);
}

static pnas_status decode(struct jpeg_decompress_struct *jpeg, const uint8_t *bytes, size_t size,
                          const pnas_image_shape *shape, uint8_t *out)
{
    jpeg_create_decompress(jpeg);
    jpeg_mem_src(jpeg, bytes, size);
    jpeg_read_header(jpeg, TRUE);
    PNAS_TRY(check_head(jpeg, shape));
    jpeg->out_color_space = shape->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg->dct_method = JDCT_ISLOW;
    jpeg->do_fancy_upsampling = FALSE;
    jpeg->do_block_smoothing = FALSE;
    jpeg_start_decompress(jpeg);
    decode_rows(jpeg, out);
    PNAS_CHECK(jpeg->src->bytes_in_buffer == 0, PNAS_ERROR_DATA, "has %zu bytes behind its end",
               jpeg->src->bytes_in_buffer);
    return PNAS_OK;
}

/* Nothing that is changed between the two is read after a jump. */
pnas_status pnas_encoded_image_decode(const uint8_t *bytes, size_t size, const pnas_image_shape *shape,
                                      uint8_t *out)
{
    pnas_jpeg_failure failure;
    struct jpeg_decompress_struct jpeg = {.err = pnas_jpeg_failure_begin(&failure)};
    PNAS_TRY(check_channels(shape));
    PNAS_CHECK(size > 0 && size <= pnas_encoded_image_most(shape), PNAS_ERROR_DATA,
               "has %zu bytes; 1 to %zu are expected", size, pnas_encoded_image_most(shape));
    if (setjmp(failure.jump)) {
        jpeg_destroy_decompress(&jpeg);
        return pnas_fail(PNAS_ERROR_DATA, "is a damaged JPEG: %s", failure.message);
    }
    pnas_status status = decode(&jpeg, bytes, size, shape, out);
    jpeg_destroy_decompress(&jpeg);
    return status;
}
