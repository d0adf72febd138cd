"""Writes a whole project or nothing of it, whatever interrupts.

A folder that does not exist yet is filled beside its place and renamed into it.

In a folder that exists, every new content is stored in `STAGING` first. Then a journal
appears there, by a single rename: from that moment on the change is decided, and each
of its steps (rename a staged file into place, delete a file) may be repeated. So a
folder without a journal holds the old project, and whoever meets a journal completes
it: this run after Ctrl-C, or `recover` in the next one after a crash.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from edgegen import paths
from edgegen.errors import DifferenceError, EdgegenError

STAGING = ".edgegen-staging"
JOURNAL = "journal.json"
FILE_MODE = 0o644  # the same on every machine, whatever its umask
FOLDER_MODE = 0o755
# What a write will be judged by, where the system can tell.
_EFFECTIVE = os.access in os.supports_effective_ids

_FIXES = {
    errno.ENOSPC: "Free some space on that disk and run the same command again.",
    errno.EDQUOT: "Free some of your disk quota and run the same command again.",
    errno.EFBIG: "Raise the limit on file sizes (ulimit -f) and run the same command again.",
    errno.EACCES: "Give yourself write permission there, or choose another folder.",
    errno.EPERM: "Give yourself write permission there, or choose another folder.",
    errno.EROFS: "Choose a folder on a disk that is mounted for writing.",
    errno.ENAMETOOLONG: "Choose a shorter path.",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One file of a change.

    Attributes:
        path: POSIX, below the project.
        content: The new bytes, or None to delete the file.
        before: The file's `state` that the change starts from.
    """

    path: str
    content: bytes | None
    before: str


def digest(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def state(path: Path) -> str:
    """What is there: "" for nothing, the SHA-256 of a regular file, else what it is."""
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return ""
    if stat.S_ISREG(mode):
        return digest(path.read_bytes())
    if stat.S_ISLNK(mode):
        return "a symbolic link"
    return "a folder" if stat.S_ISDIR(mode) else "a special file"


def failed(
    error: OSError, directory: Path, *, decided: bool = False, what: str = "project"
) -> EdgegenError:
    """The error for a write that the system refused.

    ``decided``: the journal is in place, so the next run completes the change; else
    the old project is still there, whole.
    """
    fix = _FIXES.get(error.errno or 0, "")
    if decided:
        fix = f"{fix} The next `edgegen update` completes what was begun.".strip()
    return EdgegenError(
        f"Cannot write the {what}: {error.strerror or error}.",
        where=str(error.filename or directory),
        fix=fix,
    )


def create(directory: Path, contents: Mapping[str, bytes]) -> None:
    """Write a new folder; its parents are made as needed. All of it appears at once.

    Nothing old is at stake, so it does not wait for the disk: a power cut in the next
    seconds can cost the new project, at 4 ms for each file that it saves.
    """
    staging = directory.with_name(f".edgegen-{digest(os.fsencode(directory.name))[:16]}")
    made: list[Path] = []
    try:
        _make_folders(staging, made)
        with _locked(staging):
            _fill(staging, contents, directory)
    except BaseException as error:
        for folder in reversed(made):
            with suppress(OSError):  # gone, or filled by somebody else
                folder.rmdir()
        if isinstance(error, OSError):
            raise failed(error, directory) from error
        raise


def _fill(staging: Path, contents: Mapping[str, bytes], directory: Path) -> None:
    """Store everything in a staging folder that we hold, and rename it into place."""
    try:
        _clear(staging)
        for path, content in contents.items():
            _make_folders((staging / path).parent, [])
            _store(staging / path, content, durable=False)
        staging.rename(directory)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise


def change(directory: Path, steps: tuple[Step, ...]) -> None:
    """Apply all steps to an existing folder, or none."""
    decided = False
    try:
        with _locked(directory):
            _check_places(directory, steps)
            _stage(directory / STAGING, steps)
            decided = True
            _complete(directory, _read_journal(directory))
    except OSError as error:
        raise failed(error, directory, decided=decided) from error


def is_interrupted(directory: Path) -> bool:
    """Whether an earlier change was decided and not completed."""
    staging = directory / STAGING
    return not staging.is_symlink() and (staging / JOURNAL).exists()


def recover(directory: Path, *, force: bool = False) -> None:
    """Complete or discard what an interrupted run left behind.

    Raises a DifferenceError when a file was edited since, unless ``force``.
    """
    staging = directory / STAGING
    if not os.path.lexists(staging):
        return
    try:
        with _locked(directory):
            if not is_interrupted(directory):
                _discard(staging)
                return
            journal = _read_journal(directory)
            stuck = [entry.path for entry in journal if not entry.can_complete(directory)]
            if stuck and not force:
                raise _edited_since(stuck)
            _complete(directory, journal)
    except OSError as error:
        raise failed(error, directory) from error


def _edited_since(edited: list[str]) -> DifferenceError:
    return DifferenceError(
        "An update was interrupted, and files were edited before it could be completed.",
        where=", ".join(edited),
        fix="Move your edits elsewhere and run `edgegen update --force`.",
    )


@dataclass(frozen=True, slots=True)
class _Entry:
    """One line of the journal; ``staged`` is a file name in STAGING, "" for a deletion."""

    path: str
    staged: str
    before: str
    after: str

    def can_complete(self, directory: Path) -> bool:
        """Whether the file is still as the change left it, or as it found it."""
        now = state(directory / self.path)
        staged = not self.staged or (directory / STAGING / self.staged).is_file()
        return now == self.after or (now == self.before and staged)


def _check_places(directory: Path, steps: tuple[Step, ...]) -> None:
    """Find what would stop a rename while nothing is decided yet."""
    if is_interrupted(directory):
        raise DifferenceError(
            "An earlier update was interrupted.",
            where=str(directory),
            fix="Run `edgegen update`, which completes it.",
        )
    device = directory.stat().st_dev
    for folder in {_nearest_folder(directory / step.path) for step in steps}:
        if not os.access(folder, os.W_OK | os.X_OK, effective_ids=_EFFECTIVE):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
        if folder.stat().st_dev != device:
            raise OSError(errno.EXDEV, "the folder is on another file system", str(folder))


def _nearest_folder(path: Path) -> Path:
    """The innermost parent that exists."""
    return next(parent for parent in path.parents if parent.is_dir())


def _stage(staging: Path, steps: tuple[Step, ...]) -> None:
    try:
        _discard(staging)
        _make_folders(staging, [])
        _write_journal(staging, steps)
    except BaseException:
        _discard(staging)
        raise


def _discard(staging: Path) -> None:
    """Remove the staging folder, the journal first: without it the rest means nothing."""
    if staging.is_symlink():
        staging.unlink()
        return
    with suppress(FileNotFoundError):
        (staging / JOURNAL).unlink()
    shutil.rmtree(staging, ignore_errors=True)


def _write_journal(staging: Path, steps: tuple[Step, ...]) -> None:
    journal = []
    for number, step in enumerate(steps):
        staged = f"{number}.new" if step.content is not None else ""
        if step.content is not None:
            _store(staging / staged, step.content)
        after = "" if step.content is None else digest(step.content)
        journal.append([step.path, staged, step.before, after])
    draft = staging / f"{JOURNAL}.new"
    _store(draft, json.dumps(journal).encode())
    draft.rename(staging / JOURNAL)
    _sync_folder(staging)


def _read_journal(directory: Path) -> tuple[_Entry, ...]:
    """A journal may come from anyone's repository, so its paths are checked again."""
    staging = directory / STAGING
    try:
        rows = json.loads((staging / JOURNAL).read_bytes())
        journal = tuple(_Entry(*map(_text, row)) for row in rows)
    except (ValueError, TypeError, RecursionError):
        raise _bad_journal(staging) from None
    for entry in journal:
        if paths.problem(entry.path) or (entry.staged and not _is_staged(staging, entry.staged)):
            raise _bad_journal(staging)
        blocked = paths.obstacle(directory, entry.path)
        if blocked:
            raise DifferenceError(
                "An interrupted update cannot be completed.",
                where=f"{entry.path}: {blocked}",
                fix=f"Put a folder there, or delete {STAGING} and run `edgegen update --force`.",
            )
    return journal


def _is_staged(staging: Path, name: str) -> bool:
    number, _, suffix = name.partition(".")
    return number.isdecimal() and suffix == "new" and not (staging / name).is_symlink()


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _bad_journal(staging: Path) -> DifferenceError:
    return DifferenceError(
        "The journal of an interrupted update is damaged.",
        where=str(staging),
        fix="Delete that folder and run `edgegen update --force`.",
    )


def _complete(directory: Path, journal: tuple[_Entry, ...]) -> None:
    """Carry a decided change through, even when Ctrl-C arrives in the middle."""
    try:
        _apply(directory, journal)
    except KeyboardInterrupt:
        _apply(directory, journal)
        raise


def _apply(directory: Path, journal: tuple[_Entry, ...]) -> None:
    staging = directory / STAGING
    folders = set()
    for entry in journal:
        target = directory / entry.path
        if entry.staged:
            _make_folders(target.parent, [])
            # A staged file that is gone was put in place before the interruption.
            with suppress(FileNotFoundError):
                (staging / entry.staged).replace(target)
        else:
            target.unlink(missing_ok=True)
            _prune(directory, entry.path)
        folders.add(target.parent)
    for folder in folders:
        _sync_folder(folder)
    _discard(staging)


def _prune(directory: Path, path: str) -> None:
    """Remove the folders that a deletion left empty, up to the first part of the path."""
    with suppress(OSError):
        for parent in list(PurePosixPath(path).parents)[:-2]:
            (directory / parent).rmdir()


def _make_folders(folder: Path, made: list[Path]) -> None:
    """mkdir -p with a fixed mode; appends what it made, outermost first."""
    if folder.is_dir():
        return
    _make_folders(folder.parent, made)
    folder.mkdir()
    made.append(folder)
    folder.chmod(FOLDER_MODE)


def _store(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Write a file that must not exist yet, down to the disk if ``durable``."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fchmod(handle, FILE_MODE)
        if durable:
            os.fsync(handle)
    except OSError as error:
        error.filename = error.filename or str(path)
        raise
    finally:
        os.close(handle)


def _clear(folder: Path) -> None:
    """Empty a staging folder, which a killed run may have left filled."""
    for child in folder.iterdir():
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child)
        else:
            child.unlink()


def _sync_folder(folder: Path) -> None:
    """Make renames in a folder survive a power cut, where the file system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep a second edgegen out; the system releases the lock if this process dies."""
    import fcntl

    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EdgegenError(
                "Another edgegen is writing this project.",
                where=str(folder),
                fix="Wait for it to finish and run the same command again.",
            ) from None
        except OSError:
            pass  # a network file system without locks
        yield
    finally:
        os.close(handle)
