/* Text of others, written so that it stays text. Titles, names of classes and files, and messages that hold them
 * may have been chosen to command a terminal, to look like another line, or to show words in another order. What
 * does so is written as an escape: control characters (C0, DEL, C1, line and paragraph separators), what turns the
 * direction of writing, and bytes that are no UTF-8. A backslash of the text itself stays as it is: escapes are for
 * people, not for reading back. Local; thread safe where the streams differ. */
#ifndef PNAS_BASE_PLAIN_TEXT_H
#define PNAS_BASE_PLAIN_TEXT_H

#include <stddef.h>
#include <stdio.h>

#define PNAS_TEXT_ESCAPE_MAX 8

/* How many bytes the first character of `text`, which is not empty, has. *escape becomes what to write for it:
 * "\x1b" (a control character of ASCII, or a byte that is no UTF-8) or "\u202e"; "" if it can stay as it is. */
size_t pnas_text_next(const char *text, char escape[PNAS_TEXT_ESCAPE_MAX]);

/* All of `text`, cut off where `out` [size] is full, but not within a character. */
void pnas_text_show(const char *text, char *out, size_t size);

/* All of `text`, with escapes; the character `doubled`, if it is not 0, twice. */
void pnas_text_write(FILE *out, const char *text, char doubled);

/* A line: what `format` gives with escapes, line breaks too, and its end. */
void pnas_text_line(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* How many bytes wide a column of `names` [count] under `title` is: as the longest of all, but no more than 40 for the
 * sake of one long name. */
int pnas_text_column(const char *title, char *const *names, int count);

/* A string of JSON, with its quotes. Bytes that are no UTF-8 become U+FFFD. */
void pnas_text_json(FILE *out, const char *text);

/* A field of comma-separated values, with escapes; between quotes (RFC 4180) where it holds a comma or a quote. */
void pnas_text_csv(FILE *out, const char *text);

#endif
