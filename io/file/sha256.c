#include "io/file/sha256.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

struct pnas_sha256 {
    EVP_MD_CTX *context;
};

pnas_status pnas_sha256_create(pnas_sha256 **out)
{
    pnas_sha256 *sha = calloc(1, sizeof *sha);
    PNAS_CHECK(sha, PNAS_ERROR_MEMORY, "out of memory for a SHA-256");
    sha->context = EVP_MD_CTX_new();
    if (!sha->context || EVP_DigestInit_ex(sha->context, EVP_sha256(), NULL) != 1) {
        pnas_sha256_destroy(&sha);
        return pnas_fail(PNAS_ERROR_INTERNAL, "libcrypto offers no SHA-256");
    }
    *out = sha;
    return PNAS_OK;
}

pnas_status pnas_sha256_add(pnas_sha256 *sha, const void *data, size_t size)
{
    PNAS_CHECK(EVP_DigestUpdate(sha->context, data, size) == 1, PNAS_ERROR_INTERNAL,
               "libcrypto cannot go on with a SHA-256");
    return PNAS_OK;
}

pnas_status pnas_sha256_finish(pnas_sha256 *sha, char out[PNAS_SHA256_TEXT])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    PNAS_CHECK(EVP_DigestFinal_ex(sha->context, digest, &size) == 1 && size == 32, PNAS_ERROR_INTERNAL,
               "libcrypto cannot finish a SHA-256");
    for (unsigned i = 0; i < size; ++i)
        sprintf(out + 2 * i, "%02x", digest[i]);
    return PNAS_OK;
}

void pnas_sha256_destroy(pnas_sha256 **sha)
{
    if (!*sha)
        return;
    EVP_MD_CTX_free((*sha)->context);
    free(*sha);
    *sha = NULL;
}

pnas_status pnas_sha256_of(const void *data, size_t size, char out[PNAS_SHA256_TEXT])
{
    pnas_sha256 *sha = NULL;
    PNAS_TRY(pnas_sha256_create(&sha));
    pnas_status status = pnas_sha256_add(sha, data, size);
    if (status == PNAS_OK)
        status = pnas_sha256_finish(sha, out);
    pnas_sha256_destroy(&sha);
    return status;
}
