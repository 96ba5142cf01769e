#!/usr/bin/env python3
"""Plain baselines for the surrogate: ridge regression, a random forest and boosted trees on counts.

The counts are of operators and inputs.

For each level b of a table of trained cells (pnas_table), fits on K cells of every level up to b and ranks the cells
of level b + 1, as `pnas_score --evaluate TABLE` does with the surrogate and on the same cells: the K of a trial are
those with the smallest keys, a key being FNV-1a of "TRIAL:CELL" mixed once more.

    python3 bench/peers/table_baselines.py tests/data/digits_table.h5 --trials 20 --cells 36
"""
import argparse

import h5py
import numpy as np
from scipy.stats import spearmanr
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import RidgeCV

MASK = (1 << 64) - 1


def key(trial, cell):
    value = 0xCBF29CE484222325
    for byte in f"{trial}:{cell}".encode():
        value = ((value ^ byte) * 0x100000001B3) & MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
    return value ^ (value >> 31)


def features(cell, names, blocks):
    """How often each operator, and each input, stands in the cell; and its number of blocks."""
    parts = [side.split(":") for block in cell.split(" | ") for side in block.split("+")]
    counts = [sum(part[1] == name for part in parts) for name in names]
    counts += [sum(part[0] == str(i) for part in parts) for i in range(-2, blocks - 1)]
    return counts + [len(parts) // 2]


def read(path):
    with h5py.File(path) as file:
        cells = [text.decode() for text in file["cell"][:]]
        names = [text.decode() for text in file["operators"][:]]
        accuracy = file["accuracy"][:]
    return cells, names, np.array([cell.count("|") + 1 for cell in cells]), accuracy


def draw(cells, level, b, count, trial):
    chosen = []
    for blocks in range(1, b + 1):
        index = np.flatnonzero(level == blocks)
        chosen += sorted(index, key=lambda i: key(trial, cells[i]))[:count]
    return np.array(sorted(chosen))


def models(trial):
    yield "ridge", RidgeCV(alphas=np.logspace(-3, 3, 25))
    yield "random forest", RandomForestRegressor(300, random_state=trial)
    yield "boosted trees", GradientBoostingRegressor(
        n_estimators=300, learning_rate=0.05, subsample=0.5, max_depth=3, random_state=trial)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("table")
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--cells", type=int, default=256)
    arguments = parser.parse_args()
    cells, names, level, accuracy = read(arguments.table)
    X = np.array([features(cell, names, level.max()) for cell in cells], float)
    print("model          level  cells  next   fit            next level")
    for b in range(1, level.max()):
        figures = {}
        after = level == b + 1
        for trial in range(arguments.trials):
            fit = draw(cells, level, b, arguments.cells, trial)
            last = fit[level[fit] == b]
            for name, model in models(trial):
                scale = X[fit].std(0) + 1e-9
                model.fit(X[fit] / scale, accuracy[fit])
                figures.setdefault(name, []).append(
                    (spearmanr(model.predict(X[last] / scale), accuracy[last])[0],
                     spearmanr(model.predict(X[after] / scale), accuracy[after])[0]))
        for name, values in figures.items():
            mean, spread = np.nanmean(values, 0), np.nanstd(values, 0, ddof=1)
            print(f"{name:14} {b:5}  {len(fit):5}  {after.sum():4}   {mean[0]:.3f} +- {spread[0]:.3f}"
                  f"  {mean[1]:.3f} +- {spread[1]:.3f}")


if __name__ == "__main__":
    main()
