#include "cl/runtime/device_choice.h"

#include "cl/runtime/device_place.h"

#include <stdlib.h>

pnas_status pnas_device_choose(const pnas_cl_options *options, pnas_device *out)
{
    pnas_device_array all = {0};
    pnas_device_info *list = NULL;
    pnas_status status;
    int index = 0;
    PNAS_TRY_CLEANUP(pnas_device_scan(options->threads, &all));
    PNAS_TRY_CLEANUP(pnas_device_describe(&all, &list));
    PNAS_TRY_CLEANUP(pnas_device_place(list, all.count, options, &index));
    *out = all.item[index];
cleanup:
    free(list);
    free(all.item);
    return status;
}
