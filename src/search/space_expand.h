/* Cells that extend others by a block. Paper section 4.1. Local.
 *
 * The extensions of a wide beam take whole seconds, and whoever waits for an answer should not wait for all
 * of them: a tick is called in between. */
#ifndef PNAS_SEARCH_SPACE_EXPAND_H
#define PNAS_SEARCH_SPACE_EXPAND_H

#include "src/search/space.h"

typedef struct { /* called every few milliseconds; anything but PNAS_OK ends the expansion and is returned */
    pnas_status (*call)(void *payload); /* or NULL */
    void *payload;
} pnas_expand_tick;

/* The canonical forms of `parents` extended by every block that keeps them in the space, without duplicates,
 * sorted. PNAS_ERROR_DATA if a parent is outside the space or already has all its blocks. *out is the
 * caller's (free); NULL if there is none, or after a failure. */
pnas_status pnas_space_expand(const pnas_space *space, const pnas_cell *parents, size_t count,
                              const pnas_expand_tick *tick, pnas_cell **out, size_t *out_count);

#endif
