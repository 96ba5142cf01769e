/* The values of a configuration from its document. Local. */
#ifndef PNAS_IO_CONFIGURATION_FILL_H
#define PNAS_IO_CONFIGURATION_FILL_H

#include "io/config/configuration_source.h"

/* Puts every key of the source's document into `out`; what is not written there stays as it is.
 * PNAS_ERROR_USAGE about the first key that does not exist or does not allow its value. */
pnas_status pnas_configuration_fill(const pnas_source *source, pnas_configuration *out);

#endif
