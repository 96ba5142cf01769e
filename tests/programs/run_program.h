/* Runs a built program and keeps what it said. */
#ifndef PNAS_TESTS_RUN_PROGRAM_H
#define PNAS_TESTS_RUN_PROGRAM_H

typedef struct {
    int exit_code; /* -1: ended by a signal */
    char out[16384], err[16384];
} program_run;

/* `format` is a command line for the shell, of at most 4095 bytes. Run it between test_folder_make and
 * test_folder_remove: its output passes through files there. The result is borrowed until the next call. */
const program_run *run_program(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A text with each run of blanks and ends of lines as one blank, such as help that was broken into lines.
 * Borrowed until the next call. */
const char *squeeze_blanks(const char *text);

#endif
