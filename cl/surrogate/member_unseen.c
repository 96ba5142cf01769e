#include "cl/surrogate/member_unseen.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = PNAS_BLOCKS_MAX + 2 + PNAS_OPERATORS_MAX, FIRST_BLOCK = 2 /* the word of input 0 */ };

/* Marks the words of all cells. */
static pnas_status find_seen(const pnas_network *network, const pnas_cell *cells, size_t count,
                             bool seen[WORDS_MAX])
{
    cl_int token[4 * PNAS_BLOCKS_MAX];
    memset(seen, 0, WORDS_MAX * sizeof *seen);
    for (size_t i = 0; i < count; ++i) {
        PNAS_TRY(pnas_network_encode(network, &cells[i], token));
        for (int t = 0; t < 4 * cells[i].blocks; ++t)
            seen[token[t]] = true;
    }
    return PNAS_OK;
}

/* The mean of the embeddings [.][E] of words first .. end - 1 that were seen. */
static void average_seen(const bool *seen, int first, int end, size_t E, const float *embeddings, float *mean)
{
    int count = 0;
    memset(mean, 0, E * sizeof *mean);
    for (int word = first; word < end; ++word)
        if (seen[word]) {
            ++count;
            for (size_t e = 0; e < E; ++e)
                mean[e] += embeddings[(size_t)word * E + e];
        }
    for (size_t e = 0; e < E && count > 0; ++e)
        mean[e] /= (float)count;
}

static void initialise(const pnas_network *network, const bool *seen, size_t E, float *embeddings,
                       float *mean)
{
    int last = 0, words = network->inputs + network->operators;
    for (int word = FIRST_BLOCK; word < network->inputs; ++word)
        last = seen[word] ? word : last;
    for (int word = 0; word < words; ++word) {
        bool input = word < network->inputs, block = input && word >= FIRST_BLOCK && last > 0;
        if (seen[word])
            continue;
        average_seen(seen, input ? 0 : network->inputs, input ? network->inputs : words, E, embeddings, mean);
        memcpy(embeddings + (size_t)word * E, block ? embeddings + (size_t)last * E : mean, E * sizeof *mean);
    }
}

/* Another search has seen them. */
static void keep_origin(const pnas_network *network, const bool *seen, size_t E, const float *origin,
                        float *embeddings)
{
    for (int word = 0; word < network->inputs + network->operators; ++word)
        if (!seen[word])
            memcpy(embeddings + (size_t)word * E, origin + network->embeddings + (size_t)word * E,
                   E * sizeof *embeddings);
}

pnas_status pnas_member_initialise_unseen(pnas_member *member, const pnas_cell *cells, size_t count)
{
    const pnas_network *network = &member->network;
    size_t E = (size_t)member->options.embedding,
           words = (size_t)network->inputs + (size_t)network->operators;
    size_t at = network->embeddings * sizeof(float), bytes = words * E * sizeof(float);
    bool seen[WORDS_MAX];
    PNAS_TRY(find_seen(network, cells, count, seen));
    float *embeddings = malloc(bytes + E * sizeof *embeddings);
    PNAS_CHECK(embeddings, PNAS_ERROR_MEMORY, "no memory for the surrogate's embeddings");
    pnas_status status = pnas_buffer_read(member->cl, member->parameters, at, bytes, embeddings);
    if (status == PNAS_OK) {
        if (member->origin)
            keep_origin(network, seen, E, member->origin, embeddings);
        else
            initialise(network, seen, E, embeddings, embeddings + words * E);
        status = pnas_buffer_write(member->cl, member->parameters, at, bytes, embeddings);
    }
    free(embeddings);
    return status;
}
