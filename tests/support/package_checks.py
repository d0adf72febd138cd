"""What tests of packages share: unpacking them, and asking the distributions' critics."""

from __future__ import annotations

import os
import re
import subprocess
import tarfile
import zipfile
from pathlib import Path

from edgegen.packaging import Package

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str | Path, cwd: Path | None = None, **environment: str) -> str:
    """Standard output of a program that must succeed."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def unpack(package: Package, root: Path) -> Path:
    """What is installed, below ``root``, which is made."""
    root.mkdir(parents=True)
    match package.format:
        case "deb":
            run("dpkg-deb", "-x", package.path, root)
        case "rpm":
            payload = subprocess.run(["rpm2cpio", package.path], check=True, capture_output=True)
            subprocess.run(["cpio", "-idm", "--quiet"], cwd=root, input=payload.stdout, check=True)
        case "tar.gz":
            with tarfile.open(package.path) as archive:
                archive.extractall(root.parent / "archive", filter="data")
            (folder,) = (root.parent / "archive").iterdir()
            run(folder / "install.sh", DESTDIR=str(root))
        case _:
            with zipfile.ZipFile(package.path) as wheel:
                wheel.extractall(root)
    return root


def files(root: Path) -> dict[str, Path]:
    """All that is no folder, by its path below ``root``."""
    return {
        path.relative_to(root).as_posix(): path for path in root.rglob("*") if not path.is_dir()
    }


def harmless(critic: str, *, vendored: bool = False) -> set[str]:
    """The tags that docs/packages.md lists; its second table is about the files of others."""
    page = (ROOT / "docs" / "packages.md").read_text(encoding="utf-8")
    own, _, others = page.partition("With `--vendor` these")
    text = own + others if vendored else own
    return set(re.findall(rf"^\| {critic} \| ([a-z0-9.-]+) \|", text, re.MULTILINE))


def lintian(package: Path) -> list[str]:
    """Its lines but for notes."""
    done = subprocess.run(
        ["lintian", "--display-info", "--pedantic", "--allow-root", package],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if re.match("[EWIP]: ", line)]


def tags(lines: list[str]) -> set[str]:
    """Of lintian's lines."""
    return {line.split()[2] for line in lines}


def rpmlint(package: Path) -> set[str]:
    """Its tags."""
    done = subprocess.run(["rpmlint", package], capture_output=True, text=True, check=False)
    assert "1 packages" in done.stdout, done.stdout + done.stderr
    return set(re.findall(r": [EW]: ([a-z0-9-]+)", done.stdout))
