"""runtime_c from Python: the very C that generated projects embed.

What a host script computes here (quantised inputs, dequantised outputs) is what the
device computes, to the bit. Formulas, rounding and error bounds: the headers in
runtime_c/include/edgegen (quantize.h, vectors.h).

An array of another dtype than the one stated is a TypeError, never cast: a silent cast
could round. Anything else that is wrong with an argument is a ValueError that names it.
Views are read in their own order, whatever their strides.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from edgegen import _native
from edgegen._native import Stopwatch, clock_ns

__all__ = [
    "Stopwatch",
    "argmax",
    "clock_ns",
    "dequantize",
    "non_maximum_suppression",
    "quantize",
    "softmax",
    "top_k",
]

_Scalar = TypeVar("_Scalar", bound=np.generic)


def quantize(
    values: npt.NDArray[np.float32], scale: float, zero_point: int
) -> npt.NDArray[np.int8]:
    """Quantises float32 values of any shape to int8.

    Args:
        values: float32; other dtypes are a TypeError, since a silent cast could round.
        scale: Finite and above 0; used as a float32.
        zero_point: -128 to 127.

    Returns:
        clamp(round(values / scale) + zero_point), ties away from zero, NaN at the zero
        point, in the shape of ``values``.

    Raises:
        ValueError: ``scale`` or ``zero_point`` out of range.
    """
    _require(values, np.dtype(np.float32))
    return _native.quantize(np.ascontiguousarray(values).reshape(values.shape), scale, zero_point)


def dequantize(
    values: npt.NDArray[np.int8], scale: float, zero_point: int
) -> npt.NDArray[np.float32]:
    """Turns int8 values of any shape into float32: scale * (values - zero_point).

    Raises:
        TypeError: ``values`` is not int8.
        ValueError: ``scale`` or ``zero_point`` out of range.
    """
    _require(values, np.dtype(np.int8))
    return _native.dequantize(np.ascontiguousarray(values).reshape(values.shape), scale, zero_point)


def softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The softmax over the last axis of float32 ``logits``.

    Raises:
        ValueError: No dimension, an empty last axis, NaN, +infinity, or a row that is all
            -infinity.
    """
    _require(logits, np.dtype(np.float32))
    if logits.ndim == 0 or logits.shape[-1] == 0:
        raise ValueError(f"logits: need values along the last axis, got shape {logits.shape}")
    return _native.softmax(np.ascontiguousarray(logits))


def top_k(values: npt.NDArray[np.float32 | np.int8], k: int) -> npt.NDArray[np.uint32]:
    """The indices of the ``k`` largest values, largest first, equal ones in their order.

    Args:
        values: float32 or int8, one dimension.
        k: 1 to the number of values.
    """
    if values.dtype not in (np.float32, np.int8):
        raise TypeError(f"values: expected an array of float32 or int8, got {values.dtype}")
    _require_shape("values", values, (None,))
    if not 1 <= k <= len(values):
        raise ValueError(f"k: need 1 to {len(values)}, the number of values, got {k}")
    return _native.top_k(np.ascontiguousarray(values), k)


def argmax(values: npt.NDArray[np.float32 | np.int8]) -> int:
    """The index of the largest value, the first of several; see `top_k`."""
    return int(top_k(values, 1)[0])


def non_maximum_suppression(
    boxes: npt.NDArray[np.float32],
    scores: npt.NDArray[np.float32],
    *,
    iou_threshold: float,
    score_threshold: float = -np.inf,
    max_boxes: int | None = None,
    classes: npt.NDArray[np.int32] | None = None,
) -> npt.NDArray[np.uint32]:
    """The boxes that stay when overlapping ones with lower scores go.

    Args:
        boxes: float32 [n, 4], two opposite corners each: y0, x0, y1, x1.
        scores: float32 [n].
        iou_threshold: 0 to 1; a box goes when its intersection over union with a kept one
            is above it.
        score_threshold: Boxes scored below it are left out.
        max_boxes: At most so many are kept; None for no limit.
        classes: int32 [n]: boxes of different classes don't suppress each other.

    Returns:
        The kept boxes' indices, from the highest score down, equal ones in their order.
    """
    for name, array, shape in (("boxes", boxes, (None, 4)), ("scores", scores, (len(boxes),))):
        _require(array, np.dtype(np.float32))
        _require_shape(name, array, shape)
    if classes is not None:
        _require(classes, np.dtype(np.int32))
        _require_shape("classes", classes, scores.shape)
        classes = np.ascontiguousarray(classes)
    if not 0.0 <= iou_threshold <= 1.0:
        raise ValueError(f"iou_threshold: need 0 to 1, got {iou_threshold}")
    if score_threshold != score_threshold:
        raise ValueError("score_threshold: NaN")
    capacity = len(scores) if max_boxes is None else min(max_boxes, len(scores))
    if capacity < 0:
        raise ValueError(f"max_boxes: need 0 or more, got {max_boxes}")
    return _native.nms(
        np.ascontiguousarray(boxes),
        np.ascontiguousarray(scores),
        classes,
        score_threshold,
        iou_threshold,
        capacity,
    )


def _require_shape(name: str, array: npt.NDArray[_Scalar], shape: tuple[int | None, ...]) -> None:
    """None stands for any length."""
    fits = array.ndim == len(shape) and all(
        want is None or have == want for have, want in zip(array.shape, shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("n" if n is None else str(n) for n in shape)
        raise ValueError(f"{name}: need shape [{wanted}], got {list(array.shape)}")


def _require(values: npt.NDArray[np.generic], dtype: np.dtype[np.generic]) -> None:
    if values.dtype != dtype:
        raise TypeError(f"expected an array of {dtype}, got {values.dtype}")
