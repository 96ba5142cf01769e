#!/usr/bin/env python3
"""Losses of a fixed child's first training steps in PyTorch, float64, NCHW.

An implementation of its own of the child network (paper section 3; docs/algorithm.md), to hold the C code
against. Everything starts from integer formulas, so that both sides have the same figures without a file:

  k(i, s)    = (31 i^2 + 7919 i + 104729 s) mod 10007,   u(i, s) = 2 k(i, s) / 10006 - 1
  parameter  value i (row-major in the shape below) of the parameter with path p; s = sum of (j + 1) * byte j
             of p:  weight u sqrt(6 / fan_in);  gamma 1 + u / 10;  beta and bias u / 10
  image      byte i of all images [N, H, W, C]: k(i, 1) mod 256; read as (byte / 255 - mean[c]) / deviation[c]
  label      (7 n + 3) mod classes
  kept path  path p of P, image n of N, step t: k((t N + n) P + p, 2) mod 5 is not 0
  mix        image n with (5 n + 1) mod N; even n: mixup with the share 1/2 + (n mod 8) / 16; odd n: cutmix of
             the rectangle from (n mod 5, n mod 3) of 4 x 6 pixels

Shapes: convolution [kh, kw, C, M]; depthwise [kh, kw, C, 1]; reduction [2, 1, C, M], where output m < M // 2
uses [0] and the others [1]; classifier [1, 1, C, classes]. Fan-in is kh kw C; depthwise kh kw; reduction C.

Usage: child_reference.py NAME   writes NAME_losses.txt beside this file; NAME is one of the CHILDREN below.
       child_reference.py --float32 NAME   only prints how far float32 strays from float64.
"""
import math
import os
import sys

import torch
import torch.nn.functional as F

CHILDREN = {
    "child": dict(
        cell="-2:sep3+-1:max3 | -1:1x7-7x1+-1:identity | 0:dil3+-2:avg3",
        filters=8, repeats=1, concatenation="all", size=(12, 12), channels=3, classes=10, batch=16),
    "child_unused": dict(
        cell="-1:conv3+-1:max3 | 0:sep5+-1:identity",
        filters=6, repeats=2, concatenation="unused_inputs", size=(11, 9), channels=3, classes=10, batch=16),
    "child_regularised": dict(
        cell="-2:sep3+-1:max3 | -1:1x7-7x1+-1:identity | 0:dil3+-2:avg3",
        filters=8, repeats=1, concatenation="all", size=(16, 16), channels=3, classes=10, batch=16,
        auxiliary=0.4, drop_path=0.6, smoothing=0.1, mixed=True),
    "child_imagenet": dict(
        cell="-2:sep5+-2:max3 | -1:sep3+-1:max3 | 0:sep3+-1:identity", stem="imagenet", stem_multiplier=1,
        filters=8, repeats=1, concatenation="all", size=(64, 49), channels=3, classes=10, batch=8, auxiliary=0.4),
}
STEPS, RATE, MOMENTUM, DECAY, CLIP, EPSILON = 50, 0.05, 0.9, 5e-4, 2.0, 1e-5
MEAN, DEVIATION = (0.45, 0.5, 0.55), (0.25, 0.3, 0.2)
STEM_MULTIPLIER = 3


def pseudo(count, s):
    i = torch.arange(count, dtype=torch.int64)
    return (31 * i * i + 7919 * i + 104729 * s) % 10007


def unit(count, s):
    return 2 * pseudo(count, s).double() / 10006 - 1


class Store:
    """The parameters by path, made when they are first asked for."""

    def __init__(self, dtype):
        self.dtype, self.value, self.trainable = dtype, {}, {}

    def get(self, path, shape, scale, offset=0.0, used=None):
        if path not in self.value:
            s = sum((j + 1) * byte for j, byte in enumerate(path.encode()))
            v = offset + scale * unit(math.prod(shape), s).reshape(shape)
            self.value[path] = v.to(self.dtype).requires_grad_()
            self.trainable[path] = math.prod(shape) if used is None else used
        return self.value[path]

    def weight(self, path, shape, fan_in, used=None):
        return self.get(path + "/weight", shape, math.sqrt(6 / fan_in), used=used)


def same(size, k, stride, dilation):
    total = max((math.ceil(size / stride) - 1) * stride + (k - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


def pad_same(x, kh, kw, stride_h, stride_w, dilation=1, value=0.0):
    top, bottom = same(x.shape[2], kh, stride_h, dilation)
    left, right = same(x.shape[3], kw, stride_w, dilation)
    return F.pad(x, (left, right, top, bottom), value=value)


class Child:
    def __init__(self, store, spec):
        self.store, self.spec, self.step = store, spec, 0
        self.blocks = []
        for block in spec["cell"].split("|"):
            sides = [side.strip().split(":") for side in block.strip().split("+")]
            self.blocks.append([(int(i), op.strip()) for i, op in sides])

    # --- pieces ---
    def norm(self, x, path):
        c = x.shape[1]
        gamma = self.store.get(path + "/norm/gamma", (c,), 0.1, 1.0)
        beta = self.store.get(path + "/norm/beta", (c,), 0.1)
        mean = x.mean(dim=(0, 2, 3), keepdim=True)
        variance = ((x - mean) ** 2).mean(dim=(0, 2, 3), keepdim=True)
        return gamma.view(1, -1, 1, 1) * (x - mean) / torch.sqrt(variance + EPSILON) + beta.view(1, -1, 1, 1)

    def convolution(self, x, m, kh, kw, stride_h, stride_w, dilation, path, kind):
        c = x.shape[1]
        w = self.store.weight(f"{path}/{kind}", (kh, kw, c, m), kh * kw * c)
        x = pad_same(x, kh, kw, stride_h, stride_w, dilation)
        return F.conv2d(x, w.permute(3, 2, 0, 1), stride=(stride_h, stride_w), dilation=dilation)

    def pointwise(self, x, m, path, stride=1):
        return self.norm(self.convolution(x, m, 1, 1, stride, stride, 1, path, "pointwise"), path)

    def reduction(self, x, m, path):
        c, half = x.shape[1], m // 2
        w = self.store.weight(f"{path}/reduction", (2, 1, c, m), c, used=c * m)
        first = F.conv2d(x[:, :, ::2, ::2], w[0, 0, :, :half].t().reshape(half, c, 1, 1))
        shifted = F.pad(x, (0, 1, 0, 1))[:, :, 1:, 1:]
        second = F.conv2d(shifted[:, :, ::2, ::2], w[1, 0, :, half:].t().reshape(m - half, c, 1, 1))
        return self.norm(torch.cat([first, second], 1), path)

    # --- operators ---
    def operator(self, name, x, m, stride, path):
        if name == "identity":
            return x if stride == 1 and x.shape[1] == m else self.pointwise(F.relu(x), m, path, stride)
        if name.startswith("sep"):
            return self.separable(x, m, int(name[3:]), stride, path)
        if name in ("max3", "avg3"):
            x = self.pool(name, x, stride)
            return x if x.shape[1] == m else self.pointwise(x, m, path)
        if name == "conv3":
            return self.norm(self.convolution(F.relu(x), m, 3, 3, stride, stride, 1, path, "convolution"), path)
        inside = max(m // 4, 1)
        x = F.relu(self.pointwise(F.relu(x), inside, path + "/squeeze"))
        if name == "dil3":
            x = self.norm(self.convolution(x, inside, 3, 3, stride, stride, 2, path, "convolution"), path)
        elif name == "1x7-7x1":
            x = self.convolution(x, inside, 1, 7, 1, stride, 1, path + "/0", "convolution")
            x = F.relu(self.norm(x, path + "/0"))
            x = self.norm(self.convolution(x, inside, 7, 1, stride, 1, 1, path + "/1", "convolution"), path + "/1")
        else:
            raise ValueError(name)
        return self.pointwise(F.relu(x), m, path + "/expand")

    def separable(self, x, m, k, stride, path):
        for r in range(2):
            s, c = stride if r == 0 else 1, x.shape[1]
            w = self.store.weight(f"{path}/{r}/depthwise", (k, k, c, 1), k * k)
            x = F.conv2d(pad_same(F.relu(x), k, k, s, s), w.permute(2, 3, 0, 1), stride=s, groups=c)
            x = self.pointwise(x, m, f"{path}/{r}")
        return x

    @staticmethod
    def pool(name, x, stride):
        if name == "max3":
            return F.max_pool2d(pad_same(x, 3, 3, stride, stride, value=-math.inf), 3, stride)
        ones = torch.ones_like(x[:1, :1])
        total = F.avg_pool2d(pad_same(x, 3, 3, stride, stride), 3, stride, divisor_override=1)
        return total / F.avg_pool2d(pad_same(ones, 3, 3, stride, stride), 3, stride, divisor_override=1)

    # --- cells ---
    def cell(self, c, previous, before, m, stride):
        path = f"cell_{c}"
        if c > 0:  # the first cell reads the stem's output itself as H(c-2)
            if before.shape[2:] != previous.shape[2:]:
                before = self.reduction(F.relu(before), m, path + "/before")
            elif before.shape[1] != m:
                before = self.pointwise(F.relu(before), m, path + "/before")
        previous = self.pointwise(F.relu(previous), m, path + "/previous")
        values = {-1: previous, -2: before}
        for b, sides in enumerate(self.blocks):
            results = []
            for side, (i, name) in zip(("left", "right"), sides):
                where = f"{path}/block_{b}/{side}_{name}"
                result = self.operator(name, values[i], m, stride if i < 0 else 1, where)
                p = 2 * (c * len(self.blocks) + b) + len(results)
                results.append(result if name == "identity" else self.dropped(result, c, p))
            values[b] = results[0] + results[1]
        read = {i for sides in self.blocks for i, _ in sides}
        kind = self.spec["concatenation"]
        out = [values[b] for b in range(len(self.blocks)) if kind == "all" or b not in read]
        if kind == "unused_inputs":
            for i, part in ((-1, "unused_previous"), (-2, "unused_before")):
                if i not in read:
                    out.append(self.fit(values[i], m, stride, f"{path}/{part}"))
        return torch.cat(out, 1)

    def fit(self, x, m, stride, path):
        if stride == 2:
            return self.reduction(x, m, path)
        return x if x.shape[1] == m else self.pointwise(x, m, path)

    def dropped(self, x, c, p):
        last = self.spec.get("drop_path", 1)
        if last == 1:
            return x
        cells, n = len(self.strides_and_filters()), x.shape[0]
        paths = 2 * len(self.blocks) * cells
        keep = 1 - (1 - last) * (c + 1) / cells * (self.step + 1) / STEPS
        at = (self.step * n + torch.arange(n)) * paths + p
        kept = (31 * at * at + 7919 * at + 104729 * 2) % 10007 % 5 != 0
        return x * (kept.to(x.dtype) / keep).view(-1, 1, 1, 1)

    def classifier(self, x, path):
        features = F.relu(x).mean(dim=(2, 3))
        w = self.store.weight(path, (1, 1, features.shape[1], self.spec["classes"]), features.shape[1])
        return features @ w[0, 0] + self.store.get(path + "/bias", (self.spec["classes"],), 0.1)

    def auxiliary_logits(self, x):
        x = F.avg_pool2d(F.relu(x), tuple(min(5, side) for side in x.shape[2:]), 3)
        x = F.relu(self.pointwise(x, 128, "auxiliary/project"))
        kh, kw = x.shape[2:]
        w = self.store.weight("auxiliary/expand/convolution", (kh, kw, 128, 768), kh * kw * 128)
        x = self.norm(F.conv2d(x, w.permute(3, 2, 0, 1)), "auxiliary/expand")
        return self.classifier(x, "auxiliary/head/classifier")

    def strides_and_filters(self):
        """Of all cells; first those of an ImageNet stem, with a quarter and a half of the filters."""
        m, repeats = self.spec["filters"], self.spec["repeats"]
        stem = [(2, m // 4), (2, m // 2)] if self.spec.get("stem") == "imagenet" else []
        return stem + [(2 if c in (repeats, 2 * repeats) else 1, m << (c // repeats)) for c in range(3 * repeats)]

    def stem(self, x):
        if self.spec.get("stem") != "imagenet":
            m = STEM_MULTIPLIER * self.spec["filters"]
            return self.norm(self.convolution(x, m, 3, 3, 1, 1, 1, "stem", "convolution"), "stem")
        m, c = 32 * self.spec["stem_multiplier"], x.shape[1]
        w = self.store.weight("stem/convolution", (3, 3, c, m), 9 * c)
        return self.norm(F.conv2d(x, w.permute(3, 2, 0, 1), stride=2), "stem")

    def logits(self, x):
        """The network's, and the auxiliary classifier's or None."""
        x = self.stem(x)
        previous, before, auxiliary = x, x, None
        cells = self.strides_and_filters()
        for c, (stride, m) in enumerate(cells):
            previous, before = self.cell(c, previous, before, m, stride), previous
            if c + 1 == len(cells) - self.spec["repeats"] and self.spec.get("auxiliary"):
                auxiliary = self.auxiliary_logits(previous)
        return self.classifier(previous, "head/classifier"), auxiliary


def mixed(spec, x, targets):
    """Images and targets [N, classes], mixed as above."""
    n, _, h, w = x.shape
    other = (5 * torch.arange(n) + 1) % n
    shares, label_shares = torch.ones(n, 1, h, w, dtype=x.dtype), torch.ones(n, 1, dtype=x.dtype)
    for i in range(n):
        if i % 2 == 0:
            shares[i] = label_shares[i] = 0.5 + i % 8 / 16
        else:
            shares[i, :, i % 5:i % 5 + 4, i % 3:i % 3 + 6] = 0
            label_shares[i] = 1 - 24 / (h * w)
    return (shares * x + (1 - shares) * x[other], label_shares * targets + (1 - label_shares) * targets[other])


def images_and_targets(spec, dtype):
    n, (h, w), c = spec["batch"], spec["size"], spec["channels"]
    x = (pseudo(n * h * w * c, 1) % 256).double().reshape(n, h, w, c) / 255
    x = (x - torch.tensor(MEAN, dtype=torch.float64)) / torch.tensor(DEVIATION, dtype=torch.float64)
    x = x.permute(0, 3, 1, 2).to(dtype)
    targets = F.one_hot((7 * torch.arange(n) + 3) % spec["classes"], spec["classes"]).to(dtype)
    if spec.get("mixed"):
        x, targets = mixed(spec, x, targets)
    smoothing = spec.get("smoothing", 0)
    return x, (1 - smoothing) * targets + smoothing / spec["classes"]


def rate(step):
    return RATE * (1 + math.cos(math.pi * step / (STEPS - 1))) / 2


def train(spec, dtype):
    store = Store(dtype)
    child = Child(store, spec)
    x, targets = images_and_targets(spec, dtype)
    moments, losses = {}, []
    for step in range(STEPS):
        child.step = step
        logits, auxiliary = child.logits(x)
        loss = F.cross_entropy(logits, targets)
        total = loss if auxiliary is None else loss + spec["auxiliary"] * F.cross_entropy(auxiliary, targets)
        names = sorted(store.value)
        gradients = torch.autograd.grad(total, [store.value[n] for n in names])
        norm = torch.sqrt(sum((g ** 2).sum() for g in gradients))
        scale = CLIP / norm if norm > CLIP else 1.0
        losses.append(loss.item())
        with torch.no_grad():
            for name, g in zip(names, gradients):
                g = g * scale + (DECAY * store.value[name] if name.endswith("/weight") else 0)
                moments[name] = MOMENTUM * moments[name] + g if name in moments else g
                store.value[name] -= rate(step) * moments[name]
    return losses, sum(n for path, n in store.trainable.items() if not path.startswith("auxiliary/"))


def main():
    torch.set_num_threads(1)
    name = sys.argv[-1]
    spec = CHILDREN[name]
    losses, parameters = train(spec, torch.float64)
    if "--float32" in sys.argv:
        for step, (a, b) in enumerate(zip(losses, train(spec, torch.float32)[0])):
            print(f"{step:2d} {a:.9f} {b:.9f} {abs(a - b) / a:.1e}")
        return
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + "_losses.txt")
    with open(path, "w", encoding="ascii") as out:
        out.write(f"# Made by tests/cl/reference/child_reference.py {name} with PyTorch {torch.__version__}, float64.\n"
                  f"# {spec}\n"
                  f"# {STEPS} steps on one batch; SGD, momentum {MOMENTUM}, weight decay {DECAY} on weights, gradient\n"
                  f"# norm clipped at {CLIP}, rate {RATE} falling by a cosine to 0 at the last step, BN epsilon {EPSILON}.\n"
                  f"parameters {parameters}\n")
        out.writelines(f"{loss:.15e}\n" for loss in losses)


if __name__ == "__main__":
    main()
