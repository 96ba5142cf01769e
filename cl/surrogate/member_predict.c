#include "cl/surrogate/member_predict.h"

#include <stdlib.h>

/* Prediction: cells of one length in wide batches, so that the matrix products are worth their launch. */

enum { ROWS_MAX = 2048, ROWS_STEP = 64 }; /* a batch is some 30 ms on one core */

typedef struct {
    pnas_member *member;
    int tokens; /* of each cell of this length */
    pnas_network_work work;
    pnas_launch_list list;
    cl_int *token;        /* [T][R] */
    float *output;        /* [R]; before it is read, the logits beside */
    const double *beside; /* of all cells; NULL: none */
} member_prediction;

static void release(member_prediction *p)
{
    pnas_launch_clear(&p->list);
    pnas_network_work_release(&p->member->network, &p->work);
    free(p->token);
    free(p->output);
}

static pnas_status prepare(member_prediction *p, float share, size_t count)
{
    pnas_member *member = p->member;
    size_t rows = (count + ROWS_STEP - 1) / ROWS_STEP * ROWS_STEP;
    rows = rows > ROWS_MAX ? ROWS_MAX : rows;
    p->token = calloc(rows * (size_t)p->tokens, sizeof *p->token);
    p->output = malloc(rows * sizeof *p->output);
    PNAS_CHECK(p->token && p->output, PNAS_ERROR_MEMORY, "no memory for predictions");
    PNAS_TRY(pnas_network_work_create(member->cl, &member->network, (int)rows, p->tokens, false, &p->work));
    pnas_network_set_beside(&member->network, share, &p->work);
    return pnas_network_forward_append(member->cl, &p->list, &member->network, member->parameters, &p->work,
                                       p->tokens);
}

static pnas_status write_beside(member_prediction *p, const size_t *index, size_t count)
{
    if (!p->beside)
        return PNAS_OK;
    for (size_t r = 0; r < count; ++r)
        p->output[r] = (float)p->beside[index[r]];
    return pnas_buffer_write(p->member->cl, p->work.beside, 0, count * sizeof *p->output, p->output);
}

/* Predicts the cells that index[0 .. count) names. */
static pnas_status predict_batch(member_prediction *p, const pnas_cell *cells, const size_t *index,
                                 size_t count, double *out)
{
    pnas_cl *cl = p->member->cl;
    size_t rows = (size_t)p->work.rows;
    cl_int token[4 * PNAS_BLOCKS_MAX];
    for (size_t r = 0; r < count; ++r) {
        PNAS_TRY(pnas_network_encode(&p->member->network, &cells[index[r]], token));
        for (int t = 0; t < p->tokens; ++t)
            p->token[(size_t)t * rows + r] = token[t];
    }
    PNAS_TRY(pnas_buffer_write(cl, p->work.token, 0, rows * (size_t)p->tokens * sizeof *p->token, p->token));
    PNAS_TRY(write_beside(p, index, count));
    PNAS_TRY(pnas_launch_run(cl, &p->list, NULL));
    PNAS_TRY(pnas_buffer_read(cl, p->work.loss.output, 0, count * sizeof *p->output, p->output));
    for (size_t r = 0; r < count; ++r)
        out[index[r]] = p->output[r];
    return pnas_member_poll(p->member);
}

static pnas_status predict_length(pnas_member *member, int blocks, const pnas_cell *cells,
                                  const pnas_beside *beside, const size_t *index, size_t count, double *out)
{
    member_prediction p = {.member = member, .tokens = 4 * blocks, .beside = beside->logit};
    pnas_status status;
    PNAS_TRY_CLEANUP(prepare(&p, beside->logit ? beside->share : 0, count));
    for (size_t first = 0, batch; first < count; first += batch) {
        batch = count - first < (size_t)p.work.rows ? count - first : (size_t)p.work.rows;
        PNAS_TRY_CLEANUP(predict_batch(&p, cells, index + first, batch, out));
    }
cleanup:
    release(&p);
    return status;
}

uint64_t pnas_member_predict_bytes(const pnas_network *network, int blocks)
{
    return pnas_network_work_bytes(network, ROWS_MAX, 4 * blocks, false);
}

pnas_status pnas_member_predict(pnas_member *member, const pnas_cell *cells, size_t count, double *out)
{
    return pnas_member_predict_beside(member, cells, &(pnas_beside){0}, count, out);
}

pnas_status pnas_member_predict_beside(pnas_member *member, const pnas_cell *cells, const pnas_beside *beside,
                                       size_t count, double *out)
{
    pnas_status status = PNAS_OK;
    PNAS_TRY(pnas_member_check_cells(member, cells, count));
    size_t *index = malloc((count ? count : 1) * sizeof *index);
    PNAS_CHECK(index, PNAS_ERROR_MEMORY, "no memory for predictions");
    for (int blocks = 1; status == PNAS_OK && blocks <= member->blocks; ++blocks) {
        size_t found = 0;
        for (size_t i = 0; i < count; ++i)
            if (cells[i].blocks == blocks)
                index[found++] = i;
        if (found > 0)
            status = predict_length(member, blocks, cells, beside, index, found, out);
    }
    free(index);
    return status;
}
