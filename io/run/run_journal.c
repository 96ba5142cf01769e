#include "io/run/run_journal.h"

#include "io/file/file_kind.h"
#include "io/file/little_endian.h"
#include "io/file/locked_file.h"
#include "src/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* Header: magic, run id, generation, CRC32 of these; then who writes, as text, outside of the CRC, so that a
 * new owner's name never touches what the records depend on. Numbers are little-endian. */
#define MAGIC_SIZE   8
#define OWNER_AT     36
#define HEADER_SIZE  (OWNER_AT + PNAS_OWNER_SIZE)

/* Record: length of the payload (4 bytes), CRC32 of length and payload (4 bytes), payload: level (4 bytes),
 * index (8), the numbers of the result, the lengths of its texts (4), its texts, its history. */
#define RECORD_HEAD  8
#define PAYLOAD_HEAD 76
#define PAYLOAD_MAX  (64 * 1024 * 1024)
#define ROW_SIZE     (PNAS_METRICS * sizeof(float)) /* of a history */
#define EPOCHS_MAX   (PAYLOAD_MAX / ROW_SIZE - 1)
#define JOURNAL_MAX  ((off_t)1 << 31)

/* Bytes of a field in the payload's head; of a text its length */
enum { BYTES_STATUS = 4, BYTES_REAL = 8, BYTES_INT = 4, BYTES_LONG = 8, BYTES_TEXT = 4 };
#define BYTES(kind, name, long_name, units) +BYTES_##kind
_Static_assert(PAYLOAD_HEAD == 4 + 8 PNAS_RESULT_KEPT_FIELDS(BYTES),
               "a list of other fields is another format: give it another magic, and read the old one, too");

static const unsigned char magic[MAGIC_SIZE] = PNAS_JOURNAL_MAGIC;

/* ---- bytes ---- */

typedef struct {
    unsigned char *at;
} pnas_bytes;

static void put(pnas_bytes *bytes, uint64_t value, int size)
{
    pnas_little_put(bytes->at, value, size);
    bytes->at += size;
}

static void put_real(pnas_bytes *bytes, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put(bytes, bits, 8);
}

static uint64_t get(const unsigned char **at, int size)
{
    uint64_t value = pnas_little_get(*at, size);
    *at += size;
    return value;
}

static double get_real(const unsigned char **at)
{
    uint64_t bits = get(at, 8);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t checksum(const unsigned char *bytes, size_t size)
{
    return (uint32_t)crc32(crc32(0, NULL, 0), bytes, (uInt)size);
}

static uint32_t record_checksum(const unsigned char *record, size_t payload)
{
    uLong crc = crc32(crc32(0, NULL, 0), record, 4);
    return (uint32_t)crc32(crc, record + RECORD_HEAD, (uInt)payload);
}

/* ---- opening ---- */

static pnas_status write_all(const pnas_journal *journal, const void *bytes, size_t size, off_t at)
{
    const unsigned char *from = bytes;
    while (size > 0) {
        ssize_t written = pwrite(journal->file, from, size, at);
        if (written < 0 && errno == EINTR)
            continue;
        PNAS_CHECK(written > 0, PNAS_ERROR_FILE, "%s: cannot be written: %s", journal->path,
                   written < 0 ? pnas_system_reason(errno) : "no space left");
        from += written;
        at += written;
        size -= (size_t)written;
    }
    return PNAS_OK;
}

static pnas_status sync_journal(const pnas_journal *journal)
{
    PNAS_CHECK(fdatasync(journal->file) == 0, PNAS_ERROR_FILE, "%s: cannot be synced: %s", journal->path,
               pnas_system_reason(errno));
    return PNAS_OK;
}

static pnas_status write_owner(const pnas_journal *journal)
{
    char owner[PNAS_OWNER_SIZE];
    pnas_locked_file_owner(owner);
    return write_all(journal, owner, sizeof owner, OWNER_AT);
}

pnas_status pnas_journal_open(const char *path, pnas_journal *out)
{
    *out = PNAS_NO_JOURNAL;
    pnas_journal journal = PNAS_NO_JOURNAL;
    pnas_journal_text text = {0};
    pnas_status status;
    PNAS_TRY(pnas_locked_file_open(path, path, OWNER_AT, &journal.file));
    journal.path = strdup(path);
    PNAS_CHECK_CLEANUP(journal.path, PNAS_ERROR_MEMORY, "%s: out of memory", path);
    PNAS_TRY_CLEANUP(pnas_journal_load(path, &text));
    journal.end = (off_t)text.size; /* so that closing it unused removes nothing that was there */
    status = write_owner(&journal);
    if (status != PNAS_OK) {
        pnas_fail(status, "%s; make room there, or name another run file", pnas_message());
        if (text.size == 0)
            unlink(path);
        goto cleanup;
    }
    *out = journal;
cleanup:
    pnas_journal_free(&text);
    if (status != PNAS_OK) {
        free(journal.path);
        close(journal.file);
    }
    return status;
}

pnas_status pnas_journal_begin(pnas_journal *journal, const pnas_run_identity *identity)
{
    unsigned char header[OWNER_AT];
    pnas_bytes bytes = {header};
    memcpy(header, magic, MAGIC_SIZE);
    memcpy(header + MAGIC_SIZE, identity->run, PNAS_RUN_ID_SIZE);
    bytes.at += MAGIC_SIZE + PNAS_RUN_ID_SIZE;
    put(&bytes, identity->generation, 8);
    put(&bytes, checksum(header, OWNER_AT - 4), 4);
    PNAS_CHECK(ftruncate(journal->file, 0) == 0, PNAS_ERROR_FILE, "%s: cannot be emptied: %s", journal->path,
               pnas_system_reason(errno));
    journal->end = 0;
    journal->ready = false;
    PNAS_TRY(write_owner(journal));
    PNAS_TRY(write_all(journal, header, sizeof header, 0));
    PNAS_TRY(sync_journal(journal));
    journal->end = HEADER_SIZE;
    journal->ready = true;
    return PNAS_OK;
}

pnas_status pnas_journal_cut(pnas_journal *journal, off_t end)
{
    PNAS_CHECK(ftruncate(journal->file, end) == 0, PNAS_ERROR_FILE, "%s: cannot be cut: %s", journal->path,
               pnas_system_reason(errno));
    journal->end = end;
    journal->ready = true;
    return PNAS_OK;
}

pnas_lock_state pnas_journal_look(const char *path, char owner[PNAS_OWNER_SIZE + 1])
{
    return pnas_locked_file_look(path, OWNER_AT, owner);
}

/* The lock goes with the file: whoever waits for it sees that the name is gone or belongs to another file. */
void pnas_journal_close(pnas_journal *journal)
{
    if (journal->file >= 0) {
        if (journal->end <= HEADER_SIZE && pnas_locked_file_is_there(journal->file, journal->path))
            unlink(journal->path);
        close(journal->file);
    }
    free(journal->path);
    *journal = PNAS_NO_JOURNAL;
}

/* ---- records ---- */

static bool is_text(const pnas_result_field *field)
{
    return field->kind == PNAS_FIELD_TEXT;
}

static size_t text_length(const pnas_result *result, const pnas_result_field *field)
{
    return strnlen((const char *)result + field->offset, PNAS_CHILD_ERROR_MAX - 1);
}

static size_t payload_size(const pnas_result *result)
{
    size_t size = PAYLOAD_HEAD + pnas_result_rows(result) * ROW_SIZE;
    for (int i = 0; i < PNAS_RESULT_KEPT_COUNT; i++)
        if (is_text(&pnas_result_fields[i]))
            size += text_length(result, &pnas_result_fields[i]);
    return size;
}

static void put_number(pnas_bytes *bytes, const pnas_result *result, const pnas_result_field *field)
{
    const void *value = (const char *)result + field->offset;
    switch (field->kind) {
    case PNAS_FIELD_STATUS:
        put(bytes, (uint64_t) * (const pnas_child_status *)value, BYTES_STATUS);
        break;
    case PNAS_FIELD_REAL:
        put_real(bytes, *(const double *)value);
        break;
    case PNAS_FIELD_INT:
        put(bytes, (uint64_t) * (const int *)value, BYTES_INT);
        break;
    case PNAS_FIELD_LONG:
        put(bytes, (uint64_t) * (const int64_t *)value, BYTES_LONG);
        break;
    case PNAS_FIELD_FLAG: /* none is kept */
    case PNAS_FIELD_TEXT:
        break;
    }
}

static void put_texts(pnas_bytes *bytes, const pnas_result *result)
{
    for (int i = 0; i < PNAS_RESULT_KEPT_COUNT; i++)
        if (is_text(&pnas_result_fields[i]))
            put(bytes, text_length(result, &pnas_result_fields[i]), BYTES_TEXT);
    for (int i = 0; i < PNAS_RESULT_KEPT_COUNT; i++) {
        const pnas_result_field *field = &pnas_result_fields[i];
        if (!is_text(field))
            continue;
        memcpy(bytes->at, (const char *)result + field->offset, text_length(result, field));
        bytes->at += text_length(result, field);
    }
}

static void encode(unsigned char *record, size_t payload, int level, size_t index, const pnas_result *result)
{
    pnas_bytes bytes = {record + RECORD_HEAD};
    pnas_result kept = *result;
    kept.epochs = (int)pnas_result_rows(result); /* those that stand behind the texts */
    put(&bytes, (uint32_t)level, 4);
    put(&bytes, index, 8);
    for (int i = 0; i < PNAS_RESULT_KEPT_COUNT; i++)
        put_number(&bytes, &kept, &pnas_result_fields[i]);
    put_texts(&bytes, &kept);
    for (int i = 0; i < kept.epochs * PNAS_METRICS; i++) {
        uint32_t bits;
        memcpy(&bits, &result->history[i], sizeof bits);
        put(&bytes, bits, sizeof bits);
    }
    bytes.at = record;
    put(&bytes, payload, 4);
    put(&bytes, record_checksum(record, payload), 4);
}

/* Whoever removes or renames it takes what is appended later with it, and a second run would begin one. */
static pnas_status check_place(const pnas_journal *journal)
{
    PNAS_CHECK(pnas_locked_file_is_there(journal->file, journal->path), PNAS_ERROR_FILE,
               "%s: was removed or renamed while the run was at work", journal->path);
    return PNAS_OK;
}

pnas_status pnas_journal_append(pnas_journal *journal, int level, size_t index, const pnas_result *result)
{
    PNAS_CHECK(journal->ready, PNAS_ERROR_INTERNAL, "%s: a child was recorded before its level was written",
               journal->path);
    PNAS_CHECK(!result->history || (size_t)result->epochs <= EPOCHS_MAX, PNAS_ERROR_INTERNAL,
               "%s: a history of %d epochs is too long", journal->path, result->epochs);
    size_t payload = payload_size(result);
    unsigned char *record = malloc(RECORD_HEAD + payload);
    PNAS_CHECK(record, PNAS_ERROR_MEMORY, "%s: out of memory", journal->path);
    encode(record, payload, level, index, result);
    pnas_status status = write_all(journal, record, RECORD_HEAD + payload, journal->end);
    if (status == PNAS_OK)
        status = sync_journal(journal);
    free(record);
    if (status == PNAS_OK)
        PNAS_TRY(check_place(journal));
    if (status == PNAS_OK)
        journal->end += (off_t)(RECORD_HEAD + payload);
    else if (ftruncate(journal->file, journal->end) != 0)
        pnas_warning("%s: half a record is left at its end; it will be ignored", journal->path);
    return status;
}

/* ---- reading ---- */

static pnas_status read_bytes(int file, const char *path, pnas_journal_text *out)
{
    struct stat info;
    PNAS_CHECK(fstat(file, &info) == 0, PNAS_ERROR_FILE, "%s: cannot be read: %s", path,
               pnas_system_reason(errno));
    PNAS_CHECK(S_ISREG(info.st_mode), PNAS_ERROR_FILE, "%s: is not a regular file", path);
    PNAS_CHECK(info.st_size < JOURNAL_MAX, PNAS_ERROR_DATA, "%s: is too large to be a journal", path);
    out->bytes = malloc((size_t)info.st_size + 1);
    PNAS_CHECK(out->bytes, PNAS_ERROR_MEMORY, "%s: out of memory", path);
    while (out->size < (size_t)info.st_size) {
        ssize_t got = pread(file, out->bytes + out->size, (size_t)info.st_size - out->size, (off_t)out->size);
        if (got < 0 && errno == EINTR)
            continue;
        PNAS_CHECK(got >= 0, PNAS_ERROR_FILE, "%s: cannot be read: %s", path, pnas_system_reason(errno));
        if (got == 0)
            break; /* it was just emptied */
        out->size += (size_t)got;
    }
    return PNAS_OK;
}

/* A header that was never finished holds zeros where the magic's bytes are missing. */
static bool may_be_journal(const pnas_journal_text *text)
{
    for (size_t i = 0; i < MAGIC_SIZE && i < text->size; i++) {
        if (text->bytes[i] != 0 && text->bytes[i] != magic[i])
            return false;
    }
    return true;
}

static pnas_status parse_header(const char *path, pnas_journal_text *text)
{
    PNAS_CHECK(may_be_journal(text), PNAS_ERROR_DATA,
               "%s: is no journal of a run; move it away, or name another run file", path);
    text->headless = text->size > HEADER_SIZE;
    if (text->size < HEADER_SIZE || memcmp(text->bytes, magic, MAGIC_SIZE) != 0)
        return PNAS_OK;
    const unsigned char *at = text->bytes + MAGIC_SIZE;
    memcpy(text->identity.run, at, PNAS_RUN_ID_SIZE);
    at += PNAS_RUN_ID_SIZE;
    text->identity.generation = get(&at, 8);
    text->begun = get(&at, 4) == checksum(text->bytes, OWNER_AT - 4);
    text->at = text->begun ? HEADER_SIZE : 0;
    text->headless = text->headless && !text->begun;
    return PNAS_OK;
}

pnas_status pnas_journal_load(const char *path, pnas_journal_text *out)
{
    *out = (pnas_journal_text){0};
    int file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (file < 0 && errno == ENOENT)
        return PNAS_OK;
    PNAS_CHECK(file >= 0, PNAS_ERROR_FILE, "%s: cannot be opened: %s", path, pnas_system_reason(errno));
    pnas_status status = read_bytes(file, path, out);
    if (status == PNAS_OK)
        status = parse_header(path, out);
    close(file);
    if (status != PNAS_OK)
        pnas_journal_free(out);
    return status;
}

void pnas_journal_free(pnas_journal_text *text)
{
    free(text->bytes);
    *text = (pnas_journal_text){0};
}

static void take_number(const unsigned char **at, const pnas_result_field *field, pnas_result *out)
{
    void *value = (char *)out + field->offset;
    switch (field->kind) {
    case PNAS_FIELD_STATUS:
        *(pnas_child_status *)value = (pnas_child_status)get(at, BYTES_STATUS);
        break;
    case PNAS_FIELD_REAL:
        *(double *)value = get_real(at);
        break;
    case PNAS_FIELD_INT:
        *(int *)value = (int32_t)get(at, BYTES_INT);
        break;
    case PNAS_FIELD_LONG:
        *(int64_t *)value = (int64_t)get(at, BYTES_LONG);
        break;
    case PNAS_FIELD_FLAG:
    case PNAS_FIELD_TEXT:
        break;
    }
}

/* The lengths of the result's texts [PNAS_RESULT_KEPT_COUNT], 0 where it is no text; returns their sum. */
static size_t take_lengths(const unsigned char **at, size_t *length)
{
    size_t sum = 0;
    for (int i = 0; i < PNAS_RESULT_KEPT_COUNT; i++) {
        length[i] = is_text(&pnas_result_fields[i]) ? (size_t)get(at, BYTES_TEXT) : 0;
        sum += length[i];
    }
    return sum;
}

static bool take_texts(const unsigned char **at, const size_t *length, pnas_result *out)
{
    for (int i = 0; i < PNAS_RESULT_KEPT_COUNT; i++) {
        if (length[i] >= PNAS_CHILD_ERROR_MAX)
            return false;
        memcpy((char *)out + pnas_result_fields[i].offset, *at, length[i]);
        *at += length[i];
    }
    return true;
}

/* Decodes a payload whose CRC is right; false if its inner lengths do not add up. */
static bool decode(const unsigned char *at, size_t payload, int *level, size_t *index, pnas_result *result)
{
    size_t length[PNAS_RESULT_KEPT_COUNT];
    *level = (int32_t)get(&at, 4);
    *index = (size_t)get(&at, 8);
    for (int i = 0; i < PNAS_RESULT_KEPT_COUNT; i++)
        take_number(&at, &pnas_result_fields[i], result);
    size_t rows = (uint32_t)result->epochs, texts = take_lengths(&at, length);
    result->epochs = 0;
    if (rows > EPOCHS_MAX || payload != PAYLOAD_HEAD + texts + rows * ROW_SIZE ||
        !take_texts(&at, length, result))
        return false;
    if (rows == 0)
        return true;
    result->history = malloc(rows * ROW_SIZE);
    if (!result->history)
        return false;
    result->epochs = (int)rows;
    for (size_t i = 0; i < rows * PNAS_METRICS; i++) {
        uint32_t bits = (uint32_t)get(&at, 4);
        memcpy(&result->history[i], &bits, sizeof bits);
    }
    return true;
}

bool pnas_journal_next(pnas_journal_text *text, int *level, size_t *index, pnas_result *result)
{
    *result = (pnas_result){0};
    if (!text->begun || text->size - text->at < RECORD_HEAD + PAYLOAD_HEAD)
        return false;
    const unsigned char *record = text->bytes + text->at, *head = record;
    size_t payload = (size_t)get(&head, 4);
    uint32_t crc = (uint32_t)get(&head, 4);
    if (payload < PAYLOAD_HEAD || payload > text->size - text->at - RECORD_HEAD ||
        crc != record_checksum(record, payload) || !decode(head, payload, level, index, result))
        return false;
    text->at += RECORD_HEAD + payload;
    return true;
}

bool pnas_journal_ends_short(const pnas_journal_text *text)
{
    size_t rest = text->size - text->at;
    const unsigned char *head = text->bytes + text->at;
    return rest < RECORD_HEAD || (size_t)get(&head, 4) > rest - RECORD_HEAD;
}
