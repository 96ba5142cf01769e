/* That equal devices compute by equal routes: a tuned table, and whether CLBlast is taken and which, are part
 * of what decides a result's last bits, so they stand in the table of ranks behind the driver's version
 * ("3.1; tuned 0123456789abcdef; CLBlast 1.5.3"). */
#ifndef PNAS_RUN_TUNED_AGREEMENT_H
#define PNAS_RUN_TUNED_AGREEMENT_H

#include "cl/runtime/context.h"
#include "io/net/network_file.h"
#include "io/run/run_file.h"

/* The driver's version, the tuned table's hash and what CLBlast's check found (pnas_lane_prepare), as they
 * stand in pnas_run_rank.driver. */
void pnas_tuned_describe(const pnas_device_info *device, char *out, size_t size);

/* PNAS_ERROR_USAGE if two ranks have the same device and driver but different tuned tables or CLBlasts. */
pnas_status pnas_tuned_check_agreement(const pnas_run_rank *rank, size_t count);

/* Warns where a run goes on with a device that it has used before, but with another driver or tuned table. */
void pnas_tuned_warn_of_change(const char *path, const pnas_run_rank *before, size_t before_count,
                               const pnas_run_rank *now, size_t now_count);

/* The kinds of devices of the ranks, for a network file. The lists are the caller's (pnas_tuned_list_clear),
 * their texts borrowed from `rank`. */
pnas_status pnas_tuned_list(const pnas_run_rank *rank, size_t count, pnas_network_devices *out);
void pnas_tuned_list_clear(pnas_network_devices *list);

/* What to say of a GPU that was never tuned; false, and nothing in `out`, for any other device. */
bool pnas_tuned_suggest(const pnas_device_info *device, char *out, size_t size);

#endif
