#include "src/run/warm_start.h"

#include "io/config/configuration.h"
#include "src/base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- whether the other run's surrogate can be begun with --- */

static pnas_status check_number(const char *path, const char *key, int theirs, int mine)
{
    PNAS_CHECK(theirs == mine, PNAS_ERROR_DATA,
               "warm_start: %s: its search has %s: %d, this one %d; set it to %d or begin with another run",
               path, key, theirs, mine, theirs);
    return PNAS_OK;
}

static bool same_operator(const pnas_operator *a, const pnas_operator *b)
{
    return strcmp(a->name, b->name) == 0 && a->kind == b->kind && a->kernel == b->kernel &&
           a->dilation == b->dilation && a->repeat == b->repeat && a->bottleneck == b->bottleneck;
}

static pnas_status check_operators(const char *path, const pnas_operator_set *theirs,
                                   const pnas_operator_set *mine)
{
    PNAS_CHECK(theirs->count == mine->count, PNAS_ERROR_DATA,
               "warm_start: %s: its space.operators are %d, this search's %d; take the same or begin with "
               "another run",
               path, theirs->count, mine->count);
    for (int i = 0; i < mine->count; i++)
        PNAS_CHECK(same_operator(&theirs->item[i], &mine->item[i]), PNAS_ERROR_DATA,
                   "warm_start: %s: entry %d of its space.operators is %s, of this search's %s%s; take the "
                   "same in the same order or begin with another run",
                   path, i + 1, theirs->item[i].name, mine->item[i].name,
                   strcmp(theirs->item[i].name, mine->item[i].name) == 0 ? " with other settings" : "");
    return PNAS_OK;
}

static pnas_status check_surrogate(const char *path, const pnas_surrogate_options *theirs,
                                   const pnas_surrogate_options *mine)
{
    static const char *const models[] = {
        [PNAS_MODEL_LSTM] = "lstm", [PNAS_MODEL_MLP] = "mlp", [PNAS_MODEL_MLP1] = "mlp1"};
    PNAS_CHECK(theirs->model == mine->model, PNAS_ERROR_DATA,
               "warm_start: %s: its search has surrogate.model: %s, this one %s; set it to %s or begin with "
               "another run",
               path, models[theirs->model], models[mine->model], models[theirs->model]);
    /* There a larger surrogate.members says nothing. */
    PNAS_CHECK(
        mine->kernel < 1 || theirs->members == mine->members, PNAS_ERROR_DATA,
        "warm_start: %s: its search has surrogate.members: %d, this one has the kernel part alone "
        "(surrogate.kernel: 1); set surrogate.kernel below 1 and surrogate.members to %d, or begin with "
        "another run",
        path, theirs->members, theirs->members);
    PNAS_TRY(check_number(path, "surrogate.members", theirs->members, mine->members));
    PNAS_TRY(check_number(path, "surrogate.embedding", theirs->embedding, mine->embedding));
    PNAS_TRY(check_number(path, "surrogate.hidden", theirs->hidden, mine->hidden));
    PNAS_CHECK(
        (theirs->linear > 0) == (mine->linear > 0), PNAS_ERROR_DATA,
        "warm_start: %s: its surrogate has %s linear part (surrogate.linear: %g), this one %s (%g); set "
        "surrogate.linear to %g or begin with another run",
        path, theirs->linear > 0 ? "a" : "no", theirs->linear, mine->linear > 0 ? "one" : "none",
        mine->linear, theirs->linear);
    return PNAS_OK;
}

static pnas_status check_fits(const char *path, const pnas_run_info *theirs,
                              const pnas_configuration *configuration)
{
    pnas_configuration *other = malloc(sizeof *other);
    PNAS_CHECK(other, PNAS_ERROR_MEMORY, "no memory for a configuration");
    const pnas_space *space = &configuration->search.space;
    pnas_status status = pnas_configuration_parse("its configuration", theirs->configuration, NULL, 0, other);
    if (status != PNAS_OK)
        status = pnas_fail_at(PNAS_ERROR_DATA, "warm_start: %s", path);
    if (status == PNAS_OK)
        status = check_surrogate(path, &other->surrogate, &configuration->surrogate);
    if (status == PNAS_OK)
        status = check_number(path, "space.lookback", other->search.space.lookback, space->lookback);
    if (status == PNAS_OK)
        status = check_operators(path, &other->search.space.operators, &space->operators);
    free(other);
    return status;
}

/* --- taking it --- */

static int last_level(const pnas_run_info *info)
{
    int level = 0;
    for (size_t i = 0; i < info->controller_count; i++)
        if (info->controller[i].level > level)
            level = info->controller[i].level;
    return level;
}

static int members_of(const pnas_run_info *info, int level)
{
    int members = 0;
    for (size_t i = 0; i < info->controller_count; i++)
        members += info->controller[i].level == level;
    return members;
}

static pnas_status note(const char *path, const pnas_run_file *file, int level, pnas_run_info *info)
{
    char id[PNAS_RUN_ID_TEXT];
    uint64_t version;
    size_t size = strlen(path) + 160;
    pnas_run_file_identity(file, id, &version);
    free(info->warm_start);
    info->warm_start = malloc(size);
    PNAS_CHECK(info->warm_start, PNAS_ERROR_MEMORY, "no memory for %zu bytes of text", size);
    snprintf(info->warm_start, size, "%s: run_id %s, generation %llu, surrogate after level %d", path, id,
             (unsigned long long)version, level);
    pnas_info("the surrogate begins with that of %s", info->warm_start);
    return PNAS_OK;
}

/* Opens the other run, and finds the last level after which it has a surrogate that fits; *out is to be
 * closed also after a failure. */
static pnas_status open_other(const pnas_configuration *configuration, pnas_run_file **out, int *level)
{
    const char *path = configuration->warm_start;
    pnas_status status = pnas_run_file_read(path, out);
    if (status != PNAS_OK)
        return pnas_fail(
            status, "warm_start: %s; give the RUN.h5 of a search that has fit a surrogate, or leave it empty",
            pnas_message());
    const pnas_run_info *theirs = pnas_run_file_info(*out);
    *level = last_level(theirs);
    PNAS_CHECK(*level > 0, PNAS_ERROR_DATA,
               "warm_start: %s: holds no surrogate: a search fits one after its first level, none with a "
               "strategy that asks no surrogate; begin with another run or leave warm_start empty",
               path);
    PNAS_TRY(check_fits(path, theirs, configuration));
    PNAS_CHECK(members_of(theirs, *level) == configuration->surrogate.members, PNAS_ERROR_DATA,
               "warm_start: %s: its surrogate after level %d has %d members instead of %d: the file is "
               "damaged; begin with another run",
               path, *level, members_of(theirs, *level), configuration->surrogate.members);
    return PNAS_OK;
}

pnas_status pnas_warm_start_check(const pnas_configuration *configuration)
{
    pnas_run_file *file = NULL;
    int level;
    if (!*configuration->warm_start)
        return PNAS_OK;
    pnas_status status = open_other(configuration, &file, &level);
    pnas_run_file_close(&file);
    return status;
}

static pnas_status copy_surrogate(const pnas_run_info *theirs, int level, pnas_run_info *info)
{
    for (size_t i = 0; i < theirs->controller_count; i++)
        if (theirs->controller[i].level == level)
            PNAS_TRY(pnas_run_info_add_controller(info, 0, theirs->controller[i].member,
                                                  theirs->controller[i].tensor, theirs->controller[i].count));
    return PNAS_OK;
}

pnas_status pnas_warm_start_take(const pnas_configuration *configuration, pnas_run_info *info)
{
    pnas_run_file *file = NULL;
    int level;
    if (!*configuration->warm_start)
        return PNAS_OK;
    if (info->warm_start) {
        pnas_info("its surrogate began with a copy, kept here, of that of %s", info->warm_start);
        return PNAS_OK;
    }
    pnas_status status = open_other(configuration, &file, &level);
    if (status == PNAS_OK)
        status = copy_surrogate(pnas_run_file_info(file), level, info);
    if (status == PNAS_OK)
        status = note(configuration->warm_start, file, level, info);
    pnas_run_file_close(&file);
    return status;
}

/* --- setting it --- */

static bool is_by_input(const pnas_named_tensor *tensor)
{
    bool table = strcmp(tensor->name, "input_embedding") == 0 || strcmp(tensor->name, "linear/side") == 0;
    return table && tensor->rank == 2 && tensor->shape[0] > 0;
}

/* A table [inputs][.] with as many rows as this search has inputs; its data are the caller's. */
static pnas_status fit_rows(pnas_named_tensor *tensor, size_t inputs)
{
    size_t rows = tensor->shape[0], row = tensor->shape[1];
    float *data = malloc(inputs * row * sizeof *data + 1);
    PNAS_CHECK(data, PNAS_ERROR_MEMORY, "no memory for the surrogate's weights");
    for (size_t i = 0; i < inputs; i++)
        memcpy(data + i * row, tensor->data + (i < rows ? i : rows - 1) * row, row * sizeof *data);
    tensor->data = data;
    tensor->shape[0] = inputs;
    return PNAS_OK;
}

static pnas_status set_member(pnas_ensemble *ensemble, int member, const pnas_named_tensor *tensors,
                              size_t count, size_t inputs)
{
    pnas_named_tensor *fitted = calloc(count + 1, sizeof *fitted);
    pnas_status status = PNAS_OK;
    size_t done = 0;
    PNAS_CHECK(fitted, PNAS_ERROR_MEMORY, "no memory for the surrogate's weights");
    for (; done < count && status == PNAS_OK; done++) {
        fitted[done] = tensors[done];
        if (is_by_input(&tensors[done]))
            status = fit_rows(&fitted[done], inputs);
    }
    if (status == PNAS_OK)
        status = pnas_ensemble_set_weights(ensemble, member, fitted, count);
    for (size_t i = 0; i < done; i++)
        if (fitted[i].data != tensors[i].data)
            free(fitted[i].data);
    free(fitted);
    return status;
}

pnas_status pnas_warm_start_set(const pnas_run_info *info, const pnas_space *space, pnas_ensemble *ensemble)
{
    size_t inputs = (size_t)space->blocks + 1; /* H(c-2), H(c-1), and all blocks but the last */
    for (size_t i = 0; i < info->controller_count; i++) {
        if (info->controller[i].level != 0)
            continue;
        pnas_status status = set_member(ensemble, info->controller[i].member, info->controller[i].tensor,
                                        info->controller[i].count, inputs);
        if (status != PNAS_OK)
            return pnas_fail_at(status, "warm_start: %s", info->warm_start);
    }
    return PNAS_OK;
}
