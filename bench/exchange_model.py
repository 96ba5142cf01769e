#!/usr/bin/env python3
"""What an update of final training takes on many ranks: the model of docs/scaling.md, with one shard a rank unless
--shards says more. Each rank sends n nodes of its shards to each other one and then its part of the sum, in pieces:

  exchange = pieces (n + 1) (P - 1) latency + 4 V (n + 1) (P - 1) / P / bandwidth + n V addition
  exposed  = the last piece's share, and what of the rest does not fit into half a shard's time
  update   = shards of a rank * shard + exposed + V applied
"""
import argparse
import math


def middle(first, end):
    left = 1
    while left < end - first - left:
        left *= 2
    return first + left


def nodes(first, end, lo, hi):
    """Of the tree over first .. end - 1, how many hold exactly lo .. hi - 1 together."""
    if lo >= end or hi <= first:
        return 0
    if lo <= first and end <= hi:
        return 1
    cut = middle(first, end)
    return nodes(first, cut, lo, hi) + nodes(cut, end, lo, hi)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--values", type=float, required=True, help="V: train_update prints it")
    parser.add_argument("--shard", type=float, required=True, help="time of a shard, ms")
    parser.add_argument("--shards", type=int, default=0, help="of an update; 0: one a rank")
    parser.add_argument("--latency", type=float, default=2, help="of a message, microseconds")
    parser.add_argument("--bandwidth", type=float, default=10, help="of a rank, each way, GB/s")
    parser.add_argument("--addition", type=float, default=0.5, help="of a value, ns")
    parser.add_argument("--applied", type=float, default=3, help="a value in the update itself, ns")
    parser.add_argument("--ranks", default="2,8,32,128,512")
    a = parser.parse_args()
    print("| ranks | shards | n | pieces | MB sent | exchange ms | exposed ms | update ms | efficiency |")
    print("|---|---|---|---|---|---|---|---|---|")
    for ranks in map(int, a.ranks.split(",")):
        shards = a.shards or ranks
        n = max(nodes(0, shards, shards * i // ranks, shards * (i + 1) // ranks) for i in range(ranks))
        pieces = max(1, min(8, int(a.values / (2048 * ranks))))
        sent = 4e-6 * a.values * (n + 1) * (ranks - 1) / ranks
        exchange = (1e-3 * pieces * (n + 1) * (ranks - 1) * a.latency + sent / a.bandwidth
                    + 1e-6 * n * a.values * a.addition)
        last = exchange / pieces
        exposed = last + max(0, exchange - last - a.shard / 2)
        applied = 1e-6 * a.values * a.applied
        update = math.ceil(shards / ranks) * a.shard + exposed + applied
        alone = shards * a.shard + applied
        print(f"| {ranks} | {shards} | {n} | {pieces} | {sent:.1f} | {exchange:.2f} | {exposed:.2f} | {update:.1f} | "
              f"{100 * alone / ranks / update:.1f} % |")


if __name__ == "__main__":
    main()
