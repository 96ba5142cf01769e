#!/usr/bin/env python3
"""Writes files as those of CIFAR-10's binary version: five of training images and one of test images, 60,000 in all.

    bench/cifar_size_set.py FOLDER [IMAGES_A_FILE]        then: pnas_data import --format cifar10 FOLDER -o SET.h5

An image is a pattern of its class with some noise, so that it compresses about as photographs do.
"""
import os
import random
import sys

SIDE, CHANNELS, CLASSES, COARSE = 32, 3, 10, 8
PIXELS = CHANNELS * SIDE * SIDE
NOISE = bytes(value & 31 for value in range(256))


def pattern(generator):
    """Planes of coarse squares, as one number, so that noise is added to all pixels at once: none overflows."""
    squares = [generator.randrange(160) for _ in range(CHANNELS * (SIDE // COARSE) ** 2)]
    side = SIDE // COARSE
    pixels = bytes(squares[(c * side + y // COARSE) * side + x // COARSE]
                   for c in range(CHANNELS) for y in range(SIDE) for x in range(SIDE))
    return int.from_bytes(pixels, "big")


def main():
    folder, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10000
    os.makedirs(folder, exist_ok=True)
    generator = random.Random(1)
    patterns = [pattern(generator) for _ in range(CLASSES)]
    for name in [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]:
        with open(os.path.join(folder, name), "wb") as out:
            for _ in range(count):
                label = generator.randrange(CLASSES)
                noise = int.from_bytes(generator.randbytes(PIXELS).translate(NOISE), "big")
                out.write(bytes([label]) + (patterns[label] + noise).to_bytes(PIXELS, "big"))


main()
