/* What is gzipped is read to its end, or refused: nothing behind a member is dropped. */
#include "io/file/byte_file.h"
#include "tests/base/leak_check.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(packed_file, .init = test_folder_make, .fini = test_folder_remove);

static unsigned char joined[4096];
static size_t first, size; /* bytes of the first member; of both */

static size_t pack(const char *text, unsigned char *out)
{
    test_write_gzip("one", text, strlen(text));
    FILE *file = fopen(test_path("one"), "rb");
    size_t count = fread(out, 1, 1024, file);
    fclose(file);
    return count;
}

static void make_two(void)
{
    first = pack("hello, ", joined);
    size = first + pack("world", joined + first);
}

static pnas_status read_back(size_t count, const char *expected)
{
    pnas_bytes bytes;
    test_write_file("a", joined, count);
    pnas_status status = pnas_bytes_read(test_path("a"), "a text", NULL, &bytes);
    if (status == PNAS_OK && expected)
        cr_expect_str_eq((const char *)bytes.data, expected);
    if (status == PNAS_OK)
        pnas_bytes_free(&bytes);
    return status;
}

static void expect_damage(size_t count, const char *reason)
{
    cr_expect_eq(read_back(count, NULL), PNAS_ERROR_DATA);
    cr_expect(strstr(pnas_message(), "/a: the gzip file is ") && strstr(pnas_message(), reason), "%s",
              pnas_message());
}

Test(packed_file, members_follow_each_other_and_zeros_may_fill_the_end)
{
    make_two();
    cr_expect_eq(read_back(size, "hello, world"), PNAS_OK, "%s", pnas_message());
    memset(joined + size, 0, 512);
    cr_expect_eq(read_back(size + 512, "hello, world"), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(read_back(first, "hello, "), PNAS_OK, "%s", pnas_message());
    PNAS_EXPECT_NO_LEAKS();
}

Test(packed_file, what_follows_a_member_and_is_none_is_damage)
{
    make_two();
    joined[first] ^= 0x10;
    expect_damage(size, "what follows is no gzip");
    joined[first] ^= 0x10;
    joined[first + 1] ^= 1;
    expect_damage(size, "damaged after 7 unpacked bytes");
    joined[first + 1] ^= 1;
    strcpy((char *)joined + size + 2, "junk"); /* behind two zeros */
    expect_damage(size + 6, "damaged after 12 unpacked bytes (what follows is no gzip)");
    PNAS_EXPECT_NO_LEAKS();
}

Test(packed_file, a_cut_anywhere_within_a_member_is_told)
{
    make_two();
    for (size_t cut = 2; cut < size; cut++)
        if (cut != first)
            expect_damage(cut, "cut short");
    PNAS_EXPECT_NO_LEAKS();
}

Test(packed_file, a_flipped_bit_is_told_or_changes_nothing)
{
    make_two();
    for (size_t bit = 16; bit < 8 * size; bit++) {
        joined[bit / 8] ^= (unsigned char)(1 << bit % 8);
        pnas_status status = read_back(size, "hello, world"); /* times and names of the header are free */
        cr_expect(status == PNAS_OK || status == PNAS_ERROR_DATA);
        joined[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    PNAS_EXPECT_NO_LEAKS();
}

Test(packed_file, what_is_not_packed_comes_as_it_is)
{
    strcpy((char *)joined, "\x1f");
    cr_expect_eq(read_back(1, "\x1f"), PNAS_OK);
    strcpy((char *)joined, "plain\n");
    cr_expect_eq(read_back(6, "plain\n"), PNAS_OK);
    cr_expect_eq(read_back(0, NULL), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "is empty"), "%s", pnas_message());
    PNAS_EXPECT_NO_LEAKS();
}
