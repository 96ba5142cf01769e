/* Names of the layout of data sets (docs/formats.md). Not for callers. */
#ifndef PNAS_IO_DATASET_LAYOUT_H
#define PNAS_IO_DATASET_LAYOUT_H

#define PNAS_DATASET_CONVENTIONS "PNAS-dataset-1"
#define PNAS_DATASET_ENCODING    "encoding" /* attribute of a set whose images are encoded ... */
#define PNAS_DATASET_JPEG        "jpeg"     /* ... and its text */
#define PNAS_DATASET_CHUNK_BYTES (512 * 1024)

/* Streams of a store (io/data/row_store.h) that has the images of a data set: those of both parts, whole or encoded; a
 * byte of the importer's for each picture; and, where they are encoded, the ends of those of both parts (8 bytes each,
 * little-endian) and of each training image the sums over its pixels and over their squares, by channel (8 bytes each) */
enum {
    PNAS_STREAM_TRAIN,
    PNAS_STREAM_TEST,
    PNAS_STREAM_OUTCOME,
    PNAS_STREAM_TRAIN_ENDS,
    PNAS_STREAM_TEST_ENDS,
    PNAS_STREAM_SUMS
};
#define PNAS_STREAMS_PLAIN   3
#define PNAS_STREAMS_ENCODED 6

#endif
