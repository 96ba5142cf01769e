#include "io/hdf5/hdf5_rows.h"

#include "io/hdf5/hdf5_array.h"

#include <stdlib.h>

#define REMEDY "'pnas_data import' and 'h5repack -l CHUNK=...' with whole images lay it out so"

/* Shuffling changes nothing of single bytes. */
static bool known_filters(hid_t properties, bool *deflated)
{
    int filters = H5Pget_nfilters(properties);
    *deflated = false;
    for (int i = 0; i < filters; ++i) {
        unsigned flags, values[8];
        size_t count = sizeof values / sizeof *values;
        H5Z_filter_t filter = H5Pget_filter2(properties, (unsigned)i, &flags, &count, values, 0, NULL, NULL);
        if (filter == H5Z_FILTER_DEFLATE && !*deflated)
            *deflated = true;
        else if (filter != H5Z_FILTER_SHUFFLE)
            return false;
    }
    return filters >= 0;
}

static bool whole_rows(const hsize_t *shape, const hsize_t *chunk, int rank)
{
    for (int i = 1; i < rank; ++i)
        if (chunk[i] != shape[i])
            return false;
    return chunk[0] > 0;
}

static pnas_status find_chunks(hid_t parent, const char *name, hid_t dataset, pnas_stored_rows *out)
{
    for (size_t i = 0; i < out->count; ++i) {
        hsize_t size = 0, begin[PNAS_H5_RANK_MAX] = {i * out->rows};
        haddr_t at = HADDR_UNDEF;
        unsigned skipped = 0;
        herr_t found = H5Dget_chunk_info_by_coord(dataset, begin, &skipped, &at, &size);
        if (found < 0 || at == HADDR_UNDEF || size == 0 || skipped != 0)
            return pnas_h5_fail(PNAS_ERROR_DATA, parent, name, "is damaged: chunk %zu of %zu is not there", i,
                                out->count);
        out->place[i] = (pnas_stored_place){at, size};
    }
    return PNAS_OK;
}

static pnas_status find_offset(hid_t parent, const char *name, hid_t dataset, uint64_t *out)
{
    haddr_t at = H5Dget_offset(dataset);
    if (at == HADDR_UNDEF)
        return pnas_h5_fail(PNAS_ERROR_DATA, parent, name, "has values that nobody has ever written");
    *out = at;
    return PNAS_OK;
}

static pnas_status find_piece(hid_t parent, const char *name, hid_t dataset, size_t row_bytes,
                              pnas_stored_rows *out)
{
    uint64_t at = 0;
    PNAS_TRY(find_offset(parent, name, dataset, &at));
    for (size_t i = 0; i < out->count; ++i)
        out->place[i] = (pnas_stored_place){at + i * row_bytes, row_bytes};
    return PNAS_OK;
}

static pnas_status find(hid_t parent, const char *name, hid_t dataset, int rank, const hsize_t *shape,
                        pnas_stored_rows *out)
{
    hid_t properties = H5Dget_create_plist(dataset);
    hsize_t chunk[PNAS_H5_RANK_MAX] = {1};
    H5D_layout_t layout = H5Pget_layout(properties);
    bool chunked = layout == H5D_CHUNKED && H5Pget_chunk(properties, PNAS_H5_RANK_MAX, chunk) == rank;
    bool deflated = false;
    bool known = known_filters(properties, &deflated) &&
                 (layout == H5D_CONTIGUOUS || (chunked && whole_rows(shape, chunk, rank)));
    H5Pclose(properties);
    if (!known)
        return pnas_h5_fail(
            PNAS_ERROR_DATA, parent, name,
            "is not stored as whole images, plain or deflated, so it cannot be streamed; " REMEDY);
    size_t row_bytes = 1;
    for (int i = 1; i < rank; ++i)
        row_bytes *= shape[i];
    out->form = deflated ? PNAS_STORED_DEFLATED : PNAS_STORED_PLAIN;
    out->rows = chunked ? chunk[0] : 1;
    out->count = (shape[0] + out->rows - 1) / out->rows;
    out->place = calloc(out->count ? out->count : 1, sizeof *out->place);
    if (!out->place)
        return pnas_h5_fail(PNAS_ERROR_MEMORY, parent, name, "out of memory for the places of %zu chunks",
                            out->count);
    return chunked ? find_chunks(parent, name, dataset, out)
                   : find_piece(parent, name, dataset, row_bytes, out);
}

pnas_status pnas_h5_find_rows(hid_t parent, const char *name, int rank, pnas_stored_rows *out)
{
    hsize_t shape[PNAS_H5_RANK_MAX] = {0};
    *out = (pnas_stored_rows){0};
    PNAS_TRY(pnas_h5_read_shape(parent, name, H5T_NATIVE_UINT8, rank, shape));
    hid_t dataset = H5Dopen2(parent, name, H5P_DEFAULT);
    if (dataset < 0)
        return pnas_h5_fail(PNAS_ERROR_DATA, parent, name, "cannot be read");
    pnas_status status = find(parent, name, dataset, rank, shape, out);
    H5Dclose(dataset);
    if (status != PNAS_OK)
        pnas_stored_rows_free(out);
    return status;
}

pnas_status pnas_h5_find_bytes(hid_t parent, const char *name, uint64_t *at)
{
    hsize_t shape[PNAS_H5_RANK_MAX] = {0};
    PNAS_TRY(pnas_h5_read_shape(parent, name, H5T_NATIVE_UINT8, 1, shape));
    hid_t dataset = H5Dopen2(parent, name, H5P_DEFAULT);
    if (dataset < 0)
        return pnas_h5_fail(PNAS_ERROR_DATA, parent, name, "cannot be read");
    hid_t properties = H5Dget_create_plist(dataset);
    bool whole = H5Pget_layout(properties) == H5D_CONTIGUOUS && H5Dget_storage_size(dataset) == shape[0];
    H5Pclose(properties);
    pnas_status status =
        whole
            ? find_offset(parent, name, dataset, at)
            : pnas_h5_fail(PNAS_ERROR_DATA, parent, name,
                           "is not stored in one piece, so it cannot be streamed; 'pnas_data encode' lays it "
                           "out so");
    H5Dclose(dataset);
    return status;
}
