/* A small child for the tests of training. */
#ifndef PNAS_TESTS_TINY_CHILD_H
#define PNAS_TESTS_TINY_CHILD_H

#include "cl/train/child_trainer.h"
#include "src/search/cell_text.h"
#include "tests/cl/test_device.h"
#include "tests/cl/train/tiny_images.h"
#include "tests/cl/train/tiny_training.h"

#include <criterion/criterion.h>

static const char every_operator[] =
    "-1:sep3+-2:max3 | -1:sep5+-2:identity | -1:1x7-7x1+0:avg3 | -2:dil3+1:sep7";

static inline pnas_trainer_options tiny_options(void)
{
    pnas_trainer_options options = {.network = tiny_network, .training = tiny_training};
    pnas_operator_set_paper(&options.operators);
    return options;
}

static inline pnas_job job_of(const pnas_trainer_options *options, const char *text)
{
    pnas_job job = {.level = 1};
    cr_assert_eq(pnas_cell_parse(text, &options->operators, &job.cell), PNAS_OK, "%s", pnas_message());
    job.level = job.cell.blocks;
    return job;
}

static inline pnas_trainer *open_trainer(pnas_cl *cl, const pnas_trainer_options *options,
                                         const tiny_images *tiny)
{
    pnas_trainer *trainer = NULL;
    cr_assert_eq(pnas_trainer_create(cl, options, &tiny->set, &trainer), PNAS_OK, "%s", pnas_message());
    return trainer;
}

static inline pnas_result train(pnas_trainer *trainer, const pnas_job *job)
{
    pnas_result result;
    cr_assert_eq(pnas_trainer_evaluate(trainer, job, NULL, NULL, &result), PNAS_OK, "%s", pnas_message());
    return result;
}

static inline void assert_same(const pnas_result *a, const pnas_result *b)
{
    cr_assert_eq(a->epochs, b->epochs);
    cr_assert_arr_eq(a->history, b->history, (size_t)a->epochs * PNAS_METRICS * sizeof(float));
    cr_assert_eq(a->accuracy, b->accuracy);
}

#endif
