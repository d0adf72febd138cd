"""Between a client's bytes and tensors: every element type, several inputs, rows; and what is no
tensor is refused, whatever it is."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
FLOATS = ("float16", "float32", "float64")


@pytest.fixture(scope="module")
def module(digits_runtime: Path) -> Any:
    return importlib.import_module("digits_runtime.serve.codec")


@pytest.fixture(scope="module")
def spec(digits_runtime: Path) -> Any:
    return importlib.import_module("digits_runtime.tensors").TensorSpec


def extremes(dtype: str) -> list[Any]:
    if dtype == "bool":
        return [True, False, False, True, True, False]
    info = np.iinfo(dtype) if dtype in INTEGERS else np.finfo(dtype)
    kind = int if dtype in INTEGERS else float
    return [kind(info.min), kind(info.max), 0, 1, 2, 3]


@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS, "bool"])
def test_every_element_type_by_json_and_by_bytes(module: Any, spec: Any, dtype: str) -> None:
    codec = module.Codec((spec("x", dtype, (2, 3)),), (spec("y", dtype, (2, 3)),))
    wanted = np.array(extremes(dtype), dtype).reshape(2, 3)
    document = json.loads(json.dumps({"inputs": {"x": wanted.tolist()}}))
    (by_json,), real = codec.from_json(document)
    (by_bytes,) = codec.from_bytes(wanted.tobytes())
    for found in (by_json, by_bytes):
        assert found.dtype == wanted.dtype
        assert np.array_equal(found, wanted)
    assert not real
    assert codec.to_bytes([wanted]) == wanted.tobytes()
    assert codec.to_document([wanted], False)["outputs"]["y"].tolist() == wanted.tolist()


@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS])
def test_what_is_beyond_the_type_is_refused(module: Any, spec: Any, dtype: str) -> None:
    codec = module.Codec((spec("x", dtype, (1,)),), (spec("y", dtype, (1,)),))
    info = np.iinfo(dtype) if dtype in INTEGERS else np.finfo(dtype)
    beyond: list[Any] = [int(info.max) * 2 + 2, int(info.min) * 2 - 1, "1", None, [1], {}, True]
    beyond += [1.5, float(info.max)] if dtype in INTEGERS else [float("nan"), float("inf")]
    for value in beyond:
        with pytest.raises(module.InvalidError):
            codec.from_json({"inputs": [[value]]})


def test_numbers_that_are_not_finite_are_taken_where_that_is_set(module: Any, spec: Any) -> None:
    tensors = ((spec("x", "float32", (2,)),), (spec("y", "float32", (1,)),))
    data = np.array([np.nan, np.inf], np.float32)
    with pytest.raises(module.InvalidError, match="finite"):
        module.Codec(*tensors).from_bytes(data.tobytes())
    (found,) = module.Codec(*tensors, allow_nonfinite=True).from_bytes(data.tobytes())
    assert np.array_equal(found, data, equal_nan=True)


def test_a_truth_value_is_0_or_1(module: Any, spec: Any) -> None:
    codec = module.Codec((spec("x", "bool", (2,)),), (spec("y", "bool", (2,)),))
    assert codec.from_bytes(b"\x00\x01")[0].tolist() == [False, True]
    with pytest.raises(module.InvalidError):
        codec.from_bytes(b"\x00\x02")


def test_several_inputs_lie_one_after_the_other(module: Any, spec: Any) -> None:
    codec = module.Codec(
        (spec("a", "int16", (2,)), spec("b", "float32", (1, 2)), spec("c", "uint8", ())),
        (spec("y", "int8", (1,)),),
    )
    a, b = np.array([1, -2], np.int16), np.array([[0.5, 3]], np.float32)
    found = codec.from_bytes(a.tobytes() + b.tobytes() + b"\x07")
    assert [each.tolist() for each in found] == [[1, -2], [[0.5, 3.0]], 7]
    document = {"inputs": {"c": 7, "b": b.tolist(), "a": a.tolist()}}
    assert [each.tolist() for each in codec.from_json(document)[0]] == [[1, -2], [[0.5, 3.0]], 7]


def test_fewer_rows_than_the_batch(module: Any, spec: Any) -> None:
    inputs = (spec("a", "int8", (4, 2)), spec("b", "int8", (4, 1)))
    outputs = (spec("y", "int8", (4, 3)),)
    rows = module.batch_rows(inputs, outputs, 64)
    assert rows == 4
    assert module.batch_rows(inputs, outputs, 1) == 1
    assert module.batch_rows(inputs, (spec("y", "int8", (2, 3)),), 64) == 1
    codec = module.Codec(inputs, outputs, ("p", "q", "r"), rows)
    a, b = codec.from_bytes(bytes([1, 2, 3, 4, 5, 6]))
    assert (a.tolist(), b.tolist()) == ([[1, 2], [3, 4]], [[5], [6]])
    assert codec.from_json({"inputs": [[[1, 2]], [[3]]]})[0][1].tolist() == [[3]]
    for wrong in ([[[1, 2]], [[3], [4]]], [[], []], [[[1, 2]] * 5, [[3]] * 5]):
        with pytest.raises(module.InvalidError):
            codec.from_json({"inputs": wrong})
    for length in (0, 4, 15):
        with pytest.raises(module.InvalidError):
            codec.from_bytes(bytes(length))
    scores = np.array([[1, 3, 2], [9, 0, 0]], np.int8)
    assert codec.labels_of([scores]) == ["q", "p"]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(("inputs", "x")), inner)
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(document=anything, dtype=st.sampled_from((*INTEGERS, *FLOATS, "bool")))
def test_any_json_gives_a_tensor_or_is_refused(
    digits_runtime: Path, document: Any, dtype: str
) -> None:
    module = importlib.import_module("digits_runtime.serve.codec")
    spec = importlib.import_module("digits_runtime.tensors").TensorSpec
    quant = (0.5, 3) if dtype in INTEGERS else ()
    codec = module.Codec((spec("x", dtype, (2,), *quant),), (spec("y", dtype, (2,)),))
    for each in (document, {"inputs": document}, {"inputs": [document], "real": True}):
        try:
            (found,), _ = codec.from_json(each)
        except module.InvalidError:
            continue
        assert (found.dtype, found.shape) == (np.dtype(dtype), (2,))
