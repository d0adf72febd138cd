"""Arrays as edgegen.native takes them: in any place and order, to write to, and refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edgegen import native

LOGITS = np.array([[0.0, 1.0, -1.0], [2.0, 0.0, 2.0]], np.float32)
CODES = np.array([-128, 0, 5], np.int8)
VALUES = np.array([0.5, -3.0, 3.0], np.float32)
THREE = np.array([1.0, 2.0, 3.0], np.float32)

CALLS: dict[str, Callable[..., npt.NDArray[Any]]] = {
    "quantize": lambda **out: native.quantize(VALUES, 0.5, 3, **out),
    "dequantize": lambda **out: native.dequantize(CODES, 0.5, 3, **out),
    "softmax": lambda **out: native.softmax(LOGITS, **out),
    "top_k": lambda **out: native.top_k(VALUES, 2, **out),
    "scale": lambda **out: native.scale(LOGITS, THREE, THREE, **out),
    "biquad": lambda **out: native.Biquad(1, 0.5, 0, 0, 0).run(VALUES, **out),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_given_array_is_written_and_returned(call: Callable[..., npt.NDArray[Any]]) -> None:
    made = call()
    out = np.full_like(made, 77)
    assert call(out=out) is out
    np.testing.assert_array_equal(out, made)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_what_cannot_be_written_is_refused(call: Callable[..., npt.NDArray[Any]]) -> None:
    made = call()
    frozen = made.copy()
    frozen.flags.writeable = False
    spread = np.empty((*made.shape[:-1], 2 * made.shape[-1]), made.dtype)[..., ::2]
    bytes_ = np.empty(made.nbytes + 1, np.uint8)
    odd = np.ndarray(made.shape, made.dtype, bytes_, offset=1)
    with pytest.raises(ValueError, match="out: read-only"):
        call(out=frozen)
    with pytest.raises(ValueError, match="out: not C-contiguous"):
        call(out=spread)
    if made.itemsize > 1:
        with pytest.raises(ValueError, match="out: not C-contiguous and aligned"):
            call(out=odd)
        with pytest.raises(TypeError, match=r"out: expected an array of \w+, got >"):
            call(out=made.astype(made.dtype.newbyteorder(">")))
    with pytest.raises(ValueError, match="out: need shape"):
        call(out=np.empty((*made.shape, 1), made.dtype))
    with pytest.raises(TypeError, match="out: expected an array of"):
        call(out=made.astype(np.float64))
    with pytest.raises(TypeError, match="out: expected an array, got"):
        call(out=made.tolist())


def test_the_same_array_may_be_written_but_no_other_part_of_it() -> None:
    row = np.arange(4, dtype=np.float32)
    wanted = native.softmax(row[:3])
    with pytest.raises(ValueError, match="out: overlaps the input"):
        native.softmax(row[:3], out=row[1:])
    np.testing.assert_array_equal(row, np.arange(4))
    native.softmax(row[:3], out=row[:3])
    np.testing.assert_array_equal(row[:3], wanted)
    codes = np.zeros(8, np.int8)
    with pytest.raises(ValueError, match="out: overlaps the input"):
        native.dequantize(codes[:2], 1.0, 0, out=codes.view(np.float32))


VIEWS: dict[str, Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]] = {
    "reversed": lambda x: x[::-1].copy()[::-1],
    "every second": lambda x: np.repeat(x, 2)[::2],
    "odd address": lambda x: np.ndarray(x.shape, x.dtype, b"\0" + x.tobytes(), offset=1),
    "read-only": lambda x: np.frombuffer(x.tobytes(), np.float32),
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_views_are_read_in_their_own_order(view: Any) -> None:
    samples = np.random.default_rng(0).uniform(-1, 1, 40).astype(np.float32)
    seen = view(samples)
    np.testing.assert_array_equal(seen, samples)
    for call in (
        lambda x: native.quantize(x, 0.01, 3),
        native.softmax,
        lambda x: native.top_k(x, 5),
        lambda x: native.scale(x.reshape(-1, 1), THREE[:1], THREE[:1]),
        lambda x: native.Biquad(1, 0.5, 0, 0, 0).run(x),
        lambda x: native.Resampler(2, 3).run(x),
        lambda x: native.MovingStatistics(4).push(x)[0],
        lambda x: native.Windows(10).push(x[:, None]),
    ):
        np.testing.assert_array_equal(call(seen), call(samples))


@pytest.mark.parametrize("values", [[1.0], None, "text", np.float32(1.0), b"bytes", object()])
def test_what_is_no_array_is_a_type_error(values: Any) -> None:
    calls: list[Callable[[Any], object]] = [
        lambda x: native.quantize(x, 1.0, 0),
        native.softmax,
        native.argmax,
        lambda x: native.top_k(x, 1),
        lambda x: native.scale(x, THREE, THREE),
        lambda x: native.scale(LOGITS, x, THREE),
        lambda x: native.non_maximum_suppression(x, THREE, iou_threshold=0.5),
        native.Windows(4).push,
        native.MovingStatistics(4).push,
        native.Biquad(1, 0, 0, 0, 0).run,
        native.Resampler(1, 1).run,
    ]
    for call in calls:
        with pytest.raises(TypeError):
            call(values)


def test_arrays_in_the_other_byte_order_are_refused() -> None:
    with pytest.raises(TypeError, match="expected an array of float32, got >f4"):
        native.softmax(LOGITS.astype(">f4"))


def test_numbers_that_are_too_large_for_c_are_refused() -> None:
    for k in (2**70, -(2**70), 0, 4):
        with pytest.raises(ValueError, match="k: need 1 to 3, got"):
            native.top_k(VALUES, k)
    with pytest.raises(ValueError, match=r"k: need 1 to 3, got 1\.5"):
        native.top_k(VALUES, 1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="values: empty"):
        native.argmax(VALUES[:0])


def test_nothing_is_taken_of_frames_with_a_nan() -> None:
    windows = native.Windows(2)
    frames = np.arange(3, dtype=np.float32)[:, None]
    broken = frames.copy()
    broken[2] = np.nan
    with pytest.raises(ValueError, match="frames: NaN"):
        windows.push(broken)
    np.testing.assert_array_equal(windows.push(frames)[:, :, 0], [[0, 1]])
