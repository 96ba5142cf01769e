#include "src/search/search_options.h"

size_t pnas_search_budget(const pnas_search_options *options)
{
    size_t first = options->first ? (size_t)options->first : pnas_space_one_block_cells(&options->space);
    return first + (size_t)(options->space.blocks - 1) * (size_t)options->beam;
}
