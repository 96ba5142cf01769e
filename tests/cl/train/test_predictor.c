/* A predictor computes what the trainer's evaluation did, whatever its batch. */
#include "cl/train/child_trainer.h"
#include "cl/train/predictor.h"
#include "src/net/graph_create.h"
#include "src/search/cell_text.h"
#include "tests/cl/test_device.h"
#include "tests/cl/train/tiny_images.h"

#include <math.h>

TestSuite(predictor, .timeout = 240);

enum { VALIDATION = 41, CLASSES = 4 };

typedef struct {
    tiny_images tiny;
    pnas_cl *cl;
    pnas_graph *graph;
    pnas_named_tensor *tensor;
    size_t count;
    double accuracy; /* of these weights */
} trained;

static trained train_one(void)
{
    trained out = {.tiny = tiny_images_make(9, 3, 160, VALIDATION), .cl = test_device_open(0)};
    pnas_trainer_options options = {
        .network = {.filters = 6, .repeats = 1, .stem_multiplier = 1, .concatenation = PNAS_CONCATENATE_ALL},
        .training = {.epochs = 4,
                     .batch = 16,
                     .momentum = 0.9,
                     .reward = PNAS_REWARD_LAST,
                     .schedule = {.kind = PNAS_SCHEDULE_CONSTANT, .rate = 0.05},
                     .norm_momentum = 0.9,
                     .norm_epsilon = 1e-3}};
    pnas_job job = {.level = 2};
    pnas_result result;
    pnas_trainer *trainer = NULL;
    pnas_operator_set_paper(&options.operators);
    cr_assert_eq(pnas_cell_parse("-1:sep3+-2:max3 | -2:1x7-7x1+0:avg3", &options.operators, &job.cell),
                 PNAS_OK);
    cr_assert_eq(pnas_trainer_create(out.cl, &options, &out.tiny.set, &trainer), PNAS_OK, "%s",
                 pnas_message());
    cr_assert_eq(pnas_trainer_evaluate(trainer, &job, NULL, NULL, &result), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_trainer_weights(trainer, &out.tensor, &out.count), PNAS_OK, "%s", pnas_message());
    out.accuracy = result.accuracy;
    options.network.height = options.network.width = 9;
    options.network.channels = 3;
    options.network.classes = CLASSES;
    cr_assert_eq(pnas_graph_create(&job.cell, &options.operators, &options.network, &out.graph), PNAS_OK);
    pnas_result_clear(&result);
    pnas_trainer_destroy(&trainer);
    return out;
}

static void drop(trained *of)
{
    pnas_trainer_free_weights(&of->tensor, of->count);
    pnas_graph_destroy(&of->graph);
    pnas_cl_destroy(&of->cl);
    tiny_images_free(&of->tiny);
}

static pnas_status predict(const trained *of, int batch, float *logits)
{
    const pnas_predictor_options options = {.graph = of->graph,
                                            .tensor = of->tensor,
                                            .count = of->count,
                                            .mean = of->tiny.set.mean,
                                            .deviation = of->tiny.set.deviation,
                                            .norm_epsilon = 1e-3,
                                            .batch = batch};
    pnas_predictor *predictor = NULL;
    PNAS_TRY(pnas_predictor_create(of->cl, &options, &predictor));
    const uint8_t *images = of->tiny.images + (size_t)of->tiny.set.validation[0] * 9 * 9 * 3;
    pnas_status status = pnas_predictor_run(predictor, images, VALIDATION, logits);
    pnas_predictor_destroy(&predictor);
    return status;
}

static int best_of(const float *logits)
{
    int best = 0;
    for (int c = 1; c < CLASSES; ++c)
        best = logits[c] > logits[best] ? c : best;
    return best;
}

Test(predictor, it_has_the_accuracy_that_the_training_measured)
{
    trained of = train_one();
    float logits[VALIDATION * CLASSES], others[VALIDATION * CLASSES];
    int right = 0;
    cr_assert_eq(predict(&of, 16, logits), PNAS_OK, "%s", pnas_message());
    for (int i = 0; i < VALIDATION; ++i)
        right += best_of(logits + (size_t)i * CLASSES) == of.tiny.labels[of.tiny.set.validation[i]];
    cr_expect_gt(right, VALIDATION / 2);
    cr_expect_float_eq(right, of.accuracy * VALIDATION, 1e-4);
    cr_assert_eq(predict(&of, 5, others), PNAS_OK, "%s", pnas_message());
    for (int i = 0; i < VALIDATION * CLASSES; ++i)
        cr_expect_float_eq(others[i], logits[i], 1e-4);
    drop(&of);
}

Test(predictor, weights_of_another_network_are_refused)
{
    trained of = train_one();
    float logits[VALIDATION * CLASSES];
    size_t shape = of.tensor[0].shape[3];
    of.tensor[0].shape[3] = shape + 1;
    cr_expect_eq(predict(&of, 16, logits), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), of.tensor[0].name), "%s", pnas_message());
    of.tensor[0].shape[3] = shape;
    of.tensor[0].name[0] = '?';
    cr_expect_eq(predict(&of, 16, logits), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "there is no tensor"), "%s", pnas_message());
    drop(&of);
}
