/* Memory that another process maps: what it may do, and what is no such memory. */
#include "src/base/shared_memory.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BYTES = 3 * 4096 + 5 };

static pnas_shared_memory make(void)
{
    pnas_shared_memory memory;
    cr_assert_eq(pnas_shared_memory_create(BYTES, &memory), PNAS_OK, "%s", pnas_message());
    for (int i = 0; i < BYTES; i++) {
        cr_assert_eq(((unsigned char *)memory.at)[i], 0);
        ((unsigned char *)memory.at)[i] = (unsigned char)(i % 251);
    }
    return memory;
}

/* In another process; its exit code. */
static int in_child(int (*what)(const pnas_shared_memory_place *), const pnas_shared_memory_place *place)
{
    int code = -1;
    pid_t child = fork();
    if (child == 0)
        _exit(what(place));
    waitpid(child, &code, 0);
    return WIFEXITED(code) ? WEXITSTATUS(code) : -1;
}

static int read_all(const pnas_shared_memory_place *place)
{
    pnas_shared_memory memory;
    if (pnas_shared_memory_attach(place, &memory) != PNAS_OK || memory.bytes != BYTES)
        return 1;
    for (int i = 0; i < BYTES; i++)
        if (((unsigned char *)memory.at)[i] != i % 251)
            return 2;
    if (mprotect(memory.at, BYTES, PROT_READ | PROT_WRITE) == 0)
        return 3;
    pnas_shared_memory_release(&memory);
    return 0;
}

static int is_refused(const pnas_shared_memory_place *place)
{
    pnas_shared_memory memory;
    return pnas_shared_memory_attach(place, &memory) != PNAS_ERROR_MEMORY || memory.at;
}

Test(shared_memory, another_process_reads_what_was_written_and_writes_nothing)
{
    pnas_shared_memory memory = make();
    pnas_shared_memory_place place;
    cr_assert_eq(pnas_shared_memory_seal(&memory), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_shared_memory_find(&memory, &place), PNAS_OK);
    cr_expect_eq(in_child(read_all, &place), 0);
    cr_expect_eq(((unsigned char *)memory.at)[BYTES - 1], (BYTES - 1) % 251, "and this one still has it");
    cr_expect_neq(mprotect(memory.at, BYTES, PROT_READ | PROT_WRITE), 0, "which may not write it any more");
    pnas_shared_memory_release(&memory);
    cr_expect_eq(memory.bytes, 0);
}

Test(shared_memory, what_is_not_sealed_or_another_file_is_not_attached)
{
    pnas_shared_memory memory = make();
    pnas_shared_memory_place place, other;
    cr_assert_eq(pnas_shared_memory_find(&memory, &place), PNAS_OK);
    cr_expect_eq(in_child(is_refused, &place), 0, "its maker may still shrink it");
    cr_assert_eq(pnas_shared_memory_seal(&memory), PNAS_OK);
    other = place;
    other.inode++;
    cr_expect_eq(in_child(is_refused, &other), 0, "another file");
    other = place;
    other.bytes++;
    cr_expect_eq(in_child(is_refused, &other), 0, "another size");
    other = place;
    other.file = 1;
    cr_expect_eq(in_child(is_refused, &other), 0, "another number");
    other = place;
    other.process = 1 << 30;
    cr_expect_eq(in_child(is_refused, &other), 0, "no process");
    pnas_shared_memory_release(&memory);
    cr_expect_eq(in_child(is_refused, &place), 0, "it is gone");
}

Test(shared_memory, more_than_there_is_is_refused)
{
    pnas_shared_memory memory;
    cr_expect_eq(pnas_shared_memory_create((size_t)1 << 60, &memory), PNAS_ERROR_MEMORY);
    cr_expect_eq(memory.bytes, 0);
    pnas_shared_memory_release(&memory); /* none */
}
