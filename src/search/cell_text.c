#include "src/search/cell_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void pnas_cell_format(const pnas_cell *cell, const pnas_operator_set *set, char out[PNAS_CELL_TEXT_MAX])
{
    size_t length = 0;
    out[0] = '\0';
    for (int i = 0; i < cell->blocks && length < PNAS_CELL_TEXT_MAX; ++i) {
        const pnas_block *block = &cell->block[i];
        length +=
            (size_t)snprintf(out + length, PNAS_CELL_TEXT_MAX - length, "%s%d:%s+%d:%s", i ? " | " : "",
                             block->in1, set->item[block->op1].name, block->in2, set->item[block->op2].name);
    }
}

typedef struct { /* a piece of the text, not ended by a zero */
    const char *start;
    size_t length;
} piece;

#define WORD_SHOWN 60
#define SHOW(p)    (int)((p).length < WORD_SHOWN ? (p).length : WORD_SHOWN), (p).start

static piece trim(piece text)
{
    while (text.length && isspace((unsigned char)text.start[0])) {
        ++text.start;
        --text.length;
    }
    while (text.length && isspace((unsigned char)text.start[text.length - 1]))
        --text.length;
    return text;
}

/* Cuts off what stands before the first `mark` and returns it; *rest is what follows the mark. False, and
 * everything in *head, if there is no mark. */
static bool cut(piece text, char mark, piece *head, piece *rest)
{
    const char *found = memchr(text.start, mark, text.length);
    *head = text;
    *rest = (piece){text.start + text.length, 0};
    if (!found)
        return false;
    head->length = (size_t)(found - text.start);
    *rest = (piece){found + 1, text.length - head->length - 1};
    return true;
}

static pnas_status parse_input(piece word, int block, int8_t *out)
{
    char digits[8], *end = digits;
    long value = 0;
    if (word.length < sizeof digits) {
        memcpy(digits, word.start, word.length);
        digits[word.length] = '\0';
        if (strspn(digits, "-0123456789") == word.length) /* strtol alone takes spaces and '+' as well */
            value = strtol(digits, &end, 10);
    }
    PNAS_CHECK(
        end != digits && *end == '\0', PNAS_ERROR_DATA,
        "block %d of the cell: the input '%.*s' is no number; write -2, -1 or the number of an earlier "
        "block",
        block, SHOW(word));
    PNAS_CHECK(
        value >= -2 && value < block, PNAS_ERROR_DATA,
        "block %d of the cell: the input '%.*s' cannot be read there; it may read -2, -1 and the blocks "
        "before it, counted from 0",
        block, SHOW(word));
    *out = (int8_t)value;
    return PNAS_OK;
}

/* Copies a word with each run of spaces as one; cut short if it is too long to be any operator's name. */
static void copy_word(piece word, char *out, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; i < word.length && length + 1 < size; ++i) {
        bool space = isspace((unsigned char)word.start[i]);
        if (!space || (length > 0 && out[length - 1] != ' '))
            out[length++] = space ? ' ' : word.start[i];
    }
    out[length] = '\0';
}

static void list_operators(const pnas_operator_set *set, char *out, size_t size)
{
    size_t length = 0;
    out[0] = '\0';
    for (int i = 0; i < set->count && length < size; ++i)
        length += (size_t)snprintf(out + length, size - length, "%s%s", i ? ", " : "", set->item[i].name);
}

static pnas_status parse_operator(piece word, int block, const pnas_operator_set *set, int8_t *out)
{
    char name[2 * PNAS_OPERATOR_NAME_MAX];
    copy_word(word, name, sizeof name);
    int found = pnas_operator_set_find(set, name);
    if (found < 0) {
        char allowed[PNAS_OPERATORS_MAX * (PNAS_OPERATOR_NAME_MAX + 2)];
        list_operators(set, allowed, sizeof allowed);
        return pnas_fail(PNAS_ERROR_DATA,
                         "block %d of the cell: '%.*s' is no operator of this run; it has %s", block,
                         SHOW(word), allowed);
    }
    *out = (int8_t)found;
    return PNAS_OK;
}

/* "-2:sep5" */
static pnas_status parse_side(piece text, int block, const pnas_operator_set *set, int8_t *input, int8_t *op)
{
    piece left, right;
    PNAS_CHECK(cut(text, ':', &left, &right), PNAS_ERROR_DATA,
               "block %d of the cell: '%.*s' has no ':'; write input:operator, such as -1:%s", block,
               SHOW(text), set->item[0].name);
    PNAS_TRY(parse_input(trim(left), block, input));
    return parse_operator(trim(right), block, set, op);
}

/* "-2:sep5+-2:max3" */
static pnas_status parse_block(piece text, int block, const pnas_operator_set *set, pnas_block *out)
{
    piece left, right;
    PNAS_CHECK(cut(text, '+', &left, &right), PNAS_ERROR_DATA,
               "block %d of the cell: '%.*s' has no '+'; write input:operator+input:operator", block,
               SHOW(text));
    PNAS_TRY(parse_side(trim(left), block, set, &out->in1, &out->op1));
    return parse_side(trim(right), block, set, &out->in2, &out->op2);
}

pnas_status pnas_cell_parse(const char *text, const pnas_operator_set *set, pnas_cell *out)
{
    pnas_cell cell = {0};
    piece rest = {text, strlen(text)}, head;
    bool more = true;
    while (more) {
        more = cut(rest, '|', &head, &rest);
        PNAS_CHECK(cell.blocks < PNAS_BLOCKS_MAX, PNAS_ERROR_DATA,
                   "the cell has more than %d blocks: '%.*s' is one too many", PNAS_BLOCKS_MAX,
                   SHOW(trim(head)));
        PNAS_TRY(parse_block(trim(head), cell.blocks, set, &cell.block[cell.blocks]));
        ++cell.blocks;
    }
    *out = cell;
    return PNAS_OK;
}
