/* How many processes compile together. */
#include "cl/train/warm_up.h"

#include <criterion/criterion.h>

static int on_a_gpu(double gibibytes, int cores)
{
    return pnas_warm_up_processes(&(pnas_device_info){.memory = (uint64_t)(gibibytes * 0x1p30)}, cores);
}

Test(warm_up, every_core_of_a_cpu_compiles)
{
    const pnas_device_info cpu = {.cpu = true, .memory = 1 << 30};
    cr_assert_eq(pnas_warm_up_processes(&cpu, 64), 64);
    cr_assert_eq(pnas_warm_up_processes(&cpu, 1), 1);
}

Test(warm_up, a_gpu_bears_the_contexts_of_a_few_processes)
{
    cr_assert_eq(on_a_gpu(141, 64), 4);
    cr_assert_eq(on_a_gpu(141, 2), 2);
    cr_assert_eq(on_a_gpu(6, 64), 3);
    cr_assert_eq(on_a_gpu(0.5, 64), 1);
    cr_assert_eq(on_a_gpu(0, 64), 1, "a device that does not say what it has");
}
