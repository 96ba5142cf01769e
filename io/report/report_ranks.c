/* The ranks of runs and their devices, and what levels took of them. */
#include "io/report/report_parts.h"

#include "io/run/run_timeline.h"

#include <math.h>

static size_t done_by(const pnas_ranking *ranking, int rank)
{
    size_t done = 0;
    for (int b = 1; pnas_search_level(ranking->search, b); b++) {
        const pnas_level *level = pnas_search_level(ranking->search, b);
        for (size_t i = 0; i < level->count; i++)
            done +=
                level->child[i].result.status != PNAS_CHILD_PENDING && level->child[i].result.rank == rank;
    }
    return done;
}

static void write_rank(const pnas_report *report, size_t file, const pnas_run_rank *rank, double busy)
{
    FILE *out = report->out;
    fputs("<tr>", out);
    pnas_report_file_cell(report, file);
    pnas_html_whole(out, rank->rank);
    pnas_html_cell(out, rank->host);
    pnas_html_whole(out, rank->device);
    pnas_html_cell(out, rank->device_name);
    pnas_html_cell(out, rank->driver);
    pnas_html_cell(out, rank->pci);
    pnas_html_real(out, 1, (double)rank->memory / (1 << 30));
    pnas_html_whole(out, (int64_t)done_by(report->ranking[file], rank->rank));
    pnas_html_real(out, 1, busy);
    fputs("</tr>\n", out);
}

static void write_ranks(const pnas_report *report, size_t file)
{
    const pnas_run_info *info = pnas_run_file_info(report->ranking[file]->run);
    pnas_timeline line;
    bool timed = pnas_timeline_collect(report->ranking[file]->path, info, &line) == PNAS_OK;
    for (size_t r = 0; r < info->rank_count; r++)
        write_rank(report, file, &info->rank[r],
                   timed ? 100 * pnas_timeline_busy(&line, info->rank[r].rank) / (line.last - line.first)
                         : NAN);
    if (timed)
        pnas_timeline_clear(&line);
}

static bool has_usage(const pnas_report *report)
{
    for (size_t f = 0; f < report->count; f++) {
        const pnas_ranking *ranking = report->ranking[f];
        for (int b = 1; ranking->run && b <= pnas_search_levels(ranking->search); b++)
            if (pnas_search_level(ranking->search, b)->usage.span_seconds > 0)
                return true;
    }
    return false;
}

static void write_usage(const pnas_report *report, size_t file)
{
    const pnas_ranking *ranking = report->ranking[file];
    for (int b = 1; b <= pnas_search_levels(ranking->search); b++) {
        const pnas_level *level = pnas_search_level(ranking->search, b);
        const pnas_level_usage *usage = &level->usage;
        if (usage->span_seconds <= 0)
            continue;
        fputs("<tr>", report->out);
        pnas_report_file_cell(report, file);
        pnas_html_whole(report->out, b);
        pnas_html_real(report->out, 1, usage->span_seconds);
        pnas_html_real(report->out, 1,
                       usage->lane_seconds > 0 ? 100 * usage->busy_seconds / usage->lane_seconds : NAN);
        pnas_html_real(report->out, 1, usage->longest_seconds);
        pnas_html_real(report->out, 1, level->fit_seconds);
        pnas_html_real(report->out, 1, level->score_seconds);
        pnas_html_whole(report->out, usage->messages);
        fputs("</tr>\n", report->out);
    }
}

static pnas_status write(const pnas_report *report)
{
    FILE *out = report->out;
    pnas_report_table_begin(report, "Ranks and their devices",
                            "rank#|host|device#|name|driver|PCI|memory (GiB)#|cells#|busy (%)#");
    for (size_t f = 0; f < report->count; f++)
        if (report->ranking[f]->run)
            write_ranks(report, f);
    pnas_table_end(out);
    if (!has_usage(report))
        return PNAS_OK;
    fputs("<br>\n", out);
    pnas_report_table_begin(
        report, "What levels took of the ranks",
        "level#|training (s)#|busy (%)#|longest cell (s)#|fit (s)#|scoring (s)#|messages#");
    for (size_t f = 0; f < report->count; f++)
        if (report->ranking[f]->run)
            write_usage(report, f);
    pnas_table_end(out);
    return PNAS_OK;
}

const pnas_report_section pnas_section_ranks = {"ranks", "Ranks and devices", pnas_report_has_runs, write};
