"""Engines of others in browsers: what they refuse, and what a project carries for them."""

from __future__ import annotations

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from edgegen.device import WebBrowser
from edgegen.engines.litert_web import LitertWebEngine
from edgegen.engines.onnxruntime_web import OnnxRuntimeWebEngine
from edgegen.engines.web_libraries import LIBRARIES, skipped_modules
from edgegen.frontends import onnx as onnx_frontend
from edgegen.frontends import tflite
from edgegen.model import Model
from edgegen.options import Options
from edgegen.registry import load_device
from support import onnx_builder
from support.tflite_builder import ModelBuilder


def browser() -> WebBrowser:
    device = load_device("browser")
    assert isinstance(device, WebBrowser)
    return device


def one_op(dtype: str, **quant: float) -> Model:
    builder = ModelBuilder()
    x, y = (builder.tensor(name, [1, 4], dtype, **quant) for name in "xy")
    builder.op("RESHAPE", [x], [y], new_shape=[1, 4])
    return tflite.parse(builder.build([x], [y]), "one.tflite")


def cast(source: int, target: int, output: str = "y") -> Model:
    x = helper.make_tensor_value_info("x", source, [1, 4])
    y = helper.make_tensor_value_info(output, target, [1, 4])
    node = helper.make_node("Cast", ["x"], [output], to=target)
    made: onnx.ModelProto = onnx_builder.model([node], [x], [y], {})
    return onnx_frontend.parse(made.SerializeToString(), "cast.onnx")


@pytest.mark.parametrize("dtype", ["float32", "int32", "int8", "int16"])
def test_litert_takes(dtype: str) -> None:
    quant = {"scale": 0.5} if dtype in ("int8", "int16") else {}
    assert LitertWebEngine().refusals(one_op(dtype, **quant)) == ()


def test_litert_takes_uint8() -> None:
    builder = ModelBuilder()
    x = builder.tensor("x", [1, 4], "uint8", scale=0.5, zero_point=128)
    y = builder.tensor("y", [1, 4], "int8", scale=0.5)
    builder.op("QUANTIZE", [x], [y])
    model = tflite.parse(builder.build([x], [y]), "quantize.tflite")
    assert LitertWebEngine().refusals(model) == ()


def truth() -> Model:
    builder = ModelBuilder()
    x, y = (builder.tensor(name, [1, 4], "bool") for name in "xy")
    builder.op("LOGICAL_NOT", [x], [y])
    return tflite.parse(builder.build([x], [y]), "not.tflite")


def test_litert_lacks_bool() -> None:
    refused = LitertWebEngine().refusals(truth())
    assert [(each.code, each.where) for each in refused] == [
        ("EG223", "input 0"),
        ("EG223", "output 0"),
    ]
    assert "not bool" in refused[0].cause


def test_litert_cannot_make_floats_without_a_scale() -> None:
    builder = ModelBuilder()
    x = builder.tensor("x", [1, 4], "float32")
    y = builder.tensor("y", [1, 4], "int8")
    builder.op("CAST", [x], [y])
    model = tflite.parse(builder.build([x], [y]), "cast.tflite")
    (refused,) = LitertWebEngine().refusals(model)
    assert (refused.code, refused.where) == ("EG223", "output 0")


def test_other_formats_are_refused_once() -> None:
    model = cast(TensorProto.FLOAT16, TensorProto.INT64)
    assert [each.code for each in LitertWebEngine().refusals(model)] == ["EG220"]
    assert [each.code for each in OnnxRuntimeWebEngine().refusals(truth())] == ["EG220"]


def test_onnxruntime_takes_all_but_float16() -> None:
    assert OnnxRuntimeWebEngine().refusals(cast(TensorProto.BOOL, TensorProto.INT64)) == ()
    (refused,) = OnnxRuntimeWebEngine().refusals(cast(TensorProto.FLOAT, TensorProto.FLOAT16))
    assert (refused.code, refused.where) == ("EG223", "output 0")


def test_an_output_that_onnxruntime_would_lose() -> None:
    model = cast(TensorProto.FLOAT, TensorProto.INT64, "__proto__")
    (refused,) = OnnxRuntimeWebEngine().refusals(model)
    assert (refused.code, refused.where) == ("EG222", "output 0")


def test_the_model_is_an_asset_in_chunks() -> None:
    model = cast(TensorProto.FLOAT, TensorProto.INT64)
    files = OnnxRuntimeWebEngine().emit(model, browser(), Options("cast"))
    manifest = json.loads(files["assets/model.json"])
    assert manifest["bytes"] == len(model.source.data)
    (chunk,) = manifest["chunks"]
    assert files[f"assets/chunks/{chunk['sha256']}.bin"] == model.source.data


def test_a_quantised_model_loads_nothing_for_webgpu() -> None:
    def runtime(name: str) -> int | None:
        constants = {"s": np.float32(0.1), "z": np.int8(0)}
        node = helper.make_node(name, ["x", "s", "z"], ["y"])
        types = [TensorProto.FLOAT, TensorProto.INT8]
        source, target = types if name == "QuantizeLinear" else reversed(types)
        x = helper.make_tensor_value_info("x", source, [1, 4])
        y = helper.make_tensor_value_info("y", target, [1, 4])
        made: onnx.ModelProto = onnx_builder.model([node], [x], [y], constants)
        model = onnx_frontend.parse(made.SerializeToString(), "one.onnx")
        device = load_device("browser_chrome")
        assert isinstance(device, WebBrowser)
        needs = OnnxRuntimeWebEngine().needs(model, device, Options("one"))
        return next(each.quantity.bytes for each in needs.storage if each.name == "runtime")

    library = LIBRARIES["onnxruntime"]
    assert runtime("QuantizeLinear") == library.bytes_of(library.first_visit)
    assert runtime("DequantizeLinear") == library.bytes_of(library.webgpu)


def test_libraries_count_for_the_first_visit() -> None:
    needs = LitertWebEngine().needs(one_op("float32"), browser(), Options("one"))
    parts = {part.name: part.quantity.bytes for part in needs.storage}
    assert parts["runtime"] == 53_482 + 273_035 + 9_367_934
    assert set(parts) == {"model", "runtime"}


def test_webgpu_is_another_library() -> None:
    chrome = load_device("browser_chrome")
    assert isinstance(chrome, WebBrowser)
    model = cast(TensorProto.FLOAT, TensorProto.INT64)
    with_webgpu, without = (
        OnnxRuntimeWebEngine().needs(model, each, Options("cast")).storage[1].quantity
        for each in (chrome, browser())
    )
    assert with_webgpu.bytes == 66_349 + 53_057 + 26_781_914
    assert without.bytes == 50_126 + 24_381 + 14_239_897
    assert ("with WebGPU" in with_webgpu.known, "without WebGPU" in without.known) == (True, True)


@pytest.mark.parametrize("engine", LIBRARIES)
def test_files_of_a_library(engine: str) -> None:
    library = LIBRARIES[engine]
    targets = [file.target for file in library.files]
    assert len(set(targets)) == len(targets)
    assert set(library.first_visit) | set(library.webgpu) <= set(targets)
    assert all(target.startswith(f"{engine}/") for target in targets)
    assert all(len(bytes.fromhex(file.sha256)) == 32 for file in library.files)


def test_modules_are_there_for_who_needs_them() -> None:
    assert skipped_modules(("litert", "aot")) == set()
    assert skipped_modules(("onnxruntime",)) == {"engines/litert_wasm.js"}
    assert "vendor.mjs" in skipped_modules(("aot",))
