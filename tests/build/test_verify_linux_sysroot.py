"""From nothing to inference on Arm Linux: Debian's Python, the real wheels, QEMU's user mode."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.emulated_linux import prepared

pytestmark = [pytest.mark.sysroot, pytest.mark.slow]

PROGRAM = """
import json, platform, sys
import numpy
try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError:
    from tflite_runtime.interpreter import Interpreter
import cffi

interpreter = Interpreter(sys.argv[1], num_threads=1)
interpreter.allocate_tensors()
given, wanted = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
values = numpy.arange(numpy.prod(given["shape"]), dtype=given["dtype"]).reshape(given["shape"])
interpreter.set_tensor(given["index"], values)
interpreter.invoke()
declared = cffi.FFI()
declared.cdef("int abs(int);")
print(json.dumps({
    "machine": platform.machine(),
    "numpy": numpy.__version__,
    "output": interpreter.get_tensor(wanted["index"]).tolist(),
    "abs": declared.dlopen(None).abs(-3),
    "cpuinfo": open("/proc/cpuinfo").read(),
}))
"""


REQUIREMENTS = (
    "cffi",
    "numpy<2; platform_machine == 'armv7l'",
    "numpy>=2; platform_machine == 'aarch64'",
    "ai-edge-litert==2.3.0; platform_machine == 'aarch64'",
    "tflite-runtime==2.14.0; platform_machine == 'armv7l'",
)


@pytest.mark.parametrize(
    ("architecture", "cpu", "cpuinfo", "numpy"),
    [
        ("aarch64", "cortex-a72", "CPU part\t: 0xd08", "2."),
        ("armv7l", "cortex-a7", "CPU part\t: 0xc07", "1.24."),
    ],
)
def test_a_model_runs(
    architecture: str, cpu: str, cpuinfo: str, numpy: str, digits_tflite: Path, tmp_path: Path
) -> None:
    computer = prepared(architecture, cpu, REQUIREMENTS)
    (tmp_path / "program.py").write_text(PROGRAM)
    done = computer.run(
        ["program.py", digits_tflite], computer.environment(()), cwd=tmp_path, timeout=120
    )
    assert done.exit_code == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["machine"] == architecture
    assert said["numpy"].startswith(numpy)
    assert said["numpy"] == computer.versions()["numpy"]
    assert cpuinfo in said["cpuinfo"], "the host's processor shows through"
    assert said["output"] == _expected(digits_tflite)
    assert said["abs"] == 3


def _expected(model: Path) -> object:
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    resolver = OpResolverType.BUILTIN_REF
    interpreter = Interpreter(str(model), experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    given, wanted = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    values = np.arange(np.prod(given["shape"]), dtype=given["dtype"]).reshape(given["shape"])
    interpreter.set_tensor(given["index"], values)
    interpreter.invoke()
    return interpreter.get_tensor(wanted["index"]).tolist()
