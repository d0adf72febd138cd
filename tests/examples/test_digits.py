"""The digits example, on real images: the emulated Cortex-M4 sees what the host sees, from a
camera's frames to classes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from edgegen import frontends, reference, verify
from support import script

DIGITS = Path(__file__).resolve().parents[2] / "examples" / "digits"

Int8s = npt.NDArray[np.int8]

predict = script.load("examples/digits/predict.py")


@pytest.fixture(scope="module")
def images() -> Int8s:
    """(200, 8, 8, 1), as the model takes them."""
    loaded: Int8s = np.load(DIGITS / "images.npy")
    return loaded


@pytest.fixture(scope="module")
def host_outputs(images: Int8s) -> Int8s:
    """(200, 10): what TensorFlow Lite Micro computes on the host."""
    model = frontends.load(DIGITS / "digits.tflite")
    result = reference.run(model, [[image[np.newaxis]] for image in images], every_activation=False)
    return np.concatenate([outputs[0] for outputs in result.outputs]).astype(np.int8)


@pytest.fixture(scope="module")
def host_tensors() -> Int8s:
    """(200, 1, 8, 8, 1): what the host makes of a camera's frames."""
    tensors: Int8s = predict.tensors(frontends.load(DIGITS / "digits.tflite"), predict.frames())
    return tensors


def correct(outputs: Int8s) -> int:
    classes = np.load(DIGITS / "classes.npy")
    return int(np.sum(np.argmax(outputs, axis=1) == classes))


def test_the_recorded_accuracy_is_the_hosts(host_outputs: Int8s) -> None:
    recorded = json.loads((DIGITS / "accuracy.json").read_text())
    assert recorded["images"] == len(host_outputs)
    assert recorded["correct"] == correct(host_outputs)
    assert recorded["correct"] >= 190


@pytest.mark.cross
@pytest.mark.qemu
def test_the_emulated_device_gives_the_same_outputs_and_accuracy(
    images: Int8s, host_outputs: Int8s, tmp_path: Path
) -> None:
    project = tmp_path / "digits firmware"
    shutil.copytree(DIGITS / "firmware", project)
    raw = verify.replay(project, "aot", images.tobytes())
    device_outputs = np.frombuffer(raw, np.int8).reshape(host_outputs.shape)
    np.testing.assert_array_equal(device_outputs, host_outputs)
    assert correct(device_outputs) == correct(host_outputs)


def test_a_magnified_image_becomes_itself_again(images: Int8s, host_tensors: Int8s) -> None:
    np.testing.assert_array_equal(host_tensors[:, 0], images)


def test_the_example_runs_in_python(capsys: pytest.CaptureFixture[str]) -> None:
    predict.main()
    recorded = json.loads((DIGITS / "accuracy.json").read_text())["correct"]
    assert capsys.readouterr().out.startswith(f"{recorded} of 200 frames read right")


@pytest.mark.cross
@pytest.mark.qemu
def test_the_emulated_device_makes_the_same_tensors_and_outputs_of_frames(
    host_tensors: Int8s, host_outputs: Int8s, tmp_path: Path
) -> None:
    project = tmp_path / "digits firmware"
    shutil.copytree(DIGITS / "firmware", project)
    raw = verify.replay(project, "aot", predict.frames().tobytes(), raw=True)
    vectors = np.frombuffer(raw, np.int8).reshape(len(host_outputs), -1)
    pixels = host_tensors[0].size
    np.testing.assert_array_equal(vectors[:, :pixels].reshape(host_tensors.shape), host_tensors)
    np.testing.assert_array_equal(vectors[:, pixels:], host_outputs)
    assert correct(vectors[:, pixels:]) == correct(host_outputs)
