"""A marked region of a file that people own changes, and nothing else does."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nixgen import AttrSet, BlankLine, Comment, IndentedStr, Lambda, ref
from nixgen.errors import NixgenError
from nixgen.files.plan import Status, plan
from nixgen.files.region import fill, find
from nixgen.files.values import Files, Region
from nixgen.files.write import write
from tests.helpers.folders import contents, put
from tests.helpers.nix import evaluate
from tests.helpers.process import run
from tests.helpers.tools import require

CACHES = {"nixConfig": {"extra-substituters": ["https://cache.example.org"]}}
FILES: Files = {"flake.nix": Region(CACHES, name="caches")}
FLAKE = """\
# A flake that people own.
{
  description = "metals";

  # nixgen: begin caches
  # nixgen: end caches

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
  outputs = inputs: { };
}
"""


def test_a_region_is_filled_and_the_rest_is_left_alone(tmp_path: Path) -> None:
    flake = put(tmp_path, "flake.nix", FLAKE)
    write(FILES, tmp_path, "main:fleet")
    top, bottom = FLAKE.split("  # nixgen: end caches\n")
    text = flake.read_text()
    assert text.startswith(top)
    assert text.endswith(f"  # nixgen: end caches\n{bottom}")
    inside = text.removeprefix(top).removesuffix(f"  # nixgen: end caches\n{bottom}")
    assert inside.splitlines()[1:] == [
        "  # Renew with: nixgen write main:fleet",
        "  nixConfig = {",
        '    extra-substituters = [ "https://cache.example.org" ];',
        "  };",
    ]
    assert plan(FILES, tmp_path, "main:fleet").drift == ()
    assert sorted(contents(tmp_path)) == ["flake.nix"]


def test_nix_and_nixfmt_take_a_filled_region(tmp_path: Path) -> None:
    flake = put(tmp_path, "flake.nix", FLAKE)
    value = AttrSet(
        Comment("Caches."),
        {("nixConfig", "extra-substituters"): ["a" * 60, "b" * 60]},
        BlankLine(),
        {"text": IndentedStr("one\n  two\n\nthree\n"), "f": Lambda("x", ref("x"))},
    )
    write({"flake.nix": Region(value, name="caches")}, tmp_path, "main:fleet")
    run([require("nixfmt"), "--check", str(flake)])
    assert evaluate(f"(import {flake}).text") == "one\n  two\n\nthree\n"


def test_a_region_follows_indentation_and_line_endings(tmp_path: Path) -> None:
    deep = FLAKE.replace("  # nixgen", "        # nixgen").replace("\n", "\r\n")
    flake = put(tmp_path, "flake.nix", deep)
    write(FILES, tmp_path, "main:fleet")
    data = flake.read_bytes()
    assert b"\r\n        nixConfig = {\r\n          extra-substituters" in data
    assert data.count(b"\n") == data.count(b"\r\n")


def test_a_region_of_a_new_fleet_is_renewed_without_a_copy(tmp_path: Path) -> None:
    put(tmp_path, "flake.nix", FLAKE)
    write(FILES, tmp_path, "main:fleet")
    # nixfmt may have moved it.
    text = (tmp_path / "flake.nix").read_text().replace("\n  ", "\n      ")
    put(tmp_path, "flake.nix", text)
    changed = {"flake.nix": Region({"a": 1}, name="caches")}
    assert [file.status for file in plan(changed, tmp_path, "main:fleet").files] == [Status.DIFFERS]
    write(changed, tmp_path, "main:fleet")
    assert sorted(contents(tmp_path)) == ["flake.nix"]


@pytest.mark.parametrize("mine", ['  nixConfig = "mine";\n', "  # mine\n", "\n  # mine\n\n"])
def test_what_people_wrote_into_a_region_is_kept(tmp_path: Path, mine: str) -> None:
    before = FLAKE.replace("  # nixgen: end", f"{mine}  # nixgen: end")
    put(tmp_path, "flake.nix", before)
    write(FILES, tmp_path, "main:fleet")
    assert (tmp_path / "flake.nix.orig").read_text() == before
    text = (tmp_path / "flake.nix").read_text()
    put(tmp_path, "flake.nix", text.replace("cache.example.org", "my.example.org"))
    write(FILES, tmp_path, "main:fleet")
    assert "my.example.org" in (tmp_path / "flake.nix.orig.1").read_text()


def test_several_regions_of_one_file(tmp_path: Path) -> None:
    markers = "  # nixgen: begin inputs\n  # nixgen: end inputs\n"
    put(tmp_path, "flake.nix", FLAKE.replace("  outputs", f"{markers}  outputs"))
    both = (Region(CACHES, name="caches"), Region({"inputs": {}}, name="inputs"))
    write({"flake.nix": both}, tmp_path, "main:fleet")
    text = (tmp_path / "flake.nix").read_text()
    assert text.index("nixConfig") < text.index("begin inputs") < text.index("inputs = { };")


def test_without_the_file_a_region_is_skipped(tmp_path: Path) -> None:
    (file,) = write(FILES, tmp_path, "main:fleet").files
    assert file.status == Status.SKIPPED
    assert "# nixgen: begin caches" in file.reason
    assert contents(tmp_path) == {}


BEGIN, END = "# nixgen: begin caches\n", "# nixgen: end caches\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{ }\n", "flake.nix: region 'caches' has no markers; add the lines"),
        (f"{{\n{BEGIN}}}\n", "flake.nix:2: region 'caches' is never closed"),
        (f"{{\n\n{END}}}\n", "flake.nix:3: region 'caches' ends before it begins"),
        (f"{END}{BEGIN}", "flake.nix:1: region 'caches' ends before it begins"),
        (f"{BEGIN}{BEGIN}{END}", "flake.nix:2: region 'caches' begins again; it began on line 1"),
        (f"{BEGIN}{END}\n{END}", "flake.nix:4: region 'caches' ends again; it ended on line 2"),
        (f"{BEGIN}{END}{BEGIN}{END}", "flake.nix:3: region 'caches' begins again"),
        (f"{BEGIN}# nixgen: begin b\n{END}", "flake.nix:2: 'begin b' inside region 'caches'"),
        (f"{BEGIN}# nixgen: end\n{END}", "flake.nix:2: 'end ' inside region 'caches'"),
        (f"\t{BEGIN}\t{END}", "flake.nix:1: region 'caches' is indented with tabs"),
        (f"{BEGIN}\r\n".replace("\n\r", "\r"), "flake.nix:1: region 'caches' is never closed"),
    ],
)
def test_markers_that_do_not_fit_are_named_by_line(tmp_path: Path, text: str, message: str) -> None:
    put(tmp_path, "flake.nix", text)
    for action in (plan, write):
        with pytest.raises(NixgenError) as error:
            action({"lib/a.nix": {}, **FILES}, tmp_path, "main:fleet")
        assert str(error.value).startswith(message)
    assert contents(tmp_path) == {"flake.nix": text.encode()}


@pytest.mark.parametrize("value", [[1], "text", Lambda("x", ref("x")), AttrSet({}, rec=True), 5])
def test_a_region_holds_an_attribute_set(tmp_path: Path, value: Any) -> None:
    with pytest.raises(
        NixgenError, match=r"flake\.nix: region 'caches': expected an attribute set"
    ):
        plan({"flake.nix": Region(value, name="caches")}, tmp_path, "main:fleet")


@pytest.mark.parametrize("name", ["", "two words", "a\n", "é"])
def test_names_that_no_marker_can_give(name: str) -> None:
    with pytest.raises(NixgenError, match="expected letters, digits"):
        Region({}, name=name)


other = st.text(st.sampled_from("ab #{}\r\t\nµ'\"")).map(str.encode) | st.binary()


@given(
    before=other.map(lambda text: text + b"\n"),
    inside=other.map(lambda text: text + b"\n"),
    after=other,
    indent=st.integers(0, 9),
    newline=st.sampled_from([b"\n", b"\r\n"]),
)
def test_every_other_byte_stays(
    before: bytes, inside: bytes, after: bytes, indent: int, newline: bytes
) -> None:
    begin = b" " * indent + b"# nixgen: begin caches" + newline
    end = b"# nixgen: end caches\n"
    data = before + begin + inside + end + after
    span = find(data, "caches", "flake.nix")
    expected = b" " * indent + b"a = 1;" + newline
    assert fill(data, span, "a = 1;\n") == before + begin + expected + end + after
