"""A Linux project as pip and its tools see it: installs, passes its tests, is clean and typed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement

from edgegen import api
from edgegen.config import NAME_LENGTH
from support.linux_project import scaffold
from support.onnx_builder import convolution
from support.tflite_builder import ModelBuilder

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "digits"

EVIL = 'a"b\\\n\'\'\'"""{{ x }} {% y %} </script>; rm -rf ~ \u202e\U0001f600\x00\x1b[31m'


class Installed:
    """A project, installed by pip into a virtual environment of its own.

    What it depends on comes from the environment of the tests: that way nothing is downloaded.
    """

    def __init__(self, project: Path, folder: Path) -> None:
        self.project = project
        self.python = folder / "bin" / "python"
        venv.create(folder, symlinks=True)
        packages = folder / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
        (packages / "tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
        self.run("-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", str(project))
        self.command = folder / "bin" / project.name

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        done = self._run([str(self.python), *arguments])
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._run([str(self.command), *arguments])

    def _run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        # Neither the environment's variables nor the project's folder may help it along.
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "DIGITS_"))}
        return subprocess.run(
            command, capture_output=True, text=True, env=kept, cwd=self.project.parent
        )


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("installed")
    api.scaffold(
        EXAMPLE / "digits.tflite",
        "linux_x86_64",
        folder / "digits",
        inputs=EXAMPLE / "input.toml",
        labels=EXAMPLE / "labels.txt",
    )
    return Installed(folder / "digits", folder / "venv")


@pytest.mark.parametrize("engine", ["aot", "litert", "litert-reference", "openvino"])
def test_the_installed_self_test_passes(digits: Installed, engine: str) -> None:
    done = digits("selftest", "--engine", engine, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["passed"] is True
    assert report["engine"] == engine
    assert len(report["raw_inputs"]) == 2


def test_the_preferred_engine_is_the_one_that_was_compiled(digits: Installed) -> None:
    done = digits("info", "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["engines"][0]["name"] == "aot"
    assert {each["name"]: each["runs"] for each in facts["engines"]} == dict.fromkeys(
        ("aot", "litert", "openvino", "aot-portable", "litert-reference", "litert-edgetpu"), True
    )
    assert "engine aot: runs" in digits("info").stdout


def test_the_projects_own_tests_pass(digits: Installed) -> None:
    done = digits.run("-m", "pytest", "-q", "-p", "no:cacheprovider", str(digits.project))
    assert "3 passed" in done.stdout


def test_predict_prints_the_classes(digits: Installed, tmp_path: Path) -> None:
    level = np.random.default_rng(1).random((8, 8, 1), np.float32)
    np.save(tmp_path / "real.npy", level)
    done = digits("predict", "--real", "--json", str(tmp_path / "real.npy"))
    assert done.returncode == 0, done.stderr
    (output,) = json.loads(done.stdout)["outputs"]
    assert len(output["values"]) == 10
    assert output["classes"][0]["value"] == max(output["values"])
    assert len(digits("predict", "--real", str(tmp_path / "real.npy")).stdout.splitlines()) == 6


def test_mistakes_are_told_in_a_few_lines(digits: Installed, tmp_path: Path) -> None:
    np.save(tmp_path / "wide.npy", np.zeros((1, 8, 9, 1), np.int8))
    np.save(tmp_path / "nan.npy", np.full((1, 8, 8, 1), np.nan))
    np.save(tmp_path / "real.npy", np.zeros((1, 8, 8, 1)))
    np.save(tmp_path / "object.npy", np.array([{}]), allow_pickle=True)
    np.savez(tmp_path / "several.npz", a=np.zeros(1))
    (tmp_path / "text.npy").write_text("hello")
    (tmp_path / "empty.npy").touch()
    for arguments, words in (
        (["predict", "wide.npy"], "shape"),
        (["predict", "real.npy"], "float64"),
        (["predict", "--real", "nan.npy"], "finite"),
        (["predict", "real.npy", "real.npy"], "2 were given"),
        (["predict", "--real", "real.npy", "real.npy"], "2 were given"),
        (["predict", "object.npy"], "no .npy file"),
        (["predict", "several.npz"], "several"),
        (["predict", "text.npy"], "no .npy file"),
        (["predict", "empty.npy"], "no .npy file"),
        (["predict", "absent.npy"], "cannot be read"),
        (["predict", "real.npy", "--threads", "0"], "threads"),
        (["selftest", "--model", "absent.tflite"], "no model file"),
        (["selftest", "--golden", "absent"], "cannot be used"),
        (["selftest", "--engine", "tflm"], "invalid choice"),
        (["juggle"], "invalid choice"),
        ([], "required"),
    ):
        places = [str(tmp_path / each) if "." in each else each for each in arguments]
        done = digits(*places)
        assert done.returncode in (1, 2), (arguments, done.stderr)
        assert words in done.stderr, (arguments, done.stderr)
        assert "Traceback" not in done.stderr
        assert len(done.stderr.splitlines()) <= 3 or "usage:" in done.stderr


def test_a_project_without_native_code_installs(tmp_path: Path) -> None:
    model = convolution().SerializeToString(deterministic=True)
    project = scaffold(model, tmp_path / "squeeze", ".onnx", target="linux_arm64")
    installed = Installed(project, tmp_path / "venv")
    for engine in ("onnxruntime", "openvino"):
        done = installed("selftest", "--engine", engine)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.splitlines()[-1] == "PASSED"


def test_generated_files_are_clean_and_typed(tmp_path: Path) -> None:
    """With everything that a project may have; formatted, ruff's rules and mypy --strict."""
    project = tmp_path / "digits"
    api.scaffold(
        EXAMPLE / "digits.tflite",
        "linux_x86_64",
        project,
        inputs=EXAMPLE / "input.toml",
        labels=EXAMPLE / "labels.txt",
        serve=("http", "grpc"),
    )
    _ruff(project, "check")
    _ruff(project, "format", "--check")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path / "cache")],
        capture_output=True,
        text=True,
        cwd=project,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_long_names_keep_generated_files_clean(tmp_path: Path) -> None:
    name = "n" * NAME_LENGTH
    described, plain = tmp_path / "described", tmp_path / "plain"
    api.scaffold(
        EXAMPLE / "digits.tflite",
        "intel_cpu",
        described,
        inputs=EXAMPLE / "input.toml",
        serve=("http", "grpc"),
        name=name,
    )
    api.scaffold(EXAMPLE / "digits.tflite", "raspberry_pi", plain, engines=["litert"], name=name)
    for project in (described, plain):
        _ruff(project, "check")
        _ruff(project, "format", "--check")


def _ruff(project: Path, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *arguments, "--no-cache", "."],
        capture_output=True,
        text=True,
        cwd=project,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_names_of_a_hostile_model_stay_text(tmp_path: Path) -> None:
    builder = ModelBuilder()
    source = builder.tensor(EVIL * 8, [1, 3], "float32")
    result = builder.tensor(f"{EVIL}'", [1, 3], "float32")
    builder.op("TANH", [source], [result])
    labels = tmp_path / "labels.txt"
    names = [f"{EVIL.splitlines()[0]}{k}" + "x" * 90 * k for k in range(3)]
    labels.write_text("\n".join(names), encoding="utf-8")
    project = scaffold(builder.build([source], [result]), tmp_path / "hostile", labels=labels)
    _ruff(project, "check")
    program = (
        "from hostile_runtime import spec, Model; import numpy as np, json;"
        "Model('litert').predict(np.zeros((1, 3), np.float32));"
        "print(json.dumps([spec.INPUTS[0].name, spec.OUTPUTS[0].name, *spec.LABELS]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(project / "edgegen" / "python")},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [EVIL * 8, f"{EVIL}'", *names]


@pytest.mark.parametrize(
    ("target", "engines", "machine", "wanted"),
    [
        ("linux_x86_64", (), "x86_64", {"numpy", "cffi"}),
        ("raspberry_pi", ("litert",), "aarch64", {"numpy", "cffi", "ai-edge-litert"}),
        ("raspberry_pi", ("litert",), "armv7l", {"numpy", "cffi", "tflite-runtime"}),
        ("raspberry_pi", ("litert",), "armv8l", {"numpy", "cffi", "tflite-runtime"}),
        ("intel_cpu", (), "x86_64", {"numpy", "cffi", "openvino"}),
        ("coral", (), "aarch64", {"numpy", "cffi", "ai-edge-litert"}),
    ],
)
def test_requirements(
    tmp_path: Path, target: str, engines: tuple[str, ...], machine: str, wanted: set[str]
) -> None:
    project = tmp_path / "digits"
    api.scaffold(
        EXAMPLE / "digits.tflite",
        target,
        project,
        engines=engines,
        inputs=EXAMPLE / "input.toml",
    )
    document = tomllib.loads((project / "pyproject.toml").read_text())
    environment = {"platform_machine": machine, "sys_platform": "linux"}
    needed = [
        requirement
        for requirement in map(Requirement, document["project"]["dependencies"])
        if requirement.marker is None or requirement.marker.evaluate(environment)
    ]
    assert {requirement.name for requirement in needed} == wanted
    (numpy,) = [each for each in needed if each.name == "numpy"]
    assert numpy.specifier.contains("1.24.2")
    assert numpy.specifier.contains("2.4") is not machine.startswith("armv")
    if target == "coral":
        spec = (project / "edgegen/python/digits_runtime/spec.py").read_text()
        assert 'ENGINES: Final[tuple[str, ...]] = ("litert-edgetpu", "litert"' in spec
