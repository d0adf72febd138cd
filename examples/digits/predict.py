"""Reads the test digits as a camera shows them: frame -> tensor -> class, in Python.

    python examples/digits/predict.py

The same C makes the tensors here and in firmware/, described by input.toml; a test sends these
frames through the emulated Cortex-M4 and expects the same tensors and outputs, to the byte.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgegen import config, frontends, reference
from edgegen.model import Model
from edgegen.preprocessing import prepare

HERE = Path(__file__).resolve().parent
MAGNIFIED = 6
"""Pixels of a frame for one of a digit, both ways."""

MARGIN = 8
"""Columns left and right of the digit: the table that it lies on."""

Bytes = npt.NDArray[np.uint8]
Int8s = npt.NDArray[np.int8]


def frames() -> Bytes:
    """(200, 48, 64): the 8 x 8 test images magnified, on a table that gets brighter downwards."""
    images = np.load(HERE / "images.npy")[..., 0]
    levels = (images.astype(np.int16) + 128).astype(np.uint8)
    digits = levels.repeat(MAGNIFIED, axis=1).repeat(MAGNIFIED, axis=2)
    shade = np.arange(digits.shape[1], dtype=np.uint8)[:, np.newaxis] * np.uint8(5)
    table = np.broadcast_to(shade, (*digits.shape[:2], MARGIN))
    return np.concatenate([table, digits, table], axis=2)


def tensors(model: Model, shown: Bytes) -> Int8s:
    """(n, 1, 8, 8, 1): what the model sees of frames."""
    (description,) = config.read_inputs(HERE / "input.toml")
    camera = prepare(model, description)
    return np.stack([camera.run(frame) for frame in shown]).astype(np.int8)


def outputs(model: Model, seen: Int8s) -> Int8s:
    """(n, 10): what TensorFlow Lite Micro makes of it on this host."""
    result = reference.run(model, [[tensor] for tensor in seen], every_activation=False)
    return np.concatenate([each[0] for each in result.outputs]).astype(np.int8)


def main() -> None:
    model = frontends.load(HERE / "digits.tflite")
    found = outputs(model, tensors(model, frames())).argmax(axis=1)
    right = int(np.sum(found == np.load(HERE / "classes.npy")))
    recorded = json.loads((HERE / "accuracy.json").read_text())
    print(f"{right} of {len(found)} frames read right; without a camera {recorded['correct']}")


if __name__ == "__main__":
    main()
