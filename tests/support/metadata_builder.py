"""Builds the metadata of .tflite files: a flatbuffer after the public metadata schema, and the
archive of label files behind the model.

    content = metadata(inputs=[image("rgb", [127.5], [127.5])], outputs=[output("labels.txt")])
    builder.metadata("TFLITE_METADATA", content)
    data = with_files(builder.build([x], [y]), {"labels.txt": b"cat\\ndog\\n"})
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import flatbuffers

Fields = Mapping[int, Any]
"""Of a table, by slot: str, a table, a list of floats or of tables, `Byte` or `Word`."""

COLORS = {"": 0, "rgb": 1, "gray": 2}


class Byte(NamedTuple):
    value: int


class Word(NamedTuple):
    value: int


def metadata(
    inputs: Sequence[Fields] = (), outputs: Sequence[Fields] = (), identifier: bytes = b"M001"
) -> bytes:
    builder = flatbuffers.Builder(256)
    graph = {0: "main", 2: list(inputs), 3: list(outputs)}
    root = _table(builder, {0: "a model", 1: "built by a test", 3: [graph]})
    builder.Finish(root, identifier)
    return bytes(builder.Output())


def image(color: str, mean: Sequence[float] = (), std: Sequence[float] = ()) -> Fields:
    """An input; without a normalisation when there is no mean."""
    tensor: dict[int, Any] = {0: "image", 3: {0: Byte(2), 1: {0: Byte(COLORS[color])}}}
    if mean:
        tensor[4] = [{0: Byte(2), 1: {}}, {0: Byte(1), 1: {0: list(mean), 1: list(std)}}]
    return tensor


def sound(sample_rate: int) -> Fields:
    return {0: "sound", 3: {0: Byte(4), 1: {0: Word(sample_rate), 1: Word(1)}}}


def features() -> Fields:
    return {0: "numbers", 3: {0: Byte(1), 1: {}}}


def output(*label_files: str) -> Fields:
    others = [{0: "readme.txt", 2: Byte(1)}]
    return {0: "scores", 6: others + [{0: name, 2: Byte(2)} for name in label_files]}


def with_files(model: bytes, files: Mapping[str, bytes], packed: bool = False) -> bytes:
    """The model and an archive behind it, whose offsets count from the model's first byte."""
    stream = io.BytesIO(model)
    method = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(stream, "a", method) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return stream.getvalue()


def _table(builder: Any, fields: Fields) -> int:
    # What a table points to is written before the table.
    offsets = {
        slot: _part(builder, value)
        for slot, value in fields.items()
        if not isinstance(value, (Byte, Word))
    }
    builder.StartObject(max(fields, default=-1) + 1)
    for slot, value in fields.items():
        if isinstance(value, Byte):
            builder.PrependInt8Slot(slot, value.value, 0)
        elif isinstance(value, Word):
            builder.PrependUint32Slot(slot, value.value, 0)
        else:
            builder.PrependUOffsetTRelativeSlot(slot, offsets[slot], 0)
    return int(builder.EndObject())


def _part(builder: Any, value: Any) -> int:
    if isinstance(value, str):
        return int(builder.CreateString(value))
    if isinstance(value, Mapping):
        return _table(builder, value)
    tables = [_table(builder, item) for item in value if isinstance(item, Mapping)]
    builder.StartVector(4, len(value), 4)
    for item in reversed(tables or value):
        if tables:
            builder.PrependUOffsetTRelative(item)
        else:
            builder.PrependFloat32(item)
    return int(builder.EndVector())
