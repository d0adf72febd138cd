"""A rendered Linux project whose packages can be imported."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from edgegen import api


def scaffold(model: bytes, directory: Path, suffix: str = ".tflite", **options: Any) -> Path:
    """The project, called as its folder, for x86_64 unless ``target`` says otherwise."""
    file = directory.parent / f"{directory.name}{suffix}"
    file.write_bytes(model)
    target = options.pop("target", "linux_x86_64")
    api.scaffold(file, target, directory, name=directory.name, **options)
    return directory


def runtime(project: Path) -> ModuleType:
    """The generated package, imported."""
    folder = str(project / "edgegen" / "python")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    importlib.invalidate_caches()
    return importlib.import_module(f"{project.name}_runtime")


def build_native(project: Path, folder: Path) -> Path:
    """The project's native library, built without optimisation, where the package finds it."""
    source = project / "edgegen" / "native"
    configure = ["cmake", "-S", source, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug"]
    for command in (configure, ["cmake", "--build", folder]):
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    library = folder / f"lib{project.name}_native.so"
    os.environ[f"{project.name.upper()}_NATIVE_LIBRARY"] = str(library)
    return library


def module(package: ModuleType, name: str) -> Any:
    """One of its modules, by its path below the package."""
    return importlib.import_module(f"{package.__name__}.{name}")
