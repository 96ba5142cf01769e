#include "io/file/byte_file.h"

#include "io/file/packed_file.h"
#include "io/file/regular_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Small files must not cost what large ones do. */
#define FIRST_ROOM  ((size_t)1 << 16)
/* Of a claim. */
#define FIRST_BYTES 64
/* One piece of reading. */
#define PIECE       ((size_t)1 << 22)

static pnas_status open_regular(const char *path, const char *expected, int *out)
{
    char trouble[PNAS_FILE_TROUBLE];
    *out = pnas_file_open(path, trouble);
    if (*out >= 0)
        return PNAS_OK;
    return pnas_fail(errno == EINVAL ? PNAS_ERROR_DATA : PNAS_ERROR_FILE, "%s: %s; expected %s", path,
                     trouble, expected);
}

/* Room for one more byte and the 0 behind it. */
static pnas_status grow(const char *path, pnas_bytes *bytes, size_t *room)
{
    if (bytes->size + 1 < *room)
        return PNAS_OK;
    *room = *room > 0 ? 2 * *room : FIRST_ROOM;
    unsigned char *data = realloc(bytes->data, *room);
    PNAS_CHECK(data, PNAS_ERROR_MEMORY, "%s: out of memory after %zu bytes", path, bytes->size);
    bytes->data = data;
    return PNAS_OK;
}

/* How many bytes are to be read at once: those that there is room for, up to one behind the claim. */
static size_t piece(const pnas_bytes *bytes, size_t room, pnas_bytes_claim claim)
{
    size_t left = room - 1 - bytes->size;
    left = left < PIECE ? left : PIECE;
    if (!claim)
        return left;
    if (bytes->size < FIRST_BYTES)
        return FIRST_BYTES - bytes->size;
    double claimed = claim(bytes->data, bytes->size) + 1 - (double)bytes->size;
    return claimed < (double)left ? (size_t)(claimed > 0 ? claimed : 0) : left;
}

static pnas_status read_all(pnas_packed_file *file, const char *path, pnas_bytes_claim claim,
                            pnas_bytes *bytes)
{
    size_t room = 0, got = 1;
    while (got > 0) {
        PNAS_TRY(grow(path, bytes, &room));
        PNAS_TRY(pnas_packed_file_read(file, bytes->data + bytes->size, piece(bytes, room, claim), &got));
        bytes->size += got;
    }
    bytes->data[bytes->size] = 0;
    return PNAS_OK;
}

pnas_status pnas_bytes_read(const char *path, const char *expected, pnas_bytes_claim claim, pnas_bytes *out)
{
    *out = (pnas_bytes){0};
    int descriptor;
    pnas_packed_file *file;
    PNAS_TRY(open_regular(path, expected, &descriptor));
    PNAS_TRY(pnas_packed_file_open(path, descriptor, &file));
    pnas_status status = read_all(file, path, claim, out);
    pnas_packed_file_close(&file);
    if (status == PNAS_OK && out->size == 0)
        status = pnas_fail(PNAS_ERROR_DATA, "%s: is empty; expected %s", path, expected);
    if (status != PNAS_OK)
        pnas_bytes_free(out);
    return status;
}

void pnas_bytes_free(pnas_bytes *bytes)
{
    free(bytes->data);
    *bytes = (pnas_bytes){0};
}

size_t pnas_bytes_peek(const char *path, unsigned char *out, size_t size)
{
    char trouble[PNAS_FILE_TROUBLE];
    struct stat info;
    int descriptor = stat(path, &info) == 0 && S_ISREG(info.st_mode) ? pnas_file_open(path, trouble) : -1;
    if (descriptor < 0)
        return 0;
    pnas_packed_file *file;
    char before[PNAS_MESSAGE_MAX];
    size_t got = 0;
    snprintf(before, sizeof before, "%s", pnas_message());
    if (pnas_packed_file_open(path, descriptor, &file) == PNAS_OK &&
        pnas_packed_file_read(file, out, size, &got) != PNAS_OK)
        got = 0;
    pnas_packed_file_close(&file);
    pnas_fail(PNAS_OK, "%s", before);
    return got;
}

pnas_status pnas_bytes_check_text(const char *path, const pnas_bytes *bytes)
{
    const unsigned char *zero = bytes->size > 0 ? memchr(bytes->data, 0, bytes->size) : NULL;
    size_t line = 1;
    for (const unsigned char *at = bytes->data; zero && at < zero; ++at)
        line += *at == '\n';
    PNAS_CHECK(!zero, PNAS_ERROR_DATA, "%s: line %zu: is damaged: it holds a zero byte, which no text has",
               path, line);
    return PNAS_OK;
}

const char *pnas_bytes_text(const char *text, size_t size)
{
    static const char mark[] = {'\xef', '\xbb', '\xbf'};
    return size >= sizeof mark && memcmp(text, mark, sizeof mark) == 0 ? text + sizeof mark : text;
}
