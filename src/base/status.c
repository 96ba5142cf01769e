#include "src/base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Room for two names of files of any length. */
#define TEXT_MAX 12288

static _Thread_local char message[PNAS_MESSAGE_MAX];

/* Where needed without its middle. */
static void fit(char *out, size_t size, const char *text)
{
    static const char gap[] = " ... ";
    size_t length = strlen(text), begin = size / 3, end = size - begin - sizeof gap;
    if (length < size) {
        memmove(out, text, length + 1);
        return;
    }
    memmove(out, text, begin);
    memcpy(out + begin, gap, sizeof gap - 1);
    memmove(out + begin + sizeof gap - 1, text + length - end, end + 1);
}

pnas_status(pnas_fail)(pnas_status status, const char *format, ...)
{
    char text[TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments); /* an argument may be the old message itself */
    va_end(arguments);
    fit(message, sizeof message, text);
    return status;
}

pnas_status pnas_fail_at(pnas_status status, const char *format, ...)
{
    char text[TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length < sizeof text)
        snprintf(text + length, sizeof text - (size_t)length, ": %s", message);
    fit(message, sizeof message, text);
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

const char *pnas_system_reason(int code)
{
    return code == 0 ? "the system gives no reason" : strerror(code);
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
