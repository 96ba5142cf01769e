#include "src/run/surrogate_ranks.h"

#include "mpi/wire.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct pnas_surrogate_ranks {
    pnas_ensemble *ensemble;
    pnas_scheduler *scheduler;
    pnas_helper helper;
    pnas_rank_span *fit_span, *score_span, *taken; /* rank 0: [ranks] */
};

typedef enum { TASK_FIT, TASK_KERNEL, TASK_PREDICT } task_kind;

#define CELL_BYTES 8 /* of a cell in a message, at least: the number of its blocks */

/* --- on whatever rank a task comes to --- */

typedef struct {
    task_kind kind;
    int member, level; /* FIT */
    size_t count;
    const pnas_cell *cells; /* [count]; of a task that was read, owned */
    const double *accuracy; /* FIT, KERNEL: [count]; likewise */
} surrogate_task;

static void clear_task(surrogate_task *task)
{
    free((void *)task->cells);
    free((void *)task->accuracy);
}

static pnas_status read_task(const pnas_ensemble *ensemble, const void *data, size_t size,
                             surrogate_task *out)
{
    pnas_wire_reader from;
    pnas_wire_open(&from, data, size);
    *out = (surrogate_task){0};
    out->kind = (task_kind)pnas_wire_get_int(&from, TASK_FIT, TASK_PREDICT);
    out->member = (int)pnas_wire_get_int(&from, 0, pnas_ensemble_members(ensemble) - 1);
    out->level = (int)pnas_wire_get_int(&from, 0, PNAS_BLOCKS_MAX);
    out->count = pnas_wire_get_count(&from, CELL_BYTES);
    pnas_cell *cells = malloc(out->count * sizeof *cells + 1);
    double *accuracy = malloc(out->count * sizeof *accuracy + 1);
    out->cells = cells;
    out->accuracy = accuracy;
    PNAS_CHECK(cells && accuracy, PNAS_ERROR_MEMORY, "no memory for %zu cells", out->count);
    for (size_t i = 0; i < out->count; i++)
        pnas_wire_get_cell(&from, &cells[i]);
    if (out->kind != TASK_PREDICT)
        pnas_wire_get_doubles(&from, accuracy, out->count);
    return pnas_wire_close(&from, "a task of the surrogate");
}

/* The reply: the member's weights. */
static pnas_status fit_here(pnas_ensemble *ensemble, const surrogate_task *task, pnas_wire_writer *reply)
{
    size_t count = pnas_ensemble_weight_count(ensemble);
    float *weights = malloc(count * sizeof *weights + 1);
    pnas_status status;
    PNAS_CHECK(weights, PNAS_ERROR_MEMORY, "no memory for %zu weights of the surrogate", count);
    PNAS_TRY_CLEANUP(pnas_ensemble_fit_member(ensemble, task->member, task->level, task->cells,
                                              task->accuracy, task->count));
    PNAS_TRY_CLEANUP(pnas_ensemble_read(ensemble, task->member, weights));
    pnas_wire_put_floats(reply, weights, count);
cleanup:
    free(weights);
    return status;
}

static void put_kernel(const float *values, size_t count, pnas_wire_writer *to)
{
    pnas_wire_put_int(to, (int64_t)count);
    pnas_wire_put_floats(to, values, count);
}

/* The reply: the values of the kernel part. */
static pnas_status fit_kernel_here(pnas_ensemble *ensemble, const surrogate_task *task,
                                   pnas_wire_writer *reply)
{
    size_t count;
    PNAS_TRY(pnas_ensemble_fit_kernel(ensemble, task->cells, task->accuracy, task->count));
    const float *values = pnas_ensemble_kernel(ensemble, &count);
    put_kernel(values, count, reply);
    return PNAS_OK;
}

/* The reply: all means, then all spreads. */
static pnas_status predict_here(pnas_ensemble *ensemble, const surrogate_task *task, pnas_wire_writer *reply)
{
    size_t count = task->count;
    double *mean = malloc(2 * count * sizeof *mean + 1);
    PNAS_CHECK(mean, PNAS_ERROR_MEMORY, "no memory for predictions of %zu cells", count);
    pnas_status status = pnas_ensemble_predict(ensemble, task->cells, count, mean, mean + count);
    pnas_wire_put_doubles(reply, mean, status == PNAS_OK ? 2 * count : 0);
    free(mean);
    return status;
}

static pnas_status do_task(pnas_ensemble *ensemble, const surrogate_task *task, pnas_wire_writer *reply)
{
    if (task->kind == TASK_FIT)
        return fit_here(ensemble, task, reply);
    if (task->kind == TASK_KERNEL)
        return fit_kernel_here(ensemble, task, reply);
    return predict_here(ensemble, task, reply);
}

static pnas_status perform(void *payload, const void *data, size_t size, pnas_tick tick, void *tick_payload,
                           void **reply, size_t *reply_size)
{
    pnas_ensemble *ensemble = ((pnas_surrogate_ranks *)payload)->ensemble;
    pnas_wire_writer to = {0};
    surrogate_task task;
    pnas_status status;
    pnas_wire_begin(&to);
    PNAS_TRY_CLEANUP(read_task(ensemble, data, size, &task));
    pnas_ensemble_set_tick(ensemble, tick, tick_payload);
    status = do_task(ensemble, &task, &to);
    pnas_ensemble_set_tick(ensemble, NULL, NULL);
    PNAS_TRY_CLEANUP(status);
    status = pnas_wire_finish(&to);
cleanup:
    clear_task(&task);
    *reply = to.data;
    *reply_size = to.size;
    return status;
}

typedef struct {   /* of the kernel part */
    float *values; /* [count], owned; NULL where there is none */
    size_t count;
} kernel_values;

static pnas_status get_kernel(pnas_wire_reader *from, kernel_values *out)
{
    out->count = pnas_wire_get_count(from, sizeof(float));
    out->values = malloc(out->count * sizeof *out->values + 1);
    PNAS_CHECK(out->values, PNAS_ERROR_MEMORY, "no memory for the surrogate's kernel part");
    pnas_wire_get_floats(from, out->values, out->count);
    return PNAS_OK;
}

/* An update: what the weights are for, then those of each member and of the kernel part. */
typedef enum { UPDATE_FITTED, UPDATE_START } update_kind;

static pnas_status read_update(pnas_ensemble *ensemble, pnas_wire_reader *from, float *weights,
                               kernel_values *kernel)
{
    size_t count = pnas_ensemble_weight_count(ensemble), members = (size_t)pnas_ensemble_members(ensemble);
    update_kind kind = (update_kind)pnas_wire_get_int(from, UPDATE_FITTED, UPDATE_START);
    pnas_wire_get_floats(from, weights, members * count);
    PNAS_TRY(get_kernel(from, kernel));
    PNAS_TRY(pnas_wire_close(from, "the surrogate's weights"));
    PNAS_TRY((kind == UPDATE_START ? pnas_ensemble_start_kernel
                                   : pnas_ensemble_write_kernel)(ensemble, kernel->values, kernel->count));
    for (int m = 0; m < (int)members; m++, weights += count)
        PNAS_TRY(kind == UPDATE_START ? pnas_ensemble_start_from(ensemble, m, weights)
                                      : pnas_ensemble_write(ensemble, m, weights));
    return PNAS_OK;
}

static float *make_weights(const pnas_ensemble *ensemble)
{
    return malloc((size_t)pnas_ensemble_members(ensemble) * pnas_ensemble_weight_count(ensemble) *
                  sizeof(float));
}

static pnas_status update(void *payload, const void *data, size_t size)
{
    pnas_ensemble *ensemble = ((pnas_surrogate_ranks *)payload)->ensemble;
    float *weights = make_weights(ensemble);
    kernel_values kernel = {0};
    pnas_wire_reader from;
    PNAS_CHECK(weights, PNAS_ERROR_MEMORY, "no memory for the surrogate's weights");
    pnas_wire_open(&from, data, size);
    pnas_status status = read_update(ensemble, &from, weights, &kernel);
    free(weights);
    free(kernel.values);
    return status;
}

/* --- on rank 0 --- */

/* Adds to `into` what the ranks did since the last call. */
static void take_spans(pnas_surrogate_ranks *ranks, pnas_rank_span *into)
{
    pnas_scheduler_take_spans(ranks->scheduler, ranks->taken);
    for (int rank = 0; rank < pnas_scheduler_ranks(ranks->scheduler); rank++) {
        const pnas_rank_span *taken = &ranks->taken[rank];
        if (taken->end <= 0)
            continue;
        into[rank].start = into[rank].end > 0 ? fmin(into[rank].start, taken->start) : taken->start;
        into[rank].end = fmax(into[rank].end, taken->end);
    }
}

static void forget_spans(pnas_surrogate_ranks *ranks)
{
    size_t size = (size_t)pnas_scheduler_ranks(ranks->scheduler) * sizeof *ranks->fit_span;
    memset(ranks->fit_span, 0, size);
    memset(ranks->score_span, 0, size);
}

typedef struct { /* tasks of one kind, and the messages that they are */
    size_t count;
    pnas_task *task;           /* [count] */
    pnas_wire_writer *message; /* [count] */
} task_list;

static pnas_status make_tasks(size_t count, task_list *out)
{
    *out = (task_list){count, calloc(count, sizeof *out->task), calloc(count, sizeof *out->message)};
    PNAS_CHECK(out->task && out->message, PNAS_ERROR_MEMORY, "no memory to share the surrogate's work");
    return PNAS_OK;
}

static void free_tasks(task_list *list)
{
    for (size_t i = 0; list->message && i < list->count; i++)
        pnas_wire_clear(&list->message[i]);
    free(list->task);
    free(list->message);
}

/* `task`: what read_task is to read again. */
static pnas_status write_task(task_list *list, size_t index, const surrogate_task *task)
{
    pnas_wire_writer *to = &list->message[index];
    pnas_wire_begin(to);
    pnas_wire_put_int(to, task->kind);
    pnas_wire_put_int(to, task->member);
    pnas_wire_put_int(to, task->level);
    pnas_wire_put_int(to, (int64_t)task->count);
    for (size_t i = 0; i < task->count; i++)
        pnas_wire_put_cell(to, &task->cells[i]);
    if (task->kind != TASK_PREDICT)
        pnas_wire_put_doubles(to, task->accuracy, task->count);
    PNAS_TRY(pnas_wire_finish(to));
    list->task[index] = (pnas_task){to->data, to->size};
    return PNAS_OK;
}

typedef struct {
    float *weights; /* [members][count] */
    size_t members, count;
    kernel_values kernel; /* of the task behind those of the members, if there is one */
} fit_replies;

static pnas_status take_weights(void *payload, size_t index, const void *reply, size_t size)
{
    fit_replies *replies = payload;
    pnas_wire_reader from;
    pnas_wire_open(&from, reply, size);
    if (index == replies->members) {
        PNAS_TRY(get_kernel(&from, &replies->kernel));
        return pnas_wire_close(&from, "the kernel part of the surrogate");
    }
    pnas_wire_get_floats(&from, replies->weights + index * replies->count, replies->count);
    return pnas_wire_close(&from, "the weights of a member of the surrogate");
}

/* All ranks hold these weights ([members][count]). */
static pnas_status send_update(pnas_surrogate_ranks *ranks, const float *weights, const kernel_values *kernel,
                               update_kind kind)
{
    const pnas_ensemble *ensemble = ranks->ensemble;
    pnas_wire_writer to = {0};
    pnas_wire_begin(&to);
    pnas_wire_put_int(&to, kind);
    pnas_wire_put_floats(&to, weights,
                         (size_t)pnas_ensemble_members(ensemble) * pnas_ensemble_weight_count(ensemble));
    put_kernel(kernel->values, kernel->count, &to);
    pnas_status status = pnas_wire_finish(&to);
    if (status == PNAS_OK)
        status = pnas_scheduler_update(ranks->scheduler, to.data, to.size);
    pnas_wire_clear(&to);
    return status;
}

static pnas_status fit(void *payload, int level, const pnas_cell *cells, const double *accuracy, size_t count)
{
    pnas_surrogate_ranks *ranks = payload;
    size_t members = (size_t)pnas_ensemble_members(ranks->ensemble);
    size_t tasks = members + pnas_ensemble_has_kernel(ranks->ensemble);
    fit_replies replies = {
        make_weights(ranks->ensemble), members, pnas_ensemble_weight_count(ranks->ensemble), {0}};
    task_list list;
    pnas_status status;
    PNAS_TRY_CLEANUP(make_tasks(tasks, &list));
    PNAS_CHECK_CLEANUP(replies.weights, PNAS_ERROR_MEMORY, "no memory for the surrogate's weights");
    for (size_t i = 0; i < tasks; i++) {
        bool kernel = i == members;
        const surrogate_task task = {
            kernel ? TASK_KERNEL : TASK_FIT, kernel ? 0 : (int)i, level, count, cells, accuracy};
        PNAS_TRY_CLEANUP(write_task(&list, i, &task));
    }
    forget_spans(ranks);
    PNAS_TRY_CLEANUP(pnas_scheduler_share(ranks->scheduler, list.task, tasks, take_weights, &replies));
    take_spans(ranks, ranks->fit_span);
    PNAS_TRY_CLEANUP(send_update(ranks, replies.weights, &replies.kernel, UPDATE_FITTED));
cleanup:
    free(replies.weights);
    free(replies.kernel.values);
    free_tasks(&list);
    return status;
}

typedef struct {
    double *mean, *spread; /* [count] */
    size_t count;
} predict_replies;

static size_t piece_size(size_t index, size_t count)
{
    size_t left = count - index * PNAS_ENSEMBLE_PIECE;
    return left < PNAS_ENSEMBLE_PIECE ? left : PNAS_ENSEMBLE_PIECE;
}

static pnas_status take_predictions(void *payload, size_t index, const void *reply, size_t size)
{
    const predict_replies *replies = payload;
    size_t first = index * PNAS_ENSEMBLE_PIECE, count = piece_size(index, replies->count);
    pnas_wire_reader from;
    pnas_wire_open(&from, reply, size);
    pnas_wire_get_doubles(&from, replies->mean + first, count);
    pnas_wire_get_doubles(&from, replies->spread + first, count);
    return pnas_wire_close(&from, "predictions of the surrogate");
}

static pnas_status predict(void *payload, const pnas_cell *cells, size_t count, double *mean, double *spread)
{
    pnas_surrogate_ranks *ranks = payload;
    size_t pieces = (count + PNAS_ENSEMBLE_PIECE - 1) / PNAS_ENSEMBLE_PIECE;
    predict_replies replies = {mean, spread, count};
    task_list list;
    pnas_status status;
    PNAS_TRY_CLEANUP(make_tasks(pieces, &list));
    for (size_t i = 0; i < pieces; i++) {
        const surrogate_task piece = {
            .kind = TASK_PREDICT, .count = piece_size(i, count), .cells = cells + i * PNAS_ENSEMBLE_PIECE};
        PNAS_TRY_CLEANUP(write_task(&list, i, &piece));
    }
    PNAS_TRY_CLEANUP(pnas_scheduler_share(ranks->scheduler, list.task, pieces, take_predictions, &replies));
    take_spans(ranks, ranks->score_span);
cleanup:
    free_tasks(&list);
    return status;
}

static pnas_status send_own(pnas_surrogate_ranks *ranks, update_kind kind)
{
    size_t count = pnas_ensemble_weight_count(ranks->ensemble);
    float *weights = make_weights(ranks->ensemble);
    pnas_status status = PNAS_OK;
    PNAS_CHECK(weights, PNAS_ERROR_MEMORY, "no memory for the surrogate's weights");
    for (int m = 0; m < pnas_ensemble_members(ranks->ensemble) && status == PNAS_OK; m++)
        status = pnas_ensemble_read(ranks->ensemble, m, weights + (size_t)m * count);
    if (status == PNAS_OK) {
        kernel_values kernel = {0};
        kernel.values = (float *)pnas_ensemble_kernel(ranks->ensemble, &kernel.count);
        status = send_update(ranks, weights, &kernel, kind);
    }
    free(weights);
    return status;
}

pnas_status pnas_surrogate_ranks_broadcast(pnas_surrogate_ranks *ranks)
{
    return send_own(ranks, UPDATE_FITTED);
}

pnas_status pnas_surrogate_ranks_start(pnas_surrogate_ranks *ranks)
{
    return send_own(ranks, UPDATE_START);
}

const pnas_rank_span *pnas_surrogate_ranks_fit_spans(const pnas_surrogate_ranks *ranks)
{
    return ranks->fit_span;
}

const pnas_rank_span *pnas_surrogate_ranks_score_spans(const pnas_surrogate_ranks *ranks)
{
    return ranks->score_span;
}

/* --- begin and end --- */

static pnas_status make_spans(pnas_surrogate_ranks *ranks)
{
    size_t count = (size_t)pnas_scheduler_ranks(ranks->scheduler);
    ranks->fit_span = calloc(count, sizeof *ranks->fit_span);
    ranks->score_span = calloc(count, sizeof *ranks->score_span);
    ranks->taken = calloc(count, sizeof *ranks->taken);
    PNAS_CHECK(ranks->fit_span && ranks->score_span && ranks->taken, PNAS_ERROR_MEMORY,
               "no memory for a timeline of %zu ranks", count);
    return PNAS_OK;
}

pnas_status pnas_surrogate_ranks_create(pnas_cl *cl, const pnas_surrogate_options *options,
                                        const pnas_space *space, pnas_scheduler *scheduler,
                                        pnas_surrogate_ranks **out)
{
    pnas_surrogate_ranks *ranks = calloc(1, sizeof *ranks);
    *out = NULL;
    PNAS_CHECK(ranks, PNAS_ERROR_MEMORY, "no memory for a surrogate");
    ranks->scheduler = scheduler;
    pnas_status status = pnas_ensemble_create(cl, options, space, &ranks->ensemble);
    if (status == PNAS_OK)
        status = make_spans(ranks);
    if (status != PNAS_OK) {
        pnas_surrogate_ranks_destroy(&ranks);
        return status;
    }
    ranks->helper = (pnas_helper){perform, update, ranks};
    pnas_scheduler_set_helper(scheduler, &ranks->helper);
    *out = ranks;
    return PNAS_OK;
}

void pnas_surrogate_ranks_destroy(pnas_surrogate_ranks **ranks)
{
    if (!*ranks)
        return;
    pnas_scheduler_set_helper((*ranks)->scheduler, NULL);
    pnas_ensemble_destroy(&(*ranks)->ensemble);
    free((*ranks)->fit_span);
    free((*ranks)->score_span);
    free((*ranks)->taken);
    free(*ranks);
    *ranks = NULL;
}

pnas_ensemble *pnas_surrogate_ranks_ensemble(pnas_surrogate_ranks *ranks)
{
    return ranks->ensemble;
}

pnas_surrogate pnas_surrogate_ranks_surrogate(pnas_surrogate_ranks *ranks)
{
    return (pnas_surrogate){fit, predict, ranks};
}
