"""runtime_c on Arm's Linux: every C test, compiled for it without a warning, under QEMU."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = sorted(path.stem for path in (ROOT / "runtime_c" / "tests").glob("test_*.c"))


def run(*command: str | Path) -> str:
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.arm_linux
@pytest.mark.cross
@pytest.mark.slow
@pytest.mark.parametrize(
    ("processor", "compiler", "flags", "emulator"),
    [
        ("aarch64", "aarch64-linux-gnu-gcc", "", "qemu-aarch64"),
        ("armv7-a", "arm-linux-gnueabihf-gcc", "-march=armv7-a -mfpu=neon", "qemu-arm"),
    ],
    ids=["aarch64", "armv7-a"],
)
def test_every_c_test(
    processor: str, compiler: str, flags: str, emulator: str, tmp_path: Path
) -> None:
    run(
        "cmake", "-S", ROOT, "-B", tmp_path, "-G", "Ninja", "-DCMAKE_SYSTEM_NAME=Linux",
        f"-DCMAKE_SYSTEM_PROCESSOR={processor}", f"-DCMAKE_C_COMPILER={compiler}",
        f"-DCMAKE_C_FLAGS={flags}", "-DCMAKE_C_FLAGS_RELEASE=-O2", "-DCMAKE_BUILD_TYPE=Release",
        "-DCMAKE_EXE_LINKER_FLAGS=-static", "-DEDGEGEN_WERROR=ON",
        f"-DEDGEGEN_TEST_LAUNCHER={emulator}",
    )  # fmt: skip
    run("ninja", "-C", tmp_path, *PROGRAMS)
    said = run("ctest", "--test-dir", tmp_path, "--output-on-failure")
    assert f"0 tests failed out of {len(PROGRAMS)}" in said


@pytest.mark.arm_linux
@pytest.mark.slow
@pytest.mark.parametrize(
    ("compiler", "emulator"),
    [
        (("aarch64-linux-gnu-gcc",), ("qemu-aarch64", "-L", "/usr/aarch64-linux-gnu")),
        (
            ("arm-linux-gnueabihf-gcc", "-march=armv7-a", "-mfpu=neon"),
            ("qemu-arm", "-L", "/usr/arm-linux-gnueabihf"),
        ),
    ],
    ids=["aarch64", "armv7-a"],
)
def test_image_kernels_keep_to_their_memory(
    compiler: tuple[str, ...], emulator: tuple[str, ...], tmp_path: Path
) -> None:
    """The image test with the sanitizers: its buffers end where pixels and tensors do."""
    program, runtime = tmp_path / "test_image", ROOT / "runtime_c"
    run(
        *compiler, "-std=c99", "-O1", "-ffp-contract=off", "-fsanitize=address,undefined",
        "-fno-sanitize-recover=all", f"-I{runtime / 'include'}", runtime / "tests" / "test_image.c",
        *sorted((runtime / "src" / "image").rglob("*.c")), "-lm", "-o", program,
    )  # fmt: skip
    run("env", "ASAN_OPTIONS=detect_leaks=0", *emulator, program)  # which needs ptrace
