/* Names of the layout of data sets (docs/formats.md). Not for callers. */
#ifndef PNAS_IO_DATASET_LAYOUT_H
#define PNAS_IO_DATASET_LAYOUT_H

#define PNAS_DATASET_CONVENTIONS "PNAS-dataset-1"
#define PNAS_DATASET_ENCODING    "encoding" /* attribute of a set whose images are encoded ... */
#define PNAS_DATASET_JPEG        "jpeg"     /* ... and its text */

#endif
