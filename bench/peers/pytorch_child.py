#!/usr/bin/env python3
"""One training step of a PNAS child in PyTorch: the same network as child_step's, to the parameter count.

Prints the parameter count and the median step time in one setting, or of all settings and the fastest, e.g.
  pytorch_child.py --blocks 3 --repeats 2 --threads 1 --setting compiled/nchw/bfloat16
  pytorch_child.py --blocks 3 --repeats 2 --threads 1 --best
"""
import argparse
import itertools
import os
import re
import signal
import statistics
import subprocess
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

BLOCKS = ["-1:sep3+-2:max3", "-1:sep5+-2:identity", "-1:1x7-7x1+0:avg3", "-2:dil3+1:sep7", "0:sep3+-1:sep5"]


def norm(channels):
    return nn.BatchNorm2d(channels, eps=1e-5, momentum=0.1)


def same_pad(x, kernel, stride, dilation, value=0.0):
    """SAME padding: what is left over goes to the bottom and the right."""
    pads = []
    for size, k, s in ((x.shape[3], kernel[1], stride[1]), (x.shape[2], kernel[0], stride[0])):
        total = max((-(-size // s) - 1) * s + (k - 1) * dilation + 1 - size, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads, value=value) if any(pads) else x


class Conv(nn.Module):
    def __init__(self, c, m, kernel=(1, 1), stride=(1, 1), dilation=1, groups=1):
        super().__init__()
        self.kernel, self.stride, self.dilation = kernel, stride, dilation
        symmetric = stride == (1, 1)
        self.explicit = not symmetric and kernel != (1, 1)
        padding = [dilation * (k // 2) for k in kernel] if symmetric else 0
        self.conv = nn.Conv2d(c, m, kernel, stride, padding, dilation, groups, bias=False)

    def forward(self, x):
        return self.conv(same_pad(x, self.kernel, self.stride, self.dilation) if self.explicit else x)


class Separable(nn.Sequential):
    def __init__(self, c, m, kernel, stride, repeat=2):
        layers = []
        for i in range(repeat):
            s = stride if i == 0 else 1
            layers += [nn.ReLU(), Conv(c, c, (kernel, kernel), (s, s), groups=c), Conv(c, m), norm(m)]
            c = m
        super().__init__(*layers)


def pointwise(c, m, stride=1):
    return nn.Sequential(nn.ReLU(), Conv(c, m, stride=(stride, stride)), norm(m))


class Bottleneck(nn.Sequential):
    def __init__(self, c, m, inner):
        super().__init__(pointwise(c, m // 4), *inner, pointwise(m // 4, m))


class Pool(nn.Module):
    def __init__(self, kind, stride):
        super().__init__()
        self.kind, self.stride = kind, stride

    def forward(self, x):
        if self.stride == 1:
            return F.max_pool2d(x, 3, 1, 1) if self.kind == "max" else F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
        if self.kind == "max":
            return F.max_pool2d(same_pad(x, (3, 3), (2, 2), 1, float("-inf")), 3, 2)
        inside = same_pad(torch.ones_like(x[:1, :1]), (3, 3), (2, 2), 1)
        return F.avg_pool2d(same_pad(x, (3, 3), (2, 2), 1), 3, 2) / F.avg_pool2d(inside, 3, 2)


class Reduction(nn.Module):
    def __init__(self, c, m):
        super().__init__()
        self.left, self.right, self.norm = Conv(c, m // 2, stride=(2, 2)), Conv(c, m - m // 2, stride=(2, 2)), norm(m)

    def forward(self, x):
        x = F.relu(x)
        return self.norm(torch.cat([self.left(x), self.right(F.pad(x, (0, 1, 0, 1))[:, :, 1:, 1:])], 1))


def operator(name, c, m, stride):
    """`c` channels in, `m` out; they differ only where the first cell reads the stem as H(c-2)."""
    if name.startswith("sep"):
        return Separable(c, m, int(name[3:]), stride)
    if name == "1x7-7x1":
        d = m // 4
        return Bottleneck(c, m, [nn.ReLU(), Conv(d, d, (1, 7), (1, stride)), norm(d), nn.ReLU(),
                                 Conv(d, d, (7, 1), (stride, 1)), norm(d)])
    if name == "dil3":
        d = m // 4
        return Bottleneck(c, m, [nn.ReLU(), Conv(d, d, (3, 3), (stride, stride), 2), norm(d)])
    if name in ("max3", "avg3"):
        pool = Pool(name[:3], stride)
        return pool if c == m else nn.Sequential(pool, Conv(c, m), norm(m))
    return nn.Identity() if stride == 1 and c == m else pointwise(c, m, stride)


class Cell(nn.Module):
    def __init__(self, blocks, before, previous, c, stride, first):
        """before, previous: (channels, size) of H(c-2) and H(c-1)."""
        super().__init__()
        used = {i for block in blocks for i, _ in block}
        self.previous = pointwise(previous[0], c) if -1 in used else None
        self.before, width = None, {-2: c}
        if -2 in used:
            if first:
                self.before, width[-2] = nn.Identity(), before[0]
            elif before[1] != previous[1]:
                self.before = Reduction(before[0], c)
            else:
                self.before = pointwise(before[0], c) if before[0] != c else nn.Identity()
        self.blocks = blocks
        self.ops = nn.ModuleList(operator(name, width.get(i, c), c, stride if i < 0 else 1)
                                 for block in blocks for i, name in block)

    def forward(self, before, previous):
        value = {-1: self.previous(previous) if self.previous else None,
                 -2: self.before(before) if self.before else None}
        for b, ((i, _), (j, _)) in enumerate(self.blocks):
            value[b] = self.ops[2 * b](value[i]) + self.ops[2 * b + 1](value[j])
        return torch.cat([value[b] for b in range(len(self.blocks))], 1)


class Network(nn.Module):
    def __init__(self, cell, filters, repeats, size, classes=10):
        super().__init__()
        blocks = [[(int(part.rsplit(":", 1)[0]), part.rsplit(":", 1)[1]) for part in split(block)]
                  for block in cell.split("|")]
        self.stem = nn.Sequential(Conv(3, 3 * filters, (3, 3)), norm(3 * filters))
        before = previous = (3 * filters, size)
        self.cells, c = nn.ModuleList(), filters
        for index in range(3 * repeats):
            stride = 2 if index in (repeats, 2 * repeats) else 1
            c *= stride
            self.cells.append(Cell(blocks, before, previous, c, stride, index == 0))
            before, previous = previous, (c * len(blocks), -(-previous[1] // stride))
        self.classifier = nn.Linear(previous[0], classes)

    def forward(self, x):
        before = previous = self.stem(x)
        for cell in self.cells:
            before, previous = previous, cell(before, previous)
        return self.classifier(F.relu(previous).mean((2, 3)))


def split(block):
    """'-1:sep3+-2:max3' -> ['-1:sep3', '-2:max3'] ('+' never stands in a name)."""
    return [part.strip() for part in block.strip().split("+")]


SETTINGS = ["/".join(words) for words in itertools.product(("eager", "compiled"), ("nhwc", "nchw"),
                                                           ("float32", "bfloat16"))]


def measure(a):
    mode, layout, precision = a.setting.split("/")
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    net = Network(a.cell or " | ".join(BLOCKS[:a.blocks]), a.filters, a.repeats, a.size).to(a.device)
    parameters = sum(p.numel() for p in net.parameters())
    x, y = torch.randn(a.batch, 3, a.size, a.size, device=a.device), torch.arange(a.batch, device=a.device) % 10
    if layout == "nhwc":
        net, x = net.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(net.parameters(), 0.01, momentum=0.9, weight_decay=5e-4)
    call = torch.compile(net) if mode == "compiled" else net

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(a.device, torch.bfloat16, enabled=precision == "bfloat16"):
            loss = F.cross_entropy(call(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimizer.step()
        if a.device != "cpu":
            torch.cuda.synchronize()

    times = []
    for i in range(a.steps + 2):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    times = sorted(times[2:])
    print(f"torch {torch.__version__} {a.device} threads {a.threads} {a.setting}: {parameters} parameters, step: median "
          f"{1e3 * statistics.median(times):.2f} ms, minimum {1e3 * times[0]:.2f}, maximum {1e3 * times[-1]:.2f}")


def try_setting(a, setting):
    """Milliseconds in a process of its own, or why there are none."""
    command = [sys.executable, os.path.abspath(__file__), "--setting", setting, "--device", a.device]
    for name in ("blocks", "filters", "repeats", "batch", "size", "steps", "threads"):
        command += [f"--{name}", str(getattr(a, name))]
    if a.cell:
        command += ["--cell", a.cell]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               start_new_session=True)
    try:
        out, err = process.communicate(timeout=a.limit)
    except subprocess.TimeoutExpired:
        return None, f"not ready after {a.limit} s"
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)  # and the processes that compile
        except ProcessLookupError:
            pass
        process.wait()
    median = re.search(r"median ([0-9.]+) ms", out)
    if process.returncode != 0 or not median:
        said = [line for line in err.splitlines() if line.strip()]
        return None, said[-1].strip() if said else f"exit code {process.returncode}"
    return float(median.group(1)), ""


def find_best(a):
    best = None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # no setting goes on without this process
    for setting in SETTINGS:
        if a.only not in setting:
            continue
        ms, why = try_setting(a, setting)
        print(f"{setting}: {ms:.2f} ms" if ms is not None else f"{setting}: left out: {why}", flush=True)
        if ms is not None and (best is None or ms < best[0]):
            best = ms, setting
    if best is None:
        sys.exit(f"no setting works of those with '{a.only}' in their names: {', '.join(SETTINGS)}")
    print(f"fastest: {best[1]}: median {best[0]:.2f} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cell")
    parser.add_argument("--blocks", type=int, default=2)
    parser.add_argument("--filters", type=int, default=24)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu", help="cpu, cuda, or auto: cuda if there is one")
    parser.add_argument("--setting", choices=SETTINGS, default=SETTINGS[0], metavar="MODE/LAYOUT/PRECISION",
                        help="one of " + ", ".join(SETTINGS))
    parser.add_argument("--best", action="store_true", help="try every setting, and name the fastest")
    parser.add_argument("--only", default="", help="of --best: only settings with this in their names")
    parser.add_argument("--limit", type=int, default=600, help="of --best: seconds that a setting may take")
    a = parser.parse_args()
    if a.device == "auto":
        a.device = "cuda" if torch.cuda.is_available() else "cpu"
    find_best(a) if a.best else measure(a)


if __name__ == "__main__":
    main()
