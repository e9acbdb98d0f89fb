"""What each `nixgen` command does and prints: its arguments in, its exit status out."""

import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from nixgen.errors import NixgenError
from nixgen.files.load import load
from nixgen.files.plan import File, Plan, Status, plan
from nixgen.files.rendered import Rendered, WholeFile
from nixgen.files.settings import read_settings


def _write(given: Namespace) -> int:
    """Write, and say what else people wrote that is now generated.

    That is looked for when a file is new, is taken over or is in the way, and in no other run: a
    hook runs this at each commit, where nearly always nothing is.
    """
    from nixgen.files.write import ForeignFilesError, write  # the other commands write nothing

    source, root, files = _load(given)
    adopt = [_in_root(path, root) for path in given.adopt]
    try:
        done = write(files, root, source, adopt=adopt, notify=_notify)
    except ForeignFilesError as error:
        raise NixgenError(_explain(error.files, files, root)) from error
    if not given.quiet:
        for file in done.files:
            if file.keep:
                print(f"kept {file.kept}: what {file.path} held")
            if file.status not in (Status.SKIPPED, Status.UNCHANGED):
                print(f"{_done(file)} {file.path}")
        _print_skipped(done)
        _print_copies(done)
        print(_summary(done))
        if done.with_status(Status.MISSING) or (given.adopt and done.drift):
            for line in _spare(files, root):
                print(line)
    return 1 if given.exit_code and done.drift else 0


def _check(given: Namespace) -> int:
    plan = _plan(given)
    if not given.quiet:
        for file in plan.drift:
            print(f"{file.path}: {_describe(file)}")
        _print_skipped(plan)
        _print_copies(plan)
        print(_verdict(plan, given))
    return 1 if plan.drift else 0


def _diff(given: Namespace) -> int:
    plan = _plan(given)
    if plan.drift:
        from nixgen.files.difference import difference

        meanings = _meanings(plan.with_status(Status.FOREIGN))
        for file in plan.drift:
            sys.stdout.buffer.write(meanings.get(file.path, b"") + difference(file))
    return 1 if plan.drift else 0


def _meanings(foreign: Sequence[File]) -> dict[str, bytes]:
    """Return what differs in meaning in each file that is in the way, as comments in a diff."""
    if not foreign:
        return {}
    from nixgen.files.meaning import report

    found = report.verdicts(foreign)
    if found is None:
        return {foreign[0].path: f"# {report.NO_NIX}\n".encode()}
    return {path: report.comments(path, verdict) for path, verdict in found.items()}


def _explain(foreign: Sequence[File], files: Rendered, root: Path) -> str:
    """Return why nothing was written, with what differs in meaning in each file in the way."""
    from nixgen.files.meaning import report
    from nixgen.files.write import refusal

    found = report.verdicts(foreign)
    if found is None:
        return f"{refusal(foreign, {})}\n{report.NO_NIX}"
    said = {path: report.lines(verdict, report.MOST) for path, verdict in found.items()}
    return "\n".join((refusal(foreign, said), *_spare(files, root)))


def _spare(files: Rendered, root: Path) -> list[str]:
    """Return a line about each file that a person wrote and that says nothing new."""
    from nixgen.files.folder import open_folder
    from nixgen.files.meaning import nix, report, spare

    generated = {file.path: file.data for file in files if isinstance(file, WholeFile)}
    program, tops = nix.find(), tuple(spare.folders(generated))
    others: dict[str, bytes] = {}
    with open_folder(root.absolute(), notify=_notify) as here:
        names = [name for name in here.search() if name.endswith(".nix") and name not in generated]
        if program and any(name.startswith(tops) for name in names):
            heads = ((name, here.head(name, spare.LARGEST)) for name in names)
            others = {name: head for name, head in heads if len(head) < spare.LARGEST}
    return report.hints(spare.find_spare(program, generated, others)) if program and others else []


def _list(given: Namespace) -> int:
    _, _, files = _load(given)
    for file in files:
        print(file.path)
    return 0


def _version(_given: Namespace) -> int:
    from importlib.metadata import PackageNotFoundError, version

    try:
        print(f"nixgen {version('infra-lib')}")
    except PackageNotFoundError as error:
        raise NixgenError("nixgen runs from a folder that is not installed: no version") from error
    return 0


def _plan(given: Namespace) -> Plan:
    source, root, files = _load(given)
    return plan(files, root, source, notify=_notify)


def _load(given: Namespace) -> tuple[str, Path, Rendered]:
    """Return the source, the root and what the source wants written, rendered."""
    here = Path.cwd()
    settings = read_settings(here)
    source = given.source or settings.source
    if not source:
        raise NixgenError(
            "no source: name one, such as 'nixgen write main:fleet', or set it in pyproject.toml: "
            '[tool.nixgen] source = "main:fleet"'
        )
    root = here / given.root if given.root else settings.root
    return source, root, load(source, settings.project)


def _in_root(path: str, root: Path) -> str:
    """Return a path as it is listed, given like that or from the working directory."""
    listed = Path(path)
    if listed.is_absolute() or not (root / listed).exists():
        here, inside = listed.resolve(), root.resolve()
        listed = here.relative_to(inside) if here.is_relative_to(inside) else listed
    return listed.as_posix()


def _print_skipped(plan: Plan) -> None:
    """Say why files are skipped, when some are new; where all is settled, that was said before."""
    if plan.with_status(Status.MISSING) or not any(file.found for file in plan.files):
        for file in plan.with_status(Status.SKIPPED):
            print(f"skipped {file.path}: {file.reason}")


def _print_copies(plan: Plan) -> None:
    """Say which copies an earlier run kept, so that nobody forgets them."""
    if plan.copies:
        print(f"kept earlier: {', '.join(plan.copies)}")


def _done(file: File) -> str:
    if file.data is None:
        return "removed"
    return "changed" if file.found else "created"


def _summary(plan: Plan) -> str:
    untouched = {Status.SKIPPED: "skipped", Status.UNCHANGED: "unchanged"}
    outcomes = [untouched.get(file.status) or _done(file) for file in plan.files]
    counts = [
        f"{outcomes.count(outcome)} {outcome}"
        for outcome in ("created", "changed", "removed", "skipped", "unchanged")
        if outcome in outcomes
    ]
    return f"{_count(plan)}: {', '.join(counts)}" if counts else _count(plan)


def _describe(file: File) -> str:
    reason = f" ({file.reason})" if file.reason else ""
    kept = f"; write keeps what it holds as {file.kept}" if file.keep else ""
    return f"{file.status}{reason}{kept}"


def _verdict(plan: Plan, given: Namespace) -> str:
    if not plan.drift:
        skipped = len(plan.with_status(Status.SKIPPED))
        return f"{_count(plan)} as generated{f', {skipped} of them skipped' if skipped else ''}"
    from shlex import join

    def command(name: str) -> str:
        source = [given.source] if given.source else []
        root = ["--root", given.root] if given.root else []
        return join(["nixgen", name, *source, *root])

    verdict = f"{len(plan.drift)} of {_count(plan)} not as generated; "
    foreign = [file.path for file in plan.with_status(Status.FOREIGN)]
    if not foreign:
        return f"{verdict}renew with: {command('write')}"
    return (
        f"{verdict}write would stop at what is not ours: {', '.join(foreign)}. Describe what it "
        f"holds until only what may go is left of it in: {command('diff')}; then take it over with "
        "write --adopt PATH, of the file or of its folder, or generate no such file"
    )


def _count(plan: Plan) -> str:
    return "1 file" if len(plan.files) == 1 else f"{len(plan.files)} files"


def _notify(message: str) -> None:
    print(f"nixgen: {message}", file=sys.stderr, flush=True)


COMMANDS: Final[dict[str, Callable[[Namespace], int]]] = {
    "write": _write,
    "check": _check,
    "diff": _diff,
    "list": _list,
    "version": _version,
}
