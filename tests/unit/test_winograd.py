"""What edgegen/nn/dsp/winograd.h says of its matrices."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import numpy.typing as npt

HEADER = (
    Path(__file__).resolve().parents[2] / "runtime_c" / "include" / "edgegen" / "nn" / "dsp"
) / "winograd.h"

Matrix = npt.NDArray[np.int64]


def _matrices() -> tuple[Matrix, Matrix, Matrix]:
    """B, G and A, as the header's comment shows them beside each other."""
    rows = [re.findall(r"\(([-\d ]+)\)", line) for line in HEADER.read_text().splitlines()]
    found = [
        [[int(k) for k in text.split()] for text in texts] for texts in rows if texts and texts[0]
    ]
    lines = [line for line in found if len(line[0]) == 6]
    b = np.array([line[0] for line in lines])
    g = np.array([line[1] for line in lines])
    a = np.array([line[2] for line in lines if len(line) == 3])
    return b, g, a


def test_the_product_is_576_times_the_convolution() -> None:
    b, g, a = _matrices()
    assert (b.shape, g.shape, a.shape) == ((6, 6), (6, 3), (4, 6))
    random = np.random.default_rng(0)
    d, w = random.integers(0, 256, (6, 6)), random.integers(-128, 128, (3, 3))
    found = a @ ((g @ w @ g.T) * (b @ d @ b.T)) @ a.T
    windows = np.lib.stride_tricks.sliding_window_view(d, (3, 3))
    assert np.array_equal(found, 576 * np.einsum("yxij,ij->yx", windows, w))


def test_a_constant_at_1_1_is_added_to_all_outputs() -> None:
    _, _, a = _matrices()
    m = np.zeros((6, 6), np.int64)
    m[1, 1] = 7
    assert (a @ m @ a.T == 7).all()


def test_transformed_weights_and_inputs_are_int16() -> None:
    b, g, _ = _matrices()
    of_weights = np.abs(np.einsum("ik,jl->ijkl", g, g)).sum(axis=(2, 3)) * 128
    assert of_weights.max() == 144 * 128 < 1 << 15
    products = np.einsum("ik,jl->ijkl", b, b)
    ends = [255 * np.abs(np.clip(products, *sign)).sum(axis=(2, 3)) for sign in ((0, 99), (-99, 0))]
    assert np.max(ends) == 68 * 255 < 1 << 15
