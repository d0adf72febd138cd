"""How large TFLM's arena may have to be on a 32-bit device, before anybody has measured it.

TFLM decides at run time. The arena is read from both ends: activations and scratch buffers
share its head by a plan that this module repeats; what lives as long as the interpreter
fills its tail, and there the host's interpreter gives a bound, because its structures hold
64-bit pointers. While the device initialises, temporary structures take the head's place,
which for small models is more than the head itself.

Everything here holds for the commits in `kernels.SOURCES` and `kernels.CMSIS_NN`. Sizes of
structures are those of a 32-bit device.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from edgegen import reference
from edgegen.device import Microcontroller
from edgegen.model import Conv2DAttrs, DType, Model, Op, OpKind, Padding, Tensor

_ALIGNMENT = 16

# sizeof: ScratchBufferRequest and the number reserved for an operator to come;
# AllocationInfo; GreedyMemoryPlanner::per_buffer_size(); ScratchBufferHandle.
_SCRATCH_REQUEST = 12
_SCRATCH_RESERVE = 12
_ALLOCATION_INFO = 24
_PLANNER_ENTRY = 40
_SCRATCH_HANDLE = 4

# Of a subgraph. Variables are initialised in subgraphs, at most one for each of them, where
# there are two tensors: a handle and a constant.
_SUBGRAPH_OFFSET = 16

# While an operator prepares: TfLiteTensor and TfLiteAffineQuantization per tensor, and
# 4 bytes of zero point per channel.
_TEMPORARY_TENSOR = 64 + 16 + _ALIGNMENT

# Position of an LSTM's cell state among its inputs.
_CELL_STATE = 19

# CMSIS-NN's operator data is up to 24 bytes larger than the reference kernels', two
# pointers in both are 8 bytes smaller than the host's: one alignment step more.
_OPERATOR_GROWTH = 16

_QUANTISED = (DType.INT8, DType.INT16)


@dataclass(frozen=True, slots=True)
class Buffer:
    """Something in the arena's head: bytes, and the first and last step that need it."""

    bytes: int
    first: int
    last: int


def safe_bound(model: Model, device: Microcontroller) -> int:
    """Bytes that suffice with reference and with CMSIS-NN kernels, a multiple of 16.

    Runs the host's interpreter; raises as `reference.host_arena` does.
    """
    tail = reference.host_arena(model).tail
    return max(
        _bound(model, reference_scratch, tail, 0),
        _bound(model, cmsis_nn_scratch(device), tail, _kernel_sums(model, device)),
    )


Scratch = Callable[[Model, Op], list[int]]


def _bound(model: Model, scratch: Scratch, host_tail: int, kernel_sums: int) -> int:
    requests = sum(len(scratch(model, op)) for op in model.ops)
    tail = host_tail + _OPERATOR_GROWTH * len(model.ops) + kernel_sums
    tail += _aligned(_SCRATCH_HANDLE * requests)
    plan = head_buffers(model, scratch)
    head = max(
        plan_bytes(plan),
        _preparing(model, requests),
        _planning(model, requests, len(plan)),
    )
    return _aligned(head) + _aligned(tail)


def _preparing(model: Model, requests: int) -> int:
    """Temporary structures while the operator with the most of them prepares."""
    tensors = max(sum(_temporary(model, t) for t in (*op.inputs, *op.outputs)) for op in model.ops)
    return _aligned(_SCRATCH_REQUEST * (requests + _SCRATCH_RESERVE)) + tensors


def _temporary(model: Model, index: int | None) -> int:
    if index is None:
        return 0
    quant = model.tensors[index].quant
    channels = 0 if quant is None else len(quant.scale)
    return _TEMPORARY_TENSOR + 4 * (channels + 1)


def _planning(model: Model, requests: int, planned: int) -> int:
    """Temporary structures while the memory plan is made."""
    return (
        _aligned(_SCRATCH_REQUEST * (requests + _SCRATCH_RESERVE))
        + _aligned(_SUBGRAPH_OFFSET * (1 + len(_handles(model))))
        + _aligned(_ALLOCATION_INFO * (len(model.tensors) + 2 * len(_handles(model)) + requests))
        + _PLANNER_ENTRY * planned
    )


def head_buffers(model: Model, scratch: Scratch) -> list[Buffer]:
    """Activations in tensor order, then scratch buffers in execution order."""
    first = dict.fromkeys(model.inputs, 0)
    last = dict.fromkeys(model.inputs, 0)
    scratches: list[Buffer] = []
    for step, op in enumerate(model.ops, start=1):
        first |= dict.fromkeys(op.outputs, step)
        last |= {index: step for index in (*op.inputs, *op.outputs) if index is not None}
        scratches += [Buffer(_aligned(size), step, step) for size in scratch(model, op)]
    last |= dict.fromkeys(model.outputs, len(model.ops))
    activations = [
        Buffer(_aligned(model.tensors[index].bytes), first[index], last[index])
        for index in sorted(first)
        if not (model.tensors[index].is_constant or model.tensors[index].is_variable)
        and model.tensors[index].bytes
    ]
    return activations + scratches


def _handles(model: Model) -> list[int]:
    """Handles of variables; what they stand for, and the state of an operator, lie in the tail."""
    carries = (OpKind.READ_VARIABLE, OpKind.ASSIGN_VARIABLE)
    used = {t for op in model.ops if op.kind in carries for t in (*op.inputs, *op.outputs)}
    names = {model.tensors[t].name for t in used if t is not None and model.tensors[t].is_variable}
    return [k for k, t in enumerate(model.tensors) if t.is_variable and t.name in names]


def plan_bytes(buffers: list[Buffer]) -> int:
    """The head that TFLM's GreedyMemoryPlanner makes of these buffers.

    It places the largest first, each at the lowest offset that is free while it lives;
    of two equal ones, that which was added last goes first.
    """
    placed: list[tuple[int, Buffer]] = []
    order = sorted(range(len(buffers)), key=lambda i: (-buffers[i].bytes, -i))
    for buffer in (buffers[i] for i in order):
        placed.append((_lowest_offset(buffer, placed), buffer))
    return max((offset + buffer.bytes for offset, buffer in placed), default=0)


def _lowest_offset(buffer: Buffer, placed: list[tuple[int, Buffer]]) -> int:
    offset = 0
    for start, other in sorted(placed, key=lambda entry: entry[0]):
        if other.first > buffer.last or buffer.first > other.last:
            continue
        if start - offset >= buffer.bytes:
            break
        offset = max(offset, start + other.bytes)
    return offset


def reference_scratch(model: Model, op: Op) -> list[int]:
    """Scratch buffers that TFLM's reference kernel of this operator asks for, in bytes."""
    data, output = model.tensors[op.data], model.tensors[op.outputs[0]]
    match op.kind:
        case OpKind.MIRROR_PAD:
            return [4 * len(data.shape)] * 2
        case OpKind.MEAN | OpKind.SUM if data.dtype in _QUANTISED:
            return [4 * output.elements, *_reduction_counters(model, op)]
        case OpKind.MEAN | OpKind.SUM | OpKind.REDUCE_MAX | OpKind.REDUCE_MIN:
            return _reduction_counters(model, op)
        case OpKind.TRANSPOSE_CONV if data.dtype is DType.INT8:
            return [4 * output.elements]
        case OpKind.TRANSPOSE_CONV if data.dtype is DType.INT16:
            return [8 * output.elements]
        case OpKind.SVDF:
            filters = 4 * data.shape[0] * _input(model, op, 1).shape[0]
            return [filters, 4 * output.elements] if data.dtype is DType.INT8 else [filters]
        case OpKind.UNIDIRECTIONAL_SEQUENCE_LSTM:
            return [_input(model, op, _CELL_STATE).bytes] * 4
        case _:
            return []


def _reduction_counters(model: Model, op: Op) -> list[int]:
    return [4 * len(model.tensors[op.data].shape), 4 * _input(model, op, 1).elements]


def cmsis_nn_scratch(device: Microcontroller) -> Scratch:
    """As `reference_scratch`, for TFLM's CMSIS-NN kernels on this core."""
    mve = "mve" in device.features
    dsp = "dsp" in device.features or mve

    def scratch(model: Model, op: Op) -> list[int]:
        return list(_cmsis_nn_sizes(model, op, dsp, mve))

    return scratch


def _cmsis_nn_sizes(model: Model, op: Op, dsp: bool, mve: bool) -> Iterator[int]:
    dtype = model.tensors[op.data].dtype
    if dtype not in _QUANTISED:
        yield from reference_scratch(model, op)
        return
    match op.kind:
        case OpKind.CONV_2D if dtype is DType.INT8:
            yield from _wanted(_conv_s8(model, op, mve))
        case OpKind.CONV_2D:
            yield from _wanted(_conv_s16(model, op, mve))
        case OpKind.DEPTHWISE_CONV_2D if dtype is DType.INT8:
            yield from _wanted(_depthwise_s8(model, op, dsp, mve))
        case OpKind.TRANSPOSE_CONV if dtype is DType.INT8:
            yield from _transpose_conv_s8(model, op, mve)
        case OpKind.FULLY_CONNECTED if dtype is DType.INT8:
            yield from _wanted(_fully_connected_as_convolution(model, op))
        case OpKind.BATCH_MATMUL if dtype is DType.INT8 and mve:
            yield 4 * model.tensors[op.outputs[0]].shape[-1]
        case OpKind.AVERAGE_POOL_2D if dsp and not mve:
            yield 4 * model.tensors[op.data].shape[3]
        case _:
            yield from reference_scratch(model, op)


def _wanted(size: int) -> list[int]:
    """Most kernels ask for no buffer rather than for an empty one."""
    return [size] if size > 0 else []


@dataclass(frozen=True, slots=True)
class _Window:
    """The sizes of a convolution that CMSIS-NN chooses by."""

    height: int  # of the kernel
    width: int
    channels: int
    stride: tuple[int, int]
    dilation: tuple[int, int]
    pad: tuple[int, int]  # before the first row and column
    input: tuple[int, int]
    output: tuple[int, int]


def _window(model: Model, op: Op) -> _Window:
    assert isinstance(op.attrs, Conv2DAttrs)
    _, in_h, in_w, channels = _input(model, op, 0).shape
    _, k_h, k_w, _ = _input(model, op, 1).shape
    _, out_h, out_w, _ = model.tensors[op.outputs[0]].shape
    attrs = op.attrs
    total = (
        (out_h - 1) * attrs.stride[0] + (k_h - 1) * attrs.dilation[0] + 1 - in_h,
        (out_w - 1) * attrs.stride[1] + (k_w - 1) * attrs.dilation[1] + 1 - in_w,
    )
    same = attrs.padding is Padding.SAME
    pad = (max(total[0], 0) // 2, max(total[1], 0) // 2) if same else (0, 0)
    return _Window(
        k_h, k_w, channels, attrs.stride, attrs.dilation, pad, (in_h, in_w), (out_h, out_w)
    )


def _conv_s8(model: Model, op: Op, mve: bool) -> int:
    """arm_convolve_wrapper_s8_get_buffer_size"""
    w = _window(model, op)
    if (w.height, w.width) == (1, 1) and w.pad == (0, 0) and w.dilation == (1, 1):
        return 0
    general = _im2col_s8(w.height * w.width * w.channels, mve)
    row = w.input[0] == 1 and w.height == 1 and w.dilation[1] == 1
    if mve and row and w.stride[1] * w.channels % 4 == 0:
        return _conv_1_x_n_mve(w, general)
    return general


def _im2col_s8(elements: int, mve: bool) -> int:
    """Two columns of int16, or four of int8 in whole vectors."""
    return 4 * -(-elements // 16) * 16 if mve else 2 * 2 * -(-elements // 4) * 4


def _conv_1_x_n_mve(w: _Window, general: int) -> int:
    """arm_convolve_1_x_n_s8_get_buffer_size_mve"""
    step, pad = w.stride[1], w.pad[1]
    # Remainder towards zero, as in C.
    total = (w.output[1] - 1) * step + w.width - w.input[1]
    odd = (abs(total) % 2) * (1 if total >= 0 else -1)
    right = max(1, (pad + odd + step - 1) // step) if pad + odd != 0 else 0
    left = max(1, (pad + step - 1) // step) if pad else 0
    if right + left > w.output[1]:
        return general
    left_elements = (w.width + pad) * w.channels
    right_pad = right if odd else pad
    return max(left_elements, (w.width - 1 + right_pad) * w.channels)


def _conv_s16(model: Model, op: Op, mve: bool) -> int:
    """arm_convolve_wrapper_s16_get_buffer_size; not asked with a 32-bit bias."""
    bias = op.inputs[2] if len(op.inputs) > 2 else None
    if bias is not None and model.tensors[bias].dtype is not DType.INT64:
        return 0
    w = _window(model, op)
    elements = w.height * w.width * w.channels
    return 4 * -(-elements // 8) * 8 * 2 if mve else 2 * elements * 2


def _depthwise_s8(model: Model, op: Op, dsp: bool, mve: bool) -> int:
    """arm_depthwise_conv_wrapper_s8_get_buffer_size"""
    w = _window(model, op)
    outputs = model.tensors[op.outputs[0]].shape[3]
    taps = w.height * w.width
    if mve and w.channels == 1 and outputs > 1:
        # Run as a convolution: its columns, and the weights in another order. TFLM leaves
        # the stride unset when it asks, so the wider of both answers is taken.
        return max(_im2col_s8(taps, mve), 2 * w.width + w.pad[1]) + taps * outputs
    batch = model.tensors[op.outputs[0]].shape[0]
    if w.channels != outputs or batch != 1 or w.dilation != (1, 1):
        return 0
    if mve:
        return 4 * _MVE_CHANNEL_BLOCK * taps
    if not dsp or ((w.height, w.width) == (3, 3) and max(w.pad) <= 1):
        return 0
    return 2 * taps * w.channels


def _transpose_conv_s8(model: Model, op: Op, mve: bool) -> list[int]:
    """arm_transpose_conv_s8_get_buffer_size, and ..._get_reverse_conv_buffer_size"""
    assert isinstance(op.attrs, Conv2DAttrs)
    rows, columns = op.attrs.stride
    _, _, width, channels = model.tensors[op.data].shape
    outputs, k_h, k_w, _ = _input(model, op, 1).shape
    if max(rows, columns) <= 2 and channels > _MANY_CHANNELS:
        elements = channels * k_h * k_w
        return [_im2col_s8(elements, mve), elements * outputs]
    # The width is compared with the stride in height: so does CMSIS-NN.
    row = ((width - 1) * columns + max(k_w, rows)) * outputs
    return [4 * row * max(k_h, rows), 0]


# REVERSE_TCOL_EFFICIENT_THRESHOLD
_MANY_CHANNELS = 16

# CH_IN_BLOCK_MVE
_MVE_CHANNEL_BLOCK = 124


def _rows_and_depth(model: Model, op: Op) -> tuple[int, int]:
    rows, depth = _input(model, op, 1).shape
    return rows, depth


def _runs_as_convolution(model: Model, op: Op) -> bool:
    return len(model.tensors[op.outputs[0]].shape) > 2 and _rows_and_depth(model, op)[1] % 4 == 0


def _fully_connected_as_convolution(model: Model, op: Op) -> int:
    """A 1x1 convolution wants its one multiplier and shift once per row."""
    quant = _input(model, op, 1).quant
    per_channel = quant is not None and len(quant.scale) > 1
    if not _runs_as_convolution(model, op) or per_channel:
        return 0
    return 4 * _rows_and_depth(model, op)[0] * 2


def _kernel_sums(model: Model, device: Microcontroller) -> int:
    """With MVE, fully connected layers and SVDF keep one int32 sum of weights per row."""
    if "mve" not in device.features:
        return 0
    svdf = (_input(model, op, 1).shape[0] for op in model.ops if op.kind is OpKind.SVDF)
    return sum(_aligned(4 * rows) for rows in svdf) + sum(
        _aligned(4 * _rows_and_depth(model, op)[0])
        for op in model.ops
        if op.kind is OpKind.FULLY_CONNECTED
        and model.tensors[op.outputs[0]].dtype is DType.INT8
        and not _runs_as_convolution(model, op)
    )


def _input(model: Model, op: Op, position: int) -> Tensor:
    index = op.inputs[position]
    assert index is not None
    return model.tensors[index]


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT
