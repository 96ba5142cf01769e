/* Bytes of the harnesses' inputs that hostile_inputs.c writes, too. */
#ifndef PNAS_TESTS_INPUT_BYTES_H
#define PNAS_TESTS_INPUT_BYTES_H

/* An edit of an HDF5 file (hdf5_edits.c) that links: its kind, and what the link is. */
enum { EDIT_LINK = 2 };
enum { LINK_HARD, LINK_SOFT, LINK_NEW, LINK_NEW_TOO, LINK_EXTERNAL, LINK_ELSEWHERE, LINK_KINDS };

/* Where the values of an array lie instead (LINK_ELSEWHERE): in an array of the file, in another file, or in a chunk
 * that is far larger than the array. */
enum { ELSEWHERE_VIRTUAL, ELSEWHERE_VIRTUAL_FIXED, ELSEWHERE_EXTERNAL, ELSEWHERE_CHUNK, ELSEWHERE_KINDS };

/* Flags of a file that is imported (fuzz_import.c), and of the first byte of fuzz_image_file.c: a stretched file has
 * 200 GiB, nearly all of them holes. */
enum { FILE_ABSENT = 1, FILE_GZIPPED = 2, FILE_DAMAGED = 4, FILE_FITTING = 8, FILE_STRETCHED = 16 };
enum { IMAGE_STRETCHED = 128 };

#endif
