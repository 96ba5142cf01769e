#!/usr/bin/env python3
"""What stopping children early costs in accuracy, and saves in epochs, over many seeds.

Replays a search with `evaluator: table` from a table with learning curves, once without rungs and once with each of the
rungs given, with the same seed: pairs. Prints for each the share of the epochs, the mean best accuracy, the mean
difference to the search without rungs and its standard error.

    python3 bench/rungs.py build/ci/bin curves.h5 --strategy guided --rungs 2:0.25 --rungs 1,3:0.4

A table with curves is a RUN.h5, or what pnas_table makes of several. Needs Python alone.
"""
import argparse
import concurrent.futures
import csv
import io
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile


def replay(arguments, strategy, rungs, seed):
    """The best measured accuracy and the share of the epochs."""
    with tempfile.TemporaryDirectory() as folder:
        configuration, run = os.path.join(folder, "replay.yaml"), os.path.join(folder, "run.h5")
        epochs, share = rungs.split(":") if rungs else ("", "0.5")
        with open(configuration, "w") as file:
            file.write(f"evaluator: table\ntable: {os.path.abspath(arguments.table)}\nseed: {seed}\n"
                       f"space: {{blocks: {arguments.blocks}}}\ntraining: {{epochs: {arguments.epochs}}}\n"
                       f"search: {{strategy: {strategy}, children: {arguments.children}, population: 12, sample: 4,\n"
                       f"  rungs: \"{epochs}\", rung_share: {share}, round: {arguments.round}}}\n")
        command = [os.path.join(arguments.programs, "pnas_mpi"), configuration, "-o", run]
        for override in arguments.set:
            command += ["--set", override]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stderr
        ranked = subprocess.run([os.path.join(arguments.programs, "pnas_rank"), run, "--format", "csv", "--top", "1"],
                                check=True, capture_output=True, text=True).stdout
        best = float(next(csv.DictReader(io.StringIO(ranked)))["score"])
        trained = re.search(r"rungs: .* ([0-9.]+) %", said)
        return best, float(trained.group(1)) / 100 if trained else 1.0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", help="the folder with pnas_mpi and pnas_rank")
    parser.add_argument("table")
    parser.add_argument("--strategy", action="append", default=[])
    parser.add_argument("--rungs", action="append", default=[], help="EPOCHS:SHARE, as in 1,3:0.4; may be repeated")
    parser.add_argument("--blocks", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=10, help="of the table's curves")
    parser.add_argument("--children", type=int, default=60)
    parser.add_argument("--round", type=int, default=12)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    arguments = parser.parse_args()
    print("| strategy | rungs | epochs | best accuracy | less than without rungs |\n|---|---|---|---|---|")
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for strategy in arguments.strategy or ["pnas", "guided", "evolution", "random"]:
            plain = None
            for rungs in [""] + arguments.rungs:
                results = list(pool.map(lambda seed: replay(arguments, strategy, rungs, seed),
                                        range(1, arguments.seeds + 1)))
                best = [result[0] for result in results]
                plain = plain or best
                less = [a - b for a, b in zip(plain, best)]
                error = statistics.stdev(less) / math.sqrt(len(less)) if len(less) > 1 else 0
                deviation = statistics.stdev(best) if len(best) > 1 else 0
                share = statistics.mean(result[1] for result in results)
                print(f"| {strategy} | {rungs or 'none'} | {100 * share:.1f} % | {statistics.mean(best):.4f} ± "
                      f"{deviation:.4f} | {statistics.mean(less):.4f} ± {error:.4f} |", flush=True)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        said = error.stderr or b""
        sys.exit(said if isinstance(said, str) else said.decode())
