"""fit.check: it adds up what engines say, compares, and never hides how a number is known."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from edgegen import frontends, registry, targets
from edgegen.device import Microcontroller
from edgegen.engines import Footprint, Quantity
from edgegen.engines import registry as engine_registry
from edgegen.errors import Diagnostic
from edgegen.fit import FitReport, Line, Verdict
from edgegen.model import DType, Model, Source, Tensor
from edgegen.options import MeasuredArena, Options
from edgegen.targets import cortex_m_fit

FILE = b"x" * 1000
MODEL = Model(
    name="sample",
    source=Source("sample.tflite", "tflite", "0" * 64, FILE),
    tensors=(Tensor("input", DType.INT8, (1, 4)),),
    ops=(),
    inputs=(0,),
    outputs=(0,),
)
REFUSAL = Diagnostic("EG101", "node 3", "The operator is not known.", "Leave it out.")
# 1 MiB of flash, 128 KiB of main RAM and 64 KiB of CCM; its emulator is exact.
DEVICE = registry.load_device("stm32f405")
FLASH, RAM = 1 << 20, 128 << 10


def exact(count: int) -> Quantity:
    return Quantity(count, "exact")


@dataclass
class Engine:
    """An engine that says what the test tells it to."""

    footprint_: Footprint
    id: str = "aot"
    refused: tuple[Diagnostic, ...] = ()
    asked: list[Options] = field(default_factory=list)

    def refusals(self, model: Model) -> tuple[Diagnostic, ...]:
        return self.refused

    def emit(self, model: Model, device: Microcontroller, options: Options) -> dict[str, bytes]:
        raise AssertionError("fit emits nothing")

    def footprint(self, model: Model, device: Microcontroller, options: Options) -> Footprint:
        assert not self.refused, "asked for the footprint of a refused model"
        self.asked.append(options)
        return self.footprint_


def engine(
    weights: int = 1000, code: int = 2000, arena: int = 300, stack: int = 20, static: int = 1
) -> Engine:
    sizes = (weights, code, arena, stack, static, 10_000)
    return Engine(Footprint(*(exact(size) for size in sizes)))


def lines(report: FitReport) -> dict[str, Line]:
    (only,) = report.engines
    return {line.resource: line for line in only.lines}


def check(made: Engine, device: Microcontroller = DEVICE) -> dict[str, Line]:
    return lines(cortex_m_fit.check(MODEL, device, [made]))


def test_flash_is_weights_and_code_and_ram_is_arena_stack_and_static() -> None:
    found = check(engine())
    assert (found["flash"].needed, found["flash"].available) == (3000, FLASH)
    assert (found["ram"].needed, found["ram"].available) == (321, RAM)
    assert found["storage"].available == 50_000_000
    assert [part.name for part in found["ram"].parts] == ["arena", "stack", "static"]


@pytest.mark.parametrize(
    ("needed", "verdict"),
    [
        (int(RAM * 0.8) - 1, Verdict.FITS),
        (int(RAM * 0.8) + 1, Verdict.TIGHT),
        (RAM, Verdict.TIGHT),
        (RAM + 1, Verdict.TOO_BIG),
    ],
)
def test_a_warning_from_80_percent_and_no_fit_beyond_100(needed: int, verdict: Verdict) -> None:
    report = cortex_m_fit.check(MODEL, DEVICE, [engine(arena=needed, stack=0, static=0)])
    assert lines(report)["ram"].verdict is verdict
    assert report.ok == (verdict is not Verdict.TOO_BIG)


@pytest.mark.parametrize("sizes", [{"weights": FLASH}, {"arena": RAM}])
def test_one_resource_that_does_not_fit_is_enough(sizes: dict[str, int]) -> None:
    assert not cortex_m_fit.check(MODEL, DEVICE, [engine(**sizes)]).ok


def test_the_project_s_storage_counts_too() -> None:
    too_much = exact(DEVICE.storage_bytes + 1)
    report = cortex_m_fit.check(MODEL, DEVICE, [engine()], package=too_much)
    assert lines(report)["storage"].verdict is Verdict.TOO_BIG
    assert not report.ok


def test_a_package_that_was_built_replaces_the_estimate() -> None:
    estimated = check(engine())["storage"]
    assert estimated.known.startswith("estimated (from ")
    assert estimated.needed > len(FILE)
    built = lines(cortex_m_fit.check(MODEL, DEVICE, [engine()], package=exact(123)))["storage"]
    assert (built.needed, built.known) == (123, "exact")


@pytest.mark.parametrize("name", engine_registry.cortex_m())
def test_the_estimated_package_is_within_its_stated_error(name: str, digits_tflite: Path) -> None:
    model = frontends.load(digits_tflite)
    options = Options("digits", (name,))
    report = cortex_m_fit.check(model, DEVICE, [engine_registry.cortex_m()[name]], options)
    files = targets.build(model, DEVICE, options).files
    built = sum(len(file.content) for file in files.values()) + len(model.source.data)
    line = lines(report)["storage"]
    assert line.known.endswith("+/- 20 %)")
    assert line.needed == pytest.approx(built, rel=0.20)


def test_how_a_sum_is_known_names_its_parts() -> None:
    made = engine()
    code = Quantity(2000, "estimated (from the kernels, +/- 10 %)")
    made.footprint_ = replace(made.footprint_, code=code)
    found = check(made)
    assert found["flash"].known == f"weights exact; code {code.known}"
    assert found["ram"].known == "exact"


def test_an_unknown_part_makes_a_lower_bound_that_does_not_pass_for_a_fit() -> None:
    made = engine(arena=500)
    made.footprint_ = replace(made.footprint_, stack=Quantity(None, "not known (no build yet)"))
    line = check(made)["ram"]
    assert (line.needed, line.complete, line.verdict) == (501, False, Verdict.UNKNOWN)
    assert "stack not known (no build yet)" in line.known
    assert "501" not in line.known
    made.footprint_ = replace(made.footprint_, arena=exact(RAM + 1))
    assert check(made)["ram"].verdict is Verdict.TOO_BIG  # whatever the stack


def test_without_the_sources_the_storage_is_not_known() -> None:
    made = engine()
    made.footprint_ = replace(made.footprint_, source=Quantity(None, "not known (no idea)"))
    assert check(made)["storage"].verdict is Verdict.UNKNOWN


def test_a_refused_model_says_why_and_does_not_fit() -> None:
    refusing = replace(engine(), id="tflm", refused=(REFUSAL,))
    report = cortex_m_fit.check(MODEL, DEVICE, [refusing])
    (only,) = report.engines
    assert (only.engine, only.ok, only.lines, only.refusals) == ("tflm", False, (), (REFUSAL,))
    assert not report.ok
    assert report.as_dict()["engines"][0]["refusals"][0]["code"] == "EG101"


def test_one_engine_that_fits_is_enough_and_their_order_is_kept() -> None:
    refusing = replace(engine(), id="tflm", refused=(REFUSAL,))
    report = cortex_m_fit.check(MODEL, DEVICE, [refusing, engine()])
    assert report.ok
    assert [(each.engine, each.ok) for each in report.engines] == [("tflm", False), ("aot", True)]


def test_no_engine_is_no_fit() -> None:
    assert not cortex_m_fit.check(MODEL, DEVICE, []).ok


def test_engines_get_the_project_s_options() -> None:
    made = engine()
    options = Options("digits", tflm_arena=MeasuredArena(4096, "measured (in QEMU)"))
    cortex_m_fit.check(MODEL, DEVICE, [made], options)
    assert made.asked == [options]


def test_only_the_main_region_counts_and_the_rest_is_mentioned() -> None:
    (found,) = cortex_m_fit.check(MODEL, DEVICE, [engine(arena=RAM + 1000)]).engines
    assert not found.ok
    assert found.notes == (
        "The device has more ram that the linker script leaves to you: CCM (64 KiB).",
    )
    (hopeless,) = cortex_m_fit.check(MODEL, DEVICE, [engine(arena=RAM * 2)]).engines
    assert hopeless.notes == ()


def test_what_fits_the_device_but_not_its_emulator_is_said() -> None:
    generic = registry.load_device("cortex_m4")
    (found,) = cortex_m_fit.check(MODEL, generic, [engine(weights=5 << 20, arena=5 << 20)]).engines
    assert found.ok
    assert found.notes == (
        "`verify` cannot run it: mps2-an386, which stands in for the device, has 4 MiB of flash.",
        "`verify` cannot run it: mps2-an386, which stands in for the device, has 4 MiB of ram.",
    )


def test_a_device_without_an_emulator_is_said() -> None:
    (found,) = cortex_m_fit.check(MODEL, replace(DEVICE, emulator=None), [engine()]).engines
    assert found.notes == ("No emulator stands in for this device: `verify` needs the board.",)


def test_the_report_is_plain_data() -> None:
    report = cortex_m_fit.check(MODEL, DEVICE, [engine()]).as_dict()
    assert json.loads(json.dumps(report)) == report
    assert (report["model"], report["device"], report["ok"]) == ("sample.tflite", "stm32f405", True)
    ram = report["engines"][0]["lines"][1]
    assert ram["parts"][0] == {"name": "arena", "bytes": 300, "known": "exact"}
    assert (ram["needed"], ram["available"], ram["verdict"]) == (321, RAM, "fits")
    assert ram["share"] == round(321 / RAM, 4)
