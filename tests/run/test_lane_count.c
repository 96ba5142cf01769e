/* How many children a device trains at once, by its size and memory. */
#include "src/run/lane_count.h"

#include <criterion/criterion.h>

#define GIBIBYTE ((uint64_t)1 << 30)

static pnas_device_info device;
static pnas_lane_limits limits;

static void set_up(void)
{
    device = (pnas_device_info){.compute_units = 108, .memory = 40 * GIBIBYTE};
    limits = (pnas_lane_limits){
        .device = &device, .sharing = 1, .cores = 64, .images = GIBIBYTE / 4, .child = GIBIBYTE / 2};
}

TestSuite(lane_count, .init = set_up);

Test(lane_count, a_cpu_has_one_unless_more_are_wanted)
{
    device.cpu = true;
    cr_expect_eq(pnas_lane_count(&limits), 1);
    limits.wanted = 3;
    cr_expect_eq(pnas_lane_count(&limits), 3);
}

Test(lane_count, a_gpu_has_as_many_as_its_compute_units_are_busy_with)
{
    cr_expect_eq(pnas_lane_count(&limits), 6);
    device.compute_units = 10;
    cr_expect_eq(pnas_lane_count(&limits), 1);
    device.compute_units = 1000;
    cr_expect_eq(pnas_lane_count(&limits), 8);
}

Test(lane_count, automatic_lanes_do_not_outnumber_the_cores_that_feed_them)
{
    limits.cores = 2;
    cr_expect_eq(pnas_lane_count(&limits), 2);
    limits.wanted = 5;
    cr_expect_eq(pnas_lane_count(&limits), 5);
}

Test(lane_count, memory_is_the_limit_also_of_what_is_wanted)
{
    limits.wanted = 20;
    device.memory = 4 * GIBIBYTE; /* 3.6 usable, 0.25 for images: 6 children of 0.5 */
    cr_expect_eq(pnas_lane_count(&limits), 6);
    limits.sharing = 2; /* 1.8 each: 3 */
    cr_expect_eq(pnas_lane_count(&limits), 3);
}

Test(lane_count, a_device_too_small_for_the_largest_child_has_one)
{
    device.memory = GIBIBYTE / 8;
    limits.wanted = 4;
    cr_expect_eq(pnas_lane_count(&limits), 1);
}

/* --- groups --- */

TestSuite(group_count, .init = set_up);

Test(group_count, launches_that_are_joined_make_a_group)
{
    cr_expect_eq(pnas_group_count(&limits), 1);
    limits.joins = true;
    cr_expect_eq(pnas_group_count(&limits), 8);
    limits.group = 3;
    cr_expect_eq(pnas_group_count(&limits), 3);
    limits.joins = false;
    cr_expect_eq(pnas_group_count(&limits), 3);
}

Test(group_count, memory_is_its_limit)
{
    limits.joins = true;
    device.memory = 4 * GIBIBYTE; /* 6 children, as above */
    cr_expect_eq(pnas_group_count(&limits), 6);
    limits.group = 16;
    cr_expect_eq(pnas_group_count(&limits), 6);
    device.memory = GIBIBYTE / 8;
    cr_expect_eq(pnas_group_count(&limits), 1);
}

Test(group_count, a_group_fills_a_lane_and_memory_is_for_all_groups)
{
    limits.group = 8;
    cr_expect_eq(pnas_lane_count(&limits), 1, "automatic lanes beside a group");
    limits.wanted = 20; /* 36 usable: 71 children */
    cr_expect_eq(pnas_lane_count(&limits), 8);
    limits.wanted = 2;
    cr_expect_eq(pnas_lane_count(&limits), 2);
}
