"""Removes channels that cannot change the result, without changing it.

Training leaves convolutions with filters of nothing but zeros: their channel has the same
value at every pixel of every image. What it adds to the next layer is then a constant too,
and goes into that layer's bias, modulo 2^32 as the sums themselves. A channel that only such
filters read goes as well. What stays is computed as before, bit for bit.

At the border of a padded convolution a constant channel adds less than inside, unless the
constant stands for real 0, as the padding does: such a channel is kept. That costs the reference
models nothing: in vww_mobilenet there are 153, and the layers behind have no weights for them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from edgegen.engines.aot.fixed_point import (
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    quantized_range,
    wrap_int32,
)
from edgegen.engines.aot.ops.common import (
    attrs_of,
    constant,
    input_index,
    input_tensor,
    optional_input,
    output_tensor,
)
from edgegen.model import (
    Activation,
    Conv2DAttrs,
    DType,
    Model,
    Op,
    OpKind,
    Pool2DAttrs,
    Quant,
    Tensor,
)

_GROUP = 4
"""Channels that fast kernels compute together: a remainder costs as much as a whole group."""

_POOLS = (OpKind.AVERAGE_POOL_2D, OpKind.MAX_POOL_2D)
_RESHAPES = (OpKind.RESHAPE, OpKind.SQUEEZE, OpKind.EXPAND_DIMS)

_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Trimmed:
    """A model without dead channels.

    Attributes:
        channels: For every tensor that lost some: the indices, along its last dimension, of
            those that it still has.
    """

    model: Model
    channels: Mapping[int, tuple[int, ...]]


def remove_dead_channels(model: Model) -> Trimmed:
    """The same function with fewer channels; the model itself where nothing is dead."""
    constants = _constant_channels(model)
    kept = {
        tensor: channels
        for tensor, channels in _channels_to_keep(model, constants).items()
        if len(channels) < model.tensors[tensor].shape[-1]
    }
    if not kept:
        return Trimmed(model, {})
    shrunk = {tensor: tuple(channels.tolist()) for tensor, channels in kept.items()}
    return Trimmed(_rewrite(model, constants, kept), shrunk)


# ---- which channels are constant ----------------------------------------------------------------


def _constant_channels(model: Model) -> dict[int, dict[int, int]]:
    """Tensor -> channel -> the one value that it has at every pixel of every image."""
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for op in model.ops:
        data = found.get(op.inputs[0], {}) if op.inputs and op.inputs[0] is not None else {}
        if _is_convolution(model, op):
            found[op.outputs[0]] = _of_convolution(model, op, data)
        elif _keeps_channels(model, op):
            found[op.outputs[0]] = dict(data)
    return found


def _is_convolution(model: Model, op: Op) -> bool:
    """An int8 convolution; a depthwise one with one filter per channel."""
    if op.kind not in (OpKind.CONV_2D, OpKind.DEPTHWISE_CONV_2D):
        return False
    if output_tensor(model, op).dtype is not DType.INT8:
        return False
    depths = input_tensor(model, op).shape[-1], output_tensor(model, op).shape[-1]
    return op.kind is OpKind.CONV_2D or depths[0] == depths[1]


def _keeps_channels(model: Model, op: Op) -> bool:
    """Whether each output channel comes from the input channel of the same number alone, and
    a constant one keeps its value."""
    if op.kind in _POOLS:
        data, output = input_tensor(model, op), output_tensor(model, op)
        unclamped = attrs_of(op, Pool2DAttrs).activation is Activation.NONE
        return data.dtype is DType.INT8 and unclamped and data.quant == output.quant
    if op.kind in _RESHAPES:
        data, output = input_tensor(model, op), output_tensor(model, op)
        return bool(data.shape and output.shape) and data.shape[-1] == output.shape[-1]
    return False


def _of_convolution(model: Model, op: Op, data: Mapping[int, int]) -> dict[int, int]:
    filters = _filters(model, op)
    variable = [c for c in range(filters.shape[-1]) if not _folds(model, op, data, c)]
    if op.kind is OpKind.DEPTHWISE_CONV_2D:
        reads = np.asarray(filters.any(axis=(0, 1)))
        alive = reads & np.isin(np.arange(filters.shape[-1]), variable)
        offsets = np.diag(_contribution(model, op, data))
    else:
        alive = np.asarray(filters[..., variable].any(axis=(1, 2, 3)))
        offsets = _contribution(model, op, data).sum(axis=1)
    sums = _bias(model, op) + offsets
    return {
        int(channel): _requantized(model, op, int(channel), int(sums[channel]))
        for channel in np.flatnonzero(~alive)
    }


def _filters(model: Model, op: Op) -> _Ints:
    """CONV_2D: [output][row][column][input]. DEPTHWISE_CONV_2D: [row][column][channel]."""
    weights = constant(input_tensor(model, op, 1)).astype(np.int64)
    return weights[0] if op.kind is OpKind.DEPTHWISE_CONV_2D else weights


def _folds(model: Model, op: Op, data: Mapping[int, int], channel: int) -> bool:
    """Whether an input channel adds the same to every pixel."""
    if channel not in data:
        return False
    return data[channel] == input_tensor(model, op).zero_point or not _is_padded(model, op)


def _contribution(model: Model, op: Op, data: Mapping[int, int]) -> _Ints:
    """[output][input]: what constant input channels add to each sum, elsewhere 0."""
    zero_point = input_tensor(model, op).zero_point
    taps = _tap_sums(model, op)
    values = np.zeros(taps.shape[1], np.int64)
    for channel, value in data.items():
        values[channel] = value - zero_point
    return taps * values


def _tap_sums(model: Model, op: Op) -> _Ints:
    """[output][input]: weights summed over the filter's rows and columns."""
    if op.kind is OpKind.FULLY_CONNECTED:
        return constant(input_tensor(model, op, 1)).astype(np.int64)
    filters = _filters(model, op)
    if op.kind is OpKind.DEPTHWISE_CONV_2D:
        diagonal: _Ints = np.diag(filters.sum(axis=(0, 1)))
        return diagonal
    summed: _Ints = filters.sum(axis=(1, 2))
    return summed


def _is_padded(model: Model, op: Op) -> bool:
    """Whether some tap of some pixel falls outside the image."""
    if op.kind is OpKind.FULLY_CONNECTED:
        return False
    attrs = attrs_of(op, Conv2DAttrs)
    size = input_tensor(model, op, 1).shape[1:3]
    extent = input_tensor(model, op).shape[1:3]
    positions = output_tensor(model, op).shape[1:3]
    return any(
        (positions[k] - 1) * attrs.stride[k] + (size[k] - 1) * attrs.dilation[k] + 1 > extent[k]
        for k in (0, 1)
    )


def _bias(model: Model, op: Op) -> _Ints:
    bias = optional_input(model, op, 2)
    if bias is None:
        return np.zeros(output_tensor(model, op).shape[-1], np.int64)
    return constant(bias).astype(np.int64)


def _requantized(model: Model, op: Op, channel: int, total: int) -> int:
    """The code that a convolution's sum becomes."""
    data, output = input_tensor(model, op), output_tensor(model, op)
    quant = input_tensor(model, op, 1).quant
    assert quant is not None
    scale = quant.scale[channel if len(quant.scale) > 1 else 0]
    multiplier, shift = quantize_multiplier(data.scale * scale / output.scale)
    wrapped = int(wrap_int32(np.array([total], np.int64))[0])
    code = multiply_by_quantized_multiplier(wrapped, multiplier, shift) + output.zero_point
    low, high = quantized_range(attrs_of(op, Conv2DAttrs).activation, output)
    return max(low, min(high, code))


# ---- which channels stay ------------------------------------------------------------------------


def _channels_to_keep(model: Model, constants: Mapping[int, dict[int, int]]) -> dict[int, _Ints]:
    """Tensor -> indices of the channels that stay, for every tensor that could lose some."""
    readers: dict[int, list[Op]] = defaultdict(list)
    for op in model.ops:
        for tensor in {t for t in op.inputs if t is not None}:
            readers[tensor].append(op)
    kept: dict[int, set[int]] = {}
    for op in reversed(model.ops):
        tensor = op.outputs[0]
        if tensor in model.outputs or not (
            _is_convolution(model, op) or _keeps_channels(model, op)
        ):
            continue
        known = constants.get(tensor, {})
        needed: set[int] = set().union(
            *(_needed_by(model, reader, tensor, known, kept) for reader in readers[tensor])
        )
        # Rounded up here, so that what fills a group has all its own inputs too.
        rounds = op.kind is OpKind.CONV_2D
        kept[tensor] = _rounded_up(needed, model.tensors[tensor].shape[-1]) if rounds else needed
    for op in model.ops:
        _settle(model, op, kept)
    return {tensor: np.array(sorted(channels), np.int64) for tensor, channels in kept.items()}


def _needed_by(
    model: Model,
    reader: Op,
    tensor: int,
    known: Mapping[int, int],
    kept: Mapping[int, set[int]],
) -> set[int]:
    """Channels of its input without which a reader's kept outputs would change."""
    every = set(range(model.tensors[tensor].shape[-1]))
    output = reader.outputs[0]
    if [i for i, t in enumerate(reader.inputs) if t == tensor] != [0]:
        return every
    if output in kept and reader.kind is not OpKind.CONV_2D:
        return kept[output]  # a depthwise convolution, a pool, a reshape: channel by channel
    if reader.kind not in (OpKind.CONV_2D, OpKind.FULLY_CONNECTED) or not _is_int8(model, reader):
        return every
    weights = constant(input_tensor(model, reader, 1))
    if weights.shape[-1] != len(every):
        return every  # a fully connected layer that flattens an image
    rows = weights[sorted(kept[output])] if output in kept else weights
    used = np.flatnonzero(rows.any(axis=tuple(range(rows.ndim - 1))))
    return {int(c) for c in used if not _goes_into_bias(model, reader, known, int(c))}


def _goes_into_bias(model: Model, reader: Op, known: Mapping[int, int], channel: int) -> bool:
    if not _folds(model, reader, known, channel):
        return False
    # TFLM derives the scale of a fully connected layer otherwise when it has a bias.
    has_bias = optional_input(model, reader, 2) is not None
    adds_nothing = known[channel] == input_tensor(model, reader).zero_point
    return has_bias or adds_nothing or reader.kind is OpKind.CONV_2D


def _is_int8(model: Model, op: Op) -> bool:
    return input_tensor(model, op).dtype is output_tensor(model, op).dtype is DType.INT8


def _rounded_up(needed: set[int], channels: int) -> set[int]:
    """Whole groups, at least one, as far as there are channels."""
    missing = -len(needed) % _GROUP or (_GROUP if not needed else 0)
    return needed | set([c for c in range(channels) if c not in needed][:missing])


def _settle(model: Model, op: Op, kept: dict[int, set[int]]) -> None:
    """What works channel by channel has those of its input."""
    output = op.outputs[0]
    if output in kept and op.kind is not OpKind.CONV_2D:
        channels = range(model.tensors[output].shape[-1])
        kept[output] = set(kept.get(input_index(op), channels))


# ---- the smaller model --------------------------------------------------------------------------


def _rewrite(
    model: Model, constants: Mapping[int, dict[int, int]], kept: Mapping[int, _Ints]
) -> Model:
    tensors = list(model.tensors)
    for tensor, channels in kept.items():
        shape = (*tensors[tensor].shape[:-1], len(channels))
        tensors[tensor] = replace(tensors[tensor], shape=shape)

    def add(tensor: Tensor) -> int:
        tensors.append(tensor)
        return len(tensors) - 1

    ops = []
    for op in model.ops:
        if _loses_weights(op, kept):
            weights, bias = _smaller_constants(model, op, constants, kept)
            inputs = (op.inputs[0], add(weights), add(bias) if bias is not None else None)
            op = replace(op, inputs=inputs)
        ops.append(op)
    return replace(model, tensors=tuple(tensors), ops=tuple(ops))


def _loses_weights(op: Op, kept: Mapping[int, _Ints]) -> bool:
    weighted = (OpKind.CONV_2D, OpKind.DEPTHWISE_CONV_2D, OpKind.FULLY_CONNECTED)
    return op.kind in weighted and (op.inputs[0] in kept or op.outputs[0] in kept)


def _smaller_constants(
    model: Model, op: Op, constants: Mapping[int, dict[int, int]], kept: Mapping[int, _Ints]
) -> tuple[Tensor, Tensor | None]:
    """Weights and bias of the channels that stay; what the others added is in the bias."""
    data, weights = input_index(op), input_tensor(model, op, 1)
    inputs = kept.get(data, np.arange(weights.shape[-1]))
    outputs = kept.get(op.outputs[0], np.arange(output_tensor(model, op).shape[-1]))
    values = constant(weights)
    if op.kind is OpKind.DEPTHWISE_CONV_2D:
        values, axis = values[..., outputs], len(values.shape) - 1
    else:
        values, axis = values[outputs][..., inputs], 0
    smaller = replace(
        weights, shape=values.shape, quant=_quant_of(weights.quant, outputs, axis), data=values
    )
    gone = {c: v for c, v in constants.get(data, {}).items() if c not in set(inputs.tolist())}
    added = _contribution(model, op, gone).sum(axis=1)[outputs]
    bias = optional_input(model, op, 2)
    if bias is None and not added.any():
        return smaller, None
    total = wrap_int32(_bias(model, op)[outputs] + added)
    quant = _quant_of(bias.quant, outputs, 0) if bias is not None else None
    return smaller, Tensor("bias", DType.INT32, total.shape, quant, total)


def _quant_of(quant: Quant | None, channels: _Ints, axis: int) -> Quant | None:
    """Scales and zero points of some channels; one of all stays as it is."""
    if quant is None or len(quant.scale) == 1:
        return quant
    return Quant(
        tuple(quant.scale[c] for c in channels),
        tuple(quant.zero_point[c] for c in channels),
        axis,
    )
