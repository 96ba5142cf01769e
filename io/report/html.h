/* Writing HTML. Whatever comes from a file or an argument goes through pnas_html_text or pnas_html_print,
 * which leave nothing in it that HTML would interpret, between tags and in an attribute's quotes. What
 * commands a terminal or turns the direction of writing is an escape, as everywhere (src/base/plain_text.h).
 * Local. */
#ifndef PNAS_IO_HTML_H
#define PNAS_IO_HTML_H

#include <stdint.h>
#include <stdio.h>

void pnas_html_text(FILE *out, const char *text);

/* What `format` gives, as text. */
void pnas_html_print(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Lines of text, with their ends; for <pre>. */
void pnas_html_lines(FILE *out, const char *text);

/* A word of a command line, quoted for a POSIX shell where it needs to be. */
void pnas_html_word(FILE *out, const char *word);

/* <td>: a number with so many digits behind the point, or a dash where it is not finite; a whole number, or a
 * dash where it is negative; a text. */
void pnas_html_real(FILE *out, int digits, double value);
void pnas_html_whole(FILE *out, int64_t value);
void pnas_html_cell(FILE *out, const char *text);

/* A number of SVG: as short as a hundredth of a pixel allows. */
void pnas_html_length(FILE *out, double value);

#endif
