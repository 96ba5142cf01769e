/* depthwise_tile.cl in vectors of sixteen, for processors whose registers hold as many. */
#define LANES 16
#include "depthwise_tile.cl"
