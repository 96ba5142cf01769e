#include "cl/runtime/program_cache.h"

#include "cl/runtime/fnv_hash.h"
#include "src/base/clock.h"
#include "src/base/log.h"
#include "src/base/status.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_SECONDS 120

typedef struct {
    char magic[8];
    uint64_t key_size, binary_size, checksum; /* of key and binary */
} entry_header;

static const char magic[8] = "PNASCL1";

void pnas_program_cache_path(const char *directory, const char *key, const char *suffix, char *out,
                             size_t size)
{
    snprintf(out, size, "%s/%016llx%s", directory,
             (unsigned long long)pnas_fnv_hash(PNAS_FNV_START, key, strlen(key)), suffix);
}

FILE *pnas_program_cache_open(const char *path)
{
    struct stat found;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return NULL;
    bool regular = fstat(file, &found) == 0 && S_ISREG(found.st_mode);
    FILE *stream = regular ? fdopen(file, "rb") : NULL;
    if (!stream) {
        close(file);
        errno = regular ? ENOMEM : EINVAL;
    }
    return stream;
}

/* A whole file, or NULL. */
static unsigned char *read_file(const char *path, size_t *size)
{
    struct stat found;
    unsigned char *data = NULL;
    FILE *file = pnas_program_cache_open(path);
    if (!file)
        return NULL;
    if (fstat(fileno(file), &found) == 0 && found.st_size > 0)
        data = malloc((size_t)found.st_size);
    *size = (size_t)found.st_size;
    if (data && fread(data, 1, *size, file) != *size) {
        free(data);
        data = NULL;
    }
    fclose(file);
    return data;
}

static bool is_complete(const unsigned char *data, size_t size, const char *key, entry_header *header)
{
    size_t key_size = strlen(key);
    if (size < sizeof *header)
        return false;
    memcpy(header, data, sizeof *header);
    const unsigned char *body = data + sizeof *header;
    return memcmp(header->magic, magic, sizeof magic) == 0 && header->key_size == key_size &&
           header->binary_size == size - sizeof *header - key_size && size - sizeof *header >= key_size &&
           header->checksum == pnas_fnv_hash(PNAS_FNV_START, body, size - sizeof *header) &&
           memcmp(body, key, key_size) == 0;
}

bool pnas_program_cache_load(const char *directory, const char *key, unsigned char **binary, size_t *size)
{
    char path[PATH_MAX];
    entry_header header;
    size_t size_of_file = 0;
    if (!directory)
        return false;
    pnas_program_cache_path(directory, key, ".bin", path, sizeof path);
    unsigned char *data = read_file(path, &size_of_file);
    if (!data)
        return false;
    if (!is_complete(data, size_of_file, key, &header)) {
        pnas_debug("%s is damaged or of another program: it is built anew", path);
        free(data);
        return false;
    }
    *size = (size_t)header.binary_size;
    memmove(data, data + size_of_file - *size, *size);
    *binary = data;
    return true;
}

int pnas_program_cache_create(const char *directory, const char *key, char *temporary)
{
    for (int attempt = 0; attempt < 16; ++attempt) {
        uint64_t number = 0;
        char suffix[32];
        if (getrandom(&number, sizeof number, GRND_NONBLOCK) != (ssize_t)sizeof number)
            number = pnas_fnv_hash(PNAS_FNV_START + (uint64_t)attempt, &(pid_t){getpid()}, sizeof(pid_t));
        snprintf(suffix, sizeof suffix, ".%016llx", (unsigned long long)number);
        pnas_program_cache_path(directory, key, suffix, temporary, PATH_MAX);
        int file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (file >= 0 || errno != EEXIST)
            return file;
    }
    return -1;
}

static bool write_all(int file, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0) {
        ssize_t done = write(file, at, size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        at += done;
        size -= (size_t)done;
    }
    return true;
}

static void warn_once(const char *path)
{
    static bool warned;
    if (!warned)
        pnas_warning("a built kernel cannot be kept as %s: %s; the next start will be slow", path,
                     pnas_system_reason(errno));
    warned = true;
}

void pnas_program_cache_store(const char *directory, const char *key, const unsigned char *binary,
                              size_t size)
{
    char path[PATH_MAX], temporary[PATH_MAX];
    size_t key_size = strlen(key);
    entry_header header = {.key_size = key_size, .binary_size = size};
    if (!directory)
        return;
    memcpy(header.magic, magic, sizeof magic);
    header.checksum = pnas_fnv_hash(pnas_fnv_hash(PNAS_FNV_START, key, key_size), binary, size);
    pnas_program_cache_path(directory, key, ".bin", path, sizeof path);
    int file = pnas_program_cache_create(directory, key, temporary);
    if (file < 0) {
        warn_once(path);
        return;
    }
    bool written = write_all(file, &header, sizeof header) && write_all(file, key, key_size) &&
                   write_all(file, binary, size);
    written = close(file) == 0 && written;
    if (!written || rename(temporary, path) != 0) {
        warn_once(path);
        unlink(temporary);
    }
}

bool pnas_program_cache_try_lock(const char *directory, const char *key, int *lock)
{
    char path[PATH_MAX];
    *lock = -1;
    if (!directory)
        return true;
    pnas_program_cache_path(directory, key, ".lock", path, sizeof path);
    int file = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (file < 0)
        return true;
    if (flock(file, LOCK_EX | LOCK_NB) == 0) {
        *lock = file;
        return true;
    }
    bool busy = errno == EWOULDBLOCK || errno == EINTR; /* else a file system without locks */
    close(file);
    return !busy;
}

int pnas_program_cache_lock(const char *directory, const char *key)
{
    int lock;
    double start = pnas_clock_seconds();
    while (!pnas_program_cache_try_lock(directory, key, &lock)) {
        if (pnas_clock_seconds() - start > LOCK_SECONDS) /* a builder that hangs */
            return -1;
        pnas_clock_sleep(0.02);
    }
    return lock;
}

void pnas_program_cache_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}
