"""What the vector kernels of hosts have in common: edgegen/nn/simd, packed and proved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgegen.engines.aot.fixed_point import quantize_multipliers, quantized_range
from edgegen.engines.aot.ops.matmul_mve import constant_steps
from edgegen.engines.aot.program import Constant, Field, Ref
from edgegen.model import Activation, Tensor

_Int64 = npt.NDArray[np.int64]

_SUM_LIMIT = 1 << 30
_LARGEST_INPUT = 255
"""In magnitude, however inputs are prepared."""


@dataclass(frozen=True, slots=True)
class Isa:
    """An instruction set, as its header in edgegen/nn/simd/isa describes it.

    Attributes:
        name: Of the feature that a device has, and what its functions end with.
        lanes: EG_V_LANES.
        group: EG_V_GROUP.
        input_bytes: Of a prepared input.
        added: To every input when it is prepared.
        lowest_weight: Its products are exact from there on.
        most_shift: Of the rescaling that rounds once.
        common_shift: Where all lanes are shifted alike, by how much: sums are multiplied by powers
            of two before.
    """

    name: str
    lanes: int
    group: int
    input_bytes: int
    added: int = 0
    lowest_weight: int = -128
    most_shift: int = 24
    common_shift: int | None = None

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({self.name})

    def source(self, kernel: str) -> str:
        return f"nn/simd/{self.name}/{kernel}.c"


VNNI = Isa("vnni", lanes=8, group=4, input_bytes=1, added=128)
AVX2 = Isa("avx2", lanes=8, group=2, input_bytes=2)
DOTPROD = Isa("dotprod", lanes=4, group=4, input_bytes=1)
NEON = Isa("neon", lanes=4, group=4, input_bytes=1, lowest_weight=-127)
WASM = Isa("wasm", lanes=4, group=2, input_bytes=2, most_shift=15, common_shift=17)
ISAS = (VNNI, AVX2, DOTPROD, NEON, WASM)
"""Where a machine has several, the first one's kernels are faster."""


@dataclass(frozen=True, slots=True)
class Requantisation:
    """How sums become outputs.

    Attributes:
        bias: Of every channel, such that a sum of prepared inputs is taken.
        multiplier: Q31.
        shift: To the right, in 0..31.
        low, high: What the output is clamped to.
        ties_upwards: Whether ties of negative numbers do not show.
        lane_by_lane: Whether some channel needs a shift that vectors don't have.
    """

    bias: npt.NDArray[np.int32]
    multiplier: npt.NDArray[np.int32]
    shift: npt.NDArray[np.int32]
    zero_point: int
    low: int
    high: int
    ties_upwards: bool
    lane_by_lane: bool

    def fields(self) -> tuple[tuple[str, Field], ...]:
        """The initialisers of an ``eg_output_simd`` member named ``output``."""
        return (
            ("output.bias", Ref("bias")),
            ("output.multiplier", Ref("multiplier")),
            ("output.shift", Ref("shift")),
            ("output.zero_point", self.zero_point),
            ("output.activation_min", self.low),
            ("output.activation_max", self.high),
            ("output.ties_upwards", int(self.ties_upwards)),
            ("output.lane_by_lane", int(self.lane_by_lane)),
        )

    def constants(self, isa: Isa) -> tuple[Constant, ...]:
        """And what they point to: at least a vector each."""
        missing = max(isa.lanes - len(self.bias), 0)
        return tuple(
            Constant(role, np.pad(values, (0, missing)))
            for role, values in (
                ("bias", self.bias),
                ("multiplier", self.multiplier),
                ("shift", self.shift),
            )
        )


def requantisation(
    isa: Isa,
    bias: _Int64,
    weights: _Int64,
    input_zero_point: int,
    real_multipliers: list[float],
    activation: Activation,
    output: Tensor,
) -> Requantisation | str:
    """The parameters, or why the kernels would not be exact.

    Args:
        bias: Of every channel, as the model has it.
        weights: [channels][inputs].
        real_multipliers: One for all channels or one for each.
    """
    if weights.min(initial=0) < isa.lowest_weight:
        return f"it has weights below {isa.lowest_weight}."
    multiplier, left = (
        np.broadcast_to(values, len(bias)).astype(np.int64)
        for values in quantize_multipliers(real_multipliers)
    )
    # A multiplier of 0 gives 0 whatever the shift is.
    left = np.where(multiplier == 0, -1, left)
    bias = bias.copy()
    for channel in np.flatnonzero((weights == 0).all(axis=1)):
        # The output is the same always: 4 steps, times 1/2, shifted by 1.
        step = constant_steps(bias[channel], multiplier[channel], left[channel], output.zero_point)
        bias[channel], multiplier[channel], left[channel] = 4 * step, 1 << 30, -1
    prepared_bias = bias - (input_zero_point + isa.added) * weights.sum(axis=1)
    most = np.abs(prepared_bias) + _LARGEST_INPUT * np.abs(weights).sum(axis=1)
    if (most >= _SUM_LIMIT).any():
        return "its sums may reach 2^30."
    if (left > 0).any():
        return "one of its multipliers is 1 or more."
    shift = (-left).astype(np.int32)
    low, high = quantized_range(activation, output)
    hidden = low >= output.zero_point and shift.min() >= 1 and shift.max() <= isa.most_shift
    if hidden and isa.common_shift is not None:
        hidden = bool((most << (isa.common_shift - shift) < 1 << 31).all())
    return Requantisation(
        prepared_bias.astype(np.int32),
        multiplier.astype(np.int32),
        shift,
        output.zero_point,
        low,
        high,
        bool(hidden),
        isa.common_shift is not None and bool((shift > isa.common_shift).any()),
    )


def blocks(isa: Isa, channels: int) -> Iterator[tuple[int, int]]:
    """First channel and number of channels of every block, as in edgegen/nn/simd/conv_2d.h."""
    done = 0
    while done < channels:
        two = 2 * isa.lanes
        width = two if channels - done > isa.lanes and channels >= two else isa.lanes
        yield min(done, max(channels - width, 0)), width
        done += width


def pack(isa: Isa, weights: _Int64) -> npt.NDArray[np.int8]:
    """The weights of convolutions.

    Args:
        weights: [channels][runs][inputs of a run]; the inputs of a run lie together.
    """
    channels, runs, inputs = weights.shape
    missing = max(isa.lanes - channels, 0), -inputs % isa.group
    filled = np.pad(weights, ((0, missing[0]), (0, 0), (0, missing[1]))).astype(np.int8)
    groups = filled.reshape(len(filled), runs, -1, isa.group).transpose(1, 2, 0, 3)
    return np.concatenate(
        [groups[:, :, first : first + width].reshape(-1) for first, width in blocks(isa, channels)]
    )
