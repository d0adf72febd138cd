"""The reference models as C on this machine: every activation against TensorFlow Lite Micro."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import host_engine
from support.host_engine import HAS_AVX2, Build

INT8 = (
    "mlperf_tiny_ad_autoencoder_int8",
    "mlperf_tiny_ic_resnet8_int8",
    "mlperf_tiny_kws_dscnn_int8",
    "mlperf_tiny_vww_mobilenet_int8",
    "tflm_hello_world_int8",
)
FLOAT = (
    "mlperf_tiny_ad_autoencoder_float",
    "mlperf_tiny_ic_resnet8_float",
    "mlperf_tiny_vww_mobilenet_float",
    "tflm_hello_world_float",
)


@pytest.mark.parametrize("name", [*INT8, *FLOAT])
def test_every_activation(name: str, models_dir: Path, tmp_path: Path) -> None:
    data = (models_dir / f"{name}.tflite").read_bytes()
    host_engine.check(data, tmp_path, float_tolerance=1e-5)


@pytest.mark.skipif(not HAS_AVX2, reason="this machine has no AVX2")
@pytest.mark.parametrize("features", [("avx2",), ("avx2", "vnni")], ids=["avx2", "vnni"])
@pytest.mark.parametrize("name", INT8)
def test_with_vectors(
    name: str, features: tuple[str, ...], models_dir: Path, tmp_path: Path
) -> None:
    """VNNI's one instruction is computed by several of AVX2."""
    data = (models_dir / f"{name}.tflite").read_bytes()
    build = Build(features=features, machine=("-mavx2",), sanitize=False)
    host_engine.check(data, tmp_path, vectors=6, build=build)


@pytest.mark.wasm
@pytest.mark.parametrize("name", INT8)
def test_as_wasm(name: str, models_dir: Path, tmp_path: Path) -> None:
    data = (models_dir / f"{name}.tflite").read_bytes()
    host_engine.check(data, tmp_path, vectors=6, build=host_engine.WASM)


FLOAT_BUILDS = [
    pytest.param(
        Build(features=("avx2",), machine=("-mavx2",), sanitize=False),
        id="avx2",
        marks=pytest.mark.skipif(not HAS_AVX2, reason="this machine has no AVX2"),
    ),
    pytest.param(host_engine.WASM, id="wasm", marks=pytest.mark.wasm),
]


@pytest.mark.parametrize("build", FLOAT_BUILDS)
@pytest.mark.parametrize("name", FLOAT)
def test_floats_with_vectors(name: str, build: Build, models_dir: Path, tmp_path: Path) -> None:
    """Those of convolutions add in the reference's order; softmax has another exponential."""
    data = (models_dir / f"{name}.tflite").read_bytes()
    host_engine.check(data, tmp_path, vectors=1, float_tolerance=1e-6, build=build)


@pytest.mark.clang
@pytest.mark.parametrize("optimise", ["-O0", "-Os", "-O3"])
def test_clang(optimise: str, models_dir: Path, tmp_path: Path) -> None:
    data = (models_dir / "mlperf_tiny_kws_dscnn_int8.tflite").read_bytes()
    host_engine.check(data, tmp_path, build=Build("clang", optimise, sanitize=False))
