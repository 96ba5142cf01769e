#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static char folder[512];

void test_folder_make(void)
{
    const char *place = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/pnas-test-XXXXXX", place && *place ? place : "/tmp");
    cr_assert_not_null(mkdtemp(folder), "no temporary folder at %s", folder);
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    return remove(path);
}

void test_folder_remove(void)
{
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

const char *test_path(const char *name)
{
    static char paths[16][1024];
    static int next;
    char *path = paths[next++ % 16];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

void test_write_file(const char *name, const void *data, size_t size)
{
    FILE *file = fopen(test_path(name), "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(data, 1, size, file), size);
    cr_assert_eq(fclose(file), 0);
}

void test_write_gzip(const char *name, const void *data, size_t size)
{
    gzFile file = gzopen(test_path(name), "wb");
    cr_assert_not_null(file);
    cr_assert(size == 0 || gzwrite(file, data, (unsigned)size) == (int)size);
    cr_assert_eq(gzclose(file), Z_OK);
}

char *test_read_file(const char *name, size_t *size)
{
    *size = test_file_size(name);
    char *bytes = malloc(*size + 1);
    FILE *file = fopen(test_path(name), "rb");
    cr_assert_not_null(file);
    cr_assert_eq(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

void test_make_folder(const char *name)
{
    cr_assert_eq(mkdir(test_path(name), 0777), 0);
}

bool test_file_exists(const char *name)
{
    return access(test_path(name), F_OK) == 0;
}

size_t test_file_size(const char *name)
{
    struct stat info;
    cr_assert_eq(stat(test_path(name), &info), 0);
    return (size_t)info.st_size;
}

int test_folder_count(void)
{
    int count = 0;
    DIR *directory = opendir(folder);
    cr_assert_not_null(directory);
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory))
        count += entry->d_type == DT_REG;
    closedir(directory);
    return count;
}
