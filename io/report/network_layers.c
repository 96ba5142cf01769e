/* The layers of a network, the commands to go on with it, and its configuration. */
#include "io/report/network_parts.h"

#include <stdlib.h>
#include <string.h>

#define LAYERS_MAX 3000

static pnas_status write_layers(const pnas_network_report *report)
{
    const pnas_graph *graph = report->graph;
    FILE *out = report->out;
    int shown = 0;
    fprintf(out, "<details><summary>Show the layers</summary>\n");
    pnas_table_begin(out, "Layers, in an order in which they can run",
                     "layer|output|parameters#|multiply-adds#");
    for (int i = 0; i < graph->layer_count && shown < LAYERS_MAX; i++) {
        const pnas_layer *layer = &graph->layer[i];
        const pnas_tensor *tensor = &graph->tensor[layer->out];
        if (pnas_graph_is_auxiliary(layer->path))
            continue;
        fputs("<tr><td class=\"mono\">", out);
        pnas_html_text(out, layer->path);
        fprintf(out, "</td><td>%d x %d x %d</td>", tensor->height, tensor->width,
                layer->out_segments * tensor->segment_channels);
        pnas_html_whole(out, pnas_layer_parameters(graph, layer));
        pnas_html_whole(out, layer->multiply_adds);
        fputs("</tr>\n", out);
        shown++;
    }
    pnas_table_end(out);
    if (shown == LAYERS_MAX)
        fprintf(out, "<p class=\"faint\">The first %d of %d.</p>\n", shown, graph->layer_count);
    fputs("</details>\n", out);
    return PNAS_OK;
}

static void write_command(const pnas_network_report *report, const char *what, const char *before,
                          const char *after)
{
    fprintf(report->out, "<p>%s</p>\n", what);
    pnas_page_command_begin(report->out);
    fprintf(report->out, "%s ", before);
    pnas_html_word(report->out, report->path);
    fprintf(report->out, "%s\n", after);
    pnas_page_command_end(report->out);
}

static pnas_status write_next(const pnas_network_report *report)
{
    if (report->file->in_training)
        write_command(report, "Go on with the training: the command that began it, with", "-o", "");
    if (!report->file->test.known)
        write_command(report, "Test it, and keep the figures for this page:", "pnas_net test", " --write");
    write_command(report, "Classify images of its size:", "pnas_net predict", " one.png two.jpg");
    write_command(report, "Take it to another program:", "pnas_net export", " --format onnx -o net.onnx");
    fputs("<p>Write this page anew:</p>\n", report->out);
    pnas_page_command_begin(report->out);
    fputs("pnas_net report ", report->out);
    pnas_html_word(report->out, report->path);
    fputs(" -o ", report->out);
    pnas_html_word(report->out, report->options->path);
    putc('\n', report->out);
    pnas_page_command_end(report->out);
    return PNAS_OK;
}

static bool has_configuration(const pnas_network_report *report)
{
    return report->file->configuration && *report->file->configuration;
}

/* Whether a line without indentation begins what had a part in the training. */
static bool had_part(const char *line)
{
    static const char *const keys[] = {"title:", "seed:", "dataset:", "network:", "training:"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strncmp(line, keys[i], strlen(keys[i])) == 0)
            return true;
    return false;
}

/* A network of a search is of all of its keys. */
static pnas_status write_configuration(const pnas_network_report *report)
{
    bool all = report->file->of_search, shown = all;
    char *text = strdup(report->file->configuration), *rest = text;
    PNAS_CHECK(text, PNAS_ERROR_MEMORY, "out of memory for a configuration");
    fprintf(report->out, "<details class=\"print\" open><summary>%s</summary>\n<pre>",
            all ? "All keys of the search" : "The keys that decide the training");
    for (char *line; (line = strsep(&rest, "\n")) && (rest || *line);) {
        if (*line && !strchr(" #-", *line))
            shown = all || had_part(line);
        if (!shown)
            continue;
        if (*line)
            pnas_html_lines(report->out, line);
    }
    fputs("</pre></details>\n", report->out);
    free(text);
    return PNAS_OK;
}

const pnas_network_section pnas_network_section_layers = {"layers", "Layers", NULL, write_layers};
const pnas_network_section pnas_network_section_next = {"next", "How to go on", NULL, write_next};
const pnas_network_section pnas_network_section_configuration = {"configuration", "Configuration",
                                                                 has_configuration, write_configuration};
