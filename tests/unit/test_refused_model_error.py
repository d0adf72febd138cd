"""How a refused model is told: every kind of reason first, every fix once."""

from __future__ import annotations

from edgegen.errors import Diagnostic, RefusedModelError


def test_each_fix_is_told_once() -> None:
    diagnostics = tuple(Diagnostic("EG104", f"node {k}", "Hybrid.", "Fix it.") for k in range(3))
    assert str(RefusedModelError("m", diagnostics)).splitlines() == [
        "m: the model is refused.",
        "  EG104: node 0: Hybrid. Fix it.",
        "  EG104: node 1: Hybrid.",
        "  EG104: node 2: Hybrid.",
    ]


def test_many_of_one_kind_do_not_hide_another() -> None:
    many = [Diagnostic("EG104", f"node {k}", "Hybrid.", "Fix.") for k in range(20)]
    last = Diagnostic("EG101", "node 20", "Unknown.", "Replace.")
    error = RefusedModelError("m", (*many, last))
    lines = str(error).splitlines()
    assert lines[1:3] == ["  EG104: node 0: Hybrid. Fix.", "  EG101: node 20: Unknown. Replace."]
    assert lines[-1] == "  ... and 13 more"
    assert len(lines) == 10
    assert len(error.diagnostics) == 21
