/* How a network is built: its parts from the images at the bottom to the classifier at the top, and its
 * cell. */
#include "io/report/network_parts.h"

#include "io/report/cell_picture.h"
#include "src/net/graph_parts.h"

#include <stdlib.h>

#define WIDTH  360.0
#define CENTRE 150.0
#define BOX    230.0
#define HEIGHT 42.0
#define STEP   62.0 /* from part to part */
#define TOP    10.0
#define FAR    34.0  /* how far an arrow over a part bends out */
#define ASIDE  330.0 /* from the others to the auxiliary classifier */

typedef struct {
    const pnas_network_report *report;
    pnas_graph_parts parts;
    int *row; /* [parts.count]: from the bottom; -1: it is not there */
    int rows;
} architecture;

static double centre_of(const architecture *drawing, int part)
{
    return TOP + HEIGHT / 2 + STEP * (drawing->rows - 1 - drawing->row[part]);
}

static double middle_of(const architecture *drawing, int part)
{
    return CENTRE + (part == drawing->parts.auxiliary ? ASIDE : 0);
}

static const char *name_part(const architecture *drawing, int part, char out[48], const char **kind)
{
    const pnas_network_options *network = &drawing->report->graph->options;
    int cell = part - PNAS_PART_CELLS;
    if (part == PNAS_PART_IMAGES || part == PNAS_PART_STEM) {
        *kind = part == PNAS_PART_IMAGES ? "input" : "k0";
        return part == PNAS_PART_IMAGES ? "images" : pnas_network_stem_name(network);
    }
    if (part >= drawing->parts.auxiliary) {
        *kind = part == drawing->parts.head ? "sum" : "k3";
        return part == drawing->parts.head ? "mean over pixels, classifier" : "auxiliary classifier";
    }
    bool reduces = pnas_network_cell(network, cell).stride == 2;
    *kind = reduces ? "k2" : "k4";
    snprintf(out, 48, "cell %d%s", cell, reduces ? ", stride 2" : "");
    return out;
}

static void write_part(const architecture *drawing, int part)
{
    FILE *out = drawing->report->out;
    const pnas_graph *graph = drawing->report->graph;
    const pnas_graph_part *one = &drawing->parts.part[part];
    const pnas_tensor *tensor = &graph->tensor[one->output];
    char name[48], shape[64], large[32];
    const char *kind;
    double x = middle_of(drawing, part), y = centre_of(drawing, part);
    const char *words = name_part(drawing, part, name, &kind);
    if (part >= drawing->parts.auxiliary)
        snprintf(shape, sizeof shape, "%d classes", graph->options.classes);
    else
        snprintf(shape, sizeof shape, "%d x %d x %d", tensor->height, tensor->width,
                 tensor->segments * tensor->segment_channels);
    fprintf(out, "<rect class=\"node %s\" rx=\"6\" x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\"/>", kind,
            x - BOX / 2, y - HEIGHT / 2, BOX, HEIGHT);
    fprintf(out, "<text x=\"%g\" y=\"%g\">%s</text><text class=\"small\" x=\"%g\" y=\"%g\">%s", x, y - 3,
            words, x, y + 13, shape);
    if (one->parameters > 0) {
        pnas_chart_large((double)one->parameters, large, sizeof large);
        fprintf(out, ", %s parameters", large);
    }
    fputs("</text>\n", out);
}

static void write_arrow(const architecture *drawing, int from, int to)
{
    FILE *out = drawing->report->out;
    double start = centre_of(drawing, from), end = centre_of(drawing, to), side = CENTRE + BOX / 2;
    int over = drawing->row[to] - drawing->row[from];
    if (to == drawing->parts.auxiliary) {
        double x = middle_of(drawing, to), tip = end + HEIGHT / 2;
        fprintf(
            out,
            "<path class=\"wire\" d=\"M%g %gQ%g %g %g %g\"/><path class=\"head\" d=\"M%g %gl-3 7h6z\"/>\n",
            side, start, x, start, x, tip + 6, x, tip);
        return;
    }
    if (over == 1) {
        double tip = end + HEIGHT / 2;
        fprintf(out, "<path class=\"wire\" d=\"M%g %gV%g\"/><path class=\"head\" d=\"M%g %gl-3 7h6z\"/>\n",
                CENTRE, start - HEIGHT / 2, tip + 6, CENTRE, tip);
        return;
    }
    double bend = FAR + 10 * (over > 4 ? 4 : over);
    fprintf(out,
            "<path class=\"wire far\" d=\"M%g %gC%g %g %g %g %g %g\"/><path class=\"head\" d=\"M%g %gl7 "
            "-3v6z\"/>\n",
            side, start - 8, side + bend, start - 8, side + bend, end + 8, side + 6, end + 8, side, end + 8);
}

static pnas_status place(architecture *drawing)
{
    drawing->row = calloc((size_t)drawing->parts.count, sizeof *drawing->row);
    PNAS_CHECK(drawing->row, PNAS_ERROR_MEMORY, "no memory to draw a network of %d parts",
               drawing->parts.count);
    int auxiliary = drawing->parts.auxiliary;
    for (int part = 0; part < drawing->parts.count; part++)
        drawing->row[part] = drawing->parts.part[part].there && part != auxiliary ? drawing->rows++ : -1;
    for (int from = 0; from < auxiliary; from++)
        if (pnas_graph_part_reads(&drawing->parts, auxiliary, from))
            drawing->row[auxiliary] = drawing->row[from] + 1;
    return PNAS_OK;
}

static void write_network(const architecture *drawing)
{
    FILE *out = drawing->report->out;
    double height = 2 * TOP + STEP * (drawing->rows - 1) + HEIGHT;
    double width = WIDTH + (drawing->row[drawing->parts.auxiliary] >= 0 ? ASIDE - 90 : 0);
    fprintf(out,
            "<svg class=\"cell\" width=\"%g\" height=\"%g\" viewBox=\"0 0 %g %g\" role=\"img\" "
            "aria-label=\"The network, from the images to the classifier\">\n",
            width, height, width, height);
    for (int to = 0; to < drawing->parts.count; to++)
        for (int from = 0; from < drawing->parts.count; from++)
            if (pnas_graph_part_reads(&drawing->parts, to, from))
                write_arrow(drawing, from, to);
    for (int part = 0; part < drawing->parts.count; part++)
        if (drawing->row[part] >= 0)
            write_part(drawing, part);
    fputs("</svg>\n", out);
}

static pnas_status write_cell(const pnas_network_report *report)
{
    const pnas_cell *cell = &report->file->cell;
    pnas_cell_pictures *pictures;
    PNAS_TRY(pnas_cell_pictures_create(&cell, 1, &report->file->operators,
                                       report->file->network.concatenation, &pictures));
    pnas_cell_pictures_write(report->out, pictures, 0, "The cell");
    pnas_cell_pictures_write_trouble(report->out, pictures);
    pnas_cell_pictures_destroy(&pictures);
    return PNAS_OK;
}

static pnas_status write(const pnas_network_report *report)
{
    architecture drawing = {.report = report};
    pnas_status status;
    PNAS_TRY(pnas_graph_parts_create(report->graph, &drawing.parts));
    PNAS_TRY_CLEANUP(place(&drawing));
    fputs("<div class=\"three\">\n<div class=\"card\"><h3>The network</h3>\n", report->out);
    write_network(&drawing);
    fputs("</div>\n<div class=\"card\"><h3>Each cell</h3>\n", report->out);
    PNAS_TRY_CLEANUP(write_cell(report));
    fputs("</div>\n</div>\n<p class=\"faint\">Under a part stands the shape of its output: height x width x "
          "channels. Dashed arrows pass over a cell, to be read as H<sub>c-2</sub>.</p>\n",
          report->out);
cleanup:
    free(drawing.row);
    pnas_graph_parts_clear(&drawing.parts);
    return status;
}

const pnas_network_section pnas_network_section_architecture = {"architecture", "Architecture", NULL, write};
