#include "cl/runtime/processor.h"

#ifdef __x86_64__

#include <cpuid.h>

bool pnas_processor_halves_vectors(void)
{
    enum { AMD = 0x68747541 /* the first four letters of its name */, ZEN_3_AND_4 = 0x19 };
    unsigned highest, signature, vendor, ignored[3];
    if (!__get_cpuid(0, &highest, &vendor, &ignored[0], &ignored[1]) || vendor != AMD ||
        !__get_cpuid(1, &signature, &ignored[0], &ignored[1], &ignored[2]))
        return false;
    return (signature >> 8 & 0xf) + (signature >> 20 & 0xff) == ZEN_3_AND_4;
}

#else

bool pnas_processor_halves_vectors(void)
{
    return false;
}

#endif
