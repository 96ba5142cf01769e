#include "cl/runtime/tuned_table.h"

#include "cl/runtime/fnv_hash.h"
#include "cl/runtime/kernel_folder.h"
#include "cl/runtime/program_cache.h"
#include "src/base/log.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_LINE "pnas tuned table 2"
enum { COLUMNS = 13, ROWS_MAX = 100000 };

/* --- rows --- */

static void numbers_of(const pnas_tuned_row *row, int64_t out[10])
{
    const pnas_route_shape *s = &row->shape;
    const int64_t numbers[10] = {row->op, s->N,        s->C,        s->M,      s->H,
                                 s->W,    s->kernel_h, s->kernel_w, s->stride, s->dilation};
    memcpy(out, numbers, sizeof numbers);
}

const pnas_tuned_row *pnas_tuned_table_find(const pnas_tuned_table *table, pnas_op_kind op,
                                            const pnas_route_shape *shape)
{
    int64_t wanted[10], found[10];
    numbers_of(&(pnas_tuned_row){.op = op, .shape = *shape}, wanted);
    for (size_t i = 0; table && i < table->count; ++i) {
        numbers_of(&table->row[i], found);
        if (memcmp(found, wanted, sizeof found) == 0)
            return &table->row[i];
    }
    return NULL;
}

pnas_status pnas_tuned_table_set(pnas_tuned_table *table, const pnas_tuned_row *row)
{
    const pnas_tuned_row *old = pnas_tuned_table_find(table, row->op, &row->shape);
    if (old) {
        table->row[old - table->row] = *row;
        return PNAS_OK;
    }
    if (table->count == table->capacity) {
        size_t capacity = table->capacity ? 2 * table->capacity : 64;
        pnas_tuned_row *rows = realloc(table->row, capacity * sizeof *rows);
        PNAS_CHECK(rows, PNAS_ERROR_MEMORY, "no memory for a table of %zu routes", capacity);
        table->row = rows;
        table->capacity = capacity;
    }
    table->row[table->count++] = *row;
    return PNAS_OK;
}

uint64_t pnas_tuned_table_hash(const pnas_tuned_table *table)
{
    if (!table)
        return 0;
    uint64_t sum = table->count == 0 ? (uint64_t)table->vector : 0; /* else it is in each row's */
    for (int kernel = 0; kernel < PNAS_CLBLAST_KERNELS; ++kernel)
        if (table->clblast.value[kernel][0] != 0)
            sum += pnas_fnv_hash(PNAS_FNV_START + (uint64_t)kernel, table->clblast.value[kernel],
                                 sizeof table->clblast.value[kernel]);
    for (size_t i = 0; i < table->count; ++i) {
        int64_t numbers[12];
        numbers_of(&table->row[i], numbers);
        numbers[10] = table->row[i].route;
        numbers[11] = table->vector;
        sum += pnas_fnv_hash(PNAS_FNV_START, numbers, sizeof numbers);
    }
    return sum ? sum : 1;
}

void pnas_tuned_table_destroy(pnas_tuned_table **table)
{
    if (*table)
        free((*table)->row);
    free(*table);
    *table = NULL;
}

/* --- the key --- */

pnas_status pnas_tuned_table_key(const pnas_device_info *d, const char *kernel_directory, char **out)
{
    char kernels[PNAS_KERNEL_HASH_TEXT];
    *out = NULL;
    PNAS_TRY(pnas_kernel_folder_hash(kernel_directory, kernels));
    if (asprintf(out, "%s; %s; %s; %s; %s; kernels %s", d->platform, d->vendor, d->name, d->version,
                 d->driver, kernels) < 0)
        *out = NULL;
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "no memory for the name of a tuned table");
    return PNAS_OK;
}

/* --- the file --- */

/* A value that a line gives by name, as `name_of` spells it; `count` if it is none of them. */
static int find_name(const char *text, const char *(*name_of)(int), int count)
{
    for (int i = 0; i < count; ++i)
        if (strcmp(text, name_of(i)) == 0)
            return i;
    return count;
}

static const char *op_name(int op)
{
    return pnas_op_kind_name((pnas_op_kind)op);
}

static const char *route_name(int route)
{
    return pnas_route_name((pnas_route)route);
}

static bool parse_row(const char *line, pnas_tuned_row *row)
{
    char op[64], route[32];
    long long n[5];
    int w[4], end = 0;
    if (sscanf(line, "%63[^,],%31[^,],%lld,%lld,%lld,%lld,%lld,%d,%d,%d,%d,%lf,%lf%n", op, route, &n[0],
               &n[1], &n[2], &n[3], &n[4], &w[0], &w[1], &w[2], &w[3], &row->microseconds,
               &row->plain_microseconds, &end) != COLUMNS ||
        strcmp(line + end, "\n") != 0)
        return false;
    int kind = find_name(op, op_name, PNAS_OP_KINDS), way = find_name(route, route_name, PNAS_ROUTES);
    if (kind == PNAS_OP_KINDS || way == PNAS_ROUTES || way == PNAS_ROUTE_AUTO)
        return false;
    row->op = (pnas_op_kind)kind;
    row->route = (pnas_route)way;
    row->shape = (pnas_route_shape){.N = n[0], .C = n[1], .M = n[2], .H = n[3], .W = n[4]};
    row->shape.kernel_h = w[0];
    row->shape.kernel_w = w[1];
    row->shape.stride = w[2];
    row->shape.dilation = w[3];
    return true;
}

static bool read_parameters(FILE *file, char **line, size_t *capacity, pnas_clblast_parameters *out)
{
    for (int kernel = 0; kernel < PNAS_CLBLAST_KERNELS; ++kernel) {
        if (getline(line, capacity, file) <= 0)
            return false;
        (*line)[strcspn(*line, "\n")] = 0;
        if (!pnas_clblast_read((pnas_clblast_kernel)kernel, *line, out->value[kernel]))
            return false;
    }
    return true;
}

/* Exactly what write_table wrote for this key; anything else is damage. */
static bool read_table(FILE *file, const char *key, pnas_tuned_table *table)
{
    char *line = NULL;
    size_t capacity = 0, rows = 0;
    unsigned long long sum = 0;
    bool complete = getline(&line, &capacity, file) > 0 && strcmp(line, FIRST_LINE "\n") == 0 &&
                    getline(&line, &capacity, file) > 0 && strncmp(line, key, strlen(key)) == 0 &&
                    strcmp(line + strlen(key), "\n") == 0 && getline(&line, &capacity, file) > 0 &&
                    sscanf(line, "V %d, %zu routes, hash %llx", &table->vector, &rows, &sum) == 3 &&
                    rows <= ROWS_MAX && read_parameters(file, &line, &capacity, &table->clblast) &&
                    getline(&line, &capacity, file) > 0; /* names of columns */
    for (size_t i = 0; complete && i < rows; ++i) {
        pnas_tuned_row row;
        complete = getline(&line, &capacity, file) > 0 && parse_row(line, &row) &&
                   pnas_tuned_table_set(table, &row) == PNAS_OK;
    }
    free(line);
    return complete && (table->vector == 1 || table->vector == 4 || table->vector == 8) &&
           pnas_tuned_table_hash(table) == sum;
}

pnas_status pnas_tuned_table_load(const char *directory, const char *key, pnas_tuned_table **out)
{
    char path[PATH_MAX];
    *out = NULL;
    if (!directory)
        return PNAS_OK;
    pnas_program_cache_path(directory, key, ".tuned", path, sizeof path);
    FILE *file = pnas_program_cache_open(path);
    if (!file && errno != ENOENT)
        pnas_warning(
            "%s cannot be read (%s): routes are the built-in ones; make it readable, or remove it and run "
            "pnas_device tune again",
            path, errno == EINVAL ? "not a regular file" : pnas_system_reason(errno));
    if (!file)
        return PNAS_OK;
    pnas_tuned_table *table = calloc(1, sizeof *table);
    bool complete = table && read_table(file, key, table);
    fclose(file);
    if (complete) {
        *out = table;
        return PNAS_OK;
    }
    pnas_tuned_table_destroy(&table);
    pnas_warning("%s is damaged: routes are the built-in ones; run pnas_device tune again", path);
    return PNAS_OK;
}

static void write_table(FILE *file, const char *key, const pnas_tuned_table *table)
{
    fprintf(file, FIRST_LINE "\n%s\nV %d, %zu routes, hash %016llx\n", key, table->vector, table->count,
            (unsigned long long)pnas_tuned_table_hash(table));
    for (int kernel = 0; kernel < PNAS_CLBLAST_KERNELS; ++kernel) {
        char text[256];
        pnas_clblast_write((pnas_clblast_kernel)kernel, table->clblast.value[kernel], text, sizeof text);
        fprintf(file, "%s\n", text);
    }
    fprintf(file, "op,route,N,C,M,H,W,kernel_h,kernel_w,stride,dilation,microseconds,plain_microseconds\n");
    for (size_t i = 0; i < table->count; ++i) {
        const pnas_tuned_row *r = &table->row[i];
        const pnas_route_shape *s = &r->shape;
        fprintf(file, "%s,%s,%lld,%lld,%lld,%lld,%lld,%d,%d,%d,%d,%.1f,%.1f\n", pnas_op_kind_name(r->op),
                pnas_route_name(r->route), (long long)s->N, (long long)s->C, (long long)s->M, (long long)s->H,
                (long long)s->W, s->kernel_h, s->kernel_w, s->stride, s->dilation, r->microseconds,
                r->plain_microseconds);
    }
}

pnas_status pnas_tuned_table_store(const char *directory, const char *key, const pnas_tuned_table *table,
                                   char *path, size_t size)
{
    char temporary[PATH_MAX];
    PNAS_CHECK(directory, PNAS_ERROR_FILE,
               "there is no folder to keep a tuned table in: set PNAS_CACHE to one that can be written");
    pnas_program_cache_path(directory, key, ".tuned", path, size);
    int descriptor = pnas_program_cache_create(directory, key, temporary);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    PNAS_CHECK(file, PNAS_ERROR_FILE, "cannot write %s: %s", temporary, pnas_system_reason(errno));
    write_table(file, key, table);
    bool written = !ferror(file);
    written = fclose(file) == 0 && written;
    if (written && rename(temporary, path) == 0)
        return PNAS_OK;
    pnas_fail(PNAS_ERROR_FILE, "cannot write %s: %s", path, pnas_system_reason(errno));
    unlink(temporary);
    return PNAS_ERROR_FILE;
}
