#include "src/base/build_id.h"

#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#define ALIGN(size) (((size) + 3) & ~(size_t)3)

static void print_id(const unsigned char *id, size_t size, char *out)
{
    for (size_t i = 0; i < size && 2 * i + 2 < PNAS_BUILD_ID_MAX; i++)
        snprintf(out + 2 * i, 3, "%02x", id[i]);
}

/* A segment of notes: each a head, a name and a content (ELF, Note Section). */
static void look_through(const unsigned char *notes, size_t size, char *out)
{
    ElfW(Nhdr) head;
    for (size_t at = 0; at + sizeof head <= size;) {
        memcpy(&head, notes + at, sizeof head);
        const unsigned char *name = notes + at + sizeof head, *content = name + ALIGN((size_t)head.n_namesz);
        if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == sizeof ELF_NOTE_GNU &&
            memcmp(name, ELF_NOTE_GNU, sizeof ELF_NOTE_GNU) == 0)
            print_id(content, head.n_descsz, out);
        at += sizeof head + ALIGN((size_t)head.n_namesz) + ALIGN((size_t)head.n_descsz);
    }
}

/* The program itself comes first. */
static int look_at_program(struct dl_phdr_info *info, size_t size, void *payload)
{
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type == PT_NOTE)
            look_through((const unsigned char *)(info->dlpi_addr + segment->p_vaddr), segment->p_memsz,
                         payload);
    }
    return 1;
}

void pnas_build_id(char out[PNAS_BUILD_ID_MAX])
{
    snprintf(out, PNAS_BUILD_ID_MAX, "none");
    dl_iterate_phdr(look_at_program, out);
}
