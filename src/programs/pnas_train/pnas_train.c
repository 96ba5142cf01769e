/* pnas_train: the final training of one cell's network, on one rank or many. */
#include "io/data/image_split.h"
#include "io/file/link_target.h"
#include "io/run/ranking.h"
#include "mpi/build_check.h"
#include "mpi/collectives.h"
#include "mpi/stop_request.h"
#include "src/base/clock.h"
#include "src/net/network_size.h"
#include "src/programs/common/program.h"
#include "src/programs/pnas_train/train_options.h"
#include "src/run/device_setup.h"
#include "src/run/kernel_agreement.h"
#include "src/run/rank_start.h"
#include "src/run/run_deadline.h"
#include "src/run/shared_settings.h"
#include "src/run/tuned_agreement.h"
#include "src/search/cell_text.h"
#include "src/train/train_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { /* what a rank holds while the program runs */
    pnas_layout layout;
    pnas_train_arguments arguments;
    pnas_configuration configuration;
    char *configuration_text; /* resolved */
    char cell_text[PNAS_CELL_TEXT_MAX];
    pnas_cell cell;
    char *path; /* where the output leads, or NULL */
    char kernels[PNAS_KERNEL_HASH_TEXT];
    pnas_dataset *dataset;
    pnas_image_set *images;
    pnas_devices devices;
    pnas_network_devices kinds; /* of devices; rank 0 alone has them */
} train_program;

/* --- the cell --- */

/* The cell of a run, and its operators with it. */
static pnas_status take_run(train_program *program, pnas_configuration *configuration)
{
    const pnas_train_arguments *arguments = &program->arguments;
    pnas_ranking *ranking = NULL;
    size_t child = (size_t)arguments->child;
    PNAS_TRY(pnas_ranking_read(arguments->run, &ranking));
    pnas_status status = PNAS_OK;
    if (ranking->count == 0)
        status = pnas_fail(PNAS_ERROR_DATA, "%s: has no trained cell yet; go on with its search first",
                           arguments->run);
    else if (child > ranking->count)
        status = pnas_fail(PNAS_ERROR_USAGE, "%s: has %zu trained cells, so there is no --child %zu",
                           arguments->run, ranking->count, child);
    else
        pnas_cell_format(&ranking->cell[child - 1].cell, &ranking->operators, program->cell_text);
    configuration->search.space.operators = ranking->operators;
    if (status == PNAS_OK && ranking->concatenation != configuration->network.concatenation)
        pnas_warning("network.concatenation is another one than in %s", arguments->run);
    pnas_ranking_destroy(&ranking);
    return status;
}

static pnas_status take_cell(void *payload, pnas_configuration *configuration)
{
    train_program *program = payload;
    const char *text = program->arguments.cell;
    pnas_cell cell;
    if (program->arguments.run)
        return take_run(program, configuration);
    pnas_status status = pnas_cell_parse(text, &configuration->search.space.operators, &cell);
    if (status != PNAS_OK)
        return pnas_fail_at(PNAS_ERROR_USAGE, "--cell");
    pnas_cell_format(&cell, &configuration->search.space.operators, program->cell_text);
    return PNAS_OK;
}

static pnas_status share_cell(train_program *program)
{
    void *bytes = program->cell_text;
    unsigned long size = sizeof program->cell_text;
    PNAS_TRY(pnas_mpi_broadcast(&bytes, &size));
    if (bytes != program->cell_text) {
        memcpy(program->cell_text, bytes, sizeof program->cell_text);
        free(bytes);
    }
    return pnas_mpi_agree(
        pnas_cell_parse(program->cell_text, &program->configuration.search.space.operators, &program->cell));
}

/* --- what the program does --- */

static pnas_status share_settings(train_program *program)
{
    pnas_train_arguments *arguments = &program->arguments;
    const pnas_settings_source source = {.path = arguments->configuration,
                                         .overrides = arguments->overrides,
                                         .override_count = arguments->override_count,
                                         .device = arguments->device,
                                         .threads = arguments->threads,
                                         .ranks_per_device = arguments->ranks_per_device,
                                         .adjust = take_cell,
                                         .payload = program};
    PNAS_TRY(pnas_settings_share(&program->layout, &source, &program->configuration,
                                 &program->configuration_text));
    return share_cell(program);
}

/* network.parameters: the filters for it. Every rank finds the same. */
static pnas_status choose_filters(train_program *program)
{
    pnas_configuration *configuration = &program->configuration;
    int64_t found;
    if (configuration->parameters == 0)
        return PNAS_OK;
    PNAS_TRY(pnas_network_find_filters(&program->cell, &configuration->search.space.operators,
                                       &configuration->network, configuration->parameters,
                                       &configuration->network.filters, &found));
    if (program->layout.rank == 0)
        pnas_info(
            "network.parameters: %" PRId64 " wanted; %d filters with %d repeats come nearest, with %" PRId64,
            configuration->parameters, configuration->network.filters, configuration->network.repeats, found);
    return PNAS_OK;
}

static pnas_status open_devices(train_program *program)
{
    const pnas_configuration *configuration = &program->configuration;
    const pnas_devices_options options = {.purpose = PNAS_DEVICES_COMPUTE,
                                          .device = configuration->device,
                                          .threads = configuration->threads,
                                          .ranks_per_device = configuration->ranks_per_device};
    return pnas_devices_create(&program->layout, &options, &program->devices);
}

/* Ranks add up what lies in the order of their devices' channel blocks. One without a device has no part in it. */
static pnas_status compare_blocks(train_program *program)
{
    const pnas_mpi_difference difference = {
        PNAS_ERROR_USAGE, "computes with channel blocks of",
        "the ranks of a final training need devices of one kind: name them with --device"};
    char mine[16] = "";
    void *bytes = mine;
    unsigned long size = sizeof mine;
    if (program->devices.cl)
        snprintf(mine, sizeof mine, "%d", pnas_cl_vector(program->devices.cl));
    PNAS_TRY(pnas_mpi_broadcast(&bytes, &size));
    pnas_status status =
        pnas_mpi_check_alike(&program->layout, program->devices.cl ? mine : bytes, &difference);
    if (bytes != mine)
        free(bytes);
    return status;
}

static pnas_status list_devices(train_program *program)
{
    if (program->layout.rank != 0)
        return PNAS_OK;
    return pnas_tuned_list(program->devices.table, (size_t)program->layout.ranks, &program->kinds);
}

static pnas_status prepare(train_program *program)
{
    PNAS_TRY(share_settings(program));
    PNAS_TRY(pnas_kernel_agreement(&program->layout, program->kernels));
    PNAS_TRY(pnas_data_share(&program->layout, &program->configuration, &program->dataset, &program->images));
    PNAS_TRY(pnas_mpi_agree(choose_filters(program)));
    PNAS_TRY(open_devices(program));
    PNAS_TRY(compare_blocks(program));
    PNAS_TRY(pnas_mpi_agree(list_devices(program)));
    if (program->arguments.output)
        return pnas_mpi_agree(pnas_link_target(program->arguments.output, &program->path));
    return PNAS_OK;
}

static pnas_status train_or_check(train_program *program)
{
    PNAS_TRY(prepare(program));
    const pnas_train_options options = {.path = program->path,
                                        .run = program->arguments.run ? program->arguments.run : "",
                                        .cell = &program->cell,
                                        .configuration = &program->configuration,
                                        .configuration_text = program->configuration_text,
                                        .dataset = program->dataset,
                                        .images = program->images,
                                        .layout = &program->layout,
                                        .cl = program->devices.cl,
                                        .kernels = program->kernels,
                                        .devices = &program->kinds};
    if (!program->arguments.check)
        return pnas_train_run(&options);
    PNAS_TRY(pnas_train_check(&options));
    if (program->layout.rank == 0)
        fputs(program->configuration_text, stdout);
    fflush(stdout); /* the verdict is the last line where both are one stream */
    pnas_info("everything is in order; nothing was trained");
    return PNAS_OK;
}

static pnas_status run(train_program *program, double start)
{
    const pnas_train_arguments *arguments = &program->arguments;
    pnas_log_setup("pnas_train", arguments->level, program->layout.rank, program->layout.ranks);
    if (arguments->status)
        return pnas_mpi_agree(program->layout.rank == 0 ? pnas_train_status_print(arguments->status)
                                                        : PNAS_OK);
    pnas_stop_install(pnas_run_deadline(arguments->time_limit, program->layout.rank, start));
    return train_or_check(program);
}

static void clean_up(train_program *program)
{
    pnas_tuned_list_clear(&program->kinds);
    pnas_devices_destroy(&program->devices);
    pnas_image_set_destroy(&program->images);
    pnas_dataset_destroy(&program->dataset);
    free(program->path);
    free(program->configuration_text);
}

static pnas_status read_arguments(int argc, char **argv, bool speak, void *payload, bool *answered)
{
    pnas_train_arguments *arguments = payload;
    pnas_status status = pnas_train_arguments_parse(argc, argv, speak, arguments);
    *answered = arguments->answered;
    return status;
}

int main(int argc, char **argv)
{
    static train_program program;
    double start = pnas_clock_seconds();
    pnas_program_setup("pnas_train");
    pnas_rank_preview preview = pnas_program_preview(read_arguments, argc, argv, &program.arguments);
    if (preview.over)
        return preview.code;
    bool devices = preview.works && !program.arguments.status;
    pnas_status status = pnas_rank_start(&argc, &argv, pnas_program_build(), devices, &program.layout);
    bool speaks = program.layout.rank == 0; /* another rank may lead in the end */
    if (status != PNAS_OK)
        return speaks ? pnas_program_end(status) : pnas_exit_code(status);

    status = pnas_train_arguments_parse(argc, argv, speaks, &program.arguments);
    bool understood = status == PNAS_OK;
    if (understood && !program.arguments.answered)
        status = run(&program, start);
    clean_up(&program);
    pnas_mpi_end();
    return program.layout.rank == 0 && understood ? pnas_program_end(status) : pnas_exit_code(status);
}
