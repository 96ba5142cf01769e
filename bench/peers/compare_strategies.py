#!/usr/bin/env python3
"""How many children a strategy needs until it has trained a cell of a table's best 1 %, over many seeds.

Replays pnas, random and evolution with `evaluator: table` and reads the children of each run in the order in which
they were proposed. Prints the quartiles and writes the share of seeds that have found such a cell after so many
children as CSV; with gnuplot installed, as a picture beside it.

    python3 bench/peers/compare_strategies.py build/ci/bin/pnas_mpi tests/data/digits_table.h5 \\
        --out docs/pictures/strategies
"""
import argparse
import os
import subprocess
import tempfile

import h5py
import numpy as np

STRATEGIES = ["pnas", "evolution", "random"]


def threshold(table):
    with h5py.File(table) as file:
        accuracy = np.sort(file["accuracy"][:])
    return accuracy[-max(1, len(accuracy) // 100)]


def children(run):
    with h5py.File(run) as file:
        levels = sorted(file["levels"], key=int)
        return np.concatenate([file["levels"][level]["accuracy"][:] for level in levels])


def replay(arguments, strategy, seed, folder):
    run = os.path.join(folder, f"{strategy}{seed}.h5")
    configuration = os.path.join(folder, "replay.yaml")
    with open(configuration, "w") as file:
        file.write(f"evaluator: table\ntable: {os.path.abspath(arguments.table)}\n"
                   f"space: {{blocks: {arguments.blocks}}}\n"
                   f"search: {{first: {arguments.first}, beam: {arguments.beam}, population: {arguments.population}, "
                   f"sample: {arguments.sample}, round: {arguments.round}}}\n")
    command = [arguments.program, configuration, "-q", "-o", run, "--set", f"search.strategy={strategy}",
               "--set", f"seed={seed}"]
    for override in arguments.set:
        command += ["--set", override]
    subprocess.run(command, check=True, capture_output=True)
    return children(run)


def plot(out, budget):
    script = (f"set terminal svg size 640,400 background 'white' font 'sans,13'\nset output '{out}.svg'\n"
              "set datafile separator ','\nset key left top\nset grid lc rgb '#dddddd'\n"
              f"set xrange [0:{budget}]\nset yrange [0:1]\nset xlabel 'children trained'\n"
              "set ylabel 'share of seeds with a cell of the best 1 %'\n"
              f"plot for [i=2:{len(STRATEGIES) + 1}] '{out}.csv' using 1:i with steps lw 2 title columnheader(i)\n")
    try:
        subprocess.run(["gnuplot"], input=script, text=True, check=True)
    except FileNotFoundError:
        print("gnuplot is not installed: no picture")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("table")
    parser.add_argument("--out", help="writes OUT.csv and OUT.svg")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--blocks", type=int, default=3)
    parser.add_argument("--first", type=int, default=12)
    parser.add_argument("--beam", type=int, default=12)
    parser.add_argument("--population", type=int, default=10)
    parser.add_argument("--sample", type=int, default=3)
    parser.add_argument("--round", type=int, default=1)
    parser.add_argument("--set", action="append", default=[])
    arguments = parser.parse_args()
    limit, found, budget = threshold(arguments.table), {}, 0
    print(f"best 1 %: {limit:.4f} and above\nstrategy   found  quartiles of children needed (of those trained)")
    with tempfile.TemporaryDirectory() as folder:
        for strategy in STRATEGIES:
            needed = []
            for seed in range(1, arguments.seeds + 1):
                accuracy = replay(arguments, strategy, seed, folder)
                budget = max(budget, len(accuracy))
                hits = np.flatnonzero(accuracy >= limit)
                needed.append(hits[0] + 1 if len(hits) else np.inf)
            found[strategy] = np.array(needed)
            shares = np.quantile(found[strategy], [0.25, 0.5, 0.75], method="inverted_cdf")
            print(f"{strategy:10} {np.isfinite(needed).sum():2}/{len(needed)}  {shares[0]:.0f} {shares[1]:.0f} "
                  f"{shares[2]:.0f}", flush=True)
    if arguments.out:
        with open(arguments.out + ".csv", "w") as file:
            file.write("children," + ",".join(STRATEGIES) + "\n")
            for n in range(budget + 1):
                file.write(f"{n}," + ",".join(f"{(found[s] <= n).mean():.3f}" for s in STRATEGIES) + "\n")
        plot(arguments.out, budget)


if __name__ == "__main__":
    main()
