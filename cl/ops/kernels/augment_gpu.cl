/* Images by their recipes for GPUs: a group an image. Histograms are counted by all of its work-items at once: sums of
 * whole numbers are the same in any order. */
#include "job.h"
#include "recipe.h"

#define GROUP 128 /* as in cl/ops/op_augment.c */

typedef struct {
    JOB_HEAD;
    int N, channels;
    JOB_SLICE(mean_deviation);
    JOB_SLICE(recipes);
    JOB_SLICE(state);
    int period;
    JOB_SLICE(shown);
    int H, W;
} augment_job;

GROUP_KERNEL(GROUP)
augment_images_gpu(const __global uchar *restrict images, JOB_FLOATS(mean_deviation),
                   const __global int *restrict recipes, const __global int *restrict state,
                   __global uchar *restrict shown, JOBS(augment_job))
{
    __local uint counts[TABLES];
    __local uchar table[TABLES];
    const __global augment_job *job = JOB;
    const int item = get_local_id(0), H = job->H, W = job->W;
    const canvas c =
        canvas_of(JOB_GROUP, images, job->channels, mean_deviation + job->mean_deviation_at,
                  step_recipes(recipes + job->recipes_at, state + job->state_at, job->period, job->N),
                  shown + job->shown_at, H, W);
    if (c.recipe[RECIPE_OPS] == 0) {
        resample(c, item, GROUP);
        return;
    }
    int mean_grey = 0;
    for (int begin = 0, end = next_to_look(c.recipe, 0), first = 1;; first = 0) {
        const int wanted = op_kind(c.recipe, end);
        for (int i = item; i < TABLES; i += GROUP)
            counts[i] = 0;
        barrier(CLK_LOCAL_MEM_FENCE);
        recolour(c, item, GROUP, first, begin, end, wanted, mean_grey, table, counts);
        if (wanted == NO_OP)
            return;
        barrier(CLK_LOCAL_MEM_FENCE);
        if (wanted == CONTRAST)
            mean_grey = mean_of(counts[0], H * W);
        else if (item < 3)
            table_make(wanted, counts + item * LEVELS, table + item * LEVELS, H * W);
        barrier(CLK_LOCAL_MEM_FENCE);
        begin = end;
        end = next_to_look(c.recipe, end + 1);
    }
}
