"""debian/copyright in its machine-readable form, of everything in a package."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from edgegen.packaging.manifest import UNSTATED
from edgegen.packaging.subject import EDGEGEN_LICENCE, NO_MAINTAINER, Subject, one_line
from edgegen.packaging.wheel import Wheel

FORMAT = "https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/"
MAX_TEXT = 20_000  # characters of a licence that are copied; longer ones stay beside the code

# In /usr/share/common-licenses of every Debian.
_COMMON = {
    "Apache-2.0": "Apache-2.0",
    "GPL-2.0-only": "GPL-2",
    "GPL-2.0-or-later": "GPL-2",
    "GPL-3.0-only": "GPL-3",
    "GPL-3.0-or-later": "GPL-3",
    "LGPL-3.0-only": "LGPL-3",
    "MPL-2.0": "MPL-2.0",
}


def make(subject: Subject, own: Wheel, vendored: Sequence[Wheel]) -> bytes:
    """The file. Where a project says nothing of its licence, neither does this."""
    place = f"usr/lib/{subject.name}"
    runtime = f"{place}/{subject.name}_runtime"
    licences = {_short(subject.licence): _text(subject.licence, own)}
    licences |= {EDGEGEN_LICENCE: _text(EDGEGEN_LICENCE, None)}
    lines = [f"Format: {FORMAT}", f"Upstream-Name: {subject.name}"]
    lines += [f"Source: {subject.homepage}"] if subject.homepage else []
    lines += _files(["*"], _holder(subject, own), _short(subject.licence))
    lines += _files([f"{runtime}/*"], "the authors of edgegen", EDGEGEN_LICENCE)
    lines += _files([f"{runtime}/data/*"], _holder(subject, own), _short(subject.licence))
    for wheel in vendored:
        short = _short(wheel.licence or UNSTATED)
        if licences.setdefault(short, _text(wheel.licence, wheel)) != _text(wheel.licence, wheel):
            short = f"{short}-{_short(wheel.name)}"
            licences[short] = _text(wheel.licence, wheel)
        patterns = [f"{place}/vendor/{each}" for each in _patterns(wheel)]
        lines += _files(patterns, _author(wheel), short)
    for short, text in sorted(licences.items()):
        lines += ["", f"License: {short}", *_indented(text)]
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _files(patterns: Sequence[str], holder: str, licence: str) -> list[str]:
    first, *rest = patterns
    return ["", f"Files: {first}", *(f"       {each}" for each in rest),
            f"Copyright: {holder}", f"License: {licence}"]  # fmt: skip


def _patterns(wheel: Wheel) -> list[str]:
    """What lies at the top of the wheel; ? stands for what the format gives a meaning to."""
    tops = {path.split("/")[0] + ("/*" if "/" in path else "") for path in wheel.files}
    return sorted(re.sub(r"[ ?\\]", "?", top) for top in tops)


def _holder(subject: Subject, own: Wheel) -> str:
    if notice := _notice(own):
        return notice
    if subject.maintainer == NO_MAINTAINER:
        return f"the authors of {subject.name}"
    return subject.maintainer


def _author(wheel: Wheel) -> str:
    if notice := _notice(wheel):
        return notice
    stated = one_line(str(wheel.about["Author"] or wheel.about["Author-email"] or ""))
    return stated if stated and len(stated) < 200 else f"the authors of {wheel.name}"


def _notice(wheel: Wheel) -> str:
    """The first year and name that a licence file of the wheel has; "" for none."""
    for text in _licence_files(wheel):
        found = re.search(r"^\W*Copyright(?: \(c\)| ©)? (\d{4}\b[^\n]{3,150})$", text, re.M | re.I)
        if found:
            return one_line(found[1])
    return ""


def _short(licence: str) -> str:
    """A licence's name as the format wants it: no spaces."""
    if licence in ("", UNSTATED):
        return "not-stated"
    if re.fullmatch(r"[A-Za-z0-9.+-]+( (AND|OR|and|or) [A-Za-z0-9.+-]+)*", licence):
        return licence.replace(" AND ", " and ").replace(" OR ", " or ")
    return re.sub(r"[^A-Za-z0-9.+]+", "-", licence).strip("-")[:60] or "not-stated"


def _text(licence: str, wheel: Wheel | None) -> str:
    if licence in _COMMON:
        return _named(licence)
    texts = [_uncopied(text) for text in _licence_files(wheel)] if wheel else []
    if texts:
        return "\n\n".join(texts)
    if licence in ("", UNSTATED):
        return "Its authors have stated no licence. Ask them before you pass it on."
    return f"Stated as: {one_line(licence)}.\nNames of licences: https://spdx.org/licenses/"


def _named(licence: str) -> str:
    """What Debian has on every system is to be named, not copied."""
    place = f"/usr/share/common-licenses/{_COMMON[licence]}"
    return f"On Debian systems, the text of {licence} is in\n{place}."


def _uncopied(text: str) -> str:
    """Wheels under several licences have a file for each."""
    whole = "Apache License" in text and "Version 2.0, January 2004" in text
    return _named("Apache-2.0") if whole else text


def _licence_files(wheel: Wheel) -> Iterator[str]:
    for path, entry in sorted(wheel.files.items()):
        inner = path.removeprefix(f"{wheel.info}/")
        named = re.match(r"(licen[sc]es?/|LICEN[SC]E|COPYING|NOTICE)", inner, re.IGNORECASE)
        if inner != path and named and len(entry.content) <= MAX_TEXT:
            yield entry.content.decode("utf-8", "replace").strip()


def _indented(text: str) -> list[str]:
    """The lines of a field that goes on: none is empty, none starts in the first column."""
    plain = "".join(c if c.isprintable() or c == "\n" else " " for c in text.expandtabs(4))
    return [f" {line.rstrip()}" if line.strip() else " ." for line in plain.split("\n")]
