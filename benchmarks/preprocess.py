"""Camera bytes to input tensors, beside what a user would write with OpenCV, numpy and Pillow.

`make bench-preprocess` prints the table and writes build/bench/preprocess.json. One thread. The
ways to a tensor take turns, each once to warm up and once for the clock, so that whatever else the
machine does meets all of them; a ratio is one of medians. Of several OpenCV ways to the same tensor
the row shows the fastest. Every way makes the same tensor: within one level of 255 (OpenCV's
weights have 11 bits), which is checked.
"""

from __future__ import annotations

import json
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import PIL
from PIL import Image

from edgegen.native import ImagePreprocessor

ROOT = Path(__file__).resolve().parent.parent
JSON = ROOT / "build" / "bench" / "preprocess.json"

SIZES = ((640, 480, 224), (1920, 1080, 224), (1920, 1080, 640))
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


def medians(ways: dict[str, Way], rounds: int) -> dict[str, float]:
    """Microseconds."""
    times: dict[str, list[int]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            way()
            start = time.perf_counter_ns()
            way()
            times[name].append(time.perf_counter_ns() - start)
    return {name: statistics.median(each) / 1000 for name, each in times.items()}


def difference(a: Array, b: Array, output: str) -> float:
    """The greatest, in levels."""
    apart = np.abs(a.astype(np.float64) - b.astype(np.float64))
    if output == "int8":
        return float(apart.max())
    return float((apart / (SCALE if output == "float32_nhwc" else SCALE[:, None, None])).max())


def measure(width: int, height: int, side: int, format: str, output: str) -> list[dict[str, Any]]:
    image = frame(width, height)
    arguments = (image, side, format, output)
    mine = ours(*arguments)
    tensor = mine().copy()
    ways = {("opencv", name): way for name, way in opencv(*arguments).items()}
    ways[("numpy", "indices and arithmetic")] = with_numpy(*arguments)
    ways[("pillow", "transform, numpy")] = with_pillow(*arguments)
    ways[("memcpy", "the tensor alone")] = copy(tensor)
    named = {"ours": mine} | {f"{peer}: {name}": way for (peer, name), way in ways.items()}
    times = medians(named, 100 if side < 300 else 30)

    rows = []
    for peer in ("opencv", "numpy", "pillow", "memcpy"):
        names = [name for who, name in ways if who == peer]
        best = min(names, key=lambda name: times[f"{peer}: {name}"])
        apart = difference(ways[(peer, best)](), tensor, output)
        if apart > 1.01:
            raise AssertionError(f"{peer}, {best}: {apart:.2f} levels from ours")
        peer_us = times[f"{peer}: {best}"]
        rows.append(
            {
                "work": f"{width}x{height} {format} -> {side}x{side} rgb",
                "output": output,
                "peer": peer,
                "way": best,
                "ways_us": {name: round(times[f"{peer}: {name}"], 1) for name in names},
                "ratio": round(peer_us / times["ours"], 2),
                "peer_us": round(peer_us, 1),
                "ours_us": round(times["ours"], 1),
                "difference_levels": round(apart, 3),
            }
        )
    return rows


def main() -> None:
    cv2.setNumThreads(1)
    rows = []
    print(f"{'work':37} {'output':13} {'peer':7} {'way':24} {'peer us':>9} {'ours us':>8}  ratio")
    for width, height, side in SIZES:
        for format in FORMATS:
            for output in OUTPUTS:
                for row in measure(width, height, side, format, output):
                    rows.append(row)
                    print(
                        f"{row['work']:37} {row['output']:13} {row['peer']:7} {row['way']:24} "
                        f"{row['peer_us']:9.1f} {row['ours_us']:8.1f} {row['ratio']:6.2f}"
                    )
    versions = {"opencv": cv2.__version__, "numpy": np.__version__, "pillow": PIL.__version__}
    JSON.parent.mkdir(parents=True, exist_ok=True)
    report = {"machine": platform.machine(), "versions": versions, "rows": rows}
    JSON.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
