#include "src/programs/pnas_score/score_devices.h"

#include "src/base/log.h"

#include <stdio.h>
#include <string.h>

void pnas_score_devices_add(pnas_score_devices *devices, const char *path, const char *device,
                            const char *driver)
{
    size_t same = devices->count;
    for (size_t i = 0; i < devices->count; ++i) {
        if (strcmp(devices->kind[i].device, device) != 0)
            continue;
        if (strcmp(devices->kind[i].driver, driver) == 0)
            return;
        same = i;
    }
    if (!*device)
        return;
    if (same < devices->count && !devices->warned) {
        pnas_warning(
            "%s: of its parts some were scored by %s with driver %s, and some with %s: their scores may "
            "differ in their last bits from those of one scoring; remove the folder of the parts to "
            "score all anew",
            path, device, devices->kind[same].driver, driver);
        devices->warned = true;
    }
    if (devices->count == PNAS_SCORE_DEVICES_MAX)
        return;
    snprintf(devices->kind[devices->count].device, sizeof devices->kind->device, "%s", device);
    snprintf(devices->kind[devices->count++].driver, sizeof devices->kind->driver, "%s", driver);
}
