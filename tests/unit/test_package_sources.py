"""`edgegen package` of a firmware project: what is in the archive, and what is refused."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from edgegen import config, packaging, storage
from edgegen.errors import DifferenceError, EdgegenError, UsageError
from edgegen.fit import Verdict

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "examples" / "digits" / "firmware"
STEM = "digits-0.1.0-cortex_m4"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy, in a folder with a name that shells and formats dislike."""
    return Path(shutil.copytree(FIRMWARE, tmp_path / "it's a $(project) %{name} ü"))


def pack(project: Path) -> packaging.Package:
    return packaging.run(project, "tar.gz")


def read(package: Path) -> dict[str, bytes]:
    with tarfile.open(package) as archive:
        members = [member for member in archive if member.isfile()]
        return {member.name: archive.extractfile(member).read() for member in members}  # type: ignore[union-attr]


def test_holds_the_project_and_says_what_it_holds(project: Path) -> None:
    (project / "src" / "tool.sh").write_text("#!/bin/sh\n")
    (project / "src" / "tool.sh").chmod(0o700)
    made = pack(project)
    assert made.path == project.resolve() / "dist" / f"{STEM}.tar.gz"
    files = read(made.path)
    manifest = json.loads(files.pop(f"{STEM}/MANIFEST.json"))
    stated = {f"{STEM}/{row['path']}": row for row in manifest["files"]}
    assert stated.keys() == files.keys()
    for path, content in files.items():
        assert stated[path]["sha256"] == hashlib.sha256(content).hexdigest()
        assert stated[path]["bytes"] == len(content)
    assert stated[f"{STEM}/src/tool.sh"]["mode"] == "0755"
    assert stated[f"{STEM}/edgegen/aot/model.c"]["licence"] == "Apache-2.0"
    assert stated[f"{STEM}/src/main.cpp"]["licence"] == "NOASSERTION"
    own = {path for path in files if not path.endswith("/SBOM.cdx.json")}
    there = {
        f"{STEM}/{path.relative_to(project).as_posix()}"
        for path in project.rglob("*")
        if path.is_file() and "dist" not in path.parts
    }
    assert own == there
    assert made.files == len(files) + 1
    assert made.package_bytes == made.path.stat().st_size
    assert made.sha256 == hashlib.sha256(made.path.read_bytes()).hexdigest()


def test_belongs_to_nobody_and_starts_with_its_folder(project: Path) -> None:
    with tarfile.open(pack(project).path) as archive:
        members = archive.getmembers()
    assert [member.name for member in members] == sorted(member.name for member in members)
    assert members[0].name == STEM
    assert members[0].isdir()
    facts = {(member.uid, member.gid, member.uname, member.mtime) for member in members}
    assert facts == {(0, 0, "root", 1_580_601_600)}


def test_leaves_out_what_tools_make(project: Path) -> None:
    first = pack(project).sha256
    for folder in ("build", ".git", "src/__pycache__", ".venv"):
        (project / folder).mkdir(exist_ok=True)
        (project / folder / "x").write_text("of this machine")
    assert pack(project).sha256 == first


def test_bill_of_materials(project: Path) -> None:
    text = read(pack(project).path)[f"{STEM}/SBOM.cdx.json"].decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    model = hashlib.sha256((project / "model" / "digits.tflite").read_bytes()).hexdigest()
    assert {
        "type": "machine-learning-model",
        "bom-ref": "machine-learning-model:digits.tflite",
        "name": "digits.tflite",
        "hashes": [{"alg": "SHA-256", "content": model}],
    } in bill["components"]
    names = {component["name"] for component in bill["components"]}
    assert names == {
        *("digits.tflite", "edgegen-runtime"),
        *("tflm", "flatbuffers", "gemmlowp", "ruy", "cmsis_nn"),
    }


def test_label_comes_from_the_users_file(project: Path) -> None:
    settings = project / "edgegen.toml"
    settings.write_text(
        f'{settings.read_text()}\n[package]\nversion = "2.1"\nlicense = "MIT OR Apache-2.0"\n'
    )
    made = pack(project)
    assert made.path.name == "digits-2.1-cortex_m4.tar.gz"
    manifest = json.loads(read(made.path)["digits-2.1-cortex_m4/MANIFEST.json"])
    licences = {row["path"]: row["licence"] for row in manifest["files"]}
    assert licences["src/main.cpp"] == "MIT OR Apache-2.0"


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('version = "1.0-../../etc"', "version is not like"),
        ("version = 1", "version is not a line of text"),
        ('maintainer = "A <a@b>\\nDepends: evil"', "maintainer is not a line of text"),
        ('maintainer = "somebody"', "maintainer is not like"),
        ('licence = "MIT"', "did you mean license?"),
        ('homepage = "file:///etc/passwd"', "homepage is not like"),
    ],
)
def test_refuses_an_impossible_label(line: str, complaint: str) -> None:
    text = '[project]\nname = "a"\ndevice = "cortex_m4"\nmodel = "a.tflite"\n[package]\n' + line
    with pytest.raises(UsageError, match=r"edgegen\.toml is wrong") as refusal:
        config.parse(text, "edgegen.toml")
    assert complaint in str(refusal.value)


def break_link(project: Path) -> None:
    (project / "src" / "passwd").symlink_to("/etc/passwd")


def break_pipe(project: Path) -> None:
    os.mkfifo(project / "src" / "pipe")


def break_name(project: Path) -> None:
    (project / "src" / "a\nb").write_text("")


def break_lock(project: Path) -> None:
    (project / "edgegen.lock").unlink()


def break_manifest(project: Path) -> None:
    (project / "MANIFEST.json").write_text("")


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        (break_link, "symbolic link"),
        (break_pipe, "special file"),
        (break_name, "control character"),
        (break_lock, "no edgegen.lock"),
        (break_manifest, "a name that the package needs"),
    ],
)
def test_refuses_what_cannot_be_handed_on(
    project: Path, harm: Callable[[Path], None], complaint: str
) -> None:
    harm(project)
    with pytest.raises(UsageError, match=complaint):
        pack(project)
    assert not (project / "dist").exists()


def test_refuses_generated_files_that_were_edited(project: Path) -> None:
    (project / "edgegen" / "aot" / "model.c").write_text("int edited;\n")
    with pytest.raises(DifferenceError, match="not as edgegen wrote them"):
        pack(project)


def test_refuses_a_format_of_other_devices(project: Path) -> None:
    with pytest.raises(UsageError, match="not packaged as 'deb'"):
        packaging.run(project, "deb")


def filled_to(project: Path, share: float) -> None:
    """Add a file so that the project takes that share of the device's 50 MB."""
    (project / "src" / "ballast").write_bytes(bytes(int(50_000_000 * share) - 1_000_000))


def test_storage_of_the_device(project: Path) -> None:
    filled_to(project, 0.85)
    assert pack(project).verdict is Verdict.TIGHT
    (project / "dist" / f"{STEM}.tar.gz").unlink()
    filled_to(project, 1.05)
    with pytest.raises(DifferenceError, match="does not fit") as refusal:
        pack(project)
    assert "the device has 50,000,000 bytes" in str(refusal.value)
    assert list((project / "dist").iterdir()) == []


@pytest.mark.parametrize("value", ["yesterday", "-1", "0", "99999999999", "1.5"])
def test_refuses_an_impossible_time(
    project: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", value)
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH"):
        pack(project)


def test_output_is_a_file_or_a_folder(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out put"
    folder.mkdir()
    assert packaging.run(project, "tar.gz", folder).path == folder / f"{STEM}.tar.gz"
    named = tmp_path / "new" / "x.tgz"
    assert packaging.run(project, "tar.gz", named).path.read_bytes().startswith(b"\x1f\x8b")
    assert named.stat().st_mode & 0o777 == 0o644


def test_nothing_half_written(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = pack(project).path.read_bytes()
    (project / "src" / "more.c").write_text("int more;\n")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fchmod", full)
    with pytest.raises(EdgegenError, match="Cannot write the package: No space left"):
        pack(project)
    assert [path.name for path in (project / "dist").iterdir()] == [f"{STEM}.tar.gz"]
    assert (project / "dist" / f"{STEM}.tar.gz").read_bytes() == old
    assert storage.failed(OSError(28, "x"), project).fix.startswith("Free some space")


def test_same_bytes_wherever_and_whenever(project: Path, tmp_path: Path) -> None:
    """Another folder, clock, time zone, locale, umask and hash seed; other times and modes."""
    first = pack(project).path.read_bytes()
    copy = tmp_path / "elsewhere"
    shutil.copytree(FIRMWARE, copy, copy_function=shutil.copyfile)
    for path in copy.rglob("*"):
        path.chmod(0o775 if path.is_dir() else 0o664)
        os.utime(path, (1e9, 1e9))
    (copy / "src" / "main.cpp").chmod(0o600)
    program = (
        "import os, sys; os.umask(0o077)\n"
        "from pathlib import Path\nfrom edgegen import packaging\n"
        "print(packaging.run(Path(sys.argv[1]), 'tar.gz').path)"
    )
    environment = os.environ | {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "5"}
    environment |= {"HOME": str(tmp_path), "USER": "somebody"}
    done = subprocess.run(
        [sys.executable, "-c", program, copy],
        cwd=tmp_path, env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert Path(done.stdout.rstrip("\n")).read_bytes() == first


def test_interrupted_leaves_nothing(project: Path, tmp_path: Path) -> None:
    """Ctrl-C at the worst moment, which is when all has been written but the name."""
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\nfrom edgegen import packaging\n"
        "os.fchmod = lambda *_: os.kill(os.getpid(), signal.SIGINT)\n"
        "packaging.run(Path(sys.argv[1]), 'tar.gz', Path(sys.argv[2]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, project, tmp_path / "out" / "x.tar.gz"],
        check=False, capture_output=True,
    )  # fmt: skip
    assert done.returncode in (-signal.SIGINT, 130)
    assert list((tmp_path / "out").iterdir()) == []
