"""Trains the digits example: a small CNN on scikit-learn's 8 x 8 digits, quantised to int8.

    pip install 'edgegen[examples]'
    python examples/digits/train.py

writes, beside this script:

    digits.tflite     int8 in, int8 out
    labels.txt        one class name a line
    images.npy        int8 (200, 8, 8, 1): test images, unseen in training, as the model takes them
    classes.npy       uint8 (200,): what they show
    accuracy.json     how many of those 200 images the TensorFlow Lite Micro reference gets right

Seeds are fixed and TensorFlow runs deterministically, so the same versions on the same
kind of machine write the same bytes; other versions give a model as good, not the same one.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # its sums depend on the processor

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from edgegen import native, reference
from edgegen.frontends import tflite
from edgegen.model import Model

SEED = 7
EPOCHS = 60
BATCH = 32
SHOWN_IMAGES = 200
HERE = Path(__file__).resolve().parent

Floats = npt.NDArray[np.float32]
Classes = npt.NDArray[np.uint8]


def load() -> tuple[Floats, Floats, Classes, Classes]:
    """Training and test images in 0..1, (n, 8, 8, 1), then their classes."""
    digits = load_digits()
    images = (digits.images / 16.0).astype(np.float32)[..., np.newaxis]
    classes = digits.target.astype(np.uint8)
    train_x, test_x, train_y, test_y = train_test_split(
        images, classes, test_size=0.25, random_state=SEED, stratify=classes
    )
    return train_x, test_x, train_y, test_y


def network() -> Any:
    layers = tf.keras.layers
    return tf.keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(16, 3, padding="same", activation="relu", name="edges"),
            layers.DepthwiseConv2D(3, padding="same", activation="relu", name="strokes"),
            layers.Conv2D(24, 1, activation="relu", name="mix"),
            layers.MaxPooling2D(2, name="shrink"),
            layers.Conv2D(32, 3, padding="same", activation="relu", name="shapes"),
            layers.GlobalAveragePooling2D(name="gather"),
            layers.Dense(10, activation="softmax", name="digit"),
        ]
    )


def train(images: Floats, classes: Classes) -> Any:
    net = network()
    steps = EPOCHS * math.ceil(len(images) / BATCH)
    rate = tf.keras.optimizers.schedules.CosineDecay(5e-3, steps)
    net.compile(
        optimizer=tf.keras.optimizers.Adam(rate),
        loss=tf.keras.losses.SparseCategoricalCrossentropy(),
        metrics=["accuracy"],
    )
    net.fit(images, classes, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    return net


def convert(net: Any, calibration: Floats) -> bytes:
    """int8 throughout; every calibration image is used, so that the scales don't depend on luck."""
    call = tf.function(net, input_signature=[tf.TensorSpec((1, 8, 8, 1), tf.float32)])
    # Without the model as second argument: with it, a Keras 3 model converts to one that gives NaN.
    converter = tf.lite.TFLiteConverter.from_concrete_functions([call.get_concrete_function()])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([image[np.newaxis]] for image in calibration)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    return bytes(converter.convert())


def quantized(images: Floats, model: Model) -> npt.NDArray[np.int8]:
    """Images as the model takes them, by the very C that the device's project carries."""
    tensor = model.tensors[model.inputs[0]]
    return native.quantize(images, tensor.scale, tensor.zero_point)


def predict(model: Model, images: npt.NDArray[np.int8]) -> Classes:
    """The classes that TensorFlow Lite Micro's interpreter sees on this host."""
    vectors = [[image[np.newaxis]] for image in images]
    result = reference.run(model, vectors, every_activation=False)
    return np.array([np.argmax(outputs[0]) for outputs in result.outputs], np.uint8)


def main() -> None:
    tf.keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()
    train_x, test_x, train_y, test_y = load()
    net = train(train_x, train_y)
    data = convert(net, train_x)
    model = tflite.parse(data, "digits.tflite")

    int8_x = quantized(test_x, model)
    float_found = np.argmax(net.predict(test_x, verbose=0), axis=1)
    int8_found = predict(model, int8_x)
    shown = slice(0, SHOWN_IMAGES)
    accuracy = {
        "reference": "TensorFlow Lite Micro, host",
        "images": SHOWN_IMAGES,
        "correct": int(np.sum(int8_found[shown] == test_y[shown])),
        "whole_test_set": {
            "images": len(test_y),
            "correct_float": int(np.sum(float_found == test_y)),
            "correct_int8": int(np.sum(int8_found == test_y)),
        },
        "tensorflow": tf.__version__,
    }

    (HERE / "digits.tflite").write_bytes(data)
    (HERE / "labels.txt").write_text("".join(f"{digit}\n" for digit in range(10)))
    np.save(HERE / "images.npy", int8_x[shown])
    np.save(HERE / "classes.npy", test_y[shown])
    (HERE / "accuracy.json").write_text(json.dumps(accuracy, indent=2) + "\n")
    print(json.dumps(accuracy, indent=2))


if __name__ == "__main__":
    main()
