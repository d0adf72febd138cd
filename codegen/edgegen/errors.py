"""Everything said to a user when something goes wrong.

An error states what is wrong, where, and how to mend it; the command line prints
those lines and exits with ``exit_code``. A traceback reaches a user only for a bug
in edgegen itself.
"""

from __future__ import annotations

from dataclasses import dataclass


class EdgegenError(Exception):
    """Base of every error that edgegen raises on purpose.

    Args:
        what: One sentence that says what is wrong.
        where: The file, node or option concerned, if any.
        fix: What the user can do about it, if anything.
    """

    exit_code = 2

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.fix = fix

    def __str__(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.fix:
            lines.append(f"  fix:   {self.fix}")
        return "\n".join(lines)


class UsageError(EdgegenError):
    """The input is wrong: a file, an option, a name. Exit code 2."""

    exit_code = 2


class DifferenceError(EdgegenError):
    """All was understood, but it does not fit or it differs. Exit code 1."""

    exit_code = 1


class MissingToolError(EdgegenError):
    """A compiler, emulator or package is needed and absent. Exit code 3."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One numbered reason why a model is refused.

    Attributes:
        code: ``EG`` and three digits; its meaning never changes.
        where: Node or tensor, in the model's own words.
        cause: What is wrong with it.
        fix: The converter setting or change that mends it.
    """

    code: str
    where: str
    cause: str
    fix: str

    def __str__(self) -> str:
        return f"{self.code}: {self.where}: {self.cause} {self.fix}".rstrip()


class RefusedModelError(UsageError):
    """The model holds something that edgegen cannot take; has every reason.

    The message shows the first of each kind before any second, and each fix once.
    """

    SHOWN = 8

    def __init__(self, model: str, diagnostics: tuple[Diagnostic, ...]) -> None:
        self.diagnostics = diagnostics
        firsts = {d.code: d for d in reversed(diagnostics)}.values()
        kinds = [d for d in diagnostics if any(d is first for first in firsts)]
        others = [d for d in diagnostics if all(d is not first for first in firsts)]
        lines = []
        told: set[str] = set()
        for d in [*kinds, *others][: self.SHOWN]:
            lines.append(f"{d.code}: {d.where}: {d.cause}" if d.fix in told else str(d))
            told.add(d.fix)
        if len(diagnostics) > self.SHOWN:
            lines.append(f"... and {len(diagnostics) - self.SHOWN} more")
        super().__init__(
            f"{model}: the model is refused.\n" + "\n".join(f"  {line}" for line in lines)
        )
