#include "src/base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char message[2048];

pnas_status(pnas_fail)(pnas_status status, const char *format, ...)
{
    char text[sizeof message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments); /* an argument may be the old message itself */
    va_end(arguments);
    memcpy(message, text, sizeof message);
    return status;
}

pnas_status pnas_fail_at(pnas_status status, const char *format, ...)
{
    char text[sizeof message];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length < sizeof text)
        snprintf(text + length, sizeof text - (size_t)length, ": %s", message);
    memcpy(message, text, sizeof message);
    return status;
}

const char *pnas_message(void)
{
    return message;
}

int pnas_exit_code(pnas_status status)
{
    switch (status) {
    case PNAS_OK:
        return 0;
    case PNAS_ERROR_USAGE:
        return 64;
    case PNAS_ERROR_DATA:
        return 65;
    case PNAS_ERROR_DEVICE:
    case PNAS_ERROR_MEMORY:
    case PNAS_ERROR_BUILD:
    case PNAS_ERROR_TOO_LARGE:
        return 69;
    case PNAS_ERROR_FILE:
        return 74;
    case PNAS_STOPPED:
        return 75;
    case PNAS_ERROR_INTERNAL:
    case PNAS_ERROR_DIVERGED:
    case PNAS_ERROR_TIMEOUT:
        break;
    }
    return 70;
}

const char *pnas_status_name(pnas_status status)
{
    switch (status) {
    case PNAS_OK:
        return "ok";
    case PNAS_ERROR_USAGE:
        return "wrong use";
    case PNAS_ERROR_DATA:
        return "bad data";
    case PNAS_ERROR_DEVICE:
        return "device";
    case PNAS_ERROR_FILE:
        return "file";
    case PNAS_ERROR_MEMORY:
        return "memory";
    case PNAS_ERROR_DIVERGED:
        return "diverged";
    case PNAS_ERROR_BUILD:
        return "build";
    case PNAS_ERROR_TIMEOUT:
        return "timeout";
    case PNAS_ERROR_TOO_LARGE:
        return "too large";
    case PNAS_STOPPED:
        return "stopped";
    case PNAS_ERROR_INTERNAL:
        break;
    }
    return "internal";
}
