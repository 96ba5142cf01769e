#include "io/report/report.h"

#include "io/report/report_output.h"
#include "io/report/report_parts.h"
#include "src/base/clock.h"

#define AS_ADDRESS(name) &pnas_section_##name,
static const pnas_report_section *const sections[] = {PNAS_REPORT_SECTIONS(AS_ADDRESS)};
#define SECTIONS (sizeof sections / sizeof *sections)

static bool is_there(const pnas_report *report, const pnas_report_section *section)
{
    return !section->has || section->has(report);
}

static void write_state(const pnas_report *report)
{
    const pnas_ranking *ranking = report->ranking[0];
    if (report->count > 1 || !ranking->run)
        return;
    bool complete = pnas_run_file_info(ranking->run)->status == PNAS_RUN_COMPLETE;
    fprintf(report->out, " <span class=\"state%s\">%s</span>", complete ? " done" : "",
            complete                      ? "complete"
            : pnas_report_runs(report, 0) ? "running"
                                          : "not complete");
}

static pnas_status write_page(const pnas_report *report, const char *title)
{
    FILE *out = report->out;
    PNAS_TRY(pnas_page_begin(out, title, report->options->program));
    write_state(report);
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

static void name_page(const pnas_report *report, char *out, size_t size)
{
    if (report->count == 1)
        snprintf(out, size, "%s", report->ranking[0]->title);
    else
        snprintf(out, size, "%zu files side by side: %.100s, %.100s%s", report->count,
                 pnas_report_title(report, 0), pnas_report_title(report, 1),
                 report->count > 2 ? ", ..." : "");
}

/* What the files have now, and who works on them. */
static void look(pnas_report *report)
{
    report->guessed = true;
    for (size_t f = 0; f < report->count; f++) {
        const pnas_ranking *ranking = report->ranking[f];
        if (ranking->run || (ranking->count > 0 && !ranking->cell[0].guessed))
            report->guessed = false;
        report->lives[f] = ranking->run && pnas_run_file_info(ranking->run)->status == PNAS_RUN_RUNNING &&
                           pnas_live_status_read(ranking->path, &report->live[f]);
    }
}

pnas_status pnas_report_write(const pnas_report_options *options, const pnas_ranking *const *ranking,
                              size_t count)
{
    pnas_output_file output;
    char title[256];
    PNAS_CHECK(count >= 1 && count <= PNAS_REPORT_FILES_MAX, PNAS_ERROR_USAGE,
               "a report is of 1 to %d files, not of %zu", PNAS_REPORT_FILES_MAX, count);
    PNAS_TRY(pnas_report_output_create(options, &output));
    pnas_report report = {.out = output.stream,
                          .options = options,
                          .ranking = ranking,
                          .count = count,
                          .now = pnas_clock_unix()};
    look(&report);
    name_page(&report, title, sizeof title);
    pnas_status status = write_page(&report, title);
    for (size_t f = 0; f < count; f++)
        if (report.lives[f])
            pnas_live_status_free(&report.live[f]);
    if (status == PNAS_OK)
        return pnas_output_file_commit(&output, true);
    pnas_output_file_discard(&output);
    return status;
}
