"""Taking over what people wrote: what `nixgen` says of what their files mean, step by step."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from nixgen.files.meaning.report import MOST, NO_NIX
from nixgen.files.meaning.spare import Spare, find_spare
from tests.helpers.folders import contents, put
from tests.helpers.process import python
from tests.helpers.tools import require

if TYPE_CHECKING:
    from pathlib import Path

    from tests.nixgen.conftest import Nixgen

MAIN = """\
from pathlib import PurePath
from nixgen import Lambda, Pattern, Apply, TextFile, ref

fleet = {
    "modules/clan/machines.nix": {
        ("clan", "inventory", "machines"): {
            "galena": {"tags": ["peer", "gpu"], "description": "GCP node"},
            "cinnabar": {"tags": ["controller"]},
        }
    },
    "modules/galena.nix": Lambda(
        Pattern("lib", ellipsis=True), {("boot", "grub"): Apply("lib.mkForce", False)}
    ),
    "lib/caches.nix": {"caches": ["https://cache.example"]},
    "modules/caches.nix": {"caches": Apply("import", PurePath("../lib/caches.nix"))},
    "docs/costs.md": TextFile("x", comment="<!-- -->"),
}
"""
SAME = """\
# mine
{
  clan.inventory.machines = {
    cinnabar.tags = [ "controller" ];
    galena = { description = "GCP node"; tags = [ "peer" "gpu" ]; };
  };
}
"""
OTHER = """\
{ config, lib, ... }: {
  # Some firmware wants it.
  boot = { grub = lib.mkForce true; timeout = 1; };
}
"""
TAKE = (
    "nothing was written. nixgen diff shows what would be replaced: when all of it is described, "
    "take it over with "
)
KEPT = "(a copy of what a person wrote is kept); or move it away"


@pytest.fixture(autouse=True)
def described(project: Path) -> Path:
    put(project, "main.py", MAIN)
    return project


@pytest.fixture
def taken(project: Path) -> Path:
    require("nix-instantiate")
    put(project, "out/modules/clan/machines.nix", SAME)
    put(project, "out/modules/galena.nix", OTHER)
    put(project, "out/docs/costs.md", "mine\n")
    return project


def without_nix(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "bin").mkdir(exist_ok=True)
    return {"PATH": str(tmp_path / "bin")}


# What stands at generated paths


def test_a_write_that_is_refused_says_what_would_be_lost(taken: Path, nixgen: Nixgen) -> None:
    before = contents(taken)
    done = nixgen("write")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "nixgen: modules/clan/machines.nix: nixgen did not generate it; "
        "it says the same as what is generated",
        "modules/galena.nix: nixgen did not generate it; "
        "it differs from what is generated, yours → generated:",
        "  boot.grub: lib.mkForce true → lib.mkForce false",
        "  only in yours: boot.timeout = 1",
        "docs/costs.md: nixgen did not generate it",
        f"{TAKE}--adopt modules/clan/machines.nix {KEPT}",
    ]
    assert contents(taken) == before


def test_a_difference_that_is_shown_still_is_a_patch(taken: Path, nixgen: Nixgen) -> None:
    shown = nixgen("diff")
    assert shown.returncode == 1
    assert (
        "# modules/galena.nix: it differs from what is generated, yours → generated:\n"
        "#   boot.grub: lib.mkForce true → lib.mkForce false\n"
        "#   only in yours: boot.timeout = 1\n"
        "--- a/modules/galena.nix\n"
    ) in shown.stdout
    assert (
        "# modules/clan/machines.nix: it says the same as what is generated\n"
        "--- a/modules/clan/machines.nix\n"
    ) in shown.stdout
    out = taken / "out"
    patch = put(taken, "shown.patch", shown.stdout)
    for command in (
        [require("git"), "apply", "--check", str(patch)],
        [require("patch"), "-p1", "--dry-run", "--force", "-i", str(patch)],
        [require("git"), "apply", str(patch)],
    ):
        done = subprocess.run(command, cwd=out, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    assert nixgen("check").returncode == 0


def test_what_is_taken_over_is_kept(taken: Path, nixgen: Nixgen) -> None:
    done = nixgen("write", "--adopt", "modules", "--adopt", "docs")
    assert done.returncode == 0
    assert (taken / "out/modules/galena.nix.orig").read_text() == OTHER
    assert nixgen("check").returncode == 0
    assert "says" not in done.stdout


def test_many_differences_are_counted(project: Path, nixgen: Nixgen) -> None:
    require("nix-instantiate")
    many = " ".join(f"a{number:02} = {number};" for number in range(MOST + 7))
    put(project, "out/lib/caches.nix", f'{{ caches = [ "https://cache.example" ]; {many} }}')
    said = nixgen("write").stderr.splitlines()
    assert len(said) == MOST + 3
    assert f"  only in yours: a{MOST - 1} = {MOST - 1}" in said
    assert "  … and 7 more: nixgen diff" in said
    assert nixgen("diff").stdout.count("#   only in yours: ") == MOST + 7


def test_what_cannot_be_compared_is_said_with_why(project: Path, nixgen: Nixgen) -> None:
    require("nix-instantiate")
    put(project, "out/lib/caches.nix", "{ caches = ")
    said = nixgen("write").stderr
    assert "whether it says the same cannot be told (error: syntax error, unexpected" in said
    assert "# lib/caches.nix: whether it says the same cannot be told (error: " in (
        nixgen("diff").stdout
    )


def test_a_terminal_acts_on_nothing_that_people_wrote(project: Path, nixgen: Nixgen) -> None:
    require("nix-instantiate")
    text = '{ "a\x1b]0;title\x07" = "\x1b[2J\u202e\nb"; caches = [ "\x9b2J" ]; }'
    put(project, "out/lib/caches.nix", text)
    refused = nixgen("write").stderr
    assert '"a\\u001b]0;title\\u0007" = "\\u001b[2J\\u202e\\nb"' in refused
    comments = [line for line in nixgen("diff").stdout.split("\n") if line.startswith("#")]
    assert [line for line in (refused, *comments) if not line.replace("\n", "").isprintable()] == []
    put(project, "out/lib/caches.nix", 'throw "\x1b[2J" + (1')
    assert "\x1b" not in nixgen("write").stderr


def test_no_secret_is_repeated(project: Path, nixgen: Nixgen) -> None:
    require("nix-instantiate")
    put(project, "out/lib/caches.nix", '{ token = "ghp_abcdefghijklmnopqrstuvwxyz0123456789"; }')
    said = nixgen("write").stderr
    assert 'token = "…"' in said


def test_without_nix_all_is_as_it_was_and_that_is_said_once(
    project: Path, nixgen: Nixgen, tmp_path: Path
) -> None:
    put(project, "out/modules/clan/machines.nix", SAME)
    put(project, "out/modules/galena.nix", OTHER)
    refused = nixgen("write", **without_nix(tmp_path))
    assert refused.returncode == 2
    assert refused.stderr.splitlines() == [
        "nixgen: modules/clan/machines.nix: nixgen did not generate it",
        "modules/galena.nix: nixgen did not generate it",
        f"{TAKE}--adopt modules/clan/machines.nix {KEPT}",
        NO_NIX,
    ]
    assert nixgen("diff", **without_nix(tmp_path)).stdout.count(NO_NIX) == 1
    done = nixgen("write", "--adopt", "modules", **without_nix(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert NO_NIX not in done.stdout


@pytest.mark.parametrize(
    ("script", "said"),
    [("kill -9 $$", "error: Nix was ended by signal 9"), ("exit 3", "error: Nix ended with 3")],
)
def test_a_nix_that_does_not_work_changes_nothing_else(
    project: Path, nixgen: Nixgen, tmp_path: Path, script: str, said: str
) -> None:
    put(project, "out/lib/caches.nix", "{ }")
    broken = put(tmp_path, "bin/nix-instantiate", f"#!/bin/sh\n{script}\n")
    broken.chmod(0o755)
    refused = nixgen("write", PATH=f"{broken.parent}:/usr/bin:/bin")
    assert refused.returncode == 2
    assert f"cannot be told ({said})" in refused.stderr
    assert f"{TAKE}--adopt lib/caches.nix" in refused.stderr


def test_a_nix_that_prints_something_else_is_no_traceback(
    project: Path, nixgen: Nixgen, tmp_path: Path
) -> None:
    put(project, "out/lib/caches.nix", "{ }")
    other = put(tmp_path, "bin/nix-instantiate", "#!/bin/sh\necho no JSON $$\n")
    other.chmod(0o755)
    refused = nixgen("write", PATH=f"{other.parent}:/usr/bin:/bin")
    assert refused.returncode == 2
    assert "cannot be told (error: what Nix printed is no JSON)" in refused.stderr


def test_where_nothing_is_foreign_no_process_is_started(project: Path) -> None:
    program = (
        "import sys, os\n"
        "from nixgen.files.cli import main\n"
        "main(['write', '-q']); main(['write', '-q'])\n"
        "sys.addaudithook(lambda event, _: print(event) if event == 'subprocess.Popen' else None)\n"
        "before = set(sys.modules)\n"
        "assert (main(['check', '-q']), main(['diff']), main(['write'])) == (0, 0, 0)\n"
        "print(*(name for name in set(sys.modules) - before if 'meaning' in name))\n"
    )
    done = python("-c", program, cwd=project)
    assert (done.stderr, done.stdout) == ("", "5 files: 5 unchanged\n\n")


# What stands elsewhere


def hint(path: str) -> str:
    return f"{path} says nothing that is not generated, too: Nix merges both, so delete it"


PART = '{ clan.inventory.machines.galena.tags = [ "gpu" ]; }'


def test_what_says_nothing_new_is_named_when_files_are_new(project: Path, nixgen: Nixgen) -> None:
    require("nix-instantiate")
    put(project, "out/modules/old.nix", PART)
    put(project, "out/modules/mine.nix", PART.replace("gpu", "mine"))
    put(project, "out/flake.nix", "{ outputs = inputs: { imports = [ ./modules/old.nix ]; }; }")
    first = nixgen("write")
    named = f"{hint('modules/old.nix')}, and where it is named: flake.nix"
    assert first.stdout.splitlines()[-1] == named
    # A hook that runs at each commit looks at none of it again.
    assert nixgen("write").stdout == "5 files: 5 unchanged\n"
    put(project, "main.py", MAIN.replace("GCP node", "node"))
    assert "says nothing" not in nixgen("write").stdout
    (project / "out/modules/galena.nix").write_text(OTHER)
    refused = nixgen("write")
    assert refused.returncode == 2
    assert refused.stderr.splitlines()[-1] == named
    adopted = nixgen("write", "--adopt", "modules/galena.nix")
    assert adopted.stdout.splitlines()[-1] == named
    (project / "out/modules/galena.nix").unlink()
    assert nixgen("write", "--quiet").stdout == ""


GENERATED = {
    "modules/a.nix": b'{ x.tags = [ "a" "b" ]; x.on = true; x.empty = { }; p = ./z.nix; }',
    "modules/b.nix": b'{ config, ... }: { x.b = [ { c = 1; } ]; x.tags = [ "c" ]; y = config.z; }',
    "modules/values.nix": b"{ only.value = 1; }",
    "modules/uses.nix": b"{ u = import ./values.nix; }",
    "lib/one.nix": b"{ v = 1; }",
    "root.nix": b"{ r = 1; }",
}


@pytest.mark.parametrize(
    ("text", "spare"),
    [
        ('{ x.tags = [ "b" ]; }', True),
        ('{ x = { tags = [ "c" "a" ]; on = true; }; }', True),
        ("_: { x.on = true; }", True),
        ("{ lib, ... }: { x.on = true; }", True),
        ("{ x.b = [ { c = 1; } ]; }", True),
        ("{ x.empty = { }; }", True),
        ("{ x = { }; }", True),
        ("{ p = ../z.nix; }", True),
        ("let on = !false; in { x = { inherit on; }; }", True),
        ("{ x.on = false; }", False),
        ("{ x.on = 1; }", False),
        ('{ x.tags = [ "d" ]; }', False),
        ('{ x.tags = "a"; }', False),
        ("{ x.other = true; }", False),
        ("{ x.none = { }; }", False),
        ("{ p = ./other.nix; }", False),
        ("{ config, ... }: { y = config.z; }", False),
        ("{ lib, ... }: { x.on = lib.mkForce true; }", False),
        ("{ x.on = y: true; }", False),
        ("{ only.value = 1; }", False),
        ("{ v = 1; }", False),
        ("{ r = 1; }", False),
        ("{ }", False),
        ("{ ... }: { }", False),
        ("true", False),
        ("[ ]", False),
        ("# nothing\n", False),
        ("{ x.on = ", False),
        ("let x = x; in x", False),
        ('throw "no"', False),
        ("", False),
        ("{ x.on = true; y = " + "[ " * 400 + "] " * 400 + "; }", False),
        ("[ " * 5000 + "] " * 5000, False),
    ],
)
def test_a_file_is_spare_when_all_of_it_is_generated(text: str, spare: bool) -> None:
    found = find_spare(require("nix-instantiate"), GENERATED, {"modules/c/d.nix": text.encode()})
    assert found == ((Spare("modules/c/d.nix"),) if spare else ())


def test_what_is_taken_by_its_path_is_no_module() -> None:
    text = b"{ x.on = true; }"
    others = {f"modules/{name}.nix": text for name in ("v", "w", "x/default", "d/y")}
    others |= {
        "lib/one_more.nix": text,
        "elsewhere/z.nix": text,
        "flake.nix": b"""{
          value = import ./modules/v.nix;
          computed = name: ./modules/d/${name};
          imports = [ ./modules/x ];
        }""",
        "modules/e/f.nix": text,
        "shell.nix": b'import (./modules/e + "/f.nix")',
    }
    found = find_spare(require("nix-instantiate"), GENERATED, others)
    assert found == (Spare("modules/w.nix"), Spare("modules/x/default.nix", ("flake.nix",)))


def test_what_was_generated_from_elsewhere_is_left_alone() -> None:
    theirs = b"# Generated by nixgen from other:fleet; do not edit.\n{ x.on = true; }"
    others = {"modules/theirs.nix": theirs}
    assert find_spare(require("nix-instantiate"), GENERATED, others) == ()


def test_many_files_are_looked_at_at_once_and_bad_ones_are_set_apart() -> None:
    others = {f"modules/m{number}.nix": b"{ x.on = true; }" for number in range(300)}
    others["modules/m7.nix"] = b"let x = x; in x"
    others["modules/m77.nix"] = b"1 + { }"
    others["modules/m177.nix"] = b"{ a = "
    # Python recurses less deep than Nix.
    others["modules/m222.nix"] = b"let f = n: if n == 0 then 1 else [ (f (n - 1)) ]; in f 1500"
    found = find_spare(require("nix-instantiate"), GENERATED, others)
    assert len(found) == 296
