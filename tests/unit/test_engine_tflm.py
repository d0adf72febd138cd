"""The tflm engine: registrations, files, refusals, and the bound of its arena."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from edgegen import reference, registry
from edgegen.engines.tflm import TflmEngine, arena, kernels
from edgegen.engines.tflm.arena import Buffer
from edgegen.engines.tflm.engine import registrations
from edgegen.frontends import tflite
from edgegen.model import DType, Model, OpKind, Quant
from edgegen.options import MeasuredArena, Options
from edgegen.render import IDENTIFIER_CHARACTERS
from support import recurrent
from support.model_zoo import models

ROOT = Path(__file__).resolve().parents[2]
MLPERF = ("ad_autoencoder", "ic_resnet8", "kws_dscnn", "vww_mobilenet")
OPTIONS = Options("net")
_LONG_NAME = "a" * IDENTIFIER_CHARACTERS
_SHIPPED = "cmsis_nn, int8 registrations only"


def _model(name: str) -> Model:
    return tflite.parse(models()[name], f"{name}.tflite")


def _with_dtype(model: Model, index: int, dtype: DType) -> Model:
    tensors = list(model.tensors)
    tensors[index] = replace(tensors[index], dtype=dtype)
    return replace(model, tensors=tuple(tensors))


def _emit(model: Model, options: Options = OPTIONS, device: str = "cortex_m4") -> dict[str, bytes]:
    return TflmEngine().emit(model, registry.load_device(device), options)


# What is emitted


def test_exactly_the_models_operators_are_registered_for_their_type() -> None:
    assert registrations(_model("chain")) == [
        "AddQuantize()",
        "AddConv2D(tflite::Register_CONV_2D_INT8())",
        "AddDepthwiseConv2D(tflite::Register_DEPTHWISE_CONV_2D_INT8())",
        "AddAdd(tflite::Register_ADD_INT8())",
        "AddAveragePool2D(tflite::Register_AVERAGE_POOL_2D_INT8())",
        "AddReshape()",
        "AddFullyConnected(tflite::Register_FULLY_CONNECTED_INT8())",
        "AddSoftmax(tflite::Register_SOFTMAX_INT8())",
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("conv_2d_int16", "AddConv2D(tflite::Register_CONV_2D_INT16())"),
        ("conv_2d_float32", "AddConv2D()"),
        ("pad_int8", "AddPad(tflite::Register_PAD_INT8())"),
        ("pad_float32", "AddPad()"),
        ("relu_int8", "AddRelu()"),
    ],
)
def test_registrations_by_type(name: str, expected: str) -> None:
    assert registrations(_model(name)) == [expected]


def test_a_kind_used_in_two_types_is_registered_for_all() -> None:
    model = _model("softmax_int8")
    assert registrations(_with_dtype(model, model.outputs[0], DType.INT16)) == ["AddSoftmax()"]


def test_the_files_and_only_those() -> None:
    files = _emit(_model("chain"), Options(_LONG_NAME))
    assert sorted(files) == [
        "tflm/CMakeLists.txt",
        f"tflm/include/{_LONG_NAME}/engine.h",
        "tflm/model.cpp",
        "tflm/model_data.c",
    ]
    for path, data in files.items():
        text = data.decode("ascii")
        assert text.endswith("\n")
        assert "\r" not in text
        if path.endswith((".cpp", ".c", ".h")):
            assert [line for line in text.splitlines() if len(line) > 100] == []
        assert "sha256" in text


def test_the_model_file_is_carried_byte_for_byte() -> None:
    model = _model("chain")
    text = _emit(model)["tflm/model_data.c"].decode()
    octets = bytes(int(octet, 16) for octet in re.findall(r"0x([0-9a-f]{2}),", text))
    assert octets == model.source.data
    assert f"net_model_data[{len(octets)}]" in text


def test_the_same_model_gives_the_same_bytes() -> None:
    assert _emit(_model("chain")) == _emit(_model("chain"))


def test_only_the_kernels_that_are_needed_are_compiled() -> None:
    cmake = _emit(_model("relu_int8"))["tflm/CMakeLists.txt"].decode()
    assert "activations.cc" in cmake
    assert not re.search(r"conv\.cc|pooling\.cc|softmax\.cc|arm_\w+\.c", cmake)
    cmake = _emit(_model("softmax_int8"))["tflm/CMakeLists.txt"].decode()
    assert "cmsis_nn/softmax.cc" in cmake
    assert "SoftmaxFunctions/arm_softmax_s8.c" in cmake
    assert "arm_convolve" not in cmake


def test_a_measured_arena_takes_the_bounds_place() -> None:
    options = replace(OPTIONS, tflm_arena=MeasuredArena(4096, "QEMU mps2-an386, bisected"))
    header = _emit(_model("chain"), options)["tflm/include/net/engine.h"].decode()
    assert "#define NET_ARENA_BYTES 4096U" in header
    assert "bisected" in header
    bound = _emit(_model("chain"))["tflm/include/net/engine.h"].decode()
    assert "safe bound" in bound
    assert "bisected" not in bound


def test_the_footprint_says_how_each_number_is_known() -> None:
    model = _model("chain")
    device = registry.load_device("cortex_m4")
    found = TflmEngine().footprint(model, device, OPTIONS)
    assert (found.weights.bytes, found.weights.known) == (len(model.source.data), "exact")
    assert found.arena.bytes == arena.safe_bound(model, device)
    assert found.arena.known.startswith("estimated")
    measured = replace(OPTIONS, tflm_arena=MeasuredArena(1600, "QEMU"))
    assert TflmEngine().footprint(model, device, measured).arena.known == "measured (QEMU)"
    small = TflmEngine().footprint(_model("relu_int8"), device, OPTIONS)
    assert found.code.bytes is not None
    assert small.code.bytes is not None
    assert found.code.bytes > small.code.bytes
    assert found.code.known.startswith("estimated")


@pytest.mark.parametrize("name", MLPERF)
def test_the_code_estimate_meets_measured_firmware(name: str, models_dir: Path) -> None:
    name = f"mlperf_tiny_{name}_int8"
    model = tflite.parse((models_dir / f"{name}.tflite").read_bytes(), name)
    found = TflmEngine().footprint(model, registry.load_device("cortex_m4"), OPTIONS).code.bytes
    rows = json.loads((ROOT / "benchmarks" / "tflm_cortex_m.json").read_text())["rows"]
    (measured,) = (
        row["flash_without_model_bytes"]
        for row in rows
        if (row["model"], row["cpu"], row["kernels"]) == (name, "cortex-m4", _SHIPPED)
    )
    assert found == pytest.approx(measured, rel=0.12)


# The tables


def test_every_operator_has_a_kernel() -> None:
    assert set(kernels.KERNELS) == set(OpKind)
    assert all(min(kernel.code) > 0 for kernel in kernels.KERNELS.values())
    optimised = {k.files[0] for k in kernels.KERNELS.values() if k.has_cmsis_nn}
    assert optimised == set(kernels.CMSIS_NN_FILES)


def test_every_dependency_is_pinned_to_a_commit_of_a_public_repository() -> None:
    for source in (*kernels.SOURCES, kernels.CMSIS_NN):
        assert re.fullmatch(r"[0-9a-f]{40}", source.commit)
        assert re.fullmatch(r"https://github\.com/[\w-]+/[\w-]+\.git", source.url)


# Refusals


@pytest.mark.parametrize("name", sorted(models()))
def test_what_tflm_runs_is_not_refused(name: str) -> None:
    model = _model(name)
    assert TflmEngine().refusals(model) == ()
    reference.host_arena(model)  # raises if TFLM refuses it


def test_an_element_type_without_a_kernel_is_refused() -> None:
    model = _model("mean_int8")
    for index in (model.inputs[0], model.outputs[0]):
        model = _with_dtype(model, index, DType.INT32)
    (found,) = TflmEngine().refusals(model)
    assert found.code == "EG210"
    assert str(found).startswith("EG210: node 0 (MEAN): TFLM does not compute it in int32.")


def test_a_state_that_cmsis_nn_reads_otherwise_is_refused() -> None:
    data = recurrent.svdf("int8", "int8", state_q=recurrent.Q(0.01, 3))
    (found,) = TflmEngine().refusals(tflite.parse(data, "m.tflite"))
    assert found.code == "EG211"
    assert TflmEngine().refusals(tflite.parse(recurrent.svdf("int8", "int8"), "m.tflite")) == ()


def test_a_model_with_variables_registers_what_it_begins_with() -> None:
    calls = registrations(_model("assign_variable_int8"))
    names = ["AddCallOnce", "AddVarHandle", "AddAssignVariable", "AddReadVariable"]
    assert calls == [f"{name}()" for name in names]


def test_a_result_of_another_type_is_refused() -> None:
    model = _model("add_int8")
    (found,) = TflmEngine().refusals(_with_dtype(model, model.outputs[0], DType.INT16))
    assert "int16 from int8" in found.cause


def test_a_conversion_without_a_kernel_is_refused() -> None:
    model = _model("quantize_dequantize")
    _, dequantize = model.ops
    assert dequantize.inputs[0] is not None
    found = TflmEngine().refusals(_with_dtype(model, dequantize.inputs[0], DType.UINT8))
    assert [str(each)[:22] for each in found] == ["EG210: node 0 (QUANTIZ"]
    assert "float32 to uint8" in found[0].cause


def test_weights_of_another_type_are_refused() -> None:
    model = _model("conv_2d_float32")
    assert model.ops[0].inputs[1] is not None
    (found,) = TflmEngine().refusals(_with_dtype(model, model.ops[0].inputs[1], DType.INT8))
    assert "int8 weights with float32 inputs" in found.cause


def test_int16_fully_connected_layers_have_one_scale() -> None:
    model = _model("fully_connected_int8")
    for index in (model.inputs[0], model.outputs[0]):
        model = _with_dtype(model, index, DType.INT16)
    weights = model.ops[0].inputs[1]
    assert weights is not None
    tensors = list(model.tensors)
    for count, codes in ((1, []), (3, ["EG211"])):
        quant = Quant((0.5,) * count, (0,) * count, None if count == 1 else 0)
        tensors[weights] = replace(tensors[weights], quant=quant)
        found = TflmEngine().refusals(replace(model, tensors=tuple(tensors)))
        assert [each.code for each in found] == codes


# The arena


@pytest.mark.parametrize("name", sorted(models()))
def test_the_plan_is_that_of_tflms_interpreter(name: str) -> None:
    model = _model(name)
    plan = arena.plan_bytes(arena.head_buffers(model, arena.reference_scratch))
    assert plan == reference.host_arena(model).head


@pytest.mark.parametrize(
    "name", [*(f"mlperf_tiny_{n}_int8" for n in MLPERF), "mlperf_tiny_ic_resnet8_float"]
)
def test_the_plan_of_a_reference_model_too(name: str, models_dir: Path) -> None:
    model = tflite.parse((models_dir / f"{name}.tflite").read_bytes(), name)
    plan = arena.plan_bytes(arena.head_buffers(model, arena.reference_scratch))
    assert plan == reference.host_arena(model).head


@pytest.mark.parametrize("name", MLPERF)
def test_the_bound_holds_for_every_measured_firmware(name: str, models_dir: Path) -> None:
    name = f"mlperf_tiny_{name}_int8"
    model = tflite.parse((models_dir / f"{name}.tflite").read_bytes(), name)
    rows = json.loads((ROOT / "benchmarks" / "tflm_cortex_m.json").read_text())["rows"]
    measured = [row for row in rows if row["model"] == name]
    assert {row["cpu"] for row in measured} >= {"cortex-m3", "cortex-m4", "cortex-m55"}
    assert {row["kernels"] for row in measured} >= {"cmsis_nn", "reference"}
    for cpu in {row["cpu"] for row in measured}:
        needed = max(row["smallest_arena_bytes"] for row in measured if row["cpu"] == cpu)
        bound = arena.safe_bound(model, registry.load_device(cpu.replace("-", "_")))
        assert needed <= bound <= needed * 1.04 + 2048
        assert bound % 16 == 0


def test_plans_by_hand() -> None:
    assert arena.plan_bytes([]) == 0
    # a chain: three buffers of which two live at a time
    chain = [Buffer(64, 0, 1), Buffer(32, 1, 2), Buffer(64, 2, 3)]
    assert arena.plan_bytes(chain) == 96
    # a hole left by a buffer that died is filled
    hole = [Buffer(64, 0, 1), Buffer(48, 0, 3), Buffer(32, 2, 3), Buffer(16, 2, 3)]
    assert arena.plan_bytes(hole) == 112
    # largest first, at the lowest offset, is not always optimal: it is what TFLM does
    greedy = [Buffer(32, 0, 0), Buffer(48, 1, 2), Buffer(32, 0, 1), Buffer(48, 2, 3)]
    assert arena.plan_bytes(greedy) == 96


@pytest.mark.parametrize(
    ("device", "name", "expected"),
    [
        # two columns of int16 of 3 * 3 * 2 elements, rounded up to 4
        ("cortex_m4", "conv_2d_int8", 80),
        ("cortex_m0plus", "conv_2d_int8", 80),
        ("cortex_m55", "conv_2d_int8", 128),
        ("cortex_m4", "conv_2d_int16", 72),
        ("cortex_m55", "conv_2d_int16", 192),
        ("cortex_m4", "conv_2d_float32", 0),
        ("cortex_m4", "average_pool_2d_int8", 8),
        ("cortex_m4", "fully_connected_int8", 0),
    ],
)
def test_scratch_buffers_of_cmsis_nn(device: str, name: str, expected: int) -> None:
    model = _model(name)
    scratch = arena.cmsis_nn_scratch(registry.load_device(device))
    assert sum(scratch(model, model.ops[0])) == expected
