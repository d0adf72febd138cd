"""Which toolchains, emulators and packages are there, and what to install for the rest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import metadata

from edgegen import tools
from edgegen.tools import ToolSpec

# Without one of these a family's projects cannot be built, run and compared. (Linux: where QEMU for
# Arm's processors is absent or too old, `edgegen verify` fetches it.)
_NEEDED = {
    "Cortex-M": ("cmake", "ninja", "arm-none-eabi-gcc", "newlib", "libstdc++", "qemu-system-arm"),
    "Linux": (
        *("cmake", "ninja", "gcc", "aarch64-linux-gnu-gcc", "arm-linux-gnueabihf-gcc"),
        *("apt-get", "dpkg-deb"),
    ),
    "Web": ("chromium", "clang", "wasm-ld"),
}
FAMILIES = tuple(_NEEDED)


@dataclass(frozen=True, slots=True)
class _Package:
    """A distribution for Python, and what brings it where that is another one."""

    name: str
    purpose: str
    needed_by: tuple[str, ...]
    install: str = ""


# Python's, the first two are dependencies of edgegen itself.
_PACKAGES = (
    _Package("tflite-micro", "computes the expected outputs of integer models", FAMILIES),
    _Package("ai-edge-litert", "computes the expected outputs of float models", FAMILIES),
    _Package("playwright", "drives the browser", ("Web",), "edgegen[web]"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One tool or package.

    Attributes:
        version: As the tool itself reports it; None when it is not there.
        install: The command that installs it on Debian or Ubuntu.
        needed_by: Families whose `edgegen verify` fails without it.
    """

    name: str
    version: str | None
    purpose: str
    install: str
    needed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return not self.missing

    @property
    def missing(self) -> tuple[Finding, ...]:
        """What is needed and not there."""
        return tuple(each for each in self.findings if each.needed_by and each.version is None)


def examine() -> Diagnosis:
    """Look for everything; runs each tool once to ask for its version."""
    found = [_find_tool(row) for row in tools.TOOLS]
    if any(each.name == "make" and each.version for each in found):
        found = [replace(each, needed_by=()) if each.name == "ninja" else each for each in found]
    packages = [_find_package(each) for each in _PACKAGES]
    return Diagnosis((*found, *packages))


def _find_tool(row: ToolSpec) -> Finding:
    found = tools.probe(row.name)
    return Finding(
        row.name,
        found.version if found else None,
        row.purpose,
        f"sudo apt-get install {row.package}",
        tuple(family for family, names in _NEEDED.items() if row.name in names),
    )


def _find_package(package: _Package) -> Finding:
    try:
        version = metadata.version(package.name)
    except metadata.PackageNotFoundError:
        version = None
    source = f"'{package.install}'" if package.install else package.name
    install = f"pip install {source}"
    return Finding(package.name, version, package.purpose, install, package.needed_by)
