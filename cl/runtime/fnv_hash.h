/* FNV-1a (Fowler, Noll, Vo) in 64 bits, for names of files and for damage; not against an attacker. Local. */
#ifndef PNAS_CL_FNV_HASH_H
#define PNAS_CL_FNV_HASH_H

#include <stddef.h>
#include <stdint.h>

#define PNAS_FNV_START 0xcbf29ce484222325u

/* Goes on from `start` with `size` bytes. */
static inline uint64_t pnas_fnv_hash(uint64_t start, const void *data, size_t size)
{
    const unsigned char *byte = data;
    for (size_t i = 0; i < size; ++i)
        start = (start ^ byte[i]) * 0x100000001b3u;
    return start;
}

#endif
