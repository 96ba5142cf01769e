#!/usr/bin/env python3
"""The surrogate in float64 by PyTorch, to compare `pnas_score --evaluate TABLE` with.

The same models (docs/algorithm.md, section 3) with the same settings, fit on the same cells as the program draws, from
other random numbers: LSTM or MLP by the ranking loss, mirrored cells, weight decay in the gradient, the last layer
scaled to logits of accuracies, inputs never seen settled, and half of the logit from ridge regression, by
scikit-learn, on counts and pairs.

    python3 bench/peers/surrogate_reference.py TABLE.h5 --model lstm --members 5 --cells 36 --trials 5
"""
import argparse
import math

import numpy as np
import torch
from scipy.stats import spearmanr
from sklearn.linear_model import RidgeCV

from table_baselines import draw, read

torch.set_default_dtype(torch.float64)
UNITS = 100


def tokens(cells, names):
    """in1, in2, op1, op2 of each block; inputs from 0 on."""
    out = []
    for cell in cells:
        sides = [[part.split(":") for part in block.split("+")] for block in cell.split(" | ")]
        out.append([[int(a[0]) + 2, int(b[0]) + 2, names.index(a[1]), names.index(b[1])] for a, b in sides])
    return out


def counts(cell, operators):
    """Operators, kinds of input, both together, pairs; the latter two smaller, and so penalised twice."""
    single, kinds = np.zeros(operators), np.zeros(3)
    side, pair = np.zeros((3, operators)), np.zeros((operators, operators))
    for in1, in2, op1, op2 in cell:
        for kind, op in ((min(in1, 2), op1), (min(in2, 2), op2)):
            single[op] += 1
            kinds[kind] += 1
            side[kind, op] += math.sqrt(0.5)
        pair[min(op1, op2), max(op1, op2)] += math.sqrt(0.5)
    return np.concatenate([single, kinds, side.ravel(), pair.ravel()])


def uniform(shape, limit):
    return torch.nn.Parameter((2 * torch.rand(shape) - 1) * limit)


class Network(torch.nn.Module):
    def __init__(self, model, inputs, operators):
        super().__init__()
        self.model = model
        self.inputs = uniform((inputs, UNITS), 0.1)
        self.operators = uniform((operators, UNITS), 0.1)
        self.weight, self.bias = uniform((UNITS,), 0.1), torch.nn.Parameter(torch.tensor(1.8))
        if model == "lstm":
            self.lstm = torch.nn.LSTM(UNITS, UNITS, batch_first=True)
            torch.nn.init.zeros_(self.lstm.bias_ih_l0)
            torch.nn.init.zeros_(self.lstm.bias_hh_l0)
            with torch.no_grad():
                self.lstm.bias_ih_l0[UNITS:2 * UNITS] = 1
            self.lstm.bias_hh_l0.requires_grad = False
            self.decayed = [self.inputs, self.operators, self.lstm.weight_ih_l0, self.lstm.weight_hh_l0]
            return
        self.first, self.second = torch.nn.Linear(4 * UNITS, UNITS), torch.nn.Linear(UNITS, UNITS)
        for layer in (self.first, self.second):
            torch.nn.init.uniform_(layer.weight, -math.sqrt(6 / layer.in_features), math.sqrt(6 / layer.in_features))
            torch.nn.init.zeros_(layer.bias)
        self.decayed = [self.inputs, self.operators, self.first.weight, self.second.weight]

    def forward(self, cells):
        embedded = torch.cat([self.inputs[cells[..., :2]], self.operators[cells[..., 2:]]], 2)  # [rows, b, 4, E]
        if self.model == "lstm":
            hidden = self.lstm(embedded.flatten(1, 2))[0][:, -1]
        else:
            hidden = torch.relu(self.second(torch.relu(self.first(embedded.flatten(2).mean(1)))))
        return hidden @ self.weight + self.bias


def ranking_loss(logit, target):
    better = target[:, None] > target[None, :]
    losses = torch.nn.functional.softplus(logit[None, :] - logit[:, None])
    return (losses * better).sum() / max(len(target) * (len(target) - 1) / 2, 1)


def batches(cells, size, generator):
    """Of one length each, shuffled; indices."""
    out = []
    for length in sorted({len(cell) for cell in cells}):
        index = generator.permutation([i for i, cell in enumerate(cells) if len(cell) == length])
        out += [index[i:i + size] for i in range(0, len(index), size)]
    return [out[i] for i in generator.permutation(len(out))]


def initialise_unseen(network, cells):
    seen_inputs = sorted({i for cell in cells for block in cell for i in block[:2]})
    seen_operators = sorted({i for cell in cells for block in cell for i in block[2:]})
    with torch.no_grad():
        for i in range(len(network.inputs)):
            if i not in seen_inputs:
                blocks = i >= 2 and max(seen_inputs) >= 2
                network.inputs[i] = network.inputs[max(seen_inputs)] if blocks else network.inputs[seen_inputs].mean(0)
        for i in range(len(network.operators)):
            if i not in seen_operators:
                network.operators[i] = network.operators[seen_operators].mean(0)


def logits(network, cells):
    out = np.zeros(len(cells))
    with torch.no_grad():
        for length in {len(cell) for cell in cells}:
            index = [i for i, cell in enumerate(cells) if len(cell) == length]
            out[index] = network(torch.tensor([cells[i] for i in index])).numpy()
    return out


def fit_network(arguments, cells, target, level, inputs, operators, generator):
    network = Network(arguments.model, inputs, operators)
    cells = cells + [[[b[1], b[0], b[3], b[2]] for b in cell] for cell in cells]
    target = torch.tensor(np.concatenate([target, target]))
    optimizer = torch.optim.Adam([p for p in network.parameters() if p.requires_grad], 0.01 if level == 1 else 0.002)
    for _ in range(50):
        for index in batches(cells, 32, generator):
            optimizer.zero_grad()
            ranking_loss(network(torch.tensor([cells[i] for i in index])), target[index]).backward()
            for parameter in network.decayed:
                parameter.grad += arguments.weight_decay * parameter.detach()
            optimizer.step()
    initialise_unseen(network, cells)
    slope, offset = np.polyfit(logits(network, cells), target.numpy(), 1)
    return lambda some: (slope if slope > 0 else 1) * logits(network, some) + (offset if slope > 0 else 0)


def fit_member(arguments, cells, target, level, inputs, operators, generator):
    network = fit_network(arguments, cells, target, level, inputs, operators, generator)
    if arguments.linear == 0:
        return network
    ridge = RidgeCV(alphas=np.logspace(-3, 3, 13)).fit([counts(cell, operators) for cell in cells], target)
    share = arguments.linear
    return lambda some: share * ridge.predict([counts(cell, operators) for cell in some]) + (1 - share) * network(some)


def left_out(cells, member, generator):
    """Of each length, shuffled, every fifth."""
    out = []
    for length in sorted({len(cell) for cell in cells}):
        index = generator.permutation([i for i, cell in enumerate(cells) if len(cell) == length])
        out += [i for place, i in enumerate(index) if (place + member) % 5 == 4]
    return set(out)


def fit_ensemble(arguments, cells, target, level, inputs, operators, seed):
    members = []
    for member in range(arguments.members):
        out = left_out(cells, member, np.random.default_rng(seed)) if arguments.members > 1 else set()
        kept = [i for i in range(len(cells)) if i not in out]
        torch.manual_seed(1000 * seed + member)
        members.append(fit_member(arguments, [cells[i] for i in kept], target[kept], level, inputs, operators,
                                  np.random.default_rng(1000 * seed + member)))
    return lambda some: np.mean([1 / (1 + np.exp(-predict(some))) for predict in members], 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("table")
    parser.add_argument("--model", choices=["lstm", "mlp"], default="lstm")
    parser.add_argument("--members", type=int, default=5)
    parser.add_argument("--linear", type=float, default=0.5)
    parser.add_argument("--weight-decay", type=float, default=0.03)
    parser.add_argument("--trials", type=int, default=5)
    parser.add_argument("--cells", type=int, default=36)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    texts, names, level, accuracy = read(arguments.table)
    cells, inputs = tokens(texts, names), level.max() + 1
    target = np.log(np.clip(accuracy, 1e-3, 1 - 1e-3) / (1 - np.clip(accuracy, 1e-3, 1 - 1e-3)))
    for b in range(1, level.max()):
        after, figures = np.flatnonzero(level == b + 1), []
        for trial in range(arguments.trials):
            fit = draw(texts, level, b, arguments.cells, trial)
            predict = fit_ensemble(arguments, [cells[i] for i in fit], target[fit], b, inputs, len(names), trial)
            figures.append(spearmanr(predict([cells[i] for i in after]), accuracy[after])[0])
        print(f"{arguments.model} of {arguments.members}: level {b}, {len(fit)} cells, next level "
              f"{np.mean(figures):.3f} +- {np.std(figures, ddof=1):.3f}", flush=True)


if __name__ == "__main__":
    main()
