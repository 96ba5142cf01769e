#include "io/config/configuration_keys.h"

#include <stdio.h>

static void print_key(const pnas_key *key, FILE *out)
{
    for (size_t i = 0; i < key->word_count; i++)
        fprintf(out, "%s=%s ", key->path, key->words[i].text);
    if (key->type == PNAS_KEY_TRUTH)
        fprintf(out, "%s=true %s=false ", key->path, key->path);
    if (key->type != PNAS_KEY_TRUTH && key->type != PNAS_KEY_WORD)
        fprintf(out, "%s= ", key->path);
}

char *pnas_configuration_words(void)
{
    char *words = NULL;
    size_t size;
    FILE *out = open_memstream(&words, &size);
    if (!out)
        return NULL;
    for (size_t i = 0; i < pnas_configuration_key_count; i++)
        print_key(&pnas_configuration_keys[i], out);
    fclose(out);
    return words;
}
