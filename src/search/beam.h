/* The K best of a stream of predicted cells, kept without sorting the stream. Paper section 4.1.
 * Local. */
#ifndef PNAS_SEARCH_BEAM_H
#define PNAS_SEARCH_BEAM_H

#include "src/search/cell.h"

typedef struct {
    pnas_cell cell;
    double predicted, spread;
    double score; /* what it is kept by */
} pnas_beam_entry;

typedef struct {
    size_t width; /* K */
    size_t count;
    pnas_beam_entry *entry; /* [width]; in no order a caller may rely on before pnas_beam_sort */
} pnas_beam;

pnas_status pnas_beam_create(size_t width, pnas_beam *out);
void pnas_beam_destroy(pnas_beam *beam);

/* Score and prediction must be numbers. The higher score is kept; where scores are equal the higher
 * prediction, then the smaller code. So which entries are kept does not depend on the order of offers. */
void pnas_beam_offer_entry(pnas_beam *beam, const pnas_beam_entry *entry);

/* The same with the prediction as the score. */
void pnas_beam_offer(pnas_beam *beam, const pnas_cell *cell, double predicted, double spread);

/* Best first; nothing may be offered afterwards. */
void pnas_beam_sort(pnas_beam *beam);

#endif
