"""flake.nix and nix/, evaluated by real Nix with what stands in for nixpkgs and flake-parts.

What stands in is in nixpkgs.nix and flake_parts.nix; nothing is built with Nix.
"""

import base64
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

import infra_lib
from nixgen.files.paths import PRUNED, SECRET
from tests.helpers import CHECKOUT
from tests.helpers.markdown import code, rows
from tests.helpers.nix import FLAKE, evaluate, evaluation
from tests.helpers.process import LIGHT_MAIN, PYPROJECT, environment, python, run
from tests.helpers.tools import require

SYSTEMS = {"aarch64-darwin", "aarch64-linux", "x86_64-linux"}
HERE = CHECKOUT / "tests/packaging"
USING = (CHECKOUT / "docs/using.md").read_text()
SECTION = USING[USING.index("\n## With Nix\n") : USING.index("\n## What is installed\n")]


def with_flake(expression: str, nixpkgs: str = "{ }") -> str:
    """An expression in which `flake` is what flake.nix makes with the nixpkgs that stands in.

    Args:
        expression: What is asked of it.
        nixpkgs: The arguments of what stands in.
    """
    return f"""
      let
        nixpkgs = import {HERE}/nixpkgs.nix {nixpkgs};
        parts = import {HERE}/flake_parts.nix {{ inherit nixpkgs; }};
        flake = (import {CHECKOUT}/flake.nix).outputs {{
          inherit nixpkgs;
          self = flake // {{ outPath = "{CHECKOUT}"; }};
        }};
        pkgs = nixpkgs.legacyPackages.x86_64-linux;
      in
      {expression}
    """


def asked(expression: str, nixpkgs: str = "{ }") -> Any:
    return evaluate(with_flake(expression, nixpkgs))


def made_of(package: str, *left_out: str) -> Any:
    """What a package of x86_64-linux was made of, but for arguments."""
    names = " ".join(f'"{name}"' for name in left_out)
    return asked(f"removeAttrs flake.packages.x86_64-linux.{package}.arguments [ {names} ]")


def test_outputs_for_each_system() -> None:
    found = asked(
        """
          builtins.mapAttrs (_: builtins.mapAttrs (_: builtins.attrNames))
            { inherit (flake) apps checks devShells packages; }
        """
    )
    expected = {
        "apps": ["default", "infra", "nixgen"],
        "checks": ["nixgen", "package"],
        "devShells": ["default"],
        "packages": ["default", "with-cdktf"],
    }
    assert found == {name: dict.fromkeys(SYSTEMS, names) for name, names in expected.items()}
    assert asked("builtins.attrNames flake.packages", '{ systems = [ "x86_64-linux" ]; }') == [
        "x86_64-linux"
    ], "nixpkgs need not have every system"


def test_table_of_outputs_names_what_there_is() -> None:
    outputs = asked(
        """
          let
            names = before: set: map (each: "${before}.${each}") (builtins.attrNames set);
            of = name: names name flake.${name};
            ofSystem = name: names "${name}.<system>" flake.${name}.x86_64-linux;
          in
          builtins.concatMap ofSystem [ "apps" "devShells" "packages" ]
          ++ builtins.concatMap of [ "flakeModules" "lib" "overlays" ]
        """
    )
    table = SECTION[: SECTION.index("\nThis flake has no")]
    named = {
        name.replace("….", "apps.<system>.")
        for first, *_ in rows(table)
        for name in re.findall(r"`([^`]+)`", first)
    }
    assert named == set(outputs) - {"apps.<system>.default"}


def test_package_is_that_of_pyproject() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    made = made_of("default", "src")
    assert made["version"] == infra_lib.__version__
    assert made["pname"] == project["project"]["name"]
    assert made["pyproject"] is True
    names = asked(
        """
          with flake.packages.x86_64-linux.default.arguments;
          builtins.mapAttrs (_: map (each: each.name)) {
            inherit build-system dependencies;
            inherit (optional-dependencies) all;
          }
        """
    )
    for declared, name in (
        (project["build-system"]["requires"], "build-system"),
        (project["project"]["dependencies"], "dependencies"),
        (project["project"]["optional-dependencies"]["all"], "all"),
    ):
        assert names[name] == [re.split("[<>=]", each)[0] for each in declared]
    assert made["meta"]["mainProgram"] in project["project"]["scripts"]
    scripts = {entry.partition(":")[0] for entry in project["project"]["scripts"].values()}
    assert scripts <= set(made["pythonImportsCheck"])
    modules = json.dumps(made["pythonImportsCheck"])
    done = python("-c", f"import importlib; [importlib.import_module(m) for m in {modules}]")
    assert done.returncode == 0, done.stderr


def test_apps_are_the_commands() -> None:
    scripts = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["scripts"]
    apps = asked("flake.apps.x86_64-linux")
    package = asked("flake.packages.x86_64-linux.default")
    for name in scripts:
        assert apps[name]["type"] == "app"
        assert apps[name]["program"] == f"{package}/bin/{name}"
    assert apps["default"] == apps["infra"]


def test_a_wheel_of_the_filtered_source_is_whole(wheel: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    path = run(
        [
            *(require("nix-instantiate"), "--eval", "--json", "--read-write-mode"),
            *("--store", str(store), "--expr", f"import {CHECKOUT}/nix/source.nix"),
        ]
    ).splitlines()[-1]
    filtered = Path(f"{store}{json.loads(path)}")
    source = tmp_path / "source"
    shutil.copytree(filtered, source, copy_function=shutil.copyfile)
    for folder in (source, *(path for path in source.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    assert {path.name for path in source.iterdir()} == {
        *("LICENSE", "README.md", "infra_lib", "nixgen", "pyproject.toml")
    }
    assert not [*source.rglob("*.pyc")]
    built = tmp_path / "dist"
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(built)]
    run([*command, str(source)])
    (ours,) = built.glob("*.whl")
    assert ours.name == wheel.name
    with zipfile.ZipFile(ours) as one, zipfile.ZipFile(wheel) as other:
        assert {name: one.read(name) for name in one.namelist()} == {
            name: other.read(name) for name in other.namelist()
        }


WITH_CDKTF = "flake.packages.x86_64-linux.with-cdktf"


def test_wheels_of_cdktf_are_those_that_are_pinned() -> None:
    """Where this fails after `make lock`, nix/with-cdktf.nix is to be renewed."""
    wheels = asked(
        f"""
          let
            ours = [ "cdktf" "cdktf-cdktf-provider-google" "constructs" "infra-lib" ];
            name = each: each.arguments.pname or each.name;
            wheel = made: made.arguments // {{
              dependencies = map name made.arguments.dependencies;
            }};
            close = made: [ made ]
              ++ builtins.concatMap close
                (builtins.filter (each: each.arguments ? pname) made.arguments.dependencies);
            libraries = {WITH_CDKTF}.arguments.extraLibs;
          in
          assert builtins.sort builtins.lessThan (map name libraries) == ours;
          map (made: {{ made = wheel made; source = made.arguments.src.arguments or null; }})
            (builtins.concatMap close libraries)
        """
    )
    pins = (CHECKOUT / "requirements.txt").read_text()
    found = {each["made"]["pname"]: each for each in wheels}
    ours = found.pop("infra-lib")
    assert ours["source"] is None
    for name, each in found.items():
        made, source = each["made"], each["source"]
        pin = re.search(rf"(?m)^{name}==(\S+)((?: \\\n +--hash=sha256:\w+)+)$", pins)
        assert pin, f"{name} is not in requirements.txt"
        assert made["version"] == source["version"] == pin[1]
        digest = base64.b64decode(source["hash"].removeprefix("sha256-")).hex()
        assert f"sha256:{digest}" in pin[2], f"{name}: its hash is not in requirements.txt"
        assert (made["format"], source["format"]) == ("wheel", "wheel")
        assert source["pname"] == name.replace("-", "_")
        assert source["dist"] == source["python"]
        installed = distribution(name)
        needed = {
            re.split(r"[ <>=~!(;]", each)[0].replace("_", "-")
            for each in installed.requires or ()
            if "extra ==" not in each
        }
        assert needed == set(made["dependencies"])
        tags = re.findall("(?m)^Tag: (.+)-none-any$", installed.read_text("WHEEL") or "")
        assert source["python"] == ".".join(sorted(tags))
    assert {"jsii", "typeguard"} <= set(found)


def test_with_cdktf_finds_node_and_its_own_python() -> None:
    arguments, node = asked(f"[ {WITH_CDKTF}.arguments.makeWrapperArgs pkgs.nodejs_22 ]")
    (words,) = map(shlex.split, arguments)
    option, variable, by, folders = words
    assert (option, variable, by) == ("--prefix", "PATH", ":")
    own, of_node = folders.split(":")
    # Nix puts the package's own path in place of this when it builds.
    assert own == asked('builtins.placeholder "out"') + "/bin"
    assert of_node == f"{node}/bin"
    assert asked(f"{WITH_CDKTF}.meta.mainProgram") == "infra"


@pytest.mark.parametrize(
    "nodejs", ['throw "nodejs_22 has been removed"', "null"], ids=["removed", "missing"]
)
def test_without_a_node_that_fits_all_else_is_there(nodejs: str) -> None:
    change = f"{{ change = _: _: {{ nodejs_22 = {nodejs}; }}; }}"
    assert asked("builtins.attrNames flake.packages.aarch64-linux", change) == ["default"]
    shell = "map (each: each.name) flake.devShells.aarch64-linux.default.arguments.packages"
    assert "nodejs_22" in asked(shell)
    assert {"python3", "nixfmt"} <= set(asked(shell, change)) <= {*asked(shell)} - {"nodejs_22"}


def test_dev_shell_has_the_tools_of_the_contributors() -> None:
    shell = asked(
        """
          builtins.mapAttrs (_: each: {
            inherit (each.default.arguments) env shellHook;
            packages = map (package: package.name) each.default.arguments.packages;
          }) flake.devShells
        """
    )
    linux, darwin = shell["x86_64-linux"], shell["aarch64-darwin"]
    assert {"nixfmt", "deadnix", "opentofu", "openssh", "zsh", "gnumake", "git"} <= {
        *linux["packages"]
    }
    # nixpkgs has none for macOS, and throws where one is asked for.
    assert {*linux["packages"]} - {*darwin["packages"]} == {"chromium"}
    assert linux["env"]["LD_LIBRARY_PATH"].endswith("gcc-lib/lib")
    assert darwin["env"] == {}
    # Or Python in .venv would import what nixpkgs has.
    assert "unset PYTHONPATH" in linux["shellHook"]


def test_overlay_adds_to_every_set_of_python_packages() -> None:
    added = asked(
        """
          let
            before = _: _: { };
            extended = extension pkgs.python3Packages { };
            final = pkgs // { python3Packages = pkgs.python3Packages // extended; };
            prev = { pythonPackagesExtensions = [ before ]; };
            made = flake.overlays.default final prev;
            extension = builtins.elemAt made.pythonPackagesExtensions 1;
          in
          {
            kept = builtins.length made.pythonPackagesExtensions;
            inherit (made.infra-lib) isApplication;
            inherit (made.infra-lib.arguments) pname;
            modules = extended.infra-lib.arguments.pname;
          }
        """
    )
    assert added == {"kept": 2, "isApplication": True, "pname": "infra-lib", "modules": "infra-lib"}


def test_hooks_are_those_for_pre_commit() -> None:
    hooks = asked("flake.lib.gitHooks { inherit pkgs; }")
    published = (CHECKOUT / ".pre-commit-hooks.yaml").read_text()
    # Of YAML, this file has lines of one key and one plain value.
    declared = [
        dict(re.findall(r"(?m)^(?:- |  )(\w+): (.+)$", f"- {part}"))
        for part in re.split(r"(?m)^- ", published)
        if part
    ]
    assert {each["id"] for each in declared} == set(hooks)
    for each in declared:
        hook = hooks[each["id"]]
        assert hook["enable"] is True
        assert hook["entry"] == f"{hook['package']}/bin/{each['entry']}"
        for name in ("name", "description"):
            assert hook[name] == each[name]
        for name in ("pass_filenames", "always_run", "require_serial"):
            assert json.dumps(hook[name]) == each[name]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Somebody's repository: a fleet with its generated files, and a file of their own."""
    folder = tmp_path / "their repository"
    folder.mkdir()
    cache = 'BinaryCache("https://cache.example.org?trusted=true", public_key=())'
    main = LIGHT_MAIN.replace("import Fleet", "import BinaryCache, Fleet")
    main = main.replace("    machines=", f"    caches=({cache},),\n    machines=")
    (folder / "main.py").write_text(main)
    (folder / "flake.nix").write_text(FLAKE)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "own.nix").write_text("# Generated by nixgen? No, and not to be excluded.\n{ }\n")
    done = python("-m", "nixgen", "write", "--quiet", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """What an installed package is to a script: a folder with bin/nixgen."""
    program = tmp_path / "package/bin/nixgen"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m nixgen "$@"\n')
    program.chmod(0o755)
    return program.parent.parent


def sh(script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run what Nix would run, as a builder does: it ends with the first failure."""
    return subprocess.run(
        ["sh", "-e", "-c", script],
        env={**environment(), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("explicit", [False, True], ids=["pyproject", "options"])
def test_check_fails_when_a_file_was_edited(
    repository: Path, package: Path, tmp_path: Path, explicit: bool
) -> None:
    said = 'source = "main:fleet"; root = ".";' if explicit else ""
    script = asked(
        f"""
          (flake.lib.check {{
            inherit pkgs;
            package = "{package}";
            src = "{repository.parent}";
            project = "{repository.name}";
            {said}
          }}).arguments.script
        """
    )
    out = tmp_path / "out"
    done = sh(script, out=str(out))
    assert done.returncode == 0, done.stderr
    assert out.exists()
    out.unlink()
    machines = repository / "modules/clan/inventory/machines.nix"
    machines.write_text(machines.read_text().replace("quartz", "agate"))
    done = sh(script, out=str(out))
    assert done.returncode == 1
    assert "edited by hand" in done.stdout
    assert not out.exists()


def test_check_of_this_repository_is_of_the_example() -> None:
    script = asked("flake.checks.x86_64-linux.nixgen.arguments.script")
    assert f"cd {CHECKOUT}/." in script
    assert script.splitlines()[1].endswith("/bin/nixgen check")


def test_hook_runs_in_the_folder_of_the_project(repository: Path, package: Path) -> None:
    entry = asked(
        f"""
          (flake.lib.gitHooks {{
            inherit pkgs;
            package = "{package}";
            project = "{repository.name}";
          }}).nixgen.entry
        """
    )
    machines = repository / "modules/clan/inventory/machines.nix"
    before = machines.read_text()
    machines.unlink()
    for status in (1, 0):  # pre-commit runs it without a shell
        done = subprocess.run(
            shlex.split(entry), cwd=repository.parent, env=environment(), check=False
        )
        assert done.returncode == status
        assert machines.read_text() == before


def per_system(
    repository: Path, settings: str = "", imports: str = "parts.treefmt parts.gitHooks"
) -> str:
    """The configuration of one system in somebody's flake that imports the module.

    Args:
        repository: The flake.
        settings: What it says for each system.
        imports: Modules beside ours.
    """
    return f"""
      (parts.mkFlake {{ inputs.self = "{repository}"; }} {{
        imports = [ flake.flakeModules.default {imports} ];
        systems = [ "x86_64-linux" ];
        perSystem = {{ pkgs, ... }}: {{ {settings} }};
      }}).x86_64-linux
    """


EXCLUDES = "treefmt.settings.global.excludes"


def test_module_needs_no_other(repository: Path) -> None:
    assert asked(f"builtins.attrNames ({per_system(repository, imports='')})") == [
        *("checks", "devShells", "nixgen")
    ]
    script = asked(f"({per_system(repository, imports='')}).checks.nixgen.arguments.script")
    assert "bin/nixgen check\n" in script


def test_module_excludes_what_is_generated(repository: Path) -> None:
    listed = python("-m", "nixgen", "list", cwd=repository).stdout.split()
    hidden = repository / "secrets/copy.nix"
    hidden.parent.mkdir()
    hidden.write_text((repository / "modules/clan/machines.nix").read_text())
    found = asked(f"({per_system(repository)}).{EXCLUDES}")
    # Of a file with a region, such as flake.nix, the rest is theirs, and formatters go on with it.
    assert "flake.nix" in listed
    assert set(found) == {*listed} - {"flake.nix"}
    assert {"docs/gpu-costs.md", "modules/clan/machines.nix"} <= {*found}


def test_excluded_names_are_no_patterns(repository: Path) -> None:
    settings = r'nixgen.files = [ "a[1]*.nix" "b{c}?\\.md" ];'
    assert asked(f"({per_system(repository, settings)}).{EXCLUDES}") == [
        *(r"a\[1\]\*.nix", r"b\{c\}\?\\.md")
    ]


@pytest.mark.parametrize(
    ("settings", "prefix"),
    [
        ('nixgen = { project = "their repository"; };', "their repository/"),
        ('nixgen = { project = "./their repository"; root = "modules/.."; };', "their repository/"),
        (
            'nixgen = { project = "their repository"; root = "modules"; };',
            "their repository/modules/",
        ),
        ('nixgen.root = "their repository/modules";', "their repository/modules/"),
        ('nixgen = { project = "their repository"; root = "../../elsewhere"; };', None),
        ('nixgen = { project = "their repository"; root = "not-yet"; };', None),
    ],
)
def test_module_looks_where_the_files_go(
    repository: Path, settings: str, prefix: str | None
) -> None:
    found = asked(f"({per_system(repository.parent, settings)}).nixgen.files")
    if prefix is None:
        assert found == []
    else:
        assert f"{prefix.removesuffix('modules/')}modules/clan/machines.nix" in found
        assert all(path.startswith(prefix) for path in found)


def test_module_adds_the_hook(repository: Path) -> None:
    settings = """
      nixgen.source = "main:fleet";
      pre-commit.settings.hooks.nixgen.stages = [ "pre-push" ];
    """
    hook = asked(f"({per_system(repository, settings)}).pre-commit.settings.hooks.nixgen")
    assert hook["entry"] == f"{hook['package']}/bin/nixgen write --exit-code main:fleet"
    assert (hook["enable"], hook["pass_filenames"], hook["stages"]) == (True, False, ["pre-push"])


def test_each_part_of_the_module_can_be_off(repository: Path) -> None:
    settings = "".join(
        f"nixgen.{part}.enable = false;" for part in ("check", "treefmt", "pre-commit")
    )
    found = asked(
        f"""
          let it = {per_system(repository, settings)}; in
          [ it.checks it.{EXCLUDES} it.pre-commit.settings.hooks ]
        """
    )
    assert found == [{}, [], {}]


def test_module_takes_another_package(repository: Path) -> None:
    settings = 'nixgen.package = "/of-mine";'
    check, hook = asked(
        f"""
          let it = {per_system(repository, settings)}; in
          [ it.checks.nixgen.arguments.script it.pre-commit.settings.hooks.nixgen ]
        """
    )
    assert "\n/of-mine/bin/nixgen check\n" in check
    assert (hook["package"], hook["entry"].split()[0]) == ("/of-mine", "/of-mine/bin/nixgen")


def test_no_folder_of_others_is_searched() -> None:
    assert set(evaluate(f"(import {CHECKOUT}/nix/generated-files.nix).pruned")) == PRUNED | SECRET


def test_table_of_options_is_that_of_the_module() -> None:
    options = asked(
        """
          let
            module = import flake.flakeModules.default {
              self = "/nowhere";
              inherit (nixpkgs) lib;
              flake-parts-lib.mkPerSystemOption = it: it;
            };
            arguments = { inherit pkgs; config = { }; options = { }; };
            declared = (module.options.perSystem arguments).options;
            names = path: option:
              if option ? type then [ path ]
              else builtins.concatMap (name: names "${path}.${name}" option.${name})
                (builtins.attrNames option);
          in
          names "nixgen" declared.nixgen
        """
    )
    table = SECTION[SECTION.index("\n| option of `perSystem`") :]
    named = [name for first, *_ in rows(table) for name in re.findall(r"^`(nixgen\..+)`$", first)]
    assert sorted(named) == sorted(options)


PARTS, PLAIN, SHELL = code(SECTION, "nix")


def test_flake_of_the_documentation(repository: Path) -> None:
    found = asked(
        f"""
          let
            it = (({PARTS}).outputs {{
              self = "{repository}";
              inherit nixpkgs;
              flake-parts.lib = parts;
              infra-lib = flake;
              git-hooks.flakeModule = parts.gitHooks;
              treefmt-nix.flakeModule = parts.treefmt;
            }}).x86_64-linux;
          in
          {{
            check = it.checks.nixgen.arguments.script;
            hook = it.pre-commit.settings.hooks.nixgen.enable;
            excludes = it.{EXCLUDES};
            shell = it.devShells.default.arguments;
            inherit (it.nixgen) package;
          }}
        """
    )
    assert "/bin/nixgen check main:fleet\n" in found["check"]
    assert found["hook"] is True
    assert "modules/clan/machines.nix" in found["excludes"]
    assert found["shell"]["packages"] == [found["package"]]


def test_flake_without_flake_parts_of_the_documentation() -> None:
    found = asked(
        f"""
          (({PLAIN}).outputs {{
            self.outPath = "/their";
            inherit nixpkgs;
            infra-lib = flake;
            git-hooks.lib.x86_64-linux.run = given: given;
          }}).checks.x86_64-linux
        """
    )
    assert sorted(found) == ["nixgen", "pre-commit"]
    assert list(found["pre-commit"]["hooks"]) == ["nixgen"]


def test_shell_of_the_documentation() -> None:
    sources = f'{{ infra-lib = "{CHECKOUT}"; }}'
    packages = asked(f"(({SHELL}) {{ inherit pkgs; sources = {sources}; }}).arguments.packages")
    assert packages == [asked("flake.packages.x86_64-linux.default")]


@pytest.mark.parametrize("example", [PARTS, PLAIN, SHELL], ids=["flake-parts", "plain", "shell"])
def test_documentation_is_formatted(example: str, tmp_path: Path) -> None:
    file = tmp_path / "example.nix"
    file.write_text(example)
    run([require("nixfmt"), "--check", str(file)])
    run([require("deadnix"), "--fail", str(file)])


def test_every_nix_file_is_formatted() -> None:
    files = [
        CHECKOUT / "flake.nix",
        *(CHECKOUT / "nix").glob("*.nix"),
        *(CHECKOUT / "tests").rglob("*.nix"),
    ]
    assert len(files) > 10
    names = [str(file) for file in files]
    run([require("nixfmt"), "--check", *names])
    run([require("deadnix"), "--fail", *names])


def test_nix_takes_it_for_a_flake(source: Path, tmp_path: Path) -> None:
    """As users reach it: from git, evaluated purely, each output of the kind that its name says."""
    stand_in = tmp_path / "nixpkgs"
    for folder in ("packaging", "helpers"):
        (stand_in / "tests" / folder).mkdir(parents=True)
        for file in (CHECKOUT / "tests" / folder).glob("*.nix"):
            shutil.copy(file, stand_in / "tests" / folder)
    (stand_in / "flake.nix").write_text(
        "{ outputs = _: import ./tests/packaging/nixpkgs.nix { }; }\n"
    )
    done = subprocess.run(
        [
            *(require("nix"), "--extra-experimental-features", "nix-command flakes"),
            *("--store", str(tmp_path / "store"), "flake", "check", "--no-build"),
            *("--no-write-lock-file", "--override-input", "nixpkgs", f"path:{stand_in}"),
            f"git+file://{source}",
        ],
        env={**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_misspelt_option_is_an_error(repository: Path) -> None:
    done = evaluation(with_flake(per_system(repository, 'nixgen.sauce = "main:fleet";')))
    assert done.returncode != 0
    assert "nixgen.sauce: is not one of" in done.stderr
