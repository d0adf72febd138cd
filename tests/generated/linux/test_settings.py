"""NAME.toml of a generated project: defaults, what is refused, and the template."""

from __future__ import annotations

import dataclasses
import importlib
import re
import tomllib
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture(scope="module")
def settings(digits_runtime: Path) -> Any:
    return importlib.import_module("digits_runtime.settings")


@pytest.fixture(scope="module")
def problem(digits_runtime: Path) -> Any:
    return importlib.import_module("digits_runtime.errors").UsageProblem


def test_nothing_is_complete(settings: Any, tmp_path: Path) -> None:
    empty = tmp_path / "digits.toml"
    empty.write_text("")
    found = settings.load(empty)
    assert found.loop.policy == "drop_oldest"
    assert found.network.host == found.serve.host == "127.0.0.1"
    assert found.log.user_data is False
    assert found == settings.Settings()


def test_values_are_read(settings: Any, tmp_path: Path) -> None:
    file = tmp_path / "digits.toml"
    file.write_text(
        '[source]\nkind = "files"\n[files]\npath = "photos"\nmax_pixels = 1000\n'
        "[camera]\nfps = 15\n[sensor]\nchannels = 3\nscale = [1, 2.5, 3]\noffset = 7\n"
        '[model]\nfile = "/srv/model.tflite"\n'
    )
    found = settings.load(file)
    assert found.files.path == str(tmp_path / "photos")
    assert found.files.max_pixels == 1000
    assert found.camera.fps == 15.0
    assert isinstance(found.camera.fps, float)
    assert found.sensor.scale == (1.0, 2.5, 3.0)
    assert found.sensor.offset == (7.0,)
    assert found.model.file == "/srv/model.tflite"
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.camera.fps = 3


def test_all_problems_are_listed_with_hints(settings: Any, problem: Any) -> None:
    with pytest.raises(problem) as caught:
        settings.parse(
            {
                "camra": {},
                "source": "camera",
                "camera": {"fsp": 5, "fps": True, "timeout_seconds": 0},
                "loop": {"policy": "drop_oldset", "queue_length": 1.5},
                "sensor": {"setup": [1, 256], "scale": "x"},
                "network": {"port": 10**400},
                "log": {"path": "a\nb"},
            },
            Path("/x"),
        )
    lines = str(caught.value).splitlines()
    expected = [
        "[camra] is no table of settings (did you mean camera?)",
        "source is no table: write [source]",
        "camera.fsp is no setting (did you mean fps?)",
        "camera.fps: True is not a number from 0 to 1000",
        "camera.timeout_seconds: 0 is not a number from 0.01 to 600",
        "loop.policy: 'drop_oldset' is none of drop_oldest, drop_newest, block"
        " (did you mean drop_oldest?)",
        "loop.queue_length: 1.5 is not an integer from 1 to 10000",
        "sensor.setup: [1, 256] is not an array of up to 256 integers from 0 to 255",
        "sensor.scale: 'x' is neither a number nor an array of numbers",
        "network.port: a huge number is not an integer from 0 to 65535",
        "log.path: 'a\\nb' is not one line of text",
    ]
    assert sorted(line.strip() for line in lines[1:-1]) == sorted(expected)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("tables", "missing"),
    [
        ({"source": {"kind": "files"}}, "files.path is missing"),
        ({"source": {"kind": "replay"}}, "replay.path is missing"),
        ({"source": {"kind": "memory_mapped"}}, "memory_mapped.path is missing"),
        ({"sink": {"kind": "file"}}, "sink.path is missing"),
        ({"sensor": {"setup": [1]}}, "I2C takes pairs"),
        ({"sensor": {"command": [1, 2]}}, "I2C takes one byte"),
        ({"sensor": {"channels": 3, "scale": [1, 2]}}, "2 values for 3 channels"),
        ({"loop": {"backoff_seconds": 50}}, "backoff_limit_seconds is below"),
    ],
)
def test_values_that_others_need(
    settings: Any, problem: Any, tables: dict[str, Any], missing: str
) -> None:
    with pytest.raises(problem, match=re.escape(missing)):
        settings.parse(tables, Path("/x"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[camera\n", "no settings file"),
        (b"\xff\xfe", "no settings file"),
        (b"a = " + b"[" * 100_000, "no settings file"),
        (b"x = 1" * 300_000, "larger than"),
    ],
    ids=["not TOML", "not UTF-8", "deep", "large"],
)
def test_a_file_that_is_none(
    settings: Any, problem: Any, tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "digits.toml"
    file.write_bytes(content)
    with pytest.raises(problem, match=said):
        settings.load(file)


def test_a_file_that_is_not_there(settings: Any, problem: Any, tmp_path: Path) -> None:
    with pytest.raises(problem, match="No such file"):
        settings.load(tmp_path / "none.toml")
    with pytest.raises(problem, match="can't be read"):
        settings.load(tmp_path)


KEYS = st.sampled_from(
    ["camera", "sensor", "loop", "fps", "channels", "scale", "setup", "policy", "path", "port"]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.dates()
    | st.just(10**400),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(KEYS | st.text(max_size=5), VALUES, max_size=4))
@hypothesis.settings(max_examples=100, deadline=None)
def test_any_tables_are_settings_or_a_problem(
    settings: Any, problem: Any, tables: dict[str, Any]
) -> None:
    try:
        found = settings.parse(tables, Path("/x"))
    except problem as refused:
        for line in str(refused).splitlines():
            assert line.isprintable()
            assert len(line) < 1000
    else:
        assert isinstance(found, settings.Settings)


def test_hostile_keys_stay_on_their_line(settings: Any, problem: Any) -> None:
    with pytest.raises(problem) as caught:
        settings.parse({"a\nb\x1b[2J": {}, "x" * 5000: 1}, Path("/x"))
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 4
    assert len(str(caught.value)) < 2000


def test_which_file(settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DIGITS_SETTINGS", raising=False)
    assert settings.find() is None
    (tmp_path / "digits.toml").write_text("")
    assert settings.find() == Path("digits.toml")
    monkeypatch.setenv("DIGITS_SETTINGS", "/elsewhere.toml")
    assert settings.find() == Path("/elsewhere.toml")
    assert settings.find("given.toml") == Path("given.toml")


def test_the_command_line_goes_first(settings: Any, tmp_path: Path) -> None:
    file = tmp_path / "digits.toml"
    file.write_text('[source]\nkind = "camera"\n[camera]\nfps = 5\n')
    found = settings.load(file, {"source": {"kind": "synthetic"}, "synthetic": {"count": 3}})
    assert found.source.kind == "synthetic"
    assert found.synthetic.count == 3
    assert found.camera.fps == 5


def test_the_projects_file_documents_every_key(settings: Any, digits_project: Path) -> None:
    """What was scaffolded is what the package itself prints, and its examples are the defaults."""
    written = (digits_project / "digits.toml").read_text()
    assert written.endswith(settings.documented()), (
        "templates/linux/scaffold/__name__.toml.j2 is not what settings.documented() prints"
    )
    assert tomllib.loads(written) == {name: {} for name in settings._TABLES}
    uncommented = re.sub(r"(?m)^# (\w+ = )", r"\1", written)
    folder = digits_project
    assert settings.parse(tomllib.loads(uncommented), folder) == settings.parse({}, folder)
    keys = [key for table in tomllib.loads(uncommented).values() for key in table]
    assert len(keys) == sum(len(dataclasses.fields(each)) for each in settings._TABLES.values())
