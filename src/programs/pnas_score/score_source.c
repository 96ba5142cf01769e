#include "src/programs/pnas_score/score_source.h"

#include "io/config/configuration.h"
#include "io/data/dataset.h"
#include "src/base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the surrogate --- */

static pnas_status choose_level(const pnas_run_info *info, const char *path, int wanted, int *level)
{
    *level = 0;
    for (size_t i = 0; i < info->controller_count; ++i)
        if (info->controller[i].level > *level && (wanted == 0 || info->controller[i].level == wanted))
            *level = info->controller[i].level;
    PNAS_CHECK(*level > 0 || wanted > 0, PNAS_ERROR_DATA,
               "%s: holds no surrogate: a search fits one after its first level, none with a strategy that "
               "asks no surrogate",
               path);
    PNAS_CHECK(*level > 0, PNAS_ERROR_USAGE,
               "%s: holds no surrogate that was fit after level %d; without --level its last one scores",
               path, wanted);
    return PNAS_OK;
}

bool pnas_score_source_has(const pnas_score_source *source, const char *name)
{
    const pnas_member_tensors *tensors = &source->member[0];
    for (size_t i = 0; i < tensors->count; ++i)
        if (strcmp(tensors->tensor[i].name, name) == 0)
            return true;
    return false;
}

static pnas_status take_members(pnas_score_source *source, int wanted)
{
    const pnas_run_info *info = pnas_run_file_info(source->file);
    pnas_score_head *head = &source->head;
    PNAS_TRY(choose_level(info, head->run, wanted, &head->level));
    source->member = calloc(info->controller_count, sizeof *source->member);
    PNAS_CHECK(source->member, PNAS_ERROR_MEMORY, "out of memory for the surrogates of %s", head->run);
    for (size_t i = 0; i < info->controller_count; ++i)
        if (info->controller[i].level == head->level)
            source->member[head->members++] =
                (pnas_member_tensors){info->controller[i].tensor, info->controller[i].count};
    head->trained_blocks = head->level;
    source->model = pnas_score_source_has(source, "mlp/first_weight") ? "MLP" : "LSTM";
    source->plain = pnas_score_source_has(source, "mlp/second_weight");
    return PNAS_OK;
}

/* --- the space --- */

static pnas_status add_operator(pnas_score_source *source, const char *name)
{
    const pnas_operator_set *known = &source->configuration.search.space.operators;
    pnas_operator_set *chosen = &source->head.space.operators;
    int index = pnas_operator_set_find(known, name);
    PNAS_CHECK(index >= 0, PNAS_ERROR_USAGE, "--operators: '%s' is none of the operators of %s", name,
               source->head.run);
    for (int i = 0; i < chosen->count; ++i)
        PNAS_CHECK(source->operator_of[i] != index, PNAS_ERROR_USAGE, "--operators: '%s' is named twice",
                   name);
    source->operator_of[chosen->count] = index;
    chosen->item[chosen->count++] = known->item[index];
    return PNAS_OK;
}

static pnas_status choose_operators(pnas_score_source *source, const char *list)
{
    const pnas_operator_set *known = &source->configuration.search.space.operators;
    source->head.space.operators.count = 0;
    for (int i = 0; !list && i < known->count; ++i)
        PNAS_TRY(add_operator(source, known->item[i].name));
    if (!list)
        return PNAS_OK;
    char *copy = strdup(list), *rest = copy;
    PNAS_CHECK(copy, PNAS_ERROR_MEMORY, "out of memory for --operators");
    pnas_status status = PNAS_OK;
    for (char *name = strsep(&rest, ","); name && status == PNAS_OK; name = strsep(&rest, ","))
        status = add_operator(source, name);
    free(copy);
    return status;
}

static pnas_status choose_space(pnas_score_source *source, const pnas_score_options *options)
{
    source->head.space = source->configuration.search.space;
    source->head.blocks = options->blocks ? options->blocks : source->configuration.search.space.blocks;
    source->head.space.blocks = source->head.blocks;
    return choose_operators(source, options->operators);
}

/* --- limits --- */

static pnas_status prepare_limits(pnas_score_source *source)
{
    if (!pnas_score_source_filter(source))
        return PNAS_OK;
    pnas_network_options network = source->configuration.network;
    pnas_dataset *dataset = NULL;
    const pnas_run_info *info = pnas_run_file_info(source->file);
    pnas_status status = pnas_dataset_describe(source->configuration.dataset, &dataset);
    if (status != PNAS_OK)
        return pnas_fail_at(status, "the limits depend on the size of the run's images");
    if (source->configuration.evaluator == PNAS_EVALUATOR_TABLE) /* the run's SHA-256 is the table's */
        pnas_warning(
            "%s looked its children up in a table: limits are on networks for images like those of %s",
            source->head.run, source->configuration.dataset);
    else if (strcmp(dataset->sha256, info->dataset_sha256) != 0)
        status =
            pnas_fail(PNAS_ERROR_DATA,
                      "%s: the limits depend on the size of the run's images, but %s holds others (SHA-256 "
                      "%.12s..., not %.12s...); bring the run's data set back, or score without limits",
                      source->head.run, source->configuration.dataset, dataset->sha256, info->dataset_sha256);
    network.height = dataset->height;
    network.width = dataset->width;
    network.channels = dataset->channels;
    network.classes = dataset->classes;
    pnas_dataset_destroy(&dataset);
    PNAS_TRY(status);
    return pnas_cell_costs_make(&source->head.space.operators, &network, &source->costs);
}

static bool within(int64_t value, int64_t limit)
{
    return limit == 0 || value <= limit;
}

/* What a family costs but for its last operator: the cost of one of its cells less that operator's own. */
static uint32_t keep_within_limits(void *payload, const pnas_cell *prefix, int in1, int op1, int in2,
                                   uint32_t operators)
{
    pnas_score_source *source = payload;
    pnas_cell cell = *prefix;
    uint32_t previous, kept = 0;
    pnas_cost first;
    cell.block[cell.blocks++] = (pnas_block){(int8_t)in1, (int8_t)op1, (int8_t)in2, 0};
    pnas_status status = pnas_cell_costs_get(&source->costs, &cell, &first);
    if (status != PNAS_OK) {
        source->cost_status = status;
        return 0;
    }
    pnas_cell_used(&cell, &previous);
    pnas_cost least = pnas_cell_costs_side(&source->costs, previous, in2, 0);
    for (int op2 = 0; op2 < source->head.space.operators.count; ++op2) {
        pnas_cost side = pnas_cell_costs_side(&source->costs, previous, in2, op2);
        if (within(first.parameters - least.parameters + side.parameters, source->head.limit_parameters) &&
            within(first.multiply_adds - least.multiply_adds + side.multiply_adds,
                   source->head.limit_multiply_adds))
            kept |= 1u << op2;
    }
    return operators & kept;
}

pnas_trie_filter pnas_score_source_filter(const pnas_score_source *source)
{
    bool limited = source->head.limit_parameters > 0 || source->head.limit_multiply_adds > 0;
    return limited ? keep_within_limits : NULL;
}

/* --- the whole --- */

static void mix(uint64_t *hash, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; ++i)
        /* A larger value's byte is no garbage. NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
        *hash = (*hash ^ bytes[i]) * 0x100000001b3u;
}

/* Over everything that decides what is scored, how, and what is kept. */
static uint64_t fingerprint(const pnas_score_source *source, const char *kernels)
{
    const pnas_score_head *head = &source->head;
    const int64_t figures[] = {
        head->blocks,  head->space.lookback,   head->space.lookforward,   head->level,
        head->members, head->limit_parameters, head->limit_multiply_adds, (int64_t)head->top,
        head->all};
    uint64_t hash = 0xcbf29ce484222325u;
    mix(&hash, figures, sizeof figures);
    mix(&hash, kernels, strlen(kernels) + 1);
    for (int i = 0; i < head->space.operators.count; ++i)
        mix(&hash, head->space.operators.item[i].name, strlen(head->space.operators.item[i].name) + 1);
    if (pnas_score_source_filter(source))
        mix(&hash, source->costs.side, sizeof source->costs.side);
    for (int m = 0; m < head->members; ++m)
        for (size_t t = 0; t < source->member[m].count; ++t) {
            const pnas_named_tensor *tensor = &source->member[m].tensor[t];
            size_t count = 1;
            for (int i = 0; i < tensor->rank; ++i)
                count *= tensor->shape[i];
            mix(&hash, tensor->name, strlen(tensor->name) + 1);
            mix(&hash, tensor->data, count * sizeof *tensor->data);
        }
    return hash;
}

static pnas_status parse_run(const pnas_score_options *options, pnas_run_file *file, pnas_configuration *out)
{
    const pnas_run_info *info = pnas_run_file_info(file);
    pnas_status status = pnas_configuration_parse("its configuration", info->configuration,
                                                  options->overrides, options->override_count, out);
    if (status != PNAS_OK)
        return pnas_fail_at(options->override_count > 0 ? status : PNAS_ERROR_DATA, "%s", options->run);
    return PNAS_OK;
}

pnas_status pnas_score_configure(const pnas_score_options *options, pnas_configuration *out)
{
    pnas_run_file *file = NULL;
    if (!options->run)
        return pnas_configuration_parse("the defaults", "space: {blocks: 5}", options->overrides,
                                        options->override_count, out);
    PNAS_TRY(pnas_run_file_read(options->run, &file));
    pnas_status status = parse_run(options, file, out);
    pnas_run_file_close(&file);
    return status;
}

pnas_status pnas_score_source_open(const pnas_score_options *options, const char *command_line,
                                   const char *kernels, pnas_score_source *out)
{
    *out = (pnas_score_source){.head = {.limit_parameters = options->limit_parameters,
                                        .limit_multiply_adds = options->limit_multiply_adds,
                                        .top = options->top,
                                        .all = options->all,
                                        .run = options->run,
                                        .command_line = command_line}};
    PNAS_TRY(pnas_run_file_read(options->run, &out->file));
    PNAS_TRY(parse_run(options, out->file, &out->configuration));
    PNAS_TRY(take_members(out, options->level));
    PNAS_TRY(choose_space(out, options));
    PNAS_TRY(prepare_limits(out));
    out->head.fingerprint = fingerprint(out, kernels);
    return PNAS_OK;
}

void pnas_score_source_close(pnas_score_source *source)
{
    free(source->member);
    source->member = NULL;
    pnas_run_file_close(&source->file);
}

/* How many inputs the first member's table has; 0 if it has none. */
static int known_inputs(const pnas_score_source *source)
{
    for (size_t i = 0; i < source->member[0].count; ++i)
        if (strcmp(source->member[0].tensor[i].name, "input_embedding") == 0)
            return (int)source->member[0].tensor[i].shape[0];
    return 0;
}

void pnas_score_source_describe(const pnas_score_source *source)
{
    const pnas_score_head *head = &source->head;
    pnas_info("%s: %s of %d %s%s, fit after level %d; scoring cells of %d block%s over %d operators",
              head->run, head->members > 1 ? "an ensemble" : "a surrogate", head->members, source->model,
              head->members == 1 ? "" : "s", head->level, head->blocks, head->blocks == 1 ? "" : "s",
              head->space.operators.count);
    if (head->blocks <= head->trained_blocks)
        return;
    pnas_info("this extrapolates: the surrogate has seen cells of at most %d block%s, and nothing that says "
              "what the "
              "accuracy of longer ones is; their order is worth more than their scores",
              head->trained_blocks, head->trained_blocks == 1 ? "" : "s");
    int inputs = known_inputs(source);
    if (inputs >= 2 && head->blocks + 1 > inputs)
        pnas_info("inputs beyond its table are read as the last of the table, input %d", inputs - 3);
}
