"""Models that keep a state, on the emulated target: several inferences, each after the last."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgegen import api, golden
from edgegen.frontends import load
from numeric.test_aot_state import delay_line
from support import recurrent

pytestmark = [pytest.mark.cross, pytest.mark.qemu]


@pytest.mark.parametrize("dtype", ["int8", "float32"])
@pytest.mark.parametrize("layer", [recurrent.svdf, recurrent.lstm])
def test_recurrent_layers(layer: Callable[[str], bytes], dtype: str, tmp_path: Path) -> None:
    path = tmp_path / "layer.tflite"
    path.write_bytes(layer(dtype))
    assert_verified(path, "cortex_m4")


def assert_verified(path: Path, device: str) -> None:
    project = path.with_name("p")
    api.scaffold(path, device, project, engines=("aot",))
    report = api.verify(project).to_dict()["engines"]["aot"]
    assert report["status"] == "pass", report


@pytest.mark.parametrize("device", ["cortex_m4", "cortex_m0plus"])
def test_a_delay_line(device: str, tmp_path: Path) -> None:
    path = tmp_path / "delay.tflite"
    path.write_bytes(delay_line("int8", np.arange(8).reshape(1, 2, 4)))
    model = load(path)
    vectors = golden.make(model).vectors
    alone = golden.make(model, count=1).vectors
    rows = vectors[1].outputs[0][0]
    assert np.array_equal(alone[0].outputs[0], vectors[0].outputs[0])
    assert np.array_equal(rows[1], vectors[0].outputs[0][0, 2])  # the state is in the proof
    assert_verified(path, device)
