"""A camera's bytes as a model's input tensor, by runtime_c.

Sampling, arithmetic and error bounds: runtime_c/include/edgegen/image.h.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgegen import _native
from edgegen.native_arguments import choice, integer, real

FORMATS = ("rgb8", "bgr8", "rgba8", "gray8", "yuyv", "nv12")
COLORS = ("rgb", "bgr", "gray")
LAYOUTS = ("nhwc", "nchw")
DTYPES = ("float32", "int8", "uint8")
RESIZES = ("bilinear", "nearest")
FITS = ("stretch", "crop", "letterbox")
PATHS = ("fastest", "portable", "sse41", "avx2", "neon", "dsp")

# Where runtime_c has a kernel that a device's plan may name.
KERNEL_SOURCES = {
    "eg_image_write_part": "src/image/write_part.c",
    "eg_image_pick_gray": "src/image/pick_gray.c",
    "eg_image_pick_luma": "src/image/pick_luma.c",
    "eg_image_pick_rgb": "src/image/pick_rgb.c",
    "eg_image_write_border": "src/image/write_border.c",
    "eg_image_read_rgb": "src/image/read_rgb.c",
    "eg_image_read_rgb_as_gray": "src/image/read_rgb.c",
    "eg_image_read_gray": "src/image/read_gray.c",
    "eg_image_read_gray_as_rgb": "src/image/read_gray.c",
    "eg_image_read_yuyv": "src/image/read_yuyv.c",
    "eg_image_read_yuyv_as_gray": "src/image/read_yuyv.c",
    "eg_image_read_nv12": "src/image/read_nv12.c",
    "eg_image_read_nv12_as_gray": "src/image/read_nv12.c",
    "eg_image_write_f32": "src/image/write_f32.c",
    "eg_image_write_q8": "src/image/write_q8.c",
    **{
        f"eg_image_{pixels}_{values}_dsp": f"src/image/dsp/{pixels}_{values}.c"
        for pixels in ("rgb_to", "rgb_reversed_to", "gray_to", "yuyv_to_gray", "nv12_to_gray")
        for values in ("levels", "s8", "u8")
    },
}


@dataclass(frozen=True, slots=True)
class ImagePlan:
    """What ``eg_image_run`` needs beside the arguments of a preprocessor: members of
    ``eg_image_plan``, of the portable or the DSP path, as they may stand in a C initialiser.

    Attributes:
        crop: Left, top, width and height of the part of the source that is seen.
        part: Likewise of where it goes in the tensor.
        fill: Levels, one per channel of the tensor, as in all that follow.
        value_scale, offset: float32s: a float32 tensor is ``value * value_scale + offset``; a
            value is 128 times a level.
        multiplier, bias, shift, low, high: int32s: an int8 or uint8 tensor is
            ``clamp((value * multiplier + bias) >> shift, low, high)``; zeros for float32.
        columns: int32s, for every column of the part: the byte of a row of the source where the
            pixel left of its centre begins.
        fractions: int16s, likewise: the distance from that pixel, of 2^15.
        inner_columns: How many of the columns have a pixel of the row to their right.
        row_values: The length of each of the two ``rows``, int16 scratch memory; 0 without them.
        write_part, read_row, write_row, write_border: Names of kernels; but for the first they may
            be ``None``: ``NULL``.
    """

    crop: tuple[int, int, int, int]
    part: tuple[int, int, int, int]
    fill: tuple[int, ...]
    value_scale: tuple[float, ...]
    offset: tuple[float, ...]
    multiplier: tuple[int, ...]
    bias: tuple[int, ...]
    shift: int
    low: int
    high: int
    columns: tuple[int, ...]
    fractions: tuple[int, ...]
    inner_columns: int
    row_values: int
    write_part: str
    read_row: str | None
    write_row: str | None
    write_border: str | None

    @property
    def sources(self) -> tuple[str, ...]:
        """The files of runtime_c that run it, sorted."""
        kernels = (self.write_part, self.read_row, self.write_row, self.write_border)
        files = {KERNEL_SOURCES[kernel] for kernel in kernels if kernel is not None}
        return tuple(sorted(files | {"src/image/run.c"}))


class ImagePreprocessor(_native.ImagePreprocessor):
    """Cuts out, resizes and normalises images of one size, in one pass.

    A tensor's value is ``level * scale + offset`` with levels of 0 to 255: for a mean and a
    standard deviation of levels divided by 255, ``scale = 1 / (255 * std)`` and
    ``offset = -mean / std``. int8 and uint8 tensors hold
    ``clamp(round(value / quant_scale) + zero_point)``.

    Calling it with an image, uint8, writes the tensor, C-contiguous and of the documented
    ``shape`` (without the leading 1 will do, too), or makes one, and returns it. The image's shape
    is (source_height, source_width, bytes a pixel), without the last for ``gray8``, and
    (source_height * 3 / 2, source_width) for ``nv12``, whose last third is chroma. Its rows may
    lie apart, as those of a part of a larger image do.

    Args:
        width, height: Of the tensor, 1 to 32767.
        source_width, source_height: Of the image, likewise; even where chroma is shared.
        format: One of ``FORMATS``.
        color: The tensor's channels in order, one of ``COLORS``.
        layout: One of ``LAYOUTS``.
        dtype: One of ``DTYPES``.
        resize: One of ``RESIZES``.
        fit: ``stretch`` to the tensor's sides, ``crop`` the middle, or ``letterbox``: all of it,
            with ``fill`` around.
        fill: Levels, one per channel of the tensor, or one for all.
        scale, offset: One per channel of the tensor, or one for all.
        quant_scale, zero_point: The tensor's quantisation; unused for float32.
        path: How, one of ``PATHS``. One that this machine lacks, or that doesn't take such a
            source, is ``portable``. The result is the same, to the bit.

    Attributes:
        shape: (1, height, width, channels) or (1, channels, height, width).
        path: The one that is taken.

    Raises:
        ValueError: An argument is wrong, of the constructor or of a call; it says which.
    """

    def __init__(
        self,
        width: int,
        height: int,
        *,
        source_width: int,
        source_height: int,
        format: str = "rgb8",
        color: str = "rgb",
        layout: str = "nhwc",
        dtype: str = "float32",
        resize: str = "bilinear",
        fit: str = "stretch",
        fill: int | Sequence[int] = 0,
        scale: float | Sequence[float] = 1 / 255,
        offset: float | Sequence[float] = 0.0,
        quant_scale: float = 1.0,
        zero_point: int = 0,
        path: str = "fastest",
    ) -> None:
        channels = 1 if color == "gray" else 3
        levels = tuple(integer("fill", each, 0, 255) for each in _spread("fill", fill, channels))
        super().__init__(
            choice("format", format, FORMATS),
            integer("source_width", source_width),
            integer("source_height", source_height),
            integer("width", width),
            integer("height", height),
            choice("color", color, COLORS),
            choice("layout", layout, LAYOUTS),
            choice("dtype", dtype, DTYPES),
            choice("resize", resize, RESIZES),
            choice("fit", fit, FITS),
            (levels[0], levels[1], levels[2]),
            _floats("scale", scale, channels),
            _floats("offset", offset, channels),
            real("quant_scale", quant_scale),
            integer("zero_point", zero_point),
            choice("path", path, PATHS),
        )

    def plan(self, has_dsp: bool = False) -> ImagePlan:  # type: ignore[override]
        """The plan of the same tensor for a device: of the portable path, or of the DSP
        instructions of Armv7E-M where the device has them and they take such a source."""
        return ImagePlan(**super().plan(has_dsp))


def _floats(argument: str, values: object, channels: int) -> tuple[float, float, float]:
    first, second, third = (real(argument, each) for each in _spread(argument, values, channels))
    return first, second, third


def _spread(argument: str, values: object, channels: int) -> list[object]:
    """One value per channel of three; those that the tensor does not have are copies."""
    if isinstance(values, (Sequence, np.ndarray)) and not isinstance(values, str):
        if len(values) != channels:
            raise ValueError(f"{argument}: {len(values)} values for {channels} channels")
        return [*values, *[values[0]] * (3 - channels)]
    return [values] * 3
