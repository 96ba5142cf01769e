#include "io/hdf5/file_seal.h"

#include "io/file/file_kind.h"
#include "io/file/little_endian.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define SEAL_SIZE 20 /* magic, length of what is before (8 bytes), CRC32 of that (4 bytes); little-endian */
#define BLOCK     (256 * 1024)
#define HEAD_SIZE 64 /* holds HDF5's superblock as far as it is looked at */

static const unsigned char magic[8] = {'P', 'N', 'A', 'S', 'S', 'E', 'A', 'L'};

static pnas_status read_bytes(int file, const char *path, uint64_t at, unsigned char *out, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t got = pread(file, out + done, size - done, (off_t)(at + done));
        PNAS_CHECK(got > 0 || (got < 0 && errno == EINTR), PNAS_ERROR_FILE, "%s: cannot be read: %s", path,
                   got == 0 ? "it is shorter than it says" : pnas_system_reason(errno));
        done += got > 0 ? (size_t)got : 0;
    }
    return PNAS_OK;
}

static pnas_status checksum(int file, const char *path, uint64_t length, uint32_t *out)
{
    unsigned char *block = malloc(BLOCK);
    PNAS_CHECK(block, PNAS_ERROR_MEMORY, "%s: out of memory", path);
    uLong crc = crc32(0, NULL, 0);
    pnas_status status = PNAS_OK;
    for (uint64_t at = 0; at < length && status == PNAS_OK;) {
        size_t size = length - at < BLOCK ? (size_t)(length - at) : BLOCK;
        status = read_bytes(file, path, at, block, size);
        if (status == PNAS_OK)
            crc = crc32(crc, block, (uInt)size);
        at += size;
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
    PNAS_CHECK(fstat(file, &info) == 0, PNAS_ERROR_FILE, "%s: cannot be read: %s", path,
               pnas_system_reason(errno));
    PNAS_TRY(checksum(file, path, (uint64_t)info.st_size, &crc));
    memcpy(seal, magic, sizeof magic);
    pnas_little_put(seal + 8, (uint64_t)info.st_size, 8);
    pnas_little_put(seal + 16, crc, 4);
    ssize_t written = pwrite(file, seal, SEAL_SIZE, info.st_size);
    PNAS_CHECK(written == SEAL_SIZE, PNAS_ERROR_FILE, "%s: cannot be written completely: %s", path,
               written < 0 ? pnas_system_reason(errno) : "no space left");
    return PNAS_OK;
}

/* Where HDF5's data end (HDF5 File Format Specification, II.A); 0 if they begin elsewhere than at the file's start, as
 * in some files of others. */
static uint64_t hdf5_end(const unsigned char head[HEAD_SIZE])
{
    int version = head[8], address = version < 2 ? head[13] : head[9]; /* bytes of an address */
    const unsigned char *base = head + (version > 1 ? 12 : version == 1 ? 28 : 24);
    if (memcmp(head, PNAS_HDF5_MAGIC, sizeof PNAS_HDF5_MAGIC - 1) != 0 || address > 8 ||
        pnas_little_get(base, address) != 0)
        return 0;
    return pnas_little_get(base + 2 * address, address);
}

/* HDF5 itself leaves nothing behind its data: what stands there and is no seal was one. */
static pnas_status check_unsealed(int file, const char *path, uint64_t size)
{
    unsigned char head[HEAD_SIZE] = {0};
    PNAS_TRY(read_bytes(file, path, 0, head, size < HEAD_SIZE ? (size_t)size : HEAD_SIZE));
    uint64_t end = hdf5_end(head);
    PNAS_CHECK(end == 0 || end >= size, PNAS_ERROR_DATA,
               "%s: is damaged: %llu bytes behind its HDF5 data are no seal; put a copy of it back (if other "
               "programs made it, 'h5repack' makes one without these bytes)",
               path, (unsigned long long)(size - end));
    return PNAS_OK;
}

pnas_status pnas_file_check_seal(int file, const char *path, bool *sealed)
{
    *sealed = false;
    struct stat info;
    uint32_t crc;
    unsigned char seal[SEAL_SIZE];
    PNAS_CHECK(fstat(file, &info) == 0, PNAS_ERROR_FILE, "%s: cannot be read: %s", path,
               pnas_system_reason(errno));
    if (!S_ISREG(info.st_mode) || info.st_size < SEAL_SIZE)
        return PNAS_OK;
    PNAS_TRY(read_bytes(file, path, (uint64_t)info.st_size - SEAL_SIZE, seal, SEAL_SIZE));
    if (memcmp(seal, magic, sizeof magic) != 0)
        return check_unsealed(file, path, (uint64_t)info.st_size);
    *sealed = true;
    uint64_t length = (uint64_t)info.st_size - SEAL_SIZE;
    PNAS_TRY(checksum(file, path, length, &crc));
    PNAS_CHECK(pnas_little_get(seal + 8, 8) == length && pnas_little_get(seal + 16, 4) == crc,
               PNAS_ERROR_DATA,
               "%s: is damaged: its content does not match its checksum; put a copy of it back", path);
    return PNAS_OK;
}
