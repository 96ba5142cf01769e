#include "tests/cl/runtime/kernel_folders.h"

#include "tests/cl/test_device.h"

#include <dirent.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

void kernel_folder_write(const char *folder, const char *name, const char *text)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    cr_assert(file);
    fputs(text, file);
    cr_assert_eq(fclose(file), 0);
}

kernel_folders kernel_folders_make(void)
{
    kernel_folders f = {.root = "/tmp/pnas-test-XXXXXX"};
    cr_assert(mkdtemp(f.root));
    snprintf(f.cache, sizeof f.cache, "%s/cache", f.root);
    snprintf(f.kernels, sizeof f.kernels, "%s/kernels", f.root);
    cr_assert_eq(mkdir(f.kernels, 0777), 0);
    kernel_folder_write(
        f.kernels, "fill.cl",
        "#include \"value.h\"\n__kernel void fill(__global int *out) { out[get_global_id(0)] = VALUE; }\n");
    kernel_folder_write(f.kernels, "value.h", "#define VALUE 41\n");
    return f;
}

static int remove_entry(const char *path, const struct stat *found, int kind, struct FTW *place)
{
    return remove(path);
}

void kernel_folder_empty(const char *folder)
{
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void kernel_folders_remove(kernel_folders *f)
{
    kernel_folder_empty(f->root);
}

int kernel_folder_count(const char *folder, const char *ending, char *path)
{
    int count = 0;
    DIR *all = opendir(folder);
    for (struct dirent *entry; all && (entry = readdir(all));) {
        size_t length = strlen(entry->d_name), end = strlen(ending);
        if (length < end || strcmp(entry->d_name + length - end, ending) != 0 || entry->d_name[0] == '.')
            continue;
        if (path)
            snprintf(path, PATH_MAX, "%s/%s", folder, entry->d_name);
        ++count;
    }
    if (all)
        closedir(all);
    return count;
}

pnas_cl *kernel_folders_open(const kernel_folders *f, bool keep_binaries)
{
    pnas_cl *cl = NULL;
    pnas_cl_options options = {.cache_directory = f->cache, .kernel_directory = f->kernels};
    cr_assert_eq(pnas_cl_create(&options, &cl), PNAS_OK, "%s", pnas_message());
    cl->keep_binaries = keep_binaries;
    return cl;
}

int kernel_folders_run(pnas_cl *cl)
{
    pnas_launch_list list = {0};
    const pnas_launch_spec spec = {
        .label = "fill", .file = "fill.cl", .kernel = "fill", .global = {1}, .local = {1}};
    cl_mem out = NULL;
    cl_int value = -1;
    if (pnas_buffer_create(cl, sizeof value, &out) == PNAS_OK &&
        pnas_launch_append(cl, &list, &spec, PNAS_ARGS(PNAS_ARG_BUFFER(out))) == PNAS_OK &&
        pnas_launch_run(cl, &list, NULL) == PNAS_OK)
        pnas_buffer_read(cl, out, 0, sizeof value, &value);
    pnas_launch_clear(&list);
    pnas_buffer_release(&out);
    return value;
}
