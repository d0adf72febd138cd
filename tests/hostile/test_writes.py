"""Writing when the disk, the user or the system stands against it: all or nothing."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edgegen import project, storage
from edgegen.errors import DifferenceError, EdgegenError
from edgegen.project import File, GeneratedProject, Owner


def make(generation: str, count: int = 6) -> GeneratedProject:
    """A project whose every file differs between generations; one file is its own."""
    files = {
        f"edgegen/sub{n % 3}/{n}.c": File(f"{generation} {n}".encode(), Owner.EDGEGEN)
        for n in range(count)
    }
    files[f"edgegen/only_{generation}/file.c"] = File(b"x", Owner.EDGEGEN)
    files["src/main.cpp"] = File(b"main", Owner.USER)
    return GeneratedProject(files)


def tree(directory: Path) -> dict[str, bytes]:
    """Everything below a folder, folders too: a trailing slash marks them."""
    return {
        path.relative_to(directory).as_posix() + "/" * path.is_dir(): (
            b"" if path.is_dir() else path.read_bytes()
        )
        for path in directory.rglob("*")
    }


def write(generation: str, directory: Path) -> None:
    project.write(project.plan(make(generation), directory))


@pytest.fixture
def trees(tmp_path: Path) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """What the old and the new generation look like on disk."""
    write("old", tmp_path / "reference")
    old = tree(tmp_path / "reference")
    write("new", tmp_path / "reference")
    return old, tree(tmp_path / "reference")


# Every call by which storage.py touches a disk.
_CALLS = ["write", "open", "fsync", "rename", "replace", "mkdir", "unlink", "chmod", "fchmod"]


class Injector:
    """Lets the n-th call to the system fail, or be interrupted by Ctrl-C."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fail_at: int, error: BaseException) -> None:
        self.calls = 0
        self.fail_at = fail_at
        self.error = error
        for name in _CALLS:
            monkeypatch.setattr(os, name, self._wrap(getattr(os, name)))

    def _wrap(self, real: Callable[..., object]) -> Callable[..., object]:
        def wrapped(*args: object, **kwargs: object) -> object:
            self.calls += 1
            if self.calls == self.fail_at:
                raise self.error
            return real(*args, **kwargs)

        return wrapped


def points(action: Callable[[], None], error: BaseException) -> Iterator[tuple[int, str]]:
    """Repeat an action, failing at its first, second, ... call, until none is left."""
    for fail_at in range(1, 1000):
        with pytest.MonkeyPatch.context() as monkeypatch:
            injector = Injector(monkeypatch, fail_at, error)
            try:
                action()
                outcome = "done"
            except (EdgegenError, KeyboardInterrupt) as caught:
                outcome = type(caught).__name__
        if injector.calls < fail_at:
            return
        yield fail_at, outcome


FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class TestEveryFailurePoint:
    @pytest.mark.parametrize("error", [FULL, KeyboardInterrupt()], ids=["full disk", "ctrl-c"])
    def test_a_new_project_is_whole_or_absent(
        self, tmp_path: Path, trees: tuple[dict[str, bytes], ...], error: BaseException
    ) -> None:
        place = tmp_path / "place"
        place.mkdir()
        target = place / "deep" / "project"
        seen = 0

        def action() -> None:
            write("old", target)

        for point, _ in points(action, error):
            seen += 1
            if target.exists():
                assert tree(target) == trees[0], point
                shutil.rmtree(target)
            elif error is FULL:
                assert tree(place) == {}, point
            write("old", target)  # whatever was left behind is no obstacle
            assert tree(target) == trees[0], point
            shutil.rmtree(place)
            place.mkdir()
        assert seen > 20

    @pytest.mark.parametrize("error", [FULL, KeyboardInterrupt()], ids=["full disk", "ctrl-c"])
    def test_an_update_is_old_or_new_or_is_completed(
        self, tmp_path: Path, trees: tuple[dict[str, bytes], ...], error: BaseException
    ) -> None:
        old, new = trees
        target = tmp_path / "project"
        seen: dict[str, int] = {}
        write("old", target)

        def action() -> None:
            write("new", target)

        for point, _ in points(action, error):
            kind = self._kind(target, old, new)
            seen[kind] = seen.get(kind, 0) + 1
            storage.recover(target)
            assert tree(target) in (old, new), point
            write("new", target)
            assert tree(target) == new, point
            write("old", target)
            assert tree(target) == old, point
        assert seen["old"] > 20
        assert seen["new"] > 0

    @staticmethod
    def _kind(target: Path, old: dict[str, bytes], new: dict[str, bytes]) -> str:
        if storage.is_interrupted(target):
            return "pending"
        shown = {k: v for k, v in tree(target).items() if not k.startswith(storage.STAGING)}
        return "old" if shown == old else "new" if shown == new else "broken"

    def test_a_pending_update_is_named_and_not_planned_over(self, tmp_path: Path) -> None:
        target = tmp_path / "project"
        write("old", target)
        pending = False
        for _ in points(lambda: write("new", target), FULL):
            if storage.is_interrupted(target):
                pending = True
                with pytest.raises(DifferenceError, match="interrupted"):
                    write("new", target)
                storage.recover(target)
            write("old", target)
        assert pending

    def test_the_error_is_clear(self, tmp_path: Path) -> None:
        for _, outcome in points(lambda: write("old", tmp_path / "p"), FULL):
            assert outcome in ("EdgegenError", "done")
            if (tmp_path / "p").exists():
                shutil.rmtree(tmp_path / "p")


class TestRecovery:
    @pytest.fixture
    def pending(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A project whose update stopped after two of its renames."""
        target = tmp_path / "project"
        write("old", target)
        real, calls = os.replace, [0]

        def replace(*args: object, **kwargs: object) -> None:
            calls[0] += 1
            if calls[0] > 2:
                raise PermissionError(errno.EACCES, "injected")
            real(*args, **kwargs)  # type: ignore[arg-type]

        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", replace)
            with pytest.raises(EdgegenError, match="injected") as caught:
                write("new", target)
        assert "completes" in caught.value.fix
        assert storage.is_interrupted(target)
        return target

    def test_it_is_completed(
        self, pending: Path, trees: tuple[dict[str, bytes], dict[str, bytes]]
    ) -> None:
        storage.recover(pending)
        assert tree(pending) == trees[1]

    def test_a_file_edited_meanwhile_is_not_lost(self, pending: Path) -> None:
        (pending / "edgegen/sub0/0.c").write_text("edited")
        with pytest.raises(DifferenceError, match="edited before"):
            storage.recover(pending)
        assert (pending / "edgegen/sub0/0.c").read_text() == "edited"

    def test_unless_forced(
        self, pending: Path, trees: tuple[dict[str, bytes], dict[str, bytes]]
    ) -> None:
        (pending / "edgegen/sub2/5.c").write_text("edited")
        storage.recover(pending, force=True)
        assert tree(pending) == trees[1]

    @pytest.mark.parametrize(
        "journal",
        [
            "",
            "{}x",
            '[["../precious", "0.new", "", ""]]',
            '[["../precious", "", "", ""]]',
            '[["/etc/passwd", "", "", ""]]',
            '[[".git/hooks/pre-commit", "0.new", "", ""]]',
            '[["edgegen/a", "../../0.new", "", ""]]',
            '[["edgegen/a", "../src/main.cpp", "", ""]]',
            '[["edgegen/a", 1, "", ""]]',
            '[["edgegen/a"]]',
            "[1]",
        ],
    )
    def test_a_hostile_journal_reaches_nothing(self, tmp_path: Path, journal: str) -> None:
        write("old", tmp_path / "project")
        (tmp_path / "precious").write_text("precious")
        staging = tmp_path / "project" / storage.STAGING
        staging.mkdir()
        (staging / storage.JOURNAL).write_text(journal)
        (staging / "0.new").write_text("hostile")
        before = tree(tmp_path)
        with pytest.raises(DifferenceError, match="journal"):
            storage.recover(tmp_path / "project", force=True)
        assert tree(tmp_path) == before

    def test_a_hostile_journal_cannot_write_through_links(self, tmp_path: Path) -> None:
        target = tmp_path / "project"
        write("old", target)
        (tmp_path / "outside").mkdir()
        (target / "link").symlink_to(tmp_path / "outside")
        staging = target / storage.STAGING
        staging.mkdir()
        (staging / storage.JOURNAL).write_text('[["link/x", "0.new", "", ""]]')
        (staging / "0.new").write_text("hostile")
        with pytest.raises(DifferenceError, match="symbolic link"):
            storage.recover(target, force=True)
        assert list((tmp_path / "outside").iterdir()) == []


_WRITER = """
import signal
import sys
from pathlib import Path
sys.path[:0] = {path!r}
import test_writes
from edgegen import storage
target = Path(sys.argv[1])
# Whoever runs the tests in the background may have Ctrl-C ignored, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
print("ready", flush=True)
while True:
    for generation in ("new", "old"):
        if target.exists():
            storage.recover(target)
        test_writes.write(generation, target)
"""


class TestKilled:
    """A process that writes without pause is killed at a random moment, many times."""

    ROUNDS = 20

    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["kill", "ctrl-c"])
    def test_the_tree_is_old_or_new(
        self,
        tmp_path: Path,
        trees: tuple[dict[str, bytes], dict[str, bytes]],
        number: signal.Signals,
    ) -> None:
        target = tmp_path / "project"
        chance = random.Random(int(number))
        for round_ in range(self.ROUNDS):
            self._run_and_kill(target, number, chance.uniform(0, 0.03))
            if not target.exists():
                continue
            storage.recover(target)
            assert tree(target) in trees, round_
        write("new", target)
        assert tree(target) == trees[1]
        left = {path.name for path in tmp_path.iterdir()} - {"project", "reference"}
        assert not any(name.startswith(".edgegen") for name in left)

    @staticmethod
    def _run_and_kill(target: Path, number: signal.Signals, delay: float) -> None:
        code = _WRITER.format(path=[str(Path(__file__).parent), *sys.path])
        with subprocess.Popen(
            [sys.executable, "-c", code, str(target)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(delay)
            process.send_signal(number)
            try:
                _, said = process.communicate(timeout=20)
            finally:
                process.kill()
        assert process.returncode == -number, said


class TestRealLimits:
    def test_a_full_disk(self, tmp_path: Path) -> None:
        place = tmp_path / "small disk"
        place.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
            pytest.skip("mounting a small tmpfs needs root")
        try:
            self._fill(place)
        finally:
            subprocess.run(["umount", str(place)], check=True)

    @staticmethod
    def _fill(place: Path) -> None:
        write("old", place / "project")
        before = tree(place)
        big = dict(make("new").files)
        big["edgegen/weights.c"] = File(bytes(400_000), Owner.EDGEGEN)
        for target in (place / "project", place / "another"):
            with pytest.raises(EdgegenError, match="No space left") as caught:
                project.write(project.plan(GeneratedProject(big), target))
            assert "Free some space" in caught.value.fix
            assert tree(place) == before

    def test_a_limit_on_file_sizes(self, tmp_path: Path) -> None:
        code = (
            "import resource, signal, sys; from pathlib import Path\n"
            f"sys.path[:0] = {[str(Path(__file__).parent), *sys.path]!r}\n"
            "import test_writes; from edgegen.errors import EdgegenError\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))\n"
            "try: test_writes.write('old', Path(sys.argv[1]))\n"
            "except EdgegenError as error: print(error)\n"
        )
        command = [sys.executable, "-c", code, str(tmp_path / "project")]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert "File too large" in said
        assert list(tmp_path.iterdir()) == []


def said_by_nobody(action: Callable[[], None]) -> str:
    """What an action raises in a process that may not write everywhere, as root may."""
    receiver, sender = os.pipe()
    child = os.fork()
    if child == 0:
        if os.geteuid() == 0:
            os.setuid(65534)
        try:
            action()
        except BaseException as error:
            os.write(sender, f"{type(error).__name__}: {error}".encode())
        os._exit(0)
    os.close(sender)
    with os.fdopen(receiver, "rb") as stream:
        said = stream.read().decode()
    os.waitpid(child, 0)
    return said


class TestPermissions:
    @pytest.fixture
    def place(self) -> Iterator[Path]:
        """A folder that other users may reach, unlike tmp_path."""
        with tempfile.TemporaryDirectory() as name:
            path = Path(name)
            path.chmod(0o777)
            yield path

    def test_a_read_only_parent(self, place: Path) -> None:
        place.chmod(0o555)
        said = said_by_nobody(lambda: write("old", place / "deep" / "project"))
        place.chmod(0o755)
        assert "EdgegenError: Cannot write the project: Permission denied" in said
        assert "choose another folder" in said
        assert tree(place) == {}

    @pytest.mark.parametrize("folder", ["", "edgegen", "edgegen/sub0"])
    def test_a_read_only_folder_in_the_project(self, place: Path, folder: str) -> None:
        project_dir = place / "p"
        assert said_by_nobody(lambda: write("old", project_dir)) == ""
        before = tree(place)
        (project_dir / folder).chmod(0o555)
        said = said_by_nobody(lambda: write("new", project_dir))
        (project_dir / folder).chmod(0o755)
        assert "EdgegenError: Cannot write the project: Permission denied" in said
        assert tree(place) == before

    def test_an_unreadable_folder(self, place: Path) -> None:
        (place / "p").mkdir(mode=0o000)
        said = said_by_nobody(lambda: write("old", place / "p"))
        (place / "p").chmod(0o755)
        assert "UsageError: The output folder cannot be read" in said


def test_two_at_once(tmp_path: Path) -> None:
    import fcntl

    write("old", tmp_path / "project")
    before = tree(tmp_path)
    handle = os.open(tmp_path / "project", os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(EdgegenError, match="Another edgegen"):
            write("new", tmp_path / "project")
    finally:
        os.close(handle)
    assert tree(tmp_path) == before
