#include "src/programs/common/option_table.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define OPERANDS_MAX 8
#define NAMES_MAX    256

/* --- what an argument may be --- */

static bool is_word(const char *text, size_t length)
{
    bool letters = length > 0 && (islower((unsigned char)*text) || isdigit((unsigned char)*text));
    for (size_t i = 0; i < length; i++)
        letters =
            letters && (islower((unsigned char)text[i]) || isdigit((unsigned char)text[i]) || text[i] == '-');
    return letters;
}

/* The words of "auto|cpu|D": "auto cpu". */
static char *words_of(const char *argument)
{
    char *list = calloc(1, strlen(argument) + 2), *end = list;
    for (const char *at = argument; list && strchr(argument, '|') && *at;) {
        size_t length = strcspn(at, "|");
        if (is_word(at, length))
            end += sprintf(end, "%s%.*s", end > list ? " " : "", (int)length, at);
        at += length + (at[length] == '|');
    }
    return list;
}

static const char *files_of(const char *argument)
{
    static const struct {
        const char *part, *files;
    } kinds[] = {{"FILE", "any"},      {"IMAGE", "any"},  {"TABLE", "any"},
                 {"DIR", "directory"}, {".yaml", "yaml"}, {".h5", "h5"}};
    if (strcmp(argument, "TABLE.h5") == 0)
        return "h5";
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strstr(argument, kinds[i].part))
            return kinds[i].files;
    return "-";
}

/* --- lines --- */

/* The text without what would end its field. */
static void print_field(const char *text, FILE *out)
{
    fputc('\t', out);
    if (!text || !*text)
        fputc('-', out);
    for (const char *at = text ? text : ""; *at; at++)
        fputc(iscntrl((unsigned char)*at) ? ' ' : *at, out);
}

static void print_line(int key, const char *name, const char *argument, const char *words, const char *help,
                       FILE *out)
{
    char short_name[] = {'-', (char)key, '\0'}, long_name[64] = "";
    if (name)
        snprintf(long_name, sizeof long_name, "--%s", name);
    fputs("option", out);
    print_field(key > ' ' && key < 0x7f ? short_name : NULL, out);
    print_field(long_name, out);
    print_field(argument, out);
    print_field(words, out);
    print_field(argument ? files_of(argument) : NULL, out);
    print_field(help, out);
    fputc('\n', out);
}

static void print_option(const struct argp *parser, const struct argp_option *option, FILE *out)
{
    char *(*filter)(int, const char *, void *) = parser->help_filter;
    char *words = filter && option->arg ? filter(PNAS_HELP_WORDS | option->key, NULL, NULL) : NULL;
    char *help = filter && option->doc ? filter(option->key, option->doc, NULL) : (char *)option->doc;
    if (!words && option->arg)
        words = words_of(option->arg);
    print_line(option->key, option->name, option->arg, words, help, out);
    free(words);
    if (help != option->doc)
        free(help);
}

static bool print_options(const struct argp *parser, FILE *out)
{
    bool has_help = false;
    for (const struct argp_option *o = parser->options; o && (o->name || o->key || o->doc); o++) {
        has_help = has_help || (o->name && strcmp(o->name, "help") == 0);
        if ((o->name || o->key) && !(o->flags & OPTION_HIDDEN))
            print_option(parser, o, out);
    }
    for (const struct argp_child *child = parser->children; child && child->argp; child++)
        has_help = print_options(child->argp, out) || has_help;
    return has_help;
}

/* --- operands --- */

/* "DIR" and then "FILE": "DIR|FILE". */
static void add_name(char *names, const char *name, size_t length)
{
    char added[NAMES_MAX];
    snprintf(added, sizeof added, "%.*s", (int)length, name);
    size_t used = strlen(names);
    if (!strstr(names, added))
        snprintf(names + used, NAMES_MAX - used, "%s%s", used ? "|" : "", added);
}

/* Each line of args_doc is a way to call the program. What begins with a dash is an option, with its value
 * behind '=' or as the next word; flags do not stand there unless in brackets of their own. */
static void print_operands(const char *usage, FILE *out)
{
    char names[OPERANDS_MAX][NAMES_MAX] = {0};
    int place = 0;
    bool value = false;
    for (const char *at = usage; *at; at += strspn(at, " ")) {
        bool bracket = *at == '[';
        const char *word = at + bracket;
        size_t length = strcspn(word, " \n"), name = strcspn(word, " ]\n");
        if (*word == '-')
            value = !memchr(word, '=', length) && !memchr(word, ']', length);
        else if (value)
            value = false;
        else if (place < OPERANDS_MAX && name > 0)
            add_name(names[place++], word, name);
        at = word + length;
        if (*at == '\n') {
            place = 0;
            at++;
        }
    }
    for (int i = 0; i < OPERANDS_MAX && *names[i]; i++) {
        fputs("operand", out);
        print_field(names[i], out);
        print_field(files_of(names[i]), out);
        fputc('\n', out);
    }
}

/* argp may have put the parser below one of its own. */
static const char *usage_of(const struct argp *parser)
{
    const char *usage = parser->args_doc;
    for (const struct argp_child *child = parser->children; !usage && child && child->argp; child++)
        usage = usage_of(child->argp);
    return usage;
}

void pnas_option_table_print(const struct argp *parser, FILE *out)
{
    if (!print_options(parser, out)) {
        print_line('?', "help", NULL, NULL, "Give this help list", out);
        print_line(0, "usage", NULL, NULL, "Give a short usage message", out);
        print_line('V', "version", NULL, NULL, "Print program version", out);
    }
    const char *usage = usage_of(parser);
    print_operands(usage ? usage : "", out);
}
