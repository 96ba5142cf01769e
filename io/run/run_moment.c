#include "io/run/run_moment.h"
#include "io/run/run_file.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_LINE "PNAS-now-1"

void pnas_run_moment_free(pnas_run_moment *moment)
{
    free(moment->child);
    *moment = (pnas_run_moment){0};
}

void pnas_run_moment_drop(pnas_run_moment *moment, int level, int index)
{
    for (size_t i = 0; i < moment->count; i++)
        if (moment->child[i].level == level && moment->child[i].index == index) {
            moment->child[i] = moment->child[--moment->count];
            return;
        }
}

pnas_status pnas_run_moment_add(pnas_run_moment *moment, const pnas_running_child *child)
{
    pnas_run_moment_drop(moment, child->level, child->index);
    if (moment->count == moment->room) {
        size_t room = 2 * moment->room + 16;
        pnas_running_child *more = realloc(moment->child, room * sizeof *more);
        PNAS_CHECK(more, PNAS_ERROR_MEMORY, "no memory for a list of %zu running children", room);
        moment->child = more;
        moment->room = room;
    }
    moment->child[moment->count++] = *child;
    return PNAS_OK;
}

/* RUN.h5.now or, with a second ending, the file that becomes it; the caller's (free). */
static char *path_of(const char *run_path, const char *ending)
{
    char *place, *path = NULL;
    if (pnas_run_path(run_path, &place) != PNAS_OK)
        return NULL;
    if (asprintf(&path, "%s.now%s", place, ending) < 0)
        path = NULL;
    free(place);
    return path;
}

static bool print(const char *path, const pnas_run_moment *moment)
{
    FILE *file = fopen(path, "w");
    if (!file)
        return false;
    fprintf(file, FIRST_LINE "\nwritten %.3f\n", moment->written);
    if (!isnan(moment->seconds_left))
        fprintf(file, "left %.1f\n", moment->seconds_left);
    for (size_t i = 0; i < moment->count; i++) {
        const pnas_running_child *child = &moment->child[i];
        fprintf(file, "child %d %d %d %.3f\n", child->rank, child->level, child->index, child->start);
    }
    bool written = !ferror(file);
    return fclose(file) == 0 && written;
}

pnas_status pnas_run_moment_write(const char *run_path, const pnas_run_moment *moment)
{
    char *path = path_of(run_path, ""), *temporary = path_of(run_path, "~");
    pnas_status status = PNAS_OK;
    PNAS_CHECK_CLEANUP(path && temporary, PNAS_ERROR_MEMORY, "no memory for a file name");
    if (!print(temporary, moment) || rename(temporary, path) != 0) {
        status = pnas_fail(PNAS_ERROR_FILE, "%s: cannot be written: %s", path, strerror(errno));
        unlink(temporary);
    }
cleanup:
    free(path);
    free(temporary);
    return status;
}

void pnas_run_moment_remove(const char *run_path)
{
    char *path = path_of(run_path, "");
    if (path)
        unlink(path);
    free(path);
}

static bool take_line(pnas_run_moment *moment, const char *line)
{
    pnas_running_child child;
    if (sscanf(line, "written %lf", &moment->written) == 1 ||
        sscanf(line, "left %lf", &moment->seconds_left) == 1)
        return true;
    return sscanf(line, "child %d %d %d %lf", &child.rank, &child.level, &child.index, &child.start) == 4 &&
           pnas_run_moment_add(moment, &child) == PNAS_OK;
}

bool pnas_run_moment_read(const char *run_path, pnas_run_moment *out)
{
    char line[256], *path = path_of(run_path, "");
    FILE *file = path ? fopen(path, "r") : NULL;
    free(path);
    *out = (pnas_run_moment){.seconds_left = NAN};
    bool good = file && fgets(line, sizeof line, file) && strcmp(line, FIRST_LINE "\n") == 0;
    while (good && fgets(line, sizeof line, file))
        good = take_line(out, line);
    if (file)
        fclose(file);
    if (!good)
        pnas_run_moment_free(out);
    return good;
}
