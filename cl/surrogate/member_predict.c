#include "cl/surrogate/member_predict.h"

#include <stdlib.h>

/* Prediction: cells of one length in wide batches, so that the matrix products are worth their launch. */

enum { ROWS_MAX = 2048, ROWS_STEP = 64 }; /* a batch is some 30 ms on one core */

typedef struct {
    pnas_member *member;
    int tokens; /* of each cell of this length */
    pnas_network_work work;
    pnas_launch_list list;
    cl_int *token; /* [T][R] */
    float *output; /* [R] */
} member_prediction;

static void release(member_prediction *p)
{
    pnas_launch_clear(&p->list);
    pnas_network_work_release(&p->member->network, &p->work);
    free(p->token);
    free(p->output);
}

static pnas_status prepare(member_prediction *p, size_t count)
{
    pnas_member *member = p->member;
    size_t rows = (count + ROWS_STEP - 1) / ROWS_STEP * ROWS_STEP;
    rows = rows > ROWS_MAX ? ROWS_MAX : rows;
    p->token = calloc(rows * (size_t)p->tokens, sizeof *p->token);
    p->output = malloc(rows * sizeof *p->output);
    PNAS_CHECK(p->token && p->output, PNAS_ERROR_MEMORY, "no memory for predictions");
    PNAS_TRY(pnas_network_work_create(member->cl, &member->network, (int)rows, p->tokens, false, &p->work));
    return pnas_network_forward_append(member->cl, &p->list, &member->network, member->parameters, &p->work,
                                       p->tokens);
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
    PNAS_TRY(pnas_launch_run(cl, &p->list, NULL));
    PNAS_TRY(pnas_buffer_read(cl, p->work.loss.output, 0, count * sizeof *p->output, p->output));
    for (size_t r = 0; r < count; ++r)
        out[index[r]] = p->output[r];
    return pnas_member_poll(p->member);
}

static pnas_status predict_length(pnas_member *member, int blocks, const pnas_cell *cells,
                                  const size_t *index, size_t count, double *out)
{
    member_prediction p = {.member = member, .tokens = 4 * blocks};
    pnas_status status;
    PNAS_TRY_CLEANUP(prepare(&p, count));
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
            status = predict_length(member, blocks, cells, index, found, out);
    }
    free(index);
    return status;
}
