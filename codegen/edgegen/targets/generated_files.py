"""What the targets of all families do with templates and files."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from edgegen import __version__, resources
from edgegen.model import Model
from edgegen.project import File, GeneratedProject, Owner
from edgegen.render import file_header, render, short_header, user_header


def project_version(model: Model) -> str:
    """edgegen's, with the start of the model's hash as local version."""
    return f"{__version__}+{model.source.sha256[:12]}"


def assemble(
    family: str,
    name: str,
    emitted: Mapping[str, bytes],
    skipped: Collection[str],
    context: Mapping[str, object],
    model: Model,
    device_id: str,
) -> GeneratedProject:
    """A family's project: what was emitted, and its folders of templates/, generated and scaffold.

    Args:
        name: Of the project.
        emitted: Files by their path below edgegen/.
        skipped: As for `templates`.
        context: Of all templates, but for their header.
    """
    files = {f"edgegen/{path}": File(data, Owner.EDGEGEN) for path, data in emitted.items()}
    for template, path in templates(f"{family}/generated", name, skipped):
        # Visitors of a site download its scripts: spec.js alone says for which model, in constants.
        is_short = template.endswith(".js.j2")
        header = short_header(template) if is_short else file_header(template, model, device_id)
        text = render(template, {**context, "header": header})
        files[f"edgegen/{path}"] = File(text, Owner.EDGEGEN)
    for template, path in templates(f"{family}/scaffold", name, skipped):
        text = render(template, {**context, "header": user_header(template)})
        files[path] = File(text, Owner.USER)
    for path, data in copies(f"{family}/generated"):
        files[f"edgegen/{path}"] = File(data, Owner.EDGEGEN)
    for path, data in copies(f"{family}/scaffold"):
        files[path] = File(data, Owner.USER)
    return GeneratedProject(files)


def merge(parts: Iterable[dict[str, bytes]]) -> dict[str, bytes]:
    """All files in one map; engines may share runtime files, and then mean the same bytes."""
    merged: dict[str, bytes] = {}
    for part in parts:
        for path, data in part.items():
            if merged.setdefault(path, data) != data:
                raise ValueError(f"two engines emit different files as {path}")
    return merged


def copies(folder: str) -> Iterator[tuple[str, bytes]]:
    """Every file of a folder such as web/scaffold that is no template, by its path below it."""
    root = resources.root("templates") / folder
    for file in sorted(root.rglob("*")):
        if file.is_file() and file.suffix != ".j2":
            yield file.relative_to(root).as_posix(), file.read_bytes()


def templates(folder: str, name: str, skipped: Collection[str]) -> Iterator[tuple[str, str]]:
    """Every template of a folder such as cortex_m/generated, and the path of its output.

    That is the template's own below the folder, where __name__ stands for the project's name and
    dot_ for a leading dot. ``skipped`` are paths of templates, without .j2, or of folders, with a
    slash at their end.
    """
    root = resources.root("templates")
    for file in sorted((root / folder).rglob("*.j2")):
        path = file.relative_to(root / folder).as_posix().removesuffix(".j2")
        if path not in skipped and not any(
            path.startswith(each) for each in skipped if each.endswith("/")
        ):
            # __init__ and the like are not __name__: only that word is replaced.
            output = re.sub(r"(^|/)dot_", r"\1.", path.replace("__name__", name))
            yield file.relative_to(root).as_posix(), output
