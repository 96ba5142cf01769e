/* edit_network FILE.h5 EDIT...: damages a network file as another program could, through HDF5, and takes its seal off,
 * and the sum of its content, which alone would find every change.
 * An edit is `delete PATH`, `number OBJECT ATTRIBUTE VALUE`, `real OBJECT ATTRIBUTE VALUE`,
 * `text OBJECT ATTRIBUTE VALUE`, `floats PATH COUNT`: an array of so many zeros in the place of what is there,
 * `nan PATH`: its values are no numbers any more, or `fill PATH VALUE`: all of them are this one. Run files can be edited
 * in the same way. Not a test itself. */
#include "io/hdf5/hdf5_attribute.h"

#include <hdf5_hl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SEAL_SIZE = 20, FLOATS_MAX = 1000 };

static void must(herr_t done, const char *what)
{
    if (done >= 0)
        return;
    fprintf(stderr, "edit_network: %s failed\n", what);
    exit(70);
}

static void set_attribute(hid_t file, char **argument)
{
    const char *kind = argument[0], *name = argument[2], *value = argument[3];
    const int64_t number = atoll(value);
    const double real = atof(value);
    pnas_status status;
    hid_t object = H5Oopen(file, argument[1], H5P_DEFAULT);
    must(H5Adelete(object, name), name);
    if (strcmp(kind, "number") == 0)
        status = pnas_h5_write_number(object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &number);
    else if (strcmp(kind, "real") == 0)
        status = pnas_h5_write_number(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &real);
    else
        status = pnas_h5_write_text(object, name, value);
    must(status == PNAS_OK ? 0 : -1, name);
    H5Oclose(object);
}

static void fill(hid_t file, const char *path, double value)
{
    hid_t array = H5Dopen2(file, path, H5P_DEFAULT), space = H5Dget_space(array);
    hssize_t count = H5Sget_simple_extent_npoints(space);
    must(count > 0 && count <= FLOATS_MAX ? 0 : -1, path);
    double values[FLOATS_MAX];
    for (hssize_t i = 0; i < count; ++i)
        values[i] = value;
    must(H5Dwrite(array, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), path);
    H5Sclose(space);
    H5Dclose(array);
}

/* Returns the number of arguments used. */
static int edit(hid_t file, char **argument)
{
    static const float zeros[FLOATS_MAX];
    if (strcmp(argument[0], "number") == 0 || strcmp(argument[0], "real") == 0 ||
        strcmp(argument[0], "text") == 0) {
        set_attribute(file, argument);
        return 4;
    }
    if (strcmp(argument[0], "nan") == 0) {
        fill(file, argument[1], NAN);
        return 2;
    }
    if (strcmp(argument[0], "fill") == 0) {
        fill(file, argument[1], atof(argument[2]));
        return 3;
    }
    must(H5Ldelete(file, argument[1], H5P_DEFAULT), argument[1]);
    if (strcmp(argument[0], "delete") == 0)
        return 2;
    const hsize_t count = strtoull(argument[2], NULL, 10);
    must(count <= FLOATS_MAX ? H5LTmake_dataset_float(file, argument[1], 1, &count, zeros) : -1, argument[1]);
    return 3;
}

int main(int argc, char **argv)
{
    hid_t file = argc > 1 ? H5Fopen(argv[1], H5F_ACC_RDWR, H5P_DEFAULT) : -1;
    must(file < 0 ? -1 : 0, "opening the file");
    for (char **at = argv + 2; *at;)
        at += edit(file, at);
    if (H5Aexists(file, "content_sha256") > 0)
        must(H5Adelete(file, "content_sha256"), "taking the sum off");
    must(H5Fclose(file), "closing the file");
    FILE *stream = fopen(argv[1], "rb+");
    if (!stream || fseek(stream, 0, SEEK_END) != 0)
        return 74;
    long size = ftell(stream);
    char end[SEAL_SIZE] = "";
    if (size > SEAL_SIZE && fseek(stream, size - SEAL_SIZE, SEEK_SET) == 0 &&
        fread(end, 1, sizeof end, stream) == sizeof end && memcmp(end, "PNASSEAL", 8) == 0)
        must(ftruncate(fileno(stream), size - SEAL_SIZE), "taking the seal off");
    fclose(stream);
    return 0;
}
