#include "io/file/packed_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define GZIP_BITS  (15 + 16) /* of the window, and that it is gzip */
#define GZIP_FIRST 0x1f
#define GZIP_NEXT  0x8b

struct pnas_packed_file {
    const char *path;
    int descriptor;
    bool packed, at_end;  /* of the file */
    bool between_members; /* a member has ended, and no other begun */
    size_t done;          /* unpacked bytes */
    z_stream stream;      /* packed: its input is what was read; else its input alone is used */
    unsigned char buffer[1 << 16];
};

/* Some bytes unless the file has ended. */
static pnas_status refill(pnas_packed_file *file)
{
    ssize_t count = -1;
    if (file->stream.avail_in > 0 || file->at_end)
        return PNAS_OK;
    do
        count = read(file->descriptor, file->buffer, sizeof file->buffer);
    while (count < 0 && errno == EINTR);
    PNAS_CHECK(count >= 0, PNAS_ERROR_FILE, "%s: cannot be read after byte %zu: %s", file->path, file->done,
               pnas_system_reason(errno));
    file->at_end = count == 0;
    file->stream.next_in = file->buffer;
    file->stream.avail_in = (uInt)count;
    return PNAS_OK;
}

static pnas_status begin(pnas_packed_file *file)
{
    PNAS_TRY(refill(file));
    file->packed = file->stream.avail_in > 1 && file->buffer[0] == GZIP_FIRST && file->buffer[1] == GZIP_NEXT;
    PNAS_CHECK(!file->packed || inflateInit2(&file->stream, GZIP_BITS) == Z_OK, PNAS_ERROR_MEMORY,
               "%s: out of memory for unpacking", file->path);
    return PNAS_OK;
}

pnas_status pnas_packed_file_open(const char *path, int descriptor, pnas_packed_file **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out) {
        close(descriptor);
        return pnas_fail(PNAS_ERROR_MEMORY, "%s: out of memory for unpacking", path);
    }
    (*out)->path = path;
    (*out)->descriptor = descriptor;
    pnas_status status = begin(*out);
    if (status != PNAS_OK)
        pnas_packed_file_close(out);
    return status;
}

void pnas_packed_file_close(pnas_packed_file **file)
{
    if (!*file)
        return;
    if ((*file)->packed)
        inflateEnd(&(*file)->stream);
    close((*file)->descriptor);
    free(*file);
    *file = NULL;
}

/* --- reading --- */

static void copy(pnas_packed_file *file, unsigned char *out, size_t wanted, size_t *got)
{
    size_t count = file->stream.avail_in < wanted ? file->stream.avail_in : wanted;
    memcpy(out, file->stream.next_in, count);
    file->stream.next_in += count;
    file->stream.avail_in -= (uInt)count;
    *got = count;
}

static pnas_status explain(const pnas_packed_file *file, int code)
{
    const char *reason = file->stream.msg ? file->stream.msg : "it needs a dictionary";
    if (code == Z_MEM_ERROR)
        return pnas_fail(PNAS_ERROR_MEMORY, "%s: out of memory for unpacking", file->path);
    return pnas_fail(PNAS_ERROR_DATA,
                     "%s: the gzip file is damaged after %zu unpacked bytes (%s); fetch it again", file->path,
                     file->done, reason);
}

/* Skips zeros; *more: another member begins here. */
static pnas_status look_for_member(pnas_packed_file *file, bool *more)
{
    z_stream *stream = &file->stream;
    for (; stream->avail_in > 0 && *stream->next_in == 0; stream->avail_in--)
        stream->next_in++;
    *more = stream->avail_in > 0 && *stream->next_in == GZIP_FIRST;
    PNAS_CHECK(
        stream->avail_in == 0 || *more, PNAS_ERROR_DATA,
        "%s: the gzip file is damaged after %zu unpacked bytes (what follows is no gzip); fetch it again",
        file->path, file->done);
    if (*more && inflateReset(stream) != Z_OK)
        return explain(file, Z_MEM_ERROR);
    return PNAS_OK;
}

static pnas_status unpack(pnas_packed_file *file, unsigned char *out, size_t wanted, size_t *got)
{
    z_stream *stream = &file->stream;
    *got = 0;
    if (file->between_members) {
        bool more;
        PNAS_TRY(look_for_member(file, &more));
        file->between_members = !more;
        return PNAS_OK;
    }
    stream->next_out = out;
    stream->avail_out = wanted < UINT32_MAX ? (uInt)wanted : UINT32_MAX;
    const uInt room = stream->avail_out;
    int code = inflate(stream, Z_NO_FLUSH);
    *got = room - stream->avail_out;
    file->between_members = code == Z_STREAM_END;
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
        return explain(file, code);
    return PNAS_OK;
}

pnas_status pnas_packed_file_read(pnas_packed_file *file, unsigned char *out, size_t wanted, size_t *got)
{
    *got = 0;
    while (*got < wanted) {
        size_t count = 0;
        PNAS_TRY(refill(file));
        if (file->at_end && file->stream.avail_in == 0 && (!file->packed || file->between_members))
            break;
        PNAS_CHECK(!file->at_end || file->stream.avail_in > 0, PNAS_ERROR_DATA,
                   "%s: the gzip file is cut short: it ends after %zu unpacked bytes; fetch it again",
                   file->path, file->done);
        if (file->packed)
            PNAS_TRY(unpack(file, out + *got, wanted - *got, &count));
        else
            copy(file, out + *got, wanted - *got, &count);
        *got += count;
        file->done += count;
    }
    return PNAS_OK;
}
