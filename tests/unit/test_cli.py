"""The command line: what it prints where, its exit codes, and never a traceback."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import typer.main
from typer.testing import CliRunner

from edgegen import api, chunks, cli
from edgegen.engines import registry as engines
from edgegen.options import OPTIMIZE_FOR
from support import metadata_builder
from support.tflite_builder import ModelBuilder

COMMANDS = [
    *("inspect", "devices", "fit", "scaffold", "update", "diff", "verify", "package", "keygen"),
    *("bundle", "chunk", "doctor"),
]


class Result(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Call the command line in this process, through the same door as the shell."""

    def call(*arguments: str | Path) -> Result:
        monkeypatch.setattr(sys, "argv", ["edgegen", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        captured = capsys.readouterr()
        return Result(int(exit_.value.code or 0), captured.out, captured.err)

    return call


def shell(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    code = "from edgegen.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
    )


def small_model(tensor_name: str = "x", elements: int = 4) -> bytes:
    builder = ModelBuilder()
    x = builder.tensor(tensor_name, [1, elements], "int8", scale=0.5, zero_point=3)
    y = builder.tensor("y", [1, elements], "int8", scale=0.25)
    builder.op("RELU", [x], [y])
    return builder.build([x], [y])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "my model.tflite"
    path.write_bytes(small_model())
    return path


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model and a project made from it, which no test touches."""
    place = tmp_path_factory.mktemp("fresh")
    (place / "my model.tflite").write_bytes(small_model())
    api.scaffold(place / "my model.tflite", "cortex_m4", place / "my firmware")
    return place


@pytest.fixture
def home(fresh: Path, tmp_path: Path) -> Path:
    """A fresh project, in a folder with a space in its name; its model lies beside it."""
    shutil.copytree(fresh, tmp_path, dirs_exist_ok=True)
    return tmp_path / "my firmware"


def tree(directory: Path) -> dict[str, bytes]:
    found = directory.rglob("*")
    return {p.relative_to(directory).as_posix(): p.read_bytes() for p in found if p.is_file()}


class TestHelp:
    @pytest.mark.parametrize("command", COMMANDS)
    def test_every_command_has_an_example(self, command: str) -> None:
        shown = CliRunner().invoke(cli.app, [command, "--help"])
        assert shown.exit_code == 0
        assert re.search(rf"Example:\n +edgegen {command}", shown.output)

    def test_the_list_is_complete(self) -> None:
        root = typer.main.get_command(cli.app)
        assert sorted(getattr(root, "commands", {})) == sorted(COMMANDS)

    def test_first_sentences_are_not_cut(self, run: Run) -> None:
        commands = run("--help").out.split("Commands:")[1]
        assert "..." not in commands

    def test_version(self, run: Run) -> None:
        assert re.fullmatch(r"edgegen \d+\.\d+\.\d+\n", run("--version").out)

    def test_no_arguments_show_the_help(self, run: Run) -> None:
        shown = run()
        assert "Usage: edgegen" in shown.out + shown.err

    def test_no_colour_in_pipes(self) -> None:
        assert "\x1b" not in shell("--help", FORCE_COLOR="1").stdout

    def test_engines_of_the_completion_are_the_real_ones(self) -> None:
        assert {*engines.cortex_m(), *engines.linux()} <= set(cli.ENGINES)
        assert cli.OPTIMIZE_FOR == OPTIMIZE_FOR
        assert cli.CHUNKS_BY == chunks.STRATEGIES

    @pytest.mark.parametrize(
        ("words", "offered"),
        [("edgegen devices cortex_m5", "cortex_m55"), ("edgegen scaffold --engine t", "tflm")],
    )
    def test_completion(self, words: str, offered: str) -> None:
        done = shell(
            _EDGEGEN_COMPLETE="complete_bash",
            COMP_WORDS=words,
            COMP_CWORD=str(len(words.split()) - 1),
        )
        assert done.stdout.split() == [offered]


class TestMistakes:
    @pytest.mark.parametrize("arguments", [["nonsense"], ["inspect"], ["fit", "--nonsense"]])
    def test_usage(self, run: Run, arguments: list[str]) -> None:
        done = run(*arguments)
        assert done.code == 2
        assert "Usage" in done.err
        assert done.out == ""

    @pytest.mark.parametrize("command", [["devices"], ["scaffold", "x.tflite", "--target"]])
    def test_a_device_is_suggested(self, run: Run, command: list[str]) -> None:
        done = run(*command, "cortx_m4")
        assert done.code == 2
        assert "Did you mean 'cortex_m4'?" in done.err

    def test_an_engine_is_suggested(self, run: Run, model: Path, tmp_path: Path) -> None:
        output = tmp_path / "p"
        done = run("scaffold", model, "--target", "cortex_m4", "--engine", "aott", "-o", output)
        assert (done.code, output.exists()) == (2, False)
        assert "Did you mean 'aot'?" in done.err

    def test_no_such_model(self, run: Run, tmp_path: Path) -> None:
        done = run("inspect", tmp_path / "absent.tflite")
        assert done.code == 2
        assert "absent.tflite" in done.err

    def test_a_name_that_is_no_identifier(self, run: Run, model: Path, tmp_path: Path) -> None:
        done = run(
            "scaffold", model, "--target", "cortex_m4", "--name", "a-b", "-o", tmp_path / "p"
        )
        assert done.code == 2
        assert "identifier" in done.err

    def test_an_error_is_some_lines_on_stderr(self, run: Run, tmp_path: Path) -> None:
        done = run("update", tmp_path)
        assert done.code == 2
        assert done.out == ""
        assert done.err.startswith("edgegen: This is no edgegen project")
        assert len(done.err.splitlines()) == 3


class TestBugs:
    @pytest.fixture
    def broken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(_: Path) -> api.Inspection:
            raise RuntimeError("something\x1b[31m unexpected")

        monkeypatch.setattr(api, "inspect", fail)

    def test_no_traceback(self, run: Run, broken: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("EDGEGEN_DEBUG", raising=False)
        done = run("inspect", "x")
        assert done.code == 70
        assert "This is a bug in edgegen" in done.err
        assert "Traceback" not in done.err
        assert "\x1b" not in done.err

    def test_unless_asked_for(
        self, run: Run, broken: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("EDGEGEN_DEBUG", "1")
        done = run("inspect", "x")
        assert done.code == 70
        assert "Traceback" in done.err

    def test_ctrl_c(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupt(*_: object) -> api.Inspection:
            raise KeyboardInterrupt

        monkeypatch.setattr(api, "inspect", interrupt)
        assert run("inspect", "x").code == 130

    def test_ctrl_c_while_python_imports(self) -> None:
        code = (
            "import sys\n"
            "class Impatient:\n"
            "    def find_spec(self, name, *_):\n"
            "        if name == 'typer':\n"
            "            raise KeyboardInterrupt\n"
            "sys.meta_path.insert(0, Impatient())\n"
            "from edgegen.__main__ import main; main()"
        )
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment)
        assert (done.returncode, done.stderr) == (130, b"")


class TestTerminal:
    HOSTILE = "a\x1b]0;owned\x07\x9b31m\u202e\nb\u2028"

    def test_escape_sequences_of_a_model_are_shown_escaped(self, run: Run, tmp_path: Path) -> None:
        path = tmp_path / "m.tflite"
        path.write_bytes(small_model(self.HOSTILE))
        done = run("inspect", path)
        assert done.code == 0
        assert r"a\x1b]0;owned\x07\x9b31m\u202e\nb\u2028" in done.out
        assert all(char.isprintable() or char == "\n" for char in done.out)

    def test_in_json_too(self, run: Run, tmp_path: Path) -> None:
        path = tmp_path / "m.tflite"
        path.write_bytes(small_model(self.HOSTILE))
        out = run("inspect", path, "--json").out
        assert out.isascii()
        assert all(char.isprintable() or char == "\n" for char in out)
        assert json.loads(out)["model"]["inputs"][0]["name"] == self.HOSTILE

    def test_in_errors_too(self, run: Run) -> None:
        done = run("inspect", "no\x1b[31msuch")
        assert done.code == 2
        assert "\x1b" not in done.err

    def test_an_encoding_that_lacks_a_character(self, tmp_path: Path) -> None:
        path = tmp_path / "m.tflite"
        path.write_bytes(small_model("größe"))
        done = shell("inspect", path, PYTHONIOENCODING="ascii")
        assert done.returncode == 0
        assert r"gr\xf6\xdfe" in done.stdout

    def test_a_reader_that_leaves(self) -> None:
        code = "from edgegen.cli import main; main()"
        with subprocess.Popen(
            [sys.executable, "-c", code, "devices", "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            said = process.stderr.read()
        assert said == b""

    @pytest.mark.parametrize("arguments", [["devices"], ["devices", "--json"], ["--help"]])
    def test_a_full_disk_behind_the_output(self, arguments: list[str]) -> None:
        code = "from edgegen.cli import main; main()"
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [sys.executable, "-c", code, *arguments],
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                env=environment,
            )
        assert done.returncode == 2
        assert done.stderr == "edgegen: The system refused: No space left on device.\n"

    def test_no_output_at_all(self) -> None:
        code = "import os, sys; os.close(1); sys.stdout = None; "
        code += "sys.argv[1:] = ['devices']; from edgegen.cli import main; main()"
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment)
        assert (done.returncode, done.stderr) == (0, b"")


class TestReports:
    def test_inspect(self, run: Run, model: Path) -> None:
        facts = json.loads(run("inspect", model, "--json").out)
        assert facts["model"]["operators"] == [{"operator": "RELU", "version": 1, "count": 1}]
        assert [row["engine"] for row in facts["engines"]][:2] == ["aot", "tflm"]
        refusing = [row["engine"] for row in facts["engines"] if not row["takes"]]
        assert refusing == ["onnxruntime"]  # which reads .onnx alone
        shown = run("inspect", model).out
        assert "my model.tflite" in shown
        assert "engine aot takes the model" in shown

    def test_plan(self, run: Run, model: Path) -> None:
        done = run("inspect", model, "--plan", "--target", "cortex_m4", "--json")
        assert done.code == 0
        facts = json.loads(done.out)
        assert facts["device"] == "cortex_m4"
        assert [layer["operator"] for layer in facts["layers"]] == ["RELU"]
        assert facts["layers"][0]["outputs"][0]["shape"] == [1, 4]
        shown = run("inspect", model, "--plan", "--target", "cortex_m4").out
        assert "my model.tflite by aot on cortex_m4" in shown

    def test_a_plan_for_something(self, run: Run, model: Path) -> None:
        plan = ("inspect", model, "--plan", "--target", "cortex_m4", "--optimize-for")
        assert json.loads(run(*plan, "memory", "--json").out)["optimize_for"] == "memory"
        done = run(*plan, "beauty")
        assert done.code == 2
        assert "latency, memory, size" in done.err
        assert run("inspect", model, "--optimize-for", "size").code == 2

    @pytest.mark.parametrize("arguments", [["--plan"], ["--target", "cortex_m4"]])
    def test_a_plan_is_for_a_device(self, run: Run, model: Path, arguments: list[str]) -> None:
        done = run("inspect", model, *arguments)
        assert done.code == 2
        assert "belong together" in done.err

    def test_a_plan_of_what_the_engine_refuses(self, run: Run, tmp_path: Path) -> None:
        builder = ModelBuilder()
        x = builder.tensor("x", [1, 4], "int16", scale=1e-4)
        y = builder.tensor("y", [1, 4], "int16", scale=1e-4)
        builder.op("RELU6", [x], [y])  # whose 6 is no int16 of this scale
        path = tmp_path / "refused.tflite"
        path.write_bytes(builder.build([x], [y]))
        done = run("inspect", path, "--plan", "--target", "cortex_m4")
        assert done.code == 2
        assert "EG201" in done.err

    def test_devices(self, run: Run) -> None:
        rows = json.loads(run("devices", "--json").out)
        assert "cortex_m4" in {row["id"] for row in rows}
        assert {"flash_bytes", "ram_bytes", "emulator"} <= rows[0].keys()
        shown = run("devices").out
        assert all(row["id"] in shown for row in rows)

    def test_one_device(self, run: Run) -> None:
        details = json.loads(run("devices", "cortex_m4", "--json").out)
        assert details["cpu"] == "cortex-m4"
        shown = run("devices", "cortex_m4").out
        assert all(text in shown for text in details["sources"].values())

    def test_fit(self, run: Run, model: Path) -> None:
        done = run("fit", model, "--target", "cortex_m4", "--json")
        assert done.code == 0
        (report,) = json.loads(done.out)
        assert (report["device"], report["ok"]) == ("cortex_m4", True)
        assert "fits" in run("fit", model, "--target", "cortex_m4").out

    def test_doctor(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "/nonexistent")
        done = run("doctor", "--json")
        assert done.code == 3
        facts = json.loads(done.out)
        assert not facts["ok"]
        absent = {row["name"]: row for row in facts["tools"] if row["version"] is None}
        assert absent["qemu-system-arm"]["install"] == "sudo apt-get install qemu-system-arm"
        assert absent["qemu-system-arm"]["needed_by"] == ["Cortex-M"]
        assert absent["dpkg-deb"]["needed_by"] == ["Linux"]
        assert absent["cmake"]["needed_by"] == ["Cortex-M", "Linux"]
        assert absent["wasm-ld"]["needed_by"] == absent["chromium"]["needed_by"] == ["Web"]
        assert not absent["ld.lld"]["needed_by"]
        shown = run("doctor")
        assert shown.code == 3
        assert "Missing for Cortex-M: cmake, ninja, arm-none-eabi-gcc" in shown.out
        assert "Missing for Linux: cmake, ninja, gcc" in shown.out
        assert "Missing for Web: clang, wasm-ld, chromium" in shown.out


class TestScaffold:
    def test_what_lies_there(self, home: Path, model: Path) -> None:
        assert (home / "model/my model.tflite").read_bytes() == model.read_bytes()
        lock = json.loads((home / "edgegen.lock").read_text())
        generated = {path for path in tree(home) if path.startswith("edgegen/")}
        assert set(lock["files"]) == generated
        assert generated

    def test_dry_run_writes_nothing(self, run: Run, model: Path, tmp_path: Path) -> None:
        output = tmp_path / "p"
        done = run("scaffold", model, "--target", "cortex_m4", "-o", output, "--dry-run")
        assert done.code == 0
        assert "create" in done.out
        assert not output.exists()

    def test_twice_is_an_update(self, run: Run, home: Path, model: Path) -> None:
        before = tree(home)
        assert run("scaffold", model, "--target", "cortex_m4", "-o", home).code == 0
        assert tree(home) == before

    @pytest.mark.parametrize(
        "change",
        [["--target", "cortex_m7"], ["--name", "other"], ["--engine", "aot"]],
        ids=lambda change: change[0],
    )
    def test_another_project_in_the_same_place_is_refused(
        self, run: Run, home: Path, model: Path, change: list[str]
    ) -> None:
        before = tree(home)
        done = run("scaffold", model, "--target", "cortex_m4", *change, "-o", home)
        assert done.code == 2
        assert "edgegen update" in done.err
        assert tree(home) == before

    def test_another_model_in_the_same_place_is_refused(self, run: Run, home: Path) -> None:
        other = home.parent / "other.tflite"
        other.write_bytes(small_model("other"))
        done = run("scaffold", other, "--target", "cortex_m4", "-o", home)
        assert done.code == 2
        assert "another model" in done.err

    def test_somebody_elses_folder(self, run: Run, model: Path, tmp_path: Path) -> None:
        place = tmp_path / "thesis"
        place.mkdir()
        (place / "thesis.tex").write_text("mine")
        done = run("scaffold", model, "--target", "cortex_m4", "-o", place)
        assert done.code == 2
        assert "belongs to someone else" in done.err
        assert list(tree(place)) == ["thesis.tex"]

    def test_json(self, run: Run, model: Path, tmp_path: Path) -> None:
        output = tmp_path / "p"
        facts = json.loads(
            run("scaffold", model, "--target", "cortex_m4", "-o", output, "--json").out
        )
        assert facts["written"]
        assert facts["emitted"] == ["aot", "tflm"]
        assert {row["change"] for row in facts["files"]} == {"create"}
        assert {row["path"] for row in facts["files"]} == set(tree(output))

    def test_one_engine(self, run: Run, model: Path, tmp_path: Path) -> None:
        output = tmp_path / "p"
        run("scaffold", model, "--target", "cortex_m4", "-o", output, "--engine", "aot")
        assert not any(path.startswith("edgegen/tflm") for path in tree(output))
        assert 'engines = ["aot"]' in (output / "edgegen.toml").read_text()

    def test_what_to_optimize_for_is_kept(self, run: Run, model: Path, tmp_path: Path) -> None:
        output = tmp_path / "p"
        command = ("scaffold", model, "--target", "cortex_m4", "-o", output, "--engine", "aot")
        assert run(*command, "--optimize-for", "size").code == 0
        assert 'optimize_for = "size"' in (output / "edgegen.toml").read_text()
        code = (output / "edgegen/aot/model.c").read_text()
        assert run(*command).code == 0
        assert run("update", output).code == 0
        assert (output / "edgegen/aot/model.c").read_text() == code
        done = run(*command, "--optimize-for", "latency")
        assert done.code == 2
        assert "chosen for size" in done.err

    def test_the_default_folder_is_the_name(
        self, run: Run, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert run("scaffold", model, "--target", "cortex_m4").code == 0
        assert (tmp_path / "my_model" / "edgegen.toml").exists()

    def test_a_hostile_file_name(self, run: Run, tmp_path: Path) -> None:
        path = tmp_path / "*\x1b[31m/".replace("/", "") / "\"; rm -rf $HOME '\n*.tflite"
        path.parent.mkdir()
        path.write_bytes(small_model())
        done = run("scaffold", path, "--target", "cortex_m4", "-o", tmp_path / "p")
        assert done.code == 0, done.err
        (copy,) = (tmp_path / "p" / "model").iterdir()
        assert re.fullmatch(r"[A-Za-z0-9._ -]+", copy.name)
        assert run("diff", tmp_path / "p").code == 0


class TestTooBig:
    @pytest.fixture
    def big(self, tmp_path: Path) -> Path:
        """A tensor of 300 kB, when the Pico has 264 KiB of RAM."""
        path = tmp_path / "big.tflite"
        path.write_bytes(small_model(elements=300_000))
        return path

    def test_it_is_refused(self, run: Run, big: Path, tmp_path: Path) -> None:
        done = run("scaffold", big, "--target", "rp2040_pico", "-o", tmp_path / "p")
        assert done.code == 1
        assert "does not fit" in done.err
        assert "bytes of ram" in done.err
        assert not (tmp_path / "p").exists()

    def test_fit_says_so(self, run: Run, big: Path) -> None:
        done = run("fit", big, "--target", "cortex_m4", "--target", "rp2040_pico")
        assert done.code == 1
        assert "big.tflite on cortex_m4: fits" in done.out
        assert "big.tflite on rp2040_pico: does not fit" in done.out

    def test_unless_forced(self, run: Run, big: Path, tmp_path: Path) -> None:
        done = run("scaffold", big, "--target", "rp2040_pico", "-o", tmp_path / "p", "--force")
        assert done.code == 0
        assert "warning: aot needs" in done.out
        assert (tmp_path / "p" / "edgegen.lock").exists()


class TestVerify:
    def test_progress_is_told_where_there_is_no_terminal(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with cli._progress() as step:
            step("aot: build\x1b[31m")
            told = capsys.readouterr()
        assert (told.out, told.err.count("\n")) == ("", 1)
        assert told.err.startswith("aot: build")
        assert "\x1b" not in told.err

    def test_no_project(self, run: Run, tmp_path: Path) -> None:
        done = run("verify", tmp_path)
        assert done.code == 2
        assert "no edgegen project" in done.err

    @pytest.mark.cross
    @pytest.mark.qemu
    def test_a_fresh_project_passes(self, run: Run, home: Path) -> None:
        done = run("verify", home, "--engine", "aot", "--json")
        assert done.code == 0, done.err
        assert "aot" in done.err, "what it does, while it does it"
        facts = json.loads(done.out)
        assert facts["engines"]["aot"]["bit_exact"]
        assert facts == json.loads((home / "evidence/report.json").read_text())

    @pytest.mark.cross
    @pytest.mark.qemu
    def test_an_edited_project_fails(self, run: Run, home: Path) -> None:
        with (home / "edgegen/aot/model.c").open("a") as file:
            file.write("/* edited */\n")
        done = run("verify", home, "--engine", "aot")
        assert done.code == 1
        assert "edited by hand: edgegen/aot/model.c" in done.out


class TestLabels:
    def scaffold(self, run: Run, model: Path, labels: bytes) -> Result:
        path = model.with_name("names.txt")
        path.write_bytes(labels)
        output = model.with_name("p")
        arguments = ["--target", "cortex_m4", "--labels", str(path), "-o", str(output)]
        return run("scaffold", model, *arguments)

    def test_they_are_copied(self, run: Run, model: Path) -> None:
        labels = 'zero\r\n"one"\r\ntwo */\r\nthrée\r\n'.encode()
        assert self.scaffold(run, model, labels).code == 0
        assert (model.with_name("p") / "model/labels.txt").read_bytes() == labels
        assert run("diff", model.with_name("p")).code == 0

    @pytest.mark.parametrize(
        ("labels", "said"),
        [
            (b"a\nb\n", "2 labels for 4 output elements"),
            (b"a\n\nc\nd\n", "Line 2 of the labels is empty"),
            (b"a\nb\nc\n\x1b[31m\n", "Line 4 of the labels holds a control character"),
            (b"\xff\xfe", "not UTF-8"),
            (b"", "0 labels"),
        ],
    )
    def test_refused(self, run: Run, model: Path, labels: bytes, said: str) -> None:
        done = self.scaffold(run, model, labels)
        assert done.code == 2
        assert said in done.err
        assert not model.with_name("p").exists()


def image_model(metadata: bytes = b"") -> bytes:
    builder = ModelBuilder()
    if metadata:
        builder.metadata("TFLITE_METADATA", metadata)
    x = builder.tensor("x", [1, 4, 6, 1], "int8", scale=1 / 128, zero_point=0)
    y = builder.tensor("y", [1, 4, 6, 1], "int8", scale=1 / 128)
    builder.op("RELU", [x], [y])
    return builder.build([x], [y])


class TestInputs:
    TEXT = '[input.image]\nwidth = 12\nheight = 8\nformat = "yuyv"\nmean = 127.5\nstd = 127.5\n'

    @pytest.fixture
    def model(self, tmp_path: Path) -> Path:
        path = tmp_path / "eye.tflite"
        path.write_bytes(image_model())
        return path

    @pytest.fixture
    def table(self, tmp_path: Path) -> Path:
        path = tmp_path / "camera.toml"
        path.write_text(self.TEXT)
        return path

    def test_inspect(self, run: Run, model: Path, table: Path) -> None:
        done = run("inspect", model, "--input", table)
        assert done.code == 0, done.err
        assert "input 0 from an image, 192 bytes a frame" in done.out
        assert "camera.toml" in done.out
        assert 'format = "yuyv"' in done.out
        (facts,) = json.loads(run("inspect", model, "--input", table, "--json").out)[
            "preprocessing"
        ]
        assert facts["kind"] == "image"
        assert facts["raw_bytes"] == 192
        assert facts["color"] == "gray"
        assert facts["source"] == str(table)
        assert run("inspect", model, "--json").out.count('"preprocessing": []') == 1

    def test_what_does_not_fit_the_model(self, run: Run, model: Path, table: Path) -> None:
        table.write_text('[input.image]\ncolor = "rgb"\ntensor = 0\nstd = [1, 2, 3]\n')
        for command in (["inspect"], ["scaffold", "--target", "cortex_m4"]):
            done = run(*command, model, "--input", table)
            assert done.code == 2
            assert "input.image.color: rgb has 3 channels" in done.err
            assert "input.image.std: 3 values" in done.err
            assert "camera.toml" in done.err

    def test_it_is_copied_into_the_project(self, run: Run, model: Path, table: Path) -> None:
        place = model.with_name("p")
        command = ("scaffold", model, "--target", "cortex_m4", "-o", place, "--engine", "aot")
        done = run(*command, "--input", table, "--json")
        assert done.code == 0, done.err
        assert json.loads(done.out)["preprocessing"][0]["width"] == 12
        text = (place / "edgegen.toml").read_text()
        assert "[input.image]" in text
        assert 'format = "yuyv"' in text
        before = tree(place)
        assert run("diff", place).code == 0
        assert run(*command).code == 0
        assert run(*command, "--input", table).code == 0
        assert tree(place) == before
        table.write_text(self.TEXT.replace("12", "16"))
        done = run(*command, "--input", table)
        assert done.code == 2
        assert "another description of the inputs" in done.err
        (place / "edgegen.toml").write_text(text.replace("width = 12", "width = 13"))
        done = run("update", place)
        assert done.code == 2
        assert "input.image.width: 13 is odd" in done.err

    def test_a_project_without_one(self, run: Run, model: Path, table: Path) -> None:
        place = model.with_name("p")
        command = ("scaffold", model, "--target", "cortex_m4", "-o", place, "--engine", "aot")
        assert run(*command).code == 0
        assert "[input" not in (place / "edgegen.toml").read_text()
        done = run(*command, "--input", table)
        assert done.code == 2
        assert "no description of its inputs" in done.err

    def test_not_with_a_plan(self, run: Run, model: Path, table: Path) -> None:
        done = run("inspect", model, "--plan", "--target", "cortex_m4", "--input", table)
        assert done.code == 2


class TestMetadata:
    """What the model's own metadata says holds until the user says otherwise."""

    LABELS = "".join(f"class {k}\n" for k in range(24)).encode()

    def model(self, tmp_path: Path, *colors: str) -> Path:
        content = metadata_builder.metadata(
            [metadata_builder.image(color, [127.5], [127.5]) for color in colors],
            [metadata_builder.output("labels.txt")],
        )
        path = tmp_path / "eye.tflite"
        files = {"labels.txt": self.LABELS}
        path.write_bytes(metadata_builder.with_files(image_model(content), files))
        return path

    def test_inspect(self, run: Run, tmp_path: Path) -> None:
        done = run("inspect", self.model(tmp_path, "gray"))
        assert "input 0 from an image, 72 bytes a frame (the model's metadata)" in done.out
        assert "mean = 127.5" in done.out

    def test_it_is_written_into_the_project(self, run: Run, tmp_path: Path) -> None:
        place = tmp_path / "p"
        command = ("scaffold", self.model(tmp_path, "gray"), "--target", "cortex_m4", "-o", place)
        command = (*command, "--engine", "aot")
        done = run(*command)
        assert done.code == 0, done.err
        assert "input 0 from an image" in done.out
        text = (place / "edgegen.toml").read_text()
        assert "# From the model's metadata.\n[input.image]\n# width: the tensor's" in text
        assert 'color = "gray"\nmean = 127.5\nstd = 127.5\n' in text
        assert (place / "model/labels.txt").read_bytes() == self.LABELS
        assert 'labels = "model/labels.txt"' in text
        before = tree(place)
        assert run(*command).code == 0
        assert run("diff", place).code == 0
        assert tree(place) == before

    def test_the_user_says_otherwise(self, run: Run, tmp_path: Path) -> None:
        table, labels = tmp_path / "camera.toml", tmp_path / "names.txt"
        table.write_text("[input.image]\nstd = 200\n")
        labels.write_bytes(self.LABELS.upper())
        place = tmp_path / "p"
        done = run(
            "scaffold", self.model(tmp_path, "rgb"), "--target", "cortex_m4", "-o", place,
            "--engine", "aot", "--input", table, "--labels", labels,
        )  # fmt: skip
        assert done.code == 0, done.err
        assert "note:" not in done.out
        assert "std = 200.0" in (place / "edgegen.toml").read_text()
        assert "metadata" not in (place / "edgegen.toml").read_text()
        assert (place / "model/labels.txt").read_bytes() == self.LABELS.upper()

    def test_the_user_wants_none_of_it(self, run: Run, tmp_path: Path) -> None:
        model, table, place = self.model(tmp_path, "gray"), tmp_path / "none.toml", tmp_path / "p"
        table.write_text("[input]\n")
        frames = '"frames"'
        fit = ("fit", model, "--target", "cortex_m4", "--json")
        assert frames in run(*fit).out
        assert frames not in run(*fit, "--input", table).out
        done = run(
            "scaffold", model, "--target", "cortex_m4", "-o", place, "--engine", "aot",
            "--input", table,
        )  # fmt: skip
        assert done.code == 0, done.err
        assert "[input" not in (place / "edgegen.toml").read_text()
        assert not (place / "edgegen/preprocess").exists()

    def test_what_does_not_fit_is_a_note(self, run: Run, tmp_path: Path) -> None:
        model = self.model(tmp_path, "rgb")
        place = tmp_path / "p"
        said = "note: By the metadata input 0 is an image, but it is left aside: "
        assert said in run("inspect", model).out
        done = run("scaffold", model, "--target", "cortex_m4", "-o", place, "--engine", "aot")
        assert done.code == 0
        assert said in done.out
        assert "input.image.color: rgb has 3 channels" in done.out
        assert "[input" not in (place / "edgegen.toml").read_text()
        (note,) = json.loads(run("inspect", model, "--json").out)["notes"]
        assert note.startswith(said.removeprefix("note: "))


class TestUpdate:
    def test_nothing_to_do(self, run: Run, home: Path) -> None:
        before = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
        assert run("update", home).code == 0
        assert run("diff", home).code == 0
        assert {path: path.stat().st_mtime_ns for path in home.rglob("*")} == before

    def test_a_new_model(self, run: Run, home: Path) -> None:
        (home / "src/main.cpp").write_text("my own main")
        other = home.parent / "retrained.tflite"
        other.write_bytes(small_model("retrained"))
        assert run("update", home, "--model", other).code == 0
        assert (home / "model/my model.tflite").read_bytes() == other.read_bytes()
        assert (home / "src/main.cpp").read_text() == "my own main"
        assert run("diff", home).code == 0

    def test_a_model_replaced_by_hand_makes_it_stale(self, run: Run, home: Path) -> None:
        (home / "model/my model.tflite").write_bytes(small_model("retrained"))
        stale = run("diff", home)
        assert stale.code == 1
        assert "update" in stale.out
        assert "@@" in run("diff", home, "--patch").out
        assert json.loads(run("diff", home, "--json").out)["stale"]
        assert run("update", home).code == 0
        assert run("diff", home).code == 0

    def test_an_edited_file_is_refused_and_named(self, run: Run, home: Path) -> None:
        path = home / "edgegen/CMakeLists.txt"
        path.write_text("edited")
        before = tree(home)
        for arguments in (["update"], ["update", "--dry-run"], ["diff"]):
            done = run(*arguments, home)
            assert done.code == 1, arguments
            assert "edgegen/CMakeLists.txt" in done.out + done.err
        assert "src/" in run("update", home).err
        assert tree(home) == before
        assert run("update", home, "--force").code == 0
        assert path.read_text() != "edited"

    def test_a_changed_option(self, run: Run, home: Path) -> None:
        with (home / "edgegen.toml").open("a") as file:
            file.write('engines = ["aot"]\n')
        done = run("update", home)
        assert done.code == 0
        assert "removed" in done.out
        assert not (home / "edgegen/tflm").exists()

    @pytest.mark.parametrize("path", ["src/main.cpp", "edgegen.lock", "edgegen.toml", "src"])
    def test_a_model_path_that_is_another_file(self, run: Run, home: Path, path: str) -> None:
        config = home / "edgegen.toml"
        text = config.read_text().replace("model/my model.tflite", path)
        config.write_text(text)
        before = tree(home)
        source = home.parent / "my model.tflite"
        done = run("update", home, "--model", source)
        assert done.code == 2
        assert "edgegen.toml" in done.err
        assert tree(home) == before

    def test_unknown_keys(self, run: Run, home: Path) -> None:
        with (home / "edgegen.toml").open("a") as file:
            file.write("modle = 1\n")
        done = run("update", home)
        assert done.code == 2
        assert "unknown key project.'modle'" in done.err

    def test_no_model(self, run: Run, home: Path) -> None:
        (home / "model/my model.tflite").unlink()
        done = run("update", home)
        assert done.code == 2
        assert "model" in done.err


class TestMeasuredArena:
    def evidence(self, home: Path, **changes: object) -> None:
        sha256 = json.loads(shell("inspect", home / "model/my model.tflite", "--json").stdout)
        report = {
            "model": {"sha256": sha256["model"]["sha256"]},
            "device": {"id": "cortex_m4"},
            "engines": {"tflm": {"arena": {"smallest_bytes": 4096, "how": "QEMU 7.2"}}},
            **changes,
        }
        (home / "evidence").mkdir(exist_ok=True)
        (home / "evidence/report.json").write_text(json.dumps(report))

    def measured(self, home: Path) -> object:
        return json.loads((home / "edgegen.lock").read_text())["measured"]

    def test_it_is_taken_over_and_outlives_the_evidence(self, run: Run, home: Path) -> None:
        self.evidence(home)
        assert run("diff", home).code == 1
        assert run("update", home).code == 0
        header = home / "edgegen/tflm/include/my_model/engine.h"
        assert "4096" in header.read_text()
        (home / "evidence/report.json").unlink()
        assert run("update", home).code == 0
        assert "4096" in header.read_text()

    def test_it_goes_with_its_model(self, run: Run, home: Path) -> None:
        self.evidence(home)
        run("update", home)
        assert self.measured(home)
        (home / "model/my model.tflite").write_bytes(small_model("retrained"))
        assert run("update", home).code == 0
        assert self.measured(home) == {}

    @pytest.mark.parametrize(
        "changes",
        [
            {"model": {"sha256": "0" * 64}},
            {"device": {"id": "cortex_m7"}},
            {"engines": {"tflm": {"status": "not verified"}}},
            {"engines": {"tflm": {"arena": {"smallest_bytes": -1, "how": "x"}}}},
            {"engines": {"tflm": {"arena": {"smallest_bytes": True, "how": "x"}}}},
            {"engines": {"tflm": {"arena": {"smallest_bytes": 16, "how": "*/ \n#error"}}}},
            {"engines": []},
        ],
        ids=str,
    )
    def test_other_evidence_counts_for_nothing(
        self, run: Run, home: Path, changes: dict[str, object]
    ) -> None:
        self.evidence(home, **changes)
        assert run("diff", home).code == 0


class TestChunk:
    def test_cut_checked_and_joined(self, run: Run, model: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        dry = run("chunk", model, "--size", "1KiB", "-o", out, "--dry-run")
        assert dry.out.endswith("dry run: nothing was written\n")
        assert not out.exists()
        made = run("chunk", model, "--size", "1KiB", "--by", "layer", "-o", out)
        assert "chunks by layer" in made.out
        facts = json.loads(run("chunk", model, "--size", "1KiB", "-o", out, "--json").out)
        assert facts["bytes"] == sum(each["bytes"] for each in facts["chunks"])
        checked = json.loads(run("chunk", "--verify", out, "--json").out)
        assert checked["ok"]
        assert "chunks are right" in run("chunk", "--verify", out).out
        assert run("chunk", "--join", out, "-o", tmp_path / "copy").code == 0
        assert (tmp_path / "copy").read_bytes() == model.read_bytes()

    def test_exit_1_for_damage(self, run: Run, model: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        run("chunk", model, "--size", "1KiB", "-o", out)
        next((out / "chunks").iterdir()).write_bytes(b"?")
        found = run("chunk", "--verify", out)
        assert (found.code, "cannot be put together" in found.out) == (1, True)
        assert run("chunk", "--join", out, "-o", tmp_path / "copy").code == 1

    @pytest.mark.parametrize(
        "arguments",
        [
            [],
            ["m", "--verify", "d"],
            ["--verify", "d", "--join", "d"],
            ["--verify", "d", "-o", "x"],
            ["--join", "d"],
            ["--join", "d", "-o", "x", "--dry-run"],
            ["m", "--size", "4"],
            ["m", "--by", "magic"],
            ["m"],
        ],
    )
    def test_wrong_arguments(self, run: Run, arguments: list[str]) -> None:
        result = run("chunk", *arguments)
        assert result.code == 2
        assert result.err.startswith("edgegen: ")
