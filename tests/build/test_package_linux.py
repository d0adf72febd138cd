"""`edgegen package` of Linux projects: built by the real tools, read by the real critics."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from edgegen import packaging
from edgegen.errors import DifferenceError, MissingToolError, UsageError
from edgegen.packaging import wheel
from support import linux_program
from support.package_checks import files, harmless, lintian, rpmlint, run, tags, unpack

pytestmark = pytest.mark.packages

Build = Callable[[str], packaging.Package]

FORMATS = ("tar.gz", "deb", "rpm", "wheel")
NAMES = {
    "tar.gz": "ore_sorter-1.2rc1-any.tar.gz",
    "deb": "ore-sorter_1.2~rc1_all.deb",
    "rpm": "ore-sorter-1.2~rc1-1.noarch.rpm",
    "wheel": "ore_sorter-1.2rc1-py3-none-any.whl",
}
DOCUMENTS = "usr/share/doc/ore-sorter"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return linux_program.make(tmp_path_factory.mktemp("it's my project"))


@pytest.fixture(scope="module")
def built(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    """A package of the project by its format. Each is made once, from one wheel."""
    folder = tmp_path_factory.mktemp("out put")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wheel, "build", cache(wheel.build))
        yield cache(lambda format: packaging.run(project, format, folder))


@pytest.mark.parametrize("format", FORMATS)
def test_is_called_as_its_users_expect(built: Build, format: str) -> None:
    package = built(format)
    assert package.path.name == NAMES[format]
    assert package.architecture == ""
    assert package.sha256 == hashlib.sha256(package.path.read_bytes()).hexdigest()


@pytest.mark.parametrize("format", FORMATS)
def test_manifest_and_bill_of_materials(built: Build, format: str, tmp_path: Path) -> None:
    """Every file is in the manifest, and the bill is valid and complete."""
    there = files(unpack(built(format), tmp_path / "root"))
    info = "ore_sorter-1.2rc1.dist-info"
    place = (f"{info}/", f"{info}/sboms/edgegen.") if format == "wheel" else (f"{DOCUMENTS}/",) * 2
    manifest = json.loads(there.pop(f"{place[0]}manifest.json").read_text())
    there.pop(f"{info}/RECORD", None)
    stated = {row["path"]: row for row in manifest["files"]}
    assert stated.keys() == there.keys()
    for path, file in there.items():
        assert hashlib.sha256(file.read_bytes()).hexdigest() == stated[path]["sha256"]
        assert file.stat().st_size == stated[path]["bytes"]
        if format != "wheel":
            assert f"{file.stat().st_mode & 0o7777:04o}" == stated[path]["mode"], path
    if format == "wheel":
        bill = there[f"{info}/sboms/edgegen.cdx.json"].read_text()
    else:
        bill = there[f"{DOCUMENTS}/sbom.cdx.json"].read_text()
        licences = {
            path.removeprefix("usr/lib/ore_sorter/"): r["licence"] for path, r in stated.items()
        }
        assert licences["ore_sorter/app.py"] == "MIT"
        assert licences["ore_sorter_runtime/cli.py"] == "Apache-2.0"
        assert licences["ore_sorter_runtime/data/ore.tflite"] == "MIT"
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill) is None
    purls = {each.get("purl") for each in json.loads(bill)["components"]}
    kind = {"deb": "pkg:deb/debian/python3-", "rpm": "pkg:rpm/fedora/python3-"}.get(format)
    assert {f"{kind or 'pkg:pypi/'}numpy", "pkg:pypi/ai-edge-litert"} <= purls


@pytest.mark.parametrize("format", ["tar.gz", "deb", "rpm"])
def test_installed_program_runs_from_where_it_lies(
    built: Build, format: str, tmp_path: Path
) -> None:
    root = unpack(built(format), tmp_path / "ro ot")
    program = root / "usr" / "bin" / "ore_sorter"
    # A trap for whoever looks for modules in the current folder or where the environment says.
    (tmp_path / "argparse.py").write_text("raise SystemExit('trapped')")
    command = (sys.executable, "-I", program)
    said = run(*command, "info", cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert said == f"{root}/usr/lib/ore_sorter/ore_sorter_runtime/data/ore.tflite\n"
    assert run(*command, "--version") == "1.2rc1\n"
    assert not list(root.rglob("__pycache__"))
    assert program.read_text().startswith("#!/usr/bin/python3 -I\n")


def test_wheel_installs(built: Build, tmp_path: Path) -> None:
    """pip checks the record; so do we, as pip is lenient."""
    file = built("wheel").path
    site = tmp_path / "site"
    run(sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", site, file)
    said = run(sys.executable, "-m", "ore_sorter_runtime.cli", PYTHONPATH=str(site))
    assert said == ""
    with zipfile.ZipFile(file) as archive:
        (record,) = [name for name in archive.namelist() if name.endswith("/RECORD")]
        rows = list(csv.reader(io.StringIO(archive.read(record).decode())))
        assert {row[0] for row in rows} == set(archive.namelist())
        assert all(row[1].startswith("sha256=") for row in rows if row[0] != record)
        assert "Tag: py3-none-any\n" in archive.read(record.replace("RECORD", "WHEEL")).decode()


@pytest.mark.parametrize("format", FORMATS)
def test_same_bytes_wherever_and_whenever(built: Build, format: str, tmp_path: Path) -> None:
    first = built(format)
    other = linux_program.make(tmp_path / "else where")
    for path in other.rglob("*"):
        os.utime(path, (1e9, 1e9))
        path.chmod(0o775 if path.is_dir() else 0o664)
    program = (
        "import os, sys; os.umask(0o077)\n"
        "from pathlib import Path\nfrom edgegen import packaging\n"
        "print(packaging.run(Path(sys.argv[1]), sys.argv[2]).sha256)"
    )
    surroundings = {"TZ": "Asia/Tokyo", "LC_ALL": "C", "LANG": "tr_TR.UTF-8", "PYTHONHASHSEED": "7"}
    (tmp_path / "it's %{tmp}").mkdir()
    surroundings |= {"TMPDIR": str(tmp_path / "it's %{tmp}")}
    surroundings |= {"USER": "somebody", "DEBEMAIL": "x@y.z", "CFLAGS": "-O0", "GZIP": "-1"}
    said = run(sys.executable, "-c", program, other, format, cwd=tmp_path, **surroundings)
    assert said.strip() == first.sha256


def test_other_time_other_bytes(
    project: Path, built: Build, monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:  # fmt: skip
    before = built("deb").sha256
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    later = packaging.run(project, "deb", tmp_path)
    assert later.sha256 != before
    listed = run("dpkg-deb", "-c", later.path, TZ="UTC")
    assert {line.split()[3] for line in listed.splitlines()} == {"2023-11-14"}


def test_deb_says_what_dpkg_needs(built: Build) -> None:
    package = built("deb").path
    said = run("dpkg-deb", "-f", package)
    assert "Version: 1.2~rc1\n" in said
    assert (
        "Depends: python3 (>= 3.11), python3-numpy (>= 1:1.24), init-system-helpers (>= 1.54~)\n"
        in said
    )
    assert "Recommends: python3-fastapi, python3-uvicorn (>= 0.17)\n" in said
    assert "Suggests: python3-opencv\n" in said
    assert "Description: sorting of ores: 100% by eye\n" in said
    control = subprocess.run(
        ["dpkg-deb", "--ctrl-tarfile", package], check=True, capture_output=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(control)) as archive:
        listed = archive.extractfile("./conffiles")
        assert listed is not None
        assert listed.read() == b"/etc/ore_sorter/ore_sorter.toml\n"


def test_rpm_says_what_rpm_needs(built: Build) -> None:
    package = built("rpm").path

    def query(*what: str) -> str:
        return run("rpm", "--dbpath", "/nonexistent", "-qp", *what, package)

    requires = query("--requires").splitlines()
    assert {"python3 >= 3.11", "python3-numpy >= 1:1.24"} <= set(requires)
    assert query("--recommends").splitlines() == [
        "python3-fastapi",
        "python3-uvicorn >= 0.17",
    ]
    assert query("--configfiles").split() == ["/etc/ore_sorter/ore_sorter.toml"]
    assert query("--queryformat", "%{SUMMARY}|%{LICENSE}|%{BUILDHOST}") == (
        "Sorting of ores: 100% by eye|Apache-2.0 AND MIT|edgegen"
    )
    owners = query("--queryformat", "[%{FILEUSERNAME}:%{FILEGROUPNAME}\n]").split()
    assert set(owners) == {"root:root"}


def test_lintian_has_nothing_to_say(built: Build) -> None:
    said = lintian(built("deb").path)
    assert tags(said) <= harmless("lintian"), said


def test_lintian_would_say_something(project: Path, tmp_path: Path) -> None:
    """The test above can fail: a unit with a mistake is noticed."""
    bad = {"packaging/changelog": "nonsense\n"}
    said = lintian(packaging.run(linux_program.make(tmp_path / "bad", **bad), "deb").path)
    assert "syntax-error-in-debian-changelog" in tags(said)


def test_rpmlint_has_nothing_to_say(built: Build) -> None:
    assert rpmlint(built("rpm").path) <= harmless("rpmlint")


def test_shell_scripts(built: Build, tmp_path: Path) -> None:
    run("dpkg-deb", "-e", built("deb").path, tmp_path / "control")
    with tarfile.open(built("tar.gz").path) as archive:
        archive.extractall(tmp_path, filter="data")
    scripts = [tmp_path / "control" / each for each in ("postinst", "prerm", "postrm")]
    scripts += sorted(tmp_path.glob("ore_sorter-*/*.sh"))
    assert len(scripts) == 5
    run("shellcheck", *scripts)
    for script in scripts:
        assert script.stat().st_mode & 0o777 == 0o755
        run("dash", "-n", script)


def test_rpm_scriptlets(built: Build, tmp_path: Path) -> None:
    query = "|".join(f"#!/bin/sh\n%{{{each}}}\n" for each in ("POSTIN", "PREUN", "POSTUN"))
    said = run("rpm", "--dbpath", "/nonexistent", "-qp", "--qf", query, built("rpm").path)
    for number, text in enumerate(said.split("|#!")):
        script = tmp_path / f"{number}.sh"
        script.write_text(text if text.startswith("#!") else f"#!{text}")
        assert "systemctl" in text
        run("shellcheck", script)


def test_manual_page(built: Build, tmp_path: Path) -> None:
    root = unpack(built("deb"), tmp_path / "root")
    page = gzip.decompress((root / "usr/share/man/man1/ore_sorter.1.gz").read_bytes())
    file = tmp_path / "ore_sorter.1"
    file.write_bytes(page)
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-P-cbou", file], capture_output=True, text=True
    )
    assert done.stderr == ""
    shown = done.stdout
    assert "ore_sorter - The sorting of ores: 100% by eye" in shown
    assert "--depth DEPTH" in shown
    assert "say where the model is, e.g. .so or 'quoted'" in shown
    assert r"\fBdepth\fR in m (3)" in shown
    assert "systemctl enable --now ore_sorter.service" in shown


def test_install_and_remove_scripts(built: Build, tmp_path: Path) -> None:
    root = tmp_path / "root"
    unpack(built("tar.gz"), root)
    (folder,) = (tmp_path / "archive").iterdir()
    settings = root / "etc/ore_sorter/ore_sorter.toml"
    settings.write_text("mine\n")
    run(folder / "install.sh", DESTDIR=str(root))
    assert settings.read_text() == "mine\n"
    assert settings.with_suffix(".toml.new").read_text().startswith("# Settings.")
    run(folder / "remove.sh", DESTDIR=str(root))
    assert files(root).keys() == {
        "etc/ore_sorter/ore_sorter.toml",
        "etc/ore_sorter/ore_sorter.toml.new",
    }
    state = root / "var/lib/private/ore_sorter/versions"
    state.mkdir(parents=True)
    run(folder / "remove.sh", "--purge", DESTDIR=str(root))
    assert files(root) == {}
    assert not state.exists()
    (folder / "root/usr/bin/ore_sorter").write_text("tampered")
    done = subprocess.run(
        [folder / "install.sh"], env={**os.environ, "DESTDIR": str(root)}, capture_output=True
    )
    assert done.returncode == 1
    assert b"damaged" in done.stderr
    assert files(root) == {}


def test_maintainer_scripts(built: Build, tmp_path: Path) -> None:
    """Run as dpkg runs them for another root, where no service may be touched."""
    run("dpkg-deb", "-e", built("deb").path, tmp_path / "control")
    root = unpack(built("deb"), tmp_path / "root")
    state = root / "var/lib/private/ore_sorter"
    state.mkdir(parents=True)
    noted = tmp_path / "noted"
    fakes = tmp_path / "bin"
    fakes.mkdir()
    for tool in ("systemctl", "deb-systemd-helper", "deb-systemd-invoke", "py3compile", "py3clean"):
        (fakes / tool).write_text(f'#!/bin/sh\necho {tool} "$@" >>"{noted}"\n')
        (fakes / tool).chmod(0o755)
    surroundings = {"PATH": f"{fakes}:{os.environ['PATH']}", "DPKG_ROOT": str(root)}
    for script, *arguments in (
        ("postinst", "configure", ""),
        ("prerm", "remove"),
        ("postrm", "remove"),
    ):
        run(tmp_path / "control" / script, *arguments, **surroundings)
    assert state.exists()
    run(tmp_path / "control" / "postrm", "purge", **surroundings)
    assert not state.exists()
    assert noted.read_text().splitlines() == [
        "py3compile -p ore-sorter /usr/lib/ore_sorter",
        "deb-systemd-helper unmask ore_sorter.service",
        "deb-systemd-helper --quiet was-enabled ore_sorter.service",
        "deb-systemd-helper enable ore_sorter.service",
        "deb-systemd-helper update-state ore_sorter.service",
        "py3clean -p ore-sorter",
        "deb-systemd-helper purge ore_sorter.service",
    ]


PYPROJECT = linux_program._FILES["pyproject.toml"]


def test_hostile_descriptions(built: Build, tmp_path: Path) -> None:
    """Text is text: in control fields, specs, scripts and pages."""
    hostile = "%(touch a) %{_host} $(touch b) `touch c`\\n.so d\\n%install\\nDepends: e \\u202e"
    text = PYPROJECT.replace("The sorting of ores: 100% by eye.", hostile)
    assert text != PYPROJECT
    project = linux_program.make(tmp_path / "p", **{"pyproject.toml": text})
    deb, rpm = (packaging.run(project, format).path for format in ("deb", "rpm"))
    shown = "%(touch a) %{_host} $(touch b) `touch c` .so d %install Depends: e"
    assert run("dpkg-deb", "-f", deb, "Description").splitlines()[0] == shown
    assert run("dpkg-deb", "-f", deb, "Depends") == run(
        "dpkg-deb", "-f", built("deb").path, "Depends"
    )
    query = ("rpm", "--dbpath", "/nonexistent", "-qp", "--qf", "%{SUMMARY}", rpm)
    assert run(*query) == shown
    page = unpack(packaging.run(project, "deb"), tmp_path / "root") / "usr/share/man/man1"
    with gzip.open(page / "ore_sorter.1.gz", "rt") as lines:
        assert not [line for line in lines if line.startswith(".so")]


def edited(project: Path, path: str, old: str, new: str) -> None:
    text = (project / path).read_text()
    assert old in text
    (project / path).write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("path", "old", "new", "error", "complaint"),
    [
        ("pyproject.toml", "ore_sorter.app:main", "os; import x", UsageError, "console script"),
        ("pyproject.toml", "[project.scripts]\n", "[project.nothing]\n", UsageError, "no program"),
        ("pyproject.toml", '"1.2rc1"', '"one"', UsageError, "The version 'one' is none"),
        ("pyproject.toml", "[project]", "[project", UsageError, "not TOML"),
        ("pyproject.toml", '"src/ore_sorter"', '"src/gone"', UsageError, r"has no ore_sorter\.app"),
        ("pyproject.toml", '"hatchling.build"', '"json"', DifferenceError, "does not build"),
        ("pyproject.toml", '["hatchling"]', '["!"]', UsageError, "build-system.requires"),
        ("edgegen.toml", '"ore_sorter"', '"python3"', UsageError, "is another's"),
    ],
)
def test_refuses_impossible_projects(
    tmp_path: Path, path: str, old: str, new: str,
    error: type[Exception], complaint: str,
) -> None:  # fmt: skip
    project = linux_program.make(tmp_path / "p")
    edited(project, path, old, new)
    with pytest.raises(error, match=complaint):
        packaging.run(project, "deb")
    assert not (project / "dist").exists()


def test_refuses_architectures_of_others(project: Path) -> None:
    with pytest.raises(UsageError, match="does not run programs for 'amd64'"):
        packaging.run(project, "deb", architecture="amd64")


@pytest.mark.parametrize(("format", "package"), [("deb", "dpkg"), ("rpm", "rpm")])
def test_missing_tool_names_its_package(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str, package: str
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(MissingToolError) as refusal:
        packaging.run(project, format, tmp_path / "out" / "x")
    assert refusal.value.fix.startswith(f"sudo apt-get install {package};")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("format", ["wheel", "deb"])
def test_interrupted_leaves_nothing(project: Path, tmp_path: Path, format: str) -> None:
    """Ctrl-C while another program works: it is gone, and so is all that it worked on."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    program = (
        "import os, signal, subprocess, sys\n"
        "from pathlib import Path\n"
        "from edgegen import packaging\n"
        "from edgegen.packaging import process\n"
        "real = subprocess.run\n"
        "def run(command, *rest, **more):\n"
        "    if sys.argv[2] in command or Path(command[0]).name.startswith(sys.argv[2]):\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "    return real(command, *rest, **more)\n"
        "process.subprocess.run = run\n"
        "packaging.run(Path(sys.argv[1]), sys.argv[3], Path(sys.argv[4]))"
    )
    tool = {"wheel": "wheel", "deb": "dpkg-deb"}[format]
    done = subprocess.run(
        [sys.executable, "-c", program, project, tool, format, tmp_path / "out" / "x"],
        env={**os.environ, "TMPDIR": str(folder)},
        capture_output=True,
        check=False,
    )
    assert done.returncode in (-signal.SIGINT, 130), done.stderr
    assert list(folder.iterdir()) == []
    assert not (tmp_path / "out").exists()
