"""MACs, weight bytes and live activations, against numbers counted by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgegen import analysis, frontends
from edgegen.frontends import tflite
from edgegen.model import Model
from support import model_zoo
from support.tflite_builder import ModelBuilder


def zoo(name: str) -> Model:
    return tflite.parse(model_zoo.models()[name], f"{name}.tflite")


@pytest.mark.parametrize(
    ("name", "macs"),
    [
        ("conv_2d_int8", 3 * 3 * 4 * (3 * 3 * 2)),
        ("depthwise_conv_2d_float32", 4 * 4 * 4 * (3 * 3)),
        ("fully_connected_int8", 4 * 6),
        ("add_int8", 0),
        ("average_pool_2d_float32", 0),
    ],
)
def test_macs(name: str, macs: int) -> None:
    model = zoo(name)
    assert analysis.macs(model, model.ops[0]) == macs


def test_macs_of_a_batch() -> None:
    builder = ModelBuilder()
    x, y = builder.tensor("x", [5, 4], "float32"), builder.tensor("y", [5, 3], "float32")
    w = builder.tensor("w", [3, 4], "float32", data=np.ones((3, 4)))
    builder.op("FULLY_CONNECTED", [x, w], [y])
    model = tflite.parse(builder.build([x], [y]), "m.tflite")
    assert analysis.macs(model, model.ops[0]) == 5 * 3 * 4


def test_weight_bytes_leave_parameters_out() -> None:
    assert analysis.weight_bytes(zoo("conv_2d_int8")) == 4 * 3 * 3 * 2 + 4 * 4
    assert analysis.weight_bytes(zoo("conv_2d_float32")) == 4 * (4 * 3 * 3 * 2 + 4)
    for name in ("reshape_int8", "mean_int8", "pad_int8", "expand_dims_int8"):
        assert analysis.weight_bytes(zoo(name)) == 0


def test_shared_weights_count_once() -> None:
    builder = ModelBuilder()
    x, h, y = (builder.tensor(name, [1, 4], "float32") for name in "xhy")
    w = builder.tensor("w", [4, 4], "float32", data=np.ones((4, 4)))
    builder.op("FULLY_CONNECTED", [x, w], [h])
    builder.op("FULLY_CONNECTED", [h, w], [y])
    assert analysis.weight_bytes(tflite.parse(builder.build([x], [y]), "m.tflite")) == 64


def peak(sizes: dict[str, int], ops: list[str], inputs: str, outputs: str) -> int:
    """Activation peak of a graph of CONCATENATIONs such as ``"ab>c"``, float32."""
    builder = ModelBuilder()
    index = {name: builder.tensor(name, [1, size], "float32") for name, size in sizes.items()}
    for op in ops:
        sources, target = op.split(">")
        builder.op("CONCATENATION", [index[name] for name in sources], [index[target]], axis=1)
    data = builder.build([index[name] for name in inputs], [index[name] for name in outputs])
    return analysis.activation_peak(tflite.parse(data, "m.tflite")) // 4


@pytest.mark.parametrize(
    ("sizes", "ops", "inputs", "outputs", "expected"),
    [
        # A chain: two neighbours at a time.
        ({"a": 3, "b": 3, "c": 3}, ["a>b", "b>c"], "a", "c", 6),
        # a is read again at the end, so it lives beside b.
        ({"a": 3, "b": 3, "c": 3, "d": 6}, ["a>b", "b>c", "ca>d"], "a", "d", 12),
        # A second input waits for its turn.
        ({"a": 2, "z": 5, "b": 2, "c": 7}, ["a>b", "bz>c"], "az", "c", 14),
        # An early output lives to the end.
        ({"a": 4, "b": 4, "c": 4, "d": 4}, ["a>b", "b>c", "c>d"], "a", "bd", 12),
        # What nobody reads dies where it is written.
        ({"a": 2, "u": 2, "b": 2, "c": 2}, ["a>u", "a>b", "b>c"], "a", "c", 4),
        # An input that nobody reads takes room only at the start.
        ({"a": 2, "u": 9, "b": 2, "c": 2}, ["a>b", "b>c"], "au", "c", 11),
    ],
)
def test_activation_peak(
    sizes: dict[str, int], ops: list[str], inputs: str, outputs: str, expected: int
) -> None:
    assert peak(sizes, ops, inputs, outputs) == expected


def test_summary() -> None:
    model = zoo("chain")
    summary = json.loads(json.dumps(analysis.summary(model), allow_nan=False))
    assert summary["name"] == "chain"
    assert summary["file"] == "chain.tflite"
    assert summary["file_bytes"] == len(model.source.data)
    assert summary["sha256"] == model.source.sha256
    assert {"operator": "CONV_2D", "version": 3, "count": 1} in summary["operators"]
    assert sum(row["count"] for row in summary["operators"]) == len(model.ops)
    assert [row["name"] for row in summary["inputs"]] == ["x"]
    assert [row["name"] for row in summary["outputs"]] == ["y", "logits"]
    assert len(summary["tensors"]) == len(model.tensors)
    assert summary["macs"] == sum(node["macs"] for node in summary["nodes"]) > 0
    assert summary["nodes"][6]["inputs"][-1] is None
    tensor: dict[str, Any] = summary["tensors"][0]
    assert tensor == {
        "index": 0,
        "name": "x",
        "dtype": "uint8",
        "shape": [1, 8, 8, 1],
        "bytes": 64,
        "constant": False,
        "variable": False,
        "quantization": {"scale": [float(np.float32(1 / 255))], "zero_point": [0], "axis": None},
    }


@pytest.mark.parametrize(
    ("name", "macs"),
    [
        ("ad_autoencoder", 264_192),
        ("kws_dscnn", 2_656_768),
        ("ic_resnet8", 12_501_632),
        ("vww_mobilenet", 7_489_664),
    ],
)
def test_reference_models(models_dir: Path, name: str, macs: int) -> None:
    summary = analysis.summary(frontends.load(models_dir / f"mlperf_tiny_{name}_int8.tflite"))
    assert summary["macs"] == macs


@pytest.mark.parametrize(
    ("name", "bytes_"),
    [
        # Input and first activation; two 32x32x16 and the third; 25x5x64 twice; 48x48x8 + 48x48x16.
        ("ad_autoencoder", 640 + 128),
        ("ic_resnet8", 3 * 32 * 32 * 16),
        ("kws_dscnn", 2 * 25 * 5 * 64),
        ("vww_mobilenet", 48 * 48 * (8 + 16)),
    ],
)
def test_peaks_of_the_reference_models(models_dir: Path, name: str, bytes_: int) -> None:
    model = frontends.load(models_dir / f"mlperf_tiny_{name}_int8.tflite")
    assert analysis.activation_peak(model) == bytes_
