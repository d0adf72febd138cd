"""Which mirror Debian's packages come from, and what a private apt root is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgegen.errors import MissingToolError
from edgegen.verify.linux import apt
from edgegen.verify.linux.apt import Source

DEB822 = """\
# comment
Types: deb deb-src
# in between
URIs: http://mirror.example/debian
 http://second.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb-src
URIs: http://sources.example/debian
Suites: bookworm
Components: main

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
 \t
Types: deb
URIs: http://key.example/
Suites: bookworm
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc:def
"""

LINES = """\
# deb http://commented.example/debian bookworm main
deb http://one.example/debian bookworm main contrib # why
deb [arch=amd64,arm64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] \
http://two.example/debian  bookworm  main
deb-src http://three.example/debian bookworm main
deb http://four.example/flat ./
debx nothing
"""


def test_stanzas() -> None:
    first, last = apt.parse_deb822(DEB822)
    assert first == Source(
        ("http://mirror.example/debian", "http://second.example/debian"),
        ("bookworm", "bookworm-updates"),
        ("main", "contrib"),
        "/usr/share/keyrings/debian-archive-keyring.gpg",
    )
    assert last.uris == ("http://key.example/",)
    assert last.signed_by.endswith("\nabc:def")


def test_lines() -> None:
    one, two, four = apt.parse_list(LINES)
    assert one == Source(("http://one.example/debian",), ("bookworm",), ("main", "contrib"), "")
    assert two.uris == ("http://two.example/debian",)
    assert two.signed_by == "/usr/share/keyrings/debian-archive-keyring.gpg"
    assert four == Source(("http://four.example/flat",), ("./",), (), "")


def system(folder: Path, **files: str) -> Path:
    (folder / "sources.list.d").mkdir()
    for name, text in files.items():
        stem, _, suffix = name.rpartition("_")
        place = folder if stem == "sources" else folder / "sources.list.d"
        (place / f"{stem}.{suffix}").write_text(text)
    return folder


def test_those_with_debians_key_come_first(tmp_path: Path) -> None:
    other = "deb [signed-by=/etc/other.gpg] http://other.example/x bookworm main\n"
    found = apt.mirrors(system(tmp_path, sources_list=other + LINES, debian_sources=DEB822), {})
    assert found == (
        "http://two.example/debian",
        "http://mirror.example/debian",
        "http://second.example/debian",
        "http://one.example/debian",
        "http://other.example/x",
        "http://key.example/",
    )


@pytest.mark.parametrize(
    "line",
    [
        "deb http://x.example/debian-security bookworm-security main",
        "deb http://x.example/cloud cloud-bookworm main",
        "deb http://x.example/docker bookworm stable",
        "deb http://x.example/ubuntu noble main",
    ],
)
def test_other_archives_are_no_mirrors(tmp_path: Path, line: str) -> None:
    assert apt.mirrors(system(tmp_path, sources_list=line), {}) == ()


def test_a_named_mirror_is_the_only_one(tmp_path: Path) -> None:
    place = system(tmp_path, sources_list=LINES)
    given = {"EDGEGEN_DEBIAN_MIRROR": "http://mine.example/debian"}
    assert apt.mirrors(place, given) == ("http://mine.example/debian",)


def test_without_a_mirror_the_error_says_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apt, "mirrors", lambda: ())
    monkeypatch.setattr(apt.tools, "require", lambda name: None)
    (tmp_path / "keys").touch()
    monkeypatch.setattr(apt, "KEYRING", tmp_path / "keys")
    with pytest.raises(MissingToolError, match="EDGEGEN_DEBIAN_MIRROR=URL"):
        apt.download(tmp_path, "bookworm", "arm64", ["libc6"])


def test_an_unreachable_mirror_is_a_missing_tool_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not apt.KEYRING.is_file():
        pytest.skip("no Debian")
    monkeypatch.setattr(apt, "mirrors", lambda: (f"file:{tmp_path}/nowhere",))
    with pytest.raises(MissingToolError) as caught:
        apt.download(tmp_path, "bookworm", "arm64", ["libc6"])
    assert caught.value.exit_code == 3
    assert "bookworm" in str(caught.value)
    assert "run it again with network access" in str(caught.value)
    assert not list(tmp_path.iterdir())
