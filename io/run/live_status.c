#include "io/run/live_status.h"

#include "io/file/link_target.h"
#include "io/file/output_file.h"
#include "io/file/regular_file.h"
#include "io/run/run_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STALE      60.0 /* seconds after which a run that is not heard of is not taken to be at work */
#define FIRST_LINE "PNAS-now-1"

void pnas_live_status_free(pnas_live_status *live)
{
    free(live->child);
    *live = (pnas_live_status){0};
}

void pnas_live_status_drop(pnas_live_status *live, int level, int index)
{
    for (size_t i = 0; i < live->count; i++)
        if (live->child[i].level == level && live->child[i].index == index) {
            live->child[i] = live->child[--live->count];
            return;
        }
}

pnas_status pnas_live_status_add(pnas_live_status *live, const pnas_running_child *child)
{
    pnas_live_status_drop(live, child->level, child->index);
    if (live->count == live->room) {
        size_t room = 2 * live->room + 16;
        pnas_running_child *more = realloc(live->child, room * sizeof *more);
        PNAS_CHECK(more, PNAS_ERROR_MEMORY, "no memory for a list of %zu running children", room);
        live->child = more;
        live->room = room;
    }
    live->child[live->count++] = *child;
    return PNAS_OK;
}

/* RUN.h5.now; the caller's (free). */
static char *path_of(const char *run_path)
{
    char *place, *path = NULL;
    if (pnas_link_target(run_path, &place) != PNAS_OK)
        return NULL;
    if (asprintf(&path, "%s.now", place) < 0)
        path = NULL;
    free(place);
    return path;
}

static void print(FILE *file, const pnas_live_status *live)
{
    fprintf(file, FIRST_LINE "\nwritten %.3f\n", live->written);
    if (!isnan(live->seconds_left))
        fprintf(file, "left %.1f\n", live->seconds_left);
    for (size_t i = 0; i < live->count; i++) {
        const pnas_running_child *child = &live->child[i];
        fprintf(file, "child %d %d %d %.3f\n", child->rank, child->level, child->index, child->start);
    }
}

pnas_status pnas_live_status_write(const char *run_path, const pnas_live_status *live)
{
    char *path = path_of(run_path);
    pnas_output_file output = PNAS_NO_OUTPUT_FILE;
    pnas_status status;
    PNAS_CHECK_CLEANUP(path, PNAS_ERROR_MEMORY, "no memory for a file name");
    PNAS_TRY_CLEANUP(pnas_output_file_create(path, &output));
    print(output.stream, live);
    status = pnas_output_file_commit(&output, false);
cleanup:
    free(path);
    return status;
}

void pnas_live_status_remove(const char *run_path)
{
    char *path = path_of(run_path);
    if (path)
        unlink(path);
    free(path);
}

static bool take_line(pnas_live_status *live, const char *line)
{
    pnas_running_child child;
    if (sscanf(line, "written %lf", &live->written) == 1 ||
        sscanf(line, "left %lf", &live->seconds_left) == 1)
        return true;
    return sscanf(line, "child %d %d %d %lf", &child.rank, &child.level, &child.index, &child.start) == 4 &&
           pnas_live_status_add(live, &child) == PNAS_OK;
}

bool pnas_live_status_read(const char *run_path, pnas_live_status *out)
{
    char trouble[PNAS_FILE_TROUBLE], line[256], *path = path_of(run_path);
    FILE *file = path ? pnas_file_open_stream(path, trouble) : NULL;
    free(path);
    *out = (pnas_live_status){.seconds_left = NAN};
    bool good = file && fgets(line, sizeof line, file) && strcmp(line, FIRST_LINE "\n") == 0;
    while (good && fgets(line, sizeof line, file))
        good = take_line(out, line);
    if (file)
        fclose(file);
    if (!good)
        pnas_live_status_free(out);
    return good;
}

bool pnas_live_status_is_young(const pnas_live_status *live, double now)
{
    return now - live->written <= STALE;
}
