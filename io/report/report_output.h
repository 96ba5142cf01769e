/* The file of a report. Not for callers. Local. */
#ifndef PNAS_IO_REPORT_OUTPUT_H
#define PNAS_IO_REPORT_OUTPUT_H

#include "io/file/output_file.h"
#include "io/report/report.h"

/* PNAS_ERROR_FILE if it cannot be written, or is there and is no report and options->force is not set. */
pnas_status pnas_report_output_create(const pnas_report_options *options, pnas_output_file *out);

#endif
