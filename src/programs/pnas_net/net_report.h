/* The figures of a test as text: for people, as JSON, and the confusion matrix as CSV. Local. */
#ifndef PNAS_NET_REPORT_H
#define PNAS_NET_REPORT_H

#include "io/net/network_weights.h"

#include <stdio.h>

typedef struct {                   /* borrowed */
    const pnas_network_file *file; /* with its test */
    const pnas_chosen_weights *weights;
    bool other;  /* the data are not those of the training */
    double crop; /* share of both sides of each image that was looked at; 1: all of it */
} pnas_test_report;

void pnas_net_print_test(FILE *out, const pnas_test_report *report);
void pnas_net_json_test(FILE *out, const pnas_test_report *report);

/* One row a true class, one column a predicted one. */
void pnas_net_csv_confusion(FILE *out, const pnas_network_file *file);

#endif
