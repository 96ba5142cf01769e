/* What the sections of a report share. Not for callers. Local. */
#ifndef PNAS_IO_REPORT_PARTS_H
#define PNAS_IO_REPORT_PARTS_H

#include "io/report/chart.h"
#include "io/report/html.h"
#include "io/report/report.h"
#include "io/run/live_status.h"
#include "io/run/rankings.h"

typedef struct { /* borrowed, but for `live` */
    FILE *out;
    const pnas_report_options *options;
    const pnas_ranking *const *ranking; /* [count] */
    size_t count;
    bool guessed; /* no file has a measured accuracy: predictions are drawn */
    double now;
    bool lives[PNAS_REPORT_FILES_MAX]; /* `live` is there */
    pnas_live_status live[PNAS_REPORT_FILES_MAX];
} pnas_report;

/* ---- the page ---- */

extern const char pnas_report_style[], pnas_report_script[]; /* report.css and report.js */

/* A page: begin, which ends within its heading, behind the title (text of others); links, and a link a
 * section; sections, and each from begin to end; end. PNAS_ERROR_INTERNAL if the script has no checksum. */
pnas_status pnas_page_begin(FILE *out, const char *title, const char *program);
void pnas_page_links(FILE *out);
void pnas_page_link(FILE *out, const char *id, const char *name);
void pnas_page_sections(FILE *out);
void pnas_section_begin(FILE *out, const char *id, const char *name);
void pnas_section_end(FILE *out);
void pnas_page_end(FILE *out, const char *program, double now);

/* A figure: its chart, then beside or under it what it shows, such as a legend, and a note (HTML). */
void pnas_figure_begin(FILE *out);
void pnas_figure_words(FILE *out);
void pnas_figure_end(FILE *out, const char *note);

/* A large figure with its name: <div class="tile">. Texts of others. */
void pnas_tile(FILE *out, const char *name, const char *figure, const char *note);

/* A row of two columns, in a table of class "facts". */
void pnas_fact(FILE *out, const char *name, const char *text);

/* A table that can be sorted and copied: begin, <tr>s, end. `columns`: "rank#|accuracy#|cell", a # for
 * numbers. */
void pnas_table_begin(FILE *out, const char *name, const char *columns);
void pnas_table_end(FILE *out);

/* A command to copy: begin, words, end. */
void pnas_page_command_begin(FILE *out);
void pnas_page_command_end(FILE *out);

/* ---- cells ---- */

/* Whether any file has a cell. */
bool pnas_report_has_cells(const pnas_report *report);

/* Whether the cell of this rank (from 0) is among those that are shown. */
bool pnas_report_shows(const pnas_report *report, size_t file, size_t rank);

/* The cell is drawn with the measured ones, or with the predicted ones where there are no others. */
bool pnas_report_draws(const pnas_report *report, const pnas_ranked_cell *cell);

/* Attributes and <title> of a mark: what the cell is. `tag`: what pnas_chart_mark returned. `more`: NULL or a
 * text. */
void pnas_report_mark_end(const pnas_report *report, const char *tag, size_t file, size_t rank,
                          const char *more);

/* "accuracy" or "predicted accuracy". */
const char *pnas_report_accuracy_name(const pnas_report *report);

/* "A" where there are several files. */
char pnas_report_letter(size_t file);

/* Of tables about several files: pnas_table_begin with a column of its letters in front, and the file's <td>
 * in it. Where there is one file alone, without. */
void pnas_report_table_begin(const pnas_report *report, const char *name, const char *columns);
void pnas_report_file_cell(const pnas_report *report, size_t file);

/* The title of a file; where another has it, too, its name, or its path. Borrowed. */
const char *pnas_report_title(const pnas_report *report, size_t file);

/* The series of a cell: its level, or its file where there are several. */
size_t pnas_report_series(const pnas_report *report, size_t file, const pnas_ranked_cell *cell);

/* What the colours of cells mean. */
void pnas_report_legend(const pnas_report *report);

/* ---- sections, in their order ---- */

typedef struct { /* texts are static */
    const char *id, *name;
    bool (*has)(const pnas_report *report); /* NULL: always */
    pnas_status (*write)(const pnas_report *report);
} pnas_report_section;

#define PNAS_REPORT_SECTIONS(ROW)                                                                            \
    ROW(overview)                                                                                            \
    ROW(best)                                                                                                \
    ROW(accuracy)                                                                                            \
    ROW(predicted)                                                                                           \
    ROW(levels)                                                                                              \
    ROW(curves)                                                                                              \
    ROW(pareto)                                                                                              \
    ROW(timeline)                                                                                            \
    ROW(ranks)                                                                                               \
    ROW(failed)                                                                                              \
    ROW(children)                                                                                            \
    ROW(next)                                                                                                \
    ROW(configuration)

#define PNAS_REPORT_DECLARE(name) extern const pnas_report_section pnas_section_##name;
PNAS_REPORT_SECTIONS(PNAS_REPORT_DECLARE)
#undef PNAS_REPORT_DECLARE

/* ---- shared by sections ---- */

typedef struct {
    size_t done, failed, children; /* children: that are there */
    size_t total;                  /* with those that are still to come, as far as that is known */
    size_t stopped;                /* at rungs, for good */
} pnas_report_progress;

pnas_report_progress pnas_report_progress_of(const pnas_ranking *ranking);

/* Whether any file is a run. */
bool pnas_report_has_runs(const pnas_report *report);

/* Whether a process works on the run: it was heard of within the last minute. */
bool pnas_report_runs(const pnas_report *report, size_t file);

#endif
