/* One value of the configuration: from text, to text, compared, and what it may be. `base` is the start of
 * the pnas_configuration or pnas_operator that holds the key's field. Local. */
#ifndef PNAS_IO_CONFIGURATION_VALUE_H
#define PNAS_IO_CONFIGURATION_VALUE_H

#include "io/config/configuration_keys.h"

#include <stdio.h>

/* Puts what `text` says into the field; false, with the field as it was, if the key does not allow it. Not
 * for PNAS_KEY_OPERATORS. */
bool pnas_key_read(const pnas_key *key, const char *text, void *base);

/* The field as YAML that reads back to the same bits. */
void pnas_key_write(const pnas_key *key, const void *base, FILE *out);
void pnas_operator_write(const pnas_operator *item, FILE *out);

bool pnas_key_equal(const pnas_key *key, const void *a, const void *b);
bool pnas_operator_equal(const pnas_operator *a, const pnas_operator *b);

/* A whole number, real number or share. */
double pnas_key_number(const pnas_key *key, const void *base);

/* What may stand there: "a whole number from 1 to 100000", "sgd, adam or rmsprop", ... */
void pnas_key_allowed(const pnas_key *key, char *out, size_t size);

#endif
