"""Generated files against what stands in a folder: which are missing, changed, ours, or somebody's.

Nothing is changed here; `nixgen.files.write` does that.
"""

from collections.abc import Callable, Collection, Sequence
from enum import StrEnum
from pathlib import Path

from attrs import evolve

from nixgen.errors import NixgenError
from nixgen.files import conflict, header, label, paths, region
from nixgen.files.folder import ExistingFile, Folder, open_folder
from nixgen.files.rendered import Regions, Rendered, WholeFile, render
from nixgen.files.values import Files
from nixgen.frozen import frozen

_RESOLVE = "resolve by `nixgen write`"


class Status(StrEnum):
    """How a file in the folder stands to what is generated."""

    UNCHANGED = "unchanged"
    MISSING = "missing"
    DIFFERS = "differs"
    CONFLICT = "conflict markers"
    EDITED = "edited by hand"
    LEFT_OVER = "left over"
    FOREIGN = "not ours"
    SKIPPED = "skipped"


@frozen
class File:
    """One file of a plan.

    Attributes:
        path: Relative to the root, with slashes.
        status: How it stands now.
        reason: More about the status; empty when the status says all.
        found: What stands there now; None when nothing does.
        data: What is generated; None for what is left over or skipped.
        kept: Where a copy of what a person wrote goes, relative to the root; empty without such.
        keep: Whether that copy is yet to be made.
    """

    path: str
    status: Status
    reason: str = ""
    found: ExistingFile | None = None
    data: bytes | None = None
    kept: str = ""
    keep: bool = False


@frozen
class Plan:
    """What a write would do, or has done.

    Attributes:
        source: Where the files come from, such as `main:fleet`.
        root: The folder that they go into, absolute.
        files: Each file: those of the source in its order, then what is left over, by path.
        copies: Paths of copies of what people wrote that earlier runs kept, and that still lie
            there. They are no drift.
    """

    source: str
    root: Path
    files: tuple[File, ...]
    copies: tuple[str, ...] = ()

    def with_status(self, *statuses: Status) -> tuple[File, ...]:
        """Return the files with any of these statuses."""
        return tuple(file for file in self.files if file.status in statuses)

    @property
    def drift(self) -> tuple[File, ...]:
        """Every file that is not as it is generated."""
        return tuple(
            file for file in self.files if file.status not in (Status.UNCHANGED, Status.SKIPPED)
        )


def plan(
    files: Files | Rendered,
    root: str | Path,
    source: str,
    *,
    adopt: Collection[str] = (),
    notify: Callable[[str], None] = lambda _: None,
) -> Plan:
    """Compare what is generated with what stands in a folder. Nothing is changed.

    Args:
        files: What goes where: paths relative to the root, and for each a Nix value, a `TextFile`,
            a `Region` or a tuple of regions; or all of it as `render` returned it.
        root: The folder that the files go into; it may be missing.
        source: Where they come from, such as `main:fleet`. What is left over is told by it.
        adopt: Paths of files to take over though nixgen did not generate them, or of folders that
            hold such files.
        notify: Called with a message when another run holds the lock.

    Raises:
        NixgenError: When a path or value cannot be written, or something in the folder is in the
            way.
    """
    rendered = render_all(files, source, adopt)
    with open_folder(Path(root).absolute(), notify=notify) as here:
        return compare(rendered, here, source, adopt, here.search())


def render_all(files: Files | Rendered, source: str, adopt: Collection[str]) -> Rendered:
    """Return what goes into the folder, rendered.

    Raises:
        NixgenError: When a path or value cannot be written, or `adopt` names no generated file.
    """
    rendered = files if isinstance(files, tuple) else render(files, source)
    for path in adopt:
        if not any(_is_within(file.path, path) for file in rendered):
            raise NixgenError(f"cannot adopt {path}: {source} generates no such file")
    return rendered


def compare(
    rendered: Sequence[WholeFile | Regions],
    here: Folder,
    source: str,
    adopt: Collection[str],
    names: Sequence[str],
) -> Plan:
    """Compare what is rendered with an open folder.

    Args:
        rendered: What goes into it.
        here: The folder.
        source: Where the files come from.
        adopt: What to take over, as `plan` takes it.
        names: What a search of the folder found.

    Raises:
        NixgenError: When something in the folder is in the way.
    """
    wanted = {file.path for file in rendered}
    files = [_compare_file(file, here, source, adopt) for file in rendered]
    left_over = [
        file for name in names if name not in wanted for file in _find_left_over(name, here, source)
    ]
    # Where file names ignore case, an old spelling names the very file that is to be written.
    ours = {file.found.identity for file in files if file.found}
    files += (file for file in left_over if file.found and file.found.identity not in ours)
    copies = (
        name
        for name in names
        if (original := paths.original(name))
        and (original in wanted or _is_ours(here.head(name, header.LONGEST), original, source))
    )
    return Plan(source, here.root, tuple(files), tuple(copies))


def _is_within(path: str, folder: str) -> bool:
    return folder == "." or path == folder or path.startswith(f"{folder}/")


def _compare_file(
    rendered: WholeFile | Regions, here: Folder, source: str, adopt: Collection[str]
) -> File:
    found = here.read(rendered.path)
    if isinstance(rendered, Regions):
        return _compare_conflict(rendered, found, here)
    path, data = rendered.path, rendered.data
    if found is None:
        return File(path, Status.MISSING, data=data)
    if found.data == data:
        return File(path, Status.UNCHANGED, found=found, data=data)
    if header.normalize(found.data) == data:
        return File(path, Status.DIFFERS, "line endings", found, data)
    texts = conflict.split_sides(found.data)
    merged = texts != (found.data,)
    headers = [header.read_header(text) for text in texts]
    ours = next((each for each in headers if each is None or each.source != source), headers[0])
    reason = ""
    if ours is None or ours.source != source:
        reason = (
            f"generated from {ours.source}, not {source}" if ours else "nixgen did not generate it"
        )
        if not any(_is_within(path, each) for each in adopt):
            return File(path, Status.FOREIGN, reason, found, data)
    status = Status.EDITED if ours else Status.DIFFERS
    if merged:
        status, reason = Status.CONFLICT, _RESOLVE
    if all(map(header.is_whole, texts)) or (
        merged and ours and all(header.has_body(text, data) for text in texts)
    ):
        status = Status.DIFFERS if status is Status.EDITED else status
        return File(path, status, reason, found, data)
    return _plan_copy(File(path, status, reason, found, data), found, here)


def _compare_conflict(rendered: Regions, found: ExistingFile | None, here: Folder) -> File:
    """Compare regions with what stands in a file that may hold conflict markers."""
    conflicts = conflict.find_conflicts(found.data) if found else []
    for each in conflicts:
        if marker := region.find_marker(each.text):
            raise NixgenError(
                f"{rendered.path}:{each.line}: conflict markers around '{marker}'; "
                "resolve them, then run `nixgen write`"
            )
    file = _compare_regions(rendered, found, here)
    if file.data and len(conflict.find_conflicts(file.data)) < len(conflicts):
        return evolve(file, status=Status.CONFLICT, reason=f"{file.reason}; {_RESOLVE}")
    return file


def _compare_regions(rendered: Regions, found: ExistingFile | None, here: Folder) -> File:
    from nixgen.files.region_fit import refuse_misfits  # which few files need

    names = [each.name for each, _ in rendered.contents]
    if found is None:
        others = "".join(dict.fromkeys(each.alternative for each, _ in rendered.contents))
        markers = ", ".join(
            f"'{marker(name)}'"
            for name in names
            for marker in (region.begin_marker, region.end_marker)
        )
        reason = f"no such file; a region needs the lines {markers}{others}"
        return File(rendered.path, Status.SKIPPED, reason)
    data, edited = found.data, False
    for each, text in rendered.contents:
        span = region.find(data, each.name, rendered.path, each.place + each.alternative)
        filled = region.fill(data, span, text)
        before = data[span.start : span.end]
        edited |= filled != data and not label.is_region_as_generated(before, text)
        data = filled
    refuse_misfits(rendered.path, found.data, data, [each for each, _ in rendered.contents])
    if data == found.data:
        return File(rendered.path, Status.UNCHANGED, found=found, data=data)
    reason = f"region {', '.join(names)}"
    if edited:
        return _plan_copy(File(rendered.path, Status.EDITED, reason, found, data), found, here)
    return File(rendered.path, Status.DIFFERS, reason, found, data)


def _find_left_over(path: str, here: Folder, source: str) -> list[File]:
    """Return a file that an earlier run generated from this source, if it is one."""
    if paths.is_temporary(path) or paths.original(path):
        return []
    if not _is_ours(here.head(path, header.LONGEST), path, source):
        return []
    found = here.read(path)
    if found is None:
        return []
    texts = conflict.split_sides(found.data)
    reason = f"{Status.CONFLICT}; {_RESOLVE}" if texts != (found.data,) else ""
    if all(map(header.is_whole, texts)):
        return [File(path, Status.LEFT_OVER, reason, found)]
    if not reason:
        ours = header.read_header(found.data)
        reason = "edited by hand" if ours and ours.digest else "its header is damaged"
    return [_plan_copy(File(path, Status.LEFT_OVER, reason, found), found, here)]


def _is_ours(head: bytes, path: str, source: str) -> bool:
    """Tell by its first bytes whether a file was generated from this source for this path.

    A copy elsewhere, such as a fixture or what somebody started from, is theirs. A header that no
    longer says where it belongs is taken to be at home.
    """
    headers = map(header.read_header, conflict.split_sides(head))
    return any(ours is not None and ours.source == source and ours.is_for(path) for ours in headers)


def _plan_copy(file: File, found: ExistingFile, here: Folder) -> File:
    """Say where a copy of a person's version goes: beside it, over nothing that is there."""
    for kept in paths.copies(file.path):
        there = here.read(kept)
        if there is None or there.data == found.data:
            return evolve(file, kept=kept, keep=there is None)
    raise AssertionError  # there is no end of names
