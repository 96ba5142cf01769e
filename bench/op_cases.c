#include "bench/op_cases.h"

#include <stdio.h>

enum { STAGES = 3 };

typedef struct {
    pnas_op_case *out;
    int count;
} case_list;

static void add(case_list *list, const char *what, pnas_op_case c)
{
    if (list->count == PNAS_OP_CASES_MAX)
        return;
    if (c.stride == 0)
        c.stride = 1;
    if (c.dilation == 0)
        c.dilation = 1;
    if (c.kernel_h == 0)
        c.kernel_h = c.kernel_w = 1;
    snprintf(c.name, sizeof c.name, "%s %d>%d %dx%d%s", what, c.C, c.M, c.size, c.size,
             c.stride > 1 ? " stride 2" : "");
    list->out[list->count++] = c;
}

static void add_depthwise(case_list *list, int C, int size, int stride)
{
    static const char *const names[] = {"depthwise 3x3", "depthwise 5x5", "depthwise 7x7"};
    for (int i = 0; i < 3; ++i)
        add(list, names[i],
            (pnas_op_case){.word = "depthwise",
                           .kind = PNAS_LAYER_DEPTHWISE,
                           .normalised = true,
                           .C = C,
                           .M = C,
                           .size = size,
                           .kernel_h = 3 + 2 * i,
                           .kernel_w = 3 + 2 * i,
                           .stride = stride});
}

static void add_pools(case_list *list, int C, int size, int stride)
{
    pnas_op_case pool = {.word = "max pool",
                         .kind = PNAS_LAYER_MAX_POOL,
                         .C = C,
                         .M = C,
                         .size = size,
                         .kernel_h = 3,
                         .kernel_w = 3,
                         .stride = stride};
    add(list, "max pool 3x3", pool);
    pool.word = "average pool";
    pool.kind = PNAS_LAYER_AVERAGE_POOL;
    add(list, "average pool 3x3", pool);
}

static void add_pointwise(case_list *list, const char *what, int C, int M, int size, bool relu)
{
    add(list, what,
        (pnas_op_case){
            .word = "pointwise", .kind = PNAS_LAYER_POINTWISE, .C = C, .M = M, .size = size, .relu = relu});
}

/* 1x7, 7x1 and dilated 3x3 work on a quarter of the channels. */
static void add_bottlenecks(case_list *list, int C, int size)
{
    pnas_op_case dense = {.word = "dense",
                          .kind = PNAS_LAYER_CONVOLUTION,
                          .normalised = true,
                          .C = C / 4,
                          .M = C / 4,
                          .size = size,
                          .relu = true};
    add_pointwise(list, "bottleneck in", C, C / 4, size, true);
    dense.kernel_h = 1;
    dense.kernel_w = 7;
    add(list, "1x7", dense);
    dense.kernel_h = 7;
    dense.kernel_w = 1;
    add(list, "7x1", dense);
    dense.kernel_h = dense.kernel_w = 3;
    dense.dilation = 2;
    add(list, "dilated 3x3", dense);
    add_pointwise(list, "bottleneck out", C / 4, C, size, true);
}

/* The first cell of a stage halves height and width and doubles the channels. */
static void add_reducing_cell(case_list *list, int blocks, int C, int size)
{
    add_pointwise(list, "squeeze", blocks * C, 2 * C, size, true);
    add_depthwise(list, 2 * C, size, 2);
    add_pools(list, 2 * C, size, 2);
    add(list, "reduction",
        (pnas_op_case){.word = "reduction",
                       .kind = PNAS_LAYER_REDUCTION,
                       .C = blocks * C,
                       .M = 2 * C,
                       .size = size,
                       .stride = 2});
}

int pnas_op_cases(int blocks, int filters, int size, pnas_op_case out[PNAS_OP_CASES_MAX])
{
    case_list list = {.out = out};
    add(&list, "stem 3x3",
        (pnas_op_case){.word = "dense",
                       .kind = PNAS_LAYER_CONVOLUTION,
                       .C = 3,
                       .M = 3 * filters,
                       .size = size,
                       .kernel_h = 3,
                       .kernel_w = 3});
    for (int stage = 0; stage < STAGES; ++stage) {
        int C = filters << stage, pixels = size >> stage;
        add_pointwise(&list, "squeeze", blocks * C, C, pixels, true);
        add_depthwise(&list, C, pixels, 1);
        add_pointwise(&list, "pointwise", C, C, pixels, false);
        add_bottlenecks(&list, C, pixels);
        add_pools(&list, C, pixels, 1);
        add(&list, "sum",
            (pnas_op_case){
                .word = "sum", .kind = PNAS_LAYER_ADD, .normalised = true, .C = C, .M = C, .size = pixels});
        if (stage + 1 < STAGES)
            add_reducing_cell(&list, blocks, C, pixels);
    }
    add(&list, "update", (pnas_op_case){.word = "update", .update = true, .C = 1 << 18, .M = 1, .size = 1});
    return list.count;
}
