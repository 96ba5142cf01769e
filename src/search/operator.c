#include "src/search/operator.h"
