#include "src/regression/forest.h"

#include "src/base/random.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    uint32_t next; /* the node of rows up to `most`; that of the others is behind it. 0: a leaf */
    uint8_t feature, most;
    float value;
} node;

struct pnas_forest {
    size_t features, nodes;
    uint32_t root[PNAS_FOREST_TREES];
    node *node; /* [nodes] */
};

/* --- one tree --- */

typedef struct {
    const uint8_t *row;
    const float *target;
    size_t features;
    pnas_stream stream;
    pnas_forest *forest;
    uint32_t *drawn; /* [count]: rows, those of a node side by side */
} growth;

typedef struct { /* of a node's rows */
    uint32_t *row;
    size_t count;
    double sum;
} bunch;

typedef struct {
    double gain; /* how much larger the squares of the sums over the counts are on two sides */
    size_t feature;
    uint8_t most;
} cut;

static uint8_t value_of(const growth *g, uint32_t row, size_t feature)
{
    return g->row[row * g->features + feature];
}

static bunch bunch_of(const growth *g, uint32_t *row, size_t count)
{
    bunch b = {row, count, 0};
    for (size_t i = 0; i < count; ++i)
        b.sum += g->target[row[i]];
    return b;
}

static bool all_equal(const growth *g, const bunch *b)
{
    for (size_t i = 1; i < b->count; ++i)
        if (g->target[b->row[i]] != g->target[b->row[0]])
            return false;
    return true;
}

/* The best place to cut by one feature, if it is better than *best. */
static void try_feature(const growth *g, const bunch *b, size_t feature, cut *best)
{
    double sum[PNAS_FOREST_VALUES] = {0}, left = 0;
    uint32_t count[PNAS_FOREST_VALUES] = {0};
    size_t rows = 0;
    int last = -1;
    for (size_t i = 0; i < b->count; ++i) {
        uint8_t value = value_of(g, b->row[i], feature);
        sum[value] += g->target[b->row[i]];
        ++count[value];
    }
    for (int value = 0; rows < b->count; ++value) {
        if (count[value] == 0)
            continue;
        double right = b->sum - left;
        double gain = rows ? left * left / (double)rows + right * right / (double)(b->count - rows) : 0;
        if (rows && gain > best->gain)
            *best = (cut){gain, feature, (uint8_t)((last + value) / 2)};
        left += sum[value];
        rows += count[value];
        last = value;
    }
}

/* False where all rows are alike. */
static bool choose_cut(growth *g, const bunch *b, cut *out)
{
    uint32_t order[PNAS_FOREST_FEATURES_MAX];
    for (size_t i = 0; i < g->features; ++i)
        order[i] = (uint32_t)i;
    pnas_stream_shuffle(&g->stream, order, g->features);
    *out = (cut){.gain = -1};
    for (size_t i = 0; i < g->features; ++i)
        try_feature(g, b, order[i], out);
    return out->gain >= 0;
}

/* The rows of the left side come first; how many they are. */
static size_t part_rows(const growth *g, const bunch *b, const cut *by)
{
    size_t left = 0;
    for (size_t i = 0; i < b->count; ++i)
        if (value_of(g, b->row[i], by->feature) <= by->most) {
            uint32_t row = b->row[i];
            b->row[i] = b->row[left];
            b->row[left++] = row;
        }
    return left;
}

/* At most as deep as there are values of all features. */
static void grow(growth *g, bunch b, uint32_t at)
{
    pnas_forest *forest = g->forest;
    cut by;
    forest->node[at] = (node){.value = (float)(b.sum / (double)b.count)};
    if (all_equal(g, &b) || !choose_cut(g, &b, &by))
        return;
    size_t left = part_rows(g, &b, &by);
    uint32_t next = (uint32_t)forest->nodes;
    forest->nodes += 2;
    forest->node[at].next = next;
    forest->node[at].feature = (uint8_t)by.feature;
    forest->node[at].most = by.most;
    grow(g, bunch_of(g, b.row, left), next);
    grow(g, bunch_of(g, b.row + left, b.count - left), next + 1);
}

static void grow_tree(growth *g, size_t count, uint32_t tree)
{
    pnas_forest *forest = g->forest;
    g->stream = pnas_stream_make(0, PNAS_STREAM_FOREST, count, tree);
    for (size_t i = 0; i < count; ++i)
        g->drawn[i] = pnas_stream_below(&g->stream, (uint32_t)count);
    forest->root[tree] = (uint32_t)forest->nodes++;
    grow(g, bunch_of(g, g->drawn, count), forest->root[tree]);
}

/* --- the forest --- */

pnas_status pnas_forest_fit(const uint8_t *row, const float *target, size_t count, size_t features,
                            pnas_forest **out)
{
    assert(count > 0 && features > 0 && features <= PNAS_FOREST_FEATURES_MAX);
    pnas_forest *forest = calloc(1, sizeof *forest);
    growth g = {.row = row, .target = target, .features = features, .forest = forest};
    g.drawn = malloc(count * sizeof *g.drawn);
    if (forest)
        forest->node = malloc(2 * count * PNAS_FOREST_TREES * sizeof *forest->node);
    *out = forest;
    if (!forest || !forest->node || !g.drawn) {
        pnas_forest_destroy(out);
        free(g.drawn);
        return pnas_fail(PNAS_ERROR_MEMORY, "no memory for a forest over %zu cells", count);
    }
    forest->features = features;
    for (uint32_t tree = 0; tree < PNAS_FOREST_TREES; ++tree)
        grow_tree(&g, count, tree);
    node *fewer = realloc(forest->node, forest->nodes * sizeof *fewer);
    forest->node = fewer ? fewer : forest->node;
    free(g.drawn);
    return PNAS_OK;
}

void pnas_forest_destroy(pnas_forest **forest)
{
    if (*forest)
        free((*forest)->node);
    free(*forest);
    *forest = NULL;
}

double pnas_forest_value(const pnas_forest *forest, const uint8_t *row)
{
    double sum = 0;
    for (size_t tree = 0; tree < PNAS_FOREST_TREES; ++tree) {
        const node *at = &forest->node[forest->root[tree]];
        while (at->next)
            at = &forest->node[at->next + (row[at->feature] > at->most)];
        sum += at->value;
    }
    return sum / PNAS_FOREST_TREES;
}
