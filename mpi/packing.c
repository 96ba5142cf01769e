#include "mpi/packing.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define EPOCHS_MAX 1000000

void pnas_packet_clear(pnas_packet *bytes)
{
    free(bytes->data);
    *bytes = (pnas_packet){0};
}

/* --- writing: a failed allocation empties the capacity and shows in finish() --- */

typedef struct {
    pnas_packet *bytes;
    bool failed;
} writer;

static writer begin(pnas_packet *out)
{
    out->size = 0;
    return (writer){out, false};
}

static void put_bytes(writer *to, const void *data, size_t size)
{
    pnas_packet *bytes = to->bytes;
    if (to->failed)
        return;
    if (bytes->size + size > bytes->capacity) {
        size_t capacity = 2 * (bytes->size + size);
        unsigned char *grown = realloc(bytes->data, capacity);
        if (!grown) {
            to->failed = true;
            return;
        }
        bytes->data = grown;
        bytes->capacity = capacity;
    }
    if (size > 0)
        memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

static void put_u64(writer *to, uint64_t value)
{
    unsigned char byte[8];
    for (int i = 0; i < 8; i++)
        byte[i] = (unsigned char)(value >> (8 * i));
    put_bytes(to, byte, sizeof byte);
}

static void put_i64(writer *to, int64_t value)
{
    put_u64(to, (uint64_t)value);
}

static void put_u32(writer *to, uint32_t value)
{
    unsigned char byte[4];
    for (int i = 0; i < 4; i++)
        byte[i] = (unsigned char)(value >> (8 * i));
    put_bytes(to, byte, sizeof byte);
}

static void put_double(writer *to, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_u64(to, bits);
}

static void put_float(writer *to, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_u32(to, bits);
}

static void put_text(writer *to, const char *text)
{
    uint32_t length = (uint32_t)strlen(text);
    put_u32(to, length);
    put_bytes(to, text, length);
}

static pnas_status finish(const writer *to)
{
    return to->failed ? pnas_fail(PNAS_ERROR_MEMORY, "no memory for a message to another rank") : PNAS_OK;
}

/* --- reading: the first thing that does not fit makes everything after it read as zero --- */

typedef struct {
    const unsigned char *at, *end;
    bool failed;
} reader;

static bool take_bytes(reader *from, void *out, size_t size)
{
    if (from->failed || (size_t)(from->end - from->at) < size) {
        from->failed = true;
        memset(out, 0, size);
        return false;
    }
    memcpy(out, from->at, size);
    from->at += size;
    return true;
}

static uint64_t take_u64(reader *from)
{
    unsigned char byte[8];
    take_bytes(from, byte, sizeof byte);
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value |= (uint64_t)byte[i] << (8 * i);
    return value;
}

/* An integer of `low` .. `high`. */
static int64_t take_i64(reader *from, int64_t low, int64_t high)
{
    int64_t value = (int64_t)take_u64(from);
    if (!from->failed && (value < low || value > high))
        from->failed = true;
    return from->failed ? 0 : value;
}

static uint32_t take_u32(reader *from)
{
    unsigned char byte[4];
    take_bytes(from, byte, sizeof byte);
    uint32_t value = 0;
    for (int i = 0; i < 4; i++)
        value |= (uint32_t)byte[i] << (8 * i);
    return value;
}

static double take_double(reader *from)
{
    uint64_t bits = take_u64(from);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float take_float(reader *from)
{
    uint32_t bits = take_u32(from);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void take_text(reader *from, char *out, size_t size)
{
    uint32_t length = take_u32(from);
    if (length >= size)
        from->failed = true;
    out[0] = '\0';
    if (!from->failed && take_bytes(from, out, length))
        out[length] = '\0';
}

static pnas_status complete(const reader *from, const char *what)
{
    PNAS_CHECK(!from->failed && from->at == from->end, PNAS_ERROR_INTERNAL,
               "%s from another rank cannot be read: are all ranks the same version of the program?", what);
    return PNAS_OK;
}

static reader open_bytes(const void *data, size_t size)
{
    const unsigned char *at = data ? data : (const unsigned char *)"";
    return (reader){at, at + size, false};
}

/* --- the messages --- */

static void put_cell(writer *to, const pnas_cell *cell)
{
    put_i64(to, cell->blocks);
    for (int i = 0; i < cell->blocks; i++) {
        const pnas_block *block = &cell->block[i];
        const signed char code[4] = {block->in1, block->op1, block->in2, block->op2};
        put_bytes(to, code, sizeof code);
    }
}

static void take_cell(reader *from, pnas_cell *out)
{
    memset(out, 0, sizeof *out);
    out->blocks = (int)take_i64(from, 0, PNAS_BLOCKS_MAX);
    for (int i = 0; i < out->blocks; i++) {
        signed char code[4];
        take_bytes(from, code, sizeof code);
        out->block[i] = (pnas_block){code[0], code[1], code[2], code[3]};
    }
}

static void put_result(writer *to, const pnas_result *result)
{
    put_i64(to, result->status);
    put_double(to, result->accuracy);
    put_text(to, result->error);
    put_i64(to, result->parameters);
    put_i64(to, result->multiply_adds);
    put_double(to, result->start);
    put_double(to, result->train_seconds);
    put_i64(to, result->rank);
    put_i64(to, result->device);
    put_i64(to, result->attempts);
    put_i64(to, result->elsewhere);
    int epochs = result->history ? result->epochs : 0;
    put_i64(to, result->epochs);
    put_i64(to, epochs);
    for (int i = 0; i < epochs * PNAS_METRICS; i++)
        put_float(to, result->history[i]);
}

static pnas_status take_history(reader *from, pnas_result *out)
{
    int epochs = (int)take_i64(from, 0, EPOCHS_MAX);
    size_t values = (size_t)epochs * PNAS_METRICS;
    if (from->failed || values == 0)
        return PNAS_OK;
    if ((size_t)(from->end - from->at) < 4 * values) { /* before a wrong length is allocated */
        from->failed = true;
        return PNAS_OK;
    }
    out->history = malloc(values * sizeof *out->history);
    PNAS_CHECK(out->history, PNAS_ERROR_MEMORY, "no memory for a child's history of %d epochs", epochs);
    for (size_t i = 0; i < values; i++)
        out->history[i] = take_float(from);
    return PNAS_OK;
}

static pnas_status take_result(reader *from, pnas_result *out)
{
    *out = (pnas_result){0};
    out->status = (pnas_child_status)take_i64(from, PNAS_CHILD_PENDING, PNAS_CHILD_FAILED);
    out->accuracy = take_double(from);
    take_text(from, out->error, sizeof out->error);
    out->parameters = take_i64(from, 0, INT64_MAX);
    out->multiply_adds = take_i64(from, 0, INT64_MAX);
    out->start = take_double(from);
    out->train_seconds = take_double(from);
    out->rank = (int)take_i64(from, INT32_MIN, INT32_MAX);
    out->device = (int)take_i64(from, INT32_MIN, INT32_MAX);
    out->attempts = (int)take_i64(from, 0, INT32_MAX);
    out->elsewhere = take_i64(from, 0, 1) != 0;
    out->epochs = (int)take_i64(from, 0, EPOCHS_MAX);
    return take_history(from, out);
}

pnas_status pnas_pack_order(const pnas_order *order, pnas_packet *out)
{
    writer to = begin(out);
    put_i64(&to, order->ticket);
    put_i64(&to, order->job.level);
    put_i64(&to, order->job.index);
    put_i64(&to, order->job.cost);
    put_cell(&to, &order->job.cell);
    return finish(&to);
}

pnas_status pnas_unpack_order(const void *data, size_t size, pnas_order *out)
{
    reader from = open_bytes(data, size);
    out->ticket = take_i64(&from, 0, INT64_MAX);
    out->job.level = (int)take_i64(&from, 0, INT32_MAX);
    out->job.index = (int)take_i64(&from, 0, INT32_MAX);
    out->job.cost = take_i64(&from, INT64_MIN, INT64_MAX);
    take_cell(&from, &out->job.cell);
    return complete(&from, "an order");
}

pnas_status pnas_pack_answer(const pnas_answer *answer, pnas_packet *out)
{
    writer to = begin(out);
    put_i64(&to, answer->ticket);
    put_i64(&to, answer->status);
    if (answer->status == PNAS_OK)
        put_result(&to, &answer->result);
    else
        put_text(&to, answer->message);
    return finish(&to);
}

pnas_status pnas_unpack_answer(const void *data, size_t size, pnas_answer *out)
{
    reader from = open_bytes(data, size);
    memset(out, 0, sizeof *out);
    out->ticket = take_i64(&from, 0, INT64_MAX);
    out->status = (pnas_status)take_i64(&from, PNAS_ERROR_BUILD, PNAS_OK);
    pnas_status status = PNAS_OK;
    if (!from.failed && out->status == PNAS_OK)
        status = take_result(&from, &out->result);
    else
        take_text(&from, out->message, sizeof out->message);
    if (status == PNAS_OK)
        status = complete(&from, "an answer");
    if (status != PNAS_OK)
        pnas_result_clear(&out->result);
    return status;
}

pnas_status pnas_pack_verdict(const pnas_verdict *verdict, pnas_packet *out)
{
    writer to = begin(out);
    put_i64(&to, verdict->status);
    put_text(&to, verdict->message);
    return finish(&to);
}

pnas_status pnas_unpack_verdict(const void *data, size_t size, pnas_verdict *out)
{
    reader from = open_bytes(data, size);
    out->status = (pnas_status)take_i64(&from, PNAS_ERROR_BUILD, PNAS_OK);
    take_text(&from, out->message, sizeof out->message);
    return complete(&from, "a verdict");
}

pnas_status pnas_pack_errand(const pnas_errand *errand, pnas_packet *out)
{
    writer to = begin(out);
    put_i64(&to, errand->ticket);
    put_i64(&to, errand->status);
    put_double(&to, errand->start);
    put_double(&to, errand->seconds);
    put_bytes(&to, errand->data, errand->size);
    return finish(&to);
}

pnas_status pnas_unpack_errand(const void *data, size_t size, pnas_errand *out)
{
    reader from = open_bytes(data, size);
    *out = (pnas_errand){0};
    out->ticket = take_i64(&from, 0, INT64_MAX);
    out->status = (pnas_status)take_i64(&from, PNAS_ERROR_BUILD, PNAS_OK);
    out->start = take_double(&from);
    out->seconds = take_double(&from);
    out->data = from.at;
    out->size = (size_t)(from.end - from.at);
    from.at = from.end;
    return complete(&from, "an errand");
}
