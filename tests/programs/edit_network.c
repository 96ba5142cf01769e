/* edit_network FILE.h5 EDIT...: damages a network file as another program could, through HDF5, and takes its seal off.
 * An edit is `delete PATH`, `number OBJECT ATTRIBUTE VALUE`, `text OBJECT ATTRIBUTE VALUE`, or `floats PATH COUNT`: an
 * array of so many zeros in the place of what is there. Not a test itself. */
#include "io/hdf5/hdf5_util.h"

#include <hdf5_hl.h>
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

static void set_attribute(hid_t file, char **argument, bool number)
{
    const int64_t value = atoll(argument[3]);
    hid_t object = H5Oopen(file, argument[1], H5P_DEFAULT);
    must(H5Adelete(object, argument[2]), argument[2]);
    pnas_status status =
        number ? pnas_h5_write_number(object, argument[2], H5T_STD_I64LE, H5T_NATIVE_INT64, &value)
               : pnas_h5_write_text(object, argument[2], argument[3]);
    must(status == PNAS_OK ? 0 : -1, argument[2]);
    H5Oclose(object);
}

/* Returns the number of arguments used. */
static int edit(hid_t file, char **argument)
{
    static const float zeros[FLOATS_MAX];
    bool number = strcmp(argument[0], "number") == 0;
    if (number || strcmp(argument[0], "text") == 0) {
        set_attribute(file, argument, number);
        return 4;
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
