#include "cl/runtime/kernel_folder.h"

#include "cl/runtime/fnv_hash.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- where it is --- */

static pnas_status copy_path(const char *text, char **out)
{
    *out = strdup(text);
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "no memory for a path");
    return PNAS_OK;
}

static bool has_kernels(const char *directory)
{
    char kernel[PATH_MAX];
    int length = snprintf(kernel, sizeof kernel, "%s/gemm.cl", directory);
    return length < (int)sizeof kernel && access(kernel, R_OK) == 0;
}

/* "<folder of this program>/../share/pnas/kernels"; false where that has no kernels. */
static bool find_installed_kernels(char *out, size_t size)
{
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length <= 0)
        return false;
    program[length] = 0;
    char *slash = strrchr(program, '/');
    if (!slash)
        return false;
    *slash = 0;
    snprintf(out, size, "%s/../%s", program, PNAS_INSTALLED_KERNELS);
    return has_kernels(out);
}

pnas_status pnas_kernel_folder_find(const char *wanted, char **out)
{
    char path[PATH_MAX];
    const char *own = getenv("PNAS_KERNELS");
    if (wanted)
        return copy_path(wanted, out);
    if (own && own[0]) {
        PNAS_CHECK(has_kernels(own), PNAS_ERROR_FILE,
                   "PNAS_KERNELS is %s, where no gemm.cl can be read: unset it, or set it to the folder of "
                   "kernels",
                   own);
        return copy_path(own, out);
    }
    if (find_installed_kernels(path, sizeof path))
        return copy_path(path, out);
    if (has_kernels(PNAS_SOURCE_KERNELS))
        return copy_path(PNAS_SOURCE_KERNELS, out);
    return pnas_fail(PNAS_ERROR_FILE,
                     "no OpenCL kernels found beside this program (%s) nor in %s: install with cmake "
                     "--install, or set PNAS_KERNELS to the folder that holds gemm.cl",
                     path, PNAS_SOURCE_KERNELS);
}

/* --- what is in it --- */

static int is_kernel_file(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && (strcmp(dot, ".cl") == 0 || strcmp(dot, ".h") == 0);
}

static uint64_t hash_file(uint64_t start, const char *path)
{
    char bytes[8192];
    size_t size;
    FILE *file = fopen(path, "rb");
    while (file && (size = fread(bytes, 1, sizeof bytes, file)) > 0)
        start = pnas_fnv_hash(start, bytes, size);
    if (file)
        fclose(file);
    return start;
}

static pnas_status hash_files(const char *directory, uint64_t *out)
{
    struct dirent **entry = NULL;
    int count = scandir(directory, &entry, is_kernel_file, alphasort);
    PNAS_CHECK(count >= 0, PNAS_ERROR_FILE, "cannot read the folder of kernels %s: %s", directory,
               pnas_system_reason(errno));
    *out = PNAS_FNV_START;
    for (int i = 0; i < count; ++i) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", directory, entry[i]->d_name);
        *out = pnas_fnv_hash(*out, entry[i]->d_name, strlen(entry[i]->d_name) + 1);
        *out = hash_file(*out, path);
        free(entry[i]);
    }
    free(entry);
    return PNAS_OK;
}

pnas_status pnas_kernel_folder_hash(const char *folder, char out[PNAS_KERNEL_HASH_TEXT])
{
    uint64_t sum = 0;
    PNAS_TRY(hash_files(folder, &sum));
    snprintf(out, PNAS_KERNEL_HASH_TEXT, "%016llx", (unsigned long long)sum);
    return PNAS_OK;
}

/* What compilers and CLBlast read besides the sources: with others, the same kernel gives other last bits. */
static void hash_environment(uint64_t *sum)
{
    static const char *const names[] = {"CLBLAST_BUILD_OPTIONS",
                                        "POCL_ENABLE_UNINIT",
                                        "POCL_EXTRA_BUILD_FLAGS",
                                        "POCL_FORCE_PARALLEL_OUTER_LOOP",
                                        "POCL_FULL_REPLICATION_THRESHOLD",
                                        "POCL_KERNELLIB_NAME",
                                        "POCL_LLVM_CPU_NAME",
                                        "POCL_MAX_WORK_GROUP_SIZE",
                                        "POCL_WILOOPS_MAX_UNROLL_COUNT",
                                        "POCL_WORK_GROUP_METHOD",
                                        "POCL_WORK_GROUP_SPECIALIZATION"};
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
        const char *value = getenv(names[i]);
        if (!value)
            continue;
        *sum = pnas_fnv_hash(*sum, names[i], strlen(names[i]) + 1);
        *sum = pnas_fnv_hash(*sum, value, strlen(value) + 1);
    }
}

pnas_status pnas_kernels_hash(char out[PNAS_KERNEL_HASH_TEXT])
{
    char *folder = NULL;
    uint64_t sum = 0;
    PNAS_TRY(pnas_kernel_folder_find(NULL, &folder));
    pnas_status status = hash_files(folder, &sum);
    free(folder);
    hash_environment(&sum);
    snprintf(out, PNAS_KERNEL_HASH_TEXT, "%016llx", (unsigned long long)sum);
    return status;
}
