/* Private to cl: children of a device that take their steps together. Each child has a thread, a plan and a member's
 * number; at each batch the members that train meet, and one of them enqueues the launches of all, joined. Whoever is
 * late, ends, stops or fails is left out, which changes nothing for the others: each child's figures are the same to
 * the bit, whoever is in its group.
 *
 * Members are called by a thread each, and may be called at the same time. Local to a rank. */
#ifndef PNAS_CL_CHILD_GROUP_H
#define PNAS_CL_CHILD_GROUP_H

#include "cl/train/child_layout.h"
#include "cl/train/training_group.h"

/* The memory of a member; buffer NULL: the group has none for it. */
pnas_child_room pnas_child_group_room(const pnas_child_group *group, int member);

/* Enqueues the launches of a plan's list together with those of the members that come now too; `own` is the
 * same list for this plan alone. *event (the caller's) is over when they are. Waits for a member that took
 * part in the last round, but not long. */
pnas_status pnas_child_group_run(pnas_child_group *group, int member, const pnas_recorded_list *recorded,
                                 pnas_launch_list *own, cl_event *event);

/* The member takes no further steps for now. */
void pnas_child_group_leave(pnas_child_group *group, int member);
/* The same, and its lists will be gone. */
void pnas_child_group_forget(pnas_child_group *group, int member);

#endif
