#include "src/search/cell_table.h"

#include "src/search/canonical.h"

#include <stdlib.h>
#include <string.h>

struct pnas_cell_table {
    size_t count, merged, unlike;
    pnas_table_entry *entry;           /* [count] */
    size_t begin[PNAS_BLOCKS_MAX + 2]; /* of the cells of so many blocks; the next one's is their end */
};

static int compare_entries(const void *a, const void *b)
{
    const pnas_table_entry *left = a, *right = b;
    int order = pnas_cell_compare(&left->cell, &right->cell);
    if (order != 0)
        return order;
    /* Sums of equal cells must not depend on the order in a file. */
    order = (left->accuracy > right->accuracy) - (left->accuracy < right->accuracy);
    if (order != 0 || left->epochs != right->epochs || left->epochs == 0)
        return order != 0 ? order : left->epochs - right->epochs;
    return memcmp(left->curve, right->curve, (size_t)left->epochs * sizeof *left->curve);
}

static void drop_curve(pnas_table_entry *entry)
{
    free(entry->curve);
    entry->curve = NULL;
    entry->epochs = 0;
}

/* The first one's curve becomes the mean of all, in the order of the entries; the others lose theirs. */
static void merge_curves(pnas_table_entry *entry, size_t count)
{
    bool equal = true;
    for (size_t i = 1; i < count; ++i)
        equal = equal && entry[i].epochs == entry[0].epochs;
    for (int e = 0; equal && count > 1 && e < entry[0].epochs; ++e) {
        double sum = 0;
        for (size_t i = 0; i < count; ++i)
            sum += entry[i].curve[e];
        entry[0].curve[e] = (float)(sum / (double)count);
    }
    if (!equal)
        drop_curve(&entry[0]);
    for (size_t i = 1; i < count; ++i)
        drop_curve(&entry[i]);
}

static bool has_other_size(const pnas_table_entry *a, const pnas_table_entry *b)
{
    return a->parameters > 0 && b->parameters > 0 && a->parameters != b->parameters;
}

/* Sorts and leaves each cell once, with its mean accuracy; returns how many are left. *unlike: of how many cells the
 * children had other numbers of parameters. */
static size_t merge(pnas_table_entry *entry, size_t count, size_t *unlike)
{
    qsort(entry, count, sizeof *entry, compare_entries);
    size_t kept = 0;
    for (size_t i = 0, next; i < count; i = next) {
        double sum = 0;
        bool other = false;
        for (next = i; next < count && pnas_cell_compare(&entry[i].cell, &entry[next].cell) == 0; ++next) {
            sum += entry[next].accuracy;
            other = other || has_other_size(&entry[i], &entry[next]);
        }
        *unlike += other;
        merge_curves(&entry[i], next - i);
        entry[kept] = entry[i];
        entry[kept++].accuracy = sum / (double)(next - i);
    }
    return kept;
}

static pnas_status copy_curve(const pnas_table_entry *from, pnas_table_entry *to)
{
    size_t size = (size_t)from->epochs * sizeof *from->curve;
    to->curve = NULL;
    to->epochs = 0;
    if (size == 0)
        return PNAS_OK;
    to->curve = malloc(size);
    PNAS_CHECK(to->curve, PNAS_ERROR_MEMORY, "out of memory for a learning curve of %d epochs", from->epochs);
    memcpy(to->curve, from->curve, size);
    to->epochs = from->epochs;
    return PNAS_OK;
}

static pnas_status take_entries(pnas_cell_table *table, const pnas_space *space,
                                const pnas_table_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        PNAS_CHECK(entries[i].accuracy >= 0 && entries[i].accuracy <= 1, PNAS_ERROR_DATA,
                   "cell %zu of the table has accuracy %g; it must be from 0 to 1", i + 1,
                   entries[i].accuracy);
        if (pnas_space_check(space, &entries[i].cell) != PNAS_OK)
            continue;
        pnas_table_entry *kept = &table->entry[table->count++];
        *kept = entries[i];
        pnas_cell_canonical(&entries[i].cell, &kept->cell);
        PNAS_TRY(copy_curve(&entries[i], kept));
    }
    PNAS_CHECK(table->count > 0, PNAS_ERROR_DATA,
               "none of the %zu cells of the table belongs to the search space; space.blocks, "
               "space.operators and space.lookback say what does",
               count);
    return PNAS_OK;
}

static void find_levels(pnas_cell_table *table)
{
    size_t i = 0;
    for (int blocks = 0; blocks <= PNAS_BLOCKS_MAX + 1; ++blocks) {
        while (i < table->count && table->entry[i].cell.blocks < blocks)
            ++i;
        table->begin[blocks] = i;
    }
}

pnas_status pnas_cell_table_create(const pnas_space *space, const pnas_table_entry *entries, size_t count,
                                   pnas_cell_table **out, size_t *left_out)
{
    *out = NULL;
    pnas_cell_table *table = calloc(1, sizeof *table);
    PNAS_CHECK(table, PNAS_ERROR_MEMORY, "out of memory for a table of %zu cells", count);
    pnas_status status;
    table->entry = calloc(count + 1, sizeof *table->entry);
    PNAS_CHECK_CLEANUP(table->entry, PNAS_ERROR_MEMORY, "out of memory for a table of %zu cells", count);
    PNAS_TRY_CLEANUP(take_entries(table, space, entries, count));
    if (left_out)
        *left_out = count - table->count;
    size_t belong = table->count;
    table->count = merge(table->entry, belong, &table->unlike);
    table->merged = belong - table->count;
    find_levels(table);
    *out = table;
    return PNAS_OK;
cleanup:
    pnas_cell_table_destroy(&table);
    return status;
}

void pnas_cell_table_destroy(pnas_cell_table **table)
{
    if (!*table)
        return;
    for (size_t i = 0; (*table)->entry && i < (*table)->count; ++i)
        free((*table)->entry[i].curve);
    free((*table)->entry);
    free(*table);
    *table = NULL;
}

size_t pnas_cell_table_count(const pnas_cell_table *table)
{
    return table->count;
}

size_t pnas_cell_table_merged(const pnas_cell_table *table)
{
    return table->merged;
}

size_t pnas_cell_table_unlike(const pnas_cell_table *table)
{
    return table->unlike;
}

const pnas_table_entry *pnas_cell_table_entries(const pnas_cell_table *table)
{
    return table->entry;
}

void pnas_cell_table_level(const pnas_cell_table *table, int blocks, size_t *begin, size_t *count)
{
    *begin = table->begin[blocks];
    *count = table->begin[blocks + 1] - *begin;
}

size_t pnas_cell_table_curves(const pnas_cell_table *table, int epochs)
{
    size_t count = 0;
    for (size_t i = 0; i < table->count; ++i)
        count += table->entry[i].epochs > epochs;
    return count;
}

static int compare_cell_with_entry(const void *cell, const void *entry)
{
    return pnas_cell_compare(cell, &((const pnas_table_entry *)entry)->cell);
}

const pnas_table_entry *pnas_cell_table_find(const pnas_cell_table *table, const pnas_cell *cell)
{
    return bsearch(cell, table->entry, table->count, sizeof *table->entry, compare_cell_with_entry);
}
