"""Engine `tflm` end to end; needs local copies of its sources, since it downloads otherwise.

EDGEGEN_TFLM_SOURCES names a folder with one checkout per FetchContent name, at the commits that
the generated CMake file pins: tflm, flatbuffers, gemmlowp, ruy, cmsis_nn, ...
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgegen import api, verify
from edgegen.engines.tflm.kernels import CMSIS_NN, SOURCES
from numeric.test_aot_state import delay_line
from support import recurrent

pytestmark = [
    pytest.mark.cross,
    pytest.mark.qemu,
    pytest.mark.slow,
    pytest.mark.tflm_sources,
    pytest.mark.skipif(
        not os.environ.get("EDGEGEN_TFLM_SOURCES"),
        reason="EDGEGEN_TFLM_SOURCES does not name a folder with TensorFlow Lite Micro's sources",
    ),
]


@pytest.fixture(scope="module")
def cmake_args() -> list[str]:
    folder = Path(os.environ["EDGEGEN_TFLM_SOURCES"])
    names = [source.name for source in (*SOURCES, CMSIS_NN)]
    return [f"-DFETCHCONTENT_SOURCE_DIR_{name.upper()}={folder / name}" for name in names]


@pytest.mark.parametrize("device", ["cortex_m4", "cortex_m55"])
def test_both_engines_agree_and_the_arena_is_found_and_taken_over(
    tmp_path: Path, digits_tflite: Path, cmake_args: list[str], device: str
) -> None:
    project = tmp_path / "both engines"
    api.scaffold(digits_tflite, device, project, inputs=digits_tflite.with_name("input.toml"))
    report = verify.run(project, cmake_args=cmake_args)
    assert report.ok, {name: engine.reason for name, engine in report.engines.items()}
    assert all(engine.bit_exact for engine in report.engines.values())
    assert all(engine.preprocessing[0].identical == 2 for engine in report.engines.values())
    found = report.engines["tflm"].arena
    assert found is not None
    bound = report.engines["tflm"].ram
    assert bound is not None
    assert found.smallest_bytes <= bound.arena

    api.update(project)
    header = (project / "edgegen" / "tflm" / "include" / "digits" / "engine.h").read_text()
    assert f"DIGITS_ARENA_BYTES {found.smallest_bytes}U" in header
    again = verify.run(project, ["tflm"], cmake_args=cmake_args)
    assert again.ok
    assert again.engines["tflm"].arena == found
    assert again.engines["tflm"].ram == replace(bound, arena=found.smallest_bytes)


def test_other_kernels_are_named_and_leave_the_arena_alone(
    tmp_path: Path, digits_tflite: Path, cmake_args: list[str]
) -> None:
    project = tmp_path / "reference"
    api.scaffold(digits_tflite, "cortex_m4", project, engines=["tflm"])
    report = verify.run(project, cmake_args=[*cmake_args, "-DEDGEGEN_KERNELS=reference"])
    assert report.ok, report.engines["tflm"].reason
    facts = json.loads((project / "evidence" / "report.json").read_bytes())["engines"]["tflm"]
    assert (facts["kernels"], facts["arena"], facts["bit_exact"]) == ("reference", None, True)


@pytest.mark.parametrize("layer", [recurrent.svdf, recurrent.lstm])
def test_both_engines_keep_a_state(
    tmp_path: Path, cmake_args: list[str], layer: Callable[[str], bytes]
) -> None:
    path = tmp_path / "layer.tflite"
    path.write_bytes(layer("int8"))
    assert_both_agree(path, "cortex_m4", cmake_args)


def test_both_engines_have_variables(tmp_path: Path, cmake_args: list[str]) -> None:
    path = tmp_path / "delay.tflite"
    path.write_bytes(delay_line("int8", np.arange(8).reshape(1, 2, 4)))
    assert_both_agree(path, "cortex_m4", cmake_args)


def assert_both_agree(path: Path, device: str, cmake_args: list[str]) -> None:
    project = path.with_name("project")
    api.scaffold(path, device, project)
    report = verify.run(project, cmake_args=cmake_args)
    assert report.ok, {name: engine.reason for name, engine in report.engines.items()}
    assert all(engine.bit_exact for engine in report.engines.values())
    tflm = report.engines["tflm"]
    assert tflm.arena is not None
    assert tflm.ram is not None
    assert tflm.arena.smallest_bytes <= tflm.ram.arena
