"""A camera's frames as an input, in C: the plan as a constant, and the kernels that it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from edgegen.device import Device, Microcontroller
from edgegen.model import DType
from edgegen.native_image import ImagePlan
from edgegen.preprocess_c import tables
from edgegen.preprocess_c.tables import Table
from edgegen.preprocessing import ImagePreprocessor
from edgegen.render import c_comment, c_float

_PLAN_BYTES = 200
"""Of an eg_image_plan on a 32-bit core, whose enumerations may be of one byte."""

_FITS = {
    "stretch": "the whole frame, its aspect ratio lost",
    "crop": "the middle of the frame, in the tensor's aspect ratio",
    "letterbox": "the whole frame, the fill colour around it",
}


# By whether the tensor is of floats.
_ARITHMETIC = {
    True: "An element is value * value_scale + offset; a value is 1/128 level.",
    False: "An element is (value * multiplier + bias) >> shift, clamped; a value is 1/128 level.",
}


@dataclass(frozen=True, slots=True)
class Image:
    """An input that is made from frames, as the templates see it.

    Attributes:
        input: Its number among the model's inputs.
        width, height: Of a frame, in pixels.
        stride: Bytes of a row without gaps.
        bytes: Of a frame without gaps, its chroma included.
        raw, tensor, steps, arithmetic: For comments.
        is_float: Whether the tensor's elements are float32.
        fields: The plan's initialiser.
        row_elements: int16s of each of the two scratch rows; 0 without them.
        headers: Of the kernels.
        sources: Paths below runtime_c.
    """

    input: int
    width: int
    height: int
    stride: int
    bytes: int
    has_chroma: bool
    raw: str
    tensor: str
    steps: tuple[str, ...]
    arithmetic: str
    is_float: bool
    tables: tuple[Table, ...]
    fields: tuple[tuple[str, str], ...]
    row_elements: int
    headers: tuple[str, ...]
    sources: tuple[str, ...]

    kind: ClassVar[str] = "image"
    template: ClassVar[str] = "preprocess/image.c.j2"

    @property
    def flash_bytes(self) -> int:
        """Of the plan and its tables."""
        return _PLAN_BYTES + tables.total_bytes(self.tables)

    @property
    def static_bytes(self) -> int:
        """RAM of the scratch rows."""
        return 2 * 2 * self.row_elements


def image(made: ImagePreprocessor, device: Device) -> Image:
    """How the C of an input looks on a device."""
    description, tensor = made.description, made.tensor
    has_dsp = isinstance(device, Microcontroller) and "dsp" in device.features
    plan = made.native.plan(has_dsp=has_dsp)
    return Image(
        input=description.tensor,
        width=description.width,
        height=description.height,
        stride=made.raw_shape[1] * (made.raw_shape[2] if len(made.raw_shape) > 2 else 1),
        bytes=made.raw_bytes,
        has_chroma=description.format == "nv12",
        raw=f"{description.width} x {description.height} pixels, {description.format}",
        tensor=f"{c_comment(tensor.name)}, {tensor.dtype.value} {list(tensor.shape)}",
        steps=tuple(image_steps(made)),
        arithmetic=_ARITHMETIC[tensor.dtype is DType.FLOAT32],
        is_float=tensor.dtype is DType.FLOAT32,
        tables=_tables(plan),
        fields=tuple(_fields(made, plan)),
        row_elements=plan.row_values,
        headers=tuple(sorted({_header(each) for each in _kernels(plan)})),
        sources=plan.sources,
    )


def image_steps(made: ImagePreprocessor) -> Iterator[str]:
    """What happens to a frame, one line each for a comment."""
    description = made.description
    yield f"resize  {description.resize}; {_FITS[description.fit]}"
    yield f"colors  {description.color}"
    mean, std = _list(description.mean), _list(description.std)
    yield f"values  (level - mean) / std, mean {mean}, std {std}"


def _list(values: Sequence[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)


def _tables(plan: ImagePlan) -> tuple[Table, ...]:
    width = plan.part[2]
    return (
        Table(
            "int32_t",
            "columns",
            "For every column of the tensor: where in a row of the frame its left pixel begins.",
            width,
            tables.integers(plan.columns),
        ),
        Table(
            "int16_t",
            "fractions",
            "How far it lies to the right of that pixel's centre, of 32768.",
            width,
            tables.integers(plan.fractions),
        ),
    )


def _fields(made: ImagePreprocessor, plan: ImagePlan) -> Iterator[tuple[str, str]]:
    """Members of eg_image_plan in order; those that stay 0 are left out."""
    description, tensor = made.description, made.tensor
    _, height, width = _sides(made)
    yield "source.format", f"EG_IMAGE_{description.format.upper()}"
    yield "source.width", str(description.width)
    yield "source.height", str(description.height)
    yield "width", str(width)
    yield "height", str(height)
    yield "color", f"EG_IMAGE_COLOR_{description.color.upper()}"
    yield "layout", f"EG_IMAGE_{made.layout.upper()}"
    yield "type", f"EG_IMAGE_{tensor.dtype.name}"
    yield "resize", f"EG_IMAGE_{description.resize.upper()}"
    yield "path", f"EG_IMAGE_PATH_{'DSP' if _is_dsp(plan.write_part) else 'PORTABLE'}"
    yield "crop", _box(plan.crop)
    yield "part", _box(plan.part)
    if plan.write_border is not None:
        yield "fill", _braced(map(str, plan.fill))
    if tensor.dtype is DType.FLOAT32:
        yield "value_scale", _braced(map(c_float, plan.value_scale))
        yield "offset", _braced(map(c_float, plan.offset))
    else:
        yield "multiplier", _braced(map(str, plan.multiplier))
        yield "bias", _braced(map(str, plan.bias))
        yield "shift", str(plan.shift)
        yield "low", str(plan.low)
        yield "high", str(plan.high)
    yield "columns", "columns"
    yield "fractions", "fractions"
    yield "inner_columns", str(plan.inner_columns)
    if plan.row_values > 0:
        yield "rows", "{rows[0], rows[1]}"
    yield "write_part", plan.write_part
    if plan.read_row is not None:
        yield "read_row", plan.read_row
    if plan.write_row is not None:
        yield "write_row", plan.write_row
    if plan.write_border is not None:
        yield "write_border", plan.write_border


def _kernels(plan: ImagePlan) -> list[str]:
    kernels = (plan.write_part, plan.read_row, plan.write_row, plan.write_border)
    return [kernel for kernel in kernels if kernel is not None]


def _header(kernel: str) -> str:
    return f"edgegen/image/{'dsp' if _is_dsp(kernel) else 'kernels'}.h"


def _is_dsp(kernel: str) -> bool:
    return kernel.endswith("_dsp")


def _sides(made: ImagePreprocessor) -> tuple[int, int, int]:
    """Channels, height and width of the tensor."""
    _, first, second, third = made.native.shape
    return (third, first, second) if made.layout == "nhwc" else (first, second, third)


def _box(box: Sequence[int]) -> str:
    left, top, width, height = box
    return f"{{.left = {left}, .top = {top}, .width = {width}, .height = {height}}}"


def _braced(texts: Iterable[str]) -> str:
    return "{" + ", ".join(texts) + "}"
