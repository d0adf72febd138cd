"""What the .tflite frontend makes of the operators that move values, and what it refuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from edgegen.errors import RefusedModelError
from edgegen.frontends import tflite
from edgegen.model import (
    Attrs,
    AxisAttrs,
    BlockAttrs,
    GatherAttrs,
    MirrorPadAttrs,
    PadAttrs,
    ResizeAttrs,
    SliceAttrs,
    TransposeAttrs,
)
from support import model_zoo
from support.tflite_builder import ModelBuilder

Shape = Sequence[int]


def moved(
    kind: str,
    sources: Sequence[Shape],
    outputs: Sequence[Shape],
    *parameters: Any,
    dtype: str = "int8",
    scale: float = 0.5,
    parameter_type: str = "int32",
    constant: bool = True,
    **options: Any,
) -> bytes:
    """Activations of ``sources``, then int32 parameters (SPLIT's first), to ``outputs``.

    Args:
        scale: Of the outputs; the inputs have 0.5.
        constant: Whether the parameters are; else the graph's inputs.
    """
    b = ModelBuilder()
    quantised = dtype in ("int8", "int16")
    xs = [b.tensor("x", s, dtype, scale=0.5 if quantised else None) for s in sources]
    ys = [b.tensor("y", s, dtype, scale=scale if quantised else None) for s in outputs]
    ps = [
        b.tensor("p", np.shape(p), parameter_type, data=p if constant else None) for p in parameters
    ]
    b.op(kind, [*ps, *xs] if kind == "SPLIT" else [*xs, *ps], ys, **options)
    return b.build(xs if constant else [*xs, *ps], ys)


def padded(value: dict[str, Any], constant: bool = True) -> bytes:
    """PADV2 of 4 int8 elements with one more and a padding value."""
    b = ModelBuilder()
    x, y = b.tensor("x", [4], scale=0.5), b.tensor("y", [5], scale=0.5)
    paddings = b.tensor("p", [1, 2], "int32", data=[[1, 0]])
    given: dict[str, Any] = {"shape": [], "dtype": "int8", "scale": 0.5, "data": 1, **value}
    v = b.tensor("v", **given)
    b.op("PADV2", [x, paddings, v], [y])
    return b.build([x] if constant else [x, v], [y])


@pytest.mark.parametrize(
    ("name", "attrs"),
    [
        ("strided_slice", SliceAttrs((0, 5, 0), (1, 3, 5), (1, -2, 1))),
        ("slice", SliceAttrs((0, 1, 1), (1, 2, 2), (1, 1, 1))),
        ("transpose", TransposeAttrs((2, 0, 1))),
        ("split", AxisAttrs(2)),
        ("pack", AxisAttrs(1)),
        ("unpack", AxisAttrs(1)),
        ("space_to_depth", BlockAttrs(2)),
        ("gather", GatherAttrs(1, (3, 0))),
        ("mirror_pad", MirrorPadAttrs(((1, 0), (1, 1)), repeats_edge=False)),
        ("padv2", PadAttrs(((0, 0), (1, 0), (0, 0), (0, 0)))),
        ("resize_nearest_neighbor", ResizeAttrs(align_corners=True)),
    ],
)
def test_attributes(name: str, attrs: Attrs) -> None:
    (op,) = tflite.parse(model_zoo.models()[f"{name}_int8"], "m.tflite").ops
    assert op.attrs == attrs


def test_the_data_of_a_split_are_its_second_input() -> None:
    model = tflite.parse(model_zoo.models()["split_int8"], "m.tflite")
    assert model.ops[0].data == model.inputs[0]
    assert len(model.ops[0].outputs) == 2


SLICE = "STRIDED_SLICE"
RESIZE = "RESIZE_NEAREST_NEIGHBOR"
IMAGE = (1, 4, 4, 8)

REFUSED = [
    ("EG107", "works on int32", moved("TRANSPOSE", [(4,)], [(4,)], [0], dtype="int32")),
    ("EG107", "works on int16", moved("GATHER", [(4,)], [(1,)], [0], dtype="int16")),
    ("EG107", "indices are int64", moved("GATHER", [(4,)], [(1,)], [0], parameter_type="int64")),
    ("EG107", "strides are int64",
     moved(SLICE, [(4,)], [(4,)], [0], [4], [1], parameter_type="int64")),
    ("EG117", "differ in scale", moved("TRANSPOSE", [(4,)], [(4,)], [0], scale=0.25)),
    ("EG117", "differ in scale", moved("UNPACK", [(1, 4)], [(4,)], num=1, scale=0.25)),
    ("EG112", "4 dimensions at most",
     moved(SLICE, [(1,) * 5], [(1,) * 5], [0] * 5, [1] * 5, [1] * 5)),
    ("EG112", "5 dimensions at most", moved("TRANSPOSE", [(1,) * 6], [(1,) * 6], list(range(6)))),
    ("EG113", "indices are computed", moved("GATHER", [(4,)], [(1,)], [0], constant=False)),
    ("EG113", "permuted dimensions are", moved("TRANSPOSE", [(4,)], [(4,)], [0], constant=False)),
    ("EG116", "stride is 0", moved(SLICE, [(4,)], [(4,)], [0], [4], [0])),
    ("EG116", "ellipsis mask is set", moved(SLICE, [(4,)], [(4,)], [0], [4], [1], ellipsis_mask=1)),
    ("EG116", "new axis mask is set", moved(SLICE, [(4,)], [(4,)], [0], [4], [1], new_axis_mask=1)),
    ("EG116", "offset is set", moved(SLICE, [(4,)], [(4,)], [0], [4], [1], offset=True)),
    ("EG116", "without taking one", moved(SLICE, [(4,)], [()], [3], [2], [-1], shrink_axis_mask=1)),
    ("EG116", "without taking one", moved(SLICE, [(4,)], [()], [4], [5], [1], shrink_axis_mask=1)),
    ("EG115", "imply 2", moved(SLICE, [(4,)], [(3,)], [0], [4], [2])),
    ("EG115", "imply 0", moved(SLICE, [(4,)], [(1,)], [3], [1], [1])),
    ("EG115", "strides are 2 for 1", moved(SLICE, [(4,)], [(4,)], [0], [4], [1, 1])),
    ("EG116", "3 elements from 2 on, of 4", moved("SLICE", [(4,)], [(3,)], [2], [3])),
    ("EG116", "4 elements from -1 on", moved("SLICE", [(4,)], [(4,)], [-1], [4])),
    ("EG116", "0 elements from 4 on", moved("SLICE", [(4,)], [(1,)], [4], [-1])),
    ("EG115", "imply 2", moved("SLICE", [(4,)], [(3,)], [2], [-1])),
    ("EG116", "no order of its", moved("TRANSPOSE", [(4, 4)], [(4, 4)], [0, 0])),
    ("EG116", "no order of its", moved("TRANSPOSE", [(4, 4)], [(4, 4)], [0, -1])),
    ("EG115", "imply 3x2", moved("TRANSPOSE", [(2, 3)], [(2, 3)], [1, 0])),
    ("EG118", "1 outputs, but says 2", moved("SPLIT", [(4,)], [(4,)], 0, num_splits=2)),
    ("EG116", "Axis 1 does not", moved("SPLIT", [(4,)], [(4,)], 1, num_splits=1)),
    ("EG116", "2 axes instead", moved("SPLIT", [(4,)], [(4,)], [0, 0], num_splits=1)),
    ("EG115", "splits 5 into 2", moved("SPLIT", [(5,)], [(2,), (3,)], 0, num_splits=2)),
    ("EG115", "imply 2", moved("SPLIT", [(4,)], [(2,), (1,)], 0, num_splits=2)),
    ("EG118", "0 outputs", moved("SPLIT", [(4,)], [], 0, num_splits=0)),
    ("EG118", "2 outputs instead", moved("SLICE", [(4,)], [(4,), (4,)], [0], [4])),
    ("EG118", "2 inputs, but says 3", moved("PACK", [(4,), (4,)], [(2, 4)], values_count=3)),
    ("EG115", "different shapes", moved("PACK", [(4,), (3,)], [(2, 4)], values_count=2)),
    ("EG115", "imply 4x1", moved("PACK", [(4,)], [(1, 4)], values_count=1, axis=1)),
    ("EG115", "takes 2 apart into 1", moved("UNPACK", [(2, 4)], [(4,)], num=1)),
    ("EG118", "1 outputs, but says 2", moved("UNPACK", [(2, 4)], [(4,)], num=2)),
    ("EG115", "imply 4", moved("UNPACK", [(1, 4)], [(5,)], num=1)),
    ("EG116", "block size is 0", moved("SPACE_TO_DEPTH", [IMAGE], [IMAGE])),
    ("EG115", "Blocks of 3x3", moved("SPACE_TO_DEPTH", [IMAGE], [(1, 1, 1, 72)], block_size=3)),
    ("EG115", "Blocks of 2x2", moved("DEPTH_TO_SPACE", [IMAGE], [(1, 8, 8, 3)], block_size=2)),
    ("EG112", "input has 3", moved("SPACE_TO_DEPTH", [(4, 4, 8)], [IMAGE], block_size=1)),
    ("EG116", "index is outside of 0...3", moved("GATHER", [(4,)], [(2,)], [0, 4])),
    ("EG116", "index is outside of 0...3", moved("GATHER", [(4,)], [(1,)], [-1])),
    ("EG116", "from batch to batch",
     moved("GATHER", [(1, 4)], [(1, 1)], [[0]], axis=1, batch_dims=1)),
    ("EG115", "imply 2", moved("GATHER", [(4,)], [(1,)], [0, 1])),
    ("EG116", "mirrors 4 elements of 4", moved("MIRROR_PAD", [(4,)], [(8,)], [[4, 0]], mode=0)),
    ("EG116", "mirrors 5 elements of 4", moved("MIRROR_PAD", [(4,)], [(9,)], [[0, 5]], mode=1)),
    ("EG116", "mode is number 2", moved("MIRROR_PAD", [(4,)], [(5,)], [[1, 0]], mode=2)),
    ("EG115", "imply 5", moved("MIRROR_PAD", [(4,)], [(6,)], [[1, 0]], mode=1)),
    ("EG113", "value is computed", padded({"data": None}, constant=False)),
    ("EG107", "value is int32", padded({"dtype": "int32"})),
    ("EG115", "value is 2 instead", padded({"shape": [2], "data": [1, 2]})),
    ("EG117", "differ in scale", padded({"scale": 0.25})),
    ("EG112", "two dimensions of an image", moved(RESIZE, [(4, 4, 8)], [(4, 4, 8)], [4, 4])),
    ("EG115", "imply 1x2x3x8", moved(RESIZE, [IMAGE], [IMAGE], [2, 3])),
    ("EG116", "at once",
     moved(RESIZE, [IMAGE], [IMAGE], [4, 4], align_corners=True, half_pixel_centers=True)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "words", "data"), REFUSED, ids=lambda v: v if type(v) is str else ""
)
def test_refused(code: str, words: str, data: bytes) -> None:
    with pytest.raises(RefusedModelError) as caught:
        tflite.parse(data, "m.tflite")
    found = caught.value.diagnostics
    assert any(words in each.cause for each in found if each.code == code), found
