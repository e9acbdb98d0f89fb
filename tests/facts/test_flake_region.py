"""The fleet's caches in a flake.nix that people own: byte for byte, nothing else changes."""

import subprocess
import sys
from pathlib import Path

import pytest

from main import fleet as example
from tests.facts import projects
from tests.nix.tree import evaluate

# What people's files hold: text of other scripts, trailing spaces, tabs, odd indentation, words
# like our markers, strings with Nix in them, commented code, and no newline at the end.
TOP = """\
# vim: set ft=nix :
{
  description = "infra — naïve 漢字 \\${not.interpolated} \\"quoted\\"";  \n\
\tinputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
      clan-core = { url = "https://git.clan.lol/x.tar.gz"; inputs.nixpkgs.follows = "nixpkgs"; };
  };

  # nixConfig = { extra-substituters = [ "https://old.example.org" ]; };
  # See nixgen: it writes what stands between the markers.
"""
BOTTOM = """\


  outputs = inputs@{ self, ... }: let
    script = ''
      # generated: begin caches
      echo ''${HOME} '''quoted''' $$ "$(date)"
    '';
  in { inherit script; /* the end */ }; }"""
EMPTY = "  # nixgen: begin caches\n  # nixgen: end caches\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    caches = "".join(
        f"BinaryCache({cache.url!r}, public_key={cache.public_key!r}, priority={cache.priority!r}),"
        for cache in example.caches
    )
    (tmp_path / "main.py").write_text(
        "from infra_lib import BinaryCache, Fleet\n"
        f'fleet = Fleet(name="metals", domain="zt", machines=(), caches=({caches}))\n'
    )
    (tmp_path / "pyproject.toml").write_text('[tool.nixgen]\nsource = "main:fleet"\n')
    return tmp_path


def nixgen(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "nixgen", *arguments],
        cwd=project,
        env=projects.environment(),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_only_the_region_changes(project: Path, newline: str) -> None:
    top, bottom = (text.replace("\n", newline).encode() for text in (TOP, BOTTOM))
    flake = project / "flake.nix"
    flake.write_bytes(top + EMPTY.replace("\n", newline).encode() + bottom)
    assert nixgen(project, "write").returncode == 0
    data = flake.read_bytes()
    begin = b"  # nixgen: begin caches" + newline.encode()
    end = b"  # nixgen: end caches" + newline.encode()
    assert data.startswith(top + begin)
    assert data.endswith(end + bottom)
    assert data.count(begin) == data.count(end) == 1
    assert nixgen(project, "check").returncode == 0


def test_nix_reads_the_caches_and_the_rest_as_before(project: Path) -> None:
    flake = project / "flake.nix"
    flake.write_text(TOP + EMPTY + BOTTOM)
    before = evaluate(
        f"let f = import {flake}; in [ f.description f.inputs (f.outputs {{ self = 1; }}) ]"
    )
    nixgen(project, "write")
    after, config = evaluate(
        f"let f = import {flake}; in "
        "[ [ f.description f.inputs (f.outputs { self = 1; }) ] f.nixConfig ]"
    )
    assert after == before
    assert config == {
        "extra-substituters": [cache.substituter for cache in example.caches],
        "extra-trusted-public-keys": [cache.public_key for cache in example.caches],
    }


@pytest.mark.parametrize(
    ("region", "line", "said"),
    [
        ("  # nixgen: end caches\n", 11, "ends before it begins"),
        ("  # nixgen: begin caches\n", 11, "is never closed"),
        (EMPTY + EMPTY, 13, "begins again"),
        ("  # nixgen: begin caches\n" + EMPTY, 12, "begins again"),
        (EMPTY + "  # nixgen: end caches\n", 13, "ends again"),
    ],
)
def test_markers_that_do_not_fit_are_named_and_nothing_is_written(
    project: Path, region: str, line: int, said: str
) -> None:
    text = TOP + region + BOTTOM
    assert text.splitlines().index("  # nixgen: " + region.split("# nixgen: ")[1].rstrip()) == 10
    flake = project / "flake.nix"
    flake.write_text(text)
    done = nixgen(project, "write")
    assert done.returncode == 2
    assert f"flake.nix:{line}: " in done.stderr
    assert said in done.stderr
    assert flake.read_text() == text
    assert sorted(path.name for path in project.iterdir()) == [
        "flake.nix",
        "main.py",
        "pyproject.toml",
    ]


def test_no_markers_at_all_is_an_error_that_says_which_lines_to_add(project: Path) -> None:
    flake = project / "flake.nix"
    flake.write_text(TOP + BOTTOM)
    done = nixgen(project, "write")
    assert done.returncode == 2
    assert "'# nixgen: begin caches' and '# nixgen: end caches'" in done.stderr
    assert flake.read_text() == TOP + BOTTOM
