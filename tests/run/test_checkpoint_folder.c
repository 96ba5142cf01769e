/* The folder of checkpoints takes away its own files, and nothing else. */
#include "io/config/configuration.h"
#include "io/run/checkpoint_file.h"
#include "src/run/checkpoint_folder.h"
#include "src/search/canonical.h"
#include "src/search/cell_text.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static pnas_configuration configuration;
static pnas_checkpoint_folder *folder;
static pnas_cell cell;

static void make(void)
{
    test_folder_make();
    pnas_configuration_defaults(&configuration);
    cr_assert_eq(pnas_configuration_parse("run.yaml", "seed: 1\n", NULL, 0, &configuration), PNAS_OK);
    cr_assert_eq(pnas_cell_parse("-1:sep3+-2:max3", &configuration.search.space.operators, &cell), PNAS_OK);
    cr_assert_eq(pnas_checkpoint_folder_create(test_path("run.h5"), &configuration, "00", "k", &folder),
                 PNAS_OK);
}

static void end(void)
{
    pnas_checkpoint_folder_destroy(&folder);
    test_folder_remove();
}

TestSuite(checkpoint_folder, .init = make, .fini = end);

static void save(void)
{
    static float values[2] = {1, 2};
    static pnas_named_tensor tensor = {.name = "weight", .rank = 1, .shape = {2}, .data = values};
    const pnas_checkpoint taken = {.epoch = 1, .seconds = 1, .count = 1, .tensor = &tensor};
    const pnas_checkpoint_store *store = pnas_checkpoint_folder_store(folder);
    store->save(store->payload, &cell, &taken);
}

static void write_there(const char *name, const char *text, size_t size)
{
    char path[128];
    snprintf(path, sizeof path, "run.h5.children/%s", name);
    test_write_file(path, text, size);
}

Test(checkpoint_folder, goes_with_its_checkpoints_and_what_a_kill_left_of_them)
{
    save();
    cr_expect(test_file_exists("run.h5.children"));
    write_there("0123456789abcdef.h5.partial", "", 0);
    write_there("0123456789abcde0.h5.partial", "\x89HDF\r\n\x1a\n and more", 17);
    write_there("0123456789abcde1.h5.partial", "\0\0\0\0\0\0\0\0\0\0", 10);
    pnas_checkpoint_folder_clear(folder);
    cr_expect(!test_file_exists("run.h5.children"));
}

Test(checkpoint_folder, files_that_are_no_checkpoints_stay)
{
    static const char *const names[] = {"run.h5.children/0123456789abcdef.h5",
                                        "run.h5.children/0123456789abcde0.h5",
                                        "run.h5.children/0123456789abcde1.h5.partial"};
    save();
    write_there("0123456789abcdef.h5", "my notes", 8);
    write_there("0123456789abcde0.h5", "\x89HDF\r\n\x1a\n of another program", 27);
    write_there("0123456789abcde1.h5.partial", "my notes", 8);
    pnas_checkpoint_folder_clear(folder);
    for (int i = 0; i < 3; i++)
        cr_expect(test_file_exists(names[i]), "%s", names[i]);
}

Test(checkpoint_folder, a_forgotten_child_takes_only_its_checkpoint_along)
{
    char name[64];
    snprintf(name, sizeof name, "run.h5.children/%016llx.h5", (unsigned long long)pnas_cell_hash(&cell));
    save();
    cr_expect(test_file_exists(name));
    pnas_checkpoint_folder_forget(folder, &cell);
    cr_expect(!test_file_exists(name));
    test_write_file(name, "my notes", 8);
    pnas_checkpoint_folder_forget(folder, &cell);
    cr_expect(test_file_exists(name));
}

Test(checkpoint_folder, what_is_behind_a_link_stays)
{
    save();
    char there[512];
    snprintf(there, sizeof there, "%s", test_path("there"));
    cr_assert_eq(rename(test_path("run.h5.children"), there), 0);
    cr_assert_eq(symlink("there", test_path("run.h5.children")), 0);
    pnas_checkpoint_folder_clear(folder);
    cr_expect_eq(rmdir(there), -1, "its checkpoint is there");
    cr_expect(test_file_exists("run.h5.children"));
}
