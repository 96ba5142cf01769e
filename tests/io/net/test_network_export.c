/* What an export must not write. That other programs read what it writes: tests/programs/exported_networks.py. */
#include "io/net/network_export.h"
#include "io/net/network_graph.h"
#include "tests/io/net/fake_network.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <float.h>
#include <string.h>
#include <unistd.h>

TestSuite(network_export, .init = test_folder_make, .fini = test_folder_remove);

static void fill(pnas_network_tensors *tensors, const char *name, float value)
{
    for (size_t i = 0; i < tensors->count; i++) {
        const pnas_named_tensor *tensor = &tensors->tensor[i];
        size_t values = strcmp(tensor->name, name) == 0 ? pnas_named_tensor_values(tensor) : 0;
        for (size_t k = 0; k < values; k++)
            tensor->data[k] = value;
        if (values > 0)
            return;
    }
    cr_assert_fail("no tensor %s", name);
}

static pnas_status export(const pnas_network_file *file, bool keep_norm)
{
    pnas_graph *graph = NULL;
    pnas_chosen_weights weights;
    cr_assert_eq(pnas_network_file_graph("net.h5", file, &graph), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_network_choose_weights("net.h5", file, PNAS_WEIGHTS_LAST, &weights), PNAS_OK, "%s",
                 pnas_message());
    const pnas_export_options options = {
        .file = file, .graph = graph, .weights = &weights, .keep_norm = keep_norm};
    pnas_status status = pnas_onnx_write(test_path("net.onnx"), &options);
    pnas_graph_destroy(&graph);
    return status;
}

Test(network_export, a_normalisation_that_overflows_when_it_is_folded_is_refused_and_nothing_is_written)
{
    pnas_network_file file;
    fake_network_make(&file);
    fill(&file.weights, "stem/norm/gamma", FLT_MAX);
    fill(&file.weights, "stem/norm/running_variance", 0);
    fill(&file.weights, "stem/convolution/weight", 2);
    pnas_status status = export(&file, false);
    if (status == PNAS_ERROR_USAGE && strstr(pnas_message(), "ONNX")) {
        pnas_network_file_clear(&file);
        cr_skip_test("this build has no ONNX");
    }
    cr_expect_eq(status, PNAS_ERROR_DATA);
    cr_expect(strstr(pnas_message(), "stem/") && strstr(pnas_message(), "are not finite"), "%s",
              pnas_message());
    cr_expect_neq(access(test_path("net.onnx"), F_OK), 0);
    cr_expect_eq(export(&file, true), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(access(test_path("net.onnx"), F_OK), 0);
    pnas_network_file_clear(&file);
}
