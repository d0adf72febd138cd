"""Golden vectors: deterministic inputs and what the reference computes from them."""

from __future__ import annotations

import math
import sys
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgegen import preprocessing, reference
from edgegen.errors import UsageError
from edgegen.inputs import Input
from edgegen.model import DType, Model, OpKind
from edgegen.preprocessing import Preprocessor

Array = npt.NDArray[np.generic]

# Numerical Recipes' 32-bit linear congruential generator.
_MULTIPLIER = 1664525
_INCREMENT = 1013904223

FLOAT_TOLERANCE = 1e-5

# Of ONNX: its runtimes fuse operators and sum in orders of their own.
ONNX_TOLERANCE = 1e-4

SOURCE_SEEDS = (1, 2)


@dataclass(frozen=True, slots=True)
class Vector:
    """One golden vector.

    Attributes:
        seed: Makes the inputs; see `make_inputs`.
        outputs: The expected outputs, in the model's order.
        activation_crc32: (tensor index, CRC32 of its little-endian bytes in C order) of
            every operator's integer output that no float arithmetic comes before, in
            execution order; empty for float models. Of the channels that `make` was asked
            for, where an engine leaves the others out.
    """

    seed: int
    outputs: tuple[Array, ...]
    activation_crc32: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Source:
    """What the preprocessing makes of one seed's raw bytes.

    Attributes:
        tensor: Which of the model's inputs.
        seed: Makes the raw bytes; see `make_raw`.
        crc32: Of the tensor's little-endian bytes in C order.
    """

    tensor: int
    seed: int
    crc32: int


@dataclass(frozen=True, slots=True)
class Golden:
    """The proof that travels with a project.

    Attributes:
        vectors: In order of their seeds, 1 and up.
        tolerance: 0.0 when integers must match bit for bit. Otherwise the largest
            |got - expected| allowed for a float output, as a fraction of the largest
            |expected| of that output in that vector.
        reference: Interpreter and version that computed the outputs.
        sources: Of every described input in the model's order, one for each of `SOURCE_SEEDS`.
    """

    vectors: tuple[Vector, ...]
    tolerance: float
    reference: str
    sources: tuple[Source, ...] = ()


def make(
    model: Model,
    count: int = 4,
    channels: Mapping[int, Sequence[int]] | None = None,
    inputs: Sequence[Input] = (),
) -> Golden:
    """Runs the reference on ``count`` input vectors, in order, once initialised: as the self-test
    does, so that a model which keeps a state has the same one. Raises as `reference.run` does.

    Args:
        channels: For tensors of which an engine computes only some channels, their indices
            along the last dimension: the checksums are of these alone.
        inputs: Descriptions of inputs that are made from raw bytes.
    """
    seeds = range(1, count + 1)
    result = reference.run(
        model, [make_inputs(model, seed) for seed in seeds], every_activation=True
    )
    exact = _exact_tensors(model)
    vectors = tuple(
        Vector(seed, outputs, _checksums(activations, exact, channels or {}))
        for seed, outputs, activations in zip(
            seeds, result.outputs, result.activations, strict=True
        )
    )
    return Golden(vectors, _tolerance(model), result.name, make_sources(model, inputs))


def make_sources(model: Model, inputs: Sequence[Input]) -> tuple[Source, ...]:
    """Runs the preprocessing on raw bytes of every one of `SOURCE_SEEDS`.

    Raises:
        UsageError: A description does not fit the model.
    """
    sources = []
    for description in preprocessing.resolve(model, inputs):
        made = preprocessing.prepare(model, description)
        for seed in SOURCE_SEEDS:
            tensor = made.run(make_raw(made, seed))
            sources.append(Source(description.tensor, seed, zlib.crc32(_little_endian(tensor))))
    return tuple(sources)


def make_raw(preprocessor: Preprocessor, seed: int) -> Array:
    """What a camera or a microphone might give, from the generator started at ``seed``: bytes
    are the top 8 bits of its values, samples the top 16."""
    words = _generator(seed, math.prod(preprocessor.raw_shape))
    dtype = DType(preprocessor.raw_dtype.name)
    return _elements(words, dtype).reshape(preprocessor.raw_shape)


def make_inputs(model: Model, seed: int) -> list[Array]:
    """One array per model input, all from one run of the generator started at ``seed``.

    x = x * 1664525 + 1013904223 (mod 2^32) before each element; int8 and uint8 take the
    top 8 bits of x, int16 the top 16, int32 all, bool the top one, and float32 the top 24
    as a signed fraction in [-1, 1).
    """
    tensors = [model.tensors[index] for index in model.inputs]
    return make_arrays([(tensor.dtype, tensor.shape) for tensor in tensors], seed)


def make_arrays(tensors: Sequence[tuple[DType, Sequence[int]]], seed: int) -> list[Array]:
    """`make_inputs` of a model whose inputs have these types and shapes."""
    stream = _generator(seed, sum(math.prod(shape) for _, shape in tensors))
    arrays: list[Array] = []
    start = 0
    for dtype, shape in tensors:
        words = stream[start : start + math.prod(shape)]
        arrays.append(_elements(words, dtype).reshape(shape))
        start += words.size
    return arrays


def _generator(seed: int, count: int) -> npt.NDArray[np.uint32]:
    """The first ``count`` values after ``seed``, by the closed form of the recurrence:
    x[n] = a^n * seed + c * (a^(n-1) + ... + 1), modulo 2^32."""
    factors = np.full(count, _MULTIPLIER, np.uint32)
    powers: npt.NDArray[np.uint32] = np.multiply.accumulate(factors, dtype=np.uint32)
    lower = np.ones(count, np.uint32)
    lower[1:] = powers[:-1]
    sums: npt.NDArray[np.uint32] = np.add.accumulate(lower, dtype=np.uint32)
    return powers * np.uint32(seed) + np.uint32(_INCREMENT) * sums


def _elements(words: npt.NDArray[np.uint32], dtype: DType) -> Array:
    signed = words.view(np.int32)
    match dtype:
        case DType.INT8:
            return (signed >> 24).astype(np.int8)
        case DType.UINT8:
            return (words >> 24).astype(np.uint8)
        case DType.INT16:
            return (signed >> 16).astype(np.int16)
        case DType.INT32:
            return signed
        case DType.BOOL:
            return (words >> 31).astype(np.bool_)
        case DType.FLOAT32:
            return (signed >> 8).astype(np.float32) * np.float32(2.0**-23)
        case _:
            raise UsageError(
                f"no golden vectors for inputs of type {dtype.value}.",
                fix="Convert the model with float32, int8 or int16 inputs.",
            )


def _checksums(
    activations: dict[int, Array], exact: set[int], channels: Mapping[int, Sequence[int]]
) -> tuple[tuple[int, int], ...]:
    return tuple(
        (index, zlib.crc32(_little_endian(_some(value, channels.get(index)))))
        for index, value in activations.items()
        if index in exact
    )


def _some(value: Array, channels: Sequence[int] | None) -> Array:
    return value if channels is None else value[..., list(channels)]


def _exact_tensors(model: Model) -> set[int]:
    """Integer activations that must match bit for bit: float sums may differ in their
    last bit between processors, and with them whatever is quantised from them."""
    inexact: set[int] = set()
    exact: set[int] = set()
    for op in model.ops:
        is_float = any(model.tensors[t].dtype is DType.FLOAT32 for t in op.outputs)
        if inexact.intersection(op.inputs) or (is_float and op.kind is not OpKind.DEQUANTIZE):
            inexact.update(op.outputs)
        elif not is_float:
            exact.update(op.outputs)
    return exact


def _little_endian(value: Array) -> bytes:
    if sys.byteorder == "big":
        value = value.byteswap()
    return value.tobytes()


def _tolerance(model: Model) -> float:
    has_float = any(model.tensors[t].dtype is DType.FLOAT32 for t in model.outputs)
    if not has_float:
        return 0.0
    return FLOAT_TOLERANCE if model.foreign is None else ONNX_TOLERANCE
