#include "io/run/table_origin.h"

#include "io/config/configuration.h"
#include "io/config/configuration_change.h"
#include "src/base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEAN "of a cell in both the mean accuracy is kept, so join only what was trained alike"

/* Who trains alike may still search otherwise, from another seed, too. */
static bool tells_training(const pnas_configuration_change *change)
{
    static const char *const sections[] = {"dataset.", "network.", "training."};
    bool found = false;
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        found = found || strncmp(change->key, sections[i], strlen(sections[i])) == 0;
    return found && change->resume != PNAS_RESUME_FREE;
}

/* "training.epochs: 3 instead of 2, ..."; nothing where both train alike. */
static void list_changes(const pnas_configuration *first, const pnas_configuration *other, char *out,
                         size_t size)
{
    pnas_configuration_change change;
    size_t used = 0;
    out[0] = '\0';
    for (size_t at = 0; used < size && pnas_configuration_next_change(first, other, &at, &change);)
        if (tells_training(&change))
            used += (size_t)snprintf(out + used, size - used, "%s%s: %s instead of %s", used ? ", " : "",
                                     change.key, change.after, change.before);
}

static pnas_status keep(const char *text, char **out)
{
    *out = strdup(text);
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "no memory for how a table was trained");
    return PNAS_OK;
}

static pnas_status add_data(pnas_table_origin *origin, const char *path, const pnas_cells_origin *cells)
{
    if (!cells->data_sha256 || !cells->data_sha256[0])
        return PNAS_OK;
    if (!origin->data_path) {
        PNAS_TRY(keep(path, &origin->data_path));
        PNAS_TRY(keep(cells->data_name, &origin->data_name));
        return keep(cells->data_sha256, &origin->data_sha256);
    }
    if (strcmp(origin->data_sha256, cells->data_sha256) == 0)
        return PNAS_OK;
    origin->differs = true;
    pnas_warning("%s: was trained on other data (%s, SHA-256 %.12s...) than %s (%s, %.12s...), so their "
                 "accuracies cannot be compared; " MEAN,
                 path, cells->data_name, cells->data_sha256, origin->data_path, origin->data_name,
                 origin->data_sha256);
    return PNAS_OK;
}

/* Takes over `settings`. *told: they differ. */
static pnas_status compare_settings(pnas_table_origin *origin, const char *path, const char *text,
                                    pnas_configuration *settings, bool *told)
{
    char changes[1024];
    if (!origin->settings) {
        origin->settings = settings;
        PNAS_TRY(keep(path, &origin->path));
        return keep(text, &origin->configuration);
    }
    list_changes(origin->settings, settings, changes, sizeof changes);
    free(settings);
    *told = changes[0] != '\0';
    if (*told)
        pnas_warning("%s: was trained otherwise than %s (%s); " MEAN, path, origin->path, changes);
    origin->differs = origin->differs || *told;
    return PNAS_OK;
}

static pnas_status add_settings(pnas_table_origin *origin, const char *path, const char *text, bool *told)
{
    if (!text) {
        origin->gaps = true;
        return PNAS_OK;
    }
    pnas_configuration *settings = malloc(sizeof *settings);
    PNAS_CHECK(settings, PNAS_ERROR_MEMORY, "%s: out of memory", path);
    if (pnas_configuration_parse(path, text, NULL, 0, settings) != PNAS_OK) {
        free(settings);
        return pnas_fail_at(PNAS_ERROR_DATA, "the configuration in it");
    }
    if (settings->evaluator == PNAS_EVALUATOR_TRAIN)
        return compare_settings(origin, path, text, settings, told);
    free(settings); /* it trained nothing itself */
    origin->gaps = true;
    return PNAS_OK;
}

/* Epochs as curves show them: those of a search that was extended may differ, and older tables know nothing else. */
static pnas_status add_epochs(pnas_table_origin *origin, const char *path, const pnas_cells_origin *cells,
                              bool told)
{
    int least = cells->least_epochs, most = cells->most_epochs;
    if (least == 0)
        return PNAS_OK;
    if (least != most)
        pnas_warning("%s: its cells were trained for %d to %d epochs, so their accuracies cannot be compared",
                     path, least, most);
    origin->differs = origin->differs || least != most;
    if (!origin->curve_path) {
        origin->epochs = most;
        return keep(path, &origin->curve_path);
    }
    if (most == origin->epochs || told)
        return PNAS_OK;
    origin->differs = true;
    pnas_warning("%s: was trained for %d epochs, and %s for %d; " MEAN, path, most, origin->curve_path,
                 origin->epochs);
    return PNAS_OK;
}

pnas_status pnas_table_origin_add(pnas_table_origin *origin, const char *path, const pnas_cells_origin *cells)
{
    bool told = false;
    PNAS_TRY(add_data(origin, path, cells));
    PNAS_TRY(add_settings(origin, path, cells->configuration, &told));
    return add_epochs(origin, path, cells, told);
}

void pnas_table_origin_clear(pnas_table_origin *origin)
{
    free(origin->path);
    free(origin->data_path);
    free(origin->curve_path);
    free(origin->settings);
    free(origin->configuration);
    free(origin->data_name);
    free(origin->data_sha256);
    *origin = (pnas_table_origin){0};
}
