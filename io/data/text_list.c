#include "io/data/text_list.h"

#include "io/file/byte_file.h"
#include "src/base/decimal.h"
#include "src/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LINE_MOST 65536 /* bytes that its first line may have */

typedef struct { /* borrowed from the text */
    const char *path, *label;
    size_t line, class; /* the line from 1 */
} list_row;

typedef struct {
    const char *name; /* the text's path */
    char *root;       /* of relative paths, its own */
    pnas_bytes bytes;
    list_row *row;
    size_t rows;
} text_list;

/* ---- lines ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Cuts off blanks around a field, then quotes. */
static char *trim(char *field)
{
    size_t length;
    while (is_blank(*field))
        field++;
    length = strlen(field);
    while (length > 0 && is_blank(field[length - 1]))
        field[--length] = '\0';
    if (length > 1 && field[0] == '"' && field[length - 1] == '"') {
        field[length - 1] = '\0';
        field++;
    }
    return field;
}

static char separator_of(const char *line)
{
    return strchr(line, '\t') ? '\t' : strchr(line, ',') ? ',' : ' ';
}

/* Cuts a line, without the end of line, at the last separator; false if a part is missing. */
static bool split(char *line, char separator, list_row *out)
{
    char *end = line + strlen(line);
    while (end > line && is_blank(end[-1]))
        *--end = '\0';
    char *cut = strrchr(line, separator);
    if (!cut)
        return false;
    *cut = '\0';
    out->path = trim(line);
    out->label = trim(cut + 1);
    return *out->path && *out->label;
}

/* The text is cut into its lines; empty ones are left out. */
static pnas_status split_lines(text_list *list)
{
    char *text = (char *)pnas_bytes_text((const char *)list->bytes.data, list->bytes.size), *line;
    for (char *at = strchr(text, '\n') ? NULL : text; at && (at = strchr(at, '\r'));)
        *at = '\n'; /* lines that end like that alone */
    size_t lines = 1, number = 0;
    char separator = 0;
    for (const char *at = text; *at; at++)
        lines += *at == '\n';
    list->row = calloc(lines, sizeof *list->row);
    PNAS_CHECK(list->row, PNAS_ERROR_MEMORY, "%s: no memory for its %zu lines", list->name, lines);
    while ((line = strsep(&text, "\n"))) {
        number++;
        if (!line[strspn(line, " \t\r")])
            continue;
        separator = separator ? separator : separator_of(line);
        PNAS_CHECK(split(line, separator, &list->row[list->rows]), PNAS_ERROR_DATA,
                   "%s: line %zu: expected a path and a label, as in \"%s\"", list->name, number,
                   separator == '\t'  ? "cat/1.jpg, a tab, cat"
                   : separator == ',' ? "cat/1.jpg,cat"
                                      : "cat/1.jpg cat");
        list->row[list->rows++].line = number;
    }
    PNAS_CHECK(list->rows > 0, PNAS_ERROR_DATA,
               "%s: names no picture; expected a path and a label in each line", list->name);
    return PNAS_OK;
}

/* Whatever a label is, hardly all of them are called like pictures. */
static pnas_status check_columns(const text_list *list)
{
    for (size_t i = 0; i < list->rows; i++)
        if (!pnas_picture_name_is(list->row[i].label) || pnas_picture_name_is(list->row[i].path))
            return PNAS_OK;
    return pnas_fail(
        PNAS_ERROR_DATA,
        "%s: its pictures stand behind their labels; expected a path and then a label in each line, "
        "as in \"cat/1.jpg,cat\"",
        list->name);
}

/* ---- order ---- */

static int by_label(const void *left, const void *right)
{
    const char *a = ((const list_row *)left)->label, *b = ((const list_row *)right)->label;
    double x, y;
    bool number_a = pnas_decimal_parse(a, &x), number_b = pnas_decimal_parse(b, &y);
    if (number_a != number_b)
        return number_a ? -1 : 1;
    if (number_a && x != y)
        return x < y ? -1 : 1;
    return strcmp(a, b);
}

static int by_path(const void *left, const void *right)
{
    const list_row *a = left, *b = right;
    int order = strcmp(a->path, b->path);
    return order ? order : (a->line > b->line) - (a->line < b->line);
}

static int by_class(const void *left, const void *right)
{
    const list_row *a = left, *b = right;
    return a->class != b->class ? (a->class < b->class ? -1 : 1) : by_path(left, right);
}

static pnas_status check_paths(text_list *list)
{
    qsort(list->row, list->rows, sizeof *list->row, by_path);
    for (size_t i = 1; i < list->rows; i++)
        PNAS_CHECK(strcmp(list->row[i - 1].path, list->row[i].path) != 0, PNAS_ERROR_DATA,
                   "%s: line %zu: %s is in line %zu, too", list->name, list->row[i].line, list->row[i].path,
                   list->row[i - 1].line);
    return PNAS_OK;
}

/* ---- into a list of pictures ---- */

static pnas_status add_classes(text_list *list, pnas_picture_list *out)
{
    qsort(list->row, list->rows, sizeof *list->row, by_label);
    for (size_t i = 0; i < list->rows; i++) {
        if (i == 0 || strcmp(list->row[i - 1].label, list->row[i].label) != 0)
            PNAS_TRY(pnas_picture_list_add_class(out, list->name, list->row[i].label));
        list->row[i].class = out->classes - 1;
    }
    return PNAS_OK;
}

static char *full_path(const char *root, const char *path)
{
    char *full;
    if (*path == '/')
        return strdup(path);
    return asprintf(&full, "%s/%s", root, path) < 0 ? NULL : full;
}

static bool names_file(const char *root, const char *path)
{
    struct stat info;
    char *full = full_path(root, path);
    bool is = full && stat(full, &info) == 0 && S_ISREG(info.st_mode);
    free(full);
    return is;
}

/* Names of columns: the first line, if it is no picture's and no other line has its label. */
static void leave_head_out(text_list *list)
{
    const list_row *first = &list->row[0];
    bool head = list->rows > 1 && first->path && !pnas_picture_name_is(first->path) &&
                !names_file(list->root, first->path);
    for (size_t i = 1; i < list->rows && head; i++)
        head = strcmp(list->row[i].label, first->label) != 0;
    if (!head)
        return;
    pnas_info("%s: line %zu (%s, %s) is taken for names of columns", list->name, first->line, first->path,
              first->label);
    memmove(list->row, list->row + 1, --list->rows * sizeof *list->row);
}

static pnas_status add_file(const text_list *list, const list_row *row, pnas_picture_list *out)
{
    struct stat info;
    char refused[128];
    char *path = full_path(list->root, row->path);
    PNAS_CHECK(path, PNAS_ERROR_MEMORY, "no memory for the name of a file");
    bool there = stat(path, &info) == 0, file = there && S_ISREG(info.st_mode);
    if (!there)
        snprintf(refused, sizeof refused, "line %zu of the list: %s", row->line, pnas_system_reason(errno));
    else
        snprintf(refused, sizeof refused, "line %zu of the list: is no file", row->line);
    pnas_status status =
        pnas_picture_list_add_file(out, path, row->class, there ? &info : NULL, file ? NULL : refused);
    free(path);
    return status;
}

static pnas_status make_list(text_list *list, pnas_picture_list *out)
{
    PNAS_TRY(pnas_bytes_check_text(list->name, &list->bytes));
    PNAS_TRY(split_lines(list));
    leave_head_out(list);
    PNAS_TRY(check_columns(list));
    PNAS_TRY(check_paths(list));
    PNAS_TRY(add_classes(list, out));
    qsort(list->row, list->rows, sizeof *list->row, by_class);
    for (size_t i = 0; i < list->rows; i++)
        PNAS_TRY(add_file(list, &list->row[i], out));
    out->root = strdup(list->name);
    out->once = true;
    PNAS_CHECK(out->root, PNAS_ERROR_MEMORY, "no memory for the name of a file");
    return PNAS_OK;
}

/* The caller's; NULL without memory. */
static char *find_root(const char *path, const char *root)
{
    const char *slash = strrchr(path, '/');
    if (root || !slash)
        return strdup(root ? root : ".");
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* A text has lines; without this, gigabytes of one byte would be unpacked to find out. */
static double claim_of(const unsigned char *first, size_t size)
{
    bool lines = size < LINE_MOST || memchr(first, '\n', LINE_MOST) || memchr(first, '\r', LINE_MOST);
    return lines ? (double)SIZE_MAX : LINE_MOST;
}

pnas_status pnas_text_list_read(const char *path, const char *root, pnas_picture_list *out)
{
    text_list list = {.name = path};
    *out = (pnas_picture_list){0};
    PNAS_TRY(pnas_bytes_read(path, "a list of pictures", claim_of, &list.bytes));
    list.root = find_root(path, root);
    pnas_status status = list.root ? make_list(&list, out)
                                   : pnas_fail(PNAS_ERROR_MEMORY, "no memory for the name of a folder");
    free(list.root);
    free(list.row);
    pnas_bytes_free(&list.bytes);
    if (status != PNAS_OK)
        pnas_picture_list_free(out);
    return status;
}

bool pnas_text_list_is(const char *path, const char *root)
{
    unsigned char start[4096 + 1];
    size_t size = pnas_bytes_peek(path, start, sizeof start - 1);
    list_row row;
    start[size] = '\0';
    if (size == 0 || memchr(start, '\0', size))
        return false;
    char *text = (char *)pnas_bytes_text((const char *)start, size), *folder = find_root(path, root),
         separator = 0;
    bool is = false;
    for (int line = 0; line < 2 && folder && text && !is; line++) { /* the first may be a head line */
        char *at = strsep(&text, "\n");
        separator = separator ? separator : separator_of(at);
        is = split(at, separator, &row) && (pnas_picture_name_is(row.path) || names_file(folder, row.path) ||
                                            pnas_picture_name_is(row.label));
    }
    free(folder);
    return is;
}
