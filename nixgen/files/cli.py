"""The `nixgen` command."""

import gc
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from pathlib import Path
from typing import TYPE_CHECKING

from nixgen.command import PLAIN, ended
from nixgen.errors import NixgenError
from nixgen.files.apart import python_first

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nixgen.files.plan import File, Plan
    from nixgen.files.rendered import Rendered

_SUMMARY = "Generate Nix files from Python, and see that they stay as generated."
_DETAILS = """\
SOURCE is module:attribute: an object with nix_files(), a mapping of paths to values, or a
callable that returns either. SOURCE and --root default to what the nearest pyproject.toml says:

    [tool.nixgen]
    source = "main:fleet"
    root = "."

Exit status: 0 fine; 1 when check, diff or write --exit-code found a difference; 2 bad input,
and then nothing was changed. NIXGEN_DEBUG=1 shows tracebacks."""


def main(arguments: "Sequence[str] | None" = None) -> int:
    """Run the command.

    Args:
        arguments: What follows the command's name; those of the process by default.

    Returns:
        The exit status: 0 fine, 1 a difference was found, 2 bad input and nothing was changed.
    """
    if arguments is not None:
        return _run(arguments)
    python_first()
    # The process ends with the command: to look for garbage, now or on the way out, gains nothing.
    gc.disable()
    try:
        return _run(None)
    finally:
        gc.freeze()


def _run(arguments: "Sequence[str] | None") -> int:
    def run() -> int:
        given = _parser().parse_args(arguments)
        status: int = given.run(given)
        return status

    return ended(run, "nixgen", (NixgenError, OSError))


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="nixgen",
        description=_SUMMARY,
        epilog=_DETAILS,
        formatter_class=_formatter,
        **PLAIN,
    )
    parser.add_argument(
        "--version", action="store_const", const=_version, dest="run", help="print the version"
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def command(name: str, run: "Callable[[Namespace], int]", text: str) -> ArgumentParser:
        description = f"{text[0].upper()}{text[1:]}."
        added = commands.add_parser(
            name, help=text, description=description, formatter_class=_formatter, **PLAIN
        )
        added.add_argument(
            "source", nargs="?", metavar="SOURCE", help="what generates the files: main:fleet"
        )
        added.add_argument(
            "--root", type=_path, metavar="DIR", help="the folder that the files go into"
        )
        added.set_defaults(run=run)
        return added

    write = command("write", _write, "write what changed and remove what is no longer generated")
    write.add_argument(
        "--adopt",
        action="append",
        type=_path,
        default=[],
        metavar="PATH",
        help="take over a file that is not from SOURCE, or all such in a folder; what a person "
        "wrote is kept as PATH.orig",
    )
    write.add_argument(
        "--exit-code", action="store_true", help="exit with 1 when anything was changed"
    )
    check = command("check", _check, "exit with 1 when a file is not as generated, and say why")
    for printing in (write, check):
        printing.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")
    command("diff", _diff, "show what write would change; exit with 1 when there is anything")
    command("list", _list, "print the paths of the generated files, relative to the root")
    parser.set_defaults(run=lambda _: parser.error("give a command: write, check, diff or list"))
    return parser


def _path(text: str) -> str:
    # An unset variable of a shell must not stand for the whole root.
    if not text:
        raise ArgumentTypeError("a path is wanted, got ''")
    return text


def _formatter(prog: str) -> RawDescriptionHelpFormatter:
    # Unless told a width, argparse loads shutil for each argument, to ask the terminal.
    return RawDescriptionHelpFormatter(prog, width=96)


def _write(given: Namespace) -> int:
    from nixgen.files.plan import State, write

    source, root, files = _loaded(given)
    adopt = [_in_root(path, root) for path in given.adopt]
    done = write(files, root, source, adopt=adopt, notify=_notify)
    if not given.quiet:
        for file in done.files:
            if file.keep:
                print(f"kept {file.kept}: what {file.path} held")
            if file.state not in (State.SKIPPED, State.UNCHANGED):
                print(f"{_done(file)} {file.path}")
        _print_skipped(done)
        _print_copies(done)
        print(_summary(done))
    return 1 if given.exit_code and done.drift else 0


def _check(given: Namespace) -> int:
    plan = _planned(given)
    if not given.quiet:
        for file in plan.drift:
            print(f"{file.path}: {_described(file)}")
        _print_skipped(plan)
        _print_copies(plan)
        print(_verdict(plan, given))
    return 1 if plan.drift else 0


def _diff(given: Namespace) -> int:
    plan = _planned(given)
    if plan.drift:
        from nixgen.files.difference import difference

        for file in plan.drift:
            sys.stdout.buffer.write(difference(file))
    return 1 if plan.drift else 0


def _list(given: Namespace) -> int:
    _, _, outputs = _loaded(given)
    for output in outputs:
        print(output.path)
    return 0


def _version(_given: Namespace) -> int:
    from importlib.metadata import PackageNotFoundError, version

    try:
        print(f"nixgen {version('infra-lib')}")
    except PackageNotFoundError as error:
        raise NixgenError("nixgen runs from a folder that is not installed: no version") from error
    return 0


def _planned(given: Namespace) -> "Plan":
    from nixgen.files.plan import plan

    source, root, files = _loaded(given)
    return plan(files, root, source, notify=_notify)


def _loaded(given: Namespace) -> "tuple[str, Path, Rendered]":
    """Return the source, the root and what the source wants written, rendered."""
    from nixgen.files.settings import read_settings
    from nixgen.files.source import load

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


def _print_skipped(plan: "Plan") -> None:
    """Say why files are skipped, when some are new; where all is settled, that was said before."""
    from nixgen.files.plan import State

    if plan.having(State.MISSING) or not any(file.found for file in plan.files):
        for file in plan.having(State.SKIPPED):
            print(f"skipped {file.path}: {file.reason}")


def _print_copies(plan: "Plan") -> None:
    """Say which copies an earlier run kept, so that nobody forgets them."""
    if plan.copies:
        print(f"kept earlier: {', '.join(plan.copies)}")


def _done(file: "File") -> str:
    if file.data is None:
        return "removed"
    return "changed" if file.found else "created"


def _summary(plan: "Plan") -> str:
    from nixgen.files.plan import State

    untouched = {State.SKIPPED: "skipped", State.UNCHANGED: "unchanged"}
    outcomes = [untouched.get(file.state) or _done(file) for file in plan.files]
    counts = [
        f"{outcomes.count(outcome)} {outcome}"
        for outcome in ("created", "changed", "removed", "skipped", "unchanged")
        if outcome in outcomes
    ]
    return f"{_counted(plan)}: {', '.join(counts)}" if counts else _counted(plan)


def _described(file: "File") -> str:
    reason = f" ({file.reason})" if file.reason else ""
    kept = f"; write keeps what it holds as {file.kept}" if file.keep else ""
    return f"{file.state}{reason}{kept}"


def _verdict(plan: "Plan", given: Namespace) -> str:
    from nixgen.files.plan import State

    if not plan.drift:
        skipped = len(plan.having(State.SKIPPED))
        return f"{_counted(plan)} as generated{f', {skipped} of them skipped' if skipped else ''}"
    from shlex import join

    def command(name: str) -> str:
        source = [given.source] if given.source else []
        root = ["--root", given.root] if given.root else []
        return join(["nixgen", name, *source, *root])

    verdict = f"{len(plan.drift)} of {_counted(plan)} not as generated; "
    foreign = [file.path for file in plan.having(State.FOREIGN)]
    if not foreign:
        return f"{verdict}renew with: {command('write')}"
    return (
        f"{verdict}write would stop at what is not ours: {', '.join(foreign)}. Describe what it "
        f"holds until only what may go is left of it in: {command('diff')}; then take it over with "
        "write --adopt PATH, or generate no such file"
    )


def _counted(plan: "Plan") -> str:
    return "1 file" if len(plan.files) == 1 else f"{len(plan.files)} files"


def _notify(message: str) -> None:
    print(f"nixgen: {message}", file=sys.stderr, flush=True)
