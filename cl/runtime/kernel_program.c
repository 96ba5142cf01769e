#include "cl/runtime/kernel_program.h"

#include "cl/runtime/cache_directory.h"
#include "cl/runtime/cl_error.h"
#include "cl/runtime/compiler_end.h"
#include "cl/runtime/kernel_source.h"
#include "cl/runtime/program_cache.h"
#include "src/base/clock.h"
#include "src/base/log.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

/* It is told that kernels are compiled after so long with them, or so long that none can be in the cache. */
#define COMPILING_SECONDS 0.5
#define LOADING_SECONDS   10

typedef struct {
    char *key; /* file and options */
    cl_program program;
    UT_hash_handle hh;
} built_program;

struct pnas_programs {
    pthread_mutex_t lock;
    built_program *built; /* uthash */
    double building;      /* seconds so far */
    bool compiled, told;
};

/* All that decides what a build gives; *out is the caller's. */
static pnas_status make_key(pnas_cl *cl, const char *options, const char *source, char **out)
{
    const pnas_device_info *d = &cl->info;
    int length = asprintf(out, "%s\n%s\n%s\n%s\n%s\n%s\n%s", d->platform, d->vendor, d->name, d->version,
                          d->driver, options, source);
    if (length < 0)
        *out = NULL;
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "no memory to build a kernel");
    return PNAS_OK;
}

/* The start of a log, for a message: a few lines. */
static void shorten(char *log)
{
    char *end = log;
    for (int lines = 0; *end && lines < 6 && end - log < 1000; ++end)
        lines += *end == '\n';
    while (end > log && end[-1] == '\n')
        --end;
    *end = 0;
}

/* The message holds the start of the build log; the whole log goes to a file and to the debug level. */
static pnas_status fail_to_build(pnas_cl *cl, cl_program program, cl_int code, const char *file,
                                 const char *options, const char *key)
{
    size_t size = 0;
    char path[PATH_MAX] = "";
    /* A compiler that is out of room also says no more than that it refuses the kernel. */
    if (code != CL_BUILD_PROGRAM_FAILURE && code != CL_INVALID_BUILD_OPTIONS)
        return pnas_fail_at(pnas_cl_status(code, "clBuildProgram"),
                            "kernel file %s does not build on %s with %s", file, cl->info.name, options);
    clGetProgramBuildInfo(program, cl->device, CL_PROGRAM_BUILD_LOG, 0, NULL, &size);
    char *log = calloc(1, size + 1);
    PNAS_CHECK(log, PNAS_ERROR_MEMORY, "no memory for a build log");
    clGetProgramBuildInfo(program, cl->device, CL_PROGRAM_BUILD_LOG, size, log, NULL);
    pnas_debug("kernel file %s, options %s, on %s:\n%s", file, options, cl->info.name, log);
    FILE *out = NULL;
    if (cl->cache_directory) {
        pnas_program_cache_path(cl->cache_directory, key, ".log", path, sizeof path);
        out = fopen(path, "w");
    }
    if (out) {
        fprintf(out, "%s\n%s on %s, driver %s\n%s\n", file, options, cl->info.name, cl->info.driver, log);
        fclose(out);
    }
    shorten(log);
    pnas_status status = pnas_fail(
        PNAS_ERROR_BUILD, "kernel file %s does not build on %s with %s (%s): %s%s%s", file, cl->info.name,
        options, pnas_cl_error(code), log, out ? "\nThe whole log: " : "", out ? path : "");
    free(log);
    return status;
}

static cl_int compile(pnas_cl *cl, cl_program program, const char *options)
{
    pnas_compiler_end_begin();
    cl_int code = clBuildProgram(program, 1, &cl->device, options, NULL, NULL);
    pnas_compiler_end_done();
    return code;
}

/* A program from the cache; NULL if there is none or the driver does not take it. */
static cl_program build_from_binary(pnas_cl *cl, const char *options, const char *key)
{
    unsigned char *binary = NULL;
    size_t size = 0;
    cl_int code, state = CL_SUCCESS;
    if (!pnas_program_cache_load(cl->cache_directory, key, &binary, &size))
        return NULL;
    cl_program program = clCreateProgramWithBinary(cl->context, 1, &cl->device, &size,
                                                   (const unsigned char **)&binary, &state, &code);
    if (code == CL_SUCCESS && state == CL_SUCCESS)
        code = compile(cl, program, options);
    free(binary);
    if (code == CL_SUCCESS && state == CL_SUCCESS)
        return program;
    if (program)
        clReleaseProgram(program);
    return NULL;
}

static void keep_binary(pnas_cl *cl, cl_program program, const char *key)
{
    size_t size = 0;
    unsigned char *binary;
    if (clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof size, &size, NULL) != CL_SUCCESS ||
        size == 0)
        return;
    binary = malloc(size);
    if (binary && clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof binary, &binary, NULL) == CL_SUCCESS)
        pnas_program_cache_store(cl->cache_directory, key, binary, size);
    free(binary);
}

static pnas_status build_from_source(pnas_cl *cl, const char *file, const char *options, const char *source,
                                     const char *key, cl_program *out)
{
    cl_int code;
    cl_program program = clCreateProgramWithSource(cl->context, 1, &source, NULL, &code);
    PNAS_CL_TRY(code, "clCreateProgramWithSource");
    pnas_status status = pnas_cache_directory_check_room();
    if (status != PNAS_OK) {
        clReleaseProgram(program);
        return status;
    }
    code = compile(cl, program, options);
    /* LLVM, which most drivers compile with, removes its half-written files at SIGINT, SIGTERM and SIGUSR2
     * and then fails: the kernel is sound, and the child must not be recorded as failed. */
    if (code == CL_BUILD_PROGRAM_FAILURE)
        code = compile(cl, program, options);
    if (code != CL_SUCCESS) {
        status = fail_to_build(cl, program, code, file, options, key);
        if (pnas_cache_directory_check_room() != PNAS_OK)
            status = PNAS_ERROR_FILE;
        clReleaseProgram(program);
        return status;
    }
    if (cl->keep_binaries)
        keep_binary(cl, program, key);
    cl->programs->compiled = cl->programs->compiled || !cl->late_builds;
    *out = program;
    return PNAS_OK;
}

/* Who installs another version meanwhile must not have some kernels of each in one run. */
static pnas_status check_kernels(const pnas_cl *cl)
{
    char now[PNAS_KERNEL_HASH_TEXT];
    PNAS_TRY(pnas_kernel_folder_hash(cl->kernel_directory, now));
    PNAS_CHECK(
        strcmp(now, cl->kernels) == 0, PNAS_ERROR_FILE,
        "%s: its kernels were changed while the program was at work; put back those that it began with, "
        "and go on",
        cl->kernel_directory);
    return PNAS_OK;
}

/* *out stays NULL where another process builds it and this one does not `wait`. */
static pnas_status build(pnas_cl *cl, const char *file, const char *options, bool wait,
                         const pnas_build_options *build_options, cl_program *out)
{
    char *source = NULL, *key = NULL;
    pnas_status status;
    int lock = -1;
    bool mine = true;
    PNAS_TRY_CLEANUP(pnas_kernel_source_read(cl->kernel_directory, file, &source));
    PNAS_TRY_CLEANUP(check_kernels(cl)); /* after they were read */
    PNAS_TRY_CLEANUP(make_key(cl, options, source, &key));
    *out = cl->keep_binaries ? build_from_binary(cl, options, key) : NULL;
    if (!*out) {
        if (wait)
            lock = pnas_program_cache_lock(cl->cache_directory, key);
        else
            mine = pnas_program_cache_try_lock(cl->cache_directory, key, &lock);
        /* Another process may have built it while this one waited. */
        *out = cl->keep_binaries ? build_from_binary(cl, options, key) : NULL;
    }
    if (!*out && mine) {
        PNAS_TRY_CLEANUP(pnas_build_tick(build_options));
        PNAS_TRY_CLEANUP(build_from_source(cl, file, options, source, key, out));
    }
cleanup:
    pnas_program_cache_unlock(lock);
    free(source);
    free(key);
    return status;
}

/* Takes over `key`, also when it fails. *out stays NULL where the build is left to another process. */
static pnas_status add_program(pnas_cl *cl, const char *file, const char *options, char *key, bool wait,
                               const pnas_build_options *build_options, built_program **out)
{
    built_program *entry = calloc(1, sizeof *entry);
    pnas_status status = PNAS_OK;
    PNAS_CHECK_CLEANUP(entry, PNAS_ERROR_MEMORY, "no memory for a kernel");
    PNAS_TRY_CLEANUP(build(cl, file, options, wait, build_options, &entry->program));
    if (!entry->program)
        goto cleanup;
    entry->key = key;
    HASH_ADD_KEYPTR(hh, cl->programs->built, entry->key, strlen(entry->key), entry);
    *out = entry;
    return PNAS_OK;
cleanup:
    free(entry);
    free(key);
    return status;
}

/* Under the lock: a lane that wants what another one builds waits for it. *out is NULL where the build is
 * left to another process (`wait` false). */
static pnas_status find_program(pnas_cl *cl, const char *file, const char *options, bool wait,
                                const pnas_build_options *build_options, cl_program *out)
{
    char *key;
    built_program *entry = NULL;
    *out = NULL;
    if (asprintf(&key, "%s %s", file, options) < 0)
        return pnas_fail(PNAS_ERROR_MEMORY, "no memory for the name of a program");
    HASH_FIND_STR(cl->programs->built, key, entry);
    if (entry)
        free(key);
    else
        PNAS_TRY(add_program(cl, file, options, key, wait, build_options, &entry));
    *out = entry ? entry->program : NULL;
    return PNAS_OK;
}

/* Under the lock: whether it is time to tell. PoCL does not say whether it compiles. */
static bool is_slow(pnas_cl *cl, double seconds, bool nothing_kept)
{
    struct pnas_programs *programs = cl->programs;
    bool compiles = cl->late_builds ? nothing_kept : programs->compiled;
    bool told = programs->told;
    programs->building += seconds;
    programs->told = told || programs->building >= (compiles ? COMPILING_SECONDS : LOADING_SECONDS);
    return programs->told && !told;
}

void pnas_build_note(pnas_cl *cl, double begun, const pnas_build_options *options)
{
    double seconds = pnas_clock_seconds() - begun;
    bool was_empty;
    const char *cache = pnas_cache_directory_of_pocl(&was_empty);
    if (!cl->late_builds)
        cache = cl->cache_directory ? cl->cache_directory : "";
    if (options && options->seconds)
        *options->seconds += seconds;
    pthread_mutex_lock(&cl->programs->lock);
    bool tell = is_slow(cl, seconds, was_empty);
    pthread_mutex_unlock(&cl->programs->lock);
    if (tell)
        pnas_info("compiling kernels for %s, once%s%s", cl->info.name, *cache ? "; they are kept in " : "",
                  cache);
}

pnas_status pnas_build_tick(const pnas_build_options *options)
{
    return options && options->tick ? options->tick(options->tick_payload) : PNAS_OK;
}

pnas_status pnas_kernel_program_build(pnas_cl *cl, const char *file, const char *program_options, bool wait,
                                      const pnas_build_options *options, bool *busy)
{
    cl_program program;
    double begun = pnas_clock_seconds();
    pthread_mutex_lock(&cl->programs->lock);
    pnas_status status = find_program(cl, file, program_options, wait, options, &program);
    pthread_mutex_unlock(&cl->programs->lock);
    pnas_build_note(cl, begun, options);
    *busy = status == PNAS_OK && !program;
    return status;
}

pnas_status pnas_kernel_program_kernel(pnas_cl *cl, const char *file, const char *program_options,
                                       const char *name, cl_kernel *out)
{
    cl_program program;
    cl_int code = CL_SUCCESS;
    double begun = pnas_clock_seconds();
    *out = NULL;
    pthread_mutex_lock(&cl->programs->lock);
    pnas_status status = find_program(cl, file, program_options, true, NULL, &program);
    if (status == PNAS_OK)
        *out = clCreateKernel(program, name, &code);
    pthread_mutex_unlock(&cl->programs->lock);
    pnas_build_note(cl, begun, NULL);
    PNAS_TRY(status);
    if (code != CL_SUCCESS)
        return pnas_fail_at(pnas_cl_status(code, "clCreateKernel"), "kernel %s of %s", name, file);
    return PNAS_OK;
}

pnas_status pnas_kernel_program_options(const pnas_cl *cl, const char *options, char **out)
{
    if (asprintf(out, "-cl-std=CL1.2 -DV=%d%s%s", cl->vector, options ? " " : "", options ? options : "") < 0)
        *out = NULL;
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "no memory for the options of a program");
    return PNAS_OK;
}

pnas_status pnas_kernel_create(pnas_cl *cl, const char *file, const char *options, const char *name,
                               cl_kernel *out)
{
    char *all;
    *out = NULL;
    PNAS_TRY(pnas_kernel_program_options(cl, options, &all));
    pnas_status status = pnas_kernel_program_kernel(cl, file, all, name, out);
    free(all);
    return status;
}

pnas_status pnas_programs_create(struct pnas_programs **out)
{
    *out = calloc(1, sizeof **out);
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "no memory for kernels");
    pthread_mutex_init(&(*out)->lock, NULL);
    return PNAS_OK;
}

void pnas_programs_destroy(struct pnas_programs **programs)
{
    if (!*programs)
        return;
    built_program *entry = (*programs)->built;
    HASH_CLEAR(hh, (*programs)->built); /* the table; its entries stay */
    while (entry) {
        built_program *next = entry->hh.next;
        clReleaseProgram(entry->program);
        free(entry->key);
        free(entry);
        entry = next;
    }
    pthread_mutex_destroy(&(*programs)->lock);
    free(*programs);
    *programs = NULL;
}
