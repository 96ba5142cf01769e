#include "io/run/cell_csv.h"
#include "io/file/byte_file.h"
#include "src/base/decimal.h"
#include "src/search/cell_text.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BYTES_MAX    (256 << 20) /* of text, unpacked: some million cells */

#define BLOCK_FIELDS 4
#define COLUMNS_MAX  (BLOCK_FIELDS * PNAS_BLOCKS_MAX + 64)
#define FIELD_SHOWN  40
#define TEXT_MAX     512

typedef enum {
    COLUMN_OTHER, /* somebody's own; not read */
    COLUMN_SCORE,
    COLUMN_PREDICTED,
    COLUMN_PREDICTED_STD,
    COLUMN_TRAIN_SECONDS,
    COLUMN_PARAMETERS,
    COLUMN_MULTIPLY_ADDS,
    COLUMN_STOPPED_AFTER,
    COLUMN_CELL, /* as text */
    COLUMN_BLOCK /* and up: in1, op1, in2, op2 of block 0, then of block 1, ... */
} column_role;

typedef struct {
    const char *start;
    size_t length;
} field;

typedef struct {
    const char *name;
    const pnas_operator_set *operators;
    const char *at, *end;
    size_t line; /* number of the line in `column`, from 1 */
    size_t columns;
    field column[COLUMNS_MAX];
    bool named; /* the first line has names: roles by column */
    size_t roles;
    int role[COLUMNS_MAX];
    size_t single_line, previous_line; /* first lines where block 0 reads 0, where a block reads -1 or -2 */
} csv_reader;

/* ---- lines and fields ---- */

static field trim(field text)
{
    while (text.length && isspace((unsigned char)text.start[0])) {
        ++text.start;
        --text.length;
    }
    while (text.length && isspace((unsigned char)text.start[text.length - 1]))
        --text.length;
    return text;
}

static field unquote(field text)
{
    text = trim(text);
    if (text.length >= 2 && text.start[0] == '"' && text.start[text.length - 1] == '"')
        text = (field){text.start + 1, text.length - 2};
    return text;
}

/* Splits the next line that is not blank into its columns; *more is false at the end of the file. */
static pnas_status next_line(csv_reader *reader, bool *more)
{
    field line = {0};
    while (reader->at < reader->end && line.length == 0) {
        const char *stop = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));
        if (!stop)
            stop = reader->end;
        line = trim((field){reader->at, (size_t)(stop - reader->at)});
        reader->at = stop < reader->end ? stop + 1 : stop;
        ++reader->line;
    }
    *more = line.length > 0;
    reader->columns = 0;
    if (!*more)
        return PNAS_OK;
    for (const char *end = line.start + line.length;;) {
        PNAS_CHECK(reader->columns < COLUMNS_MAX, PNAS_ERROR_DATA,
                   "%s: line %zu: has more than %d columns; a cell has at most %d blocks of 4 columns",
                   reader->name, reader->line, COLUMNS_MAX, PNAS_BLOCKS_MAX);
        const char *comma = memchr(line.start, ',', (size_t)(end - line.start));
        const char *stop = comma ? comma : end;
        reader->column[reader->columns++] = unquote((field){line.start, (size_t)(stop - line.start)});
        if (!comma)
            return PNAS_OK;
        line.start = comma + 1;
    }
}

static pnas_status bad_field(const csv_reader *reader, size_t column, const char *expected)
{
    char shown[FIELD_SHOWN + 1];
    field text = reader->column[column];
    size_t length = text.length < FIELD_SHOWN ? text.length : FIELD_SHOWN;
    for (size_t i = 0; i < length; i++)
        shown[i] = text.start[i];
    for (size_t i = 0; i < length; i++)
        if (iscntrl((unsigned char)shown[i]))
            shown[i] = '?';
    shown[length] = '\0';
    return pnas_fail(PNAS_ERROR_DATA, "%s: line %zu, column %zu: '%s', expected %s", reader->name,
                     reader->line, column + 1, shown, expected);
}

static bool copy_field(field text, char *out, size_t size)
{
    if (text.length >= size || memchr(text.start, '\0', text.length))
        return false;
    memcpy(out, text.start, text.length);
    out[text.length] = '\0';
    return true;
}

static bool parse_real(field text, double *out)
{
    char copy[64];
    return copy_field(text, copy, sizeof copy) && pnas_decimal_parse(copy, out);
}

static bool parse_whole(field text, int64_t least, int64_t most, int64_t *out)
{
    char copy[32];
    return copy_field(text, copy, sizeof copy) && pnas_decimal_parse_whole(copy, least, most, out);
}

/* ---- the line of names ---- */

static int find_role(field name, size_t *bare)
{
    static const struct {
        const char *name;
        column_role role;
    } known[] = {{"score", COLUMN_SCORE},
                 {"accuracy", COLUMN_SCORE},
                 {"predicted", COLUMN_PREDICTED},
                 {"predicted_std", COLUMN_PREDICTED_STD},
                 {"train_seconds", COLUMN_TRAIN_SECONDS},
                 {"parameters", COLUMN_PARAMETERS},
                 {"multiply_adds", COLUMN_MULTIPLY_ADDS},
                 {"stopped_after", COLUMN_STOPPED_AFTER},
                 {"cell", COLUMN_CELL}};
    static const char *const parts[BLOCK_FIELDS] = {"in1", "op1", "in2", "op2"};
    char text[32];
    if (!copy_field(name, text, sizeof text))
        return COLUMN_OTHER;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(text, known[i].name) == 0)
            return (int)known[i].role;
    for (int part = 0; part < BLOCK_FIELDS; part++) {
        int64_t block;
        if (strncmp(text, parts[part], 3) != 0)
            continue;
        if (text[3] == '\0')
            return COLUMN_BLOCK + (int)(bare[part]++ * BLOCK_FIELDS) + part;
        if (text[3] == '_' &&
            parse_whole((field){text + 4, strlen(text + 4)}, 0, PNAS_BLOCKS_MAX - 1, &block))
            return COLUMN_BLOCK + (int)block * BLOCK_FIELDS + part;
    }
    return COLUMN_OTHER;
}

static pnas_status check_roles(const csv_reader *reader)
{
    bool seen[COLUMN_BLOCK + BLOCK_FIELDS * COLUMNS_MAX] = {false};
    int last = 0;
    for (size_t i = 0; i < reader->roles; i++) {
        int role = reader->role[i];
        if (role != COLUMN_OTHER && seen[role])
            return bad_field(reader, i, "a name that no other column has");
        seen[role] = true;
        last = role > last ? role : last;
    }
    PNAS_CHECK(seen[COLUMN_SCORE], PNAS_ERROR_DATA, "%s: line %zu: names columns, but none is 'score'",
               reader->name, reader->line);
    PNAS_CHECK((last >= COLUMN_BLOCK) != seen[COLUMN_CELL], PNAS_ERROR_DATA,
               "%s: line %zu: expected a column 'cell', or four columns a block: in1_0, op1_0, in2_0, op2_0, "
               "in1_1, ...",
               reader->name, reader->line);
    for (int role = COLUMN_BLOCK; role <= last || (role - COLUMN_BLOCK) % BLOCK_FIELDS != 0; role++)
        PNAS_CHECK(last < COLUMN_BLOCK ||
                       (seen[role] && role < COLUMN_BLOCK + BLOCK_FIELDS * PNAS_BLOCKS_MAX),
                   PNAS_ERROR_DATA,
                   "%s: line %zu: the columns of block %d are not in1, op1, in2 and op2, or it is not one of "
                   "%d blocks",
                   reader->name, reader->line, (role - COLUMN_BLOCK) / BLOCK_FIELDS, PNAS_BLOCKS_MAX);
    return PNAS_OK;
}

static bool is_word(field text)
{
    return text.length > 0 && (isalpha((unsigned char)text.start[0]) || text.start[0] == '_');
}

/* A line of names has a name at each of its columns; "nan" alone at the first is a score gone wrong. */
static bool has_names(const csv_reader *reader)
{
    for (size_t i = 0; i < reader->columns; i++)
        if (!is_word(reader->column[i]))
            return false;
    return reader->columns > 0;
}

static pnas_status read_names(csv_reader *reader)
{
    size_t bare[BLOCK_FIELDS] = {0};
    reader->named = true;
    reader->roles = reader->columns;
    for (size_t i = 0; i < reader->columns; i++)
        reader->role[i] = find_role(reader->column[i], bare);
    return check_roles(reader);
}

/* ---- cells ---- */

static void list_operators(const pnas_operator_set *set, char *out, size_t size)
{
    size_t length = (size_t)snprintf(out, size, "an operator: ");
    for (int i = 0; i < set->count && length < size; i++)
        length += (size_t)snprintf(out + length, size - length, "%s%s", i ? ", " : "", set->item[i].name);
}

static pnas_status read_input(csv_reader *reader, size_t column, int block, int8_t *out)
{
    int64_t value;
    /* A line without names may count one further than its blocks; that is settled with the whole file read. */
    int64_t most = reader->named ? block - 1 : block;
    if (!parse_whole(reader->column[column], -2, most, &value)) {
        char expected[TEXT_MAX];
        snprintf(expected, sizeof expected,
                 "what block %d reads: -2, -1 or the number of an earlier block, counted from 0", block);
        return bad_field(reader, column, expected);
    }
    if (value < 0 && reader->previous_line == 0)
        reader->previous_line = reader->line;
    if (value == 0 && block == 0 && reader->single_line == 0)
        reader->single_line = reader->line;
    *out = (int8_t)value;
    return PNAS_OK;
}

static pnas_status read_operator(const csv_reader *reader, size_t column, int8_t *out)
{
    char name[2 * PNAS_OPERATOR_NAME_MAX], expected[TEXT_MAX + PNAS_OPERATORS_MAX * PNAS_OPERATOR_NAME_MAX];
    int found = -1;
    if (copy_field(reader->column[column], name, sizeof name))
        found = pnas_operator_set_find(reader->operators, name);
    if (found < 0) {
        list_operators(reader->operators, expected, sizeof expected);
        return bad_field(reader, column, expected);
    }
    *out = (int8_t)found;
    return PNAS_OK;
}

/* columns[4]: where in1, op1, in2, op2 of the block stand */
static pnas_status read_block(csv_reader *reader, const size_t *columns, pnas_cell *cell)
{
    PNAS_CHECK(cell->blocks < PNAS_BLOCKS_MAX, PNAS_ERROR_DATA, "%s: line %zu: has more than %d blocks",
               reader->name, reader->line, PNAS_BLOCKS_MAX);
    pnas_block *block = &cell->block[cell->blocks];
    PNAS_TRY(read_input(reader, columns[0], cell->blocks, &block->in1));
    PNAS_TRY(read_operator(reader, columns[1], &block->op1));
    PNAS_TRY(read_input(reader, columns[2], cell->blocks, &block->in2));
    PNAS_TRY(read_operator(reader, columns[3], &block->op2));
    cell->blocks++;
    return PNAS_OK;
}

static pnas_status read_cell_text(const csv_reader *reader, size_t column, pnas_cell *out)
{
    char text[PNAS_CELL_TEXT_MAX];
    if (!copy_field(reader->column[column], text, sizeof text))
        return bad_field(reader, column, "a cell, such as -2:sep5+-2:max3");
    if (pnas_cell_parse(text, reader->operators, out) != PNAS_OK)
        return pnas_fail_at(PNAS_ERROR_DATA, "%s: line %zu, column %zu", reader->name, reader->line,
                            column + 1);
    return PNAS_OK;
}

/* ---- rows ---- */

static pnas_status read_plain(csv_reader *reader, pnas_csv_cell *row)
{
    size_t blocks = reader->columns / BLOCK_FIELDS;
    PNAS_CHECK(blocks > 0 && reader->columns == blocks * BLOCK_FIELDS + 1, PNAS_ERROR_DATA,
               "%s: line %zu: %zu column%s, expected 5, 9, 13, ...: a score, then input, operator, input, "
               "operator for each block",
               reader->name, reader->line, reader->columns, reader->columns == 1 ? "" : "s");
    if (!parse_real(reader->column[0], &row->score))
        return bad_field(reader, 0, "a score, a decimal number");
    for (size_t b = 0; b < blocks; b++) {
        size_t first = 1 + b * BLOCK_FIELDS;
        const size_t columns[BLOCK_FIELDS] = {first, first + 1, first + 2, first + 3};
        PNAS_TRY(read_block(reader, columns, &row->cell));
    }
    return PNAS_OK;
}

static pnas_status read_figure(const csv_reader *reader, size_t column, pnas_csv_cell *row)
{
    bool given = reader->column[column].length > 0;
    double *real = NULL;
    int64_t *count = NULL;
    switch (reader->role[column]) {
    case COLUMN_SCORE:
        if (given && !parse_real(reader->column[column], &row->score))
            return bad_field(reader, column, "a score, a decimal number");
        return PNAS_OK;
    case COLUMN_PREDICTED:
        real = &row->predicted;
        break;
    case COLUMN_PREDICTED_STD:
        real = &row->predicted_std;
        break;
    case COLUMN_TRAIN_SECONDS:
        real = &row->train_seconds;
        break;
    case COLUMN_PARAMETERS:
        count = &row->parameters;
        break;
    case COLUMN_MULTIPLY_ADDS:
        count = &row->multiply_adds;
        break;
    case COLUMN_STOPPED_AFTER:
        count = &row->stopped_after;
        break;
    default:
        return PNAS_OK;
    }
    if (real && given && !parse_real(reader->column[column], real))
        return bad_field(reader, column, "a decimal number or nothing");
    if (real && *real < 0 && real != &row->predicted)
        return bad_field(reader, column, "a decimal number from 0 or nothing");
    if (count && given && !parse_whole(reader->column[column], 0, INT64_MAX, count))
        return bad_field(reader, column, "a whole number from 0 or nothing");
    return PNAS_OK;
}

static bool is_empty_block(const csv_reader *reader, const size_t *columns)
{
    for (int part = 0; part < BLOCK_FIELDS; part++)
        if (reader->column[columns[part]].length > 0)
            return false;
    return true;
}

/* Blocks by their columns; the last ones of shorter cells are empty. */
static pnas_status read_named_blocks(csv_reader *reader, pnas_cell *cell)
{
    size_t columns[PNAS_BLOCKS_MAX][BLOCK_FIELDS], blocks = 0;
    for (size_t i = 0; i < reader->roles; i++) {
        if (reader->role[i] < COLUMN_BLOCK)
            continue;
        size_t place = (size_t)(reader->role[i] - COLUMN_BLOCK), block = place / BLOCK_FIELDS;
        columns[block][place % BLOCK_FIELDS] = i;
        blocks = block + 1 > blocks ? block + 1 : blocks;
    }
    while (blocks > 1 && is_empty_block(reader, columns[blocks - 1]))
        blocks--;
    for (size_t b = 0; b < blocks; b++)
        PNAS_TRY(read_block(reader, columns[b], cell));
    return PNAS_OK;
}

static pnas_status read_named(csv_reader *reader, pnas_csv_cell *row)
{
    bool text = false;
    PNAS_CHECK(reader->columns == reader->roles, PNAS_ERROR_DATA,
               "%s: line %zu: %zu column%s, expected %zu as the first line names", reader->name, reader->line,
               reader->columns, reader->columns == 1 ? "" : "s", reader->roles);
    for (size_t i = 0; i < reader->roles; i++) {
        PNAS_TRY(read_figure(reader, i, row));
        if (reader->role[i] == COLUMN_CELL) {
            text = true;
            PNAS_TRY(read_cell_text(reader, i, &row->cell));
        }
    }
    PNAS_CHECK(!isnan(row->score) || !isnan(row->predicted) || row->stopped_after > 0, PNAS_ERROR_DATA,
               "%s: line %zu: has neither a score nor a prediction", reader->name, reader->line);
    return text ? PNAS_OK : read_named_blocks(reader, &row->cell);
}

static pnas_status read_rows(csv_reader *reader, pnas_cell_csv *out, size_t **lines)
{
    size_t room = 0;
    bool more;
    PNAS_TRY(next_line(reader, &more));
    if (more && has_names(reader)) {
        PNAS_TRY(read_names(reader));
        PNAS_TRY(next_line(reader, &more));
    }
    while (more) {
        if (out->count == room) {
            room = room ? 2 * room : 256;
            pnas_csv_cell *rows = realloc(out->row, room * sizeof *rows);
            out->row = rows ? rows : out->row;
            size_t *numbers = realloc(*lines, room * sizeof *numbers);
            *lines = numbers ? numbers : *lines;
            PNAS_CHECK(rows && numbers, PNAS_ERROR_MEMORY, "%s: out of memory for its lines", reader->name);
        }
        pnas_csv_cell *row = &out->row[out->count];
        *row = (pnas_csv_cell){.score = NAN,
                               .predicted = NAN,
                               .predicted_std = NAN,
                               .train_seconds = NAN,
                               .parameters = -1,
                               .multiply_adds = -1};
        PNAS_TRY(reader->named ? read_named(reader, row) : read_plain(reader, row));
        if (row->stopped_after > 0)
            out->stopped++;
        else
            (*lines)[out->count++] = reader->line;
        PNAS_TRY(next_line(reader, &more));
    }
    PNAS_CHECK(out->count > 0, PNAS_ERROR_DATA, "%s: has no cells; expected lines score,in1,op1,in2,op2,...",
               reader->name);
    return PNAS_OK;
}

/* ---- inputs of files without names ---- */

static void shift_inputs(pnas_cell *cell)
{
    for (int b = 0; b < cell->blocks; b++) {
        cell->block[b].in1--;
        cell->block[b].in2--;
    }
}

static bool reads_itself(const pnas_cell *cell)
{
    for (int b = 0; b < cell->blocks; b++)
        if (cell->block[b].in1 >= b || cell->block[b].in2 >= b)
            return true;
    return false;
}

static pnas_status resolve_inputs(const csv_reader *reader, const size_t *lines, pnas_cell_csv *out)
{
    size_t kept = 0;
    assert(lines); /* one a row, and there is a row */
    PNAS_CHECK(!reader->single_line || !reader->previous_line, PNAS_ERROR_DATA,
               "%s: line %zu: the first block reads 0, as in searches with one single input, but line %zu "
               "reads -1 or -2",
               reader->name, reader->single_line, reader->previous_line);
    for (size_t i = 0; i < out->count; i++) {
        if (reader->single_line) {
            shift_inputs(&out->row[i].cell);
        } else if (reads_itself(&out->row[i].cell)) {
            if (out->left_out++ == 0)
                out->left_out_line = lines[i];
            continue;
        }
        out->row[kept++] = out->row[i];
    }
    PNAS_CHECK(kept > 0, PNAS_ERROR_DATA, "%s: line %zu: a block reads itself, as in every line of the file",
               reader->name, out->left_out_line);
    out->count = kept;
    return PNAS_OK;
}

/* ---- files ---- */

pnas_status pnas_cell_csv_parse(const char *name, const char *text, size_t size,
                                const pnas_operator_set *operators, pnas_cell_csv *out)
{
    pnas_operator_set built_in;
    size_t *lines = NULL;
    *out = (pnas_cell_csv){0};
    pnas_operator_set_built_in(&built_in);
    csv_reader *reader = calloc(1, sizeof *reader);
    PNAS_CHECK(reader, PNAS_ERROR_MEMORY, "%s: out of memory", name);
    reader->name = name;
    reader->operators = operators ? operators : &built_in;
    reader->at = pnas_bytes_text(text, size);
    reader->end = text + size;
    pnas_status status = read_rows(reader, out, &lines);
    out->named = reader->named;
    if (status == PNAS_OK && !reader->named)
        status = resolve_inputs(reader, lines, out);
    if (status != PNAS_OK)
        pnas_cell_csv_free(out);
    free(lines);
    free(reader);
    return status;
}

/* "scores_3.csv", as pnas_score and the Keras implementation call what they predict, packed or not. */
static bool is_of_scores(const char *path)
{
    static const char start[] = "scores_";
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (strncmp(name, start, sizeof start - 1) != 0)
        return false;
    name += sizeof start - 1;
    size_t digits = strspn(name, "0123456789");
    name += digits;
    return digits > 0 && (strcmp(name, ".csv") == 0 || strcmp(name, ".csv.gz") == 0);
}

static void take_for_predictions(pnas_cell_csv *csv)
{
    for (size_t i = 0; i < csv->count; i++) {
        csv->row[i].predicted = csv->row[i].score;
        csv->row[i].score = NAN;
    }
}

static double claim(const unsigned char *first, size_t size)
{
    return BYTES_MAX;
}

pnas_status pnas_cell_csv_read(const char *path, const pnas_operator_set *operators, pnas_cell_csv *out)
{
    pnas_bytes bytes = {0};
    *out = (pnas_cell_csv){0};
    PNAS_TRY(pnas_bytes_read(path, "a CSV file with a score and a cell a line", claim, &bytes));
    pnas_status status = PNAS_OK;
    if (bytes.size > BYTES_MAX)
        status = pnas_fail(PNAS_ERROR_DATA, "%s: is larger than %d MiB; keep the best cells alone", path,
                           BYTES_MAX >> 20);
    if (status == PNAS_OK)
        status = pnas_bytes_check_text(path, &bytes);
    if (status == PNAS_OK)
        status = pnas_cell_csv_parse(path, (const char *)bytes.data, bytes.size, operators, out);
    pnas_bytes_free(&bytes);
    if (status == PNAS_OK && !out->named && is_of_scores(path))
        take_for_predictions(out);
    return status;
}

void pnas_cell_csv_free(pnas_cell_csv *csv)
{
    free(csv->row);
    *csv = (pnas_cell_csv){0};
}
