/* Private to cl: what one child has on the device, and where each of its values lies. Local.
 *
 * Weights are stored with padded channels (cl/ops/op.h); every padded value is zero and stays zero. All
 * parameters lie in one flat buffer, those with weight decay first, with gradients and moments of the same
 * layout. */
#ifndef PNAS_CL_CHILD_LAYOUT_H
#define PNAS_CL_CHILD_LAYOUT_H

#include "cl/ops/layer_op.h"
#include "cl/runtime/launch_order.h"
#include "src/net/memory_plan.h"
#include "src/net/training.h"

typedef struct { /* a stream of batches driven by records; period = batches before it starts over */
    int period;
    pnas_slice records; /* ints, [period][N][PNAS_RECORD_INTS] */
    pnas_slice mixes;   /* ints, [period][N][PNAS_MIX_INTS]; buffer NULL: images are not mixed */
    pnas_slice
        recipes; /* ints, [period][N][PNAS_RECIPE_INTS]; buffer NULL: images are shown as they are stored */
    pnas_slice kept;    /* words, [period][N][words]: paths that are kept (pnas_drop); buffer NULL: all */
    pnas_slice state;   /* int[4]; [0] counts batches */
    pnas_slice metrics; /* [period][2]: mean loss, number right */
} pnas_batch_stream;

typedef struct { /* a part of a buffer that children share, so that their launches can be joined */
    pnas_slice at;
    uint64_t floats;
} pnas_child_room;

typedef struct {
    const pnas_training_options *training; /* borrowed */
    int batch;                             /* N */
    int shards;                            /* 0: a step updates the parameters; else `update` does, after so
                                              many steps, each of one shard of a batch */
    int train_steps;                       /* steps an epoch */
    int evaluation_steps;                  /* batches an evaluation */
    cl_mem images;                         /* uint8 [n, H, W, C], borrowed */
    struct pnas_image_stream *stream;      /* borrowed: brings those of a step there; NULL: all lie there */
    cl_mem mean_deviation;                 /* [2][C], borrowed */
    bool separate;                         /* no launches are joined, for comparison */
    struct pnas_child_group *group;        /* borrowed; NULL: it takes its steps alone */
    int member;                            /* of the group */
    pnas_child_room room;                  /* borrowed; buffer NULL: the plan makes its own buffers */
} pnas_child_plan_options;

typedef struct { /* a list as it was recorded, for joining; zero it to start */
    pnas_launch_list list;
    pnas_launch_order order;
} pnas_recorded_list;

typedef struct {
    pnas_cl *cl;             /* borrowed */
    const pnas_graph *graph; /* borrowed */
    pnas_memory_plan *memory;
    pnas_child_plan_options options;
    size_t *parameter_at; /* [parameter_count] floats into the flat buffers */
    size_t parameter_floats, decayed_floats;
    size_t *norm_at; /* [norm_count] floats into `norms`: running 2, saved 2, scale_shift 2,
                        coefficients 3 times the padded channels */
    size_t norm_floats;
    size_t *running_at;    /* [norm_count] floats into the shard's statistics: 2 times the padded channels */
    size_t running_floats; /* with shards, behind the gradients: what the shard adds to running statistics */
    size_t scratch_floats, statistics_floats;
    size_t *scratch_at; /* [layer_count + 1] floats into `scratch` for each layer's op, and for the update */
    size_t *norm_scratch_at; /* [norm_count] the same for the backward pass of a normalisation */
    size_t *statistics_at;   /* [norm_count] floats into `statistics`. All three: 0 where none are joined */
    uint64_t bytes;          /* of the device, for all of it */
    bool joins;              /* equal launches are made one (cl/runtime/launch_join.h) */
    cl_mem *buffer;          /* [buffers] what is to be released */
    size_t buffers;
    pnas_slice pool; /* where all the rest lies; buffer NULL: each piece is a buffer of its own */
    size_t pool_used;
    pnas_slice *arena; /* [arena_parts] of memory->part floats each */
    size_t arena_parts;
    pnas_slice parameters, gradients, moments, norms, scratch, statistics, rates;
    pnas_slice factors; /* [graph->drop_paths][N] of a training step; buffer NULL without drop-path */
    pnas_slice shown;   /* [N] images as a training step's recipes make them; buffer NULL without recipes */
    pnas_slice average; /* with shards: moving average of the parameters; buffer NULL: none */
    pnas_slice update_state; /* with shards: int[4], [0] counts updates */
    pnas_batch_stream train, validation;
    pnas_launch_list step; /* forward, loss, backward; without shards: update, advance */
    size_t *backward_end;  /* [layer_count] launches of `step` after which a layer's gradients are there */
    /* The lists as they were recorded; empty where no launches are joined. */
    pnas_recorded_list recorded_step, recorded_evaluation, recorded_before;
    pnas_launch_list update;            /* with shards */
    pnas_launch_list before_evaluation; /* scale and shift from the running statistics */
    pnas_launch_list evaluation;        /* forward and loss of one batch */
} pnas_child_plan;

/* Whether training changes images by recipes (cl/ops/op_augment.h). */
bool pnas_child_augments(const pnas_child_plan *plan);
/* Whether training drops paths. */
bool pnas_child_drops(const pnas_child_plan *plan);
int pnas_child_padded(const pnas_child_plan *plan, int channels);
pnas_view pnas_child_data(const pnas_child_plan *plan, int tensor, int first_segment, int segments);
pnas_view pnas_child_gradient(const pnas_child_plan *plan, int tensor, int first_segment, int segments);
/* What the op of a layer works on, but for where its gradients come from and go to. */
pnas_layer_operands pnas_child_operands(const pnas_child_plan *plan, int layer);
/* Of input `input` of an ADD in a training step; without a buffer where it is never dropped. */
pnas_slice pnas_child_factors(const pnas_child_plan *plan, int layer, int input);
/* Of the op of a layer, of the update (layer == layer_count), and of a normalisation. */
pnas_slice pnas_child_scratch(const pnas_child_plan *plan, int layer);
pnas_slice pnas_child_norm_scratch(const pnas_child_plan *plan, int norm);
pnas_slice pnas_child_statistics(const pnas_child_plan *plan, int norm);
pnas_slice pnas_child_parameter(const pnas_child_plan *plan, int parameter);
pnas_slice pnas_child_parameter_gradient(const pnas_child_plan *plan, int parameter);
typedef enum {
    PNAS_NORM_RUNNING = 0,
    PNAS_NORM_SAVED = 2,
    PNAS_NORM_SCALE_SHIFT = 4,
    PNAS_NORM_COEFFICIENTS = 6,
    PNAS_NORM_STATISTICS = 9
} pnas_norm_part;
pnas_slice pnas_child_norm(const pnas_child_plan *plan, int norm, pnas_norm_part part);
/* What a step changes of the running statistics: themselves, or with shards what the shard adds to them. */
pnas_slice pnas_child_statistics_of_step(const pnas_child_plan *plan, int norm);

#endif
