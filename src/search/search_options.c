#include "src/search/search_options.h"

size_t pnas_search_budget(const pnas_search_options *options)
{
    if (options->children > 0)
        return (size_t)options->children;
    size_t first = options->first ? (size_t)options->first : pnas_space_one_block_cells(&options->space);
    return first + (size_t)(options->space.blocks - 1) * (size_t)options->beam;
}

size_t pnas_search_level_size(const pnas_search_options *options, int blocks, size_t below)
{
    size_t all = blocks > 1 ? SIZE_MAX : pnas_space_one_block_cells(&options->space);
    size_t size = blocks > 1 ? (size_t)options->beam : all;
    size_t total = (size_t)options->children;
    if (total > 0)
        size = total > below ? (total - below) / (size_t)(options->space.blocks - blocks + 1) : 0;
    if (blocks == 1 && options->first > 0)
        size = (size_t)options->first;
    size = size < all ? size : all;
    return size > 0 ? size : 1;
}
