/* The configurations of runs, and how they differ. */
#include "io/report/report_parts.h"

#include "io/config/configuration.h"
#include "io/config/configuration_change.h"

static pnas_status parse(const pnas_ranking *ranking, pnas_configuration *out)
{
    return pnas_configuration_parse("its configuration", pnas_run_file_info(ranking->run)->configuration,
                                    NULL, 0, out);
}

static pnas_status write_differences(const pnas_report *report, size_t first, size_t file)
{
    pnas_configuration before, after;
    pnas_configuration_change change;
    size_t at = 0, found = 0;
    PNAS_TRY(parse(report->ranking[first], &before));
    PNAS_TRY(parse(report->ranking[file], &after));
    char columns[40], name[80];
    snprintf(columns, sizeof columns, "key|%c|%c", pnas_report_letter(first), pnas_report_letter(file));
    snprintf(name, sizeof name, "What differs between %c and %c", pnas_report_letter(first),
             pnas_report_letter(file));
    pnas_table_begin(report->out, name, columns);
    while (pnas_configuration_next_change(&before, &after, &at, &change)) {
        fputs("<tr>", report->out);
        pnas_html_cell(report->out, change.key);
        pnas_html_cell(report->out, change.before);
        pnas_html_cell(report->out, change.after);
        fputs("</tr>\n", report->out);
        found++;
    }
    if (found == 0)
        fputs("<tr><td>(nothing)</td><td></td><td></td></tr>\n", report->out);
    pnas_table_end(report->out);
    return PNAS_OK;
}

static void write_whole(const pnas_report *report, size_t file)
{
    const pnas_run_info *info = pnas_run_file_info(report->ranking[file]->run);
    FILE *out = report->out;
    fprintf(out, "<details class=\"print\"%s><summary>", report->count == 1 ? " open" : "");
    if (report->count > 1)
        pnas_html_print(out, "%c: %s", pnas_report_letter(file), pnas_ranking_name(report->ranking[file]));
    else
        fputs("All keys of the run", out);
    fputs("</summary>\n<p>Begun with</p>\n", out);
    pnas_page_command_begin(out);
    pnas_html_print(out, "%s", info->command_line);
    pnas_page_command_end(out);
    fputs("<pre>", out);
    pnas_html_lines(out, info->configuration);
    fputs("</pre></details>\n", out);
}

static pnas_status write(const pnas_report *report)
{
    size_t first = report->count;
    for (size_t f = 0; f < report->count; f++) {
        if (!report->ranking[f]->run)
            continue;
        if (first < report->count)
            PNAS_TRY(write_differences(report, first, f));
        else
            first = f;
    }
    for (size_t f = 0; f < report->count; f++)
        if (report->ranking[f]->run)
            write_whole(report, f);
    return PNAS_OK;
}

const pnas_report_section pnas_section_configuration = {"configuration", "Configuration",
                                                        pnas_report_has_runs, write};
