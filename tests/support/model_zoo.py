"""One small model per operator and element type, as .tflite bytes.

All of them run in TensorFlow Lite Micro and in LiteRT. Weights and biases come from a
fixed generator.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from support import recurrent
from support.tflite_builder import ModelBuilder

_OUTPUT_QUANT: dict[str, tuple[float, int]] = {
    "SOFTMAX": (1 / 256, -128),
    "LOGISTIC": (1 / 256, -128),
    "TANH": (1 / 128, 0),
    "L2_NORMALIZATION": (1 / 128, 0),
    "LOG_SOFTMAX": (16 / 256, 127),
}


class _Net(ModelBuilder):
    """A builder that fills in types, scales and constants."""

    def __init__(self, dtype: str) -> None:
        super().__init__()
        self.dtype = dtype
        self._random = np.random.default_rng(7)

    def activation(
        self, name: str, shape: Sequence[int], quant: tuple[float, int] = (0.1, -3)
    ) -> int:
        if self.dtype == "float32":
            return self.tensor(name, shape, self.dtype)
        scale, zero_point = quant if self.dtype == "int8" else (quant[0], 0)
        return self.tensor(name, shape, self.dtype, scale=scale, zero_point=zero_point)

    def weights(self, shape: Sequence[int], axis: int | None) -> int:
        if self.dtype == "float32":
            return self.tensor("weights", shape, "float32", data=self._random.normal(size=shape))
        scales = 0.02 if axis is None else [0.01 * (k + 1) for k in range(shape[axis])]
        values = self._random.integers(-127, 128, shape)
        return self.tensor("weights", shape, scale=scales, axis=axis or 0, data=values)

    def bias(self, channels: int) -> int:
        if self.dtype == "float32":
            values: Any = self._random.normal(size=channels)
            return self.tensor("bias", [channels], "float32", data=values)
        dtype = "int32" if self.dtype == "int8" else "int64"
        values = self._random.integers(-500, 500, channels)
        scales = [0.001 * (k + 1) for k in range(channels)]
        return self.tensor("bias", [channels], dtype, scale=scales, data=values)

    def integers(self, values: Any) -> int:
        return self.tensor("parameter", np.shape(values), "int32", data=values)


def _conv_2d(net: _Net) -> bytes:
    x, y = net.activation("x", [1, 6, 6, 2]), net.activation("y", [1, 3, 3, 4])
    inputs = [x, net.weights([4, 3, 3, 2], 0), net.bias(4)]
    net.op("CONV_2D", inputs, [y], version=3, stride=(2, 2), padding="SAME", activation="relu")
    return net.build([x], [y])


def _depthwise_conv_2d(net: _Net) -> bytes:
    x, y = net.activation("x", [1, 6, 6, 2]), net.activation("y", [1, 4, 4, 4])
    inputs = [x, net.weights([1, 3, 3, 4], 3), net.bias(4)]
    net.op("DEPTHWISE_CONV_2D", inputs, [y], version=3, padding="VALID", depth_multiplier=2)
    return net.build([x], [y])


def _fully_connected(net: _Net) -> bytes:
    x, y = net.activation("x", [1, 6]), net.activation("y", [1, 4])
    net.op("FULLY_CONNECTED", [x, net.weights([4, 6], None), -1], [y], version=4)
    return net.build([x], [y])


def _pool(kind: str, net: _Net) -> bytes:
    x, y = net.activation("x", [1, 6, 6, 2]), net.activation("y", [1, 3, 3, 2])
    net.op(kind, [x], [y], version=2, filter=(2, 3), stride=(2, 2), padding="SAME")
    return net.build([x], [y])


def _binary(kind: str, net: _Net) -> bytes:
    x, z = net.activation("x", [1, 3, 3, 2]), net.activation("z", [2])
    y = net.activation("y", [1, 3, 3, 2])
    options: dict[str, Any] = {"activation": "relu6"} if kind in ("ADD", "SUB", "MUL") else {}
    net.op(kind, [x, z], [y], version=1 if kind == "PRELU" else 2, **options)
    return net.build([x, z], [y])


def _unary(kind: str, net: _Net) -> bytes:
    quant = _OUTPUT_QUANT.get(kind, (0.1, -3))
    source = (0.1, -128) if kind == "RSQRT" else (0.1, -3)
    x, y = net.activation("x", [1, 6], source), net.activation("y", [1, 6], quant)
    options: dict[str, Any] = {"alpha": 0.1} if kind == "LEAKY_RELU" else {}
    net.op(kind, [x], [y], version=1 if kind in _VERSION_1 else 2, **options)
    return net.build([x], [y])


def _reshape(net: _Net) -> bytes:
    x, y = net.activation("x", [1, 3, 3, 2]), net.activation("y", [1, 18])
    net.op("RESHAPE", [x, net.integers([-1, 18])], [y], new_shape=[-1, 18])
    return net.build([x], [y])


def _squeeze(net: _Net) -> bytes:
    x, y = net.activation("x", [1, 6, 1, 2]), net.activation("y", [6, 2])
    net.op("SQUEEZE", [x], [y], squeeze_dims=[0, -2])
    return net.build([x], [y])


def _expand_dims(net: _Net) -> bytes:
    x, y = net.activation("x", [6, 2]), net.activation("y", [6, 1, 2])
    net.op("EXPAND_DIMS", [x, net.integers([1])], [y])
    return net.build([x], [y])


def _pad(net: _Net) -> bytes:
    x, y = net.activation("x", [1, 3, 3, 2]), net.activation("y", [1, 4, 6, 2])
    net.op("PAD", [x, net.integers([[0, 0], [1, 0], [1, 2], [0, 0]])], [y])
    return net.build([x], [y])


def _batch_matmul(net: _Net) -> bytes:
    x, z = net.activation("x", [2, 3, 4]), net.activation("z", [1, 5, 4])
    y = net.activation("y", [2, 3, 5])
    net.op("BATCH_MATMUL", [x, z], [y], version=2, adj_y=True)
    return net.build([x, z], [y])


def _transpose_conv(net: _Net) -> bytes:
    x, y = net.activation("x", [1, 2, 3, 2]), net.activation("y", [1, 4, 5, 3])
    inputs = [net.integers([1, 4, 5, 3]), net.weights([3, 3, 3, 2], 0), x, net.bias(3)]
    net.op("TRANSPOSE_CONV", inputs, [y], version=3, stride=(2, 2), padding="SAME")
    return net.build([x], [y])


def _arg_extremum(kind: str, net: _Net) -> bytes:
    x, y = net.activation("x", [1, 3, 4]), net.tensor("y", [1, 3], "int32")
    net.op(kind, [x, net.integers(-1)], [y], version=2, output_type="int32")
    return net.build([x], [y])


def _reduce(kind: str, net: _Net) -> bytes:
    x, y = net.activation("x", [1, 3, 3, 2]), net.activation("y", [1, 2])
    net.op(kind, [x, net.integers([1, 2])], [y], version=2, keep_dims=False)
    return net.build([x], [y])


def _concatenation(net: _Net) -> bytes:
    x, z = net.activation("x", [1, 3, 3, 2]), net.activation("z", [1, 3, 3, 1])
    y = net.activation("y", [1, 3, 3, 3])
    net.op("CONCATENATION", [x, z], [y], axis=-1)
    return net.build([x, z], [y])


def _comparison(kind: str, net: _Net) -> bytes:
    x, z = net.activation("x", [1, 3, 3, 2]), net.activation("z", [2])
    y = net.tensor("y", [1, 3, 3, 2], "bool")
    net.op(kind, [x, z], [y], version=2 if net.dtype == "int8" else 1)
    return net.build([x, z], [y])


def _logic(kind: str, net: _Net) -> bytes:
    inputs = [net.tensor("x", [2, 3], "bool"), net.tensor("z", [3], "bool")]
    inputs = inputs[:1] if kind == "LOGICAL_NOT" else inputs
    y = net.tensor("y", [2, 3], "bool")
    net.op(kind, inputs, [y])
    return net.build(inputs, [y])


def _select(net: _Net) -> bytes:
    condition = net.tensor("condition", [3, 1], "bool")
    x, z, y = (net.activation(name, [3, 4]) for name in "xzy")
    net.op("SELECT_V2", [condition, x, z], [y])
    return net.build([condition, x, z], [y])


def _cast(net: _Net) -> bytes:
    x, y = net.activation("x", [2, 3]), net.tensor("y", [2, 3], "int32")
    net.op("CAST", [x], [y], inDataType=net.type_number(x), outDataType=net.type_number(y))
    return net.build([x], [y])


def _variable(net: _Net) -> bytes:
    """y = what x was the last time."""
    quant = {} if net.dtype == "float32" else {"scale": 0.1, "zero_point": -3}
    net.initialise("last", np.array([[3, -2, 1]]), net.dtype, **quant)
    handle, x, y = net.variable("last"), net.activation("x", [1, 3]), net.activation("y", [1, 3])
    net.op("READ_VARIABLE", [handle], [y])
    net.op("ASSIGN_VARIABLE", [handle, x], [])
    return net.build([x], [y])


def _one_to_one(
    kind: str,
    source: Sequence[int],
    output: Sequence[int],
    parameters: Sequence[Any],
    options: dict[str, Any],
    net: _Net,
) -> bytes:
    """x -> y, with int32 parameters."""
    x, y = net.activation("x", source), net.activation("y", output)
    net.op(kind, [x, *map(net.integers, parameters)], [y], **options)
    return net.build([x], [y])


def _pad_v2(net: _Net) -> bytes:
    x, y = net.activation("x", [1, 3, 3, 2]), net.activation("y", [1, 4, 3, 2])
    quant = {} if net.dtype == "float32" else {"scale": 0.1, "zero_point": -3}
    value = net.tensor("value", [], net.dtype, data=5, **quant)
    net.op("PADV2", [x, net.integers([[0, 0], [1, 0], [0, 0], [0, 0]]), value], [y])
    return net.build([x], [y])


def _split(net: _Net) -> bytes:
    x = net.activation("x", [1, 3, 4])
    parts = [net.activation(f"y{k}", [1, 3, 2]) for k in range(2)]
    net.op("SPLIT", [net.integers(-1), x], parts, num_splits=2)
    return net.build([x], parts)


def _pack(net: _Net) -> bytes:
    parts = [net.activation(f"x{k}", [3, 2]) for k in range(2)]
    y = net.activation("y", [3, 2, 2])
    net.op("PACK", parts, [y], axis=1, values_count=2)
    return net.build(parts, [y])


def _unpack(net: _Net) -> bytes:
    x = net.activation("x", [3, 2, 2])
    parts = [net.activation(f"y{k}", [3, 2]) for k in range(2)]
    net.op("UNPACK", [x], parts, axis=-2, num=2)
    return net.build([x], parts)


def _quantize_dequantize(net: _Net) -> bytes:
    x, y = net.tensor("x", [1, 6], "float32"), net.activation("y", [1, 6])
    z = net.tensor("z", [1, 6], "float32")
    net.op("QUANTIZE", [x], [y])
    net.op("DEQUANTIZE", [y], [z], version=2)
    return net.build([x], [y, z])


def _chain(net: _Net) -> bytes:
    """Several operators, a residual connection, an unknown batch, two outputs."""
    x = net.tensor("x", [1, 8, 8, 1], "uint8", scale=1 / 255, shape_signature=[-1, 8, 8, 1])
    quantised = net.activation("quantised", [1, 8, 8, 1], (1 / 255, -128))
    conv = net.activation("conv", [1, 4, 4, 4])
    depthwise = net.activation("depthwise", [1, 4, 4, 4])
    total = net.activation("total", [1, 4, 4, 4])
    pooled = net.activation("pooled", [1, 1, 1, 4])
    flat = net.activation("flat", [1, 4])
    logits = net.activation("logits", [1, 3])
    y = net.activation("y", [1, 3], _OUTPUT_QUANT["SOFTMAX"])
    net.op("QUANTIZE", [x], [quantised])
    inputs = [quantised, net.weights([4, 3, 3, 1], 0), net.bias(4)]
    net.op("CONV_2D", inputs, [conv], version=3, stride=(2, 2), padding="SAME")
    inputs = [conv, net.weights([1, 3, 3, 4], 3), net.bias(4)]
    net.op("DEPTHWISE_CONV_2D", inputs, [depthwise], version=3, padding="SAME")
    net.op("ADD", [conv, depthwise], [total], version=2, activation="relu")
    net.op("AVERAGE_POOL_2D", [total], [pooled], filter=(4, 4), stride=(4, 4), padding="VALID")
    net.op("RESHAPE", [pooled, net.integers([-1, 4])], [flat])
    net.op("FULLY_CONNECTED", [flat, net.weights([3, 4], None), -1], [logits], version=4)
    net.op("SOFTMAX", [logits], [y], version=2, beta=1.0)
    return net.build([x], [y, logits])


_BINARY = ("ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM", "PRELU")
_UNARY = ("RELU", "RELU6", "LOGISTIC", "TANH", "LEAKY_RELU", "SOFTMAX")
_UNARY += ("ABS", "HARD_SWISH", "L2_NORMALIZATION", "LOG_SOFTMAX", "RSQRT")
COMPARISONS = ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL")
_LOGIC = ("LOGICAL_AND", "LOGICAL_OR", "LOGICAL_NOT")
_FLOAT_ONLY = ("EXP", "FLOOR", "LOG", "NEG", "SQRT", "SQUARE")
_VERSION_1 = ("ELU", "FLOOR", "HARD_SWISH", "LOG", "NEG", "SQRT", "SQUARE")

# Kind: input's shape, output's shape, parameters, options.
_ONE_TO_ONE: dict[str, tuple[Sequence[int], Sequence[int], Sequence[Any], dict[str, Any]]] = {
    "DEPTH_TO_SPACE": ([1, 2, 3, 8], [1, 4, 6, 2], [], {"block_size": 2}),
    "GATHER": ([1, 4, 3], [1, 2, 3], [[3, 0]], {"axis": 1}),
    "MIRROR_PAD": ([2, 3], [3, 5], [[[1, 0], [1, 1]]], {"mode": 0}),
    "RESIZE_BILINEAR": ([1, 2, 3, 2], [1, 5, 4, 2], [[5, 4]], {"half_pixel_centers": True}),
    "RESIZE_NEAREST_NEIGHBOR": ([1, 2, 3, 2], [1, 5, 4, 2], [[5, 4]], {"align_corners": True}),
    "SLICE": ([1, 4, 3], [1, 2, 2], [[0, 1, 1], [1, 2, -1]], {}),
    "SPACE_TO_DEPTH": ([1, 4, 6, 2], [1, 2, 3, 8], [], {"block_size": 2}),
    "STRIDED_SLICE": (
        [1, 6, 5],
        [3, 5],
        [[0, 5, 0], [0, -7, 0], [1, -2, 1]],
        {"shrink_axis_mask": 1, "end_mask": 4},
    ),
    "TRANSPOSE": ([1, 2, 3], [3, 1, 2], [[2, 0, 1]], {}),
}

_BUILDERS: dict[str, Callable[[_Net], bytes]] = {
    "conv_2d": _conv_2d,
    "depthwise_conv_2d": _depthwise_conv_2d,
    "fully_connected": _fully_connected,
    "reshape": _reshape,
    "squeeze": _squeeze,
    "expand_dims": _expand_dims,
    "pad": _pad,
    "transpose_conv": _transpose_conv,
    "batch_matmul": _batch_matmul,
    **{
        k.lower(): functools.partial(_reduce, k)
        for k in ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN")
    },
    **{k.lower(): functools.partial(_arg_extremum, k) for k in ("ARG_MAX", "ARG_MIN")},
    "concatenation": _concatenation,
    "assign_variable": _variable,
    "cast": _cast,
    "padv2": _pad_v2,
    "select_v2": _select,
    "split": _split,
    "pack": _pack,
    "unpack": _unpack,
    **{k.lower(): functools.partial(_one_to_one, k, *v) for k, v in _ONE_TO_ONE.items()},
    **{k.lower(): functools.partial(_pool, k) for k in ("AVERAGE_POOL_2D", "MAX_POOL_2D")},
    **{k.lower(): functools.partial(_binary, k) for k in _BINARY},
    **{k.lower(): functools.partial(_comparison, k) for k in COMPARISONS},
    **{k.lower(): functools.partial(_unary, k) for k in _UNARY},
}


@functools.cache
def models() -> dict[str, bytes]:
    """Every model of the zoo, by a name such as ``conv_2d_int8``."""
    made = {
        f"{name}_{dtype}": builder(_Net(dtype))
        for name, builder in _BUILDERS.items()
        for dtype in ("int8", "float32")
    }
    made |= {f"{k.lower()}_float32": _unary(k, _Net("float32")) for k in _FLOAT_ONLY}
    made |= {f"{k.lower()}_bool": _logic(k, _Net("int8")) for k in _LOGIC}
    for dtype in ("int8", "float32"):
        made[f"svdf_{dtype}"] = recurrent.svdf(dtype)
        made[f"unidirectional_sequence_lstm_{dtype}"] = recurrent.lstm(dtype)
    made |= {f"elu_{dtype}": _unary("ELU", _Net(dtype)) for dtype in ("int8", "float32")}
    made["conv_2d_int16"] = _conv_2d(_Net("int16"))
    made["quantize_dequantize"] = _quantize_dequantize(_Net("int8"))
    made["chain"] = _chain(_Net("int8"))
    return made
