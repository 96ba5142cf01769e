/* A graph's layers as ONNX nodes.
 *
 * Padding stands in nodes of its own where it is not the same on both sides: several readers of ONNX know no
 * other for convolutions and pools. */
#include "io/file/byte_output.h"
#include "io/net/network_export.h"
#include "io/net/network_graph.h"
#include "io/net/onnx_builder.h"

#include "pnas_version.h"
#include "src/search/cell_text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const pnas_export_options *options;
    const pnas_graph *graph;
    pnas_onnx *onnx;
    const char ***part;     /* [tensor][segment] what holds it; NULL: nothing alone */
    const char **whole;     /* [tensor] what holds all segments; NULL: not yet */
    const char **rectified; /* [2 * layers] what has been rectified so far */
    size_t rectified_count;
} onnx_export;

static size_t tensors_of(const onnx_export *work)
{
    return (size_t)work->graph->tensor_count;
}

/* --- values --- */

/* All segments of a tensor, concatenated when they are first asked for. */
static const char *whole_of(onnx_export *work, int tensor)
{
    int segments = work->graph->tensor[tensor].segments;
    const pnas_onnx_attribute axis = {.name = "axis", .count = 1, .whole = true, .ints = {1}};
    if (!work->whole[tensor] && segments == 1)
        work->whole[tensor] = work->part[tensor][0];
    if (!work->whole[tensor])
        work->whole[tensor] = pnas_onnx_node(
            work->onnx, "Concat", pnas_onnx_name(work->onnx, "%s/concatenated", work->part[tensor][0]),
            work->part[tensor], (size_t)segments, &axis, 1);
    return work->whole[tensor];
}

/* `name` rectified, under the same name whoever asks for it. */
static const char *rectify(onnx_export *work, const char *name)
{
    const char *out = pnas_onnx_name(work->onnx, "%s/rectified", name);
    for (size_t i = 0; i < work->rectified_count; i++)
        if (strcmp(work->rectified[i], name) == 0)
            return out;
    work->rectified[work->rectified_count++] = name;
    return pnas_onnx_node(work->onnx, "Relu", out, &name, 1, NULL, 0);
}

static pnas_status read_value(onnx_export *work, const pnas_value *value, const char **out)
{
    const pnas_tensor *tensor = &work->graph->tensor[value->tensor];
    bool all = value->segments == tensor->segments;
    PNAS_CHECK(all || value->segments == 1, PNAS_ERROR_INTERNAL, "a layer reads %d of %d segments",
               value->segments, tensor->segments);
    *out = all ? whole_of(work, value->tensor) : work->part[value->tensor][value->first_segment];
    if (value->relu)
        *out = rectify(work, *out);
    return PNAS_OK;
}

static void store(onnx_export *work, const pnas_layer *layer, const char *name)
{
    if (layer->out_segments == 1)
        work->part[layer->out][layer->out_segment] = name;
    else
        work->whole[layer->out] = name;
}

/* --- constants --- */

static const float *tensor_of(const onnx_export *work, const char *path)
{
    return pnas_network_tensor(work->options->weights->tensors, path)->data; /* the graph's check found it */
}

static const float *running_of(const onnx_export *work, const pnas_norm *norm, const char *figure)
{
    return tensor_of(work, pnas_onnx_name(work->onnx, "%s/%s", norm->path, figure));
}

static const char *vector(onnx_export *work, const char *name, const float *values, int count)
{
    float *data = malloc((size_t)count * sizeof *data);
    if (data)
        memcpy(data, values, (size_t)count * sizeof *data);
    return pnas_onnx_floats(work->onnx, name, 1, &(int64_t){count}, data);
}

/* What output channel m of a normalised layer is multiplied by, and what is added after that. */
static void fold(const onnx_export *work, const pnas_norm *norm, int m, double *scale, double *shift)
{
    double variance = (double)running_of(work, norm, "running_variance")[m];
    double mean = (double)running_of(work, norm, "running_mean")[m];
    *scale = (double)tensor_of(work, work->graph->parameter[norm->gamma].path)[m] /
             sqrt(variance + work->options->file->norm_epsilon);
    *shift = (double)tensor_of(work, work->graph->parameter[norm->beta].path)[m] - mean * *scale;
}

static bool is_folded(const onnx_export *work, const pnas_layer *layer)
{
    return layer->norm >= 0 && !work->options->keep_norm;
}

typedef struct { /* a convolution's kernel as ONNX wants it: [M, C, kh, kw] */
    int M, C, kh, kw;
} kernel_shape;

/* The value of our kernel there. Depthwise kernels are [kh, kw, C, 1]; of a reduction's 2 x 2 window, outputs
 * below M / 2 see the first pixel through tap 0, the others the last through tap 1. */
static float kernel_value(const pnas_layer *layer, const pnas_parameter *weight, const float *values,
                          const kernel_shape *shape, int m, int c, int tap)
{
    size_t C = (size_t)weight->shape[2], M = (size_t)weight->shape[3];
    if (layer->kind == PNAS_LAYER_DEPTHWISE)
        return values[(size_t)tap * C + (size_t)m];
    if (layer->kind == PNAS_LAYER_REDUCTION) {
        int last = m >= shape->M / 2;
        if (tap != (last ? 3 : 0))
            return 0;
        tap = last;
    }
    return values[((size_t)tap * C + (size_t)c) * M + (size_t)m];
}

static float *make_kernel(const onnx_export *work, const pnas_layer *layer, const kernel_shape *shape)
{
    const pnas_parameter *weight = &work->graph->parameter[layer->weight];
    const float *values = tensor_of(work, weight->path);
    int taps = shape->kh * shape->kw;
    float *kernel = malloc((size_t)shape->M * (size_t)shape->C * (size_t)taps * sizeof *kernel), *at = kernel;
    for (int m = 0; kernel && m < shape->M; m++) {
        double scale = 1, shift;
        if (is_folded(work, layer))
            fold(work, &work->graph->norm[layer->norm], m, &scale, &shift);
        for (int c = 0; c < shape->C; c++)
            for (int tap = 0; tap < taps; tap++)
                *at++ = (float)(scale * (double)kernel_value(layer, weight, values, shape, m, c, tap));
    }
    return kernel;
}

static float *make_bias(const onnx_export *work, const pnas_layer *layer, int M)
{
    float *bias = malloc((size_t)M * sizeof *bias);
    for (int m = 0; bias && m < M; m++) {
        double scale, shift;
        fold(work, &work->graph->norm[layer->norm], m, &scale, &shift);
        bias[m] = (float)shift;
    }
    return bias;
}

/* --- windows --- */

typedef struct {
    int kernel[2], stride[2], dilation[2];
    int before[2], after[2]; /* padding: rows, columns */
} onnx_window;

static onnx_window window_of(const onnx_export *work, const pnas_layer *layer)
{
    const pnas_tensor *in = &work->graph->tensor[layer->in[0].tensor],
                      *out = &work->graph->tensor[layer->out];
    const int size[] = {in->height, in->width}, result[] = {out->height, out->width};
    bool reduction = layer->kind == PNAS_LAYER_REDUCTION;
    onnx_window window = {.kernel = {reduction ? 2 : layer->kernel_h, reduction ? 2 : layer->kernel_w},
                          .stride = {layer->stride_h, layer->stride_w},
                          .dilation = {reduction ? 1 : layer->dilation, reduction ? 1 : layer->dilation},
                          .before = {reduction ? 0 : layer->pad_top, reduction ? 0 : layer->pad_left}};
    for (int i = 0; i < 2; i++) {
        int reach = (result[i] - 1) * window.stride[i] + (window.kernel[i] - 1) * window.dilation[i] + 1;
        int after = reach - size[i] - window.before[i];
        window.after[i] = after > 0 ? after : 0;
    }
    return window;
}

static bool is_even(const onnx_window *window)
{
    return window->before[0] == window->after[0] && window->before[1] == window->after[1];
}

/* Pads `in` with `value` where the window's padding differs on two sides; the window has none after that. */
static const char *pad(onnx_export *work, const pnas_layer *layer, onnx_window *window, float value,
                       const char *in)
{
    const int64_t pads[] = {0, 0, window->before[0], window->before[1],
                            0, 0, window->after[0],  window->after[1]};
    if (is_even(window))
        return in;
    float *constant = malloc(sizeof *constant);
    if (constant)
        *constant = value;
    const char *const inputs[] = {
        in, pnas_onnx_ints(work->onnx, pnas_onnx_name(work->onnx, "%s/pads", layer->path), 8, pads),
        pnas_onnx_floats(work->onnx, pnas_onnx_name(work->onnx, "%s/pad_value", layer->path), 0, NULL,
                         constant)};
    memset(window->before, 0, sizeof window->before);
    memset(window->after, 0, sizeof window->after);
    return pnas_onnx_node(work->onnx, "Pad", pnas_onnx_name(work->onnx, "%s/padded", layer->path), inputs, 3,
                          NULL, 0);
}

enum { WINDOW_ATTRIBUTES = 3 };

static void describe_window(const onnx_window *window, pnas_onnx_attribute out[WINDOW_ATTRIBUTES])
{
    out[0] = (pnas_onnx_attribute){
        .name = "kernel_shape", .count = 2, .ints = {window->kernel[0], window->kernel[1]}};
    out[1] =
        (pnas_onnx_attribute){.name = "strides", .count = 2, .ints = {window->stride[0], window->stride[1]}};
    out[2] = (pnas_onnx_attribute){
        .name = "pads",
        .count = 4,
        .ints = {window->before[0], window->before[1], window->after[0], window->after[1]}};
}

/* --- layers --- */

static const char *add_norm(onnx_export *work, const pnas_layer *layer, const char *in)
{
    const pnas_norm *norm = &work->graph->norm[layer->norm];
    const char *const names[] = {"running_mean", "running_variance"};
    const char *inputs[5] = {in};
    const pnas_onnx_attribute epsilon = {.name = "epsilon", .real = (float)work->options->file->norm_epsilon};
    const int affine[] = {norm->gamma, norm->beta};
    for (int i = 0; i < 2; i++) {
        const char *path = work->graph->parameter[affine[i]].path;
        inputs[1 + i] = vector(work, path, tensor_of(work, path), norm->channels);
        inputs[3 + i] = vector(work, pnas_onnx_name(work->onnx, "%s/%s", norm->path, names[i]),
                               running_of(work, norm, names[i]), norm->channels);
    }
    return pnas_onnx_node(work->onnx, "BatchNormalization", pnas_onnx_name(work->onnx, "%s", norm->path),
                          inputs, 5, &epsilon, 1);
}

static const char *add_convolution(onnx_export *work, const pnas_layer *layer, const char *in)
{
    const pnas_parameter *weight = &work->graph->parameter[layer->weight];
    bool depthwise = layer->kind == PNAS_LAYER_DEPTHWISE;
    onnx_window window = window_of(work, layer);
    const kernel_shape shape = {.M = depthwise ? weight->shape[2] : weight->shape[3],
                                .C = depthwise ? 1 : weight->shape[2],
                                .kh = window.kernel[0],
                                .kw = window.kernel[1]};
    pnas_onnx_attribute attributes[WINDOW_ATTRIBUTES + 2] = {
        [WINDOW_ATTRIBUTES] = {.name = "dilations",
                               .count = 2,
                               .ints = {window.dilation[0], window.dilation[1]}},
        [WINDOW_ATTRIBUTES +
            1] = {.name = "group", .count = 1, .whole = true, .ints = {depthwise ? shape.M : 1}}};
    const char *inputs[3] = {pad(work, layer, &window, 0, in)};
    size_t count = 2;
    inputs[1] =
        pnas_onnx_floats(work->onnx, weight->path, 4, (int64_t[]){shape.M, shape.C, shape.kh, shape.kw},
                         make_kernel(work, layer, &shape));
    if (is_folded(work, layer))
        inputs[count++] = pnas_onnx_floats(work->onnx, pnas_onnx_name(work->onnx, "%s/bias", layer->path), 1,
                                           &(int64_t){shape.M}, make_bias(work, layer, shape.M));
    describe_window(&window, attributes);
    const char *out =
        pnas_onnx_node(work->onnx, "Conv", layer->path, inputs, count, attributes, WINDOW_ATTRIBUTES + 2);
    return layer->norm >= 0 && !is_folded(work, layer) ? add_norm(work, layer, out) : out;
}

static const char *add_max_pool(onnx_export *work, const pnas_layer *layer, const char *in)
{
    pnas_onnx_attribute attributes[WINDOW_ATTRIBUTES];
    onnx_window window = window_of(work, layer);
    const char *padded = pad(work, layer, &window, -FLT_MAX, in);
    describe_window(&window, attributes);
    return pnas_onnx_node(work->onnx, "MaxPool", layer->path, &padded, 1, attributes, WINDOW_ATTRIBUTES);
}

static int inside(int place, int stride, int kernel, int before, int size)
{
    int count = 0;
    for (int k = 0; k < kernel; k++) {
        int at = place * stride - before + k;
        count += at >= 0 && at < size;
    }
    return count;
}

/* How many times too small the average of a padded window is: [1, 1, OH, OW]. */
static const char *average_correction(onnx_export *work, const pnas_layer *layer, const onnx_window *window)
{
    const pnas_tensor *in = &work->graph->tensor[layer->in[0].tensor],
                      *out = &work->graph->tensor[layer->out];
    float *factor = malloc((size_t)out->height * (size_t)out->width * sizeof *factor);
    for (int h = 0; factor && h < out->height; h++)
        for (int w = 0; w < out->width; w++) {
            int rows = inside(h, window->stride[0], window->kernel[0], window->before[0], in->height);
            int columns = inside(w, window->stride[1], window->kernel[1], window->before[1], in->width);
            factor[h * out->width + w] =
                (float)(window->kernel[0] * window->kernel[1]) / (float)(rows * columns);
        }
    return pnas_onnx_floats(work->onnx, pnas_onnx_name(work->onnx, "%s/correction", layer->path), 4,
                            (int64_t[]){1, 1, out->height, out->width}, factor);
}

/* Padded values are left out of the average. */
static const char *add_average_pool(onnx_export *work, const pnas_layer *layer, const char *in)
{
    pnas_onnx_attribute attributes[WINDOW_ATTRIBUTES];
    onnx_window window = window_of(work, layer);
    if (is_even(&window)) {
        describe_window(&window, attributes);
        return pnas_onnx_node(work->onnx, "AveragePool", layer->path, &in, 1, attributes, WINDOW_ATTRIBUTES);
    }
    const char *inputs[2] = {NULL, average_correction(work, layer, &window)};
    const char *padded = pad(work, layer, &window, 0, in);
    describe_window(&window, attributes);
    inputs[0] = pnas_onnx_node(work->onnx, "AveragePool",
                               pnas_onnx_name(work->onnx, "%s/padded_average", layer->path), &padded, 1,
                               attributes, WINDOW_ATTRIBUTES);
    return pnas_onnx_node(work->onnx, "Mul", layer->path, inputs, 2, NULL, 0);
}

static const char *add_classifier(onnx_export *work, const pnas_layer *layer, const char *in)
{
    const pnas_parameter *weight = &work->graph->parameter[layer->weight],
                         *bias = &work->graph->parameter[layer->bias];
    int C = weight->shape[2], M = weight->shape[3];
    const pnas_onnx_attribute axis = {.name = "axis", .count = 1, .whole = true, .ints = {1}};
    float *values = malloc((size_t)C * (size_t)M * sizeof *values);
    if (values)
        memcpy(values, tensor_of(work, weight->path), (size_t)C * (size_t)M * sizeof *values);
    const char *const inputs[] = {pnas_onnx_node(work->onnx, "Flatten",
                                                 pnas_onnx_name(work->onnx, "%s/features", layer->path), &in,
                                                 1, &axis, 1),
                                  pnas_onnx_floats(work->onnx, weight->path, 2, (int64_t[]){C, M}, values),
                                  vector(work, bias->path, tensor_of(work, bias->path), M)};
    return pnas_onnx_node(work->onnx, "Gemm", "logits", inputs, 3, NULL, 0);
}

static pnas_status add_layer(onnx_export *work, const pnas_layer *layer)
{
    const char *in[2] = {NULL, NULL}, *out = NULL;
    for (int i = 0; i < layer->inputs; i++)
        PNAS_TRY(read_value(work, &layer->in[i], &in[i]));
    switch (layer->kind) {
    case PNAS_LAYER_CONVOLUTION:
    case PNAS_LAYER_POINTWISE:
    case PNAS_LAYER_DEPTHWISE:
    case PNAS_LAYER_REDUCTION:
        out = add_convolution(work, layer, in[0]);
        break;
    case PNAS_LAYER_MAX_POOL:
        out = add_max_pool(work, layer, in[0]);
        break;
    case PNAS_LAYER_AVERAGE_POOL:
        out = add_average_pool(work, layer, in[0]);
        break;
    case PNAS_LAYER_ADD:
        out = pnas_onnx_node(work->onnx, "Add", layer->path, in, 2, NULL, 0);
        break;
    case PNAS_LAYER_COPY: /* ONNX tensors need no place of their own */
        out = in[0];
        break;
    case PNAS_LAYER_GLOBAL_POOL:
        out = pnas_onnx_node(work->onnx, "GlobalAveragePool", layer->path, in, 1, NULL, 0);
        break;
    case PNAS_LAYER_CLASSIFIER:
        out = add_classifier(work, layer, in[0]);
        break;
    }
    PNAS_CHECK(out, PNAS_ERROR_INTERNAL, "%s: layers of this kind have no form in ONNX", layer->path);
    store(work, layer, out);
    return PNAS_OK;
}

/* --- what goes around the layers --- */

/* Pixels to what the stem reads. Not folded into the stem, whose padding is zero after it. */
static void add_images(onnx_export *work)
{
    const pnas_network_options *network = &work->graph->options;
    const pnas_network_file *file = work->options->file;
    size_t channels = (size_t)network->channels;
    float *scale = malloc(channels * sizeof *scale), *shift = malloc(channels * sizeof *shift);
    double full = work->options->unit_pixels ? 1 : 255;
    for (size_t c = 0; scale && shift && c < channels; c++) {
        scale[c] = (float)(1 / (full * (double)file->deviation[c]));
        shift[c] = (float)(-(double)file->mean[c] / (double)file->deviation[c]);
    }
    const int64_t dims[] = {1, network->channels, 1, 1};
    const char *inputs[2] = {"images", pnas_onnx_floats(work->onnx, "normalisation/scale", 4, dims, scale)};
    inputs[0] = pnas_onnx_node(work->onnx, "Mul", "normalisation/scaled", inputs, 2, NULL, 0);
    inputs[1] = pnas_onnx_floats(work->onnx, "normalisation/shift", 4, dims, shift);
    work->part[work->graph->layer[0].in[0].tensor][0] =
        pnas_onnx_node(work->onnx, "Add", "normalisation/shifted", inputs, 2, NULL, 0);
    pnas_onnx_set_input(work->onnx, "images", 3,
                        (int64_t[]){network->channels, network->height, network->width});
    pnas_onnx_set_output(work->onnx, "logits", 1, (int64_t[]){network->classes});
}

/* A list of texts in JSON. */
static void print_classes(FILE *out, const pnas_network_file *file)
{
    for (int c = 0; c < file->network.classes; c++) {
        fputs(c ? ", \"" : "[\"", out);
        for (const char *at = file->class_names[c]; *at; at++)
            if (*at == '"' || *at == '\\')
                fprintf(out, "\\%c", *at);
            else if ((unsigned char)*at < ' ')
                fprintf(out, "\\u%04x", (unsigned)*at);
            else
                putc(*at, out);
        putc('"', out);
    }
    putc(']', out);
}

static pnas_status add_metadata(onnx_export *work)
{
    const pnas_network_file *file = work->options->file;
    char cell[PNAS_CELL_TEXT_MAX], *classes = NULL;
    size_t size;
    FILE *text = open_memstream(&classes, &size);
    PNAS_CHECK(text, PNAS_ERROR_MEMORY, "no memory for the names of the classes");
    print_classes(text, file);
    bool good = fclose(text) == 0;
    pnas_cell_format(&file->cell, &file->operators, cell);
    if (good)
        pnas_onnx_metadata(work->onnx, "class_names", classes);
    free(classes);
    PNAS_CHECK(good, PNAS_ERROR_MEMORY, "no memory for the names of the classes");
    pnas_onnx_metadata(work->onnx, "cell", cell);
    pnas_onnx_metadata(work->onnx, "pixels", work->options->unit_pixels ? "0 to 1" : "0 to 255");
    pnas_onnx_metadata(work->onnx, "weights", work->options->weights->name);
    pnas_onnx_metadata(work->onnx, "dataset", file->dataset_name);
    pnas_onnx_metadata(work->onnx, "dataset_licence", file->dataset_licence);
    pnas_onnx_metadata(work->onnx, "dataset_sha256", file->dataset_sha256);
    return PNAS_OK;
}

static pnas_status write_model(onnx_export *work, const char *path)
{
    unsigned char *data = NULL;
    size_t size = 0;
    add_images(work);
    for (int i = 0; i < work->graph->layer_count; i++)
        PNAS_TRY(add_layer(work, &work->graph->layer[i]));
    PNAS_TRY(add_metadata(work));
    PNAS_TRY(pnas_onnx_pack(work->onnx, "network", PNAS_VERSION, &data, &size));
    pnas_status status = pnas_bytes_write(path, data, size);
    free(data);
    return status;
}

static pnas_status make_tables(onnx_export *work)
{
    work->part = calloc(tensors_of(work), sizeof *work->part);
    work->whole = calloc(tensors_of(work), sizeof *work->whole);
    work->rectified = calloc(2 * (size_t)work->graph->layer_count, sizeof *work->rectified);
    PNAS_CHECK(work->part && work->whole && work->rectified, PNAS_ERROR_MEMORY,
               "no memory for an ONNX model");
    for (size_t i = 0; i < tensors_of(work); i++) {
        work->part[i] = calloc((size_t)work->graph->tensor[i].segments, sizeof **work->part);
        PNAS_CHECK(work->part[i], PNAS_ERROR_MEMORY, "no memory for an ONNX model");
    }
    return PNAS_OK;
}

pnas_status pnas_onnx_write(const char *path, const pnas_export_options *options)
{
    onnx_export work = {.options = options, .graph = options->graph};
    pnas_status status;
    PNAS_TRY_CLEANUP(make_tables(&work));
    PNAS_TRY_CLEANUP(pnas_onnx_create(&work.onnx));
    status = write_model(&work, path);
cleanup:
    pnas_onnx_destroy(&work.onnx);
    for (size_t i = 0; work.part && i < tensors_of(&work); i++)
        free(work.part[i]);
    free(work.part);
    free(work.whole);
    free(work.rectified);
    return status;
}
