"""ONNX files: what is read of them, what is refused, and what runs them as the reference."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from edgegen import analysis, api, frontends, golden, present
from edgegen.diagnostics import diagnostic
from edgegen.engines.aot import AotEngine
from edgegen.engines.tflm import TflmEngine
from edgegen.errors import MissingToolError, RefusedModelError, UsageError
from edgegen.model import DType, Model
from support import onnx_builder


def load(made: onnx.ModelProto, tmp_path: Path) -> Model:
    path = tmp_path / "net.onnx"
    path.write_bytes(made.SerializeToString())
    return frontends.load(path)


def refusal(made: onnx.ModelProto, tmp_path: Path) -> str:
    with pytest.raises(RefusedModelError) as caught:
        load(made, tmp_path)
    return str(caught.value)


def test_inputs_outputs_and_operators(tmp_path: Path) -> None:
    model = load(onnx_builder.convolution(), tmp_path)
    assert (model.name, model.source.format, model.ops) == ("net", "onnx", ())
    image, classes = model.tensors
    assert (image.name, image.dtype, image.shape) == ("image", DType.FLOAT32, (1, 3, 8, 8))
    assert (classes.name, classes.dtype, classes.shape) == ("classes", DType.FLOAT32, (1, 5))
    assert (model.inputs, model.outputs) == ((0,), (1,))
    assert model.foreign is not None
    assert ("Conv", 17, 1) in model.foreign.operators
    assert model.foreign.weight_bytes == 4 * (4 * 27 + 4 + 20)
    assert not model.foreign.has_free_batch


def test_an_open_batch_becomes_one(tmp_path: Path) -> None:
    model = load(onnx_builder.convolution(batch="N"), tmp_path)
    assert [tensor.shape for tensor in model.tensors] == [(1, 3, 8, 8), (1, 5)]
    assert model.foreign is not None
    assert model.foreign.has_free_batch


def test_an_open_output_follows_from_the_inputs(tmp_path: Path) -> None:
    made = onnx_builder.convolution()
    for dimension, name in zip(made.graph.output[0].type.tensor_type.shape.dim, "NC", strict=True):
        dimension.dim_param = name
    assert load(made, tmp_path).tensors[1].shape == (1, 5)


def test_other_open_dimensions_are_refused(tmp_path: Path) -> None:
    text = refusal(onnx_builder.convolution(size="side"), tmp_path)
    assert "EG103" in text
    assert "input 'image'" in text
    assert "make_dynamic_shape_fixed" in text


def test_weights_in_another_file_are_refused(tmp_path: Path) -> None:
    made = onnx_builder.convolution()
    made.graph.initializer[0].data_location = TensorProto.EXTERNAL
    entry = made.graph.initializer[0].external_data.add()
    entry.key, entry.value = "location", "../../etc/passwd"
    assert "EG114" in refusal(made, tmp_path)


def test_operators_of_nobody_are_refused(tmp_path: Path) -> None:
    made = onnx_builder.convolution()
    made.graph.node[1].domain = "our.own"
    made.opset_import.append(helper.make_opsetid("our.own", 1))
    text = refusal(made, tmp_path)
    assert "EG102" in text
    assert "'our.own'" in text


def test_element_types_without_a_name_are_refused(tmp_path: Path) -> None:
    texts = helper.make_tensor_value_info("texts", TensorProto.STRING, [1])
    same = helper.make_tensor_value_info("same", TensorProto.STRING, [1])
    nodes = [helper.make_node("Identity", ["texts"], ["same"])]
    assert "EG107" in refusal(onnx_builder.model(nodes, [texts], [same], {}), tmp_path)


@pytest.mark.parametrize("cut", [1, 2, 10, 100, 500])
def test_a_truncated_file_is_an_error_of_the_user(cut: int, tmp_path: Path) -> None:
    data = onnx_builder.convolution().SerializeToString()
    path = tmp_path / "net.onnx"
    path.write_bytes(data[:-cut])
    with pytest.raises((UsageError, RefusedModelError)):
        frontends.load(path)


def test_every_flipped_byte_is_taken_or_refused(tmp_path: Path) -> None:
    data = onnx_builder.convolution().SerializeToString()
    path = tmp_path / "net.onnx"
    outcomes = set()
    for place in range(0, len(data), 3):
        broken = bytearray(data)
        broken[place] ^= 0xFF
        path.write_bytes(broken)
        try:
            frontends.load(path)
        except (UsageError, RefusedModelError) as refused:
            outcomes.add(type(refused))
        else:
            outcomes.add(Model)
    assert outcomes >= {UsageError, Model}


def test_an_empty_graph_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="computes nothing"):
        load(onnx_builder.model([], [], [], {}), tmp_path)


def test_the_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingToolError, match="edgegen\\[onnx\\]"):
        load(onnx_builder.convolution(), tmp_path)


def test_engines_that_read_another_format_say_so(tmp_path: Path) -> None:
    model = load(onnx_builder.convolution(), tmp_path)
    for engine in (AotEngine(), TflmEngine()):
        (only,) = engine.refusals(model)
        assert only.code == "EG220"


@pytest.mark.parametrize("target", ["linux_x86_64", "browser"])
def test_engines_that_were_not_asked_for_are_not_spoken_of(target: str, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(onnx_builder.convolution().SerializeToString())
    done = api.scaffold(path, target, tmp_path / "project", dry_run=True)
    told = "\n".join(present.outcome(done))
    assert ("onnxruntime" in told, "refuses" in told) == (True, False)
    lacking = (diagnostic("EG201", "node 3", "no kernel."),)
    other = replace(done, engines=(*done.engines, api.EngineVerdict("other", lacking)))
    assert "not possible (`edgegen inspect` says why): other" in present.outcome(other)
    with pytest.raises(RefusedModelError, match="EG220"):
        api.scaffold(path, target, tmp_path / "project", engines=["litert"], dry_run=True)


@pytest.mark.parametrize("engine", ["litert", "aot"])
def test_runtimes_come_before_a_look_at_the_page(
    digits_tflite: Path, engine: str, tmp_path: Path
) -> None:
    done = api.scaffold(digits_tflite, "browser", tmp_path / "site", engines=[engine], dry_run=True)
    last = present.outcome(replace(done, written=True))[-1]
    steps = "npm install --ignore-scripts && npm run vendor && " if engine == "litert" else ""
    assert f"site && {steps}python3 -m http.server" in last
    (readme,) = (each.content for each in done.plan.entries if each.path == "README.md")
    assert readme is not None
    assert (b"nothing to install" in readme) is (engine == "aot")
    assert (b"npm run vendor\n    python3 -m http.server" in readme) is (engine == "litert")


def test_what_nobody_knows_is_not_a_number(tmp_path: Path) -> None:
    facts = analysis.summary(load(onnx_builder.convolution(), tmp_path))
    assert facts["macs"] is None
    assert facts["activation_peak_bytes"] is None
    assert facts["weight_bytes"] == 528


def test_the_reference_is_onnxruntime(tmp_path: Path) -> None:
    made = onnx_builder.convolution()
    model = load(made, tmp_path)
    found = golden.make(model)
    assert found.reference.startswith("onnxruntime ")
    assert found.tolerance == golden.ONNX_TOLERANCE
    session = onnxruntime.InferenceSession(
        made.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    for vector in found.vectors:
        (given,) = golden.make_inputs(model, vector.seed)
        (expected,) = session.run(None, {"image": given})
        np.testing.assert_allclose(vector.outputs[0], expected, rtol=1e-4, atol=1e-6)
        assert vector.activation_crc32 == ()
