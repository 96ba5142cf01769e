#include "io/config/yaml_document.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define DEPTH_MAX 16
#define KEYS_MAX  256 /* of one section */

/* A node's start_mark holds its place: `index` the source + 1, `line` the line from 1. */
struct pnas_yaml {
    yaml_document_t yaml;
};

static yaml_node_t *node_of(const pnas_yaml *document, int node)
{
    return document->yaml.nodes.start + node - 1;
}

static bool scalar_is(const yaml_node_t *node, const char *text, size_t length)
{
    return node->type == YAML_SCALAR_NODE && node->data.scalar.length == length &&
           memcmp(node->data.scalar.value, text, length) == 0;
}

static pnas_status no_memory(void)
{
    return pnas_fail(PNAS_ERROR_MEMORY, "out of memory while a configuration is read");
}

/* ---- reading ---- */

static int line_at(const char *text, size_t length, size_t offset)
{
    int line = 1;
    for (size_t i = 0; i < offset && i < length; i++)
        line += text[i] == '\n';
    return line;
}

/* The character at line and column (both from 0), or 0. Columns are counted in bytes here, which is right for
 * what this is used for: a tab in a line's indentation. */
static char character_at(const char *text, size_t length, size_t line, size_t column)
{
    size_t i = 0;
    for (; i < length && line > 0; i++)
        line -= text[i] == '\n';
    return i + column < length ? text[i + column] : 0;
}

static pnas_status syntax_error(const char *name, const char *text, size_t length,
                                const yaml_parser_t *parser)
{
    const char *problem = parser->problem ? parser->problem : "not YAML";
    if (parser->error == YAML_MEMORY_ERROR)
        return no_memory();
    if (parser->error == YAML_READER_ERROR)
        return pnas_fail(
            PNAS_ERROR_USAGE,
            "%s: line %d: a byte that does not belong into UTF-8 text (%s); save the file as UTF-8", name,
            line_at(text, length, parser->problem_offset), problem);
    if (character_at(text, length, parser->problem_mark.line, parser->problem_mark.column) == '\t')
        return pnas_fail(PNAS_ERROR_USAGE, "%s: line %zu: a tab where YAML wants spaces; indent with spaces",
                         name, parser->problem_mark.line + 1);
    return pnas_fail(PNAS_ERROR_USAGE, "%s: line %zu: this is not YAML: %s%s%s", name,
                     parser->problem_mark.line + 1, problem, parser->context ? " " : "",
                     parser->context ? parser->context : "");
}

static const yaml_char_t *anchor_of(const yaml_event_t *event)
{
    return event->type == YAML_SCALAR_EVENT           ? event->data.scalar.anchor
           : event->type == YAML_SEQUENCE_START_EVENT ? event->data.sequence_start.anchor
           : event->type == YAML_MAPPING_START_EVENT  ? event->data.mapping_start.anchor
                                                      : NULL;
}

static const yaml_char_t *tag_of(const yaml_event_t *event)
{
    return event->type == YAML_SCALAR_EVENT           ? event->data.scalar.tag
           : event->type == YAML_SEQUENCE_START_EVENT ? event->data.sequence_start.tag
           : event->type == YAML_MAPPING_START_EVENT  ? event->data.mapping_start.tag
                                                      : NULL;
}

/* What the events of a text have told so far. */
typedef struct {
    const char *name;
    int depth; /* lists and sections that are open */
    char anchor[64];
    size_t anchor_line; /* of the first anchor, from 1; 0 if there is none */
} pnas_yaml_events;

static void count_depth(pnas_yaml_events *events, const yaml_event_t *event)
{
    yaml_event_type_t type = event->type;
    events->depth += type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT;
    events->depth -= type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT;
}

static pnas_status refuse_anchor(const pnas_yaml_events *events)
{
    return pnas_fail(PNAS_ERROR_USAGE,
                     "%s: line %zu: an anchor (&%s) is of no use without aliases; leave it out", events->name,
                     events->anchor_line, events->anchor);
}

/* An alias of what stands nowhere is told by the loader. */
static pnas_status check_alias(const pnas_yaml_events *events, const char *alias)
{
    if (events->anchor_line == 0)
        return PNAS_OK;
    PNAS_CHECK(strncmp(alias, events->anchor, sizeof events->anchor - 1) != 0, PNAS_ERROR_USAGE,
               "%s: line %zu: what stands here is used again through an alias (*name); write it out in each "
               "place",
               events->name, events->anchor_line);
    return refuse_anchor(events);
}

static pnas_status check_event(pnas_yaml_events *events, const yaml_event_t *event)
{
    size_t line = event->start_mark.line + 1;
    const char *anchor = (const char *)anchor_of(event);
    count_depth(events, event);
    PNAS_CHECK(events->depth <= DEPTH_MAX, PNAS_ERROR_USAGE,
               "%s: line %zu: nested deeper than any key of a configuration", events->name, line);
    if (event->type == YAML_ALIAS_EVENT)
        return check_alias(events, (const char *)event->data.alias.anchor);
    if (anchor && events->anchor_line == 0) {
        events->anchor_line = line;
        snprintf(events->anchor, sizeof events->anchor, "%s", anchor);
    }
    PNAS_CHECK(!tag_of(event), PNAS_ERROR_USAGE,
               "%s: line %zu: a tag (!) says what kind a value is, which its key says already; leave it out",
               events->name, line);
    return PNAS_OK;
}

/* Refuses what only complicates a configuration, before it is loaded: libyaml's time to load goes with the square
 * of the depth and of the number of anchors. What is not YAML is left to the loader. */
static pnas_status check_events(const char *name, const char *text, size_t length)
{
    yaml_parser_t parser;
    pnas_yaml_events events = {.name = name};
    pnas_status status = PNAS_OK;
    bool more = true;
    if (!yaml_parser_initialize(&parser))
        return no_memory();
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    while (more && status == PNAS_OK) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event))
            break;
        more = event.type != YAML_STREAM_END_EVENT;
        status = check_event(&events, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return status == PNAS_OK && events.anchor_line > 0 ? refuse_anchor(&events) : status;
}

static pnas_status load(const char *name, const char *text, size_t length, yaml_document_t *out)
{
    yaml_parser_t parser;
    yaml_document_t second;
    pnas_status status = PNAS_OK;
    if (!yaml_parser_initialize(&parser))
        return no_memory();
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    if (!yaml_parser_load(&parser, out)) {
        status = syntax_error(name, text, length, &parser);
        yaml_parser_delete(&parser);
        return status;
    }
    if (!yaml_document_get_root_node(out)) {
        status = pnas_fail(PNAS_ERROR_USAGE, "%s: is empty; write at least one key, such as 'seed: 1'", name);
    } else if (!yaml_parser_load(&parser, &second)) {
        status = syntax_error(name, text, length, &parser);
    } else {
        if (yaml_document_get_root_node(&second))
            status = pnas_fail(PNAS_ERROR_USAGE,
                               "%s: line %zu: a second document begins; one file is one document", name,
                               second.start_mark.line + 1);
        yaml_document_delete(&second);
    }
    yaml_parser_delete(&parser);
    if (status != PNAS_OK)
        yaml_document_delete(out);
    return status;
}

static pnas_status check_node(const char *name, const pnas_yaml *document, int number);

static pnas_status check_mapping(const char *name, const pnas_yaml *document, const yaml_node_t *mapping)
{
    const yaml_node_pair_t *first = mapping->data.mapping.pairs.start, *end = mapping->data.mapping.pairs.top;
    for (const yaml_node_pair_t *pair = first; pair < end; pair++) {
        const yaml_node_t *key = node_of(document, pair->key);
        size_t line = key->start_mark.line + 1;
        PNAS_CHECK(key->type == YAML_SCALAR_NODE, PNAS_ERROR_USAGE,
                   "%s: line %zu: a key must be a plain word", name, line);
        PNAS_CHECK(pair - first < KEYS_MAX, PNAS_ERROR_USAGE,
                   "%s: line %zu: more keys than any section of a configuration has", name, line);
        PNAS_TRY(check_node(name, document, pair->key));
        const char *text = (const char *)key->data.scalar.value;
        for (const yaml_node_pair_t *other = first; other < pair; other++) {
            const yaml_node_t *twin = node_of(document, other->key);
            PNAS_CHECK(!scalar_is(twin, text, key->data.scalar.length), PNAS_ERROR_USAGE,
                       "%s: line %zu: the key '%s' stands here a second time (first in line %zu); remove one",
                       name, line, text, twin->start_mark.line + 1);
        }
        PNAS_TRY(check_node(name, document, pair->value));
    }
    return PNAS_OK;
}

/* Its depth is bounded by check_events. */
static pnas_status check_node(const char *name, const pnas_yaml *document, int number)
{
    const yaml_node_t *node = node_of(document, number);
    if (node->type == YAML_MAPPING_NODE)
        return check_mapping(name, document, node);
    if (node->type == YAML_SCALAR_NODE) {
        PNAS_CHECK(strlen((const char *)node->data.scalar.value) == node->data.scalar.length,
                   PNAS_ERROR_USAGE, "%s: line %zu: a zero byte stands inside the text", name,
                   node->start_mark.line + 1);
        return PNAS_OK;
    }
    for (const int *item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++)
        PNAS_TRY(check_node(name, document, *item));
    return PNAS_OK;
}

static void set_place(yaml_node_t *node, pnas_yaml_place place)
{
    node->start_mark.index = (size_t)place.source + 1;
    node->start_mark.line = (size_t)place.line;
}

pnas_yaml_place pnas_yaml_place_of(const pnas_yaml *document, int node)
{
    const yaml_mark_t *mark = &node_of(document, node)->start_mark;
    return (pnas_yaml_place){.source = (int)mark->index - 1, .line = (int)mark->line};
}

static void note_places(pnas_yaml *document)
{
    yaml_node_t *first = document->yaml.nodes.start, *end = document->yaml.nodes.top;
    for (yaml_node_t *node = first; node < end; node++)
        set_place(node, (pnas_yaml_place){PNAS_YAML_FROM_TEXT, (int)node->start_mark.line + 1});
    for (yaml_node_t *node = first; node < end; node++) {
        if (node->type != YAML_MAPPING_NODE)
            continue;
        for (yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top;
             pair++)
            set_place(node_of(document, pair->value), pnas_yaml_place_of(document, pair->key));
    }
}

pnas_status pnas_yaml_parse(const char *name, const char *text, size_t length, pnas_yaml **out)
{
    *out = NULL;
    PNAS_TRY(check_events(name, text, length));
    pnas_yaml *document = calloc(1, sizeof *document);
    if (!document)
        return no_memory();
    pnas_status status = load(name, text, length, &document->yaml);
    if (status != PNAS_OK) {
        free(document);
        return status;
    }
    status = check_node(name, document, pnas_yaml_root(document));
    if (status != PNAS_OK) {
        pnas_yaml_destroy(&document);
        return status;
    }
    note_places(document);
    *out = document;
    return PNAS_OK;
}

void pnas_yaml_destroy(pnas_yaml **document)
{
    if (*document)
        yaml_document_delete(&(*document)->yaml);
    free(*document);
    *document = NULL;
}

/* ---- looking ---- */

int pnas_yaml_root(const pnas_yaml *document)
{
    return document->yaml.nodes.top > document->yaml.nodes.start ? 1 : 0;
}

pnas_yaml_kind pnas_yaml_kind_of(const pnas_yaml *document, int node)
{
    switch (node_of(document, node)->type) {
    case YAML_SEQUENCE_NODE:
        return PNAS_YAML_LIST;
    case YAML_MAPPING_NODE:
        return PNAS_YAML_MAPPING;
    default:
        return PNAS_YAML_SCALAR;
    }
}

const char *pnas_yaml_text(const pnas_yaml *document, int node)
{
    return (const char *)node_of(document, node)->data.scalar.value;
}

size_t pnas_yaml_count(const pnas_yaml *document, int node)
{
    const yaml_node_t *at = node_of(document, node);
    if (at->type == YAML_SEQUENCE_NODE)
        return (size_t)(at->data.sequence.items.top - at->data.sequence.items.start);
    return (size_t)(at->data.mapping.pairs.top - at->data.mapping.pairs.start);
}

int pnas_yaml_entry(const pnas_yaml *document, int node, size_t i)
{
    const yaml_node_t *at = node_of(document, node);
    return at->type == YAML_SEQUENCE_NODE ? at->data.sequence.items.start[i]
                                          : at->data.mapping.pairs.start[i].value;
}

const char *pnas_yaml_key(const pnas_yaml *document, int mapping, size_t i)
{
    return pnas_yaml_text(document, node_of(document, mapping)->data.mapping.pairs.start[i].key);
}

bool pnas_yaml_is_nothing(const pnas_yaml *document, int node)
{
    const yaml_node_t *at = node_of(document, node);
    return at->type == YAML_SCALAR_NODE && at->data.scalar.length == 0 &&
           at->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

/* The place in `mapping` where the key's value is kept, or NULL. */
static int *value_slot(const pnas_yaml *document, int mapping, const char *key, size_t length)
{
    const yaml_node_t *node = node_of(document, mapping);
    if (node->type != YAML_MAPPING_NODE)
        return NULL;
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top;
         pair++) {
        if (scalar_is(node_of(document, pair->key), key, length))
            return &pair->value;
    }
    return NULL;
}

static int *item_slot(const pnas_yaml *document, int list, unsigned long index)
{
    const yaml_node_t *node = node_of(document, list);
    if (node->type != YAML_SEQUENCE_NODE || index >= pnas_yaml_count(document, list))
        return NULL;
    return node->data.sequence.items.start + index;
}

/* Takes the first step of `*path` ("key" or "[3]") and moves `*path` behind it. */
static int *step(const pnas_yaml *document, int node, const char **path)
{
    const char *at = *path;
    if (*at == '[') {
        char *end;
        unsigned long index = strtoul(at + 1, &end, 10);
        *path = *end == ']' ? end + 1 : end;
        return *end == ']' ? item_slot(document, node, index) : NULL;
    }
    at += *at == '.';
    size_t length = strcspn(at, ".[");
    *path = at + length;
    return value_slot(document, node, at, length);
}

int pnas_yaml_find(const pnas_yaml *document, const char *path)
{
    int node = pnas_yaml_root(document);
    while (*path && node) {
        int *slot = step(document, node, &path);
        node = slot ? *slot : 0;
    }
    return node;
}

/* ---- changing ---- */

static int add_scalar(pnas_yaml *document, const char *text, size_t length, yaml_scalar_style_t style,
                      pnas_yaml_place place)
{
    int node = yaml_document_add_scalar(&document->yaml, NULL, (const yaml_char_t *)text, (int)length, style);
    if (node)
        set_place(node_of(document, node), place);
    return node;
}

/* Copies `node` of `from` into `to`; 0 without memory. */
static int copy(pnas_yaml *to, const pnas_yaml *from, int number, pnas_yaml_place place)
{
    const yaml_node_t *node = node_of(from, number);
    if (node->type == YAML_SCALAR_NODE)
        return add_scalar(to, (char *)node->data.scalar.value, node->data.scalar.length,
                          node->data.scalar.style, place);
    int made = 0;
    if (node->type == YAML_SEQUENCE_NODE) {
        made = yaml_document_add_sequence(&to->yaml, NULL, YAML_BLOCK_SEQUENCE_STYLE);
        for (int *item = node->data.sequence.items.start; made && item < node->data.sequence.items.top;
             item++) {
            int entry = copy(to, from, *item, place);
            if (!entry || !yaml_document_append_sequence_item(&to->yaml, made, entry))
                return 0;
        }
    } else {
        made = yaml_document_add_mapping(&to->yaml, NULL, YAML_BLOCK_MAPPING_STYLE);
        yaml_node_pair_t *end = node->data.mapping.pairs.top;
        for (yaml_node_pair_t *pair = node->data.mapping.pairs.start; made && pair < end; pair++) {
            int key = copy(to, from, pair->key, place), value = key ? copy(to, from, pair->value, place) : 0;
            if (!value || !yaml_document_append_mapping_pair(&to->yaml, made, key, value))
                return 0;
        }
    }
    if (made)
        set_place(node_of(to, made), place);
    return made;
}

static pnas_status append(pnas_yaml *document, int mapping, const char *key, size_t length, int value,
                          pnas_yaml_place place)
{
    int name = value ? add_scalar(document, key, length, YAML_PLAIN_SCALAR_STYLE, place) : 0;
    if (!name || !yaml_document_append_mapping_pair(&document->yaml, mapping, name, value))
        return no_memory();
    return PNAS_OK;
}

/* Gives the mapping `parent` an empty mapping under `key`; its number goes to *out. */
static pnas_status add_section(pnas_yaml *document, int parent, const char *key, size_t length,
                               pnas_yaml_place place, int *out)
{
    *out = yaml_document_add_mapping(&document->yaml, NULL, YAML_BLOCK_MAPPING_STYLE);
    if (!*out)
        return no_memory();
    set_place(node_of(document, *out), place);
    int *slot = value_slot(document, parent, key, length);
    if (!slot)
        return append(document, parent, key, length, *out, place);
    *slot = *out;
    return PNAS_OK;
}

/* Walks from the root to where the last step of `path` begins, making sections on the way. */
static pnas_status open_path(pnas_yaml *document, const char *path, const char *last, pnas_yaml_place place,
                             int *out)
{
    int node = pnas_yaml_root(document);
    for (const char *at = path; at < last && *at;) {
        const char *key = at + (*at == '.');
        int *slot = step(document, node, &at);
        if (slot && !pnas_yaml_is_nothing(document, *slot)) {
            node = *slot;
            continue;
        }
        PNAS_CHECK(*key != '[' && pnas_yaml_kind_of(document, node) == PNAS_YAML_MAPPING, PNAS_ERROR_USAGE,
                   "there is nothing at '%.*s'", (int)(at - path), path);
        PNAS_TRY(add_section(document, node, key, (size_t)(at - key), place, &node));
    }
    *out = node;
    return PNAS_OK;
}

/* Where the last step of `path` begins: ".key", "[3]", or the whole path. */
static const char *last_step(const char *path)
{
    const char *dot = strrchr(path, '.'), *bracket = strrchr(path, '[');
    const char *last = bracket && (!dot || bracket > dot) ? bracket : dot;
    return last ? last : path;
}

pnas_status pnas_yaml_set(pnas_yaml *document, const char *path, const pnas_yaml *value,
                          pnas_yaml_place place)
{
    const char *last = last_step(path), *at = last, *key = last + (*last == '.');
    int parent;
    PNAS_TRY(open_path(document, path, last, place, &parent));
    int made = copy(document, value, pnas_yaml_root(value), place);
    if (!made)
        return no_memory();
    int *slot = step(document, parent, &at);
    if (slot) {
        *slot = made;
        return PNAS_OK;
    }
    PNAS_CHECK(*key != '[' && pnas_yaml_kind_of(document, parent) == PNAS_YAML_MAPPING, PNAS_ERROR_USAGE,
               "there is no place for '%s': the section that should hold it is not there", path);
    return append(document, parent, key, strlen(key), made, place);
}
