#include "tests/programs/run_program.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void read_text(const char *path, char *out, size_t size)
{
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file);
    size_t length = fread(out, 1, size - 1, file);
    out[length] = '\0';
    fclose(file);
    unlink(path);
}

const program_run *run_program(const char *format, ...)
{
    static program_run run;
    char command[4096], redirected[8192];
    va_list arguments;
    va_start(arguments, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): va_start is the line above */
    int length = vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    cr_assert(length > 0 && (size_t)length < sizeof command);
    const char *out = test_path(".stdout"), *err = test_path(".stderr");
    snprintf(redirected, sizeof redirected, "( %s ) >'%s' 2>'%s' </dev/null", command, out, err);
    int status = system(redirected);
    cr_assert_neq(status, -1);
    run.exit_code = WIFEXITED(status) && WEXITSTATUS(status) < 128 ? WEXITSTATUS(status) : -1;
    read_text(out, run.out, sizeof run.out);
    read_text(err, run.err, sizeof run.err);
    return &run;
}

const char *squeeze_blanks(const char *text)
{
    static char out[16384];
    size_t length = 0;
    cr_assert_lt(strlen(text), sizeof out);
    for (; *text; text++) {
        bool blank = *text == ' ' || *text == '\n';
        if (!blank || (length > 0 && out[length - 1] != ' '))
            out[length++] = blank ? ' ' : *text;
    }
    out[length] = '\0';
    return out;
}
