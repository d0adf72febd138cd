"""Calls: what Python pays for one, beside a binding that does nothing

Inputs are so small that the call is what costs: how long a statement takes in a loop of Python,
the loop included. The pybind11 rows are a function compiled here with its documented interface:
one without arguments, and one that takes two arrays and six numbers, and does nothing. Outputs are
preallocated where a peer can use them.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pybind11
import scipy.special
from compare import Row, row, statement, take_turns

from edgegen import native

PACKAGES = ("pybind11", "numpy", "scipy")
FOLDER = Path(__file__).resolve().parent.parent / "build" / "bench"
ROUNDS, CALLS = 60, 2000

SOURCE = """
#include <pybind11/numpy.h>
namespace py = pybind11;
using Array = py::array_t<float, py::array::c_style>;
PYBIND11_MODULE(edgegen_bench_calls, module)
{
    module.def("nothing", [] {});
    module.def("two_arrays", [](const Array &, const Array &, double, double, double, int, int,
                                int) {});
}
"""


@dataclass(frozen=True, slots=True)
class Call:
    """One of our calls and a peer's statements for the same result, over the names of `names`."""

    work: str
    ours: str
    peer: str
    ways: dict[str, str]


CALLS_OF = (
    Call("softmax of 10", "softmax(logits)", "scipy", {"special.softmax": "scipy_softmax(logits)"}),
    Call(
        "softmax of 10", "softmax(logits)", "numpy",
        {"exp, sum": "e = np.exp(logits - logits.max()); np.divide(e, e.sum(), out=out)"},
    ),
    Call(
        "the 5 largest of 10", "top_k(logits, 5)", "numpy",
        {"argsort": "np.argsort(-logits)[:5]"},
    ),
    Call("argmax of 10", "argmax(logits)", "numpy", {"argmax": "int(np.argmax(logits))"}),
    Call(
        "dequantise 10", "dequantize(codes, 0.5, 3)", "numpy",
        {"subtract, multiply": "np.multiply(codes - wide_three, half, out=out)"},
    ),
)  # fmt: skip


def rows() -> Iterator[Row]:
    empty = binding()
    logits = np.linspace(-2, 2, 10, dtype=np.float32)
    pixels = np.zeros((4, 4, 3), np.uint8)
    prepare = native.ImagePreprocessor(4, 4, source_width=4, source_height=4)
    names: dict[str, Any] = {
        "np": np,
        "scipy_softmax": scipy.special.softmax,
        "softmax": native.softmax,
        "top_k": native.top_k,
        "argmax": native.argmax,
        "dequantize": native.dequantize,
        "logits": logits,
        "codes": np.arange(10, dtype=np.int8),
        "wide_three": np.int16(3),
        "half": np.float32(0.5),
        "out": np.empty_like(logits),
        "empty": empty,
        "prepare": prepare,
        "pixels": pixels,
        "tensor": np.empty(prepare.shape, np.float32),
        "pushed": np.zeros(1, np.float32),
        "frame": np.zeros((1, 1), np.float32),
        "windows": native.Windows(100, 1, 100),
        "features": native.AudioFeatures(16000, 480, 480, coefficients=13),
    }
    nothing = {"two arrays, six numbers": "empty.two_arrays(logits, out, 1.0, 1.0, 1.0, 1, 1, 1)"}
    calls = (
        *CALLS_OF,
        Call("a 4x4 image into a tensor", "prepare(pixels, tensor)", "pybind11", nothing),
        Call("1 sample into a window", "windows.push(frame)", "pybind11", nothing),
        Call("1 sample into MFCCs", "features.push(pushed)", "pybind11", nothing),
        Call("the clock", "clock_ns()", "pybind11", {"no arguments": "empty.nothing()"}),
    )
    names["clock_ns"] = native.clock_ns
    works: dict[tuple[str, str], list[Call]] = {}
    for call in calls:
        works.setdefault((call.work, call.ours), []).append(call)
    for (work, ours), beside in works.items():
        clocks = {"ours": ours} | {
            f"{call.peer}: {name}": code for call in beside for name, code in call.ways.items()
        }
        figures = take_turns(
            {name: statement(code, names, CALLS) for name, code in clocks.items()}, ROUNDS
        )
        for call in beside:
            keys = {name: f"{call.peer}: {name}" for name in call.ways}
            yield row(f"call: {work}", "call", call.peer, figures, keys, unit="ns")


def binding() -> ModuleType:
    """SOURCE, compiled as CMake would: optimised, without debugging."""
    source = FOLDER / "edgegen_bench_calls.cpp"
    library = FOLDER / f"edgegen_bench_calls{sysconfig.get_config_var('EXT_SUFFIX')}"
    includes = [pybind11.get_include(), sysconfig.get_paths()["include"]]
    FOLDER.mkdir(parents=True, exist_ok=True)
    source.write_text(SOURCE, encoding="utf-8")
    subprocess.run(
        ["c++", "-O3", "-DNDEBUG", "-shared", "-fPIC", "-std=c++17", "-fvisibility=hidden",
         *(f"-I{folder}" for folder in includes), source, "-o", library],
        check=True,
    )  # fmt: skip
    spec = importlib.util.spec_from_file_location("edgegen_bench_calls", library)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
