#!/usr/bin/env python3
"""Estimates how long a training step takes on a GPU, from the launches that step_launches --list prints.

    build/bench/bench/step_launches --route gpu --list | bench/step_model.py
    build/bench/bench/step_launches --route gpu --random 8 --list | bench/step_model.py --launch 2.5

A launch takes the longest of four times, and then what every launch costs:
  bytes    what it must move, by the bandwidth that streaming kernels reach
  flops    its multiply-adds, by the rate that kernels with such tiles reach
  latency  one pass of a group through its chain of loads and barriers, times the waves of groups that do not fit at once
  launch   the least time between two launches that wait for each other in one queue
None of this was measured on a GPU; the figures are those of the options, and the result is good to a factor of two.
"""
import argparse
import csv
import sys

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--bandwidth", type=float, default=3.0, help="TB/s that a kernel reaches (3.0: of an H200's 4.8)")
parser.add_argument("--flops", type=float, default=25.0, help="TFLOP/s that a kernel reaches (25: of 67)")
parser.add_argument("--launch", type=float, default=2.5, help="us that each launch costs (2.5)")
parser.add_argument("--latency", type=float, default=3.0, help="us of a group's chain of loads and barriers (3)")
parser.add_argument("--units", type=int, default=132, help="compute units (132)")
parser.add_argument("--items", type=int, default=1024, help="work-items that a unit holds at once (1024: 64 registers)")
parser.add_argument("list", nargs="?", help="what step_launches --list printed (standard input)")
options = parser.parse_args()


def seconds(row):
    """The time of a launch by its limits, without what every launch costs."""
    groups, items = int(row["groups"]), int(row["items"])
    at_once = options.units * max(1, options.items // items)
    waves = -(-groups // at_once)
    return {
        "bytes": float(row["bytes"]) / (1e12 * options.bandwidth),
        "flops": float(row["flops"]) / (1e12 * options.flops),
        "latency": waves * 1e-6 * options.latency,
    }


lines = (open(options.list) if options.list else sys.stdin).read().splitlines()
children = int(next(line for line in lines if line.startswith("children,")).split(",")[1])
first = next(i for i, line in enumerate(lines) if line.startswith("label,"))
ops = {}
for row in csv.DictReader(lines[first:]):
    limits = seconds(row)
    op = ops.setdefault(row["label"], {"launches": 0, "bytes": 0.0, "flops": 0.0, "kernels": 0.0, "by": {}})
    longest = max(limits, key=limits.get)
    op["launches"] += 1
    op["kernels"] += limits[longest]
    op["bytes"] += limits["bytes"]
    op["flops"] += limits["flops"]
    op["by"][longest] = op["by"].get(longest, 0) + 1

print(f"a child's step, in a group of {children}: {options.bandwidth:g} TB/s, {options.flops:g} TFLOP/s, "
      f"{options.launch:g} us a launch, {options.latency:g} us a wave of groups on {options.units} units")
print(f"{'op':40s} {'launches':>9s} {'ms':>8s} {'floor ms':>9s} {'of floor':>9s}  bound by")
total = {"launches": 0.0, "ms": 0.0, "floor": 0.0}
for label, op in sorted(ops.items(), key=lambda item: -item[1]["kernels"]):
    launches = op["launches"] / children
    ms = 1e3 * op["kernels"] / children
    floor = 1e3 * max(op["bytes"], op["flops"]) / children
    total["launches"] += launches
    total["ms"] += ms
    total["floor"] += floor
    by = max(op["by"], key=op["by"].get)
    print(f"{label:40s} {launches:9.1f} {ms:8.3f} {floor:9.3f} {ms / floor if floor else float('nan'):9.1f}  {by}")
overhead = 1e-3 * options.launch * total["launches"]
print(f"{'kernels':40s} {total['launches']:9.1f} {total['ms']:8.3f} {total['floor']:9.3f}")
print(f"{'launches':40s} {'':9s} {overhead:8.3f}")
print(f"{'step':40s} {'':9s} {total['ms'] + overhead:8.3f} ms")
