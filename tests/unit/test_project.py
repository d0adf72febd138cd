"""project.py and lockfile.py: who owns which file, and what a run does to it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from edgegen import lockfile, project
from edgegen.errors import DifferenceError, UsageError
from edgegen.project import Change, File, GeneratedProject, Owner
from edgegen.storage import STAGING


def make(generated: dict[str, str], user: dict[str, str] | None = None) -> GeneratedProject:
    files = {f"edgegen/{p}": File(text.encode(), Owner.EDGEGEN) for p, text in generated.items()}
    files |= {path: File(text.encode(), Owner.USER) for path, text in (user or {}).items()}
    return GeneratedProject(files)


def write(directory: Path, new: GeneratedProject, *, force: bool = False) -> project.Plan:
    plan = project.plan(new, directory)
    project.write(plan, force=force)
    return plan


def changes(plan: project.Plan) -> dict[str, str]:
    return {entry.path: entry.change.value for entry in plan.entries}


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def tree(directory: Path) -> dict[str, bytes]:
    found = directory.rglob("*")
    return {p.relative_to(directory).as_posix(): p.read_bytes() for p in found if p.is_file()}


FIRST = make({"a.c": "a1", "sub/b.c": "b1"}, {"src/main.cpp": "main", "edgegen.toml": "toml"})


@pytest.fixture
def home(tmp_path: Path) -> Path:
    directory = tmp_path / "project"
    write(directory, FIRST)
    return directory


class TestPaths:
    @pytest.mark.parametrize(
        "path",
        [
            "",
            "/etc/passwd",
            "edgegen/../../x",
            "edgegen//x",
            "edgegen/./x",
            "edgegen/",
            "edgegen/a\0b",
            "edgegen/a\nb",
            "edgegen/a\\b",
            "edgegen/c:x",
            "edgegen/" + "x" * 256,
        ],
    )
    def test_illegal(self, path: str) -> None:
        with pytest.raises(ValueError, match="path"):
            GeneratedProject({path: File(b"", Owner.EDGEGEN)})

    @pytest.mark.parametrize("path", [".git/hooks/pre-commit", ".GIT/config", "edgegen.lock"])
    def test_not_for_a_target(self, path: str) -> None:
        with pytest.raises(ValueError, match="path"):
            GeneratedProject({path: File(b"", Owner.USER)})

    def test_owner_follows_from_the_folder(self) -> None:
        with pytest.raises(ValueError, match="owner"):
            GeneratedProject({"edgegen/a": File(b"", Owner.USER)})
        with pytest.raises(ValueError, match="owner"):
            GeneratedProject({"src/a": File(b"", Owner.EDGEGEN)})

    @pytest.mark.parametrize("pair", [("x/A.c", "x/a.c"), ("x/a", "X/A/b")])
    def test_clashes_where_case_is_ignored(self, pair: tuple[str, str]) -> None:
        with pytest.raises(ValueError, match="clash"):
            GeneratedProject({path: File(b"", Owner.USER) for path in pair})


class TestNewProject:
    def test_everything_is_created(self, tmp_path: Path) -> None:
        directory = tmp_path / "with space" / "deep" / "project"
        plan = write(directory, FIRST)
        assert set(changes(plan).values()) == {"create"}
        assert set(tree(directory)) == {*FIRST.files, "edgegen.lock"}
        assert names(directory.parent) == ["project"]

    def test_planning_writes_nothing(self, tmp_path: Path) -> None:
        project.plan(FIRST, tmp_path / "a" / "b")
        assert list(tmp_path.iterdir()) == []

    def test_modes_do_not_follow_the_umask(self, tmp_path: Path) -> None:
        old = os.umask(0o077)
        try:
            write(tmp_path / "p", FIRST)
        finally:
            os.umask(old)
        modes = {p.stat().st_mode & 0o7777 for p in (tmp_path / "p").rglob("*") if p.is_file()}
        folders = {p.stat().st_mode & 0o7777 for p in (tmp_path / "p").rglob("*") if p.is_dir()}
        assert (modes, folders) == ({0o644}, {0o755})

    @pytest.mark.parametrize("held", [[], [".git"]])
    def test_an_empty_folder_is_filled_in_place(self, tmp_path: Path, held: list[str]) -> None:
        for name in held:
            (tmp_path / name).mkdir()
        inode = tmp_path.stat().st_ino
        write(tmp_path, FIRST)
        assert tmp_path.stat().st_ino == inode
        assert set(tree(tmp_path)) == {*FIRST.files, "edgegen.lock"}

    def test_a_link_to_a_folder_is_followed_for_the_project_itself(self, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to("real")
        write(tmp_path / "link", FIRST)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "real" / "edgegen" / "a.c").read_bytes() == b"a1"

    def test_foreign_folder(self, tmp_path: Path) -> None:
        (tmp_path / "thesis.txt").write_text("mine")
        with pytest.raises(UsageError, match="belongs to someone else"):
            write(tmp_path, FIRST)
        assert names(tmp_path) == ["thesis.txt"]

    def test_a_file_as_output(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("mine")
        with pytest.raises(UsageError, match="not a folder"):
            write(tmp_path / "file", FIRST)
        assert (tmp_path / "file").read_text() == "mine"

    def test_a_broken_link_as_output(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(tmp_path / "nowhere")
        with pytest.raises(UsageError, match="broken"):
            write(tmp_path / "link", FIRST)


class TestUpdate:
    def test_nothing_to_do(self, home: Path) -> None:
        before = {p: p.stat().st_mtime_ns for p in home.rglob("*")}
        plan = write(home, FIRST)
        assert set(changes(plan).values()) == {"identical"}
        assert not plan.is_stale
        assert {p: p.stat().st_mtime_ns for p in home.rglob("*")} == before

    def test_only_what_differs_is_written(self, home: Path) -> None:
        before = (home / "edgegen/a.c").stat().st_mtime_ns
        plan = write(home, make({"a.c": "a1", "sub/b.c": "b2"}, {"src/main.cpp": "main"}))
        assert changes(plan) == {
            "edgegen.lock": "update",
            "edgegen/a.c": "identical",
            "edgegen/sub/b.c": "update",
            "src/main.cpp": "identical",
        }
        assert (home / "edgegen/a.c").stat().st_mtime_ns == before
        assert (home / "edgegen/sub/b.c").read_text() == "b2"
        assert not (home / STAGING).exists()

    def test_what_is_no_longer_generated_goes_with_its_folder(self, home: Path) -> None:
        plan = write(home, make({"a.c": "a1"}, {"src/main.cpp": "main"}))
        assert changes(plan)["edgegen/sub/b.c"] == "removed"
        assert not (home / "edgegen/sub").exists()

    def test_a_users_file_beside_a_removed_one_stays(self, home: Path) -> None:
        (home / "edgegen/sub/notes.txt").write_text("mine")
        write(home, make({"a.c": "a1"}))
        assert names(home / "edgegen/sub") == ["notes.txt"]

    def test_the_users_files_keep_every_byte(self, home: Path) -> None:
        (home / "src/main.cpp").write_text("my own main")
        plan = write(home, make({"a.c": "a2"}, {"src/main.cpp": "a new main"}))
        assert changes(plan)["src/main.cpp"] == "kept"
        assert (home / "src/main.cpp").read_text() == "my own main"

    def test_a_users_file_that_was_deleted_is_not_made_again(self, home: Path) -> None:
        (home / "src/main.cpp").unlink()
        plan = write(home, FIRST)
        assert changes(plan)["src/main.cpp"] == "kept"
        assert not plan.is_stale
        assert not (home / "src/main.cpp").exists()

    def test_a_new_user_file_is_offered(self, home: Path) -> None:
        write(home, make({"a.c": "a1"}, {"src/main.cpp": "main", "board/port.c": "port"}))
        assert (home / "board/port.c").read_text() == "port"

    def test_a_replaced_user_file(self, home: Path) -> None:
        new = make({"a.c": "a1", "sub/b.c": "b1"}, {"src/main.cpp": "new"})
        plan = project.plan(new, home, replace=["src/main.cpp"])
        assert changes(plan)["src/main.cpp"] == "update"
        project.write(plan)
        assert (home / "src/main.cpp").read_text() == "new"

    def test_a_deleted_generated_file_comes_back(self, home: Path) -> None:
        (home / "edgegen/a.c").unlink()
        assert changes(write(home, FIRST))["edgegen/a.c"] == "create"
        assert (home / "edgegen/a.c").read_text() == "a1"

    def test_measured_facts_are_kept_in_the_lock(self, home: Path) -> None:
        project.write(project.plan(FIRST, home, measured={"tflm_arena": {"bytes": 16}}))
        lock = lockfile.read(home)
        assert lock is not None
        assert lock.measured == {"tflm_arena": {"bytes": 16}}


class TestConflicts:
    def test_an_edited_file_is_not_overwritten(self, home: Path) -> None:
        (home / "edgegen/a.c").write_text("edited")
        before = tree(home)
        with pytest.raises(DifferenceError, match=r"edgegen/a\.c \(edited by hand\)") as caught:
            write(home, make({"a.c": "a2", "sub/b.c": "b2"}))
        assert caught.value.exit_code == 1
        assert "src/" in caught.value.fix
        assert tree(home) == before

    def test_force_overwrites_it(self, home: Path) -> None:
        (home / "edgegen/a.c").write_text("edited")
        write(home, FIRST, force=True)
        assert (home / "edgegen/a.c").read_text() == "a1"
        assert not project.plan(FIRST, home).is_stale

    def test_an_edit_that_equals_the_new_content_is_no_conflict(self, home: Path) -> None:
        (home / "edgegen/a.c").write_text("a2")
        write(home, make({"a.c": "a2", "sub/b.c": "b1"}))

    def test_a_product_that_was_made_again_is_no_edit(self, home: Path) -> None:
        (home / "edgegen/sub/b.c").write_text("made elsewhere")
        new = make({"a.c": "a1", "sub/b.c": "b2"})
        plan = project.plan(new, home, products=("edgegen/sub/",))
        assert changes(plan)["edgegen/sub/b.c"] == "update"
        gone = project.plan(make({"a.c": "a1"}), home, products=("edgegen/sub/",))
        assert changes(gone)["edgegen/sub/b.c"] == "removed"

    def test_an_edited_file_that_is_no_longer_generated(self, home: Path) -> None:
        (home / "edgegen/sub/b.c").write_text("edited")
        new = make({"a.c": "a1"})
        with pytest.raises(DifferenceError, match="no longer generated, but edited by hand"):
            write(home, new)
        write(home, new, force=True)
        assert not (home / "edgegen/sub").exists()

    def test_a_users_file_where_a_generated_one_should_go(self, home: Path) -> None:
        (home / "edgegen/new.c").write_text("mine")
        with pytest.raises(DifferenceError, match="not written by edgegen"):
            write(home, make({"a.c": "a1", "sub/b.c": "b1", "new.c": "ours"}))
        assert (home / "edgegen/new.c").read_text() == "mine"

    def test_a_users_file_below_edgegen_is_never_removed(self, home: Path) -> None:
        (home / "edgegen/mine.c").write_text("mine")
        assert not write(home, FIRST).is_stale
        write(home, make({"a.c": "a2"}), force=True)
        assert (home / "edgegen/mine.c").read_text() == "mine"

    def test_a_folder_in_the_way_is_never_removed(self, home: Path) -> None:
        (home / "edgegen/a.c").unlink()
        (home / "edgegen/a.c").mkdir()
        with pytest.raises(DifferenceError, match="it is a folder"):
            write(home, FIRST, force=True)

    def test_a_file_where_a_folder_should_be(self, home: Path) -> None:
        (home / "board").write_text("mine")
        with pytest.raises(DifferenceError, match="board is not a folder"):
            write(home, make({"a.c": "a1"}, {"board/port.c": "port"}), force=True)
        assert (home / "board").read_text() == "mine"


class TestLinks:
    def test_a_linked_folder_is_never_written_through(self, home: Path, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        (home / "edgegen/sub").rename(outside)
        (home / "edgegen/sub").symlink_to(outside)
        with pytest.raises(DifferenceError, match="edgegen/sub is a symbolic link"):
            write(home, make({"a.c": "a1", "sub/b.c": "b2"}), force=True)
        assert tree(outside) == {"b.c": b"b1"}

    def test_nor_removed_through(self, home: Path, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        (home / "edgegen/sub").rename(outside)
        (home / "edgegen/sub").symlink_to(outside)
        with pytest.raises(DifferenceError, match="symbolic link"):
            write(home, make({"a.c": "a1"}), force=True)
        assert tree(outside) == {"b.c": b"b1"}

    def test_a_linked_file_is_replaced_itself(self, home: Path, tmp_path: Path) -> None:
        outside = tmp_path / "outside.c"
        outside.write_text("precious")
        (home / "edgegen/a.c").unlink()
        (home / "edgegen/a.c").symlink_to(outside)
        with pytest.raises(DifferenceError, match="it is a symbolic link"):
            write(home, FIRST)
        write(home, FIRST, force=True)
        assert outside.read_text() == "precious"
        assert not (home / "edgegen/a.c").is_symlink()

    def test_a_linked_staging_folder_is_only_unlinked(self, home: Path, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "precious").write_text("x")
        (home / STAGING).symlink_to(outside)
        write(home, make({"a.c": "a2", "sub/b.c": "b1"}))
        assert (home / "edgegen/a.c").read_text() == "a2"
        assert tree(outside) == {"precious": b"x"}


class TestLock:
    def test_same_project_same_bytes(self, tmp_path: Path) -> None:
        write(tmp_path / "a", FIRST)
        write(tmp_path / "b", GeneratedProject(dict(reversed(FIRST.files.items()))))
        assert (tmp_path / "a/edgegen.lock").read_bytes() == (
            tmp_path / "b/edgegen.lock"
        ).read_bytes()

    def test_a_lost_lock_is_made_again(self, home: Path) -> None:
        before = tree(home)
        (home / "edgegen.lock").unlink()
        write(home, FIRST)
        assert tree(home) == before

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "<<<<<<< HEAD",
            "[]",
            "[" * 100_000,
            '{"edgegen": 1}',
            '{"edgegen": "0", "files": [], "measured": {}, "scaffolded": []}',
            '{"edgegen": "0", "files": {"edgegen/a": 5}, "measured": {}, "scaffolded": []}',
            '{"edgegen": "0", "files": {}, "measured": [], "scaffolded": []}',
            '{"edgegen": "0", "files": {}, "measured": {}, "scaffolded": [1]}',
        ],
    )
    def test_damaged(self, home: Path, text: str) -> None:
        (home / "edgegen.lock").write_text(text)
        with pytest.raises(UsageError, match="damaged"):
            project.plan(FIRST, home)

    @pytest.mark.parametrize("path", ["../precious", "/etc/passwd", "edgegen/../../x", "src/main"])
    def test_it_cannot_name_files_elsewhere(self, home: Path, path: str) -> None:
        lock = json.loads((home / "edgegen.lock").read_text())
        lock["files"][path] = "0" * 64
        (home / "edgegen.lock").write_text(json.dumps(lock))
        with pytest.raises(UsageError, match="damaged"):
            project.plan(FIRST, home)


class TestDiff:
    def test_lines(self, home: Path) -> None:
        plan = project.plan(make({"a.c": "a2\n", "sub/b.c": "b1"}), home)
        lines = list(project.diff(plan))
        assert "--- a/edgegen/a.c" in lines
        assert "-a1" in lines
        assert "+a2" in lines
        assert not any("b.c" in line and line.startswith("---") for line in lines)

    def test_binary_files_are_named(self, home: Path) -> None:
        files = {"edgegen/a.c": File(b"\xff\xfe", Owner.EDGEGEN)}
        lines = list(project.diff(project.plan(GeneratedProject(files), home)))
        assert "Binary files a/edgegen/a.c and b/edgegen/a.c differ" in lines

    def test_nothing_when_current(self, home: Path) -> None:
        plan = project.plan(FIRST, home)
        assert list(project.diff(plan)) == []
        assert plan.having(Change.CREATE, Change.UPDATE) == ()
