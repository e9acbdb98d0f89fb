"""The wheel and the sdist: what is in them, and what an environment holds after installing one."""

import json
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from tests.helpers import CHECKOUT
from tests.helpers.process import LIGHT_MAIN, PIP, PYPROJECT, install, run
from tests.helpers.tools import require


def test_wheel_holds_the_two_packages_and_their_data(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"infra_lib", "nixgen"}
    packaged = {
        str(path.relative_to(CHECKOUT))
        for package in ("infra_lib", "nixgen")
        for path in (CHECKOUT / package).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert packaged <= set(names)
    assert {"infra_lib/py.typed", "nixgen/py.typed"} <= set(names)
    assert [name for name in names if name.startswith("infra_lib/clouds/gcp/catalog/")] != []
    assert any(name.endswith("/machine_prices.json") for name in names)
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_wheel_requires_attrs_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        fields = Parser().parsestr(archive.read(metadata).decode())
    required = fields.get_all("Requires-Dist") or []
    assert [name for name in required if "extra ==" not in name] == ["attrs>=24.2"]
    assert fields.get_all("Provides-Extra") == ["all", "cdktf", "cdktn"]


def test_sdist_holds_what_git_holds(source: Path, distributions: Path) -> None:
    tracked = run(["git", "ls-files"], cwd=source).splitlines()
    (path,) = distributions.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    # Git's own files are of no use outside a repository.
    assert {name for name in tracked if not name.startswith(".git")} <= names


def test_light_environment_holds_attrs_alone(light_python: Path) -> None:
    listed = json.loads(run([*PIP, "--python", str(light_python), "list", "--format", "json"]))
    assert {entry["name"] for entry in listed} == {"attrs", "infra-lib"}


def test_imports_load_no_cdktf(light_python: Path, tmp_path: Path) -> None:
    code = "import sys, infra_lib, nixgen; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = set(run([str(light_python), "-c", code], cwd=tmp_path).split())
    assert {"infra_lib", "nixgen"} <= loaded
    assert not loaded & {"cdktf", "jsii", "constructs", "cdktf_cdktf_provider_google"}


def test_versions_agree(wheel: Path, light_python: Path) -> None:
    code = "import infra_lib; print(infra_lib.__version__)"
    version = run([str(light_python), "-c", code]).strip()
    assert wheel.name.split("-")[1] == version
    for command in ("infra", "nixgen"):
        assert run([str(light_python.parent / command), "--version"]) == f"{command} {version}\n"


def test_commands_work_in_the_light_environment(light_python: Path, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(LIGHT_MAIN)
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    commands = light_python.parent
    assert "quartz" in run([str(commands / "infra"), "show"], cwd=tmp_path)
    assert "quartz" in run([str(commands / "infra"), "cost"], cwd=tmp_path)
    run([str(commands / "nixgen"), "write"], cwd=tmp_path)
    assert "quartz" in (tmp_path / "modules/clan/inventory/machines.nix").read_text()
    run([str(commands / "nixgen"), "check"], cwd=tmp_path)


@pytest.mark.parametrize(
    ("extra", "stacks"), [("cdktf", "infra_lib.stacks"), ("cdktn", "infra_lib.stacks.cdktn")]
)
def test_stacks_work_with_the_extra(extra: str, stacks: str, wheel: Path, tmp_path: Path) -> None:
    require("node")
    python = install(f"{wheel}[{extra}]", tmp_path / "venv")
    main = LIGHT_MAIN.replace("infra_lib.stacks", stacks).replace("from cdktf", f"from {extra}")
    (tmp_path / "main.py").write_text(main)
    run([str(python), "main.py"], cwd=tmp_path)
    stack = json.loads((tmp_path / "cdktf.out/stacks/gcp/cdk.tf.json").read_text())
    assert list(stack["resource"]["google_compute_instance"]) == ["quartz"]
