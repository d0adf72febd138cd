"""Layers read from generated code, and what the traced self-test said of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgegen.errors import DifferenceError
from edgegen.verify.cortex_m.console import ConsoleError, parse
from edgegen.verify.cortex_m.layers import Layer, measured, read

MODEL_C = """\
/* node 0: CONV_2D, 9,216 MACs */
static const eg_conv_2d_s8 m_op_0 = {
    /* node 0: CONV_2D, 9,216 MACs
     * -> "a */ eg_run_b(EG_TRACE_TENSOR(1,"
     * int8 [1, 8, 8, 16] */
    int8_t *const t12 = ARENA_AT(1536);
    eg_run_conv_2d_s8(&m_op_0, t0, t12);
    EG_TRACE_TENSOR(12, t12, 1024);

    /* node 1: RESHAPE
     * -> "b"
    const int8_t *const t13 = t12;
    EG_TRACE_TENSOR(13, t13, 1024);

    /* node 3: SPLIT
    eg_run_split(&m_op_3, t13, (void *const[]){t14, t15});
    eg_run_add_s8(&m_op_3, t14, t15);
    eg_run_split(&m_op_3_2, t13, (void *const[]){t14, t15});
    EG_TRACE_TENSOR(14, t14, 512);
    EG_TRACE_TENSOR(15, t15, 512);
"""

LAYERS = (
    Layer(0, "CONV_2D", 9_216, "eg_run_conv_2d_s8", (12,)),
    Layer(1, "RESHAPE", 0, "", (13,)),
    Layer(3, "SPLIT", 0, "eg_run_split + eg_run_add_s8", (14, 15)),
)

CONSOLE = """\
edgegen-selftest 1
model m
engine aot
arena_bytes 4096
resolution_ns 40
init_ns 0
vector 0 invoke_ns 1000
vector 0 output 0 elements 10 mismatches 0 max_abs_diff 0
vector 1 invoke_ns 2000
vector 1 output 0 elements 10 mismatches 0 max_abs_diff 0
activations checked 8 mismatched 0
stack_bytes 100
arena_touched_bytes 64
layer 0 tensor 12 ns 900
layer 0 tensor 13 ns 0
layer 0 tensor 14 ns 60
layer 0 tensor 15 ns 40
layer 0 rest ns 5
layer 1 tensor 12 ns 1800
layer 1 tensor 13 ns 0
layer 1 tensor 14 ns 160
layer 1 tensor 15 ns 40
layer 1 rest ns 30
result pass
"""


def test_layers_are_read_from_the_code(tmp_path: Path) -> None:
    path = tmp_path / "edgegen" / "aot" / "model.c"
    path.parent.mkdir(parents=True)
    path.write_text(MODEL_C)
    assert read(tmp_path) == LAYERS


def test_code_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DifferenceError, match="generated code"):
        read(tmp_path)


def test_every_layer_gets_what_its_tensors_took() -> None:
    found = measured(LAYERS, parse(CONSOLE), vector=1)
    assert [(layer.node, layer.instructions) for layer in found] == [(0, 1800), (1, 0), (3, 200)]
    assert [layer.instructions for layer in measured(LAYERS, parse(CONSOLE), 0)] == [900, 0, 100]


def test_the_rest_belongs_to_a_last_layer_without_an_output() -> None:
    layers = (*LAYERS, Layer(4, "ASSIGN_VARIABLE", 0, "eg_run_copy"))
    assert measured(layers, parse(CONSOLE), vector=1)[-1].instructions == 30


def test_a_layer_that_was_not_timed_is_found_out() -> None:
    spoilt = CONSOLE.replace("layer 1 tensor 15 ns 40\n", "")
    with pytest.raises(ConsoleError, match="other layers"):
        measured(LAYERS, parse(spoilt), vector=1)
    with pytest.raises(ConsoleError, match="more layers"):
        measured(LAYERS[:2], parse(CONSOLE), vector=1)
