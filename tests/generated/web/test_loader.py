"""The loader of web projects under Node.js, against servers that do everything wrong."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edgegen import chunks
from edgegen.chunks import Span
from support import hostile_server as hostile
from support import web_loader
from support.hostile_server import Server

pytestmark = pytest.mark.wasm

HERE = Path(__file__).parent
NAME = "model.bin"
MANIFEST = f"{NAME}.json"
SIZE = 70_000

Load = Callable[..., dict[str, Any]]


def data_of(length: int, seed: str = "") -> bytes:
    blocks = (hashlib.sha256(f"{seed}{each}".encode()).digest() for each in range(length // 32 + 1))
    return b"".join(blocks)[:length]


DATA = data_of(5 * SIZE + 1234)
DIGEST = hashlib.sha256(DATA).hexdigest()
SPANS = [Span(4 - each, each * SIZE, (each + 1) * SIZE) for each in range(5)]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("loader")
    web_loader.write(folder)
    (folder / "package.json").write_text('{"type": "module"}')
    shutil.copy(HERE / "loader_in_node.mjs", folder)
    return folder / "loader_in_node.mjs"


@pytest.fixture
def server() -> Iterator[Server]:
    with hostile.serving(chunks.split(DATA, NAME, SIZE)) as running:
        yield running


@pytest.fixture
def load(program: Path, server: Server) -> Load:
    def call(manifest: str = MANIFEST, **config: Any) -> dict[str, Any]:
        config["manifest"] = server.url + manifest
        config["options"] = {"retries": 2, "patience": 3000} | config.get("options", {})
        run = subprocess.run(
            ["node", program, json.dumps(config)],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert run.returncode == 0, run.stderr
        found: dict[str, Any] = json.loads(run.stdout)
        return found

    return call


def chunk_path(place: int, data: bytes = DATA) -> str:
    return chunks.make_manifest(data, NAME, SIZE).chunks[place].path


def failure(found: dict[str, Any], code: str) -> str:
    assert "sha256" not in found
    assert found["error"]["code"] == code, found["error"]
    message: str = found["error"]["message"]
    return message


class TestWhole:
    def test_loaded_with_progress(self, server: Server, load: Load) -> None:
        found = load(options={"cache": False})
        assert found["sha256"] == DIGEST
        loaded = [each["loaded"] for each in found["events"]]
        assert loaded == sorted(loaded)
        assert all(each["total"] == len(DATA) for each in found["events"])
        assert all(each["fromCache"] == 0 for each in found["events"])
        assert loaded[-1] == len(DATA)
        assert {each["chunk"] for each in found["events"]} >= set(range(6))
        assert len(server.fetched()) == 6

    @pytest.mark.parametrize("concurrency", [1, 3])
    def test_bounded_parallelism(self, server: Server, load: Load, concurrency: int) -> None:
        server.tricks["chunks/*"] = [hostile.slow(0.1)]
        assert load(options={"concurrency": concurrency})["sha256"] == DIGEST
        assert server.most_in_flight == concurrency

    def test_the_memory_ceiling_bounds_what_is_in_flight(self, server: Server, load: Load) -> None:
        server.tricks["chunks/*"] = [hostile.slow(0.1)]
        found = load(options={"concurrency": 6, "memory": 2 * SIZE}, mode="stream")
        assert found["sha256"] == DIGEST
        assert server.most_in_flight == 2

    def test_a_chunk_beyond_the_ceiling(self, load: Load) -> None:
        message = failure(load(options={"memory": SIZE - 1}), "backend")
        assert f"{SIZE} bytes" in message

    def test_equal_chunks_are_fetched_once(self, server: Server, load: Load) -> None:
        data = DATA[:SIZE] * 3 + DATA[SIZE : SIZE + 5] + DATA[:SIZE]
        server.files = chunks.split(data, NAME, SIZE)
        assert load()["sha256"] == hashlib.sha256(data).hexdigest()
        assert len(server.fetched()) == 3  # the third chunk begins elsewhere in the data

    def test_what_is_expected(self, load: Load) -> None:
        assert load(options={"sha256": DIGEST})["sha256"] == DIGEST
        message = failure(load(options={"sha256": "0" * 64}), "integrity")
        assert "another version" in message


class TestStream:
    def test_layers_come_in_the_order_in_which_they_run(self, server: Server, load: Load) -> None:
        server.files = chunks.split(DATA, NAME, SIZE, SPANS)
        found = load(mode="stream")
        assert found["sha256"] == DIGEST
        layers = [each["layers"] for each in found["pieces"]]
        assert layers == [None, [0, 0], [1, 1], [2, 2], [3, 3], [4, 4]]
        assert found["pieces"][1]["offset"] == 4 * SIZE

    def test_or_in_that_of_the_file(self, server: Server, load: Load) -> None:
        server.files = chunks.split(DATA, NAME, SIZE, SPANS)
        found = load(mode="stream", options={"priority": "file"})
        assert [each["offset"] for each in found["pieces"]] == [SIZE * each for each in range(6)]

    def test_order_holds_when_the_first_is_the_slowest(self, server: Server, load: Load) -> None:
        server.tricks[chunk_path(0)] = [hostile.slow(0.3)]
        found = load(mode="stream")
        assert [each["offset"] for each in found["pieces"]] == [SIZE * each for each in range(6)]

    def test_leaving_the_loop_ends_the_load(self, server: Server, load: Load) -> None:
        server.tricks[chunk_path(1)] = [hostile.hang]
        found = load(mode="first", options={"concurrency": 2, "patience": 20_000})
        assert [each["offset"] for each in found["pieces"]] == [0]
        assert len(server.fetched()) <= 3

    def test_a_slow_reader_is_waited_for(self, server: Server, load: Load) -> None:
        found = load(mode="slowly", options={"memory": SIZE})
        assert found["sha256"] == DIGEST
        assert server.most_in_flight == 1


class TestIntegrity:
    def test_a_flipped_byte_is_never_used(self, server: Server, load: Load) -> None:
        server.tricks[chunk_path(2)] = [hostile.flip]
        message = failure(load(), "integrity")
        assert message.startswith(f"Chunk 2 of {NAME} ({chunk_path(2)})")
        assert server.fetched().count(chunk_path(2)) == 2

    def test_a_byte_that_was_flipped_once_is_fetched_again(
        self, server: Server, load: Load
    ) -> None:
        server.tricks[chunk_path(2)] = [hostile.flip, None]
        found = load()
        assert found["sha256"] == DIGEST
        loaded = [each["loaded"] for each in found["events"]]
        assert loaded == sorted(loaded)

    @pytest.mark.parametrize("length", [SIZE - 1, SIZE + 1, 0])
    def test_another_length(self, server: Server, load: Load, length: int) -> None:
        server.tricks[chunk_path(1)] = [hostile.body(data_of(length))]
        message = failure(load(options={"retries": 1}), "integrity")
        assert chunk_path(1) in message

    def test_the_chunk_of_another_version(self, server: Server, load: Load) -> None:
        server.tricks[chunk_path(1)] = [hostile.body(DATA[:SIZE])]
        assert "other bytes" in failure(load(), "integrity")

    @pytest.mark.parametrize("length", [SIZE - 10, SIZE + 10])
    def test_a_lying_content_length(self, server: Server, load: Load, length: int) -> None:
        server.tricks[chunk_path(1)] = [hostile.announced(length), None]
        assert load()["sha256"] == DIGEST

    def test_a_page_instead_of_a_chunk(self, server: Server, load: Load) -> None:
        """As hosts of single-page applications do."""
        server.tricks["chunks/*"] = [hostile.body(b"<!doctype html>")]
        failure(load(options={"retries": 1}), "integrity")


class TestNetwork:
    def test_a_cut_chunk_goes_on_where_it_ended(self, server: Server, load: Load) -> None:
        server.tricks[chunk_path(1)] = [hostile.cut(50_000), None]
        assert load()["sha256"] == DIGEST
        path = chunk_path(1)
        asked = [(range_, code) for each, range_, code in server.log if each == path]
        assert asked[0] == ("", 200)
        assert asked[-1][1] == 206
        assert 0 < int(asked[-1][0].removeprefix("bytes=").removesuffix("-")) <= 50_000

    def test_or_starts_again_where_servers_cannot(self, server: Server, load: Load) -> None:
        server.has_ranges = False
        server.tricks[chunk_path(1)] = [hostile.cut(50_000), None]
        assert load()["sha256"] == DIGEST
        assert [code for each, _, code in server.log if each == chunk_path(1)] == [200, 200]

    def test_or_lie_about_the_part(self, server: Server, load: Load) -> None:
        def lie(handler: hostile.Handler, data: bytes) -> None:
            handler.answer(206, data[:100], {"Content-Range": f"bytes 0-99/{len(data)}"})

        server.tricks[chunk_path(1)] = [hostile.cut(50_000), lie, None]
        assert load()["sha256"] == DIGEST

    def test_a_part_of_other_bytes_is_fetched_again(self, server: Server, load: Load) -> None:
        server.tricks[chunk_path(1)] = [hostile.cut(50_000), hostile.flip, None]
        server.tricks[chunk_path(1)][1] = lambda handler, data: handler.honest(data[::-1])
        assert load()["sha256"] == DIGEST

    def test_cut_again_and_again_with_progress(self, server: Server, load: Load) -> None:
        data = data_of(500_000)
        server.files = chunks.split(data, NAME, 500_000)
        server.tricks["chunks/*"] = [hostile.cut(70_000)]
        found = load(options={"retries": 1})
        assert found["sha256"] == hashlib.sha256(data).hexdigest()

    def test_cut_at_once_every_time(self, server: Server, load: Load) -> None:
        server.tricks[chunk_path(1)] = [hostile.cut(0)]
        message = failure(load(), "network")
        assert chunk_path(1) in message
        assert server.fetched().count(chunk_path(1)) == 3  # and two retries

    def test_refused(self, server: Server, load: Load) -> None:
        server.tricks["*"] = [hostile.refuse]
        assert MANIFEST in failure(load(), "network")

    @pytest.mark.parametrize("code", [404, 403, 410])
    def test_final_answers_are_not_asked_for_again(
        self, server: Server, load: Load, code: int
    ) -> None:
        server.tricks[chunk_path(1)] = [hostile.status(code)]
        assert f"status {code}" in failure(load(), "network")
        assert server.fetched().count(chunk_path(1)) == 1

    @pytest.mark.parametrize("code", [408, 429, 500, 503])
    def test_passing_ones_are(self, server: Server, load: Load, code: int) -> None:
        server.tricks[chunk_path(1)] = [hostile.status(code, Retry_After="0"), None]
        assert load()["sha256"] == DIGEST

    def test_redirects_are_not_followed(self, server: Server, load: Load) -> None:
        with hostile.serving(server.files) as elsewhere:
            server.tricks[chunk_path(1)] = [
                hostile.status(302, Location=elsewhere.url + chunk_path(1))
            ]
            assert "redirected" in failure(load(), "network")
            assert elsewhere.log == []

    def test_a_server_that_falls_silent(self, server: Server, load: Load) -> None:
        server.tricks[chunk_path(1)] = [hostile.hang, None]
        assert load(options={"patience": 300})["sha256"] == DIGEST

    def test_and_stays_so(self, server: Server, load: Load) -> None:
        server.tricks[chunk_path(1)] = [hostile.hang]
        message = failure(load(options={"patience": 200, "retries": 1}), "network")
        assert "nothing came for 200 ms" in message


class TestAbort:
    def test_before(self, server: Server, load: Load) -> None:
        found = load(faults={"abortedBefore": True})
        assert found["error"]["name"] == "AbortError"
        assert found["error"]["message"] == "Before."
        assert server.log == []

    def test_in_the_middle(self, load: Load) -> None:
        found = load(faults={"abortAt": 2 * SIZE})
        assert found["error"]["message"] == "The user left."

    def test_while_a_server_is_silent(self, server: Server, load: Load) -> None:
        server.tricks["chunks/*"] = [hostile.hang]
        found = load(faults={"abortAfter": 200}, options={"patience": 30_000})
        assert found["error"]["message"] == "Late."

    def test_while_waiting_to_try_again(self, server: Server, load: Load) -> None:
        server.tricks["chunks/*"] = [hostile.status(503, Retry_After="8")]
        found = load(faults={"abortAfter": 300})
        assert found["error"]["message"] == "Late."


# How a manifest is wrong, and what is said of it.
WRONG: list[tuple[Callable[[Any], object], str]] = [
    (lambda t: t.update(format="zip"), '"format"'),
    (lambda t: t.update(version=2), '"version" is not 1'),
    (lambda t: t.update(name=""), '"name"'),
    (lambda t: t.update(bytes=0), '"bytes"'),
    (lambda t: t.update(bytes=1e300), '"bytes"'),
    (lambda t: t.update(bytes=len(DATA) - 1), "do not add up"),
    (lambda t: t.update(sha256="x"), '"sha256"'),
    (lambda t: t.update(strategy=1), '"strategy"'),
    (lambda t: t.update(chunks=[]), "list of 1 to 65536"),
    (lambda t: t.update(chunks=[None]), 'chunk 0: "sha256"'),
    (lambda t: t["chunks"][1].update(sha256="../../../etc/passwd"), 'chunk 1: "sha256"'),
    (lambda t: t["chunks"][1].update(bytes=-1), 'chunk 1: "bytes"'),
    (lambda t: t["chunks"][1].update(bytes=1.5), 'chunk 1: "bytes"'),
    (lambda t: t["chunks"][1].update(bytes=1 << 40), 'chunk 1: "bytes"'),
    (lambda t: t["chunks"][1].update(offset=0), f"chunk 1 is at 0, not {SIZE}"),
    (lambda t: t["chunks"][1].update(layers=[2, 1]), 'chunk 1: "layers"'),
    (lambda t: t["chunks"][5].update(sha256=t["chunks"][0]["sha256"]), "one of another size"),
]


class TestManifest:
    def parsed(self, program: Path, texts: list[str]) -> list[Any]:
        config = json.dumps({"mode": "parse", "texts": texts})
        run = subprocess.run(["node", program, config], capture_output=True, text=True, check=True)
        answers: list[Any] = json.loads(run.stdout)["parsed"]
        return answers

    def test_wrong(self, program: Path, server: Server) -> None:
        texts = []
        for change, _ in WRONG:
            table = json.loads(server.files[MANIFEST])
            change(table)
            texts.append(json.dumps(table))
        for answer, (_, part) in zip(self.parsed(program, texts), WRONG, strict=True):
            assert answer.startswith("integrity: ")
            assert part in answer

    def test_truncated_anywhere(self, program: Path, server: Server) -> None:
        text = server.files[MANIFEST].decode().rstrip()
        answers = self.parsed(program, [text[:each] for each in range(0, len(text), 23)])
        assert all("not JSON" in each for each in answers)

    def test_what_python_writes_is_read(self, program: Path) -> None:
        text = chunks.split(DATA, NAME, SIZE, SPANS)[MANIFEST].decode()
        assert self.parsed(program, [text]) == [json.loads(text)]

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (b"<!doctype html>", "not JSON"),
            (b"null", "not an object"),
            (b"\xff{}", "not UTF-8"),
            (b" " * (17 << 20), "more than 16 MiB"),
            (b"[" * 200_000, "not JSON"),
            (b'{"chunks": [' + b"1," * 70_000 + b"1]}", "list of 1 to 65536"),
        ],
    )
    def test_none(self, server: Server, load: Load, content: bytes, expected: str) -> None:
        server.tricks[MANIFEST] = [hostile.body(content)]
        assert expected in failure(load(mode="manifest"), "integrity")
        assert server.fetched() == []

    @pytest.mark.parametrize("what", [MANIFEST, "chunks/*"])
    def test_a_page_instead(self, server: Server, load: Load, what: str) -> None:
        """As hosts of applications of a single page answer for what they do not have."""
        page = hostile.body(b"<!doctype html>", {"Content-Type": "text/html; charset=utf-8"})
        server.tricks[what] = [page]
        found = load()
        assert "answered with a page (text/html; charset=utf-8)" in failure(found, "network")
        assert "Publish all of edgegen/assets" in found["error"]["fix"]
        assert len(server.fetched()) <= 4  # another attempt would bring the same

    @pytest.mark.parametrize("mode", ["whole", "stream"])
    def test_right_chunks_in_another_order(self, server: Server, load: Load, mode: str) -> None:
        """Every chunk is what its name says, and the file is not."""
        right = server.files[MANIFEST]
        table = json.loads(right)
        first, second = table["chunks"][:2]
        first["sha256"], second["sha256"] = second["sha256"], first["sha256"]
        server.files = {**server.files, MANIFEST: json.dumps(table).encode()}
        pinned = {"manifestSha256": hashlib.sha256(right).hexdigest()}
        assert "another version" in failure(load(mode=mode, options=pinned), "integrity")
        assert server.fetched() == []
        if mode == "whole":
            said = failure(load(options={"sha256": DIGEST}), "integrity")
            assert "put together wrong" in said
        server.files = {**server.files, MANIFEST: right}
        assert load(mode=mode, options=pinned | {"sha256": DIGEST})["sha256"] == DIGEST

    def test_missing(self, load: Load) -> None:
        assert "status 404" in failure(load("other.json"), "network")


class TestCache:
    """Over a stand-in for Cache Storage; test_loader_browser.py has the real one."""

    @pytest.fixture
    def cached(self, load: Load, tmp_path: Path) -> Load:
        return lambda *arguments, **config: load(
            *arguments, cacheFile=str(tmp_path / "cache.json"), **config
        )

    def test_the_second_visit_fetches_nothing_but_the_manifest(
        self, server: Server, cached: Load
    ) -> None:
        cached()
        server.log.clear()
        found = cached()
        assert found["sha256"] == DIGEST
        assert found["events"][-1]["fromCache"] == len(DATA)
        assert server.fetched("") == [MANIFEST]

    def test_a_known_version_fetches_nothing_at_all(self, server: Server, cached: Load) -> None:
        cached()
        server.log.clear()
        assert cached(options={"sha256": DIGEST})["sha256"] == DIGEST
        assert server.log == []

    def test_a_reload_resumes(self, server: Server, cached: Load) -> None:
        server.tricks[chunk_path(4)] = [hostile.status(404)]
        failure(cached(options={"concurrency": 1}), "network")
        assert len(server.fetched()) == 5
        server.tricks.clear()
        server.log.clear()
        found = cached()
        assert found["sha256"] == DIGEST
        assert sorted(server.fetched()) == sorted([chunk_path(4), chunk_path(5)])
        assert found["events"][-1]["fromCache"] == 4 * SIZE

    def test_a_changed_model_fetches_what_is_new_and_forgets_what_is_old(
        self, server: Server, cached: Load, tmp_path: Path
    ) -> None:
        cached()
        changed = DATA[: 2 * SIZE] + b"\x00\x01\x02" + DATA[2 * SIZE + 3 :]
        server.files = chunks.split(changed, NAME, SIZE)
        server.log.clear()
        assert cached()["sha256"] == hashlib.sha256(changed).hexdigest()
        assert server.fetched() == [chunk_path(2, changed)]
        (kept,) = json.loads((tmp_path / "cache.json").read_text()).values()
        assert server.url + chunk_path(2) not in kept
        assert len(kept) == 7  # six chunks and the manifest

    def test_another_file_of_the_folder_keeps_its_chunks(
        self, server: Server, cached: Load
    ) -> None:
        other = chunks.split(data_of(SIZE * 2, "other"), "other", SIZE)
        server.files = {**server.files, **other}
        cached()
        cached("other.json")
        server.log.clear()
        assert cached()["events"][-1]["fromCache"] == len(DATA)
        assert server.fetched() == []

    def test_others_are_forgotten_when_asked(self, server: Server, cached: Load) -> None:
        other = chunks.split(data_of(SIZE * 2, "other"), "other", SIZE)
        server.files = {**server.files, **other}
        cached()
        cached("other.json")
        cached(mode="forget")
        server.log.clear()
        cached()
        assert server.fetched() == []
        cached("other.json")
        assert len(server.fetched()) == 2

    def test_offline(self, server: Server, cached: Load) -> None:
        cached()
        server.tricks["*"] = [hostile.refuse]
        found = cached()
        assert found["sha256"] == DIGEST
        (warning,) = [each["warning"] for each in found["events"] if "warning" in each]
        assert warning["code"] == "network"

    def test_a_load_that_failed_leaves_the_former_version(
        self, server: Server, cached: Load
    ) -> None:
        cached()
        changed = data_of(len(DATA), "changed")
        server.files = chunks.split(changed, NAME, SIZE)
        server.tricks[chunk_path(3, changed)] = [hostile.status(404)]
        failure(cached(), "network")
        server.tricks = {"*": [hostile.refuse]}
        assert cached()["sha256"] == DIGEST

    def test_damage_in_the_cache_is_found(
        self, server: Server, cached: Load, tmp_path: Path
    ) -> None:
        cached()
        path = tmp_path / "cache.json"
        stored = json.loads(path.read_text())
        (kept,) = stored.values()
        key = server.url + chunk_path(1)
        kept[key] = "AAAA" + kept[key][4:]
        path.write_text(json.dumps(stored))
        server.log.clear()
        assert cached()["sha256"] == DIGEST
        assert server.fetched() == [chunk_path(1)]
        server.log.clear()
        cached()
        assert server.fetched() == []

    def test_a_full_disk_is_told_and_done_without(self, server: Server, cached: Load) -> None:
        found = cached(faults={"quota": 3 * SIZE})
        assert found["sha256"] == DIGEST
        (warning,) = [each["warning"] for each in found["events"] if "warning" in each]
        assert warning["code"] == "storage"
        assert "no space" in warning["message"]

    def test_blocked_storage_is_told_and_done_without(self, cached: Load) -> None:
        found = cached(faults={"blocked": True})
        assert found["sha256"] == DIGEST
        (warning,) = [each["warning"] for each in found["events"] if "warning" in each]
        assert "keeps nothing" in warning["message"]

    def test_none_is_used_when_none_is_wanted(self, cached: Load, tmp_path: Path) -> None:
        found = cached(options={"cache": False})
        assert found["sha256"] == DIGEST
        assert not (tmp_path / "cache.json").exists()
        assert not any("warning" in each for each in found["events"])


def test_an_insecure_page_is_told(load: Load, server: Server) -> None:
    found = load(faults={"insecure": True})
    assert "secure pages only" in failure(found, "backend")
    assert "https" in found["error"]["fix"]
    assert server.log == []
