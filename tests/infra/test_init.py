"""`infra init`: what it writes is complete, passes every check, and costs nobody a file."""

import json
import os
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_lib import Fleet, GcpProject, Machine
from infra_lib.commands.cli import main
from infra_lib.operate import start
from infra_lib.operate.scaffold import IGNORED, main_text, name_from, with_ignored
from infra_lib.operate.start import project_from
from tests.helpers import CHECKOUT
from tests.helpers.tools import require

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u admin"
WRITTEN = {
    ".gitignore",
    ".pre-commit-config.yaml",
    "cdktf.json",
    "main.py",
    "pyproject.toml",
    "requirements.txt",
}
GENERATED = {
    "docs/gpu-costs.md",
    "lib/caches.nix",
    "modules/checks/fleet.nix",
    "modules/clan/inventory/machines.nix",
    "modules/clan/machines.nix",
    "modules/clan/meta.nix",
    "modules/machines/nixos/node-1/default.nix",
    "modules/machines/nixos/node-1/disko.nix",
    "modules/system/caches.nix",
    "tests/fleet.nix",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one."""
    empty = tmp_path / "metals"
    empty.mkdir()
    monkeypatch.chdir(empty)
    return empty


Installed = Callable[[dict[str, Any] | None], None]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installed:
    """Make this project an installed one, with the note that pip leaves of where it came from."""
    notes = tmp_path / "site-packages" / "infra_lib-0.1.0.dist-info"
    notes.mkdir(parents=True)
    (notes / "METADATA").write_text("Metadata-Version: 2.1\nName: infra-lib\nVersion: 0.1.0\n")
    monkeypatch.syspath_prepend(str(notes.parent))

    def note(origin: dict[str, Any] | None) -> None:
        if origin is not None:
            (notes / "direct_url.json").write_text(json.dumps(origin))

    return note


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def run(folder: Path, *command: str, status: int = 0) -> str:
    """Run a command as a user does who has installed this project."""
    python = str(Path(sys.executable).parent)
    done = subprocess.run(
        command,
        cwd=folder,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={
            **os.environ,
            "PATH": f"{python}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(CHECKOUT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "CHECKPOINT_DISABLE": "1",
        },
    )
    assert done.returncode == status, done.stdout
    return done.stdout


def nixgen(folder: Path, *arguments: str, status: int = 0) -> str:
    return run(folder, sys.executable, "-m", "nixgen", *arguments, status=status)


def test_it_writes_a_complete_setup_and_names_each_file(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init"]) == 0
    assert set(files(folder)) == WRITTEN | GENERATED
    printed = capsys.readouterr().out.splitlines()
    assert {line for line in printed if line.startswith("created ")} == {
        f"created {path}" for path in WRITTEN | GENERATED
    }


def test_what_it_wrote_is_as_generated(folder: Path) -> None:
    main(["init"])
    assert "10 files as generated" in nixgen(folder, "check")
    before = files(folder)
    nixgen(folder, "write")
    assert files(folder) == before


def test_a_machine_that_is_on_wants_a_key_where_the_comment_has_one(folder: Path) -> None:
    main(["init"])
    text = (folder / "main.py").read_text().replace("enabled=False,", "enabled=True,")
    (folder / "main.py").write_text(text)
    commands = (
        ("nixgen", "write"),
        ("infra_lib", "show"),
        ("infra_lib", "sync", "--vars-only"),  # which makes the fleet twice
    )
    for command in commands:
        said = run(folder, sys.executable, "-m", *command)
        assert said.count("ssh_keys=(): machine 'node-1' is enabled") == 1
    with_key = text.replace("# ssh_keys=", "ssh_keys=").replace(
        "ssh-ed25519 AAAA… you@example.org", KEY
    )
    (folder / "main.py").write_text(with_key)
    for command in commands:
        assert "warning" not in run(folder, sys.executable, "-m", *command)


@pytest.mark.parametrize("cdk", ["cdktf", "cdktn"])
def test_what_it_wrote_passes_synthesis_and_nixgen_check_untouched(folder: Path, cdk: str) -> None:
    cdktf = require("cdktf")  # which runs apps of both
    main(["init", "--cdk", cdk])
    before = files(folder)
    assert "gcp" in run(folder, cdktf, "synth")
    nixgen(folder, "check")
    assert before.items() <= files(folder).items()
    stack = json.loads((folder / "cdktf.out/stacks/gcp/cdk.tf.json").read_text())
    # Safe to deploy: no machine, so no cost, until somebody turns one on.
    assert "google_compute_instance" not in stack["resource"]
    assert stack["provider"]["google"][0]["project"] == "metals"


def test_with_cdktn_it_is_set_up_for_that(
    folder: Path, capsys: pytest.CaptureFixture[str], installed: Installed
) -> None:
    installed(None)
    assert main(["init", "--cdk", "cdktn"]) == 0
    text = (folder / "main.py").read_text()
    assert "    from cdktn import App\n    from infra_lib.stacks.cdktn import GcpStack\n" in text
    assert "cdktf" not in text
    assert (folder / "requirements.txt").read_text() == "infra-lib[cdktn]==0.1.0\n"
    printed = capsys.readouterr().out
    assert "    npx --yes cdktn-cli@0.24 synth\n" in printed
    assert "infra-lib[cdktn] @ git+ADDRESS" in printed
    assert "cdktn synth" in run(folder, sys.executable, "-m", "infra_lib", "runbook", "node-1")
    run(folder, sys.executable, "-m", "ruff", "format", "--check", "main.py")
    nixgen(folder, "check")


def test_what_it_wrote_is_as_formatters_and_checkers_want_it(folder: Path) -> None:
    main(["init"])
    nix = [path for path in files(folder) if path.endswith(".nix")]
    run(folder, require("nixfmt"), "--check", *nix)
    run(folder, require("deadnix"), "--fail", *nix)
    python = [sys.executable, "-m"]
    run(folder, *python, "ruff", "format", "--check", "main.py")
    run(folder, *python, "ruff", "check", "--select", "E,F,I,N,UP,B,D1,ANN", "main.py")
    # With the settings and the cache of `make check`, what it imports has been read; there `main`
    # is this repository's own.
    written = (folder / "main.py").rename(folder / "written.py")
    run(CHECKOUT, *python, "mypy", "--strict", str(written))


def test_the_names_of_others_choice_do_not_matter_to_formatters(tmp_path: Path) -> None:
    long = "a" * 63
    for cloud in (
        start.gcp(project=f"example.com:{long}", zone="northamerica-northeast1-a"),
        start.hetzner(server_type="cpx22", location="fsn1"),
    ):
        text = main_text(cloud, name=long, domain=".".join([long] * 3))
        (tmp_path / "main.py").write_text(text)
        run(tmp_path, sys.executable, "-m", "ruff", "format", "--check", "main.py")


def test_the_options_say_what_is_in_the_fleet(folder: Path) -> None:
    options = ["--name", "ores", "--domain", "zt", "--project", "example-ores"]
    assert main(["init", *options, "--zone", "europe-west4-a"]) == 0
    text = (folder / "main.py").read_text()
    for part in ('"ores"', 'domain="zt"', '"example-ores"', '"europe-west4"', '"europe-west4-a"'):
        assert part in text
    nixgen(folder, "check")


HETZNER = ("--cloud", "hetzner")
AT_HETZNER = GENERATED - {"docs/gpu-costs.md"}  # there are no GPUs


def test_a_fleet_at_hetzner_is_as_complete(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", *HETZNER]) == 0
    printed = capsys.readouterr().out
    assert set(files(folder)) == WRITTEN | AT_HETZNER
    assert {line for line in printed.splitlines() if line.startswith("created ")} == {
        f"created {path}" for path in WRITTEN | AT_HETZNER
    }
    assert "HCLOUD_TOKEN" in printed
    assert "Gcp" not in printed
    assert "9 files as generated" in nixgen(folder, "check")
    nix = [path for path in files(folder) if path.endswith(".nix")]
    run(folder, require("nixfmt"), "--check", *nix)
    run(folder, require("deadnix"), "--fail", *nix)


@pytest.mark.parametrize("cdk", ["cdktf", "cdktn"])
def test_a_fleet_at_hetzner_is_synthesized_and_has_no_server(folder: Path, cdk: str) -> None:
    cdktf = require("cdktf")
    main(["init", *HETZNER, "--cdk", cdk])
    assert "hetzner" in run(folder, cdktf, "synth")
    stack = json.loads((folder / "cdktf.out/stacks/hetzner/cdk.tf.json").read_text())
    assert "hcloud_server" not in stack["resource"]
    # What a machine that is off is paid for, and no more.
    assert set(stack["resource"]["hcloud_primary_ip"]) == {"node-1-ipv4", "node-1-ipv6"}
    assert stack["provider"]["hcloud"] == [{}]


def test_main_py_at_hetzner_says_what_there_is_to_fill_in(folder: Path) -> None:
    """With what its comments have, and the machine on, there is nothing to warn of."""
    main(["init", *HETZNER])
    text = (folder / "main.py").read_text()
    on = text.replace("enabled=False,", "enabled=True,")
    (folder / "main.py").write_text(on)
    said = run(folder, sys.executable, "-m", "infra_lib", "show")
    assert "ssh_keys=(): machine 'node-1' is enabled" in said
    filled = (
        on.replace("# ssh_keys=", "ssh_keys=")
        .replace("# ssh_source_ranges=", "ssh_source_ranges=")
        .replace("ssh-ed25519 AAAA… you@example.org", KEY)
    )
    (folder / "main.py").write_text(filled)
    for command in (("nixgen", "write"), ("infra_lib", "show"), ("infra_lib", "cost")):
        assert "warning" not in run(folder, sys.executable, "-m", *command)


def test_main_py_at_hetzner_is_as_formatters_and_checkers_want_it(folder: Path) -> None:
    main(["init", *HETZNER])
    python = [sys.executable, "-m"]
    run(folder, *python, "ruff", "format", "--check", "main.py")
    run(folder, *python, "ruff", "check", "--select", "E,F,I,N,UP,B,D1,ANN", "main.py")
    written = (folder / "main.py").rename(folder / "written.py")
    run(CHECKOUT, *python, "mypy", "--strict", str(written))


def test_the_options_of_hetzner_say_what_is_in_the_fleet(folder: Path) -> None:
    options = ["--name", "ores", "--location", "hel1", "--server-type", "cax11"]
    assert main(["init", *HETZNER, *options]) == 0
    text = (folder / "main.py").read_text()
    for part in ('name="ores"', 'location="hel1"', 'server_type="cax11"'):
        assert part in text
    module = files(folder)["modules/machines/nixos/node-1/default.nix"].decode()
    assert "aarch64-linux" in module
    nixgen(folder, "check")


@pytest.mark.parametrize(
    ("options", "messages"),
    [
        (["--location", "fsn1"], ["infra init: --location='fsn1'", "--cloud hetzner", "--zone"]),
        (["--server-type", "cx23"], ["infra init: --server-type='cx23'", "--cloud hetzner"]),
        (
            [*HETZNER, "--zone", "us-central1-b"],
            ["infra init: --zone='us-central1-b'", "--cloud gcp", "--location and --server-type"],
        ),
        ([*HETZNER, "--project", "example-ores"], ["--project='example-ores'", "--cloud gcp"]),
        ([*HETZNER, "--location", "fsn2"], ["--location='fsn2'", "fsn1", "nbg1", "hel1"]),
        ([*HETZNER, "--location", ""], ["--location=''"]),
        ([*HETZNER, "--server-type", "CX-23"], ["--server-type='CX-23'", "(nearest: cx23)"]),
        (
            [*HETZNER, "--location", "ash", "--server-type", "cx23"],
            ["--server-type='cx23'", "not to be had in ash", "cpx11", "ccx13"],
        ),
    ],
)
def test_what_a_cloud_does_not_have_is_refused_before_anything_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str], options: list[str], messages: list[str]
) -> None:
    assert main(["init", *options]) == 2
    printed = capsys.readouterr().err
    for message in messages:
        assert message in printed
    assert files(folder) == {}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--name", "My Fleet"], "infra init: --name='My Fleet': a name has 1 to 63 characters"),
        (["--domain", "Example"], "domain='Example'"),
        (["--domain", 'x"),\nimport os'], "a domain is lower-case DNS labels"),
        (["--project", "Example!"], "a project ID"),
        (["--zone", "us-central1"], "infra init: --zone='us-central1'"),
        (["--zone", "nowhere"], "infra init: --zone='nowhere'"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert main(["init", *options]) == 2
    assert message in capsys.readouterr().err
    assert files(folder) == {}


@pytest.mark.parametrize("path", sorted(WRITTEN - {".gitignore", "pyproject.toml"}))
def test_nothing_that_is_there_is_overwritten(
    folder: Path, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    there = folder / path
    there.parent.mkdir(parents=True, exist_ok=True)
    there.write_text("mine\n")
    assert main(["init"]) == 2
    message = capsys.readouterr().err
    assert f"in the way: {path}; nothing was written" in message
    assert files(folder) == {path: b"mine\n"}


def test_everything_in_the_way_is_named_at_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init"]) == 0
    before = files(folder)
    assert main(["init"]) == 2
    message = capsys.readouterr().err
    for path in WRITTEN - {".gitignore"}:
        assert path in message
    assert "[tool.nixgen] in pyproject.toml" in message
    assert files(folder) == before


THEIRS = {
    "lib/caches.nix": b'{ caches = [ { url = "https://a.example"; } ]; }\n',
    "modules/clan/machines.nix": b"{ clan.machines.cinnabar.imports = [ ]; }\n",
}
CLAN = {
    "modules/checks/fleet.nix",
    "modules/clan/inventory/machines.nix",
    "modules/clan/machines.nix",
    "modules/clan/meta.nix",
    "tests/fleet.nix",
}


def put(folder: Path, texts: dict[str, bytes]) -> None:
    for path, data in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def test_a_repository_that_has_a_fleet_keeps_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No step that is printed, and no commit, replaces what main.py does not describe."""
    put(folder, THEIRS)
    assert main(["init", "--empty"]) == 0
    now = files(folder)
    assert THEIRS.items() <= now.items()
    # Nor is there half a machine in a clan that does not have it.
    assert set(now) == (WRITTEN | GENERATED | set(THEIRS)) - (CLAN - set(THEIRS))
    printed = capsys.readouterr().out
    assert "".join(f"    {path}\n" for path in THEIRS) in printed
    assert "describes nothing of what they hold" in printed
    assert "--adopt " not in printed.replace("--adopt and its path", "")
    assert "    nixgen check\n" in printed
    assert "4 files as generated" in nixgen(folder, "check")
    nixgen(folder, "write", "--exit-code")
    assert files(folder) == now
    run(folder, sys.executable, "-m", "ruff", "format", "--check", "main.py")


def test_a_file_of_theirs_is_taken_over_once_it_is_described(folder: Path) -> None:
    put(folder, THEIRS)
    assert main(["init", "--empty"]) == 0
    text = (folder / "main.py").read_text()
    wanted = text.replace('        "lib/caches.nix": None,\n', "")
    (folder / "main.py").write_text(wanted)
    before = files(folder)
    checked = nixgen(folder, "check", status=1)
    assert "lib/caches.nix: not ours" in checked
    assert "--adopt lib" not in checked
    assert '-{ caches = [ { url = "https://a.example"; } ]; }' in nixgen(folder, "diff", status=1)
    refused = nixgen(folder, "write", status=2)
    assert "nothing was written. nixgen diff shows what would be replaced" in refused
    assert files(folder) == before
    nixgen(folder, "write", "--adopt", "lib/caches.nix")
    nixgen(folder, "check")
    assert (folder / "lib/caches.nix.orig").read_bytes() == THEIRS["lib/caches.nix"]
    assert (folder / "modules/clan/machines.nix").read_bytes() == THEIRS[
        "modules/clan/machines.nix"
    ]


@pytest.mark.parametrize("path", sorted(GENERATED))
def test_whichever_file_they_have_stays(folder: Path, path: str) -> None:
    put(folder, {path: b"# mine\n"})
    assert main(["init"]) == 0
    nixgen(folder, "check")
    assert nixgen(folder, "write").count("unchanged") == 1
    assert files(folder)[path] == b"# mine\n"
    # With a clan of theirs, no machine of ours is half in it.
    assert (path in CLAN) == (not (CLAN - {path}) & set(files(folder)))


def test_the_files_of_a_fleet_whose_description_is_away_are_not_taken_for_nobodys(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first `nixgen write` of the new fleet would remove what the new one does not have."""
    assert main(["init", "--name", "old"]) == 0
    text = (folder / "main.py").read_text().replace("node-1", "cinnabar")
    (folder / "main.py").write_text(text)
    nixgen(folder, "write")
    for path in WRITTEN:
        (folder / path).unlink()
    before = files(folder)
    capsys.readouterr()
    assert main(["init"]) == 2
    message = capsys.readouterr().err
    assert "in the way: docs/gpu-costs.md, " in message
    assert "modules/machines/nixos/cinnabar/default.nix" in message
    assert "generated from main:fleet" in message
    assert "nothing was written" in message
    assert files(folder) == before


def test_links_and_folders_are_in_the_way_too(
    folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (folder / "main.py").symlink_to(tmp_path / "elsewhere.py")
    assert main(["init"]) == 2
    assert "main.py is a symbolic link" in capsys.readouterr().err
    (folder / "main.py").unlink()
    (folder / "cdktf.json").mkdir()
    assert main(["init"]) == 2
    assert "cdktf.json" in capsys.readouterr().err
    assert files(folder) == {}
    assert not (tmp_path / "elsewhere.py").exists()


@pytest.mark.usefixtures("folder")
def test_the_steps_it_prints_have_what_they_need(capsys: pytest.CaptureFixture[str]) -> None:
    """pre-commit comes with neither Python nor this project, and wants a repository."""
    assert main(["init"]) == 0
    printed = capsys.readouterr().out
    assert "    pip install -r requirements.txt pre-commit\n" in printed
    assert "    git init && pre-commit install\n" in printed


INSTALLED = {
    None: ("==0.1.0", "fill in its address in requirements.txt"),
    "https://example.org/infra.whl": (" @ https://example.org/infra.whl", None),
    "file:///src/infra": (" @ file:///src/infra", "name file:///src/infra, where this was"),
}


@pytest.mark.parametrize(("url", "expected"), INSTALLED.items())
def test_it_refers_to_what_was_installed(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    installed: Installed,
    url: str | None,
    expected: tuple[str, str | None],
) -> None:
    """What pip cannot find again is said to be so."""
    which, said = expected
    installed({"url": url, "dir_info": {"editable": True}} if url else None)
    assert main(["init"]) == 0
    assert (folder / "requirements.txt").read_text() == f"infra-lib[cdktf]{which}\n"
    hook = (folder / ".pre-commit-config.yaml").read_text()
    assert f'additional_dependencies: ["infra-lib{which}"]' in hook
    printed = capsys.readouterr().out
    assert said is None or said in printed
    assert ("ADDRESS" in printed) == (url is None)


GIT = {"url": "https://example.org/infra", "vcs_info": {"vcs": "git", "commit_id": "c0ffee"}}


@pytest.mark.parametrize("origin", [None, GIT], ids=["index", "git"])
@pytest.mark.parametrize("where", ["cloud", "my clouds/it's one"])
def test_below_the_top_of_a_repository_the_hook_goes_there(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    installed: Installed,
    where: str,
    origin: dict[str, Any] | None,
) -> None:
    """pre-commit runs hooks at the top, where there is no source, whatever folder it is in."""
    installed(origin)
    inner = folder / where
    inner.mkdir(parents=True)
    (folder / ".git").mkdir()
    os.chdir(inner)
    assert main(["init"]) == 0
    assert set(files(inner)) == (WRITTEN | GENERATED) - {".pre-commit-config.yaml"}
    printed = capsys.readouterr().out
    assert "    pre-commit install\n" in printed
    top = "../" * (1 + where.count("/"))
    _, said, rest = printed.partition(f"; add to {top}.pre-commit-config.yaml:\n\n")
    assert said
    text = textwrap.dedent(rest.partition("\n\n")[0])
    (folder / ".pre-commit-config.yaml").write_text(text)
    run(folder, sys.executable, "-m", "pre_commit", "validate-config", ".pre-commit-config.yaml")
    entry = json.loads(text.partition("entry: ")[2].partition("\n")[0])
    # As pre-commit does, at the top, with a nixgen of its own.
    command = shlex.split(entry)
    command[-1] = command[-1].replace("nixgen", f"{sys.executable} -m nixgen")
    run(folder, *command)
    (inner / "main.py").write_text((inner / "main.py").read_text().replace("node-1", "quartz"))
    run(folder, *command, status=1)
    assert (inner / "modules/machines/nixos/quartz/default.nix").exists()


def test_an_existing_repository_keeps_what_it_has(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = {
        "README.md": b"# Ores\n",
        "pyproject.toml": b'[project]\nname = "ores"\nversion = "1"\n',
        ".pre-commit-config.yaml": b"repos: []\n",
        "requirements.txt": b"requests\n",
        "flake.nix": b"{ outputs = _: { }; }\n",
    }
    for path, data in theirs.items():
        (folder / path).write_bytes(data)
    keep = ["--keep", ".pre-commit-config.yaml", "--keep", "requirements.txt"]
    assert main(["init", *keep]) == 0
    now = files(folder)
    assert theirs.items() <= now.items()
    # Whoever has a flake may have a clan in it, which has a name.
    assert set(now) == WRITTEN | GENERATED - {"modules/clan/meta.nix"} | set(theirs)
    printed = capsys.readouterr().out
    for part in ('source = "main:fleet"', "- id: nixgen", "infra-lib[cdktf]"):
        assert f"    {part}" in printed or f"      {part}" in printed
    # As it is, with the source named; and without, once what is printed has been added.
    assert "nixgen check main:fleet" in printed
    nixgen(folder, "check", "main:fleet")
    settings = printed.partition("pyproject.toml is yours")[2].partition("\n\n")[2]
    added = "\n".join(line.strip() for line in settings.splitlines()[:3])
    assert added.startswith("[tool.nixgen]")
    (folder / "pyproject.toml").write_bytes(theirs["pyproject.toml"] + f"\n{added}\n".encode())
    nixgen(folder, "check")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (b"", "".join(f"{line}\n" for line in IGNORED).encode()),
        (b"*.log", b"*.log\n" + "".join(f"{line}\n" for line in IGNORED).encode()),
        (
            b".venv/\r\n# \xff\r\n",
            b".venv/\r\n# \xff\r\n"
            + "".join(f"{line}\r\n" for line in IGNORED if line != ".venv/").encode(),
        ),
        ("\n".join(IGNORED).encode(), "\n".join(IGNORED).encode()),
    ],
)
def test_gitignore_gets_the_lines_that_it_lacks(
    folder: Path, given: bytes, expected: bytes
) -> None:
    (folder / ".gitignore").write_bytes(given)
    assert main(["init"]) == 0
    assert (folder / ".gitignore").read_bytes() == expected


@given(st.binary(max_size=60))
def test_lines_are_added_once_and_nothing_else_changes(text: bytes) -> None:
    extended = with_ignored(text)
    assert extended.startswith(text)
    assert with_ignored(extended) == extended
    assert {line.encode() for line in IGNORED} <= {line.strip() for line in extended.splitlines()}


@given(st.text(max_size=80))
def test_any_folder_gives_names_that_will_do(folder: str) -> None:
    name = name_from(folder)
    project = project_from(name)
    Fleet(name=name, domain=name, machines=(Machine(name),))
    GcpProject(project, region="us-central1")
    assert 6 <= len(project) <= 30


def test_the_hook_is_one_that_pre_commit_takes(folder: Path) -> None:
    main(["init"])
    check = [sys.executable, "-m", "pre_commit", "validate-config"]
    run(folder, *check, ".pre-commit-config.yaml")
