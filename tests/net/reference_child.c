#include "tests/net/reference_child.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory) {
        fprintf(stderr, "reference child: out of memory\n");
        abort();
    }
    return memory;
}

static int channels_of(const pnas_tensor *tensor)
{
    return tensor->segments * tensor->segment_channels;
}

static size_t size_of(const reference_child *child, int tensor)
{
    const pnas_tensor *of = &child->graph->tensor[tensor];
    return (size_t)child->N * (size_t)channels_of(of) * (size_t)of->height * (size_t)of->width;
}

reference_child *reference_child_create(const pnas_graph *graph, int N, double norm_epsilon)
{
    reference_child *child = allocate(1, sizeof *child);
    child->graph = graph;
    child->N = N;
    child->norm_epsilon = norm_epsilon;
    child->label = allocate((size_t)N, sizeof *child->label);
    child->parameter = allocate((size_t)graph->parameter_count, sizeof *child->parameter);
    child->norm = allocate((size_t)graph->norm_count, sizeof *child->norm);
    child->data = allocate((size_t)graph->tensor_count, sizeof *child->data);
    child->gradient = allocate((size_t)graph->tensor_count, sizeof *child->gradient);
    child->position = allocate((size_t)graph->layer_count, sizeof *child->position);
    for (int p = 0; p < graph->parameter_count; p++) {
        const int *shape = graph->parameter[p].shape;
        reference_parameter *parameter = &child->parameter[p];
        parameter->count = (size_t)shape[0] * (size_t)shape[1] * (size_t)shape[2] * (size_t)shape[3];
        parameter->value = allocate(parameter->count, sizeof(double));
        parameter->gradient = allocate(parameter->count, sizeof(double));
        parameter->moment = allocate(parameter->count, sizeof(double));
    }
    for (int n = 0; n < graph->norm_count; n++) {
        child->norm[n].mean = allocate((size_t)graph->norm[n].channels, sizeof(double));
        child->norm[n].inverse_deviation = allocate((size_t)graph->norm[n].channels, sizeof(double));
    }
    for (int t = 0; t < graph->tensor_count; t++) {
        child->data[t] = allocate(size_of(child, t), sizeof(double));
        child->gradient[t] = allocate(size_of(child, t), sizeof(double));
    }
    for (int l = 0; l < graph->layer_count; l++)
        if (graph->layer[l].kind == PNAS_LAYER_MAX_POOL)
            child->position[l] = allocate(size_of(child, graph->layer[l].out), sizeof(int));
    return child;
}

void reference_child_destroy(reference_child **held)
{
    reference_child *child = *held;
    if (!child)
        return;
    const pnas_graph *graph = child->graph;
    for (int p = 0; p < graph->parameter_count; p++) {
        free(child->parameter[p].value);
        free(child->parameter[p].gradient);
        free(child->parameter[p].moment);
    }
    for (int n = 0; n < graph->norm_count; n++) {
        free(child->norm[n].mean);
        free(child->norm[n].inverse_deviation);
    }
    for (int t = 0; t < graph->tensor_count; t++) {
        free(child->data[t]);
        free(child->gradient[t]);
    }
    for (int l = 0; l < graph->layer_count; l++)
        free(child->position[l]);
    free(child->label);
    free(child->parameter);
    free(child->norm);
    free(child->data);
    free(child->gradient);
    free(child->position);
    free(child);
    *held = NULL;
}

void reference_child_load(reference_child *child, const double *images, const int *labels)
{
    const pnas_tensor *tensor = &child->graph->tensor[0];
    size_t channels = (size_t)tensor->segment_channels,
           pixels = (size_t)tensor->height * (size_t)tensor->width;
    for (size_t n = 0; n < (size_t)child->N; n++)
        for (size_t pixel = 0; pixel < pixels; pixel++)
            for (size_t c = 0; c < channels; c++)
                child->data[0][(n * channels + c) * pixels + pixel] =
                    images[(n * pixels + pixel) * channels + c];
    memcpy(child->label, labels, sizeof *labels * (size_t)child->N);
}

/* --- how layers read and write ------------------------------------------------------------------------- */

typedef struct { /* a dense [N, C, H, W] */
    int C, H, W;
    double *at;
} block;

static block block_of(const reference_child *child, int tensor, int segments)
{
    const pnas_tensor *of = &child->graph->tensor[tensor];
    block out = {segments * of->segment_channels, of->height, of->width, NULL};
    out.at = allocate((size_t)child->N * (size_t)out.C * (size_t)out.H * (size_t)out.W, sizeof(double));
    return out;
}

/* Where channel 0 of image n of `segment` stands in the tensor. */
static size_t place_of(const reference_child *child, int tensor, int segment, int n)
{
    const pnas_tensor *of = &child->graph->tensor[tensor];
    size_t pixels = (size_t)of->height * (size_t)of->width;
    return ((size_t)n * (size_t)channels_of(of) + (size_t)segment * (size_t)of->segment_channels) * pixels;
}

static double normalised(const reference_child *child, int norm, int c, double raw)
{
    const pnas_norm *of = &child->graph->norm[norm];
    double gamma = child->parameter[of->gamma].value[c], beta = child->parameter[of->beta].value[c];
    return gamma * (raw - child->norm[norm].mean[c]) * child->norm[norm].inverse_deviation[c] + beta;
}

static block read_value(const reference_child *child, const pnas_value *value)
{
    block x = block_of(child, value->tensor, value->segments);
    size_t pixels = (size_t)x.H * (size_t)x.W, i = 0;
    for (int n = 0; n < child->N; n++) {
        const double *from =
            child->data[value->tensor] + place_of(child, value->tensor, value->first_segment, n);
        for (int c = 0; c < x.C; c++)
            for (size_t pixel = 0; pixel < pixels; pixel++, i++) {
                double raw = *from++;
                x.at[i] = value->norm < 0 ? raw : normalised(child, value->norm, c, raw);
                if (value->relu && x.at[i] < 0)
                    x.at[i] = 0;
            }
    }
    return x;
}

/* Adds dx, the loss by what was read as `x`, to the gradient of the tensor it was read from. */
static void hand_back(reference_child *child, const pnas_value *value, const block *x, const block *dx)
{
    size_t each = (size_t)x->C * (size_t)x->H * (size_t)x->W, i = 0;
    for (int n = 0; n < child->N; n++) {
        double *to = child->gradient[value->tensor] + place_of(child, value->tensor, value->first_segment, n);
        for (size_t e = 0; e < each; e++, i++)
            if (!value->relu || x->at[i] > 0)
                to[e] += dx->at[i];
    }
}

static void write_output(reference_child *child, const pnas_layer *layer, const block *y)
{
    size_t each = (size_t)y->C * (size_t)y->H * (size_t)y->W;
    for (int n = 0; n < child->N; n++)
        memcpy(child->data[layer->out] + place_of(child, layer->out, layer->out_segment, n),
               y->at + (size_t)n * each, each * sizeof(double));
}

static block output_gradient(const reference_child *child, const pnas_layer *layer)
{
    block dy = block_of(child, layer->out, layer->out_segments);
    size_t each = (size_t)dy.C * (size_t)dy.H * (size_t)dy.W;
    for (int n = 0; n < child->N; n++)
        memcpy(dy.at + (size_t)n * each,
               child->gradient[layer->out] + place_of(child, layer->out, layer->out_segment, n),
               each * sizeof(double));
    return dy;
}

/* --- batch normalisation ------------------------------------------------------------------------------- */

static void norm_forward(reference_child *child, int index, const block *y)
{
    size_t pixels = (size_t)y->H * (size_t)y->W;
    double count = (double)pixels * child->N;
    for (int c = 0; c < y->C; c++) {
        double sum = 0, squares = 0;
        for (int n = 0; n < child->N; n++)
            for (size_t pixel = 0; pixel < pixels; pixel++)
                sum += y->at[((size_t)n * (size_t)y->C + (size_t)c) * pixels + pixel];
        double mean = sum / count;
        for (int n = 0; n < child->N; n++)
            for (size_t pixel = 0; pixel < pixels; pixel++) {
                double away = y->at[((size_t)n * (size_t)y->C + (size_t)c) * pixels + pixel] - mean;
                squares += away * away;
            }
        child->norm[index].mean[c] = mean;
        child->norm[index].inverse_deviation[c] = 1 / sqrt(squares / count + child->norm_epsilon);
    }
}

/* Turns dy from the loss by the normalised output into the loss by the raw one. */
static void norm_backward(reference_child *child, const pnas_layer *layer, block *dy)
{
    const pnas_norm *norm = &child->graph->norm[layer->norm];
    const double *raw = child->data[layer->out];
    size_t pixels = (size_t)dy->H * (size_t)dy->W;
    double count = (double)pixels * child->N;
    for (int c = 0; c < dy->C; c++) {
        double mean = child->norm[layer->norm].mean[c];
        double inverse = child->norm[layer->norm].inverse_deviation[c];
        double gamma = child->parameter[norm->gamma].value[c], sum = 0, product = 0;
        for (int n = 0; n < child->N; n++)
            for (size_t pixel = 0; pixel < pixels; pixel++) {
                size_t i = ((size_t)n * (size_t)dy->C + (size_t)c) * pixels + pixel;
                sum += dy->at[i];
                product += dy->at[i] * (raw[i] - mean) * inverse;
            }
        child->parameter[norm->beta].gradient[c] += sum;
        child->parameter[norm->gamma].gradient[c] += product;
        for (int n = 0; n < child->N; n++)
            for (size_t pixel = 0; pixel < pixels; pixel++) {
                size_t i = ((size_t)n * (size_t)dy->C + (size_t)c) * pixels + pixel;
                double x = (raw[i] - mean) * inverse;
                dy->at[i] = gamma * inverse * (dy->at[i] - sum / count - x * product / count);
            }
    }
}

/* --- convolutions: everything that is y += x w --------------------------------------------------------- */

typedef struct {
    const pnas_layer *layer;
    int N;
    block x, y;      /* y: the output forward, its gradient backward */
    double *dx;      /* backward */
    const double *w; /* logical shape */
    double *dw;      /* backward */
} products;

static size_t index_of(const block *of, int n, int c, int h, int w)
{
    return (((size_t)n * (size_t)of->C + (size_t)c) * (size_t)of->H + (size_t)h) * (size_t)of->W + (size_t)w;
}

/* The weight between channels c and m at one tap, and whether there is one. */
static bool weight_index(const products *p, int kh, int kw, int c, int m, size_t *out)
{
    size_t tap = (size_t)kh * (size_t)p->layer->kernel_w + (size_t)kw;
    if (pnas_layer_kind_traits(p->layer->kind)->form == PNAS_WEIGHT_DEPTHWISE) {
        *out = tap * (size_t)p->x.C + (size_t)c;
        return c == m;
    }
    *out = (tap * (size_t)p->x.C + (size_t)c) * (size_t)p->y.C + (size_t)m;
    return p->layer->kind != PNAS_LAYER_REDUCTION || (m >= p->y.C / 2) == (kh == 1);
}

/* All images and pixels that one weight serves. */
static void run_weight(const products *p, int kh, int kw, int c, int m, size_t weight, bool backward)
{
    const pnas_layer *layer = p->layer;
    /* A reduction's second tap lies one pixel further on both axes. */
    int along_w = layer->kind == PNAS_LAYER_REDUCTION ? kh : kw;
    for (int n = 0; n < p->N; n++)
        for (int oh = 0; oh < p->y.H; oh++) {
            int h = oh * layer->stride_h - layer->pad_top + kh * layer->dilation;
            if (h < 0 || h >= p->x.H)
                continue;
            for (int ow = 0; ow < p->y.W; ow++) {
                int w = ow * layer->stride_w - layer->pad_left + along_w * layer->dilation;
                if (w < 0 || w >= p->x.W)
                    continue;
                size_t at_x = index_of(&p->x, n, c, h, w), at_y = index_of(&p->y, n, m, oh, ow);
                if (backward) {
                    p->dx[at_x] += p->y.at[at_y] * p->w[weight];
                    p->dw[weight] += p->y.at[at_y] * p->x.at[at_x];
                } else {
                    p->y.at[at_y] += p->x.at[at_x] * p->w[weight];
                }
            }
        }
}

static void run_products(const products *p, bool backward)
{
    size_t weight;
    for (int kh = 0; kh < p->layer->kernel_h; kh++)
        for (int kw = 0; kw < p->layer->kernel_w; kw++)
            for (int c = 0; c < p->x.C; c++)
                for (int m = 0; m < p->y.C; m++)
                    if (weight_index(p, kh, kw, c, m, &weight))
                        run_weight(p, kh, kw, c, m, weight, backward);
}

/* The classifier is a 1x1 convolution of a 1x1 image, with a bias. */
static void bias_forward(const reference_child *child, const pnas_layer *layer, block *y)
{
    for (int n = 0; n < child->N; n++)
        for (int m = 0; m < y->C; m++)
            y->at[index_of(y, n, m, 0, 0)] += child->parameter[layer->bias].value[m];
}

static void bias_backward(reference_child *child, const pnas_layer *layer, const block *dy)
{
    for (int n = 0; n < child->N; n++)
        for (int m = 0; m < dy->C; m++)
            child->parameter[layer->bias].gradient[m] += dy->at[index_of(dy, n, m, 0, 0)];
}

/* --- pools --------------------------------------------------------------------------------------------- */

typedef struct { /* the part of a window that lies inside the image */
    int top, bottom, left, right;
} inside;

static inside window_at(const pnas_layer *layer, const block *x, int oh, int ow)
{
    if (layer->kind == PNAS_LAYER_GLOBAL_POOL)
        return (inside){0, x->H, 0, x->W};
    int top = oh * layer->stride_h - layer->pad_top, left = ow * layer->stride_w - layer->pad_left;
    int bottom = top + layer->kernel_h, right = left + layer->kernel_w;
    return (inside){top < 0 ? 0 : top, bottom > x->H ? x->H : bottom, left < 0 ? 0 : left,
                    right > x->W ? x->W : right};
}

static double window_maximum(const block *x, int n, int c, const inside *window, int *position)
{
    double best = -INFINITY;
    for (int h = window->top; h < window->bottom; h++)
        for (int w = window->left; w < window->right; w++)
            if (x->at[index_of(x, n, c, h, w)] > best) {
                best = x->at[index_of(x, n, c, h, w)];
                *position = h * x->W + w;
            }
    return best;
}

static double window_mean(const block *x, int n, int c, const inside *window)
{
    double sum = 0;
    for (int h = window->top; h < window->bottom; h++)
        for (int w = window->left; w < window->right; w++)
            sum += x->at[index_of(x, n, c, h, w)];
    return sum / ((window->bottom - window->top) * (window->right - window->left));
}

static void pool_forward(reference_child *child, int index, const block *x, block *y)
{
    const pnas_layer *layer = &child->graph->layer[index];
    for (int n = 0; n < child->N; n++)
        for (int c = 0; c < y->C; c++)
            for (int oh = 0; oh < y->H; oh++)
                for (int ow = 0; ow < y->W; ow++) {
                    inside window = window_at(layer, x, oh, ow);
                    size_t at = index_of(y, n, c, oh, ow);
                    y->at[at] = layer->kind == PNAS_LAYER_MAX_POOL
                                    ? window_maximum(x, n, c, &window, &child->position[index][at])
                                    : window_mean(x, n, c, &window);
                }
}

static void spread(block *dx, int n, int c, const inside *window, double dy)
{
    double share = dy / ((window->bottom - window->top) * (window->right - window->left));
    for (int h = window->top; h < window->bottom; h++)
        for (int w = window->left; w < window->right; w++)
            dx->at[index_of(dx, n, c, h, w)] += share;
}

static void pool_backward(reference_child *child, int index, const block *x, const block *dy, block *dx)
{
    const pnas_layer *layer = &child->graph->layer[index];
    for (int n = 0; n < child->N; n++)
        for (int c = 0; c < dy->C; c++)
            for (int oh = 0; oh < dy->H; oh++)
                for (int ow = 0; ow < dy->W; ow++) {
                    size_t at = index_of(dy, n, c, oh, ow);
                    inside window = window_at(layer, dx, oh, ow);
                    if (layer->kind == PNAS_LAYER_MAX_POOL)
                        dx->at[index_of(dx, n, c, 0, 0) + (size_t)child->position[index][at]] += dy->at[at];
                    else
                        spread(dx, n, c, &window, dy->at[at]);
                }
}

/* --- layers -------------------------------------------------------------------------------------------- */

/* What a kind computes from one of its inputs: adds to y forward, to dx and the weights' gradient backward. */
typedef struct {
    void (*forward)(reference_child *child, int index, const block *x, block *y);
    void (*backward)(reference_child *child, int index, const block *x, const block *dy, block *dx);
} reference_layer;

static void products_forward(reference_child *child, int index, const block *x, block *y)
{
    const pnas_layer *layer = &child->graph->layer[index];
    products all = {
        .layer = layer, .N = child->N, .x = *x, .y = *y, .w = child->parameter[layer->weight].value};
    run_products(&all, false);
}

static void products_backward(reference_child *child, int index, const block *x, const block *dy, block *dx)
{
    const pnas_layer *layer = &child->graph->layer[index];
    const reference_parameter *parameter = &child->parameter[layer->weight];
    products all = {.layer = layer,
                    .N = child->N,
                    .x = *x,
                    .y = *dy,
                    .dx = dx->at,
                    .w = parameter->value,
                    .dw = parameter->gradient};
    run_products(&all, true);
}

static void add_all(block *to, const block *from, int N)
{
    size_t count = (size_t)N * (size_t)to->C * (size_t)to->H * (size_t)to->W;
    for (size_t i = 0; i < count; i++)
        to->at[i] += from->at[i];
}

static void sum_forward(reference_child *child, int index, const block *x, block *y)
{
    add_all(y, x, child->N);
}

static void sum_backward(reference_child *child, int index, const block *x, const block *dy, block *dx)
{
    add_all(dx, dy, child->N);
}

/* No default: the compiler names a kind that has no reference here. */
static reference_layer reference_of(pnas_layer_kind kind)
{
    switch (kind) {
    case PNAS_LAYER_CONVOLUTION:
    case PNAS_LAYER_POINTWISE:
    case PNAS_LAYER_DEPTHWISE:
    case PNAS_LAYER_REDUCTION:
    case PNAS_LAYER_CLASSIFIER:
        return (reference_layer){products_forward, products_backward};
    case PNAS_LAYER_ADD:
    case PNAS_LAYER_COPY:
        return (reference_layer){sum_forward, sum_backward};
    case PNAS_LAYER_MAX_POOL:
    case PNAS_LAYER_AVERAGE_POOL:
    case PNAS_LAYER_GLOBAL_POOL:
        return (reference_layer){pool_forward, pool_backward};
    }
    abort();
}

/* `x`, an input of the layer or its gradient, times the factors of its path. */
static void scale_path(const reference_child *child, const pnas_layer *layer, int input, block *x)
{
    int path = layer->drop_path[input];
    if (!child->factor || path < 0)
        return;
    size_t image = (size_t)x->C * (size_t)x->H * (size_t)x->W;
    for (int n = 0; n < child->N; n++)
        for (size_t i = 0; i < image; i++)
            x->at[(size_t)n * image + i] *= child->factor[path * child->N + n];
}

static void forward_layer(reference_child *child, int index)
{
    const pnas_layer *layer = &child->graph->layer[index];
    block y = block_of(child, layer->out, layer->out_segments);
    for (int i = 0; i < layer->inputs; i++) {
        block x = read_value(child, &layer->in[i]);
        scale_path(child, layer, i, &x);
        reference_of(layer->kind).forward(child, index, &x, &y);
        free(x.at);
    }
    if (layer->bias >= 0)
        bias_forward(child, layer, &y);
    write_output(child, layer, &y);
    if (layer->norm >= 0)
        norm_forward(child, layer->norm, &y);
    free(y.at);
}

static void backward_layer(reference_child *child, int index)
{
    const pnas_layer *layer = &child->graph->layer[index];
    block dy = output_gradient(child, layer);
    if (layer->norm >= 0)
        norm_backward(child, layer, &dy);
    if (layer->bias >= 0)
        bias_backward(child, layer, &dy);
    for (int i = 0; i < layer->inputs; i++) {
        block x = read_value(child, &layer->in[i]);
        block dx = block_of(child, layer->in[i].tensor, layer->in[i].segments);
        reference_of(layer->kind).backward(child, index, &x, &dy, &dx);
        scale_path(child, layer, i, &dx);
        hand_back(child, &layer->in[i], &x, &dx);
        free(x.at);
        free(dx.at);
    }
    free(dy.at);
}

/* --- loss and step ------------------------------------------------------------------------------------- */

/* Cross entropy of the logits; their gradient where `gradient` is not NULL. */
static double cross_entropy(const reference_child *child, int tensor, double weight, double *gradient)
{
    int classes = child->graph->options.classes;
    const double *logits = child->data[tensor];
    double loss = 0;
    for (int n = 0; n < child->N; n++) {
        const double *of = logits + n * classes;
        double most = of[0], sum = 0;
        for (int m = 1; m < classes; m++)
            most = fmax(most, of[m]);
        for (int m = 0; m < classes; m++)
            sum += exp(of[m] - most);
        loss += log(sum) + most - of[child->label[n]];
        for (int m = 0; gradient && m < classes; m++)
            gradient[n * classes + m] =
                weight * (exp(of[m] - most) / sum - (m == child->label[n])) / child->N;
    }
    return weight * loss / child->N;
}

double reference_child_auxiliary_loss(const reference_child *child)
{
    const pnas_graph *graph = child->graph;
    return graph->auxiliary_logits < 0
               ? 0
               : cross_entropy(child, graph->auxiliary_logits, graph->options.auxiliary, NULL);
}

double reference_child_forward(reference_child *child)
{
    for (int l = 0; l < child->graph->layer_count; l++)
        forward_layer(child, l);
    return cross_entropy(child, child->graph->layer[child->graph->layer_count - 1].out, 1, NULL);
}

void reference_child_backward(reference_child *child)
{
    const pnas_graph *graph = child->graph;
    for (int t = 0; t < graph->tensor_count; t++)
        memset(child->gradient[t], 0, size_of(child, t) * sizeof(double));
    for (int p = 0; p < graph->parameter_count; p++)
        memset(child->parameter[p].gradient, 0, child->parameter[p].count * sizeof(double));
    int logits = graph->layer[graph->layer_count - 1].out, auxiliary = graph->auxiliary_logits;
    cross_entropy(child, logits, 1, child->gradient[logits]);
    if (auxiliary >= 0)
        cross_entropy(child, auxiliary, graph->options.auxiliary, child->gradient[auxiliary]);
    for (int l = graph->layer_count - 1; l >= 0; l--)
        backward_layer(child, l);
}

double reference_child_gradient_norm(const reference_child *child)
{
    double squares = 0;
    for (int p = 0; p < child->graph->parameter_count; p++)
        for (size_t i = 0; i < child->parameter[p].count; i++)
            squares += child->parameter[p].gradient[i] * child->parameter[p].gradient[i];
    return sqrt(squares);
}

double reference_child_step(reference_child *child, const pnas_training_options *options, double rate)
{
    double loss = reference_child_forward(child);
    reference_child_backward(child);
    double norm = reference_child_gradient_norm(child);
    double scale = options->clip_norm > 0 && norm > options->clip_norm ? options->clip_norm / norm : 1;
    for (int p = 0; p < child->graph->parameter_count; p++) {
        reference_parameter *parameter = &child->parameter[p];
        bool decays = child->graph->parameter[p].kind == PNAS_PARAMETER_WEIGHT;
        for (size_t i = 0; i < parameter->count; i++) {
            double gradient = parameter->gradient[i] * scale;
            if (decays)
                gradient += options->weight_decay * parameter->value[i];
            parameter->moment[i] = options->momentum * parameter->moment[i] + gradient;
            parameter->value[i] -=
                rate * (options->nesterov ? gradient + options->momentum * parameter->moment[i]
                                          : parameter->moment[i]);
        }
    }
    return loss;
}
