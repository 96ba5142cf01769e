#include "tests/fuzz/hdf5_edits.h"

#include "io/hdf5/file_seal.h"
#include "io/hdf5/hdf5_util.h"
#include "tests/fuzz/input_bytes.h"
#include "tests/fuzz/scratch.h"

#include <fcntl.h>
#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OBJECTS_MAX 512
#define EDITS_MAX   6
#define SEAL_SIZE   20
#define WRITE_MAX   4096 /* values that are written into a new array */
#define CHANGE_MAX                                                                                           \
    0x10000 /* values of an array that may be changed; an earlier edit may have made it larger */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static unsigned char *base; /* the valid file without its seal */
static size_t base_size;
static char *object[OBJECTS_MAX]; /* paths of groups and arrays; the root is "." */
static struct {
    char *object, *name;
} attribute[OBJECTS_MAX];
static size_t objects, attributes;
static unsigned choice;

/* ---- the input ---- */

typedef struct {
    const uint8_t *at, *end;
} stream;

static unsigned take(stream *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

/* A text of at most `most` bytes; the caller's (free). */
static char *take_text(stream *in, size_t most)
{
    size_t length = take(in), left = (size_t)(in->end - in->at);
    length = length < left ? length : left;
    length = length < most ? length : most;
    char *text = calloc(1, length + 1);
    memcpy(text, in->at, length);
    in->at += length;
    return text;
}

/* ---- the valid file ---- */

static herr_t note_attribute(hid_t id, const char *name, const H5A_info_t *info, void *payload)
{
    if (attributes < OBJECTS_MAX) {
        attribute[attributes].object = strdup(payload);
        attribute[attributes++].name = strdup(name);
    }
    return 0;
}

static herr_t note_object(hid_t root, const char *name, const pnas_h5_object_info *info, void *payload)
{
    if (objects < OBJECTS_MAX)
        object[objects++] = strdup(name);
    hid_t id = H5Oopen(root, name, H5P_DEFAULT);
    H5Aiterate2(id, H5_INDEX_NAME, H5_ITER_INC, NULL, note_attribute, (void *)name);
    H5Oclose(id);
    return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    scratch_begin();
    /* HDF5 wants half a megabyte for each file it opens; kept, that does not have to be paged in each time. */
    H5set_free_list_limits(-1, -1, -1, -1, -1, -1);
    const char *path = scratch_path("valid.h5");
    fuzz_make(path);
    fuzz_read(path);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, note_object, NULL, H5O_INFO_BASIC);
    H5Fclose(file);
    base = scratch_read(path, &base_size);
    if (base_size > SEAL_SIZE && memcmp(base + base_size - SEAL_SIZE, "PNASSEAL", 8) == 0)
        base_size -= SEAL_SIZE;
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    return 0;
}

/* ---- edits through HDF5 ---- */

static hid_t take_type(stream *in)
{
    const hid_t types[] = {H5T_NATIVE_INT8,   H5T_NATIVE_UINT8, H5T_NATIVE_INT16,  H5T_NATIVE_UINT16,
                           H5T_NATIVE_INT32,  H5T_NATIVE_INT64, H5T_NATIVE_UINT64, H5T_NATIVE_FLOAT,
                           H5T_NATIVE_DOUBLE, H5T_IEEE_F32BE,   H5T_STD_I64BE};
    unsigned which = take(in);
    if (which % 16 < sizeof types / sizeof *types)
        return H5Tcopy(types[which % 16]);
    hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, which & 16 ? H5T_VARIABLE : 1 + take(in));
    H5Tset_strpad(text, which & 32 ? H5T_STR_NULLPAD : H5T_STR_NULLTERM);
    return text;
}

/* Zero, few, and now and then more than there can be. */
static hid_t take_space(stream *in)
{
    hsize_t shape[8];
    int rank = (int)(take(in) % 6);
    if (rank == 5 && take(in) & 1)
        return H5Screate(H5S_NULL);
    for (int i = 0; i < rank; i++) {
        unsigned size = take(in);
        shape[i] = size < 224 ? size % 24 : (hsize_t)1 << (2 * (size - 224));
    }
    return rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, shape, NULL);
}

/* Values for `type` and `space` from the input; NULL where there are too many. The caller's (free). */
static void *take_values(stream *in, hid_t type, hid_t space, char *text)
{
    hssize_t count = H5Sget_simple_extent_npoints(space);
    size_t size = H5Tget_size(type);
    if (count <= 0 || count > WRITE_MAX)
        return NULL;
    unsigned char *values = calloc((size_t)count, size);
    if (H5Tis_variable_str(type) > 0) {
        for (hssize_t i = 0; i < count; i++)
            ((char **)values)[i] = i % 7 == 3 ? NULL : text;
        return values;
    }
    size_t given = take(in);
    for (size_t i = 0; i < given && i < (size_t)count * size; i++)
        values[i] = (unsigned char)take(in);
    return values;
}

static void replace_array(hid_t file, const char *name, stream *in)
{
    hid_t type = take_type(in), space = take_space(in);
    char *text = take_text(in, 200);
    void *values = take_values(in, type, space, text);
    H5Ldelete(file, name, H5P_DEFAULT);
    hid_t array = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (array >= 0 && values)
        H5Dwrite(array, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    if (array >= 0)
        H5Dclose(array);
    free(values);
    free(text);
    H5Sclose(space);
    H5Tclose(type);
}

/* An edit before may have laid its values elsewhere, perhaps into itself, which HDF5 reads for ever, or in one chunk
 * that takes all memory. */
static bool is_handy(hid_t array)
{
    hid_t properties = H5Dget_create_plist(array);
    hsize_t extent[H5S_MAX_RANK], chunk = 1;
    H5D_layout_t layout = H5Pget_layout(properties);
    int rank = layout == H5D_CHUNKED ? H5Pget_chunk(properties, H5S_MAX_RANK, extent) : 0;
    for (int i = 0; i < rank; i++)
        chunk = chunk <= CHANGE_MAX ? chunk * extent[i] : chunk;
    bool handy = layout != H5D_VIRTUAL && H5Pget_external_count(properties) == 0 && chunk <= CHANGE_MAX;
    H5Pclose(properties);
    return handy;
}

/* Some values of an array that stays what it is. */
static void change_values(hid_t file, const char *name, stream *in)
{
    hid_t array = H5Dopen2(file, name, H5P_DEFAULT);
    if (array < 0)
        return;
    hid_t type = H5Dget_type(array), space = H5Dget_space(array);
    hssize_t count = H5Sget_simple_extent_npoints(space);
    bool fits = count > 0 && count <= CHANGE_MAX && is_handy(array);
    size_t size = fits ? (size_t)count * H5Tget_size(type) : 0;
    char *text = take_text(in, 200);
    unsigned char *values = calloc(1, size + 1);
    bool texts = H5Tis_variable_str(type) > 0;
    if (texts && size > 0) {
        for (size_t i = 0; i < size / sizeof(char *); i++)
            ((char **)values)[i] = text;
        H5Dwrite(array, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    } else if (size > 0 && H5Tget_class(type) != H5T_VLEN &&
               H5Dread(array, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0) {
        size_t at = take(in) | take(in) << 8;
        for (unsigned left = 1 + take(in) % 16; left > 0; left--)
            values[at++ % size] = (unsigned char)take(in);
        H5Dwrite(array, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    }
    free(values);
    free(text);
    H5Sclose(space);
    H5Tclose(type);
    H5Dclose(array);
}

static void replace_attribute(hid_t file, size_t which, stream *in)
{
    const char *name = attribute[which].name;
    hid_t id = H5Oopen(file, attribute[which].object, H5P_DEFAULT);
    if (id < 0)
        return;
    hid_t type = take_type(in), space = take_space(in);
    char *text = take_text(in, 255);
    void *values = take_values(in, type, space, text);
    H5Adelete(id, name);
    hid_t made = H5Acreate2(id, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (made >= 0 && values)
        H5Awrite(made, type, values);
    if (made >= 0)
        H5Aclose(made);
    free(values);
    free(text);
    H5Sclose(space);
    H5Tclose(type);
    H5Oclose(id);
}

/* The commonest kind of attribute with another value. */
static void change_text(hid_t file, size_t which, stream *in)
{
    hid_t id = H5Oopen(file, attribute[which].object, H5P_DEFAULT);
    hid_t made = id >= 0 ? H5Aopen(id, attribute[which].name, H5P_DEFAULT) : -1;
    char *text = take_text(in, 255);
    if (made >= 0) {
        hid_t type = H5Aget_type(made), space = H5Aget_space(made);
        uint64_t number[4] = {0};
        memcpy(number, text, strlen(text) < sizeof number ? strlen(text) : sizeof number);
        bool texts = H5Tis_variable_str(type) > 0;
        if (texts && H5Sget_simple_extent_npoints(space) == 1)
            H5Awrite(made, type, &text);
        else if (!texts && H5Tget_class(type) != H5T_VLEN && H5Aget_storage_size(made) <= sizeof number)
            H5Awrite(made, type, number);
        H5Sclose(space);
        H5Tclose(type);
        H5Aclose(made);
    }
    if (id >= 0)
        H5Oclose(id);
    free(text);
}

/* An array whose values lie in other places: in itself, in another array, in any file, or in a chunk too large. */
static void make_elsewhere(hid_t file, const char *name, const char *target, stream *in)
{
    const hsize_t size[1] = {1 + take(in) % 24}, most[1] = {H5S_UNLIMITED}, start[1] = {0}, stride[1] = {1};
    const hsize_t chunk[1] = {1 << 28};
    unsigned kind = take(in) % ELSEWHERE_KINDS;
    bool grows = kind == ELSEWHERE_VIRTUAL || kind == ELSEWHERE_CHUNK;
    hid_t space = H5Screate_simple(1, size, grows ? most : NULL), properties = H5Pcreate(H5P_DATASET_CREATE);
    if (kind == ELSEWHERE_VIRTUAL)
        H5Sselect_hyperslab(space, H5S_SELECT_SET, start, stride, most, NULL);
    if (kind == ELSEWHERE_CHUNK)
        H5Pset_chunk(properties, 1, chunk);
    else if (kind == ELSEWHERE_EXTERNAL)
        H5Pset_external(properties, "/dev/zero", 0, H5F_UNLIMITED);
    else
        H5Pset_virtual(properties, space, ".", target, space);
    H5Ldelete(file, name, H5P_DEFAULT);
    hid_t array = H5Dcreate2(file, name, H5T_NATIVE_FLOAT, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    if (array >= 0)
        H5Dclose(array);
    H5Pclose(properties);
    H5Sclose(space);
    if (kind == ELSEWHERE_VIRTUAL || kind == ELSEWHERE_VIRTUAL_FIXED)
        in->at =
            in->end; /* the last edit: where it is of itself, HDF5 never gives back what it opens to look at it */
}

static void make_link(hid_t file, const char *name, stream *in)
{
    const char *target = object[take(in) % objects];
    char *text = take_text(in, 200);
    unsigned kind = take(in) % LINK_KINDS;
    if (kind == LINK_HARD || kind == LINK_SOFT || kind == LINK_EXTERNAL)
        H5Ldelete(file, name, H5P_DEFAULT);
    if (kind == LINK_HARD)
        H5Lcreate_hard(file, target, file, name, H5P_DEFAULT, H5P_DEFAULT);
    else if (kind == LINK_SOFT)
        H5Lcreate_soft(*text ? text : name, file, name, H5P_DEFAULT, H5P_DEFAULT);
    else if (kind == LINK_EXTERNAL)
        H5Lcreate_external("valid.h5", target, file, name, H5P_DEFAULT, H5P_DEFAULT);
    else if (kind == LINK_ELSEWHERE)
        make_elsewhere(file, name, target, in);
    else
        H5Lcreate_hard(file, target, file, *text ? text : "new", H5P_DEFAULT, H5P_DEFAULT);
    free(text);
}

static void edit(hid_t file, stream *in)
{
    unsigned kind = take(in) % 8, which = take(in) | take(in) << 8;
    const char *name = object[which % objects];
    if (kind == 0)
        H5Ldelete(file, name, H5P_DEFAULT);
    else if (kind == 1)
        replace_array(file, name, in);
    else if (kind == EDIT_LINK)
        make_link(file, name, in);
    else if (kind < 5 || attributes == 0)
        change_values(file, name, in);
    else if (kind == 5)
        replace_attribute(file, which % attributes, in);
    else if (kind == 6)
        change_text(file, which % attributes, in);
    else
        H5Adelete_by_name(file, attribute[which % attributes].object, attribute[which % attributes].name,
                          H5P_DEFAULT);
}

/* In memory, which is quicker than in a file; HDF5 wants the name of a file that is not there. Whatever an edit left
 * open is closed with it: else the next input would get this file, as it has the same name. */
static void edit_objects(const char *path, stream *in)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(access, 1 << 16, 0);
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    H5Pset_file_image(access, base, base_size);
    hid_t file = H5Fopen("edited", H5F_ACC_RDWR, access);
    if (file < 0)
        abort();
    for (int i = 0; i < EDITS_MAX && in->at < in->end; i++)
        edit(file, in);
    ssize_t size = H5Fflush(file, H5F_SCOPE_GLOBAL) >= 0 ? H5Fget_file_image(file, NULL, 0) : -1;
    void *image = size > 0 ? malloc((size_t)size) : NULL;
    if (!image || H5Fget_file_image(file, image, (size_t)size) != size)
        abort();
    scratch_write(path, image, (size_t)size);
    free(image);
    H5Fclose(file);
    H5Pclose(access);
}

/* ---- edits of bytes ---- */

/* Place (3 bytes), how many from 1 to 8, and these; the last byte of all may cut the file short. */
static void edit_bytes(const char *path, stream *in)
{
    unsigned char *bytes = malloc(base_size);
    memcpy(bytes, base, base_size);
    size_t size = base_size;
    while (in->at < in->end) {
        size_t at = take(in) | take(in) << 8 | take(in) << 16;
        for (unsigned count = 1 + take(in) % 8; count > 0; count--)
            bytes[at++ % base_size] = (unsigned char)take(in);
        if (in->end - in->at == 1)
            size -= size * take(in) / 256;
    }
    scratch_write(path, bytes, size);
    free(bytes);
}

static void seal(const char *path)
{
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0 || pnas_file_seal(file, path) != PNAS_OK || close(file) != 0)
        abort();
}

unsigned fuzz_choice(void)
{
    return choice;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    choice = 0;
    for (size_t i = 0; i < size; i++)
        choice += data[i];
    const char *path = scratch_path("fuzzed.h5");
    stream in = {data, data + size};
    (getenv("PNAS_FUZZ_BYTES") ? edit_bytes : edit_objects)(path, &in);
    if (fuzz_sealed)
        seal(path);
    fuzz_read(path);
    return 0;
}
