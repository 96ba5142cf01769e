/* Prediction: cells of one length in wide batches, so that the matrix products are worth their launch. */
#include "cl/lstm.h"

#include <stdlib.h>

enum { ROWS_MAX = 2048, ROWS_STEP = 64 }; /* a batch is some 30 ms on one core */

typedef struct {
    pnas_lstm *lstm;
    int tokens; /* of each cell of this length */
    pnas_lstm_work work;
    pnas_launch_list list;
    cl_int *token; /* [T][R] */
    float *output; /* [R] */
} lstm_prediction;

static void release(lstm_prediction *p)
{
    pnas_launch_clear(&p->list);
    pnas_lstm_work_release(&p->work);
    free(p->token);
    free(p->output);
}

static pnas_status prepare(lstm_prediction *p, size_t count)
{
    pnas_lstm *lstm = p->lstm;
    size_t rows = (count + ROWS_STEP - 1) / ROWS_STEP * ROWS_STEP;
    rows = rows > ROWS_MAX ? ROWS_MAX : rows;
    p->token = calloc(rows * (size_t)p->tokens, sizeof *p->token);
    p->output = malloc(rows * sizeof *p->output);
    PNAS_CHECK(p->token && p->output, PNAS_ERROR_MEMORY, "no memory for predictions");
    PNAS_TRY(pnas_lstm_work_create(lstm->cl, &lstm->layout, (int)rows, p->tokens, false, &p->work));
    return pnas_lstm_forward_append(lstm->cl, &p->list, &lstm->layout, lstm->parameters, &p->work, p->tokens);
}

/* Predicts the cells that index[0 .. count) names. */
static pnas_status predict_batch(lstm_prediction *p, const pnas_cell *cells, const size_t *index,
                                 size_t count, double *mean)
{
    pnas_cl *cl = p->lstm->cl;
    size_t rows = (size_t)p->work.rows;
    cl_int token[4 * PNAS_BLOCKS_MAX];
    for (size_t r = 0; r < count; ++r) {
        PNAS_TRY(pnas_lstm_encode(&p->lstm->layout, &cells[index[r]], token));
        for (int t = 0; t < p->tokens; ++t)
            p->token[(size_t)t * rows + r] = token[t];
    }
    PNAS_TRY(pnas_buffer_write(cl, p->work.token, 0, rows * (size_t)p->tokens * sizeof *p->token, p->token));
    PNAS_TRY(pnas_launch_run(cl, &p->list, NULL));
    PNAS_TRY(pnas_buffer_read(cl, p->work.output, 0, count * sizeof *p->output, p->output));
    for (size_t r = 0; r < count; ++r)
        mean[index[r]] = p->output[r];
    return pnas_lstm_pause(p->lstm);
}

static pnas_status predict_length(pnas_lstm *lstm, int blocks, const pnas_cell *cells, const size_t *index,
                                  size_t count, double *mean)
{
    lstm_prediction p = {.lstm = lstm, .tokens = 4 * blocks};
    pnas_status status;
    PNAS_TRY_CLEANUP(prepare(&p, count));
    for (size_t first = 0, batch; first < count; first += batch) {
        batch = count - first < (size_t)p.work.rows ? count - first : (size_t)p.work.rows;
        PNAS_TRY_CLEANUP(predict_batch(&p, cells, index + first, batch, mean));
    }
cleanup:
    release(&p);
    return status;
}

pnas_status pnas_lstm_predict(void *payload, const pnas_cell *cells, size_t count, double *mean,
                              double *spread)
{
    pnas_lstm *lstm = payload;
    pnas_status status = PNAS_OK;
    PNAS_CHECK(lstm->fitted, PNAS_ERROR_INTERNAL, "a surrogate cannot predict before its first fit");
    for (size_t i = 0; i < count; ++i)
        PNAS_CHECK(cells[i].blocks >= 1 && cells[i].blocks <= lstm->blocks, PNAS_ERROR_DATA,
                   "the surrogate was made for cells of 1 to %d blocks, not %d", lstm->blocks,
                   cells[i].blocks);
    size_t *index = malloc((count ? count : 1) * sizeof *index);
    PNAS_CHECK(index, PNAS_ERROR_MEMORY, "no memory for predictions");
    for (int blocks = 1; status == PNAS_OK && blocks <= lstm->blocks; ++blocks) {
        size_t found = 0;
        for (size_t i = 0; i < count; ++i)
            if (cells[i].blocks == blocks)
                index[found++] = i;
        if (found > 0)
            status = predict_length(lstm, blocks, cells, index, found, mean);
    }
    for (size_t i = 0; i < count; ++i)
        spread[i] = 0;
    free(index);
    return status;
}
