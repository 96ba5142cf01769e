#include "io/config/configuration.h"
#include "io/net/network_file.h"
#include "io/net/network_lock.h"
#include "src/base/clock.h"
#include "src/base/plain_text.h"
#include "src/programs/pnas_train/train_options.h"
#include "src/search/cell_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print_training(const pnas_network_file *file, int epochs)
{
    char time[32];
    pnas_clock_duration(file->training.seconds, time, sizeof time);
    if (file->in_training)
        printf("in training: epoch %d of %d, after %d updates of it; %s so far\n", file->training.epoch + 1,
               epochs, file->training.batch, time);
    else
        printf("complete: %d epochs\n", epochs);
}

static void print_divergence(const pnas_network_divergence *divergence)
{
    if (divergence->epoch > 0)
        printf("epoch %d was begun again, as the loss of update %d was not finite; from there on rates are "
               "multiplied by %g\n",
               divergence->epoch, divergence->update, divergence->factor);
}

/* Of the last epoch; NaN where it has none. */
static double figure(const pnas_network_history *history, const char *name)
{
    for (int k = 0; history->epochs > 0 && k < history->columns; k++)
        if (strcmp(history->name[k], name) == 0)
            return (double)history->values[(history->epochs - 1) * (size_t)history->columns + (size_t)k];
    return NAN;
}

static void print_history(const pnas_network_history *history)
{
    static const struct {
        const char *title, *loss, *accuracy;
    } lines[] = {
        {"training", "train_loss", "train_accuracy"},
        {"validation", "validation_loss", "validation_accuracy"},
        {"validation with averaged weights", "average_validation_loss", "average_validation_accuracy"}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        double loss = figure(history, lines[i].loss), accuracy = figure(history, lines[i].accuracy);
        if (!isnan(accuracy))
            printf("epoch %zu, %s: loss %.4f, accuracy %.4f\n", history->epochs, lines[i].title, loss,
                   accuracy);
    }
    double rate = figure(history, "learning_rate");
    if (!isnan(rate))
        printf("epoch %zu, learning rate: %.4g\n", history->epochs, rate);
}

/* Of a training that is not over. */
static pnas_status tell_state(const char *path)
{
    char owner[PNAS_OWNER_SIZE + 1];
    switch (pnas_network_lock_look(path, owner)) {
    case PNAS_LOCK_HELD:
        return pnas_fail(PNAS_STOPPED, "%s: running (%s)", path, owner);
    case PNAS_LOCK_FREE:
        return pnas_fail(PNAS_STOPPED, "%s: stopped; the same command continues it", path);
    case PNAS_LOCK_UNKNOWN:
        break;
    }
    return pnas_fail(PNAS_STOPPED, "%s: running, or stopped; the same command continues it", path);
}

static pnas_status print_file(const char *path, const pnas_network_file *file)
{
    char cell[PNAS_CELL_TEXT_MAX];
    pnas_configuration *configuration = malloc(sizeof *configuration);
    PNAS_CHECK(configuration, PNAS_ERROR_MEMORY, "no memory for a configuration");
    pnas_status status = file->of_search
                             ? pnas_fail(PNAS_ERROR_DATA, "%s: holds weights that a search wrote", path)
                             : pnas_configuration_parse(path, file->configuration ? file->configuration : "",
                                                        NULL, 0, configuration);
    if (status == PNAS_OK) {
        pnas_cell_format(&file->cell, &file->operators, cell);
        pnas_text_line(stdout, "%s: %s", path, cell);
        print_training(file, configuration->training.epochs);
        print_divergence(&file->divergence);
        print_history(&file->history);
        if (file->in_training)
            status = tell_state(path);
    } else if (status == PNAS_ERROR_USAGE) {
        status = PNAS_ERROR_DATA; /* the file is not the user's configuration */
    }
    free(configuration);
    return status;
}

pnas_status pnas_train_status_print(const char *path)
{
    pnas_network_file file;
    char owner[PNAS_OWNER_SIZE + 1];
    pnas_status status = pnas_network_file_read(path, &file);
    if (status == PNAS_ERROR_FILE && access(path, F_OK) != 0 &&
        pnas_network_lock_look(path, owner) == PNAS_LOCK_HELD)
        return pnas_fail(PNAS_STOPPED, "%s: running (%s); it has written nothing yet", path, owner);
    PNAS_TRY(status);
    status = print_file(path, &file);
    pnas_network_file_clear(&file);
    return status;
}
