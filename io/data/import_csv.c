/* CSV: a line an image, its pixels by row, column and channel, then its label or before them; numbers separated by
 * commas, each perhaps between quotes. A first line without a single number is a header. A byte order mark is
 * skipped. */
#include "io/data/import_parts.h"
#include "io/data/text_list.h"
#include "io/file/byte_file.h"
#include "src/base/decimal.h"
#include "src/base/log.h"

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
    bool label_first;
    double most;    /* of the pixels read so far */
    bool fractions; /* some are no whole numbers */
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
    if (length > 1 && text[0] == '"' && text[length - 1] == '"') {
        ++text;
        length -= 2;
    }
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

static pnas_status read_pixel(csv_file *file, size_t column, const char *field, const char *stop,
                              double maximum, uint8_t *out)
{
    double value;
    char expected[64];
    if (!parse_number(field, (size_t)(stop - field), &value) || !(value >= 0.0 && value <= maximum)) {
        snprintf(expected, sizeof expected, "a pixel from 0 to %g (--maximum)", maximum);
        return bad_field(file, column, field, stop, expected);
    }
    file->most = fmax(file->most, value);
    file->fractions = file->fractions || value != floor(value);
    *out = (uint8_t)floor(value * 255.0 / maximum + 0.5);
    return PNAS_OK;
}

static pnas_status read_label(const csv_file *file, size_t column, const char *field, const char *stop,
                              uint16_t *out)
{
    double value;
    char expected[64];
    snprintf(expected, sizeof expected, "a label, a whole number from 0 to %d", PNAS_DATASET_CLASSES_MAX - 1);
    if (!parse_number(field, (size_t)(stop - field), &value) || value != floor(value) ||
        !(value >= 0.0 && value < PNAS_DATASET_CLASSES_MAX))
        return bad_field(file, column, field, stop, expected);
    *out = (uint16_t)value;
    return PNAS_OK;
}

static pnas_status read_row(csv_file *file, const pnas_dataset *dataset, double maximum, uint8_t *pixels,
                            uint16_t *label)
{
    size_t count = pnas_dataset_image_bytes(dataset);
    size_t label_column = file->label_first ? 0 : count;
    PNAS_TRY(check_columns(file, dataset, count));
    const char *field = file->line, *end = line_end(file);
    for (size_t column = 0; column <= count; ++column) {
        const char *stop = field_end(field, end);
        PNAS_TRY(column == label_column ? read_label(file, column, field, stop, label)
                                        : read_pixel(file, column, field, stop, maximum, pixels++));
        field = stop + 1;
    }
    return PNAS_OK;
}

/* --- Files --------------------------------------------------------------------------------------------- */

static pnas_status open_csv(const char *path, bool label_first, csv_file *file)
{
    *file = (csv_file){.path = path, .number = 1, .label_first = label_first};
    PNAS_TRY(pnas_bytes_read(path, "a CSV file with an image a line", NULL, &file->bytes));
    PNAS_TRY(pnas_bytes_check_text(path, &file->bytes));
    const char *data = (const char *)file->bytes.data;
    file->line = pnas_bytes_text(data, file->bytes.size);
    file->end = data + file->bytes.size;
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

static pnas_status read_csv(const char *path, const pnas_import_options *options, bool label_first,
                            const pnas_dataset *dataset, pnas_dataset_part *part, size_t *first_line)
{
    size_t pixels = pnas_dataset_image_bytes(dataset);
    csv_file file;
    pnas_status status;
    PNAS_TRY_CLEANUP(open_csv(path, label_first, &file));
    *first_line = file.number;
    PNAS_TRY_CLEANUP(check_columns(&file, dataset, pixels)); /* before room for all rows is made */
    PNAS_TRY_CLEANUP(pnas_dataset_allocate(dataset, file.rows, part));
    for (size_t i = 0; i < part->count; ++i) {
        PNAS_TRY_CLEANUP(
            read_row(&file, dataset, options->maximum, part->images + i * pixels, &part->labels[i]));
        next_line(&file);
    }
    if (file.fractions && file.most <= 1 && options->maximum > 1)
        pnas_warning(
            "%s: no pixel is above 1, and some are between 0 and 1: rounded, nearly nothing is left of "
            "them; say --maximum 1 if 1 is white",
            path);
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
    PNAS_CHECK(!options->label || strcmp(options->label, "first") == 0 || strcmp(options->label, "last") == 0,
               PNAS_ERROR_USAGE, "--label: is \"%s\", expected first or last", options->label);
    return pnas_import_check_test_share(options);
}

static pnas_status read_train(const pnas_import_options *options, bool label_first, pnas_dataset *dataset)
{
    pnas_label_place place = {options->path, "line", 1};
    PNAS_TRY(read_csv(options->path, options, label_first, dataset, &dataset->train, &place.first));
    return pnas_import_count_classes(options, &dataset->train, &place, &dataset->classes);
}

/* What is wrong, and whether it would not be with the label in the other place. */
static pnas_status explain(const pnas_import_options *options, const pnas_dataset *dataset, bool label_first,
                           pnas_status status)
{
    char reason[PNAS_MESSAGE_MAX];
    pnas_dataset other = {.height = dataset->height, .width = dataset->width, .channels = dataset->channels};
    snprintf(reason, sizeof reason, "%s", pnas_message());
    bool readable = status == PNAS_ERROR_DATA && read_train(options, !label_first, &other) == PNAS_OK;
    free(other.train.images);
    free(other.train.labels);
    return pnas_fail(status, "%s%s%s", reason, readable ? "; it can be read with --label " : "",
                     !readable     ? ""
                     : label_first ? "last"
                                   : "first");
}

static pnas_status read_rows(const pnas_import_options *options, pnas_dataset *dataset)
{
    pnas_label_place place = {options->test, "line", 1};
    bool label_first = options->label && strcmp(options->label, "first") == 0;
    PNAS_TRY(check_options(options));
    dataset->height = options->shape.height;
    dataset->width = options->shape.width;
    dataset->channels = options->shape.channels;
    pnas_status status = read_train(options, label_first, dataset);
    if (status != PNAS_OK)
        return explain(options, dataset, label_first, status);
    if (!options->test)
        return pnas_import_draw_test(options, dataset);
    PNAS_TRY(read_csv(options->test, options, label_first, dataset, &dataset->test, &place.first));
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
    return comma && !pnas_text_list_is(path, NULL);
}

#define VALUE(field) offsetof(pnas_import_options, field)
static const pnas_import_option csv_options[] = {
    {"shape", "HxWxC", "Height, width and channels of an image", PNAS_IMPORT_SHAPE, VALUE(shape), true},
    {"maximum", "M", "Values 0 to M become 0 to 255, rounded (255)", PNAS_IMPORT_REAL, VALUE(maximum), false},
    {"label", "first|last", "Where in a line the label stands (last)", PNAS_IMPORT_TEXT, VALUE(label), false},
    {"test", "FILE", "Test images and labels", PNAS_IMPORT_TEXT, VALUE(test), false},
    PNAS_IMPORT_CLASSES,
    PNAS_IMPORT_TEST_SHARE,
    PNAS_IMPORT_TEST_SEED};

const pnas_import_format pnas_import_csv = {.name = "csv",
                                            .help = "an image and its label a line; gzipped or not",
                                            .usage = "--shape HxWxC [--maximum M] [--label first] FILE",
                                            .takes = "a file",
                                            .option = csv_options,
                                            .options = sizeof csv_options / sizeof *csv_options,
                                            .recognises = looks_like_csv,
                                            .read = read_rows};
