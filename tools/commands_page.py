"""Write docs/commands.md, a page of every command of `infra`, made of the parsers themselves."""

from argparse import SUPPRESS, Action, ArgumentParser, _SubParsersAction
from collections.abc import Iterator
from pathlib import Path

from infra_lib.commands.cli import COMMANDS, parser_for
from infra_lib.commands.topics import TOPICS

PAGE = Path(__file__).parents[1] / "docs" / "commands.md"

_HEAD = """\
# The commands

`infra COMMAND` and what each takes. This page is made of the parsers by `tools/commands_page.py`;
`infra help COMMAND` and `infra help TOPIC` say the same in a terminal. Each command takes `-q`
(`--quiet`: what was asked for and errors, and nothing else), `-v` (`--verbose`: the commands that
are run, too) and `-h` (`--help`) as well.
"""
_EVERYWHERE = {"help", "quiet", "verbose"}


def page() -> str:
    """Return the text of the page."""
    parts = [_HEAD]
    for name in COMMANDS:
        parts += _command(name, _parser(parser_for((name,)), name))
    parts.append("# Topics\n")
    for name, (about, text) in TOPICS.items():
        parts.append(f"## {name}: {about}\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def _parser(parser: ArgumentParser, name: str) -> ArgumentParser:
    """Return the parser of a command of another parser."""
    [commands] = (each for each in parser._actions if isinstance(each, _SubParsersAction))
    found: ArgumentParser = commands.choices[name]
    return found


def _command(name: str, parser: ArgumentParser) -> Iterator[str]:
    yield f"## infra {name}\n"
    yield f"{parser.description}\n"
    for action in parser._actions:
        if isinstance(action, _SubParsersAction):
            for below in action.choices:
                yield from _command(f"{name} {below}", _parser(parser, below))
            return
    lines = [
        _line(action, parser)
        for action in parser._actions
        if action.dest not in _EVERYWHERE and action.help != SUPPRESS
    ]
    if lines:
        yield "\n".join([*lines, ""])
    if parser.epilog:
        yield f"```text\n{parser.epilog.strip()}\n```\n"


def _line(action: Action, parser: ArgumentParser) -> str:
    help_text = parser._get_formatter()._expand_help(action)
    return f"- {_invocation(action)}: {help_text}"


def _invocation(action: Action) -> str:
    """Return how an argument is written: "`--by` *WHAT*"."""
    takes = "" if action.nargs == 0 else str(action.metavar or action.dest.upper())
    if action.choices is not None:
        takes = "{" + ",".join(map(str, action.choices)) + "}"
    form = {"?": "[{}]", "*": "[{} …]", "+": "{} …"}.get(str(action.nargs), "{}")
    words = form.format(takes) if takes else ""
    if not action.option_strings:
        return f"`{words}`"
    return ", ".join(f"`{f'{option} {words}'.strip()}`" for option in action.option_strings)


if __name__ == "__main__":
    PAGE.write_text(page())
