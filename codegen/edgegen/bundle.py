"""Signed model updates, the maker's side: keys, and bundles for devices that run a project.

A bundle is an uncompressed tar of manifest.json, manifest.sig and the files that the manifest
names. Every byte follows from the project, the version number and the keys: ed25519 signatures
have no randomness. What reads it is `update_bundle.py` of the generated package.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgegen import __version__, frontends, lockfile, storage
from edgegen import config as configuration
from edgegen import labels as class_names
from edgegen.config import Config
from edgegen.engines.python_runtimes import model_file_name
from edgegen.errors import DifferenceError, MissingToolError, UsageError
from edgegen.model import Model, Tensor
from edgegen.targets.linux_views import keeps_state

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FORMAT = 1
SUFFIX = ".update"
KEY_PREFIX = "ed25519:"
SIGNED_PREFIX = b"edgegen model update 1\0"

MANIFEST = "manifest.json"
SIGNATURES = "manifest.sig"
GOLDEN = ("golden.bin", "golden.json")
LABELS = "labels.txt"

PRIVATE_MODE = 0o600
MOST_KEYS = 16
LARGEST_VERSION = (1 << 53) - 1
_KEY_BYTES = 64 << 10
_BLOCK = 512


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key that was made.

    Attributes:
        private_file: PEM (PKCS #8), readable by its owner alone.
        public_file: One line, which a device's list of trusted keys takes.
        public: That line without its end.
        id: Short name of the key: 16 hex digits of its SHA-256.
    """

    private_file: Path
    public_file: Path
    public: str
    id: str

    def as_dict(self) -> dict[str, str]:
        """JSON-able."""
        return {
            "private_file": str(self.private_file),
            "public_file": str(self.public_file),
            "public": self.public,
            "id": self.id,
        }


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was written.

    Attributes:
        signers: Ids of the keys.
        sha256: Of the whole file.
    """

    path: Path
    name: str
    version: int
    signers: tuple[str, ...]
    bytes: int
    sha256: str

    def as_dict(self) -> dict[str, object]:
        """JSON-able."""
        return asdict(self) | {"path": str(self.path), "signers": list(self.signers)}


def make_key(path: Path) -> KeyPair:
    """Writes a new private key and, beside it, its public half with the suffix .pub.

    Raises:
        UsageError: One of the files exists, or cannot be written.
        MissingToolError: The package cryptography is not installed.
    """
    _require_cryptography()
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    raw = _public_bytes(key)
    public = _public_line(raw)
    public_file = path.with_name(f"{path.name}.pub")
    if os.path.lexists(public_file):
        raise _exists(public_file)
    _write_new(path, pem, PRIVATE_MODE)
    try:
        _write_new(public_file, public.encode() + b"\n", 0o644)
    except BaseException:
        path.unlink()
        raise
    return KeyPair(path, public_file, public, _key_id(raw))


def write_bundle(
    directory: Path, key_files: Sequence[Path], version: int, output: Path | None = None
) -> Bundle:
    """Signs the model of a project, as its generated part has it, for the devices that run it.

    Args:
        key_files: Private keys; one signature by each.
        version: Counts up from bundle to bundle: a device takes nothing that is not above what it
            had.
        output: NAME-VERSION.update by default.

    Raises:
        UsageError: It is no project that can be updated, or an argument is wrong.
        DifferenceError: The project is not up to date with its model.
        MissingToolError: The package cryptography is not installed.
    """
    _require_cryptography()
    if not 0 < version <= LARGEST_VERSION:
        raise UsageError(f"{version} is no version: it counts 1, 2, 3, ...", where="--number")
    keys = _read_keys(key_files)
    settings = configuration.read(directory)
    data = make(directory, keys, version)
    path = output if output is not None else Path(f"{settings.name}-{version}{SUFFIX}")
    _write_over(path, data)
    signers = tuple(_key_id(_public_bytes(key)) for key in keys)
    digest = hashlib.sha256(data).hexdigest()
    return Bundle(path, settings.name, version, signers, len(data), digest)


def make(directory: Path, keys: Sequence[Ed25519PrivateKey], version: int) -> bytes:
    """The bundle's bytes; raises as `write_bundle` does."""
    settings = configuration.read(directory)
    model = frontends.load(directory / settings.model)
    files = _files(directory, settings, model)
    manifest = _canonical(
        {
            "files": [
                {"name": name, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
                for name, data in files.items()
            ],
            "format": FORMAT,
            "inputs": [_tensor(model.tensors[index]) for index in model.inputs],
            "keeps_state": keeps_state(model),
            "model": settings.name,
            "outputs": [_tensor(model.tensors[index]) for index in model.outputs],
            "runtime": __version__,
            "version": version,
        }
    )
    signatures = b"".join(_signature(key, manifest) for key in keys)
    return _archive({MANIFEST: manifest, SIGNATURES: signatures, **files})


def _files(directory: Path, settings: Config, model: Model) -> dict[str, bytes]:
    """Model, golden vectors and labels, by their names in the bundle; sorted."""
    data = f"edgegen/python/{settings.name}_runtime/data"
    lock = lockfile.read(directory)
    written = lock.files if lock is not None else {}
    model_name = model_file_name(model)
    if f"{data}/{model_name}" not in written:
        raise UsageError(
            "No engine of this project reads a model file, so there is none to update.",
            where=str(directory),
            fix="The engine aot compiles the model into its library: hand on a new package "
            "(`edgegen package`).",
        )
    found = {
        name: _generated(directory, f"{data}/{name}", written)
        for name in sorted((model_name, *GOLDEN))
    }
    if found[model_name] != model.source.data:
        raise _stale(directory, settings.model)
    if settings.labels:
        text = class_names.read(directory / settings.labels)
        elements = model.tensors[model.outputs[0]].elements
        names = class_names.parse(text, elements, settings.labels)
        found[LABELS] = "".join(f"{name}\n" for name in names).encode()
    return found


def _generated(directory: Path, path: str, written: Mapping[str, str]) -> bytes:
    """A generated file as edgegen wrote it."""
    try:
        data = (directory / path).read_bytes()
    except OSError:
        raise _stale(directory, path) from None
    if hashlib.sha256(data).hexdigest() != written.get(path):
        raise _stale(directory, path)
    return data


def _stale(directory: Path, path: str) -> DifferenceError:
    return DifferenceError(
        "The generated part of the project is not up to date.",
        where=path,
        fix=f"Run `edgegen update {directory}`, then `edgegen verify {directory}`.",
    )


def _tensor(tensor: Tensor) -> dict[str, object]:
    """As the generated `spec.py` has it, without the name."""
    return {
        "dtype": tensor.dtype.value,
        "scale": float(tensor.scale) if tensor.has_scale else 0.0,
        "shape": list(tensor.shape),
        "zero_point": int(tensor.zero_point) if tensor.has_scale else 0,
    }


def _canonical(value: object) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("ascii") + b"\n"


def _signature(key: Ed25519PrivateKey, manifest: bytes) -> bytes:
    """One line: the key's id and the signature."""
    signature = base64.b64encode(key.sign(SIGNED_PREFIX + manifest)).decode()
    return f"{_key_id(_public_bytes(key))} {signature}\n".encode()


def _archive(members: Mapping[str, bytes]) -> bytes:
    """An ustar archive of regular files without times or owners."""
    parts = []
    for name, data in members.items():
        parts += [_header(name, len(data)), data, bytes(-len(data) % _BLOCK)]
    return b"".join([*parts, bytes(2 * _BLOCK)])


def _header(name: str, size: int) -> bytes:
    """Format: POSIX.1-1988, section "ustar Interchange Format"."""
    block = b"".join(
        (
            name.encode().ljust(100, b"\0"),
            b"0000644\0" + b"0000000\0" * 2,  # mode, owner, group
            b"%011o\0" % size + b"%011o\0" % 0,  # size, time
            b" " * 8 + b"0" + bytes(100),  # checksum, a regular file, no link
            b"ustar\x0000" + bytes(247),
        )
    )
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def _read_keys(paths: Sequence[Path]) -> list[Ed25519PrivateKey]:
    if not 1 <= len(paths) <= MOST_KEYS:
        raise UsageError(f"A bundle is signed by 1 to {MOST_KEYS} keys.", where="--key")
    keys = [_read_key(path) for path in paths]
    if len({_public_bytes(key) for key in keys}) != len(keys):
        raise UsageError("A key is named twice.", where="--key")
    return keys


def _read_key(path: Path) -> Ed25519PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    where = f"--key {path}"
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(_KEY_BYTES)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"The key cannot be read: {reason}.", where=where) from None
    if _is_public(data):
        raise _public(path)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UsageError(
            "Others may read this private key.",
            where=where,
            fix=f"chmod 600 {path}; if somebody did, make a new one with `edgegen keygen`.",
        )
    try:
        key = serialization.load_pem_private_key(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(
            "This is no private key of ed25519 in PEM, without a password.",
            where=where,
            fix="`edgegen keygen FILE` makes one.",
        )
    return key


def _is_public(data: bytes) -> bool:
    """As `make_key` writes it, or in PEM."""
    return data.startswith((KEY_PREFIX.encode(), b"-----BEGIN PUBLIC KEY-----"))


def _public(path: Path) -> UsageError:
    private = path.with_suffix("") if path.suffix == ".pub" else None
    if private and private.is_file():
        fix = f"Give the private one beside it: --key {private}."
    else:
        fix = "Give the private one that `edgegen keygen FILE` made with it: FILE, without .pub."
    return UsageError(
        "This is a public key, which devices check signatures with; a private one signs.",
        where=f"--key {path}",
        fix=fix,
    )


def _public_bytes(key: Ed25519PrivateKey) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def _public_line(raw: bytes) -> str:
    return KEY_PREFIX + base64.b64encode(raw).decode()


def _key_id(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:16]


def _write_new(path: Path, data: bytes, mode: int) -> None:
    """A file that must not exist, never readable by more than ``mode`` says."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, mode)
            file.write(data)
            file.flush()
            os.fsync(handle)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        raise storage.failed(error, path, what="key") from error


def _write_over(path: Path, data: bytes) -> None:
    """All of it, or what was there before."""
    draft = path.with_name(f".{path.name}.new")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise storage.failed(error, path, what="bundle") from error


def _exists(path: Path) -> UsageError:
    return UsageError(
        "There is such a file, and a key is never overwritten.",
        where=str(path),
        fix="Choose another name.",
    )


def _require_cryptography() -> None:
    try:
        import cryptography  # noqa: F401
    except ImportError:
        raise MissingToolError(
            "Signing needs the Python package cryptography.",
            fix="pip install 'edgegen[update]'",
        ) from None
