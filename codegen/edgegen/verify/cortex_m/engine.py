"""One engine of a project: build, run, compare, measure."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgegen.errors import DifferenceError
from edgegen.verify.build import Build, build
from edgegen.verify.cortex_m import arena, console, elf, layers, toolchain
from edgegen.verify.cortex_m.console import Output, SelfTest
from edgegen.verify.cortex_m.emulator import TIMEOUT_SECONDS, Qemu
from edgegen.verify.cortex_m.report import (
    EngineFacts,
    Flash,
    LayerFacts,
    PreprocessingFacts,
    Ram,
    SmallestArena,
    Toolchain,
)
from edgegen.verify.cortex_m.subject import Subject
from edgegen.verify.subject import Progress

TRACED = ("aot",)
"""Engines that can show every activation."""

ARENA_AT_RUN_TIME = ("tflm",)
"""Engines that decide on the device how much of their arena they need."""

LEAST_PATIENCE = 20.0
"""Seconds that any trial of an arena is given, however busy the machine."""

DEFAULT_KERNELS = "cmsis_nn"
"""What a build takes that chooses nothing. Other kernels need another arena, so what is
found with them is no answer for the project."""


@dataclass(frozen=True, slots=True)
class Work:
    """What every step needs to know."""

    project: Subject
    qemu: Qemu
    cmake_args: tuple[str, ...]
    build_directory: Path | None
    progress: Progress

    def build(self, engine: str, targets: Sequence[str]) -> Build:
        root = self.build_directory or self.project.directory / "build"
        self.progress(f"{engine}: build {', '.join(targets)}")
        settings = toolchain.settings(self.project.directory, engine)
        directory = root.resolve() / f"verify-{engine}"
        return build(self.project.directory, directory, targets, (*settings, *self.cmake_args))


def verify(work: Work, engine: str) -> EngineFacts:
    """Everything about one engine; raises what keeps it from being judged."""
    name = work.project.name
    targets = [f"{name}_selftest", f"{name}_footprint"]
    if engine in TRACED:
        targets.append(f"{name}_selftest_trace")
    built = work.build(engine, targets)
    test = _selftest(work, engine, built, f"{name}_selftest")
    traced = None
    if engine in TRACED:
        traced = _selftest(work, engine, built, f"{name}_selftest_trace")
    sizes = elf.sizes(built.images[f"{name}_footprint"], name)
    if sizes.arena != test.arena_bytes:
        raise console.ConsoleError(
            f"The arena has {test.arena_bytes} bytes, and {sizes.arena} by the linker."
        )
    smallest = None
    if engine in ARENA_AT_RUN_TIME and built.kernels == DEFAULT_KERNELS and test.passed:
        smallest = _smallest_arena(work, engine, built, test)
    return _engine_facts(work, built, test, traced, sizes, smallest)


def _selftest(work: Work, engine: str, built: Build, target: str) -> SelfTest:
    work.progress(f"{engine}: run {target} in {work.qemu.title}")
    done = work.qemu.run(built.images[target])
    (built.directory / f"{target}.console.txt").write_text(done.console, encoding="utf-8")
    test = console.parse(done.console)
    if (test.model, test.engine) != (work.project.name, engine):
        raise console.ConsoleError(
            f"The self-test is of model {test.model!r} with engine {test.engine!r}.", where=target
        )
    if (done.exit_code == 0) != test.passed:
        raise console.ConsoleError(
            f"The self-test exited with {done.exit_code}, against its own result.", where=target
        )
    if not test.error:
        _check_complete(work, test, traced=target.endswith("_trace"))
    return test


def _check_complete(work: Work, test: SelfTest, *, traced: bool) -> None:
    """A self-test that compares less than the golden vectors hold proves nothing."""
    golden = work.project.golden
    wanted = (
        golden.vectors,
        golden.vectors * golden.activations if traced else 0,
        golden.raw_vectors * golden.raw_inputs,
    )
    found = (
        len(test.invoke_ns),
        test.activations.checked if test.activations else 0,
        len(test.raw_inputs),
    )
    if found != wanted:
        raise console.ConsoleError(
            f"The self-test ran {found[0]} of {wanted[0]} vectors and compared {found[1]} of "
            f"{wanted[1]} activations and {found[2]} of {wanted[2]} preprocessed inputs."
        )


def _smallest_arena(work: Work, engine: str, built: Build, test: SelfTest) -> SmallestArena:
    image = built.images[f"{work.project.name}_selftest"]

    patience = TIMEOUT_SECONDS

    def works(size: int) -> bool:
        nonlocal patience
        work.progress(f"{engine}: try an arena of {size} bytes")
        start = time.monotonic()
        try:
            done = work.qemu.run(image, [f"arena={size}"], timeout=patience)
            passed = console.parse(done.console).passed
        except DifferenceError:
            # Without room a release build may crash or hang instead of reporting it.
            return False
        if passed:  # the first one does, and tells how long a hanging one is waited for
            patience = max(LEAST_PATIENCE, 20 * (time.monotonic() - start))
        return passed

    how = f"bisected in {work.qemu.title}, kernels {built.kernels}, built by {built.compiler}"
    return SmallestArena(arena.smallest(works, test.arena_bytes), how)


def _engine_facts(
    work: Work,
    built: Build,
    test: SelfTest,
    traced: SelfTest | None,
    sizes: elf.Sizes,
    smallest: SmallestArena | None,
) -> EngineFacts:
    outputs = [*test.outputs, *(traced.outputs if traced else ())]
    activations = traced.activations if traced else None
    reason = _reason(test, traced)
    return EngineFacts(
        status="fail" if reason else "pass",
        reason=reason,
        vectors=len(test.invoke_ns),
        outputs_compared=len(test.outputs),
        activations_compared=activations.checked if activations else 0,
        mismatches=sum(row.mismatches for row in outputs),
        activations_mismatched=activations.mismatched if activations else 0,
        max_abs_diff=max((row.max_abs_diff for row in outputs), default=0),
        bit_exact=_is_bit_exact(test, traced, outputs),
        tolerance=work.project.golden.tolerance,
        instructions_per_inference=max(test.invoke_ns, default=0),
        instructions_by_vector=test.invoke_ns,
        init_instructions=test.init_ns,
        instructions_resolution=test.resolution_ns,
        preprocessing=tuple(_preprocessing(test)),
        layers=_layers(work, test, traced),
        flash=Flash(sizes.code, sizes.weights, sizes.flash),
        ram=Ram(
            test.arena_bytes,
            sizes.data,
            sizes.bss,
            test.stack_bytes,
            test.arena_touched_bytes,
            sizes.raw_inputs,
        ),
        arena=smallest,
        kernels=built.kernels,
        toolchain=Toolchain(built.compiler, work.qemu.title),
        images={target: _sha256(path) for target, path in sorted(built.images.items())},
    )


def _preprocessing(test: SelfTest) -> Iterator[PreprocessingFacts]:
    for number in sorted({row.input for row in test.raw_inputs}):
        rows = [row for row in test.raw_inputs if row.input == number]
        identical = sum(row.is_identical for row in rows)
        yield PreprocessingFacts(number, len(rows), identical, max(row.ns for row in rows))


def _layers(work: Work, test: SelfTest, traced: SelfTest | None) -> tuple[LayerFacts, ...]:
    """Those of the vector that `instructions_per_inference` is about."""
    if traced is None or traced.error or not test.invoke_ns:
        return ()
    slowest = test.invoke_ns.index(max(test.invoke_ns))
    return layers.measured(layers.read(work.project.directory), traced, slowest)


def _is_bit_exact(test: SelfTest, traced: SelfTest | None, outputs: Sequence[Output]) -> bool:
    if test.error or any(row.mismatches or row.max_abs_diff != 0 for row in outputs):
        return False
    if not all(row.is_identical for row in test.raw_inputs):
        return False
    return traced is None or (traced.passed and traced.activations is not None)


def _reason(test: SelfTest, traced: SelfTest | None) -> str:
    """The first thing that is wrong, in one line; "" when nothing is."""
    for run in (test, traced):
        if run is None or run.passed:
            continue
        if run.error:
            return f"the self-test reports: {run.error}"
        if run.activation_mismatches:
            first = run.activation_mismatches[0]
            return (
                f"vector {first.vector}: activation of tensor {first.tensor} is the first of "
                f"{run.activations.mismatched if run.activations else 0} that differ"
            )
        if raw := next((row for row in run.raw_inputs if not row.is_identical), None):
            return (
                f"raw vector {raw.vector}: input {raw.input} that the device makes of it is not "
                f"the host's, CRC-32 {raw.got_crc:08x} instead of {raw.want_crc:08x}"
            )
        wrong = sum(row.mismatches for row in run.outputs)
        return f"{wrong} output elements differ from the reference beyond the tolerance"
    return ""


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
