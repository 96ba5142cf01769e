/* Kinds of files by the ends of their names. */
#include "io/file/name_end.h"

#include <criterion/criterion.h>

Test(name_end, is_found_in_capitals_and_small_letters_behind_something)
{
    cr_expect(pnas_name_ends_in("a.svg", ".svg"));
    cr_expect(pnas_name_ends_in("folder.png/A.SVG", ".svg"));
    cr_expect(pnas_name_ends_in("a.h5.partial", ".partial"));
    cr_expect_not(pnas_name_ends_in("a.svg", ".png"));
    cr_expect_not(pnas_name_ends_in("a.svgz", ".svg"));
    cr_expect_not(pnas_name_ends_in("a.svg/b", ".svg"));
    cr_expect_not(pnas_name_ends_in("asvg", ".svg"));
    cr_expect_not(pnas_name_ends_in(".svg", ".svg"));
    cr_expect_not(pnas_name_ends_in("", ".svg"));
    cr_expect_not(pnas_name_ends_in(NULL, ".svg"));
}
