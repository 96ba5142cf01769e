#!/usr/bin/env python3
"""Reference figures of the MLP surrogate, of two layers and of one, and of the losses, in float64 by PyTorch's autograd.

    python3 mlp_reference.py > mlp_reference.h

Parameters, tokens and targets follow formulas that test_ensemble.c repeats."""
import torch

INPUTS, OPERATORS, EMBEDDING, HIDDEN, ROWS, TOKENS = 4, 8, 5, 6, 6, 8
torch.set_default_dtype(torch.float64)


def tensor(number, *shape):
    count = 1
    for size in shape:
        count *= size
    values = 0.4 * torch.sin(1.3 * torch.arange(count, dtype=torch.float64) + 0.7 * number)
    return values.reshape(*shape).requires_grad_()


parameters = {
    "input_embedding": tensor(0, INPUTS, EMBEDDING),
    "operator_embedding": tensor(1, OPERATORS, EMBEDDING),
    "first_weight": tensor(2, 4 * EMBEDDING, HIDDEN),
    "first_bias": tensor(3, HIDDEN),
    "second_weight": tensor(4, HIDDEN, HIDDEN),
    "second_bias": tensor(5, HIDDEN),
    "output_weight": tensor(6, HIDDEN),
    "output_bias": tensor(7, 1),
}
tokens = torch.tensor([[(5 * t + 3 * r + t * r) % (INPUTS if t % 4 < 2 else OPERATORS)
                        + (0 if t % 4 < 2 else INPUTS) for r in range(ROWS)] for t in range(TOKENS)])
targets = torch.tensor([0.1 + 0.2 * (r // 2) for r in range(ROWS)])  # two rows of each: ties do not count

p = parameters
table = torch.cat([p["input_embedding"], p["operator_embedding"]])
blocks = table[tokens].reshape(TOKENS // 4, 4, ROWS, EMBEDDING).permute(2, 0, 1, 3)
mean = blocks.reshape(ROWS, TOKENS // 4, 4 * EMBEDDING).mean(dim=1)
first = torch.nn.functional.linear(mean, p["first_weight"].T, p["first_bias"]).relu()
second = torch.nn.functional.linear(first, p["second_weight"].T, p["second_bias"]).relu()
above = targets[:, None] > targets[None, :]


def logits_of(last):
    return last @ p["output_weight"] + p["output_bias"]


def losses_of(logits):
    gap = logits[None, :] - logits[:, None]  # [i][j] = s_j - s_i
    output = torch.sigmoid(logits)
    return {
        "l1": torch.nn.functional.l1_loss(output, targets),
        "squared": torch.nn.functional.mse_loss(output, targets),
        "ranking": torch.nn.functional.softplus(gap)[above].sum() / (ROWS * (ROWS - 1) / 2),
    }


def show(name, values):
    values = values.detach().reshape(-1).tolist()
    print(f"static const double {name}[{len(values)}] = {{")
    for start in range(0, len(values), 4):
        print("    " + ", ".join(f"{v:.17g}" for v in values[start:start + 4]) + ",")
    print("};")


print("/* Written by mlp_reference.py with PyTorch", torch.__version__.split("+")[0] + ", float64. */")
print("/* clang-format off */")
for name, value in (("INPUTS", INPUTS), ("OPERATORS", OPERATORS), ("EMBEDDING", EMBEDDING), ("HIDDEN", HIDDEN),
                    ("ROWS", ROWS), ("TOKENS", TOKENS)):
    print(f"#define MLP_{name} {value}")
for model, last in (("mlp", second), ("mlp1", first)):
    names = [name for name in p if model == "mlp" or not name.startswith("second")]
    logits = logits_of(last)
    show(f"{model}_output", torch.sigmoid(logits))
    for loss, value in losses_of(logits).items():
        gradients = torch.autograd.grad(value, [p[name] for name in names], retain_graph=True)
        for name, gradient in zip(names, gradients):
            show(f"{model}_{loss}_{name}", gradient)
