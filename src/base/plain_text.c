#include "src/base/plain_text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { NO_UTF8 = 0xffffffff };
enum { COLUMN_MAX = 40 };

/* The code point that `text` begins with and its bytes; one byte and NO_UTF8 if there is none: cut short, longer
 * than needed, half of a surrogate pair, or beyond U+10FFFF. */
static size_t decode(const char *text, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *byte = (const unsigned char *)text;
    size_t length = byte[0] < 0x80 ? 1 : byte[0] < 0xc0 ? 0 : byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : 4;
    uint32_t value = length < 2 ? byte[0] : byte[0] & (0x7fu >> length);
    *code = NO_UTF8;
    for (size_t i = 1; i < length; ++i) {
        if ((byte[i] & 0xc0) != 0x80) /* the end of the text, too */
            return 1;
        value = value << 6 | (byte[i] & 0x3f);
    }
    if (length == 0 || byte[0] >= 0xf8 || value < least[length] || value > 0x10ffff ||
        (value >= 0xd800 && value < 0xe000))
        return 1;
    *code = value;
    return length;
}

static bool is_hidden(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } hidden[] = {{0, 0x1f},        {0x7f, 0x9f},     {0x61c, 0x61c},   {0x200e, 0x200f},
                  {0x2028, 0x202e}, {0x2066, 0x2069}, {0xfeff, 0xfeff}, {NO_UTF8, NO_UTF8}};
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; ++i)
        if (code >= hidden[i].first && code <= hidden[i].last)
            return true;
    return false;
}

size_t pnas_text_next(const char *text, char escape[PNAS_TEXT_ESCAPE_MAX])
{
    uint32_t code;
    size_t length = decode(text, &code);
    escape[0] = '\0';
    if (!is_hidden(code))
        return length;
    if (length == 1)
        snprintf(escape, PNAS_TEXT_ESCAPE_MAX, "\\x%02x", (unsigned char)*text);
    else
        snprintf(escape, PNAS_TEXT_ESCAPE_MAX, "\\u%04x", (unsigned)code);
    return length;
}

void pnas_text_show(const char *text, char *out, size_t size)
{
    char escape[PNAS_TEXT_ESCAPE_MAX];
    while (*text) {
        size_t length = pnas_text_next(text, escape), shown = *escape ? strlen(escape) : length;
        if (shown >= size)
            break;
        memcpy(out, *escape ? escape : text, shown);
        out += shown;
        size -= shown;
        text += length;
    }
    *out = '\0';
}

void pnas_text_write(FILE *out, const char *text, char doubled)
{
    char escape[PNAS_TEXT_ESCAPE_MAX];
    for (size_t length; *text; text += length) {
        length = pnas_text_next(text, escape);
        if (*escape)
            fputs(escape, out);
        else
            fwrite(text, 1, length, out);
        if (doubled && *text == doubled)
            putc(doubled, out);
    }
}

void pnas_text_line(FILE *out, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    size_t size = length < 0 ? 0 : 4 * (size_t)length + 2; /* an escape has at most four times the bytes */
    char *shown = size ? malloc(size) : NULL;
    if (shown) {
        pnas_text_show(text, shown, size - 1);
        strcat(shown, "\n");
        fputs(shown, out); /* one call, so that lines of several ranks do not mix */
    }
    free(shown);
    if (length >= 0)
        free(text);
}

int pnas_text_column(const char *title, char *const *names, int count)
{
    size_t width = strlen(title);
    for (int i = 0; i < count; ++i) {
        size_t length = strnlen(names[i], COLUMN_MAX);
        width = length > width ? length : width;
    }
    return (int)width;
}

void pnas_text_json(FILE *out, const char *text)
{
    char escape[PNAS_TEXT_ESCAPE_MAX];
    putc('"', out);
    for (size_t length; *text; text += length) {
        length = pnas_text_next(text, escape);
        bool byte = escape[0] && escape[1] == 'x';
        if (byte && (unsigned char)*text >= 0x80)
            fputs("\\ufffd", out);
        else if (byte)
            fprintf(out, "\\u00%s", escape + 2);
        else if (*escape)
            fputs(escape, out);
        else if (*text == '"' || *text == '\\')
            fprintf(out, "\\%c", *text);
        else
            fwrite(text, 1, length, out);
    }
    putc('"', out);
}

void pnas_text_csv(FILE *out, const char *text)
{
    bool quoted = strpbrk(text, ",\"") != NULL;
    if (quoted)
        putc('"', out);
    pnas_text_write(out, text, '"');
    if (quoted)
        putc('"', out);
}
