"""What a Linux project is on a device: its files below /, and what it needs of the system."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from edgegen import __version__
from edgegen.errors import DifferenceError, UsageError
from edgegen.packaging import archive, copyright_file, manifest, manpage, needs, sbom, sources
from edgegen.packaging import tree as trees
from edgegen.packaging.needs import Linked, Relation, Requirement
from edgegen.packaging.sbom import Component
from edgegen.packaging.subject import EDGEGEN_LICENCE, Subject, one_line
from edgegen.packaging.tree import Entry, Tree
from edgegen.packaging.wheel import Wheel
from edgegen.render import render, shortened

# Folders of /usr/lib that are others'.
_OTHERS = """
    apt binfmt cpp cups debug dbus default dpkg environment firmware gcc git grub init locale lsb
    mime modules openssh os pam pkgconfig pm python python3 rpm sasl2 ssl sysctl systemd sysusers
    terminfo tmpfiles udev valgrind
"""
# What installers note of themselves, and licences: those are in the copyright file.
_NOT_INSTALLED = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "licenses/", "sboms/")
_UNITS = (".service", ".socket", ".timer", ".path")


@dataclass(frozen=True, slots=True)
class Program:
    """A project as it is installed.

    Attributes:
        package: Name of the system package.
        machine: As `uname -m` has it; "" for one that runs everywhere.
        files: All but the manifest and the bill of materials.
        units: Names of systemd units.
        required, optional: Python distributions that are not in the package.
        libraries: Sonames that compiled code loads from the system, but the C library's.
        glibc: That it needs; (0, 0) when none.
        vendored: Wheels that lie beside the program.
        notes: What whoever installs it has to know.
    """

    subject: Subject
    wheel: Wheel
    package: str
    machine: str
    files: Tree
    units: tuple[str, ...]
    required: tuple[Requirement, ...]
    optional: tuple[Requirement, ...]
    libraries: tuple[str, ...]
    glibc: tuple[int, int]
    vendored: tuple[Wheel, ...]
    notes: tuple[str, ...]

    @property
    def state_folders(self) -> tuple[str, ...]:
        """Where systemd keeps what the service wrote, with DynamicUser and without."""
        kinds = ("lib", "cache", "log")
        return tuple(
            f"/var/{kind}/{private}{self.subject.name}"
            for kind in kinds
            for private in ("private/", "")
        )


def package_name(name: str) -> str:
    """Of a system package: no underscores, two characters at least."""
    plain = name.replace("_", "-").strip("-")
    return plain if len(plain) > 1 else f"{plain}-model"


def program(
    subject: Subject, own: Wheel, machine: str, vendored: Sequence[Wheel], notes: Sequence[str]
) -> Program:
    """Lay out a project's wheel and what is carried along.

    Args:
        machine: That it is made for.
        notes: About what is carried along.
    """
    name = subject.name
    if name in _OTHERS.split():
        raise UsageError(
            f"A program named {name!r} cannot be installed: /usr/lib/{name} is another's.",
            where="name in edgegen.toml",
        )
    if not own.scripts:
        raise UsageError(
            "The project has no program to install.",
            where="project.scripts in pyproject.toml",
            fix=f'Add {name} = "{name}.app:main".',
        )
    for target in own.scripts.values():
        _require_module(own, target.partition(":")[0])
    package = package_name(name)
    site, vendor = _site(subject, own), _vendor(name, vendored)
    linked = _linked(site, vendor)
    units = _units(subject)
    files = site | vendor | units | _settings(subject) | _drop_ins(subject, package)
    for script, target in own.scripts.items():
        files[f"usr/bin/{script}"] = _launcher(subject, target, bool(vendored))
        files[f"usr/share/man/man1/{script}.1.gz"] = _page(subject, own, script, target, units)
    _check_paths(files)
    documents = f"usr/share/doc/{package}"
    copyright_ = copyright_file.make(subject, own, vendored)
    files[f"{documents}/copyright"] = Entry(copyright_, licence=EDGEGEN_LICENCE)
    changes = archive.gzipped(_changes(subject, package))
    files[f"{documents}/changelog.gz"] = Entry(changes, licence=EDGEGEN_LICENCE)
    required, optional = _requirements(own, machine)
    carried = {wheel.normal_name for wheel in vendored}
    brought = _brought_by_system(vendored, machine)
    return Program(
        subject=subject,
        wheel=own,
        package=package,
        machine=machine if linked.glibc != (0, 0) else "",
        files=dict(sorted(files.items())),
        units=tuple(path.rsplit("/", 1)[-1] for path in sorted(units) if path.endswith(_UNITS)),
        required=(*(each for each in required if each.name not in carried), *brought),
        optional=tuple(each for each in optional if each.name not in carried),
        libraries=linked.libraries,
        glibc=linked.glibc,
        vendored=tuple(vendored),
        notes=(
            *_missing(required, carried),
            *_missing_servers(optional, carried),
            *notes,
            *_unknown(linked),
        ),
    )


def _require_module(own: Wheel, module: str) -> None:
    path = module.replace(".", "/")
    if f"{path}.py" not in own.files and f"{path}/__init__.py" not in own.files:
        raise UsageError(
            f"The project's wheel has no {module}, which its program starts with.",
            where="pyproject.toml",
            fix="Does the build backend's table name the folder?",
        )


def finished(made: Program, kind: str, architecture: str) -> Tree:
    """The files with the manifest and the bill of materials of one kind of package.

    Args:
        kind: "deb", "rpm" or "" for a plain archive.
        architecture: As that kind calls it.
    """
    documents = f"usr/share/doc/{made.package}"
    bill = bill_of_materials(made, kind)
    files = {**made.files, f"{documents}/sbom.cdx.json": Entry(bill, licence=EDGEGEN_LICENCE)}
    facts = manifest.facts(made.subject.name, made.subject.version, architecture, files)
    text = manifest.dump(facts)
    files[f"{documents}/manifest.json"] = Entry(text, licence=EDGEGEN_LICENCE)
    return dict(sorted(files.items()))


def bill_of_materials(made: Program, kind: str) -> bytes:
    subject = made.subject
    model = (subject.directory / subject.settings.model).read_bytes()
    parts = [sources.model_component(subject, model), sources.runtime_component()]
    parts += [vendored_component(each) for each in made.vendored]
    for scope, wanted in (("", made.required), ("optional; ", made.optional)):
        for each in wanted:
            parts.append(_system_component(each, kind, scope))
    this = Component("application", subject.name, subject.version, subject.licence)
    return sbom.dump(this, parts, subject.when)


def vendored_component(wheel: Wheel) -> Component:
    purl = f"pkg:pypi/{wheel.normal_name}@{wheel.version}"
    return Component("library", wheel.name, wheel.version, wheel.licence, wheel.sha256, purl)


def _system_component(each: Requirement, kind: str, scope: str) -> Component:
    package = each.package
    system = {"deb": package.debian, "rpm": package.rpm}.get(kind, "") if package else ""
    told = f"{scope}{each.text}, from the system"
    if system and kind == "deb":
        return Component("library", system, purl=f"pkg:deb/debian/{system}", description=told)
    if system:
        return Component("library", system, purl=f"pkg:rpm/fedora/{system}", description=told)
    return Component("library", each.name, purl=f"pkg:pypi/{each.name}", description=told)


def _site(subject: Subject, own: Wheel) -> dict[str, Entry]:
    """The project's own wheel below /usr/lib/NAME."""
    name = subject.name
    files = {}
    for path, entry in own.files.items():
        inner = path.removeprefix(f"{own.info}/")
        if inner != path and inner.startswith(_NOT_INSTALLED):
            continue
        generated = path.startswith(f"{name}_runtime/") and not path.startswith(
            f"{name}_runtime/data/"
        )
        licence = EDGEGEN_LICENCE if generated else subject.licence
        files[f"usr/lib/{name}/{path}"] = replace(entry, licence=licence)
    return files


def _vendor(name: str, vendored: Sequence[Wheel]) -> dict[str, Entry]:
    files: dict[str, Entry] = {}
    for wheel in vendored:
        for path, entry in wheel.files.items():
            inner = path.removeprefix(f"{wheel.info}/")
            if inner != path and inner in _NOT_INSTALLED:
                continue
            place = f"usr/lib/{name}/vendor/{path}"
            if place in files and files[place].content != entry.content:
                raise DifferenceError(f"Two vendored wheels have a file {path!r}.")
            files[place] = replace(entry, executable=False)
    return files


def _linked(site: Tree, vendor: Tree) -> Linked:
    try:
        own = needs.linked(site)
        if own.unknown:
            path, library = own.unknown[0]
            raise ValueError(f"{path} needs {library}, which is in no package known here")
        return needs.linked({**site, **vendor})
    except ValueError as error:
        raise DifferenceError(f"Compiled code cannot be packaged: {error}.") from None


def _unknown(linked: Linked) -> list[str]:
    """A wheel may have plug-ins that are loaded where their library is, and nowhere else."""
    libraries = sorted({library for _, library in linked.unknown})
    if not libraries:
        return []
    return [f"Parts of what is carried along work only where there is {', '.join(libraries)}."]


def _settings(subject: Subject) -> dict[str, Entry]:
    path = subject.directory / f"{subject.name}.toml"
    if not path.is_file():
        return {}
    entry = Entry(path.read_bytes(), licence=subject.licence, settings=True)
    return {f"etc/{subject.name}/{subject.name}.toml": entry}


def _units(subject: Subject) -> dict[str, Entry]:
    """What the project brings for systemd, below edgegen/system/."""
    files = {}
    folder = subject.directory / "edgegen" / "system"
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.suffix in _UNITS:
            place = f"usr/lib/systemd/system/{path.name}"
            files[place] = Entry(path.read_bytes(), licence=EDGEGEN_LICENCE)
    return files


def _drop_ins(subject: Subject, package: str) -> dict[str, Entry]:
    """What lets the unit reach other sources of inputs, to be copied by whoever wants it."""
    folder = subject.directory / "edgegen" / "system" / "sources"
    return {
        f"usr/share/doc/{package}/examples/{path.name}": Entry(
            path.read_bytes(), licence=EDGEGEN_LICENCE
        )
        for path in sorted(folder.glob("*.conf"))
    }


def _launcher(subject: Subject, target: str, vendored: bool) -> Entry:
    module, _, function = target.partition(":")
    values = {"name": subject.name, "module": module, "function": function, "vendored": vendored}
    return Entry(render("package/launcher.py.j2", values), True, EDGEGEN_LICENCE)


def _page(subject: Subject, own: Wheel, script: str, target: str, units: Tree) -> Entry:
    name = subject.name
    has_settings = (subject.directory / f"{name}.toml").is_file()
    about = manpage.About(
        script,
        subject.version,
        subject.summary,
        f"/etc/{name}/{name}.toml" if has_settings else "",
        f"{name}.service" if any(path.endswith(f"/{name}.service") for path in units) else "",
        subject.homepage,
        subject.when,
    )
    text = manpage.page(about, manpage.ask(own.files, target, script))
    return Entry(archive.gzipped(text), licence=EDGEGEN_LICENCE)


def _check_paths(files: Tree) -> None:
    """Names that no package format has to quote."""
    for path in files:
        if not re.fullmatch(r"[A-Za-z0-9_.+@ ()=,/-]+", path):
            raise UsageError(
                "A file of the project has a name that packages cannot carry.",
                where=path,
                fix="Use letters, digits and _ . + @ = , - ( ) only.",
            )


def _changes(subject: Subject, package: str) -> bytes:
    """A Debian changelog: the user's own, or one entry that says what this is."""
    own = subject.directory / "packaging" / "changelog"
    if own.is_file():
        return own.read_bytes()
    moment = datetime.fromtimestamp(subject.when, UTC)
    week_day, month, number, year = day(moment).split()
    stamp = f"{week_day}, {number} {month} {year} {moment:%H:%M:%S} +0000"
    return (
        f"{package} ({debian_version(subject.version)}) unstable; urgency=medium\n\n"
        f"  * {subject.settings.model.rsplit('/', 1)[-1]} for {subject.device.id}, "
        f"packaged by edgegen {__version__}.\n\n"
        f" -- {subject.maintainer}  {stamp}\n"
    ).encode()


def day(moment: datetime) -> str:
    """As `date` prints it in English, whatever the locale: Sun Feb 02 2020."""
    week_day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[moment.weekday()]
    month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][
        moment.month - 1
    ]
    return f"{week_day} {month} {moment:%d %Y}"


def synopsis(subject: Subject) -> str:
    """One line for a list of packages: no article, no full stop, not too long."""
    text = re.sub(r"^(an?|the) ", "", subject.summary.rstrip(". "), flags=re.IGNORECASE)
    text = text.removeprefix(f"{subject.name}: ")
    return shortened(text, 75) or f"model {subject.name}"


def description(made: Program) -> list[str]:
    """Paragraphs for people who wonder what the package is; lines of up to 76 characters."""
    subject = made.subject
    file = subject.settings.model.rsplit("/", 1)[-1]
    words = f"{subject.name} runs the model {one_line(file)} on {subject.device.name}. "
    words += f"The program is {', '.join(made.wheel.scripts)}, its settings are in "
    words += f"/etc/{subject.name}/. "
    if made.units:
        words += f"The service {', '.join(made.units)} is installed stopped. "
    if made.vendored:
        carried = ", ".join(f"{each.name} {each.version}" for each in made.vendored)
        words += f"It carries {carried}."
    return textwrap.wrap(words, 76, break_long_words=True, break_on_hyphens=False)


def relations(made: Program, *, debian: bool) -> tuple[list[Relation], ...]:
    """Packages of Python distributions: required, recommended and suggested, each once."""
    groups = (
        made.required,
        [each for each in made.optional if each.extra in needs.RECOMMENDED],
        [each for each in made.optional if each.extra not in needs.RECOMMENDED],
    )
    found: list[list[Relation]] = []
    for group in groups:
        known = {each.name for earlier in found for each in earlier}
        made_of = needs.relations(group, debian=debian)
        found.append([each for each in made_of if each.name not in known])
    return tuple(found)


def own_folders(made: Program, files: Tree) -> list[str]:
    """Absolute paths of the folders that no other package has, outermost first."""
    name = made.subject.name
    mine = (f"etc/{name}", f"usr/lib/{name}", f"usr/share/doc/{made.package}")
    return [
        f"/{folder}"
        for folder in trees.folders(files)
        if any(folder == each or folder.startswith(f"{each}/") for each in mine)
    ]


def debian_version(version: str) -> str:
    """As dpkg and rpm sort: what comes before a release is behind a tilde."""
    from packaging.version import Version

    parts = Version(version)
    text = ".".join(str(number) for number in parts.release)
    text += f"~{parts.pre[0]}{parts.pre[1]}" if parts.pre else ""
    text += f".post{parts.post}" if parts.post is not None else ""
    text += f"~dev{parts.dev}" if parts.dev is not None else ""
    text += f"+{parts.local}" if parts.local else ""
    return f"{parts.epoch}:{text}" if parts.epoch else text


def _requirements(own: Wheel, machine: str) -> tuple[list[Requirement], list[Requirement]]:
    texts = [str(text) for text in own.about.get_all("Requires-Dist", [])]
    extras = [str(extra) for extra in own.about.get_all("Provides-Extra", [])]
    found = needs.requirements(texts, extras, machine)
    required = [each for each in found if not each.extra]
    names = {each.name for each in required}
    return required, [each for each in found if each.extra and each.name not in names]


def _brought_by_system(vendored: Sequence[Wheel], machine: str) -> list[Requirement]:
    """What vendored wheels need and is not vendored itself."""
    found: dict[str, Requirement] = {}
    for wheel in vendored:
        texts = [str(text) for text in wheel.about.get_all("Requires-Dist", [])]
        for each in needs.requirements(texts, (), machine):
            if each.name in needs.NOT_VENDORED:
                found.setdefault(each.name, each)
    return [found[name] for name in sorted(found)]


def _missing(required: Sequence[Requirement], carried: Container[str]) -> list[str]:
    """Notes about what is neither carried along nor in a distribution."""
    lacking = [each.text for each in required if each.package is None and each.name not in carried]
    if not lacking:
        return []
    return [
        f"No distribution has {', '.join(lacking)}: package with --vendor to carry it along, or "
        "install it where the system's Python finds it."
    ]


def _missing_servers(optional: Sequence[Requirement], carried: Container[str]) -> list[str]:
    """A note where the service that is installed cannot serve with what Debian 12 has."""
    lacking = [
        each.text
        for each in optional
        if each.extra in ("http", "grpc")
        and each.name not in carried
        and each.name not in needs.NOT_VENDORED
    ]
    if not lacking:
        return []
    return [
        f"`serve` uses {', '.join(lacking)}. Debian 12 has older ones or none: package with "
        "--vendor to carry them along."
    ]
