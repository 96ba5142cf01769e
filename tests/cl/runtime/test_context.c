/* Which device a context is for, and where its kernels come from. */
#include "cl/runtime/cl_error.h"
#include "cl/runtime/context.h"
#include "cl/runtime/device_set.h"
#include "cl/runtime/event_wait.h"
#include "cl/runtime/kernel_program.h"
#include "src/base/clock.h"
#include "tests/cl/runtime/kernel_folders.h"
#include "tests/cl/test_device.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- the choice of a device --- */

static pnas_status try_device(const char *device, int choice, int vector, pnas_cl **cl)
{
    pnas_cl_options options = {.device = device, .choice = choice, .vector = vector};
    return pnas_cl_create(&options, cl);
}

Test(device, the_list_describes_every_device)
{
    pnas_device_info *list = NULL;
    int count = 0;
    cr_assert_eq(pnas_device_list(&list, &count), PNAS_OK, "%s", pnas_message());
    cr_assert_geq(count, 1);
    for (int i = 0; i < count; ++i) {
        cr_assert_eq(list[i].index, i);
        cr_assert_gt(strlen(list[i].name), 0);
        cr_assert_gt(strlen(list[i].platform), 0);
        cr_assert_gt(strlen(list[i].driver), 0);
        cr_assert(strstr(list[i].version, "OpenCL") == list[i].version);
        cr_assert_geq(list[i].compute_units, 1);
        cr_assert_gt(list[i].memory, 0);
        cr_assert_gt(list[i].largest_allocation, 0);
    }
    free(list);
}

Test(device, is_chosen_by_kind_index_or_part_of_its_name)
{
    pnas_device_info *list = NULL;
    int count = 0;
    cr_assert_eq(pnas_device_list(&list, &count), PNAS_OK);
    char part[8];
    snprintf(part, sizeof part, "%.6s", list[0].name);
    for (char *c = part; *c; ++c) /* case does not matter */
        *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
    const char *const ways[] = {NULL, "", "auto", "0", part};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; ++i) {
        pnas_cl *cl = NULL;
        cr_assert_eq(try_device(ways[i], 0, 0, &cl), PNAS_OK, "%s", pnas_message());
        if (i >= 3)
            cr_assert_str_eq(pnas_cl_device(cl)->name, list[0].name);
        cr_assert_eq(pnas_cl_vector(cl), pnas_cl_device(cl)->cpu ? 8 : 4);
        test_device_close(&cl);
    }
    free(list);
}

Test(device, a_choice_beyond_the_matching_devices_starts_again)
{
    pnas_device_info *list = NULL;
    int count = 0;
    pnas_cl *cl = NULL;
    cr_assert_eq(pnas_device_list(&list, &count), PNAS_OK);
    for (int choice = -1; choice < 4; ++choice) {
        cr_assert_eq(try_device("0", choice, 0, &cl), PNAS_OK, "%s", pnas_message());
        cr_assert_eq(pnas_cl_device(cl)->index, 0);
        test_device_close(&cl);
    }
    free(list);
}

Test(device, one_that_is_not_there_is_an_error_that_lists_what_is)
{
    pnas_device_info *list = NULL;
    int count = 0;
    pnas_cl *cl = NULL;
    cr_assert_eq(pnas_device_list(&list, &count), PNAS_OK);
    static const char *const wrong[] = {"Abacus 3000", "64", "1x"};
    for (int i = 0; i < 3; ++i) {
        cr_assert_eq(try_device(wrong[i], 0, 0, &cl), PNAS_ERROR_DEVICE);
        cr_assert_null(cl);
        cr_assert_eq(pnas_exit_code(PNAS_ERROR_DEVICE), 69);
        cr_assert(strstr(pnas_message(), wrong[i]), "%s", pnas_message());
        cr_assert(strstr(pnas_message(), list[0].name), "%s", pnas_message());
    }
    free(list);
}

Test(device, no_driver_is_an_error_that_names_the_packages)
{
    setenv("OCL_ICD_VENDORS", "/tmp/there-is-no-such-folder", 1);
    pnas_cl *cl = NULL;
    pnas_device_info *list = NULL;
    int count = 1;
    cr_assert_eq(try_device(NULL, 0, 0, &cl), PNAS_ERROR_DEVICE);
    cr_assert_null(cl);
    cr_assert(strstr(pnas_message(), "pocl-opencl-icd"), "%s", pnas_message());
    cr_assert(strstr(pnas_message(), "OCL_ICD_VENDORS=/tmp/there-is-no-such-folder"), "%s", pnas_message());
    cr_assert_eq(pnas_device_list(&list, &count), PNAS_ERROR_DEVICE);
    cr_assert_null(list);
    cr_assert_eq(count, 0);
}

Test(device, channel_blocks_are_1_4_or_8)
{
    pnas_cl *cl = NULL;
    static const int allowed[] = {1, 4, 8};
    for (int i = 0; i < 3; ++i) {
        cr_assert_eq(try_device(NULL, 0, allowed[i], &cl), PNAS_OK);
        cr_assert_eq(pnas_cl_vector(cl), allowed[i]);
        test_device_close(&cl);
    }
    cr_assert_eq(try_device(NULL, 0, 3, &cl), PNAS_ERROR_USAGE);
    cr_assert_null(cl);
}

static int units_with_threads(int threads)
{
    pnas_cl *cl = NULL;
    pnas_cl_options options = {.device = "cpu", .threads = threads};
    cr_assert_eq(pnas_cl_create(&options, &cl), PNAS_OK, "%s", pnas_message());
    cl_mem buffer = test_device_buffer(cl, &(float){1}, 1); /* it works, too */
    float value = 0;
    test_device_read(cl, buffer, &value, 1);
    cr_assert_eq(value, 1);
    pnas_buffer_release(&buffer);
    int units = pnas_cl_device(cl)->compute_units;
    test_device_close(&cl);
    return units;
}

Test(device, threads_limit_the_cores_of_a_cpu)
{
    unsetenv("POCL_MAX_PTHREAD_COUNT");
    cr_assert_eq(units_with_threads(1), 1);
}

Test(device, threads_limit_a_cpu_that_was_listed_before)
{
    pnas_device_info *list = NULL;
    int count = 0;
    unsetenv("POCL_MAX_PTHREAD_COUNT");
    cr_assert_eq(pnas_device_list(&list, &count), PNAS_OK);
    free(list);
    cr_assert_eq(units_with_threads(1), 1);
}

Test(device, errors_of_opencl_have_names)
{
    cr_assert_str_eq(pnas_cl_error(CL_SUCCESS), "CL_SUCCESS");
    cr_assert_str_eq(pnas_cl_error(CL_BUILD_PROGRAM_FAILURE), "CL_BUILD_PROGRAM_FAILURE");
    cr_assert_str_eq(pnas_cl_error(CL_INVALID_KERNEL_ARGS), "CL_INVALID_KERNEL_ARGS");
    cr_assert_str_eq(pnas_cl_error(-9999), "OpenCL error -9999");
    cr_assert_eq(pnas_cl_status(CL_MEM_OBJECT_ALLOCATION_FAILURE, "here"), PNAS_ERROR_MEMORY);
    cr_assert_eq(pnas_cl_status(CL_OUT_OF_RESOURCES, "here"), PNAS_ERROR_MEMORY);
    cr_assert(strstr(pnas_message(), "fewer ranks on the device"), "%s", pnas_message());
    cr_assert_eq(pnas_cl_status(CL_OUT_OF_HOST_MEMORY, "here"), PNAS_ERROR_MEMORY);
    cr_assert_eq(pnas_cl_status(CL_INVALID_VALUE, "here"), PNAS_ERROR_DEVICE);
    cr_assert_str_eq(pnas_message(), "here: CL_INVALID_VALUE");
}

/* --- memory --- */

static pnas_status try_buffer(pnas_cl *cl, size_t bytes)
{
    cl_mem buffer = NULL;
    pnas_status status = pnas_buffer_create(cl, bytes, &buffer);
    cr_assert_eq(buffer != NULL, status == PNAS_OK);
    pnas_buffer_release(&buffer);
    return status;
}

Test(device, one_that_is_no_cpu_is_asked_for_more_than_it_says_it_allows)
{
    pnas_cl *cl = test_device_open(0);
    cl->info.largest_allocation = 4096;
    cr_assert_eq(try_buffer(cl, 4096), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(try_buffer(cl, 4097), PNAS_ERROR_TOO_LARGE);
    cr_assert(strstr(pnas_message(), "allows 0.0 MiB at most"), "%s", pnas_message());
    cl->info.cpu = false;
    cr_assert_eq(try_buffer(cl, 4097), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(try_buffer(cl, (size_t)1 << 50), PNAS_ERROR_TOO_LARGE);
    cr_assert(strstr(pnas_message(), "a buffer of 1073741824.0 MiB is needed"), "%s", pnas_message());
    cl->info.cpu = true;
    test_device_close(&cl);
}

/* --- waiting --- */

static cl_event user_event(const pnas_cl *cl)
{
    cl_int code;
    cl_event event = clCreateUserEvent(cl->context, &code);
    cr_assert_eq(code, CL_SUCCESS);
    return event;
}

static void *complete_later(void *event)
{
    pnas_clock_sleep(5e-3); /* so that the other thread mostly waits already; it need not */
    clSetUserEventStatus(*(cl_event *)event, CL_COMPLETE);
    return NULL;
}

Test(wait, ends_with_the_event_on_a_cpu_and_on_what_is_none)
{
    pnas_cl *cl = test_device_open(0);
    for (int cpu = 0; cpu < 2; ++cpu) {
        cl_event event = user_event(cl);
        pthread_t other;
        cl->info.cpu = cpu;
        cr_assert_eq(pthread_create(&other, NULL, complete_later, &event), 0);
        cr_assert_eq(pnas_event_wait(cl, event), PNAS_OK, "%s", pnas_message());
        pthread_join(other, NULL);
        clReleaseEvent(event);
    }
    cl->info.cpu = true;
    test_device_close(&cl);
}

/* A driver that gives memory only when a kernel needs it says so in the event of that kernel. */
Test(wait, tells_why_a_command_failed)
{
    pnas_cl *cl = test_device_open(0);
    for (int cpu = 0; cpu < 2; ++cpu) {
        cl_event event = user_event(cl);
        cl->info.cpu = cpu;
        cr_assert_eq(clSetUserEventStatus(event, CL_MEM_OBJECT_ALLOCATION_FAILURE), CL_SUCCESS);
        cr_assert_eq(pnas_event_wait(cl, event), PNAS_ERROR_MEMORY);
        cr_assert(strstr(pnas_message(), "CL_MEM_OBJECT_ALLOCATION_FAILURE"), "%s", pnas_message());
        clReleaseEvent(event);
    }
    cl->info.cpu = true;
    test_device_close(&cl);
}

Test(wait, what_is_written_is_read_back_from_what_is_no_cpu)
{
    pnas_cl *cl = test_device_open(0);
    float value[3] = {1, 2, 3}, got[3] = {0};
    cl->info.cpu = false;
    cl_mem buffer = test_device_buffer(cl, value, 3);
    test_device_read(cl, buffer, got, 3);
    cr_assert_arr_eq(got, value, sizeof value);
    cr_assert_eq(pnas_cl_finish(cl), PNAS_OK, "%s", pnas_message());
    pnas_buffer_release(&buffer);
    cl->info.cpu = true;
    test_device_close(&cl);
}

/* --- kernel files --- */

Test(kernels, includes_are_read_from_the_kernel_folder_whatever_its_name)
{
    kernel_folders f = kernel_folders_make();
    char odd[PATH_MAX];
    snprintf(odd, sizeof odd, "%s/a folder, with 'spaces'", f.root);
    cr_assert_eq(rename(f.kernels, odd), 0);
    pnas_cl *cl = NULL;
    pnas_cl_options options = {.cache_directory = f.cache, .kernel_directory = odd};
    cr_assert_eq(pnas_cl_create(&options, &cl), PNAS_OK);
    cr_assert_eq(kernel_folders_run(cl), 41);
    test_device_close(&cl);
    kernel_folders_remove(&f);
}

Test(kernels, a_missing_file_is_named)
{
    kernel_folders f = kernel_folders_make();
    pnas_cl *cl = kernel_folders_open(&f, false);
    cl_kernel kernel;
    cr_assert_eq(pnas_kernel_create(cl, "nothing.cl", NULL, "none", &kernel), PNAS_ERROR_FILE);
    cr_assert(strstr(pnas_message(), "nothing.cl"), "%s", pnas_message());
    kernel_folder_write(f.kernels, "half.cl", "#include \"lost.h\"\n");
    cr_assert_eq(pnas_kernel_create(cl, "half.cl", NULL, "none", &kernel), PNAS_ERROR_FILE);
    cr_assert(strstr(pnas_message(), "lost.h"), "%s", pnas_message());
    test_device_close(&cl);
    kernel_folders_remove(&f);
}

/* Somebody installs another version. */
Test(kernels, a_folder_that_changes_meanwhile_is_refused)
{
    kernel_folders f = kernel_folders_make();
    pnas_cl *cl = kernel_folders_open(&f, false);
    cl_kernel kernel;
    kernel_folder_write(f.kernels, "more.h", "/* nothing */\n");
    cr_assert_eq(pnas_kernel_create(cl, "fill.cl", NULL, "fill", &kernel), PNAS_ERROR_FILE);
    cr_assert(strstr(pnas_message(), "were changed while the program was at work"), "%s", pnas_message());
    test_device_close(&cl);
    kernel_folders_remove(&f);
}

Test(kernels, a_folder_without_kernels_is_refused_at_once)
{
    kernel_folders f = kernel_folders_make();
    pnas_cl *cl = NULL;
    pnas_cl_options options = {.cache_directory = f.cache};
    setenv("PNAS_KERNELS", f.kernels, 1);
    cr_assert_eq(pnas_cl_create(&options, &cl), PNAS_ERROR_FILE);
    cr_assert_null(cl);
    cr_assert(strstr(pnas_message(), "PNAS_KERNELS"), "%s", pnas_message());
    cr_assert(strstr(pnas_message(), f.kernels), "%s", pnas_message());
    kernel_folders_remove(&f);
}

Test(kernels, a_failed_build_shows_its_log_and_options_and_keeps_the_whole)
{
    kernel_folders f = kernel_folders_make();
    kernel_folder_write(f.kernels, "bad.cl",
                        "__kernel void bad(__global int *out) { out[0] = no_such_thing; }\n");
    pnas_cl *cl = kernel_folders_open(&f, false);
    cl_kernel kernel;
    char path[PATH_MAX] = "";
    cr_assert_eq(pnas_kernel_create(cl, "bad.cl", "-DTHIS=1", "bad", &kernel), PNAS_ERROR_BUILD);
    cr_assert_null(kernel);
    cr_assert(strstr(pnas_message(), "bad.cl"), "%s", pnas_message());
    cr_assert(strstr(pnas_message(), "-DTHIS=1"), "%s", pnas_message());
    cr_assert(strstr(pnas_message(), "no_such_thing"), "%s", pnas_message());
    cr_assert_eq(kernel_folder_count(f.cache, ".log", path), 1);
    cr_assert(strstr(pnas_message(), path), "%s", pnas_message());
    cr_assert_eq(pnas_kernel_create(cl, "fill.cl", NULL, "no_such_kernel", &kernel), PNAS_ERROR_DEVICE);
    cr_assert(strstr(pnas_message(), "no_such_kernel"), "%s", pnas_message());
    test_device_close(&cl);
    kernel_folders_remove(&f);
}
