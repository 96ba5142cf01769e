#include "cl/runtime/kernel_warm.h"

#include "cl/runtime/cache_directory.h"
#include "cl/runtime/cl_error.h"
#include "cl/runtime/compiler_end.h"
#include "cl/runtime/program_cache.h"
#include "src/base/clock.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct pnas_warm_kernel {
    char *key; /* program, kernel, local size, width of the grid, device */
    UT_hash_handle hh;
};

/* PoCL compiles one kernel for grids up to this wide, and another for wider ones. */
enum { SMALL_GRID = 65535 };

static bool is_small(const pnas_launch *launch)
{
    return launch->global[0] <= SMALL_GRID && launch->global[1] <= SMALL_GRID &&
           launch->global[2] <= SMALL_GRID;
}

/* All that decides what the driver compiles; *out is the caller's. */
static pnas_status make_key(const pnas_cl *cl, const pnas_launch *launch, char **out)
{
    if (asprintf(out, "%s %s %s %zux%zux%zu %s %s", launch->file, launch->options, launch->name,
                 launch->local[0], launch->local[1], launch->local[2], cl->info.name, cl->info.driver) < 0)
        *out = NULL;
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "no memory for the name of a kernel");
    return PNAS_OK;
}

static pnas_status run_one_group(pnas_cl *cl, const pnas_launch *launch)
{
    assert(launch->kernel); /* of a built list: a kernel made for this copy would be nobody's */
    pnas_launch one = *launch;
    pnas_launch_list list = {.item = &one, .count = 1};
    memcpy(one.global, one.local, sizeof one.global);
    PNAS_TRY(pnas_launch_run(cl, &list, NULL));
    return pnas_cl_finish(cl);
}

/* Takes over `key`. */
static pnas_status add_warm(pnas_cl *cl, char *key)
{
    struct pnas_warm_kernel *entry = calloc(1, sizeof *entry);
    if (!entry) {
        free(key);
        return pnas_fail(PNAS_ERROR_MEMORY, "no memory for a kernel");
    }
    entry->key = key;
    HASH_ADD_KEYPTR(hh, cl->warm, entry->key, strlen(entry->key), entry);
    return PNAS_OK;
}

/* Sets *busy, and does nothing, where another process compiles this kernel and this one does not wait. */
static pnas_status warm(pnas_cl *cl, const pnas_launch *launch, bool wait, const pnas_build_options *options,
                        bool *busy, bool *ran)
{
    struct pnas_warm_kernel *found = NULL;
    char *key = NULL;
    int lock = -1;
    PNAS_TRY(make_key(cl, launch, &key));
    HASH_FIND_STR(cl->warm, key, found);
    bool mine = !found;
    if (mine && wait)
        lock = pnas_program_cache_lock(cl->cache_directory, key);
    else if (mine)
        mine = pnas_program_cache_try_lock(cl->cache_directory, key, &lock);
    if (!mine) {
        *busy = *busy || !found;
        free(key);
        return PNAS_OK;
    }
    *ran = true;
    double begun = pnas_clock_seconds();
    pnas_status status = pnas_build_tick(options);
    if (status == PNAS_OK)
        status = pnas_cache_directory_check_room();
    pnas_compiler_end_begin();
    if (status == PNAS_OK)
        status = run_one_group(cl, launch);
    pnas_compiler_end_done();
    if (status != PNAS_OK && status != PNAS_STOPPED && pnas_cache_directory_check_room() != PNAS_OK)
        status = PNAS_ERROR_FILE; /* whatever the driver calls it */
    pnas_program_cache_unlock(lock);
    pnas_build_note(cl, begun, options);
    if (status == PNAS_OK)
        return add_warm(cl, key);
    free(key);
    return status;
}

pnas_status pnas_kernels_warm(pnas_cl *cl, pnas_launch_list *list, const pnas_build_options *options,
                              bool *ran)
{
    bool busy = cl->late_builds;
    unsigned before = HASH_COUNT(cl->warm);
    for (int wait = 0; wait < 2 && busy; ++wait) {
        busy = false;
        for (size_t i = 0; i < list->count; ++i)
            if (!list->item[i].call && is_small(&list->item[i]))
                PNAS_TRY(warm(cl, &list->item[i], wait, options, &busy, ran));
    }
    if (HASH_COUNT(cl->warm) != before)
        pnas_cache_directory_seal();
    return PNAS_OK;
}

void pnas_warm_kernels_release(pnas_cl *cl)
{
    struct pnas_warm_kernel *entry = cl->warm;
    HASH_CLEAR(hh, cl->warm); /* the table; its entries stay */
    while (entry) {
        struct pnas_warm_kernel *next = entry->hh.next;
        free(entry->key);
        free(entry);
        entry = next;
    }
}
