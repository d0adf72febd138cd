"""Images to tensors, against the documented formulas in float64."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgegen.native import ImagePreprocessor
from edgegen.native_image import KERNEL_SOURCES, PATHS

LEVEL_ERROR = 2 * (0.5 / 128 + 255 / 65536)
CONVERSION_ERROR = 0.5 + 3 * 255 / 65536
BYTES = {"rgb8": (3,), "bgr8": (3,), "rgba8": (4,), "gray8": (), "yuyv": (2,), "nv12": ()}

Image = npt.NDArray[np.uint8]
Levels = npt.NDArray[np.float64]


def random_image(format: str, width: int, height: int, seed: int = 0) -> Image:
    rows = height * 3 // 2 if format == "nv12" else height
    levels = np.random.default_rng(seed).integers(0, 256, (rows, width, *BYTES[format]))
    return levels.astype(np.uint8)


def as_rgb(image: Image, format: str) -> Levels:
    """Levels of red, green and blue, (height, width, 3)."""
    levels = image.astype(np.float64)
    match format:
        case "rgb8":
            return levels
        case "bgr8":
            return levels[:, :, ::-1]
        case "rgba8":
            return levels[:, :, :3]
        case "gray8":
            return np.repeat(levels[:, :, None], 3, axis=2)
        case "yuyv":
            luma = levels[:, :, 0]
            u = np.repeat(levels[:, 0::2, 1], 2, axis=1)
            v = np.repeat(levels[:, 1::2, 1], 2, axis=1)
        case _:
            height = len(image) * 2 // 3
            luma, chroma = levels[:height], levels[height:]
            u = chroma[:, 0::2].repeat(2, axis=0).repeat(2, axis=1)
            v = chroma[:, 1::2].repeat(2, axis=0).repeat(2, axis=1)
    gray = (luma - 16) * 255 / 219
    u, v = (u - 128) * 255 / 224, (v - 128) * 255 / 224
    planes = (gray + 1.402 * v, gray - 0.344136 * u - 0.714136 * v, gray + 1.772 * u)
    return np.clip(np.stack(planes, axis=-1), 0, 255)


def as_gray(image: Image, format: str) -> Levels:
    """(height, width, 1)"""
    if format == "yuyv":
        return np.clip((image[:, :, :1].astype(np.float64) - 16) * 255 / 219, 0, 255)
    if format == "nv12":
        luma = image[: len(image) * 2 // 3, :, None].astype(np.float64)
        return np.clip((luma - 16) * 255 / 219, 0, 255)
    if format == "gray8":
        return image[:, :, None].astype(np.float64)
    return as_rgb(image, format) @ np.array([[0.299], [0.587], [0.114]])


def resized(levels: Levels, width: int, height: int) -> Levels:
    """Bilinear, half-pixel centres."""
    for axis, side in ((0, height), (1, width)):
        last = levels.shape[axis] - 1
        places = np.clip((np.arange(side) + 0.5) * (last + 1) / side - 0.5, 0, last)
        first = np.minimum(places.astype(int), max(last - 1, 0))
        shape = [1, 1, 1]
        shape[axis] = side
        weight = (places - first).reshape(shape)
        second = levels.take(np.minimum(first + 1, last), axis)
        levels = levels.take(first, axis) * (1 - weight) + second * weight
    return levels


@settings(deadline=None, max_examples=60)
@given(
    format=st.sampled_from(sorted(BYTES)),
    color=st.sampled_from(["rgb", "bgr", "gray"]),
    layout=st.sampled_from(["nhwc", "nchw"]),
    source=st.tuples(st.integers(1, 20), st.integers(1, 12)),
    size=st.tuples(st.integers(1, 40), st.integers(1, 20)),
    path=st.sampled_from(PATHS),
)
def test_float32_is_within_the_stated_error(
    format: str,
    color: str,
    layout: str,
    source: tuple[int, int],
    size: tuple[int, int],
    path: str,
) -> None:
    source_width, source_height = 2 * source[0], 2 * source[1]
    image = random_image(format, source_width, source_height)
    prepare = ImagePreprocessor(
        *size,
        source_width=source_width,
        source_height=source_height,
        format=format,
        color=color,
        layout=layout,
        scale=1.0,
        path=path,
    )
    tensor = prepare(image)
    assert tensor.dtype == np.float32
    assert tensor.shape == prepare.shape
    got = tensor[0] if layout == "nhwc" else tensor[0].transpose(1, 2, 0)
    levels = as_gray(image, format) if color == "gray" else as_rgb(image, format)
    want = resized(levels, *size)
    colors = format in ("rgb8", "bgr8", "rgba8")
    converted = color == "gray" if colors else format != "gray8"
    error = LEVEL_ERROR + (CONVERSION_ERROR if converted else 0)
    assert np.abs(got - (want[:, :, ::-1] if color == "bgr" else want)).max() <= error + 1e-5


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("layout", ["nhwc", "nchw"])
def test_integers_are_the_quantised_float(dtype: str, layout: str) -> None:
    image = random_image("rgb8", 64, 48)
    scale, offset = [0.0171, 0.0175, 0.0174], [-2.118, -2.036, -1.804]
    zero_point = -14 if dtype == "int8" else 114
    sizes: dict[str, Any] = {"source_width": 64, "source_height": 48, "layout": layout}
    sizes |= {"scale": scale, "offset": offset}
    real = ImagePreprocessor(24, 20, **sizes)(image).astype(np.float64)
    quantised = ImagePreprocessor(
        24, 20, dtype=dtype, quant_scale=0.0186, zero_point=zero_point, **sizes
    )(image)
    limits = np.iinfo(quantised.dtype)
    want = np.clip(real / 0.0186 + zero_point, limits.min, limits.max)
    assert quantised.dtype == np.dtype(dtype)
    assert np.abs(quantised - want).max() <= 0.52


def test_a_level_is_kept_where_the_quantisation_is_the_levels() -> None:
    """What most int8 models want: level - 128."""
    image = random_image("rgb8", 32, 8)
    prepare = ImagePreprocessor(
        32, 8, source_width=32, source_height=8, dtype="int8", quant_scale=1 / 255, zero_point=-128
    )
    np.testing.assert_array_equal(prepare(image)[0], image.astype(np.int16) - 128)


def test_nearest_takes_the_pixel_at_the_centre() -> None:
    image = random_image("bgr8", 31, 17)
    prepare = ImagePreprocessor(
        13, 40, source_width=31, source_height=17, format="bgr8", resize="nearest", scale=1.0
    )
    columns = ((2 * np.arange(13) + 1) * 31) // 26
    rows = ((2 * np.arange(40) + 1) * 17) // 80
    np.testing.assert_array_equal(prepare(image)[0], image[rows][:, columns, ::-1])


def test_crop_is_that_of_the_middle() -> None:
    image = random_image("rgb8", 40, 20)
    cropped = ImagePreprocessor(12, 12, source_width=40, source_height=20, fit="crop")
    middle = ImagePreprocessor(12, 12, source_width=20, source_height=20)
    np.testing.assert_array_equal(cropped(image), middle(image[:, 10:30]))


def test_letterbox_fills_around_the_whole() -> None:
    image = random_image("rgb8", 40, 20)
    boxed = ImagePreprocessor(
        16, 16, source_width=40, source_height=20, fit="letterbox", fill=(114, 7, 255), scale=1.0
    )(image)[0]
    whole = ImagePreprocessor(16, 8, source_width=40, source_height=20, scale=1.0)(image)[0]
    np.testing.assert_array_equal(boxed[4:12], whole)
    assert (boxed[:4] == [114, 7, 255]).all()
    assert (boxed[12:] == [114, 7, 255]).all()


@settings(deadline=None, max_examples=60)
@given(
    format=st.sampled_from(sorted(BYTES)),
    dtype=st.sampled_from(["float32", "int8", "uint8"]),
    layout=st.sampled_from(["nhwc", "nchw"]),
    fit=st.sampled_from(["stretch", "crop", "letterbox"]),
    size=st.tuples(st.integers(1, 40), st.integers(1, 9)),
    path=st.sampled_from(PATHS),
)
def test_every_path_gives_the_portable_bits(
    format: str, dtype: str, layout: str, fit: str, size: tuple[int, int], path: str
) -> None:
    image = random_image(format, 38, 18)
    options: dict[str, Any] = {"source_width": 38, "source_height": 18, "format": format}
    options |= {"dtype": dtype, "layout": layout, "fit": fit, "fill": 114}
    options |= {"scale": (0.0171, -0.0175, 0.0174), "offset": (-2.118, 2.036, -1.804)}
    options |= {"quant_scale": 0.0186, "zero_point": 100}
    fast = ImagePreprocessor(*size, path=path, **options)(image)
    portable = ImagePreprocessor(*size, path="portable", **options)
    assert portable.path == "portable"
    assert fast.tobytes() == portable(image).tobytes()
    assert ImagePreprocessor(*size, path="dsp", **options)(image).tobytes() == fast.tobytes()


def test_a_plan_is_numbers_and_names() -> None:
    plan = ImagePreprocessor(
        4, 4, source_width=8, source_height=4, dtype="int8", fit="letterbox", fill=7, scale=1.0
    ).plan()
    assert plan.crop == (0, 0, 8, 4)
    assert plan.part == (0, 1, 4, 2)
    assert plan.fill == (7, 7, 7)
    assert plan.columns == (0, 6, 12, 18)
    assert plan.fractions == (16384,) * 4
    assert plan.inner_columns == 4
    assert plan.row_values == 12
    assert (plan.low, plan.high) == (-128, 127)
    assert plan.multiplier == (2 ** (plan.shift - 7),) * 3
    assert plan.bias == (2 ** (plan.shift - 1),) * 3
    assert plan.sources == (
        "src/image/read_rgb.c",
        "src/image/run.c",
        "src/image/write_border.c",
        "src/image/write_part.c",
        "src/image/write_q8.c",
    )


def test_a_plan_of_floats_has_no_border() -> None:
    prepare = ImagePreprocessor(
        2, 2, source_width=2, source_height=2, format="nv12", scale=2.0, offset=(1, 2, 3)
    )
    plan = prepare.plan()
    assert plan.value_scale == (2 / 128,) * 3
    assert plan.offset == (1, 2, 3)
    assert (plan.columns, plan.fractions, plan.inner_columns) == ((0, 1), (0, 0), 1)
    assert plan.write_border is None
    assert (plan.read_row, plan.write_row) == ("eg_image_read_nv12", "eg_image_write_f32")


@pytest.mark.parametrize(
    ("options", "kernel"),
    [
        ({"scale": 0.5}, "eg_image_rgb_to_s8_dsp"),
        ({"scale": 1.0, "zero_point": -128}, "eg_image_rgb_to_levels_dsp"),
        ({"format": "bgr8", "dtype": "uint8", "scale": 0.5}, "eg_image_rgb_reversed_to_u8_dsp"),
        ({"format": "yuyv", "color": "gray", "scale": 0.5}, "eg_image_yuyv_to_gray_s8_dsp"),
        # Nothing is mixed, and no rows are needed.
        ({"resize": "nearest"}, "eg_image_pick_rgb"),
        ({"resize": "nearest", "format": "rgba8"}, "eg_image_pick_rgb"),
        ({"source_width": 4, "scale": 0.5}, "eg_image_pick_rgb"),
        ({"source_width": 4, "format": "gray8", "color": "gray"}, "eg_image_pick_gray"),
        ({"resize": "nearest", "format": "yuyv", "color": "gray"}, "eg_image_pick_luma"),
        # What neither serves.
        ({"dtype": "float32"}, "eg_image_write_part"),
        ({"dtype": "float32", "resize": "nearest"}, "eg_image_write_part"),
        ({"resize": "nearest", "layout": "nchw"}, "eg_image_write_part"),
        ({"resize": "nearest", "format": "nv12"}, "eg_image_write_part"),
        ({"layout": "nchw"}, "eg_image_write_part"),
        ({"format": "nv12"}, "eg_image_write_part"),
        ({"format": "rgba8"}, "eg_image_write_part"),
    ],
)
def test_a_plan_for_the_dsp_instructions(options: dict[str, Any], kernel: str) -> None:
    options = {"source_width": 8, "source_height": 4, "dtype": "int8"} | options
    plan = ImagePreprocessor(4, 4, **options).plan(has_dsp=True)
    assert plan.write_part == kernel
    alone = kernel != "eg_image_write_part"
    assert (plan.read_row is None) == (plan.write_row is None) == alone
    assert (plan.row_values == 0) == alone
    if alone:
        assert plan.sources == (KERNEL_SOURCES[kernel], "src/image/run.c")
    # The border is the portable path's.
    letterbox = ImagePreprocessor(4, 4, fit="letterbox", **options).plan(has_dsp=True)
    assert letterbox.write_part == plan.write_part
    assert letterbox.write_row is not None
    assert letterbox.row_values > 0


def test_every_kernel_has_its_source() -> None:
    root = Path(__file__).resolve().parents[2] / "runtime_c"
    for kernel, source in KERNEL_SOURCES.items():
        assert re.search(rf"[ (]{kernel}[(,]", (root / source).read_text(encoding="utf-8"))


def test_it_writes_where_it_is_told() -> None:
    image = random_image("rgb8", 8, 8)
    prepare = ImagePreprocessor(4, 4, source_width=8, source_height=8)
    for shape in ((1, 4, 4, 3), (4, 4, 3)):
        tensor = np.full(shape, np.nan, np.float32)
        assert prepare(image, tensor) is tensor
        np.testing.assert_array_equal(tensor.reshape(prepare.shape), prepare(image))


def test_rows_may_lie_apart() -> None:
    image = random_image("rgb8", 20, 12)
    prepare = ImagePreprocessor(5, 5, source_width=8, source_height=6)
    part = image[3:9, 2:10]
    np.testing.assert_array_equal(prepare(part), prepare(part.copy()))


GOOD: dict[str, Any] = {"width": 4, "height": 4, "source_width": 8, "source_height": 8}


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("width", 0),
        ("width", 2**40),
        ("width", 4.5),
        ("height", -1),
        ("height", 32768),
        ("source_width", 0),
        ("source_height", None),
        ("source_height", 32768),
        ("format", "rgb"),
        ("format", ["rgb8"]),
        ("color", "RGB"),
        ("layout", "hwc"),
        ("dtype", "float16"),
        ("dtype", np.float32),
        ("resize", "bicubic"),
        ("fit", ""),
        ("path", "mmx"),
        ("fill", 256),
        ("fill", (0, 0)),
        ("fill", (0, 0, -1)),
        ("scale", math.nan),
        ("scale", (1.0, math.inf, 1.0)),
        ("scale", 1e300),
        ("scale", 10**400),
        ("scale", "one"),
        ("scale", (1.0,)),
        ("offset", math.inf),
        ("offset", "123"),
        ("offset", None),
    ],
)
def test_a_wrong_argument_is_named(argument: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{argument}: "):
        ImagePreprocessor(**(GOOD | {argument: value}))


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("quant_scale", 0.0),
        ("quant_scale", -1.0),
        ("quant_scale", math.nan),
        ("quant_scale", math.inf),
        ("quant_scale", "x"),
        ("zero_point", 128),
        ("zero_point", -129),
        ("zero_point", 0.5),
        ("scale", 64.0),
        ("offset", 1e6),
    ],
)
def test_a_wrong_quantisation_is_named(argument: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{argument}: "):
        ImagePreprocessor(**(GOOD | {"dtype": "int8", argument: value}))


@pytest.mark.parametrize("format", ["yuyv", "nv12"])
def test_shared_chroma_wants_even_sides(format: str) -> None:
    with pytest.raises(ValueError, match=r"^source_width: "):
        ImagePreprocessor(**(GOOD | {"format": format, "source_width": 7}))


@pytest.mark.parametrize(
    "image",
    [
        None,
        [[1, 2, 3]],
        np.zeros((8, 8, 3), np.int8),
        np.zeros((8, 8, 3), np.float32),
        np.zeros((8, 8), np.uint8),
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((8, 9, 3), np.uint8),
        np.zeros((0, 8, 3), np.uint8),
        np.zeros((1, 8, 8, 3), np.uint8),
        np.zeros((8, 16, 3), np.uint8)[:, ::2],
        np.zeros((8, 8, 3), np.uint8)[:, :, ::-1],
        np.zeros((8, 8, 3), np.uint8)[::-1],
        np.broadcast_to(np.zeros((1, 8, 3), np.uint8), (8, 8, 3)),
        np.zeros((8, 3, 8), np.uint8).transpose(0, 2, 1),
    ],
)
def test_a_wrong_image_is_refused(image: Any) -> None:
    with pytest.raises(ValueError, match=r"^image: "):
        ImagePreprocessor(**GOOD)(image)


def read_only() -> npt.NDArray[np.float32]:
    tensor = np.zeros((4, 4, 3), np.float32)
    tensor.setflags(write=False)
    return tensor


def unaligned() -> npt.NDArray[np.float32]:
    return np.zeros(4 * 4 * 3 * 4 + 1, np.uint8)[1:].view(np.float32).reshape(4, 4, 3)


@pytest.mark.parametrize(
    "tensor",
    [
        7,
        np.zeros((4, 4, 3), np.float64),
        np.zeros((4, 4, 3), np.int8),
        np.zeros((4, 4, 3), ">f4"),
        np.zeros((3, 4, 4), np.float32),
        np.zeros((2, 4, 4, 3), np.float32),
        np.zeros((4, 8, 3), np.float32)[:, ::2],
        np.zeros((4, 4, 3), np.float32, order="F"),
        read_only(),
        unaligned(),
    ],
)
def test_a_wrong_tensor_is_refused(tensor: Any) -> None:
    image = random_image("rgb8", 8, 8)
    with pytest.raises(ValueError, match=r"^tensor: "):
        ImagePreprocessor(**GOOD)(image, tensor)


def test_a_tensor_that_overlaps_the_image_is_refused() -> None:
    memory = np.zeros(8 * 8 * 3 + 4 * 4 * 3, np.uint8)
    prepare = ImagePreprocessor(**(GOOD | {"dtype": "uint8"}))
    image = memory[: 8 * 8 * 3].reshape(8, 8, 3)
    with pytest.raises(ValueError, match=r"^tensor: overlaps"):
        prepare(image, memory[100 : 100 + 48].reshape(4, 4, 3))
    prepare(image, memory[-48:].reshape(4, 4, 3))
