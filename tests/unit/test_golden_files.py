"""golden.json, and what the firmware's self-test takes for equal."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from edgegen.frontends import tflite
from edgegen.golden import Golden, Vector
from edgegen.targets import golden_files
from support import model_zoo

SELFTEST = (
    Path(__file__).resolve().parents[2] / "templates/cortex_m/generated/selftest/selftest.c.j2"
)

PROGRAM = """
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#define M_GOLDEN_TOLERANCE 0.5F
typedef struct tensor_view { uint32_t elements; void *data; const void *expected; } tensor_view;
typedef struct comparison {
    uint32_t mismatches; uint64_t largest_steps; float largest;
} comparison;
%s
int main(void)
{
    float pairs[][4] = {
        {1, INFINITY, 1, INFINITY}, {NAN, 4, NAN, 4}, {4, 5, INFINITY, 5}, {5, 0, 5, INFINITY},
        {9, -INFINITY, 1, -INFINITY}, {NAN, 1, 1, 1}, {1, 1, NAN, 1}, {5, 5, 5, 9},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const tensor_view view = {2, pairs[i], pairs[i] + 2};
        comparison found = {0, 0, 0.0F};
        compare_floats(&view, 0, &found);
        printf("%%u ", (unsigned)found.mismatches);
    }
    return 0;
}
"""


@pytest.mark.parametrize(("values", "said"), [([1, 2], ""), ([np.nan, np.inf], "2 of 6 expected")])
def test_vectors_that_prove_little_say_so(values: list[float], said: str) -> None:
    model = tflite.parse(model_zoo.models()["conv_2d_float32"], "m.tflite")
    outputs = [np.array(each, np.float32) for each in ([1, 2], values, [3, 4])]
    vectors = tuple(Vector(seed, (each,), ()) for seed, each in enumerate(outputs))
    tolerance = golden_files.same_integers(model)
    text = golden_files.golden_json(model, Golden(vectors, 0.0, "it"), {"aot": tolerance}, ())
    why = json.loads(text)["tolerances"]["aot"]["why"]
    assert why.startswith(tolerance.why)
    assert said in why
    assert (why == tolerance.why) is not bool(said)


def test_firmware_takes_infinity_for_no_limit(tmp_path: Path) -> None:
    """One expected infinity would allow every other element everything."""
    text = SELFTEST.read_text().replace("{{ NAME }}", "M")
    functions = text[text.index("static float magnitude") : text.index("static uint32_t check_out")]
    (tmp_path / "main.c").write_text(PROGRAM % functions)
    subprocess.run(["cc", "-std=c99", "-Wall", "-Werror", "main.c"], cwd=tmp_path, check=True)
    found = subprocess.run([tmp_path / "a.out"], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["0", "0", "1", "1", "1", "1", "1", "0"]
