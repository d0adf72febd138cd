"""One module per operator: what its runtime kernels take and how it is lowered to them."""

from __future__ import annotations

from edgegen.engines.aot.kernels import Kernel
from edgegen.engines.aot.ops import (
    arg_extremum,
    binary,
    concatenation,
    conv,
    conv_dsp,
    conv_mve,
    copy,
    depthwise_dsp,
    fully_connected,
    fully_connected_dsp,
    fully_connected_mve,
    functions,
    mean,
    pad,
    pairs,
    pool_2d,
    quantize,
    reshape,
    resize_bilinear,
    row_norm,
    softmax,
    split,
    transpose_conv,
    unary,
)

KERNELS: tuple[Kernel, ...] = (
    *arg_extremum.KERNELS,
    *binary.KERNELS,
    *concatenation.KERNELS,
    *conv_mve.KERNELS,
    *conv_dsp.KERNELS,
    *depthwise_dsp.KERNELS,
    *conv.KERNELS,
    *copy.KERNELS,
    *fully_connected_mve.KERNELS,
    *fully_connected_dsp.KERNELS,
    *fully_connected.KERNELS,
    *functions.KERNELS,
    *mean.KERNELS,
    *pad.KERNELS,
    *pairs.KERNELS,
    *pool_2d.KERNELS,
    *quantize.KERNELS,
    *reshape.KERNELS,
    *resize_bilinear.KERNELS,
    *row_norm.KERNELS,
    *softmax.KERNELS,
    *split.KERNELS,
    *transpose_conv.KERNELS,
    *unary.KERNELS,
)
"""Every kernel; among those for one operator and element type, the first that takes it wins."""
