# A derivation that fails when a generated file is missing, differs, was edited by hand or is left
# over: import ./check.nix { inherit pkgs; src = self; }
{
  pkgs,
  package ? pkgs.python3Packages.callPackage ./package.nix { },
  # The whole repository.
  src,
  # The folder with main.py and pyproject.toml, from the top of the repository.
  project ? ".",
  # What generates the files, and the folder that they go into, from that of the project. Null is
  # what pyproject.toml says.
  source ? null,
  root ? null,
}:

let
  inherit (pkgs) lib;
  command = import ./command.nix {
    inherit
      lib
      package
      root
      source
      ;
    words = [ "check" ];
  };
in
pkgs.runCommand "nixgen-check" { meta.description = "Check that files are as nixgen has them"; } ''
  cd ${lib.escapeShellArg "${src}/${project}"}
  ${command}
  touch "$out"
''
