"""Facts that only a run on the device can tell, and where they are kept.

`edgegen verify` writes them to evidence/report.json; `edgegen update` takes them from
there into edgegen.lock, so that they outlive the evidence.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgegen import lockfile
from edgegen.options import MeasuredArena

REPORT = "evidence/report.json"
_KEY = "tflm_arena"
_HOW_LENGTH = 300
_LARGEST = 1 << 32


def tflm_arena(directory: Path, model_sha256: str, device_id: str) -> MeasuredArena | None:
    """The measured arena for this model on this device: the newest evidence, else the lock's."""
    fresh = _from_report(directory / REPORT, model_sha256, device_id)
    return fresh or _from_lock(directory, model_sha256, device_id)


def to_lock(arena: MeasuredArena | None, model_sha256: str, device_id: str) -> Mapping[str, object]:
    """The lock's `measured` section."""
    if arena is None:
        return {}
    facts = {"bytes": arena.bytes, "how": arena.how}
    return {_KEY: facts | {"model_sha256": model_sha256, "device": device_id}}


def _from_report(path: Path, model_sha256: str, device_id: str) -> MeasuredArena | None:
    try:
        report = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None  # no evidence, or none that can be trusted: `verify` makes it again
    if _at(report, "model", "sha256") != model_sha256:
        return None
    if _at(report, "device", "id") != device_id:
        return None
    arena = _at(report, "engines", "tflm", "arena")
    return _arena(_at(arena, "smallest_bytes"), _at(arena, "how"))


def _from_lock(directory: Path, model_sha256: str, device_id: str) -> MeasuredArena | None:
    lock = lockfile.read(directory)
    facts = lock.measured.get(_KEY) if lock else None
    if _at(facts, "model_sha256") != model_sha256 or _at(facts, "device") != device_id:
        return None
    return _arena(_at(facts, "bytes"), _at(facts, "how"))


def _arena(size: object, how: object) -> MeasuredArena | None:
    """Both values go into generated code, so neither is taken on trust."""
    if type(size) is not int or not 0 < size < _LARGEST:
        return None
    if not isinstance(how, str) or not how.isprintable() or len(how) > _HOW_LENGTH:
        return None
    return MeasuredArena(size, how)


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
