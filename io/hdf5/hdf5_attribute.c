#include "io/hdf5/hdf5_attribute.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool pnas_h5_has_attribute(hid_t object, const char *name)
{
    return H5Aexists(object, name) > 0;
}

/* HDF5's type for UTF-8 in C strings; `length` is H5T_VARIABLE or that of a fixed string in the file. */
static hid_t text_type(size_t length)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, length);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

pnas_status pnas_h5_write_text(hid_t object, const char *name, const char *value)
{
    hid_t type = text_type(H5T_VARIABLE), space = H5Screate(H5S_SCALAR);
    hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    bool written = attribute >= 0 && H5Awrite(attribute, type, &value) >= 0;
    pnas_status status =
        written ? PNAS_OK : pnas_h5_fail(PNAS_ERROR_FILE, object, name, "attribute cannot be written");
    if (attribute >= 0)
        H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
    return status;
}

/* Opens an attribute that holds one value. */
static pnas_status open_attribute(hid_t object, const char *name, hid_t *out)
{
    *out = H5Aexists(object, name) > 0 ? H5Aopen(object, name, H5P_DEFAULT) : -1;
    if (*out < 0)
        return pnas_h5_fail(PNAS_ERROR_DATA, object, name, "expected an attribute, found nothing");
    hid_t space = H5Aget_space(*out);
    hssize_t count = H5Sget_simple_extent_npoints(space);
    H5Sclose(space);
    if (count != 1) {
        H5Aclose(*out);
        *out = -1;
        return pnas_h5_fail(PNAS_ERROR_DATA, object, name, "expected one value, found %lld",
                            (long long)count);
    }
    return PNAS_OK;
}

static char *read_attribute_text(hid_t attribute, hid_t file_type)
{
    if (H5Tis_variable_str(file_type) > 0) {
        hid_t type = H5Tcopy(file_type);
        char *value = NULL, *copy = NULL;
        if (H5Aread(attribute, type, &value) >= 0)
            copy = strdup(value ? value : "");
        H5free_memory(value);
        H5Tclose(type);
        return copy;
    }
    size_t size = H5Tget_size(file_type);
    char *text = calloc(size + 1, 1);
    if (text && H5Aread(attribute, file_type, text) < 0) {
        free(text);
        text = NULL;
    }
    return text;
}

pnas_status pnas_h5_read_text(hid_t object, const char *name, char **out)
{
    *out = NULL;
    hid_t attribute;
    PNAS_TRY(open_attribute(object, name, &attribute));
    hid_t type = H5Aget_type(attribute);
    pnas_status status = PNAS_OK;
    if (H5Tget_class(type) != H5T_STRING)
        status = pnas_h5_fail(PNAS_ERROR_DATA, object, name, "expected text");
    else if (!(*out = read_attribute_text(attribute, type)))
        status = pnas_h5_fail(PNAS_ERROR_DATA, object, name, "attribute cannot be read");
    H5Tclose(type);
    H5Aclose(attribute);
    return status;
}

pnas_status pnas_h5_copy_text(hid_t object, const char *name, char *out, size_t size)
{
    char *text;
    PNAS_TRY(pnas_h5_read_text(object, name, &text));
    assert(text);
    size_t length = strlen(text);
    if (length < size)
        memcpy(out, text, length + 1);
    free(text);
    if (length >= size)
        return pnas_h5_fail(PNAS_ERROR_DATA, object, name, "text of %zu bytes, at most %zu are allowed",
                            length, size - 1);
    return PNAS_OK;
}

pnas_status pnas_h5_write_number(hid_t object, const char *name, hid_t file_type, hid_t memory_type,
                                 const void *value)
{
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t attribute = H5Acreate2(object, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT);
    bool written = attribute >= 0 && H5Awrite(attribute, memory_type, value) >= 0;
    pnas_status status =
        written ? PNAS_OK : pnas_h5_fail(PNAS_ERROR_FILE, object, name, "attribute cannot be written");
    if (attribute >= 0)
        H5Aclose(attribute);
    H5Sclose(space);
    return status;
}

pnas_status pnas_h5_read_number(hid_t object, const char *name, hid_t memory_type, void *value)
{
    hid_t attribute;
    PNAS_TRY(open_attribute(object, name, &attribute));
    hid_t type = H5Aget_type(attribute);
    pnas_status status = PNAS_OK;
    if (H5Tget_class(type) != H5Tget_class(memory_type))
        status = pnas_h5_fail(PNAS_ERROR_DATA, object, name, "expected %s",
                              H5Tget_class(memory_type) == H5T_FLOAT ? "a real number" : "an integer");
    else if (H5Aread(attribute, memory_type, value) < 0)
        status = pnas_h5_fail(PNAS_ERROR_DATA, object, name, "attribute cannot be read");
    H5Tclose(type);
    H5Aclose(attribute);
    return status;
}

pnas_status pnas_h5_read_conventions(const char *path, char *out, size_t size)
{
    hid_t file = H5I_INVALID_HID;
    *out = '\0';
    pnas_status status = pnas_h5_open(path, &file);
    if (status == PNAS_OK)
        status = pnas_h5_finish(&file, pnas_h5_copy_text(file, "conventions", out, size));
    if (status != PNAS_OK)
        *out = '\0';
    return status == PNAS_ERROR_FILE ? status : PNAS_OK;
}

pnas_status pnas_h5_check_target(const char *path, const char *conventions, const char *kind)
{
    char found[64] = "";
    if (access(path, F_OK) != 0)
        return PNAS_OK;
    (void)pnas_h5_read_conventions(path, found, sizeof found); /* what cannot be read is none of ours */
    PNAS_CHECK(strncmp(found, conventions, strlen(conventions)) == 0, PNAS_ERROR_FILE,
               "%s: is there already and is no %s; name another file", path, kind);
    return PNAS_OK;
}
