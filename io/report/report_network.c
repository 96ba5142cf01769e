#include "io/report/network_parts.h"

#include "io/net/network_graph.h"
#include "io/report/report_output.h"
#include "src/base/clock.h"

#define AS_ADDRESS(name) &pnas_network_section_##name,
static const pnas_network_section *const sections[] = {PNAS_NETWORK_SECTIONS(AS_ADDRESS)};
#define SECTIONS (sizeof sections / sizeof *sections)

static bool is_there(const pnas_network_report *report, const pnas_network_section *section)
{
    return !section->has || section->has(report);
}

static pnas_status write_page(const pnas_network_report *report)
{
    FILE *out = report->out;
    const char *data = *report->file->dataset_name ? report->file->dataset_name : "an unknown data set";
    char title[200];
    snprintf(title, sizeof title, "A network for %s", data);
    PNAS_TRY(pnas_page_begin(out, title, report->options->program));
    if (report->file->in_training)
        fputs(" <span class=\"state\">in training</span>", out);
    pnas_page_links(out);
    for (size_t i = 0; i < SECTIONS; i++)
        if (is_there(report, sections[i]))
            pnas_page_link(out, sections[i]->id, sections[i]->name);
    pnas_page_sections(out);
    for (size_t i = 0; i < SECTIONS; i++) {
        if (!is_there(report, sections[i]))
            continue;
        pnas_section_begin(out, sections[i]->id, sections[i]->name);
        PNAS_TRY(sections[i]->write(report));
        pnas_section_end(out);
    }
    pnas_page_end(out, report->options->program, report->now);
    return PNAS_OK;
}

pnas_status pnas_report_write_network(const pnas_report_options *options, const char *file_path,
                                      const pnas_network_file *file)
{
    pnas_output_file output = PNAS_NO_OUTPUT_FILE;
    pnas_graph *graph = NULL;
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_network_file_training_graph(file_path, file, &graph));
    PNAS_TRY_CLEANUP(pnas_report_output_create(options, &output));
    const pnas_network_report report = {.out = output.stream,
                                        .options = options,
                                        .path = file_path,
                                        .file = file,
                                        .graph = graph,
                                        .now = pnas_clock_unix()};
    PNAS_TRY_CLEANUP(write_page(&report));
    status = pnas_output_file_commit(&output, true);
cleanup:
    pnas_output_file_discard(&output);
    pnas_graph_destroy(&graph);
    return status;
}
