#include "src/train/train_restart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char group[] = "epoch_begin/", average_group[] = "epoch_begin_average/";

void pnas_train_tensors_clear(pnas_train_tensors *tensors)
{
    pnas_shard_tensors_free(&tensors->tensor, tensors->count);
    pnas_shard_tensors_free(&tensors->average, tensors->average_count);
    *tensors = (pnas_train_tensors){0};
}

/* Moves the moments behind the weights. */
static pnas_status append(pnas_train_tensors *to, pnas_named_tensor **moments, size_t count)
{
    pnas_named_tensor *more = realloc(to->tensor, (to->count + count + 1) * sizeof *more);
    if (!more) {
        pnas_shard_tensors_free(moments, count);
        return pnas_fail(PNAS_ERROR_MEMORY, "no memory for the state of an epoch's beginning");
    }
    memcpy(more + to->count, *moments, count * sizeof *more);
    free(*moments);
    *moments = NULL;
    to->tensor = more;
    to->count += count;
    return PNAS_OK;
}

pnas_status pnas_train_tensors_take(pnas_shard_trainer *trainer, bool average, pnas_train_tensors *out)
{
    pnas_named_tensor *moments = NULL;
    size_t count = 0;
    pnas_train_tensors_clear(out);
    PNAS_TRY(pnas_shard_trainer_weights(trainer, false, &out->tensor, &out->count));
    PNAS_TRY(pnas_shard_trainer_moments(trainer, &moments, &count));
    PNAS_TRY(append(out, &moments, count));
    return average ? pnas_shard_trainer_weights(trainer, true, &out->average, &out->average_count) : PNAS_OK;
}

static pnas_status list_group(const char *prefix, const pnas_named_tensor *tensors, size_t count,
                              pnas_named_tensor *list, size_t *listed)
{
    for (size_t i = 0; i < count; i++) {
        pnas_named_tensor *to = &list[(*listed)++];
        *to = tensors[i];
        int length = snprintf(to->name, sizeof to->name, "%s%s", prefix, tensors[i].name);
        PNAS_CHECK(length < (int)sizeof to->name, PNAS_ERROR_INTERNAL, "the name of tensor %s is too long",
                   tensors[i].name);
    }
    return PNAS_OK;
}

pnas_status pnas_train_tensors_list(const pnas_train_tensors *tensors, pnas_named_tensor *list, size_t *count)
{
    PNAS_TRY(list_group(group, tensors->tensor, tensors->count, list, count));
    return list_group(average_group, tensors->average, tensors->average_count, list, count);
}

static pnas_status copy_tensor(const char *prefix, const pnas_named_tensor *from, pnas_named_tensor *to)
{
    size_t values = 1;
    *to = *from;
    memmove(to->name, from->name + strlen(prefix), strlen(from->name + strlen(prefix)) + 1);
    for (int i = 0; i < from->rank; i++)
        values *= from->shape[i];
    to->data = malloc(values * sizeof *to->data + 1);
    PNAS_CHECK(to->data, PNAS_ERROR_MEMORY, "no memory for the values of %s", from->name);
    memcpy(to->data, from->data, values * sizeof *to->data);
    return PNAS_OK;
}

static pnas_status find_group(const char *prefix, const pnas_named_tensor *list, size_t count,
                              pnas_named_tensor **out, size_t *found)
{
    *out = calloc(count + 1, sizeof **out);
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "no memory for the state of an epoch's beginning");
    for (size_t i = 0; i < count; i++)
        if (strncmp(list[i].name, prefix, strlen(prefix)) == 0)
            PNAS_TRY(copy_tensor(prefix, &list[i], &(*out)[(*found)++]));
    return PNAS_OK;
}

pnas_status pnas_train_tensors_find(const pnas_named_tensor *list, size_t count, pnas_train_tensors *out)
{
    pnas_train_tensors_clear(out);
    PNAS_TRY(find_group(group, list, count, &out->tensor, &out->count));
    return find_group(average_group, list, count, &out->average, &out->average_count);
}
