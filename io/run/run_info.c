#include "io/hdf5/tensor_group.h"
#include "io/run/run_parts.h"

#include <stdlib.h>
#include <string.h>

static const char *const status_words[] = {"running", "complete", "stopped", "failed"};

const char *pnas_run_status_word(pnas_run_status status)
{
    return status_words[status];
}

int pnas_run_status_of(const char *word)
{
    for (int i = 0; i < (int)(sizeof status_words / sizeof status_words[0]); i++) {
        if (strcmp(status_words[i], word) == 0)
            return i;
    }
    return -1;
}

void pnas_run_info_clear(pnas_run_info *info)
{
    for (size_t i = 0; i < info->controller_count; i++)
        pnas_tensor_group_free(&info->controller[i].tensor, info->controller[i].count);
    free(info->controller);
    free(info->command_line);
    free(info->configuration);
    free(info->extended);
    free(info->retried);
    free(info->warm_start);
    free(info->rank);
    free(info->event);
    *info = (pnas_run_info){0};
}

void pnas_run_levels_clear(pnas_run_file *file)
{
    for (int b = 0; b < file->levels; b++) {
        for (size_t i = 0; file->level[b].child && i < file->level[b].count; i++)
            pnas_result_clear(&file->level[b].child[i].result);
        free(file->level[b].child);
    }
    free(file->level);
    file->level = NULL;
    file->levels = 0;
}

pnas_status pnas_run_info_add_event(pnas_run_info *info, const pnas_run_event *event)
{
    pnas_run_event *more = realloc(info->event, (info->event_count + 1) * sizeof *more);
    PNAS_CHECK(more, PNAS_ERROR_MEMORY, "out of memory for the run's timeline");
    info->event = more;
    info->event[info->event_count++] = *event;
    return PNAS_OK;
}

/* The entry of this level and member, emptied, or a new one; -1 without memory. */
static long controller_entry(pnas_run_info *info, int level, int member)
{
    for (size_t i = 0; i < info->controller_count; i++) {
        if (info->controller[i].level != level || info->controller[i].member != member)
            continue;
        pnas_tensor_group_free(&info->controller[i].tensor, info->controller[i].count);
        info->controller[i].count = 0;
        return (long)i;
    }
    void *more = realloc(info->controller, (info->controller_count + 1) * sizeof *info->controller);
    if (!more)
        return -1;
    info->controller = more;
    memset(&info->controller[info->controller_count], 0, sizeof *info->controller);
    return (long)info->controller_count++;
}

pnas_status pnas_run_info_add_controller(pnas_run_info *info, int level, int member,
                                         const pnas_named_tensor *tensors, size_t count)
{
    pnas_named_tensor *copy = pnas_tensor_group_copy(tensors, count);
    long at = copy ? controller_entry(info, level, member) : -1;
    if (at < 0) {
        pnas_tensor_group_free(&copy, count);
        return pnas_fail(PNAS_ERROR_MEMORY, "out of memory for the surrogate's weights after level %d",
                         level);
    }
    info->controller[at].level = level;
    info->controller[at].member = member;
    info->controller[at].tensor = copy;
    info->controller[at].count = count;
    return PNAS_OK;
}

const char *pnas_run_status_words(pnas_run_status status)
{
    switch (status) {
    case PNAS_RUN_COMPLETE:
        return "complete";
    case PNAS_RUN_STOPPED:
        return "stopped; the same command continues it";
    case PNAS_RUN_FAILED:
        return "ended by an error; the same command continues it";
    case PNAS_RUN_RUNNING:
        break;
    }
    return "running, or killed; the same command continues it";
}
