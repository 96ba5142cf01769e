#include "src/programs/pnas_data/import_arguments.h"

#include "src/base/decimal.h"
#include "src/programs/common/option_table.h"
#include "src/programs/common/program.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_FORCE = 0x100, KEY_FIRST /* of the options of formats, and then those of all */ };

enum { GROUP_ALL = 1, GROUP_FORMATS }; /* then a group for each format, and one for what describes the data */

#define OPTIONS_MAX  64

#define VALUE(field) offsetof(pnas_import_options, field)
static const pnas_import_option descriptions[] = {
    {"name", "TEXT", "Name of the data set", PNAS_IMPORT_TEXT, VALUE(name), false},
    {"source", "TEXT", "Who made it and where it is found", PNAS_IMPORT_TEXT, VALUE(source), false},
    {"licence", "TEXT", "Under which licence", PNAS_IMPORT_TEXT, VALUE(licence), false},
    {"class-names", "A,B,...", "Names of the classes, by label", PNAS_IMPORT_TEXT, VALUE(class_names), false},
    {"larger-test", NULL, "Take a test part larger than the training part", PNAS_IMPORT_FLAG,
     VALUE(larger_test), false}};
#define DESCRIPTIONS (sizeof descriptions / sizeof *descriptions)

typedef struct {
    pnas_import_arguments *arguments;
    size_t count;
    const pnas_import_option *option[OPTIONS_MAX]; /* [count]; its key is KEY_FIRST and its place here */
    bool given[OPTIONS_MAX];
    struct argp_option line[2 * OPTIONS_MAX]; /* as argp wants them, with headings, up to one without name */
} import_parser;

/* ---- options from rows ---- */

static size_t find_option(const import_parser *parser, const char *name)
{
    size_t i = 0;
    while (i < parser->count && strcmp(parser->option[i]->name, name) != 0)
        ++i;
    return i;
}

static bool takes(const pnas_import_format *format, const pnas_import_option *option)
{
    for (size_t i = 0; i < format->options; ++i)
        if (strcmp(format->option[i].name, option->name) == 0)
            return true;
    return option >= descriptions && option < descriptions + DESCRIPTIONS;
}

/* An option that several formats take stands with the first of them, which names the others: write_others. */
static struct argp_option *add_options(import_parser *parser, struct argp_option *line,
                                       const pnas_import_option *option, size_t count, int group)
{
    for (size_t i = 0; i < count; ++i) {
        if (find_option(parser, option[i].name) < parser->count)
            continue;
        assert(parser->count < OPTIONS_MAX);
        *line++ = (struct argp_option){.name = option[i].name,
                                       .key = KEY_FIRST + (int)parser->count,
                                       .arg = option[i].argument,
                                       .doc = option[i].help,
                                       .group = group};
        parser->option[parser->count++] = &option[i];
    }
    return line;
}

static void make_options(import_parser *parser)
{
    static const struct argp_option all[] = {
        {"format", 'f', "FORMAT", 0, "One of ", GROUP_ALL}, /* and what they are, by describe_formats */
        {"output", 'o', "OUT.h5", 0, "The data set to make", GROUP_ALL},
        {"force", KEY_FORCE, NULL, 0, "Replace OUT.h5 if it is there", GROUP_ALL}};
    struct argp_option *line = parser->line;
    memcpy(line, all, sizeof all);
    line += sizeof all / sizeof *all;
    for (size_t i = 0; i < pnas_import_format_count; ++i) {
        const pnas_import_format *format = pnas_import_formats[i];
        int group = GROUP_FORMATS + (int)i;
        if (format->options > 0)
            *line++ = (struct argp_option){.doc = format->name, .group = group};
        line = add_options(parser, line, format->option, format->options, group);
    }
    int group = GROUP_FORMATS + (int)pnas_import_format_count;
    *line++ = (struct argp_option){.doc = "What the data is:", .group = group};
    add_options(parser, line, descriptions, DESCRIPTIONS, group);
}

/* The caller's; NULL without memory. */
static char *make_usage(void)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    for (size_t i = 0; stream && i < pnas_import_format_count; ++i)
        fprintf(stream, "%s--format %s %s -o OUT.h5", i ? "\n" : "", pnas_import_formats[i]->name,
                pnas_import_formats[i]->usage);
    if (stream)
        fclose(stream);
    return text;
}

static bool is_of_format(int key)
{
    return key >= KEY_FIRST && key < KEY_FIRST + OPTIONS_MAX;
}

/* The formats that take an option beside the first one, with which it stands; options are told apart by their help. */
static void write_others(const char *help, FILE *out)
{
    const pnas_import_option *found = NULL;
    size_t others = 0;
    for (size_t i = 0; i < pnas_import_format_count; ++i) {
        const pnas_import_format *format = pnas_import_formats[i];
        if (found && takes(format, found))
            fprintf(out, "%s%s", others++ ? ", " : "; also of ", format->name);
        for (size_t k = 0; k < format->options && !found; ++k)
            found = strcmp(format->option[k].help, help) == 0 ? &format->option[k] : NULL;
    }
}

static void write_help(int key, const char *text, FILE *out)
{
    const pnas_import_format *format = pnas_import_find(text);
    if (key == ARGP_KEY_HELP_HEADER && format)
        fprintf(out, "--format %s, %s:", format->name, format->help);
    else
        fputs(text, out);
    if (is_of_format(key))
        write_others(text, out);
    for (size_t i = 0; key == 'f' && i < pnas_import_format_count; ++i)
        fprintf(out, "%s%s (%s)", i ? ", " : "", pnas_import_formats[i]->name, pnas_import_formats[i]->help);
}

/* Says in the help of --format and in headings what the formats are, and with an option which of them take it, too; and
 * names them for completion. argp frees what is not `text`. */
static char *describe_formats(int key, const char *text, void *input)
{
    char *help = NULL;
    size_t size;
    bool names = key == (PNAS_HELP_WORDS | 'f');
    bool described = text && (key == 'f' || key == ARGP_KEY_HELP_HEADER || is_of_format(key));
    FILE *stream = names || described ? open_memstream(&help, &size) : NULL;
    if (!stream)
        return (char *)text;
    if (described)
        write_help(key, text, stream);
    for (size_t i = 0; names && i < pnas_import_format_count; ++i)
        fprintf(stream, "%s%s", i ? " " : "", pnas_import_formats[i]->name);
    return fclose(stream) == 0 ? help : (char *)text;
}

/* ---- values ---- */

static double parse_real(struct argp_state *state, const char *option, const char *text)
{
    double value;
    if (!pnas_decimal_parse(text, &value))
        pnas_program_complain(state, "--%s: '%s' is not a number", option, text);
    return value;
}

static pnas_import_shape parse_shape(struct argp_state *state, const char *option, const char *text)
{
    pnas_import_shape shape = {0};
    int length = 0;
    if (sscanf(text, "%5dx%5dx%5d%n", &shape.height, &shape.width, &shape.channels, &length) != 3 ||
        text[length])
        pnas_program_complain(state, "--%s: '%s' is not HxWxC, such as 28x28x1", option, text);
    return shape;
}

static int64_t parse_whole(struct argp_state *state, const char *option, const char *text, int64_t high)
{
    int64_t value = 0;
    pnas_program_parse_integer(state, option, text, 0, high, &value);
    return value;
}

static void set_option(struct argp_state *state, const pnas_import_option *option, const char *text,
                       pnas_import_options *out)
{
    void *value = (char *)out + option->offset;
    switch (option->value) {
    case PNAS_IMPORT_TEXT:
        *(const char **)value = text;
        break;
    case PNAS_IMPORT_FLAG:
        *(bool *)value = true;
        break;
    case PNAS_IMPORT_REAL:
        *(double *)value = parse_real(state, option->name, text);
        break;
    case PNAS_IMPORT_SEED:
        *(uint64_t *)value = (uint64_t)parse_whole(state, option->name, text, INT64_MAX);
        break;
    case PNAS_IMPORT_WHOLE:
        *(int *)value = (int)parse_whole(state, option->name, text, PNAS_DATASET_CLASSES_MAX);
        break;
    case PNAS_IMPORT_SHAPE:
        *(pnas_import_shape *)value = parse_shape(state, option->name, text);
        break;
    }
}

static const pnas_import_format *parse_format(struct argp_state *state, const char *text)
{
    char names[200];
    const pnas_import_format *format = pnas_import_find(text);
    if (!format)
        pnas_program_complain(state, "--format: '%s' is not %s", text,
                              pnas_import_names(names, sizeof names));
    return format;
}

/* ---- the whole ---- */

/* "csv takes a file, --shape, ..." */
static const char *describe_format(const pnas_import_format *format, char *out, size_t size)
{
    size_t length =
        (size_t)snprintf(out, size, "%s takes %s", format->name, format->takes ? format->takes : "");
    for (size_t i = 0; i < format->options && length < size; ++i)
        length += (size_t)snprintf(out + length, size - length, "%s--%s", i || format->takes ? ", " : "",
                                   format->option[i].name);
    return out;
}

static void check_format(struct argp_state *state, const pnas_import_options *import)
{
    char names[200];
    const char *path = pnas_import_path(import);
    const pnas_import_format *found = path ? pnas_import_recognise(path) : NULL;
    if (!import->format)
        pnas_program_complain(state, "--format is missing: %s%s%s%s%s",
                              pnas_import_names(names, sizeof names), found ? "; " : "", found ? path : "",
                              found ? " looks like " : "", found ? found->name : "");
}

/* Refuses what is missing, and options that the chosen format would silently ignore. */
static void check_arguments(struct argp_state *state, const import_parser *parser)
{
    const pnas_import_arguments *arguments = parser->arguments;
    const pnas_import_format *format = arguments->import.format;
    char described[400];
    check_format(state, &arguments->import);
    if (!arguments->output || !*arguments->output)
        pnas_program_complain(state, "the output is missing: -o OUT.h5");
    describe_format(format, described, sizeof described);
    if (!arguments->import.path != !format->takes)
        pnas_program_complain(state, "--format %s", described);
    for (size_t i = 0; i < parser->count; ++i)
        if (parser->given[i] && !takes(format, parser->option[i]))
            pnas_program_complain(state, "--format %s", described);
    for (size_t i = 0; i < format->options; ++i)
        if (format->option[i].required && !parser->given[find_option(parser, format->option[i].name)])
            pnas_program_complain(state, "--%s is missing; --format %s", format->option[i].name, described);
}

static error_t parse_import(int key, char *argument, struct argp_state *state)
{
    import_parser *parser = state->input;
    pnas_import_arguments *arguments = parser->arguments;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->level;
        return 0;
    case 'f':
        arguments->import.format = parse_format(state, argument);
        return 0;
    case 'o':
        arguments->output = argument;
        return 0;
    case KEY_FORCE:
        arguments->force = true;
        return 0;
    case ARGP_KEY_ARG:
        return pnas_program_take_argument(state, argument, &arguments->import.path);
    case ARGP_KEY_END:
        check_arguments(state, parser);
        return 0;
    default:
        if (key < KEY_FIRST || key >= KEY_FIRST + (int)parser->count)
            return ARGP_ERR_UNKNOWN;
        parser->given[key - KEY_FIRST] = true;
        set_option(state, parser->option[key - KEY_FIRST], argument, &arguments->import);
        return 0;
    }
}

void pnas_import_arguments_parse(int argc, char **argv, pnas_import_arguments *out)
{
    static const struct argp_child children[] = {{&pnas_program_argp, 0, NULL, 0}, {0}};
    import_parser parser = {.arguments = out};
    char *usage = make_usage();
    make_options(&parser);
    const struct argp argp = {.options = parser.line,
                              .parser = parse_import,
                              .args_doc = usage,
                              .doc = "Makes a data set of published files.",
                              .children = children,
                              .help_filter = describe_formats};
    *out = (pnas_import_arguments){.level = PNAS_LOG_INFO};
    pnas_import_defaults(NULL, &out->import);
    pnas_program_parse(&argp, argc, argv, 0, &parser);
    free(usage);
}
