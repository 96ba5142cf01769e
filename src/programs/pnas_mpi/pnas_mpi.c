/* pnas_mpi: the search over MPI ranks. Rank 0 leads and trains; the others train. */
#include "cl/ops/lane.h"
#include "io/config/configuration.h"
#include "io/data/image_split.h"
#include "io/file/link_target.h"
#include "io/run/cell_table_file.h"
#include "mpi/abort.h"
#include "mpi/collectives.h"
#include "mpi/stop_request.h"
#include "src/base/clock.h"
#include "src/programs/common/program.h"
#include "src/programs/pnas_mpi/mpi_options.h"
#include "src/programs/pnas_mpi/surrogate_memory.h"
#include "src/run/checkpoint_folder.h"
#include "src/run/kernel_agreement.h"
#include "src/run/rank_start.h"
#include "src/run/replay.h"
#include "src/run/run_deadline.h"
#include "src/run/run_record.h"
#include "src/run/search_run.h"
#include "src/run/shared_settings.h"
#include "src/run/simulate.h"
#include "src/run/warm_start.h"
#include "src/search/strategy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { /* what a rank holds while the program runs */
    pnas_layout layout;
    pnas_mpi_options options;
    pnas_configuration configuration;
    char *command_line;
    char *configuration_text;            /* resolved */
    char *run_path;                      /* where the output leads, or NULL */
    char kernels[PNAS_KERNEL_HASH_TEXT]; /* "": none are used */
    pnas_dataset *dataset;
    pnas_image_set *images; /* NULL if children are looked up */
    pnas_replay replay;
    pnas_devices devices;
    pnas_evaluator evaluator[PNAS_LANES_MAX * PNAS_GROUP_MAX];
    pnas_scheduler *scheduler;
    pnas_cl *surrogate_cl;               /* its lane where children train meanwhile, or NULL */
    pnas_surrogate_ranks *surrogate;     /* NULL: this rank has no share in it */
    pnas_checkpoint_folder *checkpoints; /* NULL: children are looked up */
} mpi_program;

/* --- what all ranks share --- */

static pnas_status check_for_search(void *payload, pnas_configuration *configuration)
{
    const pnas_mpi_options *options = payload;
    PNAS_CHECK(configuration->validation > 0, PNAS_ERROR_USAGE,
               "%s: dataset.validation is 0, but a search measures its children on images that it holds out; "
               "only pnas_train can train on all",
               options->configuration);
    PNAS_CHECK(configuration->parameters == 0, PNAS_ERROR_USAGE,
               "%s: network.parameters is given, but the children of a search all have network.filters; only "
               "pnas_train finds filters for a number of parameters",
               options->configuration);
    PNAS_CHECK(configuration->evaluator != PNAS_EVALUATOR_TABLE || configuration->keep_weights == 0,
               PNAS_ERROR_USAGE,
               "%s: keep_weights is %d, but with evaluator: table no child is trained, so there are no "
               "weights; set keep_weights to 0",
               options->configuration, configuration->keep_weights);
    return PNAS_OK;
}

static pnas_status share_configuration(mpi_program *program)
{
    pnas_mpi_options *options = &program->options;
    const pnas_settings_source source = {.path = options->configuration,
                                         .overrides = options->overrides,
                                         .override_count = options->override_count,
                                         .device = options->device,
                                         .lanes = options->lanes,
                                         .threads = options->threads,
                                         .ranks_per_device = options->ranks_per_device,
                                         .adjust = check_for_search,
                                         .payload = options};
    return pnas_settings_share(&program->layout, &source, &program->configuration,
                               &program->configuration_text);
}

static const pnas_dataset *data_of(const mpi_program *program)
{
    return program->replay.dataset ? program->replay.dataset : program->dataset;
}

static pnas_status share_data(mpi_program *program)
{
    return pnas_data_share(&program->layout, &program->configuration, &program->dataset, &program->images);
}

static pnas_status share_table(mpi_program *program)
{
    char sha256[65];
    pnas_status status = pnas_replay_open(&program->configuration, &program->replay);
    if (status == PNAS_OK)
        status = pnas_cell_table_sum(program->replay.table, program->configuration.search.rungs > 0, sha256);
    if (status != PNAS_OK && program->layout.rank != 0)
        pnas_fail_at(status, "rank %d on %s", program->layout.rank, program->layout.host);
    PNAS_TRY(pnas_mpi_agree(status));
    return pnas_data_compare(&program->layout, program->replay.path, sha256);
}

/* --- what the program does --- */

static pnas_status open_devices(mpi_program *program, pnas_devices_purpose purpose)
{
    const pnas_configuration *configuration = &program->configuration;
    const pnas_devices_options options = {.purpose = purpose,
                                          .device = configuration->device,
                                          .threads = configuration->threads,
                                          .ranks_per_device = configuration->ranks_per_device,
                                          .configuration = configuration,
                                          .images = program->images,
                                          .fault = program->options.fault};
    return pnas_devices_create(&program->layout, &options, &program->devices);
}

static pnas_status prepare(mpi_program *program)
{
    PNAS_TRY(share_configuration(program));
    bool replayed = program->configuration.evaluator == PNAS_EVALUATOR_TABLE;
    bool surrogate = pnas_strategy_get(program->configuration.search.strategy)->surrogate;
    if (!replayed || surrogate)
        PNAS_TRY(pnas_kernel_agreement(&program->layout, program->kernels));
    PNAS_TRY(replayed ? share_table(program) : share_data(program));
    PNAS_TRY(open_devices(program, !replayed   ? PNAS_DEVICES_TRAIN
                                   : surrogate ? PNAS_DEVICES_COMPUTE
                                               : PNAS_DEVICES_NONE));
    if (program->layout.rank == 0)
        pnas_devices_print(&program->devices, program->layout.ranks);
    return PNAS_OK;
}

static pnas_status simulate(mpi_program *program)
{
    const pnas_mpi_options *options = &program->options;
    PNAS_CHECK(
        program->layout.ranks == 1, PNAS_ERROR_USAGE,
        "--simulate %d: %d processes were started, but one simulates all ranks; start it without mpirun",
        options->simulated_ranks, program->layout.ranks);
    PNAS_TRY(share_configuration(program));
    return pnas_simulate(options->simulated_ranks, options->durations, &program->configuration);
}

/* Whether this rank may have a share in the surrogate. */
static bool needs_surrogate(const mpi_program *program)
{
    return pnas_strategy_get(program->configuration.search.strategy)->surrogate && program->devices.cl;
}

/* A rank that has no room for the surrogate leaves it to the others; rank 0 cannot. */
static pnas_status leave_surrogate(const mpi_program *program, pnas_status status)
{
    if (status == PNAS_OK || program->layout.rank == 0)
        return status;
    pnas_warning("rank %d on %s does not share the surrogate's work: %s", program->layout.rank,
                 program->layout.host, pnas_message());
    return PNAS_OK;
}

static pnas_status check_surrogate(const mpi_program *program, pnas_ensemble_memory *out)
{
    if (!needs_surrogate(program))
        return PNAS_OK;
    const pnas_configuration *configuration = &program->configuration;
    PNAS_TRY(leave_surrogate(
        program, pnas_surrogate_memory_check(&program->layout, &program->devices, configuration, out)));
    int members = configuration->surrogate.members ? configuration->surrogate.members : 1;
    if (program->layout.rank == 0)
        pnas_info("surrogate: %.1f MiB on a device, weights of %d member%s and what a fit takes",
                  (double)(out->kept + out->working) / 0x1p20, members, members == 1 ? "" : "s");
    return PNAS_OK;
}

/* How much there is to train, if nothing runs out of cells. */
static void tell_children(const pnas_search_options *search)
{
    size_t sum = 0, total = pnas_search_budget(search);
    char levels[PNAS_BLOCKS_MAX * 24] = "";
    if (!pnas_strategy_get(search->strategy)->levelwise) {
        pnas_info("search: %zu children of up to %d blocks, in rounds of %d", total, search->space.blocks,
                  search->round);
        return;
    }
    for (int b = 1; b <= search->space.blocks; b++) {
        size_t length = strlen(levels), size = pnas_search_level_size(search, b, sum);
        snprintf(levels + length, sizeof levels - length, "%s%zu", b > 1 ? " + " : "", size);
        sum += size;
    }
    if (search->space.blocks == 1)
        pnas_info("search: %zu children of one block", sum);
    else
        pnas_info("search: %s children of 1 to %d blocks, %zu in all", levels, search->space.blocks, sum);
}

/* A surrogate that is asked for a few of the children only is hardly better than chance. */
static void warn_of_chance(const pnas_search_options *search)
{
    const pnas_strategy *strategy = pnas_strategy_get(search->strategy);
    size_t total = pnas_search_budget(search),
           begin = strategy->begins_with ? strategy->begins_with(search) : 0;
    if (begin > total / 2)
        pnas_warning(
            "search.strategy: %s chooses %zu of the %zu children before it knows enough results, nearly "
            "as search.strategy: random does; take more search.children, or a smaller search.first%s",
            pnas_strategy_name(search->strategy), begin < total ? begin : total, total,
            search->overlap ? ", search.lag or search.round" : "");
}

static void tell_rungs(const pnas_configuration *configuration)
{
    int epochs = configuration->training.epochs;
    if (configuration->search.rungs > 0)
        pnas_info(
            "rungs: children are trained for about %.0f %% of their %d epochs, more where rounds are small",
            100 * pnas_rung_expected_share(&configuration->search, 0, epochs), epochs);
}

/* What only the search itself looks at. */
static pnas_status check_search(const mpi_program *program)
{
    pnas_search *search;
    PNAS_TRY(pnas_search_create(&program->configuration.search, &search));
    pnas_search_destroy(&search);
    return PNAS_OK;
}

static pnas_search_run_options options_of(const mpi_program *program)
{
    return (pnas_search_run_options){
        .path = program->run_path,
        .retry_failed = program->options.retry_failed,
        .command_line = program->command_line,
        .configuration = &program->configuration,
        .configuration_text = program->configuration_text,
        .dataset = data_of(program),
        .kernels = program->kernels,
        .table = program->replay.table,
        .layout = &program->layout,
        .devices = &program->devices,
        .scheduler = program->scheduler,
        .surrogate = program->surrogate,
        .checkpoints = program->checkpoints,
    };
}

/* The run that is there, if one is named. */
static pnas_status check_run(mpi_program *program)
{
    if (!program->options.output)
        return PNAS_OK;
    PNAS_TRY(pnas_link_target(program->options.output, &program->run_path));
    const pnas_search_run_options options = options_of(program);
    return pnas_run_record_check(&options);
}

static pnas_status check(mpi_program *program)
{
    pnas_ensemble_memory surrogate = {0};
    PNAS_TRY(pnas_mpi_agree(check_search(program)));
    PNAS_TRY(pnas_mpi_agree(check_surrogate(program, &surrogate)));
    uint64_t kept = surrogate.kept + (program->configuration.search.overlap ? surrogate.working : 0);
    if (program->images)
        PNAS_TRY(
            pnas_devices_check_memory(&program->layout, &program->devices, &program->configuration, kept));
    bool leads = program->layout.rank == 0;
    PNAS_TRY(pnas_mpi_agree(leads ? pnas_warm_start_check(&program->configuration) : PNAS_OK));
    PNAS_TRY(pnas_mpi_agree(leads ? check_run(program) : PNAS_OK));
    if (leads) {
        tell_children(&program->configuration.search);
        warn_of_chance(&program->configuration.search);
        tell_rungs(&program->configuration);
        fputs(program->configuration_text, stdout);
    }
    fflush(stdout); /* the verdict is the last line where both are one stream */
    pnas_info("everything is in order; nothing was trained");
    return PNAS_OK;
}

static pnas_status lead(mpi_program *program)
{
    const pnas_search_run_options options = options_of(program);
    pnas_status status = pnas_search_run(&options);
    pnas_status released = pnas_scheduler_release(program->scheduler, status);
    if (released != PNAS_OK)
        pnas_mpi_abort(pnas_program_end(released));
    return status;
}

static pnas_status open_surrogate(mpi_program *program)
{
    const pnas_configuration *configuration = &program->configuration;
    pnas_ensemble_memory memory;
    if (!needs_surrogate(program))
        return PNAS_OK;
    pnas_cl *cl = program->devices.cl;
    pnas_status status =
        pnas_surrogate_memory_check(&program->layout, &program->devices, configuration, &memory);
    if (status == PNAS_OK &&
        configuration->search.overlap) { /* children train on that queue while it is fit */
        status = pnas_lane_create(cl, &program->surrogate_cl);
        cl = program->surrogate_cl;
    }
    if (status == PNAS_OK)
        status = pnas_surrogate_ranks_create(cl, &configuration->surrogate, &configuration->search.space,
                                             program->scheduler, &program->surrogate);
    return leave_surrogate(program, status);
}

/* Returns how many children this rank trains at once. */
static int make_evaluators(mpi_program *program)
{
    const pnas_devices *devices = &program->devices;
    if (program->replay.table) {
        program->evaluator[0] = (pnas_evaluator){pnas_replay_evaluate, &program->replay};
        return 1;
    }
    for (int i = 0; i < devices->lanes; i++)
        program->evaluator[i] = (pnas_evaluator){pnas_trainer_evaluate, pnas_devices_trainer(devices, i)};
    return devices->lanes;
}

static pnas_status keep_checkpoints(mpi_program *program)
{
    const pnas_devices *devices = &program->devices;
    if (program->replay.table)
        return PNAS_OK;
    PNAS_TRY(pnas_checkpoint_folder_create(program->run_path, &program->configuration,
                                           program->dataset->sha256, program->kernels,
                                           &program->checkpoints));
    for (int i = 0; i < devices->lanes; i++)
        pnas_trainer_set_checkpoint_store(pnas_devices_trainer(devices, i),
                                          pnas_checkpoint_folder_store(program->checkpoints));
    return PNAS_OK;
}

/* A network that no images of this size fit is refused before there is a run file. */
static pnas_status check_network(const mpi_program *program)
{
    const pnas_cell any = {.blocks = 1, .block = {{.in1 = -1, .in2 = -1}}};
    uint64_t bytes;
    if (program->replay.table || program->devices.lanes == 0)
        return PNAS_OK;
    return pnas_trainer_memory(pnas_devices_trainer(&program->devices, 0), &any, &bytes);
}

static pnas_status search(mpi_program *program)
{
    PNAS_TRY(pnas_mpi_agree(check_network(program)));
    PNAS_TRY(pnas_mpi_agree(pnas_link_target(program->options.output, &program->run_path)));
    PNAS_TRY(pnas_mpi_agree(keep_checkpoints(program)));
    int lanes = make_evaluators(program);
    PNAS_TRY(pnas_mpi_agree(
        pnas_scheduler_create(&program->layout, program->evaluator, lanes, &program->scheduler)));
    PNAS_TRY(pnas_mpi_agree(open_surrogate(program)));
    if (program->layout.rank == 0) {
        warn_of_chance(&program->configuration.search);
        return lead(program);
    }
    pnas_status run_status = PNAS_OK;
    if (pnas_scheduler_serve(program->scheduler, &run_status) != PNAS_OK)
        pnas_mpi_abort(pnas_program_end(PNAS_ERROR_INTERNAL));
    return run_status;
}

static void clean_up(mpi_program *program)
{
    pnas_surrogate_ranks_destroy(&program->surrogate);
    pnas_scheduler_destroy(&program->scheduler); /* with what is still being trained */
    pnas_cl_destroy(&program->surrogate_cl);
    pnas_checkpoint_folder_destroy(&program->checkpoints);
    pnas_devices_destroy(&program->devices);
    pnas_image_set_destroy(&program->images);
    pnas_replay_close(&program->replay);
    pnas_dataset_destroy(&program->dataset);
    free(program->run_path);
    free(program->configuration_text);
    free(program->command_line);
}

static pnas_status train_or_check(mpi_program *program)
{
    PNAS_TRY(prepare(program));
    PNAS_TRY(program->options.check ? check(program) : search(program));
    pnas_checkpoint_folder_clear(program->checkpoints);
    return PNAS_OK;
}

static pnas_status read_options(int argc, char **argv, bool speak, void *payload, bool *answered)
{
    pnas_mpi_options *options = payload;
    pnas_status status = pnas_mpi_options_parse(argc, argv, speak, options);
    *answered = options->answered;
    return status;
}

int main(int argc, char **argv)
{
    static mpi_program program;
    double start = pnas_clock_seconds();
    pnas_program_setup("pnas_mpi");
    pnas_rank_preview preview = pnas_program_preview(read_options, argc, argv, &program.options);
    if (preview.over)
        return preview.code;
    bool devices = preview.works && !program.options.simulated_ranks;
    pnas_status status = pnas_rank_start(&argc, &argv, pnas_program_build(), devices, &program.layout);
    bool speaks = program.layout.rank == 0; /* another rank may lead in the end */
    if (status != PNAS_OK)
        return speaks ? pnas_program_end(status) : pnas_exit_code(status);

    pnas_mpi_options *options = &program.options;
    program.command_line = pnas_program_command_line(argc, argv, program.layout.ranks);
    status = pnas_mpi_options_parse(argc, argv, speaks, options);
    bool understood = status == PNAS_OK;
    if (understood && !options->answered) {
        pnas_log_setup("pnas_mpi", options->level, program.layout.rank, program.layout.ranks);
        double limit = options->time_limit;
        pnas_stop_install(pnas_run_deadline(limit, program.layout.rank, start));
        status = options->simulated_ranks ? simulate(&program) : train_or_check(&program);
    }
    clean_up(&program);
    pnas_mpi_end();
    return program.layout.rank == 0 && understood ? pnas_program_end(status) : pnas_exit_code(status);
}
