#include "mpi/command_check.h"

#include "mpi/collectives.h"
#include "mpi/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_BYTES 640 /* of a command in the message, around the first difference */

/* As a shell takes it, so that other words never give the same text. */
static void write_word(FILE *to, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+./,:@%";
    if (*word && !word[strspn(word, plain)]) {
        fputs(word, to);
        return;
    }
    fputc('\'', to);
    for (; *word; word++)
        if (*word == '\'')
            fputs("'\\''", to);
        else
            fputc(*word, to);
    fputc('\'', to);
}

static pnas_status join(const char *program, int argc, char *const *argv, char **out)
{
    size_t size;
    FILE *to = open_memstream(out, &size);
    PNAS_CHECK(to, PNAS_ERROR_MEMORY, "no memory for a command of %d words", argc);
    fputs(program, to);
    for (int i = 1; i < argc; i++) {
        fputc(' ', to);
        write_word(to, argv[i]);
    }
    PNAS_CHECK(fclose(to) == 0, PNAS_ERROR_MEMORY, "no memory for a command of %d words", argc);
    return PNAS_OK;
}

/* The part of a long command that a person has to see. */
static const char *show(const char *command, size_t difference, char out[SHOWN_BYTES + 8])
{
    size_t begin =
        strlen(command) > SHOWN_BYTES && difference > SHOWN_BYTES / 2 ? difference - SHOWN_BYTES / 2 : 0;
    bool more = strlen(command + begin) > SHOWN_BYTES;
    snprintf(out, SHOWN_BYTES + 8, "%s%.*s%s", begin ? "..." : "", SHOWN_BYTES, command + begin,
             more ? "..." : "");
    return out;
}

typedef struct { /* rank 0's */
    const pnas_layout *layout;
    const char *command;
} first_command;

static pnas_status compare(void *payload, int rank, const void *data, size_t size)
{
    const first_command *first = payload;
    char host[sizeof first->layout->host], shown[2][SHOWN_BYTES + 8];
    size_t length = 0, same = 0;
    pnas_wire_reader from;
    pnas_wire_open(&from, data, size);
    pnas_wire_get_text(&from, host, sizeof host);
    const char *command = pnas_wire_get_bytes(&from, &length); /* with its zero */
    PNAS_TRY(pnas_wire_close(&from, "a rank's command"));
    while (command[same] && command[same] == first->command[same])
        same++;
    PNAS_CHECK(
        command[same] == first->command[same], PNAS_ERROR_USAGE,
        "rank 0 on %s was started as \"%s\", but rank %d on %s as \"%s\"; start one program with the same "
        "arguments on every rank",
        first->layout->host, show(first->command, same, shown[0]), rank, host, show(command, same, shown[1]));
    return PNAS_OK;
}

pnas_status pnas_mpi_check_command(const pnas_layout *layout, const char *program, int argc,
                                   char *const *argv)
{
    char *command = NULL;
    pnas_wire_writer to = {0};
    pnas_status status = join(program, argc, argv, &command);
    if (status == PNAS_OK) {
        pnas_wire_begin(&to);
        pnas_wire_put_text(&to, layout->host);
        pnas_wire_put_bytes(&to, command, strlen(command) + 1);
        status = pnas_wire_finish(&to);
    }
    status = pnas_mpi_agree(status);
    first_command first = {layout, command};
    if (status == PNAS_OK)
        status = pnas_mpi_gather_messages(layout, to.data, to.size, compare, &first);
    pnas_wire_clear(&to);
    free(command);
    return status;
}
