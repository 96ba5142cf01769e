/* Writes a run with made-up children (tests/io/run/fake_run.h) or a made-up network:
 *
 *     write_fake_run complete|unfinished|hostile|network FILE.h5
 *
 * Texts of a hostile run and of the network are what would do harm in a page that took them for HTML. */
#include "io/net/network_file.h"
#include "io/run/run_file.h"
#include "tests/io/net/fake_network.h"
#include "tests/io/run/fake_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HARM "</title></script><script>alert(1)</script><img src=x onerror=alert(2)>\x1b[31m\xe2\x80\xae'\"&"

static void replace(char **text, const char *by)
{
    free(*text);
    *text = strdup(by);
}

/* Every text that another may have chosen. */
static void make_hostile(pnas_run_info *info)
{
    replace(&info->configuration,
            "title: \"</title></script><script>alert(1)</script><img src=x onerror=alert(2)>'&\"\n"
            "seed: 18446744073709551615\nspace:\n  blocks: 3\n"
            "search: {first: 7, beam: 5}\nsurrogate: {members: 2}\n");
    replace(&info->command_line, "pnas_mpi " HARM);
    replace(&info->warm_start, HARM);
    info->extended = strdup(HARM "\n" HARM);
    info->retried = strdup(HARM);
    snprintf(info->dataset_name, sizeof info->dataset_name, "%s", HARM);
    for (size_t r = 0; r < info->rank_count; r++) {
        pnas_run_rank *rank = &info->rank[r];
        snprintf(rank->host, sizeof rank->host, "%s", "<b onclick='alert(3)'>&");
        snprintf(rank->device_name, sizeof rank->device_name, "%s", HARM);
        snprintf(rank->driver, sizeof rank->driver, "%s", HARM);
        snprintf(rank->pci, sizeof rank->pci, "%s", "<!-- ");
    }
    for (size_t e = 0; e < info->event_count; e++)
        snprintf(info->event[e].what, sizeof info->event[e].what, "%s", "</svg><script>alert(4)</script>");
}

static bool rewrite(const char *path)
{
    pnas_run_file *file = NULL;
    bool existed;
    pnas_search *search = fake_search();
    bool done = pnas_run_file_open(path, &file, &existed) == PNAS_OK &&
                pnas_run_file_restore(file, search) == PNAS_OK;
    if (done) {
        make_hostile(pnas_run_file_info(file));
        done = pnas_run_file_write(file, search) == PNAS_OK;
    }
    pnas_run_file_close(&file);
    pnas_search_destroy(&search);
    return done;
}

static bool write_network(const char *path)
{
    pnas_network_file file;
    fake_network_make(&file);
    replace(&file.class_names[1], HARM);
    snprintf(file.dataset_name, sizeof file.dataset_name, "%s", HARM);
    snprintf(file.run, sizeof file.run, "%s", HARM);
    bool done = pnas_network_file_write(path, &file) == PNAS_OK;
    pnas_network_file_clear(&file);
    return done;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "write_fake_run complete|unfinished|hostile|network FILE.h5\n");
        return 64;
    }
    bool done = true;
    if (strcmp(argv[1], "network") == 0)
        done = write_network(argv[2]);
    else if (strcmp(argv[1], "unfinished") == 0)
        fake_run_write(argv[2]);
    else
        fake_run_write_complete(argv[2]);
    if (strcmp(argv[1], "hostile") == 0)
        done = rewrite(argv[2]);
    if (done)
        return 0;
    fprintf(stderr, "write_fake_run: %s\n", pnas_message());
    return 70;
}
