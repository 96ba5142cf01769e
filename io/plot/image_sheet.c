#include "io/plot/image_sheet.h"

#include "io/file/name_end.h"
#include "src/base/plain_text.h"

#include <inttypes.h>
#include <math.h>

/* Lengths are in sides of an image, of the longer one. */
#define GAP        0.3
#define TEXT_ROOM  0.55 /* two lines under each image */
#define PICTURE    1.6  /* width to height */
#define NAME_SIZE  16   /* of a class, in bytes; what is longer is cut */
#define TEXT_WIDTH 75.0 /* columns times points that fit beside each other */

typedef struct {
    double height, width; /* of an image */
    double across, down;  /* from one image to the next */
    int columns, rows;
} sheet_layout;

static sheet_layout lay_out(const pnas_image_sheet *sheet)
{
    double longer = fmax(sheet->height, sheet->width);
    sheet_layout layout = {.height = sheet->height / longer, .width = sheet->width / longer};
    layout.across = fmax(layout.width, 0.8) + GAP; /* a name needs room, too */
    layout.down = layout.height + TEXT_ROOM;
    layout.columns = (int)ceil(sqrt((double)sheet->count * PICTURE * layout.down / layout.across) - 0.5);
    if ((size_t)layout.columns > sheet->count)
        layout.columns = (int)sheet->count;
    layout.columns = layout.columns < 1 ? 1 : layout.columns;
    layout.rows = (int)((sheet->count + (size_t)layout.columns - 1) / (size_t)layout.columns);
    return layout;
}

/* The middle of an image; y goes down. */
static void place(const sheet_layout *layout, size_t i, double *x, double *y)
{
    size_t column = i % (size_t)layout->columns, row = i / (size_t)layout->columns;
    *x = (double)column * layout->across + layout->across / 2;
    *y = (double)row * layout->down + layout->height / 2;
}

/* Columns: x, y, red, green, blue. */
static void write_pixels(FILE *data, const pnas_image_sheet *sheet, const sheet_layout *layout, size_t i)
{
    double x, y, side = layout->width / sheet->width;
    place(layout, i, &x, &y);
    for (int h = 0; h < sheet->height; h++)
        for (int w = 0; w < sheet->width; w++) {
            const uint8_t *pixel = sheet->image[i].pixels +
                                   ((size_t)h * (size_t)sheet->width + (size_t)w) * (size_t)sheet->channels;
            bool colours = sheet->channels == 3;
            fprintf(data, "%.6f\t%.6f\t%u\t%u\t%u\n", x - layout->width / 2 + (w + 0.5) * side,
                    y - layout->height / 2 + (h + 0.5) * side, (unsigned)pixel[0],
                    (unsigned)pixel[colours ? 1 : 0], (unsigned)pixel[colours ? 2 : 0]);
        }
    fprintf(data, "\n\n");
}

/* What it is above what it was taken for. */
static void write_words(FILE *script, const pnas_image_sheet *sheet, const sheet_layout *layout, size_t i)
{
    const pnas_sheet_image *image = &sheet->image[i];
    double x, y, points = fmin(12, TEXT_WIDTH / layout->columns);
    char name[NAME_SIZE], taken[NAME_SIZE + 16];
    place(layout, i, &x, &y);
    y += layout->height / 2;
    pnas_text_show(image->is, name, sizeof name);
    fprintf(script, "set label at %.6f,%.6f center noenhanced font ',%.1f' textcolor '#202020' ", x, y + 0.12,
            points);
    pnas_gnuplot_quote(script, name);
    pnas_text_show(image->taken_for, name, sizeof name);
    snprintf(taken, sizeof taken, "%s %.2f", name, image->probability);
    fprintf(script, "\nset label at %.6f,%.6f center noenhanced font ',%.1f' textcolor '%s' ", x, y + 0.3,
            points, image->right ? "#21784d" : "#b02a2a");
    pnas_gnuplot_quote(script, taken);
    fprintf(script, "\n");
}

static pnas_status draw(pnas_gnuplot *plot, const pnas_image_sheet *sheet, bool vector)
{
    FILE *script = pnas_gnuplot_script(plot), *data;
    sheet_layout layout = lay_out(sheet);
    PNAS_TRY(pnas_gnuplot_data(plot, "images.tsv", &data));
    for (size_t i = 0; i < sheet->count; i++) {
        write_pixels(data, sheet, &layout, i);
        write_words(script, sheet, &layout, i);
    }
    fprintf(script, "set title ");
    pnas_gnuplot_quote(script, sheet->title);
    fprintf(script,
            "\nunset key\nunset grid\nunset border\nunset tics\nset size ratio -1\n"
            "set margins 1, 1, 0.5, 2.5\n"
            "set xrange [0:%.6f]\nset yrange [%.6f:-0.1]\n"
            "plot for [i=0:%zu] 'images.tsv' index i using 1:2:3:4:5 with rgbimage%s\n",
            layout.columns * layout.across, layout.rows * layout.down, sheet->count - 1,
            vector ? " pixels" : "");
    return PNAS_OK;
}

pnas_status pnas_image_sheet_draw(const pnas_image_sheet *sheet, const pnas_gnuplot_options *options)
{
    pnas_gnuplot *plot = NULL;
    PNAS_TRY(pnas_gnuplot_begin(options, &plot));
    bool vector = pnas_name_ends_in(options->output, ".svg"); /* or viewers would blur it */
    pnas_status status = draw(plot, sheet, vector);
    if (status == PNAS_OK)
        status = pnas_gnuplot_finish(plot);
    pnas_gnuplot_destroy(&plot);
    return status;
}
