#include "io/hdf5/file_seal.h"

#include "io/file/regular_file.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define SEAL_SIZE 20 /* magic, length of what is before (8 bytes), CRC32 of that (4 bytes); little-endian */
#define BLOCK     (256 * 1024)

static const unsigned char magic[8] = {'P', 'N', 'A', 'S', 'S', 'E', 'A', 'L'};

static void put(unsigned char *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

static uint64_t get(const unsigned char *at, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

static pnas_status checksum(int file, const char *path, uint64_t length, uint32_t *out)
{
    unsigned char *block = malloc(BLOCK);
    PNAS_CHECK(block, PNAS_ERROR_MEMORY, "%s: out of memory", path);
    uLong crc = crc32(0, NULL, 0);
    pnas_status status = PNAS_OK;
    for (uint64_t at = 0; at < length && status == PNAS_OK;) {
        size_t want = length - at < BLOCK ? (size_t)(length - at) : BLOCK;
        ssize_t got = pread(file, block, want, (off_t)at);
        if (got > 0) {
            crc = crc32(crc, block, (uInt)got);
            at += (uint64_t)got;
        } else if (got == 0 || errno != EINTR) {
            status = pnas_fail(PNAS_ERROR_FILE, "%s: cannot be read: %s", path,
                               got == 0 ? "it became shorter" : strerror(errno));
        }
    }
    free(block);
    *out = (uint32_t)crc;
    return status;
}

pnas_status pnas_file_seal(int file, const char *path)
{
    struct stat info;
    uint32_t crc;
    unsigned char seal[SEAL_SIZE];
    PNAS_CHECK(fstat(file, &info) == 0, PNAS_ERROR_FILE, "%s: cannot be read: %s", path, strerror(errno));
    PNAS_TRY(checksum(file, path, (uint64_t)info.st_size, &crc));
    memcpy(seal, magic, sizeof magic);
    put(seal + 8, (uint64_t)info.st_size, 8);
    put(seal + 16, crc, 4);
    ssize_t written = pwrite(file, seal, SEAL_SIZE, info.st_size);
    PNAS_CHECK(written == SEAL_SIZE, PNAS_ERROR_FILE, "%s: cannot be written completely: %s", path,
               written < 0 ? strerror(errno) : "no space left");
    return PNAS_OK;
}

static pnas_status check(int file, const char *path, bool *sealed)
{
    struct stat info;
    uint32_t crc;
    unsigned char seal[SEAL_SIZE];
    PNAS_CHECK(fstat(file, &info) == 0, PNAS_ERROR_FILE, "%s: cannot be read: %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode) || info.st_size < SEAL_SIZE ||
        pread(file, seal, SEAL_SIZE, info.st_size - SEAL_SIZE) != SEAL_SIZE ||
        memcmp(seal, magic, sizeof magic) != 0)
        return PNAS_OK;
    *sealed = true;
    uint64_t length = (uint64_t)info.st_size - SEAL_SIZE;
    PNAS_TRY(checksum(file, path, length, &crc));
    PNAS_CHECK(get(seal + 8, 8) == length && get(seal + 16, 4) == crc, PNAS_ERROR_DATA,
               "%s: is damaged: its content does not match its checksum; put a copy of it back", path);
    return PNAS_OK;
}

pnas_status pnas_file_check_seal(const char *path, bool *sealed)
{
    *sealed = false;
    char trouble[PNAS_FILE_TROUBLE];
    int file = pnas_file_open(path, trouble);
    PNAS_CHECK(file >= 0, PNAS_ERROR_FILE, "%s: %s", path, trouble);
    pnas_status status = check(file, path, sealed);
    close(file);
    return status;
}
