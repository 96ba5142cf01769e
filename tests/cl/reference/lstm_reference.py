#!/usr/bin/env python3
"""Reference figures of the LSTM surrogate, in float64 by PyTorch's own LSTM and autograd.

    python3 lstm_reference.py > lstm_reference.h

PyTorch keeps its gates in our order (i, f, g, o) but its weights transposed. Parameters, tokens and targets
follow formulas that test_lstm.c repeats."""
import sys

import torch

INPUTS, OPERATORS, EMBEDDING, HIDDEN, ROWS, TOKENS = 4, 8, 5, 6, 4, 8
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
    "input_weight": tensor(2, EMBEDDING, 4 * HIDDEN),
    "recurrent_weight": tensor(3, HIDDEN, 4 * HIDDEN),
    "bias": tensor(4, 4 * HIDDEN),
    "output_weight": tensor(5, HIDDEN),
    "output_bias": tensor(6, 1),
}
tokens = torch.tensor([[(5 * t + 3 * r + t * r) % (INPUTS if t % 4 < 2 else OPERATORS)
                        + (0 if t % 4 < 2 else INPUTS) for r in range(ROWS)] for t in range(TOKENS)])
targets = torch.tensor([0.1 + 0.2 * r for r in range(ROWS)])

lstm = torch.nn.LSTM(EMBEDDING, HIDDEN)
weights = {
    "weight_ih_l0": parameters["input_weight"].T,
    "weight_hh_l0": parameters["recurrent_weight"].T,
    "bias_ih_l0": parameters["bias"],
    "bias_hh_l0": torch.zeros(4 * HIDDEN),
}
table = torch.cat([parameters["input_embedding"], parameters["operator_embedding"]])
_, (last, _) = torch.func.functional_call(lstm, weights, (table[tokens],))
output = torch.sigmoid(last[0] @ parameters["output_weight"] + parameters["output_bias"])
loss = (output - targets).abs().mean()
loss.backward()


def show(name, values):
    values = values.detach().reshape(-1).tolist()
    print(f"static const double {name}[{len(values)}] = {{")
    for start in range(0, len(values), 4):
        print("    " + ", ".join(f"{v:.17g}" for v in values[start:start + 4]) + ",")
    print("};")


print("/* Written by lstm_reference.py with PyTorch", torch.__version__.split("+")[0] + ", float64. */")
print("/* clang-format off */")
for name, value in (("INPUTS", INPUTS), ("OPERATORS", OPERATORS), ("EMBEDDING", EMBEDDING), ("HIDDEN", HIDDEN),
                    ("ROWS", ROWS), ("TOKENS", TOKENS)):
    print(f"#define REFERENCE_{name} {value}")
show("reference_output", output)
for name, value in parameters.items():
    show("reference_" + name, value.grad)
sys.stdout.flush()
