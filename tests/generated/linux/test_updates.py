"""Signed model updates: the maker's bundles, and what a device does with good and bad ones."""

from __future__ import annotations

import base64
import contextlib
import errno
import gzip
import hashlib
import importlib
import io
import json
import os
import shutil
import stat
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from edgegen import api, bundle, frontends
from edgegen.errors import DifferenceError, UsageError
from support import power_loss

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "digits"
NAME = "fielded"


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the devices have: the digits model in a package `fielded`."""
    directory = tmp_path_factory.mktemp("updates") / NAME
    api.scaffold(
        EXAMPLE / "digits.tflite",
        "linux_x86_64",
        directory,
        engines=("litert",),
        labels=EXAMPLE / "labels.txt",
        name=NAME,
    )
    sys.path.insert(0, str(directory / "edgegen/python"))
    return directory


@pytest.fixture(scope="session")
def newer(project: Path) -> Path:
    """The maker's project after another training: the same model with other weights."""
    directory = project.with_name("newer")
    shutil.copytree(project, directory)
    path = directory.with_name("newer.tflite")
    path.write_bytes(_retrained(EXAMPLE / "digits.tflite"))
    api.update(directory, model_path=path)
    return directory


def _retrained(path: Path) -> bytes:
    """The weights of the largest constant in another order."""
    data = path.read_bytes()
    constants = [t.data for t in frontends.load(path).tensors if t.data is not None]
    weights = max(constants, key=lambda each: each.size)
    start = data.index(weights.tobytes())
    return data[:start] + weights[..., ::-1].tobytes() + data[start + weights.nbytes :]


@pytest.fixture(scope="session")
def key(project: Path) -> bundle.KeyPair:
    return api.make_key(project.with_name("key"))


@pytest.fixture(scope="session")
def other_key(project: Path) -> bundle.KeyPair:
    return api.make_key(project.with_name("other-key"))


@pytest.fixture(scope="session")
def update(newer: Path, key: bundle.KeyPair) -> bytes:
    """Version 2, signed."""
    path = newer.with_name("2.update")
    api.bundle(newer, [key.private_file], 2, path)
    return path.read_bytes()


@pytest.fixture(scope="session")
def runtime(project: Path) -> Callable[[str], ModuleType]:
    """A module of the generated package."""
    return lambda name: importlib.import_module(f"{NAME}_runtime.{name}")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    return folder


class Device:
    """A device in the field, whose golden vectors pass unless told otherwise."""

    def __init__(self, runtime: Callable[[str], ModuleType], folder: Path, *keys: str) -> None:
        self.folder = folder
        self.installed = runtime("installed")
        self.updates = runtime("updates")
        self.bundles = runtime("update_bundle")
        self.keys = keys
        self.settings = runtime("settings").Settings().update

    def apply(self, data: bytes, check: Callable[..., None] = lambda *_: None) -> tuple[Any, bool]:
        found: tuple[Any, bool] = self.updates.apply(
            io.BytesIO(data), self.settings, self.keys, self.folder, check
        )
        return found

    def running(self) -> int | None:
        """The number of the version that runs, whose files are whole; None: the packaged model."""
        active = self.installed.active_model(self.folder)
        assert active.file.is_file()
        return None if active.version is None else active.version.number

    def start(self) -> Any:
        return self.installed.Start(self.settings, self.folder)

    def files(self) -> dict[str, bytes]:
        return {
            str(file.relative_to(self.folder)): file.read_bytes()
            for file in self.folder.rglob("*")
            if file.is_file() and file.suffix != ".lock"
        }

    def refused(self, data: bytes) -> str:
        """Why it is refused; and nothing has changed."""
        before = self.files()
        with pytest.raises(self.bundles.BundleRefused) as refusal:
            self.apply(data)
        assert refusal.value.exit_code == 2
        assert self.files() == before
        assert not (self.folder / "incoming").exists()
        return str(refusal.value)


@pytest.fixture
def device(runtime: Callable[[str], ModuleType], state: Path, key: bundle.KeyPair) -> Device:
    return Device(runtime, state, key.public)


def numbered(update: bytes, key: bundle.KeyPair, version: int) -> bytes:
    """The same update as another version."""
    return altered(update, key, lambda manifest: manifest.update(version=version))


def altered(
    update: bytes,
    key: bundle.KeyPair,
    change: Callable[[dict[str, Any]], object] = lambda _: None,
    files: Mapping[str, bytes] | None = None,
) -> bytes:
    """An update whose manifest was changed before it was signed; ``files`` replace its own."""
    members = unpacked(update)
    manifest = json.loads(members.pop("manifest.json"))
    members.pop("manifest.sig")
    members |= files or {}
    for row in manifest["files"]:
        data = members[row["name"]]
        row |= {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    change(manifest)
    return signed(bundle._canonical(manifest), key, members)


def signed(manifest: bytes, key: bundle.KeyPair, files: Mapping[str, bytes]) -> bytes:
    signature = bundle._signature(bundle._read_key(key.private_file), manifest)
    return bundle._archive({"manifest.json": manifest, "manifest.sig": signature, **files})


def unpacked(update: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(update)) as archive:
        members = {each.name: archive.extractfile(each) for each in archive}
        return {name: file.read() for name, file in members.items() if file is not None}


# The maker's side


def test_a_private_key_is_the_owners_alone_and_never_overwritten(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        made = api.make_key(tmp_path / "key")
    finally:
        os.umask(before)
    assert stat.S_IMODE(made.private_file.stat().st_mode) == 0o600
    assert made.public_file.read_text() == f"{made.public}\n"
    private = made.private_file.read_bytes()
    with pytest.raises(UsageError, match="never overwritten"):
        api.make_key(tmp_path / "key")
    made.private_file.unlink()
    with pytest.raises(UsageError, match="never overwritten"):
        api.make_key(tmp_path / "key")
    assert not made.private_file.exists()
    assert b"PRIVATE KEY" in private


def test_a_bundle_follows_from_project_number_and_keys(
    newer: Path, key: bundle.KeyPair, other_key: bundle.KeyPair, update: bytes, tmp_path: Path
) -> None:
    made = api.bundle(newer, [key.private_file], 2, tmp_path / "again")
    assert made.path.read_bytes() == update
    assert made.sha256 == hashlib.sha256(update).hexdigest()
    assert made.signers == (key.id,)
    api.bundle(newer, [other_key.private_file], 2, tmp_path / "other")
    assert (tmp_path / "other").read_bytes() != update


def test_any_tar_reads_a_bundle(update: bytes, newer: Path) -> None:
    members = unpacked(update)
    assert list(members) == [
        *("manifest.json", "manifest.sig", "golden.bin", "golden.json", "model.tflite"),
        "labels.txt",
    ]
    assert members["model.tflite"] == (newer / "model/digits.tflite").read_bytes()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622])
def test_a_key_that_others_may_read_is_not_used(
    newer: Path, key: bundle.KeyPair, tmp_path: Path, mode: int
) -> None:
    shared = tmp_path / "shared"
    shutil.copy(key.private_file, shared)
    shared.chmod(mode)
    with pytest.raises(UsageError, match="Others may"):
        api.bundle(newer, [shared], 2, tmp_path / "out")


def test_a_public_key_does_not_sign(tmp_path: Path) -> None:
    made = api.make_key(tmp_path / "maker")
    with pytest.raises(UsageError, match="public key") as caught:
        api.bundle(tmp_path, [made.public_file], 2)
    assert caught.value.fix == f"Give the private one beside it: --key {made.private_file}."
    moved = made.public_file.rename(tmp_path / "trusted")
    with pytest.raises(UsageError, match="public key") as caught:
        api.bundle(tmp_path, [moved], 2)
    assert "without .pub" in caught.value.fix


def test_what_cannot_be_signed_is_refused(newer: Path, key: bundle.KeyPair, tmp_path: Path) -> None:
    output = tmp_path / "out"
    with pytest.raises(UsageError, match="no version"):
        api.bundle(newer, [key.private_file], 0, output)
    with pytest.raises(UsageError, match="twice"):
        api.bundle(newer, [key.private_file, key.private_file], 2, output)
    text = tmp_path / "text"
    text.write_text("-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n")
    text.chmod(0o600)
    with pytest.raises(UsageError, match="no private key"):
        api.bundle(newer, [text], 2, output)
    assert not output.exists()


@pytest.mark.parametrize("name", ["model.tflite", "golden.json", "golden.bin"])
def test_a_project_that_is_not_up_to_date_is_not_signed(
    newer: Path, key: bundle.KeyPair, tmp_path: Path, name: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(newer, copy)
    file = copy / f"edgegen/python/{NAME}_runtime/data/{name}"
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(DifferenceError, match="not up to date"):
        api.bundle(copy, [key.private_file], 3, tmp_path / "out")


def test_a_model_that_was_replaced_without_an_update_is_not_signed(
    newer: Path, key: bundle.KeyPair, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(newer, copy)
    shutil.copy(EXAMPLE / "digits.tflite", copy / "model/digits.tflite")
    with pytest.raises(DifferenceError, match="not up to date"):
        api.bundle(copy, [key.private_file], 3, tmp_path / "out")


def test_a_project_whose_model_is_compiled_in_has_nothing_to_sign(
    newer: Path, key: bundle.KeyPair, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(newer, copy)
    lock = json.loads((copy / "edgegen.lock").read_bytes())
    lock["files"].pop(f"edgegen/python/{NAME}_runtime/data/model.tflite")
    (copy / "edgegen.lock").write_text(json.dumps(lock))
    with pytest.raises(UsageError, match="reads a model file"):
        api.bundle(copy, [key.private_file], 3, tmp_path / "out")


# A good update


def test_an_update_computes_what_the_makers_project_computes(
    runtime: Callable[[str], ModuleType],
    device: Device,
    update: bytes,
    newer: Path,
    project: Path,
    tmp_path: Path,
) -> None:
    """All of it as a user has it: in processes of their own, the golden vectors included."""
    settings = tmp_path / "settings.toml"
    (tmp_path / "keys").write_text(f"# the fleet's\n\n{device.keys[0]}  # since 2026\n")
    settings.write_text('[update]\npublic_keys = "keys"\n')
    np.save(tmp_path / "input.npy", np.full((1, 8, 8, 1), 100, np.int8))
    predict = ["predict", str(tmp_path / "input.npy"), "--json"]
    before = run(project, device.folder, *predict).stdout
    wanted = run(newer, tmp_path, *predict).stdout
    assert before != wanted
    arguments = ["update-model", "--settings", str(settings), "apply", "-"]
    done = run(project, device.folder, *arguments, stdin=update)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Version 2 is installed" in done.stdout
    assert run(project, device.folder, *predict).stdout == wanted
    status = json.loads(run(project, device.folder, "update-model", "status", "--json").stdout)
    assert (status["running"], status["on_trial"], status["notes"]) == (2, True, [])
    again = run(project, device.folder, *arguments, stdin=update)
    assert (again.returncode, b"already" in again.stdout) == (0, True)
    back = run(project, device.folder, "update-model", "rollback")
    assert back.stdout == b"From version 2 to the packaged model. Restart the service to use it.\n"
    assert run(project, device.folder, *predict).stdout == before
    once_more = run(project, device.folder, *arguments, stdin=update)
    assert (once_more.returncode, b"rolled back" in once_more.stderr) == (2, True)


def run(
    project: Path, state: Path, *arguments: str, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """The command line of a project."""
    program = f"import sys; from {NAME}_runtime.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        timeout=120,
        env=os.environ
        | {"PYTHONPATH": str(project / "edgegen/python"), "STATE_DIRECTORY": str(state)},
    )


def test_versions_count_up_and_old_ones_go(
    device: Device, update: bytes, key: bundle.KeyPair
) -> None:
    for version in (2, 3, 5, 8, 13):
        applied, changed = device.apply(numbered(update, key, version))
        assert (applied.number, changed, device.running()) == (version, True, version)
        device.start().healthy()
    kept = sorted(int(each.name) for each in (device.folder / "versions").iterdir())
    device.updates.prune(device.folder)
    left = sorted(int(each.name) for each in (device.folder / "versions").iterdir())
    assert left == [5, 8, 13]
    assert set(left) <= set(kept) <= {3, *left}
    for version in (8, 5, None):
        device.updates.roll_back(device.folder)
        assert device.running() == version
    with pytest.raises(device.updates.RuntimeProblem, match="nothing to go back to"):
        device.updates.roll_back(device.folder)
    assert "was rolled back" in device.refused(numbered(update, key, 13))
    assert "not newer than 13" in device.refused(numbered(update, key, 12))
    device.apply(numbered(update, key, 14))
    assert device.running() == 14


def test_an_update_brings_the_scale_and_labels_of_its_output(
    runtime: Callable[[str], ModuleType], device: Device, update: bytes, key: bundle.KeyPair
) -> None:
    def change(manifest: dict[str, Any]) -> None:
        manifest["outputs"][0] |= {"scale": 0.5, "zero_point": 3}

    labels = "".join(f"class {number}\n" for number in range(10)).encode()
    device.apply(altered(update, key, change, {"labels.txt": labels}))
    active = device.installed.active_model(device.folder)
    assert (active.outputs[0].scale, active.outputs[0].zero_point) == (0.5, 3)
    assert active.outputs[0].name == runtime("spec").OUTPUTS[0].name
    with runtime("model").Model(active=active) as model:
        assert model.outputs == active.outputs
        assert model.labels[9] == "class 9"
        assert model.title == "version 2"


def test_keys_are_changed_by_signing_with_both(
    runtime: Callable[[str], ModuleType],
    newer: Path,
    tmp_path: Path,
    key: bundle.KeyPair,
    other_key: bundle.KeyPair,
) -> None:
    api.bundle(newer, [key.private_file, other_key.private_file], 2, tmp_path / "both")
    both = (tmp_path / "both").read_bytes()
    for number, trusted in enumerate([key, other_key]):
        folder = tmp_path / f"state {number}"
        folder.mkdir()
        device = Device(runtime, folder, trusted.public)
        device.apply(both)
        assert device.running() == 2
    stranger = Device(runtime, tmp_path, api.make_key(tmp_path / "third").public)
    why = stranger.refused(both)
    assert key.id in why
    assert other_key.id in why


def test_one_update_at_a_time(device: Device, update: bytes) -> None:
    inside = []

    def check(*_: object) -> None:
        with pytest.raises(device.updates.RuntimeProblem, match="under way"):
            device.apply(update)
        inside.append(device.running())

    device.apply(update, check)
    assert inside == [None, 2]


# Bad archives


@pytest.mark.parametrize("share", [index / 40 for index in range(40)])
def test_a_truncated_bundle_is_refused(device: Device, update: bytes, share: float) -> None:
    assert "The update is refused" in device.refused(update[: int(len(update) * share)])


def test_a_bundle_without_its_last_block_or_with_one_more_is_refused(
    device: Device, update: bytes
) -> None:
    device.refused(update[:-512])
    device.refused(update[:-1])
    assert "behind the last file" in device.refused(update + b"\0")


def test_no_bit_of_a_bundle_may_change(device: Device, update: bytes) -> None:
    for place in range(0, len(update), 97):
        spoiled = bytearray(update)
        spoiled[place] ^= 1 << place % 8
        device.refused(bytes(spoiled))


def _header(name: bytes, kind: bytes = b"0", link: bytes = b"", size: int = 0) -> bytes:
    info = tarfile.TarInfo(name.decode())
    info.type, info.linkname, info.size = kind, link.decode(), size
    return info.tobuf(tarfile.USTAR_FORMAT)


def _hostile(update: bytes) -> Iterator[tuple[str, bytes]]:
    """Archives that other programs have fallen for, with a good signature at their head."""
    members = unpacked(update)
    head = update[: update.index(bundle._header("golden.bin", len(members["golden.bin"])))]
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
        yield f"type {kind!r}", head + _header(b"golden.bin", kind, b"/etc/passwd") + bytes(1024)
    yield "a folder", head + _header(b"golden.bin", tarfile.DIRTYPE) + bytes(1024)
    for name in (b"../golden.bin", b"/golden.bin", b"./golden.bin", b"x/../golden.bin", b""):
        yield f"named {name!r}", head + _header(name, size=40) + bytes(1536)
    for size in (0, 1 << 32, (1 << 33) - 1):
        yield f"size {size}", head + _header(b"golden.bin", size=size) + bytes(1536)
    yield "sparse", head + _header(b"golden.bin", tarfile.GNUTYPE_SPARSE) + bytes(1024)
    yield "a long name", head + _header(b"././@LongLink", tarfile.GNUTYPE_LONGNAME, size=9) + head
    yield "pax", head + _header(b"golden.bin", tarfile.XHDTYPE, size=30) + b"30 path=../../x\n" * 64
    yield "compressed", gzip.compress(update)
    yield "a bomb", gzip.compress(bytes(50 << 20))
    yield "zeros", bytes(1 << 16)
    yield "a large manifest", bundle._header("manifest.json", 1 << 30) + bytes(1 << 16)
    yield "a negative size", head[:124] + b"-0000000001\0" + head[136:]
    yield "twice", update[:-1024] + update


def test_hostile_archives_are_refused(device: Device, update: bytes) -> None:
    for what, data in _hostile(update):
        assert device.refused(data), what
    assert sorted(each.name for each in device.folder.parent.iterdir()) == ["state"]


def _set(**values: object) -> Callable[[dict[str, Any]], object]:
    return lambda manifest: manifest.update(values)


def _on(key: str, **values: object) -> Callable[[dict[str, Any]], object]:
    return lambda manifest: manifest[key][0].update(values)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_set(model="another"), "for the model 'another'"),
        (_set(model=None), "for the model"),
        (_set(format=2), "format is 2"),
        (_set(runtime="999.0"), "newer package"),
        (_set(runtime="v1"), "malformed"),
        (_set(version=0), "positive"),
        (_set(version=1.5), "positive"),
        (_set(version=True), "positive"),
        (_set(version=1 << 60), "positive"),
        (_set(keeps_state=True), "keeps a state"),
        (_set(more=1), "other keys"),
        (lambda manifest: manifest.pop("runtime"), "other keys"),
        (_set(inputs=[]), "number of inputs"),
        (_on("inputs", scale=0.25), "input 'args_0' differs"),
        (_on("inputs", shape=[1, 8, 8, 2]), "input 'args_0' differs"),
        (_on("inputs", shape="1"), "malformed"),
        (_on("outputs", dtype="uint8"), "another type or shape"),
        (_on("outputs", shape=[1, 11]), "another type or shape"),
        (_on("outputs", zero_point=None), "malformed"),
        (_on("files", name="../../etc/passwd"), "not part of an update"),
        (_on("files", name="model.onnx"), "not part of an update"),
        (_on("files", name="golden.json"), "must hold"),
        (_on("files", name=["golden.json"]), "not part of an update"),
        (_on("files", size=-1), "malformed"),
        (_on("files", size=1 << 32), "are allowed"),
        (_on("files", sha256="0" * 63), "malformed"),
        (_on("files", sha256="0" * 64), "damaged"),
        (lambda manifest: manifest["files"].pop(), ""),
        (lambda manifest: manifest["files"].pop(0), "must hold"),
        (_set(files={}), "malformed"),
        (_set(files=[[]]), "malformed"),
    ],
)
def test_even_what_is_signed_has_to_be_right(
    device: Device,
    update: bytes,
    key: bundle.KeyPair,
    change: Callable[[dict[str, Any]], object],
    why: str,
) -> None:
    assert why in device.refused(altered(update, key, change))


@pytest.mark.parametrize(
    "manifest",
    [
        *(b"", b"[]\n", b"null\n", b"{}\n", b"\xff\xfe", b"[" * 50_000, b'{"version":NaN}\n'),
        b'{"format":1,"format":1}\n',
        b'{"format": 1}\n',
    ],
)
def test_a_signed_manifest_is_one_canonical_document(
    device: Device, key: bundle.KeyPair, manifest: bytes
) -> None:
    device.refused(signed(manifest, key, {}))


def test_signatures_are_checked(
    device: Device, update: bytes, key: bundle.KeyPair, other_key: bundle.KeyPair
) -> None:
    members = unpacked(update)

    def with_signatures(text: bytes) -> bytes:
        return bundle._archive(members | {"manifest.sig": text})

    good = members["manifest.sig"]
    private = bundle._read_key(other_key.private_file)
    other = bundle._signature(private, members["manifest.json"])
    assert "nobody" in device.refused(with_signatures(b"x"))
    assert "signed by key" in device.refused(with_signatures(other))
    # Another's signature under the trusted key's name.
    assert "is wrong" in device.refused(with_signatures(good[:17] + other[17:]))
    assert "malformed" in device.refused(with_signatures(b"\n" + good))
    # The manifest signed for another purpose: without the words before it.
    bare = bundle._read_key(key.private_file).sign(members["manifest.json"])
    assert "is wrong" in device.refused(with_signatures(good[:17] + base64.b64encode(bare) + b"\n"))
    assert device.apply(with_signatures(other + good))[1]


def test_nobody_is_trusted_unless_the_settings_say_so(
    runtime: Callable[[str], ModuleType], state: Path, update: bytes, tmp_path: Path
) -> None:
    assert "no key is trusted" in Device(runtime, state).refused(update)
    updates = runtime("updates")
    limits = runtime("settings").Settings().update
    assert updates.read_keys(limits) == ()
    for text in ("ed25519:AAAA", "AAAA", "ed25519:" + "é" * 44, "ed25519:" + "A" * 43 + "!"):
        (tmp_path / "keys").write_text(f"{text}\n", "utf-8")
        with pytest.raises(updates.RuntimeProblem) as problem:
            updates.read_keys(replace(limits, public_keys=str(tmp_path / "keys")))
        assert problem.value.exit_code == 2
    with pytest.raises(updates.RuntimeProblem, match="cannot be read"):
        updates.read_keys(replace(limits, public_keys=str(tmp_path / "none")))


def test_a_model_that_is_compiled_in_is_not_updated(
    device: Device, update: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device.updates, "MODEL", "")
    with pytest.raises(device.updates.RuntimeProblem, match="compiled into its library") as refusal:
        device.apply(update)
    assert refusal.value.exit_code == 2
    monkeypatch.setattr(device.installed, "MODEL", "")
    assert device.installed.active_model(device.folder).version is None


# Golden vectors


def failing(device: Device, data: bytes, **limits: object) -> str:
    """Why an update fails on this device; what ran runs on."""
    before, running = device.files(), device.running()
    device.settings = replace(device.settings, **limits)
    with pytest.raises(device.updates.RuntimeProblem) as problem:
        device.apply(data, device.updates.run_check(device.settings, ""))
    assert problem.value.exit_code == 1
    assert (device.files(), device.running()) == (before, running)
    return str(problem.value)


def test_an_update_that_computes_something_else_is_not_installed(
    device: Device, update: bytes, key: bundle.KeyPair
) -> None:
    golden = bytes(255 - each for each in unpacked(update)["golden.bin"])
    wrong = altered(update, key, files={"golden.bin": golden})
    assert "fails on its golden vectors: output" in failing(device, wrong)


@pytest.mark.parametrize("model", [b"", b"TFL3", bytes(5000)])
def test_an_update_that_is_no_model_is_not_installed(
    device: Device, update: bytes, key: bundle.KeyPair, model: bytes
) -> None:
    assert "golden vectors" in failing(device, altered(update, key, files={"model.tflite": model}))


def test_an_update_that_takes_too_long_is_not_installed(device: Device, update: bytes) -> None:
    assert "longer than 0.001 s" in failing(device, update, check_seconds=0.001)


def test_an_update_that_takes_too_much_memory_is_not_installed(
    device: Device, update: bytes
) -> None:
    failing(device, update, check_memory_bytes=12 << 20)


def test_an_update_that_crashes_is_told_from_one_that_fails(
    device: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "crashing.py").write_text("import os; os.kill(os.getpid(), 11)")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(device.updates.RuntimeProblem, match=r"crashes .* \(SIGSEGV\)"):
        device.updates._run_limited(["crashing"], 60)


def test_an_update_that_fails_after_the_switch_is_rolled_back(
    device: Device, update: bytes, key: bundle.KeyPair
) -> None:
    device.apply(update)
    device.start().healthy()

    def check(_: Path, __: object, active: bool) -> None:
        if active:
            raise device.updates.RuntimeProblem("It fails.")

    with pytest.raises(device.updates.RuntimeProblem, match="rolled back: version 2 runs"):
        device.apply(numbered(update, key, 3), check)
    assert device.running() == 2
    assert device.installed.read_state(device.folder).failed == (3,)


# Starts of the service


def test_a_version_that_is_never_healthy_is_rolled_back(
    device: Device, update: bytes, key: bundle.KeyPair
) -> None:
    device.apply(update)
    device.start().healthy()
    device.apply(numbered(update, key, 3))
    for _ in range(device.settings.starts):
        assert device.start().model.version.number == 3
    start = device.start()
    assert start.model.version.number == 2
    assert "Version 3 was not healthy in 3 starts" in start.model.notes[0]
    start.healthy()
    assert device.start().model.notes == ()
    assert device.running() == 2


def test_a_healthy_report_ends_the_trial(device: Device, update: bytes) -> None:
    device.apply(update)
    device.start()
    device.start().healthy()
    for _ in range(2 * device.settings.starts):
        assert device.start().model.version.number == 2


def test_a_start_reports_only_for_the_version_that_it_ran(
    device: Device, update: bytes, key: bundle.KeyPair
) -> None:
    device.apply(update)
    start = device.start()
    device.apply(numbered(update, key, 3))
    start.healthy()
    assert device.installed.read_state(device.folder).trial.number == 3


def test_a_start_writes_nothing_without_a_trial(device: Device, update: bytes) -> None:
    device.apply(update)
    device.start().healthy()
    before = {each: each.stat().st_mtime_ns for each in device.folder.rglob("*")}
    device.start().healthy()
    assert {each: each.stat().st_mtime_ns for each in device.folder.rglob("*")} == before


def test_without_a_count_only_proven_versions_run(
    device: Device, update: bytes, key: bundle.KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    device.apply(update)
    device.start().healthy()
    device.apply(numbered(update, key, 3))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(device.installed, "store", full)
        start = device.start()
        assert start.model.version.number == 2
        assert "cannot be counted" in start.model.notes[0]
        start.healthy()
    assert device.start().model.version.number == 3


@pytest.mark.parametrize("name", ["model.tflite", "manifest.json", "golden.bin", "labels.txt"])
@pytest.mark.parametrize("harm", ["changed", "missing", "empty", "a folder"])
def test_a_damaged_version_is_passed_over(
    device: Device, update: bytes, key: bundle.KeyPair, name: str, harm: str
) -> None:
    device.apply(update)
    device.start().healthy()
    device.apply(numbered(update, key, 3))
    file = device.folder / "versions/3" / name
    data = file.read_bytes()
    file.unlink()
    if harm == "a folder":
        file.mkdir()
    elif harm != "missing":
        file.write_bytes(b"" if harm == "empty" else data[:-1] + bytes([data[-1] ^ 1]))
    active = device.installed.active_model(device.folder)
    assert active.version.number == 2
    assert "Version 3 cannot be used" in active.notes[0]
    # A healthy start with version 2 proves nothing about version 3.
    device.start().healthy()
    assert device.installed.read_state(device.folder).trial.number == 3


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"package": 1}', "\0" * 100, "[" * 60_000, '{"proven": [[]]}'],
)
def test_a_damaged_state_runs_the_packaged_model_and_keeps_the_floor(
    device: Device, update: bytes, key: bundle.KeyPair, text: str
) -> None:
    device.apply(numbered(update, key, 7))
    (device.folder / "state.json").write_text(text)
    assert device.running() is None
    assert "damaged" in device.start().model.notes[0]
    assert "not newer than 7" in device.refused(numbered(update, key, 6))
    device.apply(numbered(update, key, 8))
    assert device.running() == 8


def test_another_package_runs_its_own_model(
    device: Device, update: bytes, key: bundle.KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    device.apply(numbered(update, key, 4))
    device.start().healthy()
    monkeypatch.setattr(device.installed.spec, "MODEL_SHA256", "0" * 64)
    active = device.installed.active_model(device.folder)
    assert active.version is None
    assert "another package" in active.notes[0]
    assert "not newer than 4" in device.refused(numbered(update, key, 3))
    assert device.apply(numbered(update, key, 4))[1]
    assert device.running() == 4


def test_without_a_state_the_packaged_model_runs(device: Device, tmp_path: Path) -> None:
    for folder in (tmp_path / "none", Path("/proc/self/mem/none"), Path("/dev/null")):
        active = device.installed.active_model(folder)
        assert (active.version, active.title) == (None, "the packaged model")


def test_the_state_is_where_systemd_says(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    assert device.installed.state_folder() == Path("/var/lib") / NAME
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/one:/var/lib/two")
    assert device.installed.state_folder() == Path("/var/lib/one")


# The disk and the power


def test_a_disk_that_is_full_at_any_moment_changes_nothing(
    device: Device, update: bytes, key: bundle.KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    device.apply(update)
    device.start().healthy()
    write = os.write
    third = numbered(update, key, 3)
    for allowed in range(100):
        left = allowed

        def limited(handle: int, data: bytes) -> int:
            nonlocal left
            left -= 1
            if left < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return write(handle, data)

        with monkeypatch.context() as patch:
            patch.setattr(os, "write", limited)
            done = False
            with contextlib.suppress(device.updates.RuntimeProblem):
                device.apply(third)
                done = True
        if done:
            break
        assert device.running() == 2
        assert not (device.folder / "incoming").exists()
    assert allowed == 7  # six files and the state
    assert device.running() == 3


def test_an_update_that_has_no_room_is_not_begun(
    device: Device, update: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        f_bavail, f_frsize = 10, 4096

    monkeypatch.setattr(device.updates.os, "statvfs", lambda _: Full)
    with pytest.raises(device.updates.RuntimeProblem, match="no room"):
        device.apply(update)
    assert not (device.folder / "incoming").exists()


def _changes(device: Device, update: bytes, key: bundle.KeyPair) -> dict[str, tuple[Any, ...]]:
    """What changes the state, and the versions that may run before and after it."""
    third = numbered(update, key, 3)

    def give_up() -> None:
        for _ in range(device.settings.starts + 1):
            device.start()

    return {
        "apply": (lambda: device.apply(third), {2, 3}, 3),
        "roll back": (lambda: device.updates.roll_back(device.folder), {2, None}, None),
        "a start": (lambda: device.start().healthy(), {2}, 2),
        "too many starts": (give_up, {2, None}, None),
    }


@pytest.mark.parametrize("change", ["apply", "roll back", "a start", "too many starts"])
def test_the_power_may_fail_at_any_step(
    device: Device,
    runtime: Callable[[str], ModuleType],
    update: bytes,
    key: bundle.KeyPair,
    tmp_path: Path,
    change: str,
) -> None:
    device.apply(update)
    run, allowed, final = _changes(device, update, key)[change]
    fourth = numbered(update, key, 4)
    seen = []

    def whole(disk: Path, how: str) -> None:
        after = Device(runtime, disk, *device.keys)
        active = after.installed.active_model(disk)
        number = None if active.version is None else active.version.number
        assert number in allowed, how
        assert active.notes == (), how
        seen.append(number)
        # And the next update is none the worse for it.
        after.apply(fourth)
        assert after.running() == 4, how
        assert {each.name for each in (disk / "versions").iterdir()} <= {"2", "3", "4"}, how

    scratch = tmp_path / "disks"
    scratch.mkdir()
    power_loss.at_every_step(run, device.folder, scratch, whole)
    assert device.running() == final
    # At the end it is on the disk, whatever was not synced.
    assert seen[-len(power_loss.KINDS) :] == [final] * len(power_loss.KINDS)
    if change == "apply":
        assert len(seen) > 60


@pytest.mark.parametrize("call", ["fsync", "replace", "mkdir", "write"])
def test_a_process_that_is_killed_leaves_old_or_new(
    device: Device, update: bytes, key: bundle.KeyPair, call: str
) -> None:
    """The same with real processes, which end at the first, second, ... call."""
    device.apply(update)
    device.start().healthy()
    third = numbered(update, key, 3)
    outcomes = []
    for count in range(100):
        child = os.fork()
        if child == 0:
            _die_at(call, count)
            try:
                device.apply(third)
            finally:
                os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        outcomes.append(device.running())
        if status == 0:
            break
    assert outcomes[-1] == 3
    assert outcomes == sorted(outcomes)
    assert set(outcomes) <= {2, 3}
    device.apply(numbered(update, key, 4))
    assert device.running() == 4


def _die_at(call: str, count: int) -> None:
    """This process ends at a call of the operating system, as if killed."""
    real = getattr(os, call)
    left = count

    def deadly(*arguments: Any, **more: Any) -> Any:
        nonlocal left
        if left == 0:
            os._exit(9)
        left -= 1
        return real(*arguments, **more)

    setattr(os, call, deadly)


def test_root_becomes_the_owner_of_the_state(
    device: Device, update: bytes, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the user of a service with DynamicUser=, whose folder lies where nobody else comes."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    os.chown(state, 61184, 61184)
    state.parent.chmod(0o700)
    monkeypatch.setenv("STATE_DIRECTORY", str(state))
    child = os.fork()
    if child == 0:
        try:
            device.folder = device.updates._enter_as_owner()
            device.apply(update)
            right = (os.getuid(), os.getgid(), os.getgroups()) == (61184, 61184, [])
            os._exit(0 if right else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    device.folder = state
    assert device.running() == 2
    assert {each.stat().st_uid for each in state.rglob("*")} == {61184}
