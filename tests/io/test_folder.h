/* A folder of its own for each test, made by test_folder_make (a suite's .init) and removed with what is in
 * it by test_folder_remove (its .fini). */
#ifndef PNAS_TESTS_TEST_FOLDER_H
#define PNAS_TESTS_TEST_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

void test_folder_make(void);
void test_folder_remove(void);

/* The path of a file in the folder; good for the next 16 calls. */
const char *test_path(const char *name);

void test_write_file(const char *name, const void *data, size_t size);
void test_write_gzip(const char *name, const void *data, size_t size);
char *test_read_file(const char *name, size_t *size); /* the caller's (free) */
void test_make_folder(const char *name);

bool test_file_exists(const char *name);
size_t test_file_size(const char *name);
int test_folder_count(void); /* files in it, folders not counted */

#endif
