/* What a person meant by a name that is unknown. */
#include "src/base/near_name.h"

#include <criterion/criterion.h>

Test(near_name, a_slip_is_as_far_as_letters_are_wrong)
{
    static const struct {
        const char *wrong, *name;
        int away;
    } cases[] = {
        {"epochs", "epochs", 0},
        {"epohcs", "epochs", 1},
        {"epoch", "epochs", 1},
        {"epochss", "epochs", 1},
        {"Learning-Rate", "learning_rate", 0},
        {"learnig rte", "learning_rate", 2},
        {"ab", "ac", PNAS_NAME_FAR},
        {"lr", "learning_rate", PNAS_NAME_FAR},
        {"", "a", PNAS_NAME_FAR},
        {"abcdef", "ghijkl", PNAS_NAME_FAR},
        {"a_name_that_is_longer_than_any_name_of_ours_could_ever_be", "a", PNAS_NAME_FAR},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i)
        cr_expect_eq(pnas_name_distance(cases[i].wrong, cases[i].name), cases[i].away, "%s", cases[i].wrong);
}

Test(near_name, the_nearest_of_several_is_named_or_none)
{
    static const char *const names[] = {"curves", "levels", "level", "pareto"};
    char meant[PNAS_NAME_MEANT_MAX];
    cr_expect_str_eq(pnas_name_meant("", "levles", names, 4, meant), "; did you mean levels?");
    cr_expect_str_eq(pnas_name_meant("--", "levl", names, 4, meant), "; did you mean --level?");
    cr_expect_str_eq(pnas_name_meant("", "timeline", names, 4, meant), "");
    cr_expect_str_eq(pnas_name_meant("", "levels", names, 0, meant), "");
}
