/* libFuzzer on the run journal: whatever stands behind a valid head, and with an odd first byte whatever
 * stands in records whose checksums are right, is read up to some byte and no further. */
#include "io/run/run_journal.h"
#include "tests/fuzz/scratch.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define HEAD   128
#define RECORD 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    scratch_begin();
    return 0;
}

static void put32(unsigned char *at, size_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

/* Payloads as long as their first byte, times four, says; each behind a head that fits. */
static size_t frame(const uint8_t *data, size_t size, unsigned char *out)
{
    size_t length = 0;
    while (size > 1) {
        size_t payload = 4 * (size_t)data[0] < size - 1 ? 4 * (size_t)data[0] : size - 1;
        unsigned char *record = out + length;
        put32(record, payload);
        memcpy(record + RECORD, data + 1, payload);
        uLong crc = crc32(crc32(0, NULL, 0), record, 4);
        put32(record + 4, crc32(crc, record + RECORD, (uInt)payload));
        length += RECORD + payload;
        data += 1 + payload;
        size -= 1 + payload;
    }
    return length;
}

static void read_journal(const char *path, size_t written)
{
    pnas_journal_text text;
    pnas_result result;
    size_t index, before = HEAD;
    int level;
    if (pnas_journal_load(path, &text) != PNAS_OK || !text.begun || text.size != written)
        abort();
    for (; pnas_journal_next(&text, &level, &index, &result); before = text.at) {
        if (text.at <= before || text.at > text.size || (result.epochs > 0) != (result.history != NULL) ||
            strnlen(result.error, PNAS_CHILD_ERROR_MAX) == PNAS_CHILD_ERROR_MAX)
            abort();
        pnas_result_clear(&result);
    }
    if (result.history || text.at != before)
        abort();
    pnas_journal_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = scratch_path("run.h5.journal");
    if (size == 0)
        return 0;
    unsigned char *bytes = calloc(1, HEAD + (RECORD + 1) * size);
    size_t length = HEAD;
    static const char magic[8] = "PNASJRN1"; /* without the zero */
    memcpy(bytes, magic, sizeof magic);
    put32(bytes + 32, crc32(crc32(0, NULL, 0), bytes, 32));
    if (data[0] & 1) {
        length += frame(data + 1, size - 1, bytes + HEAD);
    } else {
        memcpy(bytes + HEAD, data + 1, size - 1);
        length += size - 1;
    }
    scratch_write(path, bytes, length);
    read_journal(path, length);
    free(bytes);
    return 0;
}
