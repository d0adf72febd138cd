"""Reading a TOML table key by key, collecting everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any


def closest(word: str, words: Sequence[str]) -> str | None:
    """The one of ``words`` that ``word`` is probably a misspelling of."""
    import difflib

    close = difflib.get_close_matches(word.lower(), words, n=1)
    return close[0] if close else None


def did_you_mean(word: str, words: Sequence[str]) -> str:
    """A hint to go behind what is said of an unknown ``word``; "" without a likely one."""
    close = closest(word, words)
    return f" (did you mean {close}?)" if close else ""


_TYPE_NAMES = {bool: "a boolean", int: "an integer", str: "a string", list: "an array"}
_TYPE_NAMES |= {dict: "a table", float: "a float"}


class Table:
    """A TOML table whose keys are taken one by one; what is wrong goes to ``problems``.

    After a getter has reported a problem, it returns None or a value that breaks a rule: the
    caller looks at ``problems`` before it uses anything.
    """

    def __init__(self, values: dict[str, Any], prefix: str, problems: list[str]) -> None:
        self._values = dict(values)
        self._prefix = prefix
        self._problems = problems
        self._known: list[str] = []

    def problem(self, key: str, text: str) -> None:
        shown = key if key.isprintable() else repr(key)
        self._problems.append(f"{self._prefix}{shown}: {text}")

    def has(self, key: str) -> bool:
        return key in self._values

    def _take(self, key: str, wanted: type) -> Any:
        self._known.append(key)
        if key not in self._values:
            self.problem(key, "is missing.")
            return None
        value = self._values.pop(key)
        if type(value) is not wanted:  # bool is an int to isinstance
            found = _TYPE_NAMES.get(type(value), "a date or time")
            self.problem(key, f"must be {_TYPE_NAMES[wanted]}, not {found}.")
            return None
        return value

    def text(self, key: str, pattern: re.Pattern[str] | None = None) -> str | None:
        value: str | None = self._take(key, str)
        if value is None:
            return None
        if not value.strip() or not value.isprintable():
            self.problem(key, "must be one line of text.")
            return None
        if pattern is not None and not pattern.fullmatch(value):
            self.problem(key, f"{value!r} does not match {pattern.pattern}.")
            return None
        return value

    def choice(self, key: str, choices: Sequence[str]) -> str | None:
        value: str | None = self._take(key, str)
        if value is not None and value not in choices:
            self.problem(key, f"{value!r} is none of {', '.join(choices)}.")
            return None
        return value

    def number(self, key: str, minimum: int, maximum: int) -> int | None:
        value: int | None = self._take(key, int)
        if value is not None and not minimum <= value <= maximum:
            self.problem(key, f"{value} is not between {minimum} and {maximum}.")
            return None
        return value

    def flag(self, key: str) -> bool | None:
        value: bool | None = self._take(key, bool)
        return value

    def texts(self, key: str) -> tuple[str, ...] | None:
        values: list[Any] | None = self._take(key, list)
        if values is None:
            return None
        if not all(type(value) is str for value in values):
            self.problem(key, "must be an array of strings.")
            return None
        return tuple(values)

    def choices(self, key: str, allowed: Sequence[str]) -> tuple[str, ...] | None:
        values = self.texts(key)
        if values is None:
            return None
        wrong = [value for value in values if value not in allowed]
        for value in wrong:
            self.problem(key, f"{value!r} is none of {', '.join(allowed)}.")
        if not values or len(set(values)) != len(values):
            self.problem(key, "must hold each of its values once, and at least one.")
        return values

    def table(self, key: str) -> Table | None:
        values = self._take(key, dict)
        if values is None:
            return None
        return Table(values, f"{self._prefix}{key}.", self._problems)

    def tables(self, key: str) -> list[Table] | None:
        values = self._take(key, list)
        if values is None:
            return None
        if not values or not all(type(value) is dict for value in values):
            self.problem(key, f"must be one or more [[{self._prefix}{key}]] tables.")
            return None
        return [
            Table(value, f"{self._prefix}{key}[{index}].", self._problems)
            for index, value in enumerate(values)
        ]

    def finish(self) -> None:
        """Report the keys that nobody took."""
        for key in self._values:
            close = closest(key, self._known)
            self.problem(key, f"is unknown{f'; did you mean {close}?' if close else '.'}")
