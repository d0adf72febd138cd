"""A Debian of another architecture in a folder, just enough of it to run Python.

Python, numpy and cffi with the libraries that they need, unpacked and never configured: no root, no
chroot, no daemon. The folder is found again by what went into it (`cache`), so that only the first
run needs the network.
"""

from __future__ import annotations

import compileall
import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from edgegen.verify.linux import apt, cache

SUITE = "bookworm"
PYTHON = "3.11"
_RECIPE = 2  # another number where what is done below changes

_PACKAGES = (
    "libblas3",
    "libbz2-1.0",
    "libc6",
    "libexpat1",
    "libffi8",
    "libgcc-s1",
    "libgfortran5",
    "liblapack3",
    "liblzma5",
    "libpython3.11-minimal",
    "libpython3.11-stdlib",
    "libssl3",
    "libstdc++6",
    "python3-cffi",
    "python3-cffi-backend",
    "python3-numpy",
    "python3-ply",
    "python3-pycparser",
    "python3.11-minimal",
    "zlib1g",
)


@dataclass(frozen=True, slots=True)
class Port:
    """One of Debian's ports: what an architecture is called by whom.

    Attributes:
        name: As ``uname -m`` says it.
        debian: Its name in Debian.
        triplet: Of its folders of libraries, and the prefix of its cross compiler.
        emulator: QEMU's program.
        wheel_tags: Platforms of wheels that it takes. pip wants each by itself.
        without_wheels: Debian's packages of what has no wheels on PyPI.
    """

    name: str
    debian: str
    triplet: str
    emulator: str
    wheel_tags: tuple[str, ...]
    without_wheels: tuple[str, ...] = ()


AARCH64 = Port(
    "aarch64",
    "arm64",
    "aarch64-linux-gnu",
    "qemu-aarch64",
    tuple(f"manylinux_2_{minor}_aarch64" for minor in (36, 35, 34, 31, 28, 27, 24))
    + ("manylinux_2_17_aarch64", "manylinux2014_aarch64"),
)
ARMV7L = Port(
    "armv7l",
    "armhf",
    "arm-linux-gnueabihf",
    "qemu-arm",
    tuple(f"manylinux_2_{minor}_armv7l" for minor in (36, 35, 34, 31, 28))
    + ("manylinux_2_17_armv7l", "manylinux2014_armv7l", "linux_armv7l"),
    ("python3-cffi", "python3-numpy"),
)
PORTS = {each.name: each for each in (AARCH64, ARMV7L)}


@dataclass(frozen=True, slots=True)
class Sysroot:
    """An unpacked Debian.

    Attributes:
        root: What the emulated program takes for ``/`` where a file is there.
        packages: Version of each package by name.
    """

    port: Port
    root: Path
    packages: dict[str, str]

    @property
    def python(self) -> Path:
        return self.root / "usr" / "bin" / f"python{PYTHON}"

    @property
    def debian_packages(self) -> Path:
        """Where Debian's Python packages are."""
        return self.root / "usr" / "lib" / "python3" / "dist-packages"


def prepare(port: Port) -> Sysroot:
    """The sysroot out of the cache; made first where it isn't there.

    Raises:
        MissingToolError: It isn't there and Debian's packages cannot be had.
    """
    recipe = cache.key(_RECIPE, SUITE, port.debian, _PACKAGES)
    place = cache.made(
        f"sysroot/{SUITE}-{port.debian}-{recipe}",
        lambda folder: _make(folder, port),
    )
    packages = json.loads((place / "packages.json").read_text(encoding="utf-8"))
    return Sysroot(port, place / "root", packages)


def _make(folder: Path, port: Port) -> None:
    root, downloads = folder / "root", folder / "downloads"
    root.mkdir()
    downloads.mkdir()
    packages = apt.download(downloads, SUITE, port.debian, _PACKAGES)
    for package in packages:
        apt.unpack(package, root)
    _link_alternatives(root / "usr" / "lib" / port.triplet)
    if sys.version_info[:2] == tuple(map(int, PYTHON.split("."))):
        # What Debian does when it configures the package. An emulated Python would take minutes.
        compileall.compile_dir(root / "usr" / "lib", quiet=2)
    shutil.rmtree(downloads)
    versions = {package.name: package.version for package in packages}
    (folder / "packages.json").write_text(json.dumps(versions, indent=2) + "\n", encoding="utf-8")


def _link_alternatives(libraries: Path) -> None:
    """BLAS and LAPACK lie one folder deeper, for update-alternatives to link to."""
    for name in ("blas/libblas.so.3", "lapack/liblapack.so.3"):
        if (libraries / name).is_file():
            (libraries / Path(name).name).symlink_to(name)
