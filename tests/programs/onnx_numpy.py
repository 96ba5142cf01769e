"""The operators of exported networks in numpy, as the ONNX specification words them; slow and short."""
import numpy
from numpy.lib.stride_tricks import sliding_window_view
from onnx import helper, numpy_helper


def windows(x, kernel, strides, dilations=(1, 1)):
    """[N, C, OH, OW, kh, kw]"""
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilations)]
    every = sliding_window_view(x, reach, axis=(2, 3))
    return every[:, :, ::strides[0], ::strides[1], ::dilations[0], ::dilations[1]]


def padded(x, pads, value):
    return numpy.pad(x, ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])), constant_values=value)


def conv(x, w, b=None, *, pads, kernel_shape, strides, dilations, group):
    view = windows(padded(x, pads, 0), kernel_shape, strides, dilations)
    assert list(w.shape[2:]) == list(kernel_shape) and w.shape[1] * group == x.shape[1]
    parts = [numpy.einsum("nchwij,mcij->nmhw", v, k)
             for v, k in zip(numpy.split(view, group, 1), numpy.split(w, group, 0))]
    y = numpy.concatenate(parts, 1)
    return y if b is None else y + b[:, None, None]


def max_pool(x, *, pads, kernel_shape, strides):
    return windows(padded(x, pads, -numpy.inf), kernel_shape, strides).max((4, 5))


def average_pool(x, *, pads, kernel_shape, strides):
    """count_include_pad is 0."""
    inside = windows(padded(numpy.ones_like(x), pads, 0), kernel_shape, strides).sum((4, 5))
    return windows(padded(x, pads, 0), kernel_shape, strides).sum((4, 5)) / inside


def pad(x, pads, value):
    return numpy.pad(x, list(zip(pads[:4], pads[4:])), constant_values=value)


def batch_normalization(x, scale, bias, mean, variance, *, epsilon):
    by_channel = [v[:, None, None] for v in (scale, bias, mean, variance)]
    return (x - by_channel[2]) / numpy.sqrt(by_channel[3] + epsilon) * by_channel[0] + by_channel[1]


OPERATORS = {
    "Add": numpy.add,
    "AveragePool": average_pool,
    "BatchNormalization": batch_normalization,
    "Concat": lambda *parts, axis: numpy.concatenate(parts, axis),
    "Conv": conv,
    "Flatten": lambda x, axis: x.reshape(x.shape[0], -1),
    "Gemm": lambda a, b, c: a @ b + c,
    "GlobalAveragePool": lambda x: x.mean((2, 3), keepdims=True),
    "MaxPool": max_pool,
    "Mul": numpy.multiply,
    "Pad": pad,
    "Relu": lambda x: numpy.maximum(x, 0),
}


def run(model, images):
    values = {constant.name: numpy_helper.to_array(constant) for constant in model.graph.initializer}
    values = {name: v.astype(numpy.float64) if v.dtype == numpy.float32 else v for name, v in values.items()}
    values[model.graph.input[0].name] = images.astype(numpy.float64)
    for node in model.graph.node:
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        values[node.output[0]] = OPERATORS[node.op_type](*(values[name] for name in node.input), **attributes)
    return values[model.graph.output[0].name]
