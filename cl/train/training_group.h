/* A group of trainers whose children take their steps together, so that a device gets fewer launches for the same work:
 * each child's figures are the same to the bit, whoever is in its group. The trainers are lanes that share a queue
 * (pnas_lane_create_sharing); a thread works with each. Local to a rank. */
#ifndef PNAS_CL_TRAINING_GROUP_H
#define PNAS_CL_TRAINING_GROUP_H

#include "cl/runtime/context.h"

typedef struct pnas_child_group pnas_child_group;

/* A group of `members` on the queue of `cl` (borrowed), with memory for each of a child of at most so many
 * bytes: in one buffer if the device gives one, so that all can be joined, else in several, or in none: then
 * each child has its own, and its launches stay alone. */
pnas_status pnas_child_group_create(pnas_cl *cl, int members, uint64_t bytes, pnas_child_group **out);
void pnas_child_group_destroy(pnas_child_group **group); /* after all its trainers */

#endif
