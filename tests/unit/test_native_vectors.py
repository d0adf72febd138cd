from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgegen import native

SEED = st.integers(0, 2**32 - 1)


@given(SEED, st.integers(1, 300), st.sampled_from([0.1, 3.0, 40.0]))
def test_softmax_keeps_its_error_bound(seed: int, count: int, spread: float) -> None:
    logits = (np.random.default_rng(seed).normal(size=count) * spread).astype(np.float32)
    exact = logits.astype(np.float64)
    distance = exact.max() - exact
    exact = np.exp(-distance) / np.exp(-distance).sum()
    bound = exact * (2 * count + distance + 8) * 2.0**-24
    normal = exact > np.finfo(np.float32).tiny
    error = np.abs(native.softmax(logits) - exact)
    assert (error <= bound)[normal].all()
    assert (error <= np.finfo(np.float32).tiny)[~normal].all()


def test_softmax_goes_over_the_last_axis_of_any_view() -> None:
    logits = np.random.default_rng(0).normal(size=(4, 3, 5)).astype(np.float32)
    rows = native.softmax(logits.T)
    assert rows.shape == (5, 3, 4)
    np.testing.assert_array_equal(rows[2, 1], native.softmax(logits.T[2, 1].copy()))
    assert native.softmax(np.zeros((0, 3), np.float32)).shape == (0, 3)


@pytest.mark.parametrize("values", [[np.nan], [np.inf, 0.0], [-np.inf, -np.inf]])
def test_softmax_refuses_what_has_none(values: list[float]) -> None:
    with pytest.raises(ValueError, match="logits: NaN"):
        native.softmax(np.array(values, np.float32))


@pytest.mark.parametrize("shape", [(), (0,), (3, 0)])
def test_softmax_refuses_an_empty_axis(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="logits: need values along the last axis"):
        native.softmax(np.zeros(shape, np.float32))


@pytest.mark.parametrize("dtype", [np.float32, np.int8])
@given(seed=SEED, count=st.integers(1, 60), data=st.data())
def test_top_k_is_a_stable_sort(dtype: type, seed: int, count: int, data: st.DataObject) -> None:
    values = np.random.default_rng(seed).integers(-9, 9, count).astype(dtype)
    k = data.draw(st.integers(1, count))
    order = np.argsort(-values.astype(np.int64), kind="stable")
    np.testing.assert_array_equal(native.top_k(values, k), order[:k])
    np.testing.assert_array_equal(native.top_k(np.repeat(values, 2)[::2], k), order[:k])
    assert native.argmax(values) == order[0]


@pytest.mark.parametrize("k", [0, -1, 4])
def test_top_k_refuses_k(k: int) -> None:
    with pytest.raises(ValueError, match="k: need 1 to 3"):
        native.top_k(np.zeros(3, np.float32), k)


def test_top_k_refuses_other_arrays() -> None:
    with pytest.raises(ValueError, match="values: NaN"):
        native.top_k(np.array([np.nan], np.float32), 1)
    with pytest.raises(ValueError, match=r"values: need shape \[n\], got \[2, 2\]"):
        native.argmax(np.zeros((2, 2), np.int8))
    with pytest.raises(TypeError, match="float32 or int8, got float64"):
        native.argmax(np.zeros(2))  # type: ignore[arg-type]


def suppressed(
    boxes: npt.NDArray[np.float32],
    scores: npt.NDArray[np.float32],
    classes: npt.NDArray[np.int32],
    threshold: float,
) -> list[int]:
    """The definition, in exact arithmetic for corners that are small integers."""
    kept: list[int] = []
    for i in np.argsort(-scores, kind="stable").tolist():
        for j in kept:
            low = np.maximum(*(np.minimum(boxes[b, :2], boxes[b, 2:]) for b in (i, j)))
            high = np.minimum(*(np.maximum(boxes[b, :2], boxes[b, 2:]) for b in (i, j)))
            shared = float(np.prod(np.maximum(high - low, 0)))
            areas = [abs(float(np.prod(boxes[b, 2:] - boxes[b, :2]))) for b in (i, j)]
            if classes[i] == classes[j] and shared > threshold * (sum(areas) - shared):
                break
        else:
            kept.append(i)
    return kept


@given(SEED, st.integers(0, 40), st.sampled_from([0.0, 0.25, 0.5, 1.0]))
def test_non_maximum_suppression_is_its_definition(seed: int, count: int, iou: float) -> None:
    rng = np.random.default_rng(seed)
    boxes = rng.integers(0, 12, (count, 4)).astype(np.float32)
    scores = (rng.integers(0, 20, count) / 16).astype(np.float32)
    classes = rng.integers(0, 2, count).astype(np.int32)
    one = np.zeros_like(classes)
    kept = native.non_maximum_suppression(boxes, scores, iou_threshold=iou)
    assert kept.tolist() == suppressed(boxes, scores, one, iou)
    kept = native.non_maximum_suppression(boxes, scores, iou_threshold=iou, classes=classes)
    assert kept.tolist() == suppressed(boxes, scores, classes, iou)
    best = native.non_maximum_suppression(
        boxes, scores, iou_threshold=iou, classes=classes, score_threshold=0.5, max_boxes=3
    )
    assert best.tolist() == [i for i in kept if scores[i] >= 0.5][:3]


BOXES = np.array([[0, 0, 1, 1], [0, 0, 2, 2]], np.float32)
SCORES = np.array([0.5, 0.25], np.float32)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"boxes": BOXES[:, :3]}, r"boxes: need shape \[n, 4\]"),
        ({"scores": SCORES[:1]}, r"scores: need shape \[2\]"),
        ({"classes": np.zeros(3, np.int32)}, r"classes: need shape \[2\]"),
        ({"iou_threshold": 1.5}, "iou_threshold: need 0 to 1"),
        ({"iou_threshold": np.nan}, "iou_threshold: need 0 to 1"),
        ({"score_threshold": np.nan}, "score_threshold: NaN"),
        ({"max_boxes": -1}, "max_boxes: need 0 or more"),
        ({"boxes": np.full_like(BOXES, np.inf)}, "boxes, scores: NaN, or a box"),
        ({"scores": np.full_like(SCORES, np.nan)}, "boxes, scores: NaN, or a box"),
    ],
)
def test_non_maximum_suppression_names_the_bad_argument(
    arguments: dict[str, object], message: str
) -> None:
    suppress: Callable[..., object] = native.non_maximum_suppression
    with pytest.raises(ValueError, match=message):
        suppress(**{"boxes": BOXES, "scores": SCORES, "iou_threshold": 0.5, **arguments})
