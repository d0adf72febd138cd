"""What the float vector kernels have in common: edgegen/nn/simd, packed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgegen.engines.aot.program import Constant

_Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Isa:
    """An instruction set, as edgegen/nn/simd/isa/f32_<name>.h describes it.

    Attributes:
        name: Of the feature that a device has, and what its functions end with.
        lanes: EG_F_LANES.
    """

    name: str
    lanes: int

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({self.name})

    def source(self, kernel: str) -> str:
        return f"nn/simd/{self.name}/{kernel}_f32.c"


AVX2 = Isa("avx2", lanes=8)
NEON = Isa("neon", lanes=4)
WASM = Isa("wasm", lanes=4)
ISAS = (AVX2, NEON, WASM)


def vectors_of(positions: int) -> int:
    """In the largest blocks of a layer whose rows have so many positions.

    Several positions share what is loaded of the weights. A single one has sums enough to hide what
    an addition takes only with many vectors.
    """
    return 8 if positions == 1 else 2


def blocks(isa: Isa, vectors: int, channels: int) -> Iterator[tuple[int, int]]:
    """First channel and number of channels of every block, as in edgegen/nn/simd/conv_2d_f32.h."""
    done = 0
    while done < channels:
        width = vectors * isa.lanes
        while width > isa.lanes and (channels < width or channels - done <= width // 2):
            width //= 2
        yield min(done, max(channels - width, 0)), width
        done += width


def pack(isa: Isa, vectors: int, weights: _Float32) -> _Float32:
    """The weights of convolutions.

    Args:
        weights: [channels][runs][inputs of a run]; the inputs of a run lie together.
    """
    channels = len(weights)
    filled = np.pad(weights, ((0, max(isa.lanes - channels, 0)), (0, 0), (0, 0)))
    inputs_first = filled.transpose(1, 2, 0)
    return np.concatenate(
        [
            inputs_first[:, :, first : first + width].reshape(-1)
            for first, width in blocks(isa, vectors, channels)
        ]
    )


def bias_constant(isa: Isa, bias: _Float32) -> Constant:
    """At least a vector of them."""
    return Constant("bias", np.pad(bias, (0, max(isa.lanes - len(bias), 0))))
