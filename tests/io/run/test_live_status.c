/* RUN.h5.now. */
#include "io/run/live_status.h"

#include "tests/base/leak_check.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/live-status-XXXXXX";
static char run_path[64], now_path[80];

static void set_up(void)
{
    cr_assert_not_null(mkdtemp(folder));
    snprintf(run_path, sizeof run_path, "%s/run.h5", folder);
    snprintf(now_path, sizeof now_path, "%s.now", run_path);
}

static void tear_down(void)
{
    unlink(now_path);
    rmdir(folder);
}

static void add(pnas_live_status *live, int rank, int index)
{
    const pnas_running_child child = {rank, 3, index, 1.75e9 + index};
    cr_assert_eq(pnas_live_status_add(live, &child), PNAS_OK);
}

Test(live_status, what_is_written_is_read, .init = set_up, .fini = tear_down)
{
    pnas_live_status live = {.written = 1.75e9, .seconds_left = 77}, back;
    for (int i = 0; i < 40; i++)
        add(&live, i % 7, i);
    add(&live, 9, 5); /* begun again elsewhere */
    pnas_live_status_drop(&live, 3, 39);
    cr_assert_eq(pnas_live_status_write(run_path, &live), PNAS_OK, "%s", pnas_message());
    cr_assert(pnas_live_status_read(run_path, &back));
    cr_expect_eq(back.written, 1.75e9);
    cr_expect_eq(back.seconds_left, 77);
    cr_expect_eq(back.count, 39);
    for (size_t i = 0; i < back.count; i++) {
        const pnas_running_child *child = &back.child[i];
        cr_expect_eq(child->rank, child->index == 5 ? 9 : child->index % 7);
        cr_expect_eq(child->start, 1.75e9 + child->index);
    }
    pnas_live_status_free(&live);
    pnas_live_status_free(&back);
    PNAS_EXPECT_NO_LEAKS();
}

Test(live_status, there_may_be_none_or_one_of_something_else, .init = set_up, .fini = tear_down)
{
    pnas_live_status back;
    cr_expect_not(pnas_live_status_read(run_path, &back));
    FILE *file = fopen(now_path, "w");
    fputs("PNAS-now-1\nchild 1 2\n", file);
    fclose(file);
    cr_expect_not(pnas_live_status_read(run_path, &back));
    pnas_live_status_remove(run_path);
    cr_expect_neq(access(now_path, F_OK), 0);
    PNAS_EXPECT_NO_LEAKS();
}

Test(live_status, time_left_may_be_unknown, .init = set_up, .fini = tear_down)
{
    pnas_live_status live = {.written = 1, .seconds_left = NAN}, back;
    cr_assert_eq(pnas_live_status_write(run_path, &live), PNAS_OK);
    cr_assert(pnas_live_status_read(run_path, &back));
    cr_expect(isnan(back.seconds_left));
    cr_expect_eq(back.count, 0);
}

Test(live_status, a_folder_that_is_not_there_is_said, .init = set_up, .fini = tear_down)
{
    const pnas_live_status live = {.written = 1};
    cr_expect_eq(pnas_live_status_write("/dev/null/run.h5", &live), PNAS_ERROR_FILE);
}
