/* Which device each rank of a machine gets, on made-up machines. */
#include "cl/runtime/device_place.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static pnas_device_info list[8];
static int count;

static void add(const char *name, const char *type)
{
    list[count] = (pnas_device_info){.index = count, .cpu = strcmp(type, "CPU") == 0};
    snprintf(list[count].name, sizeof list[count].name, "%s", name);
    snprintf(list[count].type, sizeof list[count].type, "%s", type);
    ++count;
}

static void two_gpus_and_a_cpu(void)
{
    count = 0;
    add("EPYC", "CPU");
    add("Big GPU", "GPU");
    add("Small GPU", "GPU");
}

TestSuite(device_place, .init = two_gpus_and_a_cpu);

/* The device of the rank at this place; -1: none. */
static int place(const char *wanted, int per_device, int rank)
{
    pnas_cl_options options = {.device = wanted, .choice = rank, .ranks_per_device = per_device};
    int index = -2;
    pnas_status status = pnas_device_place(list, count, &options, &index);
    cr_assert(status == PNAS_OK || status == PNAS_ERROR_DEVICE);
    return status == PNAS_OK ? index : -1;
}

Test(device_place, a_rank_a_gpu_and_no_device_for_a_third)
{
    cr_expect_eq(place("auto", 1, 0), 1);
    cr_expect_eq(place("auto", 1, 1), 2);
    cr_expect_eq(place("auto", 1, 2), -1);
    cr_expect(
        strstr(pnas_message(), "every device that matches \"gpu\" (2) has 1 rank already; start 2 ranks"),
        "%s", pnas_message());
    cr_expect(strstr(pnas_message(), "--ranks-per-device"));
}

Test(device_place, several_ranks_a_gpu_if_asked_for)
{
    static const int expected[5] = {1, 2, 1, 2, -1};
    for (int rank = 0; rank < 5; ++rank)
        cr_expect_eq(place("gpu", 2, rank), expected[rank]);
    cr_expect_eq(place("gpu", 0, 5), 2);
}

Test(device_place, any_number_of_ranks_on_a_cpu)
{
    for (int rank = 0; rank < 9; ++rank)
        cr_expect_eq(place("cpu", 1, rank), 0);
    add("second socket", "CPU");
    cr_expect_eq(place("cpu", 1, 0), 0);
    cr_expect_eq(place("cpu", 1, 1), 3);
    cr_expect_eq(place("cpu", 1, 2), 0);
}

Test(device_place, kinds_are_mixed_only_if_asked_for)
{
    static const int expected[5] = {1, 2, 0, 0, 0};
    for (int rank = 0; rank < 5; ++rank)
        cr_expect_eq(place("gpu,cpu", 1, rank), expected[rank]);
    cr_expect_eq(place("cpu, gpu", 1, 0), 1, "GPUs first, whatever the order");
}

Test(device_place, devices_are_named_by_index_or_by_part_of_a_name)
{
    cr_expect_eq(place("2", 1, 0), 2);
    cr_expect_eq(place("2", 1, 1), -1);
    cr_expect_eq(place("2,1", 1, 1), 2);
    cr_expect_eq(place("small", 1, 0), 2);
    cr_expect_eq(place("gpu, epyc", 1, 2), 0);
}

Test(device_place, what_is_not_there_is_said_with_what_is)
{
    cr_expect_eq(place("quantum", 1, 0), -1);
    cr_expect(strstr(pnas_message(), "0: EPYC; 1: Big GPU; 2: Small GPU"), "%s", pnas_message());
    cr_expect_eq(place("7", 1, 0), -1);
}

Test(device_place, auto_takes_a_cpu_or_what_there_is_where_there_is_no_gpu)
{
    count = 0;
    add("signal processor", "accelerator");
    cr_expect_eq(place("auto", 1, 0), 0);
    add("EPYC", "CPU");
    cr_expect_eq(place(NULL, 1, 0), 1);
    cr_expect_eq(place("", 1, 5), 1);
}

/* GPU 1 and 3 are one, through two drivers; 4 and 5 are two parts of one, through one. */
Test(device_place, hardware_that_two_drivers_offer_counts_once)
{
    add("gfx1100", "GPU");
    strcpy(list[1].pci, "0000:03:00.0");
    strcpy(list[1].platform, "Vendor's OpenCL");
    strcpy(list[3].pci, "0000:03:00.0");
    strcpy(list[3].platform, "rusticl");
    cr_expect_eq(place("auto", 1, 0), 1);
    cr_expect_eq(place("auto", 1, 1), 2);
    cr_expect_eq(place("auto", 1, 2), -1);
    cr_expect_eq(place("3", 1, 0), 3, "named by itself");
    cr_expect_eq(place("gfx1100,small", 1, 0), 2);
    cr_expect_eq(place("gfx1100,small", 1, 1), 3);
    for (int part = 0; part < 2; ++part) {
        add("part", "GPU");
        strcpy(list[count - 1].pci, "0000:04:00.0");
        strcpy(list[count - 1].platform, "Vendor's OpenCL");
    }
    cr_expect_eq(place("part", 1, 0), 4);
    cr_expect_eq(place("part", 1, 1), 5);
}
