"""Generated self-test and golden vectors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from edgegen import golden, registry
from edgegen.frontends import tflite
from edgegen.model import DType
from edgegen.targets import golden_files, linux_golden
from support import model_zoo
from support.differences import CASES
from support.linux_project import module, runtime, scaffold

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "digits"


@pytest.fixture(scope="module")
def digits(digits_runtime: Path) -> ModuleType:
    return runtime(digits_runtime)


@pytest.fixture(scope="module")
def selftest(digits: ModuleType) -> Any:
    return module(digits, "selftest")


@pytest.fixture
def vectors(digits_project: Path, tmp_path: Path) -> Path:
    """A copy of the golden vectors, to be spoiled."""
    for name in ("golden.json", "golden.bin"):
        data = digits_project / "edgegen/python/digits_runtime/data" / name
        (tmp_path / name).write_bytes(data.read_bytes())
    return tmp_path


@pytest.mark.parametrize(
    "engine",
    ["aot", "aot-portable", "litert", "litert-reference", "litert-edgetpu", "openvino"],
)
def test_every_engine_passes(digits: ModuleType, selftest: Any, engine: str) -> None:
    with digits.Model(engine) as model:
        report = selftest.run(model)
    assert report.passed, report.text()
    assert report.vectors == 4
    assert report.reference.startswith("tflite-micro")
    (output,) = report.comparisons
    exact = engine.startswith("aot") or engine == "litert-reference"
    assert (output.measure, output.limit) == (("steps", 0.0) if exact else ("rms", output.limit))
    assert [raw.passed for raw in report.raw_inputs] == [True, True]
    assert json.loads(json.dumps(report.as_dict(), allow_nan=False))["passed"] is True


@pytest.mark.parametrize("engine", ["aot", "litert-reference"])
def test_one_step_of_difference_is_too_much_for_exact_engines(
    digits: ModuleType, selftest: Any, vectors: Path, engine: str
) -> None:
    data = bytearray((vectors / "golden.bin").read_bytes())
    data[7] ^= 1
    (vectors / "golden.bin").write_bytes(data)
    with digits.Model(engine) as model:
        report = selftest.run(model, vectors)
    assert not report.passed
    assert report.comparisons[0].difference == 1
    assert "FAIL" in report.text()


def test_other_bits_of_a_raw_input_do_not_pass(
    digits: ModuleType, selftest: Any, vectors: Path
) -> None:
    facts = json.loads((vectors / "golden.json").read_bytes())
    facts["raw_inputs"][1]["crc32"] ^= 1
    (vectors / "golden.json").write_text(json.dumps(facts))
    with digits.Model("aot") as model:
        report = selftest.run(model, vectors)
    assert [raw.passed for raw in report.raw_inputs] == [True, False]
    assert not report.passed


@pytest.mark.parametrize("engine", ["litert", "openvino"])
def test_outputs_of_other_inputs_do_not_pass(
    digits: ModuleType, selftest: Any, vectors: Path, engine: str
) -> None:
    data = (vectors / "golden.bin").read_bytes()
    (vectors / "golden.bin").write_bytes(data[10:] + data[:10])  # 10 bytes per vector
    with digits.Model(engine) as model:
        report = selftest.run(model, vectors)
    assert not report.passed
    assert report.comparisons[0].other_best > 0


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("golden.json", b""),
        ("golden.json", b"[]"),
        ("golden.json", b'{"seeds": 3}'),
        ("golden.json", b"[" * 5000),
        ("golden.json", b"\xff\xfe"),
        ("golden.bin", b""),
        ("golden.bin", b"\0" * 39),
        ("golden.bin", b"\0" * 400),
    ],
)
def test_damaged_golden_vectors_are_refused(
    digits: ModuleType, selftest: Any, vectors: Path, name: str, content: bytes
) -> None:
    (vectors / name).write_bytes(content)
    with (
        digits.Model("litert") as model,
        pytest.raises(digits.ModelProblem, match="cannot be used"),
    ):
        selftest.run(model, vectors)


def spoiled(value: Any) -> Iterator[Any]:
    """A JSON document in every way in which one key or item of it is missing or something else."""
    keys = list(value) if isinstance(value, dict) else range(len(value))
    for key in keys:
        for other in (None, -1, "x", [], {}, [[]], 1e999):
            copy = json.loads(json.dumps(value))
            copy[key] = other
            yield copy
        copy = json.loads(json.dumps(value))
        del copy[key]
        yield copy
        if isinstance(value[key], (dict, list)):
            for inner in spoiled(value[key]):
                copy = json.loads(json.dumps(value))
                copy[key] = inner
                yield copy


def test_golden_facts_of_any_shape_end_in_a_verdict_or_a_problem(
    digits: ModuleType, selftest: Any, vectors: Path
) -> None:
    facts = json.loads((vectors / "golden.json").read_bytes())
    facts["tolerances"] = {"aot": facts["tolerances"]["aot"]}
    passed = refused = 0
    with digits.Model("aot") as model:
        for each in spoiled(facts):
            (vectors / "golden.json").write_text(json.dumps(each))
            try:
                passed += selftest.run(model, vectors).passed
            except digits.RuntimeProblem:
                refused += 1
    assert refused > 100
    assert passed < 50  # of texts, and of raw inputs that are not there


def test_an_engine_without_a_tolerance_is_no_pass(
    digits: ModuleType, selftest: Any, vectors: Path
) -> None:
    facts = json.loads((vectors / "golden.json").read_bytes())
    del facts["tolerances"]["litert"]
    (vectors / "golden.json").write_text(json.dumps(facts))
    with digits.Model("litert") as model, pytest.raises(digits.UsageProblem, match="say nothing"):
        selftest.run(model, vectors)


@pytest.mark.parametrize("seed", [1, 2, 12345])
def test_inputs_are_those_of_the_reference(digits: ModuleType, selftest: Any, seed: int) -> None:
    model = tflite.parse((EXAMPLE / "digits.tflite").read_bytes(), "digits.tflite")
    for got, want in zip(
        selftest.make_inputs(digits.Model("litert").inputs, seed),
        golden.make_inputs(model, seed),
        strict=True,
    ):
        assert got.dtype == want.dtype
        assert np.array_equal(got, want)
    words = golden._generator(seed, 50)
    assert np.array_equal(selftest.generate(seed, 50), words)
    for dtype in ("int8", "uint8", "int16", "int32", "bool", "float32"):
        got, want = selftest._elements(words, dtype), golden._elements(words, DType(dtype))
        assert got.dtype == want.dtype
        assert np.array_equal(got, want)


@pytest.mark.parametrize(("measure", "form", "got", "want", "difference"), CASES)
def test_measures_of_difference(
    digits: ModuleType,
    selftest: Any,
    measure: str,
    form: tuple[str, float, int],
    got: list[float],
    want: list[float],
    difference: float,
) -> None:
    dtype, scale, zero_point = form
    tensor = digits.TensorSpec("t", dtype, (len(want),), scale, zero_point)
    pair = (np.array(got, dtype), np.array(want, dtype))
    found = selftest._compare(tensor, [pair], selftest.Limit(measure, 0.5))
    assert found.difference == pytest.approx(difference)
    assert found.passed is (difference <= 0.5)


def test_scalars_have_a_difference(digits: ModuleType, selftest: Any) -> None:
    tensor = digits.TensorSpec("t", "float32", ())
    pair = (np.array(np.nan, np.float32), np.array(2, np.float32))
    for measure, apart in (("rms", np.inf), ("relative", np.inf), ("disagreement", 1)):
        assert selftest.MEASURES[measure]([pair], tensor) == apart


@pytest.mark.parametrize(
    ("engine", "name", "measure", "limit"),
    [
        ("aot", "conv_2d_int8", "steps", 0.0),
        ("aot", "conv_2d_float32", "relative", 1e-5),
        ("aot", "arg_max_int8", "disagreement", 0.0),
        ("litert-reference", "conv_2d_int8", "steps", 0.0),
        ("litert", "conv_2d_int8", "rms", 0.25),
        ("litert", "conv_2d_float32", "relative", 1e-4),
        ("litert", "arg_max_int8", "disagreement", 0.25),
        ("openvino", "conv_2d_int8", "rms", 0.5),
    ],
)
def test_limits(engine: str, name: str, measure: str, limit: float) -> None:
    model = tflite.parse(model_zoo.models()[name], f"{name}.tflite")
    found = linux_golden.tolerance(model, golden.make(model, 2), engine)
    assert found.outputs == (golden_files.Limit(measure, limit),)
    assert found.why


def test_litert_reference_may_be_as_far_as_it_is_everywhere(tmp_path: Path) -> None:
    """FULLY_CONNECTED rounds twice in TensorFlow Lite Micro, and once in LiteRT."""
    data = model_zoo.models()["fully_connected_int8"]
    project = scaffold(data, tmp_path / "rounding", engines=["litert"])
    package = runtime(project)
    facts = json.loads((project / "edgegen/python/rounding_runtime/data/golden.json").read_bytes())
    limit = facts["tolerances"]["litert-reference"]["outputs"][0]["limit"]
    with package.Model("litert-reference") as model:
        report = module(package, "selftest").run(model)
    assert report.passed
    assert report.comparisons[0].difference == limit
    assert registry.load_device("linux_x86_64").engines
