"""What each `nixgen` command does and prints: its arguments in, its exit status out."""

import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Final

from nixgen.errors import NixgenError
from nixgen.files.load import load
from nixgen.files.plan import File, Plan, Status, plan
from nixgen.files.rendered import Rendered
from nixgen.files.settings import read_settings


def _write(given: Namespace) -> int:
    from nixgen.files.write import write  # the other commands write nothing

    source, root, files = _load(given)
    adopt = [_in_root(path, root) for path in given.adopt]
    done = write(files, root, source, adopt=adopt, notify=_notify)
    if not given.quiet:
        for file in done.files:
            if file.keep:
                print(f"kept {file.kept}: what {file.path} held")
            if file.status not in (Status.SKIPPED, Status.UNCHANGED):
                print(f"{_done(file)} {file.path}")
        _print_skipped(done)
        _print_copies(done)
        print(_summary(done))
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

        for file in plan.drift:
            sys.stdout.buffer.write(difference(file))
    return 1 if plan.drift else 0


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
