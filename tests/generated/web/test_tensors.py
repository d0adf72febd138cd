"""Real numbers into tensors of any type: what fits goes in, and nothing wraps; so in Python."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import types
from math import inf, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgegen.render import render

pytestmark = pytest.mark.wasm

CASES: list[tuple[str, str, list[float], list[int | float] | str]] = [
    # class of the array, element type, numbers, what the tensor holds or what is said
    ("Float32Array", "int8", [-128, 127], [-128, 127]),
    (
        "Float32Array",
        "int8",
        [0, 300.75],
        "element 1 is 300.75; int8 takes whole numbers from -128",
    ),
    ("Float32Array", "int8", [128], "element 0 is 128; int8 takes whole numbers from -128 to 127."),
    ("Float64Array", "int32", [2147483647], [2147483647]),
    (
        "Float64Array",
        "int32",
        [3e9],
        "element 0 is 3000000000; int32 takes whole numbers from -214",
    ),
    ("Float32Array", "uint8", [0.5], "element 0 is 0.5; uint8 takes whole numbers from 0 to 255."),
    ("Float32Array", "uint8", [-2], "element 0 is -2; uint8"),
    ("Float32Array", "bool", [0, 1], [0, 1]),
    ("Float32Array", "bool", [1, 256], "element 1 is 256; bool takes whole numbers from 0 to 1."),
    ("Float32Array", "bool", [-1], "element 0 is -1; bool"),
    ("Uint8Array", "bool", [0, 1], [0, 1]),
    ("Uint8Array", "bool", [2, 255], "element 0 is 2; bool takes whole numbers from 0 to 1."),
    ("Float64Array", "int64", [-(2.0**63), 5], [-(2**63), 5]),
    ("Float64Array", "int64", [2.0**63], "to 9223372036854775807."),
    ("Float64Array", "int64", [1e300], "; int64 takes whole numbers from -9223372036854775808 to"),
    ("Float64Array", "uint64", [2.0**64], "to 18446744073709551615."),
    ("Float64Array", "float32", [1.5], [1.5]),
    ("Float64Array", "float32", [0, 1e300], "element 1 is 1e+300; float32 takes smaller ones."),
    ("Float64Array", "float64", [1e300], [1e300]),
    ("Float32Array", "int32", [nan], "element 0 is NaN, not a finite number."),
    ("Float32Array", "int32", [-inf], "element 0 is -Infinity, not a finite number."),
]

MAIN = """
import { toTensor } from "./tensors.js";
const found = CASES.map(([name, dtype, values]) => {
  const tensor = { name: "t", dtype, shape: [values.length], scale: 0, zeroPoint: 0 };
  try {
    return Array.from(toTensor(globalThis[name].from(values), tensor), String);
  } catch (error) {
    return `${error.code}: ${error.message}`;
  }
});
console.log(JSON.stringify(found));
"""


def test_in_a_page(tmp_path: Path) -> None:
    for name in ("tensors.js", "errors.js"):
        (tmp_path / name).write_bytes(render(f"web/generated/{name}.j2", {"header": ""}))
    # What JSON lacks, NaN and Infinity, JavaScript has.
    (tmp_path / "main.mjs").write_text(f"const CASES = {json.dumps(CASES)};{MAIN}")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    run = subprocess.run(
        ["node", "main.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
    for (_, _, _, wanted), found in zip(CASES, json.loads(run.stdout), strict=True):
        if isinstance(wanted, str):
            assert found.startswith("input: t: element "), found
            assert wanted in found
        else:
            assert [float(each) for each in found] == wanted


@pytest.fixture(scope="module")
def tensors(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Its twin: the module of Linux projects."""
    folder = tmp_path_factory.mktemp("twin")
    template = "linux/generated/python/__name___runtime/{}.py.j2"
    package = types.ModuleType("twin_runtime")
    package.__path__ = [str(folder)]
    sys.modules["twin_runtime"] = package
    for name in ("errors", "tensors"):
        path = folder / f"{name}.py"
        path.write_bytes(render(template.format(name), {"header": "", "name": "twin"}))
        spec = importlib.util.spec_from_file_location(f"twin_runtime.{name}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("kind", "dtype", "values", "wanted"), CASES)
def test_in_python(tensors: Any, kind: str, dtype: str, values: list[float], wanted: Any) -> None:
    real = np.array(values, "float64" if kind == "Float64Array" else "float32")
    tensor = tensors.TensorSpec("t", dtype, (len(values),))
    if not isinstance(wanted, str):
        made = tensor.quantize(real)
        assert made.dtype == np.dtype(dtype)
        assert made.tolist() == wanted
        return
    said = wanted.replace("NaN", "nan").replace("-Infinity", "-inf")
    with pytest.raises(tensors.UsageProblem) as caught:
        tensor.quantize(real)
    assert str(caught.value).startswith("t: element ")
    assert said in str(caught.value)
