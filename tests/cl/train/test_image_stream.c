/* Images that come to the device step by step: the right ones, in any order and from any place on, and a training with
 * them that is to the bit the one with all images on the device. And the order in which an epoch shows them. */
#include "cl/train/child_trainer.h"
#include "cl/train/image_order.h"
#include "cl/train/image_stream.h"
#include "src/search/cell_text.h"
#include "src/search/result.h"
#include "tests/cl/test_device.h"
#include "tests/cl/train/tiny_images.h"
#include "tests/cl/train/tiny_training.h"

#include <string.h>

TestSuite(image_stream, .timeout = 240);

/* --- the order --- */

enum { IMAGES = 1003, WINDOW = 96 };

static void number(uint32_t *image, size_t count)
{
    for (size_t i = 0; i < count; ++i)
        image[i] = (uint32_t)(3 * i);
}

static void shuffle(uint32_t *image, uint32_t step, size_t window)
{
    pnas_stream stream = pnas_stream_make(5, PNAS_STREAM_SHUFFLE, 17, step);
    number(image, IMAGES);
    cr_assert_eq(pnas_image_order(&stream, image, IMAGES, window), PNAS_OK);
}

Test(image_stream, without_a_window_the_order_is_that_of_a_plain_shuffle)
{
    uint32_t whole[IMAGES], wide[IMAGES], plain[IMAGES];
    pnas_stream stream = pnas_stream_make(5, PNAS_STREAM_SHUFFLE, 17, 1);
    number(plain, IMAGES);
    pnas_stream_shuffle(&stream, plain, IMAGES);
    shuffle(whole, 1, 0);
    shuffle(wide, 1, IMAGES);
    cr_expect_arr_eq(whole, plain, sizeof plain);
    cr_expect_arr_eq(wide, plain, sizeof plain);
}

Test(image_stream, a_window_holds_whole_runs_and_every_image_comes_once)
{
    uint32_t order[IMAGES], other[IMAGES];
    int seen[IMAGES] = {0}, moved = 0, runs = 0;
    shuffle(order, 1, WINDOW);
    shuffle(other, 2, WINDOW);
    for (size_t i = 0; i < IMAGES; ++i) {
        ++seen[order[i] / 3];
        moved += order[i] != other[i];
    }
    for (size_t i = 0; i < IMAGES; ++i)
        cr_expect_eq(seen[i], 1, "image %zu", i);
    cr_expect_gt(moved, IMAGES / 2, "each step has an order of its own");
    bool touched[IMAGES / (WINDOW / 16) + 1] = {false};
    for (size_t i = 0; i < WINDOW; ++i) {
        size_t run = order[i] / 3 / (WINDOW / 16);
        runs += !touched[run];
        touched[run] = true;
    }
    cr_expect_leq(runs, 17, "a window of 16 runs shows images of %d",
                  runs); /* 17: with the short one at the end */
}

/* --- the stream --- */

enum { BYTES = 12, BATCH = 8 };

typedef struct {
    int reads, fails_at;
} fake_file;

/* Image i is bytes of i, i + 1, ... */
static pnas_status read_fake(void *payload, const uint32_t *image, size_t count, uint8_t *out)
{
    fake_file *file = payload;
    if (++file->reads == file->fails_at)
        return pnas_fail(PNAS_ERROR_FILE, "fake.h5: is gone");
    for (size_t i = 0; i < count; ++i)
        for (size_t k = 0; k < BYTES; ++k)
            out[i * BYTES + k] = (uint8_t)(image[i] + k);
    return PNAS_OK;
}

static void expect_images(pnas_cl *cl, pnas_image_stream *stream, const uint32_t *order, size_t first,
                          size_t count)
{
    uint8_t found[BATCH * BYTES];
    cr_assert_eq(pnas_image_stream_upload(stream, first, count), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_buffer_read(cl, pnas_image_stream_pixels(stream), 0, count * BYTES, found), PNAS_OK);
    for (size_t i = 0; i < count * BYTES; ++i)
        cr_assert_eq(found[i], (uint8_t)(order[first + i / BYTES] + i % BYTES), "byte %zu from image %zu on",
                     i, first);
}

static pnas_image_stream *make_stream(pnas_cl *cl, fake_file *file, size_t window)
{
    pnas_image_stream *stream = NULL;
    const pnas_image_stream_options options = {{file, read_fake}, BYTES, window, BATCH};
    cr_assert_eq(pnas_image_stream_create(cl, &options, &stream), PNAS_OK, "%s", pnas_message());
    return stream;
}

Test(image_stream, images_come_in_any_order_and_from_any_place_on)
{
    enum { COUNT = 101 };
    pnas_cl *cl = test_device_open(0);
    uint32_t order[COUNT];
    for (size_t window = 1; window <= 128;
         window = window * 3 + 2) { /* also smaller than a batch, and larger than all */
        fake_file file = {0};
        pnas_image_stream *stream = make_stream(cl, &file, window);
        for (uint32_t epoch = 0; epoch < 3; ++epoch) {
            for (uint32_t i = 0; i < COUNT; ++i)
                order[i] = (i * 37 + epoch) % COUNT;
            cr_assert_eq(pnas_image_stream_begin(stream, order, COUNT), PNAS_OK);
            for (size_t first = epoch == 1 ? 56 : 0; first < COUNT; first += BATCH) /* or continued */
                expect_images(cl, stream, order, first, COUNT - first < BATCH ? COUNT - first : BATCH);
            expect_images(cl, stream, order, 3, BATCH);
        }
        pnas_image_stream_destroy(&stream);
    }
    test_device_close(&cl);
}

Test(image_stream, what_its_source_says_is_said_and_a_new_order_tries_again)
{
    pnas_cl *cl = test_device_open(0);
    fake_file file = {.fails_at = 3};
    uint32_t order[64];
    pnas_image_stream *stream = make_stream(cl, &file, 16);
    for (uint32_t i = 0; i < 64; ++i)
        order[i] = i;
    cr_assert_eq(pnas_image_stream_begin(stream, order, 64), PNAS_OK);
    expect_images(cl, stream, order, 0, BATCH);
    pnas_status status = PNAS_OK;
    for (size_t first = BATCH; first < 64 && status == PNAS_OK; first += BATCH)
        status = pnas_image_stream_upload(stream, first, BATCH);
    cr_expect_eq(status, PNAS_ERROR_FILE);
    cr_expect_str_eq(pnas_message(), "fake.h5: is gone");
    cr_assert_eq(pnas_image_stream_begin(stream, order, 64), PNAS_OK);
    expect_images(cl, stream, order, 40, BATCH);
    pnas_image_stream_destroy(&stream);
    test_device_close(&cl);
}

/* --- training with it --- */

static pnas_status read_tiny(void *payload, const uint32_t *image, size_t count, uint8_t *out)
{
    const tiny_images *tiny = payload;
    size_t bytes = (size_t)tiny->set.height * (size_t)tiny->set.width * (size_t)tiny->set.channels;
    for (size_t i = 0; i < count; ++i)
        memcpy(out + i * bytes, tiny->images + image[i] * bytes, bytes);
    return PNAS_OK;
}

/* The accuracy and history of one child, in a lane of the trainer or not. */
static pnas_result train_child(pnas_cl *cl, const pnas_image_set *set, bool in_lane)
{
    pnas_trainer_options options = {
        .network = tiny_network, .training = tiny_training, .fault = {.rank = -1}};
    pnas_trainer *first = NULL, *lane = NULL;
    pnas_job job = {.level = 1};
    pnas_result result;
    options.training.mixup = 0.3;
    options.training.crop_area = 0.4;
    options.training.saturation = 0.5;
    pnas_operator_set_paper(&options.operators);
    cr_assert_eq(pnas_cell_parse("-1:sep3+-2:max3", &options.operators, &job.cell), PNAS_OK);
    cr_assert_eq(pnas_trainer_create(cl, &options, set, &first), PNAS_OK, "%s", pnas_message());
    if (in_lane)
        cr_assert_eq(pnas_trainer_create_lane(first, cl, &lane), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_trainer_evaluate(in_lane ? lane : first, &job, NULL, NULL, &result), PNAS_OK, "%s",
                 pnas_message());
    cr_assert_eq(result.status, PNAS_CHILD_DONE, "%s", result.error);
    pnas_trainer_destroy(&lane);
    pnas_trainer_destroy(&first);
    return result;
}

static void expect_same(pnas_result *a, pnas_result *b, const char *what)
{
    cr_expect_eq(a->accuracy, b->accuracy, "%s: %.9g and %.9g", what, a->accuracy, b->accuracy);
    cr_expect_arr_eq(a->history, b->history, (size_t)tiny_training.epochs * PNAS_METRICS * sizeof *a->history,
                     "%s", what);
    pnas_result_clear(b);
}

Test(image_stream, a_child_learns_the_same_wherever_its_images_lie)
{
    pnas_cl *cl = test_device_open(0);
    tiny_images tiny = tiny_images_make(8, 3, 150, 41);
    tiny.set.window = 40;
    pnas_result resident = train_child(cl, &tiny.set, false);
    tiny.set.room = 1; /* of the device; the host has them */
    pnas_result streamed = train_child(cl, &tiny.set, false);
    expect_same(&resident, &streamed, "from memory");
    tiny.set.images = NULL;
    tiny.set.source = (pnas_image_source){&tiny, read_tiny};
    streamed = train_child(cl, &tiny.set, false);
    expect_same(&resident, &streamed, "from a file");
    streamed = train_child(cl, &tiny.set, true);
    expect_same(&resident, &streamed, "in a lane");
    pnas_result_clear(&resident);
    tiny_images_free(&tiny);
    test_device_close(&cl);
}
