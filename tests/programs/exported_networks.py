#!/usr/bin/env python3
"""exported_networks.py PNAS_NET WRITE_FAKE_NETWORK [CELLS]: exported networks give the logits of pnas_net.

Networks of random weights, of PNASNet-5's cell, of one with every operator and of random ones (CELLS, 30), are exported
to ONNX and safetensors. Of the packages onnx, onnxruntime, cv2 and torch those that are there read the files: onnx checks
the models in full, onnxruntime and OpenCV compute logits, and so do onnx_numpy.py and, from safetensors,
bench/peers/pytorch_network.py. They are compared with those of `pnas_net predict --json`. Exit code 77 if none of them is
there.
"""
import importlib
import json
import os
import random
import struct
import subprocess
import sys
import tempfile

OPERATORS = ["identity", "sep3", "sep5", "sep7", "1x7-7x1", "avg3", "max3", "dil3", "conv3"]
PNASNET_5 = "-2:sep5+-2:max3 | -1:sep7+-1:max3 | -1:sep5+-1:sep3 | 2:sep3+-1:max3 | -2:sep3+-1:identity"
EVERY = "-1:sep3+-2:max3 | -1:sep5+-2:identity | -1:1x7-7x1+0:avg3 | -2:dil3+1:sep7 | 0:conv3+-1:avg3"
IMAGES = 5
TOLERANCE = 1e-4  # of the largest logit, or absolute where that is below 1


def optional(name):
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


numpy, onnx, onnxruntime, cv2, torch = (optional(name) for name in ("numpy", "onnx", "onnxruntime", "cv2", "torch"))
if torch:
    sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../bench/peers"))
    import pytorch_network
if onnx and numpy:
    import onnx_numpy
pnas_net, write_fake_network = sys.argv[1:3]
count = int(sys.argv[3]) if len(sys.argv) > 3 else 30


def random_cell(draw):
    blocks = [
        "+".join(f"{draw.choice(range(-2, b))}:{draw.choice(OPERATORS)}" for _ in range(2))
        for b in range(draw.randint(1, 5))
    ]
    return " | ".join(blocks)


def cases(draw):
    """(cell, F, N, perhaps with an i: the stem of ImageNet, concatenation, height, width, channels, classes)"""
    yield (PNASNET_5, 8, 2, 1, 32, 32, 3, 10)
    for concatenation in range(3):
        yield (EVERY, 4, 1, concatenation, 11, 14, 1, 6)
    yield (PNASNET_5, 8, "1i", 0, 64, 49, 3, 10)
    yield (EVERY, 6, "2i", 2, 36, 40, 3, 6)
    for _ in range(count):
        yield (random_cell(draw), draw.randint(4, 9), draw.randint(1, 2), draw.randint(0, 2), draw.randint(7, 20),
               draw.randint(7, 20), draw.choice([1, 3]), draw.randint(2, 12))


def ours(folder, pixels):
    idx = os.path.join(folder, "images.idx")
    with open(idx, "wb") as file:
        file.write(bytes([0, 0, 8, 4]) + struct.pack(">4I", *pixels.shape) + pixels.tobytes())
    answer = subprocess.run([pnas_net, "predict", os.path.join(folder, "net.h5"), idx, "--json"], check=True,
                            stdout=subprocess.PIPE)
    return numpy.array([image["logits"] for image in json.loads(answer.stdout)])


def by_onnxruntime(path, images):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return session.run(["logits"], {"images": images})[0]


def by_opencv(path, images):
    """One by one, so that a batch of another size than the export knew is tried by onnxruntime alone."""
    net = cv2.dnn.readNetFromONNX(path)
    logits = []
    for image in images:
        net.setInput(image[None])
        logits.append(net.forward()[0].copy())
    return numpy.array(logits)


def by_numpy(path, images):
    return onnx_numpy.run(onnx.load(path), images)


def by_pytorch(path, pixels, auxiliary):
    net = pytorch_network.load(path)
    with torch.no_grad():
        logits, others = net.with_auxiliary(torch.tensor(pixels.transpose(0, 3, 1, 2).astype(numpy.float32)))
    assert (others is not None) == auxiliary
    assert not auxiliary or (others.shape == logits.shape and bool(others.isfinite().all()))
    return logits.numpy()


def compare(what, found, wanted):
    error = float(numpy.abs(found - wanted).max()) / max(1.0, float(numpy.abs(wanted).max()))
    if found.shape != wanted.shape or not error <= TOLERANCE:
        sys.exit(f"FAILED: {what}: logits differ by {error:g}")
    if (found.argmax(1) != wanted.argmax(1)).any():
        sys.exit(f"FAILED: {what}: other classes")
    return error


def check_model(path, case):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    properties = {entry.key: entry.value for entry in model.metadata_props}
    assert len(json.loads(properties["class_names"])) == case[7] and properties["dataset_licence"] == "none"
    assert properties["weights"] == "average"  # there is no history: nothing is known to be better
    assert model.opset_import[0].version >= 17
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"


def check_safetensors(path, auxiliary):
    with open(path, "rb") as file:
        content = file.read()
    size = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8:8 + size])
    metadata = header.pop("__metadata__")
    assert metadata["weights"] == "average" and len(json.loads(metadata["class_names"])) > 1
    assert ("auxiliary/head/classifier/weight" in header) == auxiliary
    end = 0
    for entry in header.values():
        start, stop = entry["data_offsets"]
        values = 1
        for side in entry["shape"]:
            values *= side
        assert entry["dtype"] == "F32" and start == end and stop - start == 4 * values
        end = stop
    assert 8 + size + end == len(content) and "head/classifier/bias" in header


def main():
    if not (onnx or (numpy and (onnxruntime or cv2 or torch))):
        print("neither onnx nor onnxruntime nor OpenCV nor PyTorch is there")
        return 77
    draw = random.Random(5)
    largest, tried = 0, 0
    for number, case in enumerate(cases(draw)):
        with tempfile.TemporaryDirectory() as folder:
            network, exported = os.path.join(folder, "net.h5"), os.path.join(folder, "net.onnx")
            auxiliary = number % 2 == 0
            subprocess.run([write_fake_network, network, *map(str, case), *["auxiliary"] * auxiliary], check=True)
            plain = os.path.join(folder, "net.safetensors")
            subprocess.run([pnas_net, "export", "-q", network, "--format", "safetensors", "-o", plain], check=True)
            check_safetensors(plain, auxiliary)
            arguments = (["--keep-norm"] if number % 3 == 1 else []) + (["--pixels", "1"] if number % 3 == 2 else [])
            subprocess.run([pnas_net, "export", "-q", network, "--format", "onnx", "-o", exported, *arguments], check=True)
            if onnx:
                check_model(exported, case)
            if not numpy:
                continue
            shape = (IMAGES, *case[4:7])
            pixels = numpy.frombuffer(draw.randbytes(int(numpy.prod(shape))), numpy.uint8).reshape(shape)
            wanted = ours(folder, pixels)
            images = pixels.transpose(0, 3, 1, 2).astype(numpy.float32) / (255 if "--pixels" in arguments else 1)
            for name, module, run in (("onnxruntime", onnxruntime, by_onnxruntime), ("OpenCV", cv2, by_opencv),
                                      ("numpy", onnx, by_numpy)):
                if module:
                    largest = max(largest, compare(f"{name}, {case}", run(exported, images), wanted))
                    tried += 1
            if torch:
                largest = max(largest, compare(f"PyTorch, {case}", by_pytorch(plain, pixels, auxiliary), wanted))
                tried += 1
    print(f"{tried} comparisons, largest difference {largest:.2g}")
    return 0


sys.exit(main())
