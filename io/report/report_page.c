#include "io/report/report_parts.h"

#include "io/file/sha256.h"
#include "io/report/report_start.h"
#include "src/base/clock.h"

#include <stdlib.h>
#include <string.h>

/* ---- head and foot ---- */

/* 'sha256-...' of a text, as a Content-Security-Policy names what it allows: in base64. */
static pnas_status write_allowance(FILE *out, const char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char hex[PNAS_SHA256_TEXT];
    unsigned char bytes[33] = {0};
    PNAS_TRY(pnas_sha256_of(text, strlen(text), hex));
    for (size_t i = 0; i < 32; i++) {
        char pair[3] = {hex[2 * i], hex[2 * i + 1], 0};
        bytes[i] = (unsigned char)strtoul(pair, NULL, 16);
    }
    fputs("'sha256-", out);
    for (size_t i = 0; i < 33; i += 3) {
        unsigned three = (unsigned)bytes[i] << 16 | (unsigned)bytes[i + 1] << 8 | bytes[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6)
            putc(i == 30 && shift == 0 ? '=' : digits[three >> shift & 63], out);
    }
    fputs("'", out);
    return PNAS_OK;
}

pnas_status pnas_page_begin(FILE *out, const char *title, const char *program)
{
    fputs(PNAS_REPORT_START ">\n<head>\n<meta charset=\"utf-8\">\n", out);
    fputs("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
          "base-uri 'none'; form-action 'none'; script-src ",
          out);
    PNAS_TRY(write_allowance(out, pnas_report_script));
    fputs("; style-src ", out);
    PNAS_TRY(write_allowance(out, pnas_report_style));
    fputs("\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"generator\" content=\"",
          out);
    pnas_html_text(out, program);
    fputs("\">\n<link rel=\"icon\" href=\"data:,\">\n<title>", out);
    pnas_html_text(out, title);
    fprintf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n<header><h1>", pnas_report_style);
    pnas_html_text(out, title);
    return PNAS_OK;
}

void pnas_page_links(FILE *out)
{
    fputs("</h1></header>\n<nav aria-label=\"Sections\">\n", out);
}

void pnas_page_sections(FILE *out)
{
    fputs("</nav>\n<main>\n", out);
}

void pnas_page_end(FILE *out, const char *program, double now)
{
    char stamp[32];
    pnas_clock_stamp(now, stamp);
    fputs("</main>\n<footer>Written by ", out);
    pnas_html_print(out, "%s at %s.", program, stamp);
    fputs(" <span class=\"screen\">Point at a mark to see its cell, or move with Tab and the arrow keys; "
          "Enter goes "
          "to its row. Click on the name of a column to sort.</span> This page loads nothing from any "
          "network.</footer>\n",
          out);
    fprintf(out, "<script>%s</script>\n</body>\n</html>\n", pnas_report_script);
}

/* ---- parts ---- */

void pnas_page_link(FILE *out, const char *id, const char *name)
{
    fprintf(out, "<a href=\"#%s\">%s</a>\n", id, name);
}

void pnas_section_begin(FILE *out, const char *id, const char *name)
{
    fprintf(out, "<section id=\"%s\">\n<h2>%s</h2>\n", id, name);
}

void pnas_section_end(FILE *out)
{
    fputs("</section>\n", out);
}

void pnas_figure_begin(FILE *out)
{
    fputs("<figure class=\"beside\">\n<div>\n", out);
}

void pnas_figure_words(FILE *out)
{
    fputs("</div>\n<figcaption>\n", out);
}

void pnas_figure_end(FILE *out, const char *note)
{
    fprintf(out, "<p>%s</p>\n</figcaption>\n</figure>\n", note);
}

void pnas_tile(FILE *out, const char *name, const char *figure, const char *note)
{
    fputs("<div class=\"tile\"><span>", out);
    pnas_html_text(out, name);
    fputs("</span><b>", out);
    pnas_html_text(out, figure);
    fputs("</b>", out);
    if (note && *note) {
        fputs("<span>", out);
        pnas_html_text(out, note);
        fputs("</span>", out);
    }
    fputs("</div>\n", out);
}

void pnas_fact(FILE *out, const char *name, const char *text)
{
    if (!text || !*text)
        return;
    fputs("<tr><th scope=\"row\">", out);
    pnas_html_text(out, name);
    fputs("</th><td>", out);
    pnas_html_text(out, text);
    fputs("</td></tr>\n", out);
}

void pnas_table_begin(FILE *out, const char *name, const char *columns)
{
    fputs("<div class=\"scroll\"><table class=\"data\"><caption>", out);
    pnas_html_text(out, name);
    fputs("</caption>\n<thead><tr>", out);
    while (*columns) {
        size_t length = strcspn(columns, "|");
        bool number = length > 0 && columns[length - 1] == '#';
        fprintf(out, "<th scope=\"col\"%s>", number ? " class=\"n\"" : "");
        pnas_html_print(out, "%.*s", (int)(length - number), columns);
        fputs("</th>", out);
        columns += length + (columns[length] == '|');
    }
    fputs("</tr></thead>\n<tbody>\n", out);
}

void pnas_table_end(FILE *out)
{
    fputs("</tbody></table></div>\n", out);
}

void pnas_page_command_begin(FILE *out)
{
    fputs("<pre class=\"command\">", out);
}

void pnas_page_command_end(FILE *out)
{
    fputs("</pre>\n", out);
}
