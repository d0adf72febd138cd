"""`edgegen package` of the generated digits project: compiled code, and the files of others."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from edgegen import api, packaging
from edgegen.errors import UsageError
from edgegen.packaging import elf, wheel
from support.package_checks import files, harmless, lintian, rpmlint, run, tags, unpack

pytestmark = [pytest.mark.packages, pytest.mark.arm_linux]

Build = Callable[[str, str], packaging.Package]


@pytest.fixture(scope="module")
def project(digits_tflite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("digits") / "project"
    inputs = digits_tflite.with_name("input.toml")
    api.scaffold(digits_tflite, "raspberry_pi", folder, inputs=inputs, engines=["aot"])
    return folder


@pytest.fixture(scope="module")
def built(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    """A package by format and machine. Each is made once, and compiled once for its machine."""
    folder = tmp_path_factory.mktemp("packages")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wheel, "build", cache(wheel.build))
        yield cache(
            lambda format, machine: packaging.run(project, format, folder, architecture=machine)
        )


@pytest.mark.parametrize(
    ("format", "machine", "name"),
    [
        ("deb", "aarch64", "digits_0.1.0_arm64.deb"),
        ("deb", "armv7l", "digits_0.1.0_armhf.deb"),
        ("rpm", "aarch64", "digits-0.1.0-1.aarch64.rpm"),
        ("rpm", "armv7l", "digits-0.1.0-1.armv7hl.rpm"),
        ("tar.gz", "armv7l", "digits-0.1.0-armv7l.tar.gz"),
    ],
)
def test_compiled_for_the_device(
    built: Build, format: str, machine: str, name: str, tmp_path: Path
) -> None:
    package = built(format, machine)
    assert package.path.name == name
    assert package.architecture == machine
    there = files(unpack(package, tmp_path / "root"))
    library = there["usr/lib/digits/digits_runtime/libdigits_native.so"]
    assert elf.read(library.read_bytes()).machine == machine
    assert there["etc/digits/digits.toml"].read_bytes()
    assert (
        b"ExecStart=/usr/bin/digits" in there["usr/lib/systemd/system/digits.service"].read_bytes()
    )
    assert "usr/share/doc/digits/examples/camera.conf" in there


@pytest.mark.parametrize("machine", ["aarch64", "armv7l"])
def test_wheel_claims_no_more_than_is_true(built: Build, machine: str, tmp_path: Path) -> None:
    package = built("wheel", machine)
    library = files(unpack(package, tmp_path / "root"))["digits_runtime/libdigits_native.so"]
    major, minor = max((2, 17), elf.read(library.read_bytes()).glibc)
    assert package.path.name == f"digits-0.1.0-py3-none-manylinux_{major}_{minor}_{machine}.whl"


def test_deb_depends_on_what_the_code_needs(built: Build) -> None:
    said = run("dpkg-deb", "-f", built("deb", "aarch64").path, "Depends")
    assert "python3-cffi (>= 1.15), python3-numpy (>= 1:1.24), libc6 (>= 2." in said


def test_rpm_requires_what_the_code_needs(built: Build) -> None:
    package = built("rpm", "aarch64").path
    said = run("rpm", "--dbpath", "/nonexistent", "-qp", "--requires", package).splitlines()
    assert {"python3 >= 3.11", "python3-cffi >= 1.15", "python3-numpy >= 1:1.24"} <= set(said)
    assert any(re.fullmatch(r"libc\.so\.6\(GLIBC_2\.\d+\)\(64bit\)", line) for line in said)


def test_same_bytes(project: Path, built: Build, tmp_path: Path) -> None:
    """The compiler, too, sees nothing of where and when it works."""
    (tmp_path / "tmp dir").mkdir()
    program = (
        "import os, sys; os.umask(0o077)\n"
        "from pathlib import Path\nfrom edgegen import packaging\n"
        "done = packaging.run(Path(sys.argv[1]), 'deb', Path('x.deb'), architecture='armv7l')\n"
        "print(done.sha256)"
    )
    said = run(
        sys.executable, "-c", program, project, cwd=tmp_path,
        TMPDIR=str(tmp_path / "tmp dir"), CFLAGS="-O0 -g", TZ="Asia/Tokyo", LC_ALL="C",
    )  # fmt: skip
    assert said.strip() == built("deb", "armv7l").sha256


def test_critics_have_nothing_to_say(built: Build) -> None:
    said = lintian(built("deb", "armv7l").path)
    assert tags(said) <= harmless("lintian"), said
    assert rpmlint(built("rpm", "armv7l").path) <= harmless("rpmlint")


def test_refuses_what_the_device_is_not(project: Path) -> None:
    with pytest.raises(UsageError, match="does not run programs for 'x86_64'"):
        packaging.run(project, "deb", architecture="x86_64")


def test_refuses_a_project_without_toolchain_file(project: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(project, tmp_path / "copy")
    place = "edgegen/native/cmake/arm-linux-gnueabihf.cmake"
    lock = json.loads((copy / "edgegen.lock").read_text())
    del lock["files"][place]
    (copy / "edgegen.lock").write_text(json.dumps(lock))
    (copy / place).unlink()
    with pytest.raises(UsageError, match="no toolchain file for armv7l"):
        packaging.run(copy, "deb", architecture="armv7l")


def test_installed_program_computes_what_the_model_computes(
    digits_tflite: Path, tmp_path: Path
) -> None:
    """The deb for this machine, unpacked and run from there."""
    project = tmp_path / "project"
    inputs = digits_tflite.with_name("input.toml")
    api.scaffold(digits_tflite, "linux_x86_64", project, inputs=inputs, engines=["aot"])
    if os.uname().machine != "x86_64":
        pytest.skip("runs what it builds for x86_64")
    root = unpack(packaging.run(project, "deb"), tmp_path / "scratch root")
    command = (sys.executable, "-I", root / "usr/bin/digits")
    answer = json.loads(run(*command, "selftest", "--json", cwd=tmp_path))
    assert answer["passed"] is True
    assert answer["description"].startswith("C for this model")
    assert run(*command, "--version").startswith("digits 0.1.0+")


@pytest.mark.network
def test_engine_that_no_distribution_has(digits_tflite: Path, tmp_path: Path) -> None:
    """tflite-runtime for 32-bit Arm, carried along; NumPy stays Debian's."""
    project = tmp_path / "project"
    api.scaffold(digits_tflite, "raspberry_pi", project, engines=["litert"])
    bare = packaging.run(project, "deb", architecture="armv7l")
    assert bare.path.name == "digits_0.1.0_all.deb"
    assert [note for note in bare.notes if "tflite-runtime" in note and "--vendor" in note]
    (project / "packaging").mkdir()
    (project / "packaging" / "constraints.txt").write_text("tflite-runtime==2.14.0\n")
    full = packaging.run(project, "deb", architecture="armv7l", vendor=True)
    assert full.path.name == "digits_0.1.0_armhf.deb"
    assert full.notes == ()
    depends = run("dpkg-deb", "-f", full.path, "Depends")
    assert depends.startswith(
        "python3 (>= 3.11), python3 (<< 3.12), python3-cffi (>= 1.14), "
        "python3-numpy (>= 1:1.24), python3-numpy (<< 1:2), "
    )
    assert "libc6 (>= 2." in depends
    there = files(unpack(full, tmp_path / "root"))
    vendor = "usr/lib/digits/vendor"
    assert f"{vendor}/tflite_runtime/interpreter.py" in there
    assert not [path for path in there if path.startswith(f"{vendor}/numpy")]
    bill = json.loads(there["usr/share/doc/digits/sbom.cdx.json"].read_text())
    (carried,) = [each for each in bill["components"] if each["name"] == "tflite-runtime"]
    assert carried["purl"] == "pkg:pypi/tflite-runtime@2.14.0"
    assert carried["licenses"] == [{"expression": "Apache-2.0"}]
    assert len(carried["hashes"][0]["content"]) == 64
    said = lintian(full.path)
    assert tags(said) <= harmless("lintian", vendored=True), said
