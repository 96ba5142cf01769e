/* Training in shards: one shard is the training of a child, and what was stopped goes on with the same bits. */
#include "cl/train/child_trainer.h"
#include "cl/train/shard_trainer.h"
#include "src/search/cell_text.h"
#include "src/search/result.h"
#include "tests/cl/test_device.h"
#include "tests/cl/train/tiny_images.h"
#include "tests/cl/train/tiny_training.h"

#include <math.h>
#include <string.h>

TestSuite(shard_trainer, .timeout = 240);

enum { EPOCHS = 2 };

static pnas_shard_trainer_options tiny_options(int shards)
{
    pnas_shard_trainer_options options = {.network = tiny_network, .training = tiny_training};
    options.training.epochs = EPOCHS;
    options.training.shards = shards;
    options.training.accumulate = 1;
    pnas_operator_set_paper(&options.operators);
    cr_assert_eq(pnas_cell_parse("-1:sep3+-2:max3", &options.operators, &options.cell), PNAS_OK);
    return options;
}

static pnas_shard_trainer *open_trainer(pnas_cl *cl, const pnas_shard_trainer_options *options,
                                        const tiny_images *tiny)
{
    pnas_shard_trainer *trainer = NULL;
    cr_assert_eq(pnas_shard_trainer_create(cl, options, &tiny->set, NULL, NULL, &trainer), PNAS_OK, "%s",
                 pnas_message());
    return trainer;
}

/* Shards one after another, added in their order. */
static pnas_shard_figures update(pnas_shard_trainer *trainer, int epoch, int index)
{
    pnas_shard_counts counts = pnas_shard_trainer_counts(trainer);
    float *all = calloc(counts.values, sizeof *all), *one = malloc(counts.values * sizeof *one);
    pnas_shard_figures figures;
    cr_assert(all && one);
    for (int shard = 0; shard < counts.shards; ++shard) {
        cr_assert_eq(pnas_shard_trainer_run(trainer, epoch, index, shard, one, NULL, NULL), PNAS_OK, "%s",
                     pnas_message());
        for (size_t i = 0; i < counts.values; ++i)
            all[i] += one[i];
    }
    cr_assert_eq(pnas_shard_trainer_update(trainer, all, &figures), PNAS_OK, "%s", pnas_message());
    free(all);
    free(one);
    return figures;
}

static pnas_shard_figures train_epoch(pnas_shard_trainer *trainer, int epoch, int from)
{
    int updates = pnas_shard_trainer_counts(trainer).updates;
    pnas_shard_figures mean = {0};
    cr_assert_eq(pnas_shard_trainer_begin(trainer, epoch), PNAS_OK);
    for (int i = from; i < updates; ++i) {
        pnas_shard_figures one = update(trainer, epoch, i);
        mean.loss += one.loss / updates;
        mean.accuracy += one.accuracy / updates;
    }
    return mean;
}

static pnas_shard_figures evaluate(pnas_shard_trainer *trainer, bool average)
{
    float metrics[2 * 64];
    int batches = pnas_shard_trainer_counts(trainer).evaluations, half = batches / 2;
    cr_assert_leq(batches, 64);
    cr_assert_eq(pnas_shard_trainer_evaluate(trainer, average, half, batches - half, NULL, NULL, metrics),
                 PNAS_OK);
    cr_assert_eq(pnas_shard_trainer_evaluate(trainer, average, 0, half, NULL, NULL, metrics), PNAS_OK);
    return pnas_shard_trainer_figures(trainer, metrics);
}

Test(shard_trainer, one_shard_is_the_training_of_a_child)
{
    tiny_images tiny = tiny_images_make(8, 1, 160, 41);
    pnas_shard_trainer_options options = tiny_options(1);
    const pnas_trainer_options whole = {
        .operators = options.operators, .network = options.network, .training = options.training};
    pnas_cl *cl = test_device_open(0);
    pnas_trainer *child = NULL;
    pnas_result result;
    const pnas_job job = {.level = 1, .cell = options.cell};
    cr_assert_eq(pnas_trainer_create(cl, &whole, &tiny.set, &child), PNAS_OK);
    cr_assert_eq(pnas_trainer_evaluate(child, &job, NULL, NULL, &result), PNAS_OK, "%s", pnas_message());
    pnas_shard_trainer *trainer = open_trainer(cl, &options, &tiny);
    for (int epoch = 0; epoch < EPOCHS; ++epoch) {
        const float *row = result.history + (size_t)epoch * PNAS_METRICS;
        pnas_shard_figures train = train_epoch(trainer, epoch, 0), held = evaluate(trainer, false);
        cr_expect_float_eq(train.loss, (double)row[PNAS_METRIC_TRAIN_LOSS], 1e-6);
        cr_expect_float_eq(train.accuracy, (double)row[PNAS_METRIC_TRAIN_ACCURACY], 1e-6);
        cr_expect_float_eq(held.loss, (double)row[PNAS_METRIC_VALIDATION_LOSS], 1e-5);
        cr_expect_float_eq(held.accuracy, (double)row[PNAS_METRIC_VALIDATION_ACCURACY], 1e-6);
    }
    pnas_result_clear(&result);
    pnas_shard_trainer_destroy(&trainer);
    pnas_trainer_destroy(&child);
    pnas_cl_destroy(&cl);
    tiny_images_free(&tiny);
}

static void assert_same_tensors(const pnas_named_tensor *a, const pnas_named_tensor *b, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        size_t values = 1;
        for (int d = 0; d < a[i].rank; ++d)
            values *= a[i].shape[d];
        cr_assert_str_eq(a[i].name, b[i].name);
        cr_assert_arr_eq(a[i].data, b[i].data, values * sizeof(float), "%s", a[i].name);
    }
}

static void assert_same_network(pnas_shard_trainer *a, pnas_shard_trainer *b, bool average)
{
    pnas_named_tensor *of_a = NULL, *of_b = NULL;
    size_t count_a = 0, count_b = 0;
    cr_assert_eq(pnas_shard_trainer_weights(a, average, &of_a, &count_a), PNAS_OK);
    cr_assert_eq(pnas_shard_trainer_weights(b, average, &of_b, &count_b), PNAS_OK);
    cr_assert_eq(count_a, count_b);
    assert_same_tensors(of_a, of_b, count_a);
    pnas_shard_tensors_free(&of_a, count_a);
    pnas_shard_tensors_free(&of_b, count_b);
}

/* Another trainer in the place where `from` stands, after `updates` updates. */
static void resume(pnas_shard_trainer *from, pnas_shard_trainer *to, int updates)
{
    pnas_named_tensor *weights = NULL, *moments = NULL, *average = NULL, all[512];
    size_t count = 0, moment_count = 0, average_count = 0;
    cr_assert_eq(pnas_shard_trainer_weights(from, false, &weights, &count), PNAS_OK);
    cr_assert_eq(pnas_shard_trainer_weights(from, true, &average, &average_count), PNAS_OK);
    cr_assert_eq(pnas_shard_trainer_moments(from, &moments, &moment_count), PNAS_OK);
    cr_assert_leq(count + moment_count, 512);
    memcpy(all, weights, count * sizeof *all);
    memcpy(all + count, moments, moment_count * sizeof *all);
    cr_assert_eq(pnas_shard_trainer_resume(to, updates, all, count, average, average_count), PNAS_ERROR_DATA,
                 "without moments it cannot go on");
    cr_assert_eq(pnas_shard_trainer_resume(to, updates, all, count + moment_count, average, average_count),
                 PNAS_OK, "%s", pnas_message());
    pnas_shard_tensors_free(&weights, count);
    pnas_shard_tensors_free(&moments, moment_count);
    pnas_shard_tensors_free(&average, average_count);
}

static void check_resume(pnas_optimizer_kind optimizer)
{
    tiny_images tiny = tiny_images_make(8, 1, 100, 20);
    pnas_shard_trainer_options options = tiny_options(4);
    options.training.optimizer = optimizer;
    options.training.beta1 = 0.9;
    options.training.beta2 = 0.99;
    options.training.epsilon = 1e-8;
    options.training.accumulate = 2;
    options.training.average = 0.9;
    options.training.mixup = 0.3;
    pnas_cl *cl = test_device_open(0);
    pnas_shard_trainer *straight = open_trainer(cl, &options, &tiny);
    cr_assert_eq(pnas_shard_trainer_counts(straight).shards, 8);
    cr_assert_eq(pnas_shard_trainer_counts(straight).updates, 3);
    train_epoch(straight, 0, 0);
    cr_assert_eq(pnas_shard_trainer_begin(straight, 1), PNAS_OK);
    update(straight, 1, 0);
    pnas_shard_trainer *resumed = open_trainer(cl, &options, &tiny);
    resume(straight, resumed, 4);
    for (int i = 1; i < 3; ++i)
        update(straight, 1, i);
    train_epoch(resumed, 1, 1);
    assert_same_network(straight, resumed, false);
    assert_same_network(straight, resumed, true);
    pnas_shard_figures a = evaluate(straight, true), b = evaluate(resumed, true),
                       c = evaluate(straight, false);
    cr_expect_eq(a.loss, b.loss);
    cr_expect_neq(a.loss, c.loss);
    pnas_shard_trainer_destroy(&straight);
    pnas_shard_trainer_destroy(&resumed);
    pnas_cl_destroy(&cl);
    tiny_images_free(&tiny);
}

Test(shard_trainer, a_resumed_training_has_the_same_bits)
{
    check_resume(PNAS_OPTIMIZER_SGD);
}

Test(shard_trainer, a_resumed_training_with_adam_has_the_same_bits)
{
    check_resume(PNAS_OPTIMIZER_ADAM);
}

/* In double precision: average after t updates, d = min(decay, (1 + t) / (10 + t)). */
Test(shard_trainer, the_moving_average_follows_its_formula)
{
    tiny_images tiny = tiny_images_make(8, 1, 160, 20);
    pnas_shard_trainer_options options = tiny_options(2);
    options.training.average = 0.3; /* reached by the warm-up at the fourth update */
    pnas_cl *cl = test_device_open(0);
    pnas_shard_trainer *trainer = open_trainer(cl, &options, &tiny);
    pnas_named_tensor *tensors = NULL, *average = NULL;
    size_t count = 0;
    double expected[2];
    cr_assert_eq(pnas_shard_trainer_weights(trainer, false, &tensors, &count), PNAS_OK);
    const size_t which[2] = {0, count - 1}; /* the stem's weight and a running variance */
    for (int k = 0; k < 2; ++k)
        expected[k] = (double)tensors[which[k]].data[0];
    pnas_shard_tensors_free(&tensors, count);
    cr_assert_eq(pnas_shard_trainer_begin(trainer, 0), PNAS_OK);
    for (int t = 0; t < 8; ++t) {
        double decay = fmin(0.3, (1.0 + t) / (10.0 + t));
        update(trainer, 0, t);
        cr_assert_eq(pnas_shard_trainer_weights(trainer, false, &tensors, &count), PNAS_OK);
        cr_assert_eq(pnas_shard_trainer_weights(trainer, true, &average, &count), PNAS_OK);
        for (int k = 0; k < 2; ++k) {
            expected[k] = decay * expected[k] + (1 - decay) * (double)tensors[which[k]].data[0];
            cr_expect_float_eq((double)average[which[k]].data[0], expected[k],
                               1e-6 * (1 + fabs(expected[k])));
        }
        pnas_shard_tensors_free(&tensors, count);
        pnas_shard_tensors_free(&average, count);
    }
    pnas_shard_trainer_destroy(&trainer);
    pnas_cl_destroy(&cl);
    tiny_images_free(&tiny);
}

typedef struct {
    const float *sums, *whole;
    const size_t *begin;
    size_t values;
    int seen, calls;
} piece_watch;

/* Whatever is there is what it will be in the end, and nobody touches it any more. */
static pnas_status compare_pieces(void *payload, int there, bool *again)
{
    piece_watch *watch = payload;
    size_t first = there ? watch->begin[there - 1] : watch->values;
    cr_assert(there == watch->seen || there == watch->seen + 1);
    cr_assert_arr_eq(watch->sums + first, watch->whole + first, (watch->values - first) * sizeof(float),
                     "after %d pieces", there);
    watch->seen = there;
    ++watch->calls;
    *again = watch->calls % 2;
    return PNAS_OK;
}

Test(shard_trainer, pieces_are_complete_when_they_are_told)
{
    tiny_images tiny = tiny_images_make(8, 1, 40, 8);
    pnas_shard_trainer_options options = tiny_options(1);
    pnas_cl *cl = test_device_open(0);
    pnas_shard_trainer *trainer = open_trainer(cl, &options, &tiny);
    size_t values = pnas_shard_trainer_counts(trainer).values, *begin = NULL;
    float *whole = malloc(values * sizeof *whole), *sums = calloc(values, sizeof *sums);
    piece_watch watch = {.sums = sums, .whole = whole, .values = values};
    int pieces = 0;
    cr_assert(whole && sums);
    cr_assert_eq(pnas_shard_trainer_begin(trainer, 0), PNAS_OK);
    cr_assert_eq(pnas_shard_trainer_run(trainer, 0, 0, 0, whole, NULL, NULL), PNAS_OK);
    cr_assert_eq(pnas_shard_trainer_cut(trainer, values / 6, &begin, &pieces), PNAS_OK);
    cr_assert(pieces > 2 && pieces <= 7, "%d pieces", pieces);
    cr_assert_eq(begin[pieces - 1], 0);
    for (int i = 0; i < pieces - 1; ++i)
        cr_assert_geq((i ? begin[i - 1] : values) - begin[i], values / 6);
    watch.begin = begin;
    cr_assert_eq(pnas_shard_trainer_run(trainer, 0, 0, 0, sums, compare_pieces, &watch), PNAS_OK, "%s",
                 pnas_message());
    cr_assert_eq(watch.seen, pieces);
    free(begin);
    free(whole);
    free(sums);
    pnas_shard_trainer_destroy(&trainer);
    pnas_cl_destroy(&cl);
    tiny_images_free(&tiny);
}

Test(shard_trainer, scaled_rates_are_those_of_the_schedule_times_the_factor)
{
    tiny_images tiny = tiny_images_make(8, 1, 64, 8);
    pnas_shard_trainer_options options = tiny_options(2), lower = tiny_options(2);
    lower.training.schedule.rate = 0.25 * options.training.schedule.rate;
    pnas_cl *cl = test_device_open(0);
    pnas_shard_trainer *scaled = open_trainer(cl, &options, &tiny), *low = open_trainer(cl, &lower, &tiny);
    cr_assert_eq(pnas_shard_trainer_scale_rates(scaled, 0.5), PNAS_OK);
    cr_assert_eq(pnas_shard_trainer_scale_rates(scaled, 0.25), PNAS_OK);
    train_epoch(scaled, 0, 0);
    train_epoch(low, 0, 0);
    assert_same_network(scaled, low, false);
    pnas_shard_trainer_destroy(&scaled);
    pnas_shard_trainer_destroy(&low);
    pnas_cl_destroy(&cl);
    tiny_images_free(&tiny);
}

/* Whether the trainer is found to be in order once one value of its state is replaced. */
static pnas_status check_with(pnas_shard_trainer *trainer, const char *part, float value)
{
    pnas_named_tensor *weights = NULL, *moments = NULL, all[512];
    size_t count = 0, moment_count = 0, at = 0;
    cr_assert_eq(pnas_shard_trainer_weights(trainer, false, &weights, &count), PNAS_OK);
    cr_assert_eq(pnas_shard_trainer_moments(trainer, &moments, &moment_count), PNAS_OK);
    memcpy(all, weights, count * sizeof *all);
    memcpy(all + count, moments, moment_count * sizeof *all);
    while (!strstr(all[at].name, part))
        cr_assert_lt(++at, count);
    float before = all[at].data[0];
    all[at].data[0] = value;
    cr_assert_eq(pnas_shard_trainer_resume(trainer, 1, all, count + moment_count, NULL, 0), PNAS_OK);
    pnas_status status = pnas_shard_trainer_check(trainer);
    all[at].data[0] = before;
    cr_assert_eq(pnas_shard_trainer_resume(trainer, 1, all, count + moment_count, NULL, 0), PNAS_OK);
    cr_expect_eq(pnas_shard_trainer_check(trainer), PNAS_OK);
    pnas_shard_tensors_free(&weights, count);
    pnas_shard_tensors_free(&moments, moment_count);
    return status;
}

Test(shard_trainer, a_network_with_a_value_that_is_not_finite_is_found)
{
    tiny_images tiny = tiny_images_make(8, 1, 32, 4);
    pnas_shard_trainer_options options = tiny_options(2);
    pnas_cl *cl = test_device_open(0);
    pnas_shard_trainer *trainer = open_trainer(cl, &options, &tiny);
    cr_expect_eq(check_with(trainer, "head", NAN), PNAS_ERROR_DIVERGED);
    cr_expect_eq(check_with(trainer, "running_variance", INFINITY), PNAS_ERROR_DIVERGED);
    cr_expect_eq(check_with(trainer, "head", 1e30f), PNAS_OK);
    pnas_shard_trainer_destroy(&trainer);
    pnas_cl_destroy(&cl);
    tiny_images_free(&tiny);
}

Test(shard_trainer, a_batch_that_cannot_be_cut_is_refused)
{
    tiny_images tiny = tiny_images_make(8, 1, 30, 4);
    pnas_shard_trainer_options options = tiny_options(3);
    pnas_cl *cl = test_device_open(0);
    pnas_shard_trainer *trainer = NULL;
    cr_expect_eq(pnas_shard_trainer_create(cl, &options, &tiny.set, NULL, NULL, &trainer), PNAS_ERROR_USAGE);
    cr_expect(strstr(pnas_message(), "16, which 3 shards do not divide"), "%s", pnas_message());
    options = tiny_options(4);
    options.training.accumulate = 2;
    cr_expect_eq(pnas_shard_trainer_create(cl, &options, &tiny.set, NULL, NULL, &trainer), PNAS_ERROR_USAGE);
    cr_expect(strstr(pnas_message(), "takes 32 images"), "%s", pnas_message());
    pnas_cl_destroy(&cl);
    tiny_images_free(&tiny);
}

Test(shard_trainer, without_validation_images_nothing_is_evaluated)
{
    tiny_images tiny = tiny_images_make(8, 1, 32, 0);
    pnas_shard_trainer_options options = tiny_options(2);
    pnas_cl *cl = test_device_open(0);
    pnas_shard_trainer *trainer = open_trainer(cl, &options, &tiny);
    cr_expect_eq(pnas_shard_trainer_counts(trainer).evaluations, 0);
    cr_expect_gt(train_epoch(trainer, 0, 0).loss, 0);
    pnas_shard_trainer_destroy(&trainer);
    pnas_cl_destroy(&cl);
    tiny_images_free(&tiny);
}
