"""Rendering: strict, deterministic, and safe against whatever a model calls its tensors."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import jinja2
import pytest

from edgegen import __version__, render, resources
from edgegen.model import Model, Source

HOSTILE = [
    "",
    "plain",
    'a "quoted" name',
    "single 'quotes'",
    "two\nlines",
    "carriage\rreturn",
    "tab\tbell\adelete\x7f",
    "*/ int evil = 1; /*",
    "**//** /*/ */*/",
    "// line comment",
    "../../etc/passwd",
    "trigraph ??/ and ??= and ???",
    "ends with a backslash \\",
    "\\\n",
    "${CMAKE_SOURCE_DIR} $ENV{HOME} @VAR@ $<CONFIG>",
    "]] ]=] [[ # ;",
    "--> <!-- <script> | `code` [link](x) **bold**",
    "{{ jinja }} {% raw %}",
    "naïve größe 温度 🌡",
    "digits after an escape: \x011 é7",
    "null \0 inside",
    "lone surrogate \udc80",
    "line separator \u2028 right-to-left \u202e",
    "x" * 10_000,
    "*/" * 5_000,
]

gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")


def compile_c(folder: Path, source: str) -> None:
    path = folder / "names.c"
    path.write_text(source, encoding="utf-8")
    command = ["gcc", "-std=c99", "-trigraphs", "-Wall", "-Wextra", "-Werror", "-o", "names"]
    done = subprocess.run([*command, path.name], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@gcc
def test_hostile_strings_compile_and_keep_their_bytes(tmp_path: Path) -> None:
    literals = ",\n".join(render.c_string(text) for text in HOSTILE)
    compile_c(
        tmp_path,
        "#include <stdio.h>\n"
        f"static const char *const names[] = {{\n{literals}}};\n"
        "int main(void) { for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)"
        " { fputs(names[i], stdout); putchar(0); } return 0; }\n",
    )
    output = subprocess.run([tmp_path / "names"], capture_output=True, check=True).stdout
    wanted = [text.replace("\0", "\ufffd").encode("utf-8", "replace") for text in HOSTILE]
    assert output.split(b"\0")[:-1] == wanted


@gcc
def test_hostile_comments_stay_comments(tmp_path: Path) -> None:
    lines = "".join(
        f"/* {render.c_comment(t)} */\nint a{i}; // {render.c_comment(t)}\nint b{i};\n"
        for i, t in enumerate(HOSTILE)
    )
    uses = " + ".join(f"a{i} + b{i}" for i in range(len(HOSTILE)))
    compile_c(tmp_path, f"{lines}int main(void) {{ return {uses}; }}\n")


@pytest.mark.parametrize("text", HOSTILE)
def test_comments_are_one_short_printable_line(text: str) -> None:
    shown = render.c_comment(text)
    assert len(shown) <= render.COMMENT_CHARACTERS
    assert shown.isascii()
    assert shown == "" or shown.isprintable()
    assert not re.search(r"\*/|/\*|\?\?|\\", shown)


def test_a_long_name_keeps_its_start_and_end() -> None:
    shown = render.c_comment("model/first/" + "x" * 10_000 + "/last")
    assert shown.startswith("model/first/")
    assert shown.endswith("/last")
    assert "..." in shown


@pytest.mark.parametrize("text", HOSTILE)
def test_identifiers_are_legal(text: str) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]{0,46}", render.c_identifier(text))


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("Digits", "digits"),
        ("MobileNet v1 (0.25)", "mobilenet_v1_0_25"),
        ("int", "model_int"),
        ("3d", "model_3d"),
        ("größe", "groe"),
        ("温度", "model"),
        ("../../etc", "etc"),
        ("__double__", "model_double"),
    ],
)
def test_identifiers_resemble_the_text(text: str, identifier: str) -> None:
    assert render.c_identifier(text) == identifier


@pytest.mark.parametrize("text", HOSTILE)
def test_json_and_toml_read_back(text: str) -> None:
    readable = text.encode("utf-8", "replace").decode()
    assert json.loads(render.json_string(text)) == readable
    assert tomllib.loads(f"key = {render.toml_string(text)}")["key"] == readable


@pytest.mark.parametrize("text", [*HOSTILE, "long " * 60, '\\"' * 60])
@pytest.mark.parametrize("indent", [None, 4, 8])
def test_a_python_string_reads_back(text: str, indent: int | None) -> None:
    literal = render.py_string(text, indent)
    assert literal.isascii()
    if indent is not None:
        assert all(len(line) <= 100 for line in literal.splitlines())
    # Half of a surrogate pair is no character: nobody could print it.
    readable = "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)
    assert ast.literal_eval(literal) == readable


def test_python_tuples_read_back() -> None:
    for texts in ((), ("one",), ("one", 'tw"o'), tuple(HOSTILE)):
        readable = tuple(ast.literal_eval(render.py_string(text)) for text in texts)
        assert ast.literal_eval(render.py_tuple(texts)) == readable
        assert ast.literal_eval(render.py_lines(texts)) == readable


@pytest.mark.skipif(shutil.which("cmake") is None, reason="cmake is not installed")
def test_cmake_strings_are_not_expanded(tmp_path: Path) -> None:
    script = tmp_path / "names.cmake"
    names = [text for text in HOSTILE if text.isprintable()]
    calls = (f'file(APPEND out {render.cmake_string(text)} "\\n")\n' for text in names)
    script.write_text("".join(calls), encoding="utf-8")
    subprocess.run(["cmake", "-P", script.name], cwd=tmp_path, check=True)
    written = (tmp_path / "out").read_text(encoding="utf-8").split("\n")[:-1]
    assert written == names


@pytest.mark.parametrize("text", HOSTILE)
def test_cmake_and_markdown_text_stays_on_its_line(text: str) -> None:
    for shown in (render.cmake_string(text), render.markdown(text)):
        assert shown.isprintable() or shown == ""


def test_markdown_shows_words_and_no_markup() -> None:
    assert render.markdown("<b>|x|</b>") == r"\<b\>\|x\|\</b\>"


@pytest.mark.parametrize(
    ("template", "comment"),
    [
        ("a/b.c.j2", "/* one\n * two\n */"),
        ("a/qemu.ld.j2", "/* one\n * two\n */"),
        ("CMakeLists.txt.j2", "# one\n# two"),
        ("x.cmake.j2", "# one\n# two"),
        ("dot_gitignore.j2", "# one\n# two"),
        ("README.md.j2", "<!--\none\ntwo\n-->"),
        ("CMakePresets.json.j2", ""),
    ],
)
def test_comment_style_follows_the_output(template: str, comment: str) -> None:
    assert render.comment(template, ("one", "two")) == comment


def test_the_header_says_what_the_file_follows_from() -> None:
    source = Source(file_name="x */ y.tflite", format="tflite", sha256="ab" * 32, data=b"")
    model = Model("m", source, (), (), (), ())
    header = render.file_header("aot/model.c.j2", model, "cortex_m4")
    assert header.count("*/") == 1
    assert header.endswith("*/")
    assert "x * / y.tflite" in header
    for part in (__version__, "ab" * 32, "cortex_m4", "aot/model.c.j2"):
        assert part in header


def test_a_short_header_is_one_line_of_text() -> None:
    header = render.short_header("web/generated/model.js.j2")
    assert header.splitlines()[1:] == [" */"]
    assert __version__ in header
    assert "do not edit" in header


def test_a_missing_value_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "t.txt.j2").write_text("{{ here }} {{ absent }}\n")
    use_templates(tmp_path, monkeypatch)
    with pytest.raises(jinja2.UndefinedError, match="absent"):
        render.render("t.txt.j2", {"here": 1})


def test_bytes_are_utf8_with_lf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "t.txt.j2").write_bytes(
        b"{% for x in xs %}\r\n  {% if x %}\r\n{{ x }} & <>\r\n  {% endif %}\r\n{% endfor %}\r\n"
    )
    use_templates(tmp_path, monkeypatch)
    assert render.render("t.txt.j2", {"xs": ["ä", ""]}) == "ä & <>\n".encode()


def use_templates(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "root", lambda kind: folder)
    monkeypatch.setattr(render, "_environment", render._environment.__wrapped__)
