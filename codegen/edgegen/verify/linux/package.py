"""Makes a project's Debian package, unpacks it into an empty root, and runs it from there."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from edgegen import packaging, tools
from edgegen.errors import DifferenceError
from edgegen.packaging import Package
from edgegen.verify.linux import engine as one_engine
from edgegen.verify.linux import report
from edgegen.verify.linux.computer import Computer
from edgegen.verify.linux.report import PackageFacts
from edgegen.verify.selftest import Golden

# Of an installed Debian; the sysroot's Python is the one that the package python3 stands for.
_THERE = frozenset(("python3", "libc6", "init-system-helpers"))


def verify(
    computer: Computer, project: Path, name: str, engine: str, golden: Golden, root: Path
) -> PackageFacts:
    """Run the self-test of one engine from the package.

    On Arm the package carries along what Debian lacks, and has nothing else but Debian's packages;
    on this machine the wheels stand in for all that it depends on.

    Args:
        name: The project's.
        engine: The one that the package brings.
        root: A folder for the package and for the root that it is unpacked into.

    Raises:
        MissingToolError: A tool is absent, or what is to be carried along cannot be had.
    """
    output, scratch = root / "package", root / "installed"
    for folder in (output, scratch):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    try:
        made = packaging.run(
            project,
            "deb",
            output,
            architecture=computer.architecture,
            vendor=computer.sysroot is not None,
        )
        _unpack(made.path, scratch)
    except DifferenceError as error:
        return PackageFacts(report.FAIL, error.what)
    if absent := _absent(computer, made.path):
        return _facts(made, report.NOT_VERIFIED, f"the sysroot has no {', '.join(absent)}")
    launcher = scratch / "usr" / "bin" / name
    environment = computer.environment(())
    if computer.sysroot:
        environment["PYTHONPATH"] = str(computer.sysroot.debian_packages)
    found = one_engine.verify(computer, [launcher], environment, engine, golden, name, root)
    return _facts(made, found.status, found.reason, (engine,))


def _facts(
    made: Package, status: str, reason: str = "", engines: tuple[str, ...] = ()
) -> PackageFacts:
    return PackageFacts(status, reason, made.path.name, made.sha256, made.package_bytes, engines)


def _unpack(package: Path, root: Path) -> None:
    tool = tools.require("dpkg-deb")
    command = [str(tool.path), "-x", str(package), str(root)]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise DifferenceError(f"dpkg-deb cannot unpack {package.name}: {said}")


def _absent(computer: Computer, package: Path) -> Sequence[str]:
    """What the package depends on and the computer does not have."""
    if computer.sysroot is None:
        return ()
    command = ["dpkg-deb", "-f", str(package), "Depends"]
    said = subprocess.run(command, capture_output=True, check=False).stdout.decode()
    names = re.findall(r"(?:^|,)\s*([a-z0-9][a-z0-9+.-]*)", said)
    there = _THERE | computer.sysroot.packages.keys()
    return [each for each in names if each not in there]
