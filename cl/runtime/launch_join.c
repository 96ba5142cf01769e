#include "cl/runtime/launch_join.h"

#include "cl/runtime/launch_schedule.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const pnas_launch **launch; /* [launches] of all parts */
    size_t launches;
    size_t *kind; /* [launches] */
    size_t kinds;
} joining;

/* --- kinds --- */

static bool equal_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool can_join(const pnas_launch *a, const pnas_launch *b)
{
    if (!a->job || !b->job || a->local[0] != b->local[0] || a->arguments != b->arguments ||
        a->job_bytes != b->job_bytes || !equal_text(a->name, b->name) || !equal_text(a->file, b->file) ||
        !equal_text(a->options, b->options))
        return false;
    for (int i = 0; i < a->arguments; ++i)
        if (memcmp(a->argument[i].value, b->argument[i].value, sizeof(cl_mem)) != 0)
            return false;
    return true;
}

static pnas_status find_kinds(joining *work)
{
    size_t *example = malloc((work->launches + 1) * sizeof *example); /* of each kind */
    PNAS_CHECK(example, PNAS_ERROR_MEMORY, "no memory for the kinds of %zu launches", work->launches);
    for (size_t i = 0; i < work->launches; ++i) {
        size_t kind = 0;
        while (kind < work->kinds && !can_join(work->launch[example[kind]], work->launch[i]))
            ++kind;
        if (kind == work->kinds)
            example[work->kinds++] = i;
        work->kind[i] = kind;
    }
    free(example);
    return PNAS_OK;
}

/* --- launches of a round --- */

typedef struct {
    pnas_status (*call)(pnas_cl *cl, void *payload);
    void *payload;
} borrowed_call;

static pnas_status call_again(pnas_cl *cl, void *payload)
{
    const borrowed_call *call = payload;
    return call->call(cl, call->payload);
}

static pnas_status copy_call(const pnas_launch *from, pnas_launch_list *out)
{
    borrowed_call *call = malloc(sizeof *call);
    PNAS_CHECK(call, PNAS_ERROR_MEMORY, "no memory for a launch");
    *call = (borrowed_call){from->call, from->payload};
    return pnas_launch_append_call(out, from->label, call_again, call);
}

static size_t groups_of(const pnas_launch *launch)
{
    return launch->global[0] / launch->local[0];
}

/* Adds the jobs of `from` behind those of `to`, a copy of an equal launch. Both may be joined ones. */
static void take_jobs(const pnas_launch *from, int first_job, size_t first_group, pnas_launch *to)
{
    char *record = (char *)to->job + (size_t)first_job * to->job_bytes;
    memcpy(record, from->job, (size_t)from->job_count * from->job_bytes);
    for (int j = 0; j < from->job_count; ++j) {
        cl_int group;
        memcpy(&group, record + (size_t)j * to->job_bytes, sizeof group);
        group += (cl_int)first_group;
        memcpy(record + (size_t)j * to->job_bytes, &group, sizeof group);
    }
    for (size_t g = 0; to->owner && g < groups_of(from); ++g)
        to->owner[first_group + g] = (cl_int)(first_job + (from->owner ? from->owner[g] : 0));
}

static pnas_status join_round(const joining *work, const size_t *at, size_t count, pnas_launch_list *out)
{
    pnas_launch *to;
    size_t groups = 0, jobs = 0;
    for (size_t i = 0; i < count; ++i) {
        groups += groups_of(work->launch[at[i]]);
        jobs += (size_t)work->launch[at[i]]->job_count;
    }
    PNAS_CHECK(groups < INT_MAX / work->launch[at[0]]->local[0], PNAS_ERROR_INTERNAL,
               "%zu launches of kernel %s have %zu groups together", count, work->launch[at[0]]->name,
               groups);
    PNAS_TRY(pnas_launch_append_copy(work->launch[at[0]], jobs, groups, out, &to));
    to->flops = to->bytes = 0;
    size_t first_group = 0, first_job = 0;
    for (size_t i = 0; i < count; ++i) {
        const pnas_launch *from = work->launch[at[i]];
        take_jobs(from, (int)first_job, first_group, to);
        first_group += groups_of(from);
        first_job += (size_t)from->job_count;
        to->flops += from->flops;
        to->bytes += from->bytes;
    }
    return PNAS_OK;
}

static pnas_status append_round(const joining *work, const size_t *at, size_t count, pnas_launch_list *out)
{
    const pnas_launch *only = work->launch[at[0]];
    pnas_launch *copy;
    if (only->call)
        return copy_call(only, out);
    if (only->job)
        return join_round(work, at, count, out);
    return pnas_launch_append_copy(only, 0, 0, out, &copy);
}

/* --- all --- */

static pnas_status gather(const pnas_join_part *parts, size_t count, joining *work)
{
    for (size_t p = 0; p < count; ++p)
        work->launches += parts[p].list->count;
    work->launch = calloc(work->launches + 1, sizeof *work->launch);
    work->kind = calloc(work->launches + 1, sizeof *work->kind);
    PNAS_CHECK(work->launch && work->kind, PNAS_ERROR_MEMORY, "no memory for %zu launches", work->launches);
    size_t at = 0;
    for (size_t p = 0; p < count; ++p)
        for (size_t i = 0; i < parts[p].list->count; ++i)
            work->launch[at++] = &parts[p].list->item[i];
    return find_kinds(work);
}

pnas_status pnas_launch_join(const pnas_join_part *parts, size_t count, pnas_launch_list *out)
{
    joining work = {0};
    pnas_launch_schedule schedule = {0};
    pnas_status status;
    PNAS_TRY_CLEANUP(gather(parts, count, &work));
    PNAS_TRY_CLEANUP(pnas_launch_schedule_create(parts, count, work.kind, work.kinds, &schedule));
    for (size_t r = 0; r < schedule.rounds; ++r)
        PNAS_TRY_CLEANUP(append_round(&work, schedule.at + schedule.first[r],
                                      schedule.first[r + 1] - schedule.first[r], out));
cleanup:
    pnas_launch_schedule_clear(&schedule);
    free(work.launch);
    free(work.kind);
    return status;
}
