"""What a .tflite file says of its inputs and outputs: its metadata, where it has any.

Metadata is a flatbuffer of its own (file identifier M001) in the buffer that the model's
metadata entry TFLITE_METADATA names; label files lie in a ZIP archive behind the model. Slot
numbers are those of TensorFlow Lite's public metadata schema, unions as two.

Nothing here refuses a model: metadata is a convenience, and what is wrong with it is a finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

import numpy as np

from edgegen import labels as class_names
from edgegen import preprocessing
from edgegen import tflite_schema as schema
from edgegen.errors import UsageError
from edgegen.flatbuffer import DamagedError, Reader, Table
from edgegen.frontends import appended_zip
from edgegen.frontends.appended_zip import ArchiveError
from edgegen.frontends.tflite import shown
from edgegen.inputs import Color, ImageInput, Input
from edgegen.model import Model

_ENTRY = "TFLITE_METADATA"
_FILE_IDENTIFIER = b"M001"

_MOST_CHANNELS = 4  # one more than an image may have

MAX_LABEL_BYTES = 1 << 20


class _ModelSlot(IntEnum):
    SUBGRAPHS = 3


class _SubGraphSlot(IntEnum):
    INPUTS = 2
    OUTPUTS = 3


class _TensorSlot(IntEnum):
    CONTENT = 3
    PROCESS_UNITS = 4
    ASSOCIATED_FILES = 6


class _ContentSlot(IntEnum):
    PROPERTIES_TYPE = 0
    PROPERTIES = 1


class _Content(IntEnum):
    IMAGE = 2
    AUDIO = 4


class _ImageSlot(IntEnum):
    COLOR_SPACE = 0


_COLORS: dict[int, Color | Literal[""]] = {0: "", 1: "rgb", 2: "gray"}  # of a color space


class _AudioSlot(IntEnum):
    SAMPLE_RATE = 0


class _ProcessUnitSlot(IntEnum):
    OPTIONS_TYPE = 0
    OPTIONS = 1


_NORMALIZATION = 1  # of the options of a process unit


class _NormalizationSlot(IntEnum):
    MEAN = 0
    STD = 1


class _FileSlot(IntEnum):
    NAME = 0
    TYPE = 2


_AXIS_LABELS = 2  # of the types of a file


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the metadata gives.

    Attributes:
        inputs: Images with what is known of them; the size of a camera's frame never is.
        labels: The file with the first output's class names; they fit the model.
        input_findings, label_findings: What it says and cannot be used, one sentence each.
    """

    inputs: tuple[Input, ...] = ()
    labels: bytes | None = None
    input_findings: tuple[str, ...] = ()
    label_findings: tuple[str, ...] = ()


def read(model: Model) -> Metadata:
    """What the file of a model says of it; nothing for a file without metadata."""
    about_inputs: list[str] = []
    about_labels: list[str] = []
    try:
        given, made = _tensors(model.source.data)
        images = _inputs(model, given, about_inputs)
        labels = _labels(model, made, about_labels)
    except DamagedError as error:
        return Metadata(input_findings=(f"The metadata is left aside: damaged at {error}.",))
    return Metadata(tuple(images), labels, tuple(about_inputs), tuple(about_labels))


def _tensors(data: bytes) -> tuple[list[Table], list[Table]]:
    """The descriptions of the inputs and of the outputs."""
    content = _content(data)
    if content is None:
        return [], []
    if content[4:8] != _FILE_IDENTIFIER:
        raise DamagedError(f"its identifier is not {_FILE_IDENTIFIER.decode()}", 4)
    graphs = Reader(content).root().tables(_ModelSlot.SUBGRAPHS)
    if not graphs:
        return [], []
    return graphs[0].tables(_SubGraphSlot.INPUTS), graphs[0].tables(_SubGraphSlot.OUTPUTS)


def _content(data: bytes) -> bytes | None:
    """The metadata's own flatbuffer, or None."""
    root = Reader(data).root()
    buffers = root.tables(schema.ModelSlot.BUFFERS)
    for entry in root.tables(schema.ModelSlot.METADATA):
        if entry.text(schema.MetadataSlot.NAME) == _ENTRY:
            buffer = buffers[entry.u32(schema.MetadataSlot.BUFFER)]
            start, count = buffer.vector(schema.BufferSlot.DATA, 1)
            return data[start : start + count]
    return None


# Inputs


def _inputs(model: Model, described: Sequence[Table], findings: list[str]) -> list[Input]:
    if len(described) > len(model.inputs):
        findings.append(
            f"The metadata describes {len(described)} inputs and the model has "
            f"{len(model.inputs)}: nothing is taken from it."
        )
        return []
    found: list[Input] = []
    for number, tensor in enumerate(described):
        content = tensor.table(_TensorSlot.CONTENT)
        if content is None or not content.has(_ContentSlot.PROPERTIES_TYPE):
            continue
        kind, properties = content.u8(_ContentSlot.PROPERTIES_TYPE), _properties(content)
        if kind == _Content.IMAGE:
            try:
                found.append(_image(model, number, tensor, properties))
            except UsageError as error:
                findings.append(
                    f"By the metadata input {number} is an image, but it is left aside: "
                    f"{_in_one_line(error)}"
                )
        elif kind == _Content.AUDIO:
            findings.append(
                f"By the metadata input {number} is sound of "
                f"{properties.u32(_AudioSlot.SAMPLE_RATE)} Hz; which features of it, the metadata "
                "cannot say: describe it as [input.audio]."
            )
    return found


def _properties(content: Table) -> Table:
    properties = content.table(_ContentSlot.PROPERTIES)
    if properties is None:
        raise DamagedError("a content has no properties", content.position)
    return properties


def _image(model: Model, number: int, tensor: Table, properties: Table) -> ImageInput:
    """The description, which fits the model.

    Raises:
        UsageError: It does not, or there is too little to make one.
    """
    mean, std = _normalization(tensor)
    if not mean or not std:
        raise UsageError("it does not say by which mean and std levels are normalised.")
    color = _COLORS.get(properties.u8(_ImageSlot.COLOR_SPACE), "")
    made = ImageInput(tensor=number, color=color, mean=mean, std=std)
    preprocessing.resolve(model, [made])
    return made


def _normalization(tensor: Table) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation, of levels of 0 to 255; empty where there are none."""
    for unit in tensor.tables(_TensorSlot.PROCESS_UNITS):
        options = unit.table(_ProcessUnitSlot.OPTIONS)
        if options and unit.u8(_ProcessUnitSlot.OPTIONS_TYPE) == _NORMALIZATION:
            slot = _NormalizationSlot
            return _decimals(options.f32s(slot.MEAN)), _decimals(options.f32s(slot.STD))
    return (), ()


def _decimals(values: Sequence[float]) -> tuple[float, ...]:
    """The shortest decimals that are these float32 values: a person will read them."""
    return tuple(float(str(np.float32(value))) for value in values[:_MOST_CHANNELS])


# Labels


def _labels(model: Model, described: Sequence[Table], findings: list[str]) -> bytes | None:
    """The first file of class names that the first output has."""
    for file in described[0].tables(_TensorSlot.ASSOCIATED_FILES) if described else ():
        if file.i8(_FileSlot.TYPE) != _AXIS_LABELS:
            continue
        name = file.text(_FileSlot.NAME)
        try:
            content = appended_zip.read(model.source.data, name, MAX_LABEL_BYTES)
            class_names.parse(content, model.tensors[model.outputs[0]].elements, shown(name))
        except (ArchiveError, UsageError) as error:
            why = _in_one_line(error) if isinstance(error, UsageError) else f"{error}."
            findings.append(f"The metadata's labels, {shown(name)}, are left aside: {why}")
            return None
        return content
    return None


def _in_one_line(error: UsageError) -> str:
    """What is wrong, without the heading that several problems have."""
    heading, *problems = error.what.split("\n")
    return "; ".join(problem.strip() for problem in problems) + "." if problems else heading
