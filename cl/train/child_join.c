#include "cl/train/child_join.h"

#include "cl/runtime/launch_join.h"

static pnas_status join(pnas_launch_list *list, pnas_recorded_list *recorded)
{
    recorded->list = *list;
    *list = (pnas_launch_list){0};
    PNAS_TRY(pnas_launch_order_create(&recorded->list, &recorded->order));
    return pnas_launch_join(&(pnas_join_part){&recorded->list, &recorded->order}, 1, list);
}

pnas_status pnas_child_join(pnas_child_plan *plan)
{
    if (!plan->joins)
        return PNAS_OK;
    PNAS_TRY(join(&plan->step, &plan->recorded_step));
    PNAS_TRY(join(&plan->evaluation, &plan->recorded_evaluation));
    return join(&plan->before_evaluation, &plan->recorded_before);
}

void pnas_child_join_clear(pnas_child_plan *plan)
{
    pnas_recorded_list *const all[] = {&plan->recorded_step, &plan->recorded_evaluation,
                                       &plan->recorded_before};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) {
        pnas_launch_clear(&all[i]->list);
        pnas_launch_order_clear(&all[i]->order);
    }
}
