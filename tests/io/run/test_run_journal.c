/* The journal: cut, damaged, stale or somebody else's, it never harms a run. */
#include "tests/base/leak_check.h"
#include "tests/io/run/fake_run.h"
#include "tests/io/test_folder.h"
#include "tests/search/result_fields.h"

#include "io/run/run_journal.h"
#include "src/base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define RECORDS 4

/* Warnings are expected here by the thousand. */
static void quiet(void)
{
    test_folder_make();
    pnas_log_setup("test", PNAS_LOG_ERROR, 0, 1);
}
TestSuite(run_journal, .init = quiet, .fini = test_folder_remove);

typedef struct {
    unsigned char *bytes;
    size_t size, end[RECORDS + 1]; /* end[i]: size with i records */
} journal;

/* A run of one level with RECORDS children in its journal. */
static journal make_run(void)
{
    journal made;
    bool existed;
    pnas_run_file *file = NULL;
    pnas_search *search = fake_search();
    cr_assert_eq(pnas_run_file_open(test_path("run.h5"), &file, &existed), PNAS_OK, "%s", pnas_message());
    fake_info(pnas_run_file_info(file));
    fake_propose(search);
    cr_assert_eq(pnas_run_file_write(file, search), PNAS_OK, "%s", pnas_message());
    made.end[0] = test_file_size("run.h5.journal");
    for (size_t i = 0; i < RECORDS; i++) {
        pnas_result result = fake_result(1, i);
        cr_assert_eq(pnas_run_file_append(file, 1, i, &result), PNAS_OK, "%s", pnas_message());
        pnas_result_clear(&result);
        made.end[i + 1] = test_file_size("run.h5.journal");
    }
    pnas_run_file_close(&file);
    pnas_search_destroy(&search);
    made.bytes = fake_read_file(test_path("run.h5.journal"), &made.size);
    cr_assert_eq(made.size, made.end[RECORDS]);
    return made;
}

/* The first `count` children are exactly those that were appended, the others are pending. */
static void expect_children(pnas_run_file *file, size_t count)
{
    int level_count;
    const pnas_level *levels = pnas_run_file_levels(file, &level_count);
    cr_assert_eq(level_count, 1);
    for (size_t i = 0; i < levels[0].count; i++) {
        if (i >= count) {
            cr_assert_eq(levels[0].child[i].result.status, PNAS_CHILD_PENDING);
            continue;
        }
        pnas_result expected = fake_result(1, i);
        fake_expect_result(&levels[0].child[i].result, &expected);
        pnas_result_clear(&expected);
    }
}

static size_t whole_records(const journal *made, size_t size)
{
    size_t count = 0;
    while (count < RECORDS && made->end[count + 1] <= size)
        count++;
    return count;
}

Test(run_journal, cut_at_any_byte_its_whole_records_count, .timeout = 60)
{
    journal made = make_run();
    for (size_t cut = 0; cut <= made.size; cut++) {
        pnas_run_file *file = NULL;
        bool existed;
        size_t records = whole_records(&made, cut);
        test_write_file("run.h5.journal", made.bytes, cut);
        cr_assert_eq(pnas_run_file_read(test_path("run.h5"), &file), PNAS_OK, "%s", pnas_message());
        expect_children(file, records);
        pnas_run_file_close(&file);
        cr_assert_eq(test_file_size("run.h5.journal"), cut, "reading changes nothing");

        cr_assert_eq(pnas_run_file_open(test_path("run.h5"), &file, &existed), PNAS_OK, "%s", pnas_message());
        expect_children(file, records);
        if (cut < made.size && records < RECORDS) { /* it goes on behind the last whole record */
            pnas_result result = fake_result(1, records);
            cr_assert_eq(pnas_run_file_append(file, 1, records, &result), PNAS_OK);
            pnas_result_clear(&result);
            pnas_run_file_close(&file);
            cr_assert_eq(pnas_run_file_read(test_path("run.h5"), &file), PNAS_OK, "%s", pnas_message());
            expect_children(file, records + 1);
        }
        pnas_run_file_close(&file);
    }
    free(made.bytes);
    PNAS_EXPECT_NO_LEAKS();
}

Test(run_journal, with_any_byte_changed_what_is_before_it_counts, .timeout = 60)
{
    journal made = make_run();
    for (size_t i = 0; i < 1500; i++) {
        pnas_run_file *file = NULL;
        size_t at = i % made.size;
        unsigned char old = made.bytes[at];
        made.bytes[at] ^= (unsigned char)(1 + i / made.size * 37 + i % 200);
        if (made.bytes[at] == old)
            made.bytes[at] ^= 1;
        test_write_file("run.h5.journal", made.bytes, made.size);
        made.bytes[at] = old;
        cr_assert_eq(pnas_run_file_read(test_path("run.h5"), &file), PNAS_OK, "%s", pnas_message());
        if (at < 36) /* the header: the journal is none of this run's any more */
            expect_children(file, 0);
        else if (at >= made.end[0])
            expect_children(file, whole_records(&made, at));
        else
            expect_children(file, RECORDS); /* who holds it is only for people */
        pnas_run_file_close(&file);
    }
    free(made.bytes);
    PNAS_EXPECT_NO_LEAKS();
}

Test(run_journal, random_bytes_are_never_taken_for_a_record)
{
    journal made = make_run();
    uint32_t state = 99;
    for (int i = 0; i < 600; i++) {
        pnas_run_file *file = NULL;
        size_t kept = i % 3 == 0 ? 0 : made.end[i % 4], length = kept + (size_t)(i % 700);
        unsigned char *bytes = malloc(length + 1);
        memcpy(bytes, made.bytes, kept);
        for (size_t j = kept; j < length; j++) {
            state = state * 1664525u + 1013904223u;
            bytes[j] = (unsigned char)(state >> 24);
        }
        test_write_file("run.h5.journal", bytes, length);
        free(bytes);
        cr_assert_eq(pnas_run_file_read(test_path("run.h5"), &file), PNAS_OK, "%s", pnas_message());
        expect_children(file, whole_records(&made, kept));
        pnas_run_file_close(&file);
    }
    free(made.bytes);
    PNAS_EXPECT_NO_LEAKS();
}

Test(run_journal, records_that_a_write_has_folded_in_are_not_applied_again)
{
    journal made = make_run();
    pnas_run_file *file = NULL;
    pnas_search *search = fake_search();
    bool existed;
    cr_assert_eq(pnas_run_file_open(test_path("run.h5"), &file, &existed), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_run_file_restore(file, search), PNAS_OK);
    pnas_result better = {.status = PNAS_CHILD_DONE, .accuracy = 0.75};
    pnas_result *first = &((pnas_level *)pnas_search_level(search, 1))->child[0].result;
    pnas_result_clear(first);
    *first = better;
    cr_assert_eq(pnas_run_file_write(file, search), PNAS_OK, "%s", pnas_message());
    pnas_run_file_close(&file);
    test_write_file("run.h5.journal", made.bytes, made.size); /* a crash between rename and emptying */

    const pnas_level *levels;
    int count;
    for (int i = 0; i < 2; i++) {
        pnas_status status = i == 0 ? pnas_run_file_read(test_path("run.h5"), &file)
                                    : pnas_run_file_open(test_path("run.h5"), &file, &existed);
        cr_assert_eq(status, PNAS_OK, "%s", pnas_message());
        levels = pnas_run_file_levels(file, &count);
        cr_expect_eq(levels[0].child[0].result.accuracy, 0.75);
        pnas_run_file_close(&file);
    }
    cr_expect(!test_file_exists("run.h5.journal"), "a journal that no longer counts is emptied");
    pnas_search_destroy(&search);
    free(made.bytes);
}

static void expect_open_refused(const char *sentence)
{
    pnas_run_file *file = NULL;
    bool existed;
    cr_expect_eq(pnas_run_file_open(test_path("run.h5"), &file, &existed), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), sentence), "%s", pnas_message());
    cr_expect_null(file);
}

Test(run_journal, one_of_another_run_is_refused_and_kept)
{
    journal made = make_run();
    unlink(test_path("run.h5"));
    unlink(test_path("run.h5.journal"));
    fake_run_write(test_path("run.h5"));
    test_write_file("run.h5.journal", made.bytes, made.size);
    expect_open_refused("belongs to another run");
    size_t size;
    unsigned char *left = fake_read_file(test_path("run.h5.journal"), &size);
    cr_expect_eq(size, made.size);
    cr_expect_eq(memcmp(left + made.end[0], made.bytes + made.end[0], size - made.end[0]), 0);
    free(left);
    pnas_run_file *file = NULL;
    cr_expect_eq(pnas_run_file_read(test_path("run.h5"), &file), PNAS_OK, "reading ignores it");
    pnas_run_file_close(&file);
    free(made.bytes);
}

/* What it says on stderr while the run is opened, for writing or to be read. */
static char *warnings_at(bool writing, pnas_run_file **file)
{
    static char said[1000];
    bool existed;
    FILE *catcher = fopen(test_path("said"), "w+");
    int keep = dup(STDERR_FILENO);
    dup2(fileno(catcher), STDERR_FILENO);
    pnas_log_setup("test", PNAS_LOG_WARNING, 0, 1);
    pnas_status status = writing ? pnas_run_file_open(test_path("run.h5"), file, &existed)
                                 : pnas_run_file_read(test_path("run.h5"), file);
    dup2(keep, STDERR_FILENO);
    close(keep);
    rewind(catcher);
    said[fread(said, 1, sizeof said - 1, catcher)] = 0;
    fclose(catcher);
    cr_assert_eq(status, PNAS_OK, "%s", pnas_message());
    return said;
}

static char *warnings_at_open(pnas_run_file **file)
{
    return warnings_at(true, file);
}

/* Reads the run: `count` children are there, and `sentence` is told, or nothing if that is NULL. */
static void expect_read(size_t count, const char *sentence)
{
    pnas_run_file *file = NULL;
    const char *said = warnings_at(false, &file);
    if (sentence)
        cr_expect_not_null(strstr(said, sentence), "%s", said);
    else
        cr_expect_str_eq(said, "");
    expect_children(file, count);
    pnas_run_file_close(&file);
}

Test(run_journal, what_a_reader_leaves_out_is_told)
{
    journal made = make_run();
    char damage[200], half[200];
    snprintf(damage, sizeof damage,
             "run.h5.journal: is damaged in the record at byte %zu; the finished children in its last %zu "
             "bytes are left out\n",
             made.end[1], made.size - made.end[1]);
    snprintf(
        half, sizeof half,
        "run.h5.journal: the last %zu bytes are no whole record (the run was cut off) and are left out\n",
        made.size - 1 - made.end[RECORDS - 1]);
    expect_read(RECORDS, NULL);
    test_write_file("run.h5.journal", made.bytes, made.size - 1);
    expect_read(RECORDS - 1, half);
    int holder = open(test_path("run.h5.journal"), O_RDWR);
    cr_assert(holder >= 0 && flock(holder, LOCK_EX) == 0);
    expect_read(RECORDS - 1, NULL); /* a run is at work and may be writing it */
    made.bytes[made.end[1] + 20] ^= 1;
    test_write_file("run.h5.journal", made.bytes, made.size);
    expect_read(1, damage);
    close(holder);
    expect_read(1, damage);
    pnas_run_file *file = NULL;
    strcpy(strstr(damage, "left out"), "dropped and trained again\n");
    const char *said = warnings_at_open(&file);
    cr_expect_not_null(strstr(said, damage), "%s", said);
    pnas_run_file_close(&file);
    free(made.bytes);
}

Test(run_journal, a_damaged_head_is_told_before_its_records_are_dropped)
{
    journal made = make_run();
    pnas_run_file *file = NULL;
    made.bytes[26] ^= 1;
    test_write_file("run.h5.journal", made.bytes, made.size);
    const char *said = warnings_at_open(&file);
    cr_expect_not_null(strstr(said, "run.h5.journal: its head is damaged; the finished children"), "%s",
                       said);
    expect_children(file, 0);
    pnas_run_file_close(&file);
    free(made.bytes);
}

Test(run_journal, an_older_copy_of_its_run_is_told)
{
    journal made = make_run();
    size_t size;
    unsigned char *older = fake_read_file(test_path("run.h5"), &size);
    pnas_run_file *file = NULL;
    pnas_search *search = fake_search();
    pnas_result result = fake_result(1, 0);
    const char *said = warnings_at_open(&file);
    cr_expect_str_eq(said, "", "nothing is wrong yet");
    cr_assert_eq(pnas_run_file_restore(file, search), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_run_file_write(file, search), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_run_file_append(file, 1, 0, &result), PNAS_OK, "%s", pnas_message());
    pnas_result_clear(&result);
    pnas_run_file_close(&file);

    test_write_file("run.h5", older, size);
    said = warnings_at_open(&file);
    cr_expect_not_null(strstr(said, "run.h5, which is an older copy"), "%s", said);
    expect_children(file, 0);
    pnas_run_file_close(&file);
    pnas_search_destroy(&search);
    free(older);
    free(made.bytes);
}

Test(run_journal, one_whose_run_is_gone_is_refused_and_kept)
{
    journal made = make_run();
    pnas_run_file *file = NULL;
    bool existed;
    unlink(test_path("run.h5"));
    expect_open_refused("run.h5 is not there; put it back, or move the journal away");
    cr_expect_eq(test_file_size("run.h5.journal"), made.size);
    made.bytes[26] ^= 1;
    test_write_file("run.h5.journal", made.bytes, made.size);
    expect_open_refused("run.h5 is not there");
    test_write_file("run.h5.journal", made.bytes, made.end[0]);
    cr_expect_eq(pnas_run_file_open(test_path("run.h5"), &file, &existed), PNAS_OK, "nothing is in it: %s",
                 pnas_message());
    pnas_run_file_close(&file);
    free(made.bytes);
    PNAS_EXPECT_NO_LEAKS();
}

Test(run_journal, somebody_elses_file_in_its_place_is_refused_and_kept)
{
    fake_run_write(test_path("run.h5"));
    test_write_file("run.h5.journal", "Dear diary", 10);
    expect_open_refused("is no journal of a run");
    cr_expect_eq(test_file_size("run.h5.journal"), 10);
    PNAS_EXPECT_NO_LEAKS();
}

Test(run_journal, it_survives_a_damaged_run_file)
{
    journal made = make_run();
    size_t size;
    unsigned char *run = fake_read_file(test_path("run.h5"), &size);
    test_write_file("run.h5", run, size / 2);
    expect_open_refused("run.h5");
    test_write_file("run.h5", run, size);
    pnas_run_file *file = NULL;
    cr_assert_eq(pnas_run_file_read(test_path("run.h5"), &file), PNAS_OK, "%s", pnas_message());
    expect_children(file, RECORDS);
    pnas_run_file_close(&file);
    free(run);
    free(made.bytes);
}

Test(run_journal, every_field_of_the_list_that_is_kept_comes_back)
{
    journal made = make_run();
    pnas_run_file *file = NULL;
    bool existed;
    int count;
    pnas_result sent;
    result_fields_fill(&sent, 3);
    cr_assert_eq(pnas_run_file_open(test_path("run.h5"), &file, &existed), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_run_file_append(file, 1, 1, &sent), PNAS_OK);
    pnas_run_file_close(&file);
    cr_assert_eq(pnas_run_file_read(test_path("run.h5"), &file), PNAS_OK, "%s", pnas_message());
    const pnas_level *levels = pnas_run_file_levels(file, &count);
    result_fields_expect(&levels[0].child[1].result, &sent, PNAS_RESULT_KEPT_COUNT);
    result_fields_expect_history(&levels[0].child[1].result, &sent);
    pnas_run_file_close(&file);
    pnas_result_clear(&sent);
    free(made.bytes);
    PNAS_EXPECT_NO_LEAKS();
}

/* What journals of earlier versions hold (docs/formats.md). */
Test(run_journal, the_bytes_of_a_record_are_those_of_the_format)
{
    static const unsigned char expected[] = {
        2, 0, 0,    0,    17,   0,    0,    0,    0,   0,   0,    0,                   /* level, index */
        1, 0, 0,    0,    0,    0,    0,    0,    0,   0,   0xe0, 0x3f,                /* done, 0.5 */
        3, 0, 0,    0,    0,    0,    0,    0,    4,   0,   0,    0,    0, 0, 0,    0, /* parameters,
                                                                                          multiply-adds */
        0, 0, 0,    0,    0,    0,    0,    0x40,                                      /* start: 2.0 */
        0, 0, 0,    0,    0,    0,    0xd0, 0x3f,                                      /* 0.25 seconds */
        5, 0, 0,    0,    0xff, 0xff, 0xff, 0xff, 2,   0,   0,    0, /* rank, device, attempts */
        1, 0, 0,    0,    3,    0,    0,    0,    'w', 'h', 'y', /* epochs, length of the error, the error */
        0, 0, 0x80, 0x3f, 0,    0,    0,    0x40, 0,   0,   0x40, 0x40, 0, 0, 0x80, 0x40, 0, 0, 0xa0, 0x40};
    float history[PNAS_METRICS] = {1, 2, 3, 4, 5};
    pnas_journal written;
    const pnas_run_identity identity = {.generation = 1};
    const pnas_result result = {.status = PNAS_CHILD_DONE,
                                .accuracy = 0.5,
                                .error = "why",
                                .parameters = 3,
                                .multiply_adds = 4,
                                .start = 2,
                                .train_seconds = 0.25,
                                .rank = 5,
                                .device = -1,
                                .attempts = 2,
                                .retryable = true,
                                .epochs = 1,
                                .history = history};
    cr_assert_eq(pnas_journal_open(test_path("some.journal"), &written), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_journal_begin(&written, &identity), PNAS_OK);
    size_t head = test_file_size("some.journal") + 8, size;
    cr_assert_eq(pnas_journal_append(&written, 2, 17, &result), PNAS_OK, "%s", pnas_message());
    unsigned char *bytes = fake_read_file(test_path("some.journal"), &size);
    cr_assert_eq(size, head + sizeof expected);
    cr_assert_eq(memcmp(bytes + head, expected, sizeof expected), 0);
    pnas_journal_close(&written);
    free(bytes);
}

Test(run_journal, the_last_record_of_a_child_counts)
{
    journal made = make_run();
    pnas_run_file *file = NULL;
    bool existed;
    const pnas_level *levels;
    int count;
    pnas_result again = {.status = PNAS_CHILD_DONE, .accuracy = 0.125, .attempts = 2};
    cr_assert_eq(pnas_run_file_open(test_path("run.h5"), &file, &existed), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_run_file_append(file, 1, 1, &again), PNAS_OK);
    pnas_run_file_close(&file);
    cr_assert_eq(pnas_run_file_read(test_path("run.h5"), &file), PNAS_OK, "%s", pnas_message());
    levels = pnas_run_file_levels(file, &count);
    fake_expect_result(&levels[0].child[1].result, &again);
    pnas_run_file_close(&file);
    free(made.bytes);
    PNAS_EXPECT_NO_LEAKS();
}

Test(run_journal, records_of_children_that_the_run_does_not_have_are_ignored)
{
    journal made = make_run();
    pnas_run_file *file = NULL;
    bool existed;
    pnas_result result = {.status = PNAS_CHILD_DONE};
    cr_assert_eq(pnas_run_file_open(test_path("run.h5"), &file, &existed), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_run_file_append(file, 3, 0, &result), PNAS_OK);
    cr_assert_eq(pnas_run_file_append(file, 1, FAKE_FIRST, &result), PNAS_OK);
    cr_assert_eq(pnas_run_file_append(file, -1, 0, &result), PNAS_OK);
    pnas_run_file_close(&file);
    cr_assert_eq(pnas_run_file_read(test_path("run.h5"), &file), PNAS_OK, "%s", pnas_message());
    expect_children(file, RECORDS);
    pnas_run_file_close(&file);
    free(made.bytes);
    PNAS_EXPECT_NO_LEAKS();
}

Test(run_journal, one_that_is_moved_or_removed_under_a_run_ends_it)
{
    for (int moved = 0; moved < 2; moved++) {
        pnas_run_file *file = NULL;
        bool existed;
        pnas_search *search = fake_search();
        cr_assert_eq(pnas_run_file_open(test_path("run.h5"), &file, &existed), PNAS_OK, "%s", pnas_message());
        fake_info(pnas_run_file_info(file));
        fake_propose(search);
        cr_assert_eq(pnas_run_file_write(file, search), PNAS_OK, "%s", pnas_message());
        cr_assert_eq(moved ? rename(test_path("run.h5.journal"), test_path("elsewhere"))
                           : unlink(test_path("run.h5.journal")),
                     0);
        pnas_result result = fake_result(1, 0);
        cr_expect_eq(pnas_run_file_append(file, 1, 0, &result), PNAS_ERROR_FILE);
        cr_expect_not_null(
            strstr(pnas_message(), "run.h5.journal: was removed or renamed while the run was at work"), "%s",
            pnas_message());
        pnas_result_clear(&result);
        pnas_run_file_close(&file);
        pnas_search_destroy(&search);
        unlink(test_path("run.h5"));
    }
    PNAS_EXPECT_NO_LEAKS();
}
