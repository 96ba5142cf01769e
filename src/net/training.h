/* How a child is trained: plain settings, shared by configuration, device code and documentation. */
#ifndef PNAS_NET_TRAINING_H
#define PNAS_NET_TRAINING_H

#include "src/net/schedule.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum { PNAS_OPTIMIZER_SGD, PNAS_OPTIMIZER_ADAM, PNAS_OPTIMIZER_RMSPROP } pnas_optimizer_kind;
typedef enum { PNAS_REWARD_BEST, PNAS_REWARD_LAST } pnas_reward;
typedef enum { PNAS_STORAGE_FLOAT, PNAS_STORAGE_HALF } pnas_storage;

typedef struct {
    int epochs;
    int batch;
    pnas_optimizer_kind optimizer;
    double momentum;        /* SGD, RMSProp */
    bool nesterov;          /* SGD */
    double beta1, beta2;    /* Adam; beta2 is RMSProp's decay too */
    double epsilon;         /* Adam, RMSProp */
    double weight_decay;    /* added to the gradient of weights (not of gamma, beta, bias) */
    double clip_norm;       /* global norm of the gradient of the loss, before decay; 0: no clipping */
    pnas_schedule schedule; /* epochs and steps_per_epoch are filled in when training starts */
    double drop_path;       /* how likely a path of the last cell is kept in the last step; 1 or 0: all are */
    double label_smoothing; /* share of a label that is spread over all classes; 0: none */
    double norm_momentum;   /* running = momentum * running + (1 - momentum) * batch */
    double norm_epsilon;
    pnas_storage storage; /* of what the forward pass writes; all else is float */
    pnas_reward reward;   /* the best or the last epoch's validation accuracy */
    int pad;              /* crop from images padded by so many pixels; 0: none */
    bool flip;            /* horizontal, one in two */
    int cutout;           /* side of the square that gets the mean colour; 0: none */
    double crop_area;   /* a random part of each image from this share of its area on, scaled; 0 or 1: none */
    double crop_aspect; /* of such a part: its width by its height at most, and the other way round */
    double brightness, contrast; /* strengths of factors that are drawn; 0: none (src/net/augmentation.h) */
    double saturation, hue;
    int rand_ops;             /* ops of RandAugment's set an image; 0: none */
    double rand_magnitude;    /* of these, 0 .. PNAS_RAND_MAGNITUDE_MAX */
    double mixup;             /* alpha of the shares of two images that are mixed; 0: none */
    double cutmix;            /* alpha of the share that a patch of another image leaves; 0: none */
    int mix_until;            /* neither from this epoch on, counted from 0; 0: in every epoch */
    int shards;               /* final training: pieces of a batch, each with batch statistics of its own */
    int accumulate;           /* final training: batches an update */
    double average;           /* final training: decay of the weights' moving average; 0: none */
    double divergence_factor; /* final training: of the rates, once a loss was not finite; 0: it ends then */
    double child_seconds;     /* a child that trains longer at a stretch fails; 0: no limit */
    uint64_t seed;
} pnas_training_options;

#endif
