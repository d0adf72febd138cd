"""Frontends: a model file becomes a `Model`."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

from edgegen.errors import UsageError

if TYPE_CHECKING:
    from edgegen.frontends.tflite_metadata import Metadata
    from edgegen.model import Model

# A flatbuffer's offsets have 31 usable bits.
MAX_FILE_BYTES = 2**31 - 1

_CONVERT = "Convert it with tf.lite.TFLiteConverter and pass the .tflite file."

# First bytes of files that people pass instead of a .tflite, and what to do about it.
_OTHER_FORMATS = (
    (b"\x89HDF\r\n\x1a\n", "a Keras HDF5 file", _CONVERT),
    (b"PK\x03\x04", "a ZIP archive, such as a .keras file", _CONVERT),
    (b"version https://git-lfs", "a Git LFS pointer", "Run `git lfs pull` to get the file itself."),
)


def load(path: Path) -> Model:
    """Reads a model file; the content, not the name, decides on the format.

    Raises:
        UsageError: There is no such file, it cannot be read, or it is not a model.
        RefusedModelError: The model holds something that edgegen cannot take.
    """
    try:
        data = _read(path)
    except FileNotFoundError:
        raise UsageError("There is no such model file.", where=str(path)) from None
    except PermissionError:
        raise UsageError(
            "The model file may not be read.",
            where=str(path),
            fix="Give yourself permission to read it.",
        ) from None
    except (OSError, ValueError) as error:
        raise UsageError(f"The model file cannot be read: {error}.", where=str(path)) from None
    except MemoryError:
        raise UsageError("The model file does not fit into memory.", where=str(path)) from None

    from edgegen.frontends import onnx, tflite

    if data[4:8] != b"TFL3" and onnx.looks_like(data):
        return onnx.parse(data, path.name)
    return tflite.parse(data, path.name)


def metadata(model: Model) -> Metadata:
    """What the model's file says of its inputs and outputs, where it does."""
    from edgegen.frontends import tflite_metadata

    if model.source.format != "tflite":
        return tflite_metadata.Metadata()
    return tflite_metadata.read(model)


def _read(path: Path) -> bytes:
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise UsageError(
            "The model is a folder.",
            where=str(path),
            fix="Pass the .tflite file; a SavedModel is converted by tf.lite.TFLiteConverter.",
        )
    # A pipe or a device might never end.
    if not stat.S_ISREG(status.st_mode):
        raise UsageError("The model is not a regular file.", where=str(path))
    with path.open("rb") as file:
        start = file.read(4096)
        _refuse_other_formats(path, start)
        if status.st_size > MAX_FILE_BYTES:
            raise UsageError("The model file is larger than 2 GiB.", where=str(path))
        file.seek(0)
        return file.read(MAX_FILE_BYTES)


def _refuse_other_formats(path: Path, start: bytes) -> None:
    if not start:
        raise UsageError("The model file is empty.", where=str(path))
    from edgegen.frontends import onnx

    if start[4:8] == b"TFL3" or onnx.looks_like(start):
        return
    for magic, what, fix in _OTHER_FORMATS:
        if start.startswith(magic):
            raise UsageError(f"The model file is {what}.", where=str(path), fix=fix)
    what = "a text file" if _is_text(start) else "neither a TensorFlow Lite nor an ONNX model"
    raise UsageError(f"The model file is {what}.", where=str(path), fix=_CONVERT)


def _is_text(start: bytes) -> bool:
    try:
        # The last character may have been cut in two.
        text = start.decode("utf-8", "strict" if len(start) < 4096 else "ignore")
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\t\r\n\f" for character in text)
