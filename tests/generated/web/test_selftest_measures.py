"""What the self-test of web projects takes for a difference: what the other families' do."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from edgegen.render import render
from support.differences import CASES

pytestmark = pytest.mark.wasm

SPEC = """
export const [NAME, VERSION, BACKENDS, RAW_INPUTS, INPUTS] = ["m", "1", ["x"], [], []];
export const OUTPUTS = [];
"""
MODEL = """
export const load = async () => ({
  backend: "x", threads: 1, dispose() {}, predict: async () => ({ outputs: globalThis.got }),
});
"""
GOLDEN = """
export const makeInputs = () => [];
export const readGolden = async () => globalThis.golden;
"""
MAIN = """
import { arrayOf } from "./tensors.js";
import { OUTPUTS } from "./spec.js";
import { run } from "./selftest.js";
const found = [];
for (const [measure, [dtype, scale, zeroPoint], got, want] of CASES) {
  const made = (values) => (dtype === "int64" ? BigInt64Array : arrayOf(dtype)).from(values);
  OUTPUTS.splice(0, 1, { name: "o", dtype, shape: [want.length], scale, zeroPoint });
  globalThis.got = [made(got)];
  const tolerances = { x: { why: "", outputs: [{ measure, limit: 0.5 }] } };
  globalThis.golden = { tolerances, seeds: [1], expected: [[made(want)]], raw_inputs: [] };
  found.push((await run({ backend: "x" })).outputs[0]);
}
console.log(JSON.stringify(found));
"""


def test_measures_of_difference(tmp_path: Path) -> None:
    for name in ("selftest.js", "tensors.js", "errors.js"):
        (tmp_path / name).write_bytes(render(f"web/generated/{name}.j2", {"header": ""}))
    # What JSON lacks, NaN and Infinity, JavaScript has; and integers of 64 bits are with an n.
    cases = ", ".join(
        f"[{json.dumps(measure)}, {json.dumps(form)}, {_literal(form[0], got)}, "
        f"{_literal(form[0], want)}]"
        for measure, form, got, want, _ in CASES
    )
    texts = {"spec.js": SPEC, "model.js": MODEL, "golden.js": GOLDEN}
    for name, text in texts.items() | {("main.js", f"const CASES = [{cases}];{MAIN}")}:
        (tmp_path / name).write_text(text)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    run = subprocess.run(
        ["node", "main.js"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
    for case, found in zip(CASES, json.loads(run.stdout), strict=True):
        difference = case[-1]
        wanted = None if difference == float("inf") else pytest.approx(difference)
        assert found["difference"] == wanted, case
        assert found["passed"] is (difference <= 0.5), case


def _literal(dtype: str, values: list[float]) -> str:
    suffix = "n" if dtype == "int64" else ""
    return "[" + ", ".join(f"{json.dumps(each)}{suffix}" for each in values) + "]"
