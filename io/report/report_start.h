/* How every report begins, by which one is known that may be replaced by another. Local. */
#ifndef PNAS_IO_REPORT_START_H
#define PNAS_IO_REPORT_START_H

#define PNAS_REPORT_START "<!DOCTYPE html>\n<html lang=\"en\" data-pnas-report=\"1\""

#endif
