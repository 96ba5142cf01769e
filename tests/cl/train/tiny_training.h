/* The smallest network and how it is trained, for tests of children and of shards. */
#ifndef PNAS_TESTS_TINY_TRAINING_H
#define PNAS_TESTS_TINY_TRAINING_H

#include "cl/train/child_trainer.h"

static const pnas_network_options tiny_network = {
    .filters = 6, .repeats = 1, .stem_multiplier = 1, .concatenation = PNAS_CONCATENATE_ALL};

static const pnas_training_options tiny_training = {.epochs = 4,
                                                    .batch = 16,
                                                    .optimizer = PNAS_OPTIMIZER_SGD,
                                                    .momentum = 0.9,
                                                    .weight_decay = 5e-4,
                                                    .clip_norm = 5,
                                                    .schedule = {.kind = PNAS_SCHEDULE_COSINE, .rate = 0.05},
                                                    .norm_momentum = 0.9,
                                                    .norm_epsilon = 1e-5,
                                                    .pad = 1,
                                                    .seed = 3};

#endif
