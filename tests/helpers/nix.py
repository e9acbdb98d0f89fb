"""The generated files of a fleet, written to a folder and evaluated with Nix."""

import json
import subprocess
from pathlib import Path
from typing import Any

from attrs import frozen

from infra_lib import Fleet
from nixgen.files.write import write
from tests.helpers.tools import require

FLAKE = """\
{
  outputs = _: { };

  # nixgen: begin caches
  # nixgen: end caches
}
"""

# What modules use of nixpkgs' lib, kept visible in the result.
LIB = """{
  mkForce = value: { force = value; };
  mkDefault = value: { default = value; };
  mkOverride = priority: value: { inherit priority value; };
}"""

# Each package is its own name.
PKGS = """{
  nvtopPackages.nvidia = "nvtop";
  pciutils = "pciutils";
  gcc = "/gcc";
  cudaPackages.cudatoolkit = "/cudatoolkit";
  python3Packages = { torch = "torch"; vllm = "vllm"; onnxruntime = "onnxruntime"; };
  util-linux = "/util-linux";
  writeShellScriptBin = name: _: "/${name}";
  google-guest-configs = "google-guest-configs";
  shadow = "shadow";
}"""

# What the machine's other modules make of its configuration.
CONFIG = '{ hardware.nvidia.package.bin = "/driver-bin"; }'


@frozen
class NixTree:
    """A folder with the generated files of a fleet."""

    root: Path

    def nix_files(self) -> list[Path]:
        return sorted(self.root.rglob("*.nix"))

    def evaluate(self, expression: str) -> Any:
        """Evaluate an expression in which `load path args` gives what a file holds."""
        return evaluate(self._with_load(expression))

    def run(self, expression: str) -> subprocess.CompletedProcess[str]:
        """Evaluate such an expression, for what Nix says of it."""
        return evaluation(self._with_load(expression))

    def _with_load(self, expression: str) -> str:
        return f"""
          let
            load = path: args:
              let file = import (/. + "{self.root}/${{path}}");
              in if builtins.isFunction file then file args else file;
            lib = {LIB};
            pkgs = {PKGS};
          in
          {expression}
        """

    def value(self, path: str) -> Any:
        """Evaluate a file that holds data."""
        return self.evaluate(f"load {quoted(path)} {{ }}")

    def machine(
        self,
        name: str,
        modules: str = '{ base = "base"; nvidia = "nvidia"; idle-stop = "idle-stop"; }',
        arguments: str = "{ }",
    ) -> Any:
        """Evaluate the module of a machine, with arguments beside the usual ones."""
        path = f"modules/machines/nixos/{name}/default.nix"
        return self.evaluate(
            f"(load {quoted(path)} {{ config.flake.modules.nixos = {modules}; }})"
            f".flake.modules.nixos.{quoted(f'machines/nixos/{name}')}"
            f" ({{ inherit lib pkgs; config = {CONFIG}; }} // {arguments})"
        )


def planted(fleet: Fleet, root: Path) -> NixTree:
    """Write the files of a fleet where a person's flake.nix already stands."""
    files = fleet.nix_files()
    (root / "flake.nix").write_text(FLAKE)
    write(files, root, "main:fleet")
    return NixTree(root)


def evaluate(expression: str) -> Any:
    """Evaluate a Nix expression to plain data."""
    done = evaluation(expression)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def evaluation(expression: str) -> subprocess.CompletedProcess[str]:
    """Evaluate a Nix expression to JSON."""
    return run("nix-instantiate", "--eval", "--strict", "--json", "--expr", expression)


def run(tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a tool that the tests need."""
    return subprocess.run([require(tool), *arguments], capture_output=True, text=True, check=False)


def quoted(text: str) -> str:
    """A Nix string of text without anything that needs escaping."""
    return f'"{text}"'
