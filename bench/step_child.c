#include "bench/step_child.h"

#include "cl/ops/op_augment.h"
#include "cl/train/child_parameters.h"
#include "src/net/graph_create.h"
#include "src/search/canonical.h"
#include "src/search/search_draw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every operator of the paper stands in the first five blocks. */
static const char *const blocks[] = {"-1:sep3+-2:max3", "-1:sep5+-2:identity", "-1:1x7-7x1+0:avg3",
                                     "-2:dil3+1:sep7", "0:sep3+-1:sep5"};

error_t step_child_parse(int key, const char *value, struct argp_state *state, step_child_options *out)
{
    switch (key) {
    case 'b':
        out->blocks = atoi(value);
        return 0;
    case 'f':
        out->filters = atoi(value);
        return 0;
    case 'n':
        out->repeats = atoi(value);
        return 0;
    case 'm':
        out->batch = atoi(value);
        return 0;
    case 's':
        out->size = atoi(value);
        return 0;
    case 'S':
        if (strcmp(value, "float") != 0 && strcmp(value, "half") != 0)
            argp_error(state, "--storage is float or half, not %s", value);
        out->storage = strcmp(value, "half") == 0 ? PNAS_STORAGE_HALF : PNAS_STORAGE_FLOAT;
        return 0;
    case 'A':
        out->augment = value;
        if (strcmp(value, "crop") != 0 && strcmp(value, "colours") != 0 && strcmp(value, "rand") != 0 &&
            strcmp(value, "all") != 0)
            argp_error(state, "--augment %s: crop, colours, rand or all is wanted", value);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

pnas_route step_child_route(const char *value, struct argp_state *state, int *vector)
{
    bool gpu = strcmp(value, "gpu") == 0;
    if (!gpu && strcmp(value, "auto") != 0)
        argp_error(state, "--route is gpu or auto, not %s", value);
    *vector = gpu ? 4 : 0;
    return gpu ? PNAS_ROUTE_GPU : PNAS_ROUTE_AUTO;
}

void step_child_draw(int how_many, pnas_stream *stream, char text[PNAS_CELL_TEXT_MAX])
{
    pnas_space space = {.blocks = how_many, .lookback = -2, .lookforward = -1};
    pnas_cell cell;
    pnas_operator_set_paper(&space.operators);
    pnas_draw_cell(&space, stream, &cell);
    pnas_cell_format(&cell, &space.operators, text);
}

static pnas_status make_images(pnas_cl *cl, const step_child_options *o, step_child *child)
{
    size_t bytes = (size_t)o->batch * (size_t)o->size * (size_t)o->size * (size_t)o->channels;
    uint8_t *pixels = malloc(bytes);
    PNAS_CHECK(pixels, PNAS_ERROR_MEMORY, "no memory for %zu pixels", bytes);
    pnas_stream stream = pnas_stream_make(1, PNAS_STREAM_TEST, 0, 0);
    for (size_t i = 0; i < bytes; ++i)
        pixels[i] = (uint8_t)pnas_stream_u32(&stream);
    pnas_status status = pnas_buffer_create(cl, bytes, &child->images);
    if (status == PNAS_OK)
        status = pnas_buffer_write(cl, child->images, 0, bytes, pixels);
    free(pixels);
    PNAS_TRY(status);
    const float mean_deviation[] = {0.5f, 0.5f, 0.5f, 0.25f, 0.25f, 0.25f};
    PNAS_TRY(pnas_buffer_create(cl, sizeof mean_deviation, &child->mean_deviation));
    return pnas_buffer_write(cl, child->mean_deviation, 0, sizeof mean_deviation, mean_deviation);
}

static pnas_status write_records(pnas_child_plan *plan, const step_child_options *o)
{
    size_t count = (size_t)o->batch * PNAS_RECORD_INTS;
    cl_int *record = calloc(count, sizeof *record);
    PNAS_CHECK(record, PNAS_ERROR_MEMORY, "no memory for %d records", o->batch);
    for (int i = 0; i < o->batch; ++i) {
        record[i * PNAS_RECORD_INTS + PNAS_RECORD_IMAGE] = i;
        record[i * PNAS_RECORD_INTS + PNAS_RECORD_LABEL] = i % o->classes;
    }
    pnas_status status = pnas_slice_write(plan->cl, plan->train.records, 0, count * sizeof *record, record);
    free(record);
    return status;
}

static pnas_status write_recipes(pnas_child_plan *plan, const step_child_options *o)
{
    size_t bytes = (size_t)o->batch * PNAS_RECIPE_INTS * sizeof(cl_int);
    cl_int *recipe = malloc(bytes);
    PNAS_CHECK(recipe, PNAS_ERROR_MEMORY, "no memory for %d recipes", o->batch);
    pnas_stream stream = pnas_stream_make(1, PNAS_STREAM_TEST, 1, 0);
    for (int i = 0; i < o->batch; ++i) {
        pnas_augmentation drawn;
        pnas_augmentation_draw(plan->options.training, o->size, o->size, &stream, &drawn);
        pnas_recipe_write(&drawn, i, recipe + (size_t)i * PNAS_RECIPE_INTS);
    }
    pnas_status status = pnas_slice_write(plan->cl, plan->train.recipes, 0, bytes, recipe);
    free(recipe);
    return status;
}

pnas_status step_child_graph(const step_child_options *o, pnas_cell *cell, step_child *child)
{
    pnas_operator_set operators;
    pnas_operator_set_paper(&operators);
    if (o->operator)
        PNAS_TRY(pnas_operator_set_add_named(&operators, o->operator));
    for (int i = 0; i < o->blocks && !o->cell; ++i)
        snprintf(child->text + strlen(child->text), sizeof child->text - strlen(child->text), "%s%s",
                 i ? " | " : "", blocks[i]);
    if (o->cell)
        snprintf(child->text, sizeof child->text, "%s", o->cell);
    PNAS_TRY(pnas_cell_parse(child->text, &operators, cell));
    const pnas_network_options network = {.filters = o->filters,
                                          .repeats = o->repeats,
                                          .stem_multiplier = 3,
                                          .concatenation = PNAS_CONCATENATE_ALL,
                                          .height = o->size,
                                          .width = o->size,
                                          .channels = o->channels,
                                          .classes = o->classes};
    return pnas_graph_create(cell, &operators, &network, &child->graph);
}

pnas_training_options step_child_training(const step_child_options *o)
{
    const char *augment = o->augment ? o->augment : "none";
    bool all = strcmp(augment, "all") == 0, colours = all || strcmp(augment, "colours") == 0;
    return (pnas_training_options){.crop_area = all || strcmp(augment, "crop") == 0 ? 0.08 : 1,
                                   .crop_aspect = 4.0 / 3,
                                   .brightness = colours ? 0.4 : 0,
                                   .contrast = colours ? 0.4 : 0,
                                   .saturation = colours ? 0.4 : 0,
                                   .rand_ops = all || strcmp(augment, "rand") == 0 ? 2 : 0,
                                   .rand_magnitude = 9,
                                   .epochs = o->steps, /* of one batch: a learning rate for each step */
                                   .batch = o->batch,
                                   .optimizer = PNAS_OPTIMIZER_SGD,
                                   .momentum = 0.9,
                                   .weight_decay = 5e-4,
                                   .clip_norm = 5,
                                   .schedule = {.kind = PNAS_SCHEDULE_CONSTANT, .rate = 0.01},
                                   .norm_momentum = 0.9,
                                   .norm_epsilon = 1e-5,
                                   .storage = o->storage};
}

static void share_images(const step_child *from, step_child *child)
{
    clRetainMemObject(from->images);
    clRetainMemObject(from->mean_deviation);
    child->images = from->images;
    child->mean_deviation = from->mean_deviation;
}

pnas_status step_child_plan(pnas_cl *cl, const step_child_options *o, const step_child *images_of,
                            step_child *child)
{
    pnas_cell cell;
    *child = (step_child){.training = step_child_training(o)};
    if (images_of)
        share_images(images_of, child);
    else
        PNAS_TRY(make_images(cl, o, child));
    PNAS_TRY(step_child_graph(o, &cell, child));
    child->hash = pnas_cell_hash(&cell);
    const pnas_child_plan_options wanted = {.training = &child->training,
                                            .batch = o->batch,
                                            .train_steps = 1,
                                            .evaluation_steps = 1,
                                            .images = child->images,
                                            .mean_deviation = child->mean_deviation};
    return pnas_child_plan_create(cl, child->graph, &wanted, &child->plan);
}

pnas_status step_child_build(const step_child_options *o, step_child *child)
{
    PNAS_TRY(pnas_child_plan_build(child->plan, NULL));
    PNAS_TRY(pnas_child_parameters_initialize(child->plan, 1, child->hash));
    if (child->plan->train.recipes.buffer)
        PNAS_TRY(write_recipes(child->plan, o));
    return write_records(child->plan, o);
}

pnas_status step_child_create(pnas_cl *cl, const step_child_options *o, step_child *child)
{
    PNAS_TRY(step_child_plan(cl, o, NULL, child));
    return step_child_build(o, child);
}

void step_child_destroy(step_child *child)
{
    pnas_child_plan_destroy(&child->plan);
    pnas_graph_destroy(&child->graph);
    pnas_buffer_release(&child->images);
    pnas_buffer_release(&child->mean_deviation);
}
