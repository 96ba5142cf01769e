/* Channels in segments, each padded to V: logical channel l is physical l / segment * padded + l % segment. */
#ifndef SEGMENTS_H
#define SEGMENTS_H

INLINE int padded_segment(const int segment)
{
    return (segment + V - 1) / V * V;
}

/* The physical channel that physical channel p of another segmentation is copied from; -1 for padding. */
INLINE int regroup_source(const int p, const int from_segment, const int to_segment, const int logical)
{
    const int padded = padded_segment(to_segment), l = p / padded * to_segment + p % padded;
    if (p % padded >= to_segment || l >= logical)
        return -1;
    return l / from_segment * padded_segment(from_segment) + l % from_segment;
}

#endif
