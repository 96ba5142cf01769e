/* The MLP and its losses, forward and backward, against PyTorch. */
#include "cl/surrogate/network.h"
#include "tests/cl/reference/mlp_reference.h"
#include "tests/cl/test_device.h"

typedef struct { /* the order of the reference's parameters; where they stand in the flat ones */
    const double *gradient[3], *of_one_layer[3]; /* NULL: one layer has no such tensor */
    size_t at;
    int count, width, stride;
} reference_tensor;

#define OF_MODEL(model, name)                                                                                \
    {                                                                                                        \
        model##_l1_##name, model##_squared_##name, model##_ranking_##name                                    \
    }
#define GRADIENTS(name) OF_MODEL(mlp, name), OF_MODEL(mlp1, name)
#define OF_TWO(name)                                                                                         \
    OF_MODEL(mlp, name),                                                                                     \
    {                                                                                                        \
        NULL                                                                                                 \
    }

static void fill_batch(pnas_cl *cl, const pnas_network_work *work)
{
    cl_int token[MLP_TOKENS * MLP_ROWS];
    float target[MLP_ROWS], valid[MLP_ROWS];
    for (int r = 0; r < MLP_ROWS; ++r) {
        int pair = r / 2;
        target[r] = 0.1f + 0.2f * (float)pair;
        valid[r] = 1;
        for (int t = 0; t < MLP_TOKENS; ++t) {
            int words = t % 4 < 2 ? MLP_INPUTS : MLP_OPERATORS;
            token[t * MLP_ROWS + r] = (5 * t + 3 * r + t * r) % words + (t % 4 < 2 ? 0 : MLP_INPUTS);
        }
    }
    cr_assert_eq(pnas_buffer_write(cl, work->token, 0, sizeof token, token), PNAS_OK);
    cr_assert_eq(pnas_buffer_write(cl, work->loss.target, 0, sizeof target, target), PNAS_OK);
    cr_assert_eq(pnas_buffer_write(cl, work->loss.valid, 0, sizeof valid, valid), PNAS_OK);
}

static void check_model(pnas_surrogate_model model, const double *want_output)
{
    const pnas_space space = {
        .operators = {.count = MLP_OPERATORS}, .blocks = MLP_INPUTS - 1, .lookback = -2, .lookforward = -1};
    const pnas_surrogate_options options = {
        .model = model, .members = 1, .embedding = MLP_EMBEDDING, .hidden = MLP_HIDDEN};
    pnas_cl *cl = test_device_open(0);
    pnas_network network;
    pnas_network_work work;
    pnas_network_make(&options, &space, &network);
    const pnas_mlp_layout *l = &network.layout.mlp;
    cr_assert_eq(l->inputs, MLP_INPUTS);
    cr_assert_eq(pnas_network_work_create(cl, &network, MLP_ROWS, MLP_TOKENS, true, &work), PNAS_OK);
    int E = l->embedding, H = l->hidden, P = l->padded;
    const reference_tensor tensors[] = {
        {GRADIENTS(input_embedding), l->embeddings, MLP_INPUTS * E, E, E},
        {GRADIENTS(operator_embedding), l->embeddings + (size_t)(MLP_INPUTS * E), MLP_OPERATORS * E, E, E},
        {GRADIENTS(first_weight), l->first_weight, 4 * E * H, H, P},
        {GRADIENTS(first_bias), l->first_bias, H, H, P},
        {OF_TWO(second_weight), l->second_weight, H * H, H, P},
        {OF_TWO(second_bias), l->second_bias, H, H, P},
        {GRADIENTS(output_weight), l->output_weight, H, H, P},
        {GRADIENTS(output_bias), l->output_bias, 1, 1, 1},
    };
    float *parameters = calloc(network.count, sizeof *parameters),
          *gradients = malloc(network.count * sizeof *gradients), output[MLP_ROWS];
    const bool one = model == PNAS_MODEL_MLP1;
    for (int k = 0; k < 8; ++k)
        for (int i = 0; i < tensors[k].count && (!one || tensors[k].of_one_layer[0]); ++i)
            parameters[tensors[k].at +
                       (size_t)(i / tensors[k].width * tensors[k].stride + i % tensors[k].width)] =
                (float)(0.4 * sin(1.3 * i + 0.7 * k));
    cl_mem weights = test_device_buffer(cl, parameters, network.count);
    cl_mem slopes = test_device_buffer(cl, parameters, network.count);
    fill_batch(cl, &work);
    for (int loss = 0; loss < 3; ++loss) {
        pnas_launch_list list = {0};
        cr_assert_eq(pnas_network_forward_append(cl, &list, &network, weights, &work, MLP_TOKENS), PNAS_OK);
        cr_assert_eq(pnas_network_backward_append(cl, &list, &network, (pnas_surrogate_loss)loss, weights,
                                                  slopes, &work, MLP_TOKENS),
                     PNAS_OK);
        test_device_run(cl, &list);
        test_device_read(cl, work.loss.output, output, MLP_ROWS);
        test_device_read(cl, slopes, gradients, network.count);
        test_device_compare(output, want_output, MLP_ROWS, 1e-6, 1, "output");
        for (int k = 0; k < 8; ++k)
            for (int i = 0; i < tensors[k].count && (!one || tensors[k].of_one_layer[0]); ++i) {
                const reference_tensor *t = &tensors[k];
                double got = gradients[t->at + (size_t)(i / t->width * t->stride + i % t->width)];
                double want = (one ? t->of_one_layer : t->gradient)[loss][i];
                cr_assert(fabs(got - want) < 1e-7 + 2e-5 * fabs(want),
                          "loss %d, tensor %d, element %d: %.9g, expected %.9g", loss, k, i, got, want);
            }
    }
    free(parameters);
    free(gradients);
    pnas_buffer_release(&weights);
    pnas_buffer_release(&slopes);
    pnas_network_work_release(&network, &work);
    test_device_close(&cl);
}

Test(mlp, output_and_gradients_of_every_loss_agree_with_pytorch)
{
    check_model(PNAS_MODEL_MLP, mlp_output);
}

Test(mlp, the_same_of_one_layer)
{
    check_model(PNAS_MODEL_MLP1, mlp1_output);
}

Test(mlp, ranking_ignores_rows_that_are_not_valid_and_outputs_at_their_ends)
{
    enum { ROWS = 4 };
    pnas_cl *cl = test_device_open(0);
    const float output[ROWS] = {1, 0, 0.3f, 0.5f}, target[ROWS] = {0.2f, 0.9f, 0.5f, 0.1f},
                valid[ROWS] = {1, 1, 1, 0};
    float slope[ROWS];
    cl_mem y = test_device_buffer(cl, output, ROWS), t = test_device_buffer(cl, target, ROWS),
           v = test_device_buffer(cl, valid, ROWS), s = test_device_buffer(cl, NULL, ROWS);
    const pnas_network_loss loss = {y, t, v, {s, 0}, ROWS};
    pnas_launch_list list = {0};
    cr_assert_eq(pnas_network_loss_append(cl, &list, PNAS_LOSS_RANKING, &loss), PNAS_OK);
    test_device_run(cl, &list);
    test_device_read(cl, s, slope, ROWS);
    /* Three pairs of valid rows, each in the wrong order and two of them as wrong as can be. */
    const double want[ROWS] = {2 / 3.0, -2 / 3.0, 0, 0};
    test_device_compare(slope, want, ROWS, 1e-6, 1, "slope");
    pnas_buffer_release(&y);
    pnas_buffer_release(&t);
    pnas_buffer_release(&v);
    pnas_buffer_release(&s);
    test_device_close(&cl);
}
