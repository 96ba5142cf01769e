/* Text of others as it is shown to people, and written for programs. */
#include "src/base/plain_text.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *text, *shown, *json;
} cases[] = {
    {"plain, 3 > 2 \\ \"x\"", "plain, 3 > 2 \\ \"x\"", "\"plain, 3 > 2 \\\\ \\\"x\\\"\""},
    {"Gr\xc3\xbc\xc3\x9f"
     "e \xe6\x97\xa5 \xf0\x9f\x90\xb1",
     "Gr\xc3\xbc\xc3\x9f"
     "e \xe6\x97\xa5 \xf0\x9f\x90\xb1",
     "\"Gr\xc3\xbc\xc3\x9f"
     "e \xe6\x97\xa5 \xf0\x9f\x90\xb1\""},
    {"\x1b]0;owned\x07", "\\x1b]0;owned\\x07", "\"\\u001b]0;owned\\u0007\""},
    {"a\nb\tc\r\x7f", "a\\x0ab\\x09c\\x0d\\x7f", "\"a\\u000ab\\u0009c\\u000d\\u007f\""},
    {"\xc2\x9b"
     "31m",
     "\\u009b31m", "\"\\u009b31m\""}, /* C1 as UTF-8 */
    {"\x9b"
     "31m",
     "\\x9b31m", "\"\\ufffd31m\""}, /* and as a byte */
    {"\xe2\x80\xae"
     "gnp.exe",
     "\\u202egnp.exe", "\"\\u202egnp.exe\""}, /* right to left */
    {"\xe2\x81\xa6x\xe2\x81\xa9 \xd8\x9c", "\\u2066x\\u2069 \\u061c", "\"\\u2066x\\u2069 \\u061c\""},
    {"\xe2\x80\xa8\xe2\x80\xa9\xef\xbb\xbf", "\\u2028\\u2029\\ufeff", "\"\\u2028\\u2029\\ufeff\""},
    {"\xc0\x9b", "\\xc0\\x9b", "\"\\ufffd\\ufffd\""},                                 /* longer than needed */
    {"\xed\xa0\x80", "\\xed\\xa0\\x80", "\"\\ufffd\\ufffd\\ufffd\""},                 /* a surrogate */
    {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\""}, /* beyond Unicode */
    {"x\xf0\x9f\x90", "x\\xf0\\x9f\\x90", "\"x\\ufffd\\ufffd\\ufffd\""},              /* cut short */
    {"\xff\xfe", "\\xff\\xfe", "\"\\ufffd\\ufffd\""},
    {"", "", "\"\""},
};

static char *written(void (*write)(FILE *, const char *), const char *text)
{
    char *out = NULL;
    size_t size;
    FILE *stream = open_memstream(&out, &size);
    write(stream, text);
    fclose(stream);
    return out;
}

static void write_line(FILE *out, const char *text)
{
    pnas_text_line(out, "%s|%d", text, 7);
}

Test(plain_text, what_commands_a_terminal_is_shown_as_escapes)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        char shown[200], line[220];
        pnas_text_show(cases[i].text, shown, sizeof shown);
        cr_assert_str_eq(shown, cases[i].shown);
        snprintf(line, sizeof line, "%s|7\n", shown);
        char *whole = written(write_line, cases[i].text);
        cr_assert_str_eq(whole, line);
        free(whole);
    }
}

Test(plain_text, what_is_shown_needs_no_escapes_any_more)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        char again[200];
        pnas_text_show(cases[i].shown, again, sizeof again);
        cr_assert_str_eq(again, cases[i].shown);
    }
}

Test(plain_text, every_byte_alone_is_printable_or_an_escape)
{
    for (int byte = 1; byte < 256; ++byte) {
        char text[] = {(char)byte, '\0'}, shown[16], wanted[16];
        pnas_text_show(text, shown, sizeof shown);
        snprintf(wanted, sizeof wanted, byte >= ' ' && byte < 0x7f ? "%c" : "\\x%02x", byte);
        cr_assert_str_eq(shown, wanted);
    }
}

Test(plain_text, a_text_without_room_ends_between_characters)
{
    char out[16];
    memset(out, 'z', sizeof out);
    pnas_text_show("ab\x1b", out, 6);
    cr_assert_str_eq(out, "ab");
    pnas_text_show("ab\x1b", out, 7);
    cr_assert_str_eq(out, "ab\\x1b");
    pnas_text_show("a\xc3\xbc", out, 3);
    cr_assert_str_eq(out, "a");
    cr_assert_eq(out[7], 'z');
}

Test(plain_text, json_strings_hold_nothing_raw)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        char *json = written(pnas_text_json, cases[i].text);
        cr_assert_str_eq(json, cases[i].json);
        free(json);
    }
}

Test(plain_text, csv_fields_are_quoted_where_they_must_be)
{
    static const char *const fields[][2] = {
        {"cat", "cat"}, {"a, \"b\"", "\"a, \"\"b\"\"\""}, {"a\nb", "a\\x0ab"}, {"\x1b[1m,", "\"\\x1b[1m,\""}};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; ++i) {
        char *csv = written(pnas_text_csv, fields[i][0]);
        cr_assert_str_eq(csv, fields[i][1]);
        free(csv);
    }
}

Test(plain_text, a_column_is_as_wide_as_its_longest_name_or_title_within_reason)
{
    char longest[100] = "", *names[] = {(char *)"cat", (char *)"", longest};
    cr_expect_eq(pnas_text_column("name", names, 2), 4);
    cr_expect_eq(pnas_text_column("", names, 2), 3);
    cr_expect_eq(pnas_text_column("name", names, 0), 4);
    memset(longest, 'x', 39);
    cr_expect_eq(pnas_text_column("name", names, 3), 39);
    memset(longest, 'x', sizeof longest - 1);
    cr_expect_eq(pnas_text_column("name", names, 3), 40);
}
