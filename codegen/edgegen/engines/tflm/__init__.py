"""The `tflm` engine: TensorFlow Lite Micro, in C++17, with this model's operators alone.

Upstream code is not copied: the generated CMake project fetches it, pinned by commit.
"""

from __future__ import annotations

from edgegen.engines.tflm.engine import TflmEngine

__all__ = ["TflmEngine"]
