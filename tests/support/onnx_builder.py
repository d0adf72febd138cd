"""Small ONNX models, byte for byte the same on every run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17


def convolution(batch: int | str = 1, size: int | str = 8) -> onnx.ModelProto:
    """Float: a convolution of (batch, 3, size, size), ReLU, global mean, 5 classes, softmax."""
    random = np.random.default_rng(1)
    constants = {
        "kernel": random.standard_normal((4, 3, 3, 3), np.float32) * np.float32(0.2),
        "bias": random.standard_normal(4, np.float32),
        "matrix": random.standard_normal((4, 5), np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["image", "kernel", "bias"], ["features"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["features"], ["positive"]),
        helper.make_node("GlobalAveragePool", ["positive"], ["means"]),
        helper.make_node("Flatten", ["means"], ["row"]),
        helper.make_node("MatMul", ["row", "matrix"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["classes"], axis=-1),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [batch, 3, size, size])
    classes = helper.make_tensor_value_info("classes", TensorProto.FLOAT, [batch, 5])
    return model(nodes, [image], [classes], constants)


def model(
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[onnx.ValueInfoProto],
    constants: dict[str, np.ndarray],
) -> onnx.ModelProto:
    """A model around the nodes."""
    initializers = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "graph", inputs, outputs, initializers)
    opsets = [helper.make_opsetid("", OPSET)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="test")
