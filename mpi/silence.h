/* Ranks that do not answer while the others stop: a process that was stopped by SIGSTOP, that hangs in a driver, or
 * that is on a node which is gone. Nobody waits for them for ever.
 *
 * When a rank still waits for others PNAS_SILENCE_SECONDS after a stop was asked for, it calls the roll: every rank
 * that gets to its waits or ticks answers, and says whether children of its lanes are still being stopped. Who does
 * not answer within PNAS_ANSWER_SECONDS is silent. As soon as some are silent and no other is at work any more, the
 * lowest rank that answers ends the program for all. Who answers is waited for as long as it takes.
 *
 * To be called by the thread that speaks MPI. Local unless said. */
#ifndef PNAS_MPI_SILENCE_H
#define PNAS_MPI_SILENCE_H

#include "src/base/status.h"

#include <stdbool.h>

#define PNAS_SILENCE_SECONDS 12
#define PNAS_ANSWER_SECONDS  3

typedef struct {                 /* what this rank has to do before the program ends; each may be NULL */
    void (*stop)(void *payload); /* gives up what runs in other threads; may be called again */
    bool (*busy)(void *payload); /* some of that has not ended yet */
    void (*keep)(void *payload); /* writes what is there */
    void *payload;
} pnas_silence_work;

/* Collective, once all are here: after MPI has begun and whenever ranks get other numbers. */
pnas_status pnas_silence_start(void);
void pnas_silence_end(void);                               /* collective */
void pnas_silence_set_work(const pnas_silence_work *work); /* copied; NULL: there is none */

/* The run ends, also without a stop request here. */
void pnas_silence_expect_end(void);

/* In every wait for other ranks. True: some are silent, and it is this rank that ends the program, which has been
 * said in a warning. */
bool pnas_silence_look(void);

/* In ticks of what is no wait: only answers. */
void pnas_silence_answer(void);

bool pnas_silence_is(int rank); /* after pnas_silence_look() was true */

/* After it was true: keeps what is there and ends the program on all ranks with exit code 75. */
_Noreturn void pnas_silence_leave(void);

#endif
