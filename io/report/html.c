#include "io/report/html.h"

#include "src/base/plain_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char *entity(char character)
{
    switch (character) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void pnas_html_text(FILE *out, const char *text)
{
    char escape[PNAS_TEXT_ESCAPE_MAX];
    for (size_t length; *text; text += length) {
        length = pnas_text_next(text, escape);
        const char *instead = *escape ? escape : entity(*text);
        if (instead)
            fputs(instead, out);
        else
            fwrite(text, 1, length, out);
    }
}

void pnas_html_print(FILE *out, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    pnas_html_text(out, text);
    free(text);
}

void pnas_html_lines(FILE *out, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        pnas_html_print(out, "%.*s", (int)length, text);
        putc('\n', out);
        text += length + (text[length] == '\n');
    }
}

void pnas_html_word(FILE *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=,+-%@";
    if (*word && strspn(word, plain) == strlen(word)) {
        fputs(word, out);
        return;
    }
    fputs("&#39;", out);
    while (*word) {
        size_t length = strcspn(word, "'");
        pnas_html_print(out, "%.*s", (int)length, word);
        word += length;
        if (*word) {
            fputs("&#39;\\&#39;&#39;", out);
            word++;
        }
    }
    fputs("&#39;", out);
}

void pnas_html_real(FILE *out, int digits, double value)
{
    if (isfinite(value))
        fprintf(out, "<td class=\"n\">%.*f</td>", digits, value);
    else
        fputs("<td class=\"n none\">-</td>", out);
}

void pnas_html_whole(FILE *out, int64_t value)
{
    if (value >= 0)
        fprintf(out, "<td class=\"n\">%" PRId64 "</td>", value);
    else
        fputs("<td class=\"n none\">-</td>", out);
}

void pnas_html_cell(FILE *out, const char *text)
{
    fputs("<td>", out);
    pnas_html_text(out, text);
    fputs("</td>", out);
}

void pnas_html_length(FILE *out, double value)
{
    char text[40];
    snprintf(text, sizeof text, "%.2f", value);
    char *end = text + strlen(text);
    while (end[-1] == '0')
        *--end = '\0';
    if (end[-1] == '.')
        *--end = '\0';
    fputs(strcmp(text, "-0") == 0 ? "0" : text, out);
}
