#include "src/net/memory_plan.h"

#include <assert.h>
#include <stdlib.h>

enum { ALIGNMENT = 32 /* floats: 128 bytes, a cache line pair and what devices align to */ };

/* Time runs over the layers forward (0 .. L-1), the loss (L), and the layers backward: layer l at 2L - l. */
typedef struct { /* a piece of the arena that is needed from `first` to `last`, both included */
    int64_t size;
    int first, last;
    int64_t *offset; /* where to write its place; NULL: nothing to place */
    int order;       /* breaks ties, so that a plan does not depend on the sort */
} piece;

typedef struct { /* when a tensor is written and read, in layer numbers */
    int first_writer, last_reader, readers;
    int alias_backward; /* the latest backward among tensors whose gradient lies in this one's, or -1 */
} life;

static int64_t aligned(int64_t floats)
{
    return (floats + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static void trace(const pnas_graph *graph, life *lives)
{
    for (int t = 0; t < graph->tensor_count; t++)
        lives[t] =
            (life){.first_writer = t == 0 ? 0 : graph->layer_count, .last_reader = -1, .alias_backward = -1};
    for (int l = 0; l < graph->layer_count; l++) {
        const pnas_layer *layer = &graph->layer[l];
        if (l < lives[layer->out].first_writer)
            lives[layer->out].first_writer = l;
        for (int i = 0; i < layer->inputs; i++) {
            lives[layer->in[i].tensor].last_reader = l;
            lives[layer->in[i].tensor].readers++;
        }
    }
    lives[graph->layer[graph->layer_count - 1].out].last_reader = graph->layer_count; /* the loss */
    if (graph->auxiliary_logits >= 0)
        lives[graph->auxiliary_logits].last_reader = graph->layer_count;
}

static bool shares_gradient(const pnas_graph *graph, const life *lives, const pnas_value *operand)
{
    return graph->tensor[operand->tensor].segments == 1 && !operand->relu && operand->tensor != 0 &&
           lives[operand->tensor].readers == 1;
}

/* Finds the tensors whose gradient is a part of another's, from the end so that roots are known first. */
static void find_aliases(const pnas_graph *graph, life *lives, pnas_memory_plan *plan)
{
    for (int t = 0; t < graph->tensor_count; t++) {
        plan->gradient_tensor[t] = t;
        plan->gradient_segment[t] = 0;
    }
    if (!plan->options.training)
        return;
    for (int l = graph->layer_count - 1; l >= 0; l--) {
        const pnas_layer *layer = &graph->layer[l];
        if (!pnas_layer_kind_traits(layer->kind)->passes_gradient_through)
            continue;
        int root = plan->gradient_tensor[layer->out];
        for (int i = 0; i < layer->inputs; i++) {
            bool scaled = plan->options.drop_path && layer->drop_path[i] >= 0;
            if (scaled || !shares_gradient(graph, lives, &layer->in[i]))
                continue;
            int tensor = layer->in[i].tensor;
            plan->gradient_tensor[tensor] = root;
            plan->gradient_segment[tensor] = plan->gradient_segment[layer->out] + layer->out_segment;
            int backward = 2 * graph->layer_count - lives[tensor].first_writer;
            if (backward > lives[root].alias_backward)
                lives[root].alias_backward = backward;
        }
    }
}

static piece data_piece(const pnas_graph *graph, const life *lives, pnas_memory_plan *plan, int tensor)
{
    const life *of = &lives[tensor];
    int last = plan->options.training ? 2 * graph->layer_count - of->first_writer : of->last_reader;
    int64_t floats = plan->half[tensor] ? (plan->size[tensor] + 1) / 2 : plan->size[tensor];
    return (piece){floats, of->first_writer, last, &plan->data[tensor], 0};
}

static piece gradient_piece(const pnas_graph *graph, const life *lives, pnas_memory_plan *plan, int tensor)
{
    const life *of = &lives[tensor];
    bool own = plan->options.training && tensor != 0 && plan->gradient_tensor[tensor] == tensor;
    int backward = 2 * graph->layer_count - of->first_writer;
    int last = of->alias_backward > backward ? of->alias_backward : backward;
    return (piece){plan->size[tensor], 2 * graph->layer_count - of->last_reader, last,
                   own ? &plan->gradient[tensor] : NULL, 0};
}

static piece kept_piece(const pnas_graph *graph, pnas_memory_plan *plan, int layer)
{
    int64_t bytes =
        plan->size[graph->layer[layer].out] * pnas_layer_kind_traits(graph->layer[layer].kind)->kept_bytes;
    return (piece){(bytes + 3) / 4, layer, 2 * graph->layer_count - layer,
                   plan->options.training && bytes > 0 ? &plan->kept[layer] : NULL, 0};
}

static int by_size(const void *a, const void *b)
{
    const piece *x = a, *y = b;
    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return x->order - y->order;
}

static int collect(const pnas_graph *graph, const life *lives, pnas_memory_plan *plan, piece *pieces)
{
    int count = 0;
    for (int t = 0; t < graph->tensor_count; t++) {
        pieces[count++] = data_piece(graph, lives, plan, t);
        pieces[count++] = gradient_piece(graph, lives, plan, t);
    }
    for (int l = 0; l < graph->layer_count; l++)
        pieces[count++] = kept_piece(graph, plan, l);
    int kept = 0;
    for (int i = 0; i < count; i++) {
        if (!pieces[i].offset)
            continue;
        pieces[kept] = pieces[i];
        pieces[kept].order = kept;
        kept++;
    }
    return kept;
}

/* The first place from `offset` on where so much lies in one part. */
static int64_t within_part(int64_t offset, int64_t size, int64_t part)
{
    bool cut = part > 0 && size <= part && offset / part != (offset + size - 1) / part;
    return cut ? (offset / part + 1) * part : offset;
}

/* The lowest place where `new` meets none of the placed pieces that live at the same time. `placed` holds
 * their indices, sorted by offset. */
static int64_t first_fit(const piece *pieces, const int *placed, int count, const piece *new, int64_t part)
{
    int64_t offset = 0;
    for (int i = 0; i < count; i++) {
        const piece *other = &pieces[placed[i]];
        if (other->last < new->first || other->first > new->last)
            continue;
        if (*other->offset >= offset + new->size)
            break;
        int64_t end = aligned(*other->offset + other->size);
        if (end > offset)
            offset = within_part(end, new->size, part);
    }
    return offset;
}

/* Large pieces first: small ones fill the gaps. */
static int64_t place(piece *pieces, int count, int *placed, int64_t part)
{
    int64_t floats = 0;
    qsort(pieces, (size_t)count, sizeof *pieces, by_size);
    for (int i = 0; i < count; i++) {
        piece *new = &pieces[i];
        *new->offset = first_fit(pieces, placed, i, new, part);
        int at = i;
        for (; at > 0 && *pieces[placed[at - 1]].offset > *new->offset; at--)
            placed[at] = placed[at - 1];
        placed[at] = i;
        int64_t end = aligned(*new->offset + new->size);
        if (end > floats)
            floats = end;
    }
    return floats;
}

static pnas_status allocate(const pnas_graph *graph, pnas_memory_plan *plan)
{
    const pnas_memory_plan_options *o = &plan->options;
    size_t tensors = (size_t)graph->tensor_count, layers = (size_t)graph->layer_count;
    plan->data = calloc(tensors, sizeof *plan->data);
    plan->gradient = calloc(tensors, sizeof *plan->gradient);
    plan->size = calloc(tensors, sizeof *plan->size);
    plan->half = calloc(tensors, sizeof *plan->half);
    plan->gradient_tensor = calloc(tensors, sizeof *plan->gradient_tensor);
    plan->gradient_segment = calloc(tensors, sizeof *plan->gradient_segment);
    plan->kept = calloc(layers, sizeof *plan->kept);
    PNAS_CHECK(plan->data && plan->gradient && plan->size && plan->half && plan->gradient_tensor &&
                   plan->gradient_segment && plan->kept,
               PNAS_ERROR_MEMORY, "out of memory for the plan of %d tensors", graph->tensor_count);
    for (size_t t = 0; t < tensors; t++) {
        const pnas_tensor *tensor = &graph->tensor[t];
        plan->size[t] =
            (int64_t)o->batch * pnas_tensor_padded(tensor, o->vector) * tensor->height * tensor->width;
        plan->gradient[t] = -1;
    }
    for (size_t l = 0; l < layers; l++)
        plan->kept[l] = -1;
    return PNAS_OK;
}

static void choose_halves(const pnas_graph *graph, pnas_memory_plan *plan)
{
    for (int t = 0; t < graph->tensor_count; t++)
        plan->half[t] = plan->options.storage == PNAS_STORAGE_HALF;
    for (int l = 0; l < graph->layer_count; l++) {
        const pnas_layer *layer = &graph->layer[l];
        if (!pnas_layer_kind_traits(layer->kind)->floats_only)
            continue;
        plan->half[layer->out] = false;
        for (int i = 0; i < layer->inputs; i++)
            plan->half[layer->in[i].tensor] = false;
    }
}

pnas_status pnas_memory_plan_create(const pnas_graph *graph, const pnas_memory_plan_options *options,
                                    pnas_memory_plan **out)
{
    assert(options->batch > 0 && options->vector > 0);
    pnas_status status = PNAS_OK;
    size_t most = 2 * (size_t)graph->tensor_count + (size_t)graph->layer_count;
    life *lives = calloc((size_t)graph->tensor_count, sizeof *lives);
    piece *pieces = calloc(most, sizeof *pieces);
    int *placed = calloc(most, sizeof *placed);
    pnas_memory_plan *plan = calloc(1, sizeof *plan);
    PNAS_CHECK_CLEANUP(lives && pieces && placed && plan, PNAS_ERROR_MEMORY,
                       "out of memory for the plan of %d tensors", graph->tensor_count);
    plan->options = *options;
    PNAS_TRY_CLEANUP(allocate(graph, plan));
    choose_halves(graph, plan);
    trace(graph, lives);
    find_aliases(graph, lives, plan);
    int64_t part = options->part / ALIGNMENT * ALIGNMENT;
    plan->floats = place(pieces, collect(graph, lives, plan, pieces), placed, part);
    plan->largest = pieces[0].size;
    plan->part = part > 0 && part < plan->floats ? part : plan->floats;
    *out = plan;
    plan = NULL;
cleanup:
    pnas_memory_plan_destroy(&plan);
    free(placed);
    free(pieces);
    free(lives);
    return status;
}

void pnas_memory_plan_destroy(pnas_memory_plan **plan)
{
    if (!plan || !*plan)
        return;
    free((*plan)->data);
    free((*plan)->gradient);
    free((*plan)->size);
    free((*plan)->half);
    free((*plan)->gradient_tensor);
    free((*plan)->gradient_segment);
    free((*plan)->kept);
    free(*plan);
    *plan = NULL;
}
