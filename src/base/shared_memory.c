#include "src/base/shared_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)

static pnas_status map(int file, int protection, pnas_shared_memory *out)
{
    void *at = mmap(NULL, out->bytes, protection, MAP_SHARED, file, 0);
    PNAS_CHECK(at != MAP_FAILED, PNAS_ERROR_MEMORY, "%zu bytes of shared memory cannot be mapped: %s",
               out->bytes, pnas_system_reason(errno));
    out->at = at;
    return PNAS_OK;
}

/* Its pages are taken at once: where there are too few of them later, the process would be killed. The system would
 * take the last page that there is before it says no. */
static pnas_status reserve(int file, size_t bytes)
{
    double memory = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    PNAS_CHECK((double)bytes < memory, PNAS_ERROR_MEMORY, "there are no %zu bytes of shared memory", bytes);
    int code = posix_fallocate(file, 0, (off_t)bytes);
    PNAS_CHECK(code == 0, PNAS_ERROR_MEMORY, "there are no %zu bytes of shared memory: %s", bytes,
               pnas_system_reason(code));
    return PNAS_OK;
}

static int open_reader(int64_t process, int64_t file)
{
    char path[96];
    snprintf(path, sizeof path, "/proc/%" PRId64 "/fd/%" PRId64, process, file);
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

pnas_status pnas_shared_memory_create(size_t bytes, pnas_shared_memory *out)
{
    pnas_status status;
    *out = (pnas_shared_memory){.bytes = bytes ? bytes : 1, .file = -1};
    out->writer = memfd_create("pnas", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    PNAS_CHECK_CLEANUP(out->writer >= 0, PNAS_ERROR_MEMORY, "there is no shared memory: %s",
                       pnas_system_reason(errno));
    out->file = open_reader(getpid(), out->writer);
    PNAS_CHECK_CLEANUP(out->file >= 0, PNAS_ERROR_MEMORY, "shared memory cannot be found in /proc: %s",
                       pnas_system_reason(errno));
    PNAS_TRY_CLEANUP(reserve(out->writer, out->bytes));
    PNAS_TRY_CLEANUP(map(out->writer, PROT_READ | PROT_WRITE, out));
    return PNAS_OK;
cleanup:
    pnas_shared_memory_release(out);
    return status;
}

/* It is sealed only while nobody has it mapped who could write to it. */
pnas_status pnas_shared_memory_seal(pnas_shared_memory *memory)
{
    pnas_status status;
    munmap(memory->at, memory->bytes);
    memory->at = NULL;
    PNAS_CHECK_CLEANUP(fcntl(memory->writer, F_ADD_SEALS, SEALS) == 0, PNAS_ERROR_MEMORY,
                       "shared memory cannot be made read-only: %s", pnas_system_reason(errno));
    PNAS_TRY_CLEANUP(map(memory->file, PROT_READ, memory));
    close(memory->writer);
    memory->writer = -1;
    return PNAS_OK;
cleanup:
    pnas_shared_memory_release(memory);
    return status;
}

pnas_status pnas_shared_memory_find(const pnas_shared_memory *memory, pnas_shared_memory_place *out)
{
    struct stat info;
    PNAS_CHECK(memory->at && fstat(memory->file, &info) == 0, PNAS_ERROR_MEMORY, "there is no shared memory");
    *out = (pnas_shared_memory_place){getpid(), memory->file, (int64_t)info.st_dev, (int64_t)info.st_ino,
                                      memory->bytes};
    return PNAS_OK;
}

/* A process of that number in another container has other files. */
static pnas_status check_file(int file, const pnas_shared_memory_place *place)
{
    struct stat info;
    PNAS_CHECK(fstat(file, &info) == 0 && (int64_t)info.st_dev == place->device &&
                   (int64_t)info.st_ino == place->inode && (uint64_t)info.st_size == place->bytes &&
                   fcntl(file, F_GET_SEALS) == SEALS,
               PNAS_ERROR_MEMORY, "file %" PRId64 " of process %" PRId64 " is not the shared memory",
               place->file, place->process);
    return PNAS_OK;
}

pnas_status pnas_shared_memory_attach(const pnas_shared_memory_place *place, pnas_shared_memory *out)
{
    *out = (pnas_shared_memory){
        .bytes = place->bytes, .file = open_reader(place->process, place->file), .writer = -1};
    pnas_status status;
    PNAS_CHECK_CLEANUP(out->file >= 0, PNAS_ERROR_MEMORY,
                       "the shared memory of process %" PRId64 " cannot be opened: %s", place->process,
                       pnas_system_reason(errno));
    PNAS_TRY_CLEANUP(check_file(out->file, place));
    PNAS_TRY_CLEANUP(map(out->file, PROT_READ, out));
    return PNAS_OK;
cleanup:
    pnas_shared_memory_release(out);
    return status;
}

void pnas_shared_memory_release(pnas_shared_memory *memory)
{
    if (memory->bytes == 0) /* none */
        return;
    if (memory->at)
        munmap(memory->at, memory->bytes);
    if (memory->file >= 0)
        close(memory->file);
    if (memory->writer >= 0)
        close(memory->writer);
    *memory = (pnas_shared_memory){0};
}
