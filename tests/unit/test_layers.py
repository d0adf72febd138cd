"""Imports point down: the map of docs/design.md, kept true."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "codegen" / "edgegen"

# From top to bottom; a module imports only from layers below its own.
LAYERS = (
    ("__main__",),
    ("cli",),
    ("present",),
    ("api",),
    ("bundle",),
    ("doctor", "verify"),
    ("evidence", "frontends", "packaging", "targets"),
    ("wasm_library",),
    ("native_library",),
    ("fit", "preprocess_c"),
    ("config", "engines", "golden", "pyproject"),
    (
        *(
            "analysis",
            "chunk_files",
            "diagnostics",
            "passes",
            "preprocessing",
            "project",
            "reference",
        ),
        *("registry", "render", "runtime_sources"),
    ),
    ("chunks", "lockfile", "native", "reference_worker", "resources", "storage", "tools"),
    (
        *("native_audio", "native_image", "native_micro_audio", "native_timing", "options"),
        "tflite_schema",
    ),
    (
        *("_native", "device", "inputs", "labels", "micro_audio", "model"),
        *("native_arguments", "native_memory", "paths"),
    ),
    ("flatbuffer", "toml_table"),
    ("errors",),
)
DEPTH = {name: depth for depth, layer in enumerate(LAYERS) for name in layer}

# Beyond the order: who must not know whom.
FORBIDDEN = {
    "frontends": {"device", "registry", "options", "project", "render"},
    "targets": {"storage", "lockfile"},
    "render": {"device", "options", "project"},
}


def unit(path: Path) -> str:
    """cli, model, engines, ...: what a layer holds."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Units of edgegen that a file imports, also inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "edgegen":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("edgegen."):
            found.add((node.module or "").split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("edgegen.")}
    return found - {"__version__", unit(path)}


MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_down(path: Path) -> None:
    own = unit(path)
    assert own in DEPTH, f"{own} has no layer yet"
    upwards = {name for name in imports(path) if DEPTH[name] <= DEPTH[own]}
    assert upwards == set()
    assert imports(path) & FORBIDDEN.get(own, set()) == set()


def test_only_render_knows_the_template_engine() -> None:
    knowing = {
        unit(path)
        for path in MODULES
        if "import jinja2" in (text := path.read_text(encoding="utf-8")) or "from jinja2" in text
    }
    assert knowing == {"render"}


def test_help_loads_nothing_heavy() -> None:
    """What takes time is loaded by the command that uses it: benchmarks/cli.py measures it."""
    program = "import sys, edgegen.cli; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    heavy = {"numpy", "jinja2", "flatbuffers", "ai_edge_litert", "tflite_micro", "elftools"}
    assert heavy & set(result.stdout.split()) == set()
