/* The order of launches by what they access, and lists whose equal launches were joined, against the lists as they
 * were recorded. */
#include "cl/runtime/launch_check.h"
#include "cl/runtime/launch_join.h"
#include "src/base/random.h"
#include "tests/cl/runtime/kernel_folders.h"
#include "tests/cl/test_device.h"

#include <stdio.h>
#include <string.h>

/* --- overlaps --- */

enum { BYTES = 240 };

static pnas_access random_access(pnas_stream *stream, cl_mem buffer)
{
    pnas_access a = {.buffer = buffer, .write = pnas_stream_below(stream, 2)};
    a.count = pnas_stream_below(stream, 5);
    a.length = pnas_stream_below(stream, 20);
    a.stride = pnas_stream_below(stream, 40);
    a.first = pnas_stream_below(stream, 60);
    return a;
}

static void mark(const pnas_access *a, unsigned char *map)
{
    memset(map, 0, BYTES);
    for (size_t piece = 0; piece < a->count; ++piece)
        memset(map + a->first + piece * a->stride, 1, a->length);
}

static bool meet(const pnas_access *a, const pnas_access *b)
{
    unsigned char first[BYTES], second[BYTES];
    mark(a, first);
    mark(b, second);
    for (int i = 0; i < BYTES; ++i)
        if (first[i] && second[i])
            return a->buffer == b->buffer;
    return false;
}

Test(launch_order, overlaps_are_those_of_a_map_of_bytes)
{
    pnas_stream stream = pnas_stream_make(1, PNAS_STREAM_TEST, 0, 0);
    cl_mem const buffer[] = {(cl_mem)&stream, (cl_mem)(&stream + 1)}; /* only compared */
    int met = 0;
    for (int round = 0; round < 20000; ++round) {
        pnas_access a = random_access(&stream, buffer[0]),
                    b = random_access(&stream, buffer[pnas_stream_below(&stream, 8) == 0]);
        bool expected = meet(&a, &b);
        met += expected;
        cr_assert_eq(pnas_access_overlap(&a, &b), expected,
                     "%zu + %zu x (%zu, every %zu) and %zu + %zu x (%zu, every %zu)", a.first, a.count,
                     a.length, a.stride, b.first, b.count, b.length, b.stride);
        cr_assert_eq(pnas_access_overlap(&b, &a), expected);
    }
    cr_assert(met > 2000 && met < 18000, "%d of 20000 meet", met);
}

/* --- lists --- */

static const char kernels[] =
    "#include \"job.h\"\n"
    "typedef struct {\n"
    "    JOB_HEAD;\n"
    "    JOB_SLICE(x);\n"
    "    JOB_SLICE(out);\n"
    "    int count, accumulate;\n"
    "    float factor;\n"
    "} blend_job;\n"
    "GROUP_KERNEL(16) blend(const __global float *restrict x, __global float *restrict out, "
    "JOBS(blend_job))\n"
    "{\n"
    "    const __global blend_job *job = JOB;\n"
    "    const int i = JOB_GROUP * 16 + (int)get_local_id(0);\n"
    "    if (i < job->count)\n"
    "        out[job->out_at + i] = fma(job->factor, x[job->x_at + i], job->accumulate ? out[job->out_at + "
    "i] : 1.0f);\n"
    "}\n"
    "GROUP_KERNEL(16) shift(const __global float *restrict x, __global float *restrict out, "
    "JOBS(blend_job))\n"
    "{\n"
    "    const __global blend_job *job = JOB;\n"
    "    const int i = JOB_GROUP * 16 + (int)get_local_id(0);\n"
    "    if (i < job->count)\n"
    "        out[job->out_at + i] = x[job->x_at + job->count - 1 - i] + job->factor;\n"
    "}\n"
    "__kernel void plain(__global float *all, const int at, const int count, const float factor)\n"
    "{\n"
    "    const int i = get_global_id(0);\n"
    "    if (i < count)\n"
    "        all[at + i] = fma(factor, all[at + i], 0.5f);\n"
    "}\n";

typedef struct {
    kernel_folders folders;
    pnas_cl *cl;
    pnas_stream stream;
    cl_mem buffer[2];
    float *start;
} bed;

enum { FLOATS = 1024 };

static bed open_bed(uint64_t seed)
{
    bed b = {.folders = kernel_folders_make(), .stream = pnas_stream_make(seed, PNAS_STREAM_TEST, 0, 0)};
    char path[512], text[8192];
    snprintf(path, sizeof path, "%s/job.h", getenv("PNAS_KERNELS"));
    FILE *file = fopen(path, "r");
    cr_assert(file, "%s", path);
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[size] = 0;
    kernel_folder_write(b.folders.kernels, "job.h", text);
    kernel_folder_write(b.folders.kernels, "joined.cl", kernels);
    b.cl = kernel_folders_open(&b.folders, false);
    cr_assert(b.cl);
    b.start = test_device_random(&b.stream, FLOATS);
    for (int i = 0; i < 2; ++i)
        b.buffer[i] = test_device_buffer(b.cl, b.start, FLOATS);
    return b;
}

static void close_bed(bed *b)
{
    for (int i = 0; i < 2; ++i)
        pnas_buffer_release(&b->buffer[i]);
    free(b->start);
    kernel_folders_remove(&b->folders);
    test_device_close(&b->cl);
}

static pnas_access floats_of(cl_mem buffer, size_t at, size_t count, bool write)
{
    return (pnas_access){buffer, at * sizeof(float), count * sizeof(float), 0, 1, write};
}

static void append_job(bed *b, pnas_launch_list *list, const char *kernel, int buffer, size_t x, size_t out,
                       int count, bool says_reads)
{
    bool accumulate = kernel[0] == 'b' && pnas_stream_below(&b->stream, 2);
    const pnas_access access[] = {floats_of(b->buffer[buffer], out, (size_t)count, true),
                                  floats_of(b->buffer[buffer], x, (size_t)count, false)};
    const pnas_launch_spec spec = {.label = kernel,
                                   .file = "joined.cl",
                                   .kernel = kernel,
                                   .global = {(size_t)count},
                                   .local = {16},
                                   .jobs = true,
                                   .access = access,
                                   .accesses = says_reads ? 2 : 1};
    cr_assert_eq(pnas_launch_append(b->cl, list, &spec,
                                    PNAS_ARGS(PNAS_ARG_BUFFER(b->buffer[buffer]), PNAS_ARG_OFFSET(x),
                                              PNAS_ARG_BUFFER(b->buffer[buffer]), PNAS_ARG_OFFSET(out),
                                              PNAS_ARG_INT(count), PNAS_ARG_INT(accumulate),
                                              PNAS_ARG_FLOAT(pnas_stream_uniform(&b->stream)))),
                 PNAS_OK, "%s", pnas_message());
}

static void append_plain(bed *b, pnas_launch_list *list, int buffer, size_t at, int count, bool says)
{
    const pnas_access access = floats_of(b->buffer[buffer], at, (size_t)count, true);
    const pnas_launch_spec spec = {.label = "plain",
                                   .file = "joined.cl",
                                   .kernel = "plain",
                                   .global = {(size_t)count},
                                   .access = says ? &access : NULL,
                                   .accesses = says};
    cr_assert_eq(
        pnas_launch_append(b->cl, list, &spec,
                           PNAS_ARGS(PNAS_ARG_BUFFER(b->buffer[buffer]), PNAS_ARG_INT(at),
                                     PNAS_ARG_INT(count), PNAS_ARG_FLOAT(pnas_stream_uniform(&b->stream)))),
        PNAS_OK, "%s", pnas_message());
}

typedef struct {
    cl_mem buffer;
    float value;
} call_payload;

static pnas_status fill_some(pnas_cl *cl, void *payload)
{
    const call_payload *call = payload;
    return pnas_buffer_write(cl, call->buffer, 40, sizeof call->value, &call->value);
}

static void append_call(bed *b, pnas_launch_list *list, int buffer)
{
    call_payload *payload = malloc(sizeof *payload);
    cr_assert(payload);
    *payload = (call_payload){b->buffer[buffer], (float)pnas_stream_uniform(&b->stream)};
    cr_assert_eq(pnas_launch_append_call(list, "call", fill_some, payload), PNAS_OK);
}

/* Among the floats from `first` on, so many; alone: some launches say nothing, which only one list may have. */
static void append_random(bed *b, pnas_launch_list *list, int launches, size_t first, size_t floats,
                          bool alone)
{
    for (int i = 0; i < launches; ++i) {
        int count = 1 + (int)pnas_stream_below(&b->stream, 60),
            buffer = (int)pnas_stream_below(&b->stream, 2);
        uint32_t room = (uint32_t)floats / 2 - 60, what = pnas_stream_below(&b->stream, 24);
        size_t low = first + pnas_stream_below(&b->stream, room),
               high = first + floats / 2 + pnas_stream_below(&b->stream, room);
        bool up = pnas_stream_below(&b->stream, 2);
        if (what == 0 && alone)
            append_call(b, list, buffer);
        else if (what < 3)
            append_plain(b, list, buffer, low, count, !alone || what != 1);
        else
            append_job(b, list, what % 2 ? "blend" : "shift", buffer, up ? low : high, up ? high : low, count,
                       true);
    }
}

static float *run_from_start(bed *b, pnas_launch_list *const *lists, size_t count)
{
    float *got = malloc(2 * FLOATS * sizeof *got);
    cr_assert(got);
    for (int i = 0; i < 2; ++i)
        cr_assert_eq(pnas_buffer_write(b->cl, b->buffer[i], 0, FLOATS * sizeof *got, b->start), PNAS_OK);
    for (size_t i = 0; i < count; ++i)
        cr_assert_eq(pnas_launch_run(b->cl, lists[i], NULL), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_cl_finish(b->cl), PNAS_OK);
    for (int i = 0; i < 2; ++i)
        test_device_read(b->cl, b->buffer[i], got + (size_t)i * FLOATS, FLOATS);
    return got;
}

/* Both ways; returns how many launches the joined list has. */
static size_t compare_joined(bed *b, pnas_launch_list *lists, size_t count)
{
    pnas_launch_order order[4] = {{0}};
    pnas_join_part part[4];
    pnas_launch_list joined = {0}, *all[4];
    for (size_t i = 0; i < count; ++i) {
        all[i] = &lists[i];
        cr_assert_eq(pnas_launch_order_create(&lists[i], &order[i]), PNAS_OK);
        part[i] = (pnas_join_part){&lists[i], &order[i]};
    }
    cr_assert_eq(pnas_launch_join(part, count, &joined), PNAS_OK, "%s", pnas_message());
    float *expected = run_from_start(b, all, count),
          *got = run_from_start(b, (pnas_launch_list *[]){&joined}, 1);
    cr_assert_arr_eq(got, expected, 2 * FLOATS * sizeof *got, "joined launches gave other bits");
    size_t launches = joined.count;
    free(expected);
    free(got);
    pnas_launch_clear(&joined);
    for (size_t i = 0; i < count; ++i)
        pnas_launch_order_clear(&order[i]);
    return launches;
}

Test(launch_join, a_joined_list_gives_the_same_bits)
{
    size_t before = 0, after = 0;
    bed b = open_bed(11);
    for (int round = 0; round < 30; ++round) {
        pnas_launch_list list = {0};
        append_random(&b, &list, 5 + (int)pnas_stream_below(&b.stream, 70), 0, FLOATS, round % 2);
        before += list.count;
        after += compare_joined(&b, &list, 1);
        pnas_launch_clear(&list);
    }
    cr_assert(4 * after < 3 * before, "%zu launches became %zu", before, after);
    close_bed(&b);
}

Test(launch_join, lists_joined_with_each_other_give_the_same_bits)
{
    size_t before = 0, after = 0;
    bed b = open_bed(12);
    for (int round = 0; round < 10; ++round) {
        pnas_launch_list list[4] = {{0}};
        size_t count = 1 + (size_t)(round % 4);
        for (size_t i = 0; i < count; ++i) {
            append_random(&b, &list[i], 5 + (int)pnas_stream_below(&b.stream, 40), i * (FLOATS / 4),
                          FLOATS / 4, false);
            before += list[i].count;
        }
        after += compare_joined(&b, list, count);
        for (size_t i = 0; i < count; ++i)
            pnas_launch_clear(&list[i]);
    }
    cr_assert(3 * after < 2 * before, "%zu launches became %zu", before, after);
    close_bed(&b);
}

/* What waits for what: all pairs that conflict, directly or through others. */
Test(launch_order, a_launch_waits_for_exactly_what_conflicts)
{
    bed b = open_bed(13);
    for (int round = 0; round < 20; ++round) {
        pnas_launch_list list = {0};
        pnas_launch_order order = {0};
        append_random(&b, &list, 60, 0, FLOATS, round % 2);
        cr_assert_eq(pnas_launch_order_create(&list, &order), PNAS_OK);
        bool waits[60][60] = {{false}};
        size_t depth[60], deepest = 1;
        pnas_launch_order_depths(&order, depth);
        for (size_t i = 0; i < 60; ++i)
            for (size_t j = i; j-- > 0;) {
                const pnas_launch *p = &list.item[i], *q = &list.item[j];
                bool conflict = !p->access || !q->access;
                for (int s = 0; s < p->accesses && !conflict; ++s)
                    for (int t = 0; t < q->accesses; ++t)
                        conflict |= (p->access[s].write || q->access[t].write) &&
                                    pnas_access_overlap(&p->access[s], &q->access[t]);
                waits[i][j] |= conflict;
                for (size_t k = 0; k < j && conflict; ++k)
                    waits[i][k] |= waits[j][k];
            }
        for (size_t i = 0; i < 60; ++i)
            for (size_t j = 0; j < i; ++j) {
                cr_assert_eq(pnas_launch_order_waits(&order, i, j), waits[i][j], "%zu, %zu", i, j);
                cr_assert(!waits[i][j] || depth[i] > depth[j]);
                deepest = depth[i] > deepest ? depth[i] : deepest;
            }
        cr_assert(deepest > 2 && deepest < 60);
        pnas_launch_order_clear(&order);
        pnas_launch_clear(&list);
    }
    close_bed(&b);
}

Test(launch_join, launches_that_do_not_depend_become_one)
{
    bed b = open_bed(14);
    pnas_launch_list list = {0};
    for (size_t i = 0; i < 8; ++i)
        append_job(&b, &list, "blend", 0, 512 + i * 60, i * 60, 50, true);
    cr_assert_eq(compare_joined(&b, &list, 1), 1);
    append_plain(&b, &list, 0, 100, 1, false);
    for (size_t i = 0; i < 8; ++i)
        append_job(&b, &list, "blend", 0, 512 + i * 60, i * 60, 50, true);
    cr_assert_eq(compare_joined(&b, &list, 1), 3);
    append_job(&b, &list, "blend", 1, 512, 0, 50, true);
    cr_assert_eq(compare_joined(&b, &list, 1), 4, "launches on other buffers were joined");
    pnas_launch_clear(&list);
    close_bed(&b);
}

/* An op may leave what it wanted for another route there: groups would do their work several times. */
Test(launch_join, jobs_have_one_dimension)
{
    bed b = open_bed(18);
    pnas_launch_list list = {0};
    const pnas_launch_spec spec = {.label = "blend",
                                   .file = "joined.cl",
                                   .kernel = "blend",
                                   .global = {50, 4, 3},
                                   .local = {16, 2, 1},
                                   .jobs = true};
    cr_assert_eq(pnas_launch_append(b.cl, &list, &spec, PNAS_ARGS(PNAS_ARG_BUFFER(b.buffer[0]))), PNAS_OK);
    cr_assert_eq(list.item[0].dimensions, 1);
    for (int i = 1; i < 3; ++i)
        cr_assert(list.item[0].global[i] == 1 && list.item[0].local[i] == 1);
    pnas_launch_clear(&list);
    close_bed(&b);
}

/* --- checks --- */

Test(launch_check, accepts_lists_that_say_what_they_access)
{
    bed b = open_bed(15);
    pnas_launch_list list = {0};
    append_random(&b, &list, 40, 0, FLOATS, false);
    cr_assert_eq(pnas_launch_check_accesses(b.cl, &list), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_launch_check_order(b.cl, &list), PNAS_OK, "%s", pnas_message());
    pnas_launch_clear(&list);
    close_bed(&b);
}

static void expect_refused(pnas_status status, const char *text)
{
    cr_assert_eq(status, PNAS_ERROR_INTERNAL);
    cr_assert(strstr(pnas_message(), text), "%s", pnas_message());
}

Test(launch_check, a_read_that_is_not_named_is_found)
{
    bed b = open_bed(16);
    pnas_launch_list list = {0};
    append_job(&b, &list, "shift", 0, 600, 0, 50, true);
    append_job(&b, &list, "shift", 0, 0, 300, 50, false); /* reads what the first one wrote */
    expect_refused(pnas_launch_check_accesses(b.cl, &list), "kernel shift (shift) read something");
    expect_refused(pnas_launch_check_order(b.cl, &list), "leave byte 1200 of buffer 0");
    pnas_launch_clear(&list);
    close_bed(&b);
}

Test(launch_check, a_write_that_is_not_named_is_found)
{
    bed b = open_bed(17);
    pnas_launch_list list = {0};
    append_job(&b, &list, "shift", 0, 600, 0, 50, true);
    list.item[0].access[0].length -= sizeof(float);
    expect_refused(pnas_launch_check_accesses(b.cl, &list),
                   "kernel shift (shift) wrote byte 196 of buffer 0");
    pnas_launch_clear(&list);
    close_bed(&b);
}
