"""The DSP kernels of int16 as instructions: on emulated cores every activation equals TFLM's."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgegen import api, verify
from edgegen.engines.aot.kernels import choose
from edgegen.engines.aot.ops import KERNELS
from edgegen.frontends import tflite
from numeric.test_aot_conv import Conv
from support.op_batch import OpBatch, Q

pytestmark = [pytest.mark.cross, pytest.mark.qemu, pytest.mark.slow]

CASES = (
    # Inputs from less than one group to several, at odd addresses too; channels in every rest.
    *(Conv(image=(3, 3), depth=depth, channels=9, size=(1, 1)) for depth in (1, 7, 8, 9, 24)),
    *(Conv(image=(6, 5), depth=depth, channels=6) for depth in (1, 3, 8)),
    Conv(image=(7, 7), depth=5, channels=7, stride=(2, 2), dilation=(2, 1), batches=2),
    Conv(image=(4, 4), depth=4, size=(1, 1), stride=(2, 2), scales=(0.01, 0.02), activation="relu"),
    *(Conv(image=(6, 5), depth=depth, depth_multiplier=1) for depth in (4, 12)),
    Conv(image=(5, 9), depth=8, depth_multiplier=1, stride=(2, 1), activation="relu6"),
    Conv(image=(5, 9), depth=4, depth_multiplier=1, dilation=(2, 2), padding="VALID"),
    # A multiplier just below 1/2, and one just above 2^-18.
    *(Conv(depth=4, size=(1, 1), scales=(s,), output_scale=0.05) for s in (0.499, 4e-6)),
)
BUILDS = {
    "O2": (),
    "Os": ("-DCMAKE_BUILD_TYPE=MinSizeRel",),
    "O0": ("-DCMAKE_BUILD_TYPE=Debug",),
    "frame pointer": ("-DCMAKE_C_FLAGS_RELEASE=-O2 -DNDEBUG -fno-omit-frame-pointer",),
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    batch = OpBatch("int16")
    for case in CASES:
        case.add(batch)
    for kind, scales in (("ADD", (0.03, 0.03, 0.05)), ("SUB", (1e-4, 20.0, 9.0))):
        batch.binary(kind, ((3, 300), (3, 300)), [Q(scale, 0) for scale in scales])
        batch.binary(kind, ((3, 7), (1, 7)), [Q(scale, 0) for scale in scales])
    path = tmp_path_factory.mktemp("model") / "layers.tflite"
    path.write_bytes(batch.build())
    return path


def test_every_layer_has_a_dsp_kernel(model: Path) -> None:
    parsed = tflite.parse(model.read_bytes(), model.name)
    for op in parsed.ops:
        chosen = choose(KERNELS, parsed, op, ("dsp",))
        assert not isinstance(chosen, str), chosen
        assert "dsp" in chosen.needs, f"node {op.node}"


@pytest.mark.parametrize("build", BUILDS)
def test_the_instructions_compute_the_same(model: Path, build: str, tmp_path: Path) -> None:
    _verify(model, tmp_path, BUILDS[build])


@pytest.mark.clang
def test_clang_leaves_them_enough_registers(model: Path, tmp_path: Path) -> None:
    toolchain = tmp_path / "firmware" / "edgegen" / "cmake" / "arm-none-eabi-clang.cmake"
    _verify(model, tmp_path, (f"-DCMAKE_TOOLCHAIN_FILE={toolchain}",))


def _verify(model: Path, folder: Path, cmake_args: tuple[str, ...]) -> None:
    project = folder / "firmware"
    api.scaffold(model, "cortex_m4", project, engines=["aot"])
    facts = verify.run(project, cmake_args=list(cmake_args)).engines["aot"]
    assert (facts.status, facts.bit_exact, facts.mismatches) == ("pass", True, 0)
