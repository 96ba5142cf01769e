#include "cl/train/child_epoch.h"

#include "cl/ops/op_augment.h"
#include "cl/runtime/cl_error.h"
#include "cl/runtime/event_wait.h"
#include "cl/train/child_group.h"
#include "cl/train/image_order.h"
#include "cl/train/image_stream.h"
#include "src/base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BATCHES_IN_FLIGHT = 2, BATCHES_BETWEEN_LOSS_CHECKS = 50 };

static void augment(const pnas_training_options *training, const pnas_sample_set *samples,
                    pnas_stream *stream, cl_int *record)
{
    if (training->pad > 0 && !pnas_augmentation_crops(training)) {
        uint32_t shifts = 2 * (uint32_t)training->pad + 1;
        record[PNAS_RECORD_SHIFT_Y] = (cl_int)pnas_stream_below(stream, shifts) - training->pad;
        record[PNAS_RECORD_SHIFT_X] = (cl_int)pnas_stream_below(stream, shifts) - training->pad;
    }
    if (training->flip)
        record[PNAS_RECORD_FLIP] = (cl_int)pnas_stream_below(stream, 2);
    if (training->cutout >
        0) { /* centred on any pixel, so that it may hang over an edge (DeVries and Taylor 2017) */
        record[PNAS_RECORD_CUT_SIDE] = training->cutout;
        record[PNAS_RECORD_CUT_TOP] =
            (cl_int)pnas_stream_below(stream, (uint32_t)samples->height) - training->cutout / 2;
        record[PNAS_RECORD_CUT_LEFT] =
            (cl_int)pnas_stream_below(stream, (uint32_t)samples->width) - training->cutout / 2;
    }
}

static pnas_status upload(pnas_child_plan *plan, const pnas_batch_stream *stream, const cl_int *records)
{
    size_t bytes = (size_t)stream->period * (size_t)plan->options.batch * PNAS_RECORD_INTS * sizeof *records;
    return pnas_slice_write(plan->cl, stream->records, 0, bytes, records);
}

/* --- mixing --- */

static cl_int float_bits(double value)
{
    cl_int bits;
    memcpy(&bits, &(cl_float){(cl_float)value}, sizeof bits);
    return bits;
}

/* A rectangle of 1 - share of the image around any of its pixels, cut where it hangs over an edge; returns the
 * share that it leaves (Yun et al. 2019). */
static double cut_rectangle(pnas_stream *stream, int height, int width, double share, cl_int *mix)
{
    double side = sqrt(1 - share);
    int h = (int)(height * side), w = (int)(width * side);
    int top = (int)pnas_stream_below(stream, (uint32_t)height) - h / 2, bottom = top + h;
    int left = (int)pnas_stream_below(stream, (uint32_t)width) - w / 2, right = left + w;
    mix[PNAS_MIX_TOP] = top > 0 ? top : 0;
    mix[PNAS_MIX_LEFT] = left > 0 ? left : 0;
    mix[PNAS_MIX_HEIGHT] = (bottom < height ? bottom : height) - mix[PNAS_MIX_TOP];
    mix[PNAS_MIX_WIDTH] = (right < width ? right : width) - mix[PNAS_MIX_LEFT];
    return 1 - (double)mix[PNAS_MIX_HEIGHT] * mix[PNAS_MIX_WIDTH] / ((double)height * width);
}

static void draw_mix(const pnas_training_options *training, const pnas_sample_set *samples,
                     pnas_stream *stream, cl_int *mix)
{
    bool cut = training->cutmix > 0;
    if (cut && training->mixup > 0)
        cut = pnas_stream_below(stream, 2);
    double share = pnas_stream_beta(stream, cut ? training->cutmix : training->mixup), label = share;
    if (cut)
        label = cut_rectangle(stream, samples->height, samples->width, share, mix);
    mix[PNAS_MIX_IMAGE_SHARE] = float_bits(cut ? 1 : share);
    mix[PNAS_MIX_LABEL_SHARE] = float_bits(label);
}

/* The other image of each mix: any of the same batch, shown as it is shown there. */
static pnas_status write_mixes(pnas_child_plan *plan, const pnas_sample_set *samples, const cl_int *records,
                               uint64_t hash, int epoch)
{
    const pnas_training_options *training = plan->options.training;
    size_t batch = (size_t)plan->options.batch, count = (size_t)plan->train.period * batch;
    bool mixed = training->mix_until == 0 || epoch < training->mix_until;
    cl_int *mixes = calloc(count * PNAS_MIX_INTS, sizeof *mixes);
    PNAS_CHECK(mixes, PNAS_ERROR_MEMORY, "no memory for %zu mixed images", count);
    pnas_stream stream = pnas_stream_make(training->seed, PNAS_STREAM_MIX, hash, (uint32_t)epoch);
    for (size_t i = 0; i < count; ++i) {
        cl_int *mix = mixes + i * PNAS_MIX_INTS;
        size_t other = mixed ? i - i % batch + pnas_stream_below(&stream, (uint32_t)batch) : i;
        memcpy(mix, records + other * PNAS_RECORD_INTS, PNAS_RECORD_INTS * sizeof *mix);
        mix[PNAS_MIX_IMAGE_SHARE] = mix[PNAS_MIX_LABEL_SHARE] = float_bits(1);
        if (mixed)
            draw_mix(training, samples, &stream, mix);
    }
    pnas_status status =
        pnas_slice_write(plan->cl, plan->train.mixes, 0, count * PNAS_MIX_INTS * sizeof *mixes, mixes);
    free(mixes);
    return status;
}

/* --- recipes --- */

/* Their images become places 0 .. batch - 1 of what a step shows, which is what records name from then on. */
static pnas_status write_recipes(pnas_child_plan *plan, const pnas_sample_set *samples, cl_int *records,
                                 uint64_t hash, int epoch)
{
    const pnas_training_options *training = plan->options.training;
    size_t batch = (size_t)plan->options.batch, count = (size_t)plan->train.period * batch;
    cl_int *recipes = calloc(count * PNAS_RECIPE_INTS, sizeof *recipes);
    PNAS_CHECK(recipes, PNAS_ERROR_MEMORY, "no memory for %zu augmented images", count);
    pnas_stream stream = pnas_stream_make(training->seed, PNAS_STREAM_RESAMPLE, hash, (uint32_t)epoch);
    for (size_t i = 0; i < count; ++i) {
        cl_int *image = &records[i * PNAS_RECORD_INTS + PNAS_RECORD_IMAGE];
        pnas_augmentation drawn;
        pnas_augmentation_draw(training, samples->height, samples->width, &stream, &drawn);
        pnas_recipe_write(&drawn, *image, recipes + i * PNAS_RECIPE_INTS);
        *image = (cl_int)(i % batch);
    }
    pnas_status status = pnas_slice_write(plan->cl, plan->train.recipes, 0,
                                          count * PNAS_RECIPE_INTS * sizeof *recipes, recipes);
    free(recipes);
    return status;
}

/* --- drop-path --- */

/* One step's bits from `kept` on, which are zero. */
static void draw_paths(const pnas_child_plan *plan, pnas_stream *stream, int step, cl_uint *kept)
{
    const pnas_training_options *training = plan->options.training;
    int paths = plan->graph->drop_paths, cells = pnas_network_cells(&plan->graph->options);
    int steps = training->epochs * plan->options.train_steps;
    for (int n = 0; n < plan->options.batch; ++n, kept += pnas_drop_words(paths))
        for (int p = 0; p < paths; ++p) {
            double keep = pnas_schedule_keep(training->drop_path, p * cells / paths, cells, step, steps);
            if (pnas_stream_uniform(stream) < keep)
                kept[p / 32] |= 1U << p % 32;
        }
}

static pnas_status write_paths(pnas_child_plan *plan, uint64_t hash, int epoch)
{
    size_t step_words = (size_t)plan->options.batch * pnas_drop_words(plan->graph->drop_paths);
    size_t bytes = (size_t)plan->train.period * step_words * sizeof(cl_uint);
    cl_uint *kept = calloc(1, bytes);
    PNAS_CHECK(kept, PNAS_ERROR_MEMORY, "no memory for the paths of %d batches", plan->train.period);
    pnas_stream stream =
        pnas_stream_make(plan->options.training->seed, PNAS_STREAM_DROP_PATH, hash, (uint32_t)epoch);
    for (int b = 0; b < plan->train.period; ++b)
        draw_paths(plan, &stream, epoch * plan->train.period + b, kept + (size_t)b * step_words);
    pnas_status status = pnas_slice_write(plan->cl, plan->train.kept, 0, bytes, kept);
    free(kept);
    return status;
}

/* --- records --- */

/* Where image i of the order lies on the device. */
static cl_int place_of(const pnas_child_plan *plan, size_t i, uint32_t image)
{
    return (cl_int)(plan->options.stream ? i % (size_t)plan->options.batch : image);
}

pnas_status pnas_epoch_write_training(pnas_child_plan *plan, const pnas_sample_set *samples, uint64_t hash,
                                      int epoch)
{
    const pnas_training_options *training = plan->options.training;
    size_t count = (size_t)plan->train.period * (size_t)plan->options.batch;
    uint32_t *order = malloc(samples->train_count * sizeof *order);
    cl_int *records = calloc(count * PNAS_RECORD_INTS, sizeof *records);
    pnas_status status = PNAS_OK;
    PNAS_CHECK_CLEANUP(order && records, PNAS_ERROR_MEMORY, "no memory for the order of %zu images",
                       samples->train_count);
    memcpy(order, samples->train, samples->train_count * sizeof *order);
    pnas_stream shuffle = pnas_stream_make(training->seed, PNAS_STREAM_SHUFFLE, hash, (uint32_t)epoch);
    PNAS_TRY_CLEANUP(pnas_image_order(&shuffle, order, samples->train_count, samples->window));
    if (plan->options.stream)
        PNAS_TRY_CLEANUP(pnas_image_stream_begin(plan->options.stream, order, count));
    pnas_stream draws = pnas_stream_make(training->seed, PNAS_STREAM_AUGMENT, hash, (uint32_t)epoch);
    for (size_t i = 0; i < count; ++i) {
        cl_int *record = records + i * PNAS_RECORD_INTS;
        record[PNAS_RECORD_IMAGE] = place_of(plan, i, order[i]);
        record[PNAS_RECORD_LABEL] = samples->labels[order[i]];
        augment(training, samples, &draws, record);
    }
    if (plan->train.recipes.buffer)
        PNAS_TRY_CLEANUP(write_recipes(plan, samples, records, hash, epoch));
    PNAS_TRY_CLEANUP(upload(plan, &plan->train, records));
    if (plan->train.mixes.buffer)
        PNAS_TRY_CLEANUP(write_mixes(plan, samples, records, hash, epoch));
    if (plan->train.kept.buffer)
        status = write_paths(plan, hash, epoch);
cleanup:
    free(order);
    free(records);
    return status;
}

pnas_status pnas_epoch_write_validation(pnas_child_plan *plan, const pnas_sample_set *samples)
{
    size_t count = (size_t)plan->validation.period * (size_t)plan->options.batch;
    cl_int *records = calloc(count * PNAS_RECORD_INTS, sizeof *records);
    PNAS_CHECK(records, PNAS_ERROR_MEMORY, "no memory for %zu records", count);
    for (size_t i = 0; i < count; ++i) {
        cl_int *record = records + i * PNAS_RECORD_INTS;
        bool real = i < samples->validation_count;
        record[PNAS_RECORD_IMAGE] = place_of(plan, i, samples->validation[real ? i : 0]);
        record[PNAS_RECORD_LABEL] = real ? samples->labels[samples->validation[i]] : -1;
    }
    pnas_status status = upload(plan, &plan->validation, records);
    free(records);
    return status;
}

pnas_status pnas_epoch_begin_validation(pnas_child_plan *plan, const pnas_sample_set *samples)
{
    return plan->options.stream
               ? pnas_image_stream_begin(plan->options.stream, samples->validation, samples->validation_count)
               : PNAS_OK;
}

/* A batch's valid records: all, but for the last one of an evaluation. */
static size_t batch_images(const pnas_child_plan *plan, size_t images, int batch)
{
    size_t before = (size_t)batch * (size_t)plan->options.batch;
    size_t left = images - before;
    return left < (size_t)plan->options.batch ? left : (size_t)plan->options.batch;
}

pnas_status pnas_epoch_bring_images(pnas_child_plan *plan, size_t images, int batch)
{
    size_t first = (size_t)batch * (size_t)plan->options.batch;
    return plan->options.stream
               ? pnas_image_stream_upload(plan->options.stream, first, batch_images(plan, images, batch))
               : PNAS_OK;
}

static pnas_status check_loss(pnas_child_plan *plan, const pnas_batch_stream *stream, int batch)
{
    float metrics[2];
    PNAS_TRY(
        pnas_slice_read(plan->cl, stream->metrics, (size_t)batch * sizeof metrics, sizeof metrics, metrics));
    PNAS_CHECK(isfinite(metrics[0]), PNAS_ERROR_DIVERGED,
               "the loss became %g; a lower training.learning_rate or training.clip_norm may help",
               (double)metrics[0]);
    return PNAS_OK;
}

static pnas_status collect(pnas_child_plan *plan, const pnas_batch_stream *stream, size_t images,
                           pnas_epoch_result *out)
{
    size_t bytes = 2 * (size_t)stream->period * sizeof(float);
    float *metrics = malloc(bytes);
    PNAS_CHECK(metrics, PNAS_ERROR_MEMORY, "no memory for the metrics of %d batches", stream->period);
    pnas_status status = pnas_slice_read(plan->cl, stream->metrics, 0, bytes, metrics);
    double loss = 0, right = 0;
    for (int i = 0; status == PNAS_OK && i < stream->period; ++i) {
        loss += (double)metrics[2 * i] * (double)batch_images(plan, images, i);
        right += (double)metrics[2 * i + 1];
    }
    free(metrics);
    PNAS_TRY(status);
    *out = (pnas_epoch_result){loss / (double)images, right / (double)images};
    PNAS_CHECK(isfinite(out->loss), PNAS_ERROR_DIVERGED,
               "the loss became %g; a lower training.learning_rate or training.clip_norm may help",
               out->loss);
    return PNAS_OK;
}

/* One batch's launches, with those of the children of its group. */
static pnas_status run_batch(pnas_child_plan *plan, pnas_launch_list *list, cl_event *event)
{
    const pnas_child_plan_options *options = &plan->options;
    if (!options->group || !plan->joins) {
        PNAS_TRY(pnas_launch_run(plan->cl, list, event));
        return pnas_cl_status(clFlush(plan->cl->queue), "clFlush");
    }
    const pnas_recorded_list *recorded =
        list == &plan->step ? &plan->recorded_step : &plan->recorded_evaluation;
    return pnas_child_group_run(options->group, options->member, recorded, list, event);
}

pnas_status pnas_epoch_run(pnas_child_plan *plan, pnas_launch_list *list, const pnas_batch_stream *stream,
                           size_t images, int *batch, pnas_tick tick, void *payload, pnas_epoch_result *out)
{
    cl_event flight[BATCHES_IN_FLIGHT] = {NULL};
    pnas_status status = PNAS_OK;
    for (; *batch < stream->period; ++*batch) {
        cl_event *event = &flight[*batch % BATCHES_IN_FLIGHT];
        if (*event) {
            PNAS_TRY_CLEANUP(pnas_event_wait(plan->cl, *event));
            clReleaseEvent(*event);
            *event = NULL;
        }
        PNAS_TRY_CLEANUP(tick(payload));
        PNAS_TRY_CLEANUP(pnas_epoch_bring_images(plan, images, *batch));
        PNAS_TRY_CLEANUP(run_batch(plan, list, event));
        if (*batch % BATCHES_BETWEEN_LOSS_CHECKS == BATCHES_BETWEEN_LOSS_CHECKS - 1)
            PNAS_TRY_CLEANUP(check_loss(plan, stream, *batch));
    }
    status = collect(plan, stream, images, out);
cleanup:
    for (int i = 0; i < BATCHES_IN_FLIGHT; ++i)
        if (flight[i])
            clReleaseEvent(flight[i]);
    return status;
}
