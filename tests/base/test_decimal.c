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
