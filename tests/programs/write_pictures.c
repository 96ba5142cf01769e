/* write_pictures FOLDER COUNT CLASSES SIDE [SPOILT]: a folder of COUNT JPEGs in CLASSES folders, each about SIDE pixels
 * high and wide; the same for the same arguments. With SPOILT (1) also files of many kinds that are no pictures, and
 * pictures that are unusual. Prints "bad PATH" for each file that cannot be taken. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h> /* before jpeglib.h, which needs it */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jpeglib.h>
#include <png.h>
#include <zlib.h>

typedef struct {
    int height, width, channels, orientation, progressive; /* channels 4: a printer's inks */
    uint32_t seed;
} drawing;

static char folder[2048];

static void die(const char *what)
{
    fprintf(stderr, "write_pictures: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint32_t next(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Smooth, with a little noise, as photographs are. */
static unsigned char *draw(const drawing *how)
{
    size_t size = (size_t)how->height * (size_t)how->width * (size_t)how->channels;
    unsigned char *pixels = malloc(size), *at = pixels;
    uint32_t state = how->seed * 2654435761u + 1;
    int base = (int)(next(&state) % 128), slope = (int)(next(&state) % 64);
    if (!pixels)
        die("memory");
    for (int y = 0; y < how->height; y++)
        for (int x = 0; x < how->width; x++)
            for (int c = 0; c < how->channels; c++) {
                int wave = ((x * (1 + slope % 5) + y * (1 + base % 3) + 40 * c) & 127) * slope / 64;
                *at++ = (unsigned char)(base + wave / 2 + (int)(next(&state) & 15));
            }
    return pixels;
}

static const char *path_of(const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_jpeg(const char *name, const drawing *how)
{
    static const unsigned char exif[] = {'E', 'x',  'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1,
                                         1,   0x12, 0,   3,   0, 0, 0,   1,   0, 6,  0, 0, 0, 0, 0, 0};
    struct jpeg_error_mgr errors;
    struct jpeg_compress_struct jpeg = {.err = jpeg_std_error(&errors)};
    FILE *file = fopen(path_of(name), "wb");
    if (!file)
        die(path_of(name));
    unsigned char *pixels = draw(how);
    jpeg_create_compress(&jpeg);
    jpeg_stdio_dest(&jpeg, file);
    jpeg.image_width = (JDIMENSION)how->width;
    jpeg.image_height = (JDIMENSION)how->height;
    jpeg.input_components = how->channels;
    jpeg.in_color_space = how->channels == 1 ? JCS_GRAYSCALE : how->channels == 4 ? JCS_CMYK : JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 90, TRUE);
    if (how->progressive)
        jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    if (how->orientation > 0)
        jpeg_write_marker(&jpeg, JPEG_APP0 + 1, exif, sizeof exif);
    for (int y = 0; y < how->height; y++) {
        JSAMPROW row = pixels + (size_t)y * (size_t)how->width * (size_t)how->channels;
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    free(pixels);
    if (fclose(file) != 0)
        die(path_of(name));
}

static void write_png(const char *name, const drawing *how, unsigned format)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)how->width,
                       .height = (png_uint_32)how->height,
                       .format = format};
    drawing wide = *how; /* of 16 bits a value */
    wide.width *= format & PNG_FORMAT_FLAG_LINEAR ? 2 : 1;
    unsigned char *pixels = draw(&wide);
    if (!png_image_write_to_file(&image, path_of(name), 0, pixels, 0, NULL))
        die(path_of(name));
    free(pixels);
}

/* --- spoilt ones --- */

static void say_bad(const char *name)
{
    printf("bad %s\n", path_of(name));
}

static unsigned char *read_file(const char *name, size_t *size)
{
    FILE *file = fopen(path_of(name), "rb");
    unsigned char *bytes = malloc(1 << 20);
    if (!file || !bytes)
        die(path_of(name));
    *size = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

static void write_file(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(path_of(name), "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
        die(path_of(name));
}

/* The first `size` bytes of another file; 0 or below: all but so many. */
static void cut(const char *from, const char *name, long size)
{
    size_t whole;
    unsigned char *bytes = read_file(from, &whole);
    write_file(name, bytes, size > 0 ? (size_t)size : whole - (size_t)-size);
    free(bytes);
    say_bad(name);
}

/* A copy with the bytes at a place, or at one behind a mark, changed. */
static void change(const char *from, const char *name, const char *mark, size_t behind, const char *to,
                   size_t length)
{
    size_t size;
    unsigned char *bytes = read_file(from, &size);
    unsigned char *at = memmem(bytes, size, mark, strlen(mark));
    if (!at)
        die(mark);
    memcpy(at + behind, to, length);
    write_file(name, bytes, size);
    free(bytes);
    say_bad(name);
}

/* A head that is sound and claims 65535 x 65535 pixels. */
static void write_png_bomb(const char *name)
{
    size_t size;
    unsigned char *bytes = read_file("c000/good.png", &size), *head = bytes + 12; /* "IHDR" */
    memcpy(head + 4, "\0\0\xff\xff\0\0\xff\xff", 8);
    uLong sum = crc32(0, head, 17);
    for (int i = 0; i < 4; i++)
        head[17 + i] = (unsigned char)(sum >> (24 - 8 * i));
    write_file(name, bytes, size);
    free(bytes);
    say_bad(name);
}

static void link_to(const char *goal, const char *name, int bad)
{
    if (symlink(goal, path_of(name)) != 0)
        die(path_of(name));
    if (bad)
        say_bad(name);
}

static void write_spoilt(int side)
{
    drawing how = {side, side, 3, 0, 0, 77};
    write_jpeg("c000/good.jpg", &how);
    write_png("c000/good.png", &how, PNG_FORMAT_RGB);
    write_file("c001/empty.jpg", "", 0);
    say_bad("c001/empty.jpg");
    cut("c000/good.jpg", "c001/first_bytes.jpg", 3);
    cut("c000/good.jpg", "c001/head.jpg", 200);
    cut("c000/good.jpg", "c001/half.jpg", 900);
    cut("c000/good.jpg", "c001/no_end.jpg", -2);
    cut("c000/good.png", "c002/half.png", 300);
    cut("c000/good.png", "c002/no_end.png", -4);
    change("c000/good.png", "c002/crc.png", "IDAT", 40, "\x55\xaa", 2);
    write_png_bomb("c002/bomb.png");
    change("c000/good.jpg", "c003/bomb.jpg", "\xff\xc0", 5, "\x7f\xff\x7f\xff", 4);
    change("c000/good.jpg", "c003/no_height.jpg", "\xff\xc0", 5, "\0\0", 2);
    change("c000/good.jpg", "c003/no_width.jpg", "\xff\xc0", 7, "\0\0", 2);
    write_file("c003/text.jpg", "This is no picture.\n", 20);
    say_bad("c003/text.jpg");
    if (mkfifo(path_of("c003/pipe.jpg"), 0600) != 0)
        die("pipe.jpg");
    say_bad("c003/pipe.jpg");
    link_to("/etc/hostname", "c004/out.jpg", 1);
    link_to("/dev/zero", "c004/zero.png", 1);
    link_to("nowhere.jpg", "c004/nowhere.jpg", 1);
    link_to("../c000/good.jpg", "c004/inside.jpg", 0);
    if (mkdir(path_of("c004/folder.jpg"), 0755) != 0) /* a folder of a class, as any other */
        die("folder.jpg");
    how.channels = 1;
    write_jpeg("c004/folder.jpg/grey.JPEG", &how);
    how.channels = 4;
    write_jpeg("c004/inks.jpg", &how);
    how.channels = 3;
    how.progressive = 1;
    write_jpeg("c004/progressive.jpg", &how);
    how.width = side / 2 + 1;
    how.orientation = 6;
    write_jpeg("c004/turned.jpg", &how);
    write_png("c004/deep.png", &how, PNG_FORMAT_LINEAR_RGB);
    if (geteuid() == 0 && chmod(path_of("c004/deep.png"), 0) != 0) /* root sees all */
        die("deep.png");
}

int main(int argc, char **argv)
{
    char name[64];
    if (argc < 5) {
        fprintf(stderr, "usage: write_pictures FOLDER COUNT CLASSES SIDE [SPOILT]\n");
        return 64;
    }
    snprintf(folder, sizeof folder, "%s", argv[1]);
    int count = atoi(argv[2]), classes = atoi(argv[3]), side = atoi(argv[4]);
    mkdir(folder, 0755);
    for (int c = 0; c < classes; c++) {
        snprintf(name, sizeof name, "c%03d", c);
        if (mkdir(path_of(name), 0755) != 0)
            die(path_of(name));
    }
    for (int i = 0; i < count; i++) {
        uint32_t state = (uint32_t)i + 1;
        drawing how = {side / 2 + (int)(next(&state) % (uint32_t)side),
                       side / 2 + (int)(next(&state) % (uint32_t)side),
                       3,
                       0,
                       0,
                       (uint32_t)i};
        snprintf(name, sizeof name, "c%03d/%06d.jpg", i % classes, i);
        write_jpeg(name, &how);
    }
    if (argc > 5 && atoi(argv[5]))
        write_spoilt(side);
    return 0;
}
