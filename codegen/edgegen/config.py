"""edgegen.toml: what a project is made from, so that `edgegen update` needs no arguments.

The file is the user's: edgegen writes it once, by `render`, and only reads it from then on.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgegen import inputs, paths
from edgegen.errors import UsageError
from edgegen.inputs import Input
from edgegen.lockfile import LOCK
from edgegen.options import DEFAULT_OPTIMIZE_FOR, OPTIMIZE_FOR, PROTOCOLS, OptimizeFor
from edgegen.project import CONFIG, GENERATED
from edgegen.toml_table import did_you_mean

NAME_LENGTH = 40  # C99 promises 63 significant characters; the rest is for our suffixes
_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)

# Keywords of C23 and C++23 that a lower-case name could be.
_KEYWORDS = """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t
    char32_t class co_await co_return co_yield compl concept const const_cast consteval constexpr
    constinit continue decltype default delete do double dynamic_cast else enum explicit export
    extern false float for friend goto if inline int long mutable namespace new noexcept not not_eq
    nullptr operator or or_eq private protected public register reinterpret_cast requires restrict
    return short signed sizeof static static_assert static_cast struct switch template this
    thread_local throw true try typedef typeid typename typeof typeof_unqual union unsigned using
    virtual void volatile wchar_t while xor xor_eq
"""
# Targets that CMake keeps for itself, libraries that a firmware links, and our own prefixes.
_RESERVED = """
    all clean depend edit_cache help install list_install_components package package_source
    preinstall rebuild_cache test uninstall c g gcc m nosys rdimon stdc main eg edgegen
"""
_TAKEN = frozenset(_KEYWORDS.split()) | frozenset(_RESERVED.split())

_TEMPLATE = """\
# What this project is made from. This file is yours: change it and run `edgegen update`.

[project]
name = {name}  # prefix of every generated C symbol
device = {device}  # `edgegen devices` lists them
model = {model}
"""


@dataclass(frozen=True, slots=True)
class Package:
    """[package]: what is written on a package; "" for what is not said here.

    Attributes:
        version: Of the project, where no pyproject.toml has one.
        maintainer: "Name <address>", who answers for the package.
        license: SPDX expression of the user's own files.
        homepage: URL.
    """

    version: str = ""
    maintainer: str = ""
    license: str = ""
    homepage: str = ""


@dataclass(frozen=True, slots=True)
class Config:
    """The contents of edgegen.toml.

    Attributes:
        name: Prefix of the generated symbols, see `name_problem`.
        device: Device id.
        model, labels: POSIX paths below the project; labels is "" when there are none.
        engines: Engine ids in order of preference; empty for every engine that takes
            the model.
        optimize_for: How the `aot` engine chooses its kernels.
        inputs: How the model's inputs are made, as far as the user described them.
        serve: Of `edgegen.options.PROTOCOLS`, those that the project speaks.
        package: What `edgegen package` writes on a package.
    """

    name: str
    device: str
    model: str
    labels: str = ""
    engines: tuple[str, ...] = ()
    optimize_for: OptimizeFor = DEFAULT_OPTIMIZE_FOR
    inputs: tuple[Input, ...] = ()
    serve: tuple[str, ...] = ()
    package: Package = Package()


def read(directory: Path) -> Config:
    """The project's edgegen.toml; a UsageError that lists everything wrong with it."""
    path = directory / CONFIG
    try:
        text = _text(path)
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(
            f"This is no edgegen project: there is no {CONFIG}.",
            where=str(directory),
            fix="Name the project's folder, or make one with `edgegen scaffold`.",
        ) from None
    return parse(text, str(path))


def read_inputs(path: Path) -> tuple[Input, ...]:
    """The descriptions in a file that holds nothing but `[input.image]` and `[input.audio]`; none
    where it holds nothing but an empty `[input]`."""
    try:
        text = _text(path)
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError("There is no such file.", where=f"--input {path}") from None
    document = _document(text, path.name, str(path))
    problems = [
        f"unknown key {key!r}{did_you_mean(key, ('input',))}" for key in document if key != "input"
    ]
    found = inputs.read(document.get("input", {}), problems)
    if not (problems or "input" in document):
        problems.append(
            "it describes no input: write [input.image], [input.audio], or [input] alone for none"
        )
    if problems:
        raise UsageError(
            f"{path.name} is wrong: {'; '.join(problems)}.", where=str(path), fix=_INPUT_FIX
        )
    return found


def parse(text: str, where: str) -> Config:
    """Read the file's text; ``where`` names it in errors."""
    document = _document(text, CONFIG, where)
    known = ("project", "input", "package")
    problems = [
        f"unknown key {key!r}{did_you_mean(key, known)}" for key in document if key not in known
    ]
    described = inputs.read(document["input"], problems) if "input" in document else ()
    table = document.get("project")
    if not isinstance(table, dict):
        problems.append("[project] is missing")
        raise _wrong(problems, where)
    problems += _table_problems(table)
    package = _package(document.get("package", {}), problems)
    if problems:
        raise _wrong(problems, where)
    return Config(
        table["name"],
        table["device"],
        table["model"],
        table.get("labels", ""),
        tuple(table.get("engines", ())),
        table.get("optimize_for", DEFAULT_OPTIMIZE_FOR),
        described,
        tuple(table.get("serve", ())),
        package=package,
    )


def _package(table: object, problems: list[str]) -> Package:
    """[package]; what is wrong with it goes to ``problems``."""
    if not isinstance(table, dict):
        problems.append("[package] is not a table")
        return Package()
    found = len(problems)
    for key, value in table.items():
        pattern = _PACKAGE_KEYS.get(key)
        if pattern is None:
            hint = did_you_mean(key, tuple(_PACKAGE_KEYS))
            problems.append(f"unknown key package.{key!r}{hint}")
        elif not isinstance(value, str) or not value.isprintable():
            problems.append(f"package.{key} is not a line of text")
        elif not re.fullmatch(pattern, value):
            problems.append(f"package.{key} is not like {pattern}")
    return Package(**table) if len(problems) == found else Package()


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")  # some editors put a mark first
    except UnicodeDecodeError:
        raise UsageError(f"{path.name} is not UTF-8 text.", where=str(path)) from None
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        raise UsageError(
            f"{path.name} cannot be read.", where=f"{path}: {error.strerror}"
        ) from error


def _document(text: str, name: str, where: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: also for a number of 4301 digits
        raise UsageError(f"{name} is not TOML: {error}.", where=where) from None


def render(config: Config, source: str = "") -> bytes:
    """The text of a new edgegen.toml.

    Args:
        source: Where the descriptions of the inputs come from, for a comment.
    """
    # A JSON string is a TOML string for the characters that the values may hold.
    text = _TEMPLATE.format(
        name=json.dumps(config.name),
        device=json.dumps(config.device),
        model=json.dumps(config.model),
    )
    if config.labels:
        text += f"labels = {json.dumps(config.labels)}\n"
    if config.engines:
        text += f"engines = {json.dumps(list(config.engines))}\n"
    if config.optimize_for != DEFAULT_OPTIMIZE_FOR:
        text += f"optimize_for = {json.dumps(config.optimize_for)}\n"
    if config.serve:
        text += f"serve = {json.dumps(list(config.serve))}\n"
    if config.inputs:
        text += f"\n{inputs.render(config.inputs, source)}"
    return text.encode()


def name_problem(name: str) -> str:
    """Why ``name`` cannot prefix C symbols; "" when it can."""
    if not _NAME.fullmatch(name):
        return "is not a C identifier in lower case (a letter, then letters, digits and _)"
    if len(name) > NAME_LENGTH:
        return f"has more than {NAME_LENGTH} characters"
    if name in _TAKEN:
        return "means something else in C, C++ or CMake"
    return ""


def check_name(name: str) -> str:
    """``name``, or a UsageError about --name."""
    why = name_problem(name)
    if why:
        raise UsageError(f"The name {name!r} {why}.", where="--name")
    return name


def check_optimize_for(value: str) -> OptimizeFor:
    """``value``, or a UsageError about --optimize-for."""
    for known in OPTIMIZE_FOR:
        if value == known:
            return known
    raise UsageError(
        f"Nothing is known of optimizing for {value!r}.",
        where="--optimize-for",
        fix=f"There are {', '.join(OPTIMIZE_FOR)}.",
    )


def check_serve(values: Sequence[str]) -> tuple[str, ...]:
    """``values`` without repetitions, or a UsageError about --serve."""
    for value in values:
        if value not in PROTOCOLS:
            raise UsageError(
                f"There is no protocol {value!r} to serve.",
                where="--serve",
                fix=f"There are {', '.join(PROTOCOLS)}.",
            )
    return tuple(dict.fromkeys(values))


def default_name(stem: str, taken: Collection[str] = ()) -> str:
    """A legal name made from a model file's name without its extension; none of ``taken``."""
    words = re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_")
    if not words or words[0].isdigit() or words in _TAKEN or words in taken:
        words = f"model_{words}".rstrip("_")
    return words[:NAME_LENGTH].rstrip("_")


def _table_problems(table: dict[str, object]) -> list[str]:
    problems = [
        f"unknown key project.{key!r}{did_you_mean(key, tuple(_KEYS))}"
        for key in table
        if key not in _KEYS
    ]
    for key, (required, check) in _KEYS.items():
        if key in table:
            why = check(table[key])
            problems += [f"project.{key} {why}"] if why else []
        elif required:
            problems.append(f"project.{key} is missing")
    if "labels" in table and table["labels"] == table.get("model"):
        problems.append("project.labels is the same file as project.model")
    return problems


def _check_name(value: object) -> str:
    return name_problem(value) if isinstance(value, str) else "is not a text"


def _check_text(value: object) -> str:
    return "" if isinstance(value, str) and value else "is not a text, or is empty"


def _check_path(value: object) -> str:
    if not isinstance(value, str):
        return "is not a text"
    if value.startswith(GENERATED):
        return f"lies below {GENERATED}, which is generated"
    if value.casefold() in (CONFIG, LOCK):
        return "is a file that edgegen needs itself"
    return paths.problem(value)


def _check_engines(value: object) -> str:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return "is not a list of texts"
    return "names an engine twice" if len(set(value)) != len(value) else ""


def _check_optimize_for(value: object) -> str:
    return "" if value in OPTIMIZE_FOR else f"is none of {', '.join(OPTIMIZE_FOR)}"


def _check_serve(value: object) -> str:
    if not isinstance(value, list) or not all(item in PROTOCOLS for item in value):
        return f"is not a list of {' and '.join(PROTOCOLS)}"
    return "names a protocol twice" if len(set(value)) != len(value) else ""


_KEYS: dict[str, tuple[bool, Callable[[object], str]]] = {
    "name": (True, _check_name),
    "device": (True, _check_text),
    "model": (True, _check_path),
    "labels": (False, _check_path),
    "engines": (False, _check_engines),
    "optimize_for": (False, _check_optimize_for),
    "serve": (False, _check_serve),
}


_PACKAGE_KEYS = {
    "version": r"[0-9][0-9A-Za-z.+!]{0,63}",
    "maintainer": r"[^<>,:\"]{1,100} <[^<>@\s]{1,64}@[^<>@\s]{1,150}>",
    "license": r"[0-9A-Za-z.+() -]{1,200}",
    "homepage": r"https?://[!-~]{1,200}",
}


_INPUT_FIX = "docs/preprocessing.md has every key of [input.image] and [input.audio]."


def _wrong(problems: list[str], where: str) -> UsageError:
    about_inputs = [problem for problem in problems if "input." in problem]
    fixes = [] if problems == about_inputs else [f"The keys of [project] are {', '.join(_KEYS)}."]
    fixes += [_INPUT_FIX] if about_inputs else []
    return UsageError(
        f"{CONFIG} is wrong: {'; '.join(problems)}.", where=where, fix=" ".join(fixes)
    )
