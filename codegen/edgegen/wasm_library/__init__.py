"""A model in C, and what makes its inputs, as WebAssembly for web projects.

`emit` writes the C and the weights, which lie beside it and not in it; `build` compiles. A model
comes in two builds: with WebAssembly's SIMD instructions, and without. Each has what makes the
inputs, too; where something else runs the model there is a build with that alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from edgegen import chunks, runtime_sources
from edgegen.engines import Needs, Part, Quantity
from edgegen.engines.aot.emit import Emitter, Layout, c_type
from edgegen.engines.aot.web import BUILDS, Lowered, WasmBuild, lowered
from edgegen.inputs import AudioInput, ImageInput
from edgegen.model import Model, Tensor
from edgegen.native_library.image import FrameInput, frame_input
from edgegen.options import Options
from edgegen.preprocess_c.sound import Sound, sound
from edgegen.preprocessing import AudioPreprocessor, ImagePreprocessor, prepare
from edgegen.render import file_header, render
from edgegen.resources import root

__all__ = ["ABI", "CHUNK_BYTES", "FRAME_BYTES", "PREPROCESS", "emit", "needs", "weights"]

ABI = 1
"""Of the module's functions: whoever calls them asks for it first."""

PREPROCESS = "preprocess"
"""The build that makes the inputs, alone."""

CHUNK_BYTES = 1 << 20
"""The most bytes of a chunk of the weights."""

STACK_BYTES = 32 << 10
"""Kernels keep their state in registers and small structures and never recurse."""

_PAGE = 1 << 16

_STATIC_BYTES = 1 << 18
"""More than code keeps in static arrays and constants beside what is counted."""

FRAME_BYTES = 4 * 4096 * 4096
"""The largest frame that the memory may grow for."""

_LIBC = ("libc/math.h", "libc/stdint.h", "libc/string.h", "libc/math.c", "libc/string.c")

_IMAGE_SOURCES = (
    *("pick_gray", "pick_luma", "pick_rgb", "prepare", "read_gray", "read_nv12", "read_rgb"),
    *("read_yuyv", "run", "write_border", "write_f32", "write_part", "write_q8"),
)


# What makes inputs of frames or samples adds 11 to 14.3 kB to a module, by clang 14.
_INPUTS_CODE_BYTES = 14_300

_INPUTS_CODE_KNOWN = "estimated (the most of five descriptions, by clang 14)"

_MVP = ("-mcpu=mvp",)


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is compiled with the same flags.

    Attributes:
        sources: Paths below native/.
    """

    name: str
    title: str
    flags: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Link:
    """A module.

    Attributes:
        first_bytes, most_bytes: Of its memory: whole pages.
        units: That it consists of, by name.
    """

    name: str
    first_bytes: int
    most_bytes: int
    units: tuple[str, ...]


def emit(
    model: Model, device_id: str, options: Options, *, has_model: bool, has_others: bool
) -> dict[str, bytes]:
    """native/** and assets/**, by path below the project's edgegen/; nothing where there is nothing
    to do.

    Args:
        has_model: Whether the builds run the model, which the engine `aot` must not refuse.
        has_others: Whether something else may run it, for which a build makes the inputs alone.

    Raises:
        UsageError: A description of an input does not fit the model.
    """
    library = _Library(model, device_id, options, has_model=has_model)
    return library.files(has_others=has_others)


def needs(model: Model, device_id: str, options: Options, *, has_model: bool) -> Needs:
    """What the modules take beside the model's own code, weights and arena.

    Args:
        has_model: As for `emit`; if not, something else runs the model.
    """
    library = _Library(model, device_id, options, has_model=has_model)
    return library.needs()


class _Library:
    def __init__(self, model: Model, device_id: str, options: Options, *, has_model: bool) -> None:
        self._model = model
        self._device_id = device_id
        self._name = options.name
        self._has_model = has_model
        self._made = lowered(model, options.optimize_for) if has_model else ()
        self._frames, self._sounds = _inputs(model, options)

    def files(self, *, has_others: bool) -> dict[str, bytes]:
        native: dict[str, bytes] = {}
        assets: dict[str, bytes] = {}
        units: list[_Unit] = []
        links: list[_Link] = []
        inputs = self._input_files()
        shared = ("inputs", "libc") if inputs else ("libc",)
        for each in self._made:
            own, runtime, layout = self._model_files(each)
            native |= own | runtime_sources.files([*runtime, *runtime_sources.COMMON])
            assets |= _assets(each.build, layout)
            sources = [*own, *(f"runtime/{path}" for path in runtime)]
            flags = (*each.build.flags, f"-Iaot/{each.build.name}")
            units.append(_unit(each.build.name, each.build.title, flags, sources))
            memory = len(layout.data) + each.arena_bytes
            links.append(self._link(each.build.name, memory, (each.build.name, "model", *shared)))
        if self._made:
            native["model_api.c"] = self._render("wasm/model_api.c.j2")
            units.append(_unit("model", "The functions of the model.", _MVP, ["model_api.c"]))
        if has_others and inputs:
            native["tensors.c"] = self._render("wasm/tensors.c.j2")
            units.append(_unit("tensors", "Where the inputs lie, alone.", _MVP, ["tensors.c"]))
            links.append(self._link(PREPROCESS, 0, ("tensors", *shared)))
        if not links:
            return {}
        native |= inputs | self._headers() | _libc()
        if inputs:
            units.append(_unit("inputs", "What makes the inputs.", _MVP, inputs))
        flags = (*_MVP, "-fno-builtin")
        units.append(_unit("libc", "What the compiler counts on.", flags, _LIBC))
        native["build.sh"] = self._build_script(native, units, links)
        files = {f"native/{path}": native[path] for path in sorted(native)}
        return files | assets

    def needs(self) -> Needs:
        has_inputs = bool(self._frames or self._sounds)
        if not self._made and not has_inputs:
            return Needs((), ())
        count = max(1, len(self._made))
        code = Quantity(count * _INPUTS_CODE_BYTES, _INPUTS_CODE_KNOWN)
        most = max((each.weight_bytes + each.arena_bytes for each in self._made), default=0)
        rest = Quantity(self._first_bytes(most) - most, "exact, of a module's memory as it starts")
        storage = (Part("code of the inputs", code),) if has_inputs else ()
        return Needs(storage, (Part("stack and statics", rest),))

    def _model_files(self, made: Lowered) -> tuple[dict[str, bytes], list[str], Layout]:
        """Files below native/, paths of sources below runtime_c, and where the weights lie."""
        emitter = Emitter(made.model, made.program, self._name, self._device_id)
        files, layout = emitter.static_files("wasm/model.c.j2")
        folder = f"aot/{made.build.name}"
        own = {f"{folder}/{path}": content for path, content in files.items()}
        return own, emitter.sources(), layout

    def _input_files(self) -> dict[str, bytes]:
        """What makes the inputs, below native/, with all that it needs of the runtime."""
        if not self._frames and not self._sounds:
            return {}
        version = runtime_sources.version()
        files = {"input_api.c": self._render("wasm/input_api.c.j2")}
        for frame in self._frames:
            files[f"preprocess/input_{frame.input}.c"] = self._render(
                "wasm/frame.c.j2", source=frame, runtime_version=version
            )
        for heard in self._sounds:
            files[f"preprocess/input_{heard.input}.c"] = self._render(
                heard.template, source=heard, runtime_version=version
            )
        wanted = {path for each in self._sounds for path in each.sources}
        if self._frames:
            wanted |= {f"src/image/{name}.c" for name in _IMAGE_SOURCES}
        return files | runtime_sources.files([*wanted, "include/edgegen/version.h"])

    def _headers(self) -> dict[str, bytes]:
        made = {
            "model.h": self._render("wasm/model.h.j2"),
            "export.h": self._render("wasm/export.h.j2"),
        }
        if self._frames:
            made["frames.h"] = self._render("wasm/frames.h.j2")
        if self._sounds:
            made["preprocess.h"] = self._render(
                "preprocess/preprocess.h.j2",
                described=self._sounds,
                kinds={"sound"},
                sensors="a microphone",
                manuals="edgegen/audio.h has",
            )
        files = {f"include/{self._name}/{path}": content for path, content in made.items()}
        return files | runtime_sources.files(["include/edgegen/status.h"])

    def _build_script(
        self, native: Mapping[str, bytes], units: Sequence[_Unit], links: Sequence[_Link]
    ) -> bytes:
        return self._render(
            "wasm/build.sh.j2",
            units=units,
            builds=links,
            hashed=sorted([*native, "build.sh"]),
            outputs=" and ".join(f"{link.name}.wasm" for link in links),
            stack_bytes=STACK_BYTES,
        )

    def _link(self, name: str, memory: int, units: tuple[str, ...]) -> _Link:
        first = self._first_bytes(memory)
        frames = _pages(FRAME_BYTES + 4 * self._tensors + _STATIC_BYTES) if self._frames else 0
        return _Link(name, first, first + frames, units)

    def _first_bytes(self, memory: int) -> int:
        """Of a module, for as many of weights and arena."""
        sound = sum(4 * each.bytes + each.static_bytes + each.flash_bytes for each in self._sounds)
        return _pages(STACK_BYTES + memory + self._tensors + sound + _STATIC_BYTES)

    @property
    def _tensors(self) -> int:
        """Bytes of the inputs."""
        return sum(self._model.tensors[index].bytes for index in self._model.inputs)

    def _accessors(self) -> list[dict[str, object]]:
        found = []
        for kind, tensors in (("input", self._model.inputs), ("output", self._model.outputs)):
            const = "const " if kind == "output" else ""
            for number, index in enumerate(tensors):
                tensor: Tensor = self._model.tensors[index]
                found.append(
                    {
                        "kind": kind,
                        "number": number,
                        "ctype": c_type(tensor),
                        "type": f"{const}{c_type(tensor)} *",
                        "function": f"{kind}_{number}",
                        "elements": tensor.elements,
                    }
                )
        return found

    def _render(self, template: str, **context: object) -> bytes:
        accessors = self._accessors()
        made = {each.input for each in self._frames} | {each.input for each in self._sounds}
        shared: dict[str, object] = {
            "name": self._name,
            "NAME": self._name.upper(),
            "header": file_header(template, self._model, self._device_id),
            "abi": ABI,
            "has_model": self._has_model,
            "accessors": accessors,
            "described": [e for e in accessors if e["kind"] == "input" and e["number"] in made],
            "frames": self._frames,
            "sounds": self._sounds,
        }
        return render(template, shared | context)


def _inputs(model: Model, options: Options) -> tuple[list[FrameInput], list[Sound]]:
    """What the templates see of the inputs that have a description."""
    frames: list[FrameInput] = []
    sounds: list[Sound] = []
    for each in options.inputs:
        if isinstance(each, ImageInput):
            made = prepare(model, each)
            assert isinstance(made, ImagePreprocessor)
            frames.append(frame_input(made))
        else:
            assert isinstance(each, AudioInput)
            prepared = prepare(model, each)
            assert isinstance(prepared, AudioPreprocessor)
            sounds.append(sound(prepared))
    return frames, sounds


def _assets(build: WasmBuild, layout: Layout) -> dict[str, bytes]:
    """The weights in chunks, which end where a layer's do."""
    if not layout.data:
        return {}
    spans = [
        chunks.Span(step, begin, end)
        for step, (begin, end) in enumerate(pairwise([0, *layout.step_ends]))
        if end > begin
    ]
    made = chunks.split(layout.data, f"aot-{build.name}", CHUNK_BYTES, spans)
    return {f"assets/{path}": content for path, content in made.items()}


def weights(files: Mapping[str, bytes]) -> tuple[chunks.Manifest, ...]:
    """Every build's weights in what `emit` gave, under the name of the backend."""
    paths = [f"assets/{chunks.manifest_path(f'aot-{build.name}')}" for build in BUILDS]
    return tuple(chunks.parse_manifest(files[path], path) for path in paths if path in files)


def _libc() -> dict[str, bytes]:
    folder = root("templates") / "wasm"
    return {path: (folder / path).read_bytes() for path in _LIBC}


def _unit(name: str, title: str, flags: tuple[str, ...], paths: Iterable[str]) -> _Unit:
    return _Unit(name, title, flags, tuple(sorted(path for path in paths if path.endswith(".c"))))


def _pages(count: int) -> int:
    return -(-count // _PAGE) * _PAGE
