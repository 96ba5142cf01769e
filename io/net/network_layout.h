/* Names of the network file that its writer and its reader share. Private to network_*.c. */
#ifndef PNAS_IO_NETWORK_LAYOUT_H
#define PNAS_IO_NETWORK_LAYOUT_H

#define PNAS_NETWORK_CONVENTIONS "PNAS-network-1"
#define PNAS_WEIGHTS_CONVENTIONS "PNAS-weights-1" /* of a search */

/* Columns of /network/operator_numbers. */
enum { PNAS_OPERATOR_NUMBERS = 5 };

#endif
