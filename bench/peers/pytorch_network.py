#!/usr/bin/env python3
"""A network in PyTorch, from a file of `pnas_net export --format safetensors`.

    net = load("net.safetensors")           # an nn.Module; its parameters and buffers have the names of the file
    logits = net(pixels)                    # [N, C, H, W], 0 to 255
    net.train(); logits, auxiliary = net.with_auxiliary(pixels)   # auxiliary: None if the file has none

As a program it computes the logits of images and compares them with ours:

    pnas_net predict net.h5 images.idx -o ours.json
    pytorch_network.py net.safetensors images.idx ours.json
"""
import json
import math
import struct
import sys

import torch
from torch import nn
from torch.nn import functional as F


def read(path):
    """(metadata, {name: tensor})"""
    with open(path, "rb") as file:
        content = bytearray(file.read())
    begin = 8 + struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8:begin])
    metadata, tensors = header.pop("__metadata__"), {}
    for name, entry in header.items():
        first, end = entry["data_offsets"]
        values = torch.frombuffer(content, dtype=torch.float32, count=(end - first) // 4, offset=begin + first)
        tensors[name] = values.reshape(entry["shape"]).clone()
    return metadata, tensors


def pads(size, kernel, stride, dilation=1):
    """SAME padding: what is left over goes to the bottom and the right."""
    total = max((-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return [total // 2, total - total // 2]


def same(x, kernel, stride, dilation=1, value=0.0):
    return F.pad(x, pads(x.shape[3], kernel[1], stride[1], dilation) + pads(x.shape[2], kernel[0], stride[0], dilation),
                 value=value)


class Network(nn.Module):
    def __init__(self, metadata, tensors):
        super().__init__()
        for name, tensor in tensors.items():
            if name.rsplit("/", 1)[1].startswith("running_"):
                self.register_buffer(name, tensor)
            else:
                self.register_parameter(name, nn.Parameter(tensor))
        self.repeats, self.filters = int(metadata["repeats"]), int(metadata["filters"])
        self.imagenet = metadata.get("stem") == "imagenet"
        self.stem_cells = 2 if self.imagenet else 0
        self.cells = self.stem_cells + 3 * self.repeats
        self.concatenation, self.epsilon = metadata["concatenation"], float(metadata["norm_epsilon"])
        self.operators = {operator["name"]: operator for operator in json.loads(metadata["operators"])}
        self.class_names = json.loads(metadata["class_names"])
        for name in ("mean", "deviation"):
            self.register_buffer(name, torch.tensor(json.loads(metadata[name])).reshape(1, -1, 1, 1), persistent=False)
        sides = [side.split(":") for block in metadata["cell"].split(" | ") for side in block.split("+")]
        sides = [(int(source), name) for source, name in sides]
        self.blocks = list(zip(sides[::2], sides[1::2]))
        self.reads = {source for source, _ in sides}

    def of(self, path):
        return getattr(self, path)

    # --- layers ---
    def norm(self, x, path):
        return F.batch_norm(x, self.of(path + "/norm/running_mean"), self.of(path + "/norm/running_variance"),
                            self.of(path + "/norm/gamma"), self.of(path + "/norm/beta"), self.training, 0.1, self.epsilon)

    def convolution(self, x, path, kind, stride=(1, 1), dilation=1):
        weight = self.of(f"{path}/{kind}/weight").permute(3, 2, 0, 1)
        return F.conv2d(same(x, weight.shape[2:], stride, dilation), weight, stride=stride, dilation=dilation)

    def pointwise(self, x, path, stride=1):
        return self.norm(self.convolution(x, path, "pointwise", (stride, stride)), path)

    def depthwise(self, x, path, stride, dilation):
        weight = self.of(path + "/depthwise/weight").permute(2, 3, 0, 1)
        x = same(x, weight.shape[2:], (stride, stride), dilation)
        return F.conv2d(x, weight, stride=stride, dilation=dilation, groups=weight.shape[0])

    def reduction(self, x, path):
        """Two paths of stride 2, the second on the input shifted by a pixel."""
        weight = self.of(path + "/reduction/weight")
        half = weight.shape[3] // 2
        first, second = weight[0, 0, :, :half].t(), weight[1, 0, :, half:].t()
        shifted = F.pad(x, (0, 1, 0, 1))[:, :, 1:, 1:]
        x = [F.conv2d(x, first[:, :, None, None], stride=2), F.conv2d(shifted, second[:, :, None, None], stride=2)]
        return self.norm(torch.cat(x, 1), path)

    @staticmethod
    def pool(x, kind, kernel, stride):
        both = (kernel, kernel), (stride, stride)
        if kind == "max_pool":
            return F.max_pool2d(same(x, *both, value=-math.inf), kernel, stride)
        inside = F.avg_pool2d(same(torch.ones_like(x[:1, :1]), *both), kernel, stride)
        return F.avg_pool2d(same(x, *both), kernel, stride) / inside

    def classifier(self, x, path):
        return F.relu(x).mean((2, 3)) @ self.of(path + "/weight")[0, 0] + self.of(path + "/bias")

    # --- operators ---
    def kernels(self, x, operator, stride, path):
        dilation = operator["dilation"]
        if operator["kind"] == "convolution":
            return self.norm(self.convolution(F.relu(x), path, "convolution", (stride, stride), dilation), path)
        for part, strides in (("/0", (1, stride)), ("/1", (stride, 1))):
            x = self.norm(self.convolution(F.relu(x), path + part, "convolution", strides, dilation), path + part)
        return x

    def operator(self, x, operator, filters, stride, path):
        kind = operator["kind"]
        if kind == "identity":
            return x if stride == 1 and x.shape[1] == filters else self.pointwise(F.relu(x), path, stride)
        if kind == "separable":
            for r in range(operator["repeat"]):
                x = self.depthwise(F.relu(x), f"{path}/{r}", stride if r == 0 else 1, operator["dilation"])
                x = self.pointwise(x, f"{path}/{r}")
            return x
        if kind in ("max_pool", "average_pool"):
            x = self.pool(x, kind, operator["kernel"], stride)
            return x if x.shape[1] == filters else self.pointwise(x, path)
        if operator["bottleneck"] == 1:
            return self.kernels(x, operator, stride, path)
        x = self.kernels(self.pointwise(F.relu(x), path + "/squeeze"), operator, stride, path)
        return self.pointwise(F.relu(x), path + "/expand")

    # --- cells ---
    def place(self, c):
        """Stride and filters of a cell; those of the stem come first."""
        c -= self.stem_cells
        if c < 0:
            return 2, max(self.filters >> -c, 1)
        return 2 if c in (self.repeats, 2 * self.repeats) else 1, self.filters << (c // self.repeats)

    def before(self, x, filters, c):
        """H(c-2), of the size of H(c-1) and with the filters of the cell; in the first cell the stem's output. H(c-1)
        itself is not asked for: a cell that nothing reads has no weights."""
        if c == 0:
            return x
        if self.place(c - 1)[0] == 2:
            return self.reduction(F.relu(x), f"cell_{c}/before")
        return x if x.shape[1] == filters else self.pointwise(F.relu(x), f"cell_{c}/before")

    def unused(self, x, filters, stride, path):
        if stride == 2:
            return self.reduction(x, path)
        return x if x.shape[1] == filters else self.pointwise(x, path)

    def cell(self, c, output):
        """output(c): of a cell or, below 0, of the stem; computed when it is asked for."""
        stride, filters = self.place(c)
        value, inputs = {}, self.concatenation == "unused_inputs"
        if -1 in self.reads or inputs:
            value[-1] = self.pointwise(F.relu(output(c - 1)), f"cell_{c}/previous")
        if -2 in self.reads or inputs:
            value[-2] = self.before(output(c - 2), filters, c)
        for b, sides in enumerate(self.blocks):
            value[b] = sum(self.operator(value[source], self.operators[name], filters, stride if source < 0 else 1,
                                         f"cell_{c}/block_{b}/{side}_{name}")
                           for side, (source, name) in zip(("left", "right"), sides))
        parts = [value[b] for b in range(len(self.blocks)) if self.concatenation == "all" or b not in self.reads]
        for source, part in ((-1, "unused_previous"), (-2, "unused_before")):
            if inputs and source not in self.reads:
                parts.append(self.unused(value[source], filters, stride, f"cell_{c}/{part}"))
        return torch.cat(parts, 1)

    def auxiliary(self, x):
        x = F.relu(x)
        x = self.pointwise(F.avg_pool2d(x, [min(5, side) for side in x.shape[2:]], 3), "auxiliary/project")
        weight = self.of("auxiliary/expand/convolution/weight").permute(3, 2, 0, 1)
        return self.classifier(self.norm(F.conv2d(F.relu(x), weight), "auxiliary/expand"), "auxiliary/head/classifier")

    def with_auxiliary(self, pixels):
        pixels = (pixels / 255 - self.mean) / self.deviation
        stem = F.conv2d(pixels, getattr(self, "stem/convolution/weight").permute(3, 2, 0, 1), stride=2) if self.imagenet \
            else self.convolution(pixels, "stem", "convolution")
        stem = self.norm(stem, "stem")
        known = {}

        def output(c):
            if c >= 0 and c not in known:
                known[c] = self.cell(c, output)
            return known[c] if c >= 0 else stem

        logits = self.classifier(output(self.cells - 1), "head/classifier")
        has = hasattr(self, "auxiliary/head/classifier/weight")
        return logits, self.auxiliary(output(self.stem_cells + 2 * self.repeats - 1)) if has else None

    def forward(self, pixels):
        return self.with_auxiliary(pixels)[0]


def load(path):
    return Network(*read(path)).eval()


def read_idx(path):
    """[N, C, H, W]"""
    with open(path, "rb") as file:
        content = bytearray(file.read())
    assert content[:3] == b"\0\0\x08", "no IDX file of bytes"
    shape = struct.unpack(f">{content[3]}I", content[4:4 + 4 * content[3]])
    pixels = torch.frombuffer(content, dtype=torch.uint8, offset=4 + 4 * content[3]).reshape(shape)
    return (pixels.permute(0, 3, 1, 2) if len(shape) == 4 else pixels[:, None]).float()


def main():
    network, images, ours = sys.argv[1:]
    with open(ours, encoding="utf-8") as file:
        wanted = torch.tensor([image["logits"] for image in json.load(file)])
    with torch.no_grad():
        logits = load(network)(read_idx(images))
    difference = float((logits - wanted).abs().max()) / max(1.0, float(wanted.abs().max()))
    print(f"{len(logits)} images, logits differ by {difference:.2g} of the largest, "
          f"{int((logits.argmax(1) != wanted.argmax(1)).sum())} other classes")
    return difference > 1e-4


if __name__ == "__main__":
    sys.exit(main())
