/* pnas_score: the cells of a space scored by a search's surrogate, or surrogates judged on trained cells,
 * over MPI ranks. */
#include "cl/ops/lane.h"
#include "io/config/configuration.h"
#include "io/file/byte_file.h"
#include "io/file/output_file.h"
#include "mpi/collectives.h"
#include "mpi/cores.h"
#include "mpi/stop_request.h"
#include "src/base/clock.h"
#include "src/base/plain_text.h"
#include "src/base/progress.h"
#include "src/programs/common/program.h"
#include "src/programs/pnas_score/evaluate_surrogate.h"
#include "src/programs/pnas_score/score_devices.h"
#include "src/programs/pnas_score/score_parts.h"
#include "src/run/device_setup.h"
#include "src/run/kernel_agreement.h"
#include "src/run/rank_start.h"
#include "src/run/shared_settings.h"
#include "src/run/tuned_agreement.h"
#include "src/search/cell_text.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BEST_SHOWN      10
#define SECONDS_OF_LINE 5 /* at most one line of a log in so many */

typedef struct {
    pnas_layout layout;
    pnas_score_options options;
    char *command_line;
    pnas_score_source source;
    pnas_score_plan plan;
    pnas_cl *cl;
    pnas_score_worker *worker;
    size_t share, part; /* how many parts this rank has, and how many of them are done */
    double start;
    uint64_t cells; /* scored by this rank */
    bool complete;  /* the score file is there already */
    pnas_score_devices devices;
} score_program;

/* --- before scoring --- */

static pnas_status make_folder(const char *path)
{
    char folder[4096];
    struct stat status; /* parts are removed at the end, but not behind a link */
    pnas_score_folder(path, folder, sizeof folder);
    PNAS_CHECK(lstat(folder, &status) != 0 || !S_ISLNK(status.st_mode), PNAS_ERROR_FILE,
               "%s: is a link, where a folder for parts is to be made; move it away, or name another output",
               folder);
    PNAS_CHECK(mkdir(folder, 0777) == 0 || errno == EEXIST, PNAS_ERROR_FILE, "%s: cannot be made: %s", folder,
               pnas_system_reason(errno));
    return PNAS_OK;
}

/* Without a tick, and without a device before that is open. */
static pnas_score_worker_options worker_options(score_program *program)
{
    return (pnas_score_worker_options){.cl = program->cl,
                                       .source = &program->source,
                                       .plan = &program->plan,
                                       .path = program->options.output,
                                       .memory = program->options.memory};
}

/* Where all scores are kept they lie in the parts, of which somebody may have lost some since. */
static pnas_status look_at_parts(score_program *program, uint64_t total)
{
    const pnas_score_worker_options options = worker_options(program);
    size_t missing = 0;
    uint64_t sum = 0;
    for (size_t part = 0; part < program->plan.parts; ++part) {
        bool whole;
        uint64_t cells = 0;
        PNAS_TRY(pnas_score_part_check(&options, part, &whole, &cells));
        missing += !whole;
        sum += whole ? cells : 0;
    }
    if (missing > 0)
        pnas_warning("%s: %zu of its %zu parts are missing or damaged and are scored again",
                     program->options.output, missing, program->plan.parts);
    else if (sum != total)
        pnas_warning("%s: has %" PRIu64 " cells, and its parts have %" PRIu64 "; it is written again",
                     program->options.output, total, sum);
    program->complete = missing == 0 && sum == total;
    return PNAS_OK;
}

/* Rank 0: what stands at the output's place. */
static pnas_status look_at_output(score_program *program)
{
    pnas_score_part total;
    if (access(program->options.output, F_OK) != 0)
        return make_folder(program->options.output);
    PNAS_TRY(pnas_score_file_read(program->options.output, &program->source.head, &total));
    free(total.best);
    program->complete = true;
    if (program->source.head.all)
        PNAS_TRY(look_at_parts(program, total.cells));
    return program->complete ? PNAS_OK : make_folder(program->options.output);
}

static pnas_status open_device(score_program *program)
{
    pnas_cores cores;
    PNAS_TRY(pnas_mpi_cores(&program->layout, 0, &cores));
    const pnas_cl_options options = {.device = program->options.device ? program->options.device
                                                                       : program->source.configuration.device,
                                     .choice = program->layout.local_rank,
                                     .threads = cores.share};
    pnas_status status = pnas_cl_create(&options, &program->cl);
    if (status == PNAS_OK)
        status = pnas_lane_prepare(program->cl);
    if (status != PNAS_OK && program->layout.rank != 0)
        pnas_fail_at(status, "rank %d on %s", program->layout.rank, program->layout.host);
    PNAS_TRY(pnas_mpi_agree(status));
    return pnas_devices_compare(&program->layout, program->cl);
}

/* What of the run decides scores. */
static pnas_status compare_runs(const score_program *program)
{
    const pnas_score_source *source = &program->source;
    char *text = NULL;
    int length = asprintf(&text, "%s\n%016" PRIx64, pnas_run_file_info(source->file)->configuration,
                          source->head.fingerprint);
    PNAS_TRY(pnas_mpi_agree(length < 0 ? pnas_fail(PNAS_ERROR_MEMORY, "out of memory for a configuration")
                                       : PNAS_OK));
    pnas_status status =
        pnas_data_compare_bytes(&program->layout, program->options.run, text, (size_t)length);
    free(text);
    return status;
}

static pnas_status prepare(score_program *program)
{
    char kernels[PNAS_KERNEL_HASH_TEXT];
    PNAS_TRY(pnas_kernel_agreement(&program->layout, kernels));
    PNAS_TRY(pnas_mpi_agree(pnas_score_source_open(
        &program->options, program->command_line ? program->command_line : "", kernels, &program->source)));
    PNAS_TRY(compare_runs(program));
    PNAS_TRY(pnas_mpi_agree(pnas_score_plan_make(&program->source.head, &program->plan)));
    program->source.head.parts = program->plan.parts;
    PNAS_TRY(pnas_mpi_agree(program->layout.rank == 0 ? look_at_output(program) : PNAS_OK));
    int complete = program->complete;
    void *data = &complete;
    unsigned long size = sizeof complete;
    PNAS_TRY(pnas_mpi_broadcast(&data, &size));
    program->complete = *(int *)data;
    if (program->layout.rank != 0)
        free(data);
    return PNAS_OK;
}

/* --- scoring --- */

/* "31620" or "131.8 million". */
static const char *name_number(double number, char out[32])
{
    if (number < 1e6)
        snprintf(out, 32, "%.0f", number);
    else
        snprintf(out, 32, "%.4g million", number / 1e6);
    return out;
}

static void show_progress(const score_program *program, uint64_t cells)
{
    double seconds = pnas_clock_seconds() - program->start;
    char all[32], rate[32];
    pnas_progress_show("rank 0 is at part %zu of its %zu; %s cells, %s a second", program->part + 1,
                       program->share, name_number((double)cells, all),
                       name_number(seconds > 0 ? (double)cells / seconds : 0, rate));
}

static pnas_status look_round(void *payload, uint64_t cells)
{
    score_program *program = payload;
    program->cells = cells;
    if (program->layout.rank == 0)
        show_progress(program, cells);
    PNAS_CHECK(!pnas_stop_requested(), PNAS_STOPPED,
               "stopped by %s; the parts that are done are kept, and the same command continues",
               pnas_stop_reason());
    return PNAS_OK;
}

/* A line of the log: not for every part, where they are quick. */
static void note_part(const score_program *program, double *last)
{
    double now = pnas_clock_seconds();
    if (program->layout.rank != 0 || (now - *last < SECONDS_OF_LINE && program->part + 1 < program->share))
        return;
    *last = now;
    char cells[32];
    pnas_progress_event(0, "rank 0 has done %zu of its %zu parts, %s cells", program->part + 1,
                        program->share, name_number((double)program->cells, cells));
}

static pnas_status score_share(score_program *program)
{
    size_t rank = (size_t)program->layout.rank, ranks = (size_t)program->layout.ranks;
    size_t parts = program->plan.parts, kept = 0;
    program->share = parts > rank ? (parts - rank + ranks - 1) / ranks : 0;
    program->start = pnas_clock_seconds();
    double last = program->start;
    for (size_t part = rank; part < parts; part += ranks, ++program->part) {
        bool scored;
        PNAS_TRY(pnas_score_worker_run(program->worker, part, &scored));
        kept += !scored;
        note_part(program, &last);
    }
    if (kept > 0)
        pnas_info("%zu of rank %zu's %zu parts were there already", kept, rank, program->share);
    return PNAS_OK;
}

/* Rank 0: whether parts that are there were scored as the others will be, by the first of them. Joining looks
 * at all. */
static void compare_devices(score_program *program)
{
    const pnas_device_info *device = pnas_cl_device(program->cl);
    pnas_score_part first = {0};
    char path[4096], driver[sizeof first.driver];
    pnas_tuned_describe(device, driver, sizeof driver);
    pnas_score_devices_add(&program->devices, program->options.output, device->name, driver);
    for (size_t part = 0; part < program->plan.parts; ++part) {
        pnas_score_part_path(program->options.output, part, path, sizeof path);
        if (access(path, F_OK) != 0)
            continue;
        if (pnas_score_part_read(path, &program->source.head, part, &first) == PNAS_OK)
            pnas_score_devices_add(&program->devices, program->options.output, first.device, first.driver);
        free(first.best);
        return;
    }
}

static pnas_status score(score_program *program)
{
    PNAS_TRY(open_device(program));
    if (program->layout.rank == 0)
        compare_devices(program);
    pnas_score_worker_options options = worker_options(program);
    options.tick = look_round;
    options.tick_payload = program;
    PNAS_TRY(pnas_mpi_agree(pnas_score_worker_create(&options, &program->worker)));
    pnas_status status = score_share(program);
    pnas_progress_end();
    pnas_score_worker_destroy(&program->worker);
    return pnas_mpi_agree(status);
}

/* --- joining the parts, on rank 0 --- */

static void add_part(pnas_score_part *total, pnas_beam *best, const pnas_score_part *part)
{
    total->cells += part->cells;
    total->sum += part->sum;
    if (part->cells > 0 && part->least < total->least)
        total->least = part->least;
    if (part->most > total->most)
        total->most = part->most;
    for (int i = 0; i < PNAS_SCORE_BINS; ++i)
        total->histogram[i] += part->histogram[i];
    for (size_t i = 0; i < part->best_count; ++i)
        pnas_beam_offer(best, &part->best[i].cell, part->best[i].predicted, part->best[i].spread);
}

static void remove_parts(const score_program *program)
{
    char path[4096];
    for (size_t part = 0; part < program->plan.parts; ++part) {
        pnas_score_part_path(program->options.output, part, path, sizeof path);
        unlink(path);
    }
    pnas_score_folder(program->options.output, path, sizeof path);
    rmdir(path);
}

static pnas_status join_into(score_program *program, pnas_score_part *total, pnas_beam *best,
                             uint64_t *part_cells)
{
    char path[4096];
    for (size_t i = 0; i < program->plan.parts; ++i) {
        pnas_score_part part;
        pnas_score_part_path(program->options.output, i, path, sizeof path);
        PNAS_TRY(pnas_score_part_read(path, &program->source.head, i, &part));
        part_cells[i] = part.cells;
        pnas_score_devices_add(&program->devices, program->options.output, part.device, part.driver);
        add_part(total, best, &part);
        free(part.best);
    }
    pnas_beam_sort(best);
    total->best = best->entry;
    total->best_count = best->count;
    PNAS_TRY(pnas_score_file_write(program->options.output, &program->source.head, total, part_cells,
                                   program->plan.parts));
    if (!program->source.head.all)
        remove_parts(program);
    return PNAS_OK;
}

static pnas_status join_parts(score_program *program)
{
    pnas_score_part total = {.least = 1};
    pnas_beam best = {0};
    uint64_t *part_cells = calloc(program->plan.parts, sizeof *part_cells);
    pnas_status status;
    PNAS_CHECK_CLEANUP(part_cells, PNAS_ERROR_MEMORY, "out of memory for %zu parts", program->plan.parts);
    PNAS_TRY_CLEANUP(pnas_beam_create(program->source.head.top, &best));
    status = join_into(program, &total, &best, part_cells);
cleanup:
    pnas_beam_destroy(&best);
    free(part_cells);
    return status;
}

/* --- what a person sees, on rank 0 --- */

static void print_best(const score_program *program, const pnas_score_part *total)
{
    const pnas_score_head *head = &program->source.head;
    if (total->cells == 0 && pnas_score_source_filter(&program->source))
        pnas_warning("%s: no cell of %d block%s is within the limits; raise --limit-parameters or "
                     "--limit-multiply-adds, and name another output",
                     program->options.output, head->blocks, head->blocks == 1 ? "" : "s");
    printf("%" PRIu64
           " cells of %d block%s, scores %.4f to %.4f, mean %.4f\n\nrank     score    spread  cell\n",
           total->cells, head->blocks, head->blocks == 1 ? "" : "s", total->cells ? total->least : 0,
           total->most, total->cells ? total->sum / (double)total->cells : 0);
    for (size_t i = 0; i < total->best_count && i < BEST_SHOWN; ++i) {
        char text[PNAS_CELL_TEXT_MAX];
        pnas_cell_format(&total->best[i].cell, &head->space.operators, text);
        printf("%4zu  %8.6f  %8.6f  %s\n", i + 1, total->best[i].predicted, total->best[i].spread, text);
    }
    putchar('\n');
    pnas_text_line(stdout, "%s", program->options.output);
}

/* The Keras implementation's format: no header, score and then in1, op1, in2, op2 of each block. */
static void print_csv(const pnas_score_head *head, const pnas_score_part *total, FILE *file)
{
    for (size_t i = 0; i < total->best_count; ++i) {
        fprintf(file, "%.9g", total->best[i].predicted);
        for (int b = 0; b < head->blocks; ++b) {
            const pnas_block *block = &total->best[i].cell.block[b];
            fprintf(file, ",%d,%s,%d,%s", block->in1, head->space.operators.item[block->op1].name, block->in2,
                    head->space.operators.item[block->op2].name);
        }
        fputc('\n', file);
    }
}

/* Nobody names this file: one that holds anything else may be another command's. */
static pnas_status check_csv(const char *path, const char *text, size_t size)
{
    pnas_bytes there;
    if (access(path, F_OK) != 0)
        return PNAS_OK;
    bool same = pnas_bytes_read(path, "comma-separated values", NULL, &there) == PNAS_OK;
    if (same) {
        same = there.size == size && memcmp(there.data, text, size) == 0;
        pnas_bytes_free(&there);
    }
    PNAS_CHECK(same, PNAS_ERROR_FILE,
               "%s: is there already and holds something else; move it away, and the same command writes it",
               path);
    return PNAS_OK;
}

static pnas_status put_csv(const char *path, const char *text, size_t size)
{
    pnas_output_file output;
    PNAS_TRY(check_csv(path, text, size));
    PNAS_TRY(pnas_output_file_create(path, &output));
    fwrite(text, 1, size, output.stream);
    PNAS_TRY(pnas_output_file_commit(&output, true));
    pnas_info("wrote %s", path);
    return PNAS_OK;
}

static pnas_status write_csv(const score_program *program, const pnas_score_part *total)
{
    char *copy = strdup(program->options.output), path[4200], *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    pnas_status status = PNAS_ERROR_MEMORY;
    if (file) {
        print_csv(&program->source.head, total, file);
        fclose(file);
    }
    if (copy && text) {
        snprintf(path, sizeof path, "%s/scores_%d.csv", dirname(copy), program->source.head.blocks);
        status = put_csv(path, text, size);
    } else
        pnas_fail(status, "no memory for the comma-separated values");
    free(copy);
    free(text);
    return status;
}

static pnas_status report(const score_program *program)
{
    pnas_score_part total;
    PNAS_TRY(pnas_score_file_read(program->options.output, &program->source.head, &total));
    print_best(program, &total);
    pnas_status status = program->options.csv ? write_csv(program, &total) : PNAS_OK;
    free(total.best);
    return status;
}

static pnas_status run(score_program *program)
{
    bool leader = program->layout.rank == 0;
    PNAS_TRY(prepare(program));
    if (leader)
        pnas_score_source_describe(&program->source);
    if (program->complete) {
        pnas_info("%s is complete already", program->options.output);
    } else {
        PNAS_TRY(score(program));
        PNAS_TRY(pnas_mpi_agree(leader ? join_parts(program) : PNAS_OK));
        double seconds = pnas_clock_seconds() - program->start;
        char cells[32];
        pnas_info("rank 0 scored %s cells in %.3g s", name_number((double)program->cells, cells), seconds);
    }
    return pnas_mpi_agree(leader ? report(program) : PNAS_OK);
}

/* --- judging instead of scoring --- */

/* The run's, with its changes. */
static pnas_status compare_configurations(const score_program *program)
{
    char *text = NULL;
    PNAS_TRY(pnas_mpi_agree(pnas_configuration_print(&program->source.configuration, &text)));
    const char *path = program->options.run ? program->options.run : "the defaults";
    pnas_status status = pnas_data_compare_bytes(&program->layout, path, text, strlen(text));
    free(text);
    return status;
}

static pnas_status evaluate(score_program *program)
{
    const pnas_score_options *o = &program->options;
    PNAS_TRY(pnas_mpi_agree(pnas_score_configure(o, &program->source.configuration)));
    PNAS_TRY(compare_configurations(program));
    PNAS_TRY(open_device(program));
    const pnas_evaluate_surrogate_options options = {.layout = &program->layout,
                                                     .cl = program->cl,
                                                     .configuration = &program->source.configuration,
                                                     .table = o->evaluate,
                                                     .trials = o->trials,
                                                     .cells = o->cells,
                                                     .held_out = o->held_out};
    return pnas_evaluate_surrogate(&options);
}

static pnas_status read_options(int argc, char **argv, bool speak, void *payload, bool *answered)
{
    pnas_score_options *options = payload;
    pnas_status status = pnas_score_options_parse(argc, argv, speak, options);
    *answered = options->answered;
    return status;
}

int main(int argc, char **argv)
{
    static score_program program;
    pnas_program_setup("pnas_score");
    pnas_rank_preview preview = pnas_program_preview(read_options, argc, argv, &program.options);
    if (preview.over)
        return preview.code;
    pnas_status status = pnas_rank_start(&argc, &argv, pnas_program_build(), preview.works, &program.layout);
    bool leader = program.layout.rank == 0;
    if (status != PNAS_OK)
        return leader ? pnas_program_end(status) : pnas_exit_code(status);
    program.command_line = pnas_program_command_line(argc, argv, program.layout.ranks);
    status = pnas_score_options_parse(argc, argv, leader, &program.options);
    bool understood = status == PNAS_OK;
    if (understood && !program.options.answered) {
        pnas_log_setup("pnas_score", program.options.log, program.layout.rank, program.layout.ranks);
        pnas_stop_install(0);
        status = program.options.evaluate ? evaluate(&program) : run(&program);
    }
    pnas_score_worker_destroy(&program.worker);
    pnas_cl_destroy(&program.cl);
    pnas_score_plan_free(&program.plan);
    pnas_score_source_close(&program.source);
    free(program.command_line);
    pnas_mpi_end();
    return leader && understood ? pnas_program_end(status) : pnas_exit_code(status);
}
