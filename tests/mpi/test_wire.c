/* The wire format: values come back as they were; a message that is not whole is refused with a sentence. */
#include "mpi/wire.h"

#include "tests/base/leak_check.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void write_one_of_each(pnas_wire_writer *to)
{
    const double doubles[] = {0.1 + 0.2, -INFINITY};
    const float floats[] = {1e-30f, -2.5f, 3};
    const pnas_cell cell = {.blocks = 2, .block = {{-2, 2, -1, 6}, {0, 7, -1, 31}}};
    pnas_wire_begin(to);
    pnas_wire_put_int(to, INT64_MIN);
    pnas_wire_put_double(to, 1e-300);
    pnas_wire_put_doubles(to, doubles, 2);
    pnas_wire_put_floats(to, floats, 3);
    pnas_wire_put_text(to, "why");
    pnas_wire_put_bytes(to, "\0\1", 2);
    pnas_wire_put_cell(to, &cell);
    cr_assert_eq(pnas_wire_finish(to), PNAS_OK);
}

static pnas_status read_one_of_each(pnas_wire_reader *from)
{
    double doubles[2];
    float floats[3];
    char text[8];
    size_t size;
    pnas_cell cell;
    pnas_wire_get_int(from, INT64_MIN, INT64_MAX);
    pnas_wire_get_double(from);
    pnas_wire_get_doubles(from, doubles, 2);
    pnas_wire_get_floats(from, floats, 3);
    pnas_wire_get_text(from, text, sizeof text);
    pnas_wire_get_bytes(from, &size);
    pnas_wire_get_cell(from, &cell);
    return pnas_wire_close(from, "one of each");
}

static void expect_sentence(pnas_wire_reader *from, const char *sentence)
{
    cr_assert_eq(pnas_wire_close(from, "a thing"), PNAS_ERROR_INTERNAL);
    cr_assert_not_null(strstr(pnas_message(), "a thing from another rank"), "%s", pnas_message());
    cr_assert_not_null(strstr(pnas_message(), sentence), "%s", pnas_message());
}

Test(wire, every_kind_of_value_comes_back_as_it_was)
{
    pnas_wire_writer to = {0};
    pnas_wire_reader from;
    double doubles[2];
    float floats[3];
    char text[4];
    size_t size;
    pnas_cell cell;
    write_one_of_each(&to);
    pnas_wire_open(&from, to.data, to.size);
    cr_assert_eq(pnas_wire_get_int(&from, INT64_MIN, INT64_MAX), INT64_MIN);
    cr_assert_eq(pnas_wire_get_double(&from), 1e-300);
    pnas_wire_get_doubles(&from, doubles, 2);
    cr_assert(doubles[0] == 0.1 + 0.2 && doubles[1] == -INFINITY);
    pnas_wire_get_floats(&from, floats, 3);
    cr_assert(floats[0] == 1e-30f && floats[1] == -2.5f && floats[2] == 3);
    pnas_wire_get_text(&from, text, sizeof text);
    cr_assert_str_eq(text, "why");
    const void *bytes = pnas_wire_get_bytes(&from, &size);
    cr_assert(size == 2 && memcmp(bytes, "\0\1", 2) == 0);
    pnas_wire_get_cell(&from, &cell);
    cr_assert(cell.blocks == 2 && cell.block[0].in1 == -2 && cell.block[1].op2 == 31);
    cr_assert_eq(pnas_wire_close(&from, "one of each"), PNAS_OK, "%s", pnas_message());
    pnas_wire_clear(&to);
    PNAS_EXPECT_NO_LEAKS();
}

/* Each is copied to a block of its own, so that a sanitizer sees a read past its end. */
Test(wire, a_message_of_any_other_length_is_refused)
{
    pnas_wire_writer to = {0};
    write_one_of_each(&to);
    for (size_t size = 0; size <= to.size + 1; size++) {
        unsigned char *cut = calloc(1, size ? size : 1);
        pnas_wire_reader from;
        memcpy(cut, to.data, size < to.size ? size : to.size);
        pnas_wire_open(&from, cut, size);
        cr_assert_eq(read_one_of_each(&from), size == to.size ? PNAS_OK : PNAS_ERROR_INTERNAL, "%zu bytes",
                     size);
        free(cut);
    }
    pnas_wire_clear(&to);
    PNAS_EXPECT_NO_LEAKS();
}

Test(wire, another_version_is_refused_and_named)
{
    pnas_wire_writer to = {0};
    pnas_wire_reader from;
    write_one_of_each(&to);
    to.data[0] = PNAS_WIRE_VERSION + 6;
    pnas_wire_open(&from, to.data, to.size);
    expect_sentence(&from, "has version 7 of the format, where this rank reads version 1");
    pnas_wire_clear(&to);
}

Test(wire, a_length_that_is_not_its_own_is_named)
{
    pnas_wire_writer to = {0};
    pnas_wire_reader from;
    write_one_of_each(&to);
    pnas_wire_open(&from, to.data, to.size - 1);
    expect_sentence(&from, "bytes and says that it has");
    pnas_wire_clear(&to);
}

Test(wire, the_first_failure_stays_and_all_after_it_is_zero)
{
    pnas_wire_writer to = {0};
    pnas_wire_reader from;
    size_t size = 1;
    pnas_wire_begin(&to);
    pnas_wire_put_int(&to, 12);
    pnas_wire_put_int(&to, 5);
    cr_assert_eq(pnas_wire_finish(&to), PNAS_OK);
    pnas_wire_open(&from, to.data, to.size);
    cr_assert_eq(pnas_wire_get_int(&from, 0, 11), 0);
    cr_assert_eq(pnas_wire_get_int(&from, 0, 11), 0);
    cr_assert_eq(pnas_wire_get_double(&from), 0);
    cr_assert_null(pnas_wire_get_bytes(&from, &size));
    cr_assert_eq(size, 0);
    expect_sentence(&from, "holds 12 where 0 to 11 is possible");
    pnas_wire_clear(&to);
}

Test(wire, what_is_left_over_is_refused)
{
    pnas_wire_writer to = {0};
    pnas_wire_reader from;
    pnas_wire_begin(&to);
    pnas_wire_put_double(&to, 1);
    cr_assert_eq(pnas_wire_finish(&to), PNAS_OK);
    pnas_wire_open(&from, to.data, to.size);
    expect_sentence(&from, "has 8 bytes more than it needs");
    pnas_wire_clear(&to);
}

Test(wire, a_count_is_never_more_than_the_message_can_hold)
{
    static const int64_t counts[] = {3, 4, 1000, INT64_MAX, -1};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        pnas_wire_writer to = {0};
        pnas_wire_reader from;
        pnas_wire_begin(&to);
        pnas_wire_put_int(&to, counts[i]);
        pnas_wire_put_floats(&to, (const float[]){1, 2, 3}, 3);
        cr_assert_eq(pnas_wire_finish(&to), PNAS_OK);
        pnas_wire_open(&from, to.data, to.size);
        cr_assert_eq(pnas_wire_get_count(&from, sizeof(float)), counts[i] == 3 ? 3 : 0);
        pnas_wire_clear(&to);
    }
}

Test(wire, a_text_that_does_not_fit_and_a_cell_of_too_many_blocks_are_refused)
{
    pnas_wire_writer to = {0};
    pnas_wire_reader from;
    pnas_cell cell = {0};
    char text[4] = "old";
    pnas_wire_begin(&to);
    pnas_wire_put_text(&to, "four");
    cr_assert_eq(pnas_wire_finish(&to), PNAS_OK);
    pnas_wire_open(&from, to.data, to.size);
    pnas_wire_get_text(&from, text, sizeof text);
    cr_assert_str_eq(text, "");
    expect_sentence(&from, "holds a text of 4 bytes where at most 3 are possible");

    pnas_wire_begin(&to);
    pnas_wire_put_int(&to, PNAS_BLOCKS_MAX + 1);
    cr_assert_eq(pnas_wire_finish(&to), PNAS_OK);
    pnas_wire_open(&from, to.data, to.size);
    pnas_wire_get_cell(&from, &cell);
    expect_sentence(&from, "holds 11 where 0 to 10 is possible");
    pnas_wire_clear(&to);
}
