/* Inside the cl room: what the LSTM surrogate's fit and prediction share. */
#ifndef PNAS_CL_LSTM_H
#define PNAS_CL_LSTM_H

#include "cl/lstm_model.h"
#include "cl/surrogate_lstm.h"

struct pnas_lstm {
    pnas_cl *cl; /* borrowed */
    pnas_surrogate_options options;
    int blocks; /* B */
    pnas_lstm_layout layout;
    cl_mem parameters;
    bool fitted;
    pnas_status (*tick)(void *payload);
    void *tick_payload;
};

/* Waits for the device and lets the caller of a long call look round. */
pnas_status pnas_lstm_pause(pnas_lstm *lstm);

#endif
