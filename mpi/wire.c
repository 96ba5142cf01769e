#include "mpi/wire.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION_BYTES 4
#define LENGTH_BYTES  8
#define HEAD_BYTES    (VERSION_BYTES + LENGTH_BYTES)

static void store(unsigned char *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

static uint64_t load(const unsigned char *at, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

/* --- writing --- */

/* Room for `size` more bytes, or NULL. */
static unsigned char *extend(pnas_wire_writer *to, size_t size)
{
    if (to->failed)
        return NULL;
    if (to->size + size > to->capacity) {
        size_t capacity = 2 * (to->size + size);
        unsigned char *grown = realloc(to->data, capacity);
        if (!grown) {
            to->failed = true;
            return NULL;
        }
        to->data = grown;
        to->capacity = capacity;
    }
    to->size += size;
    return to->data + to->size - size;
}

static void put(pnas_wire_writer *to, uint64_t value, int bytes)
{
    unsigned char *at = extend(to, (size_t)bytes);
    if (at)
        store(at, value, bytes);
}

void pnas_wire_begin(pnas_wire_writer *to)
{
    to->size = 0;
    to->failed = false;
    put(to, PNAS_WIRE_VERSION, VERSION_BYTES);
    put(to, 0, LENGTH_BYTES); /* until it is known */
}

void pnas_wire_put_int(pnas_wire_writer *to, int64_t value)
{
    put(to, (uint64_t)value, 8);
}

void pnas_wire_put_double(pnas_wire_writer *to, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put(to, bits, 8);
}

void pnas_wire_put_doubles(pnas_wire_writer *to, const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        pnas_wire_put_double(to, values[i]);
}

void pnas_wire_put_floats(pnas_wire_writer *to, const float *values, size_t count)
{
    unsigned char *at = extend(to, 4 * count);
    for (size_t i = 0; at && i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        store(at + 4 * i, bits, 4);
    }
}

void pnas_wire_put_bytes(pnas_wire_writer *to, const void *data, size_t size)
{
    pnas_wire_put_int(to, (int64_t)size);
    unsigned char *at = extend(to, size);
    if (at && size > 0)
        memcpy(at, data, size);
}

void pnas_wire_put_text(pnas_wire_writer *to, const char *text)
{
    pnas_wire_put_bytes(to, text, strlen(text));
}

void pnas_wire_put_cell(pnas_wire_writer *to, const pnas_cell *cell)
{
    pnas_wire_put_int(to, cell->blocks);
    for (int i = 0; i < cell->blocks; i++) {
        const pnas_block *block = &cell->block[i];
        put(to, (uint8_t)block->in1, 1);
        put(to, (uint8_t)block->op1, 1);
        put(to, (uint8_t)block->in2, 1);
        put(to, (uint8_t)block->op2, 1);
    }
}

pnas_status pnas_wire_finish(pnas_wire_writer *to)
{
    PNAS_CHECK(!to->failed, PNAS_ERROR_MEMORY, "no memory for a message to another rank");
    store(to->data + VERSION_BYTES, to->size, LENGTH_BYTES);
    return PNAS_OK;
}

void pnas_wire_clear(pnas_wire_writer *to)
{
    free(to->data);
    *to = (pnas_wire_writer){0};
}

/* --- reading --- */

static void fail(pnas_wire_reader *from, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fail(pnas_wire_reader *from, const char *format, ...)
{
    if (from->failure[0])
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(from->failure, sizeof from->failure, format, arguments);
    va_end(arguments);
}

static size_t left(const pnas_wire_reader *from)
{
    return (size_t)(from->end - from->at);
}

/* The next `size` bytes, or NULL. */
static const unsigned char *take(pnas_wire_reader *from, size_t size)
{
    if (left(from) < size)
        fail(from, "ends too early");
    if (from->failure[0])
        return NULL;
    from->at += size;
    return from->at - size;
}

static uint64_t get(pnas_wire_reader *from, int bytes)
{
    const unsigned char *at = take(from, (size_t)bytes);
    return at ? load(at, bytes) : 0;
}

void pnas_wire_open(pnas_wire_reader *from, const void *data, size_t size)
{
    const unsigned char *at = data ? data : (const unsigned char *)"";
    *from = (pnas_wire_reader){at, at + size, ""};
    uint64_t version = get(from, VERSION_BYTES), length = get(from, LENGTH_BYTES);
    if (!from->failure[0] && version != PNAS_WIRE_VERSION)
        fail(from, "has version %" PRIu64 " of the format, where this rank reads version %d", version,
             PNAS_WIRE_VERSION);
    else if (length != size)
        fail(from, "has %zu bytes and says that it has %" PRIu64, size, length);
}

int64_t pnas_wire_get_int(pnas_wire_reader *from, int64_t low, int64_t high)
{
    int64_t value = (int64_t)get(from, 8);
    if (value < low || value > high)
        fail(from, "holds %" PRId64 " where %" PRId64 " to %" PRId64 " is possible", value, low, high);
    return from->failure[0] ? 0 : value;
}

double pnas_wire_get_double(pnas_wire_reader *from)
{
    uint64_t bits = get(from, 8);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

void pnas_wire_get_doubles(pnas_wire_reader *from, double *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = pnas_wire_get_double(from);
}

void pnas_wire_get_floats(pnas_wire_reader *from, float *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = (uint32_t)get(from, 4);
        memcpy(&out[i], &bits, sizeof bits);
    }
}

size_t pnas_wire_get_count(pnas_wire_reader *from, size_t each)
{
    uint64_t count = get(from, 8);
    if (count > left(from) / each)
        fail(from, "ends too early");
    return from->failure[0] ? 0 : (size_t)count;
}

const void *pnas_wire_get_bytes(pnas_wire_reader *from, size_t *size)
{
    *size = pnas_wire_get_count(from, 1);
    return take(from, *size);
}

void pnas_wire_get_text(pnas_wire_reader *from, char *out, size_t size)
{
    size_t length;
    const void *text = pnas_wire_get_bytes(from, &length);
    if (length >= size)
        fail(from, "holds a text of %zu bytes where at most %zu are possible", length, size - 1);
    if (from->failure[0])
        length = 0;
    else
        memcpy(out, text, length);
    out[length] = '\0';
}

void pnas_wire_get_cell(pnas_wire_reader *from, pnas_cell *out)
{
    *out = (pnas_cell){0};
    out->blocks = (int)pnas_wire_get_int(from, 0, PNAS_BLOCKS_MAX);
    for (int i = 0; i < out->blocks; i++) {
        pnas_block *block = &out->block[i];
        block->in1 = (int8_t)get(from, 1);
        block->op1 = (int8_t)get(from, 1);
        block->in2 = (int8_t)get(from, 1);
        block->op2 = (int8_t)get(from, 1);
    }
}

pnas_status pnas_wire_close(pnas_wire_reader *from, const char *what)
{
    if (from->at != from->end)
        fail(from, "has %zu bytes more than it needs", left(from));
    PNAS_CHECK(!from->failure[0], PNAS_ERROR_INTERNAL,
               "%s from another rank %s: do all ranks run the same build of the program?", what,
               from->failure);
    return PNAS_OK;
}
