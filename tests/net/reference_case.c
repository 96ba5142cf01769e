#include "tests/net/reference_case.h"

#include "src/net/graph_create.h"
#include "src/search/cell_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const reference_case cases[] = {
    {"child",
     "-2:sep3+-1:max3 | -1:1x7-7x1+-1:identity | 0:dil3+-2:avg3",
     {.filters = 8,
      .repeats = 1,
      .stem_multiplier = 3,
      .concatenation = PNAS_CONCATENATE_ALL,
      .height = 12,
      .width = 12,
      .channels = 3,
      .classes = 10},
     .batch = 16},
    {"child_unused",
     "-1:conv3+-1:max3 | 0:sep5+-1:identity",
     {.filters = 6,
      .repeats = 2,
      .stem_multiplier = 3,
      .concatenation = PNAS_CONCATENATE_UNUSED_INPUTS,
      .height = 11,
      .width = 9,
      .channels = 3,
      .classes = 10},
     .batch = 16},
    {"child_regularised",
     "-2:sep3+-1:max3 | -1:1x7-7x1+-1:identity | 0:dil3+-2:avg3",
     {.filters = 8,
      .repeats = 1,
      .stem_multiplier = 3,
      .concatenation = PNAS_CONCATENATE_ALL,
      .auxiliary = 0.4,
      .height = 16,
      .width = 16,
      .channels = 3,
      .classes = 10},
     .batch = 16,
     .drop_path = 0.6,
     .smoothing = 0.1,
     .mixed = true},
    {"child_imagenet",
     "-2:sep5+-2:max3 | -1:sep3+-1:max3 | 0:sep3+-1:identity",
     {.filters = 8,
      .repeats = 1,
      .stem = PNAS_STEM_IMAGENET,
      .stem_multiplier = 1,
      .concatenation = PNAS_CONCATENATE_ALL,
      .auxiliary = 0.4,
      .height = 64,
      .width = 49,
      .channels = 3,
      .classes = 10},
     .batch = 8},
};

const reference_case *reference_case_at(int index)
{
    return index < (int)(sizeof cases / sizeof cases[0]) ? &cases[index] : NULL;
}

pnas_status reference_case_graph(const reference_case *of, pnas_operator_set *operators, pnas_graph **out)
{
    pnas_operator_set set;
    pnas_cell cell;
    pnas_operator_set_paper(&set);
    PNAS_TRY(pnas_operator_set_add_named(&set, "conv3"));
    PNAS_TRY(pnas_cell_parse(of->cell, &set, &cell));
    if (operators)
        *operators = set;
    return pnas_graph_create(&cell, &set, &of->network, out);
}

pnas_status reference_case_of_kind(pnas_operator_kind kind, pnas_operator_set *operators, pnas_cell *out)
{
    static const struct {
        const char *name;
        int kernel, dilation, repeat, bottleneck;
    } most[] = {
#define AS_ROW(kind_, ...) [kind_] = {__VA_ARGS__},
        PNAS_OPERATOR_KINDS(AS_ROW)
#undef AS_ROW
    };
    pnas_operator op = {.kind = kind, .kernel = most[kind].kernel < 3 ? 1 : 3, .dilation = 1, .repeat = 1};
    op.bottleneck = most[kind].bottleneck < 2 ? 1 : 2;
    snprintf(op.name, sizeof op.name, "%s", most[kind].name);
    *operators = (pnas_operator_set){0};
    PNAS_TRY(pnas_operator_set_add(operators, &op));
    *out = (pnas_cell){.blocks = 1, .block = {{-1, 0, -2, 0}}};
    return PNAS_OK;
}

void reference_case_training(const reference_case *of, pnas_training_options *out)
{
    *out = (pnas_training_options){.epochs = REFERENCE_STEPS,
                                   .batch = of->batch,
                                   .optimizer = PNAS_OPTIMIZER_SGD,
                                   .momentum = 0.9,
                                   .weight_decay = 5e-4,
                                   .clip_norm = 2,
                                   .schedule = {.kind = PNAS_SCHEDULE_COSINE,
                                                .rate = 0.05,
                                                .epochs = REFERENCE_STEPS,
                                                .steps_per_epoch = 1},
                                   .drop_path = of->drop_path,
                                   .label_smoothing = of->smoothing,
                                   .mixup = of->mixed,
                                   .norm_momentum = 0.9,
                                   .norm_epsilon = 1e-5,
                                   .reward = PNAS_REWARD_LAST};
}

/* (31 i^2 + 7919 i + 104729 s) mod 10007 */
static uint64_t pseudo(uint64_t i, uint64_t s)
{
    return (31 * i * i + 7919 * i + 104729 * s) % 10007;
}

double reference_case_parameter(const pnas_parameter *parameter, size_t i)
{
    uint64_t s = 0;
    for (size_t j = 0; parameter->path[j]; j++)
        s += (j + 1) * (unsigned char)parameter->path[j];
    double u = 2 * (double)pseudo(i, s) / 10006 - 1;
    switch (parameter->kind) {
    case PNAS_PARAMETER_WEIGHT:
        return u * sqrt(6.0 / parameter->fan_in);
    case PNAS_PARAMETER_GAMMA:
        return 1 + u / 10;
    case PNAS_PARAMETER_BIAS:
    case PNAS_PARAMETER_BETA:
        break;
    }
    return u / 10;
}

uint8_t reference_case_byte(size_t i)
{
    return (uint8_t)(pseudo(i, 1) % 256);
}

double reference_case_mean(int c)
{
    return (const double[]){0.45, 0.5, 0.55}[c];
}

double reference_case_deviation(int c)
{
    return (const double[]){0.25, 0.3, 0.2}[c];
}

int reference_case_label(const reference_case *of, int n)
{
    return (7 * n + 3) % of->network.classes;
}

bool reference_case_keeps(int step, int N, int n, int paths, int path)
{
    return pseudo((uint64_t)((step * N + n) * paths + path), 2) % 5 != 0;
}

reference_mix reference_case_mix(const reference_case *of, int n)
{
    reference_mix mix = {.other = (5 * n + 1) % of->batch, .image_share = 1};
    if (n % 2 == 0) {
        mix.image_share = mix.label_share = 0.5F + (float)(n % 8) / 16;
        return mix;
    }
    mix.top = n % 5;
    mix.left = n % 3;
    mix.height = 4;
    mix.width = 6;
    mix.label_share = 1 - 24.0F / (float)(of->network.height * of->network.width);
    return mix;
}

static pnas_status read_losses(FILE *file, const char *path, double *losses, int64_t *parameters)
{
    char line[512];
    int count = 0;
    long long total = -1;
    while (fgets(line, sizeof line, file)) {
        if (line[0] == '#' || sscanf(line, "parameters %lld", &total) == 1)
            continue;
        PNAS_CHECK(count < REFERENCE_STEPS && sscanf(line, "%lf", &losses[count]) == 1, PNAS_ERROR_DATA,
                   "%s: '%.40s' is not one of %d losses", path, line, REFERENCE_STEPS);
        count++;
    }
    PNAS_CHECK(count == REFERENCE_STEPS && total > 0, PNAS_ERROR_DATA,
               "%s: %d losses and %lld parameters; make it again with child_reference.py", path, count,
               total);
    *parameters = total;
    return PNAS_OK;
}

pnas_status reference_case_losses(const reference_case *of, double losses[REFERENCE_STEPS],
                                  int64_t *parameters)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s_losses.txt", PNAS_REFERENCE_DIR, of->name);
    FILE *file = fopen(path, "r");
    PNAS_CHECK(file, PNAS_ERROR_FILE, "%s: cannot be opened", path);
    pnas_status status = read_losses(file, path, losses, parameters);
    fclose(file);
    return status;
}
