#include "io/data/row_store.h"
#include "tests/base/leak_check.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

TestSuite(row_store, .init = test_folder_make, .fini = test_folder_remove);

#define PLAIN  100 /* bytes of a chunk of stream 0, which is not deflated */
#define PACKED 64  /* and of stream 1, which is */
#define ROUNDS 9

static const char key[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
static const char other[] = "ffff456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static pnas_row_store *open_store(const char *name, const char *with)
{
    pnas_row_store *store;
    cr_assert_eq(pnas_row_store_open(test_path(name), name, with, &store), PNAS_OK, "%s", pnas_message());
    return store;
}

static void begin(pnas_row_store *store)
{
    static const pnas_row_stream stream[] = {{PLAIN, false}, {PACKED, true}};
    static const uint32_t numbers[] = {7, 9};
    cr_assert_eq(pnas_row_store_begin(store, stream, 2, numbers), PNAS_OK, "%s", pnas_message());
}

/* What a round adds to a stream, from a byte that is counted on. */
static size_t size_of(int round, size_t stream)
{
    static const size_t size[2][ROUNDS] = {{3, 40, 90, 0, 250, 1, 100, 99, 66},
                                           {70, 1, 0, 5, 130, 64, 3, 9, 20}};
    return size[stream][round];
}

static unsigned char value_of(uint64_t at, size_t stream)
{
    return (unsigned char)(at * 7 + at / 31 + stream * 100);
}

static void add_round(pnas_row_store *store, int round)
{
    for (size_t stream = 0; stream < 2; stream++)
        for (size_t i = 0; i < size_of(round, stream); i++) {
            unsigned char value = value_of(pnas_row_store_bytes(store, stream), stream);
            cr_assert_eq(pnas_row_store_add(store, stream, &value, 1), PNAS_OK);
        }
}

static uint64_t bytes_after(int rounds, size_t stream)
{
    uint64_t bytes = 0;
    for (int i = 0; i < rounds; i++)
        bytes += size_of(i, stream);
    return bytes;
}

/* Both ways to read a stream. */
static void expect_bytes(pnas_row_store *store, int rounds)
{
    static const size_t chunk_bytes[] = {PLAIN, PACKED};
    unsigned char found[2000];
    for (size_t stream = 0; stream < 2; stream++) {
        uint64_t all = bytes_after(rounds, stream);
        cr_assert_eq(pnas_row_store_bytes(store, stream), all);
        cr_assert_eq(pnas_row_store_copy(store, stream, found), PNAS_OK, "%s", pnas_message());
        for (uint64_t i = 0; i < all; i++)
            cr_assert_eq(found[i], value_of(i, stream));
    }
    cr_assert_eq(pnas_row_store_end(store), PNAS_OK, "%s", pnas_message());
    for (size_t stream = 0; stream < 2; stream++) {
        uint64_t all = bytes_after(rounds, stream), at = 0;
        cr_assert_eq(pnas_row_store_chunks(store, stream),
                     (all + chunk_bytes[stream] - 1) / chunk_bytes[stream]);
        for (size_t i = 0; i < pnas_row_store_chunks(store, stream); i++) {
            pnas_row_chunk chunk;
            cr_assert_eq(pnas_row_store_chunk(store, stream, i, &chunk), PNAS_OK, "%s", pnas_message());
            for (size_t k = 0; k < chunk.plain_size; k++, at++)
                cr_assert_eq(chunk.plain[k], value_of(at, stream));
        }
        cr_assert_eq(at, all);
    }
}

/* All rounds, each committed; size: [ROUNDS] of the file after each. */
static void fill(const char *name, size_t *size)
{
    pnas_row_store *store = open_store(name, key);
    cr_assert_not(pnas_row_store_begun(store));
    begin(store);
    for (int i = 0; i < ROUNDS; i++) {
        add_round(store, i);
        cr_assert_eq(pnas_row_store_commit(store), PNAS_OK, "%s", pnas_message());
        size[i] = test_file_size(name);
    }
    pnas_row_store_close(&store);
}

/* Wherever a process was killed, or the disk full: what is behind the last commit does not count. */
Test(row_store, a_file_that_is_cut_anywhere_goes_on_from_its_last_commit, .timeout = 100)
{
    size_t size[ROUNDS], whole;
    fill("whole", size);
    char *bytes = test_read_file("whole", &whole);
    for (size_t length = 0, step = 0; length <= whole; length += ++step % 5 ? 1 + length / 300 : 1) {
        int rounds = 0;
        uint32_t numbers[2];
        while (rounds < ROUNDS && size[rounds] <= length)
            rounds++;
        test_write_file("cut", bytes, length);
        pnas_row_store *store = open_store("cut", key);
        cr_assert_eq(pnas_row_store_begun(store), rounds > 0, "%zu bytes", length);
        if (rounds == 0)
            begin(store);
        pnas_row_store_numbers(store, numbers);
        cr_assert(numbers[0] == 7 && numbers[1] == 9);
        for (int i = rounds; i < ROUNDS; i++)
            add_round(store, i);
        expect_bytes(store, ROUNDS);
        pnas_row_store_close(&store);
    }
    free(bytes);
    PNAS_EXPECT_NO_LEAKS();
}

Test(row_store, what_was_not_committed_is_gone)
{
    size_t size[ROUNDS];
    fill("a", size);
    pnas_row_store *store = open_store("a", key);
    add_round(store, 4);
    cr_assert_eq(pnas_row_store_flush(store), PNAS_OK);
    cr_assert_eq(pnas_row_store_end(store), PNAS_OK);
    pnas_row_store_close(&store);
    store = open_store("a", key);
    cr_assert_eq(test_file_size("a"), size[ROUNDS - 1]);
    expect_bytes(store, ROUNDS);
    pnas_row_store_remove(&store);
    cr_assert_not(test_file_exists("a"));
    PNAS_EXPECT_NO_LEAKS();
}

Test(row_store, another_key_begins_anew)
{
    size_t size[ROUNDS];
    fill("a", size);
    pnas_row_store *store = open_store("a", other);
    cr_assert_not(pnas_row_store_begun(store));
    pnas_row_store_close(&store); /* nothing is committed: it goes */
    cr_assert_not(test_file_exists("a"));
    PNAS_EXPECT_NO_LEAKS();
}

static void expect_refused(const char *name, const char *text)
{
    pnas_row_store *store = NULL;
    cr_assert_eq(pnas_row_store_open(test_path(name), name, key, &store), PNAS_ERROR_FILE);
    cr_assert_null(store);
    cr_expect_not_null(strstr(pnas_message(), text), "%s", pnas_message());
    cr_expect(test_file_exists(name));
}

Test(row_store, files_of_others_and_of_other_processes_are_refused)
{
    size_t size[ROUNDS];
    test_write_file("text", "somebody's", 10);
    expect_refused("text", "is not a file that this program left; move it away");
    cr_assert_eq(symlink(test_path("text"), test_path("link")), 0);
    expect_refused("link", "link: is a link or a folder, where a file is to be written; move it away");
    fill("held", size);
    int file = open(test_path("held"), O_RDWR | O_CLOEXEC);
    cr_assert(file >= 0 && flock(file, LOCK_EX) == 0);
    expect_refused("held", "another run writes here");
    close(file);
    PNAS_EXPECT_NO_LEAKS();
}

Test(row_store, damage_is_found_where_it_is_read)
{
    size_t size[ROUNDS], whole;
    fill("a", size);
    char *bytes = test_read_file("a", &whole);
    for (size_t at = 300; at < whole; at += 7) {
        bytes[at] ^= 0x10;
        test_write_file("damaged", bytes, whole);
        bytes[at] ^= 0x10;
        pnas_row_store *store;
        pnas_status status = pnas_row_store_open(test_path("damaged"), "damaged", key, &store);
        bool shorter = status == PNAS_OK && pnas_row_store_bytes(store, 0) + pnas_row_store_bytes(store, 1) <
                                                bytes_after(ROUNDS, 0) + bytes_after(ROUNDS, 1);
        if (status == PNAS_OK && !shorter)
            status = pnas_row_store_end(store);
        for (size_t stream = 0; stream < 2 && status == PNAS_OK && !shorter; stream++)
            for (size_t i = 0; i < pnas_row_store_chunks(store, stream) && status == PNAS_OK; i++) {
                pnas_row_chunk chunk;
                status = pnas_row_store_chunk(store, stream, i, &chunk);
            }
        bool superseded = status == PNAS_OK; /* a piece of what is in a chunk now is not looked at */
        cr_expect(shorter || superseded || strstr(pnas_message(), "damaged at byte"), "byte %zu: %s", at,
                  pnas_message());
        pnas_row_store_close(&store);
    }
    free(bytes);
    PNAS_EXPECT_NO_LEAKS();
}
