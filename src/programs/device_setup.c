#include "src/programs/device_setup.h"

#include "src/base/log.h"
#include "src/programs/tuned_agreement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Failures that are this rank's own and leave the others able to go on. */
static bool only_here(pnas_status status)
{
    return status == PNAS_ERROR_DEVICE || status == PNAS_ERROR_MEMORY;
}

/* Collective, as the cores are counted together; `wanted` says whether this rank opens its device. */
static pnas_status open_device(const pnas_layout *layout, const pnas_configuration *configuration,
                               bool wanted, pnas_devices *out)
{
    int share = 0, machine = 0;
    PNAS_TRY(pnas_mpi_cores(layout, &share, &machine));
    if (!wanted)
        return PNAS_OK;
    pnas_cl_options options = {
        .device = configuration->device, .choice = layout->local_rank, .threads = share};
    PNAS_TRY(pnas_cl_create(&options, &out->cl));
    if (!pnas_cl_device(out->cl)->cpu)
        return PNAS_OK;
    out->threads = share;
    int used = share * layout->local_ranks;
    if (used + layout->local_ranks <= machine) /* more than what dividing leaves over */
        pnas_info(
            "%d of %d CPU cores of %s are used, as the ranks are bound to them; 'mpirun --bind-to none' "
            "frees ranks that mpirun has bound",
            used, machine, layout->host);
    return PNAS_OK;
}

static pnas_status open_trainer(const pnas_layout *layout, const pnas_configuration *configuration,
                                const pnas_image_set *images, pnas_devices *out)
{
    pnas_trainer_options options = {.operators = configuration->search.space.operators,
                                    .network = configuration->network,
                                    .training = configuration->training,
                                    .rank = layout->rank,
                                    .device = pnas_cl_device(out->cl)->index};
    return pnas_trainer_create(out->cl, &options, images, &out->trainer);
}

static void describe(const pnas_layout *layout, const pnas_devices *devices, pnas_run_rank *out)
{
    memset(out, 0, sizeof *out); /* it travels as bytes */
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

static pnas_status gather_table(const pnas_layout *layout, pnas_devices *devices)
{
    pnas_run_rank mine;
    describe(layout, devices, &mine);
    pnas_status status = PNAS_OK;
    if (layout->rank == 0) {
        devices->table = calloc((size_t)layout->ranks, sizeof *devices->table);
        if (!devices->table)
            status = pnas_fail(PNAS_ERROR_MEMORY, "no memory for a table of %d ranks", layout->ranks);
    }
    PNAS_TRY(pnas_mpi_agree(status));
    return pnas_mpi_gather(&mine, sizeof mine, devices->table);
}

/* A failure that is only this rank's becomes a warning, unless rank 0 is left without a device at all. */
static pnas_status tolerate(const pnas_layout *layout, const pnas_devices *devices, pnas_status status)
{
    if (!only_here(status) || (layout->rank == 0 && !devices->cl))
        return status;
    pnas_warning("rank %d on %s does not train: %s", layout->rank, layout->host, pnas_message());
    return PNAS_OK;
}

static pnas_status check_table(const pnas_layout *layout, const pnas_devices *devices)
{
    int trainers = 0;
    for (int rank = 0; layout->rank == 0 && rank < layout->ranks; rank++)
        trainers += devices->table[rank].device >= 0;
    PNAS_CHECK(layout->rank != 0 || trainers > 0, PNAS_ERROR_DEVICE,
               "no rank has a device that can train; the warnings above say why");
    return layout->rank == 0 ? pnas_tuned_check_agreement(devices->table, (size_t)layout->ranks) : PNAS_OK;
}

pnas_status pnas_devices_create(const pnas_layout *layout, const pnas_configuration *configuration,
                                const pnas_image_set *images, pnas_devices *out)
{
    *out = (pnas_devices){0};
    bool surrogate = configuration->search.strategy == PNAS_STRATEGY_PNAS;
    pnas_status status = open_device(layout, configuration, images || surrogate, out);
    if (status == PNAS_OK && images)
        status = open_trainer(layout, configuration, images, out);
    status = pnas_mpi_agree(tolerate(layout, out, status));
    if (status == PNAS_OK)
        status = gather_table(layout, out);
    if (status == PNAS_OK && images)
        status = pnas_mpi_agree(check_table(layout, out));
    if (status != PNAS_OK)
        pnas_devices_destroy(out);
    return status;
}

void pnas_devices_destroy(pnas_devices *devices)
{
    pnas_trainer_destroy(&devices->trainer);
    pnas_cl_destroy(&devices->cl);
    free(devices->table);
    *devices = (pnas_devices){0};
}

void pnas_devices_print(const pnas_devices *devices, int ranks)
{
    pnas_info("%-5s %-20s %-7s %s", "rank", "host", "device", "name");
    for (int i = 0; i < ranks; i++) {
        const pnas_run_rank *rank = &devices->table[i];
        char device[16] = "none";
        if (rank->device >= 0)
            snprintf(device, sizeof device, "%d", rank->device);
        pnas_info("%-5d %-20s %-7s %s%s%s", rank->rank, rank->host, device, rank->device_name,
                  rank->pci[0] ? "  " : "", rank->pci);
    }
    if (devices->threads > 0)
        pnas_info("a rank on a CPU uses %d core%s", devices->threads, devices->threads == 1 ? "" : "s");
}

/* --- memory of the largest child --- */

/* A cell whose every block applies one operator to two inputs of previous cells: no block reads another, so
 * that all outputs are concatenated under every rule. */
static pnas_cell uniform_cell(const pnas_space *space, int op, int8_t in1, int8_t in2)
{
    pnas_cell cell = {.blocks = space->blocks};
    for (int i = 0; i < cell.blocks; i++)
        cell.block[i] = (pnas_block){in1, (int8_t)op, in2, (int8_t)op};
    return cell;
}

static pnas_status find_largest(pnas_trainer *trainer, const pnas_space *space, pnas_cell *cell,
                                uint64_t *bytes)
{
    *bytes = 0;
    for (int op = 0; op < space->operators.count; op++)
        for (int8_t in1 = (int8_t)space->lookback; in1 < 0; in1++)
            for (int8_t in2 = in1; in2 < 0; in2++) {
                pnas_cell candidate = uniform_cell(space, op, in1, in2);
                uint64_t needed = 0;
                PNAS_TRY(pnas_trainer_memory(trainer, &candidate, &needed));
                if (needed > *bytes) {
                    *bytes = needed;
                    *cell = candidate;
                }
            }
    return PNAS_OK;
}

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
            if (table[j].device == table[i].device && strcmp(table[j].host, table[i].host) == 0) {
                together += needed[j];
                sharing++;
            }
        PNAS_CHECK(
            table[i].device < 0 || together <= table[i].memory, PNAS_ERROR_MEMORY,
            "%s on %s has %.0f MiB, but the largest possible children of the %d rank(s) on it take %.0f "
            "MiB; lower training.batch or network.filters, or start fewer ranks",
            table[i].device_name, table[i].host, mebibytes(table[i].memory), sharing, mebibytes(together));
    }
    return PNAS_OK;
}

pnas_status pnas_devices_check_memory(const pnas_layout *layout, const pnas_devices *devices,
                                      const pnas_configuration *configuration)
{
    const pnas_space *space = &configuration->search.space;
    pnas_cell cell = {0};
    uint64_t mine = 0, *needed = NULL;
    pnas_status status = devices->trainer ? find_largest(devices->trainer, space, &cell, &mine) : PNAS_OK;
    if (status == PNAS_OK && layout->rank == 0) {
        needed = calloc((size_t)layout->ranks, sizeof *needed);
        status = needed ? PNAS_OK : pnas_fail(PNAS_ERROR_MEMORY, "no memory for %d ranks", layout->ranks);
    }
    PNAS_TRY_CLEANUP(pnas_mpi_agree(status));
    PNAS_TRY_CLEANUP(pnas_mpi_gather(&mine, sizeof mine, needed));
    if (needed) {
        char text[PNAS_CELL_TEXT_MAX];
        pnas_cell_format(&cell, &space->operators, text);
        if (mine > 0)
            pnas_info("largest possible child: %.1f MiB, %s", mebibytes(mine), text);
        status = compare_with_devices(devices->table, needed, layout->ranks);
    }
    status = pnas_mpi_agree(status);
cleanup:
    free(needed);
    return status;
}
