/* One program at a time works on a network file, and a killed one holds nobody up. */
#include "io/net/network_lock.h"
#include "tests/base/leak_check.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(network_lock, .init = test_folder_make, .fini = test_folder_remove);

static void take(const char *name, pnas_network_lock *out)
{
    cr_assert_eq(pnas_network_lock_take(test_path(name), out), PNAS_OK, "%s", pnas_message());
}

static void expect_refused(const char *name, const char *sentence)
{
    pnas_network_lock lock;
    cr_expect_eq(pnas_network_lock_take(test_path(name), &lock), PNAS_ERROR_FILE);
    cr_expect_not_null(strstr(pnas_message(), sentence), "%s", pnas_message());
    pnas_network_lock_release(&lock);
}

static void expect_state(const char *name, pnas_lock_state state, const char *owner)
{
    char found[PNAS_OWNER_SIZE + 1];
    cr_expect_eq(pnas_network_lock_look(test_path(name), found), state);
    cr_expect_eq(strncmp(found, owner, strlen(owner)), 0, "%s", found);
    cr_expect(*owner || !*found, "%s", found);
}

Test(network_lock, a_second_one_is_told_who_holds_it)
{
    char holder[64];
    pnas_network_lock lock;
    snprintf(holder, sizeof holder, "net.h5: another run writes here (process %ld on ", (long)getpid());
    take("net.h5", &lock);
    expect_refused("net.h5", holder);
    expect_state("net.h5", PNAS_LOCK_HELD, strchr(holder, '(') + 1);
    pnas_network_lock_release(&lock);
    expect_state("net.h5", PNAS_LOCK_FREE, "");
    cr_expect(!test_file_exists("net.h5.lock"));
    take("net.h5", &lock);
    pnas_network_lock_release(&lock);
    PNAS_EXPECT_NO_LEAKS();
}

Test(network_lock, a_link_has_the_lock_of_what_it_leads_to)
{
    pnas_network_lock lock;
    test_write_file("net.h5", "", 0);
    cr_assert_eq(symlink("net.h5", test_path("link.h5")), 0);
    take("net.h5", &lock);
    expect_refused("link.h5", "another run writes here");
    expect_state("link.h5", PNAS_LOCK_HELD, "process ");
    pnas_network_lock_release(&lock);
}

Test(network_lock, a_killed_process_holds_nothing)
{
    int ready[2];
    char byte;
    pnas_network_lock lock;
    cr_assert_eq(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        take("net.h5", &lock);
        if (write(ready[1], "r", 1) != 1)
            _exit(1);
        pause();
    }
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    expect_refused("net.h5", "another run writes here");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    cr_expect(test_file_exists("net.h5.lock"));
    expect_state("net.h5", PNAS_LOCK_FREE, "");
    take("net.h5", &lock);
    pnas_network_lock_release(&lock);
    cr_expect(!test_file_exists("net.h5.lock"));
    close(ready[0]);
    close(ready[1]);
}

Test(network_lock, a_folder_that_is_missing_is_told)
{
    expect_refused("absent/net.h5",
                   "net.h5: cannot be written: No such file or directory; check that the folder");
}

/* Looking holds the file for a moment, in which a program may begin. */
Test(network_lock, whoever_looks_hinders_nobody)
{
    pnas_network_lock lock;
    test_write_file("net.h5.lock", "", 0);
    pid_t child = fork();
    if (child == 0)
        for (char owner[PNAS_OWNER_SIZE + 1];;)
            pnas_network_lock_look(test_path("net.h5"), owner);
    for (int i = 0; i < 200; i++) {
        take("net.h5", &lock);
        pnas_network_lock_release(&lock);
        test_write_file("net.h5.lock", "", 0);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

Test(network_lock, what_cannot_be_looked_at_is_not_known)
{
    test_make_folder("net.h5.lock");
    expect_state("net.h5", PNAS_LOCK_UNKNOWN, "");
}
