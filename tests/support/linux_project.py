"""A rendered Linux project whose packages can be imported."""

from __future__ import annotations

import importlib
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


def module(package: ModuleType, name: str) -> Any:
    """One of its modules, by its path below the package."""
    return importlib.import_module(f"{package.__name__}.{name}")
