/* Numbers as people write them. */
#include "src/base/decimal.h"

#include <criterion/criterion.h>

Test(decimal, a_decimal_number_is_read)
{
    static const struct {
        const char *text;
        double value;
    } cases[] = {{"0", 0}, {"-1.5", -1.5}, {"+.5", 0.5}, {"5.", 5}, {"25e-2", 0.25}, {"1E3", 1000}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        double value;
        cr_expect(pnas_decimal_parse(cases[i].text, &value), "%s", cases[i].text);
        cr_expect_eq(value, cases[i].value, "%s", cases[i].text);
    }
}

Test(decimal, anything_else_is_none)
{
    static const char *const texts[] = {"",    " 1", "1 ", "0x1p-1", "0x10",  "inf",    "-infinity",
                                        "nan", "e5", "1e", "1.2.3",  "1e999", "1e-999", "1,5"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i) {
        double value;
        cr_expect_not(pnas_decimal_parse(texts[i], &value), "'%s'", texts[i]);
    }
}

Test(decimal, a_whole_number_is_read_within_its_limits)
{
    static const char *const none[] = {
        "", " ", " 1", "1 ", "+1", "-", "1.0", "1e3", "0x1", "--1", "9223372036854775808", "11", "-3"};
    int64_t value;
    cr_expect(pnas_decimal_parse_whole("-2", -2, 10, &value) && value == -2);
    cr_expect(pnas_decimal_parse_whole("0010", -2, 10, &value) && value == 10);
    for (size_t i = 0; i < sizeof none / sizeof *none; ++i)
        cr_expect_not(pnas_decimal_parse_whole(none[i], -2, 10, &value), "'%s'", none[i]);
}

Test(decimal, a_number_without_a_sign_fits_or_is_none)
{
    static const char *const none[] = {"", " 1", "1 ", "-1", "+1", "18446744073709551616"};
    uint64_t value;
    cr_expect(pnas_decimal_parse_unsigned("18446744073709551615", &value) && value == UINT64_MAX);
    for (size_t i = 0; i < sizeof none / sizeof *none; ++i)
        cr_expect_not(pnas_decimal_parse_unsigned(none[i], &value), "'%s'", none[i]);
}
