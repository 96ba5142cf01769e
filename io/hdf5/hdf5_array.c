#include "io/hdf5/hdf5_array.h"

#include "io/hdf5/hdf5_attribute.h"

#include <hdf5_hl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLAIM_FREE  (4.0 * 1024 * 1024)
#define CLAIM_RATIO 4096.0 /* more than any array of numbers is packed by; deflate's best is 1032 */
#define CHUNK_RATIO 4.0    /* where an array may grow, its first chunk may be larger than it is */
#define TEXT_COST   48.0   /* what a text takes in memory besides its bytes */
#define VALUES_MAX  4e9    /* of an array that is loaded whatever its shape */

/* --- Writing ------------------------------------------------------------------------------------------- */

/* Dataset creation properties. Times are not tracked: the same content makes the same bytes. */
static hid_t array_properties(const pnas_h5_array *array)
{
    hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_obj_track_times(properties, 0);
    hsize_t chunk[PNAS_H5_RANK_MAX], values = 1;
    for (int i = 0; i < array->rank; ++i) {
        chunk[i] = array->chunk[i] < array->shape[i] ? array->chunk[i] : array->shape[i];
        values *= chunk[i];
    }
    if (values > 0) {
        H5Pset_chunk(properties, array->rank, chunk);
        H5Pset_shuffle(properties);
        H5Pset_deflate(properties, 6);
    }
    return properties;
}

static pnas_status describe_array(hid_t dataset, const char *long_name, const char *units)
{
    if (long_name)
        PNAS_TRY(pnas_h5_write_text(dataset, "long_name", long_name));
    if (units)
        PNAS_TRY(pnas_h5_write_text(dataset, "units", units));
    return PNAS_OK;
}

static pnas_status attach_scale(hid_t parent, hid_t dataset, const char *scale, unsigned dimension)
{
    hid_t id = H5Dopen2(parent, scale, H5P_DEFAULT);
    bool attached = id >= 0 && H5DSattach_scale(dataset, id, dimension) >= 0;
    pnas_status status = attached ? PNAS_OK
                                  : pnas_h5_fail(PNAS_ERROR_FILE, dataset, NULL,
                                                 "dimension scale %s cannot be attached", scale);
    if (id >= 0)
        H5Dclose(id);
    return status;
}

static pnas_status describe_dimensions(hid_t parent, hid_t dataset, const pnas_h5_array *array)
{
    if (array->is_scale && H5DSset_scale(dataset, array->long_name) < 0)
        return pnas_h5_fail(PNAS_ERROR_FILE, dataset, NULL, "cannot be made a dimension scale");
    for (int i = 0; i < array->rank; ++i) {
        const char *label = array->dimension[i];
        if (label && H5DSset_label(dataset, (unsigned)i, label) < 0)
            return pnas_h5_fail(PNAS_ERROR_FILE, dataset, NULL, "dimension cannot be named %s", label);
        if (array->scale[i])
            PNAS_TRY(attach_scale(parent, dataset, array->scale[i], (unsigned)i));
    }
    return PNAS_OK;
}

pnas_status pnas_h5_begin_array(hid_t parent, const pnas_h5_array *array, hid_t *out)
{
    hid_t properties = array_properties(array);
    hid_t space = H5Screate_simple(array->rank, array->shape, NULL);
    *out = H5Dcreate2(parent, array->name, array->file_type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    pnas_status status =
        *out >= 0 ? PNAS_OK : pnas_h5_fail(PNAS_ERROR_FILE, parent, array->name, "cannot be created");
    H5Sclose(space);
    H5Pclose(properties);
    if (status == PNAS_OK)
        status = describe_array(*out, array->long_name, array->units);
    if (status == PNAS_OK)
        status = describe_dimensions(parent, *out, array);
    if (status != PNAS_OK)
        pnas_h5_end_array(out);
    return status;
}

pnas_status pnas_h5_write_chunk(hid_t dataset, hsize_t first_row, const void *packed, size_t size)
{
    const hsize_t begin[PNAS_H5_RANK_MAX] = {first_row};
    return H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, begin, size, packed) >= 0
               ? PNAS_OK
               : pnas_h5_fail(PNAS_ERROR_FILE, dataset, NULL, "cannot be written");
}

pnas_status pnas_h5_write_piece(hid_t dataset, hsize_t first, const void *data, size_t count)
{
    const hsize_t values = count;
    hid_t space = H5Dget_space(dataset), memory = H5Screate_simple(1, &values, NULL);
    bool written = H5Sselect_hyperslab(space, H5S_SELECT_SET, &first, NULL, &values, NULL) >= 0 &&
                   H5Dwrite(dataset, H5T_NATIVE_UINT8, memory, space, H5P_DEFAULT, data) >= 0;
    pnas_status status =
        written ? PNAS_OK : pnas_h5_fail(PNAS_ERROR_FILE, dataset, NULL, "cannot be written");
    H5Sclose(memory);
    H5Sclose(space);
    return status;
}

void pnas_h5_end_array(hid_t *dataset)
{
    if (*dataset >= 0)
        H5Dclose(*dataset);
    *dataset = -1;
}

pnas_status pnas_h5_write_array(hid_t parent, const pnas_h5_array *array)
{
    hid_t dataset;
    hsize_t values = 1;
    for (int i = 0; i < array->rank; ++i)
        values *= array->shape[i];
    PNAS_TRY(pnas_h5_begin_array(parent, array, &dataset));
    pnas_status status = PNAS_OK;
    if (values > 0 && H5Dwrite(dataset, array->memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, array->data) < 0)
        status = pnas_h5_fail(PNAS_ERROR_FILE, parent, array->name, "cannot be written");
    pnas_h5_end_array(&dataset);
    return status;
}

/* --- Reading ------------------------------------------------------------------------------------------- */

static void print_type(hid_t type, char *out, size_t size)
{
    size_t bits = 8 * H5Tget_size(type);
    switch (H5Tget_class(type)) {
    case H5T_INTEGER:
        snprintf(out, size, "%sint%zu", H5Tget_sign(type) == H5T_SGN_NONE ? "u" : "", bits);
        break;
    case H5T_FLOAT:
        snprintf(out, size, "float%zu", bits);
        break;
    case H5T_ENUM:
        snprintf(out, size, "enumeration of %zu bits", bits);
        break;
    default:
        snprintf(out, size, "%s", "other than numbers");
    }
}

static void print_shape(int rank, const hsize_t *shape, char *out, size_t size)
{
    size_t length = 0;
    for (int i = 0; i < rank && length < size; ++i)
        length += (size_t)snprintf(out + length, size - length, "%s%llu", i ? ", " : "",
                                   (unsigned long long)shape[i]);
}

static pnas_status check_type(hid_t parent, const char *name, hid_t dataset, hid_t memory_type)
{
    char expected[48], found[48];
    hid_t type = H5Dget_type(dataset);
    print_type(memory_type, expected, sizeof expected);
    print_type(type, found, sizeof found);
    H5Tclose(type);
    if (strcmp(expected, found) != 0)
        return pnas_h5_fail(PNAS_ERROR_DATA, parent, name, "expected %s, found %s", expected, found);
    return PNAS_OK;
}

/* Values of a chunk of an array; HDF5 takes memory for a whole one, however little of it the array holds. */
static double chunk_values(hid_t dataset)
{
    hsize_t chunk[H5S_MAX_RANK];
    double values = 0;
    hid_t properties = H5Dget_create_plist(dataset);
    if (H5Pget_layout(properties) == H5D_CHUNKED) {
        int rank = H5Pget_chunk(properties, H5S_MAX_RANK, chunk);
        values = 1;
        for (int i = 0; i < rank; ++i)
            values *= (double)chunk[i];
    }
    H5Pclose(properties);
    return values;
}

/* A shape is only a claim: no memory is taken for what the file cannot hold. */
static pnas_status check_claim(hid_t parent, const char *name, hid_t dataset, int rank, const hsize_t *shape)
{
    hid_t type = H5Dget_type(dataset);
    double size = (double)H5Tget_size(type), stored = (double)H5Dget_storage_size(dataset), values = 1;
    double taken = H5Tget_class(type) == H5T_STRING ? size + TEXT_COST : size;
    H5Tclose(type);
    for (int i = 0; i < rank; ++i)
        values *= (double)shape[i];
    if (values * taken > CLAIM_FREE && values * size > CLAIM_RATIO * stored)
        return pnas_h5_fail(PNAS_ERROR_DATA, parent, name,
                            "claims to hold %.3g bytes, of which %.0f are stored", values * size, stored);
    if (!pnas_h5_charge(stored, values * size > CLAIM_RATIO * stored ? values * size : 0))
        return pnas_h5_fail(PNAS_ERROR_DATA, parent, name,
                            "with what was read before it claims far more bytes than the file has");
    double chunk = chunk_values(dataset) * size;
    if (chunk > CLAIM_FREE && chunk > CHUNK_RATIO * values * size)
        return pnas_h5_fail(PNAS_ERROR_DATA, parent, name,
                            "holds %.3g bytes in chunks of %.3g; 'h5repack -l CONTI' lays it out anew",
                            values * size, chunk);
    return PNAS_OK;
}

/* Values that lie in other files, or are put together from other arrays, are none of what this program reads:
 * such a file could show any file as images, ask for /dev/zero, or be put together from itself for ever. To be
 * asked before its shape, which HDF5 looks for in the other places. */
static bool is_elsewhere(hid_t dataset)
{
    hid_t properties = H5Dget_create_plist(dataset);
    bool elsewhere = H5Pget_layout(properties) == H5D_VIRTUAL || H5Pget_external_count(properties) > 0;
    H5Pclose(properties);
    return elsewhere;
}

static pnas_status open_own_array(hid_t parent, const char *name, hid_t *out)
{
    *out = H5Dopen2(parent, name, H5P_DEFAULT);
    if (*out < 0)
        return pnas_h5_fail(PNAS_ERROR_DATA, parent, name, "expected an array, found %s",
                            pnas_h5_exists(parent, name) ? "none that can be read" : "nothing");
    if (!is_elsewhere(*out))
        return PNAS_OK;
    H5Dclose(*out);
    *out = -1;
    return pnas_h5_fail(
        PNAS_ERROR_DATA, parent, name,
        "its values lie elsewhere (a virtual array or external storage), and they are read from "
        "this file alone; 'h5repack' makes a file that holds them itself");
}

/* Opens an array of `rank` dimensions and gives its shape. */
static pnas_status open_array(hid_t parent, const char *name, int rank, hsize_t *shape, hid_t *out)
{
    PNAS_TRY(open_own_array(parent, name, out));
    hid_t space = H5Dget_space(*out);
    int found = H5Sget_simple_extent_ndims(space);
    if (found == rank)
        H5Sget_simple_extent_dims(space, shape, NULL);
    H5Sclose(space);
    if (found != rank) {
        H5Dclose(*out);
        *out = -1;
        return pnas_h5_fail(PNAS_ERROR_DATA, parent, name, "expected %d dimension%s, found %d", rank,
                            rank == 1 ? "" : "s", found);
    }
    pnas_status status = check_claim(parent, name, *out, rank, shape);
    if (status != PNAS_OK) {
        H5Dclose(*out);
        *out = -1;
    }
    return status;
}

pnas_status pnas_h5_read_shape(hid_t parent, const char *name, hid_t memory_type, int rank, hsize_t *shape)
{
    hid_t dataset;
    PNAS_TRY(open_array(parent, name, rank, shape, &dataset));
    pnas_status status = check_type(parent, name, dataset, memory_type);
    H5Dclose(dataset);
    return status;
}

pnas_status pnas_h5_check_shape(hid_t parent, const char *name, int rank, const hsize_t *expected,
                                const hsize_t *found)
{
    char want[96] = "", is[96] = "";
    if (memcmp(expected, found, (size_t)rank * sizeof *found) == 0)
        return PNAS_OK;
    print_shape(rank, expected, want, sizeof want);
    print_shape(rank, found, is, sizeof is);
    return pnas_h5_fail(PNAS_ERROR_DATA, parent, name, "expected shape [%s], found [%s]", want, is);
}

/* Pieces that an array is stored in, and how many of them are stored. */
static bool count_pieces(hid_t dataset, double *needed, double *stored)
{
    hsize_t shape[H5S_MAX_RANK] = {0}, chunk[H5S_MAX_RANK], chunks = 0;
    hid_t properties = H5Dget_create_plist(dataset), space = H5Dget_space(dataset);
    bool counted = true;
    *needed = H5Sget_simple_extent_npoints(space) > 0;
    *stored = H5Dget_storage_size(dataset) > 0;
    if (*needed > 0 && H5Pget_layout(properties) == H5D_CHUNKED) {
        int rank = H5Sget_simple_extent_dims(space, shape, NULL);
        counted = H5Pget_chunk(properties, H5S_MAX_RANK, chunk) == rank &&
                  H5Dget_num_chunks(dataset, space, &chunks) >= 0;
        for (int i = 0; i < rank && counted; ++i)
            *needed *= ceil((double)shape[i] / (double)chunk[i]);
        *stored = (double)chunks;
    }
    H5Sclose(space);
    H5Pclose(properties);
    return counted;
}

/* HDF5 gives zeros for what was never written. Our own writers write all of an array. */
static pnas_status check_written(hid_t parent, const char *name, hid_t dataset)
{
    double needed, stored;
    if (!count_pieces(dataset, &needed, &stored))
        return pnas_h5_fail(PNAS_ERROR_DATA, parent, name, "is damaged: its chunks cannot be counted");
    if (stored >= needed)
        return PNAS_OK;
    return stored == 0
               ? pnas_h5_fail(PNAS_ERROR_DATA, parent, name, "has values that nobody has ever written")
               : pnas_h5_fail(PNAS_ERROR_DATA, parent, name,
                              "is damaged: only %.0f of its %.0f chunks were ever written; put a copy of the "
                              "file back",
                              stored, needed);
}

pnas_status pnas_h5_read_array(hid_t parent, const char *name, hid_t memory_type, int rank,
                               const hsize_t *shape, void *data)
{
    hsize_t found[PNAS_H5_RANK_MAX] = {0};
    hid_t dataset;
    PNAS_TRY(open_array(parent, name, rank, found, &dataset));
    pnas_status status = check_type(parent, name, dataset, memory_type);
    hsize_t values = 1;
    for (int i = 0; i < rank; ++i)
        values *= shape[i];
    if (status == PNAS_OK)
        status = pnas_h5_check_shape(parent, name, rank, shape, found);
    if (status == PNAS_OK)
        status = check_written(parent, name, dataset);
    if (status == PNAS_OK && values > 0 &&
        H5Dread(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
        status = pnas_h5_fail(PNAS_ERROR_DATA, parent, name, "is damaged and cannot be read");
    H5Dclose(dataset);
    return status;
}

static pnas_status load_array(hid_t parent, const char *name, hid_t dataset, hid_t memory_type, int *rank,
                              hsize_t *shape, void **out)
{
    double values = 1;
    hid_t space = H5Dget_space(dataset);
    *rank = H5Sget_simple_extent_ndims(space);
    bool fits = *rank >= 1 && *rank <= PNAS_H5_RANK_MAX;
    if (fits)
        H5Sget_simple_extent_dims(space, shape, NULL);
    H5Sclose(space);
    if (!fits)
        return pnas_h5_fail(PNAS_ERROR_DATA, parent, name, "expected 1 to %d dimensions, found %d",
                            PNAS_H5_RANK_MAX, *rank);
    PNAS_TRY(check_claim(parent, name, dataset, *rank, shape));
    PNAS_TRY(check_type(parent, name, dataset, memory_type));
    for (int i = 0; i < *rank; ++i)
        values *= (double)shape[i];
    if (values > VALUES_MAX)
        return pnas_h5_fail(PNAS_ERROR_DATA, parent, name, "claims to hold %.3g values", values);
    PNAS_TRY(check_written(parent, name, dataset));
    *out = malloc((size_t)values * H5Tget_size(memory_type) + 1);
    if (!*out)
        return pnas_h5_fail(PNAS_ERROR_MEMORY, parent, name, "out of memory for %.0f values", values);
    if (values > 0 && H5Dread(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, *out) < 0)
        return pnas_h5_fail(PNAS_ERROR_DATA, parent, name, "is damaged and cannot be read");
    return PNAS_OK;
}

pnas_status pnas_h5_load_array(hid_t parent, const char *name, hid_t memory_type, int *rank, hsize_t *shape,
                               void **out)
{
    hid_t dataset;
    *out = NULL;
    PNAS_TRY(open_own_array(parent, name, &dataset));
    pnas_status status = load_array(parent, name, dataset, memory_type, rank, shape, out);
    H5Dclose(dataset);
    if (status != PNAS_OK) {
        free(*out);
        *out = NULL;
    }
    return status;
}

/* --- Vectors of text ----------------------------------------------------------------------------------- */

pnas_status pnas_h5_write_strings(hid_t parent, const char *name, const char *const *values, size_t count,
                                  const char *long_name, const char *dimension)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    pnas_h5_array array = {.name = name,
                           .file_type = type,
                           .memory_type = type,
                           .rank = 1,
                           .shape = {count},
                           .data = values,
                           .long_name = long_name,
                           .dimension = {dimension}};
    pnas_status status = pnas_h5_write_array(parent, &array);
    H5Tclose(type);
    return status;
}

/* Where HDF5 puts texts: no more bytes than the file has, as many texts may claim the same bytes of it. */
typedef struct {
    size_t left; /* bytes */
    char **text; /* [room], those that it gave out */
    size_t count, room;
    bool no_memory;
} text_store;

static void *take_text(size_t size, void *payload)
{
    text_store *store = payload;
    if (store->count >= store->room || size > store->left)
        return NULL;
    char *text = malloc(size ? size : 1);
    store->no_memory = !text;
    if (!text)
        return NULL;
    store->left -= size;
    return store->text[store->count++] = text;
}

static void give_text_back(void *text, void *payload)
{
    text_store *store = payload;
    for (size_t i = store->count; i > 0; --i)
        if (store->text[i - 1] == text)
            store->text[i - 1] = NULL;
    free(text);
}

static bool read_stored(hid_t dataset, hid_t type, text_store *store, char **out)
{
    hid_t transfer = H5Pcreate(H5P_DATASET_XFER);
    bool read = H5Pset_vlen_mem_manager(transfer, take_text, store, give_text_back, store) >= 0 &&
                H5Dread(dataset, type, H5S_ALL, H5S_ALL, transfer, out) >= 0;
    H5Pclose(transfer);
    return read;
}

static size_t file_size(hid_t dataset)
{
    hsize_t size = 0;
    hid_t file = H5Iget_file_id(dataset);
    H5Fget_filesize(file, &size);
    H5Fclose(file);
    return size;
}

static pnas_status read_variable(hid_t dataset, hid_t type, char **out, size_t count)
{
    text_store store = {
        .left = file_size(dataset) + count, .text = calloc(count + 1, sizeof(char *)), .room = count};
    PNAS_CHECK(store.text, PNAS_ERROR_MEMORY, "out of memory for %zu texts", count);
    bool read = read_stored(dataset, type, &store, out), whole = true;
    for (size_t i = 0; i < store.count && !read; ++i)
        free(store.text[i]);
    for (size_t i = 0; i < count; ++i)
        if (!read)
            out[i] = NULL; /* it was the store's */
        else if (!out[i])
            whole = (out[i] = strdup("")) != NULL && whole;
    free(store.text);
    if (!whole || store.no_memory)
        return pnas_h5_fail(PNAS_ERROR_MEMORY, dataset, NULL, "out of memory for %zu texts", count);
    return read ? PNAS_OK : pnas_h5_fail(PNAS_ERROR_DATA, dataset, NULL, "is damaged and cannot be read");
}

static pnas_status read_fixed(hid_t dataset, hid_t type, char **out, size_t count)
{
    size_t size = H5Tget_size(type);
    char *values = calloc(count + 1, size);
    PNAS_CHECK(values, PNAS_ERROR_MEMORY, "out of memory for %zu texts", count);
    bool read = H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
    bool copied = read;
    for (size_t i = 0; i < count && copied; ++i)
        copied = (out[i] = strndup(values + i * size, size)) != NULL;
    free(values);
    PNAS_CHECK(!read || copied, PNAS_ERROR_MEMORY, "out of memory for %zu texts", count);
    return read ? PNAS_OK : pnas_h5_fail(PNAS_ERROR_DATA, dataset, NULL, "is damaged and cannot be read");
}

pnas_status pnas_h5_read_strings(hid_t parent, const char *name, char ***out, size_t *count)
{
    *out = NULL;
    *count = 0;
    hsize_t shape[1] = {0};
    hid_t dataset;
    PNAS_TRY(open_array(parent, name, 1, shape, &dataset));
    hid_t type = H5Dget_type(dataset);
    pnas_status status = PNAS_OK;
    if (H5Tget_class(type) != H5T_STRING)
        status = pnas_h5_fail(PNAS_ERROR_DATA, parent, name, "expected text");
    else
        status = check_written(parent, name, dataset);
    if (status == PNAS_OK) {
        *out = calloc(shape[0] + 1, sizeof **out);
        status =
            *out ? (H5Tis_variable_str(type) > 0 ? read_variable : read_fixed)(dataset, type, *out, shape[0])
                 : pnas_h5_fail(PNAS_ERROR_MEMORY, parent, name, "out of memory for %llu texts",
                                (unsigned long long)shape[0]);
    }
    if (status == PNAS_OK)
        *count = shape[0];
    else
        pnas_h5_free_strings(out, shape[0]);
    H5Tclose(type);
    H5Dclose(dataset);
    return status;
}

void pnas_h5_free_strings(char ***strings, size_t count)
{
    for (size_t i = 0; *strings && i < count; ++i)
        free((*strings)[i]);
    free(*strings);
    *strings = NULL;
}
