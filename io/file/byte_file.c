#include "io/file/byte_file.h"

#include "io/file/regular_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* Small files must not cost what large ones do. */
#define FIRST_ROOM  ((size_t)1 << 16)
/* Of a claim. */
#define FIRST_BYTES 64
/* One piece of reading; zlib counts in unsigned. */
#define PIECE       ((size_t)1 << 22)

static pnas_status open_regular(const char *path, const char *expected, int *out)
{
    char trouble[PNAS_FILE_TROUBLE];
    *out = pnas_file_open(path, trouble);
    if (*out >= 0)
        return PNAS_OK;
    bool wrong = errno == ENOENT || errno == ENOTDIR || errno == EINVAL;
    return pnas_fail(wrong ? PNAS_ERROR_DATA : PNAS_ERROR_FILE, "%s: %s; expected %s", path, trouble,
                     expected);
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

/* What a failed read or close says; `size` bytes came out before. */
static pnas_status explain(const char *path, int code, const char *reason, size_t size)
{
    const char *named = strncmp(reason, "<fd:", 4) == 0 ? strstr(reason, ": ") : NULL; /* zlib's own name */
    reason = named ? named + 2 : reason;
    switch (code) {
    case Z_BUF_ERROR:
        return pnas_fail(PNAS_ERROR_DATA,
                         "%s: the gzip file is cut short: it ends after %zu unpacked bytes; fetch it again",
                         path, size);
    case Z_ERRNO:
        return pnas_fail(PNAS_ERROR_FILE, "%s: cannot be read after byte %zu: %s", path, size,
                         strerror(errno));
    case Z_MEM_ERROR:
        return pnas_fail(PNAS_ERROR_MEMORY, "%s: out of memory for unpacking", path);
    default:
        return pnas_fail(PNAS_ERROR_DATA,
                         "%s: the gzip file is damaged after %zu unpacked bytes (%s); fetch it again", path,
                         size, reason);
    }
}

/* How many bytes are to be read at once: those that there is room for, up to one behind the claim. */
static unsigned piece(const pnas_bytes *bytes, size_t room, pnas_bytes_claim claim)
{
    size_t left = room - 1 - bytes->size;
    left = left < PIECE ? left : PIECE;
    if (!claim)
        return (unsigned)left;
    if (bytes->size < FIRST_BYTES)
        return (unsigned)(FIRST_BYTES - bytes->size);
    double claimed = claim(bytes->data, bytes->size) + 1 - (double)bytes->size;
    return claimed < (double)left ? (unsigned)(claimed > 0 ? claimed : 0) : (unsigned)left;
}

static pnas_status read_all(gzFile file, const char *path, pnas_bytes_claim claim, pnas_bytes *bytes)
{
    size_t room = 0;
    for (;;) {
        PNAS_TRY(grow(path, bytes, &room));
        unsigned size = piece(bytes, room, claim);
        int got = size > 0 ? gzread(file, bytes->data + bytes->size, size) : 0;
        if (got > 0)
            bytes->size += (size_t)got;
        int code;
        const char *reason = gzerror(file, &code);
        if (got < 0 || code != Z_OK)
            return explain(path, code, reason, bytes->size);
        if (got == 0)
            break;
    }
    bytes->data[bytes->size] = 0;
    return PNAS_OK;
}

pnas_status pnas_bytes_read(const char *path, const char *expected, pnas_bytes_claim claim, pnas_bytes *out)
{
    *out = (pnas_bytes){0};
    int descriptor;
    PNAS_TRY(open_regular(path, expected, &descriptor));
    gzFile file = gzdopen(descriptor, "rb");
    if (!file) {
        close(descriptor);
        return pnas_fail(PNAS_ERROR_MEMORY, "%s: out of memory for unpacking", path);
    }
    gzbuffer(file, 1 << 16);
    pnas_status status = read_all(file, path, claim, out);
    int code = gzclose(file);
    if (status == PNAS_OK && code != Z_OK && !claim) /* Z_BUF_ERROR: not read to its end */
        status = explain(path, code, "closing failed", out->size);
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
    gzFile file = gzdopen(descriptor, "rb");
    int got = file ? gzread(file, out, (unsigned)size) : 0;
    if (file)
        gzclose(file);
    else
        close(descriptor);
    return got > 0 ? (size_t)got : 0;
}
