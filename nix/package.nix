# The commands and the modules, with attrs alone: python3Packages.callPackage ./package.nix { }
# What `infra report` and `infra completion` use is in optional-dependencies.all.
{
  lib,
  buildPythonPackage,
  pythonOlder,
  argcomplete,
  attrs,
  hatchling,
  jinja2,
}:

buildPythonPackage {
  pname = "infra-lib";
  version =
    let
      said = builtins.split "__version__ = \"([^\"]+)\"" (builtins.readFile ../infra_lib/__init__.py);
    in
    builtins.head (builtins.elemAt said 1);
  pyproject = true;
  disabled = pythonOlder "3.11";

  src = import ./source.nix;

  build-system = [ hatchling ];
  dependencies = [ attrs ];
  optional-dependencies.all = [
    argcomplete
    jinja2
  ];

  # The tests want tools and a network that a build has not; they run in the dev shell.
  doCheck = false;
  pythonImportsCheck = [
    "infra_lib"
    "infra_lib.commands.cli"
    "nixgen"
    "nixgen.files.cli"
  ];

  meta = {
    description = "Describe a fleet once; emit Terraform stacks and Nix files";
    license = lib.licenses.mit;
    mainProgram = "infra";
  };
}
