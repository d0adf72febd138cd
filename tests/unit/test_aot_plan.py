"""`edgegen inspect --plan`: what it says is what the generated project has."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgegen import present, registry
from edgegen.engines.aot import AotEngine, plan
from edgegen.engines.aot.dead_channels import remove_dead_channels
from edgegen.engines.aot.kernels import Kernel, choose
from edgegen.engines.aot.ops import KERNELS
from edgegen.frontends import load, tflite
from edgegen.model import Model
from edgegen.options import Options
from support import random_graph
from support.tflite_builder import ModelBuilder

DEVICES = ("cortex_m0plus", "cortex_m4", "cortex_m55")


def parsed(builder: ModelBuilder, inputs: list[int], outputs: list[int]) -> Model:
    return tflite.parse(builder.build(inputs, outputs), "small.tflite")


def described(model: Model, device: str = "cortex_m4") -> plan.Plan:
    return plan.describe(model, registry.load_device(device))


@pytest.fixture
def digits(digits_tflite: Path) -> Model:
    return load(digits_tflite)


@pytest.mark.parametrize("device_id", DEVICES)
def test_the_generated_code_is_as_described(digits: Model, device_id: str) -> None:
    device, options = registry.load_device(device_id), Options("m")
    found = plan.describe(digits, device)
    files = AotEngine().emit(digits, device, options)
    code = files["aot/model.c"].decode()
    assert re.findall(r"^    (eg_run_\w+)\(", code, re.MULTILINE) == [
        layer.function for layer in found.layers
    ]
    for layer in found.layers:
        for place in layer.outputs:
            assert f"t{place.tensor} = ARENA_AT({place.arena_offset});" in code
        if layer.scratch_bytes:
            assert f", ARENA_AT({layer.scratch_offset}));" in code
    header = files["aot/include/m/engine.h"].decode()
    assert f"#define M_ARENA_BYTES {found.arena_bytes}U\n" in header
    footprint = AotEngine().footprint(digits, device, options)
    assert footprint.weights.bytes == found.weight_bytes
    assert footprint.code == found.code


def test_the_arena_holds_every_place(digits: Model) -> None:
    found = described(digits)
    ends = [p.arena_offset + p.bytes for la in found.layers for p in la.outputs if p.arena_offset]
    ends += [la.scratch_offset + la.scratch_bytes for la in found.layers if la.scratch_offset]
    assert max(ends) <= found.arena_bytes
    assert found.arena_bound <= found.arena_bytes


@pytest.mark.parametrize("features", [(), ("dsp",), ("dsp", "mve")])
def test_the_kernel_is_the_chosen_one(features: tuple[str, ...]) -> None:
    seen = 0
    device = replace(registry.load_device("cortex_m4"), features=features)
    for seed in range(60):
        original = tflite.parse(random_graph.write([random_graph.draw(seed)]), "random.tflite")
        if AotEngine().refusals(original):
            continue
        model = remove_dead_channels(original).model
        for op, layer in zip(model.ops, plan.describe(original, device).layers, strict=True):
            chosen = choose(KERNELS, model, op, features)
            assert isinstance(chosen, Kernel)
            assert set(layer.needs) == chosen.needs
            assert all(refusal.reason.endswith(".") for refusal in layer.refusals)
            seen += 1
    assert seen > 200


def conv(dilation: int) -> Model:
    b = ModelBuilder()
    x = b.tensor("x", [1, 9, 9, 4], scale=0.1)
    weights = np.full((8, 3, 3, 4), 3)
    w = b.tensor("w", weights.shape, data=weights, scale=0.01)
    y = b.tensor("y", [1, 9, 9, 8], scale=0.2)
    b.op("CONV_2D", [x, w], [y], padding="SAME", dilation=(dilation, dilation))
    return parsed(b, [x], [y])


def test_a_refusal_has_the_kernels_own_words() -> None:
    (layer,) = described(conv(dilation=2)).layers
    assert layer.function == "eg_run_conv_2d_s8"
    assert layer.needs == ()
    assert plan.Refusal(("dsp",), "its filter is dilated.") in layer.refusals


def test_a_missing_feature_is_named() -> None:
    (layer,) = described(conv(dilation=1), "cortex_m0plus").layers
    assert plan.Refusal(("dsp",), "the device has no dsp.") in layer.refusals
    (layer,) = described(conv(dilation=1), "cortex_m4").layers
    assert layer.needs == ("dsp",)


def test_memory_that_is_shared_and_memory_in_flash() -> None:
    b = ModelBuilder()
    x = b.tensor("x", [1, 4], scale=0.5)
    fixed = b.tensor("c", [4], data=np.arange(4), scale=0.5)
    flat = b.tensor("flat", [1, 4], scale=0.5)
    total, twice = (b.tensor(name, [1, 4], scale=1.0) for name in ("total", "twice"))
    shape = b.tensor("shape", [2], "int32", data=np.array([1, 4], np.int32))
    b.op("RESHAPE", [fixed, shape], [flat])
    b.op("ADD", [x, flat], [total])
    b.op("ADD", [total, flat], [twice])
    reshape, first, second = described(parsed(b, [x], [twice])).layers
    assert reshape.function is None
    assert (reshape.outputs[0].arena_offset, reshape.outputs[0].shares) == (None, fixed)
    assert first.outputs[0].shares == x
    assert first.outputs[0].arena_offset == 0
    assert reshape.weight_bytes + first.weight_bytes + second.weight_bytes <= 2 * 4


def test_dead_channels_are_counted(models_dir: Path) -> None:
    model = load(models_dir / "mlperf_tiny_vww_mobilenet_int8.tflite")
    found = described(model)
    assert found.macs == 3_774_684
    removed = {layer.node: layer.outputs[0].removed_channels for layer in found.layers}
    assert removed[26] == 232
    assert removed[0] == 0
    assert "24 of 256" in "\n".join(present.lowering(found))


def test_the_text_says_why() -> None:
    text = "\n".join(present.lowering(described(conv(dilation=2))))
    assert "small.tflite by aot on cortex_m4 (dsp, fpu)" in text
    assert "dsp CONV_2D: its filter is dilated. (node 0)" in text
    assert "eg_run_conv_2d_s8 " in text


def test_a_variable_shares_its_memory_with_nothing() -> None:
    builder = ModelBuilder()
    builder.initialise("kept", np.arange(40).reshape(1, 40), "int8", scale=0.5)
    handle = builder.variable("kept")
    x, old, y = (builder.tensor(name, [1, 40], scale=0.5) for name in ("x", "old", "y"))
    builder.op("READ_VARIABLE", [handle], [old])
    builder.op("ASSIGN_VARIABLE", [handle, x], [])
    builder.op("RELU", [old], [y])
    model = parsed(builder, [x], [y])
    found = described(model)
    read, assign, relu = (layer.outputs[0].arena_offset for layer in found.layers)
    assert assign not in (read, relu)
    # The variable, the input that waits for its assignment, and what was read.
    assert found.arena_bytes == found.arena_bound == 3 * 40
    assert found.weight_bytes == 40
    device, options = registry.load_device("cortex_m4"), Options("m")
    assert AotEngine().footprint(model, device, options).weights.bytes == 40
    code = AotEngine().emit(model, device, options)["aot/model.c"].decode()
    assert f"    memcpy(ARENA_AT({assign}), m_weight_initial_t{handle}, 40);\n" in code
