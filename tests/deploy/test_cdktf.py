"""What cdktf is told to do."""

import json
import os
import sys
from pathlib import Path

import pytest
from infra_lib.operate.deploy.cdktf import Cdktf

from infra_lib import FleetError
from infra_lib.operate.deploy.synthesis import Stack, asked_for

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
STACKS = ("prod-network", "prod-gcp", "test-gcp")


def made(folder: Path, file: str = "cdk.tf.json", script: str = CDKTF) -> Cdktf:
    """A cdktf that is a script of shell, and writes stacks."""
    manifest = {"stacks": {x: {"synthesizedStackPath": f"stacks/{x}/{file}"} for x in STACKS}}
    command = folder / "cdktf"
    command.write_text(f"{script}printf %s '{json.dumps(manifest)}' >cdktf.out/manifest.json\n")
    command.chmod(0o755)
    return Cdktf(str(command), folder)


def test_it_deploys_by_name_what_a_pattern_asks_for_as_it_was_synthesized(tmp_path: Path) -> None:
    cdktf = made(tmp_path)
    stacks = cdktf.synth()
    assert stacks is not None
    cdktf.deploy(asked_for(stacks, ("prod-*", "prod-gcp")))
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
        asked_for(stacks, names)
    assert str(refused.value).startswith(said)


def test_a_machine_where_a_stack_is_wanted_is_told_to_be_one(tmp_path: Path) -> None:
    stacks = {"gcp": Stack("gcp", tmp_path, {}, {})}
    with pytest.raises(FleetError, match="it has: gcp; that is a machine, which is deployed with"):
        asked_for(stacks, ("galena",), ["galena"])
    with pytest.raises(FleetError, match=r"it has: gcp$"):
        asked_for(stacks, ("galen",), ["galena"])


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
            asked_for(stacks, names)


def test_an_app_without_a_stack_is_refused() -> None:
    for names in ((), ("gcp",)):
        with pytest.raises(FleetError):
            asked_for({}, names)


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


def test_what_is_not_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FleetError, match=r"'prod-gcp': it was synthesized as cdk\.tf, and what"):
        made(tmp_path, "cdk.tf").synth()
    (tmp_path / "cdktf.out/stacks/prod-gcp/cdk.tf.json").unlink()
    with pytest.raises(FleetError, match=r"stack 'prod-gcp': .*cdk\.tf\.json cannot be read"):
        made(tmp_path, script="#!/bin/sh\n").synth()
