#include "src/programs/common/unknown_option.h"

#include "src/base/log.h"
#include "src/base/near_name.h"
#include "src/base/plain_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 100

typedef struct {
    const char *name[NAMES_MAX]; /* of long options that help shows */
    size_t count;
} option_names;

/* getopt repeats an option that it does not know as it is. A value joined to its option by '=' is not repeated. */
static bool commands_terminal(const char *word)
{
    char escape[PNAS_TEXT_ESCAPE_MAX] = "";
    bool named = strncmp(word, "--", 2) == 0;
    const char *at = word;
    while (word[0] == '-' && *at && !(named && *at == '=') && !*escape)
        at += pnas_text_next(at, escape);
    return *escape != '\0';
}

static const struct argp_option *find_option(const struct argp *parser, const char *name, size_t length,
                                             int key)
{
    const struct argp_option *found = NULL;
    for (const struct argp_option *o = parser->options; o && (o->name || o->key || o->doc); o++)
        if (name ? o->name && strncmp(o->name, name, length) == 0 : o->key == key)
            return o;
    for (const struct argp_child *child = parser->children; !found && child && child->argp; child++)
        found = find_option(child->argp, name, length, key);
    return found;
}

static void list_options(const struct argp *parser, option_names *out)
{
    for (const struct argp_option *o = parser->options; o && (o->name || o->key || o->doc); o++)
        if (o->name && !(o->flags & OPTION_HIDDEN) && out->count < NAMES_MAX)
            out->name[out->count++] = o->name;
    for (const struct argp_child *child = parser->children; child && child->argp; child++)
        list_options(child->argp, out);
}

/* Whether the word behind this one is its value: "--plot" or "-o". */
static bool takes_next(const struct argp *parser, const char *word)
{
    const struct argp_option *option = NULL;
    size_t length = strlen(word);
    if (strncmp(word, "--", 2) == 0 && length > 2)
        option = strchr(word, '=') ? NULL : find_option(parser, word + 2, length - 2, 0);
    else if (word[0] == '-' && length > 1)
        option = find_option(parser, NULL, 0, word[length - 1]);
    return option && option->arg && !(option->flags & OPTION_ARG_OPTIONAL);
}

/* An unknown "--name" or "--name=value" that is near to a known one. */
static bool is_slip(const struct argp *parser, const char *word, char meant[PNAS_NAME_MEANT_MAX],
                    char name[64])
{
    option_names names = {.name = {"help", "usage", "version"}, .count = 3};
    size_t length = strcspn(word, "=") - 2;
    if (length + 1 > 64)
        return false;
    memcpy(name, word + 2, length);
    name[length] = '\0';
    list_options(parser, &names);
    for (size_t i = 0; i < names.count; i++)
        if (strncmp(names.name[i], name, length) == 0)
            return false;
    return !find_option(parser, name, length, 0) &&
           *pnas_name_meant("--", name, names.name, names.count, meant) != '\0';
}

/* As argp complains: with the program's, or its command's, name. */
static void complain(const struct argp *parser, const char *program, const char *option, const char *meant)
{
    const char *slash = strrchr(program, '/');
    char *name = strdup(slash ? slash + 1 : program);
    fprintf(stderr, "%s: unrecognized option '--%s'%s\n", name ? name : "", option, meant);
    argp_help(parser, stderr, ARGP_HELP_SEE, name);
    free(name);
}

bool pnas_options_check(const struct argp *parser, int argc, char *const *argv, bool in_order, bool speak)
{
    char meant[PNAS_NAME_MEANT_MAX], name[64];
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (commands_terminal(argv[i])) {
            if (speak)
                pnas_error("'%s' is no option; in front of a file of this name write ./", argv[i]);
            return false;
        }
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0 && !(in_order && argv[i][0] != '-'); i++) {
        if (strncmp(argv[i], "--", 2) == 0 && is_slip(parser, argv[i], meant, name)) {
            if (speak)
                complain(parser, argv[0], name, meant);
            return false;
        }
        i += takes_next(parser, argv[i]);
    }
    return true;
}
