#include "mpi/silence.h"

#include "mpi/abort.h"
#include "mpi/communicator.h"
#include "mpi/stop_signal.h"
#include "src/base/clock.h"
#include "src/base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_BETWEEN_LOOKS 0.02
#define HOST_MAX              64

/* The messages are empty, so that none of them ever waits for its receiver. */
enum { TAG_CALL = 1, TAG_READY, TAG_AT_WORK };

typedef enum { SILENT, READY, AT_WORK } rank_answer;

static struct {
    MPI_Comm comm;
    int rank, ranks;
    char (*host)[HOST_MAX]; /* [ranks] */
    rank_answer *answer;    /* [ranks], to the last call */
    pnas_silence_work work;
    double looked, answered; /* one must not take the other's turn */
    bool ending;             /* the others are waited for no longer than PNAS_SILENCE_SECONDS */
    double since;            /* when that began */
    double called;           /* the last call; 0: none */
    bool found;
} roll = {.comm = MPI_COMM_NULL};

static pnas_status gather_hosts(void)
{
    char host[MPI_MAX_PROCESSOR_NAME] = "?", mine[HOST_MAX] = "";
    int length = 0;
    PNAS_TRY(pnas_mpi_status(MPI_Get_processor_name(host, &length), "MPI_Get_processor_name"));
    snprintf(mine, sizeof mine, "%.*s", HOST_MAX - 1, host);
    return pnas_mpi_status(MPI_Allgather(mine, HOST_MAX, MPI_BYTE, roll.host, HOST_MAX, MPI_BYTE, roll.comm),
                           "MPI_Allgather");
}

void pnas_silence_end(void)
{
    if (roll.comm != MPI_COMM_NULL)
        MPI_Comm_free(&roll.comm);
    free(roll.host);
    free(roll.answer);
    roll.host = NULL;
    roll.answer = NULL;
}

pnas_status pnas_silence_start(void)
{
    MPI_Comm comm = MPI_COMM_NULL, ranks = pnas_mpi_ranks();
    pnas_silence_end();
    PNAS_TRY(pnas_mpi_status(MPI_Comm_rank(ranks, &roll.rank), "MPI_Comm_rank"));
    PNAS_TRY(pnas_mpi_status(MPI_Comm_size(ranks, &roll.ranks), "MPI_Comm_size"));
    roll.host = calloc((size_t)roll.ranks, sizeof *roll.host);
    roll.answer = calloc((size_t)roll.ranks, sizeof *roll.answer);
    PNAS_CHECK(roll.host && roll.answer, PNAS_ERROR_MEMORY, "no memory for %d ranks", roll.ranks);
    PNAS_TRY(pnas_mpi_status(MPI_Comm_dup(ranks, &comm), "MPI_Comm_dup"));
    PNAS_TRY(pnas_mpi_status(MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler"));
    roll.comm = comm;
    return gather_hosts();
}

void pnas_silence_set_work(const pnas_silence_work *work)
{
    roll.work = work ? *work : (pnas_silence_work){0};
}

void pnas_silence_expect_end(void)
{
    if (!roll.ending)
        roll.since = pnas_clock_seconds();
    roll.ending = true;
}

static bool at_work(void)
{
    return roll.work.busy && roll.work.busy(roll.work.payload);
}

/* To ranks that may be gone: what MPI says of it does not matter. */
static void send(int to, int tag)
{
    MPI_Request request = MPI_REQUEST_NULL;
    if (MPI_Isend(NULL, 0, MPI_BYTE, to, tag, roll.comm, &request) == MPI_SUCCESS)
        MPI_Request_free(&request);
}

/* Who calls the roll has waited long enough: this rank looks around itself at once. */
static void take_call(int from)
{
    roll.since = pnas_clock_seconds() - PNAS_SILENCE_SECONDS;
    roll.ending = true;
    send(from, at_work() ? TAG_AT_WORK : TAG_READY);
}

static void take_messages(void)
{
    int there = 0;
    MPI_Status status;
    while (MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, roll.comm, &there, &status) == MPI_SUCCESS && there) {
        int from = status.MPI_SOURCE, tag = status.MPI_TAG;
        if (MPI_Recv(NULL, 0, MPI_BYTE, from, tag, roll.comm, MPI_STATUS_IGNORE) != MPI_SUCCESS)
            return;
        if (tag == TAG_CALL)
            take_call(from);
        else
            roll.answer[from] = tag == TAG_READY ? READY : AT_WORK;
    }
}

/* Whether it is time for that, last done at *last. */
static bool take_answers(double now, double *last)
{
    if (roll.comm == MPI_COMM_NULL || roll.ranks == 1 || now - *last < SECONDS_BETWEEN_LOOKS)
        return false;
    *last = now;
    take_messages();
    return true;
}

static void call_the_roll(double now)
{
    roll.called = now;
    memset(roll.answer, 0, (size_t)roll.ranks * sizeof *roll.answer);
    if (roll.work.stop)
        roll.work.stop(roll.work.payload);
    for (int rank = 0; rank < roll.ranks; rank++)
        if (rank != roll.rank)
            send(rank, TAG_CALL);
}

/* Whether this rank ends the program: none below it answers, some do not, and nobody is at work. */
static bool ends_here(void)
{
    int silent = 0;
    roll.answer[roll.rank] = at_work() ? AT_WORK : READY;
    for (int rank = 0; rank < roll.ranks; rank++) {
        if (roll.answer[rank] == AT_WORK || (rank < roll.rank && roll.answer[rank] != SILENT))
            return false;
        silent += roll.answer[rank] == SILENT;
    }
    return silent > 0;
}

/* "rank 2 on node17, rank 5 on node18 and 3 more" */
static void name_silent(char *text, size_t size)
{
    int named = 0, more = 0;
    size_t used = 0;
    for (int rank = 0; rank < roll.ranks; rank++) {
        if (roll.answer[rank] != SILENT)
            continue;
        if (used + HOST_MAX + 64 > size) {
            more++;
            continue;
        }
        used += (size_t)snprintf(text + used, size - used, "%srank %d on %s", named++ > 0 ? ", " : "", rank,
                                 roll.host[rank]);
    }
    if (more > 0)
        snprintf(text + used, size - used, " and %d more", more);
}

static void tell(void)
{
    char names[1024] = "";
    name_silent(names, sizeof names);
    pnas_warning(
        "no answer from %s; the run stops without, and what was done there since the last checkpoint "
        "will be done again",
        names);
}

bool pnas_silence_look(void)
{
    double now = pnas_clock_seconds();
    if (roll.found || !take_answers(now, &roll.looked))
        return roll.found;
    if (pnas_stop_signal_came())
        pnas_silence_expect_end();
    if (!roll.ending || now - roll.since < PNAS_SILENCE_SECONDS)
        return false;
    if (roll.called > 0 && now - roll.called < PNAS_ANSWER_SECONDS)
        return false;
    roll.found = roll.called > 0 && ends_here();
    if (roll.found)
        tell();
    else
        call_the_roll(now);
    return roll.found;
}

void pnas_silence_answer(void)
{
    take_answers(pnas_clock_seconds(), &roll.answered);
}

bool pnas_silence_is(int rank)
{
    return roll.found && roll.answer[rank] == SILENT;
}

_Noreturn void pnas_silence_leave(void)
{
    if (roll.work.keep)
        roll.work.keep(roll.work.payload);
    pnas_warning("stopped%s%s; what is finished is kept, and the same command continues",
                 *pnas_stop_signal_name() ? " by " : "", pnas_stop_signal_name());
    pnas_mpi_abort(pnas_exit_code(PNAS_STOPPED));
}
