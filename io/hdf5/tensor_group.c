#include "io/hdf5/tensor_group.h"

#include "io/hdf5/hdf5_array.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define TENSOR_RANK_MAX PNAS_H5_RANK_MAX

/* ---- writing ---- */

/* No step of a name may be empty or lead elsewhere. */
static bool is_name(const char *name)
{
    size_t length = strnlen(name, sizeof((pnas_named_tensor *)0)->name);
    if (length == 0 || length == sizeof((pnas_named_tensor *)0)->name)
        return false;
    for (const char *at = name;; at++) {
        size_t step = strcspn(at, "/");
        if (step == 0 || (step <= 2 && strspn(at, ".") == step))
            return false;
        at += step;
        if (!*at)
            return true;
    }
}

static pnas_status make_groups(hid_t group, const char *name)
{
    char path[sizeof((pnas_named_tensor *)0)->name];
    for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
        hid_t made = -1;
        memcpy(path, name, (size_t)(slash - name));
        path[slash - name] = 0;
        if (pnas_h5_exists(group, path))
            continue;
        PNAS_TRY(pnas_h5_create_group(group, path, &made));
        pnas_h5_close_group(&made);
    }
    return PNAS_OK;
}

static pnas_status write_tensor(hid_t group, const pnas_named_tensor *tensor)
{
    static const char *const dimensions[] = {"kernel_height", "kernel_width", "channels_in", "channels_out"};
    PNAS_CHECK(is_name(tensor->name), PNAS_ERROR_INTERNAL, "a tensor cannot be named '%.*s'",
               (int)sizeof tensor->name - 1, tensor->name);
    PNAS_CHECK(tensor->rank >= 1 && tensor->rank <= TENSOR_RANK_MAX, PNAS_ERROR_INTERNAL,
               "tensor %s has %d dimensions; 1 to %d can be stored", tensor->name, tensor->rank,
               TENSOR_RANK_MAX);
    pnas_h5_array array = {.name = tensor->name,
                           .file_type = H5T_IEEE_F32LE,
                           .memory_type = H5T_NATIVE_FLOAT,
                           .rank = tensor->rank,
                           .data = tensor->data,
                           .units = "1"};
    for (int i = 0; i < tensor->rank; i++) {
        array.shape[i] = tensor->shape[i];
        array.dimension[i] = tensor->rank == TENSOR_RANK_MAX ? dimensions[i] : NULL;
    }
    PNAS_TRY(make_groups(group, tensor->name));
    return pnas_h5_write_array(group, &array);
}

pnas_status pnas_tensor_group_write(hid_t group, const pnas_named_tensor *tensors, size_t count)
{
    for (size_t i = 0; i < count; i++)
        PNAS_TRY(write_tensor(group, &tensors[i]));
    return PNAS_OK;
}

/* ---- reading ---- */

typedef struct {
    hid_t group;
    pnas_named_tensor *tensor;
    size_t count, room;
    pnas_status status;
} pnas_tensor_visit;

static pnas_status read_tensor(hid_t group, const char *name, pnas_named_tensor *out)
{
    hsize_t shape[PNAS_H5_RANK_MAX];
    if (strlen(name) >= sizeof out->name)
        return pnas_h5_fail(PNAS_ERROR_DATA, group, name, "its name is too long for a tensor");
    void *data;
    PNAS_TRY(pnas_h5_load_array(group, name, H5T_NATIVE_FLOAT, &out->rank, shape, &data));
    out->data = data;
    strcpy(out->name, name);
    for (int i = 0; i < out->rank; i++)
        out->shape[i] = shape[i];
    return PNAS_OK;
}

static herr_t visit_object(hid_t group, const char *name, const pnas_h5_object_info *info, void *payload)
{
    pnas_tensor_visit *visit = payload;
    if (info->type != H5O_TYPE_DATASET)
        return 0;
    if (visit->count == visit->room) {
        size_t room = 2 * visit->room + 16;
        pnas_named_tensor *more = realloc(visit->tensor, room * sizeof *more);
        if (!more) {
            visit->status = pnas_h5_fail(PNAS_ERROR_MEMORY, group, name, "out of memory");
            return -1;
        }
        visit->tensor = more;
        visit->room = room;
    }
    visit->tensor[visit->count] = (pnas_named_tensor){.rank = 0};
    visit->status = read_tensor(group, name, &visit->tensor[visit->count++]);
    return visit->status == PNAS_OK ? 0 : -1;
}

static pnas_status read_all(hid_t group, pnas_named_tensor **out, size_t *count)
{
    *out = NULL;
    *count = 0;
    pnas_tensor_visit visit = {.group = group};
    herr_t visited = H5Ovisit2(group, H5_INDEX_NAME, H5_ITER_INC, visit_object, &visit, H5O_INFO_BASIC);
    if (visited < 0 && visit.status == PNAS_OK)
        visit.status = pnas_h5_fail(PNAS_ERROR_DATA, group, NULL, "is damaged and cannot be read");
    if (visit.status != PNAS_OK) {
        pnas_tensor_group_free(&visit.tensor, visit.count);
        return visit.status;
    }
    *out = visit.tensor;
    *count = visit.count;
    return PNAS_OK;
}

pnas_status pnas_tensor_group_read(hid_t group, pnas_named_tensor **out, size_t *count)
{
    PNAS_TRY(read_all(group, out, count));
    pnas_status status = PNAS_OK;
    for (size_t i = 0, at; i < *count && status == PNAS_OK; i++) {
        const pnas_named_tensor *tensor = &(*out)[i];
        if (!pnas_named_tensor_is_finite(tensor, &at))
            status = pnas_h5_fail(PNAS_ERROR_DATA, group, tensor->name, "value %zu is %g", at,
                                  (double)tensor->data[at]);
    }
    if (status != PNAS_OK) {
        pnas_tensor_group_free(out, *count);
        *count = 0;
    }
    return status;
}

void pnas_tensor_group_free(pnas_named_tensor **tensors, size_t count)
{
    for (size_t i = 0; *tensors && i < count; i++)
        free((*tensors)[i].data);
    free(*tensors);
    *tensors = NULL;
}

pnas_named_tensor *pnas_tensor_group_copy(const pnas_named_tensor *tensors, size_t count)
{
    pnas_named_tensor *copy = calloc(count + 1, sizeof *copy);
    for (size_t i = 0; copy && i < count; i++) {
        size_t bytes = pnas_named_tensor_values(&tensors[i]) * sizeof(float);
        copy[i] = tensors[i];
        copy[i].data = malloc(bytes + 1);
        if (!copy[i].data)
            pnas_tensor_group_free(&copy, i);
        else
            memcpy(copy[i].data, tensors[i].data, bytes);
    }
    return copy;
}
