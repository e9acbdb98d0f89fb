"""What cdktf is told to do."""

import json
import os
import re
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from infra_lib import FleetError
from infra_lib.operate.deploy.cdk import Cdk
from infra_lib.operate.deploy.synthesis import Stack, select

CDKTF = """\
#!/bin/sh
echo "$@" >>calls
test "$1" = synth || exit 0
mkdir -p cdktf.out
for stack in prod-network prod-gcp test-gcp; do
    mkdir -p cdktf.out/stacks/$stack
    echo '{}' >cdktf.out/stacks/$stack/cdk.tf.json
done
"""
NAMES = ("cdktf", "cdktn")
STACKS = ("prod-network", "prod-gcp", "test-gcp")


def made(folder: Path, file: str = "cdk.tf.json", script: str = CDKTF) -> Cdk:
    """A cdktf that is a script of shell, and writes stacks."""
    manifest = {"stacks": {x: {"synthesizedStackPath": f"stacks/{x}/{file}"} for x in STACKS}}
    command = folder / "cdktf"
    command.write_text(f"{script}printf %s '{json.dumps(manifest)}' >cdktf.out/manifest.json\n")
    command.chmod(0o755)
    return Cdk(str(command), folder)


def test_it_deploys_by_name_what_a_pattern_asks_for_as_it_was_synthesized(tmp_path: Path) -> None:
    cdktf = made(tmp_path)
    stacks = cdktf.synth()
    assert stacks is not None
    cdktf.deploy(select(stacks, ("prod-*", "prod-gcp")))
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls == ["synth", "deploy prod-gcp prod-network --auto-approve --skip-synth"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("prod",), "stack 'prod': the app has no such stack; it has: prod-gcp, prod-network, te"),
        (("prod-gcp", "x*"), "stack 'x*': the app has no such stack"),
        ((), "a stack has to be named; the app has: prod-gcp, prod-network, test-gcp"),
    ],
)
def test_stacks_that_are_not_there_or_not_named_are_refused(
    tmp_path: Path, names: tuple[str, ...], said: str
) -> None:
    stacks = made(tmp_path).synth()
    assert stacks is not None
    with pytest.raises(FleetError) as refused:
        select(stacks, names)
    assert str(refused.value).startswith(said)


def test_a_machine_where_a_stack_is_wanted_is_told_to_be_one(tmp_path: Path) -> None:
    stacks = {"gcp": Stack("gcp", tmp_path, {}, {})}
    with pytest.raises(FleetError, match="it has: gcp; that is a machine: infra deploy galena"):
        select(stacks, ("galena",), ["galena"])
    with pytest.raises(FleetError, match=r"it has: gcp$"):
        select(stacks, ("galen",), ["galena"])


def test_the_app_is_run_by_the_python_of_infra_unless_another_environment_is_active(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever calls .venv/bin/infra has no `python` on PATH, or one without infra_lib."""
    cdktf = made(tmp_path, script=CDKTF.replace("#!/bin/sh", '#!/bin/sh\necho "$PATH" >path'))
    before = os.environ["PATH"]
    own = tmp_path / "venv" / "bin"
    monkeypatch.setattr(sys, "executable", str(own / "python"))

    def path() -> str:
        assert cdktf.synth() is not None
        return (tmp_path / "path").read_text().removesuffix("\n")

    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.setattr(sys, "prefix", str(own.parent))
    assert path() == f"{own}{os.pathsep}{before}"
    monkeypatch.setenv("VIRTUAL_ENV", "/another")
    assert path() == before
    monkeypatch.delenv("VIRTUAL_ENV")
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)  # there is nothing of infra's own
    assert path() == before


def test_a_stack_whose_name_is_an_option_of_cdktf_is_refused(tmp_path: Path) -> None:
    name = "--migrate-state"
    stacks = {name: Stack(name, tmp_path, {}, {})}
    for names in ((), ("*",), (name,)):
        with pytest.raises(FleetError, match="stack '--migrate-state': cdktf takes it for an opt"):
            select(stacks, names)


def test_an_app_without_a_stack_is_refused() -> None:
    for names in ((), ("gcp",)):
        with pytest.raises(FleetError):
            select({}, names)


@pytest.mark.parametrize(
    ("script", "said"), [("exit 0", "cdktf synth wrote no "), ("exit 1", "cdktf synth failed; ")]
)
def test_a_synthesis_that_wrote_nothing_is_refused(tmp_path: Path, script: str, said: str) -> None:
    """What an earlier one wrote is not deployed for it."""
    cdktf = made(tmp_path)
    assert cdktf.synth()
    (tmp_path / "cdktf").write_text(f"#!/bin/sh\n{script}\n")
    with pytest.raises(FleetError, match=said):
        cdktf.synth()


def programs(folder: Path, *names: str) -> Path:
    """A folder with programs that do nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return folder


OF_CDKTF = "    from cdktf import App\n"
OF_CDKTN = "    from cdktn import App\n    from infra_lib.stacks.cdktn import GcpStack\n"


@pytest.mark.parametrize(
    ("script", "there", "found"),
    [
        (OF_CDKTF, ("cdktf", "cdktn"), "cdktf"),
        (OF_CDKTN, ("cdktf", "cdktn"), "cdktn"),
        ("from infra_lib.stacks.cdktn import GcpStack\n", ("cdktf", "cdktn"), "cdktn"),
        ("import cdktn\n", ("cdktf", "cdktn"), "cdktn"),
        ("from infra_lib.stacks import cdktn\n", ("cdktf", "cdktn"), "cdktn"),
        ("import stacks  # not cdktn\n", ("cdktf", "cdktn"), "cdktf"),
        (OF_CDKTF, ("cdktn",), "cdktn"),
        (OF_CDKTN, ("cdktf",), "cdktf"),
    ],
)
def test_the_command_line_of_the_apps_framework_is_used_or_else_the_other_one(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    script: str,
    there: tuple[str, ...],
    found: str,
) -> None:
    """Each runs apps of both: CDK Terrain is a fork."""
    path = programs(tmp_path / "programs", *there)
    monkeypatch.setenv("PATH", str(path))
    (tmp_path / "main.py").write_text(script)
    (tmp_path / "cdktf.json").write_text('{"app": "python -P -m infra_lib.app main.py"}')
    cdk = Cdk.find(tmp_path)
    assert (cdk.command, cdk.name) == (str(path / found), found)
    own = programs(tmp_path / "node_modules" / ".bin", *there)
    assert Cdk.find(tmp_path).command == str(own / found)


@pytest.mark.parametrize("app", ["", '{"app": "./run"}', '{"app": 1}', "[]", '{"app": "gone.py"}'])
def test_an_app_that_does_not_say_its_framework_is_run_by_cdktf_or_by_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, app: str
) -> None:
    path = programs(tmp_path / "programs", "cdktn")
    monkeypatch.setenv("PATH", str(path))
    if app:
        (tmp_path / "cdktf.json").write_text(app)
    assert Cdk.find(tmp_path).name == "cdktn"
    programs(path, "cdktf")
    assert Cdk.find(tmp_path).name == "cdktf"


@pytest.mark.parametrize(
    ("script", "first", "second"), [(OF_CDKTF, *NAMES), (OF_CDKTN, *NAMES[::-1])]
)
def test_where_there_is_neither_both_are_named_the_apps_own_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, first: str, second: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "main.py").write_text(script)
    (tmp_path / "cdktf.json").write_text('{"app": "python main.py"}')
    with pytest.raises(FleetError) as refused:
        Cdk.find(tmp_path)
    said = f"{first} is not on PATH: npm install {first}-cli@.* installs it for this project"
    assert re.match(
        f"{said}.*; {second}, of {second}-cli@[0-9.]+, will do as well$", str(refused.value)
    )


@pytest.mark.parametrize(
    ("version", "found"),
    [
        ("v20.20.2", "cdktf"),
        ("v22.18.9", "cdktf"),
        ("v22.19.0", "cdktn"),
        ("v24.0.0", "cdktn"),
        ("", "cdktn"),
    ],
)
def test_cdktn_is_not_run_by_a_node_that_is_too_old_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, found: str
) -> None:
    """It ends in a TypeError there: https://github.com/open-constructs/cdk-terrain wants 22.19."""
    path = programs(tmp_path / "programs", "cdktn", "cdktf", "node")
    (path / "node").write_text(f"#!/bin/sh\necho {version}\n")
    monkeypatch.setenv("PATH", str(path))
    # Otherwise the Node.js that may be beside this Python comes first.
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path))
    (tmp_path / "main.py").write_text(OF_CDKTN)
    (tmp_path / "cdktf.json").write_text('{"app": "python main.py"}')
    assert Cdk.find(tmp_path).name == found
    (path / "cdktf").unlink()
    with nullcontext() if found == "cdktn" else pytest.raises(FleetError) as refused:
        Cdk.find(tmp_path)
    if refused is not None:
        assert str(refused.value).startswith("cdktn wants Node.js 22.19 or later, and node on PATH")


def test_what_is_not_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FleetError, match=r"'prod-gcp': it was synthesized as cdk\.tf, and what"):
        made(tmp_path, "cdk.tf").synth()
    (tmp_path / "cdktf.out/stacks/prod-gcp/cdk.tf.json").unlink()
    with pytest.raises(FleetError, match=r"stack 'prod-gcp': .*cdk\.tf\.json cannot be read"):
        made(tmp_path, script="#!/bin/sh\n").synth()
