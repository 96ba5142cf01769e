/* The best cells, drawn. */
#include "io/report/report_parts.h"

#include "io/report/cell_picture.h"
#include "src/search/cell_text.h"

#include <math.h>

/* Of each file, unless said otherwise. */
static size_t top_of(const pnas_report *report, size_t file)
{
    size_t usual = report->count == 1 ? 3 : report->count == 2 ? 2 : 1;
    size_t top = report->options->top ? report->options->top : usual;
    top = top < PNAS_REPORT_TOP_MAX ? top : PNAS_REPORT_TOP_MAX;
    return top < report->ranking[file]->count ? top : report->ranking[file]->count;
}

static void write_costs(FILE *out, const pnas_ranked_cell *cell)
{
    char text[32];
    fputs("<p class=\"faint\">", out);
    fprintf(out, "%d block%s", cell->level, cell->level > 1 ? "s" : "");
    if (cell->parameters > 0) {
        pnas_chart_large((double)cell->parameters, text, sizeof text);
        fprintf(out, ", %s parameters", text);
    }
    if (cell->multiply_adds > 0) {
        pnas_chart_large((double)cell->multiply_adds, text, sizeof text);
        fprintf(out, ", %s multiply-adds", text);
    }
    if (!cell->guessed && isfinite(cell->predicted))
        fprintf(out, ", predicted %.4f", cell->predicted);
    fputs("</p>\n", out);
}

static void write_card(const pnas_report *report, const pnas_cell_pictures *pictures, size_t file,
                       size_t rank)
{
    const pnas_ranking *ranking = report->ranking[file];
    const pnas_ranked_cell *cell = &ranking->cell[rank];
    FILE *out = report->out;
    char text[PNAS_CELL_TEXT_MAX], name[PNAS_CELL_TEXT_MAX + 16];
    pnas_cell_format(&cell->cell, &ranking->operators, text);
    snprintf(name, sizeof name, "The cell %s", text);
    fputs("<div class=\"card\"><h3>", out);
    if (report->count > 1)
        fprintf(out, "%c, ", pnas_report_letter(file));
    fprintf(out, "%zu: %s%.4f</h3>\n", rank + 1, cell->guessed ? "predicted " : "", cell->score);
    write_costs(out, cell);
    pnas_cell_pictures_write(out, pictures, rank, name);
    fputs("<p class=\"mono\">", out);
    pnas_html_text(out, text);
    fputs("</p></div>\n", out);
}

static pnas_status write_file(const pnas_report *report, size_t file)
{
    const pnas_ranking *ranking = report->ranking[file];
    const pnas_cell *cells[PNAS_REPORT_TOP_MAX];
    pnas_cell_pictures *pictures = NULL;
    size_t top = top_of(report, file);
    for (size_t i = 0; i < top; i++)
        cells[i] = &ranking->cell[i].cell;
    if (top == 0)
        return PNAS_OK;
    PNAS_TRY(pnas_cell_pictures_create(cells, top, &ranking->operators, ranking->concatenation, &pictures));
    for (size_t i = 0; i < top; i++)
        write_card(report, pictures, file, i);
    pnas_cell_pictures_write_trouble(report->out, pictures);
    pnas_cell_pictures_destroy(&pictures);
    return PNAS_OK;
}

static pnas_status write(const pnas_report *report)
{
    fputs("<div class=\"three\">\n", report->out);
    for (size_t f = 0; f < report->count; f++)
        PNAS_TRY(write_file(report, f));
    fputs("</div>\n<p class=\"faint\">Below are the outputs of the two previous cells, H<sub>c-1</sub> "
          "and H<sub>c-2</sub>. A + adds up the two operators of its block. The outputs of blocks are "
          "concatenated at the top.</p>\n",
          report->out);
    return PNAS_OK;
}

const pnas_report_section pnas_section_best = {"best", "Best cells", pnas_report_has_cells, write};
