"""How a filter moves over an image: what convolutions and pools share."""

from __future__ import annotations

from edgegen.model import Conv2DAttrs, Pool2DAttrs, Tensor

_Pair = tuple[int, int]


def window_fields(
    data: Tensor, output: Tensor, size: _Pair, attrs: Conv2DAttrs | Pool2DAttrs
) -> tuple[tuple[str, int], ...]:
    """The initialisers of an ``eg_window_2d`` member named ``window``.

    Args:
        size: Height and width of the filter.
    """
    batches, *extent, depth = data.shape
    _, *positions, output_depth = output.shape
    dilation = attrs.dilation if isinstance(attrs, Conv2DAttrs) else (1, 1)
    pads = [
        _padding_before(extent[k], positions[k], size[k], attrs.stride[k], dilation[k])
        for k in (0, 1)
    ]
    values = {
        "batches": batches,
        "input_height": extent[0],
        "input_width": extent[1],
        "input_depth": depth,
        "output_height": positions[0],
        "output_width": positions[1],
        "output_depth": output_depth,
        "filter_height": size[0],
        "filter_width": size[1],
        "stride_height": attrs.stride[0],
        "stride_width": attrs.stride[1],
        "dilation_height": dilation[0],
        "dilation_width": dilation[1],
        "pad_top": pads[0],
        "pad_left": pads[1],
    }
    return tuple((f"window.{name}", value) for name, value in values.items())


def _padding_before(extent: int, positions: int, size: int, stride: int, dilation: int) -> int:
    """Rows or columns missing before the image; an odd one more is missing behind it.

    With VALID padding nothing is missing, and this gives 0.
    """
    span = (positions - 1) * stride + (size - 1) * dilation + 1
    return max(span - extent, 0) // 2
