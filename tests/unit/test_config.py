"""config.py: edgegen.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgegen import config
from edgegen.config import Config
from edgegen.errors import UsageError

FULL = Config(
    "digits", "cortex_m4", "model/my model.tflite", "model/labels.txt", ("aot", "tflm"), "memory"
)
MINIMAL = Config("digits", "cortex_m4", "model/digits.tflite")


@pytest.mark.parametrize("wanted", [FULL, MINIMAL])
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
        "unknown key project.'modle'",
        "project.name is not a C identifier",
        "project.device is missing",
        "project.model is missing",
        "project.engines is not a list",
        "project.optimize_for is none of latency, memory, size",
        "project.labels has an empty",
    ):
        assert word in said


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
