"""config.py: edgegen.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgegen import config
from edgegen.config import Config
from edgegen.errors import UsageError
from edgegen.inputs import AudioInput, ImageInput

FULL = Config(
    "digits", "cortex_m4", "model/my model.tflite", "model/labels.txt", ("aot", "tflm"), "memory"
)
DESCRIBED = Config(
    "digits",
    "cortex_m4",
    "model/digits.tflite",
    inputs=(
        ImageInput(width=640, height=480, mean=(127.5,), std=(127.5,)),
        AudioInput(
            tensor=1,
            sample_rate=16000,
            frame_length=480,
            hop=320,
            mel_bands=40,
            low_hz=20,
            high_hz=4000,
        ),
    ),
)
MINIMAL = Config("digits", "cortex_m4", "model/digits.tflite")


@pytest.mark.parametrize("wanted", [FULL, MINIMAL, DESCRIBED])
def test_what_is_rendered_reads_back(wanted: Config) -> None:
    assert config.parse(config.render(wanted).decode(), "edgegen.toml") == wanted


def test_all_problems_at_once_with_file_and_key() -> None:
    text = '[project]\nname = "9x"\nmodle = "a"\nengines = "aot"\nlabels = "../l"\n[other]\n'
    text = text.replace("[other]", 'optimize_for = "fun"\n[other]')
    with pytest.raises(UsageError) as caught:
        config.parse(text, "dir/edgegen.toml")
    said = str(caught.value)
    for word in (
        "dir/edgegen.toml",
        "unknown key 'other'",
        "unknown key project.'modle' (did you mean model?)",
        "project.name is not a C identifier",
        "project.device is missing",
        "project.model is missing",
        "project.engines is not a list",
        "project.optimize_for is none of latency, memory, size",
        "project.labels has an empty",
    ):
        assert word in said


def test_problems_of_inputs_and_project_together() -> None:
    text = "[project]\nname = 1\n[inptu]\n[input.image]\nwidht = 3\n[input.audio]\nhop = 1\n"
    with pytest.raises(UsageError) as caught:
        config.parse(text, "edgegen.toml")
    said = str(caught.value)
    for word in (
        "unknown key 'inptu' (did you mean input?)",
        "project.name is not a text",
        "input.image.'widht' (did you mean width?)",
        "input.audio.frame_length is missing",
        "The keys of [project] are",
        "docs/preprocessing.md",
    ):
        assert word in said


@pytest.mark.parametrize("digits", ["9" * 5000, "0x" + "f" * 5000, f"[0x{'f' * 5000}]"])
def test_huge_numbers(digits: str) -> None:
    text = config.render(MINIMAL).decode() + f"[input.image]\nwidth = {digits}\n"
    with pytest.raises(UsageError) as caught:
        config.parse(text, "edgegen.toml")
    assert len(str(caught.value)) < 400


class TestInputFile:
    def read(self, folder: Path, text: str) -> str:
        """What is said about a file that is wrong."""
        path = folder / "my input.toml"
        path.write_text(text)
        with pytest.raises(UsageError) as caught:
            config.read_inputs(path)
        assert "my input.toml" in str(caught.value)
        return str(caught.value)

    def test_it_holds_the_tables_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "input.toml"
        path.write_text("[input.image]\nwidth = 640\nheight = 480\n")
        assert config.read_inputs(path) == (ImageInput(width=640, height=480),)
        path.write_text("[input]\n")
        assert config.read_inputs(path) == ()

    def test_a_byte_order_mark_is_no_part_of_it(self, tmp_path: Path) -> None:
        path = tmp_path / "input.toml"
        path.write_text("[input.image]\r\nwidth = 640\r\n", encoding="utf-8-sig")
        assert config.read_inputs(path) == (ImageInput(width=640),)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("[project]\n[input.image]\n", "unknown key 'project'"),
            ("[image]\nwidth = 3\n", "unknown key 'image'"),
            ("[input.image]\nwidht = 3\n", "did you mean width"),
            ("", "it describes no input"),
            ("[input]\nimage = 1\n", "input.image"),
            ("[input", "not TOML"),
        ],
    )
    def test_refused(self, tmp_path: Path, text: str, said: str) -> None:
        assert said in self.read(tmp_path, text)

    def test_no_such_file(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="no such file"):
            config.read_inputs(tmp_path / "input.toml")
        with pytest.raises(UsageError, match="cannot be read"):
            config.read_inputs(tmp_path)


@pytest.mark.parametrize("text", ["", "project = 1", "x = [", "[project]\nname = 1", "[" * 10_000])
def test_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"edgegen\.toml"):
        config.parse(text, "edgegen.toml")


@pytest.mark.parametrize(
    "model",
    ["/m.tflite", "../m.tflite", "edgegen/m.tflite", "edgegen.lock", "EDGEGEN.toml", "", "a\\nb"],
)
def test_the_model_lies_in_the_users_part(model: str) -> None:
    text = f'[project]\nname = "a"\ndevice = "d"\nmodel = "{model}"\n'
    with pytest.raises(UsageError, match=r"project\.model"):
        config.parse(text, "edgegen.toml")


def test_labels_are_not_the_model() -> None:
    text = config.render(FULL).decode().replace("model/labels.txt", FULL.model)
    with pytest.raises(UsageError, match="same file"):
        config.parse(text, "edgegen.toml")


def test_an_engine_twice() -> None:
    text = config.render(FULL).decode().replace('"tflm"', '"aot"')
    with pytest.raises(UsageError, match="twice"):
        config.parse(text, "edgegen.toml")


def test_no_project(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no edgegen project"):
        config.read(tmp_path)


def test_not_text(tmp_path: Path) -> None:
    (tmp_path / "edgegen.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="UTF-8"):
        config.read(tmp_path)


@pytest.mark.parametrize("name", ["digits", "a", "kws_dscnn", "model_9", "x" * 40])
def test_legal_names(name: str) -> None:
    assert config.check_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "9a",
        "_a",
        "A",
        "Digits",
        "a-b",
        "a b",
        "é",
        "int",
        "class",
        "test",
        "edgegen",
        "m",
        "x" * 41,
        "a\n",
        "a*/",
        "a²",
    ],
)
def test_illegal_names(name: str) -> None:
    with pytest.raises(UsageError, match="name"):
        config.check_name(name)


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("digits", "digits"),
        ("KWS DS-CNN (v2)", "kws_ds_cnn_v2"),
        ("2024_model", "model_2024_model"),
        ("class", "model_class"),
        ("???", "model"),
        ("", "model"),
        ("m" * 100, "m" * 40),
        ("café", "caf"),
    ],
)
def test_default_names(stem: str, name: str) -> None:
    assert config.default_name(stem) == name
    assert config.name_problem(name) == ""
