/* Children that are stopped, go on from a checkpoint, and leave none that is wrong. */
#include "cl/ops/lane.h"
#include "src/base/clock.h"
#include "tests/cl/train/tiny_child.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

TestSuite(child_stops, .timeout = 240);

static pnas_status stop_at_fifth(void *payload)
{
    int *ticks = payload;
    return ++*ticks < 5 ? PNAS_OK : pnas_fail(PNAS_STOPPED, "asked to stop");
}

Test(child_stops, a_stop_ends_a_child_between_two_batches)
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

Test(child_stops, a_stop_does_not_wait_until_kernels_are_compiled)
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

static pnas_status wait_while_built(void *payload)
{
    int *ticks = payload;
    pnas_clock_sleep(++*ticks <= 5 ? 0.2 : 0);
    return PNAS_OK;
}

/* Who trains the next child finds the kernels. */
Test(child_stops, the_time_of_a_child_is_without_the_compilation_of_its_kernels)
{
    tiny_images tiny = tiny_images_make(8, 1, 160, 16);
    pnas_trainer_options options = tiny_options();
    pnas_cl *cl = test_device_open(0);
    pnas_trainer *trainer = open_trainer(cl, &options, &tiny);
    pnas_job job = job_of(&options, "-1:max3+-1:avg3");
    int ticks = cl->late_builds ? 0 : 5; /* other drivers may find all in the cache, and ask nobody */
    pnas_result result;
    double begun = pnas_clock_seconds(), waited = 0.2 * (5 - ticks);
    cr_assert_eq(pnas_trainer_evaluate(trainer, &job, wait_while_built, &ticks, &result), PNAS_OK);
    double seconds = pnas_clock_seconds() - begun;
    cr_expect_geq(seconds, waited);
    cr_expect_leq(result.train_seconds, seconds - waited, "%.2f of %.2f s", result.train_seconds, seconds);
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
        size_t values = pnas_named_tensor_values(&from->tensor[i]);
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

Test(child_stops, a_child_stopped_anywhere_goes_on_to_the_same_bits)
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
    options.training.crop_area = 0.3;
    options.training.crop_aspect = 1.5;
    options.training.brightness = options.training.contrast = 0.4;
    options.training.rand_ops = 2;
    options.training.rand_magnitude = 15;
    return options;
}

/* Trains to the job's end and counts the ticks. */
static pnas_result train_part(pnas_cl *cl, const pnas_trainer_options *options, const tiny_images *tiny,
                              const pnas_job *job, const pnas_checkpoint_store *store, int *ticks)
{
    pnas_trainer *trainer = open_trainer(cl, options, tiny);
    pnas_trainer_set_checkpoint_store(trainer, store);
    counted count = {0, 0};
    pnas_result result;
    cr_assert_eq(pnas_trainer_evaluate(trainer, job, stop_when_counted, &count, &result), PNAS_OK, "%s",
                 pnas_message());
    *ticks = count.ticks;
    pnas_trainer_destroy(&trainer);
    return result;
}

/* Its learning rates are those of the whole training, and no epoch is trained twice. */
Test(child_stops, a_child_goes_on_from_a_rung_to_the_same_bits)
{
    tiny_images tiny = tiny_images_make(8, 1, 64, 41);
    pnas_cl *cl = test_device_open(0);
    pnas_trainer_options options = regularised_options();
    memory_store memory = {.saves = 0};
    const pnas_checkpoint_store store = {save_in_memory, load_from_memory, 0, &memory};
    pnas_job job = job_of(&options, every_operator);
    int ticks[4];
    pnas_result warmer = train_part(cl, &options, &tiny, &job, NULL, &ticks[0]); /* builds the kernels */
    pnas_result whole = train_part(cl, &options, &tiny, &job, NULL, &ticks[0]);
    job.epochs = options.training.epochs;
    int trained = 0;
    for (int rung = 1; rung <= 2; ++rung) {
        job.until = rung;
        pnas_result part = train_part(cl, &options, &tiny, &job, &store, &ticks[rung]);
        cr_assert_eq(part.status, PNAS_CHILD_PAUSED);
        cr_assert_eq(part.epochs, rung);
        cr_assert(isnan(part.accuracy), "what is not at its end has no accuracy");
        cr_assert_eq(memcmp(part.history, whole.history, (size_t)rung * PNAS_METRICS * sizeof(float)), 0);
        cr_assert_eq(memory.saves, rung);
        cr_assert(memory.kept.epoch == rung && memory.kept.batch == 0);
        trained += ticks[rung];
        job.from = rung;
        pnas_result_clear(&part);
    }
    job.until = 0;
    pnas_result last = train_part(cl, &options, &tiny, &job, &store, &ticks[3]);
    assert_same(&whole, &last);
    cr_assert_eq(last.status, PNAS_CHILD_DONE);
    cr_assert_leq(trained + ticks[3], ticks[0] + 6, "%d ticks in parts, %d at once", trained + ticks[3],
                  ticks[0]);
    pnas_checkpoint_clear(&memory.kept);
    pnas_result_clear(&warmer);
    pnas_result_clear(&whole);
    pnas_result_clear(&last);
    pnas_cl_destroy(&cl);
    tiny_images_free(&tiny);
}

Test(child_stops, a_child_with_every_regularisation_goes_on_to_the_same_bits)
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

Test(child_stops, a_checkpoint_is_made_now_and_then_and_changes_nothing)
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

Test(child_stops, a_child_that_diverges_leaves_no_checkpoint_of_it)
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

Test(child_stops, a_checkpoint_of_another_child_is_left_alone)
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

Test(child_stops, what_fails_while_a_stop_is_asked_for_is_not_the_childs_failure)
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
