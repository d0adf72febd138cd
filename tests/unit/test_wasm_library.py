"""The C of web projects, and when it is compiled; tests/build compiles it and calls it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from edgegen import api, chunks, frontends, wasm_library
from edgegen.engines.aot.emit import WEIGHT_ALIGNMENT
from edgegen.inputs import ImageInput
from edgegen.model import Model
from edgegen.options import Options
from edgegen.preprocessing import resolve
from edgegen.project import File, GeneratedProject, Owner
from edgegen.targets import web_precache
from edgegen.wasm_library import build
from support.wasm_module import weights


@pytest.fixture(scope="module")
def digits(digits_tflite: Path) -> Model:
    return frontends.load(digits_tflite)


def emit(
    model: Model, *, described: bool = False, has_model: bool = True, has_others: bool = False
) -> dict[str, bytes]:
    inputs = resolve(model, [ImageInput(width=32, height=24)]) if described else ()
    options = Options("net", inputs=inputs)
    choices = {"has_model": has_model, "has_others": has_others}
    files = wasm_library.emit(model, "browser", options, **choices)
    assert files == wasm_library.emit(model, "browser", options, **choices)
    return files


def linked(files: Mapping[str, bytes]) -> list[str]:
    """Names of the modules."""
    return re.findall(r"^link (\w+)", files[build.SCRIPT].decode(), re.MULTILINE)


def test_nothing_to_do_is_no_library(digits: Model) -> None:
    assert emit(digits, has_model=False, has_others=True) == {}
    assert wasm_library.weights({}) == ()


def test_a_model_comes_in_two_builds(digits: Model) -> None:
    files = emit(digits, has_others=True)
    assert linked(files) == ["simd", "baseline"]
    assert not any("preprocess" in path or "edgegen/image" in path for path in files)


def test_inputs_for_other_engines_are_a_build_of_their_own(digits: Model) -> None:
    alone = emit(digits, described=True, has_model=False, has_others=True)
    assert linked(alone) == ["preprocess"]
    assert not any("/nn/" in path or path.startswith("assets/") for path in alone)
    assert linked(emit(digits, described=True)) == ["simd", "baseline"]
    both = emit(digits, described=True, has_others=True)
    assert linked(both) == ["simd", "baseline", "preprocess"]


def test_every_source_is_there_and_every_file_is_hashed(digits: Model) -> None:
    files = emit(digits, described=True, has_others=True)
    native = {path.removeprefix("native/") for path in files if path.startswith("native/")}
    script = files[build.SCRIPT].decode()
    listed = re.findall(r"^([\w/]+\.(?:c|h|sh))$", script, re.MULTILINE)
    assert set(listed) == native
    compiled = re.findall(r"<< 'END'\n(.*?)\nEND$", script, re.MULTILINE | re.DOTALL)
    sources = [path for each in compiled for path in each.split()]
    assert {path for path in native if path.endswith(".c")} == set(sources)


def test_weights_lie_in_order_of_execution(digits: Model) -> None:
    files = emit(digits)
    for backend in wasm_library.weights(files):
        name = backend.name.removeprefix("aot-")
        digest, count = backend.sha256, backend.bytes
        data = weights(files, name)
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (digest, count)
        header = files[f"native/aot/{name}/weights.h"].decode()
        offsets = [int(each) for each in re.findall(r"WEIGHTS_AT\((\d+)\)", header)]
        assert offsets == sorted(set(offsets))
        assert all(offset % WEIGHT_ALIGNMENT == 0 for offset in offsets)
        source = files[f"native/aot/{name}/model.c"].decode()
        assert f"net_weights_id = {int(digest[:8], 16)}U;" in source
        ends = re.search(r"step_weights\[\d+\] = \{([^}]*)\}", source)
        assert ends is not None
        steps = [int(each) for each in re.findall(r"\d+", ends[1])]
        assert steps == sorted(steps)
        assert steps[-1] == len(data)


def test_chunks_of_weights_end_where_a_layer_does(digits: Model) -> None:
    files = emit(digits)
    manifest = chunks.parse_manifest(files["assets/aot-baseline.json"], "")
    assert manifest.strategy == "layer"
    assert all(chunk.layers is not None for chunk in manifest.chunks)


# When it is compiled

_SCRIPT = {build.SCRIPT: b"", "native/model.c": b"int x;\n"}


@pytest.fixture
def without_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "is_possible", lambda: False)


def product(sources: Mapping[str, bytes], module: bytes = b"\0asm") -> dict[str, bytes]:
    """What build.sh leaves."""
    record = {
        "clang": "99",
        "wasm-ld": "99",
        "sources": build.sources_digest(sources),
        "simd.wasm": hashlib.sha256(module).hexdigest(),
    }
    return {"wasm/build.json": json.dumps(record).encode(), "wasm/simd.wasm": module}


@pytest.mark.usefixtures("without_compiler")
def test_what_was_built_from_the_same_sources_stays() -> None:
    there = product(_SCRIPT)
    assert build.compiled(_SCRIPT, there.get) == there


@pytest.mark.usefixtures("without_compiler")
@pytest.mark.parametrize("what", ["sources", "module", "missing", "record", "none", "names"])
def test_what_was_not_is_not_kept(what: str) -> None:
    there = product(_SCRIPT)
    sources = dict(_SCRIPT)
    match what:
        case "sources":
            sources["native/model.c"] = b"int y;\n"
        case "module":
            there["wasm/simd.wasm"] = b"\0asm?"
        case "missing":
            del there["wasm/simd.wasm"]
        case "record":
            there["wasm/build.json"] = b"[" * 100_000
        case "names":
            table = json.loads(there["wasm/build.json"]) | {"../x.wasm": "0"}
            there["wasm/build.json"] = json.dumps(table).encode()
        case _:
            there = {}
    assert build.compiled(sources, there.get) == {}


def test_a_project_without_c_needs_no_compiler() -> None:
    assert build.compiled({"model.js": b""}) == {}


@pytest.mark.usefixtures("without_compiler")
def test_a_project_is_completed_by_what_its_folder_holds(tmp_path: Path) -> None:
    files = {f"edgegen/{path}": File(data, Owner.EDGEGEN) for path, data in _SCRIPT.items()}
    project = GeneratedProject(files)
    assert build.completed(project, tmp_path) == project
    assert "sh edgegen/native/build.sh" in build.notes(project)[0]
    for path, data in product(_SCRIPT).items():
        (tmp_path / "edgegen" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "edgegen" / path).write_bytes(data)
    found = build.completed(project, tmp_path)
    assert found.files["edgegen/wasm/simd.wasm"].content == b"\0asm"
    assert build.notes(found) == ()
    assert build.notes(GeneratedProject({})) == ()


def test_the_service_worker_knows_the_modules(
    digits_tflite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = b"\0asm of somebody"

    def made(files: Mapping[str, bytes], _: object) -> dict[str, bytes]:
        return product({path: data for path, data in files.items() if "native/" in path}, module)

    lists: list[Mapping[str, File]] = []

    def listing(files: Mapping[str, File], *rest: Any) -> dict[str, object]:
        if "edgegen/golden.json" in files:  # what is fitted has none
            lists.append(files)
        return of_files(files, *rest)

    of_files = web_precache.context
    monkeypatch.setattr(web_precache, "context", listing)
    monkeypatch.setattr(build, "compiled", made)
    api.scaffold(digits_tflite, "browser", tmp_path / "site")
    assert len(lists) == 1, "it is made once, when all files are there"
    listed = (tmp_path / "site/edgegen/pwa/precache.js").read_text()
    assert f'"edgegen/wasm/simd.wasm": "{hashlib.sha256(module).hexdigest()}"' in listed
    assert "build.json" not in listed
