"""What a program needs that is not in its package, by the names that distributions have for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edgegen.packaging import elf
from edgegen.packaging.tree import Tree

OLDEST_PYTHON = "3.11"
"""That generated projects run on."""

PYTHON = "3.11"
"""Of Debian 12 and Raspberry Pi OS 12: what compiled wheels of other projects are taken for."""


RECOMMENDED = frozenset(("http", "grpc", "update"))
"""Extras whose packages are installed unless somebody objects; the others are only suggested."""


@dataclass(frozen=True, slots=True)
class SystemPackage:
    """What systems call a Python distribution; "" where they have none.

    Attributes:
        epoch: What stands before its version there, such as "1:".
    """

    debian: str
    rpm: str
    epoch: str = ""


# By the name on PyPI: Debian's and Fedora's.
PYTHON_PACKAGES = {
    "cffi": SystemPackage("python3-cffi", "python3-cffi"),
    "cryptography": SystemPackage("python3-cryptography", "python3-cryptography"),
    "fastapi": SystemPackage("python3-fastapi", "python3-fastapi"),
    "grpcio": SystemPackage("python3-grpcio", "python3-grpcio"),
    "numpy": SystemPackage("python3-numpy", "python3-numpy", "1:"),
    "opencv-python": SystemPackage("python3-opencv", "python3-opencv"),
    "opencv-python-headless": SystemPackage("python3-opencv", "python3-opencv"),
    "pillow": SystemPackage("python3-pil", "python3-pillow"),
    "picamera2": SystemPackage("python3-picamera2", ""),  # Raspberry Pi OS
    "protobuf": SystemPackage("python3-protobuf", "python3-protobuf"),
    "psutil": SystemPackage("python3-psutil", "python3-psutil"),
    "pydantic": SystemPackage("python3-pydantic", "python3-pydantic"),
    "smbus2": SystemPackage("python3-smbus2", "python3-smbus2"),
    "spidev": SystemPackage("python3-spidev", "python3-spidev"),
    "starlette": SystemPackage("python3-starlette", "python3-starlette"),
    "tqdm": SystemPackage("python3-tqdm", "python3-tqdm"),
    "typing-extensions": SystemPackage("python3-typing-extensions", "python3-typing-extensions"),
    "uvicorn": SystemPackage("python3-uvicorn", "python3-uvicorn"),
}

# Compiled or large, and a system package: never carried along. With the versions of Debian 12,
# which what is carried along has to get along with.
NOT_VENDORED = {
    "cffi": "1.15.1",
    "numpy": "1.24.2",
    "opencv-python": "4.6.0",
    "opencv-python-headless": "4.6.0",
    "pillow": "9.4.0",
    "psutil": "5.9.4",
    "spidev": "3.6",
}

# Debian's packages by soname, beside the C library's.
LIBRARIES = {
    "libgcc_s.so.1": "libgcc-s1",
    "libstdc++.so.6": "libstdc++6",
    "libz.so.1": "zlib1g",
}


@dataclass(frozen=True, slots=True)
class Requirement:
    """A Python distribution that must or may be there.

    Attributes:
        name: Normalised, as on PyPI.
        text: With its version specifier, without marker.
        extra: The extra that asks for it; "" for what is always needed.
    """

    name: str
    text: str
    extra: str

    @property
    def package(self) -> SystemPackage | None:
        return PYTHON_PACKAGES.get(self.name)


def requirements(texts: Iterable[str], extras: Iterable[str], machine: str) -> list[Requirement]:
    """Those of a wheel's METADATA whose markers hold for Python `PYTHON` on a machine."""
    import packaging.requirements
    from packaging.markers import default_environment
    from packaging.utils import canonicalize_name

    environment = {str(key): str(value) for key, value in default_environment().items()} | {
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": machine,
        "platform_system": "Linux",
        "python_full_version": f"{PYTHON}.0",
        "python_version": PYTHON,
        "sys_platform": "linux",
    }
    found: dict[tuple[str, str], Requirement] = {}
    for text in texts:
        requirement = packaging.requirements.Requirement(text)
        marker = requirement.marker
        for extra in ("", *extras):
            if marker is None or marker.evaluate({**environment, "extra": extra}):
                requirement.marker = None
                name = canonicalize_name(requirement.name)
                found.setdefault(
                    (name, str(requirement)), Requirement(name, str(requirement), extra)
                )
                break
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Linked:
    """What the compiled files of a tree load.

    Attributes:
        libraries: Sonames that the system has to bring, beside the C library's.
        glibc: The C library that has every symbol; (0, 0) without compiled files.
        unknown: Files and the sonames they ask for that are neither in the tree nor known here.
    """

    libraries: tuple[str, ...]
    glibc: tuple[int, int]
    unknown: tuple[tuple[str, str], ...]


def linked(tree: Tree) -> Linked:
    """Look into every compiled file; a ValueError for a damaged one."""
    brought = {path.rsplit("/", 1)[-1] for path in tree}
    found: set[str] = set()
    unknown = []
    glibc = (0, 0)
    for path, entry in sorted(tree.items()):
        if not elf.is_elf(entry.content):
            continue
        needs = elf.read(entry.content)
        glibc = max(glibc, needs.glibc)
        wanted = {each for each in needs.libraries if not each.startswith(elf.C_LIBRARY)}
        found |= wanted & LIBRARIES.keys()
        unknown += [(path, each) for each in sorted(wanted - brought - LIBRARIES.keys())]
    return Linked(tuple(sorted(found)), glibc, tuple(unknown))


@dataclass(frozen=True, slots=True, order=True)
class Relation:
    """A system package, with the versions that will do.

    Attributes:
        at_least, below: With epoch; "" for no bound.
    """

    name: str
    at_least: str = ""
    below: str = ""


def relations(requirements: Sequence[Requirement], *, debian: bool) -> list[Relation]:
    """System packages that bring the requirements, by name; of two bounds the stricter."""
    found: dict[str, Relation] = {}
    for each in requirements:
        package = each.package
        name = (package.debian if debian else package.rpm) if package else ""
        if package and name:
            low, high = _bounds(each.text)
            old = found.get(name, Relation(name))
            low = _stricter(old.at_least.removeprefix(package.epoch), low, highest=True)
            high = _stricter(old.below.removeprefix(package.epoch), high, highest=False)
            found[name] = Relation(name, low and package.epoch + low, high and package.epoch + high)
    return [found[name] for name in sorted(found)]


def _bounds(text: str) -> tuple[str, str]:
    """The lowest version that a requirement takes, and the first that is too new; "" for none."""
    import packaging.requirements

    low = high = ""
    for part in packaging.requirements.Requirement(text).specifier:
        if part.operator in (">=", "==", "~="):
            low = _stricter(low, part.version.removesuffix(".*"), highest=True)
        elif part.operator == "<":
            high = _stricter(high, part.version, highest=False)
    return low, high


def _stricter(one: str, other: str, *, highest: bool) -> str:
    from packaging.version import Version

    given = [each for each in (one, other) if each]
    return (max if highest else min)(given, key=Version) if given else ""
