"""What the .tflite frontend demands of functions of values, rows and images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from edgegen.errors import RefusedModelError
from edgegen.frontends import tflite
from edgegen.model import Attrs, AxisAttrs, Conv2DAttrs, MatMulAttrs, NoAttrs, Padding, ReduceAttrs
from support import model_zoo
from support.tflite_builder import ModelBuilder

Quant = tuple[float, int]
HALF: Quant = (0.5, 0)


def quantised(
    kind: str,
    sources: Sequence[tuple[Sequence[int], Quant]],
    output: tuple[Sequence[int], Quant],
    *parameters: Any,
    output_type: str = "int8",
    **options: Any,
) -> bytes:
    """int8 activations as (shape, (scale, zero point)), then int32 parameters."""
    b = ModelBuilder()
    xs = [b.tensor("x", shape, scale=q[0], zero_point=q[1]) for shape, q in sources]
    quant = {} if output_type != "int8" else {"scale": output[1][0], "zero_point": output[1][1]}
    y = b.tensor("y", output[0], output_type, **quant)
    ps = [b.tensor("p", np.shape(p), "int32", data=p) for p in parameters]
    b.op(kind, [*xs, *ps], [y], **options)
    return b.build(xs, [y])


def unary(kind: str, source: Quant = HALF, output: Quant = HALF, **options: Any) -> bytes:
    return quantised(kind, [((1, 4), source)], ((1, 4), output), **options)


def plain(kind: str, dtype: str, shape: Sequence[int] = (1, 4), **options: Any) -> bytes:
    """One activation in, one out, without quantisation."""
    b = ModelBuilder()
    x, y = b.tensor("x", shape, dtype), b.tensor("y", shape, dtype)
    b.op(kind, [x], [y], **options)
    return b.build([x], [y])


def of_types(
    kind: str, sources: Sequence[str], output: str, shape: Sequence[int] = (1, 4)
) -> bytes:
    """Activations of these types, all of one shape and without quantisation."""
    b = ModelBuilder()
    xs = [b.tensor("x", shape, dtype) for dtype in sources]
    y = b.tensor("y", shape, output)
    b.op(kind, xs, [y])
    return b.build(xs, [y])


def transpose_conv(source: Sequence[int], output: Sequence[int], given: Any = None) -> bytes:
    """A float kernel of 3x3x2 to 3 channels, in steps of 2."""
    b = ModelBuilder()
    x, y = b.tensor("x", source, "float32"), b.tensor("y", output, "float32")
    w = b.tensor("w", [3, 3, 3, 2], "float32", data=np.ones((3, 3, 3, 2)))
    shape = b.tensor("s", [4], "int32", data=output if given is None else given)
    b.op("TRANSPOSE_CONV", [shape, w, x], [y], stride=(2, 2), padding="SAME")
    return b.build([x], [y])


@pytest.mark.parametrize(
    ("name", "attrs"),
    [
        ("hard_swish", NoAttrs()),
        ("l2_normalization", NoAttrs()),
        ("prelu", NoAttrs()),
        ("sum", ReduceAttrs((1, 2))),
        ("reduce_max", ReduceAttrs((1, 2))),
        ("arg_max", AxisAttrs(2)),
        ("transpose_conv", Conv2DAttrs(Padding.SAME, (2, 2))),
        ("batch_matmul", MatMulAttrs(transposes_second=True)),
    ],
)
def test_attributes(name: str, attrs: Attrs) -> None:
    (op,) = tflite.parse(model_zoo.models()[f"{name}_int8"], "m.tflite").ops
    assert op.attrs == attrs


def test_the_data_of_a_transposed_convolution_are_its_third_input() -> None:
    model = tflite.parse(model_zoo.models()["transpose_conv_int8"], "m.tflite")
    assert model.ops[0].data == model.inputs[0]


ROW = (1, 4)
IMAGE = (1, 2, 2, 2)

REFUSED = [
    ("EG107", "works on int8", unary("EXP")),
    ("EG107", "works on int8", unary("SQRT")),
    ("EG107", "works on int16", plain("ELU", "int16")),
    ("EG107", "works on int16", plain("HARD_SWISH", "int16")),
    ("EG110", "int8 tensor has no scale", plain("ABS", "int8")),
    ("EG112", "at least one dimension", plain("LOG_SOFTMAX", "float32", ())),
    ("EG112", "4 dimensions at most", plain("L2_NORMALIZATION", "float32", (1,) * 5)),
    ("EG116", "no runtime", plain("L2_NORMALIZATION", "float32", activation="relu")),
    ("EG117", "output needs scale 0.0078125", unary("L2_NORMALIZATION")),
    ("EG117", "output needs scale 0.0625", unary("LOG_SOFTMAX")),
    ("EG117", "too far apart", unary("ABS", (0.5, 0), (1e-9, 0))),
    ("EG117", "too far apart", unary("ELU", (0.5, 0), (1e-9, 0))),
    ("EG117", "out of range for its output", unary("HARD_SWISH", (1.0, 0), (0.005, 0))),
    ("EG117", "out of range for its output", unary("HARD_SWISH", (1e-7, 0), (1e-7, 0))),
    ("EG117", "may be negative", unary("RSQRT", (0.5, -127))),
    ("EG117", "scales are out of range", unary("RSQRT", (0.5, -128), (1e-10, 0))),
    ("EG117", "differ in scale",
     quantised("MAXIMUM", [(ROW, HALF), (ROW, (0.25, 0))], (ROW, HALF))),
    ("EG115", "do not broadcast", quantised("MINIMUM", [(ROW, HALF), ((3,), HALF)], (ROW, HALF))),
    ("EG117", "far smaller", quantised("PRELU", [(ROW, HALF), (ROW, HALF)], (ROW, (1e-8, 0)))),
    ("EG115", "imply 1x4", quantised("PRELU", [(ROW, HALF), (ROW, HALF)], ((4,), HALF))),
    ("EG117", "differ in scale",
     quantised("REDUCE_MAX", [(ROW, HALF)], ((1,), (0.25, 0)), [1])),
    ("EG115", "imply 1", quantised("SUM", [(ROW, HALF)], (ROW, HALF), [1])),
    ("EG107", "output is int8, not int32", quantised("ARG_MAX", [(ROW, HALF)], ((1,), HALF), 1)),
    ("EG115", "imply 1", quantised("ARG_MIN", [(ROW, HALF)], (ROW, HALF), 1, output_type="int32")),
    ("EG116", "2 axes", quantised("ARG_MAX", [(ROW, HALF)], ((1,), HALF), [0, 1])),
    ("EG116", "Axis 2 does not", quantised("ARG_MAX", [(ROW, HALF)], ((1,), HALF), 2)),
    ("EG115", "imply 1x3x3x2",
     quantised("RESIZE_BILINEAR", [(IMAGE, HALF)], (IMAGE, HALF), [3, 3])),
    ("EG115", "its input 1x3x2x2", transpose_conv((1, 3, 2, 2), (1, 4, 4, 3))),
    ("EG115", "its output 1x4x4x4", transpose_conv(IMAGE, (1, 4, 4, 4))),
    ("EG115", "imply 1x3x4x3", transpose_conv(IMAGE, (1, 4, 4, 3), (1, 3, 4, 3))),
    ("EG112", "input has 3 dimensions", transpose_conv((2, 2, 2), (1, 4, 4, 3))),
    ("EG115", "can't be multiplied",
     quantised("BATCH_MATMUL", [(ROW, HALF), (ROW, HALF)], ((1, 4), HALF))),
    ("EG115", "imply 1x1",
     quantised("BATCH_MATMUL", [(ROW, HALF), (ROW, HALF)], ((1, 4), HALF), adj_y=True)),
    ("EG107", "works on int16", of_types("LESS", ["int16", "int16"], "bool")),
    ("EG107", "works on bool", of_types("LESS", ["bool", "bool"], "bool")),
    ("EG107", "works on int64", of_types("EQUAL", ["int64", "int64"], "bool")),
    ("EG107", "mixes", of_types("EQUAL", ["int32", "float32"], "bool")),
    ("EG107", "output is int32, not bool", of_types("EQUAL", ["int32", "int32"], "int32")),
    ("EG110", "no scale", of_types("GREATER", ["int8", "int8"], "bool")),
    ("EG117", "scales below 1",
     quantised("LESS", [(ROW, (1.0, 0)), (ROW, HALF)], (ROW, HALF), output_type="bool")),
    ("EG115", "do not broadcast",
     quantised("LESS", [(ROW, HALF), ((3,), HALF)], (ROW, HALF), output_type="bool")),
    ("EG115", "imply 2x4",
     quantised("LESS", [(ROW, HALF), ((2, 4), HALF)], (ROW, HALF), output_type="bool")),
    ("EG107", "works on int8", of_types("LOGICAL_AND", ["int8", "bool"], "bool")),
    ("EG107", "not bool", of_types("LOGICAL_NOT", ["bool"], "int8")),
    ("EG112", "4 dimensions at most",
     of_types("LOGICAL_OR", ["bool", "bool"], "bool", (1, 1, 1, 1, 4))),
    ("EG107", "condition is int32", of_types("SELECT_V2", ["int32"] + ["float32"] * 2, "float32")),
    ("EG107", "works on int32", of_types("SELECT_V2", ["bool"] + ["int32"] * 2, "int32")),
    ("EG107", "mixes", of_types("SELECT_V2", ["bool", "float32", "float32"], "int8")),
    ("EG112", "5 dimensions at most",
     of_types("SELECT_V2", ["bool"] + ["float32"] * 2, "float32", (1, 1, 1, 1, 1, 4))),
    ("EG107", "casts uint8", of_types("CAST", ["uint8"], "int32")),
    ("EG107", "casts to bool", of_types("CAST", ["float32"], "bool")),
    ("EG117", "input scale is too small", unary("LOG_SOFTMAX", (1e-8, 0), (1 / 16, 127))),
    ("EG112", "2 to 5 dimensions",
     quantised("BATCH_MATMUL", [((4,), HALF), (ROW, HALF)], ((1, 4), HALF))),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "words", "data"), REFUSED, ids=lambda v: v if type(v) is str else ""
)
def test_refused(code: str, words: str, data: bytes) -> None:
    with pytest.raises(RefusedModelError) as caught:
        tflite.parse(data, "m.tflite")
    found = caught.value.diagnostics
    assert any(words in each.cause for each in found if each.code == code), found
