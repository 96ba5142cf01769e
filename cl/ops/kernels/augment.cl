/* Images by their recipes, plain: any V, any device, one work-item an image. */
#define COUNT(counter, number) ((counter) += (number))
#include "recipe.h"

/* shown [N][H][W][channels], from shown_at bytes on. NDRange: (N), in groups of one. */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
augment_images(const int N, const __global uchar *restrict images, const int channels,
               const __global float *restrict mean_deviation, const ulong mean_deviation_at,
               const __global int *restrict recipes, const ulong recipes_at,
               const __global int *restrict state, const ulong state_at, const int period,
               __global uchar *restrict shown, const ulong shown_at, const int H, const int W)
{
    __local uint counts[TABLES];
    __local uchar table[TABLES];
    const canvas c =
        canvas_of(get_global_id(0), images, channels, mean_deviation + mean_deviation_at,
                  step_recipes(recipes + recipes_at, state + state_at, period, N), shown + shown_at, H, W);
    if (c.recipe[RECIPE_OPS] == 0) {
        resample(c, 0, 1);
        return;
    }
    int mean_grey = 0;
    for (int begin = 0, end = next_to_look(c.recipe, 0), first = 1;; first = 0) {
        const int wanted = op_kind(c.recipe, end);
        for (int i = 0; i < TABLES; ++i)
            counts[i] = 0;
        recolour(c, 0, 1, first, begin, end, wanted, mean_grey, table, counts);
        if (wanted == NO_OP)
            return;
        if (wanted == CONTRAST)
            mean_grey = mean_of(counts[0], H * W);
        for (int k = 0; k < 3 && wanted != CONTRAST; ++k)
            table_make(wanted, counts + k * LEVELS, table + k * LEVELS, H * W);
        begin = end;
        end = next_to_look(c.recipe, end + 1);
    }
}
