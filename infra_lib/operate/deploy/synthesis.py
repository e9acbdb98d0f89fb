"""What the app synthesized: the stacks that are shown, agreed to and deployed, and nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra_lib.model.errors import FleetError
from infra_lib.terraform.cdktf_json import manifest
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

FILE = "cdk.tf.json"

# What Terraform reads in a folder, and where files and modules that a stack uses are put. Others
# come and go while it is deployed: plugins, locks, the state, what a provisioner writes.
_READ = re.compile(r".+\.(tf|tofu|tfvars)(\.json)?")
_ASSETS = "assets"


@frozen
class Stack:
    """A stack as it was synthesized.

    Attributes:
        name: Its name.
        folder: Where it is, and where Terraform runs.
        document: What its file holds, which is Terraform's JSON.
        files: A digest of each file that it consists of, by its path below `folder`.
        needs: The names of the stacks that are deployed before it.
    """

    name: str
    folder: Path
    document: Mapping[str, Any]
    files: Mapping[str, str]
    needs: tuple[str, ...] = ()

    @classmethod
    def read(cls, name: str, folder: Path, needs: Iterable[str] = ()) -> Stack:
        """Read a stack.

        Raises:
            FleetError: When its file is not there, or holds no JSON.
        """
        files = digests(folder)  # first: what is changed after this is found out
        try:
            document = json.loads((folder / FILE).read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            raise FleetError(f"stack {name!r}: {folder / FILE} cannot be read: {error}") from None
        return cls(name, folder, document, files, tuple(needs))

    def resources(self, kind: str) -> Mapping[str, Mapping[str, Any]]:
        """Return its resources of a type, by their name in Terraform."""
        found = self.document.get("resource", {}).get(kind, {})
        return {name: each for name, each in found.items() if isinstance(each, dict)}

    def machine(self, name: str) -> Mapping[str, Any]:
        """Return what its output `machines` says of a machine; empty if nothing."""
        output = self.document.get("output", {}).get("machines", {})
        said = output.get("value", {}).get(name, {})
        return said if isinstance(said, dict) else {}


def read(project: Path) -> dict[str, Stack]:
    """Return the stacks of the last synthesis, by name, in their order.

    Args:
        project: The folder of cdktf.json.

    Raises:
        FleetError: When no synthesis can be read, or it is not in JSON.
    """
    path = manifest(project)
    try:
        listed = json.loads(path.read_bytes())["stacks"]
        found = [
            (name, entry["synthesizedStackPath"], entry.get("dependencies", ()))
            for name, entry in sorted(listed.items())
        ]
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise FleetError(f"{path}: cannot be read: {error}") from None
    for name, file, _ in found:
        if Path(file).name != FILE:
            raise FleetError(
                f"stack {name!r}: it was synthesized as {Path(file).name}, and what that costs "
                "cannot be told: JSON, the default, is read: no hclOutput and no SYNTH_HCL_OUTPUT"
            )
    return {
        name: Stack.read(name, path.parent / Path(file).parent, needs)
        for name, file, needs in found
    }


def select(
    stacks: Mapping[str, Stack], names: Sequence[str], machines: Collection[str] = ()
) -> tuple[Stack, ...]:
    """Return the stacks that names or patterns ask for, each once.

    Args:
        stacks: Those that there are, by name.
        names: Names, or patterns such as `prod-*`; none for the only stack there is.
        machines: The names of the fleet's machines, which people may take for stacks.

    Raises:
        FleetError: When there is no such stack, when one of several has to be named, or when the
            framework's command line would take a name for an option.
    """
    listed = ", ".join(stacks) or "none"
    if not names and len(stacks) > 1:
        raise FleetError(f"a stack has to be named; the app has: {listed}")
    for name in names:
        if not any(fnmatchcase(stack, name) for stack in stacks):
            hint = (
                f"; that is a machine: infra deploy {name} deploys it alone"
                if name in machines
                else ""
            )
            raise FleetError(f"stack {name!r}: the app has no such stack; it has: {listed}{hint}")
    if not stacks:
        raise FleetError("the app has no stack")
    asked = tuple(
        stack
        for stack in stacks.values()
        if any(fnmatchcase(stack.name, name) for name in names or ("*",))
    )
    for stack in asked:
        if stack.name.startswith("-"):
            raise FleetError(
                f"stack {stack.name!r}: cdktf takes it for an option: a name that begins with a "
                "letter is accepted"
            )
    return asked


def changed_file(stacks: Iterable[Stack]) -> str | None:
    """Return a file of the stacks that is not as it was read, or None."""
    for stack in stacks:
        now = digests(stack.folder)
        for path in sorted(now.keys() | stack.files.keys()):
            if now.get(path) != stack.files.get(path):
                return str(stack.folder / path)
    return None


def digests(folder: Path) -> dict[str, str]:
    """Return a digest of each file that the stack in a folder consists of, by path."""
    return {str(path.relative_to(folder)): digest(path) for path in _files(folder)}


def _files(folder: Path) -> Iterator[Path]:
    yield from (path for path in folder.glob("*") if _READ.fullmatch(path.name))
    for parent, folders, files in os.walk(folder / _ASSETS):
        links = [name for name in folders if Path(parent, name).is_symlink()]
        yield from (Path(parent, name) for name in (*files, *links))


def digest(path: Path) -> str:
    """Return a digest of a file, or a word for what is not a file, or is gone."""
    try:
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind) and path.is_symlink():
            return f"-> {path.readlink()}"
        if not stat.S_ISREG(kind):
            return "no file"
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:  # a link to nothing, or gone since it was listed
        return "gone"
