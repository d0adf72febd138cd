"""A generated project: a map from path to bytes, and the only code that writes one.

`plan` compares a project with a folder, `diff` shows the difference, `write` makes it.
Files below edgegen/ are generated: rewritten on every run, unless somebody edited them
by hand. All others are the user's: offered once and then left alone, byte for byte.
"""

from __future__ import annotations

import difflib
import enum
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edgegen import __version__, lockfile, paths, storage
from edgegen.errors import DifferenceError, UsageError
from edgegen.lockfile import LOCK, Lock

GENERATED = "edgegen/"
CONFIG = "edgegen.toml"
_VERSION_CONTROL = {".git", ".hg", ".svn"}


class Owner(enum.Enum):
    """Who a file belongs to once it is written."""

    EDGEGEN = "edgegen"  # rewritten on every run, never edited by hand
    USER = "user"  # scaffolded once, then never touched


@dataclass(frozen=True, slots=True)
class File:
    content: bytes
    owner: Owner


@dataclass(frozen=True, slots=True)
class GeneratedProject:
    """What a target's pure ``build`` returns; paths are POSIX and relative.

    Files below edgegen/ are edgegen's, all others the user's; edgegen.lock is made by
    `plan`. Raises a ValueError for anything else: that is a bug in the target.
    """

    files: Mapping[str, File]

    def __post_init__(self) -> None:
        for path, file in self.files.items():
            why = paths.problem(path) or _misplaced(path, file.owner)
            if why:
                raise ValueError(f"path {path!r} {why}")
        clash = paths.clash(self.files)
        if clash:
            raise ValueError(f"paths {clash[0]!r} and {clash[1]!r} clash")


def _misplaced(path: str, owner: Owner) -> str:
    if path.split("/")[0].casefold() in (LOCK, storage.STAGING):
        return "is kept by edgegen itself"
    if path.startswith(GENERATED) != (owner is Owner.EDGEGEN):
        return f"has the wrong owner, {owner.value}"
    return ""


class Change(enum.Enum):
    """What writing a project does to one file."""

    CREATE = "create"
    UPDATE = "update"
    IDENTICAL = "identical"
    KEPT = "kept"  # the user's, whatever edgegen would write today
    REMOVED = "removed"  # generated once, no longer part of the project
    CONFLICT = "conflict"  # not as edgegen wrote it: nothing is written


@dataclass(frozen=True, slots=True)
class Entry:
    """The fate of one file.

    Attributes:
        note: Why, where the change alone does not say it.
        content: The new bytes; None to remove, and for a file that stays.
        before: `storage.state` of the file that is there.
        forcible: For a conflict: whether force may overwrite what is there.
    """

    path: str
    change: Change
    note: str = ""
    content: bytes | None = field(default=None, repr=False)
    before: str = ""
    forcible: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What `write` would do in a folder, file by file in the order of their paths."""

    directory: Path
    entries: tuple[Entry, ...]

    def having(self, *changes: Change) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.change in changes)

    @property
    def is_stale(self) -> bool:
        """Whether writing would change anything, or be refused."""
        return bool(self.having(Change.CREATE, Change.UPDATE, Change.REMOVED, Change.CONFLICT))


def plan(
    project: GeneratedProject,
    directory: Path,
    *,
    measured: Mapping[str, object] | None = None,
    replace: Collection[str] = (),
    products: tuple[str, ...] = (),
) -> Plan:
    """Compare a project with a folder, which need not exist; writes nothing.

    Args:
        measured: Facts to keep in the lock.
        replace: User files that the user asked to have replaced.
        products: Folders, with a slash at their end, whose files a user may make from others of
            the project, by its own script: they are no edits.

    Raises:
        UsageError: The folder is something else, or belongs to someone else.
        DifferenceError: An interrupted update waits to be completed.
    """
    check_directory(directory)
    try:
        old = lockfile.read(directory) or Lock(__version__)
        entries = [
            _plan_generated(
                directory, path, file.content, old.files.get(path), path.startswith(products)
            )
            if file.owner is Owner.EDGEGEN
            else _plan_user(directory, path, file.content, old, path in replace)
            for path, file in project.files.items()
        ]
        entries += [
            _plan_removal(directory, path, digest, path.startswith(products))
            for path, digest in old.files.items()
            if path not in project.files and storage.state(directory / path)
        ]
        entries.append(_plan_lock(directory, _new_lock(project, measured or {})))
    except OSError as error:
        raise UsageError(
            "The project cannot be read.", where=f"{error.filename}: {error.strerror}"
        ) from error
    return Plan(directory, tuple(sorted(entries, key=lambda entry: entry.path)))


def write(plan: Plan, *, force: bool = False) -> None:
    """Make the folder what the plan says: all of it or nothing.

    Raises:
        DifferenceError: There are conflicts; ``force`` overwrites hand-edited files.
        EdgegenError: The disk refused.
    """
    conflicts = plan.having(Change.CONFLICT)
    if conflicts and not (force and all(entry.forcible for entry in conflicts)):
        raise _conflict_error(conflicts)
    changing = (Change.CREATE, Change.UPDATE, Change.REMOVED, Change.CONFLICT)
    steps = tuple(
        storage.Step(entry.path, entry.content, entry.before) for entry in plan.having(*changing)
    )
    if not steps:
        return
    place = plan.directory.resolve()
    if place.is_dir():
        storage.change(place, steps)
    else:
        storage.create(place, {step.path: step.content or b"" for step in steps})


def diff(plan: Plan) -> Iterator[str]:
    """The plan as lines of a unified diff, without line ends; binary files are named only."""
    for entry in plan.having(Change.CREATE, Change.UPDATE, Change.REMOVED, Change.CONFLICT):
        place = plan.directory / entry.path
        old = place.read_bytes() if place.is_file() and not place.is_symlink() else b""
        yield from _diff_file(entry.path, old, entry.content or b"")


def _diff_file(path: str, old: bytes, new: bytes) -> Iterator[str]:
    try:
        before, after = old.decode().splitlines(), new.decode().splitlines()
    except UnicodeDecodeError:
        yield f"Binary files a/{path} and b/{path} differ"
        return
    yield from difflib.unified_diff(before, after, f"a/{path}", f"b/{path}", lineterm="")


def check_directory(directory: Path) -> None:
    """Refuse a place where no project of ours is or may be.

    Raises:
        UsageError: It is a file, cannot be read, or holds something else.
        DifferenceError: An interrupted update waits to be completed.
    """
    try:
        if directory.is_symlink() and not directory.exists():
            raise UsageError("The output folder is a broken symbolic link.", where=str(directory))
        held = {child.name for child in directory.iterdir()} if directory.exists() else set()
    except NotADirectoryError:
        raise UsageError(
            "The output is a file, not a folder.", where=str(directory), fix="Choose another -o."
        ) from None
    except OSError as error:
        raise UsageError(
            "The output folder cannot be read.", where=f"{directory}: {error.strerror}"
        ) from error
    ours = LOCK in held or CONFIG in held or held == {storage.STAGING}
    if held - _VERSION_CONTROL and not ours:
        raise UsageError(
            "The output folder belongs to someone else: it holds files and no edgegen.lock.",
            where=str(directory),
            fix="Choose an empty or a new folder with -o.",
        )
    if storage.is_interrupted(directory):
        raise DifferenceError(
            "An earlier update of this project was interrupted.",
            where=str(directory),
            fix="Run `edgegen update` there, which completes it.",
        )


def _plan_generated(
    directory: Path, path: str, content: bytes, written: str | None, is_product: bool
) -> Entry:
    """``written`` is the hash of what edgegen wrote there last, if it did."""
    blocked = paths.obstacle(directory, path)
    if blocked:
        return Entry(path, Change.CONFLICT, blocked, content)
    now = storage.state(directory / path)
    if not now:
        return Entry(path, Change.CREATE, content=content)
    if now == storage.digest(content):
        return Entry(path, Change.IDENTICAL, before=now)
    if now == written or (is_product and _is_hash(now)):
        return Entry(path, Change.UPDATE, content=content, before=now)
    return Entry(path, Change.CONFLICT, _why_not_ours(now, written), content, now, _is_ours(now))


def _plan_removal(directory: Path, path: str, written: str, is_product: bool) -> Entry:
    blocked = paths.obstacle(directory, path)
    if blocked:
        return Entry(path, Change.CONFLICT, blocked)
    now = storage.state(directory / path)
    if now == written or (is_product and _is_hash(now)):
        return Entry(path, Change.REMOVED, "no longer generated", before=now)
    note = f"no longer generated, but {_why_not_ours(now, written)}"
    return Entry(path, Change.CONFLICT, note, before=now, forcible=_is_ours(now))


def _plan_user(directory: Path, path: str, content: bytes, old: Lock, replace: bool) -> Entry:
    blocked = paths.obstacle(directory, path)
    now = "" if blocked else storage.state(directory / path)
    if now and not replace:
        same = now == storage.digest(content)
        return Entry(path, Change.IDENTICAL if same else Change.KEPT)
    if path in old.scaffolded and not replace:
        return Entry(path, Change.KEPT, "not there: you removed or moved it")
    if blocked or (now and not _is_hash(now)):
        return Entry(path, Change.CONFLICT, blocked or f"it is {now}")
    if now == storage.digest(content):
        return Entry(path, Change.IDENTICAL, before=now)
    return Entry(path, Change.UPDATE if now else Change.CREATE, content=content, before=now)


def _plan_lock(directory: Path, lock: Lock) -> Entry:
    content, now = lockfile.dump(lock), storage.state(directory / LOCK)
    if now == storage.digest(content):
        return Entry(LOCK, Change.IDENTICAL, before=now)
    if now and not _is_hash(now):
        return Entry(LOCK, Change.CONFLICT, f"it is {now}")
    return Entry(LOCK, Change.UPDATE if now else Change.CREATE, content=content, before=now)


def _new_lock(project: GeneratedProject, measured: Mapping[str, object]) -> Lock:
    files = project.files.items()
    return Lock(
        __version__,
        {p: storage.digest(f.content) for p, f in files if f.owner is Owner.EDGEGEN},
        tuple(path for path, file in files if file.owner is Owner.USER),
        measured,
    )


def _is_hash(state: str) -> bool:
    return len(state) == 64


def _is_ours(state: str) -> bool:
    """Whether force may replace it: a file or a link, never a whole folder."""
    return _is_hash(state) or state == "a symbolic link"


def _why_not_ours(now: str, written: str | None) -> str:
    if not _is_hash(now):
        return f"it is {now}"
    return "edited by hand" if written else "not written by edgegen"


def _conflict_error(conflicts: tuple[Entry, ...]) -> DifferenceError:
    shown = [f"{entry.path} ({entry.note})" for entry in conflicts[:8]]
    if len(conflicts) > len(shown):
        shown.append(f"and {len(conflicts) - len(shown)} more")
    fix = (
        "Nothing was written. Files below edgegen/ are generated: move your edits to what "
        "is yours, such as src/ and edgegen.toml, and restore these"
    )
    if all(entry.forcible for entry in conflicts):
        fix += ", or overwrite them with --force"
    return DifferenceError("Files are in the way.", where=", ".join(shown), fix=fix + ".")
