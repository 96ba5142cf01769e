#include "io/config/configuration.h"
#include "io/config/configuration_schema.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The shortest of the spellings that read back as the same number. */
static void print_real(FILE *out, double value)
{
    char text[40];
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    fputs(text, out);
}

static void print_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\')
            fprintf(out, "\\%c", byte);
        else if (byte < 0x20 || byte == 0x7f)
            fprintf(out, "\\x%02x", byte);
        else
            fputc(byte, out);
    }
    fputc('"', out);
}

static const char *word_of(const cyaml_schema_value_t *schema, int64_t value)
{
    for (uint32_t i = 0; i < schema->enumeration.count; i++) {
        if (schema->enumeration.strings[i].val == value)
            return schema->enumeration.strings[i].str;
    }
    return NULL;
}

static void print_value(FILE *out, const cyaml_schema_value_t *schema, const char *data)
{
    const char *word;
    uint64_t large;
    switch (schema->type) {
    case CYAML_STRING:
        print_text(out, data);
        break;
    case CYAML_FLOAT:
        print_real(out, pnas_schema_number(schema, data));
        break;
    case CYAML_UINT:
        memcpy(&large, data, sizeof large);
        fprintf(out, "%" PRIu64, large);
        break;
    case CYAML_ENUM:
        word = word_of(schema, (int64_t)pnas_schema_number(schema, data));
        if (word) {
            fputs(word, out);
            break;
        }
        /* fall through */
    default:
        fprintf(out, "%.0f", pnas_schema_number(schema, data));
    }
}

static bool is_built_in(const pnas_operator *item)
{
    pnas_operator_set one = {0};
    if (pnas_operator_set_add_named(&one, item->name) != PNAS_OK)
        return false;
    const pnas_operator *known = &one.item[0];
    return strcmp(known->name, item->name) == 0 && known->kind == item->kind &&
           known->kernel == item->kernel && known->dilation == item->dilation &&
           known->repeat == item->repeat && known->bottleneck == item->bottleneck;
}

static void print_operators(FILE *out, const cyaml_schema_value_t *schema, const pnas_operator_set *set)
{
    for (int i = 0; i < set->count; i++) {
        fputs("\n    - ", out);
        if (is_built_in(&set->item[i])) {
            fputs(set->item[i].name, out);
            continue;
        }
        for (const cyaml_schema_field_t *field = schema->sequence.entry->mapping.fields; field->key;
             field++) {
            fprintf(out, "%s%s: ", field == schema->sequence.entry->mapping.fields ? "{" : ", ", field->key);
            print_value(out, &field->value, (const char *)&set->item[i] + field->data_offset);
        }
        fputc('}', out);
    }
}

static void print_fields(FILE *out, const cyaml_schema_field_t *field, const pnas_configuration *all,
                         int depth)
{
    for (; field->key; field++) {
        fprintf(out, "%*s%s:", 2 * depth, "", field->key);
        if (field->value.type == CYAML_MAPPING) {
            fputc('\n', out);
            print_fields(out, field->value.mapping.fields, all, depth + 1);
            continue;
        }
        if (field->value.type == CYAML_SEQUENCE) {
            print_operators(out, &field->value, &all->search.space.operators);
        } else {
            fputc(' ', out);
            print_value(out, &field->value, (const char *)all + field->data_offset);
        }
        fputc('\n', out);
    }
}

pnas_status pnas_configuration_print(const pnas_configuration *configuration, char **out)
{
    size_t length = 0;
    *out = NULL;
    FILE *stream = open_memstream(out, &length);
    PNAS_CHECK(stream, PNAS_ERROR_MEMORY, "out of memory while a configuration is printed");
    print_fields(stream, pnas_configuration_schema.mapping.fields, configuration, 0);
    bool failed = ferror(stream);
    if (fclose(stream) != 0 || failed) {
        free(*out);
        *out = NULL;
        return pnas_fail(PNAS_ERROR_MEMORY, "out of memory while a configuration is printed");
    }
    return PNAS_OK;
}
