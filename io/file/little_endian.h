/* Whole numbers in files, their lowest byte first. Local. */
#ifndef PNAS_IO_LITTLE_ENDIAN_H
#define PNAS_IO_LITTLE_ENDIAN_H

#include <stdint.h>

/* bytes: 1 to 8, which `value` fits into. */
static inline void pnas_little_put(unsigned char *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

static inline uint64_t pnas_little_get(const unsigned char *at, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

#endif
