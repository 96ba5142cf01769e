/* Network files come back bit for bit, and what is none is refused with a sentence. */
#include "io/hdf5/hdf5_array.h"
#include "io/hdf5/hdf5_attribute.h"
#include "io/hdf5/tensor_group.h"
#include "io/net/network_graph.h"
#include "io/net/network_weights.h"
#include "tests/base/leak_check.h"
#include "tests/io/net/fake_network.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <hdf5_hl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of the lengths that a file is cut to; the sanitizers make each of them ten times slower. */
#if defined(__SANITIZE_ADDRESS__)
#define STEP 13
#else
#define STEP 1
#endif
#define SEAL_SIZE 20

TestSuite(network_file, .timeout = 110, .init = test_folder_make, .fini = test_folder_remove);

static void write_network(pnas_network_file *file)
{
    cr_assert_eq(pnas_network_file_write(test_path("net.h5"), file), PNAS_OK, "%s", pnas_message());
}

static void write_fake(void)
{
    pnas_network_file file;
    fake_network_make(&file);
    write_network(&file);
    pnas_network_file_clear(&file);
}

/* Reading net.h5 or making its graph is refused; some of the message. */
static void expect_refused(const char *sentence)
{
    pnas_network_file read;
    pnas_graph *graph = NULL;
    pnas_status status = pnas_network_file_read(test_path("net.h5"), &read);
    if (status == PNAS_OK)
        status = pnas_network_file_graph(test_path("net.h5"), &read, &graph);
    cr_expect_eq(status, PNAS_ERROR_DATA, "%s: status %d", sentence, (int)status);
    cr_expect_not_null(strstr(pnas_message(), "net.h5: "), "%s", pnas_message());
    cr_expect_not_null(strstr(pnas_message(), sentence), "%s", pnas_message());
    cr_expect_null(graph);
    pnas_graph_destroy(&graph);
    pnas_network_file_clear(&read);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const pnas_named_tensor *)a)->name, ((const pnas_named_tensor *)b)->name);
}

static void expect_same_tensors(pnas_network_tensors *read, pnas_network_tensors *written)
{
    cr_assert_eq(read->count, written->count);
    qsort(read->tensor, read->count, sizeof *read->tensor, by_name);
    qsort(written->tensor, written->count, sizeof *written->tensor, by_name);
    for (size_t i = 0; i < read->count; i++) {
        const pnas_named_tensor *a = &read->tensor[i], *b = &written->tensor[i];
        size_t values = 1;
        cr_expect_str_eq(a->name, b->name);
        cr_assert_eq(a->rank, b->rank);
        for (int d = 0; d < b->rank; d++) {
            cr_assert_eq(a->shape[d], b->shape[d]);
            values *= b->shape[d];
        }
        cr_expect_eq(memcmp(a->data, b->data, values * sizeof(float)), 0, "%s", a->name);
    }
}

static void expect_same_records(const pnas_network_file *read, const pnas_network_file *written)
{
    cr_expect(read->in_training && read->training.epoch == 2 && read->training.batch == 7);
    cr_expect(read->training.best == 0.5 && read->training.last == 0.25 && read->training.seconds == 3.5);
    cr_expect_str_eq(read->fingerprint, written->fingerprint);
    cr_expect(read->history.epochs == 2 && read->history.columns == 2);
    cr_expect_str_eq(read->history.name[1], "validation_accuracy");
    for (int i = 0; i < 4; i++)
        cr_expect_eq(read->history.values[i], written->history.values[i]);
    cr_expect(read->divergence.epoch == 2 && read->divergence.update == 5 &&
              read->divergence.factor == 0.125);
    cr_expect(read->test.known && read->test.images == 12 && read->test.accuracy == 0.75);
    cr_expect_str_eq(read->test.dataset, "little");
    cr_expect_str_eq(read->test.weights, "average");
    cr_assert_eq(read->devices.count, 1);
    cr_expect_str_eq(*read->devices.name, "PoCL");
    cr_expect_str_eq(*read->devices.driver, "3.1; tuned 0123456789abcdef");
    cr_expect_eq(memcmp(read->test.confusion, written->test.confusion, 9 * sizeof(int64_t)), 0);
}

Test(network_file, everything_comes_back)
{
    pnas_network_file written, read;
    fake_network_make(&written);
    write_network(&written);
    cr_assert_eq(pnas_network_file_read(test_path("net.h5"), &read), PNAS_OK, "%s", pnas_message());
    cr_expect(!read.of_search);
    cr_expect_eq(pnas_cell_compare(&read.cell, &written.cell), 0);
    cr_expect(read.network.filters == 2 && read.network.repeats == 1 && read.network.stem_multiplier == 1);
    cr_expect(read.network.concatenation == PNAS_CONCATENATE_UNUSED && read.network.classes == 3);
    cr_expect(read.network.height == 9 && read.network.width == 8 && read.network.channels == 2);
    cr_expect_eq(read.operators.count, written.operators.count);
    cr_expect_str_eq(read.operators.item[4].name, written.operators.item[4].name);
    cr_expect(read.norm_epsilon == written.norm_epsilon && read.mean[1] == 0.5f &&
              read.deviation[0] == 0.125f);
    cr_expect_str_eq(read.class_names[2], written.class_names[2]);
    cr_expect_str_eq(read.configuration, written.configuration);
    cr_expect_eq(read.seed, written.seed);
    cr_expect_str_eq(read.run, "run.h5");
    cr_expect_str_eq(read.dataset_name, "little");
    cr_expect_str_eq(read.dataset_sha256, written.dataset_sha256);
    cr_expect(read.accuracy == 0.25 && read.parameters == written.parameters);
    expect_same_tensors(&read.weights, &written.weights);
    expect_same_tensors(&read.average, &written.average);
    expect_same_records(&read, &written);
    cr_expect_eq(test_folder_count(), 1);
    pnas_network_file_clear(&read);
    pnas_network_file_clear(&written);
    PNAS_EXPECT_NO_LEAKS();
}

Test(network_file, optional_parts_may_be_missing)
{
    pnas_network_file written, read;
    pnas_graph *graph = NULL;
    fake_network_make(&written);
    written.in_training = written.test.known = false;
    size_t average = written.average.count;
    written.average.count = 0;
    strcpy(written.configuration, "training: {epochs: 2}\n");
    write_network(&written);
    cr_assert_eq(pnas_network_file_read(test_path("net.h5"), &read), PNAS_OK, "%s", pnas_message());
    cr_expect(!read.in_training && !read.test.known && !read.average.count);
    cr_expect_eq(pnas_network_file_graph("net.h5", &read, &graph), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(graph->parameters, read.parameters);
    pnas_graph_destroy(&graph);
    written.average.count = average;
    pnas_network_file_clear(&read);
    pnas_network_file_clear(&written);
    PNAS_EXPECT_NO_LEAKS();
}

Test(network_file, weights_of_a_search_stand_at_the_root_too)
{
    pnas_network_file written, read;
    hsize_t shape[4];
    char text[64] = "";
    fake_network_make(&written);
    written.of_search = true;
    write_network(&written);
    hid_t file = H5Fopen(test_path("net.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
    cr_assert_geq(H5LTget_dataset_info(file, "/stem/convolution/weight", shape, NULL, NULL), 0);
    cr_expect(shape[0] == 3 && shape[1] == 3 && shape[2] == 2 && shape[3] == 2);
    hid_t dataset = H5Dopen2(file, "/stem/convolution/weight", H5P_DEFAULT);
    cr_assert_geq(H5DSget_label(dataset, 3, text, sizeof text), 0);
    cr_expect_str_eq(text, "channels_out");
    cr_assert_eq(pnas_h5_copy_text(file, "conventions", text, sizeof text), PNAS_OK);
    cr_expect_str_eq(text, "PNAS-weights-1");
    H5Dclose(dataset);
    H5Fclose(file);
    cr_assert_eq(pnas_network_file_read(test_path("net.h5"), &read), PNAS_OK, "%s", pnas_message());
    cr_expect(read.of_search);
    expect_same_tensors(&read.weights, &written.weights);
    pnas_network_file_clear(&read);
    pnas_network_file_clear(&written);
}

Test(network_file, one_that_is_cut_anywhere_is_refused_or_whole)
{
    size_t whole = 0;
    pnas_network_file written;
    fake_network_make_smallest(&written);
    write_network(&written);
    pnas_network_file_clear(&written);
    size_t size = test_file_size("net.h5");
    for (size_t length = size - 1; length > 0; length = length > STEP ? length - STEP : 0) {
        pnas_network_file read;
        cr_assert_eq(truncate(test_path("net.h5"), (off_t)length), 0);
        /* An old file: a reader of a new one waits for the next tick of the clock. */
        cr_assert_eq(utimensat(AT_FDCWD, test_path("net.h5"), (const struct timespec[2]){{1, 0}, {1, 0}}, 0),
                     0);
        pnas_status status = pnas_network_file_read(test_path("net.h5"), &read);
        cr_expect(status == PNAS_OK || status == PNAS_ERROR_DATA, "%zu bytes: %s", length, pnas_message());
        whole += status == PNAS_OK;
        pnas_network_file_clear(&read);
    }
    cr_expect_leq(whole, 1); /* the seal is cut off, and nothing else */
}

/* Changes net.h5 as another program would. */
/* Without the sum of its content, which finds every change, net.h5 is checked for what contradicts itself. */
static hid_t open_without_sum(void)
{
    hid_t file = H5Fopen(test_path("net.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    cr_assert_geq(file, 0);
    cr_assert_geq(H5Adelete(file, "content_sha256"), 0);
    return file;
}

static hid_t open_to_change(void)
{
    write_fake();
    return open_without_sum();
}

Test(network_file, a_network_that_another_program_changed_is_refused)
{
    write_fake();
    hid_t file = H5Fopen(test_path("net.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    cr_assert_geq(H5LTset_attribute_double(file, "network", "norm_epsilon", (double[]){0.5}, 1), 0);
    H5Fclose(file);
    expect_refused("another program changed, added or removed values");
    file = open_without_sum();
    H5Fclose(file);
    pnas_network_file read;
    cr_expect_eq(pnas_network_file_read(test_path("net.h5"), &read), PNAS_OK, "%s", pnas_message());
    pnas_network_file_clear(&read);
}

static void set_text(hid_t file, const char *name, const char *value)
{
    H5Adelete(file, name);
    cr_assert_eq(pnas_h5_write_text(file, name, value), PNAS_OK, "%s", pnas_message());
}

Test(network_file, the_stem_comes_back_and_is_cifars_where_none_is_named)
{
    const pnas_network_options network = {.filters = 4,
                                          .repeats = 1,
                                          .stem = PNAS_STEM_IMAGENET,
                                          .stem_multiplier = 1,
                                          .height = 19,
                                          .width = 20,
                                          .channels = 1,
                                          .classes = 3};
    pnas_network_file written, read;
    fake_network_make_of("-2:sep3+-1:max3", &network, &written);
    write_network(&written);
    cr_assert_eq(pnas_network_file_read(test_path("net.h5"), &read), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(read.network.stem, PNAS_STEM_IMAGENET);
    pnas_network_file_clear(&read);
    hid_t file = open_without_sum();
    cr_assert_geq(H5Adelete_by_name(file, "network", "stem", H5P_DEFAULT), 0); /* as before there were two */
    H5Fclose(file);
    pnas_status status = pnas_network_file_read(test_path("net.h5"), &read);
    cr_expect_eq(read.network.stem, PNAS_STEM_CIFAR);
    cr_expect(status == PNAS_OK, "%s", pnas_message());
    pnas_network_file_clear(&read);
    pnas_network_file_clear(&written);
}

Test(network_file, what_does_not_fit_together_is_refused_with_a_sentence)
{
    static const struct {
        const char *name, *value, *sentence;
    } texts[] = {{"conventions", "PNAS-network-2", "by the conventions PNAS-network-2"},
                 {"conventions", "PNAS-run-1", "is the run file of a search"},
                 {"conventions", "PNAS-table-1", "is no network"},
                 {"cell", "-2:sep9+-1:max3", "sep9"},
                 {"cell", "-2:sep5+-1:max3", "left_sep5"},
                 {"seed", "many", "has no numbers"},
                 {"seed", "", "has no numbers"},
                 {"seed", "-1", "has no numbers"},
                 {"accuracy", "", "has no numbers"},
                 {"accuracy", " 0.5", "has no numbers"},
                 {"parameters", "", "has no numbers"},
                 {"parameters", " 5", "has no numbers"}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        hid_t file = open_to_change();
        set_text(file, texts[i].name, texts[i].value);
        H5Fclose(file);
        expect_refused(texts[i].sentence);
    }
    static const char *const gone[] = {
        "network", "weights",           "weights/head/classifier/bias", "network/mean",       "training",
        "history", "network/operators", "average/head/classifier/bias", "network/class_names"};
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) {
        hid_t file = open_to_change();
        cr_assert_geq(H5Ldelete(file, gone[i], H5P_DEFAULT), 0, "%s", gone[i]);
        H5Fclose(file);
        expect_refused("");
    }
}

Test(network_file, tensors_of_another_network_are_refused_by_name)
{
    const float values[4] = {0, 1, 2, 3};
    const hsize_t wrong[] = {4}, right[] = {3};
    const float infinite[3] = {0, 1.0f / 0.0f, 2};
    hid_t file = open_to_change();
    H5Ldelete(file, "weights/head/classifier/bias", H5P_DEFAULT);
    H5LTmake_dataset_float(file, "weights/head/classifier/bias", 1, wrong, values);
    H5Fclose(file);
    expect_refused("tensor head/classifier/bias has shape [4]; the network of its cell needs [3]");
    file = open_to_change();
    H5Ldelete(file, "weights/head/classifier/bias", H5P_DEFAULT);
    H5LTmake_dataset_float(file, "weights/head/classifier/bias", 1, right, infinite);
    H5Fclose(file);
    expect_refused("net.h5: /weights/head/classifier/bias: value 1 is inf");
}

Test(network_file, values_that_no_training_has_are_refused)
{
    static const float no_number[1] = {0.0f / 0.0f};
    static const struct {
        const char *group, *name, *sentence;
        double value;
    } reals[] = {{"training", "best", "/training/best: is nan, which is no accuracy", 0.0 / 0.0},
                 {"training", "last", "/training/last: is 2, which is no accuracy", 2},
                 {"test", "accuracy", "/test/accuracy: is -0.5, which is no accuracy", -0.5},
                 {"test", "top5", "/test/top5: is 1.5, which is no accuracy", 1.5}};
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++) {
        hid_t file = open_to_change();
        cr_assert_geq(H5Adelete_by_name(file, reals[i].group, reals[i].name, H5P_DEFAULT), 0);
        cr_assert_geq(H5LTset_attribute_double(file, reals[i].group, reals[i].name, &reals[i].value, 1), 0);
        H5Fclose(file);
        expect_refused(reals[i].sentence);
    }
    hid_t file = open_to_change();
    set_text(file, "accuracy", "-0.5");
    H5Fclose(file);
    expect_refused("net.h5: /accuracy: is -0.5, which is no accuracy");
    static const char *const groups[] = {"weights", "average", "training"};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s/more", groups[i]);
        file = open_to_change();
        H5LTmake_dataset_float(file, name, 1, (hsize_t[]){1}, no_number);
        H5Fclose(file);
        expect_refused("/more: value 0 is nan");
    }
}

static void set_counts(hid_t file, int64_t first, int64_t fifth)
{
    int64_t counts[9] = {first, 0, 0, 0, fifth, 3};
    hid_t array = H5Dopen2(file, "test/confusion", H5P_DEFAULT);
    cr_assert_geq(H5Dwrite(array, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, counts), 0);
    H5Dclose(array);
}

Test(network_file, figures_that_contradict_each_other_are_refused)
{
    static const struct {
        int64_t first, fifth;
        const char *sentence;
    } counts[] = {
        {0, 0, "/test/confusion: counts 3 images, but 12 were tested"},
        {0, 10, "/test/confusion: does not count the 12 images of the test: one of its counts is 3"},
        {-1, 10, "/test/confusion: does not count the 12 images of the test: one of its counts is -1"},
        {INT64_MAX, INT64_MAX, "/test/confusion: does not count the 12 images"}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        hid_t file = open_to_change();
        set_counts(file, counts[i].first, counts[i].fifth);
        H5Fclose(file);
        expect_refused(counts[i].sentence);
    }
    static const double half = 0.5;
    hid_t file = open_to_change();
    H5Adelete_by_name(file, "test", "accuracy", H5P_DEFAULT);
    H5LTset_attribute_double(file, "test", "accuracy", &half, 1);
    H5Fclose(file);
    expect_refused("/test/accuracy: is 0.5, but by its confusion 9 of 12 images are right");
    static const char *const texts[][3] = {
        {"accuracy", "0.99", "/accuracy: is 0.99, but 0.25 in the last epoch of its history"},
        {"accuracy", "nan", "/accuracy: is nan, but 0.25 in the last epoch of its history"},
        {"parameters", "1", "says that it has 1 parameters; the network of its cell has "}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        file = open_to_change();
        set_text(file, texts[i][0], texts[i][1]);
        H5Fclose(file);
        expect_refused(texts[i][2]);
    }
}

Test(network_file, a_search_may_have_rewarded_its_best_epoch)
{
    static const double accuracies[] = {0.5, 0.25, 0.375};
    for (size_t i = 0; i < sizeof accuracies / sizeof *accuracies; i++) {
        pnas_network_file written, read;
        fake_network_make(&written);
        written.of_search = true;
        written.history.values[1] = 0.5f;
        written.accuracy = accuracies[i];
        write_network(&written);
        cr_expect_eq(pnas_network_file_read(test_path("net.h5"), &read), i < 2 ? PNAS_OK : PNAS_ERROR_DATA);
        pnas_network_file_clear(&read);
        pnas_network_file_clear(&written);
    }
}

Test(network_file, a_training_that_is_over_has_a_history_and_a_configuration)
{
    static const char *const sentences[] = {"it has no history, but its training is over",
                                            "it has no configuration"};
    for (int i = 0; i < 2; i++) {
        pnas_network_file written;
        fake_network_make(&written);
        written.in_training = false;
        strcpy(written.configuration, i ? "" : "of: an older version\n");
        size_t epochs = written.history.epochs;
        written.history.epochs = i ? epochs : 0;
        write_network(&written);
        expect_refused(sentences[i]);
        pnas_network_file_clear(&written);
    }
}

/* Else other weights than those of its test would be used, without a word. */
Test(network_file, a_moving_average_that_is_gone_is_damage)
{
    pnas_network_file written;
    fake_network_make(&written);
    size_t count = written.average.count;
    written.in_training = false;
    free(written.configuration);
    cr_assert(asprintf(&written.configuration, "training: {epochs: %zu, average: 0.9}\n",
                       written.history.epochs) > 0);
    write_network(&written);
    pnas_network_file read;
    cr_expect_eq(pnas_network_file_read(test_path("net.h5"), &read), PNAS_OK, "%s", pnas_message());
    pnas_network_file_clear(&read);
    written.average.count = 0;
    write_network(&written);
    expect_refused("it has a moving average of its weights, which is not there");
    written.average.count = count;
    pnas_network_file_clear(&written);
}

Test(network_file, tensors_that_the_network_does_not_have_are_refused)
{
    static const char *const groups[] = {"weights", "average"};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s/more", groups[i]);
        hid_t file = open_to_change();
        H5LTmake_dataset_float(file, name, 1, (hsize_t[]){1}, (float[]){1});
        H5Fclose(file);
        expect_refused("net.h5: has a tensor more, which is none of the network of its cell");
    }
}

Test(network_file, a_variance_below_zero_is_refused)
{
    static const char *const groups[] = {"weights", "average"};
    static const float values[2] = {1, -0.5f};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        char name[64], sentence[128];
        snprintf(name, sizeof name, "%s/stem/norm/running_variance", groups[i]);
        snprintf(sentence, sizeof sentence, "/%s: value 1 is -0.5, but a variance is never below 0", name);
        hid_t file = open_to_change();
        cr_assert_geq(H5Ldelete(file, name, H5P_DEFAULT), 0, "%s", name);
        H5LTmake_dataset_float(file, name, 1, (hsize_t[]){2}, values);
        H5Fclose(file);
        expect_refused(sentence);
    }
}

/* --- the better of the weights and their moving average --- */

static void expect_choice(const pnas_network_file *file, pnas_weights_choice choice, const char *name)
{
    pnas_chosen_weights chosen;
    cr_assert_eq(pnas_network_choose_weights("net.h5", file, choice, &chosen), PNAS_OK, "%s", pnas_message());
    cr_expect_str_eq(chosen.name, name);
    cr_expect_eq(chosen.tensors, strcmp(name, "last") ? &file->average : &file->weights);
}

/* The last epoch's figures; those of the one before say the opposite. */
static void set_figures(pnas_network_file *file, float accuracy, float of_average, float loss, float its_loss)
{
    const float last[] = {accuracy, of_average, loss, its_loss};
    file->history.columns = 4;
    strcpy(file->history.name[0], "validation_accuracy");
    strcpy(file->history.name[1], "average_validation_accuracy");
    strcpy(file->history.name[2], "validation_loss");
    strcpy(file->history.name[3], "average_validation_loss");
    free(file->history.values);
    file->history.values = calloc(8, sizeof(float));
    cr_assert_not_null(file->history.values);
    for (int i = 0; i < 4; i++) {
        file->history.values[i] = -last[i];
        file->history.values[4 + i] = last[i];
    }
}

Test(network_file, the_weights_that_are_better_on_validation_are_chosen)
{
    pnas_network_file file;
    pnas_chosen_weights chosen;
    fake_network_make(&file);
    expect_choice(&file, PNAS_WEIGHTS_BETTER, "average"); /* its history has no figures of the average */
    set_figures(&file, 0.75f, 0.5f, 1, 2);
    expect_choice(&file, PNAS_WEIGHTS_BETTER, "last");
    expect_choice(&file, PNAS_WEIGHTS_AVERAGE, "average");
    pnas_network_choose_weights("net.h5", &file, PNAS_WEIGHTS_BETTER, &chosen);
    cr_expect_str_eq(chosen.reason, "0.7500 on the validation images, their moving average 0.5000");
    set_figures(&file, 0.5f, 0.75f, 1, 2);
    expect_choice(&file, PNAS_WEIGHTS_BETTER, "average");
    expect_choice(&file, PNAS_WEIGHTS_LAST, "last");
    set_figures(&file, 0.5f, 0.5f, 1, 2); /* equal: the loss decides, then the average */
    expect_choice(&file, PNAS_WEIGHTS_BETTER, "last");
    set_figures(&file, 0.5f, 0.5f, 2, 1);
    expect_choice(&file, PNAS_WEIGHTS_BETTER, "average");
    set_figures(&file, 0.5f, 0.5f, 2, 2);
    expect_choice(&file, PNAS_WEIGHTS_BETTER, "average");
    pnas_network_file_clear(&file);
}

Test(network_file, a_file_without_an_average_has_the_last_weights_only)
{
    pnas_network_file file;
    pnas_chosen_weights chosen;
    fake_network_make(&file);
    set_figures(&file, 0.5f, 0.75f, 1, 2);
    pnas_tensor_group_free(&file.average.tensor, file.average.count);
    file.average.count = 0;
    expect_choice(&file, PNAS_WEIGHTS_BETTER, "last");
    cr_expect_eq(pnas_network_choose_weights("net.h5", &file, PNAS_WEIGHTS_AVERAGE, &chosen),
                 PNAS_ERROR_USAGE);
    cr_expect_str_eq(pnas_message(),
                     "net.h5: has no moving average of its weights; leave out --weights average");
    pnas_network_file_clear(&file);
}
