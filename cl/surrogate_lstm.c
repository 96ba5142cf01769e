#include "cl/surrogate_lstm.h"

#include "cl/lstm.h"

#include <stdlib.h>

static pnas_status check_options(const pnas_surrogate_options *o)
{
    PNAS_CHECK(o->embedding >= 1 && o->embedding <= 4096, PNAS_ERROR_USAGE,
               "a surrogate's embedding of %d: allowed are 1 to 4096", o->embedding);
    PNAS_CHECK(o->hidden >= 1 && o->hidden <= 4096, PNAS_ERROR_USAGE,
               "a surrogate's hidden state of %d: allowed are 1 to 4096", o->hidden);
    PNAS_CHECK(o->epochs >= 1, PNAS_ERROR_USAGE, "a surrogate's fit of %d epochs: at least 1", o->epochs);
    PNAS_CHECK(o->batch >= 1 && o->batch <= 65536, PNAS_ERROR_USAGE,
               "a surrogate's batch of %d: allowed are 1 to 65536", o->batch);
    return PNAS_OK;
}

pnas_status pnas_lstm_create(pnas_cl *cl, const pnas_surrogate_options *options, const pnas_space *space,
                             pnas_lstm **out)
{
    pnas_status status;
    *out = NULL;
    PNAS_TRY(check_options(options));
    pnas_lstm *lstm = calloc(1, sizeof *lstm);
    PNAS_CHECK(lstm, PNAS_ERROR_MEMORY, "no memory for a surrogate");
    lstm->cl = cl;
    lstm->options = *options;
    lstm->blocks = space->blocks;
    pnas_lstm_layout_make(options, space, &lstm->layout);
    PNAS_TRY_CLEANUP(pnas_buffer_create(cl, lstm->layout.count * sizeof(float), &lstm->parameters));
    *out = lstm;
    return PNAS_OK;
cleanup:
    pnas_lstm_destroy(&lstm);
    return status;
}

void pnas_lstm_destroy(pnas_lstm **lstm)
{
    if (!*lstm)
        return;
    pnas_buffer_release(&(*lstm)->parameters);
    free(*lstm);
    *lstm = NULL;
}

void pnas_lstm_set_tick(pnas_lstm *lstm, pnas_status (*tick)(void *payload), void *payload)
{
    lstm->tick = tick;
    lstm->tick_payload = payload;
}

pnas_status pnas_lstm_pause(pnas_lstm *lstm)
{
    PNAS_TRY(pnas_cl_finish(lstm->cl));
    return lstm->tick ? lstm->tick(lstm->tick_payload) : PNAS_OK;
}

pnas_status pnas_lstm_weights(pnas_lstm *lstm, pnas_named_tensor **out, size_t *count)
{
    size_t bytes = lstm->layout.count * sizeof(float);
    pnas_status status;
    *out = NULL;
    *count = 0;
    PNAS_CHECK(lstm->fitted, PNAS_ERROR_INTERNAL, "a surrogate has no weights before its first fit");
    float *parameters = malloc(bytes);
    PNAS_CHECK(parameters, PNAS_ERROR_MEMORY, "no memory for the surrogate's weights");
    PNAS_TRY_CLEANUP(pnas_buffer_read(lstm->cl, lstm->parameters, 0, bytes, parameters));
    PNAS_TRY_CLEANUP(pnas_lstm_name_weights(&lstm->layout, parameters, out, count));
cleanup:
    free(parameters);
    return status;
}

void pnas_lstm_free_weights(pnas_named_tensor **tensors, size_t count)
{
    for (size_t i = 0; *tensors && i < count; ++i)
        free((*tensors)[i].data);
    free(*tensors);
    *tensors = NULL;
}
