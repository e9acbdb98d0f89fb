"""Adopting in tests: the command, the fleet that it writes, and what clan makes of both."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from infra_lib.commands.cli import main
from infra_lib.terraform.escape import escape
from nixgen.files.write import write

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pytest

    from infra_lib import Fleet
    from infra_lib.clouds.adoption import Found
    from infra_lib.terraform.resource import Configuration


def adopt(folder: Path, *arguments: object) -> Fleet:
    """Run the command in a folder, and return the fleet that it wrote as fleet.py there."""
    assert main(["adopt", *map(str, arguments), "-o", str(folder / "fleet.py")]) == 0
    return load(folder / "fleet.py")


def load(path: Path) -> Fleet:
    """Return what a module of Python binds as `fleet`."""
    module: dict[str, Any] = {"__name__": "fleet", "__file__": str(path)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(path.read_text(), str(path), "exec"), module)  # noqa: S102 - what we wrote
    fleet: Fleet = module["fleet"]
    return fleet


def report(capsys: pytest.CaptureFixture[str]) -> str:
    """Return what the command printed, in one line a paragraph."""
    return " ".join(capsys.readouterr().out.split())


def put_json(folder: Path, name: str, document: object) -> Path:
    """Write a document into a folder."""
    path = folder / name
    path.write_text(json.dumps(document))
    return path


def plant(fleet: Fleet, root: Path) -> Path:
    """Write the generated files of a fleet into a folder."""
    root.mkdir(exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write(fleet.nix_files(), root, "fleet:fleet")
    return root


def as_evaluated(inventory: Any) -> Any:
    """Return an inventory as `nix eval` prints clan's: settings are modules that tell their file.

    That was seen with clan-core itself: `uniqueDeferredSerializableModule` in its lib/types.

    Args:
        inventory: What the stand-in of the tests tells.
    """

    def module(settings: Any) -> Any:
        return {"imports": [{"_file": "<unknown-file>, via option …", "imports": [settings]}]}

    def member(settings: Any) -> Any:
        return {"settings": module(settings)}

    return {
        **{name: inventory[name] for name in ("machines", "meta", "tags")},
        "instances": {
            name: {
                "module": instance["module"],
                "roles": {
                    role: {
                        "machines": {m: member(said) for m, said in each["machines"].items()},
                        "tags": {t: member(said) for t, said in each["tags"].items()},
                        "settings": module(each["settings"]),
                        "extraModules": each["extraModules"],
                    }
                    for role, each in instance["roles"].items()
                },
            }
            for name, instance in inventory["instances"].items()
        },
    }


def as_shown(found: Iterable[Found]) -> dict[str, Any]:
    """Return what `terraform show -json` prints of a state that has these resources."""
    resources = [
        {
            "address": each.address,
            "mode": "managed",
            "type": each.type,
            "name": each.name,
            "values": plain(each.attributes),
            "sensitive_values": {},
        }
        for each in found
    ]
    return {"format_version": "1.0", "values": {"root_module": {"resources": resources}}}


def as_synthesized(*configurations: Configuration) -> dict[str, Any]:
    """Return what a framework writes as cdk.tf.json of configurations, in one document."""
    document: dict[str, Any] = {"provider": {}, "resource": {}}
    for each in configurations:
        for resource in each.resources:
            name = resource.type.partition("_")[0]
            if name in ("google", "hcloud"):
                document["provider"][name] = [written(each.provider)]
            body = {
                key: written(value)
                for key, value in resource.arguments.items()
                if value is not None
            }
            if resource.lifecycle:
                body["lifecycle"] = dict(resource.lifecycle)
            document["resource"].setdefault(resource.type, {})[resource.name] = body
    return document


def written(value: Any) -> Any:
    """Return arguments as Terraform's JSON has them: texts are escaped, references are not."""
    if isinstance(value, str):
        return escape(value, lambda _: False)
    if isinstance(value, Mapping):
        return {key: written(each) for key, each in value.items() if each is not None}
    return [written(each) for each in value] if isinstance(value, list | tuple) else value


def plain(value: Any) -> Any:
    """Return attributes as plain data."""
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value
