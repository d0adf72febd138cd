"""Images: camera bytes to input tensors, beside OpenCV, numpy and Pillow

Every way makes the same tensor, resized bilinearly, normalised with ImageNet's mean and standard
deviation (float32) or as level - 128 (int8); whatever can be prepared or reused is. Every result
is compared with ours: differences are in levels of 255 and at most about one, for OpenCV's weights
have 11 bits. Pillow's resize filters the whole image, which is other work, so its row is its
transform, which samples. The memcpy row copies the finished tensor: what only writing it costs.
All ways are as warm as their data allow: each is timed right after a call of itself with the same
memory. A copied tensor of 224x224 is near the processor then, while of an image of 1920x1080 one
reads 2.6 MB, which have to come from afar again. OpenCV runs with one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from compare import Row, row, take_turns, warm_call
from PIL import Image

from edgegen.native import ImagePreprocessor

PACKAGES = ("opencv-python-headless", "numpy", "pillow")

SIZES = ((640, 480, 224), (640, 480, 640), (1920, 1080, 224), (1920, 1080, 640))
FORMATS = ("rgb8", "bgr8")
OUTPUTS = ("float32_nhwc", "float32_nchw", "int8")

# ImageNet's, of levels divided by 255.
MEAN = np.array([0.485, 0.456, 0.406])
STD = np.array([0.229, 0.224, 0.225])
SCALE, OFFSET = 1 / (255 * STD), -MEAN / STD

Array = npt.NDArray[Any]
Way = Callable[[], Array]


def frame(width: int, height: int) -> npt.NDArray[np.uint8]:
    """Noise, blurred: neighbours alike, as in a photograph."""
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 2)


def ours(image: Array, side: int, format: str, output: str) -> Way:
    height, width = image.shape[:2]
    options: dict[str, Any] = {"source_width": width, "source_height": height, "format": format}
    if output == "int8":
        # level - 128
        options |= {"dtype": "int8", "quant_scale": 1 / 255, "zero_point": -128}
    else:
        options |= {"layout": output[-4:], "scale": SCALE, "offset": OFFSET}
    prepare = ImagePreprocessor(side, side, **options)
    tensor = np.empty(prepare.shape, prepare.dtype)
    return lambda: prepare(image, tensor)[0]


def opencv(image: Array, side: int, format: str, output: str) -> dict[str, Way]:
    """Every way that might be the fastest; what can be prepared or reused is."""
    small = np.empty((side, side, 3), np.uint8)
    rgb = np.empty_like(small)
    table = (np.arange(256)[:, None] * SCALE + OFFSET).astype(np.float32)[None]
    # A table reads the channels where they are; the conversion costs less after the resizing.
    ordered = format == "rgb8"

    def resized() -> Array:
        cv2.resize(image, (side, side), dst=small)
        return small if ordered else cv2.cvtColor(small, cv2.COLOR_BGR2RGB, dst=rgb)

    if output == "float32_nhwc":
        tensor = np.empty((side, side, 3), np.float32)
        scale, offset = SCALE.astype(np.float32), OFFSET.astype(np.float32)

        def arithmetic() -> Array:
            np.multiply(resized(), scale, out=tensor)
            return np.add(tensor, offset, out=tensor)

        return {
            "resize, LUT": lambda: cv2.LUT(resized(), table, dst=tensor),
            "resize, numpy": arithmetic,
        }
    if output == "float32_nchw":
        tables = [np.ascontiguousarray(table[:, :, c]) for c in range(3)]
        planes = np.empty((3, side, side), np.float32)
        levels = [np.empty((side, side), np.uint8) for _ in range(3)]
        std = STD[:, None, None].astype(np.float32)

        def blob() -> Array:
            made = cv2.dnn.blobFromImage(
                image, 1 / 255, (side, side), tuple(255 * MEAN), swapRB=not ordered
            )[0]
            return np.divide(made, std, out=made)

        def split() -> Array:
            cv2.split(cv2.resize(image, (side, side), dst=small), levels)
            for c in range(3):
                cv2.LUT(levels[c if ordered else 2 - c], tables[c], dst=planes[c])
            return planes

        return {"blobFromImage, / std": blob, "resize, split, LUT": split}

    flipped = np.empty((side, side, 3), np.uint8)
    shifts = (np.arange(256) - 128).astype(np.int8)
    codes = np.empty((side, side, 3), np.int8)
    return {
        "resize, xor": lambda: np.bitwise_xor(resized(), 128, out=flipped).view(np.int8),
        "resize, LUT": lambda: cv2.LUT(resized(), shifts, dst=codes),
    }


def with_numpy(image: Array, side: int, format: str, output: str) -> Way:
    def axis(length: int) -> tuple[Array, Array, Array]:
        places = np.clip((np.arange(side) + 0.5) * length / side - 0.5, 0, length - 1)
        first = np.minimum(places.astype(int), length - 2)
        return first, first + 1, (places - first).astype(np.float32)

    top, bottom, down = axis(image.shape[0])
    left, right, across = axis(image.shape[1])
    down, across = down[:, None, None], across[:, None]

    def way() -> Array:
        upper, lower = image[top].astype(np.float32), image[bottom].astype(np.float32)
        rows = upper + (lower - upper) * down
        levels = rows[:, left] + (rows[:, right] - rows[:, left]) * across
        return finished(levels if format == "rgb8" else levels[:, :, ::-1], output)

    return way


def with_pillow(image: Array, side: int, format: str, output: str) -> Way:
    """Pillow's resize filters the whole image, which is other work; its transform samples."""
    height, width = image.shape[:2]

    def way() -> Array:
        whole = Image.fromarray(image)
        small = whole.transform(
            (side, side),
            Image.Transform.EXTENT,
            (0, 0, width, height),
            Image.Resampling.BILINEAR,
        )
        levels = np.asarray(small)
        return finished(levels if format == "rgb8" else levels[:, :, ::-1], output)

    return way


def finished(levels: Array, output: str) -> Array:
    if output == "int8":
        return (np.round(levels).astype(np.int16) - 128).astype(np.int8)
    real = levels * SCALE.astype(np.float32) + OFFSET.astype(np.float32)
    return np.ascontiguousarray(real.transpose(2, 0, 1)) if output == "float32_nchw" else real


def copy(tensor: Array) -> Way:
    """The floor: what only writing the tensor costs."""
    target = np.empty_like(tensor)

    def way() -> Array:
        np.copyto(target, tensor)
        return target

    return way


def difference(a: Array, b: Array, output: str) -> float:
    """The greatest, in levels."""
    apart = np.abs(a.astype(np.float64) - b.astype(np.float64))
    if output == "int8":
        return float(apart.max())
    return float((apart / (SCALE if output == "float32_nhwc" else SCALE[:, None, None])).max())


def measure(width: int, height: int, side: int, format: str, output: str) -> Iterator[Row]:
    arguments = (frame(width, height), side, format, output)
    mine = ours(*arguments)
    tensor = mine().copy()
    peers: dict[str, dict[str, Way]] = {
        "opencv": opencv(*arguments),
        "numpy": {"indices and arithmetic": with_numpy(*arguments)},
        "pillow": {"transform, numpy": with_pillow(*arguments)},
        "memcpy": {"the tensor alone": copy(tensor)},
    }
    clocks = {f"{peer}: {name}": way for peer, ways in peers.items() for name, way in ways.items()}
    figures = take_turns(
        {name: warm_call(way) for name, way in {"ours": mine, **clocks}.items()},
        100 if side < 300 else 30,
    )
    work = f"{width}x{height} {format} -> {side}x{side} rgb"
    for peer, ways in peers.items():
        apart = max(difference(way(), tensor, output) for way in ways.values())
        if apart > 1.01:
            raise AssertionError(f"{work}, {output}, {peer}: {apart:.2f} levels from ours")
        keys = {name: f"{peer}: {name}" for name in ways}
        yield row(work, output, peer, figures, keys, difference=apart)


def rows() -> Iterator[Row]:
    cv2.setNumThreads(1)
    for width, height, side in SIZES:
        for format in FORMATS:
            for output in OUTPUTS:
                yield from measure(width, height, side, format, output)
