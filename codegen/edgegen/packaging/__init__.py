"""Makes an archive or a package of a project: complete, reproducible, held against the device."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgegen import storage
from edgegen.device import LinuxComputer
from edgegen.errors import DifferenceError, UsageError
from edgegen.fit import TIGHT_SHARE, Verdict
from edgegen.packaging import deb, installed, plain, rpm, sources, subject, wheel, wheel_format
from edgegen.packaging import tree as trees
from edgegen.packaging import vendor as vendoring
from edgegen.packaging.product import Product
from edgegen.packaging.subject import Subject
from edgegen.toml_table import closest

__all__ = ["Package", "Progress", "run"]

Progress = Callable[[str], None]

OUTPUT = "dist"


@dataclass(frozen=True, slots=True)
class Package:
    """A package that has been written.

    Attributes:
        architecture: As `uname -m` has it; "" for a package that is none's.
        package_bytes: Of the package's file.
        installed_bytes: Of the files in it, as they lie on a disk, in blocks of 4 KiB.
        storage_bytes: The device's limit.
        notes: What whoever installs it has to know.
    """

    path: Path
    format: str
    name: str
    version: str
    architecture: str
    sha256: str
    files: int
    package_bytes: int
    installed_bytes: int
    storage_bytes: int
    notes: tuple[str, ...]

    @property
    def share(self) -> float:
        """Of the storage, by the larger of the two sizes."""
        return max(self.package_bytes, self.installed_bytes) / self.storage_bytes

    @property
    def verdict(self) -> Verdict:
        return _verdict(self.share)

    def as_dict(self) -> dict[str, Any]:
        return {
            "path": str(self.path),
            "format": self.format,
            "name": self.name,
            "version": self.version,
            "architecture": self.architecture,
            "sha256": self.sha256,
            "files": self.files,
            "package_bytes": self.package_bytes,
            "installed_bytes": self.installed_bytes,
            "storage_bytes": self.storage_bytes,
            "share": round(self.share, 4),
            "verdict": self.verdict.value,
            "notes": list(self.notes),
        }


def run(
    directory: Path,
    format: str,
    output: Path | None = None,
    *,
    architecture: str | None = None,
    vendor: bool = False,
    progress: Progress | None = None,
) -> Package:
    """Package a project.

    Args:
        format: One of the device's `formats`.
        output: File to write, or a folder for it; the project's dist/ by default.
        architecture: One of the device's, as `uname -m` has it; its first by default.
        vendor: Carry along what distributions lack.
        progress: Called with one line before each step.

    Raises:
        UsageError: The project, or what is asked of it, is wrong.
        DifferenceError: Generated files were changed, or the package is larger than the
            device's storage; nothing is written then.
        MissingToolError: A tool is absent.
        EdgegenError: The output cannot be written.
    """
    project = subject.load(directory.resolve())
    _check_format(project, format)
    step = progress or (lambda _: None)
    if isinstance(project.device, LinuxComputer):
        machine = _architecture(project.device, architecture)
        product = _linux(project, format, machine, vendor, step)
    elif architecture or vendor:
        raise UsageError(
            f"A project for {project.device.id} is packaged as sources.",
            where="--arch" if architecture else "--vendor",
            fix="Leave the option out.",
        )
    else:
        product = sources.pack(project)
    package = _describe(project, format, product, output)
    if package.verdict is Verdict.TOO_BIG:
        raise _too_big(project, package)
    _put(product.content, package.path)
    return package


def _check_format(project: Subject, format: str) -> None:
    known = project.device.formats
    if format in known:
        return
    close = closest(format, known)
    raise UsageError(
        f"A project for {project.device.id} is not packaged as {format!r}.",
        where="--format",
        fix=f"Did you mean {close!r}?" if close else f"There is {', '.join(known)}.",
    )


def _architecture(device: LinuxComputer, wanted: str | None) -> str:
    known = tuple(each.name for each in device.architectures)
    if wanted is None or wanted in known:
        return wanted or known[0]
    close = closest(wanted, known)
    raise UsageError(
        f"{device.name} does not run programs for {wanted!r}.",
        where="--arch",
        fix=f"Did you mean {close!r}?" if close else f"There is {', '.join(known)}.",
    )


def _linux(
    project: Subject, format: str, machine: str, vendor: bool, progress: Progress
) -> Product:
    """Everything starts with the project's own wheel."""
    if format == "wheel" and vendor:
        raise UsageError("A wheel carries nothing along: pip fetches it.", where="--vendor")
    progress(f"building the wheel for {machine}")
    name, content = wheel.build(project, machine)
    own = wheel.read(content, name)
    carried: tuple[wheel.Wheel, ...] = ()
    if vendor:
        progress(f"fetching wheels for {machine}")
        carried = vendoring.carried(project, own, machine)
    unpinned = vendoring.unpinned(project, own, carried)
    progress(f"packing {project.name}")
    program = installed.program(project, own, machine, carried, [unpinned] if unpinned else [])
    match format:
        case "wheel":
            return wheel_format.pack(program, name)
        case "deb":
            return deb.pack(program)
        case "rpm":
            return rpm.pack(program)
        case _:
            return plain.pack(program)


def _describe(project: Subject, format: str, product: Product, output: Path | None) -> Package:
    return Package(
        _place(project, product.file_name, output),
        format,
        project.name,
        project.version,
        product.architecture,
        hashlib.sha256(product.content).hexdigest(),
        len(product.installed),
        len(product.content),
        trees.disk_bytes(product.installed),
        project.device.storage_bytes,
        product.notes,
    )


def _place(project: Subject, file_name: str, output: Path | None) -> Path:
    if output is None:
        return project.directory / OUTPUT / file_name
    try:
        return output / file_name if output.is_dir() else output
    except OSError as error:
        raise UsageError(
            "The output cannot be written.", where=f"{output}: {error.strerror}"
        ) from error


def _verdict(share: float) -> Verdict:
    if share > 1:
        return Verdict.TOO_BIG
    return Verdict.TIGHT if share >= TIGHT_SHARE else Verdict.FITS


def _too_big(project: Subject, package: Package) -> DifferenceError:
    return DifferenceError(
        f"The package does not fit {project.device.name}.",
        where=f"{package.installed_bytes:,} bytes installed, {package.package_bytes:,} bytes to "
        f"carry; the device has {package.storage_bytes:,} bytes of storage",
        fix="Leave out what the device does not need, or choose a larger one. Nothing was written.",
    )


def _put(content: bytes, path: Path) -> None:
    """Write a file at once or not at all; its folder is made as needed."""
    draft = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(prefix=".edgegen-", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            os.fchmod(handle, storage.FILE_MODE)
        Path(draft).replace(path)
    except BaseException as error:
        if draft:
            with suppress(OSError):
                Path(draft).unlink()
        if isinstance(error, OSError):
            raise storage.failed(error, path, what="package") from error
        raise
