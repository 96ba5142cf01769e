/* CSV: a line an image, its pixels by row, column and channel, then its label; numbers separated by commas.
 * A first line without a single number is a header. */
#include "io/data/import_parts.h"
#include "io/file/byte_file.h"
#include "src/base/decimal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *path;
    pnas_bytes bytes;
    const char *line, *end; /* the line to read next; the end of the last line */
    size_t number;          /* of that line, from 1 */
    size_t rows;
} csv_file;

/* --- Lines and fields ---------------------------------------------------------------------------------- */

static const char *line_end(const csv_file *file)
{
    const char *end = memchr(file->line, '\n', (size_t)(file->end - file->line));
    return end ? end : file->end;
}

static void next_line(csv_file *file)
{
    const char *end = line_end(file);
    file->line = end < file->end ? end + 1 : end;
    ++file->number;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Reads a field that is a number and nothing else. */
static bool parse_number(const char *text, size_t length, double *out)
{
    char copy[64];
    for (; length > 0 && is_blank(*text); --length)
        ++text;
    while (length > 0 && is_blank(text[length - 1]))
        --length;
    if (length >= sizeof copy || memchr(text, '\0', length))
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return pnas_decimal_parse(copy, out);
}

static const char *field_end(const char *field, const char *end)
{
    const char *comma = memchr(field, ',', (size_t)(end - field));
    return comma ? comma : end;
}

static bool is_header(const csv_file *file)
{
    const char *end = line_end(file);
    for (const char *field = file->line;; ++field) {
        double value;
        const char *stop = field_end(field, end);
        if (parse_number(field, (size_t)(stop - field), &value))
            return false;
        if (stop == end)
            return true;
        field = stop;
    }
}

/* --- Rows ---------------------------------------------------------------------------------------------- */

static pnas_status check_columns(const csv_file *file, const pnas_dataset *dataset, size_t pixels)
{
    const char *end = line_end(file);
    size_t columns = 1;
    for (const char *at = file->line; at < end; ++at)
        columns += *at == ',';
    PNAS_CHECK(columns == pixels + 1, PNAS_ERROR_DATA,
               "%s: line %zu: %zu column%s, expected %zu (%dx%dx%d pixels and a label)", file->path,
               file->number, columns, columns == 1 ? "" : "s", pixels + 1, dataset->height, dataset->width,
               dataset->channels);
    return PNAS_OK;
}

static pnas_status bad_field(const csv_file *file, size_t column, const char *field, const char *stop,
                             const char *expected)
{
    int length = stop - field < 40 ? (int)(stop - field) : 40;
    while (length > 0 && field[length - 1] == '\r')
        --length;
    return pnas_fail(PNAS_ERROR_DATA, "%s: line %zu, column %zu: \"%.*s\", expected %s", file->path,
                     file->number, column + 1, length, field, expected);
}

static pnas_status read_row(const csv_file *file, const pnas_dataset *dataset, double maximum,
                            uint8_t *pixels, uint16_t *label)
{
    size_t count = (size_t)dataset->height * dataset->width * dataset->channels;
    PNAS_TRY(check_columns(file, dataset, count));
    const char *field = file->line, *end = line_end(file);
    double value;
    char expected[96];
    for (size_t i = 0; i < count; ++i) {
        const char *stop = field_end(field, end);
        if (!parse_number(field, (size_t)(stop - field), &value) || !(value >= 0.0 && value <= maximum)) {
            snprintf(expected, sizeof expected, "a pixel from 0 to %g (--maximum)", maximum);
            return bad_field(file, i, field, stop, expected);
        }
        pixels[i] = (uint8_t)floor(value * 255.0 / maximum + 0.5);
        field = stop + 1;
    }
    snprintf(expected, sizeof expected, "a label, a whole number from 0 to %d", PNAS_DATASET_CLASSES_MAX - 1);
    if (!parse_number(field, (size_t)(end - field), &value) || value != floor(value) ||
        !(value >= 0.0 && value < PNAS_DATASET_CLASSES_MAX))
        return bad_field(file, count, field, end, expected);
    *label = (uint16_t)value;
    return PNAS_OK;
}

/* --- Files --------------------------------------------------------------------------------------------- */

static pnas_status open_csv(const char *path, csv_file *file)
{
    *file = (csv_file){.path = path, .number = 1};
    PNAS_TRY(pnas_bytes_read(path, "a CSV file with an image a line", NULL, &file->bytes));
    file->line = (const char *)file->bytes.data;
    file->end = file->line + file->bytes.size;
    while (file->end > file->line && strchr(" \t\r\n", file->end[-1]))
        --file->end;
    if (is_header(file))
        next_line(file);
    for (const char *at = file->line; at < file->end; ++at)
        file->rows += *at == '\n';
    file->rows += file->line < file->end;
    PNAS_CHECK(file->rows > 0, PNAS_ERROR_DATA, "%s: has no rows of numbers; expected one an image", path);
    return PNAS_OK;
}

static pnas_status read_csv(const char *path, const pnas_dataset *dataset, double maximum,
                            pnas_dataset_part *part, size_t *first_line)
{
    size_t pixels = (size_t)dataset->height * dataset->width * dataset->channels;
    csv_file file;
    pnas_status status;
    PNAS_TRY_CLEANUP(open_csv(path, &file));
    *first_line = file.number;
    PNAS_TRY_CLEANUP(check_columns(&file, dataset, pixels)); /* before room for all rows is made */
    PNAS_TRY_CLEANUP(pnas_dataset_allocate(dataset, file.rows, part));
    for (size_t i = 0; i < part->count; ++i) {
        PNAS_TRY_CLEANUP(read_row(&file, dataset, maximum, part->images + i * pixels, &part->labels[i]));
        next_line(&file);
    }
cleanup:
    pnas_bytes_free(&file.bytes);
    return status;
}

/* --- Options and parts --------------------------------------------------------------------------------- */

static pnas_status check_options(const pnas_import_options *options)
{
    PNAS_CHECK(options->path, PNAS_ERROR_USAGE, "name the CSV file");
    PNAS_CHECK(options->shape.height >= 1 && options->shape.height <= PNAS_DATASET_SIDE_MAX &&
                   options->shape.width >= 1 && options->shape.width <= PNAS_DATASET_SIDE_MAX &&
                   options->shape.channels >= 1 && options->shape.channels <= PNAS_IMAGE_CHANNELS_MAX,
               PNAS_ERROR_USAGE,
               "--shape: is %dx%dx%d, expected HxWxC with sides of 1 to %d and 1 to %d channels",
               options->shape.height, options->shape.width, options->shape.channels, PNAS_DATASET_SIDE_MAX,
               PNAS_IMAGE_CHANNELS_MAX);
    PNAS_CHECK(options->maximum > 0.0 && isfinite(options->maximum), PNAS_ERROR_USAGE,
               "--maximum: is %g, expected a number above 0", options->maximum);
    return pnas_import_check_test_share(options);
}

static pnas_status read_rows(const pnas_import_options *options, pnas_dataset *dataset)
{
    pnas_label_place place = {options->path, "line", 1};
    PNAS_TRY(check_options(options));
    dataset->height = options->shape.height;
    dataset->width = options->shape.width;
    dataset->channels = options->shape.channels;
    PNAS_TRY(read_csv(options->path, dataset, options->maximum, &dataset->train, &place.first));
    PNAS_TRY(pnas_import_count_classes(options, &dataset->train, &place, &dataset->classes));
    if (!options->test)
        return pnas_import_draw_test(options, dataset);
    place.file = options->test;
    PNAS_TRY(read_csv(options->test, dataset, options->maximum, &dataset->test, &place.first));
    return pnas_import_check_labels(&dataset->test, dataset->classes, &place);
}

/* A line of text with a comma in it. */
static bool looks_like_csv(const char *path)
{
    unsigned char start[512];
    size_t size = pnas_bytes_peek(path, start, sizeof start);
    bool comma = false;
    for (size_t i = 0; i < size; ++i) {
        if (start[i] == 0x7f || (start[i] < ' ' && !strchr("\t\r\n", start[i])) || start[i] == '\0')
            return false;
        comma = comma || start[i] == ',';
    }
    return comma;
}

#define VALUE(field) offsetof(pnas_import_options, field)
static const pnas_import_option csv_options[] = {
    {"shape", "HxWxC", "Height, width and channels of an image", PNAS_IMPORT_SHAPE, VALUE(shape), true},
    {"maximum", "M", "Values 0 to M become 0 to 255, rounded (255)", PNAS_IMPORT_REAL, VALUE(maximum), false},
    {"test", "FILE", "Test images and labels", PNAS_IMPORT_TEXT, VALUE(test), false},
    PNAS_IMPORT_TEST_SHARE,
    PNAS_IMPORT_TEST_SEED};

const pnas_import_format pnas_import_csv = {.name = "csv",
                                            .help = "an image a line, the label last; gzipped or not",
                                            .usage = "--shape HxWxC [--maximum M] FILE",
                                            .takes = "a file",
                                            .option = csv_options,
                                            .options = sizeof csv_options / sizeof *csv_options,
                                            .recognises = looks_like_csv,
                                            .read = read_rows};
