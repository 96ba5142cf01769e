/* The reference child: its gradients against finite differences, and its training against figures made by an
 * independent implementation. */
#include "src/net/graph_create.h"
#include "tests/net/net_helpers.h"
#include "tests/net/reference_case.h"
#include "tests/net/reference_child.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

static void fill_parameters(reference_child *child)
{
    for (int p = 0; p < child->graph->parameter_count; p++)
        for (size_t i = 0; i < child->parameter[p].count; i++)
            child->parameter[p].value[i] = reference_case_parameter(&child->graph->parameter[p], i);
}

static void load_images(reference_child *child, int first)
{
    const pnas_network_options *options = &child->graph->options;
    size_t count =
        (size_t)child->N * (size_t)options->height * (size_t)options->width * (size_t)options->channels;
    double *images = malloc(count * sizeof *images);
    int *labels = malloc((size_t)child->N * sizeof *labels);
    cr_assert(images && labels);
    for (size_t i = 0; i < count; i++) {
        int c = (int)(i % (size_t)options->channels);
        images[i] = (reference_case_byte(i) / 255.0 - reference_case_mean(c)) / reference_case_deviation(c);
    }
    for (int n = 0; n < child->N; n++)
        labels[n] = (7 * (n + first) + 3) % options->classes;
    reference_child_load(child, images, labels);
    free(images);
    free(labels);
}

/* --- training ------------------------------------------------------------------------------------------ */

static void expect_losses_of_case(int index)
{
    const reference_case *of = reference_case_at(index);
    cr_assert_not_null(of);
    pnas_graph *graph = NULL;
    pnas_training_options training;
    double losses[REFERENCE_STEPS];
    int64_t parameters = 0;
    cr_assert_eq(reference_case_graph(of, NULL, &graph), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(reference_case_losses(of, losses, &parameters), PNAS_OK, "%s", pnas_message());
    reference_case_training(of, &training);
    cr_expect_eq(graph->parameters, parameters, "%lld parameters, not %lld", (long long)graph->parameters,
                 (long long)parameters);
    reference_child *child = reference_child_create(graph, of->batch, training.norm_epsilon);
    fill_parameters(child);
    load_images(child, 0);
    for (int step = 0; step < REFERENCE_STEPS; step++) {
        double loss = reference_child_step(child, &training, pnas_schedule_rate(&training.schedule, step));
        cr_expect(fabs(loss - losses[step]) <= 1e-6 * losses[step], "step %d: loss %.12g, not %.12g", step,
                  loss, losses[step]);
    }
    reference_child_destroy(&child);
    pnas_graph_destroy(&graph);
    net_check_leaks();
}

Test(reference_child, fifty_steps_give_the_independent_losses)
{
    expect_losses_of_case(0);
}

Test(reference_child, fifty_steps_with_unused_inputs_at_odd_sizes_give_the_independent_losses)
{
    expect_losses_of_case(1);
}

Test(reference_child, fifty_steps_with_the_stem_of_imagenet_give_the_independent_losses)
{
    expect_losses_of_case(3);
}

/* --- gradients ----------------------------------------------------------------------------------------- */

static double loss_with(reference_child *child, double *at, double value)
{
    double kept = *at;
    *at = value;
    double loss = reference_child_forward(child) + reference_child_auxiliary_loss(child);
    *at = kept;
    return loss;
}

/* A few values of every parameter: central differences of second order. */
static void expect_gradients(const pnas_graph *graph, const char *cell, const double *factor)
{
    const double step = 1e-5;
    reference_child *child = reference_child_create(graph, 3, 1e-3);
    child->factor = factor;
    fill_parameters(child);
    load_images(child, 1);
    reference_child_forward(child);
    reference_child_backward(child);
    for (int p = 0; p < graph->parameter_count; p++)
        for (size_t k = 0; k < 3; k++) {
            reference_parameter *parameter = &child->parameter[p];
            size_t i = (k * 5 + (size_t)p) % parameter->count;
            double *at = &parameter->value[i], value = *at;
            double numeric =
                (loss_with(child, at, value + step) - loss_with(child, at, value - step)) / (2 * step);
            double analytic = parameter->gradient[i];
            cr_expect(fabs(numeric - analytic) <= 2e-8 + 1e-5 * fabs(analytic),
                      "%s: %s[%zu]: gradient %.10g, by differences %.10g", cell, graph->parameter[p].path, i,
                      analytic, numeric);
        }
    reference_child_destroy(&child);
}

static pnas_network_options small_images(int repeats, pnas_concatenation concatenation, int height, int width)
{
    pnas_network_options options = net_options(4, repeats, concatenation);
    options.height = height;
    options.width = width;
    options.classes = 4;
    return options;
}

static void expect_gradients_of(const char *cell, int repeats, pnas_concatenation concatenation, int height,
                                int width)
{
    pnas_network_options options = small_images(repeats, concatenation, height, width);
    pnas_graph *graph = net_graph(cell, &options);
    expect_gradients(graph, cell, NULL);
    pnas_graph_destroy(&graph);
    net_check_leaks();
}

Test(reference_child, gradients_of_every_kind_of_operator_match_differences)
{
    const pnas_network_options options = small_images(1, PNAS_CONCATENATE_ALL, 8, 7);
    for (int kind = 0; kind < PNAS_OPERATOR_KIND_COUNT; kind++) {
        pnas_operator_set operators;
        pnas_cell cell;
        pnas_graph *graph = NULL;
        cr_assert_eq(reference_case_of_kind((pnas_operator_kind)kind, &operators, &cell), PNAS_OK, "%s",
                     pnas_message());
        cr_assert_eq(pnas_graph_create(&cell, &operators, &options, &graph), PNAS_OK, "%s", pnas_message());
        expect_gradients(graph, operators.item[0].name, NULL);
        pnas_graph_destroy(&graph);
    }
    net_check_leaks();
}

Test(reference_child, gradients_of_separable_convolutions_and_max_pool_match_differences)
{
    expect_gradients_of("-2:sep3+-1:max3 | 0:sep5+-1:sep7", 1, PNAS_CONCATENATE_ALL, 7, 6);
}

Test(reference_child, gradients_of_dense_convolutions_match_differences)
{
    expect_gradients_of("-1:1x7-7x1+-2:dil3 | -1:conv3+0:1x7-7x1", 1, PNAS_CONCATENATE_ALL, 8, 5);
}

Test(reference_child, gradients_of_identities_and_average_pools_match_differences)
{
    expect_gradients_of("-1:identity+-2:identity | 0:avg3+-2:avg3", 2, PNAS_CONCATENATE_UNUSED, 5, 6);
}

Test(reference_child, gradients_through_regrouped_and_unused_inputs_match_differences)
{
    expect_gradients_of("-1:avg3+-1:identity", 2, PNAS_CONCATENATE_UNUSED_INPUTS, 6, 6);
}

Test(reference_child, gradients_of_an_identity_added_to_itself_match_differences)
{
    expect_gradients_of("-1:identity+-1:identity", 1, PNAS_CONCATENATE_ALL, 6, 5);
}

Test(reference_child, gradients_of_a_network_that_skips_every_other_cell_match_differences)
{
    expect_gradients_of("-2:sep3+-2:max3", 1, PNAS_CONCATENATE_ALL, 6, 7);
}

Test(reference_child, gradients_through_dropped_paths_match_differences)
{
    const char *cell = "-2:sep3+-1:max3 | 0:identity+-1:1x7-7x1 | 0:avg3+-2:identity";
    pnas_network_options options = small_images(1, PNAS_CONCATENATE_ALL, 7, 6);
    pnas_graph *graph = net_graph(cell, &options);
    double *factor = calloc((size_t)graph->drop_paths * 3, sizeof *factor);
    cr_assert(factor);
    for (int i = 0; i < graph->drop_paths * 3; i++)
        factor[i] = i % 3 ? 1.25 : 0;
    expect_gradients(graph, cell, factor);
    free(factor);
    pnas_graph_destroy(&graph);
    net_check_leaks();
}

Test(reference_child, gradients_through_an_auxiliary_classifier_match_differences)
{
    pnas_network_options options = small_images(1, PNAS_CONCATENATE_ALL, 16, 9);
    options.auxiliary = 0.4;
    pnas_graph *graph = net_graph("-2:sep3+-1:max3 | 0:identity+-1:avg3", &options);
    expect_gradients(graph, "with an auxiliary classifier", NULL);
    pnas_graph_destroy(&graph);
    net_check_leaks();
}

/* --- the step ------------------------------------------------------------------------------------------ */

Test(reference_child, clipping_shortens_the_step_to_the_allowed_norm)
{
    pnas_network_options options = net_options(4, 1, PNAS_CONCATENATE_ALL);
    options.height = options.width = 5;
    pnas_graph *graph = net_graph("-1:sep3+-1:identity", &options);
    reference_child *child = reference_child_create(graph, 2, 1e-5);
    fill_parameters(child);
    load_images(child, 0);
    pnas_training_options training = {.clip_norm = 1e-3};
    reference_child_step(child, &training, 1);
    double squares = 0;
    for (int p = 0; p < graph->parameter_count; p++)
        for (size_t i = 0; i < child->parameter[p].count; i++) {
            double moved = child->parameter[p].value[i] - reference_case_parameter(&graph->parameter[p], i);
            squares += moved * moved;
        }
    cr_expect_float_eq(sqrt(squares), 1e-3, 1e-12);
    cr_expect_gt(reference_child_gradient_norm(child), 1e-3);
    reference_child_destroy(&child);
    pnas_graph_destroy(&graph);
}
