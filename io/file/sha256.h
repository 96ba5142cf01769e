/* SHA-256 (FIPS 180-4) of what is fed in pieces, through libcrypto. Local. */
#ifndef PNAS_IO_SHA256_H
#define PNAS_IO_SHA256_H

#include "src/base/status.h"

#define PNAS_SHA256_TEXT 65 /* 64 lower-case hexadecimal digits and the end */

typedef struct pnas_sha256 pnas_sha256;

pnas_status pnas_sha256_create(pnas_sha256 **out);
pnas_status pnas_sha256_add(pnas_sha256 *sha, const void *data, size_t size);
pnas_status pnas_sha256_finish(pnas_sha256 *sha, char out[PNAS_SHA256_TEXT]); /* once, after the last add */
void pnas_sha256_destroy(pnas_sha256 **sha);

/* Of one piece. */
pnas_status pnas_sha256_of(const void *data, size_t size, char out[PNAS_SHA256_TEXT]);

#endif
