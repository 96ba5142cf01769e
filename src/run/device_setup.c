#include "src/run/device_setup.h"

#include "cl/ops/lane.h"
#include "cl/runtime/device_set.h"
#include "mpi/collectives.h"
#include "mpi/cores.h"
#include "mpi/wire.h"
#include "src/base/log.h"
#include "src/run/absent_ranks.h"
#include "src/run/child_memory.h"
#include "src/run/lane_count.h"
#include "src/run/tuned_agreement.h"
#include "src/search/cell_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Failures that are this rank's own and leave the others able to go on. */
static bool only_here(pnas_status status)
{
    return status == PNAS_ERROR_DEVICE || status == PNAS_ERROR_MEMORY || status == PNAS_ERROR_TOO_LARGE;
}

/* Rank 0's machine stands for the others. */
static void tell_cores(const pnas_layout *layout, const pnas_cores *cores)
{
    int used = cores->share * layout->local_ranks;
    if (layout->rank == 0 && cores->share > cores->given)
        pnas_info("mpirun had bound each rank to %d core%s; on %s each now uses %d of its own", cores->given,
                  cores->given == 1 ? "" : "s", layout->host, cores->share);
    else if (used + layout->local_ranks <= cores->machine) /* more than what dividing leaves over */
        pnas_info("%d of the %d CPU cores of %s are used, as the ranks may run on no others; --threads, "
                  "'mpirun --bind-to none' or a larger job would use more",
                  used, cores->machine, layout->host);
}

/* This rank's turn among the ranks of its machine that see the same devices; a batch system may show each
 * another GPU as its first. Collective. */
static pnas_status find_place(const pnas_layout *layout, pnas_cl_options *options, uint64_t *seen)
{
    uint64_t *all = calloc((size_t)layout->local_ranks, sizeof *all);
    PNAS_CHECK(all, PNAS_ERROR_MEMORY, "no memory for %d ranks", layout->local_ranks);
    pnas_status status = pnas_device_hash(options, seen);
    pnas_status gathered = pnas_mpi_gather_local(seen, sizeof *seen, all);
    for (int i = 0; i < layout->local_rank; i++)
        options->choice += all[i] == *seen;
    free(all);
    return status == PNAS_OK ? gathered : status;
}

/* Collective, as the cores are counted together. */
static pnas_status open_device(const pnas_layout *layout, const pnas_devices_options *options,
                               pnas_devices *out)
{
    pnas_cores cores;
    int threads;
    pnas_count_parse(options->threads ? options->threads : "auto", PNAS_THREADS_MAX, &threads);
    PNAS_TRY(pnas_mpi_cores(layout, threads, &cores));
    if (options->purpose == PNAS_DEVICES_NONE)
        return PNAS_OK;
    pnas_cl_options device = {
        .device = options->device, .ranks_per_device = options->ranks_per_device, .threads = cores.share};
    out->cores = cores.share;
    PNAS_TRY(find_place(layout, &device, &out->identity));
    PNAS_TRY(pnas_cl_create(&device, &out->cl));
    pnas_status prepared = pnas_lane_prepare(out->cl);
    if (prepared != PNAS_OK) {
        pnas_cl_destroy(&out->cl);
        return prepared;
    }
    out->identity += (uint64_t)pnas_cl_device(out->cl)->index;
    char suggestion[320];
    if (layout->rank == 0 && pnas_tuned_suggest(pnas_cl_device(out->cl), suggestion, sizeof suggestion))
        pnas_info("%s", suggestion);
    if (!pnas_cl_device(out->cl)->cpu)
        return PNAS_OK;
    out->threads = cores.share;
    tell_cores(layout, &cores);
    return PNAS_OK;
}

static pnas_status open_trainer(const pnas_layout *layout, const pnas_devices_options *options,
                                pnas_devices *out)
{
    const pnas_configuration *configuration = options->configuration;
    const pnas_trainer_options training = {.operators = configuration->search.space.operators,
                                           .network = configuration->network,
                                           .training = configuration->training,
                                           .rank = layout->rank,
                                           .fault = options->fault,
                                           .device = pnas_cl_device(out->cl)->index,
                                           .memory =
                                               pnas_cl_device(out->cl)->memory / (uint64_t)out->sharing};
    return pnas_trainer_create(out->cl, &training, options->images, &out->trainer);
}

/* --- lanes --- */

static pnas_cl *queue_of(const pnas_devices *devices, int lane)
{
    return lane == 0 ? devices->cl : devices->more[lane - 1].cl;
}

/* One more child at once: the first of a group has a queue of its own, the others share it. */
static pnas_status add_lane(pnas_devices *devices)
{
    pnas_device_lane *lane = &devices->more[devices->lanes - 1];
    int first = devices->lanes - devices->lanes % devices->group; /* of its group */
    if (devices->lanes == first)
        PNAS_TRY(pnas_lane_create(devices->cl, &lane->cl));
    else
        PNAS_TRY(pnas_lane_create_sharing(queue_of(devices, first), &lane->cl));
    pnas_status status = pnas_trainer_create_lane(devices->trainer, lane->cl, &lane->trainer);
    if (status != PNAS_OK)
        pnas_cl_destroy(&lane->cl);
    else
        devices->lanes++;
    return status;
}

/* `bytes`: of the largest child. */
static pnas_status open_groups(pnas_devices *devices, uint64_t bytes)
{
    int count = (devices->lanes + devices->group - 1) / devices->group;
    if (devices->group == 1)
        return PNAS_OK;
    devices->groups = calloc((size_t)count, sizeof(pnas_child_group *));
    PNAS_CHECK(devices->groups, PNAS_ERROR_MEMORY, "no memory for %d groups", count);
    for (int i = 0; i < count; i++) {
        int first = i * devices->group;
        PNAS_TRY(
            pnas_child_group_create(queue_of(devices, first), devices->group, bytes, &devices->groups[i]));
        for (int k = first; k < first + devices->group && k < devices->lanes; k++)
            pnas_trainer_join_group(pnas_devices_trainer(devices, k), devices->groups[i], k - first);
    }
    return PNAS_OK;
}

/* How many children train at once, and in groups of how many. */
static pnas_status count_lanes(const pnas_configuration *configuration, pnas_devices *devices,
                               uint64_t *bytes, int *lanes)
{
    const pnas_device_info *device = pnas_cl_device(devices->cl);
    uint64_t images = pnas_trainer_image_bytes(devices->trainer), largest = 0;
    pnas_cell cell;
    pnas_lane_limits question = {.device = device,
                                 .joins = pnas_cl_joins(devices->cl),
                                 .sharing = devices->sharing,
                                 .cores = devices->cores,
                                 .images = images,
                                 .child = 1};
    pnas_count_parse(configuration->lanes, PNAS_LANES_MAX, &question.wanted);
    pnas_count_parse(configuration->group, PNAS_GROUP_MAX, &question.group);
    pnas_lane_limits boundless = question; /* as if children took no memory */
    int asked = question.group;
    boundless.group = pnas_group_count(&boundless);
    *lanes = devices->group = 1;
    if (boundless.group * pnas_lane_count(&boundless) == 1)
        return PNAS_OK;
    PNAS_TRY(pnas_child_memory_largest(devices->trainer, &configuration->search.space, &cell, &largest));
    *bytes = question.child = largest > images ? largest - images : 1;
    devices->group = question.group = pnas_group_count(&question);
    *lanes = pnas_lane_count(&question);
    if (devices->group < asked || *lanes < question.wanted)
        pnas_warning(
            "lanes, group: %d lanes of %d were asked for, but the memory of %s holds the largest possible "
            "children of %d lanes of %d",
            question.wanted ? question.wanted : 1, asked ? asked : 1, device->name, *lanes, devices->group);
    return PNAS_OK;
}

static pnas_status open_lanes(const pnas_configuration *configuration, pnas_devices *out)
{
    uint64_t bytes = 0;
    int lanes;
    out->lanes = out->group = 1;
    PNAS_TRY(count_lanes(configuration, out, &bytes, &lanes));
    int children = lanes * out->group;
    if (children == 1)
        return PNAS_OK;
    out->more = calloc((size_t)children, sizeof *out->more);
    PNAS_CHECK(out->more, PNAS_ERROR_MEMORY, "no memory for %d lanes", children);
    pnas_status status = PNAS_OK;
    while (status == PNAS_OK && out->lanes < children)
        status = add_lane(out);
    if (status == PNAS_OK)
        return open_groups(out, bytes);
    if (!only_here(status))
        return status;
    pnas_warning("only %d of %d lanes could be opened: %s", out->lanes, children, pnas_message());
    return open_groups(out, bytes);
}

/* Collective: how many ranks of this machine have this rank's device. */
static pnas_status count_sharing(const pnas_layout *layout, pnas_devices *devices)
{
    uint64_t mine = devices->cl ? devices->identity : 0;
    uint64_t *all = calloc((size_t)layout->local_ranks, sizeof *all);
    PNAS_CHECK(all, PNAS_ERROR_MEMORY, "no memory for %d ranks", layout->local_ranks);
    pnas_status status = pnas_mpi_gather_local(&mine, sizeof mine, all);
    for (int i = 0; i < layout->local_ranks; i++)
        devices->sharing += all[i] == mine;
    free(all);
    return status;
}

static void describe(const pnas_layout *layout, const pnas_devices *devices, pnas_run_rank *out)
{
    *out = (pnas_run_rank){0};
    out->rank = layout->rank;
    out->device = -1;
    memcpy(out->host, layout->host, sizeof out->host);
    if (!devices->cl)
        return;
    const pnas_device_info *info = pnas_cl_device(devices->cl);
    out->device = devices->trainer ? info->index : -1;
    out->memory = info->memory;
    snprintf(out->device_name, sizeof out->device_name, "%s", info->name);
    pnas_tuned_describe(info, out->driver, sizeof out->driver);
    snprintf(out->pci, sizeof out->pci, "%s", info->pci);
}

static pnas_status write_row(const pnas_run_rank *row, const pnas_devices *devices, pnas_wire_writer *to)
{
    pnas_wire_begin(to);
    pnas_wire_put_int(to, devices->lanes);
    pnas_wire_put_int(to, devices->group);
    pnas_wire_put_int(to, row->rank);
    pnas_wire_put_int(to, row->device);
    pnas_wire_put_text(to, row->host);
    pnas_wire_put_text(to, row->device_name);
    pnas_wire_put_text(to, row->driver);
    pnas_wire_put_text(to, row->pci);
    pnas_wire_put_int(to, (int64_t)row->memory);
    return pnas_wire_finish(to);
}

static pnas_status take_row(void *payload, int rank, const void *data, size_t size)
{
    pnas_devices *devices = payload;
    pnas_run_rank *row = &devices->table[rank];
    pnas_wire_reader from;
    pnas_wire_open(&from, data, size);
    devices->lanes_of[rank] = (int)pnas_wire_get_int(&from, 0, PNAS_LANES_MAX * PNAS_GROUP_MAX);
    devices->group_of[rank] = (int)pnas_wire_get_int(&from, 0, PNAS_GROUP_MAX);
    row->rank = (int)pnas_wire_get_int(&from, rank, rank);
    row->device = (int)pnas_wire_get_int(&from, -1, INT32_MAX);
    pnas_wire_get_text(&from, row->host, sizeof row->host);
    pnas_wire_get_text(&from, row->device_name, sizeof row->device_name);
    pnas_wire_get_text(&from, row->driver, sizeof row->driver);
    pnas_wire_get_text(&from, row->pci, sizeof row->pci);
    row->memory = (uint64_t)pnas_wire_get_int(&from, INT64_MIN, INT64_MAX);
    return pnas_wire_close(&from, "a rank's device");
}

static pnas_status gather_table(const pnas_layout *layout, pnas_devices *devices)
{
    pnas_run_rank mine;
    pnas_wire_writer to = {0};
    describe(layout, devices, &mine);
    pnas_status status = write_row(&mine, devices, &to);
    if (layout->rank == 0) {
        devices->table = calloc((size_t)layout->ranks, sizeof *devices->table);
        devices->lanes_of = calloc((size_t)layout->ranks, sizeof *devices->lanes_of);
        devices->group_of = calloc((size_t)layout->ranks, sizeof *devices->group_of);
        if (!devices->table || !devices->lanes_of || !devices->group_of)
            status = pnas_fail(PNAS_ERROR_MEMORY, "no memory for a table of %d ranks", layout->ranks);
    }
    status = pnas_mpi_agree(status);
    if (status == PNAS_OK)
        status = pnas_mpi_gather_messages(layout, to.data, to.size, take_row, devices);
    pnas_wire_clear(&to);
    return status;
}

/* A failure that is only this rank's becomes a warning of rank 0, unless it is rank 0's: then no rank has a device. */
static pnas_status tolerate(const pnas_layout *layout, const pnas_devices *devices, pnas_status status)
{
    char reason[PNAS_MESSAGE_MAX];
    snprintf(reason, sizeof reason, "%s", pnas_message());
    bool absent = only_here(status), last = absent && layout->rank == 0 && !devices->cl;
    pnas_status told = pnas_absent_ranks_tell(layout, absent ? reason : NULL, last);
    if (absent && !last)
        status = PNAS_OK;
    if (status != PNAS_OK)
        return pnas_fail(status, "%s", reason);
    return told;
}

/* Rank 0. */
static pnas_status check_trainers(const pnas_layout *layout, const pnas_devices *devices)
{
    int trainers = 0;
    for (int rank = 0; rank < layout->ranks; rank++)
        trainers += devices->table[rank].device >= 0;
    PNAS_CHECK(trainers > 0, PNAS_ERROR_DEVICE,
               "no rank has a device that can train; the warnings above say why, and 'pnas_device list' "
               "shows what a machine has");
    return PNAS_OK;
}

/* Whatever is computed: by other routes, ranks of equal devices would find other bits, or wait for each other. */
static pnas_status compare_ranks(const pnas_layout *layout, pnas_devices *devices, bool train)
{
    pnas_status status = PNAS_OK;
    PNAS_TRY(gather_table(layout, devices));
    if (layout->rank == 0 && train)
        status = check_trainers(layout, devices);
    if (layout->rank == 0 && status == PNAS_OK)
        status = pnas_tuned_check_agreement(devices->table, (size_t)layout->ranks);
    return pnas_mpi_agree(status);
}

/* Rank 0 writes the run and asks the surrogate, so a rank without a device leaves that to one that has one. */
static pnas_status choose_leader(pnas_layout *layout, const pnas_devices *devices)
{
    int was, before = layout->rank;
    PNAS_TRY(pnas_mpi_choose_leader(layout, devices->cl, &was));
    pnas_log_set_rank(layout->rank);
    if (was > 0 && before == was)
        pnas_info(
            "rank 0 has no usable device and changes its number with rank %d on %s, which leads instead "
            "and writes the run file there",
            was, layout->host);
    return PNAS_OK;
}

pnas_status pnas_devices_create(pnas_layout *layout, const pnas_devices_options *options, pnas_devices *out)
{
    *out = (pnas_devices){0};
    bool train = options->purpose == PNAS_DEVICES_TRAIN;
    pnas_status status = open_device(layout, options, out);
    pnas_status chosen = options->purpose == PNAS_DEVICES_NONE ? PNAS_OK : choose_leader(layout, out);
    status = status == PNAS_OK ? chosen : status;
    pnas_status counted = count_sharing(layout, out);
    status = status == PNAS_OK ? counted : status;
    if (status == PNAS_OK && train)
        status = open_trainer(layout, options, out);
    if (status == PNAS_OK && train)
        status = open_lanes(options->configuration, out);
    status = pnas_mpi_agree(tolerate(layout, out, status));
    if (status == PNAS_OK)
        status = compare_ranks(layout, out, train);
    if (status != PNAS_OK)
        pnas_devices_destroy(out);
    return status;
}

pnas_status pnas_devices_compare(const pnas_layout *layout, pnas_cl *cl)
{
    pnas_devices devices = {.cl = cl};
    pnas_status status = compare_ranks(layout, &devices, false);
    devices.cl = NULL;
    pnas_devices_destroy(&devices);
    return status;
}

void pnas_devices_destroy(pnas_devices *devices)
{
    for (int i = 0; i + 1 < devices->lanes; i++)
        pnas_trainer_destroy(&devices->more[i].trainer);
    pnas_trainer_destroy(&devices->trainer);
    for (int i = 0; devices->groups && i * devices->group < devices->lanes; i++)
        pnas_child_group_destroy(&devices->groups[i]);
    for (int i = 0; i + 1 < devices->lanes; i++)
        pnas_cl_destroy(&devices->more[i].cl);
    pnas_cl_destroy(&devices->cl);
    free(devices->groups);
    free(devices->group_of);
    free(devices->more);
    free(devices->table);
    free(devices->lanes_of);
    *devices = (pnas_devices){0};
}

pnas_trainer *pnas_devices_trainer(const pnas_devices *devices, int lane)
{
    return lane == 0 ? devices->trainer : devices->more[lane - 1].trainer;
}

void pnas_devices_print(const pnas_devices *devices, int ranks)
{
    pnas_info("%-5s %-20s %-7s %s", "rank", "host", "device", "name");
    for (int i = 0; i < ranks; i++) {
        const pnas_run_rank *rank = &devices->table[i];
        int group = devices->group_of[i], queues = group > 0 ? devices->lanes_of[i] / group : 0;
        char device[16] = "none", lanes[24] = "", groups[24] = "";
        if (rank->device >= 0)
            snprintf(device, sizeof device, "%d", rank->device);
        if (queues > 1)
            snprintf(lanes, sizeof lanes, "  %d lanes", queues);
        if (group > 1)
            snprintf(groups, sizeof groups, "  groups of %d", group);
        pnas_info("%-5d %-20s %-7s %s%s%s%s%s", rank->rank, rank->host, device, rank->device_name,
                  rank->pci[0] ? "  " : "", rank->pci, lanes, groups);
    }
    if (devices->threads > 0)
        pnas_info("a rank on a CPU uses %d core%s", devices->threads, devices->threads == 1 ? "" : "s");
}

/* --- memory of the largest child --- */

static double mebibytes(uint64_t bytes)
{
    return (double)bytes / (1024.0 * 1024.0);
}

/* Rank 0: ranks that share a device must fit on it together. */
static pnas_status compare_with_devices(const pnas_run_rank *table, const uint64_t *needed, int ranks)
{
    for (int i = 0; i < ranks; i++) {
        uint64_t together = 0;
        int sharing = 0;
        for (int j = 0; j < ranks; j++)
            if (table[j].device == table[i].device && strcmp(table[j].host, table[i].host) == 0 &&
                strcmp(table[j].pci, table[i].pci) == 0) {
                together += needed[j];
                sharing++;
            }
        PNAS_CHECK(
            table[i].device < 0 || together <= table[i].memory, PNAS_ERROR_MEMORY,
            "%s on %s has %.0f MiB, but the largest possible children of the %d rank(s) on it, with the "
            "surrogate's weights, take %.0f MiB; lower training.batch or network.filters, or start fewer "
            "ranks or lanes",
            table[i].device_name, table[i].host, mebibytes(table[i].memory), sharing, mebibytes(together));
    }
    return PNAS_OK;
}

pnas_status pnas_devices_check_memory(const pnas_layout *layout, const pnas_devices *devices,
                                      const pnas_configuration *configuration, uint64_t besides)
{
    const pnas_space *space = &configuration->search.space;
    pnas_cell cell = {0};
    uint64_t largest = 0, mine = 0, *needed = NULL;
    pnas_status status = PNAS_OK;
    if (devices->trainer) {
        uint64_t images = pnas_trainer_image_bytes(devices->trainer);
        status = pnas_child_memory_largest(devices->trainer, space, &cell, &largest);
        mine = images + besides + (uint64_t)devices->lanes * (largest - images);
    }
    if (status == PNAS_OK && layout->rank == 0) {
        needed = calloc((size_t)layout->ranks, sizeof *needed);
        status = needed ? PNAS_OK : pnas_fail(PNAS_ERROR_MEMORY, "no memory for %d ranks", layout->ranks);
    }
    PNAS_TRY_CLEANUP(pnas_mpi_agree(status));
    PNAS_TRY_CLEANUP(pnas_mpi_gather(&mine, sizeof mine, needed));
    if (needed) {
        char text[PNAS_CELL_TEXT_MAX];
        pnas_cell_format(&cell, &space->operators, text);
        if (largest > 0)
            pnas_info("largest possible child: %.1f MiB, %s", mebibytes(largest), text);
        status = compare_with_devices(devices->table, needed, layout->ranks);
    }
    status = pnas_mpi_agree(status);
cleanup:
    free(needed);
    return status;
}
