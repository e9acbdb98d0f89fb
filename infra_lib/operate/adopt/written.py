"""The files that describe a fleet: `fleet.py`, its facts, and what Terraform is to take over."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from itertools import chain, count
from typing import TYPE_CHECKING, Any

from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.model.machine import Machine
from infra_lib.operate.adopt.model_text import as_python, classes_in
from infra_lib.operate.adopt.python_text import (
    Call,
    Commented,
    Name,
    assignment,
    expression,
)
from infra_lib.operate.kinds import stack_class

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from infra_lib.operate.adopt.describe import Described
    from infra_lib.terraform.frameworks import Framework

FACTS = "facts.json"
IMPORTS = "imports.json"

# How often a value is said before it has a name, by the field that it stands in.
_OFTEN = {"location": 3, "tags": 3, "zone": 3}
_KEY = re.compile(r"(?:ssh|sk-ssh|ecdsa|sk-ecdsa)-\S+ \S+(?: (?P<comment>.*))?")

_BY_HAND = """\
# These run already, with NixOS configuration and disks of their own. To have that of one
# generated, take its name out here, and see `nixgen diff` before anything is deployed.
"""

_CLANS = (
    "modules/clan/machines.nix",
    "modules/nixos/nvidia.nix",
    "modules/checks/fleet.nix",
    "tests/fleet.nix",
)

_MAIN = '''

def main() -> None:
    """Synthesize the {stacks}."""
    from {framework.name} import App
    from {framework.stacks} import {classes}

{taken}    app = App()
{made}    app.synth()


if __name__ == "__main__":
    main()
'''

_TAKEN = """\
    # What runs is taken over by the first deployment, and none of it is made anew.{kept}
    imports = json.loads(Path(__file__).with_name("imports.json").read_text())
"""


def texts(described: Described, file: str, framework: Framework) -> dict[str, str]:
    """Return the files of a fleet: the name and the text.

    Args:
        described: The fleet.
        file: What the Python is called: "fleet.py".
        framework: What makes its stacks.
    """
    files = {file: fleet_text(described, framework)}
    facts = described.fields.get("facts")
    if facts is not None:
        files[FACTS] = facts.to_json()
    imports = {stack.name: dict(stack.imports) for stack in described.stacks if stack.imports}
    if imports:
        files[IMPORTS] = json.dumps(imports, indent=2, ensure_ascii=False) + "\n"
    return files


def fleet_text(described: Described, framework: Framework) -> str:
    """Return the Python that describes a fleet.

    Args:
        described: The fleet.
        framework: What makes its stacks.
    """
    fields = {name: value for name, value in described.fields.items() if name != "files"}
    shared = _shared(fields)
    arguments = _arguments(fields, described, shared)
    files = described.fields.get("files", {})
    if described.by_hand:
        arguments["files"] = Call("dict.fromkeys", ((None, Name("BY_HAND")),))
    elif files:
        arguments["files"] = dict(files)
    comments = {which: text for (name, which), text in described.comments.items() if not name}
    fleet = Call("Fleet", tuple(arguments.items()), comments)
    names = sorted({"Fleet", *_ours(fleet)}, key=str.lower)
    body = [
        *(assignment(name, value) for name, value in _constants(shared)),
        *([_by_hand(described, files)] if described.by_hand else []),
    ]
    has_main = bool(described.stacks)
    text = '"""The machines, described once: Terraform and Nix are written from this."""\n\n'
    imports = _imports(described, names, has_main=has_main)
    text += f"{imports}\n" if imports else ""
    text += _import(name for name in names if name != "Path")
    text += "".join(f"\n{each}" for each in body)
    text += f"\n{assignment('fleet', fleet)}"
    return text + (_main(described, framework) if has_main else "")


def _arguments(
    fields: Mapping[str, Any], described: Described, shared: Mapping[Any, str]
) -> dict[str, Any]:
    """Return the fleet's fields in the terms of `python_text`."""

    def comments(made: Any) -> Mapping[str, str]:
        name = made.name if isinstance(made, Machine) else ""
        for cloud in CLOUDS:
            if made is fields.get(cloud):
                name = cloud
        if not name:
            return {}
        return {which: text for (of, which), text in described.comments.items() if of == name}

    arguments: dict[str, Any] = {}
    for name, value in fields.items():
        if name == "facts":
            path = 'Path(__file__).with_name("facts.json")'
            arguments[name] = Call("Facts.load", ((None, Name(path)),))
            continue
        written = as_python(value, comments)
        if name == "machines":
            written = tuple(
                _machine(each, made, described) for each, made in zip(written, value, strict=True)
            )
        arguments[name] = _named(written, name, shared)
    return arguments


def _machine(call: Any, machine: Machine, described: Described) -> Any:
    comment = described.comments.get((machine.name, "machine"))
    return Commented(call, comment) if comment else call


def _shared(fields: Mapping[str, Any]) -> dict[Any, str]:
    """Return the values that have a name of their own, each with that."""
    counts: Counter[tuple[str, Any]] = Counter(_sharable(as_python(dict(fields)), ""))
    shared: dict[Any, str] = {}
    taken = {"BY_HAND", "Fleet"}
    for (which, value), number in counts.items():
        often = 2 if which == "key" else _OFTEN[which]
        if number < often or (which == "tags" and len(value) < 2):
            continue
        name = _constant(which, value)
        numbered = (f"{name}_{number}" for number in count(2))
        free = next(each for each in chain((name,), numbered) if each not in taken)
        taken.add(free)
        shared[value] = free
    return shared


def _sharable(value: Any, which: str) -> Iterator[tuple[str, Any]]:
    """Yield what may have a name of its own, as often as it is said."""
    if isinstance(value, str):
        if _KEY.fullmatch(value):
            yield "key", value
        elif which in ("location", "zone"):
            yield which, value
    elif isinstance(value, Call):
        for name, each in value.arguments:
            yield from _sharable(each, name or "")
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _sharable(each, "")
    elif isinstance(value, tuple | list):
        if which == "tags" and value and all(isinstance(each, str) for each in value):
            yield which, tuple(value)
        for each in value:
            yield from _sharable(each, which if which not in ("location", "zone") else "")


def _constant(which: str, value: Any) -> str:
    """Return what a shared value is called: "ADMIN_KEY", "US_CENTRAL1_B", "PEER_TAGS"."""
    if which == "key":
        found = _KEY.fullmatch(value)
        comment = (found["comment"] if found else None) or ""
        return f"{_words(comment.partition('@')[0]) or 'SSH'}_KEY"
    if which == "tags":
        return f"{_words('_'.join(value[-2:]))}_TAGS".lstrip("_")
    return _words(value) or "ZONE"


def _words(text: str) -> str:
    words = re.sub(r"[^A-Z0-9]+", "_", text.upper()[:40]).strip("_")
    return f"_{words}" if words[:1].isdigit() else words


def _named(value: Any, which: str, shared: Mapping[Any, str]) -> Any:
    """Return a value with what has a name of its own by that name."""
    if isinstance(value, str):
        named = which in ("location", "zone") or _KEY.fullmatch(value)
        return Name(shared[value]) if named and value in shared else value
    if isinstance(value, Commented):
        return Commented(_named(value.value, which, shared), value.comment)
    if isinstance(value, Call):
        arguments = tuple(
            (name, _named(each, name or "", shared)) for name, each in value.arguments
        )
        return Call(value.function, arguments, value.comments)
    if isinstance(value, Mapping):
        return {key: _named(each, "", shared) for key, each in value.items()}
    if isinstance(value, tuple):
        if which == "tags" and value in shared:
            return Name(shared[value])
        return tuple(_named(each, "", shared) for each in value)
    return [_named(each, "", shared) for each in value] if isinstance(value, list) else value


def _constants(shared: Mapping[Any, str]) -> Iterator[tuple[str, Any]]:
    for value, name in shared.items():
        yield name, value


def _by_hand(described: Described, files: Mapping[str, None]) -> str:
    """Return the constant that names what is not generated."""
    names = expression(described.by_hand, indent=2, before=len("for name in "))
    paths = "".join(f"    {expression(path)},\n" for path in (*_CLANS, *files))
    return (
        f"{_BY_HAND}BY_HAND = (\n{paths}    *(\n"
        '        f"modules/machines/nixos/{name}/{file}.nix"\n'
        f"        for name in {names}\n"
        '        for file in ("default", "disko")\n'
        "    ),\n)\n"
    )


def _ours(value: Any) -> set[str]:
    """Return what is called in a value and imported from infra_lib."""
    return {name.partition(".")[0] for name in classes_in(value)} - {"dict"}


def _import(names: Iterable[str]) -> str:
    listed = sorted(names, key=lambda name: (name.lower() == name, name))
    line = f"from infra_lib import {', '.join(listed)}\n"
    if len(line) <= 89:
        return line
    return "from infra_lib import (\n" + "".join(f"    {name},\n" for name in listed) + ")\n"


def _imports(described: Described, called: Collection[str], *, has_main: bool) -> str:
    """Return what is imported from Python itself.

    Args:
        described: The fleet.
        called: What is called in its description.
        has_main: Whether there is a function `main`.
    """
    taken = has_main and any(stack.imports for stack in described.stacks)
    lines = ["import json"] if taken else []
    paths = taken or "facts" in described.fields or "Path" in called
    lines += ["from pathlib import Path"] if paths else []
    return "".join(f"{line}\n" for line in lines)


def _main(described: Described, framework: Framework) -> str:
    classes = sorted(stack_class(stack.name) for stack in described.stacks)
    made = ""
    for stack in described.stacks:
        imports = f', imports=imports["{stack.name}"]' if stack.imports else ""
        made += f'    {stack_class(stack.name)}(app, "{stack.name}", fleet=fleet{imports})\n'
    return _MAIN.format(
        stacks="stack" if len(described.stacks) == 1 else "stacks",
        framework=framework,
        classes=", ".join(classes),
        taken=_taken(described),
        made=made,
    )


def _taken(described: Described) -> str:
    imported = [address for stack in described.stacks for address in stack.imports]
    if not imported:
        return ""
    stay = any(address.startswith("hcloud_server.") for address in imported)
    kept = (
        "\n    # Servers at Hetzner have to stay in there: their addresses cannot be read back."
        if stay
        else ""
    )
    return _TAKEN.format(kept=kept)
