#include "io/net/onnx_builder.h"

#include <onnx.pb-c.h>

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPSET = 17, IR_VERSION = 8 };

typedef struct { /* pointers in the order in which they came */
    void **item;
    size_t count, room;
} pointer_list;

struct pnas_onnx {
    bool failed;
    char *not_finite;   /* the first constant that is not; NULL: none. Among the owned */
    pointer_list owned; /* all memory but the lists */
    pointer_list nodes, constants, metadata;
    Onnx__ValueInfoProto *input, *output;
};

/* --- memory --- */

static bool append(pnas_onnx *onnx, pointer_list *list, void *item)
{
    if (item && list->count == list->room) {
        size_t room = 2 * list->room + 64;
        void **more = realloc(list->item, room * sizeof *more);
        if (more) {
            list->item = more;
            list->room = room;
        }
    }
    if (!item || list->count == list->room) {
        onnx->failed = true;
        return false;
    }
    list->item[list->count++] = item;
    return true;
}

/* Takes over `memory`; NULL after a failure. */
static void *own(pnas_onnx *onnx, void *memory)
{
    if (append(onnx, &onnx->owned, memory))
        return memory;
    free(memory);
    return NULL;
}

static void *copy(pnas_onnx *onnx, const void *from, size_t size)
{
    void *to = own(onnx, malloc(size + 1));
    if (to && size)
        memcpy(to, from, size);
    return to;
}

static char *copy_text(pnas_onnx *onnx, const char *text)
{
    return own(onnx, strdup(text));
}

pnas_status pnas_onnx_create(pnas_onnx **out)
{
    *out = calloc(1, sizeof **out);
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "no memory for an ONNX model");
    return PNAS_OK;
}

void pnas_onnx_destroy(pnas_onnx **onnx)
{
    if (!*onnx)
        return;
    for (size_t i = 0; i < (*onnx)->owned.count; i++)
        free((*onnx)->owned.item[i]);
    free((*onnx)->owned.item);
    free((*onnx)->nodes.item);
    free((*onnx)->constants.item);
    free((*onnx)->metadata.item);
    free(*onnx);
    *onnx = NULL;
}

const char *pnas_onnx_name(pnas_onnx *onnx, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const char *name = copy_text(onnx, text);
    return name ? name : "";
}

/* --- constants --- */

static void add_constant(pnas_onnx *onnx, const char *name, int rank, const int64_t *dims, int type,
                         ProtobufCBinaryData data)
{
    Onnx__TensorProto *tensor = own(onnx, malloc(sizeof *tensor));
    if (!tensor)
        return;
    onnx__tensor_proto__init(tensor);
    tensor->name = copy_text(onnx, name);
    tensor->dims = copy(onnx, dims, (size_t)rank * sizeof *dims);
    tensor->n_dims = (size_t)rank;
    tensor->has_data_type = 1;
    tensor->data_type = type;
    tensor->has_raw_data = 1;
    tensor->raw_data = data;
    append(onnx, &onnx->constants, tensor);
}

const char *pnas_onnx_floats(pnas_onnx *onnx, const char *name, int rank, const int64_t *dims, float *data)
{
    size_t size = sizeof *data;
    for (int i = 0; i < rank; i++)
        size *= (size_t)dims[i];
    for (size_t i = 0; data && !onnx->not_finite && i < size / sizeof *data; i++)
        if (!isfinite(data[i]))
            onnx->not_finite = copy_text(onnx, name);
    add_constant(onnx, name, rank, dims, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT,
                 (ProtobufCBinaryData){.len = size, .data = own(onnx, data)});
    return name;
}

const char *pnas_onnx_ints(pnas_onnx *onnx, const char *name, int count, const int64_t *values)
{
    size_t size = (size_t)count * sizeof *values;
    add_constant(onnx, name, 1, &(int64_t){count}, ONNX__TENSOR_PROTO__DATA_TYPE__INT64,
                 (ProtobufCBinaryData){.len = size, .data = copy(onnx, values, size)});
    return name;
}

/* --- nodes --- */

static Onnx__AttributeProto *make_attribute(pnas_onnx *onnx, const pnas_onnx_attribute *from)
{
    Onnx__AttributeProto *attribute = own(onnx, malloc(sizeof *attribute));
    if (!attribute)
        return NULL;
    onnx__attribute_proto__init(attribute);
    attribute->name = copy_text(onnx, from->name);
    attribute->has_type = 1;
    if (from->count == 0) {
        attribute->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
        attribute->has_f = 1;
        attribute->f = from->real;
    } else if (from->whole) {
        attribute->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
        attribute->has_i = 1;
        attribute->i = from->ints[0];
    } else {
        attribute->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
        attribute->n_ints = from->count;
        attribute->ints = copy(onnx, from->ints, from->count * sizeof *from->ints);
    }
    return attribute;
}

static char **copy_texts(pnas_onnx *onnx, const char *const *texts, size_t count)
{
    char **list = own(onnx, calloc(count + 1, sizeof *list));
    for (size_t i = 0; list && i < count; i++)
        list[i] = copy_text(onnx, texts[i]);
    return list;
}

const char *pnas_onnx_node(pnas_onnx *onnx, const char *operator, const char * name,
                           const char *const *inputs, size_t input_count,
                           const pnas_onnx_attribute *attributes, size_t attribute_count)
{
    Onnx__NodeProto *node = own(onnx, malloc(sizeof *node));
    if (!node)
        return name;
    onnx__node_proto__init(node);
    node->op_type = copy_text(onnx, operator);
    node->name = copy_text(onnx, name);
    node->input = copy_texts(onnx, inputs, input_count);
    node->n_input = input_count;
    node->output = copy_texts(onnx, &name, 1);
    node->n_output = 1;
    node->attribute = own(onnx, calloc(attribute_count + 1, sizeof(Onnx__AttributeProto *)));
    node->n_attribute = attribute_count;
    for (size_t i = 0; node->attribute && i < attribute_count; i++)
        node->attribute[i] = make_attribute(onnx, &attributes[i]);
    append(onnx, &onnx->nodes, node);
    return name;
}

/* --- input, output, metadata --- */

static Onnx__TensorShapeProto__Dimension *make_dimension(pnas_onnx *onnx, int64_t size)
{
    Onnx__TensorShapeProto__Dimension *dimension = own(onnx, malloc(sizeof *dimension));
    if (!dimension)
        return NULL;
    onnx__tensor_shape_proto__dimension__init(dimension);
    if (size > 0) {
        dimension->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        dimension->dim_value = size;
    } else {
        dimension->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
        dimension->dim_param = copy_text(onnx, "batch");
    }
    return dimension;
}

static Onnx__ValueInfoProto *make_value(pnas_onnx *onnx, const char *name, int rank, const int64_t *dims)
{
    Onnx__ValueInfoProto *value = own(onnx, malloc(sizeof *value));
    Onnx__TypeProto *type = own(onnx, malloc(sizeof *type));
    Onnx__TypeProto__Tensor *tensor = own(onnx, malloc(sizeof *tensor));
    Onnx__TensorShapeProto *shape = own(onnx, malloc(sizeof *shape));
    if (!value || !type || !tensor || !shape)
        return NULL;
    onnx__value_info_proto__init(value);
    onnx__type_proto__init(type);
    onnx__type_proto__tensor__init(tensor);
    onnx__tensor_shape_proto__init(shape);
    value->name = copy_text(onnx, name);
    value->type = type;
    type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    tensor->has_elem_type = 1;
    tensor->elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    tensor->shape = shape;
    shape->dim = own(onnx, calloc((size_t)rank + 1, sizeof *shape->dim));
    shape->n_dim = (size_t)rank + 1;
    for (int i = 0; shape->dim && i <= rank; i++)
        shape->dim[i] = make_dimension(onnx, i ? dims[i - 1] : 0);
    return value;
}

void pnas_onnx_set_input(pnas_onnx *onnx, const char *name, int rank, const int64_t *dims)
{
    onnx->input = make_value(onnx, name, rank, dims);
}

void pnas_onnx_set_output(pnas_onnx *onnx, const char *name, int rank, const int64_t *dims)
{
    onnx->output = make_value(onnx, name, rank, dims);
}

void pnas_onnx_metadata(pnas_onnx *onnx, const char *key, const char *value)
{
    Onnx__StringStringEntryProto *entry = own(onnx, malloc(sizeof *entry));
    if (!entry)
        return;
    onnx__string_string_entry_proto__init(entry);
    entry->key = copy_text(onnx, key);
    entry->value = copy_text(onnx, value);
    append(onnx, &onnx->metadata, entry);
}

/* --- the file --- */

pnas_status pnas_onnx_pack(pnas_onnx *onnx, const char *title, const char *version, unsigned char **out,
                           size_t *size)
{
    Onnx__GraphProto graph = ONNX__GRAPH_PROTO__INIT;
    Onnx__OperatorSetIdProto opset = ONNX__OPERATOR_SET_ID_PROTO__INIT;
    Onnx__ModelProto model = ONNX__MODEL_PROTO__INIT;
    graph.name = copy_text(onnx, title);
    graph.node = (Onnx__NodeProto **)onnx->nodes.item;
    graph.n_node = onnx->nodes.count;
    graph.initializer = (Onnx__TensorProto **)onnx->constants.item;
    graph.n_initializer = onnx->constants.count;
    graph.input = &onnx->input;
    graph.output = &onnx->output;
    graph.n_input = graph.n_output = 1;
    opset.domain = copy_text(onnx, "");
    opset.has_version = 1;
    opset.version = OPSET;
    model.has_ir_version = 1;
    model.ir_version = IR_VERSION;
    model.producer_name = copy_text(onnx, "pnas");
    model.producer_version = copy_text(onnx, version);
    model.opset_import = &(Onnx__OperatorSetIdProto *){&opset};
    model.n_opset_import = 1;
    model.graph = &graph;
    model.metadata_props = (Onnx__StringStringEntryProto **)onnx->metadata.item;
    model.n_metadata_props = onnx->metadata.count;
    PNAS_CHECK(!onnx->failed, PNAS_ERROR_MEMORY, "no memory for an ONNX model");
    PNAS_CHECK(
        !onnx->not_finite, PNAS_ERROR_DATA,
        "%s: its values with the normalisation are not finite; the network's weights are too large for it",
        onnx->not_finite);
    *size = onnx__model_proto__get_packed_size(&model);
    *out = malloc(*size + 1);
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "no memory for an ONNX model");
    onnx__model_proto__pack(&model, *out);
    return PNAS_OK;
}
