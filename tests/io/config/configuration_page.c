/* Prints docs/configuration.md with its tables made anew from the table of keys. In the page a table stands
 * between
 *
 *     <!-- keys of SECTION -->     and     <!-- end of keys -->
 *
 * SECTION is "the top", the name of a section, whose sections inside are taken along, or "an operator". */
#include "io/config/configuration_keys.h"
#include "io/config/configuration_value.h"

#include <stdio.h>
#include <string.h>

#define BEGIN "<!-- keys of "
#define END   "<!-- end of keys -->"

static void write_initial(const pnas_key *key)
{
    bool text = key->type == PNAS_KEY_TEXT || key->type == PNAS_KEY_AUTO;
    if (key->initial_note)
        fputs(key->initial_note, stdout);
    else
        printf(text ? "\"%s\"" : "%s", key->initial);
}

static const char *resume_word(const pnas_key *key)
{
    switch (key->resume) {
    case PNAS_RESUME_MAY_GROW:
        return "may grow";
    case PNAS_RESUME_FREE:
        return "may change";
    case PNAS_RESUME_FIXED:
        break;
    }
    return "stays";
}

static void write_row(const pnas_key *key, bool of_operator)
{
    char allowed[512];
    pnas_key_allowed(key, allowed, sizeof allowed);
    printf("| `%s` | ", of_operator ? pnas_key_name(key->path) : key->path);
    write_initial(key);
    printf(" | %s | ", allowed);
    if (!of_operator)
        printf("%s | ", resume_word(key));
    printf("%s |\n", key->help);
}

static bool belongs(const pnas_key *key, const char *section)
{
    size_t length = strlen(section);
    if (strcmp(section, "the top") == 0)
        return !strchr(key->path, '.');
    return strncmp(key->path, section, length) == 0 && key->path[length] == '.';
}

/* Returns how many rows there are. */
static size_t write_table(const char *section)
{
    bool of_operator = strcmp(section, "an operator") == 0;
    size_t rows = 0;
    if (of_operator) {
        printf("| key of an operator | default | allowed | meaning |\n|---|---|---|---|\n");
        for (; rows < pnas_operator_key_count; rows++)
            write_row(&pnas_operator_keys[rows], true);
        return 0;
    }
    printf("| key | default | allowed | in a begun run | meaning |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < pnas_configuration_key_count; i++) {
        if (!belongs(&pnas_configuration_keys[i], section))
            continue;
        write_row(&pnas_configuration_keys[i], false);
        rows++;
    }
    return rows;
}

int main(int argc, char **argv)
{
    static char line[4096];
    size_t rows = 0;
    bool skip = false;
    FILE *page = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (!page) {
        fprintf(stderr, "usage: configuration_page docs/configuration.md\n");
        return 64;
    }
    while (fgets(line, sizeof line, page)) {
        char section[64];
        skip = skip && strncmp(line, END, strlen(END)) != 0;
        if (!skip)
            fputs(line, stdout);
        if (sscanf(line, BEGIN "%63[^>-]", section) == 1) {
            section[strcspn(section, "\n") - 1] = '\0'; /* the space before --> */
            rows += write_table(section);
            skip = true;
        }
    }
    fclose(page);
    if (rows == pnas_configuration_key_count)
        return 0;
    fprintf(stderr,
            "%s shows %zu of %zu keys; add \"" BEGIN "SECTION -->\" and \"" END "\" where one is missing\n",
            argv[1], rows, pnas_configuration_key_count);
    return 1;
}
