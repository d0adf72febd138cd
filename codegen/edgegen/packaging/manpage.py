"""A manual page, made from what the program's own argparse parser says of it."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edgegen.errors import EdgegenError
from edgegen.packaging import process
from edgegen.packaging import tree as trees
from edgegen.packaging.tree import Tree

ASK_SECONDS = 60

# Runs in a process of its own: the first parser that is asked to parse is the program's.
_ASK = """
import argparse, importlib, json, sys

class Found(BaseException):
    pass

def caught(parser, *_, **__):
    raise Found(parser)

def text(parser, value):
    return value if isinstance(value, str) and value is not argparse.SUPPRESS else ""

def option(parser, action):
    formatter = parser._get_formatter()
    value = ""
    if action.nargs != 0 and not isinstance(action, argparse._SubParsersAction):
        default = formatter._get_default_metavar_for_optional
        if not action.option_strings:
            default = formatter._get_default_metavar_for_positional
        value = formatter._format_args(action, default(action))
    help = formatter._expand_help(action) if text(parser, action.help) else ""
    return {"names": list(action.option_strings), "value": value, "help": help}

def described(parser, help=""):
    commands, options = [], []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {each.dest: each.help for each in action._choices_actions}
            seen = []
            for name, sub in action.choices.items():
                if sub not in seen:
                    seen.append(sub)
                    commands.append({"name": name, **described(sub, text(sub, helps.get(name)))})
        elif action.help is not argparse.SUPPRESS:
            options.append(option(parser, action))
    return {
        "usage": parser.format_usage(),
        "help": help,
        "description": text(parser, parser.description),
        "epilog": text(parser, parser.epilog),
        "options": options,
        "commands": commands,
    }

module, function, name = sys.argv[1:4]
sys.argv = [name]
answer, sys.stdout = sys.stdout, sys.stderr
argparse.ArgumentParser.parse_args = caught
argparse.ArgumentParser.parse_known_args = caught
try:
    getattr(importlib.import_module(module), function)()
except Found as found:
    json.dump(described(found.args[0]), answer)
"""


@dataclass(frozen=True, slots=True)
class About:
    """What a page says beside the options.

    Attributes:
        settings: Absolute path of the settings file; "" without one.
        service: Name of the systemd unit; "" without one.
    """

    name: str
    version: str
    summary: str
    settings: str
    service: str
    homepage: str
    when: int


def ask(files: Tree, target: str, name: str) -> dict[str, Any] | None:
    """What the parser of a console script says; None for a program without argparse's.

    Args:
        files: As they lie below site-packages.
        target: "module:function".
    """
    module, _, function = target.partition(":")
    with tempfile.TemporaryDirectory(prefix="edgegen-man-") as folder:
        site = Path(folder) / "site"
        site.mkdir()
        trees.write(files, site, 0)
        # Whatever it imports comes from here; -P: and nothing from the current folder.
        program = f"import sys; sys.path.insert(0, {str(site)!r})\n{_ASK}"
        environment = process.fixed(0) | {"COLUMNS": "80", "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            command = [sys.executable, "-P", "-c", program, module, function, name]
            done = process.run(command, environment, ASK_SECONDS, Path(folder))
            found: dict[str, Any] = json.loads(done.stdout)
        except (EdgegenError, ValueError):
            return None
    return found


def page(about: About, parser: dict[str, Any] | None) -> bytes:
    """The page's roff, section 1."""
    lines = [*_head(about), *(_body(about, parser) if parser else _plain(about))]
    if about.settings:
        lines += [".SH FILES", ".TP", f".I {roff(about.settings)}"]
        lines.append("Settings that are read when it starts.")
    if about.service:
        lines += [".SH SERVICE", "The unit", f".B {roff(about.service)}"]
        lines.append("runs it under systemd. It is installed stopped; to start it now and at boot:")
        lines += [".PP", ".nf", f"systemctl enable \\-\\-now {roff(about.service)}", ".fi"]
    lines += [".SH EXIT STATUS", ".TP", ".B 0", "All is well.", ".TP", ".B 1"]
    lines += ["A check failed, or something that was to be done could not be.", ".TP", ".B 2"]
    lines += ["A mistake in an argument or in the settings.", ".TP", ".B 3"]
    lines.append("Hardware or a library is missing.")
    if about.homepage:
        lines += [".SH SEE ALSO", roff(about.homepage)]
    return ("\n".join(lines) + "\n").encode()


def _head(about: About) -> list[str]:
    day = datetime.fromtimestamp(about.when, UTC).date()
    name, version = roff(about.name), roff(about.version)
    title = f'.TH "{name.upper()}" "1" "{day}" "{name} {version}"'
    return [title, ".SH NAME", f"{name} \\- {roff(_phrase(about.summary))}"]


def _phrase(text: str) -> str:
    return text.rstrip(".") or "runs a model"


def _plain(about: About) -> list[str]:
    return [".SH SYNOPSIS", f".B {roff(about.name)}", ".RI [ argument ...]",
            ".SH DESCRIPTION", roff(about.summary)]  # fmt: skip


def _body(about: About, parser: dict[str, Any]) -> Iterator[str]:
    yield ".SH SYNOPSIS"
    commands: Sequence[dict[str, Any]] = parser["commands"]
    for command in commands:
        yield from (f".B {roff(about.name)} {roff(command['name'])}", ".RI [ argument ...]", ".br")
    if not commands:
        yield from (f".B {roff(about.name)}", ".RI [ argument ...]")
    yield ".SH DESCRIPTION"
    yield from _text(parser["description"] or about.summary)
    if parser["options"]:
        yield ".SH OPTIONS"
        yield from _options(parser["options"])
    if commands:
        yield ".SH COMMANDS"
    for command in commands:
        yield f".SS {roff(command['name'])}"
        yield from _text(command["description"] or command["help"])
        yield from _options(command["options"])
        for sub in command["commands"]:
            yield from (".TP", f".B {roff(command['name'])} {roff(sub['name'])}")
            yield from _text(sub["help"] or sub["description"])
        yield from _text(command["epilog"], paragraph=True)
    yield from _text(parser["epilog"], paragraph=True)


def _options(options: Sequence[dict[str, Any]]) -> Iterator[str]:
    for each in options:
        names = ", ".join(rf"\fB{roff(name)}\fR" for name in each["names"])
        value = rf"\fI{roff(each['value'])}\fR" if each["value"] else ""
        yield from (".TP", f"{names} {value}".strip())
        yield from _text(each["help"]) if each["help"] else (r"\&",)


def _text(text: str, paragraph: bool = False) -> Iterator[str]:
    """Words as lines of their own; an empty line starts a paragraph."""
    for number, part in enumerate(re.split(r"\n\s*\n", text.strip()) if text.strip() else ()):
        if number or paragraph:
            yield ".PP"
        yield roff(" ".join(part.split()))


def roff(text: str) -> str:
    """Text that roff prints as it is: no request, no escape, ASCII hyphens."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    shown = shown.replace("\\", r"\e").replace("-", r"\-").replace('"', r"\(dq")
    shown = shown.replace("~", r"\(ti").replace("^", r"\(ha").replace("`", r"\(ga")
    shown = "".join(c if c < "\x7f" else f"\\[u{ord(c):04X}]" for c in shown)
    return rf"\&{shown}" if shown.startswith((".", "'")) else shown
