"""Compiles every runtime source for every core and writes down its size.

`edgegen fit` estimates the code of an `aot` project from this table. Needs
arm-none-eabi-gcc; run it when a kernel has changed (a test says so).
"""

from __future__ import annotations

import functools
import json
import re
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from edgegen import native_image, registry
from edgegen.engines.aot import code_size
from edgegen.targets.cortex_m_flags import cortex_m_compile_flags

RUNTIME = Path(__file__).resolve().parent.parent / "runtime_c"


def measure() -> dict[str, dict[str, int]]:
    """Bytes of .text and .rodata at -O2, by core and by path below runtime_c/src."""
    return {core: sizes_on(core, sources()) for core in sorted(cores())}


def sources() -> list[Path]:
    """Of the runtime, those that may be in a project for a microcontroller."""
    kernels = sorted((RUNTIME / "src" / "nn").rglob("*.c"))
    kernels = [each for each in kernels if "simd" not in each.parts]  # of hosts
    images = sorted({*native_image.KERNEL_SOURCES.values(), "src/image/run.c"})
    micro = sorted((RUNTIME / "src" / "micro_audio").glob("*.c"))
    others = [*images, "src/audio/run.c", *micro, "src/quantize.c"]
    return [*kernels, *(RUNTIME / each for each in others)]


def sizes_on(core: str, sources: Iterable[Path]) -> dict[str, int]:
    """Bytes of .text and .rodata at -O2, by path below runtime_c/src."""
    flags = cores()[core]
    with tempfile.TemporaryDirectory() as folder:
        return {
            source.relative_to(RUNTIME / "src").as_posix(): _size(source, flags, Path(folder))
            for source in sources
        }


@functools.cache
def cores() -> dict[str, tuple[str, ...]]:
    """Flags of the generic device of every core."""
    devices = [registry.load_device(each) for each in registry.device_ids("cortex_m")]
    generic = [d for d in devices if d.family == "cortex_m" and d.id.startswith("cortex_m")]
    return {device.cpu: cortex_m_compile_flags(device) for device in generic}


def _size(source: Path, flags: tuple[str, ...], folder: Path) -> int:
    output = folder / "kernel.o"
    include = f"-I{RUNTIME / 'include'}"
    command = ["arm-none-eabi-gcc", *flags, "-std=c99", "-O2", include, "-c", str(source)]
    subprocess.run([*command, "-o", str(output)], check=True)
    size = subprocess.run(
        ["arm-none-eabi-size", str(output)], check=True, capture_output=True, text=True
    )
    found = re.search(r"^\s*(\d+)", size.stdout.splitlines()[1])
    assert found is not None
    return int(found.group(1))


if __name__ == "__main__":
    table = {"how": "arm-none-eabi-gcc 12.2.1 -std=c99 -O2, .text + .rodata", "bytes": measure()}
    code_size.TABLE.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
