/* Children are trained as documented: they learn, repeat to the bit and fail alone. */
#include "cl/ops/lane.h"
#include "tests/cl/train/tiny_child.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(trainer, .timeout = 240);

Test(trainer, a_child_of_every_operator_learns)
{
    tiny_images tiny = tiny_images_make(8, 3, 160, 41); /* 41: the last validation batch is not full */
    pnas_trainer_options options = tiny_options();
    pnas_cl *cl = test_device_open(0);
    pnas_trainer *trainer = open_trainer(cl, &options, &tiny);
    pnas_job job = job_of(&options, every_operator);
    pnas_result result = train(trainer, &job);
    cr_assert_eq(result.status, PNAS_CHILD_DONE, "%s", result.error);
    cr_assert_eq(result.epochs, options.training.epochs);
    cr_assert_gt(result.accuracy, 0.9);
    cr_assert_gt(result.history[PNAS_METRIC_TRAIN_LOSS],
                 2 * result.history[3 * PNAS_METRICS + PNAS_METRIC_TRAIN_LOSS]);
    double right = result.accuracy * 41;
    cr_assert_float_eq(right, round(right), 1e-4, "accuracy is a share of the 41 validation images");
    pnas_result_clear(&result);
    pnas_trainer_destroy(&trainer);
    pnas_cl_destroy(&cl);
    tiny_images_free(&tiny);
}

typedef struct {
    pnas_trainer *trainer;
    const pnas_job *job;
    pnas_result result;
} beside_training;

static void *train_beside(void *payload)
{
    beside_training *self = payload;
    self->result = train(self->trainer, self->job);
    return NULL;
}

Test(trainer, the_same_child_gives_the_same_bits_whatever_was_trained_before)
{
    tiny_images tiny = tiny_images_make(8, 1, 64, 32);
    pnas_trainer_options options = tiny_options();
    options.training.epochs = 2;
    options.training.cutout = 3;
    options.training.flip = true;
    pnas_cl *cl = test_device_open(0);
    pnas_trainer *trainer = open_trainer(cl, &options, &tiny);
    pnas_job job = job_of(&options, "-1:sep3+-2:max3"), other = job_of(&options, "-2:sep7+-2:1x7-7x1");
    pnas_result first = train(trainer, &job), between = train(trainer, &other), again = train(trainer, &job);
    assert_same(&first, &again);
    cr_assert_neq(first.history[PNAS_METRIC_TRAIN_LOSS], between.history[PNAS_METRIC_TRAIN_LOSS]);
    pnas_result_clear(&first);
    pnas_result_clear(&between);
    pnas_result_clear(&again);
    pnas_trainer_destroy(&trainer);
    pnas_cl_destroy(&cl);
    tiny_images_free(&tiny);
}

Test(trainer, a_child_whose_loss_is_not_finite_fails_alone)
{
    tiny_images tiny = tiny_images_make(8, 1, 64, 16);
    pnas_trainer_options options = tiny_options();
    options.training.schedule.rate = 1e30;
    options.training.clip_norm = 0;
    pnas_cl *cl = test_device_open(0);
    pnas_trainer *wild = open_trainer(cl, &options, &tiny);
    pnas_job job = job_of(&options, "-1:sep3+-1:sep3");
    pnas_result result = train(wild, &job);
    cr_assert_eq(result.status, PNAS_CHILD_FAILED);
    cr_assert(strstr(result.error, "loss became"), "%s", result.error);
    cr_assert(isnan(result.accuracy));
    pnas_result_clear(&result);
    pnas_trainer_destroy(&wild);
    options = tiny_options();
    options.training.epochs = 1;
    pnas_trainer *tame = open_trainer(cl, &options, &tiny);
    result = train(tame, &job);
    cr_assert_eq(result.status, PNAS_CHILD_DONE, "%s", result.error);
    pnas_result_clear(&result);
    pnas_trainer_destroy(&tame);
    pnas_cl_destroy(&cl);
    tiny_images_free(&tiny);
}

static void run_command(const char *format, const char *folder)
{
    char command[256];
    snprintf(command, sizeof command, format, folder);
    cr_assert_eq(system(command), 0, "%s", command);
}

Test(trainer, a_kernel_that_does_not_build_is_no_failure_of_the_child)
{
    tiny_images tiny = tiny_images_make(8, 1, 32, 16);
    pnas_trainer_options options = tiny_options();
    options.training.epochs = 1;
    char folder[] = "/tmp/pnas-test-XXXXXX";
    cr_assert(mkdtemp(folder));
    run_command("cp \"$PNAS_KERNELS\"/* %s", folder);
    run_command("cd %s && for file in pool*.cl; do echo no_such_thing >>$file; done", folder);
    pnas_cl *cl = NULL;
    const pnas_cl_options device = {.kernel_directory = folder};
    cr_assert_eq(pnas_cl_create(&device, &cl), PNAS_OK, "%s", pnas_message());
    pnas_trainer *trainer = open_trainer(cl, &options, &tiny);
    pnas_job pooled = job_of(&options, "-1:max3+-1:identity"),
             other = job_of(&options, "-1:sep3+-1:identity");
    pnas_result result;
    cr_assert_eq(pnas_trainer_evaluate(trainer, &pooled, NULL, NULL, &result), PNAS_ERROR_BUILD);
    cr_assert(strstr(pnas_message(), "kernel file pool"), "%s", pnas_message());
    result = train(trainer, &other);
    cr_assert_eq(result.status, PNAS_CHILD_DONE, "%s", result.error);
    pnas_result_clear(&result);
    pnas_trainer_destroy(&trainer);
    pnas_cl_destroy(&cl);
    tiny_images_free(&tiny);
    run_command("rm -r %s", folder);
}

/* Training losses of two epochs. */
static void two_epochs(pnas_cl *cl, const tiny_images *tiny, const pnas_training_options *changed,
                       float *loss)
{
    pnas_trainer_options options = tiny_options();
    options.training = *changed;
    options.training.epochs = 2;
    pnas_trainer *trainer = open_trainer(cl, &options, tiny);
    pnas_job job = job_of(&options, "-1:sep3+-1:max3");
    pnas_result result = train(trainer, &job);
    cr_assert_eq(result.status, PNAS_CHILD_DONE, "%s", result.error);
    for (int epoch = 0; epoch < 2; ++epoch)
        loss[epoch] = result.history[epoch * PNAS_METRICS + PNAS_METRIC_TRAIN_LOSS];
    pnas_result_clear(&result);
    pnas_trainer_destroy(&trainer);
}

static void two_mixed(pnas_cl *cl, const tiny_images *tiny, double mixup, double cutmix, int until,
                      float *loss)
{
    pnas_training_options training = tiny_training;
    training.mixup = mixup;
    training.cutmix = cutmix;
    training.mix_until = until;
    two_epochs(cl, tiny, &training, loss);
}

Test(trainer, images_are_mixed_until_the_epoch_that_was_asked_for)
{
    tiny_images tiny = tiny_images_make(8, 1, 64, 43);
    pnas_cl *cl = test_device_open(0);
    float plain[2];
    two_mixed(cl, &tiny, 0, 0, 0, plain);
    for (int kind = 0; kind < 3; ++kind) {
        float always[2], once[2], never_ending[2];
        double mixup = kind != 1, cutmix = kind != 0;
        two_mixed(cl, &tiny, mixup, cutmix, 0, always);
        two_mixed(cl, &tiny, mixup, cutmix, 1, once);
        two_mixed(cl, &tiny, mixup, cutmix, 2, never_ending);
        cr_expect_neq(always[0], plain[0]);
        cr_expect_eq(once[0], always[0]);
        cr_expect_lt(once[1], always[1]);
        cr_expect(never_ending[0] == always[0] && never_ending[1] == always[1]);
    }
    pnas_cl_destroy(&cl);
    tiny_images_free(&tiny);
}

Test(trainer, what_changes_images_changes_losses_and_what_is_off_changes_none)
{
    tiny_images tiny = tiny_images_make(8, 3, 64, 43);
    pnas_cl *cl = test_device_open(0);
    pnas_training_options off = tiny_training;
    float plain[2], same[2], other[2];
    two_epochs(cl, &tiny, &tiny_training, plain);
    off.crop_area = 1;
    off.crop_aspect = 2;
    off.rand_magnitude = 30;
    two_epochs(cl, &tiny, &off, same);
    cr_expect(same[0] == plain[0] && same[1] == plain[1]);
    for (int i = 0; i < 6; ++i) {
        pnas_training_options on = off;
        double *const strength[] = {&on.brightness, &on.contrast, &on.saturation, &on.hue};
        if (i < 4)
            *strength[i] = 0.5;
        on.crop_area = i == 4 ? 0.5 : 1;
        on.rand_ops = i == 5;
        two_epochs(cl, &tiny, &on, other);
        cr_expect(other[0] != plain[0] && other[1] != plain[1], "setting %d", i);
        two_epochs(cl, &tiny, &on, same);
        cr_expect(same[0] == other[0] && same[1] == other[1], "setting %d", i);
    }
    pnas_cl_destroy(&cl);
    tiny_images_free(&tiny);
}

Test(trainer, every_optimizer_and_concatenation_learns)
{
    tiny_images tiny = tiny_images_make(8, 1, 96, 32);
    pnas_cl *cl = test_device_open(0);
    const double rate[] = {
        [PNAS_OPTIMIZER_SGD] = 0.05, [PNAS_OPTIMIZER_ADAM] = 0.01, [PNAS_OPTIMIZER_RMSPROP] = 0.003};
    for (int kind = PNAS_OPTIMIZER_SGD; kind <= PNAS_OPTIMIZER_RMSPROP; ++kind) {
        pnas_trainer_options options = tiny_options();
        options.network.concatenation = (pnas_concatenation)kind; /* three of each */
        options.training.optimizer = (pnas_optimizer_kind)kind;
        options.training.nesterov = true;
        options.training.schedule.rate = rate[kind];
        options.training.beta1 = 0.9;
        options.training.beta2 = 0.99;
        options.training.epsilon = 1e-8;
        pnas_trainer *trainer = open_trainer(cl, &options, &tiny);
        pnas_job job = job_of(&options, "-1:sep3+-1:max3 | 0:identity+-1:sep3");
        pnas_result result = train(trainer, &job);
        cr_assert_eq(result.status, PNAS_CHILD_DONE, "%s", result.error);
        cr_assert_gt(result.accuracy, 0.7, "optimizer %d: %g", kind, result.accuracy);
        pnas_result_clear(&result);
        pnas_trainer_destroy(&trainer);
    }
    pnas_cl_destroy(&cl);
    tiny_images_free(&tiny);
}

Test(trainer, weights_have_their_logical_shapes_and_the_counted_size)
{
    tiny_images tiny = tiny_images_make(9, 3, 32, 16);
    pnas_trainer_options options = tiny_options();
    options.training.epochs = 1;
    pnas_cl *cl = test_device_open(0);
    pnas_trainer *trainer = open_trainer(cl, &options, &tiny);
    pnas_named_tensor *tensor = NULL;
    size_t count = 0;
    cr_assert_eq(pnas_trainer_weights(trainer, &tensor, &count), PNAS_ERROR_USAGE);
    pnas_job job = job_of(&options, every_operator);
    pnas_result result = train(trainer, &job);
    cr_assert_eq(pnas_trainer_weights(trainer, &tensor, &count), PNAS_OK, "%s", pnas_message());
    int64_t values = 0, zeros = 0;
    for (size_t i = 0; i < count; ++i) {
        size_t size = 1;
        for (int d = 0; d < tensor[i].rank; ++d)
            size *= tensor[i].shape[d];
        for (size_t k = 0; k < size; ++k) {
            cr_assert(isfinite(tensor[i].data[k]), "%s", tensor[i].name);
            zeros += tensor[i].data[k] == 0;
        }
        if (!strstr(tensor[i].name, "running_"))
            values += (int64_t)size;
    }
    /* A factorized reduction keeps half of its [2, 1, C, M] at zero; all other values are trained. */
    cr_assert_eq(values - zeros, result.parameters);
    pnas_trainer_free_weights(&tensor, count);
    pnas_result_clear(&result);
    pnas_trainer_destroy(&trainer);
    pnas_cl_destroy(&cl);
    tiny_images_free(&tiny);
}

Test(trainer, memory_grows_with_the_cell_and_holds_the_images)
{
    tiny_images tiny = tiny_images_make(8, 3, 64, 32);
    pnas_trainer_options options = tiny_options();
    pnas_cl *cl = test_device_open(0);
    pnas_trainer *trainer = open_trainer(cl, &options, &tiny);
    pnas_job small = job_of(&options, "-1:max3+-1:max3"), large = job_of(&options, every_operator);
    uint64_t small_bytes = 0, large_bytes = 0;
    cr_assert_eq(pnas_trainer_memory(trainer, &small.cell, &small_bytes), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_trainer_memory(trainer, &large.cell, &large_bytes), PNAS_OK, "%s", pnas_message());
    cr_assert_gt(small_bytes, 96 * 8 * 8 * 3);
    cr_assert_gt(large_bytes, small_bytes);
    pnas_trainer_destroy(&trainer);
    options.training.crop_area = 0.5;
    trainer = open_trainer(cl, &options, &tiny);
    uint64_t augmented_bytes = 0;
    cr_assert_eq(pnas_trainer_memory(trainer, &small.cell, &augmented_bytes), PNAS_OK, "%s", pnas_message());
    cr_assert_geq(augmented_bytes, small_bytes + 16 * 8 * 8 * 3 + 64 * 24 * 4);
    pnas_trainer_destroy(&trainer);
    pnas_cl_destroy(&cl);
    tiny_images_free(&tiny);
}

/* Nothing is allocated for it: another child trains right after. */
Test(trainer, a_child_that_cannot_fit_fails_before_it_is_tried)
{
    tiny_images tiny = tiny_images_make(8, 3, 160, 41);
    pnas_trainer_options options = tiny_options();
    options.training.epochs = 1;
    pnas_cl *cl = test_device_open(0);
    pnas_trainer *trainer = open_trainer(cl, &options, &tiny);
    pnas_job large = job_of(&options, every_operator), small = job_of(&options, "-1:max3+-1:max3");
    uint64_t large_bytes = 0, small_bytes = 0;
    cr_assert_eq(pnas_trainer_memory(trainer, &large.cell, &large_bytes), PNAS_OK);
    cr_assert_eq(pnas_trainer_memory(trainer, &small.cell, &small_bytes), PNAS_OK);
    cr_assert_gt(large_bytes, small_bytes + 10000);
    pnas_trainer_destroy(&trainer);

    options.memory = large_bytes - 1;
    trainer = open_trainer(cl, &options, &tiny);
    pnas_result result = train(trainer, &large);
    cr_assert_eq(result.status, PNAS_CHILD_FAILED);
    cr_assert(strstr(result.error, "needs ") && strstr(result.error, " are for it"), "%s", result.error);
    cr_assert_eq(result.epochs, 0);
    pnas_result_clear(&result);
    result = train(trainer, &small);
    cr_assert_eq(result.status, PNAS_CHILD_DONE, "%s", result.error);
    pnas_result_clear(&result);
    pnas_trainer_destroy(&trainer);
    pnas_cl_destroy(&cl);
    tiny_images_free(&tiny);
}

Test(trainer, a_lane_trains_what_the_first_one_would_at_the_same_time)
{
    tiny_images tiny = tiny_images_make(8, 3, 160, 41);
    pnas_trainer_options options = tiny_options();
    pnas_cl *cl = test_device_open(0), *lane = NULL;
    pnas_trainer *first = open_trainer(cl, &options, &tiny), *second = NULL;
    cr_assert_eq(pnas_lane_create(cl, &lane), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_trainer_create_lane(first, lane, &second), PNAS_OK, "%s", pnas_message());
    pnas_job job = job_of(&options, every_operator), other = job_of(&options, "-1:sep3+-1:max3");
    beside_training beside = {.trainer = second, .job = &job};
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, train_beside, &beside), 0);
    pnas_result meanwhile = train(first, &other);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    pnas_result alone = train(first, &job);
    cr_assert_eq(meanwhile.status, PNAS_CHILD_DONE, "%s", meanwhile.error);
    assert_same(&alone, &beside.result);
    pnas_result_clear(&meanwhile);
    pnas_result_clear(&alone);
    pnas_result_clear(&beside.result);
    pnas_trainer_destroy(&second);
    pnas_trainer_destroy(&first);
    pnas_cl_destroy(&lane);
    pnas_cl_destroy(&cl);
    tiny_images_free(&tiny);
}
