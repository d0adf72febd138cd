"""A camera's frames as an input, in C that takes the fastest way which its processor has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from edgegen.model import DType
from edgegen.preprocess_c.image import image_steps
from edgegen.preprocessing import ImagePreprocessor
from edgegen.render import c_comment, c_float


@dataclass(frozen=True, slots=True)
class FrameInput:
    """An input that is made from frames, as the templates see it.

    Attributes:
        input: Its number among the model's inputs.
        format: Of a frame, an eg_image_format.
        width, height: Of a frame, in pixels.
        stride: Bytes of a row; there are no gaps.
        bytes: Of a frame, its chroma included.
        raw, tensor, steps: For comments.
        spec: The initialiser of an eg_image_spec.
    """

    input: int
    format: str
    width: int
    height: int
    stride: int
    bytes: int
    has_chroma: bool
    raw: str
    tensor: str
    tensor_bytes: int
    element_bytes: int
    steps: tuple[str, ...]
    spec: tuple[tuple[str, str], ...]

    kind: ClassVar[str] = "image"
    template: ClassVar[str] = "preprocess/image.c.j2"


def frame_input(made: ImagePreprocessor) -> FrameInput:
    """How the C of an input looks."""
    description, tensor = made.description, made.tensor
    return FrameInput(
        input=description.tensor,
        format=f"EG_IMAGE_{description.format.upper()}",
        width=description.width,
        height=description.height,
        stride=made.raw_shape[1] * (made.raw_shape[2] if len(made.raw_shape) > 2 else 1),
        bytes=made.raw_bytes,
        has_chroma=description.format == "nv12",
        raw=f"{description.width} x {description.height} pixels, {description.format}",
        tensor=f"{c_comment(tensor.name)}, {tensor.dtype.value} {list(tensor.shape)}",
        tensor_bytes=tensor.bytes,
        element_bytes=tensor.dtype.numpy.itemsize,
        steps=tuple(image_steps(made)),
        spec=tuple(_spec(made)),
    )


def _spec(made: ImagePreprocessor) -> Iterator[tuple[str, str]]:
    """Members of eg_image_spec in order."""
    description, tensor = made.description, made.tensor
    _, first, second, third = made.native.shape
    height, width = (first, second) if made.layout == "nhwc" else (second, third)
    yield "width", str(width)
    yield "height", str(height)
    yield "color", f"EG_IMAGE_COLOR_{description.color.upper()}"
    yield "layout", f"EG_IMAGE_{made.layout.upper()}"
    yield "type", f"EG_IMAGE_{tensor.dtype.name}"
    yield "resize", f"EG_IMAGE_{description.resize.upper()}"
    yield "fit", f"EG_IMAGE_{description.fit.upper()}"
    yield "fill", _three(map(str, description.fill))
    yield "scale", _three(map(c_float, made.scale))
    yield "offset", _three(map(c_float, made.offset))
    if tensor.dtype is not DType.FLOAT32:
        yield "quant_scale", c_float(tensor.scale)
        yield "zero_point", str(tensor.zero_point)
    yield "path", "EG_IMAGE_PATH_FASTEST"


def _three(values: Iterable[str]) -> str:
    """One for all channels, or one for each."""
    texts = list(values)
    return "{" + ", ".join(texts * (3 // len(texts))) + "}"
