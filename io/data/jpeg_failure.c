#include "io/data/jpeg_failure.h"

static void leave(j_common_ptr common)
{
    pnas_jpeg_failure *failure = (pnas_jpeg_failure *)common->err;
    common->err->format_message(common, failure->message);
    longjmp(failure->jump, 1);
}

static void note(j_common_ptr common, int level)
{
    if (level < 0)
        leave(common);
}

struct jpeg_error_mgr *pnas_jpeg_failure_begin(pnas_jpeg_failure *failure)
{
    jpeg_std_error(&failure->manager);
    failure->manager.error_exit = leave;
    failure->manager.emit_message = note;
    return &failure->manager;
}
