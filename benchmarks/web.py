"""Engine aot in a browser beside the libraries that run model files there: `make bench-web`.

    python benchmarks/web.py [--model NAME]... [--rounds N] [--convert] [--write]

MLPerf Tiny's int8 and float models, one browser, one thread each, WebAssembly. The contenders:
engine `aot` of a generated project with SIMD (by model.js, and by bare.js, which is the model and
nothing else) and without; LiteRT.js, which gets int8 models with
float inputs and outputs (edgegen's own, `engines/litert_float_io.py`), for it refuses others;
onnxruntime-web, with what tf2onnx makes of the models (--convert makes them, in a virtual
environment under build/ that takes 2 GB); the interpreter of tfjs-tflite.

Before anything is timed, the outputs of every contender are compared with the reference's.

- download: all that the server sent up to the first result, compressed by brotli at its highest
  quality: page, scripts, library, model.
- cold start: from the start of the navigation to the first result, in a new profile: nothing is in
  a cache. Engine aot is loaded as pages load it, in a worker. The median of the rounds, in which
  contenders take turns. "blank" is a page without anything.
- latency: of one inference from an array to an array, without a worker; in every round each
  contender infers for 20 ms, on a page that stays open, in batches of 2 ms or more. The median of
  all batches.

Prints tables and writes build/bench/web.json; with --write also benchmarks/web.json, which
docs/web.md shows.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from preprocess import facts

from edgegen import frontends, golden, reference
from edgegen.engines.litert_float_io import with_float_io
from edgegen.engines.web_libraries import LITERT, ONNXRUNTIME_WEB
from edgegen.errors import EdgegenError
from edgegen.model import Model
from edgegen.verify.web.browser import Browser, running
from edgegen.verify.web.server import Server, compress

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "benchmarks" / "web_pages"
SITE = ROOT / "build" / "bench" / "web"
RESULT = ROOT / "build" / "bench" / "web.json"
RECORD = ROOT / "benchmarks" / "web.json"
MODELS = ROOT.parent / "shared" / "models"

NAMES = ("kws_dscnn", "ic_resnet8", "vww_mobilenet", "ad_autoencoder")
SHORT = {"kws_dscnn": "kws", "ic_resnet8": "resnet8", "vww_mobilenet": "vww"}
SHORT["ad_autoencoder"] = "ad"
TYPES = ("int8", "float")

PACKAGES = {
    LITERT.package: LITERT.version,
    ONNXRUNTIME_WEB.package: ONNXRUNTIME_WEB.version,
    "@tensorflow/tfjs-tflite": "0.0.1-alpha.10",
}
CONVERTER = ("tensorflow-cpu>=2.20,<2.22", "tf2onnx==1.17.0")
IMPORTS = {
    "@litertjs/core": "/node_modules/@litertjs/core/dist/index.js",
    "@litertjs/wasm-utils": "/node_modules/@litertjs/wasm-utils/dist/index.js",
    "onnxruntime-web/wasm": "/node_modules/onnxruntime-web/dist/ort.wasm.min.mjs",
}

CONTENDERS = ("aot-simd", "aot-bare", "aot-baseline", "litert", "onnxruntime", "tfjs-tflite")
TITLES = {
    "aot-simd": "edgegen aot",
    "aot-bare": "edgegen aot, bare",
    "aot-baseline": "edgegen aot without SIMD",
    "litert": "LiteRT.js",
    "onnxruntime": "onnxruntime-web",
    "tfjs-tflite": "tfjs-tflite",
}
OURS = {"aot-simd", "aot-bare", "aot-baseline"}
RIVALS = ("litert", "onnxruntime", "tfjs-tflite")

SEEDS = (1, 2, 3)
LATENCY_MS = 20.0
# Root mean square of the differences over that of the expected values, as in linux_golden.
RMS_LIMIT = 0.25
FLOAT_LIMIT = 1e-4

Array = npt.NDArray[np.generic]


@dataclass(slots=True)
class Subject:
    """One model.

    Attributes:
        expected: The reference's output for every one of `SEEDS`, flat.
        files: By contender: what it loads, below the site's root; those that cannot, are missing.
        exact: Whether engine aot must give the same integers.
    """

    name: str
    model: Model | None
    config: dict[str, Any]
    expected: list[Array]
    exact: bool
    files: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Figures:
    """Of one contender with one model."""

    download: int = 0
    requests: int = 0
    difference: float = 0.0
    cold_ms: list[float] = field(default_factory=list)
    latency_us: list[float] = field(default_factory=list)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser()
    every = [f"{SHORT[name]}_{kind}" for kind in TYPES for name in NAMES]
    parser.add_argument("--model", action="append", choices=every, metavar="NAME")
    parser.add_argument("--contender", action="append", choices=CONTENDERS, metavar="NAME")
    parser.add_argument("--rounds", type=int, default=9, help="of cold starts")
    parser.add_argument("--latency-rounds", type=int, default=60)
    parser.add_argument("--convert", action="store_true", help="make the ONNX files")
    parser.add_argument("--json", action="store_true", help="print the record, no tables")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args(arguments)

    SITE.mkdir(parents=True, exist_ok=True)
    install_packages()
    link(PAGES, SITE / "bench")
    if options.convert:
        convert()
    contenders = options.contender or CONTENDERS
    subjects = [
        subject(name, kind, contenders)
        for kind in TYPES
        for name in NAMES
        if f"{SHORT[name]}_{kind}" in (options.model or every)
    ]
    about = facts(["ai-edge-litert", "tflite-micro"])
    measured, browser = measure(subjects, options)
    record = {
        "facts": about | {"browser": browser, "packages": PACKAGES, "clang": clang()},
        "rounds": {"cold": options.rounds, "latency": options.latency_rounds},
        **measured,
    }
    text = to_json(record)
    RESULT.write_text(text, encoding="utf-8")
    if options.write:
        RECORD.write_text(text, encoding="utf-8")
    print(text if options.json else tables(record), end="")
    return 0


# What is measured


def subject(name: str, kind: str, contenders: Sequence[str]) -> Subject:
    """A model, what the reference makes of the golden inputs, and the contenders' files."""
    path = MODELS / f"mlperf_tiny_{name}_{kind}.tflite"
    short = f"{SHORT[name]}_{kind}"
    shape, quant, expected = reference_outputs(path)
    elements = int(np.prod(shape))
    config = {
        "dtype": "int8" if kind == "int8" else "float32",
        "shape": shape,
        "elements": elements,
        "seeds": SEEDS,
        "input": {"scale": quant[0], "zeroPoint": quant[1]},
        "packages": "/node_modules",
    }
    try:
        model: Model | None = frontends.load(path)
    except EdgegenError:
        model = None  # kws in float has hybrid layers, which edgegen refuses
    made = Subject(short, model, config, expected, kind == "int8")
    data = path.read_bytes()
    files = SITE / "models"
    files.mkdir(exist_ok=True)
    (files / f"{short}.tflite").write_bytes(data)
    (files / f"{short}_float_io.tflite").write_bytes(
        with_float_io(data) if kind == "int8" else data
    )
    made.files["tfjs-tflite"] = f"/models/{short}.tflite"
    made.files["litert"] = f"/models/{short}_float_io.tflite"
    if (files / f"{short}.onnx").exists():
        made.files["onnxruntime"] = f"/models/{short}.onnx"
    if model is not None and OURS & set(contenders):
        made.files |= dict.fromkeys(sorted(OURS), scaffolded(path, short))
    made.files = {each: made.files[each] for each in contenders if each in made.files}
    return made


def reference_outputs(path: Path) -> tuple[list[int], tuple[float, int], list[Array]]:
    """Shape and quantisation of the one input, and the outputs: TensorFlow Lite Micro's for int8,
    those of LiteRT's reference kernels for float."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        str(path), experimental_op_resolver_type=OpResolverType.BUILTIN_REF, num_threads=1
    )
    interpreter.allocate_tensors()
    (given,), (found,) = interpreter.get_input_details(), interpreter.get_output_details()
    shape = [int(each) for each in given["shape"]]
    dtype = golden.DType(np.dtype(given["dtype"]).name)
    vectors = [golden.make_arrays([(dtype, shape)], seed) for seed in SEEDS]
    if dtype is golden.DType.INT8:
        result = reference.run(frontends.load(path), vectors)
        outputs: list[Array] = [each[0].reshape(-1) for each in result.outputs]
    else:
        outputs = []
        for vector in vectors:
            interpreter.set_tensor(given["index"], vector[0])
            interpreter.invoke()
            outputs.append(interpreter.get_tensor(found["index"]).reshape(-1))
    scale, zero_point = given["quantization"]
    return shape, (float(scale), int(zero_point)), outputs


def scaffolded(path: Path, name: str) -> str:
    """A project with engine aot, made anew."""
    folder = SITE / "projects" / name
    subprocess.run(
        [
            *(sys.executable, "-m", "edgegen.cli", "scaffold", "--target", "browser"),
            *("--engine", "aot", str(path), "-o", str(folder)),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return f"/projects/{name}"


def convert() -> None:
    """The models as ONNX files, by tf2onnx in an environment of its own."""
    folder = SITE.parent / "tf2onnx"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        command = [str(python), "-m", "pip", "install", "--quiet", *CONVERTER]
        subprocess.run(command, check=True)
    for kind in TYPES:
        for name in NAMES:
            target = SITE / "models" / f"{SHORT[name]}_{kind}.onnx"
            target.parent.mkdir(parents=True, exist_ok=True)
            source = MODELS / f"mlperf_tiny_{name}_{kind}.tflite"
            command = [str(python), "-m", "tf2onnx.convert", "--tflite", str(source)]
            command += ["--output", str(target), "--opset", "17"]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode != 0:
                last = done.stderr.strip().splitlines()[-1:]
                print(f"tf2onnx does not convert {source.name}: {last}", file=sys.stderr)


def install_packages() -> None:
    """The libraries' npm packages, in the site's own node_modules."""
    manifest = {"name": "bench", "private": True, "dependencies": PACKAGES}
    text = json.dumps(manifest, indent=2)
    path = SITE / "package.json"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
        # The peer that is left out, TensorFlow.js, is not loaded.
        command = ["npm", "install", "--ignore-scripts", "--legacy-peer-deps", "--no-audit"]
        subprocess.run([*command, "--no-fund", "--silent"], cwd=SITE, check=True)


def link(source: Path, target: Path) -> None:
    """Copies, for the server follows no links that leave its folder."""
    target.mkdir(exist_ok=True)
    for each in source.iterdir():
        (target / each.name).write_bytes(each.read_bytes())


# How


class CompressingServer(Server):
    """With what brotli makes of each file kept on disk: the best takes a minute for some."""

    __slots__ = ()

    def packed(self, path: Path, accepted: str) -> tuple[bytes, str]:
        """The compressed body."""
        data = path.read_bytes()
        if path.name == "package.json" or "br" not in accepted:
            return data, ""
        kept = SITE / "brotli" / hashlib.sha256(data).hexdigest()
        if not kept.exists():
            kept.parent.mkdir(exist_ok=True)
            kept.write_bytes(compress(data, "br"))
        return kept.read_bytes(), "br"


def measure(subjects: Sequence[Subject], options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """Everything, in one browser."""
    figures = {(s.name, c): Figures() for s in subjects for c in s.files}
    blank: list[float] = []
    write_pages(subjects)
    with ExitStack() as stack:
        server = stack.enter_context(CompressingServer(SITE, compression="br", max_age=3600))
        browser = stack.enter_context(running(seconds=3600))
        for each in subjects:
            for contender in each.files:
                progress(f"{each.name} {contender}: outputs, download")
                check(server, browser, each, contender, figures[each.name, contender])
        for number in range(options.rounds):
            progress(f"cold starts, round {number + 1} of {options.rounds}")
            blank.append(cold(server, browser, "bench/blank.html"))
            for name, contender in in_turn(figures, number):
                ms = cold(server, browser, page_of(name, contender, "cold"))
                figures[name, contender].cold_ms.append(ms)
        for each in subjects:
            progress(f"{each.name}: latency")
            latency(server, browser, each, figures, options.latency_rounds)
        title = browser.title
    rows = [row(name, contender, found) for (name, contender), found in figures.items()]
    return {"blank_ms": round(statistics.median(blank), 1), "rows": rows}, title


def check(server: Server, browser: Browser, each: Subject, contender: str, found: Figures) -> None:
    """Its outputs, and what the server sent for the first of them."""
    # Twice, for only now everything is compressed; each time in a new profile.
    for _ in range(2):
        with browser.page() as (page, watched):
            server.answers.clear()
            open_page(page, server.url + page_of(each.name, contender, "cold"), watched.errors)
            found.download = sum(answer.bytes for answer in server.answers)
            found.requests = len(server.answers)
            outputs = page.evaluate("() => outputs()")
    quantised = each.exact and contender == "litert"
    worst = 0.0
    for got, want in zip(outputs, each.expected, strict=True):
        values = np.array(got, np.float64)
        wanted = want.astype(np.float64)
        if quantised:
            scale, zero = output_quantisation(each)
            wanted = (wanted - zero) * scale
        if contender.startswith("aot") and each.exact and not np.array_equal(values, wanted):
            raise SystemExit(f"{each.name}: {contender} differs from the reference")
        norm = float(np.sqrt(np.mean(wanted**2))) or 1.0
        worst = max(worst, float(np.sqrt(np.mean((values - wanted) ** 2))) / norm)
    hybrid = each.model is None
    limit = RMS_LIMIT if each.exact or hybrid else FLOAT_LIMIT
    if not worst <= limit:
        raise SystemExit(f"{each.name}: {contender} is {worst:.3g} from the reference")
    found.difference = worst


def output_quantisation(each: Subject) -> tuple[float, int]:
    assert each.model is not None
    tensor = each.model.tensors[each.model.outputs[0]]
    return float(tensor.scale), int(tensor.zero_point)


def cold(server: Server, browser: Browser, path: str) -> float:
    """Milliseconds to a page's first result, in a new profile."""
    with browser.page() as (page, watched):
        open_page(page, server.url + path, watched.errors)
        return float(page.evaluate("() => first.ms"))


def latency(
    server: Server,
    browser: Browser,
    each: Subject,
    figures: Mapping[tuple[str, str], Figures],
    rounds: int,
) -> None:
    """All contenders stay open, and take turns."""
    with ExitStack() as stack:
        pages = {}
        for contender in each.files:
            page, watched = stack.enter_context(browser.page())
            open_page(page, server.url + page_of(each.name, contender, "steady"), watched.errors)
            page.evaluate("() => latency(100)")  # optimised code takes over
            pages[contender] = page
        for number in range(rounds):
            order = list(pages)
            for contender in order[number % len(order) :] + order[: number % len(order)]:
                us = pages[contender].evaluate(f"() => latency({LATENCY_MS})")
                figures[each.name, contender].latency_us.extend(map(float, us))


def open_page(page: Any, url: str, errors: Sequence[str]) -> None:
    """Until its first result: the page says so, for asking it would cost it time."""
    try:
        with page.expect_console_message(lambda message: message.text == "first", timeout=600_000):
            page.goto(url)
    except Exception as error:
        raise SystemExit(f"{url}: no result: {list(errors)} {error}") from None


def in_turn(figures: Mapping[tuple[str, str], Figures], number: int) -> Iterator[tuple[str, str]]:
    """All of them, each round another first."""
    order = list(figures)
    start = number % len(order)
    yield from order[start:] + order[:start]


def page_of(name: str, contender: str, mode: str) -> str:
    return f"pages/{name}_{contender}_{mode}.html"


def script_of(contender: str, mode: str) -> str:
    if contender == "aot-bare":
        return "aot_bare.js"
    if contender in OURS:
        return f"aot_{mode}.js"
    return f"{contender.replace('-', '_')}.js"


def write_pages(subjects: Sequence[Subject]) -> None:
    template = (PAGES / "page.html").read_text(encoding="utf-8")
    (SITE / "pages").mkdir(exist_ok=True)
    for each in subjects:
        for contender, place in each.files.items():
            for mode in ("cold", "steady"):
                config = each.config | {
                    "model": place,
                    "backend": contender,
                }
                imports = {"imports": IMPORTS | {"edgegen/": f"{place}/edgegen/"}}
                text = template.replace("@imports@", json.dumps(imports))
                text = text.replace("@config@", json.dumps(config))
                text = text.replace("@script@", script_of(contender, mode))
                (SITE / page_of(each.name, contender, mode)).write_text(text, encoding="utf-8")


# What came of it


def row(name: str, contender: str, found: Figures) -> dict[str, Any]:
    return {
        "model": name,
        "contender": contender,
        "download_bytes": found.download,
        "requests": found.requests,
        "cold_ms": round(statistics.median(found.cold_ms), 1) if found.cold_ms else None,
        "latency_us": round(statistics.median(found.latency_us), 2),
        "difference": float(f"{found.difference:.2g}"),
    }


def tables(record: Mapping[str, Any]) -> str:
    """For people: a line per model; in brackets, engine aot's figure by this one."""
    parts = []
    for key, unit, factor, digits in (
        ("download_bytes", "download, kB", 1e-3, 0),
        ("cold_ms", f"cold start, ms (blank page {record['blank_ms']})", 1.0, 0),
        ("latency_us", "latency, microseconds", 1.0, 1),
    ):
        parts.append(f"{unit}\n")
        for name in dict.fromkeys(each["model"] for each in record["rows"]):
            found = {r["contender"]: r[key] for r in record["rows"] if r["model"] == name}
            ours = found.get("aot-simd")
            cells = []
            for contender, value in found.items():
                ratio = f" ({ours / value:.3f})" if ours and contender in RIVALS else ""
                cells.append(f"{contender} {value * factor:.{digits}f}{ratio}")
            parts.append(f"  {name:14} " + "   ".join(cells) + "\n")
    return "".join(parts)


def to_json(record: Mapping[str, Any]) -> str:
    """A line per row, so that a difference can be read."""
    rows = ",\n".join(f"  {json.dumps(each)}" for each in record["rows"])
    head = json.dumps({key: value for key, value in record.items() if key != "rows"}, indent=1)
    return f'{head[:-2]},\n "rows": [\n{rows}\n ]\n}}\n'


def clang() -> str:
    done = subprocess.run(["clang", "--version"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]


def progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    sys.exit(main(sys.argv[1:]))
