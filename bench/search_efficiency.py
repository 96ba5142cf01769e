#!/usr/bin/env python3
"""How many children a search needs until it has trained one of the best cells, over many seeds and tables.

Replays searches with `evaluator: table` and reads the children of each run in the order in which they were proposed.
`forest` is a peer: a random forest on counts of operators and inputs (scikit-learn) that starts from 8 cells drawn at
random and then takes its best two predictions among all cells of the table. A search is NAME or NAME:CHILDREN. Prints
for each table the quartiles of the children needed for one of the best 1 % and 0.3 %, and the mean regret (the
table's best accuracy less the best found) after 24, 36, 64 and 100 children. Writes the share of seeds that have
found one of the best 0.3 % after so many children as CSV; with gnuplot installed, as a picture beside it.

    python3 bench/search_efficiency.py build/ci/bin/pnas_mpi tests/data/*.h5 --out docs/pictures/strategies

Needs h5py, NumPy and, for the forest, scikit-learn. Tables are what pnas_table reads: runs, tables, CSV files.
"""
import argparse
import concurrent.futures
import csv
import math
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np

SEARCHES = ["guided", "forest", "evolution", "random", "pnas", "pnas:36"]
SHARES = [0.01, 0.003]
MOMENTS = [24, 36, 64, 100]
FOREST_FIRST, FOREST_ROUND, FOREST_TREES = 8, 2, 100


def read_table(path):
    with h5py.File(path) as file:
        cells = [text.decode() for text in file["cell"][:]]
        return cells, file["accuracy"][:]


def as_table(arguments, path, folder):
    """The table in one format, whatever it was."""
    out = os.path.join(folder, os.path.basename(path) + ".table.h5")
    program = os.path.join(os.path.dirname(arguments.program), "pnas_table")
    subprocess.run([program, path, "-o", out], check=True, capture_output=True)
    return out


# --- the program's searches ---

def children_of(run):
    """Accuracies in the order of proposals; a child that failed has none."""
    with h5py.File(run) as file:
        levels = [file["levels"][name] for name in sorted(file["levels"], key=int)]
        accuracy = np.concatenate([level["accuracy"][:] for level in levels])
        if all("order" in level for level in levels):
            accuracy = accuracy[np.argsort(np.concatenate([level["order"][:] for level in levels]))]
    return np.nan_to_num(accuracy)


def replay(arguments, table, strategy, children, seed):
    with tempfile.TemporaryDirectory() as folder:
        configuration, run = os.path.join(folder, "replay.yaml"), os.path.join(folder, "run.h5")
        with open(configuration, "w") as file:
            file.write(f"evaluator: table\ntable: {table}\nspace: {{blocks: {max_blocks(table)}}}\n"
                       f"search: {{strategy: {strategy}, children: {children}, population: 10, sample: 3}}\n")
        command = [arguments.program, configuration, "-q", "-o", run, "--set", f"seed={seed}"]
        command += [] if strategy != "evolution" else ["--set", "search.round=1"]
        for override in arguments.set:
            command += ["--set", override]
        subprocess.run(command, check=True, capture_output=True)
        return children_of(run)


def max_blocks(table):
    return max(cell.count("|") + 1 for cell in read_table(table)[0])


# --- the peer ---

def counts(cells):
    sides = [[side.split(":") for block in cell.split(" | ") for side in block.split("+")] for cell in cells]
    words = [sorted({side[place] for cell in sides for side in cell}) for place in (0, 1)]
    return np.array([[sum(side[place] == word for side in cell) for place in (0, 1) for word in words[place]]
                     + [len(cell) // 2] for cell in sides], float)


def forest(table, children, seed):
    from sklearn.ensemble import RandomForestRegressor
    cells, accuracy = read_table(table)
    features, draw = counts(cells), np.random.default_rng(seed)
    trained = list(draw.permutation(len(cells))[:FOREST_FIRST])
    while len(trained) < min(children, len(cells)):
        model = RandomForestRegressor(FOREST_TREES, random_state=seed)
        guess = model.fit(features[trained], accuracy[trained]).predict(features)
        guess[trained] = -1
        best = np.lexsort((draw.random(len(cells)), guess))[::-1]  # ties by chance
        trained += list(best[:min(FOREST_ROUND, children - len(trained))])
    return accuracy[trained]


# --- what is told ---

def search(job):
    arguments, table, name, seed = job
    strategy, _, children = name.partition(":")
    children = int(children or arguments.children)
    if strategy == "forest":
        return forest(table, children, seed)
    return replay(arguments, table, strategy, children, seed)


def needed(runs, limit):
    hits = [np.flatnonzero(run >= limit) for run in runs]
    return np.array([hit[0] + 1 if len(hit) else math.inf for hit in hits])


def summary(runs, accuracy):
    best = np.sort(accuracy)[::-1]
    row = []
    for share in SHARES:
        need = needed(runs, best[math.ceil(share * len(best)) - 1])
        row += [np.isfinite(need).sum(), *np.quantile(need, [0.25, 0.5, 0.75], method="inverted_cdf")]
    for moment in MOMENTS:
        enough = min(len(run) for run in runs) >= moment
        row.append(np.mean([best[0] - run[:moment].max() for run in runs]) if enough else math.nan)
    return row


def print_row(name, seeds, row):
    text = f"{name:12}"
    for found, *quartiles in (row[0:4], row[4:8]):
        text += f"  {found:2.0f}/{seeds}" + "".join(f" {value:4.0f}" for value in quartiles)
    print(text + "  " + " ".join(f"{value:.4f}" for value in row[8:]), flush=True)


def evaluate(arguments, table, pool):
    accuracy = read_table(table)[1]
    best = np.sort(accuracy)[::-1]
    limits = [best[math.ceil(share * len(best)) - 1] for share in SHARES]
    print(f"\n{os.path.basename(table)}: {len(best)} cells; best 1 %: {limits[0]:.4f}, best 0.3 %: {limits[1]:.4f}\n"
          f"search        found, quartiles 1 %    found, quartiles 0.3 %  "
          f"regret after {', '.join(map(str, MOMENTS))}", flush=True)
    found = {}
    for name in arguments.searches:
        jobs = [(arguments, table, name, arguments.first_seed + i) for i in range(arguments.seeds)]
        runs = list(pool.map(search, jobs))
        found[name] = needed(runs, limits[1])
        print_row(name, arguments.seeds, summary(runs, accuracy))
    return found


def write_csv(path, found, children):
    with open(path, "w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["children", *found])
        for n in range(children + 1):
            rows.writerow([n, *(f"{(need <= n).mean():.3f}" for need in found.values())])


def plot(out, searches, children):
    script = (f"set terminal svg size 640,400 background 'white' font 'sans,13'\nset output '{out}.svg'\n"
              "set datafile separator ','\nset key left top\nset grid lc rgb '#dddddd'\n"
              f"set xrange [0:{children}]\nset yrange [0:1]\nset xlabel 'children trained'\n"
              "set ylabel 'share of seeds with a cell of the best 0.3 %'\n"
              f"plot for [i=2:{len(searches) + 1}] '{out}.csv' using 1:i with steps lw 2 title columnheader(i)\n")
    try:
        subprocess.run(["gnuplot"], input=script, text=True, check=True)
    except FileNotFoundError:
        print("gnuplot is not installed: no picture")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program", help="pnas_mpi; pnas_table must be beside it")
    parser.add_argument("tables", nargs="+")
    parser.add_argument("--out", help="writes OUT.csv and OUT.svg; with several tables OUT-1.csv and so on")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--children", type=int, default=100)
    parser.add_argument("--searches", nargs="+", default=SEARCHES, metavar="NAME[:CHILDREN]")
    parser.add_argument("--jobs", type=int, default=1, help="searches at a time")
    parser.add_argument("--set", action="append", default=[])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ProcessPoolExecutor(arguments.jobs) as pool:
        for number, path in enumerate(arguments.tables, 1):
            found = evaluate(arguments, as_table(arguments, path, folder), pool)
            if arguments.out:
                out = arguments.out + (f"-{number}" if len(arguments.tables) > 1 else "")
                write_csv(out + ".csv", found, arguments.children)
                plot(out, arguments.searches, arguments.children)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        said = error.stderr or b""
        sys.exit(said if isinstance(said, str) else said.decode())
