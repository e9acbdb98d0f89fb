"""Assemblies are cut to what is asked for, or not at all."""

import io
import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from infra_lib.stacks.assembly import HELPER, trim
from tests.helpers.tools import require

FILES = {
    "package/.jsii": "",
    "package/lib/disk/index.js": "exports.Disk = 1;",
    "package/lib/disk/more.js": "exports.more = 1;",
    "package/lib/disk/index.d.ts": "export declare class Disk {}",
    "package/lib/diskette/index.js": "exports.Diskette = 1;",
    "package/lib/index.js": "exports.everything = 1;",
    "package/lib/instance/index.js": "exports.Instance = 1;",
    "package/lib/secret/index.js": "exports.Secret = 1;",
}


def assembly() -> dict[str, Any]:
    def of(submodule: str, name: str, **more: Any) -> dict[str, Any]:
        fqn = f"@a/b.{submodule}.{name}"
        return {fqn: {"fqn": fqn, "kind": "class", "name": name, **more}}

    return {
        "name": "@a/b",
        "version": "1.2.3",
        "readme": {"markdown": "long"},
        "submodules": {
            f"@a/b.{name}": {"symbolId": f"src/{name}/index:"}
            for name in ("disk", "diskette", "instance", "secret")
        },
        "types": {
            **of("disk", "Disk"),
            **of("diskette", "Diskette"),
            **of("instance", "Instance", properties=[{"type": {"fqn": "@a/b.disk.Disk"}}]),
            **of("secret", "Secret"),
        },
    }


def packed(path: Path, described: dict[str, Any], files: dict[str, str] = FILES) -> str:
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            content = (json.dumps(described) if name == "package/.jsii" else text).encode()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return str(path)


def unpacked(content: bytes) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return {
            member.name: file.read().decode()
            for member in archive
            if (file := archive.extractfile(member))
        }


def cut(path: Path, *submodules: str) -> dict[str, str]:
    return unpacked(trim(packed(path, assembly()), frozenset(submodules)))


def test_it_holds_what_is_asked_for(tmp_path: Path) -> None:
    files = cut(tmp_path / "a.tgz", "disk")
    assert {name for name in files if "/lib/" in name} == {
        "package/lib/index.js",
        "package/lib/disk/index.js",
        "package/lib/disk/more.js",
    }
    described = json.loads(files["package/.jsii"])
    assert set(described["submodules"]) == {"@a/b.disk"}
    assert "readme" not in described  # it is long
    assert "@a/b.disk.Disk" in described["types"]
    assert not {"@a/b.diskette.Diskette", "@a/b.secret.Secret"} & described["types"].keys()


def test_it_holds_what_that_refers_to(tmp_path: Path) -> None:
    files = cut(tmp_path / "a.tgz", "instance")
    assert "package/lib/disk/index.js" in files
    assert "@a/b.disk.Disk" in json.loads(files["package/.jsii"])["types"]


def test_its_index_knows_every_submodule_for_a_larger_one_may_follow(tmp_path: Path) -> None:
    index = cut(tmp_path / "a.tgz", "disk")["package/lib/index.js"]
    assert index == cut(tmp_path / "b.tgz", "secret")["package/lib/index.js"]


def called(folder: Path, method: str, files: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What Node.js says when a method of ours is called in an assembly that is in a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    script = f"require({json.dumps(str(folder / 'package'))}).{HELPER}.{method}()"
    return subprocess.run(
        [require("node"), "-e", script], capture_output=True, text=True, check=False
    )


def test_code_that_does_not_load_is_found_where_it_is_there(tmp_path: Path) -> None:
    broken = FILES | {"package/lib/disk/index.js": "exports.Disk = ;"}
    for submodule, status in (("disk", 1), ("secret", 0)):
        packed(tmp_path / "a.tgz", assembly(), broken)
        files = unpacked(trim(str(tmp_path / "a.tgz"), frozenset({submodule})))
        assert called(tmp_path / submodule, "check", files).returncode == status


def test_it_makes_way_where_jsii_installs_packages_and_nowhere_else(tmp_path: Path) -> None:
    files = cut(tmp_path / "a.tgz", "disk")
    elsewhere = called(tmp_path / "elsewhere", "makeWay", files)
    assert "is not where jsii installs packages" in elsewhere.stderr
    assert (tmp_path / "elsewhere/package/lib/disk/index.js").exists()
    assert called(tmp_path / "node_modules/@a", "makeWay", files).returncode == 0
    assert not (tmp_path / "node_modules/@a/package").exists()


def test_npm_sees_the_same_package(tmp_path: Path) -> None:
    package = json.loads(cut(tmp_path / "a.tgz", "disk")["package/package.json"])
    assert (package["name"], package["version"]) == ("@a/b", "1.2.3")


def without(name: str) -> dict[str, str]:
    return {key: text for key, text in FILES.items() if key != name}


@pytest.mark.parametrize(
    ("files", "submodule", "message"),
    [
        (FILES, "network", "@a/b has no submodule network"),
        (without("package/.jsii"), "disk", ".jsii is not its first file"),
        (dict(reversed(FILES.items())), "disk", ".jsii is not its first file"),
        (without("package/lib/disk/index.js"), "disk", "it lacks disk"),
        ({}, "disk", r"it lacks \.jsii"),
    ],
)
def test_another_layout_is_refused(
    tmp_path: Path, files: dict[str, str], submodule: str, message: str
) -> None:
    tarball = packed(tmp_path / "a.tgz", assembly(), files)
    with pytest.raises(ValueError, match=message):
        trim(tarball, frozenset({submodule}))


def test_a_submodule_that_shares_a_folder_is_refused(tmp_path: Path) -> None:
    described = assembly()
    described["submodules"]["@a/b.disk"]["symbolId"] = "src/index:disk"
    with pytest.raises(ValueError, match=r"@a/b\.disk is not in a folder of its own"):
        trim(packed(tmp_path / "a.tgz", described), frozenset({"disk"}))


TRACE = "node_modules/cdk/lib/tokens/private/stack-trace.js"


@pytest.mark.parametrize("there", [True, False])
def test_its_framework_notes_no_stack_where_it_has_what_notes_it(
    tmp_path: Path, there: bool
) -> None:
    described = assembly() | {"dependencies": {"cdk": "^1.0.0", "constructs": "^10.0.0"}}
    packed(tmp_path / "a.tgz", described)
    files = unpacked(trim(str(tmp_path / "a.tgz"), frozenset({"disk"})))
    folder = tmp_path / "node_modules/@a"
    if there:
        (tmp_path / TRACE).parent.mkdir(parents=True)
        (tmp_path / TRACE).write_text("exports.captureStackTrace = () => ['at jsii'];\n")
    assert called(folder, "check", files).returncode == 0
    if there:
        script = (
            f"require({json.dumps(str(folder / 'package'))});"
            f"console.log(require({json.dumps(str(tmp_path / TRACE))}).captureStackTrace())"
        )
        done = subprocess.run([require("node"), "-e", script], capture_output=True, check=True)
        assert done.stdout == b"[]\n"
