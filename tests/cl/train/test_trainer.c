/* Children are trained as documented: they learn, repeat to the bit, fail alone and stop when asked. */
#include "cl/ops/lane.h"
#include "cl/train/child_trainer.h"
#include "src/search/cell_text.h"
#include "tests/cl/test_device.h"
#include "tests/cl/train/tiny_images.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(trainer, .timeout = 240);

static const char every_operator[] =
    "-1:sep3+-2:max3 | -1:sep5+-2:identity | -1:1x7-7x1+0:avg3 | -2:dil3+1:sep7";

static pnas_trainer_options tiny_options(void)
{
    pnas_trainer_options options = {
        .network = {.filters = 6, .repeats = 1, .stem_multiplier = 1, .concatenation = PNAS_CONCATENATE_ALL},
        .training = {.epochs = 4,
                     .batch = 16,
                     .optimizer = PNAS_OPTIMIZER_SGD,
                     .momentum = 0.9,
                     .weight_decay = 5e-4,
                     .clip_norm = 5,
                     .schedule = {.kind = PNAS_SCHEDULE_COSINE, .rate = 0.05},
                     .norm_momentum = 0.9,
                     .norm_epsilon = 1e-5,
                     .pad = 1,
                     .seed = 3}};
    pnas_operator_set_paper(&options.operators);
    return options;
}

static pnas_job job_of(const pnas_trainer_options *options, const char *text)
{
    pnas_job job = {.level = 1};
    cr_assert_eq(pnas_cell_parse(text, &options->operators, &job.cell), PNAS_OK, "%s", pnas_message());
    job.level = job.cell.blocks;
    return job;
}

static pnas_trainer *open_trainer(pnas_cl *cl, const pnas_trainer_options *options, const tiny_images *tiny)
{
    pnas_trainer *trainer = NULL;
    cr_assert_eq(pnas_trainer_create(cl, options, &tiny->set, &trainer), PNAS_OK, "%s", pnas_message());
    return trainer;
}

static pnas_result train(pnas_trainer *trainer, const pnas_job *job)
{
    pnas_result result;
    cr_assert_eq(pnas_trainer_evaluate(trainer, job, NULL, NULL, &result), PNAS_OK, "%s", pnas_message());
    return result;
}

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

static void assert_same(const pnas_result *a, const pnas_result *b)
{
    cr_assert_eq(a->epochs, b->epochs);
    cr_assert_arr_eq(a->history, b->history, (size_t)a->epochs * PNAS_METRICS * sizeof(float));
    cr_assert_eq(a->accuracy, b->accuracy);
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

static pnas_status stop_at_fifth(void *payload)
{
    int *ticks = payload;
    return ++*ticks < 5 ? PNAS_OK : pnas_fail(PNAS_STOPPED, "asked to stop");
}

Test(trainer, a_stop_ends_a_child_between_two_batches)
{
    tiny_images tiny = tiny_images_make(8, 1, 160, 16);
    pnas_trainer_options options = tiny_options();
    pnas_cl *cl = test_device_open(0);
    pnas_trainer *trainer = open_trainer(cl, &options, &tiny);
    pnas_job job = job_of(&options, "-1:max3+-1:avg3");
    int ticks = 0;
    pnas_result result;
    cr_assert_eq(pnas_trainer_evaluate(trainer, &job, stop_at_fifth, &ticks, &result), PNAS_STOPPED);
    cr_assert_eq(ticks, 5);
    cr_assert_null(result.history);
    pnas_trainer_destroy(&trainer);
    pnas_cl_destroy(&cl);
    tiny_images_free(&tiny);
}

static pnas_status stop_at_once(void *payload)
{
    (void)payload;
    return pnas_fail(PNAS_STOPPED, "asked to stop");
}

Test(trainer, a_stop_does_not_wait_until_kernels_are_compiled)
{
    tiny_images tiny = tiny_images_make(8, 1, 160, 16);
    pnas_trainer_options options = tiny_options();
    pnas_cl *cl = test_device_open(0);
    pnas_trainer *trainer = open_trainer(cl, &options, &tiny);
    pnas_job job = job_of(&options, "-1:max3+-1:avg3");
    pnas_result result;
    cr_assert_eq(pnas_trainer_evaluate(trainer, &job, stop_at_once, NULL, &result), PNAS_STOPPED);
    cr_assert_null(cl->warm, "a kernel was run before anybody was asked");
    result = train(trainer, &job);
    cr_assert_eq(result.status, PNAS_CHILD_DONE, "%s", result.error);
    pnas_result_clear(&result);
    pnas_trainer_destroy(&trainer);
    pnas_cl_destroy(&cl);
    tiny_images_free(&tiny);
}

typedef struct {
    int ticks, stop_at; /* 0: never */
} counted;

static pnas_status stop_when_counted(void *payload)
{
    counted *count = payload;
    return ++count->ticks != count->stop_at ? PNAS_OK : pnas_fail(PNAS_STOPPED, "asked to stop");
}

typedef struct { /* one checkpoint in memory, as a store keeps it */
    pnas_checkpoint kept;
    int saves;
} memory_store;

static pnas_checkpoint copy_of(const pnas_checkpoint *from)
{
    pnas_checkpoint to = *from;
    to.tensor = malloc(from->count * sizeof *to.tensor);
    cr_assert(to.tensor);
    for (size_t i = 0; i < from->count; ++i) {
        size_t values = 1;
        for (int d = 0; d < from->tensor[i].rank; ++d)
            values *= from->tensor[i].shape[d];
        to.tensor[i] = from->tensor[i];
        to.tensor[i].data = malloc(values * sizeof(float));
        cr_assert(to.tensor[i].data);
        memcpy(to.tensor[i].data, from->tensor[i].data, values * sizeof(float));
    }
    return to;
}

static void save_in_memory(void *payload, const pnas_cell *cell, const pnas_checkpoint *checkpoint)
{
    (void)cell;
    memory_store *memory = payload;
    pnas_checkpoint_clear(&memory->kept);
    memory->kept = copy_of(checkpoint);
    memory->saves++;
}

static bool load_from_memory(void *payload, const pnas_cell *cell, pnas_checkpoint *out)
{
    (void)cell;
    memory_store *memory = payload;
    if (memory->kept.count == 0)
        return false;
    *out = copy_of(&memory->kept);
    return true;
}

/* Stops a child at its `stop`-th tick and lets another trainer go on, until it is done. */
static pnas_result train_with_stops(pnas_cl *cl, const pnas_trainer_options *options, const tiny_images *tiny,
                                    const pnas_job *job, int stop, int *stops)
{
    memory_store memory = {.saves = 0};
    const pnas_checkpoint_store store = {save_in_memory, load_from_memory, 0, &memory};
    pnas_result result;
    pnas_status status = PNAS_STOPPED;
    for (*stops = -1; status == PNAS_STOPPED; ++*stops) {
        pnas_trainer *trainer = open_trainer(cl, options, tiny);
        pnas_trainer_set_checkpoint_store(trainer, &store);
        counted count = {0, stop};
        status = pnas_trainer_evaluate(trainer, job, stop_when_counted, &count, &result);
        pnas_trainer_destroy(&trainer);
    }
    cr_assert_eq(status, PNAS_OK, "%s", pnas_message());
    pnas_checkpoint_clear(&memory.kept);
    return result;
}

Test(trainer, a_child_stopped_anywhere_goes_on_to_the_same_bits)
{
    tiny_images tiny = tiny_images_make(8, 1, 64, 41); /* 4 batches of training, 3 of evaluation */
    pnas_cl *cl = test_device_open(0);
    for (int kind = PNAS_OPTIMIZER_SGD; kind <= PNAS_OPTIMIZER_RMSPROP; ++kind) {
        pnas_trainer_options options = tiny_options();
        options.training.optimizer = (pnas_optimizer_kind)kind;
        options.training.beta1 = 0.9;
        options.training.beta2 = 0.99;
        options.training.epsilon = 1e-3;
        options.training.epochs = 3;
        options.training.flip = true;
        options.training.reward = kind == PNAS_OPTIMIZER_SGD ? PNAS_REWARD_BEST : PNAS_REWARD_LAST;
        pnas_trainer *trainer = open_trainer(cl, &options, &tiny);
        pnas_job job = job_of(&options, every_operator);
        pnas_result whole = train(trainer, &job);
        pnas_trainer_destroy(&trainer);
        int last = kind == PNAS_OPTIMIZER_SGD ? 9 : 6;
        for (int stop = 5; stop <= last; ++stop) { /* between batches, between epochs, in an evaluation */
            int stops;
            pnas_result parts = train_with_stops(cl, &options, &tiny, &job, stop, &stops);
            cr_assert_geq(stops, 2);
            assert_same(&whole, &parts);
            cr_assert_eq(parts.parameters, whole.parameters);
            pnas_result_clear(&parts);
        }
        pnas_result_clear(&whole);
    }
    pnas_cl_destroy(&cl);
    tiny_images_free(&tiny);
}

/* With all that is off by default. */
static pnas_trainer_options regularised_options(void)
{
    pnas_trainer_options options = tiny_options();
    options.training.epochs = 3;
    options.network.auxiliary = 0.4;
    options.training.drop_path = 0.6;
    options.training.label_smoothing = 0.1;
    options.training.mixup = 0.4;
    options.training.cutmix = 1;
    options.training.mix_until = 2;
    return options;
}

Test(trainer, a_child_with_every_regularisation_goes_on_to_the_same_bits)
{
    tiny_images tiny = tiny_images_make(8, 1, 64, 41);
    pnas_cl *cl = test_device_open(0);
    pnas_trainer_options options = regularised_options();
    pnas_trainer *trainer = open_trainer(cl, &options, &tiny);
    pnas_job job = job_of(&options, "-1:sep3+-2:max3 | 0:identity+-1:dil3");
    pnas_result whole = train(trainer, &job);
    cr_assert_eq(whole.status, PNAS_CHILD_DONE, "%s", whole.error);
    pnas_trainer_destroy(&trainer);
    for (int stop = 6; stop <= 7; ++stop) {
        int stops;
        pnas_result parts = train_with_stops(cl, &options, &tiny, &job, stop, &stops);
        cr_assert_geq(stops, 2);
        assert_same(&whole, &parts);
        pnas_result_clear(&parts);
    }
    pnas_result_clear(&whole);
    pnas_cl_destroy(&cl);
    tiny_images_free(&tiny);
}

/* Training losses of two epochs. */
static void two_epochs(pnas_cl *cl, const tiny_images *tiny, double mixup, double cutmix, int until,
                       float *loss)
{
    pnas_trainer_options options = tiny_options();
    options.training.epochs = 2;
    options.training.mixup = mixup;
    options.training.cutmix = cutmix;
    options.training.mix_until = until;
    pnas_trainer *trainer = open_trainer(cl, &options, tiny);
    pnas_job job = job_of(&options, "-1:sep3+-1:max3");
    pnas_result result = train(trainer, &job);
    cr_assert_eq(result.status, PNAS_CHILD_DONE, "%s", result.error);
    for (int epoch = 0; epoch < 2; ++epoch)
        loss[epoch] = result.history[epoch * PNAS_METRICS + PNAS_METRIC_TRAIN_LOSS];
    pnas_result_clear(&result);
    pnas_trainer_destroy(&trainer);
}

Test(trainer, images_are_mixed_until_the_epoch_that_was_asked_for)
{
    tiny_images tiny = tiny_images_make(8, 1, 64, 43);
    pnas_cl *cl = test_device_open(0);
    float plain[2];
    two_epochs(cl, &tiny, 0, 0, 0, plain);
    for (int kind = 0; kind < 3; ++kind) {
        float always[2], once[2], never_ending[2];
        double mixup = kind != 1, cutmix = kind != 0;
        two_epochs(cl, &tiny, mixup, cutmix, 0, always);
        two_epochs(cl, &tiny, mixup, cutmix, 1, once);
        two_epochs(cl, &tiny, mixup, cutmix, 2, never_ending);
        cr_expect_neq(always[0], plain[0]);
        cr_expect_eq(once[0], always[0]);
        cr_expect_lt(once[1], always[1]);
        cr_expect(never_ending[0] == always[0] && never_ending[1] == always[1]);
    }
    pnas_cl_destroy(&cl);
    tiny_images_free(&tiny);
}

Test(trainer, a_checkpoint_is_made_now_and_then_and_changes_nothing)
{
    tiny_images tiny = tiny_images_make(8, 1, 64, 32);
    pnas_trainer_options options = tiny_options();
    pnas_cl *cl = test_device_open(0);
    pnas_trainer *trainer = open_trainer(cl, &options, &tiny);
    pnas_job job = job_of(&options, "-1:sep3+-2:max3");
    pnas_result undisturbed = train(trainer, &job);
    memory_store memory = {.saves = 0};
    const pnas_checkpoint_store often = {save_in_memory, load_from_memory, 1e-9, &memory};
    pnas_trainer_set_checkpoint_store(trainer, &often);
    pnas_result watched = train(trainer, &job);
    assert_same(&undisturbed, &watched);
    cr_assert_eq(memory.saves, options.training.epochs * (4 + 2) - 1, "before each batch but the first");
    cr_assert_eq(memory.kept.epoch, options.training.epochs - 1);
    cr_assert_eq(memory.kept.batch, 4);
    pnas_result again = train(trainer, &job); /* its last evaluation alone */
    assert_same(&undisturbed, &again);
    pnas_checkpoint_clear(&memory.kept);
    pnas_result_clear(&undisturbed);
    pnas_result_clear(&watched);
    pnas_result_clear(&again);
    pnas_trainer_destroy(&trainer);
    pnas_cl_destroy(&cl);
    tiny_images_free(&tiny);
}

Test(trainer, a_child_that_diverges_leaves_no_checkpoint_of_it)
{
    tiny_images tiny = tiny_images_make(8, 1, 64, 16);
    pnas_trainer_options options = tiny_options();
    options.training.schedule.rate = 1e30;
    options.training.clip_norm = 0;
    pnas_cl *cl = test_device_open(0);
    pnas_trainer *trainer = open_trainer(cl, &options, &tiny);
    pnas_job job = job_of(&options, "-1:sep3+-1:sep3");
    memory_store memory = {.saves = 0};
    const pnas_checkpoint_store often = {save_in_memory, load_from_memory, 1e-9, &memory};
    pnas_trainer_set_checkpoint_store(trainer, &often);
    pnas_result result = train(trainer, &job);
    cr_assert_eq(result.status, PNAS_CHILD_FAILED);
    cr_assert(pnas_checkpoint_is_finite(&memory.kept));
    cr_assert_leq(memory.saves, 1, "the first step's weights are huge, all later ones are not finite");
    pnas_checkpoint_clear(&memory.kept);
    pnas_result_clear(&result);
    pnas_trainer_destroy(&trainer);
    pnas_cl_destroy(&cl);
    tiny_images_free(&tiny);
}

Test(trainer, a_checkpoint_of_another_child_is_left_alone)
{
    tiny_images tiny = tiny_images_make(8, 1, 64, 32);
    pnas_trainer_options options = tiny_options();
    pnas_cl *cl = test_device_open(0);
    pnas_trainer *trainer = open_trainer(cl, &options, &tiny);
    pnas_job job = job_of(&options, "-1:sep3+-2:max3"), other = job_of(&options, "-1:sep5+-2:max3");
    pnas_result whole = train(trainer, &job);
    memory_store memory = {.saves = 0};
    const pnas_checkpoint_store often = {save_in_memory, load_from_memory, 1e-9, &memory};
    pnas_trainer_set_checkpoint_store(trainer, &often);
    pnas_result first = train(trainer, &other);
    pnas_result result = train(trainer, &job); /* is offered the other's */
    assert_same(&whole, &result);
    memory.kept.batch = 1000;
    pnas_result_clear(&result);
    result = train(trainer, &job);
    assert_same(&whole, &result);
    pnas_checkpoint_clear(&memory.kept);
    pnas_result_clear(&whole);
    pnas_result_clear(&first);
    pnas_result_clear(&result);
    pnas_trainer_destroy(&trainer);
    pnas_cl_destroy(&cl);
    tiny_images_free(&tiny);
}

Test(trainer, what_fails_while_a_stop_is_asked_for_is_not_the_childs_failure)
{
    tiny_images tiny = tiny_images_make(8, 1, 64, 16);
    pnas_trainer_options options = tiny_options();
    options.training.schedule.rate = 1e30;
    options.training.clip_norm = 0;
    pnas_cl *cl = test_device_open(0);
    pnas_trainer *trainer = open_trainer(cl, &options, &tiny);
    pnas_job job = job_of(&options, "-1:sep3+-1:sep3");
    counted undisturbed = {0, 0}, stopped = {0, 0};
    pnas_result result;
    for (int i = 0; i < 2; i++) { /* the second has no ticks of a compiler */
        undisturbed.ticks = 0;
        cr_assert_eq(pnas_trainer_evaluate(trainer, &job, stop_when_counted, &undisturbed, &result), PNAS_OK);
        cr_assert_eq(result.status, PNAS_CHILD_FAILED);
        pnas_result_clear(&result);
    }
    stopped.stop_at = undisturbed.ticks; /* the last one, after the failure */
    cr_assert_eq(pnas_trainer_evaluate(trainer, &job, stop_when_counted, &stopped, &result), PNAS_STOPPED);
    cr_assert_null(result.history);
    pnas_trainer_destroy(&trainer);
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
