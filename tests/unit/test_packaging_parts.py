"""The parts of `edgegen package` by themselves: versions, texts, and files that others made."""

from __future__ import annotations

import io
import struct
import subprocess
import zipfile
from email.message import Message
from functools import partial
from pathlib import Path

import pytest

from edgegen.errors import EdgegenError, UsageError
from edgegen.packaging import elf, installed, manpage, needs, process, rpm, sbom, wheel
from edgegen.packaging import tree as trees
from edgegen.packaging.needs import Relation
from edgegen.packaging.tree import Entry


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.2.0", "1.2.0"),
        ("1.2rc1", "1.2~rc1"),
        ("1.2a1.dev3", "1.2~a1~dev3"),
        ("1.2.post1", "1.2.post1"),
        ("2!1.0", "2:1.0"),
        ("1.0+local.7", "1.0+local.7"),
    ],
)
def test_versions_sort_as_dpkg_and_rpm_do(version: str, expected: str) -> None:
    assert installed.debian_version(version) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("ore_sorter", "ore-sorter"), ("a", "a-model"), ("a_", "a-model"), ("ab__c_", "ab--c")],
)
def test_names_of_system_packages(name: str, expected: str) -> None:
    assert installed.package_name(name) == expected


requirements = partial(needs.requirements, extras=("http", "dev"), machine="armv7l")


def test_markers_are_those_of_the_device() -> None:
    found = requirements(
        [
            "numpy<2; platform_machine == 'armv7l'",
            "numpy>=2; platform_machine != 'armv7l'",
            "backport; python_version < '3.11'",
            "Fast_API>=0.1; extra == 'http'",
            "winreg; sys_platform == 'win32'",
        ]
    )
    assert [(each.name, each.text, each.extra) for each in found] == [
        ("numpy", "numpy<2", ""),
        ("fast-api", "Fast_API>=0.1", "http"),
    ]


def test_relations_take_the_stricter_bound() -> None:
    found = requirements(["numpy>=1.24,<2", "numpy>=1.9", "numpy<3", "tqdm==4.*", "unheard-of"])
    expected = [Relation("python3-numpy", "1:1.24", "1:2"), Relation("python3-tqdm", "4")]
    assert needs.relations(found, debian=True) == expected
    assert needs.relations(found, debian=False) == expected


def test_servers_that_the_system_has_no_libraries_for() -> None:
    texts = [
        'numpy>=1.24; extra == "http"',
        'fastapi>=0.110; extra == "http"',
        'opencv-python-headless>=4.8; extra == "camera"',
    ]
    optional = needs.requirements(texts, ["http", "camera"], "aarch64")
    (note,) = installed._missing_servers(optional, ())
    assert note.startswith("`serve` uses fastapi>=0.110. ")
    assert "--vendor" in note
    assert installed._missing_servers(optional, {"fastapi"}) == []


def test_names_of_wheels_that_are_not_carried_have_system_packages() -> None:
    assert all(needs.PYTHON_PACKAGES[name].debian for name in needs.NOT_VENDORED)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (".so evil", r"\&.so evil"),
        ("'br", r"\&'br"),
        (r"\fBbold\n(.i", r"\efBbold\en(.i"),
        ("--a-b", r"\-\-a\-b"),
        ("a\n.TH x", "a .TH x"),
        ("é\u202e", r"\[u00E9]" + " "),
        ('say "x"', r"say \(dqx\(dq"),
    ],
)
def test_roff_prints_text_as_it_is(text: str, expected: str) -> None:
    assert manpage.roff(text) == expected


def test_page_of_a_program_without_parser() -> None:
    about = manpage.About("ore", "1", "Sorts ores.", "", "", "", 0)
    page = manpage.page(about, None).decode()
    assert ".SH NAME\nore \\- Sorts ores\n" in page
    assert '.TH "ORE" "1" "1970-01-01" "ore 1"\n' in page


@pytest.mark.parametrize(
    "code",
    [
        "def main(): raise SystemExit(3)",
        "def main(): print('{}')",
        "import nothing_like_this",
        "def main(): import os; os._exit(0)",
        "",
    ],
)
def test_programs_that_do_not_answer(code: str) -> None:
    assert manpage.ask({"app.py": Entry(code.encode())}, "app:main", "app") is None


def test_parser_of_a_noisy_program() -> None:
    code = """
import argparse, sys
print("noise")
def main():
    print("more noise")
    parser = argparse.ArgumentParser()
    parser.add_argument("--secret", help=argparse.SUPPRESS)
    parser.add_argument("--share", help="100%% of %(default)s", default=3, metavar="N")
    parser.add_argument("files", nargs="+")
    parser.parse_args()
"""
    found = manpage.ask({"app.py": Entry(code.encode())}, "app:main", "ore")
    assert found is not None
    assert [(each["names"], each["value"], each["help"]) for each in found["options"]] == [
        (["-h", "--help"], "", "show this help message and exit"),
        (["--share"], "N", "100% of 3"),
        ([], "files [files ...]", ""),
    ]


def make_wheel(files: dict[str, str], **more: str) -> bytes:
    info = "x-1.dist-info"
    texts = {f"{info}/METADATA": "Metadata-Version: 2.1\nName: x\nVersion: 1\n"} | files
    texts |= {f"{info}/{name}": text for name, text in more.items()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in texts.items():
            archive.writestr(path, text)
    return buffer.getvalue()


def test_reads_a_wheel_of_others() -> None:
    found = wheel.read(make_wheel({"x.py": "", "x-1.data/purelib/y.py": ""}), "x.whl")
    assert (found.name, found.version, found.architecture) == ("x", "1", "")
    assert {"x.py", "y.py"} < found.files.keys()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"no zip", "not a zip file"),
        (make_wheel({"../evil": ""}), '".." part'),
        (make_wheel({"/evil": ""}), "is absolute"),
        (make_wheel({"a\\b": ""}), "a backslash"),
        (make_wheel({"a": "", "A": ""}), "clash"),
        (make_wheel({"a": "", "a/b": ""}), "clash"),
        (make_wheel({"y-1.dist-info/METADATA": ""}), "not one .dist-info"),
        (make_wheel({"x-1.dist-info/METADATA": "Name: x\n"}), "no Name or no Version"),
        (
            make_wheel({"x-1.dist-info/entry_points.txt": "[console_scripts]\n../x = a:b\n"}),
            "a console script has the name",
        ),
        (
            make_wheel({"x-1.dist-info/entry_points.txt": "[console_scripts]\nx = a:b; evil\n"}),
            "the console script x is",
        ),
        (make_wheel({"x-1.dist-info/entry_points.txt": "x = 1\n"}), "no section"),
    ],
)
def test_refuses_wheels_that_reach_out(content: bytes, complaint: str) -> None:
    with pytest.raises(UsageError) as refusal:
        wheel.read(content, "x.whl")
    assert complaint in str(refusal.value)


@pytest.mark.parametrize(("local", "central", "value"), [(6, 8, 1), (8, 10, 99)])
def test_refuses_wheels_that_are_encrypted_or_packed_strangely(
    local: int, central: int, value: int
) -> None:
    content = bytearray(make_wheel({"a": ""}))
    directory = content.rindex(b"PK\x01\x02")
    first = content.index(b"PK\x01\x02")
    for place in (content.rindex(b"PK\x03\x04") + local, directory + central, first + central):
        content[place] = value
    with pytest.raises(UsageError, match=r"x\.whl"):
        wheel.read(bytes(content), "x.whl")


def about(**fields: str) -> Message:
    message = Message()
    for key, value in fields.items():
        message[key.replace("_", "-")] = value
    return message


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"License_Expression": "MIT OR Apache-2.0"}, "MIT OR Apache-2.0"),
        ({"License": "Apache 2.0"}, "Apache-2.0"),
        ({"License": "As is"}, "As is"),
        ({"Classifier": "License :: OSI Approved :: MIT License"}, "MIT"),
        ({"License": "UNKNOWN"}, ""),
        ({}, ""),
    ],
)
def test_licences_that_wheels_state(fields: dict[str, str], expected: str) -> None:
    assert wheel.licence(about(**fields)) == expected


@pytest.mark.parametrize(
    "content",
    [
        b"\x7fELF",
        b"\x7fELF" + bytes(60),
        b"\x7fELF\x02\x01\x01" + bytes(9) + b"\xff" * 48,
        b"\x7fELF\x01\x01\x01" + bytes(9) + struct.pack("<HHI", 3, 40, 1) + b"\xff" * 28,
    ],
)
def test_damaged_elf_files(content: bytes) -> None:
    with pytest.raises(ValueError, match="damaged ELF"):
        elf.read(content)


def test_disk_bytes_are_whole_blocks() -> None:
    tree = {"a/b/c": Entry(b"x"), "a/empty": Entry(b""), "d": Entry(bytes(4097))}
    assert trees.folders(tree) == ["a", "a/b"]
    assert trees.disk_bytes(tree) == (1 + 0 + 2 + 2) * 4096


def test_bills_number_follows_from_what_it_says() -> None:
    subject = sbom.Component("application", "x", "1", "MIT")
    part = sbom.Component("library", "y", licence="Some words")
    first = sbom.dump(subject, [part], 0)
    assert sbom.dump(subject, [part, part], 0) == first
    assert sbom.dump(subject, [], 0) != first
    assert b'"expression": "MIT"' in first
    assert b'"name": "Some words"' in first


def test_programs_that_do_not_end() -> None:
    with pytest.raises(EdgegenError, match="did not come to an end in 0 s"):
        process.run(["sleep", "60"], process.fixed(0), 0)


@pytest.mark.parametrize("line", ["%post -p /bin/sh", "% %if 0", "%%files", "100% %{_host} %%"])
def test_no_line_of_a_description_is_a_section(tmp_path: Path, line: str) -> None:
    head = "Name: a\nVersion: 1\nRelease: 1\nSummary: b\nLicense: c\n%description\n"
    spec = tmp_path / "a.spec"
    spec.write_text(f"{head}{rpm.prose(line)}\n")
    command = ["rpmspec", "-q", "--qf", "%{DESCRIPTION}|%{POSTINPROG}", str(spec)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"{line.lstrip('% ')}|(none)"
