#!/usr/bin/env python3
"""Writes a data set of images with the spectrum of photographs: noise of which a frequency f has the amplitude 1 / f.

    bench/photo_like_set.py IMAGES SIDE OUT.h5            then: pnas_data encode OUT.h5 -o ENCODED.h5

A tenth as many are the test part. The three channels have most of their pattern in common, as colours have.
"""
import hashlib
import struct
import sys

import h5py
import numpy

CLASSES, SHARED = 10, 0.9


def draw(generator, count, side):
    f = numpy.hypot(numpy.fft.fftfreq(side)[:, None], numpy.fft.rfftfreq(side)[None, :])
    f[0, 0] = numpy.inf
    images = numpy.empty((count, side, side, 3), numpy.uint8)
    for image in images:
        planes = numpy.fft.irfft2(numpy.fft.rfft2(generator.standard_normal((4, side, side))) / f, (side, side))
        planes /= planes.std(axis=(1, 2), keepdims=True)
        values = 128 + 50 * (SHARED * planes[3] + (1 - SHARED ** 2) ** 0.5 * planes[:3])
        image[:] = numpy.clip(values, 0, 255).transpose(1, 2, 0)
    return images


def main():
    count, side, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    generator = numpy.random.default_rng(1)
    parts = {name: (draw(generator, n, side), generator.integers(0, CLASSES, n).astype("<u2"))
             for name, n in (("train", count), ("test", count // 10))}
    pixels = parts["train"][0].reshape(-1, 3).astype(numpy.uint64)
    mean = pixels.sum(0) / len(pixels)
    variance = (pixels * pixels).sum(0) / len(pixels) - mean * mean
    total = hashlib.sha256(struct.pack("<6Q", count, count // 10, side, side, 3, CLASSES))
    with h5py.File(path, "w") as out:
        for name, (images, labels) in parts.items():
            out.create_dataset(f"{name}/images", data=images, chunks=(1, side, side, 3), compression="gzip")
            out[f"{name}/labels"] = labels
            total.update(images.tobytes() + labels.tobytes())
        out["mean"] = (mean / 255).astype(numpy.float32)
        out["deviation"] = (numpy.sqrt(variance) / 255).astype(numpy.float32)
        out["class_names"] = [str(i) for i in range(CLASSES)]
        out.attrs.update(conventions="PNAS-dataset-1", name="like photographs", source="bench/photo_like_set.py",
                         licence="none", sha256=total.hexdigest())


main()
