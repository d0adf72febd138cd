"""Calls: what Python pays for one, beside a binding that does nothing

Inputs are so small that the call is what costs: how long a statement takes in a loop of Python,
the loop included. The pybind11 peer is a function compiled here, with the interface that its manual
shows first, which takes two arrays and six numbers (or nothing) and does nothing.
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

import cv2
import numpy as np
import pybind11
import scipy.special
from compare import Row, row, statement, take_turns

from edgegen import native

PACKAGES = ("pybind11", "numpy", "scipy", "opencv-python-headless")
FOLDER = Path(__file__).resolve().parent.parent / "build" / "bench"
ROUNDS = 100

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
    """One of our calls and a peer's statements for the same result; `arguments` has the names."""

    work: str
    ours: str
    peer: str
    ways: dict[str, str]


NOTHING = {"two arrays, six numbers": "empty.two_arrays(logits, out, 1.0, 1.0, 1.0, 1, 1, 1)"}

CALLS = (
    Call(
        "softmax of 10", "softmax(logits)", "scipy",
        {"special.softmax": "scipy_softmax(logits)"},
    ),
    Call(
        "softmax of 10", "softmax(logits)", "numpy",
        {"exp, sum": "np.divide(e := np.exp(logits - logits.max()), e.sum())"},
    ),
    Call(
        "softmax of 10, into an array", "softmax(logits, out)", "numpy",
        {"exp, sum": "np.divide(e := np.exp(logits - logits.max()), e.sum(), out=out)"},
    ),
    Call("5 largest of 10", "top_k(logits, 5)", "numpy", {"argsort": "np.argsort(-logits)[:5]"}),
    Call(
        "5 largest of 10, into an array", "top_k(logits, 5, indices)", "numpy",
        {"argsort": "np.argsort(-logits)[:5]"},
    ),
    Call("argmax of 10", "argmax(logits)", "numpy", {"argmax": "int(np.argmax(logits))"}),
    Call(
        "dequantise 10", "dequantize(codes, 0.5, 3)", "numpy",
        {"subtract, multiply": "np.multiply(codes - wide_three, half)"},
    ),
    Call(
        "dequantise 10, into an array", "dequantize(codes, 0.5, 3, out)", "numpy",
        {"subtract, multiply": "np.multiply(codes - wide_three, half, out=out)"},
    ),
    Call(
        "non-maximum suppression of 10 boxes", "nms(boxes, scores, iou_threshold=0.5)", "opencv",
        {"dnn.NMSBoxes": "cv2.dnn.NMSBoxes(corners, scores, 0.0, 0.5)"},
    ),
    Call(
        "scale 4 of 3 channels, into an array", "scale(table, factor, offset, scaled)", "numpy",
        {"multiply, add": "np.add(table * factor, offset, out=scaled)"},
    ),
    Call("a 4x4 image into a tensor", "prepare(pixels, tensor)", "pybind11", NOTHING),
    Call("1 sample into a window", "windows.push(frame)", "pybind11", NOTHING),
    Call("1 sample into MFCCs", "features.push(sample)", "pybind11", NOTHING),
    Call("1 sample into fixed-point features", "micro.feed(sample16)", "pybind11", NOTHING),
    Call("1 sample through a filter", "biquad.run(sample, filtered)", "pybind11", NOTHING),
    Call("the clock", "clock_ns()", "pybind11", {"no arguments": "empty.nothing()"}),
)  # fmt: skip


def rows() -> Iterator[Row]:
    names = arguments()
    works: dict[tuple[str, str], list[Call]] = {}
    for call in CALLS:
        works.setdefault((call.work, call.ours), []).append(call)
    for (work, ours), beside in works.items():
        clocks = {"ours": ours} | {
            f"{call.peer}: {name}": code for call in beside for name, code in call.ways.items()
        }
        figures = take_turns(
            {name: statement(code, names) for name, code in clocks.items()}, ROUNDS
        )
        for call in beside:
            keys = {name: f"{call.peer}: {name}" for name in call.ways}
            apart = None if call.peer == "pybind11" else difference(call, names)
            yield row(
                f"call: {work}", "call", call.peer, figures, keys, unit="ns", difference=apart
            )


def difference(call: Call, names: dict[str, Any]) -> float:
    ours = np.array(eval(call.ours, names), float)
    return max(float(np.abs(ours - eval(way, names)).max()) for way in call.ways.values())


def arguments() -> dict[str, Any]:
    """What the statements name."""
    rng = np.random.default_rng(0)
    logits = rng.permutation(np.linspace(-2, 2, 10, dtype=np.float32))
    prepare = native.ImagePreprocessor(4, 4, source_width=4, source_height=4)
    places = rng.uniform(0, 10, (10, 2)).astype(np.float32)
    sides = rng.uniform(3, 6, (10, 2)).astype(np.float32)
    return {
        "np": np,
        "cv2": cv2,
        "scipy_softmax": scipy.special.softmax,
        "empty": binding(),
        "softmax": native.softmax,
        "top_k": native.top_k,
        "argmax": native.argmax,
        "dequantize": native.dequantize,
        "nms": native.non_maximum_suppression,
        "clock_ns": native.clock_ns,
        "prepare": prepare,
        "windows": native.Windows(100, 1, 100),
        "features": native.AudioFeatures(16000, 480, 480, coefficients=13),
        "micro": native.MicroAudioFeatures(),
        "biquad": native.Biquad(1, 0, 0, 0, 0),
        "logits": logits,
        "out": np.empty_like(logits),
        "indices": np.empty(5, np.uint32),
        "codes": np.arange(10, dtype=np.int8),
        "wide_three": np.int16(3),
        "half": np.float32(0.5),
        "boxes": np.concatenate([places, places + sides], axis=1),
        "corners": np.concatenate([places, sides], axis=1),
        "scores": rng.permutation(np.linspace(0.1, 1, 10, dtype=np.float32)),
        "scale": native.scale,
        "table": rng.uniform(-1, 1, (4, 3)).astype(np.float32),
        "factor": np.full(3, 0.5, np.float32),
        "offset": np.ones(3, np.float32),
        "scaled": np.empty((4, 3), np.float32),
        "pixels": np.zeros((4, 4, 3), np.uint8),
        "tensor": np.empty(prepare.shape, np.float32),
        "frame": np.zeros((1, 1), np.float32),
        "sample": np.zeros(1, np.float32),
        "sample16": np.zeros(1, np.int16),
        "filtered": np.zeros(1, np.float32),
    }


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
