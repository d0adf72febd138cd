"""What a Linux project can be called: its packages must not hide others."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from edgegen import api, config
from edgegen.errors import UsageError


@pytest.mark.parametrize(
    ("stem", "name"),
    [("json", "model_json"), ("lambda", "model_lambda"), ("numpy", "model_numpy"), ("kws", "kws")],
)
def test_a_model_named_like_a_module(
    stem: str, name: str, digits_tflite: Path, tmp_path: Path
) -> None:
    model = tmp_path / f"{stem}.tflite"
    shutil.copy(digits_tflite, model)
    done = api.scaffold(model, "linux_x86_64", tmp_path / "project", dry_run=True)
    assert done.config.name == name


@pytest.mark.parametrize("name", ["json", "pass", "distutils", "fastapi"])
def test_a_name_that_is_taken(name: str, digits_tflite: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"can be called '{name}'"):
        api.scaffold(digits_tflite, "linux_x86_64", tmp_path / "project", name=name)
    assert not (tmp_path / "project").exists()


def test_firmware_may_be_called_like_a_module(digits_tflite: Path, tmp_path: Path) -> None:
    assert config.default_name("json") == "json"
    api.scaffold(digits_tflite, "cortex_m4", tmp_path / "project", name="json", dry_run=True)
