/* Configuration: what is said about every kind of mistake. */
#include "io/config/configuration.h"
#include "tests/base/leak_check.h"
#include "tests/io/test_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(configuration_mistakes, .init = test_folder_make, .fini = test_folder_remove);

typedef struct {
    const char *text, *sentence;
} mistake;

static void expect_all(const mistake *mistakes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        pnas_configuration read;
        pnas_status status = pnas_configuration_parse("run.yaml", mistakes[i].text, NULL, 0, &read);
        cr_expect_eq(status, PNAS_ERROR_USAGE, "%s", mistakes[i].text);
        cr_expect_not_null(strstr(pnas_message(), mistakes[i].sentence), "%s\ngives: %s\nnot:   %s",
                           mistakes[i].text, pnas_message(), mistakes[i].sentence);
    }
    PNAS_EXPECT_NO_LEAKS();
}
#define EXPECT_ALL(mistakes) expect_all(mistakes, sizeof(mistakes) / sizeof((mistakes)[0]))

Test(configuration_mistakes, unknown_keys_are_named_with_those_that_there_are)
{
    static const mistake mistakes[] = {
        {"seed: 1\ntraining:\n  epoch: 5\n",
         "run.yaml: line 3: unknown key 'training.epoch'; did you mean training.epochs? The keys of training "
         "are epochs, batch, "},
        {"epochs: 5\n", "run.yaml: line 1: unknown key 'epochs'; did you mean training.epochs? The keys at "
                        "the top are title, "
                        "seed, "},
        {"seed: 1\n<<: {seed: 2}\n", "run.yaml: line 2: unknown key '<<'; the keys at the top are title"},
        {"space:\n  operators:\n    - sep3\n    - {name: x, kind: separable, size: 3}\n",
         "run.yaml: line 4: unknown key 'space.operators[1].size'; the keys of space.operators[1] are name, "
         "kind"},
        {"training:\n  augment:\n    pad: 1\n    mirror: true\n",
         "line 4: unknown key 'training.augment.mirror'; did you mean surrogate.mirror? The keys of "
         "training.augment are pad, flip, cutout, crop_area, crop_aspect, brightness, contrast, saturation, "
         "hue, rand_ops and rand_magnitude"},
        {"seed: 1\nlr: 1\n", "line 2: unknown key 'lr'; the keys at the top are title, "},
    };
    EXPECT_ALL(mistakes);
}

Test(configuration_mistakes, wrong_types_are_shown_with_what_is_allowed)
{
    static const mistake mistakes[] = {
        {"training:\n\n  epochs: many\n",
         "run.yaml: line 3: training.epochs is 'many'; it must be a whole number from 1 to 100000"},
        {"training: {epochs: 5 apples}\n",
         "line 1: training.epochs is '5 apples'; it must be a whole number"},
        {"training: {epochs: 5.5}\n", "training.epochs is '5.5'; it must be a whole number"},
        {"training: {epochs: [5]}\n", "training.epochs is a list of 1; it must be a whole number"},
        {"training: {epochs: {a: 5}}\n", "training.epochs is a section; it must be a whole number"},
        {"training: {epochs: }\n", "training.epochs is empty; it must be a whole number"},
        {"training: {epochs: 0x10}\n", "training.epochs is '0x10'"},
        {"training: {epochs: 010}\n", "training.epochs is '010'"},
        {"training: {augment: {flip: maybe}}\n",
         "training.augment.flip is 'maybe'; it must be true or false"},
        {"search:\n  strategy: random\n  overlap: true\n",
         "run.yaml: line 3: search.overlap is true, but search.strategy: random has no levels or rounds "
         "that could overlap; set it to false"},
        {"training: {optimizer: adamw}\n", "training.optimizer is 'adamw'; it must be sgd, adam or rmsprop"},
        {"training: 5\n", "training is '5'; it must be a section with the keys epochs, batch"},
        {"training: [epochs]\n", "training is a list of 1; it must be a section"},
        {"space: {operators: sep3}\n", "space.operators is 'sep3'; it must be a list of 1 to 32 operators"},
        {"space: {operators: []}\n",
         "space.operators is a list of 0; it must be a list of 1 to 32 operators"},
        {"space: {operators: [[sep3]]}\n",
         "space.operators[0] is a list of 1; it must be an operator's name or"},
        {"title: [a]\n", "title is a list of 1; it must be text of at most 127 bytes"},
        {"space: {lookforward: all}\n", "space.lookforward is 'all'; it must be none or a whole number"},
    };
    EXPECT_ALL(mistakes);
}

Test(configuration_mistakes, impossible_values_are_shown_with_their_limits)
{
    static const mistake mistakes[] = {
        {"seed: 1\ntraining:\n  epochs: 0\n",
         "run.yaml: line 3: training.epochs is '0'; it must be a whole number from 1 to 100000"},
        {"seed: -1\n", "seed is '-1'; it must be a whole number from 0 to 18446744073709551615"},
        {"seed: 18446744073709551616\n", "seed is '18446744073709551616'"},
        {"training: {epochs: 99999999999999999999}\n", "training.epochs is '99999999999999999999'"},
        {"training: {momentum: 1}\n", "training.momentum is '1'; it must be a number from 0 to below 1"},
        {"training: {momentum: nan}\n", "training.momentum is 'nan'; it must be a number"},
        {"training: {momentum: .nan}\n", "training.momentum is '.nan'; it must be a number"},
        {"training: {learning_rate: .inf}\n",
         "training.learning_rate is '.inf'; it must be a number above 0"},
        {"training: {learning_rate: inf}\n", "training.learning_rate is 'inf'"},
        {"training: {learning_rate: 1e999}\n", "training.learning_rate is '1e999'"},
        {"training: {weight_decay: 1e-400}\n", "training.weight_decay is '1e-400'; it must be a number"},
        {"search: {kappa: 1e-310}\n", "search.kappa is '1e-310'; it must be a number"},
        {"training: {learning_rate: 0}\n", "it must be a number above 0 and at most 1000"},
        {"training:\n  learning_rate: 0.1\n  final_learning_rate: 0.2\n",
         "line 3: training.final_learning_rate is 0.2; it must be at most training.learning_rate (0.1)"},
        {"network: {parameters: 3.2}\n",
         "network.parameters is '3.2'; it must be a whole number, also as in 500k or 3.2M, from 0 to"},
        {"network: {parameters: 1.2345k}\n", "network.parameters is '1.2345k'"},
        {"network: {parameters: 3m}\n", "network.parameters is '3m'"},
        {"network: {parameters: 3MM}\n", "network.parameters is '3MM'"},
        {"network: {parameters: -1k}\n", "network.parameters is '-1k'"},
        {"network: {parameters: nanM}\n", "network.parameters is 'nanM'"},
        {"network: {parameters: 9e9M}\n", "network.parameters is '9e9M'"},
        {"network: {parameters: 10000000M}\n", "network.parameters is '10000000M'"},
        {"network:\n  filters: 24\n  parameters: 3.2M\n",
         "run.yaml: line 3: network.parameters is given, and network.filters, too: both say how large the "
         "network is; leave one of them out"},
        {"search:\n  beam: 24\n  children: 100\n",
         "run.yaml: line 3: search.children is given, and search.beam, too: both say how many children are "
         "trained; leave one of them out"},
        {"search: {strategy: guided, overlap: true, lag: 0}\n", "search.lag is '0'; it must be"},
        {"search: {strategy: guided}\nsurrogate:\n  refit: finetune\n",
         "run.yaml: line 3: surrogate.refit is finetune, but search.strategy: guided fits the surrogate from "
         "fresh weights"},
        {"training: {epochs: 5, warmup_epochs: 6}\n",
         "training.warmup_epochs is 6; it must be at most training.epochs (5)"},
        {"dataset: {validation: -1}\n",
         "dataset.validation is '-1'; it must be a share from 0 and below 1, or a whole"},
        {"dataset: {validation: 1.0}\n", "dataset.validation is '1.0'; it must be a share from 0 and below "
                                         "1, or a whole number without a point"},
        {"dataset: {validation: 1.5}\n",
         "dataset.validation is '1.5'; it must be a share from 0 and below 1"},
        {"dataset: {file: \"\"}\n", "dataset.file is empty"},
        {"device: \"\"\n", "device is empty"},
        {"space: {blocks: 11}\n", "space.blocks is '11'; it must be a whole number from 1 to 10"},
        {"space: {lookback: 0}\n", "space.lookback is '0'; it must be a whole number from -2 to -1"},
        {"space: {lookforward: -1}\n", "space.lookforward is '-1'"},
    };
    EXPECT_ALL(mistakes);
}

Test(configuration_mistakes, operators_that_cannot_be_are_refused_at_their_line)
{
    static const mistake mistakes[] = {
        {"space:\n  operators:\n    - sep3\n    - sep4\n",
         "run.yaml: line 4: space.operators[1]: there is no operator 'sep4'"},
        {"space:\n  operators:\n    - sep3\n    - sep3\n",
         "line 4: space.operators[1]: operator 'sep3' is listed twice"},
        {"space:\n  operators:\n    - sep3\n    - 3x3 dconv\n",
         "line 4: space.operators[1]: operator 'sep3'"},
        {"space:\n  operators:\n    - {kind: separable}\n", "line 3: space.operators[0] has no name"},
        {"space:\n  operators:\n    - {name: x, kernel: 3}\n",
         "line 3: space.operators[0] has no kind; it must be identity, separable,"},
        {"space:\n  operators:\n    - {name: x, kind: magic}\n",
         "line 3: space.operators[0].kind is 'magic'; it must be identity, separable, convolution,"},
        {"space:\n  operators:\n    - {name: x, kind: separable, kernel: 4}\n",
         "line 3: space.operators[0]: operator 'x'"},
        {"space:\n  operators:\n    - {name: x, kind: separable, kernel: 17}\n",
         "space.operators[0].kernel is '17'; it must be a whole number from 1 to 15"},
        {"space:\n  operators:\n    - {name: \"a b\", kind: separable}\n",
         "line 3: space.operators[0]: the operator name 'a b'"},
        {"space:\n  operators:\n    - {name: abcdefghijklmnopqrstuvwxyz, kind: separable}\n",
         "line 3: space.operators[0].name is 'abcdefghijklmnopqrstuvwxyz'; it must be text of 1 to 23 bytes"},
    };
    EXPECT_ALL(mistakes);
}

Test(configuration_mistakes, text_that_is_not_plain_yaml_is_refused_at_its_line)
{
    static const mistake mistakes[] = {
        {"", "run.yaml: is empty"},
        {"# only a comment\n", "run.yaml: is empty"},
        {"just words\n", "line 1: this is not a configuration"},
        {"- seed\n", "line 1: this is not a configuration"},
        {"seed: 1\nseed: 2\n", "line 2: the key 'seed' stands here a second time (first in line 1)"},
        {"training:\n  epochs: 1\n  batch: 2\n  epochs: 3\n",
         "line 4: the key 'epochs' stands here a second time"},
        {"training:\n\tepochs: 5\n", "line 2: a tab where YAML wants spaces"},
        {"title: [\n", "this is not YAML: "},
        {"title: \"abc\n", "this is not YAML: "},
        {"seed: 1\n---\nseed: 2\n", "line 2: a second document begins"},
        {"title: &a x\ndevice: *a\n", "line 1: what stands here is used again through an alias"},
        {"title: &a [*a]\n", "through an alias"},
        {"title: x\nseed: &nobody 3\n", "line 2: an anchor (&nobody) is of no use without aliases"},
        {"space: &a {blocks: 2}\n", "line 1: an anchor (&a)"},
        {"space:\n  operators: &a [sep3, max3]\n", "line 2: an anchor (&a)"},
        {"title: x\nseed: !!int 3\n", "line 2: a tag (!) says what kind a value is"},
        {"title: !!str x\n", "line 1: a tag (!)"},
        {"title: ! x\n", "line 1: a tag (!)"},
        {"space: !!map {blocks: 2}\n", "line 1: a tag (!)"},
        {"space:\n  operators: !mine [sep3, max3]\n", "line 2: a tag (!)"},
        {"title: *nobody\n", "line 1: this is not YAML: found undefined alias"},
        {"? [a, b]\n: 1\n", "line 1: a key must be a plain word"},
        {"title: \"a\\0b\"\n", "line 1: a zero byte stands inside the text"},
        {"seed: 1\ntitle: \xff\xfe\n", "line 2: a byte that does not belong into UTF-8 text"},
        {"title: [[[[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]]]]\n", "nested deeper than any key"},
    };
    EXPECT_ALL(mistakes);
}

/* `start`, then `part` again and again until `size` bytes are full; %d in `part` is the count. */
static char *write_often(const char *start, const char *part, size_t size)
{
    char *text = malloc(size + 64);
    cr_assert_not_null(text);
    size_t length = (size_t)snprintf(text, 64, "%s", start);
    for (int i = 0; length < size; i++)
        length += (size_t)snprintf(text + length, 64, part, i); // NOLINT(clang-diagnostic-format-nonliteral)
    return text;
}

/* Of the size that a configuration may have. libyaml alone takes minutes for some. */
Test(configuration_mistakes, text_that_would_take_long_is_refused_at_once, .timeout = 20)
{
    static const struct {
        const char *start, *part, *sentence;
    } texts[] = {
        {"", "[", "line 1: nested deeper than any key"},
        {"title: ", "[", "line 1: nested deeper than any key"},
        {"", "[\n", "line 17: nested deeper than any key"},
        {"", "{a: ", "nested deeper than any key"},
        {"", "{", "nested deeper than any key"},
        {"", "{? ", "nested deeper than any key"},
        {"", "[{", "nested deeper than any key"},
        {"", "[a: ", "nested deeper than any key"},
        {"", "- ", "nested deeper than any key"},
        {"", "? ", "nested deeper than any key"},
        {"", "?\n", "line 2: the key '' stands here a second time"},
        {"", "?", "this is not a configuration"},
        {"", "- ? ", "nested deeper than any key"},
        {"title: [", "a,", "this is not YAML"},
        {"title: [", "a: b,", "this is not YAML"},
        {"title: [", "&a%d x,", "line 1: an anchor (&a0)"},
        {"title:\n", "- &a%d x\n", "line 2: an anchor (&a0)"},
        {"title: &a x\n", "a%d: *a\n", "line 1: what stands here is used again through an alias"},
        {"title:\n", "- a\n", "title is a list of "},
        {"space:\n  operators:\n", "  - sep3\n", "space.operators"},
        {"", "a%d:\n", "line 257: more keys than any section"},
        {"training:\n", "  a%d:\n", "line 258: more keys than any section"},
        {"{", "a%d,", "this is not YAML"},
        {"a: ", "b ", "unknown key 'a'"},
        {"a: \"", "b\\n", "this is not YAML"},
        {"a: |\n", " b\n", "unknown key 'a'"},
        {"", "---\n", "a second document begins"},
        {"", "#\n", "is empty"},
        {"", "%%TAG !a%d! b\n", "this is not YAML"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        pnas_configuration read;
        char *text = write_often(texts[i].start, texts[i].part, 250000);
        cr_expect_eq(pnas_configuration_parse("run.yaml", text, NULL, 0, &read), PNAS_ERROR_USAGE);
        cr_expect_not_null(strstr(pnas_message(), texts[i].sentence), "%s%s...\ngives: %s\nnot:   %s",
                           texts[i].start, texts[i].part, pnas_message(), texts[i].sentence);
        free(text);
    }
}

Test(configuration_mistakes, a_wrong_override_is_named)
{
    static const struct {
        const char *override, *sentence;
    } mistakes[] = {
        {"training.epochs=0", "--set training.epochs=0: training.epochs is '0'; it must be a whole number"},
        {"training.epoch=5", "--set training.epoch=5: unknown key 'training.epoch'"},
        {"training.epochs", "--set training.epochs: this is not KEY=VALUE"},
        {"=5", "--set =5: this is not KEY=VALUE"},
        {"seed.x=5", "--set seed.x=5: there is no place for 'seed.x'"},
        {"space.operators[9]=max3",
         "--set space.operators[9]=max3: there is no place for 'space.operators[9]'"},
        {"space.operators=[sep3, sep9]",
         "--set space.operators=[sep3, sep9]: space.operators[1]: there is no operator"},
        {"title=[a", "--set title=[a: line 2: this is not YAML"},
        {"seed=", "--set seed=: seed is empty"},
        {"training.warmup_epochs=21", "--set training.warmup_epochs=21: training.warmup_epochs is 21"},
        {"tr\xff"
         "ining=1",
         "this is not KEY=VALUE"},
        {"training..epochs=1", "this is not KEY=VALUE"},
        {".seed=1", "this is not KEY=VALUE"},
        {"seed.=1", "this is not KEY=VALUE"},
        {"[0]=1", "this is not KEY=VALUE"},
        {"space.operators[]=max3", "this is not KEY=VALUE"},
        {"space.operators[-0]=max3", "this is not KEY=VALUE"},
        {"space.operators[0=max3", "this is not KEY=VALUE"},
        {"space.operators[0]kind=max3", "this is not KEY=VALUE"},
        {"space.operators[0][0]=max3", "this is not KEY=VALUE"},
        {"space.operators[18446744073709551616]=max3", "this is not KEY=VALUE"},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        pnas_configuration read;
        const char *const overrides[] = {"seed=3", mistakes[i].override};
        pnas_status status =
            pnas_configuration_parse("run.yaml", "space: {operators: [sep3]}\n", overrides, 2, &read);
        cr_expect_eq(status, PNAS_ERROR_USAGE, "%s", mistakes[i].override);
        cr_expect_not_null(strstr(pnas_message(), mistakes[i].sentence), "%s\nnot: %s", pnas_message(),
                           mistakes[i].sentence);
    }
    PNAS_EXPECT_NO_LEAKS();
}

Test(configuration_mistakes, files_that_cannot_be_read_are_named)
{
    pnas_configuration read;
    static char large[300 * 1024];
    cr_expect_eq(pnas_configuration_read(test_path("no.yaml"), NULL, 0, &read), PNAS_ERROR_FILE);
    cr_expect_not_null(strstr(pnas_message(), "no.yaml: cannot be opened: No such file"), "%s",
                       pnas_message());
    cr_expect_eq(pnas_configuration_read(test_path(""), NULL, 0, &read), PNAS_ERROR_FILE);
    test_write_file("zero.yaml", "seed: 1\0\n", 9);
    cr_expect_eq(pnas_configuration_read(test_path("zero.yaml"), NULL, 0, &read), PNAS_ERROR_USAGE);
    cr_expect_not_null(strstr(pnas_message(), "has a zero byte"), "%s", pnas_message());
    test_write_file("run.h5", "\x89HDF\r\n\x1a\n\0\0\0\0", 12);
    cr_expect_eq(pnas_configuration_read(test_path("run.h5"), NULL, 0, &read), PNAS_ERROR_USAGE);
    cr_expect_not_null(
        strstr(pnas_message(), "is an HDF5 file, such as a run or a data set; a configuration"), "%s",
        pnas_message());
    memset(large, '#', sizeof large);
    test_write_file("large.yaml", large, sizeof large);
    cr_expect_eq(pnas_configuration_read(test_path("large.yaml"), NULL, 0, &read), PNAS_ERROR_USAGE);
    cr_expect_not_null(strstr(pnas_message(), "is larger than 256 KiB"), "%s", pnas_message());
    PNAS_EXPECT_NO_LEAKS();
}

/* ---- anything at all ---- */
