/* Predictions as text: for people, as CSV and as JSON. docs/networks.md shows each. Local. */
#ifndef PNAS_NET_PREDICTION_H
#define PNAS_NET_PREDICTION_H

#include "io/net/prediction_file.h"

#include <stdio.h>

void pnas_net_print_predictions(FILE *out, const pnas_predictions *predictions);
void pnas_net_csv_predictions(FILE *out, const pnas_predictions *predictions);
void pnas_net_json_predictions(FILE *out, const pnas_predictions *predictions);

#endif
