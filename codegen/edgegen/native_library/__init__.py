"""A C library that runs a model and makes its inputs, for languages that load it as it runs.

Its functions are those of templates/native/api.h.j2: a model in several instruction sets, of which
the processor's best one is taken, and what makes inputs from raw bytes. Nothing in it is shared by
two objects but constants.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from edgegen import runtime_sources
from edgegen.engines.aot.variants import InstructionSet, Variant, variants
from edgegen.model import Model
from edgegen.native_library.image import FrameInput, frame_input
from edgegen.options import Options
from edgegen.preprocess_c.sound import Sound, sound
from edgegen.preprocessing import (
    AudioPreprocessor,
    ImageInput,
    ImagePreprocessor,
    Preprocessor,
    prepare,
)
from edgegen.render import file_header, render

__all__ = ["ABI", "TOOLCHAINS", "RawInput", "emit", "raw_inputs"]

ABI = 1
"""Of the library's functions: whoever calls them asks for it first."""

TOOLCHAINS = ("aarch64-linux-gnu", "arm-linux-gnueabihf")
"""Cross compilers that a project has a CMake toolchain file for."""

_TEMPLATES = {
    "api.h": "api.h",
    "api.c": "api.c",
    "CMakeLists.txt": "CMakeLists.txt",
}

_IMAGE_SOURCES = (
    *("avx2", "pick_gray", "pick_luma", "pick_rgb", "prepare", "read_gray", "read_nv12"),
    *("read_rgb", "read_yuyv", "run", "sse41", "write_border", "write_f32", "write_part"),
    *("write_q8", "neon/read_rgb", "neon/use", "neon/write_f32", "neon/write_q8"),
)

_FLOAT_SOUND_SOURCES = ("avx2", "clip", "run", "vector4")

_MICRO_SOUND_SOURCES = ("avx2", "best", "neon")


@dataclass(frozen=True, slots=True)
class _VariantView:
    """A variant in api.c.

    Attributes:
        guard: Preprocessor expression of the processors that it is compiled for; "" for all.
        test: C expression: whether this one has the instructions.
    """

    name: str
    title: str
    guard: str
    test: str


@dataclass(frozen=True, slots=True)
class _Group:
    """What is compiled for some architectures only.

    Attributes:
        condition: CMake's.
        sources: All of them.
        flags: For each condition the compiler's flags, and the sources that need them.
    """

    title: str
    condition: str
    sources: tuple[str, ...]
    flags: tuple[tuple[str, str, tuple[str, ...]], ...]


def _group(instructions: InstructionSet, sources: Sequence[str]) -> _Group:
    kernels = tuple(s for s in sources if s.startswith(f"runtime/src/nn/simd/{instructions.name}/"))
    own = tuple(s for s in sources if s.startswith(f"aot/{instructions.name}/"))
    return _Group(
        title=instructions.title,
        condition=" OR ".join(_CONDITIONS[each] for each in instructions.flags),
        sources=(*own, *kernels),
        flags=tuple(
            (_CONDITIONS[architecture], ";".join(flags), kernels)
            for architecture, flags in instructions.flags.items()
            if flags
        ),
    )


_CONDITIONS = {"x86_64": "IS_X86_64", "aarch64": "IS_AARCH64", "armv7l": "IS_ARM"}

_GUARDS = {
    "x86_64": "defined(__x86_64__)",
    "aarch64": "defined(__aarch64__)",
    "armv7l": "defined(__arm__)",
}


def emit(
    model: Model,
    device_id: str,
    architectures: Iterable[str],
    options: Options,
    *,
    has_model: bool,
) -> dict[str, bytes]:
    """native/**, by path below the project's edgegen/; nothing where there is nothing to do.

    Args:
        architectures: That the project is for, by uname's names; it compiles for any.
        has_model: Whether the library runs the model, which the engine `aot` must not refuse, or
            only makes its inputs.

    Raises:
        UsageError: A description of an input does not fit the model.
    """
    inputs = [_input(model, options, number) for number in range(len(options.inputs))]
    if not inputs and not has_model:
        return {}
    made: tuple[Variant, ...] = ()
    if has_model:
        made = variants(model, architectures, options.name, device_id, options.optimize_for)
    return _Library(model, device_id, options, made, inputs).files()


@dataclass(frozen=True, slots=True)
class RawInput:
    """What a described input is made from, for whoever hands it over.

    Attributes:
        input: Number of the model's input.
        kind: "image" or "sound".
        dtype, shape: Of one frame, or of the samples of one tensor.
        format, width, height, fit: Of a frame; "" and 0 for sound.
        fill: Of a frame: red, green and blue around it where it is letterboxed; () for sound.
        sample_rate, hop: Of sound; 0 for a frame.
    """

    input: int
    kind: str
    dtype: str
    shape: tuple[int, ...]
    format: str
    width: int
    height: int
    fit: str
    fill: tuple[int, ...]
    sample_rate: float
    hop: int


def raw_inputs(model: Model, options: Options) -> tuple[RawInput, ...]:
    """Every input that has a description.

    Raises:
        UsageError: A description does not fit the model.
    """
    return tuple(_raw_input(prepare(model, each)) for each in options.inputs)


def _raw_input(made: Preprocessor) -> RawInput:
    description = made.description
    return RawInput(
        input=description.tensor,
        kind="image" if isinstance(description, ImageInput) else "sound",
        dtype=made.raw_dtype.name,
        shape=made.raw_shape,
        format=description.format if isinstance(description, ImageInput) else "",
        width=description.width if isinstance(description, ImageInput) else 0,
        height=description.height if isinstance(description, ImageInput) else 0,
        fit=description.fit if isinstance(description, ImageInput) else "",
        fill=_rgb(description) if isinstance(description, ImageInput) else (),
        sample_rate=0 if isinstance(description, ImageInput) else description.sample_rate,
        hop=0 if isinstance(description, ImageInput) else description.hop,
    )


def _rgb(description: ImageInput) -> tuple[int, ...]:
    """The levels around a letterboxed frame: red, green, blue."""
    levels = description.fill * (3 // len(description.fill))
    return levels[::-1] if description.color == "bgr" else levels


def _input(model: Model, options: Options, number: int) -> FrameInput | Sound:
    prepared = prepare(model, options.inputs[number])
    if isinstance(prepared, ImagePreprocessor):
        return frame_input(prepared)
    assert isinstance(prepared, AudioPreprocessor)
    return sound(prepared)


class _Library:
    def __init__(
        self,
        model: Model,
        device_id: str,
        options: Options,
        made: Sequence[Variant],
        inputs: Sequence[FrameInput | Sound],
    ) -> None:
        self._model = model
        self._device_id = device_id
        self._name = options.name
        self._made = made
        self._inputs = inputs

    def files(self) -> dict[str, bytes]:
        files = {f"aot/{path}": data for path, data in self._variant_files().items()}
        files |= {f"preprocess/{path}": data for path, data in self._input_files().items()}
        runtime = runtime_sources.files(self._runtime())
        files |= runtime
        context = self._context(files)
        for path, template in _TEMPLATES.items():
            files[path] = self._render(f"native/{template}.j2", **context)
        for triple in TOOLCHAINS:
            files[f"cmake/{triple}.cmake"] = self._render(f"native/{triple}.cmake.j2")
        return {f"native/{path}": files[path] for path in sorted(files)}

    def _variant_files(self) -> Mapping[str, bytes]:
        if not self._made:
            return {}
        views = [each.instructions for each in self._made]
        files = {"variant.h": self._render("native/variant.h.j2", variants=views)}
        for each in self._made:
            files |= {f"{each.instructions.name}/{path}": data for path, data in each.files.items()}
        return files

    def _input_files(self) -> Mapping[str, bytes]:
        if not self._inputs:
            return {}
        files = {"preprocess.h": self._render("native/preprocess.h.j2", inputs=self._inputs)}
        for each in self._inputs:
            template = f"native/{each.template}"
            files[f"input_{each.input}.c"] = self._render(
                template, source=each, runtime_version=runtime_sources.version()
            )
        return files

    def _runtime(self) -> list[str]:
        wanted = {"src/status.c", "include/edgegen/cpu.h", *runtime_sources.COMMON}
        for variant in self._made:
            wanted |= set(variant.sources)
        for each in self._inputs:
            if isinstance(each, FrameInput):
                wanted |= {f"src/image/{name}.c" for name in _IMAGE_SOURCES}
                wanted.add("src/image/x86_part.h")
                continue
            wanted |= set(each.sources)
            is_float = each.front_end.plan_type == "eg_audio_plan"
            folder = "audio" if is_float else "micro_audio"
            names = _FLOAT_SOUND_SOURCES if is_float else _MICRO_SOUND_SOURCES
            wanted |= {f"src/{folder}/{name}.c" for name in names}
        return sorted(wanted)

    def _context(self, files: Mapping[str, bytes]) -> dict[str, object]:
        groups = self._groups(files)
        limited = {path for group in groups for path in group.sources}
        sources = [path for path in files if path.endswith(".c")]
        tensors = self._model.tensors
        return {
            "abi": ABI,
            "sha256": self._model.source.sha256,
            "has_model": bool(self._made),
            "variants": [_view(each) for each in self._made],
            "inputs": self._inputs,
            "purpose": _purpose(bool(self._made), bool(self._inputs)),
            "uses_cpu": bool(groups),
            "input_bytes": _braced(tensors[t].bytes for t in self._model.inputs),
            "output_bytes": _braced(tensors[t].bytes for t in self._model.outputs),
            "sources": ["api.c", *sorted(path for path in sources if path not in limited)],
            "neon_sources": sorted(path for path in sources if "/neon" in path),
            "groups": groups,
        }

    def _groups(self, files: Iterable[str]) -> list[_Group]:
        sources = [path for path in files if path.endswith(".c")]
        limited = [each.instructions for each in self._made if each.instructions.flags]
        return [_group(each, sources) for each in limited]

    def _render(self, template: str, **context: object) -> bytes:
        header = file_header(template, self._model, self._device_id)
        names = {"name": self._name, "NAME": self._name.upper(), "header": header}
        return render(template, names | context)


def _view(variant: Variant) -> _VariantView:
    instructions = variant.instructions
    guards = [_GUARDS[each] for each in instructions.flags]
    return _VariantView(
        name=instructions.name,
        title=instructions.title,
        guard=" || ".join(guards),
        test=instructions.test,
    )


def _purpose(has_model: bool, has_inputs: bool) -> str:
    if has_model and has_inputs:
        return "the model and what makes its inputs"
    return "the model" if has_model else "what makes the model's inputs"


def _braced(numbers: Iterable[int]) -> str:
    return "{" + ", ".join(map(str, numbers)) + "}"
