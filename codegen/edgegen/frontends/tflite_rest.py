"""Follows the parts of a .tflite file that the model does not need.

Engines hand the whole file on: a runtime on the device, or the reference interpreter
on the host, goes through descriptions, metadata and calibration ranges without any
check of its own. So these must be sound as well, though nothing is taken from them.
"""

from __future__ import annotations

from edgegen import tflite_schema as schema
from edgegen.flatbuffer import DamagedError, Table


def check_graph(graph: Table) -> None:
    """Raises a `DamagedError` for the first part of a subgraph that leads out of the file."""
    graph.text(schema.SubGraphSlot.NAME)
    for tensor in graph.tables(schema.SubGraphSlot.TENSORS):
        _tensor(tensor)
    for node in graph.tables(schema.SubGraphSlot.OPERATORS):
        _operator(node)


def check_model(root: Table) -> None:
    """The same for what is outside of all subgraphs."""
    slot = schema.ModelSlot
    buffers = root.tables(slot.BUFFERS)
    for buffer in buffers:
        buffer.vector(schema.BufferSlot.DATA, 1)
    root.text(slot.DESCRIPTION)
    root.vector(slot.METADATA_BUFFER, 4)
    for entry in root.tables(slot.METADATA):
        entry.text(schema.MetadataSlot.NAME)
        index = entry.u32(schema.MetadataSlot.BUFFER)
        if index >= len(buffers):
            raise DamagedError(f"buffer {index} of {len(buffers)} does not exist", entry.position)
    for signature in root.tables(slot.SIGNATURE_DEFS):
        signature.text(schema.SignatureDefSlot.SIGNATURE_KEY)
        for ends in (schema.SignatureDefSlot.INPUTS, schema.SignatureDefSlot.OUTPUTS):
            for end in signature.tables(ends):
                end.text(schema.TensorMapSlot.NAME)
    root.tables(slot.EXTERNAL_BUFFER_GROUPS)
    root.tables(slot.EXTERNAL_BUFFERS)


def _tensor(tensor: Table) -> None:
    tensor.tables(schema.TensorSlot.VARIANT_TENSORS)
    quantization = tensor.table(schema.TensorSlot.QUANTIZATION)
    if quantization is not None:
        slot = schema.QuantizationSlot
        for floats in (slot.MIN, slot.MAX, slot.SCALE):
            quantization.vector(floats, 4)
        quantization.vector(slot.ZERO_POINT, 8)
        quantization.table(slot.DETAILS)


def _operator(node: Table) -> None:
    slot = schema.OperatorSlot
    node.vector(slot.CUSTOM_OPTIONS, 1)
    node.vector(slot.MUTATING_VARIABLE_INPUTS, 1)
    node.vector(slot.INTERMEDIATES, 4)
    node.table(slot.BUILTIN_OPTIONS)
    node.table(slot.BUILTIN_OPTIONS2)
