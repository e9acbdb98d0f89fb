"""Generated files against what stands in a tree: which are missing, changed, ours, or somebody's.

`plan` compares and touches nothing; `write` compares and then makes it so, all or nothing.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from enum import StrEnum
from pathlib import Path

from attrs import evolve

from nixgen.errors import NixgenError
from nixgen.files import folder as tree
from nixgen.files import header, paths
from nixgen.files.folder import Change, Found, Tree
from nixgen.files.rendered import (
    Files,
    FileValue,
    Region,
    Regions,
    Rendered,
    TextFile,
    WholeFile,
    render,
)
from nixgen.frozen import frozen

__all__ = ["File", "FileValue", "Files", "Plan", "Region", "State", "TextFile", "plan", "write"]


_RESOLVE = "resolve by `nixgen write`"


class State(StrEnum):
    """How a file in the tree stands to what is generated."""

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
        state: How it stands now.
        reason: More about the state; empty when the state says all.
        found: What stands there now; None when nothing does.
        data: What is generated; None for what is left over or skipped.
        kept: Where a copy of what a person wrote goes, relative to the root; empty without such.
        keep: Whether that copy is yet to be made.
    """

    path: str
    state: State
    reason: str = ""
    found: Found | None = None
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

    def having(self, *states: State) -> tuple[File, ...]:
        """Return the files in any of these states."""
        return tuple(file for file in self.files if file.state in states)

    @property
    def drift(self) -> tuple[File, ...]:
        """Every file that is not as it is generated."""
        return tuple(
            file for file in self.files if file.state not in (State.UNCHANGED, State.SKIPPED)
        )


def _silent(_message: str) -> None:
    pass


def plan(
    files: Files | Rendered,
    root: str | Path,
    source: str,
    *,
    adopt: Collection[str] = (),
    notify: Callable[[str], None] = _silent,
) -> Plan:
    """Compare what is generated with what stands in a tree. Nothing is changed.

    Args:
        files: What goes where: paths relative to the root, and for each a Nix value, a `TextFile`,
            a `Region` or a tuple of regions; or all of it as `render` returned it.
        root: The folder that the files go into; it may be missing.
        source: Where they come from, such as `main:fleet`. What is left over is told by it.
        adopt: Paths of files to take over though nixgen did not generate them, or of folders that
            hold such files.
        notify: Called with a message when another run holds the lock.

    Raises:
        NixgenError: When a path or value cannot be written, or something in the tree is in the way.
    """
    outputs = _rendered(files, source, adopt)
    with tree.opened(Path(root).absolute(), notify=notify) as here:
        return _compared(outputs, here, source, adopt, here.search())


def write(
    files: Files | Rendered,
    root: str | Path,
    source: str,
    *,
    adopt: Collection[str] = (),
    notify: Callable[[str], None] = _silent,
) -> Plan:
    """Make a tree hold what is generated: every file, or, when anything fails, none.

    Takes what `plan` takes. What a person wrote is never lost: the version of a file edited by hand
    or taken over is kept beside it, with `.orig` after its name.

    Returns:
        The plan that was carried out, with the states as they were before.

    Raises:
        NixgenError: As `plan`, and when nixgen did not generate a file in the way, or one cannot be
            written. Nothing is changed then.
        nixgen.files.interruption.Interrupted: When a signal asked to end meanwhile; it says
            whether all is as before or every file is written.
    """
    outputs = _rendered(files, source, adopt)
    with tree.opened(Path(root).absolute(), change=True, notify=notify) as here:
        names = here.search()
        if any(paths.is_temporary(name) for name in names):
            from nixgen.files.transaction import clean

            clean(here, names, header.is_whole)
            names = here.search()
        carried_out = _compared(outputs, here, source, adopt, names)
        if foreign := carried_out.having(State.FOREIGN):
            raise NixgenError(_refusal(foreign))
        if changes := [change for file in carried_out.drift for change in _changes(file)]:
            for copy in here.replace(changes):
                notify(f"kept {copy}: what somebody saved meanwhile")
        return carried_out


def _rendered(files: Files | Rendered, source: str, adopt: Collection[str]) -> Rendered:
    outputs = files if isinstance(files, tuple) else render(files, source)
    for path in adopt:
        if not any(_is_within(output.path, path) for output in outputs):
            raise NixgenError(f"cannot adopt {path}: {source} generates no such file")
    return outputs


def _refusal(foreign: Sequence[File]) -> str:
    from shlex import join

    option = join(["--adopt", foreign[0].path])
    return "\n".join(
        (
            *(f"{file.path}: {file.reason}" for file in foreign),
            "nothing was written. nixgen diff shows what would be replaced: when all of it is "
            f"described, take it over, one at a time, with {option} (a copy of what a person wrote "
            "is kept); or move it away",
        )
    )


def _changes(file: File) -> Iterator[Change]:
    if file.keep and file.found:
        yield Change(file.kept, file.found.data, found=None, like=file.found)
    yield Change(file.path, file.data, found=file.found, like=file.found)


def _compared(
    outputs: Sequence[WholeFile | Regions],
    here: Tree,
    source: str,
    adopt: Collection[str],
    names: Sequence[str],
) -> Plan:
    wanted = {output.path for output in outputs}
    files = [_compare(output, here, source, adopt) for output in outputs]
    left_over = [
        file for name in names if name not in wanted for file in _left_over(name, here, source)
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


def _compare(output: WholeFile | Regions, here: Tree, source: str, adopt: Collection[str]) -> File:
    found = here.read(output.path)
    if isinstance(output, Regions):
        return _compare_conflict(output, found, here)
    path, data = output.path, output.data
    if found is None:
        return File(path, State.MISSING, data=data)
    if found.data == data:
        return File(path, State.UNCHANGED, found=found, data=data)
    if header.normal(found.data) == data:
        return File(path, State.DIFFERS, "line endings", found, data)
    texts = header.sides(found.data)
    merged = texts != (found.data,)
    headers = [header.read_header(text) for text in texts]
    ours = next((each for each in headers if each is None or each.source != source), headers[0])
    reason = ""
    if ours is None or ours.source != source:
        reason = (
            f"generated from {ours.source}, not {source}" if ours else "nixgen did not generate it"
        )
        if not any(_is_within(path, each) for each in adopt):
            return File(path, State.FOREIGN, reason, found, data)
    state = State.EDITED if ours else State.DIFFERS
    if merged:
        state, reason = State.CONFLICT, _RESOLVE
    if all(map(header.is_whole, texts)) or (
        merged and ours and all(header.has_body(text, data) for text in texts)
    ):
        state = State.DIFFERS if state is State.EDITED else state
        return File(path, state, reason, found, data)
    return _keeping(File(path, state, reason, found, data), found, here)


def _compare_conflict(output: Regions, found: Found | None, here: Tree) -> File:
    """Compare regions with what stands in a file that may hold conflict markers."""
    from nixgen.files import region

    conflicts = header.conflicts(found.data) if found else []
    for conflict in conflicts:
        if marker := region.marker_in(conflict.text):
            raise NixgenError(
                f"{output.path}:{conflict.line}: conflict markers around '{marker}'; "
                "resolve them, then run `nixgen write`"
            )
    file = _compare_regions(output, found, here)
    if file.data and len(header.conflicts(file.data)) < len(conflicts):
        return evolve(file, state=State.CONFLICT, reason=f"{file.reason}; {_RESOLVE}")
    return file


def _compare_regions(output: Regions, found: Found | None, here: Tree) -> File:
    from nixgen.files import region

    names = [each.name for each, _ in output.contents]
    if found is None:
        others = "".join(dict.fromkeys(each.alternative for each, _ in output.contents))
        markers = ", ".join(
            f"'{marker(name)}'" for name in names for marker in (region.begin, region.end)
        )
        reason = f"no such file; a region needs the lines {markers}{others}"
        return File(output.path, State.SKIPPED, reason)
    data, edited = found.data, False
    for each, text in output.contents:
        span = region.find(data, each.name, output.path, each.place + each.alternative)
        filled = region.filled(data, span, text)
        before = data[span.start : span.end]
        edited |= filled != data and not header.is_region_as_generated(before, text)
        data = filled
    region.refuse_misfits(output.path, found.data, data, [each for each, _ in output.contents])
    if data == found.data:
        return File(output.path, State.UNCHANGED, found=found, data=data)
    reason = f"region {', '.join(names)}"
    if edited:
        return _keeping(File(output.path, State.EDITED, reason, found, data), found, here)
    return File(output.path, State.DIFFERS, reason, found, data)


def _left_over(path: str, here: Tree, source: str) -> list[File]:
    """Return a file that an earlier run generated from this source, if it is one."""
    if paths.is_temporary(path) or paths.original(path):
        return []
    if not _is_ours(here.head(path, header.LONGEST), path, source):
        return []
    found = here.read(path)
    if found is None:
        return []
    texts = header.sides(found.data)
    reason = f"{State.CONFLICT}; {_RESOLVE}" if texts != (found.data,) else ""
    if all(map(header.is_whole, texts)):
        return [File(path, State.LEFT_OVER, reason, found)]
    if not reason:
        ours = header.read_header(found.data)
        reason = "edited by hand" if ours and ours.digest else "its header is damaged"
    return [_keeping(File(path, State.LEFT_OVER, reason, found), found, here)]


def _is_ours(head: bytes, path: str, source: str) -> bool:
    """Tell by its first bytes whether a file was generated from this source for this path.

    A copy elsewhere, such as a fixture or what somebody started from, is theirs. A header that no
    longer says where it belongs is taken to be at home.
    """
    headers = map(header.read_header, header.sides(head))
    return any(ours is not None and ours.source == source and ours.is_for(path) for ours in headers)


def _keeping(file: File, found: Found, here: Tree) -> File:
    """Say where a copy of a person's version goes: beside it, over nothing that is there."""
    for kept in paths.copies(file.path):
        there = here.read(kept)
        if there is None or there.data == found.data:
            return evolve(file, kept=kept, keep=there is None)
    raise AssertionError  # there is no end of names
