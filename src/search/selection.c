#include "src/search/selection.h"

#include "src/base/random.h"
#include "src/search/canonical.h"

#include <math.h>
#include <stdlib.h>

/* Candidates the surrogate scores at a time, so that its memory does not grow with the level. */
#define CHUNK 65536

pnas_status pnas_selection_create(const pnas_search_options *options, double best, uint64_t turn,
                                  size_t candidates, pnas_selection *out)
{
    size_t places = (size_t)options->beam < candidates ? (size_t)options->beam : candidates;
    size_t diverse = (size_t)floor(options->diversity * (double)places + 0.5);
    *out = (pnas_selection){.acquisition = options->acquisition,
                            .kappa = options->kappa,
                            .best = best,
                            .seed = options->seed,
                            .turn = turn,
                            .diverse = diverse};
    PNAS_TRY(pnas_beam_create(places - diverse, &out->chosen));
    pnas_status status = pnas_beam_create(diverse > 0 ? places : 0, &out->spread);
    if (status != PNAS_OK)
        pnas_selection_destroy(out);
    return status;
}

void pnas_selection_destroy(pnas_selection *selection)
{
    pnas_beam_destroy(&selection->chosen);
    pnas_beam_destroy(&selection->spread);
}

double pnas_selection_value(const pnas_selection *selection, const pnas_cell *cell, double mean,
                            double spread)
{
    double draw = 0;
    if (selection->acquisition == PNAS_ACQUISITION_THOMPSON) {
        pnas_stream stream = pnas_stream_make(selection->seed, PNAS_STREAM_THOMPSON, pnas_cell_hash(cell),
                                              (uint32_t)selection->turn);
        draw = pnas_stream_normal(&stream);
    }
    return pnas_acquisition_value(selection->acquisition, selection->kappa, selection->best, mean, spread,
                                  draw);
}

void pnas_selection_offer(pnas_selection *selection, const pnas_cell *cell, double mean, double spread)
{
    pnas_beam_entry entry = {.cell = *cell, .predicted = mean, .spread = spread};
    entry.score = pnas_selection_value(selection, cell, mean, spread);
    pnas_beam_offer_entry(&selection->chosen, &entry);
    entry.score = spread;
    pnas_beam_offer_entry(&selection->spread, &entry);
}

static bool is_chosen(const pnas_beam *chosen, const pnas_cell *cell)
{
    for (size_t i = 0; i < chosen->count; ++i)
        if (pnas_cell_compare(&chosen->entry[i].cell, cell) == 0)
            return true;
    return false;
}

void pnas_selection_finish(pnas_selection *selection)
{
    size_t kept = 0;
    pnas_beam *spread = &selection->spread;
    pnas_beam_sort(&selection->chosen);
    pnas_beam_sort(spread);
    for (size_t i = 0; i < spread->count && kept < selection->diverse; ++i)
        if (!is_chosen(&selection->chosen, &spread->entry[i].cell))
            spread->entry[kept++] = spread->entry[i];
    spread->count = kept;
    selection->count = selection->chosen.count + kept;
}

const pnas_beam_entry *pnas_selection_entry(const pnas_selection *selection, size_t index)
{
    size_t chosen = selection->chosen.count;
    return index < chosen ? &selection->chosen.entry[index] : &selection->spread.entry[index - chosen];
}

static pnas_status score_chunk(const pnas_surrogate *surrogate, const pnas_cell *cell, size_t count,
                               double *mean, double *spread, pnas_selection *selection, pnas_selection *also)
{
    PNAS_TRY(surrogate->predict(surrogate->payload, cell, count, mean, spread));
    for (size_t i = 0; i < count; ++i) {
        PNAS_CHECK(
            isfinite(mean[i]) && isfinite(spread[i]), PNAS_ERROR_INTERNAL,
            "the surrogate predicts %g +- %g for a cell of %d blocks; a lower learning rate of the surrogate "
            "may help",
            mean[i], spread[i], cell[i].blocks);
        pnas_selection_offer(selection, &cell[i], mean[i], spread[i]);
        if (also)
            pnas_selection_offer(also, &cell[i], mean[i], spread[i]);
    }
    return PNAS_OK;
}

pnas_status pnas_selection_offer_all(pnas_selection *selection, pnas_selection *also,
                                     const pnas_surrogate *surrogate, const pnas_cell *cell, size_t count)
{
    size_t chunk = count < CHUNK ? count : CHUNK;
    double *mean = malloc(chunk * sizeof *mean), *spread = malloc(chunk * sizeof *spread);
    pnas_status status;
    PNAS_CHECK_CLEANUP(mean && spread, PNAS_ERROR_MEMORY, "out of memory for %zu predictions", chunk);
    for (size_t done = 0; done < count; done += chunk) {
        size_t now = count - done < chunk ? count - done : chunk;
        PNAS_TRY_CLEANUP(score_chunk(surrogate, cell + done, now, mean, spread, selection, also));
    }
    status = PNAS_OK;
cleanup:
    free(mean);
    free(spread);
    return status;
}

pnas_status pnas_selection_score(pnas_selection *selection, const pnas_surrogate *surrogate,
                                 const pnas_cell *cell, size_t count)
{
    PNAS_TRY(pnas_selection_offer_all(selection, NULL, surrogate, cell, count));
    pnas_selection_finish(selection);
    return PNAS_OK;
}
