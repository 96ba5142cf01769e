/* What a driver keeps in its folder is what was sealed there, or it is gone. Each start is a process of its own. */
#include "cl/runtime/sealed_folder.h"
#include "tests/cl/runtime/kernel_folders.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];

static const char *path_of(const char *name)
{
    static char paths[4][PATH_MAX];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, PATH_MAX, "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const char *text)
{
    kernel_folder_write(folder, name, text);
}

static bool is_there(const char *name)
{
    struct stat found;
    return lstat(path_of(name), &found) == 0;
}

static void make_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/pnas-sealed-XXXXXX");
    cr_assert(mkdtemp(folder));
    cr_assert_eq(mkdir(path_of("AB"), 0777), 0);
    cr_assert_eq(mkdir(path_of("AB/fill"), 0777), 0);
    put("AB/program.bc", "a program");
    put("AB/fill/fill.so", "a kernel");
    put("AB/last_accessed", "");
}

static void remove_folder(void)
{
    kernel_folder_empty(folder);
}

TestSuite(sealed_folder, .init = make_folder, .fini = remove_folder);

/* A process that opens the folder, seals, and ends, or waits to be ended. */
static pid_t begin(bool own, bool stays)
{
    int ready[2];
    char byte = 0;
    cr_assert_eq(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        char why[2 * PATH_MAX] = "";
        dup2(open(path_of("log"), O_WRONLY | O_CREAT | O_TRUNC, 0666), STDERR_FILENO);
        if (!pnas_sealed_folder_open(folder, own, why, sizeof why))
            _exit(strstr(why, folder) ? 1 : 2);
        pnas_sealed_folder_seal(folder);
        (void)!write(ready[1], &byte, 1);
        if (stays)
            for (;;)
                pause();
        _exit(0);
    }
    close(ready[1]);
    (void)!read(ready[0], &byte, 1);
    close(ready[0]);
    return child;
}

/* The exit code of a process that opens the folder and seals. */
static int start(bool own)
{
    int state = -1;
    pid_t child = begin(own, false);
    cr_assert_eq(waitpid(child, &state, 0), child);
    cr_assert(WIFEXITED(state), "state %d", state);
    return WEXITSTATUS(state);
}

static void finish(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

/* As of a folder that was in use; a first start believes nothing that it finds. */
static void seal_all(void)
{
    pid_t user = begin(true, true);
    put("AB/program.bc", "a program");
    put("AB/fill/fill.so", "a kernel");
    cr_assert_eq(start(true), 0);
    finish(user);
    cr_assert(is_there("AB/program.bc.seal") && is_there("AB/fill/fill.so.seal"));
}

/* How many warnings the last start has given. */
static int warnings(const char *text)
{
    char line[4 * PATH_MAX];
    int count = 0;
    FILE *log = fopen(path_of("log"), "r");
    cr_assert(log);
    while (fgets(line, sizeof line, log))
        count += strstr(line, "warning: ") && strstr(line, text);
    fclose(log);
    return count;
}

Test(sealed_folder, what_was_sealed_stays)
{
    seal_all();
    for (int i = 0; i < 2; ++i) {
        cr_assert_eq(start(true), 0);
        cr_assert(is_there("AB/program.bc") && is_there("AB/fill/fill.so") && is_there("AB/last_accessed"));
        cr_assert_eq(warnings(""), 0);
    }
}

Test(sealed_folder, what_differs_is_removed_with_its_seal_and_one_warning)
{
    static const char *const contents[] = {"", "a kernem", "a kern", "a kernel and more"};
    for (size_t i = 0; i < sizeof contents / sizeof *contents; ++i) {
        seal_all();
        put("AB/fill/fill.so", contents[i]);
        cr_assert_eq(start(true), 0);
        cr_assert(!is_there("AB/fill/fill.so") && !is_there("AB/fill/fill.so.seal"), "%zu", i);
        cr_assert(is_there("AB/program.bc"), "%zu", i);
        cr_assert_eq(warnings("/AB/fill/fill.so is not what was written there: what is damaged is removed"),
                     1, "%zu", i);
        cr_assert_eq(start(true), 0);
        cr_assert_eq(warnings(""), 0);
    }
    seal_all();
    put("AB/program.bc", "another");
    put("AB/fill/fill.so", "another");
    cr_assert_eq(start(true), 0);
    cr_assert(!is_there("AB/program.bc") && !is_there("AB/fill/fill.so"));
    cr_assert_eq(warnings("is not what was written there (2 files are not)"), 1);
    cr_assert_eq(warnings(""), 1);
}

Test(sealed_folder, a_damaged_seal_is_a_damaged_file)
{
    seal_all();
    put("AB/fill/fill.so.seal", "8 bytes, 0123456789abcdef of its place\n");
    cr_assert_eq(start(true), 0);
    cr_assert(!is_there("AB/fill/fill.so"));
    cr_assert_eq(warnings("AB/fill/fill.so"), 1);
}

static void exchange(const char *a, const char *b)
{
    cr_assert_eq(rename(path_of(a), path_of("third")), 0);
    cr_assert_eq(rename(path_of(b), path_of(a)), 0);
    cr_assert_eq(rename(path_of("third"), path_of(b)), 0);
}

Test(sealed_folder, files_that_change_places_with_their_seals_are_damaged)
{
    cr_assert_eq(mkdir(path_of("AB/other"), 0777), 0);
    pid_t user = begin(true, true);
    put("AB/program.bc", "a program");
    put("AB/fill/fill.so", "a kernel");
    put("AB/other/fill.so", "another kernel");
    cr_assert_eq(start(true), 0);
    finish(user);
    exchange("AB/fill/fill.so", "AB/other/fill.so");
    exchange("AB/fill/fill.so.seal", "AB/other/fill.so.seal");
    cr_assert_eq(start(true), 0);
    cr_assert(!is_there("AB/fill/fill.so") && !is_there("AB/other/fill.so") && is_there("AB/program.bc"));
    cr_assert_eq(warnings("(2 files are not)"), 1);
}

/* Of an older version, or lost by a file system at a power cut, whatever else runs. */
Test(sealed_folder, what_has_an_old_seal_or_no_byte_goes_without_a_word)
{
    seal_all();
    pid_t user = begin(true, true);
    put("AB/fill/fill.so.seal", "8 bytes, 0123456789abcdef\n");
    cr_assert_eq(mkdir(path_of("AB/other"), 0777), 0);
    put("AB/other/other.so", "");
    cr_assert_eq(start(true), 0);
    cr_assert(!is_there("AB/fill/fill.so") && !is_there("AB/fill/fill.so.seal") &&
              !is_there("AB/other/other.so"));
    cr_assert_eq(warnings(""), 0);
    finish(user);
}

/* Their process was killed, or the machine lost its power. */
Test(sealed_folder, what_has_no_whole_seal_goes_without_a_word)
{
    static const char *const seals[] = {"", "8 bytes, 01234"};
    put("tempfile_Ab3", "half a kernel");
    put("AB/fill/tempfile_note", "not of PoCL's");
    cr_assert_eq(start(true), 0);
    cr_assert(!is_there("AB/program.bc") && !is_there("AB/fill/fill.so") && !is_there("tempfile_Ab3"));
    cr_assert(is_there("AB/last_accessed") && is_there("AB/fill/tempfile_note"));
    cr_assert_eq(warnings(""), 0);
    for (size_t i = 0; i < sizeof seals / sizeof *seals; ++i) {
        seal_all();
        put("AB/fill/fill.so.seal", seals[i]);
        cr_assert_eq(start(true), 0);
        cr_assert(!is_there("AB/fill/fill.so") && !is_there("AB/fill/fill.so.seal"), "%zu", i);
        cr_assert_eq(warnings(""), 0);
    }
}

Test(sealed_folder, what_a_running_process_has_not_sealed_yet_stays)
{
    pid_t user = begin(true, true);
    put("tempfile_Ab3", "half a kernel");
    put("AB/fill/fill.so", "a kernel");
    cr_assert_eq(mkdir(path_of("AB/other"), 0777), 0);
    put("AB/other/other.so", "damaged");
    put("AB/other/other.so.seal", "8 bytes, 0123456789abcdef of its place\n");
    cr_assert_eq(start(true), 0);
    cr_assert(is_there("AB/fill/fill.so") && is_there("tempfile_Ab3"));
    cr_assert(!is_there("AB/other/other.so"), "damage is damage at any time");
    finish(user);
    cr_assert_eq(start(true), 0);
    cr_assert(is_there("AB/fill/fill.so"), "the second process has sealed it");
    cr_assert(!is_there("tempfile_Ab3"));
}

Test(sealed_folder, a_folder_of_other_programs_is_left_as_it_is)
{
    cr_assert_eq(start(false), 0);
    cr_assert(is_there("AB/fill/fill.so") && !is_there("AB/fill/fill.so.seal") && !is_there("pnas.lock"));
    cr_assert_eq(start(true), 0);
    cr_assert(is_there("pnas.lock") && !is_there("AB/fill/fill.so"));
    put("AB/fill/fill.so", "a kernel");
    cr_assert_eq(start(false), 0);
    cr_assert(!is_there("AB/fill/fill.so"), "now it is one of ours");
}

Test(sealed_folder, a_folder_that_cannot_be_locked_does_not_serve)
{
    cr_assert_eq(mkdir(path_of("pnas.lock"), 0777), 0);
    cr_assert_eq(start(true), 1);
    cr_assert_eq(rmdir(path_of("pnas.lock")), 0);
    cr_assert_eq(symlink("elsewhere", path_of("pnas.lock")), 0);
    cr_assert_eq(start(true), 1);
    cr_assert(!is_there("elsewhere"));
}
