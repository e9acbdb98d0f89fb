"""The fleet's caches in a flake.nix that people own: byte for byte, nothing else changes."""

import subprocess
from pathlib import Path

import pytest

from main import fleet as example
from tests.helpers import CHECKOUT, process
from tests.helpers.markdown import code
from tests.helpers.nix import evaluate
from tests.helpers.tools import require

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
# All but the first, cache.nixos.org, which Nix asks by itself.
LISTED = example.caches[1:]
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
    return process.python("-m", "nixgen", *arguments, cwd=project)


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
        "extra-substituters": [cache.substituter for cache in LISTED],
        "extra-trusted-public-keys": [cache.public_key for cache in LISTED],
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
    assert (
        "add the lines '# nixgen: begin caches' and '# nixgen: end caches' at the top level of the "
        "flake, beside inputs and outputs, not inside nixConfig; or leave the region out with "
        'Fleet(files={"flake.nix": None})\n'
    ) in done.stderr
    assert flake.read_text() == TOP + BOTTOM


INSIDE = """\
{
  nixConfig = {
    # What this flake may use.

    allow-import-from-derivation = true;
    # nixgen: begin caches
    # nixgen: end caches
  };
  outputs = _: { };
}
"""


def test_markers_inside_nix_config_are_refused(project: Path) -> None:
    """The flake would hold nixConfig.nixConfig, which nothing reads."""
    flake = project / "flake.nix"
    flake.write_text(INSIDE)
    for command in ("write", "check"):
        done = nixgen(project, command)
        assert done.returncode == 2
        assert (
            "flake.nix:6: the markers of region 'caches' stand below the top level of the file; "
            "put them at the top level of the flake"
        ) in done.stderr
    assert flake.read_text() == INSIDE
    # The same for what nobody reads either.
    flake.write_text(INSIDE.replace("nixConfig =", "inputs ="))
    assert "stand below the top level of the file" in nixgen(project, "check").stderr
    flake.write_text(INSIDE)
    # Beside it they are fine, however they are indented.
    markers = INSIDE[INSIDE.index("    # nixgen: begin") : INSIDE.index("  };")]
    flake.write_text(INSIDE.replace(markers, "").replace("  };\n", f"  }};\n{markers}"))
    assert nixgen(project, "write").returncode == 0
    assert evaluate(f"builtins.attrNames (import {flake}).nixConfig") == [
        "allow-import-from-derivation",
        "extra-substituters",
        "extra-trusted-public-keys",
    ]


@pytest.mark.parametrize(
    "binding",
    [
        "nixConfig = import ./config.nix;",
        "nixConfig.extra-substituters = [ ];",
        "inherit (import ./config.nix) nixConfig;",
        "nixConfig = {\n    extra-trusted-public-keys = [ ];\n  };",
    ],
)
def test_a_nix_config_that_nix_does_not_merge_is_refused(project: Path, binding: str) -> None:
    flake = project / "flake.nix"
    for text, line in (
        (f"{{\n  {binding}\n{EMPTY}}}\n", 2),
        (f"{{\n{EMPTY}  {binding}\n}}\n", 4),
    ):
        flake.write_text(text)
        for command in ("write", "check", "diff"):
            done = nixgen(project, command)
            assert (done.returncode, done.stdout) == (2, "")
            assert (
                f"nixgen: flake.nix:{line + binding.startswith('nixConfig = {')}: " in done.stderr
            )
            assert "take it out here" in done.stderr
            assert 'or leave the region out with Fleet(files={"flake.nix": None})' in done.stderr
        assert flake.read_text() == text
    # Somebody's own, once the region is there, is no better.
    flake.write_text(f"{{\n{EMPTY}}}\n")
    assert nixgen(project, "write").returncode == 0
    flake.write_text(flake.read_text().replace("{\n", f"{{\n  {binding}\n", 1))
    assert nixgen(project, "check").returncode == 2


def test_the_flake_of_the_documentation(project: Path) -> None:
    first, *_ = code((CHECKOUT / "docs/using.md").read_text(), "nix")
    flake = project / "flake.nix"
    flake.write_text(first)
    assert nixgen(project, "write").returncode == 0
    for name in ("nixConfig", "inputs"):
        assert evaluate(f"(import {flake}) ? {name}")
    process.run([require("nixfmt"), "--check", str(flake)])
