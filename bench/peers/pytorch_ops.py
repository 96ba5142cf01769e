#!/usr/bin/env python3
"""The ops of bench/ops in PyTorch: what does the same work, forward and backward, in milliseconds.

  build/bench/ops --list > cases.csv
  pytorch_ops.py cases.csv --threads 1 --layout nhwc
prints name,direction,milliseconds. An op of ours that is several of PyTorch's is held against their sum:
  depthwise    relu, depthwise convolution
  pointwise    [relu,] 1x1 convolution, batch normalisation in training
  dense        [relu,] convolution, batch normalisation in training
  reduction    relu, two 1x1 convolutions of stride 2, concatenation, batch normalisation in training
  max pool, average pool
  sum          a + b (ours also applies both operands' normalisations)
  update       clip_grad_norm_, SGD with momentum and weight decay, all parameters in one tensor
Backward is the gradient with respect to the input (but for the stem's) and all parameters.
"""
import argparse
import csv
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F


def same_pad(x, kernel, stride, value=0.0):
    """SAME padding of stride 2: what is left over goes to the bottom and the right."""
    pads = []
    for size, k in ((x.shape[3], kernel[1]), (x.shape[2], kernel[0])):
        total = max((-(-size // stride) - 1) * stride + k - size, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads, value=value) if any(pads) else x


class Convolution(nn.Module):
    def __init__(self, case, groups, relu, norm):
        super().__init__()
        self.kernel, self.stride, self.relu = (case["kernel_h"], case["kernel_w"]), case["stride"], relu
        padding = [case["dilation"] * (k // 2) for k in self.kernel] if self.stride == 1 else 0
        self.conv = nn.Conv2d(case["C"], case["M"], self.kernel, self.stride, padding, case["dilation"], groups, bias=False)
        self.norm = nn.BatchNorm2d(case["M"]) if norm else nn.Identity()

    def forward(self, x):
        x = F.relu(x) if self.relu else x
        if self.stride > 1:
            x = same_pad(x, self.kernel, self.stride)
        return self.norm(self.conv(x))


class Reduction(nn.Module):
    def __init__(self, case):
        super().__init__()
        half = case["M"] // 2
        self.left = nn.Conv2d(case["C"], half, 1, 2, bias=False)
        self.right = nn.Conv2d(case["C"], case["M"] - half, 1, 2, bias=False)
        self.norm = nn.BatchNorm2d(case["M"])

    def forward(self, x):
        x = F.relu(x)
        return self.norm(torch.cat([self.left(x), self.right(F.pad(x, (0, 1, 0, 1))[:, :, 1:, 1:])], 1))


class Pool(nn.Module):
    def __init__(self, case):
        super().__init__()
        self.max, self.stride = case["kind"] == "max pool", case["stride"]
        self.inside = None

    def forward(self, x):
        if self.stride == 1:
            return F.max_pool2d(x, 3, 1, 1) if self.max else F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
        if self.max:
            return F.max_pool2d(same_pad(x, (3, 3), 2, float("-inf")), 3, 2)
        if self.inside is None:
            self.inside = F.avg_pool2d(same_pad(torch.ones_like(x[:1, :1]), (3, 3), 2), 3, 2).detach()
        return F.avg_pool2d(same_pad(x, (3, 3), 2), 3, 2) / self.inside


class Sum(nn.Module):
    other = None

    def forward(self, x):
        if self.other is None:
            self.other = torch.rand_like(x)
        return x + self.other


def make_module(case):
    kind = case["kind"]
    if kind == "depthwise":
        return Convolution(case, case["C"], True, False)
    if kind in ("pointwise", "dense"):
        return Convolution(case, 1, bool(case["relu"]), True)
    if kind == "reduction":
        return Reduction(case)
    return Sum() if kind == "sum" else Pool(case)


def median_time(a, call, synchronize):
    """Several goes, each of as many calls as fit."""
    now = time.process_time if a.cpu_time else time.perf_counter
    for _ in range(2):
        start = now()
        call()
        synchronize()
        once = now() - start
    goes, calls, times = 7, 0, []
    calls = max(1, int(a.seconds / goes / max(once, 1e-6)))
    for _ in range(goes):
        start = now()
        for _ in range(calls):
            call()
        synchronize()
        times.append((now() - start) / calls)
    return 1e3 * statistics.median(times)


def time_update(a, count, synchronize):
    parameter = nn.Parameter(torch.rand(count, device=a.device) - 0.5)
    parameter.grad = torch.rand_like(parameter) - 0.5
    optimizer = torch.optim.SGD([parameter], 0.01, momentum=0.9, weight_decay=5e-4)

    def step():
        nn.utils.clip_grad_norm_([parameter], 5.0)
        optimizer.step()

    return median_time(a, step, synchronize)


def time_case(a, case, synchronize):
    module = make_module(case).to(a.device)
    x = torch.rand(a.batch, case["C"], case["size"], case["size"], device=a.device) - 0.5
    if a.layout == "nhwc":
        module, x = module.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    is_stem = case["kind"] == "dense" and not case["relu"]
    x.requires_grad_(not is_stem)
    call = torch.compile(module) if a.compile else module
    yield "forward", median_time(a, lambda: call(x), synchronize)
    if case["kind"] == "sum":
        return
    y = call(x)
    gradient = torch.rand_like(y) - 0.5
    wanted = list(module.parameters()) + ([] if is_stem else [x])
    yield "backward", median_time(a, lambda: torch.autograd.grad(y, wanted, gradient, retain_graph=True), synchronize)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", help="what bench/ops --list prints")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=0.2, help="time for each op")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--layout", choices=["nchw", "nhwc"], default="nhwc")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--cpu-time", action="store_true", help="measure processor time: for a busy machine")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--only", default="", help="only ops whose name holds this")
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    if a.compile:
        torch._functorch.config.donated_buffer = False  # the backward pass runs more than once
    synchronize = torch.cuda.synchronize if a.device != "cpu" else lambda: None
    with open(a.cases, newline="") as file:
        for row in csv.DictReader(file):
            case = {k: v if k in ("name", "kind") else int(v) for k, v in row.items()}
            if a.only not in case["name"]:
                continue
            if case["kind"] == "update":
                print(f"{case['name']},forward,{time_update(a, case['C'], synchronize):.6f}", flush=True)
                continue
            for direction, milliseconds in time_case(a, case, synchronize):
                print(f"{case['name']},{direction},{milliseconds:.6f}", flush=True)
            if a.compile:
                torch._dynamo.reset()


if __name__ == "__main__":
    main()
