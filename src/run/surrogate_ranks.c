/* Requests and replies are plain memory: the ranks of a run are one program on machines of one kind. */
#include "src/run/surrogate_ranks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct pnas_surrogate_ranks {
    pnas_ensemble *ensemble;
    pnas_scheduler *scheduler;
    pnas_helper helper;
    pnas_rank_span *fit_span, *score_span, *taken; /* rank 0: [ranks] */
};

typedef enum { WHAT_FIT, WHAT_PREDICT } what_kind;

typedef struct { /* a request begins with this; for WHAT_FIT accuracies follow, then cells */
    int32_t what, member, level;
    uint32_t count; /* cells */
} request_head;

/* --- on whatever rank a request comes to --- */

static pnas_status allocate_reply(size_t size, void **reply, size_t *reply_size)
{
    *reply = malloc(size);
    *reply_size = size;
    PNAS_CHECK(*reply, PNAS_ERROR_MEMORY, "no memory for the surrogate's share of %zu bytes", size);
    return PNAS_OK;
}

static pnas_status fit_here(pnas_ensemble *ensemble, const request_head *head, const void *data, void **reply,
                            size_t *reply_size)
{
    size_t accuracy_bytes = head->count * sizeof(double), cell_bytes = head->count * sizeof(pnas_cell);
    double *accuracy = malloc(accuracy_bytes + 1);
    pnas_cell *cells = malloc(cell_bytes + 1);
    pnas_status status;
    PNAS_CHECK_CLEANUP(accuracy && cells, PNAS_ERROR_MEMORY, "no memory for %u cells", head->count);
    memcpy(accuracy, data, accuracy_bytes);
    memcpy(cells, (const char *)data + accuracy_bytes, cell_bytes);
    PNAS_TRY_CLEANUP(
        pnas_ensemble_fit_member(ensemble, head->member, head->level, cells, accuracy, head->count));
    PNAS_TRY_CLEANUP(allocate_reply(pnas_ensemble_weight_count(ensemble) * sizeof(float), reply, reply_size));
    PNAS_TRY_CLEANUP(pnas_ensemble_read(ensemble, head->member, *reply));
cleanup:
    free(accuracy);
    free(cells);
    return status;
}

static pnas_status predict_here(pnas_ensemble *ensemble, const request_head *head, const void *data,
                                void **reply, size_t *reply_size)
{
    size_t count = head->count;
    pnas_cell *cells = malloc(count * sizeof *cells + 1);
    pnas_status status;
    PNAS_CHECK_CLEANUP(cells, PNAS_ERROR_MEMORY, "no memory for %zu cells", count);
    memcpy(cells, data, count * sizeof *cells);
    PNAS_TRY_CLEANUP(allocate_reply(2 * count * sizeof(double), reply, reply_size));
    double *mean = *reply;
    PNAS_TRY_CLEANUP(pnas_ensemble_predict(ensemble, cells, count, mean, mean + count));
cleanup:
    free(cells);
    return status;
}

static size_t expected_size(const request_head *head)
{
    return sizeof *head + head->count * (sizeof(pnas_cell) + (head->what == WHAT_FIT ? sizeof(double) : 0));
}

static pnas_status perform(void *payload, const void *request, size_t size, pnas_tick tick,
                           void *tick_payload, void **reply, size_t *reply_size)
{
    pnas_ensemble *ensemble = ((pnas_surrogate_ranks *)payload)->ensemble;
    request_head head = {0};
    if (size >= sizeof head)
        memcpy(&head, request, sizeof head);
    PNAS_CHECK(size >= sizeof head && size == expected_size(&head), PNAS_ERROR_INTERNAL,
               "a request to the surrogate cannot be read: are all ranks the same version of the program?");
    const void *data = (const char *)request + sizeof head;
    pnas_ensemble_set_tick(ensemble, tick, tick_payload);
    pnas_status status = head.what == WHAT_FIT ? fit_here(ensemble, &head, data, reply, reply_size)
                                               : predict_here(ensemble, &head, data, reply, reply_size);
    pnas_ensemble_set_tick(ensemble, NULL, NULL);
    return status;
}

/* A notice is the weights of all members, and behind them what they are for. */
typedef enum { NOTICE_FITTED, NOTICE_START } notice_kind;

static size_t notice_size(const pnas_ensemble *ensemble)
{
    size_t members = (size_t)pnas_ensemble_members(ensemble);
    return members * pnas_ensemble_weight_count(ensemble) * sizeof(float) + sizeof(int32_t);
}

static pnas_status heed(void *payload, const void *notice, size_t size)
{
    pnas_ensemble *ensemble = ((pnas_surrogate_ranks *)payload)->ensemble;
    size_t count = pnas_ensemble_weight_count(ensemble);
    const float *weights = notice;
    int32_t kind;
    PNAS_CHECK(size == notice_size(ensemble), PNAS_ERROR_INTERNAL,
               "the surrogate's weights came as %zu bytes: are all ranks the same version of the program?",
               size);
    memcpy(&kind, (const char *)notice + size - sizeof kind, sizeof kind);
    for (int m = 0; m < pnas_ensemble_members(ensemble); m++, weights += count)
        PNAS_TRY(kind == NOTICE_START ? pnas_ensemble_start_from(ensemble, m, weights)
                                      : pnas_ensemble_write(ensemble, m, weights));
    return PNAS_OK;
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

typedef struct { /* requests of one kind, back to back in `bytes` */
    pnas_request *request;
    char *bytes;
    size_t count;
} request_list;

static pnas_status make_requests(size_t count, size_t bytes, request_list *out)
{
    *out = (request_list){calloc(count, sizeof *out->request), malloc(bytes + 1), count};
    PNAS_CHECK(out->request && out->bytes, PNAS_ERROR_MEMORY, "no memory to share the surrogate's work");
    return PNAS_OK;
}

static void free_requests(request_list *list)
{
    free(list->request);
    free(list->bytes);
}

/* Writes request `index` at `at`; returns the place behind it. */
static char *put_request(request_list *list, size_t index, char *at, const request_head *head,
                         const double *accuracy, const pnas_cell *cells)
{
    size_t accuracy_bytes = accuracy ? head->count * sizeof *accuracy : 0;
    memcpy(at, head, sizeof *head);
    if (accuracy)
        memcpy(at + sizeof *head, accuracy, accuracy_bytes);
    memcpy(at + sizeof *head + accuracy_bytes, cells, head->count * sizeof *cells);
    list->request[index] = (pnas_request){at, expected_size(head)};
    return at + list->request[index].size;
}

typedef struct {
    float *weights; /* [members][count]; room for a notice */
    size_t count;
} fit_replies;

static pnas_status take_weights(void *payload, size_t index, const void *reply, size_t size)
{
    fit_replies *replies = payload;
    PNAS_CHECK(size == replies->count * sizeof *replies->weights, PNAS_ERROR_INTERNAL,
               "the weights of the surrogate's member %zu came as %zu bytes", index, size);
    memcpy(replies->weights + index * replies->count, reply, size);
    return PNAS_OK;
}

/* All ranks hold the weights at the beginning of `notice`, which has room for one. */
static pnas_status tell(pnas_surrogate_ranks *ranks, float *notice, notice_kind kind)
{
    size_t size = notice_size(ranks->ensemble);
    const int32_t what = (int32_t)kind;
    memcpy((char *)notice + size - sizeof what, &what, sizeof what);
    return pnas_scheduler_tell(ranks->scheduler, notice, size);
}

static pnas_status fit(void *payload, int level, const pnas_cell *cells, const double *accuracy, size_t count)
{
    pnas_surrogate_ranks *ranks = payload;
    size_t members = (size_t)pnas_ensemble_members(ranks->ensemble);
    request_head head = {WHAT_FIT, 0, level, (uint32_t)count};
    fit_replies replies = {.count = pnas_ensemble_weight_count(ranks->ensemble)};
    request_list list;
    pnas_status status;
    PNAS_TRY_CLEANUP(make_requests(members, members * expected_size(&head), &list));
    replies.weights = malloc(notice_size(ranks->ensemble));
    PNAS_CHECK_CLEANUP(replies.weights, PNAS_ERROR_MEMORY, "no memory for the surrogate's weights");
    char *at = list.bytes;
    for (size_t m = 0; m < members; m++) {
        head.member = (int32_t)m;
        at = put_request(&list, m, at, &head, accuracy, cells);
    }
    forget_spans(ranks);
    PNAS_TRY_CLEANUP(pnas_scheduler_share(ranks->scheduler, list.request, members, take_weights, &replies));
    take_spans(ranks, ranks->fit_span);
    PNAS_TRY_CLEANUP(tell(ranks, replies.weights, NOTICE_FITTED));
cleanup:
    free(replies.weights);
    free_requests(&list);
    return status;
}

typedef struct {
    double *mean, *spread; /* [count] */
    size_t count;
} predict_replies;

static pnas_status take_predictions(void *payload, size_t index, const void *reply, size_t size)
{
    predict_replies *replies = payload;
    size_t first = index * PNAS_ENSEMBLE_PIECE, left = replies->count - first;
    size_t bytes = (left < PNAS_ENSEMBLE_PIECE ? left : PNAS_ENSEMBLE_PIECE) * sizeof *replies->mean;
    PNAS_CHECK(size == 2 * bytes, PNAS_ERROR_INTERNAL, "predictions of %zu cells came as %zu bytes",
               bytes / sizeof *replies->mean, size);
    memcpy(replies->mean + first, reply, bytes);
    memcpy(replies->spread + first, (const char *)reply + bytes, bytes);
    return PNAS_OK;
}

static pnas_status predict(void *payload, const pnas_cell *cells, size_t count, double *mean, double *spread)
{
    pnas_surrogate_ranks *ranks = payload;
    size_t pieces = (count + PNAS_ENSEMBLE_PIECE - 1) / PNAS_ENSEMBLE_PIECE;
    predict_replies replies = {mean, spread, count};
    request_list list;
    pnas_status status;
    PNAS_TRY_CLEANUP(make_requests(pieces, pieces * sizeof(request_head) + count * sizeof *cells, &list));
    char *at = list.bytes;
    for (size_t i = 0; i < pieces; i++) {
        size_t first = i * PNAS_ENSEMBLE_PIECE, left = count - first;
        uint32_t size = (uint32_t)(left < PNAS_ENSEMBLE_PIECE ? left : PNAS_ENSEMBLE_PIECE);
        at = put_request(&list, i, at, &(request_head){WHAT_PREDICT, 0, 0, size}, NULL, cells + first);
    }
    PNAS_TRY_CLEANUP(
        pnas_scheduler_share(ranks->scheduler, list.request, pieces, take_predictions, &replies));
    take_spans(ranks, ranks->score_span);
cleanup:
    free_requests(&list);
    return status;
}

static pnas_status tell_own(pnas_surrogate_ranks *ranks, notice_kind kind)
{
    size_t count = pnas_ensemble_weight_count(ranks->ensemble);
    float *weights = malloc(notice_size(ranks->ensemble));
    pnas_status status = PNAS_OK;
    PNAS_CHECK(weights, PNAS_ERROR_MEMORY, "no memory for the surrogate's weights");
    for (int m = 0; m < pnas_ensemble_members(ranks->ensemble) && status == PNAS_OK; m++)
        status = pnas_ensemble_read(ranks->ensemble, m, weights + (size_t)m * count);
    if (status == PNAS_OK)
        status = tell(ranks, weights, kind);
    free(weights);
    return status;
}

pnas_status pnas_surrogate_ranks_spread(pnas_surrogate_ranks *ranks)
{
    return tell_own(ranks, NOTICE_FITTED);
}

pnas_status pnas_surrogate_ranks_start(pnas_surrogate_ranks *ranks)
{
    return tell_own(ranks, NOTICE_START);
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
    ranks->helper = (pnas_helper){perform, heed, ranks};
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
