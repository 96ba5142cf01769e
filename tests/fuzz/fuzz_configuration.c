/* libFuzzer on the configuration: any text is a configuration that prints as itself, or one message with the
 * file's name. */
#include "io/config/configuration.h"
#include "src/base/log.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static pnas_configuration first, second;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    pnas_log_setup("fuzz", PNAS_LOG_ERROR, 0, 1);
    return 0;
}

/* What was printed reads back, and prints the same. */
static void print_twice(void)
{
    char *printed = NULL, *again = NULL;
    if (pnas_configuration_print(&first, &printed) != PNAS_OK ||
        pnas_configuration_parse("printed", printed, NULL, 0, &second) != PNAS_OK ||
        pnas_configuration_print(&second, &again) != PNAS_OK || strcmp(printed, again) != 0)
        abort();
    free(printed);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    pnas_status status = pnas_configuration_parse("fuzzed", text, NULL, 0, &first);
    if (status == PNAS_OK)
        print_twice();
    else if (status != PNAS_ERROR_USAGE || strncmp(pnas_message(), "fuzzed: ", 8) != 0)
        abort();
    free(text);
    return 0;
}
