#include "mpi/packing.h"

#include <stdlib.h>
#include <string.h>

#define EPOCHS_MAX 1000000

/* --- results, by the list of their fields --- */

static void put_field(pnas_wire_writer *to, const pnas_result_field *field, const void *value)
{
    switch (field->kind) {
    case PNAS_FIELD_STATUS:
        pnas_wire_put_int(to, *(const pnas_child_status *)value);
        break;
    case PNAS_FIELD_REAL:
        pnas_wire_put_double(to, *(const double *)value);
        break;
    case PNAS_FIELD_INT:
        pnas_wire_put_int(to, *(const int *)value);
        break;
    case PNAS_FIELD_LONG:
        pnas_wire_put_int(to, *(const int64_t *)value);
        break;
    case PNAS_FIELD_FLAG:
        pnas_wire_put_int(to, *(const bool *)value);
        break;
    case PNAS_FIELD_TEXT:
        pnas_wire_put_text(to, value);
        break;
    }
}

static void get_field(pnas_wire_reader *from, const pnas_result_field *field, void *value)
{
    switch (field->kind) {
    case PNAS_FIELD_STATUS:
        *(pnas_child_status *)value =
            (pnas_child_status)pnas_wire_get_int(from, PNAS_CHILD_PENDING, PNAS_CHILD_STATUS_LAST);
        break;
    case PNAS_FIELD_REAL:
        *(double *)value = pnas_wire_get_double(from);
        break;
    case PNAS_FIELD_INT:
        *(int *)value = (int)pnas_wire_get_int(from, INT32_MIN, INT32_MAX);
        break;
    case PNAS_FIELD_LONG:
        *(int64_t *)value = pnas_wire_get_int(from, INT64_MIN, INT64_MAX);
        break;
    case PNAS_FIELD_FLAG:
        *(bool *)value = pnas_wire_get_int(from, 0, 1) != 0;
        break;
    case PNAS_FIELD_TEXT:
        pnas_wire_get_text(from, value, PNAS_CHILD_ERROR_MAX);
        break;
    }
}

static void put_result(pnas_wire_writer *to, const pnas_result *result)
{
    size_t rows = pnas_result_rows(result);
    for (int i = 0; i < PNAS_RESULT_FIELD_COUNT; i++)
        put_field(to, &pnas_result_fields[i], (const char *)result + pnas_result_fields[i].offset);
    pnas_wire_put_int(to, (int64_t)rows);
    pnas_wire_put_floats(to, result->history, rows * PNAS_METRICS);
}

/* A failed child may have epochs and no rows; never rows that are not its epochs. */
static pnas_status get_history(pnas_wire_reader *from, pnas_result *out)
{
    size_t rows = pnas_wire_get_count(from, PNAS_METRICS * sizeof *out->history);
    if (rows == 0)
        return PNAS_OK;
    PNAS_CHECK(rows <= EPOCHS_MAX && rows == (size_t)out->epochs, PNAS_ERROR_INTERNAL,
               "a result from another rank has %d epochs and a history of %zu", out->epochs, rows);
    out->history = malloc(rows * PNAS_METRICS * sizeof *out->history);
    PNAS_CHECK(out->history, PNAS_ERROR_MEMORY, "no memory for a child's history of %zu epochs", rows);
    pnas_wire_get_floats(from, out->history, rows * PNAS_METRICS);
    return PNAS_OK;
}

static pnas_status get_result(pnas_wire_reader *from, pnas_result *out)
{
    for (int i = 0; i < PNAS_RESULT_FIELD_COUNT; i++)
        get_field(from, &pnas_result_fields[i], (char *)out + pnas_result_fields[i].offset);
    return get_history(from, out);
}

/* --- the messages --- */

static pnas_status get_status(pnas_wire_reader *from)
{
    return (pnas_status)pnas_wire_get_int(from, PNAS_ERROR_TOO_LARGE, PNAS_OK);
}

pnas_status pnas_pack_job(const pnas_job_message *message, pnas_wire_writer *out)
{
    pnas_wire_begin(out);
    pnas_wire_put_int(out, message->job_id);
    pnas_wire_put_int(out, message->job.level);
    pnas_wire_put_int(out, message->job.index);
    pnas_wire_put_int(out, message->job.cost);
    pnas_wire_put_int(out, message->job.from);
    pnas_wire_put_int(out, message->job.until);
    pnas_wire_put_int(out, message->job.epochs);
    pnas_wire_put_double(out, message->job.before);
    pnas_wire_put_cell(out, &message->job.cell);
    return pnas_wire_finish(out);
}

pnas_status pnas_unpack_job(const void *data, size_t size, pnas_job_message *out)
{
    pnas_wire_reader from;
    *out = (pnas_job_message){0};
    pnas_wire_open(&from, data, size);
    out->job_id = pnas_wire_get_int(&from, 0, INT64_MAX);
    out->job.level = (int)pnas_wire_get_int(&from, 0, INT32_MAX);
    out->job.index = (int)pnas_wire_get_int(&from, 0, INT32_MAX);
    out->job.cost = pnas_wire_get_int(&from, INT64_MIN, INT64_MAX);
    out->job.from = (int)pnas_wire_get_int(&from, 0, EPOCHS_MAX);
    out->job.until = (int)pnas_wire_get_int(&from, 0, EPOCHS_MAX);
    out->job.epochs = (int)pnas_wire_get_int(&from, 0, EPOCHS_MAX);
    out->job.before = pnas_wire_get_double(&from);
    pnas_wire_get_cell(&from, &out->job.cell);
    return pnas_wire_close(&from, "a job");
}

pnas_status pnas_pack_job_result(const pnas_job_result *message, pnas_wire_writer *out)
{
    pnas_wire_begin(out);
    pnas_wire_put_int(out, message->job_id);
    pnas_wire_put_int(out, message->status);
    if (message->status == PNAS_OK)
        put_result(out, &message->result);
    else
        pnas_wire_put_text(out, message->reason);
    return pnas_wire_finish(out);
}

pnas_status pnas_unpack_job_result(const void *data, size_t size, pnas_job_result *out)
{
    pnas_wire_reader from;
    *out = (pnas_job_result){0};
    pnas_wire_open(&from, data, size);
    out->job_id = pnas_wire_get_int(&from, 0, INT64_MAX);
    out->status = get_status(&from);
    pnas_status status = PNAS_OK;
    if (out->status == PNAS_OK)
        status = get_result(&from, &out->result);
    else
        pnas_wire_get_text(&from, out->reason, sizeof out->reason);
    if (status == PNAS_OK)
        status = pnas_wire_close(&from, "a result");
    if (status != PNAS_OK)
        pnas_result_clear(&out->result);
    return status;
}

pnas_status pnas_pack_task(const pnas_task_message *message, pnas_wire_writer *out)
{
    pnas_wire_begin(out);
    pnas_wire_put_int(out, message->ticket);
    pnas_wire_put_int(out, message->status);
    pnas_wire_put_double(out, message->start);
    pnas_wire_put_double(out, message->seconds);
    pnas_wire_put_bytes(out, message->data, message->size);
    return pnas_wire_finish(out);
}

pnas_status pnas_unpack_task(const void *data, size_t size, pnas_task_message *out)
{
    pnas_wire_reader from;
    *out = (pnas_task_message){0};
    pnas_wire_open(&from, data, size);
    out->ticket = pnas_wire_get_int(&from, 0, INT64_MAX);
    out->status = get_status(&from);
    out->start = pnas_wire_get_double(&from);
    out->seconds = pnas_wire_get_double(&from);
    out->data = pnas_wire_get_bytes(&from, &out->size);
    return pnas_wire_close(&from, "a task");
}

pnas_status pnas_pack_status(const pnas_status_message *message, pnas_wire_writer *out)
{
    pnas_wire_begin(out);
    pnas_wire_put_int(out, message->status);
    pnas_wire_put_text(out, message->reason);
    return pnas_wire_finish(out);
}

pnas_status pnas_unpack_status(const void *data, size_t size, pnas_status_message *out)
{
    pnas_wire_reader from;
    pnas_wire_open(&from, data, size);
    out->status = get_status(&from);
    pnas_wire_get_text(&from, out->reason, sizeof out->reason);
    return pnas_wire_close(&from, "a status");
}
