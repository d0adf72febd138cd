"""The size estimate of `aot` code against what the compiler makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgegen import api, registry
from edgegen.engines.aot import code_size
from edgegen.engines.aot.engine import AotEngine
from edgegen.frontends import load
from edgegen.options import Options
from support.script import load as load_script

STARTUP_BYTES = 700
"""Vector table, startup code and the image's main, which the estimate leaves out."""


@pytest.mark.cross
def test_the_table_of_kernel_sizes_is_up_to_date() -> None:
    """Every source, on one core each in turn: what changes a kernel changes it on all of them."""
    script = load_script("scripts/measure_code_size.py")
    committed, cores, sources = code_size._sizes(), sorted(script.cores()), script.sources()
    names = {each.relative_to(script.RUNTIME / "src").as_posix() for each in sources}
    assert sorted(committed) == cores
    for number, core in enumerate(cores):
        assert committed[core].keys() == names, "run scripts/measure_code_size.py"
        for source, size in script.sizes_on(core, sources[number :: len(cores)]).items():
            # Another minor version of the compiler may differ a little.
            assert abs(size - committed[core][source]) <= 0.1 * size + 16, (core, source)


@pytest.mark.cross
@pytest.mark.qemu
@pytest.mark.parametrize("device_id", ["cortex_m0plus", "cortex_m4", "cortex_m55"])
def test_the_estimate_is_as_good_as_it_says(
    device_id: str, digits_tflite: Path, tmp_path: Path
) -> None:
    model, device = load(digits_tflite), registry.load_device(device_id)
    footprint = AotEngine().footprint(model, device, Options("digits"))
    api.scaffold(digits_tflite, device_id, tmp_path / "p", engines=("aot",))
    report = api.verify(tmp_path / "p").to_dict()["engines"]["aot"]
    assert footprint.weights.bytes == report["flash"]["weights"]
    assert footprint.arena.bytes == report["ram"]["arena"]
    assert footprint.code.bytes is not None
    assert footprint.stack.bytes is not None
    assert abs(report["flash"]["code"] - footprint.code.bytes - STARTUP_BYTES / 2) <= (
        code_size.ERROR * footprint.code.bytes + STARTUP_BYTES / 2
    )
    assert report["ram"]["stack_peak"] <= footprint.stack.bytes
