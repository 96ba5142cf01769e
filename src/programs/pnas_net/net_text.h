/* Text of results in JSON and CSV, gathered in memory so that a file is written whole or not at all. Local. */
#ifndef PNAS_NET_TEXT_H
#define PNAS_NET_TEXT_H

#include "src/base/status.h"

#include <stdio.h>

/* A number of JSON; null if it is not finite. */
void pnas_net_json_real(FILE *out, double value);

typedef struct { /* zero to start with */
    char *data;
    size_t size;
    FILE *stream;
} pnas_net_text;

/* Opens text->stream, to be printed to. */
pnas_status pnas_net_text_begin(pnas_net_text *text);

/* Puts what was printed at `path`, or on stdout if that is NULL. */
pnas_status pnas_net_text_end(pnas_net_text *text, const char *path);

void pnas_net_text_drop(pnas_net_text *text); /* what was not ended; or nothing */

#endif
