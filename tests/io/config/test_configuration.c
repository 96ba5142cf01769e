/* Configuration: values, overrides, the way back to text; mutated ones. */
#include "io/config/configuration.h"
#include "tests/base/leak_check.h"
#include "tests/io/test_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(configuration, .init = test_folder_make, .fini = test_folder_remove);

static pnas_configuration parse(const char *text)
{
    pnas_configuration read;
    memset(&read, 0xee, sizeof read);
    cr_assert_eq(pnas_configuration_parse("run.yaml", text, NULL, 0, &read), PNAS_OK, "%s", pnas_message());
    return read;
}

static char *print(const pnas_configuration *configuration)
{
    char *text = NULL;
    cr_assert_eq(pnas_configuration_print(configuration, &text), PNAS_OK, "%s", pnas_message());
    return text;
}

/* ---- values ---- */

Test(configuration, one_key_is_enough_and_the_rest_is_default)
{
    pnas_configuration read = parse("seed: 1\n"), defaults;
    pnas_configuration_defaults(&defaults);
    char *one = print(&read), *other = print(&defaults);
    cr_expect_str_eq(one, other);
    cr_expect_eq(read.search.beam, 256);
    cr_expect_eq(read.search.space.blocks, 5);
    cr_expect_eq(read.search.space.operators.count, 8);
    cr_expect_eq(read.search.space.lookforward, -1);
    cr_expect_eq(read.training.schedule.rate, 0.01);
    cr_expect_eq(read.training.schedule.epochs, 20);
    free(one);
    free(other);
    PNAS_EXPECT_NO_LEAKS();
}

Test(configuration, the_size_of_a_round_is_the_strategy_s_unless_it_is_given)
{
    cr_expect_eq(parse("seed: 1\n").search.round, 10);
    cr_expect_eq(parse("search: {strategy: guided}\n").search.round, 2);
    cr_expect_eq(parse("search: {strategy: guided, round: 7}\n").search.round, 7);
}

Test(configuration, guided_takes_the_kernel_part_alone_unless_a_spread_is_asked_for)
{
    cr_expect_eq(parse("seed: 1\n").surrogate.kernel, 0.5);
    cr_expect_eq(parse("seed: 1\n").surrogate.members, 5);
    pnas_configuration guided = parse("search: {strategy: guided}\n");
    cr_expect(guided.surrogate.kernel == 1 && guided.surrogate.members == 1 && guided.surrogate.epochs == 1);
    cr_expect_eq(parse("search: {strategy: guided}\nsurrogate: {kernel: 0.3}\n").surrogate.kernel, 0.3);
    cr_expect_eq(parse("search: {strategy: guided}\nsurrogate: {kernel: 0}\n").surrogate.kernel, 0);
    cr_expect_eq(parse("search: {strategy: guided, acquisition: ei}\n").surrogate.kernel, 0.5);
    cr_expect_eq(parse("search: {strategy: guided, diversity: 0.1}\n").surrogate.members, 5);
    cr_expect_eq(parse("surrogate: {kernel: 1, members: 7}\n").surrogate.members, 1);
}

/* Configurations of runs that were begun before there was a forest name the kernel part. */
Test(configuration, guided_has_a_forest_unless_the_kernel_part_is_given_or_stands_beside_networks)
{
    cr_expect_eq(parse("seed: 1\n").surrogate.forest, 0);
    cr_expect_eq(parse("search: {strategy: guided}\n").surrogate.forest, 0.5);
    cr_expect_eq(parse("search: {strategy: guided}\nsurrogate: {kernel: 1}\n").surrogate.forest, 0);
    cr_expect_eq(parse("search: {strategy: guided}\nsurrogate: {forest: 0.2}\n").surrogate.forest, 0.2);
    cr_expect_eq(parse("search: {strategy: guided, acquisition: ei}\n").surrogate.forest, 0);
    cr_expect_eq(parse("surrogate: {kernel: 1, forest: 0.3}\n").surrogate.forest, 0.3);
}

Test(configuration, values_of_every_section_reach_their_fields)
{
    pnas_configuration read = parse(
        "title: \"Ein Titel: \\\"mit\\\" ü\"\nseed: 18446744073709551615\ndevice: 2\nkeep_weights: 3\n"
        "checkpoint_seconds: 0.25\n"
        "table_pace: 0.5\n"
        "dataset: {file: a b.h5, validation: 5000, training_images: 4000000}\n"
        "space: {blocks: 4, lookback: -1, lookforward: 2, operators: [max3, conv3]}\n"
        "search: {beam: 7, first: 9, acquisition: ucb, kappa: 2.5, diversity: 0.25, overlap: true,\n"
        "  overlap_share: 0.125, lag: 5, rung_share: 0.25}\n"
        "network: {filters: 10, repeats: 3, stem_multiplier: 2, concatenation: unused_inputs}\n"
        "training: {epochs: 30, batch: 64, optimizer: rmsprop, momentum: 0.8, nesterov: true, beta1: 0.7,\n"
        "  beta2: 0.99, epsilon: 1e-3, weight_decay: 1e-4, clip_norm: 0, learning_rate: 0.1,\n"
        "  final_learning_rate: 0.001, schedule: step, warmup_epochs: 1.5, step_epochs: 2.5, step_factor: "
        "0.3,\n"
        "  norm_momentum: 0.99, norm_epsilon: 1e-4, storage: half, reward: best, augment: {pad: 2, flip: "
        "false, cutout: "
        "8}}\n"
        "surrogate: {model: mlp, members: 7, fold: 0.9, embedding: 20, hidden: 30, loss: ranking, optimizer: "
        "sgd,\n"
        "  momentum: 0.5, weight_decay: 0.01, epochs: 40, patience: 3, batch: 8, rate_first: 0.02,\n"
        "  rate_later: 0.003, refit: finetune, bias: mean, last_bias: -1}\n");
    const pnas_training_options *training = &read.training;
    cr_expect_str_eq(read.title, "Ein Titel: \"mit\" ü");
    cr_expect(read.seed == UINT64_MAX && training->seed == UINT64_MAX && read.surrogate.seed == UINT64_MAX);
    cr_expect_str_eq(read.device, "2");
    cr_expect_eq(read.keep_weights, 3);
    cr_expect_eq(read.checkpoint_seconds, 0.25);
    cr_expect_eq(read.table_pace, 0.5);
    cr_expect_str_eq(read.dataset, "a b.h5");
    cr_expect(read.validation == 5000 && read.training_images == 4000000);
    cr_expect(read.search.space.blocks == 4 && read.search.space.lookback == -1);
    cr_expect(read.search.space.lookforward == 2 && read.search.space.operators.count == 2);
    cr_expect_str_eq(read.search.space.operators.item[1].name, "conv3");
    cr_expect(read.search.beam == 7 && read.search.first == 9);
    cr_expect(read.network.filters == 10 && read.network.repeats == 3 && read.network.stem_multiplier == 2);
    cr_expect_eq(read.network.concatenation, PNAS_CONCATENATE_UNUSED_INPUTS);
    cr_expect(training->epochs == 30 && training->batch == 64);
    cr_expect(training->optimizer == PNAS_OPTIMIZER_RMSPROP && training->nesterov);
    cr_expect(training->momentum == 0.8 && training->beta1 == 0.7 && training->beta2 == 0.99);
    cr_expect(training->epsilon == 1e-3 && training->weight_decay == 1e-4 && training->clip_norm == 0);
    cr_expect(training->schedule.rate == 0.1 && training->schedule.final_rate == 0.001);
    cr_expect(training->schedule.kind == PNAS_SCHEDULE_STEP && training->schedule.warmup_epochs == 1.5);
    cr_expect(training->schedule.step_epochs == 2.5 && training->schedule.step_factor == 0.3);
    cr_expect(training->norm_momentum == 0.99 && training->norm_epsilon == 1e-4);
    cr_expect(training->storage == PNAS_STORAGE_HALF && training->reward == PNAS_REWARD_BEST &&
              training->pad == 2);
    cr_expect(!training->flip && training->cutout == 8);
    cr_expect(read.surrogate.embedding == 20 && read.surrogate.hidden == 30);
    cr_expect(read.search.acquisition == PNAS_ACQUISITION_UCB && read.search.kappa == 2.5);
    cr_expect(read.search.overlap && read.search.overlap_share == 0.125 && read.search.lag == 5);
    cr_expect_eq(read.search.rung_share, 0.25);
    cr_expect_eq(read.search.diversity, 0.25);
    cr_expect(read.surrogate.model == PNAS_MODEL_MLP && read.surrogate.members == 7);
    cr_expect(read.surrogate.fit_share == 0.9 && read.surrogate.loss == PNAS_LOSS_RANKING);
    cr_expect(read.surrogate.optimizer == PNAS_SURROGATE_SGD && read.surrogate.momentum == 0.5);
    cr_expect(read.surrogate.weight_decay == 0.01 && read.surrogate.patience == 3);
    cr_expect(read.surrogate.refit == PNAS_REFIT_FINETUNE && read.surrogate.bias == PNAS_BIAS_MEAN);
    cr_expect(read.surrogate.epochs == 40 && read.surrogate.batch == 8);
    cr_expect(read.surrogate.rate_first == 0.02 && read.surrogate.rate_later == 0.003);
    cr_expect_eq(read.surrogate.last_bias, -1);
    char *first = print(&read);
    pnas_configuration again = parse(first);
    char *second = print(&again);
    cr_expect_str_eq(first, second);
    free(first);
    free(second);
    PNAS_EXPECT_NO_LEAKS();
}

Test(configuration, operators_are_names_aliases_or_ones_own)
{
    pnas_configuration read =
        parse("space:\n  operators:\n    - 3x3 dconv\n    - {name: wide, kind: separable, kernel: 9}\n"
              "    - {name: far, kind: convolution, kernel: 5, dilation: 3, bottleneck: 2}\n"
              "    - {name: avg5, kind: average_pool, kernel: 5}\n    - {name: same, kind: identity}\n"
              "    - {name: max3}\n");
    const pnas_operator_set *set = &read.search.space.operators;
    cr_assert_eq(set->count, 6);
    cr_expect_str_eq(set->item[0].name, "sep3");
    cr_expect(set->item[1].kernel == 9 && set->item[1].repeat == 2 && set->item[1].dilation == 1);
    cr_expect(set->item[2].repeat == 1 && set->item[2].dilation == 3 && set->item[2].bottleneck == 2);
    cr_expect(set->item[3].kind == PNAS_AVERAGE_POOL && set->item[3].kernel == 5);
    cr_expect(set->item[4].kind == PNAS_IDENTITY && set->item[4].kernel == 1);
    cr_expect_eq(set->item[5].kind, PNAS_MAX_POOL);
    char *text = print(&read);
    pnas_configuration again = parse(text);
    cr_expect_eq(memcmp(set, &again.search.space.operators, sizeof *set), 0);
    free(text);
}

Test(configuration, printing_keeps_every_bit_of_a_number)
{
    pnas_configuration values;
    pnas_configuration_defaults(&values);
    values.training.schedule.rate = 0.1 + 0.2;
    values.training.weight_decay = 1.0 / 3;
    values.surrogate.last_bias = -1e-300;
    strcpy(values.title, "quotes \" and \\ and\ttabs\nand lines # and: more");
    char *text = print(&values);
    pnas_configuration read = parse(text);
    cr_expect_eq(read.training.schedule.rate, values.training.schedule.rate);
    cr_expect_eq(read.training.weight_decay, values.training.weight_decay);
    cr_expect_eq(read.surrogate.last_bias, values.surrogate.last_bias);
    cr_expect_str_eq(read.title, values.title);
    free(text);
}

Test(configuration, a_section_without_values_is_as_if_it_was_not_there)
{
    pnas_configuration read = parse("training:\n  # epochs: 5\nspace:\n");
    cr_expect_eq(read.training.epochs, 20);
    cr_expect_eq(read.search.space.blocks, 5);
}

Test(configuration, overrides_win_and_make_sections_that_are_missing)
{
    static const char *const overrides[] = {
        "training.epochs=5", "training.augment.flip=false", "space.operators=[sep3, max3]",
        "title=a=b",         "training.epochs=6",           "space.operators[1]=avg3",
        "surrogate="};
    pnas_configuration read;
    cr_assert_eq(
        pnas_configuration_parse("run.yaml", "training:\n  epochs: 3\n  batch: 8\n", overrides, 6, &read),
        PNAS_OK, "%s", pnas_message());
    cr_expect_eq(read.training.epochs, 6);
    cr_expect_eq(read.training.schedule.epochs, 6);
    cr_expect_eq(read.training.batch, 8);
    cr_expect(!read.training.flip);
    cr_expect_eq(read.search.space.operators.count, 2);
    cr_expect_str_eq(read.search.space.operators.item[1].name, "avg3");
    cr_expect_str_eq(read.title, "a=b");
    PNAS_EXPECT_NO_LEAKS();
}

/* Of the two keys for a network's size the one on the command line counts. */
Test(configuration, a_size_of_the_command_line_replaces_that_of_the_file)
{
    static const char *const parameters[] = {"network.parameters=500k"}, *const filters[] = {
                                                                             "network.filters=7"};
    static const char *const both[] = {"network.parameters=500k", "network.filters=7"};
    pnas_configuration read;
    char *text = NULL;
    cr_assert_eq(pnas_configuration_parse("a", "network: {filters: 9}\n", parameters, 1, &read), PNAS_OK);
    cr_expect_eq(read.parameters, 500000);
    cr_assert_eq(pnas_configuration_print(&read, &text), PNAS_OK);
    cr_expect(strstr(text, "  parameters: 500000\n") && !strstr(text, "  filters:"));
    free(text);
    cr_assert_eq(pnas_configuration_parse("a", "dataset: {buffer: 2.5G}\nnetwork: {parameters: 3.2M}\n",
                                          filters, 1, &read),
                 PNAS_OK);
    cr_expect(read.parameters == 0 && read.network.filters == 7);
    cr_expect_eq(read.image_buffer, 2500000000);
    cr_assert_eq(pnas_configuration_print(&read, &text), PNAS_OK);
    cr_expect(strstr(text, "  parameters: 0\n") && strstr(text, "  filters: 7\n"));
    free(text);
    cr_expect_eq(pnas_configuration_parse("a", "network: {filters: 9}\n", both, 2, &read), PNAS_ERROR_USAGE);
    cr_expect(strstr(pnas_message(), "--set network.parameters=500k: network.parameters is given, and"));
    cr_assert_eq(pnas_configuration_parse("a", "network: {filters: 9, parameters: 0}\n", NULL, 0, &read),
                 PNAS_OK);
    cr_expect_eq(read.network.filters, 9);
}

Test(configuration, the_files_that_come_with_the_program_are_valid)
{
    static const char *const names[] = {
        "demo",          "fashion_mnist",        "cifar10_paper", "train_digits", "train_fashion_mnist",
        "train_cifar10", "train_imagenet_mobile"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[512];
        pnas_configuration read;
        snprintf(path, sizeof path, "%s/configs/%s.yaml", getenv("PNAS_SOURCE"), names[i]);
        cr_expect_eq(pnas_configuration_read(path, NULL, 0, &read), PNAS_OK, "%s", pnas_message());
    }
}

Test(configuration, the_paper_is_its_file_and_the_defaults_but_for_the_surrogates_loss)
{
    char path[512];
    pnas_configuration paper, defaults;
    snprintf(path, sizeof path, "%s/configs/cifar10_paper.yaml", getenv("PNAS_SOURCE"));
    cr_assert_eq(pnas_configuration_read(path, NULL, 0, &paper), PNAS_OK, "%s", pnas_message());
    pnas_configuration_defaults(&defaults);
    /* Both were zeroed. NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
    cr_expect_eq(memcmp(&paper.search, &defaults.search, sizeof paper.search), 0);
    cr_expect_eq(paper.network.filters, 24);
    cr_expect_eq(paper.network.repeats, 2);
    cr_expect_eq(paper.training.epochs, 20);
    strcpy(defaults.title, paper.title);
    strcpy(defaults.dataset, paper.dataset);
    defaults.validation = paper.validation;
    defaults.keep_weights = paper.keep_weights;
    cr_expect_eq(paper.surrogate.loss, PNAS_LOSS_L1);
    defaults.surrogate.loss = PNAS_LOSS_L1;
    defaults.surrogate.model = PNAS_MODEL_LSTM;
    defaults.surrogate.linear = 0;
    defaults.surrogate.kernel = 0;
    defaults.surrogate.augment_swap = false;
    defaults.surrogate.weight_decay = 0;
    char *one = print(&paper), *other = print(&defaults);
    cr_expect_str_eq(one, other);
    free(one);
    free(other);
}

Test(configuration, the_demo_is_as_large_as_it_promises)
{
    char path[512];
    pnas_configuration demo;
    pnas_operator_set paper;
    snprintf(path, sizeof path, "%s/configs/demo.yaml", getenv("PNAS_SOURCE"));
    cr_assert_eq(pnas_configuration_read(path, NULL, 0, &demo), PNAS_OK, "%s", pnas_message());
    pnas_operator_set_paper(&paper);
    for (int i = 0; i < paper.count; i++)
        cr_expect_geq(pnas_operator_set_find(&demo.search.space.operators, paper.item[i].name), 0);
    cr_expect_eq(demo.search.space.blocks, 3);
    cr_expect_eq(demo.search.space.lookback, -2);
    cr_expect_geq(demo.search.first + 2 * demo.search.beam, 60);
    cr_expect_str_eq(demo.dataset, "digits");
    cr_expect(!demo.training.flip);
}

static uint32_t state = 7;

static uint32_t draw(uint32_t below)
{
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % below;
}

/* Swaps, deletes, repeats and overwrites a few bytes, often with what means something in YAML. */
static void mutate(char *text, size_t room)
{
    static const char meaning[] = ":-[]{}&*!|>'\"%@`#,? \n\t~\\\xc3\x80\xff";
    for (uint32_t change = 1 + draw(2); change > 0; change--) {
        size_t length = strlen(text), at = length ? draw((uint32_t)length) : 0;
        switch (draw(4)) {
        case 0:
            text[at] = meaning[draw(sizeof meaning - 1)];
            break;
        case 1:
            text[at] = (char)(1 + draw(255));
            break;
        case 2:
            memmove(text + at, text + at + (length > at), length - at + 1 - (length > at));
            break;
        default:
            if (length + 20 < room) {
                size_t size = 1 + draw(10);
                size = size < length - at ? size : length - at;
                memmove(text + at + size, text + at, length - at + 1);
            }
        }
    }
}

Test(configuration, rungs_are_epochs_with_commas_between)
{
    pnas_configuration read = parse("search: {rungs: '1, 4,15'}\n");
    cr_expect(read.search.rungs == 3 && read.search.rung[0] == 1 && read.search.rung[1] == 4);
    cr_expect_eq(read.search.rung[2], 15);
    cr_expect_eq(read.search.rung_share, 0.5);
    char *text = print(&read);
    cr_expect_not_null(strstr(text, "rungs: \"1, 4,15\""), "%s", text);
    free(text);
    cr_expect_eq(parse("search: {rungs: 3}\n").search.rung[0], 3);
    cr_expect_eq(parse("search: {rungs: ''}\n").search.rungs, 0);
    const char *bad[] = {"0",    "-1", "3, 3",        "5, 4",
                         "3;4",  "x",  "3,",          ",3",
                         "3,,4", "20", "99999999999", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char yaml[128];
        snprintf(yaml, sizeof yaml, "search:\n  rungs: '%s'\n", bad[i]);
        cr_expect_eq(pnas_configuration_parse("a.yaml", yaml, NULL, 0, &read), PNAS_ERROR_USAGE, "%s",
                     bad[i]);
        cr_expect_not_null(strstr(pnas_message(), "a.yaml: line 2"), "%s: %s", bad[i], pnas_message());
        cr_expect_not_null(strstr(pnas_message(), "search.rungs"), "%s: %s", bad[i], pnas_message());
    }
}

Test(configuration, mutated_configurations_are_read_or_refused_with_a_sentence, .timeout = 120)
{
    pnas_configuration values;
    pnas_configuration_defaults(&values);
    pnas_operator wide = {"wide", PNAS_SEPARABLE, 9, 1, 2, 1};
    cr_assert_eq(pnas_operator_set_add(&values.search.space.operators, &wide), PNAS_OK);
    char *seed = print(&values), text[4096];
    int read = 0, refused = 0;
    for (int i = 0; i < 4000; i++) {
        pnas_configuration result;
        snprintf(text, sizeof text, "%s", seed);
        mutate(text, sizeof text);
        pnas_status status = pnas_configuration_parse("run.yaml", text, NULL, 0, &result);
        cr_assert(status == PNAS_OK || status == PNAS_ERROR_USAGE, "%s", pnas_message());
        if (status == PNAS_OK) {
            char *printed = print(&result);
            pnas_configuration again = parse(printed);
            char *twice = print(&again);
            cr_assert_str_eq(printed, twice);
            free(printed);
            free(twice);
            read++;
        } else {
            cr_assert(strncmp(pnas_message(), "run.yaml: ", 10) == 0, "%s", pnas_message());
            refused++;
        }
    }
    cr_expect(read > 60 && refused > 1000, "%d read, %d refused", read, refused);
    free(seed);
    PNAS_EXPECT_NO_LEAKS();
}

Test(configuration, mutated_overrides_are_taken_or_refused_with_a_sentence)
{
    static const char *const seeds[] = {"training.augment.pad=3", "space.operators[2].name=sep3",
                                        "space.operators=[{name: x, kind: separable}]"};
    for (int i = 0; i < 3000; i++) {
        char text[256];
        pnas_configuration result;
        snprintf(text, sizeof text, "%s", seeds[i % 3]);
        mutate(text, sizeof text);
        const char *const overrides[] = {text};
        pnas_status status = pnas_configuration_parse(
            "run.yaml", "space: {operators: [sep3, max3, {name: y, kind: identity}]}", overrides, 1, &result);
        cr_assert(status == PNAS_OK || status == PNAS_ERROR_USAGE, "%s: %s", text, pnas_message());
    }
    PNAS_EXPECT_NO_LEAKS();
}
