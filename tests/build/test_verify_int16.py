"""`verify` end to end on int16 activations: API, golden vectors and checksums of int16."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgegen import api, frontends, verify
from support import int16_model

pytestmark = [pytest.mark.cross, pytest.mark.qemu]


@pytest.mark.parametrize("device", ["cortex_m0plus", "cortex_m4", "cortex_m55"])
def test_a_network_of_int16_is_verified_bit_for_bit(device: str, tmp_path: Path) -> None:
    file = tmp_path / "audio.tflite"
    file.write_bytes(int16_model.build())
    project = tmp_path / "firmware"
    api.scaffold(file, device, project, engines=["aot"])
    header = (project / "edgegen" / "include" / "audio" / "model.h").read_text()
    assert "\nint16_t *audio_input_0(void);" in header
    assert "\nconst int16_t *audio_output_0(void);" in header
    facts = verify.run(project).engines["aot"]
    assert (facts.status, facts.bit_exact, facts.max_abs_diff) == ("pass", True, 0)
    computed = sum(len(op.outputs) for op in frontends.load(file).ops)
    assert facts.activations_compared == facts.vectors * computed
